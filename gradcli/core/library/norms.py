"""Layers that scale what they are given to mean 0 and variance 1, over a batch, groups of channels or the last axes."""

from __future__ import annotations

from decimal import Decimal

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import Shape, check_shape, size_of
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import mean
from gradcli.core.library.initializers import Fans, Init, full, initial
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import reshape


@layer("the last axes scaled to mean 0 and variance 1, then by gamma, plus beta", example="LayerNorm(3)([1, 2, 3])")
def LayerNorm(  # noqa: N802 - the field's name
    studio: Studio, normalized_shape: Shape, epsilon: float = 1e-7, gamma_init: Init = None, beta_init: Init = None
) -> Layer:
    """Gamma, ones at first, and beta, zeros, of the normalized shape."""
    shape = check_shape(normalized_shape)
    parameters = _scales(studio, shape, gamma_init, beta_init)

    def call(x: Node) -> Node:
        axes = tuple(range(-len(shape), 0))
        require(x.shape[len(x.shape) - len(shape) :] == shape, f"the last axes of shape {x.shape} are not {shape}")
        away = x - mean(x, axes, keepdims=True)
        spread = ew.sqrt(mean(away * away, axes, keepdims=True) + epsilon)
        return away / spread * parameters["gamma"] + parameters["beta"]

    return Layer("LayerNorm", ("x",), parameters, call=call)


_OF_BATCHES = """Channels are the second axis. In training `bn(x, state)` gives the result and the next state, which is
    (moving mean, moving variance) and begins as `bn.state`: `y, state = bn(x, state)`. Without a state it gives the
    result alone. `bn(x, state, training=false)` takes mean and variance from the state.

    The next state is momentum times the old one, plus the rest of this batch's mean, and of its variance with n - 1."""


@layer(
    "channels scaled by the mean and variance of the batch: x is (batch, channels) or (batch, channels, length)",
    example="bn = BatchNorm1d(2)\ny, state = bn([[1, 2], [3, 6]], bn.state)\nbn([[1, 2]], state, training=false)",
)
def BatchNorm1d(  # noqa: N802 - the field's name
    studio: Studio,
    num_features: int,
    eps: float = 1e-5,
    momentum: float = 0.9,
    affine: bool = True,
    gamma_init: Init = None,
    beta_init: Init = None,
) -> Layer:
    return _of_batches(studio, "BatchNorm1d", num_features, eps, momentum, affine, (gamma_init, beta_init), (2, 3))


@layer(
    "channels scaled by the mean and variance of the batch: x is (batch, channels, height, width)",
    example="bn = BatchNorm2d(3)\ny, state = bn(ones((2, 3, 4, 4)), bn.state)\nstate",
)
def BatchNorm2d(  # noqa: N802 - the field's name
    studio: Studio,
    num_features: int,
    eps: float = 1e-5,
    momentum: float = 0.9,
    affine: bool = True,
    gamma_init: Init = None,
    beta_init: Init = None,
) -> Layer:
    return _of_batches(studio, "BatchNorm2d", num_features, eps, momentum, affine, (gamma_init, beta_init), (4,))


BatchNorm1d.__doc__ = BatchNorm2d.__doc__ = _OF_BATCHES


def _of_batches(
    studio: Studio,
    kind: str,
    features: int,
    eps: float,
    momentum: float,
    affine: bool,
    inits: tuple[Init, Init],
    ranks: tuple[int, ...],
) -> Layer:
    require(features > 0, f"{kind}({features}) has no channels")
    require(0 <= momentum <= 1, f"a momentum of {momentum:g} is no share", "it is from 0 to 1")
    parameters = _scales(studio, (features,), *inits, affine)

    def call(
        x: Node, state: tuple[Node, ...] | None = None, training: bool = True
    ) -> Node | tuple[Node, tuple[Node, Node]]:
        if len(x.shape) not in ranks or x.shape[1] != features:
            counts = " or ".join(map(str, ranks))
            raise ShapeError(f"{kind} takes {counts} axes, the second of length {features}, not shape {x.shape}")
        line = (1, features, *(1,) * (len(x.shape) - 2))
        if state is not None and [s.shape for s in state] != [(features,)] * 2:
            shapes = ", ".join(str(s.shape) for s in state)
            raise ShapeError(
                f"the state of {kind} is a mean and a variance of shape ({features},), not {shapes}",
                "begin with bn.state",
            )
        if not training:
            require(
                state is not None,
                f"{kind} keeps no mean and variance",
                "pass the state that training gave: bn(x, state, training=false)",
            )
            assert state is not None
            middle, spread = (reshape(s, shape=line) for s in state)
        else:
            axes = (0, *range(2, len(x.shape)))
            middle = mean(x, axes, keepdims=True)
            spread = mean((x - middle) * (x - middle), axes, keepdims=True)
        y = (x - middle) / ew.sqrt(spread + eps)
        if affine:
            y = y * reshape(parameters["gamma"], shape=line) + reshape(parameters["beta"], shape=line)
        if state is None or not training:
            return y
        count = 1
        for i, n in enumerate(x.shape):
            count *= 1 if i == 1 else n
        require(count > 1, f"the variance of one value for each channel is not known, and {kind} keeps it")
        new = (middle, spread * (count / (count - 1)))
        # As the decimal that it was typed as: 1 - 0.9 is 0.1.
        rest = float(1 - Decimal(repr(momentum)))
        kept = [old * momentum + reshape(n, shape=(features,)) * rest for old, n in zip(state, new, strict=True)]
        return y, (cast(kept[0], state[0].dtype), cast(kept[1], state[1].dtype))

    state = (full(0.0, (features,), studio), full(1.0, (features,), studio))
    return Layer(kind, (), parameters, beside={"state": state}, call=call)


def _scales(
    studio: Studio, shape: Shape, gamma_init: Init, beta_init: Init, affine: bool = True
) -> dict[str, Parameter]:
    """Gamma, ones where nothing is said, and beta, zeros."""
    given = gamma_init is not None or beta_init is not None
    require(affine or not given, "there is no gamma and no beta to begin with something", "affine=true makes them")
    if not affine:
        return {}
    fans = Fans(size_of(shape), size_of(shape))
    return {
        "gamma": initial(studio, "gamma", shape, gamma_init, lambda: full(1.0, shape, studio), fans),
        "beta": initial(studio, "beta", shape, beta_init, lambda: full(0.0, shape, studio), fans),
    }


@layer(
    "groups of channels scaled to mean 0 and variance 1: x is (batch, channels, ...)",
    example="GroupNorm(2, 4)([[1, 3, 10, 30]])",
)
def GroupNorm(  # noqa: N802 - the field's name
    studio: Studio,
    num_groups: int,
    num_channels: int,
    eps: float = 1e-5,
    affine: bool = True,
    gamma_init: Init = None,
    beta_init: Init = None,
) -> Layer:
    """Gamma, ones at first, and beta, zeros, one of each for a channel."""
    require(
        num_groups > 0 and num_channels > 0 and num_channels % num_groups == 0,
        f"{num_channels} channels do not divide into {num_groups} groups",
        "the first number divides the second",
    )
    parameters = _scales(studio, (num_channels,), gamma_init, beta_init, affine)

    def call(x: Node) -> Node:
        if len(x.shape) < 2 or x.shape[1] != num_channels:
            raise ShapeError(f"GroupNorm takes (batch, {num_channels}, ...), not shape {x.shape}")
        parts = reshape(x, shape=(x.shape[0], num_groups, num_channels // num_groups, *x.shape[2:]))
        axes = tuple(range(2, len(parts.shape)))
        away = parts - mean(parts, axes, keepdims=True)
        y = reshape(away / ew.sqrt(mean(away * away, axes, keepdims=True) + eps), shape=x.shape)
        if not affine:
            return y
        line = (1, num_channels, *(1,) * (len(x.shape) - 2))
        return y * reshape(parameters["gamma"], shape=line) + reshape(parameters["beta"], shape=line)

    return Layer("GroupNorm", ("x",), parameters, call=call)


@layer("the last axes divided by their root mean square, then times gamma", example="RMSNorm(2)([3, 4])")
def RMSNorm(  # noqa: N802 - the field's name
    studio: Studio, normalized_shape: Shape, epsilon: float = 1e-6, gamma_init: Init = None
) -> Layer:
    """Gamma, ones at first, of the normalized shape."""
    shape = check_shape(normalized_shape)
    fans = Fans(size_of(shape), size_of(shape))
    gamma = initial(studio, "gamma", shape, gamma_init, lambda: full(1.0, shape, studio), fans)

    def call(x: Node) -> Node:
        require(x.shape[len(x.shape) - len(shape) :] == shape, f"the last axes of shape {x.shape} are not {shape}")
        axes = tuple(range(-len(shape), 0))
        return x / ew.sqrt(mean(x * x, axes, keepdims=True) + epsilon) * gamma

    return Layer("RMSNorm", ("x",), {"gamma": gamma}, call=call)
