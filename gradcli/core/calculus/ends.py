"""The integral of a power series at the end of an interval, where floats lie too far apart for its values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.core.analysis.germs import Germ, germs_of
from gradcli.core.calculus.curves import Curve
from gradcli.core.errors import CoreError

ORDER = 24
# Beyond this the last terms are no small ones any more.
NEGLIGIBLE = 1e-12


def integrated_series(curve: Curve, end: float, way: float, width: float) -> tuple[Any, float, float] | None:
    """The integral over a stretch of this width that begins at an end, a bound of its error, and that of its size.

    None where the integrand has no series there in powers of a root of the distance, or one that needs more terms.

    Raises:
        CoreError: where a power is -1 or less, so that the integral diverges.
    """
    body = curve.body
    point = dict(zip([*body.variables, *body.free], [np.asarray(end), *curve.args], strict=True))
    found = germs_of([body.output], point, {body.variables[0]: np.asarray(way)}, ORDER)
    if found is None or not isinstance(found[1][0], Germ):
        return None
    germs, germ = found[0], found[1][0]
    rows = np.arange(len(germ.coefficients)) - germs.poles
    known = rows < int(germ.known.min(initial=germs.order))
    exponents = rows[known] / germs.root
    coefficients = germ.coefficients[known]
    if not exponents.size or exponents[-1] < 1 or not np.isfinite(coefficients).all():
        return None
    there = abs(coefficients) > 8 * germ.noise[known]
    poles = exponents <= -1
    if there[poles].any():
        power = exponents[poles][there[poles].reshape(int(poles.sum()), -1).any(axis=1)].min()
        raise CoreError(
            f"the integral diverges: towards {end:g} the integrand grows like the distance to the power {power:.2g}",
            "a power above -1 has an integral up to the end",
        )
    exponents, coefficients = exponents[~poles], coefficients[~poles]
    shape = (-1, *(1,) * (coefficients.ndim - 1))
    terms = coefficients * (width ** (exponents + 1) / (exponents + 1)).reshape(shape)
    size = float(abs(terms).sum())
    last = float(abs(terms[-2 * germs.root :]).sum())
    if last > NEGLIGIBLE * size:
        return None
    return terms.sum(axis=0), max(last, 4 * curve.epsilon * size), size
