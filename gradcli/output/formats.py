"""The forms that a report can have, by the name that --format gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def _text(command: str) -> Reporter:
    from gradcli.output.terminal import Terminal

    return Terminal()


def _json(command: str) -> Reporter:
    from gradcli.output.json import Json

    return Json(command)


def _latex(command: str) -> Reporter:
    from gradcli.output.latex import Latex

    return Latex()


def _github(command: str) -> Reporter:
    from gradcli.output.github import Github

    return Github()


# Each is given the name of the command whose report it is.
FORMATS: dict[str, Callable[[str], Reporter]] = {"text": _text, "json": _json, "latex": _latex, "github": _github}
