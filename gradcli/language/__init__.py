"""Text to checked syntax to graph. Knows the core below it, and no session or screen."""
