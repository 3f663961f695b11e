"""One-shots that are an operator of the language, and the table of operations."""

from __future__ import annotations

import shlex

import pytest

from gradcli.faces.command_line import COMMANDS
from tests.faces.harness import gradcli, shell


def table(out: str) -> str:
    """A table without its blanks."""
    return " ".join(out.split())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("gradcli derivatives x^3 x=2", "d²f/dx² 6x 12"),
        ("gradcli derivatives x^3 x=2 --order 3", "d³f/dx³ 6 6"),
        ("gradcli derivatives x^3", "d²f/dx² 6x"),
        ("gradcli jacobian '(x*y, x + y)' x=3 y=5", "(2, 2) float64 [[5, 3],"),
        ("gradcli jacobian '(x*y, x + y)'", "[[y, x], [1, 1]]"),
        ("gradcli jacobian '(x*y, x + y)' x=3 y=5 --wrt y", "∂f/∂y"),
        ("gradcli jacobian samples/tour.grad::net x=[3] y=[5]", "∂net/∂x (1, 1) float64 [[30]]"),
        ("gradcli hessian x^2*y x=3 y=5", "(2, 2) float64 [[10, 6],"),
        ("gradcli hessian x^2*y", "[[2y, 2x], [2x, 0]]"),
        ("gradcli taylor 'sin(x)'", "x - x^3/6 + x^5/120 + O(x^6)"),
        ("gradcli taylor 'log(x)' x=1 -n 2", "(x - 1) - (x - 1)^2/2 + O((x - 1)^3)"),
        ("gradcli taylor x*exp(y) x=1 y=0 -n 1", "f(x, y) = 1 + (x - 1) + y"),
        ("gradcli solve x^2-2 x=1", "1.4142135623730951"),
        ("gradcli solve 'x^2 == 2' x=1", "1.4142135623730951"),
        ("gradcli solve 'x^2 = 2' x=1", "1.4142135623730951"),
        ("gradcli solve 'x = cos(x)' x=1", "0.7390851332151607"),
        ("gradcli solve 'sin(x) = 0.5' x=0", "0.5235987755982989"),
        ("gradcli solve '(x + 1)*(x - 2) = 4' x=1", "3"),
        ("gradcli solve 'f(x) = x^2 - 3' x=1", "1.7320508075688772"),
        ("gradcli solve 'y = x^2 - 5' x=1", "2.23606797749979"),
        ("gradcli solve '(x + y == 3, x - y == 1)' x=0 y=0", "(2, 1)"),
        ("gradcli solve cos x=1 --digits 4", "1.571"),
        ("gradcli minimize 'x^2 - 2x' x=0", "1"),
        ("gradcli minimize '(x - 1)^2 + y^2' x=0 y=1", "(1, 0)"),
        ("gradcli formula 'd/dx x^2 sin(x)'", "x²·cos(x) + 2x·sin(x)"),
        ("gradcli formula samples/tour.grad::net", "x²·y·z"),
        ("gradcli why 'a = -1; log(a)'", "nan"),
        ("gradcli eval -3", "-3"),
        ("gradcli hessian -x^2 x=3", "[[-2]]"),
        ("gradcli --debug hessian --dtype float32 -- -x^2 x=3", "float32 [[-2]]"),
    ],
)
def test_what_each_shows(line: str, shown: str) -> None:
    """At a point its numbers, without one its formula; an expression may begin with a minus sign."""
    ran = gradcli(*shlex.split(line)[1:])
    assert shown in table(ran.out)
    assert (ran.code, "error" in ran.err) == (0, False)


def test_why_tells_the_operation() -> None:
    """With its place in what was typed, and what to write instead."""
    ran = shell("gradcli why sqrt(x)*sin(x) x=-1")
    assert (ran.code, ran.out) == (0, "nan\n")
    assert "the nan comes from `sqrt(x)`" in ran.err
    assert "guard it" in ran.err
    assert shell("gradcli why 'x ='").code == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gradcli solve x^2-2", "such as x=1"),
        ("gradcli solve x*y x=1", "no value for `y`"),
        ("gradcli jacobian x*y x=1 z=2", "no value for `y`"),
        ("gradcli jacobian x^2 x=1 xx=2", "the expression has no `xx`"),
        ("gradcli hessian x^2 x=1 --wrt y", "y"),
        ("gradcli taylor x x=0 --order -1", "order"),
        ("gradcli formula 'sin('", "never closed"),
        ("gradcli repl --digits 0", "from 1 to"),
        ("gradcli ops tahn", "did you mean `tanh`?"),
        ("gradcli help tahn", "did you mean `tanh`?"),
    ],
)
def test_what_each_refuses(line: str, said: str) -> None:
    """With what to do."""
    ran = shell(line)
    assert ran.code == 2
    assert said in ran.err


def test_the_operations_have_their_derivatives() -> None:
    """All that can be typed, those with a sign too, and those asked for alone."""
    lines = shell("gradcli ops").out.splitlines()
    told = {line.split("  ")[0].strip(): line.rsplit("  ", 1)[-1].strip() for line in lines}
    assert (told["sin(x)"], told["x / y"], told["x * y"]) == ("cos(x)", "in x: 1/y; in y: -x/y^2", "in x: y; in y: x")
    assert len(lines) > 60
    few = shell("gradcli ops sin arctan2").out.splitlines()[2:]
    assert [line.split("  ")[0].strip() for line in few if line] == ["sin(x)", "atan2(x, y)"]


def test_help_is_the_prompts() -> None:
    """A function, a sign, a topic; without one the topics are listed."""
    assert shell("gradcli help taylor").out.startswith("taylor(fn, x0, order=5)\n")
    assert "factorial" in shell("gradcli help '!'").out
    assert "calculus" in shell("gradcli help").out
    assert shell("gradcli help sin cos").out.count("in radians") > 1


def test_repl_is_the_prompt() -> None:
    """With digits and a type of its own."""
    assert gradcli("repl", stdin="x = 2\nx/3\n").out == "0.6666666666666666\n"
    assert gradcli("repl", "--digits", "3", "--dtype", "float32", stdin="pi; [1]/3").out == "3.14\n[0.333]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_runs(name: str) -> None:
    """As it stands in the help."""
    for line in filter(None, COMMANDS[name].example.split("\n")):
        # All samples are run by `test_samples.py`.
        some = ["-k", "tour or newton"] if line == "gradcli run samples" else []
        ran = gradcli(*shlex.split(line)[1:], *some, stdin="1")
        assert (ran.code, bool(ran.out)) == (0, True), line
