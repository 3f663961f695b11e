"""A graph of numbers as straight Python on the math module: its lines, and the function that they are.

Python's compiler takes longer for each line of a long function, and so does its interpreter: some hundred lines stay in
the processor's cache. So many lines are several functions; what more than one needs is handed on in a list.
"""

from __future__ import annotations

import builtins
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from keyword import iskeyword
from typing import Any, NamedTuple

from gradcli.core.ir.nodes import Constant, Input, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.templates import mentions

# So many lines make a function.
LINES_AT_ONCE = 400
# Programs of fewer nodes stay Python's however often they run.
WORTH_COUNTING = 100

# The names that a program may use.
OTHER_NAMES = {"inf": math.inf, "nan": math.nan, "bool": bool, "min": min, "max": max, "abs": abs, "round": round}
SCOPE: dict[str, object] = {**vars(math), **OTHER_NAMES}

# Python's parser takes some two hundred nested parentheses.
DEEPEST_EXPRESSION = 40

# A template that is one call of a function of one argument, or of more.
_CALL = re.compile(r"\w+\(\{\d\}(, \{\w+\})*\)")

_NAME = re.compile(r"\b[^\W\d]\w*")
_INDENT = "    "


class Lines(NamedTuple):
    """A program as text: what its inputs are called, a line for each value that has a name, and its outputs."""

    arguments: Sequence[str]
    body: Sequence[str]
    results: Sequence[str]


class Frame(NamedTuple):
    """What stands around the lines: what the function is called with, and lines before and behind.

    `opening` makes the lines' arguments of the parameters; `closing` returns something.
    """

    parameters: Sequence[str]
    opening: Sequence[str]
    closing: Sequence[str]


def as_tuple(texts: Sequence[str]) -> str:
    """Texts as that of a tuple."""
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def frame_of(lines: Lines) -> Frame:
    """That of a function of the arguments that returns the results as a tuple."""
    return Frame(lines.arguments, (), (f"return {as_tuple(lines.results)}",))


def compiled(
    lines: Lines, frame: Frame, otherwise: Callable[..., object], names: Mapping[str, object]
) -> Callable[..., tuple[Any, ...]]:
    """The lines in their frame as a function; where math refuses what IEEE 754 answers, `otherwise` is asked.

    `names` are what lines use besides the names of math.
    """
    scope: dict[str, object] = {**SCOPE, **names, "otherwise": otherwise}
    inside = [*frame.opening, *lines.body, *frame.closing]
    if len(lines.body) > LINES_AT_ONCE:
        inside = [*frame.opening, *_in_parts(lines, frame.closing, scope)]
    parameters = ", ".join(frame.parameters)
    _define(
        [
            f"def program({parameters}):",
            "    try:",
            *(f"        {line}" for line in inside),
            "    except (ArithmeticError, ValueError):",
            f"        return otherwise({parameters})",
        ],
        scope,
    )
    program = scope["program"]
    assert callable(program)
    return program


def _define(lines: Sequence[str], scope: dict[str, object]) -> None:
    exec(compile("\n".join(lines), "<gradcli program>", "exec"), scope)


def _in_parts(lines: Lines, closing: Sequence[str], scope: dict[str, object]) -> Iterator[str]:
    """The lines that call the parts; these are put into the scope."""
    body = lines.body
    parts = [body[i : i + LINES_AT_ONCE] for i in range(0, len(body), LINES_AT_ONCE)]
    home = dict.fromkeys(lines.arguments, -1)
    for i, part in enumerate(parts):
        home.update((line.partition(" ")[0], i) for line in part)
    # What a part reads that comes from before it has a place in the list.
    reads = [
        [name for name in dict.fromkeys(_NAME.findall("\n".join(part))) if home.get(name, i) != i]
        for i, part in enumerate([*parts, closing])
    ]
    # The arguments come first.
    crossing = sorted({name for names in reads for name in names}, key=home.__getitem__)
    place = {name: j for j, name in enumerate(crossing)}
    kept: list[list[str]] = [[] for _ in parts]
    for name in crossing:
        if home[name] >= 0:
            kept[home[name]].append(name)
    for i, part in enumerate(parts):
        stored = [f"_r[{place[name]}] = {name}" for name in kept[i]]
        _define(_part(f"_part{i}", [*_loaded(reads[i], place), *part, *stored]), scope)
    _define(_part("_end", [*_loaded(reads[-1], place), *closing]), scope)
    given = [name for name in crossing if home[name] < 0]
    scope["_parts"] = [scope.pop(f"_part{i}") for i in range(len(parts))]
    scope["_empty"] = (None,) * (len(crossing) - len(given))
    yield f"_r = [{', '.join([*given, '*_empty'])}]"
    yield "for _part in _parts: _part(_r)"
    yield "return _end(_r)"


def _part(name: str, lines: Sequence[str]) -> list[str]:
    return [f"def {name}(_r):", *(_INDENT + line for line in lines)]


def _loaded(names: Sequence[str], place: Mapping[str, int]) -> Iterator[str]:
    return (f"{name} = _r[{place[name]}]" for name in names)


class _Form(NamedTuple):
    """What is known of a template: whether it is one call, of its bare arguments, and which it mentions just once."""

    is_call: bool
    of_arguments: bool
    once: tuple[bool, ...]


@cache
def _form_of(template: str, arity: int) -> _Form:
    of_arguments = _CALL.fullmatch(template) is not None
    return _Form(_is_call(template), of_arguments, tuple(mentions(template, i) == 1 for i in range(arity)))


def lines_of(
    order: Sequence[Node],
    outputs: Sequence[Node],
    inputs: Sequence[Node] = (),
    template_of: Callable[[Node], str] | None = None,
) -> Lines:
    """The program's lines. What is used once stands where it is used, so that a sum of products is one line.

    `template_of` gives other templates than those of the table.
    """
    template_of = template_of or plain_template
    text: dict[Node, str] = dict(zip(inputs, names_of(inputs), strict=True))
    templates = {n: template_of(n) for n in order if n not in text and not isinstance(n, Constant)}
    uses = Counter(arg for node in order for arg in node.args)
    forms = {node: _form_of(template, len(node.args)) for node, template in templates.items()}
    named = set(outputs)
    for node, form in forms.items():
        if not all(form.once):
            named.update(arg for arg, once in zip(node.args, form.once, strict=True) if not once)
    bare: dict[Node, str] = {}
    depth: dict[Node, int] = {}
    body: list[str] = []
    for node in order:
        if node in text:
            continue
        if isinstance(node, Constant):
            value = repr(node.value)
            text[node] = f"({value})" if value.startswith("-") else value
            continue
        form = forms[node]
        # The brackets of a call are enough.
        args = [bare.get(arg, text[arg]) if form.of_arguments else text[arg] for arg in node.args]
        expression = templates[node].format(*args, **node.attrs)
        deep = 1 + max([depth.get(arg, 0) for arg in node.args], default=0)
        if uses[node] == 1 and node not in named and deep < DEEPEST_EXPRESSION:
            text[node], depth[node] = expression if form.is_call else f"({expression})", deep
            bare[node] = expression
        else:
            text[node] = f"v{len(body)}"
            body.append(f"{text[node]} = {expression}")
    return Lines([text[node] for node in inputs], body, [text[node] for node in outputs])


def source(
    order: Sequence[Node],
    outputs: Sequence[Node],
    inputs: Sequence[Node] = (),
    name: str = "program",
    template_of: Callable[[Node], str] | None = None,
) -> str:
    """The program as Python text: a function of the inputs that returns the outputs as a tuple."""
    lines = lines_of(order, outputs, inputs, template_of)
    head = f"def {name}({', '.join(lines.arguments)}):"
    return "\n".join([head, *(f"    {line}" for line in [*lines.body, *frame_of(lines).closing])])


def plain_template(node: Node) -> str:
    """The template of the table, for a scope in which the functions of math are names."""
    template = node.op.template(node.attrs) if isinstance(node, Application) else None
    assert template is not None
    return template.replace("math.", "")


def imports_of(text: str) -> str:
    """The line that a program needs in front of it to stand by itself."""
    used = sorted(set(re.findall(r"\b([a-z]\w*)\b", text)) & {n for n in vars(math) if not n.startswith("_")})
    return f"from math import {', '.join(used)}\n\n\n" if used else ""


def is_free(name: str) -> bool:
    """Whether a name means nothing to Python or in a program, so that a function or an input can have it."""
    taken = iskeyword(name) or name in vars(math) or name in vars(builtins) or name in OTHER_NAMES
    fits = name.isascii() and name.isidentifier() and not re.fullmatch(r"_.*|v\d+|x\d+|otherwise", name)
    return fits and not taken


def names_of(inputs: Sequence[Node]) -> list[str]:
    """What the inputs are called, as far as Python lets them."""
    names: list[str] = []
    for i, node in enumerate(inputs):
        name = node.name if isinstance(node, Input) else ""
        names.append(name if is_free(name) and name not in names else f"x{i}")
    return names


def _is_call(text: str) -> bool:
    """Whether a text is one call of a function, which needs no parentheses around it."""
    match = re.match(r"\w+\(", text)
    if match is None:
        return False
    level = 0
    for i, letter in enumerate(text):
        level += (letter == "(") - (letter == ")")
        if level == 0 and letter == ")":
            return i == len(text) - 1
    return False
