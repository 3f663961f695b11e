"""Names for what a module defines: readable, free, and identifiers in every language."""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from keyword import kwlist, softkwlist

from gradcli.core.ir.nodes import Input, Node, Parameter

LONGEST_NAME = 24

PYTHON_WORDS = frozenset([*kwlist, *softkwlist, *vars(builtins)])

_WORDS_FOR = {"∂": "d", "∇": "grad_", "'": "_prime", "′": "_prime", "″": "_prime_prime", "Δ": "laplacian_"}


def identifier(text: str) -> str:
    """A text in the letters that every language has: `∂²f/∂x∂θ` is `d2f_dxdtheta`."""
    found = "".join(_spelled(char) for char in text)
    found = re.sub(r"_+", "_", re.sub(r"\W", "_", found, flags=re.ASCII)).strip("_")
    return found if found and not found[0].isdigit() else f"n{found}"


def _spelled(char: str) -> str:
    if char in _WORDS_FOR:
        return _WORDS_FOR[char]
    plain = unicodedata.normalize("NFKC", char)
    if plain.isascii():
        return plain
    words = unicodedata.name(plain[0], "").split()
    if "GREEK" in words and "LETTER" in words:
        name = words[words.index("LETTER") + 1].lower().replace("lamda", "lambda")
        return name.capitalize() if "CAPITAL" in words else name
    bare = unicodedata.normalize("NFKD", plain)[0]
    return bare if bare.isascii() else "_"


def named_by(node: Node) -> str:
    """A name for a primitive with a node's attributes: `root_order_5`; those that are 0 go without saying."""
    words = [f"{key}_{value!r}".replace("-", "minus_") for key, value in sorted(node.attrs.items()) if value]
    return "_".join(map(identifier, (node.kind, *words)))


def told(summary: str, node: Node) -> str:
    """A sentence on a primitive with a node's attributes."""
    attributes = ", ".join(f"{key} = {value!r}" for key, value in sorted(node.attrs.items()) if value)
    text = summary.replace("\\", "").replace('"', "'")
    whole = f"{text} ({attributes})" if attributes else text
    # A variable stays small.
    return f"{whole if whole[1:2] in ' ^' else whole[0].upper() + whole[1:]}."


class Names:
    """Names that are given once each."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._counts: Counter[str] = Counter()

    def fresh(self, wanted: str) -> str:
        """The name that is wanted, or one like it."""
        name = base = identifier(wanted)
        if name in self._taken and f"{name}_" not in self._taken:
            name = f"{name}_"
        count = 2
        while name in self._taken:
            name, count = f"{base}_{count}", count + 1
        self._taken.add(name)
        return name

    def between(self, node: Node, args: Iterable[str]) -> str:
        """A name for what is computed on the way: what is done to arguments, as `sin_x`, else a numbered one."""
        words = [arg for arg in args if arg.isidentifier()]
        kind = _SHORT.get(node.kind, node.kind)
        wanted = f"{kind}_{words[0]}" if len(words) == 1 else f"_{kind}_".join(words) if len(words) == 2 else ""
        given = len(words) == len(node.args) and all(isinstance(arg, (Input, Parameter)) for arg in node.args)
        if given and len(wanted) <= LONGEST_NAME and identifier(wanted) not in self._taken:
            return self.fresh(wanted)
        return self.numbered(kind)

    def numbered(self, kind: str) -> str:
        """The next of its kind: `times_1`, `times_2`."""
        while True:
            self._counts[kind] += 1
            name = f"{identifier(kind)}_{self._counts[kind]}"
            if name not in self._taken:
                self._taken.add(name)
                return name


_SHORT = {
    "multiply": "times",
    "add": "plus",
    "subtract": "minus",
    "divide": "over",
    "negate": "minus",
    "sum_to": "sum",
    "max_to": "max",
    "constant_power": "power",
    "reciprocal": "inverse",
    "select": "where",
    "cast": "as",
    "stop_gradient": "held",
    "concatenate": "joined",
    "broadcast": "stretched",
    "reshape": "reshaped",
    "transpose": "transposed",
    "matmul": "product",
}
