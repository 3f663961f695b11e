"""Plain data: made late, shown alike, refused as other dataclasses refuse."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import MISSING, field, fields, is_dataclass, replace
from importlib import import_module

import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import array_constant, constant, fresh_input, parameter
from gradcli.core.primitives.elementwise import sin
from gradcli.core.records import _make, record, structure
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.parse import parse, parse_expression
from tests.architecture.test_layers import MODULES
from tests.language.running import run


@record
class Point:
    """Two numbers."""

    x: int
    y: int = 0


@record
class Named(Point):
    """With a name."""

    name: str = ""
    tags: list[str] = field(default_factory=list)


@structure
class Counted:
    """What sets itself up."""

    start: int

    def __post_init__(self) -> None:
        self.now = self.start + 1


@record
class Unmade:
    """No test makes one before it is shown."""

    a: int


def test_the_first_object_makes_the_class() -> None:
    """Until then it is an ordinary class; afterwards a dataclass, and so is what it inherits from."""

    @record
    class Fresh(Point):
        z: int = 3

    assert not is_dataclass(vars(Fresh).get("__dataclass_fields__"))
    made = Fresh(1)
    assert [f.name for f in fields(made)] == ["x", "y", "z"]
    assert (made.x, made.y, made.z) == (1, 0, 3)
    assert (Named(1, tags=["a"]).tags, Named(2).tags) == (["a"], [])
    assert replace(made, y=5).y == 5


def test_a_subclass_before_its_base() -> None:
    """The order in which classes come to be used is no matter."""

    @record
    class Base:
        a: int

    @record
    class Sub(Base):
        b: int = 2

    assert (Sub(1).a, Sub(1).b, Base(7).a) == (1, 2, 7)


def test_setting_up_and_refusing() -> None:
    """As with any dataclass."""
    assert Counted(4).now == 5
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Point(1, z=2)  # type: ignore[call-arg]
    assert Point(1) != Point(1)


def test_syntax_nodes_and_results_are_readable() -> None:
    """What a developer sees of them says what they are."""
    assert repr(parse_expression(Source("s", "x + 2"))) == (
        "Binary(operator='+', left=Name(id='x'), right=Literal(value=2))"
    )
    assert repr(parse(Source("s", "y = f(1)"))[0]) == (
        "Assign(target=Name(id='y'), value=Call(function=Name(id='f'), arguments=(Literal(value=1),), keywords=()))"
    )
    x = fresh_input("x", (2,), DType.FLOAT64)
    assert repr(x).startswith("<input x #")
    assert repr(sin(x)).startswith(f"<sin(#{x.serial}) #")
    assert repr(constant(2.5, DType.FLOAT64)).startswith("<constant 2.5 #")
    import numpy as np

    weight = parameter("w", array_constant(np.ones(3)))
    assert repr(weight).endswith("float64(3,)>")
    assert repr(weight).startswith("<parameter w #")
    (shown,) = run("f(x) = x^2; f(3)").results
    assert repr(shown).startswith("Shown(")
    assert "Tensor(shape=(), dtype='float64', data=9.0)" in repr(shown)
    assert repr(run("f(x) = x^2").session.scope["f"]) == "<function f(x)>"


THREADS = """
import sys, threading
sys.setswitchinterval(1e-6)
from gradcli.core.records import record
made, wrong = [], []
for i in range(40):
    @record
    class Fresh:
        a: int
        b: int = 2
    barrier = threading.Barrier(6)
    def make(kind=Fresh, barrier=barrier):
        barrier.wait()
        try:
            one = kind(1)
            made.append((one.a, one.b))
        except Exception as error:
            wrong.append(repr(error))
    threads = [threading.Thread(target=make) for _ in range(6)]
    for t in threads: t.start()
    for t in threads: t.join()
print(len(made), set(made), wrong)
"""


def test_several_threads_may_make_the_first_object() -> None:
    """Each of them gets one, whoever of them makes the class."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert done.stdout == "240 {(1, 2)} []\n"


def test_what_was_unpickled_is_readable_where_none_was_made() -> None:
    """Unpickling calls no __init__."""
    blank = Unmade.__new__(Unmade)
    blank.a = 5  # type: ignore[misc]
    assert repr(blank) == "Unmade(a=5)"
    assert Unmade(3).a == 3


def test_each_is_what_python_makes_of_it() -> None:
    """The same parameters in the same order, by place or by name, with the same defaults."""
    checked = 0
    for name in MODULES:
        text = MODULES[name].read_text()
        if "@record\n" not in text and "@structure\n" not in text:
            continue
        for kind in vars(import_module(name)).values():
            waiting = vars(kind).get("__dataclass_fields__") if isinstance(kind, type) else None
            if not isinstance(kind, type) or kind.__module__ != name or waiting is None:
                continue
            if hasattr(vars(kind)["__init__"], "awaiting"):
                _make(kind)
            mine = inspect.signature(vars(kind)["__init__"]).parameters
            expected = {f.name: f for f in fields(kind) if f.init}
            by_place = [f for f in expected.values() if not f.kw_only]
            by_name = [f for f in expected.values() if f.kw_only]
            assert [*mine][1:] == [f.name for f in [*by_place, *by_name]], kind
            for f in expected.values():
                optional = f.default is not MISSING or f.default_factory is not MISSING
                assert (mine[f.name].default is not inspect.Parameter.empty) is optional, kind
                assert f.default is MISSING or mine[f.name].default is f.default, kind
                assert (mine[f.name].kind is inspect.Parameter.KEYWORD_ONLY) is bool(f.kw_only), kind
            checked += 1
    assert checked > 200
