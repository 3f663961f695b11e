"""Steps of derivatives, and what is said of an answer, as frozen plain data; part of `gradcli.session.results`."""

from __future__ import annotations

from gradcli.core.records import record


@record
class Step:
    """A rule, the piece that it is applied to, and the derivative that it gives, not simplified.

    `pattern` is the form of the piece in letters, `formula` its derivative, where u' is that of u, and `where` says
    what the letters are. `letter` is the piece's own in the step above. A branch has the `condition` of when it is
    taken; `taken` is whether it is at the point, and `value` the number there.
    """

    rule: str
    of: str
    by: str
    result: str
    value: float | None
    pattern: str
    formula: str
    where: tuple[tuple[str, str], ...]
    letter: str
    condition: str
    taken: bool | None
    parts: tuple[Step, ...]


@record
class TapeRow:
    """A value on the way to a result: its formula in earlier ones, its number, and its slope by each of these.

    `tangent` is its derivative by the variable, from the forward sweep; `adjoint` the result's by it, from the reverse.
    """

    name: str
    formula: str
    value: float
    partials: tuple[tuple[str, float], ...]
    tangent: float
    adjoint: float


@record
class Derivation:
    """The steps of one derivative by one variable; `simplified` is the formula that it is shown as.

    `sign` is what stands in front of what is differentiated, such as d/dx. `value` and `tape` are those at the point.
    """

    name: str
    sign: str
    of: str
    by: str
    order: int
    tree: Step
    simplified: str | None
    definitions: tuple[tuple[str, str], ...]
    value: float | None
    tape: tuple[TapeRow, ...]


@record
class Steps:
    """How derivatives are found, each order after the one below it; `at` is the point, if there is one."""

    of: str
    at: tuple[tuple[str, float], ...]
    derivations: tuple[Derivation, ...]
    note: str | None


@record
class Check:
    """What is said of an answer: `verdict` is right, right on a part, or wrong.

    `where` says on which part it is right, None for wherever it has a value; `at`, `expected` and `given` are a point
    that shows that it isn't all right, and the values there; `hint` is what slip it may have been.
    """

    of: str
    answer: str
    verdict: str
    where: str | None
    at: tuple[tuple[str, float], ...]
    expected: float | None
    given: float | None
    hint: str | None
