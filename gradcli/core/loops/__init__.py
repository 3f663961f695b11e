"""Loops as nodes: a step as a graph, run as often as the node says, under a law of its own."""
