"""`gradcli run train.grad lr=0.1 x=@x.npy`: what is given wins over what the script says by itself, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.faces.harness import gradcli


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([1.0, 2.0]))
    np.savez("w.npz", w=np.array([3.0]), b=np.array(0.5))


def shown(text: str, *words: str) -> list[str]:
    """What the lines of a script show."""
    Path("t.grad").write_text(text)
    ran = gradcli("run", "t.grad", *words)
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out.splitlines()[:-1]


@pytest.mark.parametrize(
    ("text", "words", "lines"),
    [
        ("lr = 0.01\nlr", ["lr=0.1"], ["lr = 0.1"]),
        ("lr", ["lr=0.1"], ["lr = 0.1"]),
        ("x = [0]\nsum(x)", ["x=@x.npy"], ["sum(x) = 3"]),
        ("w + b", ["@w.npz"], ["w + b = [3.5]  float64 (1,)"]),
        # What comes behind the first definition is the script's.
        ("n = 2\nn = n/2\nn", ["n=10"], ["n = 5"]),
        ("n = 2\nn += 1\nn", ["n=10"], ["n = 11"]),
        ("n = n + 1\nn", ["n=10"], ["n = 11"]),
        ("n = 2\nn = 3\nn", ["n=10"], ["n = 3"]),
        ("n = 1\nfor i in range(3): n = 2n\nn", ["n=10"], ["n = 80"]),
        ("for i in range(3): n = 2n\nn = 1\nn", ["n=10"], ["n = 1"]),
        ("a, n = 1, 2\na, n", ["n=10"], ["a, n = (1, 10)"]),
        ("a, n = n, 2n\na, n", ["n=10"], ["a, n = (10, 20)"]),
        # Inside of functions the script's names are its own.
        ("f(n) = 2n\ndef g(x):\n    n = 1\n    return n + x\nf(1), g(1), n", ["n=10"], ["f(1), g(1), n = (2, 2, 10)"]),
        ("f(x) = x\nf(3)", ["f=x -> x^2"], ["f(3) = 9"]),
        ("param w = 1\nw, grad(x -> w*x)(2)", ["w=5"], ["w, grad(x -> w*x)(2) = (5, 5)"]),
        ("n = nothing\nn", ["n=10"], ["n = 10"]),
    ],
)
def test_what_is_given(text: str, words: list[str], lines: list[str]) -> None:
    """In place of the first definition at the top level."""
    assert shown(text, *words) == lines


def test_files_that_are_used() -> None:
    """What they define under a given name is a default too; under a name of their own they keep to themselves."""
    Path("base.grad").write_text("n = 1\ntwice() = 2n\n")
    assert shown('use "base.grad"\nn, twice()', "n=10") == ["n, twice() = (10, 2)"]
    assert shown('use "base.grad" as base\nbase.n, n', "n=10") == ["base.n, n = (1, 10)"]


def test_values_and_files() -> None:
    """In any order; a file that is called like a value is a file, and each script gets the values."""
    Path("a.grad").write_text("assert n == 3\n")
    Path("b.grad").write_text("n = 1\nassert n == 3\n")
    assert gradcli("run", "n=3", "a.grad", "b.grad").code == 0
    assert gradcli("run", "a.grad", "b.grad", "-j", "2", "n=3").code == 0
    assert gradcli("run", "b.grad").code == 1
    Path("n=3").write_text("1 + 1\n")
    assert "1 + 1 = 2" in gradcli("run", "n=3").out


def test_and_staying_at_the_prompt() -> None:
    """With them too."""
    Path("t.grad").write_text("n = 1\nn\n")
    assert "n = 10" in gradcli("run", "-i", "t.grad", "n=10", stdin="n^2\n").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["t.grad", "rate=1", "lrr=1"], "`t.grad` has no name `lrr`"),
        (["t.grad", "lrr=1"], "did you mean `lr`?"),
        (["t.grad", "lr=1+"], "expected an expression"),
        (["t.grad", "lr=1", "lr=2"], "`lr` is given twice"),
        (["t.grad", "lr=@none.npy"], "there is no file `none.npy`"),
        (["lr=1"], "values are for a script"),
        (["t.grad", "lr=1", "--update"], "--update is for scripts that are given no values"),
    ],
)
def test_what_is_refused(words: list[str], said: str) -> None:
    """Before anything runs."""
    Path("t.grad").write_text("lr = 1\nrate = 2\nlr\n")
    ran = gradcli("run", *words)
    assert ran.code == 2
    assert said in ran.err
    assert "lr = " not in ran.out
