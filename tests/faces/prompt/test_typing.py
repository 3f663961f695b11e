"""What happens to text before it is run: whether it is whole, what a paste means, numbers that are turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.faces.prompt.openness import Block, wants_more
from gradcli.faces.prompt.pasting import pasted
from gradcli.faces.prompt.turning import turned
from tests.counting import calls_of
from tests.language.running import number
from tests.texts import any_text

BLOCK = "model net(x):\n    param w = 2\n    return w * x"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("1 + 1", False),
        ("1 +", False),
        ("(1 +", True),
        ("(1,\n2", True),
        ("(1,\n2\n", False),
        ("f(x) = x^2", False),
        ("model net(x):", True),
        ("model net(x):\n", True),
        ("model net(x):\n\n", False),
        ("model net(x):\n    param w = 2", True),
        ("model net(x):\n    param w = 2\n", True),
        ("model net(x):\n    param w = 2\n    ", True),
        (BLOCK, True),
        (f"{BLOCK}\n", False),
        (f"{BLOCK}\nnet(3)", False),
        ("def f(x): return x", False),
        ("for i in range(3):\n    i", True),
        ("for i in range(3):\n    i\n", False),
        ("1))", False),
        ("tahn(", True),
        (":help (", False),
        ("", False),
    ],
)
def test_whether_it_goes_on(text: str, more: bool) -> None:
    """The parser says what is open; an empty line ends a block that returns something, two end anything."""
    assert wants_more(text) is more


@pytest.mark.parametrize(
    "text",
    [
        BLOCK + "\n\nnet(3)",
        "def f(x):\n    if x > 0:\n        y = (1,\n  2)\n    elif x < -1:\n        y = 3\n    else:\n        y = 2\n"
        "    return y\n",
        "for i in range(3):\n    for j in (1,\n2):\n        if i == j:\n            continue\n    # a note\n\n    i\n",
        "model m(x):\n    param w = [[1, 2],\n         [3, 4]]\n    def g(y):\n        return y\n"
        "    return g(w @ x)\n\n",
        "def f(x):\n    y = = 2\n    return y",
        "x = (1 +\n2 +\n3)",
        "if true: x = 1\nelse: x = 2",
    ],
)
def test_line_by_line_is_as_all_at_once(text: str) -> None:
    """What was open before is not read again, and the answer is the same at each line."""
    block, lines = Block(), text.split("\n")
    for count in range(1, len(lines) + 1):
        so_far = "\n".join(lines[:count])
        assert block.wants_more(so_far) is wants_more(so_far), so_far
        if not wants_more(so_far):
            break


def test_a_long_block_costs_each_line_the_same() -> None:
    """Reading a block line by line is linear."""

    def cost(count: int) -> int:
        lines = ["def f(x):", *(f"    y{i} = x + {i}" for i in range(count))]
        texts = ["\n".join(lines[: n + 1]) for n in range(len(lines))]
        return calls_of(lambda: [block.wants_more(text) for block in [Block()] for text in texts])

    cost(2)
    assert cost(160) < 4.6 * cost(40)


@given(any_text(max_size=40))
def test_two_empty_lines_end_anything(text: str) -> None:
    """Nobody is caught in a text that can't be ended."""
    assert not wants_more(f"{text}\n\n")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 + 1\n", "1 + 1"),
        ("a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n"),
        ("> 1 + 1\n2\n", "1 + 1"),
        ("> a = 1\n> a\n1\n> a + 1\n2", "a = 1\na\na + 1"),
        (
            "> model f(x):\n...     param w = 1\n... \n...     return w\n...\n> f(2)\n1",
            "model f(x):\n    param w = 1\n\n    return w\n\nf(2)",
        ),
        ("  > 1\n", "1"),
        ("[3]> 4 + 4\n8", "4 + 4"),
        (f"{BLOCK}\n\n\n", f"{BLOCK}\n"),
        ("x > 2\n", "x > 2"),
        ("\tx", "    x"),
    ],
)
def test_a_paste_means_what_was_typed(text: str, meant: str) -> None:
    """Without prompts and answers, and an empty line at the end of several stays."""
    assert pasted(text) == meant


@given(any_text(max_size=60))
def test_any_paste_is_taken(text: str) -> None:
    """Whatever it is, and taking it twice changes nothing more where it had no prompts."""
    assert isinstance(pasted(text), str)


@pytest.mark.parametrize(
    ("text", "cursor", "steps", "result"),
    [
        ("f(3, 5)", 3, 1, "f(4, 5)"),
        ("f(3, 5)", 2, -1, "f(2, 5)"),
        ("0.25", 0, 10, "0.35"),
        ("1e-3", 4, 1, "2e-3"),
        ("-0.1", 4, 2, "0.1"),
        ("x^2 - 0", 7, -1, "x^2 - (-1)"),
        ("x^2 - (-1)", 9, 1, "x^2 - 0"),
        ("f(-1)", 3, 1, "f(0)"),
        ("9.99", 4, 1, "10.00"),
        ("0..4", 1, 1, "1..4"),
        (".5", 2, 1, ".6"),
        ("1_000", 1, 1, "1001"),
        ("x2", 2, 1, None),
        ("x", 1, 1, None),
        ("", 0, 1, None),
    ],
)
def test_a_number_turns(text: str, cursor: int, steps: int, result: str | None) -> None:
    """By its last digit; what becomes negative behind an operator gets brackets."""
    found = turned(text, cursor, steps)
    assert (found and found.text) == result


@given(
    st.sampled_from(["{}", "2*{}", "1 - {}", "[{}, 2][0]", "(3 + {})^2", "sum([1, {}])"]),
    st.decimals(-50, 50, places=2),
    st.integers(-300, 300),
)
def test_the_value_moves_by_the_steps(around: str, value: object, steps: int) -> None:
    """Whatever stands around it, and the text stays one that is read."""
    written = str(value) if float(str(value)) >= 0 else f"({value})"
    text = around.format(written)
    place = text.index(written) + len(written) - (written[-1] == ")")
    found = turned(text, place, steps)
    assert found is not None
    inner = around.format(f"({float(str(value)):.2f} + {steps}*0.01)")
    assert number(found.text) == pytest.approx(number(inner), abs=1e-9)
    back = turned(found.text, found.cursor, -steps)
    assert back is not None
    assert number(back.text) == pytest.approx(number(text), abs=1e-9)
