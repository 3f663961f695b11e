"""Graph in, numbers out: engines on the math module, on NumPy and by machine code, behind one protocol."""
