"""Graph in, graph out: a file for each mode of differentiation."""
