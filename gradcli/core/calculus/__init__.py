"""Equations, minima and integrals: nodes whose attribute is a graph, and the numbers that they come to."""
