"""Models within models: whose parameters are whose, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, run, value

TWICE = "model net(x):\n    param a = block\n    param b = block\n    return b(tanh(a(x)))\n"


@pytest.mark.parametrize(
    ("block", "names"),
    [
        ("block = Dense(2, 2)\n", ("weight", "bias")),
        ("block = Sequential(Dense(2, 2), tanh)\n", ("[0].weight", "[0].bias")),
        ("model block(x):\n    param w = eye(2)\n    return w @ x\n", ("w",)),
        ("model block(x):\n    param d = Dense(2, 2)\n    return d(x)\n", ("d.weight", "d.bias")),
        ("model block(x):\n    param d = (Dense(2, 2), eye(2))\n    return d[1] @ d[0](x)\n", None),
    ],
)
def test_a_model_that_is_declared_twice_has_two_sets_of_weights(block: str, names: tuple[str, ...] | None) -> None:
    """Each begins as the block is, and is trained by itself; the block is none of them."""
    names = names or ("d[0].weight", "d[0].bias", "d[1]")
    separated = [f"{part}{'' if name[0] == '[' else '.'}{name}" for part in ("a", "b") for name in names]
    assert list(value(block + TWICE + "params(net)")) == separated
    first, second, own = value(
        block
        + TWICE
        + "x = [1, 2]\np = net(x), block(x)\nparams(net.a) = 0*params(net.a)\np[0], net(x), p[1] - block(x)"
    )
    np.testing.assert_allclose(own, 0, atol=1e-15)
    assert np.any(first != second)
    by = f"wrt=net.{separated[-1]}"
    assert np.shape(value(f"{block}{TWICE}f(x) = sum(net(x))\nr = grad(f, {by})([1, 2])\nr")) in ((2,), (2, 2))


def test_a_copy_begins_with_the_values_of_now() -> None:
    """A block that was trained is copied as it is."""
    text = "model block(x):\n    param w = 2\n    return w*x\nblock.w = 5\n"
    text += "model net(x):\n    param a = block\n    return a(x)\n"
    assert value(text + "block.w = 7\nnet(1), block(1)") == (5, 7)


def test_what_parts_of_a_block_share_their_copies_share() -> None:
    """A tied weight stays tied."""
    text = "d = Dense(2, 2)\nmodel net(x):\n    param a = Sequential(d, tanh, d)\n    return a(x)\n"
    assert list(value(text + "params(net)")) == ["a[0].weight = a[2].weight", "a[0].bias = a[2].bias"]


def test_a_tuple_of_layers_is_gone_through() -> None:
    """Its weights go by their place, in tables, in `wrt=` and in the text."""
    text = (
        "model deep(x):\n    param layers = (Dense(2, 3), Dense(3, 1))\n"
        "    for l in layers: x = tanh(l(x))\n    return sum(x)\n"
    )
    names = ["layers[0].weight", "layers[0].bias", "layers[1].weight", "layers[1].bias"]
    assert list(value(text + "params(deep)")) == names
    assert list(value(text + "f(x) = deep(x)^2\nparams(f)")) == [f"deep.{name}" for name in names]
    for by in ("deep.layers[1].bias", "layers[1].bias", '"layers[1].bias"'):
        slope = value(text + f"f(x) = deep(x)^2\nr = grad(f, wrt={by})([1, 2])\nr")
        assert slope.shape == (1,)
    assert value(text + "deep.layers[1].bias = [7]\ndeep.layers[1].bias") == [7]
    assert "did you mean" in (error(text + "grad(deep, wrt=deep.layers[1].bas)([1, 2])").hint or "")


def test_a_loop_makes_parameters_pass_by_pass() -> None:
    """Under one name, a tuple; in the loop each pass has its own."""
    loop = "    for i in 1..3:\n        param w = i\n        param b = 0.1*i\n        x = w*x + b\n"
    text = f"model net(x):\n{loop}    return x\n"
    assert value(text + "params(net)") == {
        **{f"w[{i}]": i + 1 for i in range(3)},
        **{f"b[{i}]": pytest.approx(0.1 * (i + 1)) for i in range(3)},
    }
    assert value(text + "net(2)") == pytest.approx(3 * (2 * (1 * 2 + 0.1) + 0.2) + 0.3)
    assert value(text + "params(net) = 0*params(net)\nnet(2)") == 0
    assert value(text + "grad(net, wrt=w[1])(2)") == pytest.approx(3 * 2.1)
    assert value(text + "net(2, params=(1, 1, 1, 0, 0, 5))") == 7


def test_parameters_at_the_top_level_in_a_tuple() -> None:
    """Are trained, and stood in for, under their name."""
    text = "param w = (1, [2, 3])\nf(x) = w[0]*x + sum(w[1])\n"
    assert list(value(text + "params(f)")) == ["w[0]", "w[1]"]
    assert value(text + "params(f) = (2, [0, 0])\nf(3), w[0], f(1, params=(7, [1, 1]))") == (6, 2, 9)


def test_a_loop_whose_length_is_an_input_makes_no_parameters() -> None:
    """They are made when the model is defined."""
    text = "model net(x, n):\n    for i in range(n):\n        param w = 1\n        x = w*x\n    return x\n"
    assert error(text).kind == "name"


def test_names_inside_a_body_hide_nothing() -> None:
    """A local name may be that of a built-in; one at the top level is warned of, once."""
    body = "model norm1(x):\n    param gamma = 1\n    beta = 0\n    return gamma*x + beta\n"
    assert not run(body).diagnostics
    assert len(run("gamma = 3\n").diagnostics) == 1


def test_a_sequential_is_called_by_its_name() -> None:
    """In what `params` lists, of itself and of what reads it."""
    text = "net = Sequential(Dense(1, 2), tanh)\nf(x) = sum(net(x))\n"
    assert list(value(text + "params(net)")) == list(value(text + "params(f)")) == ["net[0].weight", "net[0].bias"]
    assert "`net[0].weight`" in error(text + "params(net) = ([1], [2])").message


def test_what_copies_share_from_outside_is_said() -> None:
    """A block that reads a layer of the top level has no parameters of its own."""
    text = "d = Dense(2, 2)\nmodel block(x):\n    return d(x)\n"
    said = [d.message for d in run(text + TWICE).diagnostics]
    assert said == ["`a` and `b` share `d.weight`", "`a` and `b` share `d.bias`"]
    assert not run("model block(x):\n    param d = Dense(2, 2)\n    return d(x)\n" + TWICE).diagnostics


def test_a_block_that_may_run_or_not_makes_no_parameters() -> None:
    """They are made once, when the model is defined."""
    for block in ("    if true:\n        param w = 1\n", "    while false:\n        param w = 1\n"):
        assert "may run or not" in error(f"model net(x):\n{block}    return x\n").message
    loop = "    for i in 1..3:\n        param w = 1\n        break\n"
    assert "makes all of its passes" in error(f"model net(x):\n{loop}    return x\n").message


def test_a_copy_of_a_layer_with_a_state_keeps_what_stands_beside_its_parameters() -> None:
    """Each copy has parameters of its own, and the state that a norm begins with."""
    body = "    param a = bn\n    param b = bn\n    y, s = a(x, a.state)\n    return b(y)\n"
    text = f"bn = BatchNorm1d(2)\nmodel m(x):\n{body}"
    assert value(text + "m.a.state[1]").tolist() == [1, 1]
    assert value(text + "m.a.gamma = [2, 3]; m.b.gamma").tolist() == [1, 1]
    assert len(value(text + "params(m)")) == 4
    assert value(text + "m([[1, 2], [3, 4]]).shape") == (2, 2)
