"""Python's values as the language's and back. What goes in is copied, and what comes out is the caller's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradcli.api.home import refuse
from gradcli.api.results import handed_out
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, array_constant
from gradcli.core.ir.shapes import MOST_AXES
from gradcli.language.derivatives.polynomial import TaylorPolynomial
from gradcli.language.text.integers import checked
from gradcli.language.values.nesting import map_items
from gradcli.language.values.values import Function as LanguageFunction
from gradcli.language.values.values import Named, Parameters, Value
from gradcli.session.plain import plain

if TYPE_CHECKING:
    import numpy

NUMBERS = "give numbers, NumPy arrays of bool, int or float, lists, tuples or texts"
# Of NumPy's kinds: bool, ints, floats. Each goes to the type that holds all of its values.
_HELD = {"b": DType.BOOL, "i": DType.INT64, "u": DType.INT64}


def to_value(given: object, dtype: DType, what: str) -> Value:
    """A Python value as one of the language's; `what` names it in messages, `dtype` is what lists of numbers become.

    Numbers stay plain; arrays keep their dtype, smaller ones go to int64 or float32. A NumPy scalar, or an array of
    shape (), is a number, but for float32, which stays a tensor so that it stays float32.

    Raises:
        LanguageError: for what the language has no value for.
    """
    kind = type(given)
    if given is None or kind is float or kind is bool or kind is str:
        return given  # type: ignore[return-value]
    if kind is int:
        return checked(given)  # type: ignore[arg-type]
    if isinstance(given, tuple):
        return tuple(to_value(item, dtype, f"{what}[{i}]") for i, item in enumerate(given))
    if isinstance(given, list):
        return array_constant(list_as_array(given, dtype, what))
    if hasattr(given, "__array__"):
        return _of_array(_as_array(given, what), what)
    if isinstance(given, (bool, int, float, str)):
        # A subclass, such as an enumeration's member.
        base: Any = next(t for t in (bool, int, float, str) if isinstance(given, t))
        return to_value(base(given), dtype, what)
    hint = NUMBERS
    if isinstance(given, complex):
        hint = "only real numbers have a place here"
    elif callable(given):
        hint = 'functions are written in the language: gradcli.function("f(x) = x^2")'
    elif hasattr(given, "__float__"):
        hint = "convert it with float(...), which may round it"
    raise refuse("type", f"{what} is a {kind.__name__}, which is no value here", hint)


def _as_array(given: Any, what: str) -> numpy.ndarray[Any, Any]:
    """What says that it is an array, as one of NumPy's own.

    Raises:
        LanguageError: for a masked array, whose mask would be lost.
    """
    import numpy as np

    if isinstance(given, np.ma.MaskedArray):
        raise refuse("type", f"{what} is a masked array, and masks are not kept", "fill it first: x.filled(value)")
    try:
        return np.asarray(given)
    except Exception as error:
        raise refuse("type", f"{what} can't be read as an array: {error}", NUMBERS) from error


def _of_array(array: numpy.ndarray[Any, Any], what: str) -> Value:
    own = own_array(array, what)
    if own.shape == () and own.dtype.name != "float32":
        return own.item()  # type: ignore[no-any-return]
    return array_constant(own)


def own_array(array: numpy.ndarray[Any, Any], what: str) -> numpy.ndarray[Any, Any]:
    """A copy in this machine's byte order, in a type that holds every value.

    Raises:
        LanguageError: for a dtype that the language has not, and an int beyond 64 bits.
    """
    import numpy as np

    dtype = _HELD.get(array.dtype.kind)
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        dtype = DType.FLOAT64 if array.dtype.itemsize == 8 else DType.FLOAT32
    if dtype is None:
        hint = "convert it, such as x.astype('float64')" if array.dtype.kind in "fOc" else NUMBERS
        raise refuse("dtype", f"{what} has dtype {array.dtype}, and dtypes are {_dtypes()}", hint)
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise refuse("dtype", f"{what} has ints that don't fit an int64", "convert it: x.astype('float64')")
    # `array` and not `asarray`: whoever has the other may write to it.
    return np.array(array, dtype=dtype.value, order="C")


def list_as_array(given: list[Any], dtype: DType, what: str) -> numpy.ndarray[Any, Any]:
    """A nested list as an array, as the language reads one: of numbers it is of a float type, of bools alone bool.

    Raises:
        LanguageError: for rows of different lengths, and for what is no number.
    """
    import numpy as np

    try:
        found = np.array(given)
        if found.dtype.kind == "O":
            # Ints beyond 64 bits; floats hold them, rounded.
            if not all(isinstance(item, (bool, int, float)) for item in found.ravel().tolist()):
                raise refuse("type", f"{what} is a list of what is no number", NUMBERS)
            found = np.array(given, dtype="float64")
    except (ValueError, TypeError, OverflowError) as error:
        hint = f"all rows of an array have the same length, and there are at most {MOST_AXES} axes"
        raise refuse("shape", f"{what} is a list that makes no array: {error}", hint) from None
    if found.dtype.kind in "iu" or found.dtype == np.float64:
        with np.errstate(all="ignore"):
            return found.astype(dtype.value)
    return own_array(found, what)


def to_python(value: Value, function: Callable[[LanguageFunction], Any]) -> Any:
    """A settled value of the language as Python's; `function` makes a function of the language one of Python.

    Scalars are Python's numbers, but for float32, which is NumPy's. Tensors are new arrays, tuples are tuples,
    parameters and values by name a dict; tables of derivatives, sparse matrices and polynomials are results.
    """
    return map_items(value, lambda item: _to_python(item, function))


def _to_python(value: Value, function: Callable[[LanguageFunction], Any]) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Node):
        return _of_node(value)
    if isinstance(value, Parameters):
        return {" = ".join(paths): _of_node(node) for paths, node in zip(value.paths, value.nodes, strict=True)}
    if isinstance(value, Named):
        return {name: to_python(part, function) for name, part in value.parts.items()}
    if isinstance(value, LanguageFunction) and not isinstance(value, TaylorPolynomial):
        return function(value)
    return handed_out(plain(value))


def _of_node(node: Node) -> Any:
    found = node.value if isinstance(node, Parameter) else node
    assert isinstance(found, Constant), f"{node!r} is not settled"
    if found.shape == ():
        return scalar(found.value, found.dtype)
    return found.value.copy()


def scalar(value: Any, dtype: DType) -> Any:
    """A number as Python has it; a float32 as NumPy does, so that it stays one."""
    if dtype is not DType.FLOAT32:
        return value
    import numpy as np

    with np.errstate(all="ignore"):
        return np.float32(value)


def _dtypes() -> str:
    return ", ".join(d.value for d in DType)
