"""The name of a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Of what is summed over; further ones have no letter.
LETTERS, SUNK = "jklmnpst", "ⱼₖₗₘₙₚₛₜ"


@dataclass(frozen=True)
class Partial:
    """The name of a derivative: what is differentiated, and with respect to what, in order.

    `below` is the order of what is differentiated, where that is a derivative already. `single` says that there is
    no other variable, so that it is written with a d. `tensors` are variables of several elements: a gradient is
    summed before it is differentiated again, so that all of them but the last variable are summed over.
    """

    of: str
    variables: tuple[str, ...] = ()
    below: int = 0
    single: bool = False
    tensors: frozenset[str] = frozenset()

    @property
    def summed(self) -> tuple[int, ...]:
        """The places of the variables that are summed over; the last variable keeps its first place."""
        names = self.variables
        own = names.index(names[-1]) if names else 0
        return tuple(i for i, name in enumerate(names) if name in self.tensors and i != own)

    @property
    def order(self) -> int:
        """How often it was differentiated in all."""
        return self.below + len(self.variables)

    def then(self, variable: str) -> Partial:
        """This one differentiated once more."""
        return Partial(self.of, (*self.variables, variable), self.below, self.single, self.tensors)

    def __str__(self) -> str:
        if not self.variables:
            return self.of
        sign = "d" if self.single else "∂"
        counts = _counted(self.variables, self.summed)
        below = [f"{sign}{name}{superscript(n) if k is None else SUNK[k]}" for name, k, n in counts]
        sums = "".join(SUNK[k] for _, k, _ in counts if k is not None)
        fraction = f"{sign}{superscript(len(self.variables))}{self.of}/{(' ' if sums else '').join(below)}"
        return f"∑{sums} {fraction}" if self.summed else fraction


def _counted(variables: Sequence[str], summed: Sequence[int]) -> list[tuple[str, int | None, int]]:
    """Each variable once with how often it is there, and one that is summed over with the number of its letter."""
    letters = {} if len(summed) > len(LETTERS) else {place: k for k, place in enumerate(summed)}
    counts: dict[tuple[str, int | None], int] = {}
    for i, name in enumerate(variables):
        key = name, letters.get(i)
        counts[key] = counts.get(key, 0) + 1
    return [(name, k, n) for (name, k), n in counts.items()]


def name_in_latex(of: str, variables: tuple[str, ...], single: bool, summed: Sequence[int] = ()) -> str:
    """The name of a derivative as LaTeX: a fraction of differentials, of those that are summed over the sum."""
    from gradcli.language.text.writing import in_latex

    bare = of.lstrip("∇Δ")
    text = in_latex(bare)
    for sign, command in (("∇", r"\nabla "), ("Δ", r"\Delta ")):
        text = command + text if of.startswith(sign) else text
    if not variables:
        return text
    sign = "d" if single else r"\partial "
    counts = _counted(variables, summed)
    below = " ".join(f"{sign}{in_latex(v)}{_raised(n) if k is None else _sunk(LETTERS[k])}" for v, k, n in counts)
    letters = [LETTERS[k] for _, k, _ in counts if k is not None]
    sums = (r"\sum" + (_sunk(", ".join(letters)) if letters else "") + " ") if summed else ""
    above = f"{sign.strip()}{_raised(len(variables))}"
    if not bare.isidentifier():
        inner = in_latex(bare[1:-1]) if bare.startswith("(") and bare.endswith(")") else text
        return rf"{sums}\frac{{{above}}}{{{below}}}\left({inner}\right)"
    return rf"{sums}\frac{{{above}{'' if above == 'd' else ' '}{text}}}{{{below}}}"


def _sunk(text: str) -> str:
    return f"_{{{text}}}"


def _raised(n: int) -> str:
    return "" if n == 1 else f"^{{{n}}}"


def superscript(n: int) -> str:
    """A number above the line; 1 is left out."""
    return "" if n == 1 else str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
