"""The schema of JSON that is shipped: every kind of result keeps to it, and it allows nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import gradcli as package
from gradcli.language.files.places import in_scratch
from gradcli.output.json import VERSION
from gradcli.session import data
from tests.faces.harness import gradcli

SCHEMA: dict[str, Any] = json.loads(
    (Path(package.__file__).parent / "output" / "schema.json").read_text(encoding="utf-8")
)
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def mistakes(value: Any, schema: dict[str, Any], path: str = "$") -> list[str]:
    """What a value has that the schema doesn't allow, by the words of JSON Schema that ours is written in."""
    unknown = {*schema} - {
        *("$ref", "anyOf", "const", "enum", "type", "properties", "required", "additionalProperties", "items"),
        *("$schema", "$defs", "title", "description"),
    }
    assert not unknown
    found: list[str] = []
    if "$ref" in schema:
        found += mistakes(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], path)
    if "anyOf" in schema:
        ways = [mistakes(value, way, path) for way in schema["anyOf"]]
        if all(ways):
            # Of the kinds the one that it says it is tells most.
            found += sorted(ways, key=lambda way: (any(".kind" in text for text in way), len(way)))[0]
    if "const" in schema and value != schema["const"]:
        found.append(f"{path} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path} is none of {schema['enum']}")
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [*found, f"{path} is no {kind}"]
    if isinstance(value, dict):
        found += [f"{path} has no {name}" for name in schema.get("required", ()) if name not in value]
        rest = schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in schema.get("properties", {}):
                found += mistakes(item, schema["properties"][name], f"{path}.{name}")
            elif isinstance(rest, dict):
                found += mistakes(item, rest, f"{path}.{name}")
            elif not rest:
                found.append(f"{path} has a {name}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += mistakes(item, schema["items"], f"{path}[{i}]")
    return found


EVERY_KIND = [
    "eval 1/3",
    "eval 2^100",
    "eval true",
    "eval exp(1000) --digits 30",
    "eval sqrt(1e12+1)-sqrt(1e12)",
    "eval [[1,nan],[inf,2]]",
    "eval ('a',none,...,1..2,sin)",
    "eval f(x)=x^2;f;f';latex(f')",
    "eval Dense(2,1)",
    "eval params(Dense(2,1))",
    "eval derivatives(sin,2)(1)",
    "eval g(x)=sum(x[1:]*x[:-1]);hessian(g,sparse=true)([1,2,3])",
    "eval taylor(sin,0,5)",
    "eval integrate(sin,0,1)",
    "eval extrema(x^3-3x,-3..3)",
    "eval tangent(x^2,1)",
    "eval 3±0.1",
    "eval propagate((x,y)->x*y,(3±0.1,5±0.2))",
    "eval steps(derivative(x^2*sin(x)))",
    "eval steps(derivative(abs(x)*x),3)",
    'eval f(x)=x^2;check_answer(f\',"3x")',
    "eval plot(sin)",
    'eval save("a.json",x=[1]);load("a.json")',
    "eval plot((x,y)->x*y)",
    "eval why(log(-1))",
    "eval nothing",
    "eval abs'(0)",
    "grad x*y x=3 y=[1,2]",
    "grad x*y",
    "check x*y x=1 y=2",
    "code x*y",
    "ops sin",
    "help sin",
    "run samples/tour.grad samples/nothing.grad",
]


@pytest.mark.parametrize("line", EVERY_KIND)
def test_what_is_written_keeps_to_it(line: str) -> None:
    """With every key, and no other."""
    with in_scratch():
        _check(line)


def _check(line: str) -> None:
    command, text, *rest = line.split(" ", 2) if line.startswith("eval") else line.split()
    if command == "eval" and rest:
        rest = rest[0].split()
    found = json.loads(gradcli(command, text, *rest, "--format", "json").out)
    assert mistakes(found, SCHEMA) == []


def test_every_kind_is_in_it() -> None:
    """Each that results are written as, and the version."""
    text = Path(data.__file__).read_text(encoding="utf-8")
    kinds = {*re.findall(r'"kind": "(\w+)"', text)}
    stated = {
        d["properties"]["kind"].get("const") for d in SCHEMA["$defs"].values() if "kind" in d.get("properties", {})
    }
    assert kinds <= stated
    assert SCHEMA["properties"]["version"] == {"const": VERSION}


def test_it_refuses_what_is_not_so() -> None:
    """A key that is missing, one too many, and a value of another type."""
    good = json.loads(gradcli("eval", "1", "--format", "json").out)
    for change in ({"exit_code": 3}, {"more": 1}, {"version": 2}, {"results": [{"kind": "value"}]}):
        assert mistakes({**good, **change}, SCHEMA)
    del good["files"]
    assert mistakes(good, SCHEMA) == ["$ has no files"]
