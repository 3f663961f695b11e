"""What is asked of a graph and of its numbers together."""
