"""PyTorch: its functions of tensors, those of torch.special included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from gradcli.core.export.jax import reflected, sinc, whole_numbers
from gradcli.core.export.numpy import (
    MATH_NAMES,
    Ranges,
    array_text,
    counting,
    index_of,
    named_in,
    pads,
    power_helper,
    sums_of,
)
from gradcli.core.export.spelling import UnwrittenError
from gradcli.core.export.syntax import Helper, Syntax, Template
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, table
from gradcli.core.primitives.exponentials import PADE_UP_TO
from gradcli.core.primitives.spectra import ROUNDINGS

PAD = '''def _pad(part, shape, place):
    """Zeros with a part at its place."""
    whole = torch.zeros(shape, dtype=part.dtype)
    whole[place] = part
    return whole'''
PUT_ADD = '''def _put_add(values, indices, length):
    """Zeros with values added at these numbers of the first axis."""
    whole = torch.zeros((length, *values.shape[indices.ndim :]), dtype=values.dtype)
    return whole.index_put((indices,), values, accumulate=True)'''
SYMMETRIC = '''def _symmetric(a):
    """The symmetric part of each matrix."""
    return (a + a.mT) / 2'''
ADJUGATE = '''def _adjugate(a):
    """The transpose of the matrix of cofactors, which a singular matrix has too."""
    u, values, vt = torch.linalg.svd(a)
    n = values.shape[-1]
    others = torch.stack(
        [torch.cat([values[..., :i], values[..., i + 1 :]], dim=-1).prod(dim=-1) for i in range(n)], dim=-1
    )
    sign = torch.round(torch.linalg.det(u) * torch.linalg.det(vt))[..., None, None]
    return sign * (vt.mT * others[..., None, :]) @ u.mT'''


def _or_nan(function: str) -> Helper:
    text = f'''def _{function}(a, *rest):
    """torch.linalg.{function}, which gives nan where a matrix has no answer."""
    found, info = torch.linalg.{function}_ex(a, *rest)
    return torch.where(info[..., None, None] == 0, found, torch.nan)'''
    calls = {"solve": "_solve({0}, {1})", "inv": "_inv({0})", "cholesky": "_cholesky(_symmetric({0}))"}
    return lambda node: (f"{SYMMETRIC}\n\n\n{text}" if function == "cholesky" else text, calls[function])


def _slices(ranges: Ranges) -> str:
    parts = [f"slice({index_of((one,)).replace(':', ', ')})" for one in ranges]
    return f"({', '.join(parts)},)"


def dtype_of(dtype: DType) -> str:
    """A dtype as PyTorch calls it."""
    return f"torch.{dtype.value}"


def _sum(node: Application) -> str:
    axes, keep = sums_of(node)
    if len(axes) == len(node.args[0].shape) and node.shape == ():
        return "torch.sum({0})"
    text = f"torch.sum({{0}}, dim={axes[0] if len(axes) == 1 else axes}{', keepdim=True' if keep else ''})"
    return text if keep or len(axes) == len(node.args[0].shape) - len(node.shape) else f"{text}.reshape({node.shape})"


def _max(node: Application) -> str:
    axes = tuple(i for i, n in enumerate(node.shape) if n == 1 and node.args[0].shape[i] != 1)
    if 0 in node.args[0].shape:
        return f"torch.full({node.shape}, -torch.inf, dtype={dtype_of(node.dtype)})"
    return f"torch.amax({{0}}, dim={axes[0] if len(axes) == 1 else axes}, keepdim=True)" if axes else "{0}"


def _broadcast(node: Application) -> str:
    if isinstance(node.args[0], Constant) and node.args[0].shape == ():
        return f"torch.full({node.shape}, {{0}}, dtype={dtype_of(node.dtype)})"
    return f"torch.broadcast_to({{0}}, {node.shape})"


def _unwritten(node: Application) -> str:
    raise UnwrittenError(node.op.name)


EIGENVECTORS = '''def _eigenvectors(a):
    """Eigenvectors of the symmetric part, as columns, the largest element of each positive."""
    vectors = torch.linalg.eigh(_symmetric(a))[1]
    largest = torch.take_along_dim(vectors, abs(vectors).argmax(dim=-2, keepdim=True), dim=-2)
    return torch.where(largest < 0, -vectors, vectors)'''


SINGULAR = '''def _svd(a):
    """U, S and V with a = U S V^T, the largest element of each column of U positive."""
    u, values, vt = torch.linalg.svd(a, full_matrices=False)
    largest = torch.take_along_dim(u, abs(u).argmax(dim=-2, keepdim=True), dim=-2)
    sign = torch.where(largest < 0, -1.0, 1.0).to(a.dtype)
    return u * sign, values, vt.mT * sign'''
REPEATED = f'''def _repeated(values):
    """Which of values in order of size are equal but for rounding."""
    n = values.shape[-1]
    size = abs(values).amax(dim=-1, keepdim=True)
    apart = abs(torch.diff(values, dim=-1)) > {ROUNDINGS} * n * torch.finfo(values.dtype).eps * size
    group = torch.nn.functional.pad(torch.cumsum(apart, dim=-1), (1, 0))
    return group[..., :, None] == group[..., None, :]'''
NEGLIGIBLE = f'''def _negligible(values):
    """Which values are 0 but for rounding, beside the largest."""
    size = abs(values).amax(dim=-1, keepdim=True)
    return abs(values) <= {ROUNDINGS} * values.shape[-1] * torch.finfo(values.dtype).eps * size'''


SQUARINGS = f'''def _squarings(a):
    """How often a matrix has to be halved until Padé's approximant of its exponential is right."""
    size = abs(a).sum(dim=-2).amax(dim=-1)
    size = torch.where(torch.isfinite(size), size, 0)
    return torch.ceil(torch.log2(torch.clamp(size / {PADE_UP_TO}, min=1)))'''


def _of_values(name: str, text: str) -> Helper:
    """A function of values that are there: PyTorch has no largest of none."""

    def helper(node: Application) -> tuple[str, str]:
        if 0 in node.args[0].shape:
            return "", f"torch.zeros({node.shape}, dtype={dtype_of(node.dtype)})"
        return text, f"_{name}({{0}})"

    return helper


class Torch(Syntax):
    """PyTorch's functions, of tensors that need a gradient too."""

    title = "PyTorch"
    library = "torch"
    inf, nan = "torch.inf", "torch.nan"
    named = MATH_NAMES
    clamps: Mapping[str, str] = {"max": "torch.clamp({0}, min={1})", "min": "torch.clamp({0}, max={1})"}
    lacking = frozenset(["cbrt"])
    formulas: Mapping[str, Callable[[], str]] = {"cbrt": lambda: table()["root"].template({"order": 3}) or ""}
    taken = frozenset(["torch", "comb", "factorial"])
    templates: Mapping[str, Template] = {
        "constant_power": lambda node: "{0} ** 2" if node.attrs["exponent"] == 2 else "{0} ** {exponent}",
        "not_negative": "torch.where({0} < 0, torch.nan, {0})",
        "select": "torch.where({0}, {1}, {2})",
        "sign": lambda node: (
            "torch.where(torch.isnan({0}), {0}, torch.sign({0}))" if node.dtype.is_float else "torch.sign({0})"
        ),
        "relu": "torch.relu({0})",
        "stop_gradient": "{0}",
        "round": "torch.round({0}, decimals={decimals})",
        "sum_to": _sum,
        "max_to": _max,
        "argmax": "torch.argmax({0}, dim={axis})",
        "argsort": "torch.argsort({0}, dim={axis}, stable=True)",
        "broadcast": _broadcast,
        "reshape": "torch.reshape({0}, {shape})",
        "transpose": lambda node: "{0}.T" if node.attrs["axes"] == (1, 0) else "torch.permute({0}, {axes})",
        "slice": lambda node: f"{{0}}[{index_of(node.attrs['ranges'])}]",
        "flip": "torch.flip({0}, {axes})",
        "concatenate": lambda node: (
            f"torch.cat([{', '.join(f'{{{i}}}' for i in range(len(node.args)))}], dim={node.attrs['axis']})"
        ),
        "cast": lambda node: f"{{0}}.to({dtype_of(DType(node.attrs['dtype']))})",
        "cumsum": "torch.cumsum({0}, dim={axis})",
        "take": lambda node: "{0}[{1}]",
        "matmul": "{0} @ {1}",
        "det": "torch.linalg.det({0})",
        "expm": "torch.linalg.matrix_exp({0})",
        "svdvals": "torch.linalg.svdvals({0})",
        "orthonormal": "torch.linalg.qr({0})[0]",
        "pinv": "torch.linalg.pinv({0}, rtol={rcond})",
        "logabsdet": "torch.linalg.slogdet({0})[1]",
        "det_sign": "torch.linalg.slogdet({0})[0]",
        "sum_of_products": lambda node: (
            f"torch.einsum({node.attrs['pattern']!r}, {{0}}, {{1}}).reshape({node.attrs['shape']})"
        ),
        "erf": "torch.special.erf({0})",
        "erfc": "torch.special.erfc({0})",
        "erfinv": "torch.special.erfinv({0})",
        "lgamma": "torch.special.gammaln({0})",
        "ndtr": "torch.special.ndtr({0})",
        "gamma": _unwritten,
        "beta": _unwritten,
        "besselj": _unwritten,
    }
    others: Mapping[str, Helper] = {"power": power_helper("torch", power="pow")}
    helpers: Mapping[str, Helper] = {
        "pad": pads(PAD, _slices),
        "sum_of_pads": pads(PAD, _slices),
        "put_add": lambda node: (PUT_ADD, "_put_add({0}, {1}, {length})"),
        "whole_numbers": lambda node: whole_numbers(node, "torch", "{0}.to(torch.int64)"),
        "polygamma": lambda node: reflected(
            node.attrs["order"], "torch", "torch.special.digamma", "torch.special.zeta"
        ),
        "sinc": lambda node: sinc(node, "torch"),
        "inv": _or_nan("inv"),
        "solve": _or_nan("solve"),
        "cholesky": _or_nan("cholesky"),
        "eigvalsh": lambda node: (SYMMETRIC, "torch.linalg.eigvalsh(_symmetric({0}))"),
        "eigenvectors": lambda node: (f"{SYMMETRIC}\n\n\n{EIGENVECTORS}", "_eigenvectors({0})"),
        "adjugate": lambda node: (ADJUGATE, "_adjugate({0})"),
        "left_singular_vectors": lambda node: (SINGULAR, "_svd({0})[0]"),
        "right_singular_vectors": lambda node: (SINGULAR, "_svd({0})[2]"),
        "repeated": _of_values("repeated", REPEATED),
        "squarings": _of_values("squarings", SQUARINGS),
        "negligible": _of_values("negligible", NEGLIGIBLE),
    }

    def imports(self, text: str) -> str:
        """Torch."""
        return counting(text) + "import torch\n"

    def argument(self, node: Node, name: str) -> str | None:
        """A tensor of its dtype, so that numbers and lists will do; a tensor that needs a gradient stays itself."""
        return f"{name} = torch.as_tensor({name}, dtype={dtype_of(node.dtype)})"

    def array(self, node: Constant) -> str:
        """A tensor with its dtype."""
        return array_text(node, "torch", dtype_of(node.dtype), "tensor")

    def returned(self, node: Constant) -> str | None:
        """A tensor, as all results are."""
        return f"torch.tensor({named_in(repr(node.value), 'torch')}, dtype={dtype_of(node.dtype)})"

    def operand(self, node: Constant, plain: ast.expr) -> ast.expr:
        """A tensor, since PyTorch's functions take nothing else."""
        return ast.parse(self.returned(node) or "", mode="eval").body
