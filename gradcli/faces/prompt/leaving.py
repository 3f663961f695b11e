"""Leaving the prompt, known to what reads before anything that answers is there."""

from __future__ import annotations


class Leave(Exception):  # noqa: N818 - it is no error
    """The user wants to go."""
