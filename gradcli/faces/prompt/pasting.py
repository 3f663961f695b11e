"""Text that is pasted: as it was before another program put its prompts in front of its lines."""

from __future__ import annotations

import re

# `> ` and `... ` as this prompt has them, numbered or not; the second alone is an empty line.
_FIRST = re.compile(r"[ \t]*(?:\[\d+\])?> ?(?! *=)")
_NEXT = re.compile(r"[ \t]*\.\.\.(?: |$)")


def pasted(text: str) -> str:
    """What is meant by a pasted text: lines behind prompts alone where it begins with one, and plain line ends.

    One of several lines keeps an empty line at its end, which ends a block.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if _FIRST.match(first):
        lines = _behind_prompts(lines)
        text = "\n".join(lines)
    if "\n" not in text.strip("\n"):
        return text.strip("\n")
    return text.rstrip() + ("\n" if text.endswith("\n") or lines[-1].strip() == "" else "")


def _behind_prompts(lines: list[str]) -> list[str]:
    """What was typed, without the prompts and without the answers."""
    found: list[str] = []
    within = False
    for line in lines:
        prompt = _FIRST.match(line) or (_NEXT.match(line) if within else None)
        if prompt is not None:
            found.append(line[prompt.end() :])
        elif found and found[-1].strip() and within:
            # An answer stands between two inputs.
            pass
        within = prompt is not None
    return found
