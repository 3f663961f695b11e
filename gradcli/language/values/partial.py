"""The name of a derivative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Partial:
    """The name of a derivative: what is differentiated, and with respect to what, in order.

    `below` is the order of what is differentiated, where that is a derivative already. `single` says that there is
    no other variable, so that it is written with a d.
    """

    of: str
    variables: tuple[str, ...] = ()
    below: int = 0
    single: bool = False

    @property
    def order(self) -> int:
        """How often it was differentiated in all."""
        return self.below + len(self.variables)

    def then(self, variable: str) -> Partial:
        """This one differentiated once more."""
        return Partial(self.of, (*self.variables, variable), self.below, self.single)

    def __str__(self) -> str:
        if not self.variables:
            return self.of
        counts: dict[str, int] = {}
        for variable in self.variables:
            counts[variable] = counts.get(variable, 0) + 1
        sign = "d" if self.single else "∂"
        below = "".join(f"{sign}{name}{superscript(n)}" for name, n in counts.items())
        return f"{sign}{superscript(len(self.variables))}{self.of}/{below}"


def name_in_latex(of: str, variables: tuple[str, ...], single: bool) -> str:
    """The name of a derivative as LaTeX: a fraction of differentials."""
    from gradcli.language.text.writing import in_latex

    bare = of.lstrip("∇Δ")
    text = in_latex(bare)
    for sign, command in (("∇", r"\nabla "), ("Δ", r"\Delta ")):
        text = command + text if of.startswith(sign) else text
    if not variables:
        return text
    sign = "d" if single else r"\partial "
    counts = {v: variables.count(v) for v in variables}
    below = " ".join(f"{sign}{in_latex(v)}{_raised(n)}" for v, n in counts.items())
    above = f"{sign.strip()}{_raised(len(variables))}"
    if not bare.isidentifier():
        inner = in_latex(bare[1:-1]) if bare.startswith("(") and bare.endswith(")") else text
        return rf"\frac{{{above}}}{{{below}}}\left({inner}\right)"
    return rf"\frac{{{above}{'' if above == 'd' else ' '}{text}}}{{{below}}}"


def _raised(n: int) -> str:
    return "" if n == 1 else f"^{{{n}}}"


def superscript(n: int) -> str:
    """A number above the line; 1 is left out."""
    return "" if n == 1 else str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
