"""`gradcli steps`, JSON, and the same from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gradcli as package
from tests.faces.harness import gradcli


def document(*arguments: str) -> Any:
    """What a command reports as JSON."""
    ran = gradcli(*arguments, "--format", "json")
    assert ran.err == ""
    return json.loads(ran.out)


def value(*arguments: str) -> Any:
    """The value of its only result."""
    (result,) = document(*arguments)["results"]
    return result["value"]


def test_an_expression() -> None:
    """Of one variable, without a point and with one."""
    ran = gradcli("steps", "x^2*sin(3x)")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("d/dx x²·sin(3x)\n├ product rule")
    assert "tape" not in ran.out
    assert "at x = 2   10.404381447008689\n" in gradcli("steps", "x^2*sin(3x)", "x=2").out


def test_by_some_variables() -> None:
    """All of them unless --wrt names some; a derivative may be typed itself."""
    assert [d["by"] for d in value("steps", "x^y")["derivations"]] == ["x", "y"]
    assert [d["by"] for d in value("steps", "x^y", "--wrt", "y")["derivations"]] == ["y"]
    assert [d["by"] for d in value("steps", "x^y", "x=2", "y=3", "--wrt", "y,x")["derivations"]] == ["y", "x"]
    assert value("steps", "d/dx x^3")["derivations"][0]["simplified"] == "3*x^2"
    assert [d["of"] for d in value("steps", "sin''")["derivations"]] == ["sin(x)", "cos(x)"]


def test_a_function_in_a_file(tmp_path: Path) -> None:
    """By its name, as other commands have it."""
    path = tmp_path / "functions.grad"
    path.write_text("g(x, y) = x^2*y\n")
    found = value("steps", f"{path}::g", "x=2", "y=5")
    assert found["at"] == {"x": 2.0, "y": 5.0}
    assert [d["value"] for d in found["derivations"]] == [20.0, 4.0]


def test_defaults_are_part_of_a_point(tmp_path: Path) -> None:
    """An input that has one is a number like the others where a point is given."""
    path = tmp_path / "functions.grad"
    path.write_text("g(x, a=2) = a*x^2\n")
    assert value("steps", f"{path}::g", "x=3", "--wrt", "x")["derivations"][0]["value"] == 12.0
    found = value("steps", f"{path}::g", "x=3", "a=5", "--wrt", "x")
    assert (found["at"], found["derivations"][0]["value"]) == ({"x": 3.0, "a": 5.0}, 30.0)


STEP = {
    *("rule", "of", "by", "result", "value", "pattern", "formula", "where", "letter", "condition", "taken", "parts")
}


def test_all_keys_are_always_there() -> None:
    """With null for what there is not."""
    for arguments in (("x^2*sin(3x)",), ("x^2*sin(3x)", "x=2"), ("x if x > 0 else -x", "x=1"), ("7*x",)):
        found = value("steps", *arguments)
        assert set(found) == {"kind", "of", "at", "derivations", "note"}
        assert found["kind"] == "steps"
        for derivation in found["derivations"]:
            keys = {"name", "of", "by", "order", "tree", "simplified", "definitions", "value", "tape"}
            assert set(derivation) == keys
            stack = [derivation["tree"]]
            while stack:
                step = stack.pop()
                assert set(step) == STEP
                stack += step["parts"]
            for row in derivation["tape"]:
                assert set(row) == {"name", "formula", "value", "partials", "tangent", "adjoint"}
    check = value("eval", 'f(x) = x^2; check_answer(f\', "2x")')
    assert check == {
        "kind": "check",
        "of": "f'",
        "answer": "2x",
        "verdict": "right",
        "where": None,
        "at": {},
        **dict.fromkeys(("expected", "given", "hint")),
    }
    wrong = value("eval", 'f(x) = x^2; check_answer(f\', "x^2/x")')
    assert wrong["at"] == {"x": 1.0}
    assert (wrong["expected"], wrong["given"]) == (2.0, 1.0)
    assert value("eval", 'f(x) = x^2; check_answer(f\', "2x^2/x")')["given"] == "nan"


def test_infinities_are_texts() -> None:
    """JSON has no numbers for them."""
    (derivation,) = value("steps", "1/x", "x=0")["derivations"]
    assert (derivation["value"], derivation["tape"][1]["value"]) == ("-inf", "inf")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x^2", "--wrt", "q"), "`x^2` has no input `q`"),
        (("x^2", "x=1", "y=3"), "the expression has no `y`"),
        (("x*y", "x=3"), "no value for `y`"),
        (("x^2", "x=[1, 2]"), "steps are shown at a point of numbers, not a tensor of shape (2,)"),
        (("sum(sort(x*[1, 2]))",), "`sum(sort(x*[1, 2]))` has no steps to show: tensors are on the way"),
        (("x +",), "expected an expression"),
        (("3 + 4",), "`3 + 4` has no input to differentiate by"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str) -> None:
    """A sentence on standard error, and the exit code of bad input."""
    ran = gradcli("steps", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_a_wrong_answer_is_no_failure(tmp_path: Path) -> None:
    """Unless it is asserted."""
    path = tmp_path / "script.grad"
    path.write_text('f(x) = x^2\ncheck_answer f\' = "x"\n')
    assert gradcli("run", str(path)).code == 0
    path.write_text('f(x) = x^2\nassert check_answer(f\', "x")\n')
    assert gradcli("run", str(path)).code == 1


def test_as_latex() -> None:
    """What is differentiated, what the rules make of it, what that is simplified to, and the value at a point."""
    assert gradcli("steps", "x^2*sin(3x)", "x=0", "--format", "latex").out == (
        "\\begin{align*}\n"
        r"\frac{d}{dx}\left(x^{2} \sin\left(3 x\right)\right) &= "
        r"2 x \sin\left(3 x\right) + x^{2} \cos\left(3 x\right) \cdot 3 \\"
        "\n"
        r"&= 3 x^{2} \cos\left(3 x\right) + 2 x \sin\left(3 x\right) \\"
        "\n"
        r"&= 0 \quad (x = 0)"
        "\n\\end{align*}\n"
    )
    assert gradcli("steps", "x^y", "--wrt", "y", "--format", "latex").out.count("&=") == 1


def test_from_python() -> None:
    """Results with the fields of the JSON."""
    text = "f(x) = x^2*sin(3x)\nsteps(f', 2)\ncheck_answer(f', \"x\")"
    values: list[Any] = [result.value for result in package.Session().run(text)]  # type: ignore[union-attr]
    found, check = values
    assert type(found).__module__ == type(check).__module__ == "gradcli.api.results"
    (derivation,) = found.derivations
    assert derivation.tree.rule == "product rule"
    assert derivation.tape[-1].tangent == derivation.value == derivation.tape[0].adjoint
    assert found.to_dict()["derivations"][0]["tree"]["parts"][0]["rule"] == "power rule"
    assert "product rule" in repr(found)
    assert not check
    assert check.to_dict()["verdict"] == "wrong"
