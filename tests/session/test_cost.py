"""What a statement costs does not depend on what came before; nothing that is typed costs without end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.ir import nodes
from gradcli.language.text.diagnostics import Source, near
from gradcli.language.values.scope import Bindings, Draft
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.style import bare
from gradcli.output.views import show_value
from gradcli.session.results import Assertion, Shown
from gradcli.session.session import Session, Step
from tests.counting import calls_of
from tests.language.running import error, run, value

CHANGES = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(), max_size=4), max_size=8)


@given(CHANGES, st.data())
def test_older_names_stay_what_they_were(changes: list[dict[str, int]], data: st.DataObject) -> None:
    """Whichever is asked in whatever order, and where several go on from one."""
    known: list[tuple[Bindings[str, int], dict[str, int]]] = [(Bindings(), {})]
    for change in changes:
        names, want = data.draw(st.sampled_from(known))
        known.append((names.updated(change), {**want, **change}))
    for names, want in data.draw(st.permutations(known)):
        assert dict(names) == want
        assert len(names) == len(want)


def test_a_draft_leaves_what_it_began_with() -> None:
    """Until it is kept, and then too."""
    before = Bindings({"a": 1})
    draft = Draft(before)
    draft["a"], draft["b"] = 2, 3
    assert (draft["a"], list(draft), draft.get("c", 0)) == (2, ["a", "b"], 0)
    assert dict(draft.kept()) == {"a": 2, "b": 3}
    assert dict(before) == {"a": 1}


@pytest.mark.parametrize(
    "line", ["x{} = {}", "f{}(x) = x + {}", "assert 3 == 3  # {}{}", "x = {} + {}"], ids=lambda t: t[:6]
)
def test_scripts_cost_in_proportion_to_their_length(line: str) -> None:
    """Eight times as many statements are at most eight times as many calls, of Python's and of C's, read and run."""

    def calls(n: int) -> int:
        source = Source("script", "\n".join(line.format(i, i) for i in range(n)))
        steps: list[Step] = []
        counted = calls_of(lambda: steps.append(Session().run(source)))
        assert not steps[0].diagnostics
        return counted

    calls(10)
    assert calls(400) < 1.1 * 8 * calls(50)


def chain(lines: int) -> str:
    """A function of so many lines, five operations each."""
    body = "".join(f"    v = sin(v)*y + x/{i % 7 + 1} - v*0.5\n" for i in range(lines))
    return f"def f(x, y):\n    v = x\n{body}    return v\n"


@pytest.mark.parametrize("made", ["f", "grad(f, all)", "hessian(f)"])
def test_the_first_result_costs_in_proportion_to_the_text(made: str) -> None:
    """Eight times as many lines are at most eight times as many calls and nodes, read, traced, derived and computed."""

    def cost(lines: int) -> tuple[int, int]:
        source = Source("script", f"{chain(lines)}g = {made}\nfor i in (1,):\n    r = g(0.3, 0.7)\n")
        first = next(nodes.serials)
        steps: list[Step] = []
        calls = calls_of(lambda: steps.append(Session().run(source)))
        assert not steps[0].diagnostics
        return calls, next(nodes.serials) - first

    cost(3)
    (calls, count), (more_calls, more) = cost(10), cost(80)
    assert more_calls < 1.1 * 8 * calls
    assert more < 1.1 * 8 * count


def test_a_node_is_made_once_and_simplified_once() -> None:
    """The gradient is by the inputs of the trace itself, and the graph that is computed first is compiled later."""
    session = Session().run(Source("script", f"{chain(100)}g = grad(f, all)\n")).session

    def made(text: str) -> int:
        nonlocal session
        first = next(nodes.serials)
        step = session.run(Source("script", text))
        assert not step.diagnostics
        session = step.session
        return next(nodes.serials) - first

    again = "for i in (1,):\n    r = g(0.3, 0.7)\n"
    # Five operations a line, each with one or two of its gradient's.
    assert made(again) < 2 * 3 * 500
    assert made(again) < 10


def test_a_new_name_copies_no_table() -> None:
    """What a call of C's would do to all names at once, no count of calls shows."""
    names: Bindings[str, int] = Bindings({str(i): i for i in range(100)})
    table = names._table
    for i in range(10):
        names = names.updated({f"new {i}": i})
    assert names._table is table


def test_positions_are_those_of_the_text() -> None:
    """With any ends of lines."""
    text = "a\nbc\r\n\n  d"
    source = Source("s", text)
    for offset in range(len(text) + 1):
        before = text[:offset]
        assert source.position(offset) == (before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
    assert [source.line(n) for n in range(1, 5)] == ["a", "bc", "", "  d"]


DOUBLED = "x = {}\n" + "x = (x, x)\n" * 60


@pytest.mark.parametrize("start", ["1", "[1, 2]", "sin", '"a"'])
def test_a_tuple_that_shares_its_parts_is_gone_through_once(start: str) -> None:
    """Its items are 2^60, its parts 60."""
    session = run(DOUBLED.format(start)).session
    assert not run("assert x" + "[1]" * 60 + " == x" + "[0]" * 60, session).diagnostics
    shown = run("x", session).results[-1]
    assert isinstance(shown, Shown)
    text = show_value(shown.value)
    assert text.endswith("1,152,921,504,606,846,976 items, of which 1,000 are shown")
    assert len(text) < 100_000


@pytest.mark.parametrize("text", ["x == x", "allclose(x, x)", "grad(y -> y[0])(x)", "f(y) = y\nf(x)"])
def test_what_needs_each_item_refuses_too_many(text: str) -> None:
    """With how many there are."""
    found = error(text, run(DOUBLED.format("1.0")).session)
    assert "1,152,921,504,606,846,976 items" in found.message
    assert found.span is not None


def test_a_function_that_doubles_its_calls_ends() -> None:
    """A step is counted for each call, through however many functions."""
    text = "f0(x) = x + 1\n" + "".join(f"f{i}(x) = f{i - 1}(x) + f{i - 1}(x)\n" for i in range(1, 40))
    assert "more than 300 steps" in error(text + "set max_steps 300\nf39(1)").message


def test_a_limit_holds_until_it_is_taken_back() -> None:
    """`none` is the default again, and a session of before is not changed."""
    before = Session()
    after = run("set max_steps 5\nset dtype float32", before).session
    loop = "for i in range(6): x = i"
    assert "5 steps" in error(loop, after).message
    assert not run(loop, before).diagnostics
    assert not run("set max_steps none\n" + loop, after).diagnostics


LONG = 5_000
DEEP = {
    "brackets": "(" * LONG + "1" + ")" * LONG,
    "minus": "-" * LONG + "1",
    "powers": "^".join(["1"] * LONG),
    "arrays": "[" * LONG + "1" + "]" * LONG,
    "functions": "x -> " * LONG + "1",
    "choices": "1 if false else " * LONG + "1",
    "tuples": "(" * LONG + "1" + ",)" * LONG,
    "attributes": "[1]" + ".T" * LONG,
    "calls": "sin(" * LONG + "1" + ")" * LONG,
    "calls in a row": "sin" + "(1)" * LONG,
    "subscripts": "(1,)" + "[0]" * LONG,
    "indices": "range(2)[" * LONG + "0" + "]" * LONG,
    "primes": "sin" + "'" * LONG + "(1)",
    "negations": "not " * LONG + "true",
    "conditions": "true and " * LONG + "true",
    "comparisons": "1 <= " * LONG + "1",
    "sum": "+".join(["1"] * LONG),
    "loops": "".join(" " * i + f"for i{i} in range(1):\n" for i in range(500)) + " " * 500 + "x = 1\n",
    "sum of an input": "f(x) = " + "+".join(["x*x"] * LONG) + "; f'(2)",
    "loop": f"def f(x):\n  for i in range({LONG}): x = sin(x)\n  return x\n\nf'(1)",
    "composed": "f = sin\ndef compose(g): return x -> sin(g(x))\nfor i in range(300): f = compose(f)\nf(1)",
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_and_length_are_answered(name: str) -> None:
    """With a value, or a diagnostic that has a place."""
    for found in run(DEEP[name]).diagnostics:
        assert found.span is not None
        assert len(bare(show_diagnostic(found))) < 2_000


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5_000,
        "9" * 10**6,
        "0." + "9" * 10**6,
        '"' + "a" * (10**6 + 1) + '"',
        "[" + "1," * 600_000 + "1]",
        "a" * 10**6,
    ],
    ids=["digits", "more digits", "decimals", "text", "array", "name"],
)
def test_literals_are_bounded(text: str) -> None:
    """Told at once, and not by quoting them."""
    found = error(text)
    assert len(bare(show_diagnostic(found))) < 1_000
    assert "too long" in found.message or "unknown name" in found.message


def test_titles_are_bounded() -> None:
    """Of what is shown, and of an assert."""
    text = "+".join(["1"] * 5_000)
    shown, checked = run(f"{text}\nassert {text} == 5000").results
    assert isinstance(shown, Shown)
    assert isinstance(checked, Assertion)
    assert len(shown.source) == len(checked.source) == 200
    assert checked.passed


def test_memory_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the session goes on."""
    import numpy as np

    session = run("x = 5\nd = uniform((123, 457))").session

    def refuse(*args: object, **kwargs: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(np, "empty", refuse)
        found = error("sum(sin(d) * x)", session)
    assert "memory" in found.message
    assert value("x + 1", session) == 6


def test_near_names_of_long_ones_are_not_sought() -> None:
    """The search would take longer than anybody waits."""
    assert near("a" * 10**6, ["a" * 1000, "abc"]) is None
