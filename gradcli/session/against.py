"""Numbers from elsewhere beside those of a check: from a file, or from a function of JAX, PyTorch or NumPy."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.language.values.audits import Audit, AuditRow, Comparison

# How far apart two numbers may be, as a share of the larger, and of the largest of all.
TOLERANCE = {"float32": 1e-5, "float64": 1e-9}
OF_THE_LARGEST = 1e-3
# What a file may call the value.
VALUE_NAMES = ("value", "f", "loss", "out", "output")

Numbers = Mapping[str, Any]


def compared(audit: Audit, where: str, arguments: Mapping[str, Any]) -> Audit:
    """The check with what differs between it and a file of numbers, or MODULE.py:FUNCTION.

    Args:
        audit: what was found here.
        where: a file of data, such as .json or .npz, or a Python file and the name of a function in it.
        arguments: the values of the function's inputs, by name.

    Raises:
        LanguageError: for a file that can't be read, and for numbers that belong to no derivative.
    """
    path, colon, name = where.replace("::", ":").rpartition(":")
    if where.endswith(".py"):
        raise fail("usage", f"{where} is no file of numbers", None, f"name a function in it: {where}:f")
    is_function = bool(colon) and path.endswith(".py")
    found = _from_function(path, name, arguments) if is_function else _from_file(where)
    scale = max((_largest(row.value) for row in audit.rows), default=0.0) or 1.0
    unasked = {name for name in arguments if all(name not in row.by for row in audit.rows)}
    rows = [
        _beside(_row_of(audit, name, numbers, where), numbers, scale)
        for name, numbers in found.items()
        if name not in unasked
    ]
    if not rows:
        raise fail("value", f"there are no numbers in {where}", None, "name them as the derivatives, or as the inputs")
    return replace(audit, against=tuple(rows), source=where)


def _from_file(path: str) -> dict[str, Any]:
    """Of our own results the rows of the first table; else what is named, or numbers alone."""
    from gradcli.language.files.reading import opened

    found = opened(path, None)
    results = found.parts["results"]() if "results" in found.parts else None
    try:
        if isinstance(results, list):
            rows = next(filter(None, map(_rows_in, results)), None)
            if rows is None:
                raise fail("value", f"there is no table of derivatives in {path}", None)
            return {row["name"]: _array(row["value"]) for row in rows}
        if found.named:
            return {name: _array(get()) for name, get in found.parts.items()}
        return {"": _array(found.whole())}
    except (TypeError, ValueError) as error:
        raise fail("file", f"{path} can't be read: {error}", None, "it is to hold numbers") from None


def _rows_in(result: Any) -> Any:
    for key in ("derivatives", "value"):
        part = result.get(key) if isinstance(result, dict) else None
        if isinstance(part, dict) and isinstance(part.get("rows"), list):
            return part["rows"]
    return result.get("rows") if isinstance(result, dict) else None


def _array(value: Any) -> Any:
    import numpy as np

    if hasattr(value, "dtype"):
        # What is of float32 is compared as such.
        return value
    return np.asarray(value, dtype=float) if not isinstance(value, list) else np.array(_floats(value))


def _floats(value: Any) -> Any:
    return [_floats(item) for item in value] if isinstance(value, list) else float(value)


def _row_of(audit: Audit, name: str, numbers: Any, where: str) -> AuditRow:
    import numpy as np

    shape = np.shape(numbers)
    value, *rows = audit.rows
    named = [row for row in audit.rows if row.name == name] or [row for row in rows if row.by == (name,)]
    if not named and name in (*VALUE_NAMES, audit.of):
        named = [value]
    if not named and not name:
        alike = [row for row in audit.rows if row.order <= 1 and row.value.shape == shape]
        named = alike if len(alike) == 1 else [row for row in alike if row.order == 1 and shape]
    if len(named) != 1:
        known = ", ".join(dict.fromkeys([*(row.name for row in audit.rows), *(n for row in rows for n in row.by)]))
        what = f"`{name}` in {where}" if name else f"an array of shape {shape}"
        raise fail("value", f"it is not clear which derivative {what} is", None, f"name it: there are {known}")
    (row,) = named
    if row.value.shape != shape:
        raise fail("shape", f"{row.name} has shape {row.value.shape}, and that of {where} is {shape}", None)
    return row


def _largest(array: Any) -> float:
    import numpy as np

    return float(np.max(np.where(np.isfinite(array), abs(array), 0.0), initial=0.0))


def _beside(row: AuditRow, numbers: Any, scale: float) -> Comparison:
    import numpy as np

    theirs = np.asarray(numbers, dtype=float)
    narrow = "float32" if "float32" in (row.dtype, str(getattr(numbers, "dtype", ""))) else "float64"
    # What float64 arithmetic loses, everybody's does.
    tolerance = max(TOLERANCE[narrow], 10.0 ** (1 - row.digits) if row.known else 0.0)
    with np.errstate(all="ignore"):
        apart = abs(row.value - theirs)
        size = np.maximum(abs(row.value), abs(theirs))
        # Where all of a row is 0 for certain, rounding is as large as that of the other rows.
        largest = max(_largest(size), scale if not row.value.any() else 0.0)
        same = (row.value == theirs) | (np.isnan(row.value) & np.isnan(theirs))
        near = same | (apart <= tolerance * np.maximum(size, OF_THE_LARGEST * largest))
        error = np.where(same, 0.0, apart / size)
    error = np.where(np.isnan(error), inf, error)
    if not row.value.size:
        return Comparison(row.name, (), 0.0, 0.0, 0.0, 0.0, right=True)
    # What differs comes before what is small and differs in rounding alone.
    at = np.unravel_index(int(np.argmax(np.where(near, error * tolerance, error + 1.0))), error.shape)
    place = tuple(int(i) for i in at)
    share = float(np.mean(~near))
    pair = float(row.value[place]), float(theirs[place])
    return Comparison(row.name, place, *pair, float(error[place]), share, right=bool(near.all()))


# Functions of frameworks.


def _from_function(path: str, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    module = _loaded(path)
    function = getattr(module, name, None)
    if not callable(function):
        known = ", ".join(n for n, v in vars(module).items() if callable(v) and not n.startswith("_"))
        raise fail("name", f"there is no function `{name}` in {path}", None, f"there are {known}" if known else None)
    framework = next((f for f in ("torch", "jax") if _uses(module, f)), None)
    names = _in_order(function, [*arguments])
    values = [arguments[n] for n in names]
    try:
        if framework == "torch":
            return _by_torch(function, names, values)
        if framework == "jax":
            return _by_jax(function, names, values)
        return {"value": _array_of(function(*values))}
    except LanguageError:
        raise
    except Exception as error:
        raise fail("value", f"`{name}` of {path} failed: {type(error).__name__}: {error}", None) from error


def _in_order(function: Any, names: Sequence[str]) -> Sequence[str]:
    """The inputs in the order of a function's own, where it calls them the same; else as they come."""
    try:
        own = [*signature(function).parameters]
    except (TypeError, ValueError):
        return names
    return [n for n in own if n in names] if set(names) <= set(own) else names


def _loaded(path: str) -> ModuleType:
    spec = spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None or not Path(path).exists():
        raise fail("file", f"there is no file {path}", None)
    module = module_from_spec(spec)
    before = list(sys.path)
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise fail("file", f"{path} can't be imported: {type(error).__name__}: {error}", None) from error
    finally:
        sys.path[:] = before
    return module


def _uses(module: ModuleType, framework: str) -> bool:
    """Whether a module has a framework, or something of it, under any name."""
    for value in vars(module).values():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(name, str) and name.split(".")[0] == framework:
            return True
    return False


def _by_torch(function: Any, names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    import torch  # type: ignore[import-not-found, unused-ignore]

    inputs = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    value = function(*inputs)
    value.sum().backward()
    slopes = {n: x.grad.numpy() for n, x in zip(names, inputs, strict=True) if x.grad is not None}
    return {"value": value.detach().numpy(), **slopes}


def _by_jax(function: Any, names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    import jax  # type: ignore[import-not-found, unused-ignore]

    jax.config.update("jax_enable_x64", True)
    inputs = [jax.numpy.asarray(value, dtype="float64") for value in values]
    value = function(*inputs)
    slopes = jax.grad(lambda *xs: jax.numpy.sum(function(*xs)), argnums=tuple(range(len(inputs))))(*inputs)
    return {"value": _array_of(value), **{n: _array_of(g) for n, g in zip(names, slopes, strict=True)}}


def _array_of(value: Any) -> Any:
    import numpy as np

    return np.asarray(value)
