"""Functions, and what happens where they are called."""
