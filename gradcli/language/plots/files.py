"""Pictures as files, drawn by matplotlib where it is installed."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcli.language.files.places import place_of
from gradcli.language.files.whole import Unwritable, write_bytes
from gradcli.language.text.diagnostics import LanguageError, Span, fail, near
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Contours, Plot, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet

# What a picture of each kind begins with, within so many bytes; a file without it is something else.
KINDS = {".svg": b"<svg", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-"}
_BEGINNING = 2_000
_INCHES = (6.4, 4.8)


def target(value: Value, span: Span) -> str:
    """The real path of a picture that may be written there.

    Raises:
        LanguageError: for no path, a suffix that no picture has, a place where no text may write, a file there that is
            no such picture, and where matplotlib is missing.
    """
    if not isinstance(value, str):
        raise fail("type", f"`save` is a path in quotes, not {describe(value)}", span, 'such as save="picture.svg"')
    path, suffixes = Path(value), ", ".join(KINDS)
    if path.suffix.lower() not in KINDS:
        what = f"`{path.suffix}` is no kind of picture" if path.suffix else f"`{value}` doesn't say what kind it is"
        hint = near(path.suffix.lower(), [*KINDS]) or f"end it with one of {suffixes}"
        raise fail("file", f"{what} that plot writes", span, hint)
    place = place_of(value, span, "written")
    try:
        path = Path(place)
        if path.exists() and not _is_picture(path):
            what = "a folder" if path.is_dir() else f"no {path.suffix[1:].upper()} picture"
            raise fail("file", f"`{value}` is there already, and is {what}", span, "choose another name")
        if not path.parent.is_dir():
            raise fail(
                "file",
                f"there is no folder `{os.path.dirname(value) or '.'}`",
                span,
                "make it first, or choose another",
            )
    except (OSError, ValueError) as error:
        raise _unwritable(value, error, span) from None
    try:
        import matplotlib  # noqa: F401 - whether it is there, before anything is computed
    except ImportError:
        hint = "pip install 'gradcli[plot]'"
        raise fail("file", "pictures in files need matplotlib, which is not installed", span, hint) from None
    return place


def _is_picture(path: Path) -> bool:
    """Whether a file begins as pictures of its suffix do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    mark = KINDS[path.suffix.lower()]
    return mark in beginning if mark == b"<svg" else beginning.startswith(mark)


def _unwritable(path: str, error: Exception, span: Span) -> LanguageError:
    why = (getattr(error, "strerror", None) or str(error)).lower()
    return fail("file", f"can't write `{path}`: {why}", span, "choose another folder")


def write(picture: Plot | Contours, path: str, span: Span) -> None:
    """Write a picture; a file that was there stays whole until the new one is.

    Raises:
        LanguageError: where the file can't be written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # The same picture is the same bytes: no date, and names that are counted; text stays text.
    settings: Any = {"svg.hashsalt": "gradcli", "svg.fonttype": "none", "text.parse_math": False}
    with rc_context(settings):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.add_subplot()
        if isinstance(picture, Plot):
            _curves(axes, picture)
        else:
            drawn = _contours(axes, picture)
            if drawn is not None and len(picture.surface.levels) > 1:
                figure.colorbar(drawn)
        axes.grid(alpha=0.3)
        suffix = Path(path).suffix.lower()
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix)
        file = BytesIO()
        figure.savefig(file, format=suffix[1:], dpi=150, metadata=metadata)
    try:
        write_bytes(path, file.getvalue(), replace=True)
    except Unwritable as error:
        raise fail("file", f"can't write `{path}`: {error}", span, error.hint or "choose another folder") from None


def _curves(axes: Axes, picture: Plot) -> None:
    styles = ("-", "--", ":", "-.")
    for number, (name, curve) in enumerate(picture.curves):
        axes.plot(curve.x, curve.y, linestyle=styles[number % len(styles)], label=name)
    low, high = picture.shown
    room = 0.05 * (high - low)
    axes.set_xlim(*picture.over)
    axes.set_ylim(low - room, high + room)
    axes.set_xlabel(picture.variable)
    if len(picture.curves) > 1:
        axes.legend()
    axes.set_title(", ".join(name for name, _ in picture.curves))


def _contours(axes: Axes, picture: Contours) -> ContourSet | None:
    found, drawn = picture.surface, None
    if found.levels:
        drawn = axes.contour(found.x, found.y, found.values, levels=list(found.levels))
        axes.clabel(drawn, fontsize=8)
    if found.slopes is not None:
        axes.quiver(found.arrows_x, found.arrows_y, *found.slopes, alpha=0.4)
    axes.set_xlabel(picture.variables[0])
    axes.set_ylabel(picture.variables[1])
    axes.set_title(picture.of)
    return drawn
