"""What people touch: the command line, the prompt and the script runner."""
