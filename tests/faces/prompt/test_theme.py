"""The editor's colours follow the theme."""

from __future__ import annotations

import pytest

from gradcli.faces.prompt.colours import editor_style
from gradcli.output.style import THEMES


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_is_a_style_of_the_editor(theme: str) -> None:
    """Whatever words its looks are made of."""
    style = editor_style(theme)
    for name in THEMES[theme]:
        if name:
            style.get_attrs_for_style_str(f"class:{name.replace(' ', '-')}")
    assert (style.get_attrs_for_style_str("class:error").color == "") == (theme == "plain")
