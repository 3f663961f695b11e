"""Functions of math for all lanes of a vector of float64, where the C library has none: on macOS, Windows, older Linux.

Each is right to within 4 ulp, ends of the domain, tiny and infinite arguments included. The reductions and the
coefficients are those of fdlibm (Sun Microsystems, 1993: e_log.c, k_sin.c, k_cos.c) and Taylor's; what is fused is
rounded once, so that processors with fused products are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import factorial, inf, nan
from typing import Any

from gradcli.core.engines.llvm.arithmetic import Vector

LOG2_E = 1.4426950408889634
# The logarithm of 2 in two parts, of which the first has 20 zeros behind it: times an exponent it is exact.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
# Half of pi in three parts: with each, what is left is known to as many digits more.
HALF_PI = (float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54"), -1.4973849048591698e-33)
TWO_BY_PI = 0.6366197723675814
# Beyond it so many quarter turns are no longer told from one another by three parts.
LARGEST_ANGLE = 2.0**20
# Added to a float64 below 2^51, it leaves the nearest whole number in the last bits.
ROUND = 1.5 * 2.0**52
# log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)), s = f/(2 + f).
LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
# (sin r - r)/r^3 and (cos r - 1 + r^2/2)/r^4 as polynomials in r^2, for r up to a quarter of pi.
SINE = (
    -1.66666666666666324348e-01,
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
)
COSINE = (
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
)
# (e^r - 1 - r)/r^2 for r up to half the logarithm of 2.
EXPONENTIAL = tuple(1.0 / factorial(n) for n in range(2, 15))


class Lanes:
    """Writes functions of so many lanes of float64 with a builder; `declared` makes one known from outside."""

    def __init__(self, ir: Any, lanes: int, declared: Callable[[str, Any, Sequence[Any]], Any]) -> None:
        self.ir, self.lanes, self.declared = ir, lanes, declared
        self.one = ir.DoubleType()
        self.kind = ir.VectorType(self.one, lanes)
        self.bits = ir.VectorType(ir.IntType(64), lanes)

    def function(self, b: Any, name: str, x: Vector) -> Vector:
        """The value of one of the functions at each lane."""
        return FUNCTIONS[name](self, b, x)

    # Parts.

    def number(self, value: float) -> Vector:
        """The same in all lanes."""
        return self.ir.Constant(self.kind, [value] * self.lanes)

    def whole(self, value: int) -> Vector:
        """The same bits in all lanes."""
        return self.ir.Constant(self.bits, [value] * self.lanes)

    def as_bits(self, b: Any, x: Vector) -> Vector:
        """The bits of floats."""
        return b.bitcast(x, self.bits)

    def as_floats(self, b: Any, x: Vector) -> Vector:
        """The floats of bits."""
        return b.bitcast(x, self.kind)

    def fused(self, b: Any, x: Vector, y: Vector, z: Vector) -> Vector:
        """X y + z, rounded once."""
        fma = self.declared(f"llvm.fma.v{self.lanes}f64", self.kind, [self.kind] * 3)
        return b.call(fma, [x, y, z])

    def magnitude(self, b: Any, x: Vector) -> Vector:
        """Without the sign."""
        return self.as_floats(b, b.and_(self.as_bits(b, x), self.whole(2**63 - 1)))

    def signed_as(self, b: Any, size: Vector, x: Vector) -> Vector:
        """What has no sign, with that of x."""
        sign = b.and_(self.as_bits(b, x), self.whole(-(2**63)))
        return self.as_floats(b, b.or_(self.as_bits(b, size), sign))

    def polynomial(self, b: Any, x: Vector, coefficients: Sequence[float]) -> Vector:
        """That of these coefficients, the constant first."""
        value = self.number(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            value = self.fused(b, value, x, self.number(c))
        return value

    def nearest(self, b: Any, x: Vector) -> tuple[Vector, Vector]:
        """The nearest whole numbers, as floats and as bits; of any but small numbers some."""
        moved = b.fadd(x, self.number(ROUND))
        count = b.sub(self.as_bits(b, moved), self.as_bits(b, self.number(ROUND)))
        return b.fsub(moved, self.number(ROUND)), count

    def power_of_two(self, b: Any, n: Vector) -> Vector:
        """2^n for whole n that are exponents of normal floats."""
        return self.as_floats(b, b.shl(b.add(n, self.whole(1023)), self.whole(52)))

    def between(self, b: Any, x: Vector, low: float, high: float) -> Vector:
        """What is beyond a bound as the bound; nan stays."""
        x = b.select(b.fcmp_ordered(">", x, self.number(high)), self.number(high), x)
        return b.select(b.fcmp_ordered("<", x, self.number(low)), self.number(low), x)

    def halves(self, b: Any, n: Vector) -> tuple[Vector, Vector]:
        """2^n as a product of two, for exponents beyond those of normal floats."""
        first = b.ashr(n, self.whole(1))
        return self.power_of_two(b, first), self.power_of_two(b, b.sub(n, first))

    def reduced(self, b: Any, x: Vector) -> tuple[Vector, Vector, Vector]:
        """For e^x = 2^n e^r: n, r, and e^r - 1."""
        times, n = self.nearest(b, b.fmul(x, self.number(LOG2_E)))
        r = self.fused(b, times, self.number(-LN2_HIGH), x)
        r = self.fused(b, times, self.number(-LN2_LOW), r)
        return n, r, self.fused(b, b.fmul(r, r), self.polynomial(b, r, EXPONENTIAL), r)

    # Functions.

    def exp(self, b: Any, x: Vector) -> Vector:
        """e^x."""
        n, _, less_one = self.reduced(b, self.between(b, x, -746.0, 710.0))
        first, second = self.halves(b, n)
        return b.fmul(b.fmul(b.fadd(less_one, self.number(1.0)), first), second)

    def expm1(self, b: Any, x: Vector) -> Vector:
        """e^x - 1."""
        n, _, less_one = self.reduced(b, self.between(b, x, -40.0, 710.0))
        first, second = self.halves(b, n)
        # 2^n (e^r - 1) + (2^n - 1), of which the last is 2^n where that has no unit.
        half = self.fused(b, first, less_one, b.fsub(first, b.fdiv(self.number(1.0), second)))
        found = b.fmul(half, second)
        return b.select(b.fcmp_ordered("==", x, self.number(0.0)), x, found)

    def log(self, b: Any, x: Vector) -> Vector:
        """The natural logarithm; -inf at 0, nan below."""
        is_tiny = b.fcmp_ordered("<", x, self.number(2.0**-1022))
        scaled = b.select(is_tiny, b.fmul(x, self.number(2.0**54)), x)
        # From below the root of 2 on each side, so that the logarithm of what is left is small.
        bits = b.add(self.as_bits(b, scaled), self.whole(0x3FF00000_00000000 - 0x3FE6A09E_00000000))
        k = b.sub(b.lshr(bits, self.whole(52)), self.whole(1023))
        k = b.sub(k, b.select(is_tiny, self.whole(54), self.whole(0)))
        left = b.add(b.and_(bits, self.whole(2**52 - 1)), self.whole(0x3FE6A09E_00000000))
        f = b.fsub(self.as_floats(b, left), self.number(1.0))
        found = self._log_of(b, f, self._as_numbers(b, k))
        found = b.select(b.fcmp_ordered("==", x, self.number(inf)), x, found)
        found = b.select(b.fcmp_ordered("==", x, self.number(0.0)), self.number(-inf), found)
        return b.select(b.fcmp_unordered("<", x, self.number(0.0)), self.number(nan), found)

    def _as_numbers(self, b: Any, k: Vector) -> Vector:
        """Small whole numbers as floats."""
        moved = b.add(k, self.as_bits(b, self.number(ROUND)))
        return b.fsub(self.as_floats(b, moved), self.number(ROUND))

    def _log_of(self, b: Any, f: Vector, k: Vector) -> Vector:
        """log((1 + f) 2^k), as fdlibm puts it together."""
        s = b.fdiv(f, b.fadd(f, self.number(2.0)))
        z = b.fmul(s, s)
        rest = b.fmul(z, self.polynomial(b, z, LOG))
        square = b.fmul(b.fmul(self.number(0.5), f), f)
        low = self.fused(b, k, self.number(LN2_LOW), b.fmul(s, b.fadd(square, rest)))
        return self.fused(b, k, self.number(LN2_HIGH), b.fsub(f, b.fsub(square, low)))

    def log1p(self, b: Any, x: Vector) -> Vector:
        """log(1 + x), by what 1 + x loses (W. Kahan)."""
        u = b.fadd(x, self.number(1.0))
        part = b.fdiv(x, b.fsub(u, self.number(1.0)))
        found = b.fmul(self.log(b, u), part)
        is_plain = b.or_(b.fcmp_ordered("==", u, self.number(1.0)), b.fcmp_ordered("==", u, self.number(inf)))
        return b.select(is_plain, x, found)

    def tanh(self, b: Any, x: Vector) -> Vector:
        """The hyperbolic tangent."""
        t = self.expm1(b, b.fmul(self.magnitude(b, x), self.number(-2.0)))
        return self.signed_as(b, self.magnitude(b, b.fdiv(t, b.fadd(t, self.number(2.0)))), x)

    def _large(self, b: Any, size: Vector) -> Vector:
        """e^size / 2, which may be finite where e^size is not."""
        root = self.exp(b, b.fmul(size, self.number(0.5)))
        return b.fmul(b.fmul(root, self.number(0.5)), root)

    def cosh(self, b: Any, x: Vector) -> Vector:
        """The hyperbolic cosine."""
        size = self.magnitude(b, x)
        half = b.fmul(self.exp(b, size), self.number(0.5))
        found = b.fadd(half, b.fdiv(self.number(0.25), half))
        return b.select(b.fcmp_ordered(">", size, self.number(22.0)), self._large(b, size), found)

    def sinh(self, b: Any, x: Vector) -> Vector:
        """The hyperbolic sine."""
        size = self.magnitude(b, x)
        t = self.expm1(b, size)
        found = b.fmul(b.fadd(t, b.fdiv(t, b.fadd(t, self.number(1.0)))), self.number(0.5))
        found = b.select(b.fcmp_ordered(">", size, self.number(22.0)), self._large(b, size), found)
        return self.signed_as(b, self.magnitude(b, found), x)

    def sin(self, b: Any, x: Vector) -> Vector:
        """The sine of an angle in radians."""
        return self._turned(b, x, 0, "sin")

    def cos(self, b: Any, x: Vector) -> Vector:
        """The cosine of an angle in radians."""
        return self._turned(b, x, 1, "cos")

    def _turned(self, b: Any, x: Vector, ahead: int, name: str) -> Vector:
        """The sine, so many quarter turns ahead; of large angles the C library's, one by one."""
        times, quarter = self.nearest(b, b.fmul(x, self.number(TWO_BY_PI)))
        r = x
        for part in HALF_PI:
            r = self.fused(b, times, self.number(-part), r)
        z = b.fmul(r, r)
        sine = self.fused(b, b.fmul(z, r), self.polynomial(b, z, SINE), r)
        half = b.fmul(z, self.number(0.5))
        near = b.fsub(self.number(1.0), half)
        # What 1 - z/2 has lost is put back.
        lost = b.fsub(b.fsub(self.number(1.0), near), half)
        cosine = b.fadd(near, self.fused(b, b.fmul(z, z), self.polynomial(b, z, COSINE), lost))
        quarter = b.add(quarter, self.whole(ahead))
        is_odd = b.icmp_unsigned("!=", b.and_(quarter, self.whole(1)), self.whole(0))
        found = b.select(is_odd, cosine, sine)
        sign = b.shl(b.and_(quarter, self.whole(2)), self.whole(62))
        found = self.as_floats(b, b.xor(self.as_bits(b, found), sign))
        if name == "sin":
            found = b.select(b.fcmp_ordered("==", x, self.number(0.0)), x, found)
        is_far = b.fcmp_unordered(">", self.magnitude(b, x), self.number(LARGEST_ANGLE))
        return self._one_by_one(b, is_far, x, found, name)

    def _one_by_one(self, b: Any, where: Vector, x: Vector, found: Vector, name: str) -> Vector:
        """What was found, but where any lane is beyond it, the C library's function of each."""
        flags = self.ir.IntType(self.lanes)
        some = b.icmp_unsigned("!=", b.bitcast(where, flags), flags(0))
        before = b.block
        with b.if_then(some, likely=False):
            each = found
            one = self.declared(name, self.one, [self.one])
            for lane in range(self.lanes):
                place = self.ir.IntType(32)(lane)
                each = b.insert_element(each, b.call(one, [b.extract_element(x, place)]), place)
            inside = b.block
        joined = b.phi(self.kind)
        joined.add_incoming(found, before)
        joined.add_incoming(each, inside)
        return joined


# Those that there are, by their names in math.
FUNCTIONS: Mapping[str, Callable[[Lanes, Any, Vector], Vector]] = {
    "exp": Lanes.exp,
    "expm1": Lanes.expm1,
    "log": Lanes.log,
    "log1p": Lanes.log1p,
    "tanh": Lanes.tanh,
    "cosh": Lanes.cosh,
    "sinh": Lanes.sinh,
    "sin": Lanes.sin,
    "cos": Lanes.cos,
}
