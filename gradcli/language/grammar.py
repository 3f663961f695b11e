"""The LALR parser of grammar/gradcli.lark, its tables cached in the user's cache folder."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark
from lark.indenter import Indenter

from gradcli import __version__
from gradcli.language.build import Builder


class _Blocks(Indenter):
    """Python's rule for indentation: brackets suspend it."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012 - Lark reads plain class attributes
    CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012 - as above
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


def grammar_path() -> Path:
    """The grammar: shipped inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parent.parent
    shipped = package / "grammar" / "gradcli.lark"
    return shipped if shipped.exists() else package.parent / "grammar" / "gradcli.lark"


def cache_folder() -> Path:
    """Where derived files of this user may be kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gradcli"


@cache
def parser() -> tuple[Lark, Builder]:
    """The parser and the builder that it calls on each reduction; made once."""
    builder = Builder()
    options: dict[str, Any] = {
        "parser": "lalr",
        # One expression for all tokens: the contextual lexer compiles one for each kind of place, which takes longer
        # than reading a short text.
        "lexer": "basic",
        "postlex": _Blocks(),
        "transformer": builder,
        "keep_all_tokens": True,
        "maybe_placeholders": False,
    }
    text = grammar_path().read_text(encoding="utf-8")
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        options["cache"] = str(folder / f"grammar-{__version__}.lark-cache")
        return Lark(text, **options), builder
    except (OSError, RuntimeError):
        options.pop("cache", None)
        return Lark(text, **options), builder
