"""`load` and `save`: values from files of data, and back."""

from __future__ import annotations

import os

from gradcli.language.calls.announce import ByName, Call, builtin
from gradcli.language.files.places import place_of
from gradcli.language.text.diagnostics import fail, near
from gradcli.language.values.values import Named, Saved, Value


@builtin(
    "the values in a file of data, by name where it has names: .npy, .npz, .csv, .tsv, .json or .safetensors",
    example='save("w.npz", w=[[1, 2]], b=0.5)\nd = load("w.npz")\nd.w @ [3, 4] + d["b"]',
)
def load(call: Call, path: str) -> Value:
    """One array or number, or values with names: `d.price`, `d["unit price"]`, `d.names`.

    `d.matrix` is a table's columns side by side. A table without names above its columns is a matrix. Arrays keep their
    dtype, but float64 becomes the float type of the session, and float16 and bfloat16 become float32. The path begins
    where the script is; `:help security` says which files may be read.
    """
    place = place_of(path, call.span, "read")
    from gradcli.language.files.reading import load_value

    return load_value(path, place, call.span, call.caller.dtype)


@builtin(
    "write values to a file of data, whole or not at all: .npy, .npz, .csv, .json or .safetensors",
    example='save("x.npy", [1, 2, 3])\nsave("d.csv", x=[1, 2], y=[3, 4])\nload("d.csv").y',
)
def save(call: Call, path: str, values: Value = None, named: ByName | None = None) -> Saved:
    """One value, or several by name; parameters, `save("net.npz", params(net))`, have theirs.

    A file of data that is there already is replaced; a script never is. `.csv` and `.json` have every digit. What is
    loaded again is the same numbers.
    """
    from gradcli.language.files.saving import KINDS, written
    from gradcli.language.files.whole import Unwritable, write_bytes

    place = place_of(path, call.span, "written")
    for name in (path, place):
        kind = os.path.splitext(name)[1].lower()
        if kind not in KINDS:
            what = f"`{kind}` is no kind of file" if kind else f"`{name}` doesn't say of what kind it is, and none"
            hint = near(kind, [*KINDS]) or f"end it with {', '.join(KINDS)}"
            raise fail("file", f"{what} that is saved", call.span, hint)
    if named is not None and values is not None:
        raise fail("type", "`save` takes one value, or values by name, not both", call.span, "name each of them")
    if named is None and values is None:
        raise fail("type", "`save` needs something to write", call.span, 'as in save("x.npy", x)')
    value = values if named is None else named
    data, said = written(kind, _settled(call, value), call.span)
    try:
        write_bytes(place, data, replace=True)
    except Unwritable as error:
        raise fail("file", f"can't write `{path}`: {error}", call.span, error.hint) from None
    saved = Saved(path)
    saved.said = f"{path}: {said}"
    return saved


def _settled(call: Call, value: Value) -> Value:
    """The value with all that is named in it computed."""
    if not isinstance(value, Named):
        return call.caller.settle(value, call.span)
    inner = {name: _settled(call, part) for name, part in value.parts.items() if isinstance(part, Named)}
    names = [name for name in value.parts if name not in inner]
    # All at once, since they may have much in common.
    found = call.caller.settle(tuple(value.parts[name] for name in names), call.span)
    assert isinstance(found, tuple)
    done = inner | dict(zip(names, found, strict=True))
    return Named(value.origin, {name: done[name] for name in value.parts})
