"""Results to text: shared by the command line, the prompt and the script runner."""
