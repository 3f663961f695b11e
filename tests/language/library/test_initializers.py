"""First values of layers' parameters, by name, by number and by tensor."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from tests.language.running import error, value

# The deviation of each, of a layer from 200 to 300.
DEVIATIONS = {
    "normal": 0.01,
    "uniform": 0.07 / sqrt(3),
    "he_normal": sqrt(2 / 200),
    "HeNormal": sqrt(2 / 200),
    "he_uniform": sqrt(2 / 200),
    "HeUniform": sqrt(2 / 200),
    "xavier": sqrt(2 / 500),
    "XavierNormal": sqrt(2 / 500),
    "xavier_uniform": sqrt(2 / 500),
    "XavierUniform": sqrt(2 / 500),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_name_draws_with_its_deviation(name: str) -> None:
    """About 0; uniform ones have a bound of root 3 deviations, which normal ones pass."""
    drawn = value(f'Dense(200, 300, weight_init="{name}").weight')
    deviation = DEVIATIONS[name]
    assert np.std(drawn) == pytest.approx(deviation, rel=0.02)
    assert abs(np.mean(drawn)) < 0.02 * deviation
    assert (np.max(np.abs(drawn)) > 1.01 * sqrt(3) * deviation) == ("uniform" not in name.lower())


def test_the_fans_of_a_convolution_count_its_kernel() -> None:
    """Each output is made of channels times the kernel's places."""
    drawn = value('Conv2d(16, 32, (3, 5), weight_init="he_normal").weight')
    assert np.std(drawn) == pytest.approx(sqrt(2 / (16 * 15)), rel=0.05)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("Dense(2, 3, weight_init={})", "weight"),
        ("Dense(2, 3, bias_init={})", "bias"),
        ("Conv1d(2, 3, 2, weight_init={})", "weight"),
        ("Conv2d(2, 3, 2, has_bias=true, bias_init={})", "bias"),
        ("LayerNorm(4, gamma_init={})", "gamma"),
        ("LayerNorm((2, 3), beta_init={})", "beta"),
        ("RMSNorm(4, gamma_init={})", "gamma"),
        ("BatchNorm1d(3, gamma_init={})", "gamma"),
        ("BatchNorm2d(3, beta_init={})", "beta"),
        ("GroupNorm(2, 4, gamma_init={})", "gamma"),
        ("Conv2d(2, 4, 3, group=2, weight_init={})", "weight"),
        ("Embedding(5, 3, embedding_table={})", "embedding_table"),
    ],
)
def test_every_layer_takes_each_kind(layer: str, name: str) -> None:
    """Zeros, ones, a number, a tensor of its shape, and a name that is drawn."""
    shape = np.shape(value(f"{layer.format('none')}.{name}"))
    for given, expected in (('"zeros"', 0), ('"ones"', 1), ("2.5", 2.5)):
        np.testing.assert_array_equal(value(f"{layer.format(given)}.{name}"), np.full(shape, expected))
    np.testing.assert_array_equal(value(f"{layer.format(f'3*ones({shape})')}.{name}"), np.full(shape, 3))
    drawn = value(f"{layer.format(chr(34) + 'XavierUniform' + chr(34))}.{name}")
    assert drawn.shape == shape
    assert np.std(drawn) > 0
    refused = error(layer.format("ones((7, 7, 7))"))
    assert (refused.kind, f"`{name}`" in refused.message) == ("shape", True)


def test_what_is_not_said_is_drawn_as_ever() -> None:
    """The usual draws are those that they were, in their order."""
    found = value(
        "d = Dense(2, 1)\ne = Embedding(2, 1)\nc = Conv1d(1, 1, 2)\nd.weight, d.bias, e.embedding_table, c.weight"
    )
    expected = [
        np.random.default_rng([0, 1]).uniform(-1 / sqrt(2), 1 / sqrt(2), (1, 2)),
        np.random.default_rng([0, 2]).uniform(-1 / sqrt(2), 1 / sqrt(2), (1,)),
        np.random.default_rng([0, 3]).normal(0, 0.01, (2, 1)),
        np.random.default_rng([0, 4]).uniform(-1 / sqrt(2), 1 / sqrt(2), (1, 1, 2)),
    ]
    for got, numbers in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got, numbers)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('Dense(2, 3, weight_init="he_norm")', '"he_norm" is no first value of `weight`', 'did you mean "he_normal"?'),
        ('Dense(2, 3, weight_init="zigzag")', "is no first value", "xavier_uniform"),
        ("Dense(2, 3, weight_init=(1, 2))", "a name, a number or a tensor", "he_normal"),
        ('Dense(2, 3, has_bias=false, bias_init="zeros")', "there is no bias", "has_bias=true"),
    ],
)
def test_what_is_no_first_value_is_refused(text: str, message: str, hint: str) -> None:
    """With what there is."""
    found = error(text)
    assert message in found.message
    assert hint in (found.hint or "")
