"""What a name, a sign, a setting or a command means: one source for `:help`, for completion and for the tests."""

from gradcli.session.help.entries import CommandText, Entry, Explained, Fact, Listing, Sample
from gradcli.session.help.explain import explain, help_names

__all__ = ["CommandText", "Entry", "Explained", "Fact", "Listing", "Sample", "explain", "help_names"]
