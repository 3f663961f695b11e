"""One module for each kind of work; `measure()` gives its rows."""
