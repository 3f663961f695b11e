"""Recurrent layers: a cell that goes through a sequence as one loop, with PyTorch's and MindSpore's names and formulas.

Elman (1990); Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000); Cho et al. (2014).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import NamedTuple, TypeAlias

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node, Parameter, constant, fresh_input, parameter
from gradcli.core.ir.promotion import real, stretch
from gradcli.core.ir.shapes import Shape
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import concatenate, matmul, stack, transpose
from gradcli.core.library.initializers import uniform
from gradcli.core.loops.plan import Carry, Given, Plan
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import part, reshape

# What a cell carries: the hidden state first.
State: TypeAlias = "tuple[Node, ...]"
# A network: from a sequence and a state, or none, to all hidden states and the last state.
Through: TypeAlias = "Callable[[Node, State | None], tuple[Node, State]]"


class Kind(NamedTuple):
    """A cell: how many gates it has, how many states, and the next states from both sides' sums and the states."""

    gates: int
    states: int
    step: Callable[[Node, Node, State], State]


def _gates(x: Node, count: int) -> list[Node]:
    size = x.shape[-1] // count
    return [part(x, len(x.shape) - 1, i * size, size) for i in range(count)]


def _plain(activation: Callable[[Node], Node]) -> Kind:
    return Kind(1, 1, lambda x, h, state: (activation(x + h),))


def _lstm(x: Node, h: Node, state: State) -> State:
    """Gates in the order input, forget, cell, output."""
    into, forget, cell, out = _gates(x + h, 4)
    new = ew.sigmoid(forget) * state[1] + ew.sigmoid(into) * ew.tanh(cell)
    return ew.sigmoid(out) * ew.tanh(new), new


def _gru(x: Node, h: Node, state: State) -> State:
    """Gates in the order reset, update, new; the reset gate scales what comes of the hidden state."""
    reset, update, new = (list(pair) for pair in zip(_gates(x, 3), _gates(h, 3), strict=True))
    candidate = ew.tanh(new[0] + ew.sigmoid(reset[0] + reset[1]) * new[1])
    share = ew.sigmoid(update[0] + update[1])
    return ((1.0 - share) * candidate + share * state[0],)


LSTM_KIND, GRU_KIND = Kind(4, 2, _lstm), Kind(3, 1, _gru)


def _elman(nonlinearity: str) -> Kind:
    known = {"tanh": ew.tanh, "relu": ew.relu}
    require(nonlinearity in known, f'"{nonlinearity}" is no nonlinearity', 'it is "tanh" or "relu"')
    return _plain(known[nonlinearity])


class Weights(NamedTuple):
    """Those of one cell: for what comes in and for the hidden state; the biases are None where there are none."""

    input: Parameter
    hidden: Parameter
    input_bias: Parameter | None
    hidden_bias: Parameter | None

    def of_inputs(self, x: Node) -> Node:
        """What all gates get of what comes in, of any number of steps at once."""
        found = matmul(x, transpose(self.input))
        return found if self.input_bias is None else found + self.input_bias

    def of_hidden(self, h: Node) -> Node:
        """What all gates get of the hidden state."""
        found = matmul(h, transpose(self.hidden))
        return found if self.hidden_bias is None else found + self.hidden_bias


def _weights(
    studio: Studio, kind: Kind, inside: int, hidden: int, has_bias: bool, end: str, into: dict[str, Parameter]
) -> Weights:
    """All uniform on +-1/sqrt(hidden), as in both frameworks."""

    def made(name: str, shape: Shape) -> Parameter:
        into[name + end] = parameter(name + end, uniform(studio, shape, 1 / sqrt(hidden)))
        return into[name + end]

    rows = kind.gates * hidden
    weights = made("weight_ih", (rows, inside)), made("weight_hh", (rows, hidden))
    biases = (made("bias_ih", (rows,)), made("bias_hh", (rows,))) if has_bias else (None, None)
    return Weights(*weights, *biases)


def _cell(
    studio: Studio, name: str, kind: Kind, inside: int, hidden: int, has_bias: bool
) -> tuple[Mapping[str, Parameter], Callable[[Node, State | None], State]]:
    require(inside > 0 and hidden > 0, f"{name}({inside}, {hidden}) has no weights", "both sizes are at least 1")
    parameters: dict[str, Parameter] = {}
    weights = _weights(studio, kind, inside, hidden, has_bias, "", parameters)

    def step(x: Node, state: State | None) -> State:
        x = real(x)
        if not 1 <= len(x.shape) <= 2 or x.shape[-1] != inside:
            raise ShapeError(f"{name} takes (batch, {inside}), one step, not shape {x.shape}")
        shape = (*x.shape[:-1], hidden)
        given = _states(state, kind.states, shape, x, name)
        return kind.step(weights.of_inputs(x), weights.of_hidden(given[0]), given)

    return parameters, step


def _states(state: State | None, count: int, shape: Shape, x: Node, name: str) -> State:
    if state is None:
        return (stretch(constant(0, x.dtype), shape),) * count
    if len(state) != count or any(s.shape != shape for s in state):
        shapes = " and ".join(str(s.shape) for s in state)
        what = "a state" if count == 1 else "states (h, c), each"
        raise ShapeError(f"{name} takes {what} of shape {shape}, not {shapes or 'none'}", "left out, it is zeros")
    return tuple(map(real, state))


@layer(
    "one step of a recurrent network: tanh(weight_ih x + bias_ih + weight_hh h + bias_hh)",
    example="cell = RNNCell(2, 3)\nh = cell([[1, 2]])\ncell([[3, 4]], h).shape",
)
def RNNCell(  # noqa: N802 - the field's name
    studio: Studio, input_size: int, hidden_size: int, has_bias: bool = True, nonlinearity: str = "tanh"
) -> Layer:
    """The next h, of x (batch, features) and h (batch, hidden), which is zeros unless it is given."""
    parameters, step = _cell(studio, "RNNCell", _elman(nonlinearity), input_size, hidden_size, has_bias)

    def call(x: Node, hx: Node | None = None) -> Node:
        return step(x, None if hx is None else (hx,))[0]

    return Layer("RNNCell", (), parameters, call=call)


@layer(
    "one step of a gated recurrent unit: reset, update and new gates in this order",
    example="cell = GRUCell(2, 3)\nh = cell([[1, 2]])\ncell([[3, 4]], h).shape",
)
def GRUCell(studio: Studio, input_size: int, hidden_size: int, has_bias: bool = True) -> Layer:  # noqa: N802
    """The next h, of x (batch, features) and h (batch, hidden), which is zeros unless it is given."""
    parameters, step = _cell(studio, "GRUCell", GRU_KIND, input_size, hidden_size, has_bias)

    def call(x: Node, hx: Node | None = None) -> Node:
        return step(x, None if hx is None else (hx,))[0]

    return Layer("GRUCell", (), parameters, call=call)


@layer(
    "one step of a long short-term memory: input, forget, cell and output gates in this order",
    example="cell = LSTMCell(2, 3)\nh, c = cell([[1, 2]])\ncell([[3, 4]], (h, c))[1].shape",
)
def LSTMCell(studio: Studio, input_size: int, hidden_size: int, has_bias: bool = True) -> Layer:  # noqa: N802
    """The next (h, c), of x (batch, features) and (h, c), each (batch, hidden), which are zeros unless given."""
    parameters, step = _cell(studio, "LSTMCell", LSTM_KIND, input_size, hidden_size, has_bias)

    def call(x: Node, hx: tuple[Node, ...] | None = None) -> tuple[Node, ...]:
        return step(x, hx)

    return Layer("LSTMCell", (), parameters, call=call)


def _through(kind: Kind, weights: Weights, x: Node, state: State, backwards: bool) -> tuple[Node, State]:
    """A cell along (time, batch, features): its hidden states (time, batch, hidden), and the last of each state."""
    length = x.shape[0]
    sums = weights.of_inputs(x)
    if length == 1:
        # One step is no loop.
        last = kind.step(reshape(sums, shape=sums.shape[1:]), weights.of_hidden(state[0]), state)
        return reshape(last[0], shape=(1, *last[0].shape)), last
    from gradcli.core.loops.closing import looped

    inside = fresh_input("x", sums.shape[1:], sums.dtype)
    carried = tuple(fresh_input("s", s.shape, s.dtype) for s in state)
    nexts = kind.step(inside, weights.of_hidden(carried[0]), carried)
    plan = Plan(length, backwards=backwards)
    plan.carries = [Carry(i, start, new) for i, start, new in zip(carried, state, nexts, strict=True)]
    plan.slices = [Given(inside, sums)]
    plan.stacks = [nexts[0]]
    *others, hidden = looped(plan, [*range(1, len(state)), len(state)])
    at = 0 if backwards else length - 1
    last_hidden = reshape(part(hidden, 0, at, 1), shape=hidden.shape[1:])
    return hidden, (last_hidden, *others)


def _network(
    studio: Studio,
    name: str,
    kind: Kind,
    sizes: tuple[int, int],
    layers: int,
    has_bias: bool,
    batch_first: bool,
    bidirectional: bool,
) -> tuple[dict[str, Parameter], Through]:
    inside, hidden = sizes
    require(min(sizes) > 0, f"{name}{sizes} has no weights", "both sizes are at least 1")
    require(layers > 0, f"num_layers can't be {layers}", "it is 1 or more")
    ways = 2 if bidirectional else 1
    parameters: dict[str, Parameter] = {}
    cells = [
        _weights(
            *(studio, kind, inside if level == 0 else ways * hidden, hidden, has_bias),
            *(f"_l{level}{'_reverse' if way else ''}", parameters),
        )
        for level in range(layers)
        for way in range(ways)
    ]

    def call(x: Node, state: State | None) -> tuple[Node, State]:
        x = real(x)
        order = "(batch, time, features)" if batch_first else "(time, batch, features)"
        if len(x.shape) not in (2, 3) or x.shape[-1] != inside:
            raise ShapeError(
                f"{name} takes {order} with {inside} features, not shape {x.shape}", f"{name}(features, hidden)"
            )
        single = len(x.shape) == 2
        if single:
            x = reshape(x, shape=(x.shape[0], 1, inside))
            state = None if state is None else tuple(_with_batch(s) for s in state)
        elif batch_first:
            x = _swapped(x)
        require(x.shape[0] > 0, f"{name} goes through at least one step, and shape {x.shape} has none")
        starts = _states(state, kind.states, (layers * ways, x.shape[1], hidden), x, name)
        lasts: list[State] = []
        for level in range(layers):
            found = []
            for way in range(ways):
                at = level * ways + way
                start = tuple(reshape(part(s, 0, at, 1), shape=s.shape[1:]) for s in starts)
                hiddens, last = _through(kind, cells[at], x, start, backwards=way == 1)
                found.append(hiddens)
                lasts.append(last)
            x = concatenate(tuple(found), axis=2) if ways == 2 else found[0]
        state = tuple(stack(tuple(last[i] for last in lasts)) for i in range(kind.states))
        if single:
            return reshape(x, shape=(x.shape[0], x.shape[2])), tuple(_without_batch(s) for s in state)
        return _swapped(x) if batch_first else x, state

    return parameters, call


def _swapped(x: Node) -> Node:
    return transpose(x, (1, 0, 2))


def _with_batch(x: Node) -> Node:
    return reshape(x, shape=(x.shape[0], 1, *x.shape[1:])) if len(x.shape) == 2 else x


def _without_batch(x: Node) -> Node:
    return reshape(x, shape=(x.shape[0], x.shape[2]))


def _of_one_state(kind: str, parameters: Mapping[str, Parameter], through: Through) -> Layer:
    """The layer of a network whose only state is the hidden one."""

    def call(x: Node, hx: Node | None = None) -> tuple[Node, Node]:
        output, (last,) = through(x, None if hx is None else (hx,))
        return output, last

    return Layer(kind, (), parameters, call=call)


@layer(
    "a recurrent network along a sequence: gives all hidden states, and the last of each layer",
    example="rnn = RNN(2, 3)\noutput, h = rnn(ones((5, 1, 2)))\noutput.shape, h.shape",
)
def RNN(  # noqa: N802 - the field's name
    studio: Studio,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    nonlinearity: str = "tanh",
    has_bias: bool = True,
    batch_first: bool = False,
    bidirectional: bool = False,
) -> Layer:
    """Of x (time, batch, features), (batch, time, features) with `batch_first=true`, or one sequence without a batch.

    The state is (layers, batch, hidden), zeros unless given, two for each layer if bidirectional, always in this order
    of axes. Weights are weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, and `_reverse` for the other direction.
    """
    parameters, through = _network(
        *(studio, "RNN", _elman(nonlinearity), (input_size, hidden_size), num_layers),
        *(has_bias, batch_first, bidirectional),
    )
    return _of_one_state("RNN", parameters, through)


@layer(
    "a gated recurrent unit along a sequence: gives all hidden states, and the last of each layer",
    example="gru = GRU(2, 3, batch_first=true)\noutput, h = gru(ones((1, 5, 2)))\noutput.shape, h.shape",
)
def GRU(  # noqa: N802 - the field's name
    studio: Studio,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    has_bias: bool = True,
    batch_first: bool = False,
    bidirectional: bool = False,
) -> Layer:
    """Inputs, state and names of weights as RNN's; their rows are the reset, the update, then the new gate's."""
    parameters, through = _network(
        *(studio, "GRU", GRU_KIND, (input_size, hidden_size), num_layers, has_bias, batch_first, bidirectional)
    )
    return _of_one_state("GRU", parameters, through)


@layer(
    "a long short-term memory along a sequence: gives all hidden states, and (h, c), the last of each layer",
    example="lstm = LSTM(2, 3, batch_first=true)\noutput, (h, c) = lstm(ones((1, 5, 2)))\noutput.shape, c.shape",
)
def LSTM(  # noqa: N802 - the field's name
    studio: Studio,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    has_bias: bool = True,
    batch_first: bool = False,
    bidirectional: bool = False,
) -> Layer:
    """Inputs and names of weights as RNN's; their rows are the input, forget, cell, then the output gate's."""
    parameters, through = _network(
        *(studio, "LSTM", LSTM_KIND, (input_size, hidden_size), num_layers, has_bias, batch_first, bidirectional)
    )

    def call(x: Node, hx: tuple[Node, ...] | None = None) -> tuple[Node, tuple[Node, ...]]:
        return through(x, hx)

    return Layer("LSTM", (), parameters, call=call)
