"""How a derivative is found: the rules that apply to a graph of numbers, and the tape of both sweeps at a point."""
