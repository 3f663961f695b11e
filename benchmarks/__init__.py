"""Measurements of accuracy and speed; nothing in the package needs them."""
