"""From text to syntax: sources and diagnostics, the grammar, the parser."""
