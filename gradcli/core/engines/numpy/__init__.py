"""The engine for arrays: a schedule of NumPy calls on buffers that are made once."""
