"""Statements and expressions, evaluated."""
