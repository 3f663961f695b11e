"""Files of data: which may be read and written, what they hold, and `load` and `save`."""
