"""A function over data: every row of a table is a point, or all rows together are one loss.

Tables are read, computed and written in chunks, so that what is in memory does not grow with them. What is computed for
a row, or for a block of rows, depends on nothing but where it stands in the table: chunks and workers change no bit.
"""
