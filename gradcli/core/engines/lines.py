"""A graph of numbers as lines of Python on the math module: as much in one as is used once."""

from __future__ import annotations

import builtins
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from keyword import iskeyword
from typing import NamedTuple

from gradcli.core.engines.straight import OTHER_NAMES, Lines, frame_of
from gradcli.core.ir.nodes import Constant, Input, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.templates import mentions

# Python's parser takes some two hundred nested parentheses.
DEEPEST_EXPRESSION = 40

# A template that is one call of a function of one argument, or of more.
_CALL = re.compile(r"\w+\(\{\d\}(, \{\w+\})*\)")


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
