"""Derivatives explained and checked: the rules by which they are found, and the answers of a student."""
