"""The format of safetensors: what is written, what is read, and what is refused before it is believed."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from gradcli.language.files.safetensors import Broken, read, written


def made(header: Any, body: bytes = b"") -> bytes:
    """A file of a header and what stands behind it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(kind: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    """What a header says of one array."""
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def test_both_ways() -> None:
    """Every type that is written, and shapes without elements or axes."""
    arrays = {
        "a": np.array([[1.5, -0.0], [np.nan, np.inf]]),
        "b": np.array([1, 2], dtype=np.float32),
        "c": np.array(-(2**63)),
        "d": np.array([1, -1], dtype=np.int32),
        "e": np.array([True, False, True]),
        "f": np.zeros((0, 3)),
    }
    data = written(arrays)
    assert int.from_bytes(data[:8], "little") % 8 == 0
    found = read(data)
    assert {*found} == {*arrays}
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def test_as_the_formats_own_library_has_it() -> None:
    """Where it is installed."""
    own = pytest.importorskip("safetensors.numpy")
    arrays = {"w": np.arange(6.0).reshape(2, 3), "n": np.array([1, 2]), "s": np.ones(3, dtype=np.float32)}
    theirs = own.load(written(arrays))
    ours = read(own.save(arrays, metadata={"by": "them"}))
    for name, array in arrays.items():
        np.testing.assert_array_equal(theirs[name], array)
        np.testing.assert_array_equal(ours[name], array)


def test_narrow_floats_are_widened() -> None:
    """bfloat16 is the upper half of a float32; each number of both fits one."""
    bits = np.array([0x3F80, 0xC000, 0x7F80, 0x0001], dtype="<u2")
    found = read(made({"x": entry("BF16", [4], 0, 8)}, bits.tobytes()))["x"]
    assert found.dtype == np.float32
    assert found[:3].tolist() == [1.0, -2.0, np.inf]
    assert found[3] == np.float32(2.0**-133)
    half = np.array([0.1, 65504.0], dtype="<f2")
    found = read(made({"x": entry("F16", [2], 0, 4)}, half.tobytes()))["x"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, half.astype(np.float32))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ends before"),
        (b"\xff" * 8, "ends before"),
        (b"\xff" * 7 + b"\x00" + b"{}", "ends before"),
        (made(b"{"), "no JSON"),
        (made(b"\xff\xfe"), "no JSON"),
        (made(b"[" * 100_000), "no JSON"),
        (made(b'{"x": 1' + b"0" * 10_000 + b"}"), "no JSON"),
        (made([]), "no object"),
        (made(b'{"x": 1, "x": 2}'), "twice"),
        (made({"x": 3}), "does not say"),
        (made({"x": {"dtype": "F64"}}), "does not say"),
        (made({"x": entry("F64", [-1], 0, 8)}, b"\0" * 8), "does not say"),
        (made({"x": {**entry("F64", [1], 0, 8), "shape": "1"}}, b"\0" * 8), "does not say"),
        (made({"x": {**entry("F64", [1], 0, 8), "shape": [True]}}, b"\0" * 8), "does not say"),
        (made({"x": entry("F8", [1], 0, 1)}, b"\0"), "of the kind F8"),
        (made({"x": entry("F64", [2], 0, 8)}, b"\0" * 8), "its shape 16"),
        (made({"x": entry("F64", [1], 0, 8)}, b"\0" * 4), "end elsewhere"),
        (made({"x": entry("F64", [1], 0, 8)}, b"\0" * 9), "end elsewhere"),
        (made({"x": entry("F64", [1], 8, 16)}, b"\0" * 16), "do not begin"),
        (made({"x": entry("I8", [2], 0, 2), "y": entry("I8", [2], 1, 3)}, b"\0" * 3), "do not begin"),
        (made({"x": entry("F64", [2**40, 2**40], 0, 8)}, b"\0" * 8), "its shape"),
        (made({"x": entry("F64", [0, 2**80], 0, 0)}), "larger than a tensor"),
        (made({"x": entry("F64", [1] * 100, 0, 8)}, b"\0" * 8), "larger than a tensor"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    """Before a byte of it is believed."""
    with pytest.raises(Broken, match=said):
        read(data)


def test_noise_is_refused_or_read() -> None:
    """Whatever a file holds: nothing but this refusal comes of it."""
    draws = random.Random(1)
    good = written({"a": np.arange(4.0), "b": np.array([True])})
    for _ in range(3_000):
        data = bytearray(good)
        for _ in range(draws.randint(1, 4)):
            data[draws.randrange(len(data))] = draws.randrange(256)
        with suppress(Broken):
            read(bytes(data[: draws.randint(0, len(data))] if draws.random() < 0.3 else data))
