"""The prompt: reading, answering, and what else there is where someone types."""
