"""The whole table in every target: what is written gives what gradcli gives, or is refused by name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from gradcli.core.errors import CoreError
from gradcli.core.export.request import Request
from gradcli.core.export.targets import TARGETS, module_text
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.transforms.reverse import gradient
from tests.core.export.harness import Case, cases, compiled, differences, loaded, request, written, wrong
from tests.core.sampling import TABLE, calls, draw, inputs_for, run

ON_MATH = {name for name, p in TABLE.items() if p.math is not None}
# Primitives of which a target writes nothing; others it writes for some of their attributes.
SPECTRAL = {"eigvalsh", "eigenvectors", "svdvals", "left_singular_vectors", "right_singular_vectors"}
SPECTRAL |= {"orthonormal", "pinv", "repeated", "negligible", "squarings", "expm"}
OF_SCIPY = {
    *("bessely", "besseli", "besselk", "besseli_scaled", "betaln", "zeta", "expi", "lambertw"),
    *("log_ndtr", "ndtri", "mills", "gammainc", "gammaincc", "betainc"),
}
REFUSED = {
    "python": TABLE.keys() - ON_MATH,
    "numpy": set(),
    "jax": {"besselj", *OF_SCIPY},
    "torch": {"gamma", "beta", "besselj", *OF_SCIPY},
    "c": {"erfinv", "polygamma", "beta", "besselj", "sinc", "adjugate", *SPECTRAL, *OF_SCIPY},
}
IN_PYTHON = [t for t in TARGETS if t != "c"]
has_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")


def available(target: str) -> None:
    """Skip where a library is not installed: `python -m benchmarks.exported` runs the same where it is."""
    if target in ("jax", "torch"):
        pytest.importorskip(target, reason=f"{target} is not installed")


def refused(target: str, case: Case) -> CoreError | None:
    """What a target says of a case that it does not write."""
    try:
        module_text(target, request([case.output], case.inputs))
    except CoreError as error:
        return error
    return None


def written_or_refused(target: str, primitive: Primitive) -> list[Case]:
    """The cases that a target writes; each other one is refused by a name, with what to do."""
    found = []
    for case in cases(primitive, np.random.default_rng(0)):
        refusal = refused(target, case)
        if refusal is None:
            found.append(case)
            continue
        named = (f"`{primitive.name}`", "tensors", "float32", f"{primitive.name} of int64")
        assert re.fullmatch(rf"--to {target} has no ({'|'.join(map(re.escape, named))})", refusal.message)
        others = re.findall(r"--to (\w+)", refusal.hint or "")
        assert others
        assert not any(refused(other, case) for other in others)
    assert (not found) == (primitive.name in REFUSED[target])
    return found


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize("primitive", TABLE.values(), ids=TABLE)
@pytest.mark.filterwarnings("error")
def test_a_primitive_gives_what_gradcli_gives(target: str, primitive: Primitive) -> None:
    """At random points, at the ends of the numbers, for each shape of its examples; without a warning."""
    for case in written_or_refused(target, primitive):
        assert not wrong(target, primitive, written(target, [case.output], case.inputs), case)


@pytest.mark.parametrize("target", ["jax", "torch"])
def test_primitives_in_libraries_for_training_give_what_gradcli_gives(target: str) -> None:
    """All of them, compiled by JAX, and of tensors of PyTorch's that need gradients."""
    found = [(p, case) for p in TABLE.values() for case in written_or_refused(target, p)]
    available(target)
    for primitive, case in found:
        assert not wrong(target, primitive, written(target, [case.output], case.inputs), case)


@has_cc
def test_primitives_in_c_give_what_gradcli_gives(tmp_path: Path) -> None:
    """All of them, by a compiler that takes each warning for an error."""
    found = [(p, case) for p in TABLE.values() for case in written_or_refused("c", p)]
    asked = [request([case.output], case.inputs, f"case_{i}") for i, (_, case) in enumerate(found)]
    for (primitive, case), function in zip(found, compiled(asked, tmp_path), strict=True):
        assert not wrong("c", primitive, function, case)


def network() -> tuple[list[Node], list[Node]]:
    """A value with its first and second derivatives, of numbers, vectors and matrices."""
    w, x, s = (fresh_input(n, shape, DType.FLOAT64) for n, shape in (("w", (2, 3)), ("x", (3, 1)), ("s", ())))
    hidden = TABLE["tanh"](w @ x) * s
    value = TABLE["sum_to"](TABLE["exp"](hidden) * TABLE["sigmoid"](TABLE["flip"](hidden, axes=(0,))), shape=())
    first = gradient([value], [w, x, s])
    second = gradient([TABLE["sum_to"](first[0] * first[0], shape=())], [w, s])
    return [value, *first, *second], [w, x, s]


@pytest.mark.parametrize("target", ["numpy", "jax", "torch", "c"])
def test_several_results_share_what_they_are_made_of(target: str, tmp_path: Path) -> None:
    """A module gives all of them, in the order asked for, each in its shape."""
    available(target)
    outputs, inputs = network()
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=n.shape) for n in inputs]
    if target == "c":
        if shutil.which("cc") is None:
            pytest.skip("there is no C compiler here")
        (function,) = compiled([request(outputs, inputs, "net")], tmp_path)
    else:
        function = written(target, outputs, inputs)
    for got, want in zip(function(*arrays), run(outputs, inputs, arrays), strict=True):
        assert differences(got, want, 1e-11) is None


ODD = [
    "CONSTANT_1",
    "Z",
    "z",
    "sign",
    "sigmoid",
    "times_1",
    "lambda",
    "int",
    "θ",
    "x'",
    "np",
    "f",
    "sin",
    "class",
    "_",
    "x y",
    "double",
    "λ",
    "λ'",
    "print",
    "out",
]


@pytest.mark.parametrize("target", TARGETS)
def test_any_name_becomes_one_that_is_free(target: str, tmp_path: Path) -> None:
    """Keywords, Greek letters, primes, and names of the target's own."""
    inputs: list[Node] = [fresh_input(name, (), DType.FLOAT64) for name in ODD]
    total = constant(0.0, DType.FLOAT64)
    for i, node in enumerate(inputs):
        total = total + TABLE["sigmoid"](TABLE["sin"](node)) * float(i + 1)  # type: ignore[assignment]
    values = [np.asarray(0.1 * i) for i in range(len(ODD))]
    wanted = sum((i + 1) / (1 + np.exp(-np.sin(v))) for i, v in enumerate(values))
    available(target)
    for name in ("sin", "λ", "double", "class"):
        asked = Request([total], ["∂f/∂θ'"], inputs, [], ODD, name, "f", "0")
        text = module_text(target, asked)
        if target == "c":
            if shutil.which("cc") is None:
                pytest.skip("there is no C compiler here")
            (called,) = re.findall(r"^void (\w+)\(.*\);$", text, re.MULTILINE)
            same = Request([total], ["∂f/∂θ'"], inputs, [], ODD, called, "f", "0")
            (function,) = compiled([same], tmp_path / called)
        else:
            *_, called = re.findall(r"^def (\w+)\(", text, re.MULTILINE)
            function = loaded(text, called)
            assert "df_dtheta_prime = " in text
        assert float(function(*(values if target == "c" else map(float, values)))[0]) == pytest.approx(wanted)


@pytest.mark.parametrize("target", IN_PYTHON)
def test_numbers_of_32_bits_stay_such(target: str) -> None:
    """In libraries of arrays; plain Python and C have numbers of 64 bits, and say so."""
    x = fresh_input("x", (2,), DType.FLOAT32)
    output = TABLE["sigmoid"](x) * TABLE["select"](x > 0, constant(0.5, DType.FLOAT32), TABLE["cbrt"](x))
    if target == "python":
        with pytest.raises(CoreError, match="tensors"):
            module_text(target, request([output], [x]))
        with pytest.raises(CoreError, match="--to c has no float32"):
            module_text("c", request([output], [x]))
        return
    available(target)
    (got,) = written(target, [output], [x])(np.asarray([0.3, -2.0], np.float32))
    assert np.asarray(got).dtype == np.float32


@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
@pytest.mark.filterwarnings("ignore")
def test_every_primitive_keeps_32_bits(target: str) -> None:
    """Where its operands have them."""
    available(target)
    for primitive in TABLE.values():
        for call in calls(primitive):
            arrays = draw(call, np.random.default_rng(0), "float32")
            inputs = inputs_for(arrays)
            output = primitive(*inputs, **call.attrs)
            if refused(target, Case(output, inputs, [arrays])) is None:
                got = np.asarray(written(target, [output], inputs)(*arrays)[0])
                assert got.dtype == output.dtype.value, primitive.name
                assert differences(got, run([output], inputs, arrays)[0], 2e-5) is None, primitive.name


def test_more_than_a_stack_holds_is_no_c() -> None:
    """It says so, and which targets have room."""
    x = fresh_input("x", (1000, 1000), DType.FLOAT64)
    y = TABLE["tanh"](x)
    with pytest.raises(CoreError, match="room for arrays") as error:
        module_text("c", request([TABLE["sum_to"](y * TABLE["sin"](y), shape=())], [x]))
    assert error.value.hint == "use --to numpy or --to jax or --to torch"


@pytest.mark.parametrize("target", ["python", "numpy", "c"])
def test_attributes_that_differ_are_functions_that_differ(target: str, tmp_path: Path) -> None:
    """Rounding to 2 decimals and to hundreds, roots of several orders."""
    x = fresh_input("x", (), DType.FLOAT64)
    outputs = [TABLE["round"](x, decimals=d) for d in (2, -2, 0)] + [TABLE["root"](x, order=n) for n in (3, 4, 5)]
    if target == "c":
        if shutil.which("cc") is None:
            pytest.skip("there is no C compiler here")
        (function,) = compiled([request(outputs, [x])], tmp_path)
    else:
        function = written(target, outputs, [x])
    got = [float(r) for r in function(np.asarray(1234.5678))]
    assert got == pytest.approx([1234.57, 1200.0, 1235.0, 1234.5678 ** (1 / 3), 1234.5678**0.25, 1234.5678**0.2])
