"""The mathematics: graphs, the table of primitives, their transforms and engines.

Nothing here knows about text, a session or a screen, and NumPy is imported only when an array is evaluated.
"""
