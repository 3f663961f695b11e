"""The names that the language knows by itself."""
