"""A graph as a module in a language or library of others, which needs nothing of gradcli."""
