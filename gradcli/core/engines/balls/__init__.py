"""Values with a radius: each result is a midpoint and a bound of its error, at any precision (Arb, by python-flint)."""
