"""Graph in, graph of the same values out: fewer and cheaper operations."""
