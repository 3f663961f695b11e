"""Calculus on top of derivatives: roots, minima, integrals, limits, tangents, uncertainties."""
