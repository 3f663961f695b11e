"""Hand tracking of ADBench by its public definition, on a random hand of the public sizes: residuals and Jacobian."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

# A wrist, five fingers of four bones, a forearm; vertices of the small and the big model.
FINGERS, JOINTS, BONES = 5, 4, 22
SMALL, BIG, TRIANGLES = 544, 10_000, 1_084

HAND = """
def rotations(x, z, y):
    o = 0*x
    l = o + 1
    rx = stack((stack((l, o, o), 1), stack((o, cos(x), -sin(x)), 1), stack((o, sin(x), cos(x)), 1)), 1)
    ry = stack((stack((cos(y), o, sin(y)), 1), stack((o, l, o), 1), stack((-sin(y), o, cos(y)), 1)), 1)
    rz = stack((stack((cos(z), -sin(z), o), 1), stack((sin(z), cos(z), o), 1), stack((o, o, l), 1)), 1)
    return rz @ ry @ rx

def angle_axis(r):
    n = sqrt(sum(r^2))
    x = r[0]/n
    y = r[1]/n
    z = r[2]/n
    s = sin(n)
    c = cos(n)
    a = stack((x*x + (1 - x*x)*c, x*y*(1 - c) - z*s, x*z*(1 - c) + y*s))
    b = stack((x*y*(1 - c) + z*s, y*y + (1 - y*y)*c, y*z*(1 - c) - x*s))
    return stack((a, b, stack((x*z*(1 - c) - y*s, z*y*(1 - c) + x*s, z*z + (1 - z*z)*c))))

def vertices(theta, base, inverse, positions, weights):
    t = reshape(theta[6:26], (5, 4))
    o = zeros((5,))
    x = concatenate((zeros((1,)), reshape(stack((o, t[:, 0], t[:, 2], t[:, 3]), 1), (20,)), zeros((1,))))
    z = concatenate((zeros((1,)), reshape(stack((o, t[:, 1], o, o), 1), (20,)), zeros((1,))))
    r = rotations(x, z, zeros((22,)))
    relative = concatenate((base[:, :, 0:3] @ r, base[:, :, 3:4]), 2)
    wrist = relative[0]
    fingers = reshape(relative[1:21], (5, 4, 4, 4))
    one = wrist @ fingers[:, 0]
    two = one @ fingers[:, 1]
    three = two @ fingers[:, 2]
    four = three @ fingers[:, 3]
    bones = reshape(stack((one, two, three, four), 1), (20, 4, 4))
    absolute = concatenate((stack((wrist,)), bones, stack((wrist @ relative[21],))), 0)
    transforms = (absolute @ inverse)[:, 0:3]
    skinned = einsum("bij,vj,vb->vi", transforms, positions, weights)
    return skinned @ angle_axis(theta[0:3]).T + theta[3:6]

def simple(theta, base, inverse, positions, weights, points, seen):
    return points - vertices(theta, base, inverse, positions, weights)[seen]

def complicated(theta, shift, us, base, inverse, positions, weights, points, seen, faces):
    v = vertices(theta, base, inverse, positions, weights)
    u = us + shift
    corners = faces[seen]
    a = v[corners[:, 0]]
    b = v[corners[:, 1]]
    c = v[corners[:, 2]]
    return points - (u[:, 0:1]*a + u[:, 1:2]*b + (1 - u[:, 0:1] - u[:, 1:2])*c)

def both_simple(theta, base, inverse, positions, weights, points, seen):
    r = simple(theta, base, inverse, positions, weights, points, seen)
    return r, jacobian(simple, 0)(theta, base, inverse, positions, weights, points, seen)

def both_complicated(theta, shift, us, base, inverse, positions, weights, points, seen, faces):
    r = complicated(theta, shift, us, base, inverse, positions, weights, points, seen, faces)
    return r, jacobian(complicated, (0, 1))(theta, shift, us, base, inverse, positions, weights, points, seen, faces)
"""


def jax_hand(is_complicated: bool, *given: Any) -> Run:
    """The same by jax.jacfwd, jitted."""
    import jax
    import jax.numpy as jnp

    def rotations(x: Any, z: Any, y: Any) -> Any:
        o, one = jnp.zeros_like(x), jnp.ones_like(x)

        def matrix(*rows: tuple[Any, Any, Any]) -> Any:
            return jnp.stack([jnp.stack(row, 1) for row in rows], 1)

        rx = matrix((one, o, o), (o, jnp.cos(x), -jnp.sin(x)), (o, jnp.sin(x), jnp.cos(x)))
        ry = matrix((jnp.cos(y), o, jnp.sin(y)), (o, one, o), (-jnp.sin(y), o, jnp.cos(y)))
        rz = matrix((jnp.cos(z), -jnp.sin(z), o), (jnp.sin(z), jnp.cos(z), o), (o, o, one))
        return rz @ ry @ rx

    def angle_axis(r: Any) -> Any:
        n = jnp.sqrt(jnp.sum(r**2))
        (x, y, z), s, c = r / n, jnp.sin(n), jnp.cos(n)
        rows = (
            (x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s),
            (x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s),
            (x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c),
        )
        return jnp.stack([jnp.stack(row) for row in rows])

    def vertices(theta: Any, base: Any, inverse: Any, positions: Any, weights: Any) -> Any:
        t, o, end = theta[6:].reshape(FINGERS, JOINTS), jnp.zeros(FINGERS), jnp.zeros(1)
        x = jnp.concatenate([end, jnp.stack([o, t[:, 0], t[:, 2], t[:, 3]], 1).ravel(), end])
        z = jnp.concatenate([end, jnp.stack([o, t[:, 1], o, o], 1).ravel(), end])
        relative = jnp.concatenate([base[:, :, :3] @ rotations(x, z, jnp.zeros(BONES)), base[:, :, 3:]], 2)
        wrist, fingers = relative[0], relative[1:-1].reshape(FINGERS, JOINTS, 4, 4)
        chain = [wrist @ fingers[:, 0]]
        for joint in range(1, JOINTS):
            chain.append(chain[-1] @ fingers[:, joint])
        bones = jnp.stack(chain, 1).reshape(FINGERS * JOINTS, 4, 4)
        absolute = jnp.concatenate([wrist[None], bones, (wrist @ relative[-1])[None]])
        transforms = (absolute @ inverse)[:, :3]
        skinned = jnp.einsum("bij,vj,vb->vi", transforms, positions, weights)
        return skinned @ angle_axis(theta[:3]).T + theta[3:6]

    def simple(theta: Any, base: Any, inverse: Any, positions: Any, weights: Any, points: Any, seen: Any) -> Any:
        return points - vertices(theta, base, inverse, positions, weights)[seen]

    def complicated(theta: Any, shift: Any, us: Any, *rest: Any) -> Any:
        *hand, points, seen, triangles = rest
        v, u = vertices(theta, *hand), us + shift
        a, b, c = (v[triangles[seen][:, i]] for i in range(3))
        return points - (u[:, :1] * a + u[:, 1:] * b + (1 - u[:, :1] - u[:, 1:]) * c)

    residuals, by = (complicated, (0, 1)) if is_complicated else (simple, 0)
    slopes = jax.jacfwd(residuals, by)
    return jax_call(lambda *values: (residuals(*values), slopes(*values)), *given)


def hand(rng: np.random.Generator, vertices: int) -> list[Any]:
    """Bones in their own frames, the inverses of all transforms, vertices, and up to four bones' weights for each."""
    base = np.zeros((BONES, 4, 4))
    base[:, :3, :3] = np.linalg.qr(rng.normal(size=(BONES, 3, 3)))[0]
    base[:, :3, 3], base[:, 3, 3] = rng.normal(size=(BONES, 3)) / 10, 1
    whole = [base[0]]
    for i in range(1, BONES):
        whole.append(whole[0 if i % JOINTS == 1 else i - 1] @ base[i])
    positions = np.concatenate([rng.normal(size=(vertices, 3)) / 10, np.ones((vertices, 1))], 1)
    weights = np.zeros((vertices, BONES))
    places = np.argsort(rng.random((vertices, BONES)), 1)[:, :4]
    np.put_along_axis(weights, places, rng.random((vertices, 4)), 1)
    return [base, np.linalg.inv(np.array(whole)), positions, weights / weights.sum(1, keepdims=True)]


def measure() -> list[Row]:
    """100 to 25,600 correspondences; 544 and 10,000 vertices."""
    rng, rows = np.random.default_rng(0), []
    for is_complicated, vertices, count in (
        (False, SMALL, 100),
        (False, SMALL, 1_600),
        (False, SMALL, 25_600),
        (False, BIG, 1_600),
        (True, SMALL, 100),
        (True, SMALL, 1_600),
        (True, SMALL, 25_600),
        (True, BIG, 1_600),
    ):
        given = [rng.normal(size=26), *hand(rng, vertices), rng.normal(size=(count, 3))]
        if is_complicated:
            given = [given[0], np.zeros(2), rng.random((count, 2)) / 2, *given[1:]]
            corners = np.argsort(rng.random((TRIANGLES, vertices)), 1)[:, :3]
            given += [rng.integers(TRIANGLES, size=count), corners]
        else:
            given.append(rng.integers(vertices, size=count))
        kind = "complicated" if is_complicated else "simple"
        makers = {
            "gradcli": partial(called, HAND, f"both_{kind}", *given),
            "jax jit": partial(jax_hand, is_complicated, *given),
        }
        rows.append(side_by_side(f"{kind}, {vertices:,} vertices, {count:,} correspondences", makers, turns=5))
    return rows
