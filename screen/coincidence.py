"""Lattice coincidence: the smallest cell that two plane lattices share, in batches.

Every superlattice of each lattice up to an area is made and reduced; two lattices match where the
mapping of one reduced cell onto the other strains it by no more than the tolerance (Zur and McGill,
J. Appl. Phys. 55, 378, 1984). Arrays in, arrays out.

A reduced cell is written as its lengths a <= b and the cosine of the angle between them, from 0 to
a / 2b. A lattice and its mirror image, which is the lattice seen from behind, have the same one: a
film may lie on either side. So no other bases need to be tried: the three bounds are the mirrors of
the reflection group that takes bases into each other, and among the images of a lattice under
reflections the nearest to another is the one on the same side of all mirrors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import gcd

import numpy as np

from screen.composition import FloatArray, IntArray

_HALF, _THIRD = 0.5, 1 / 3
_PRIMITIVE = {
    "P": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "A": [[1, 0, 0], [0, _HALF, _HALF], [0, -_HALF, _HALF]],
    "B": [[_HALF, 0, _HALF], [0, 1, 0], [-_HALF, 0, _HALF]],
    "C": [[_HALF, _HALF, 0], [-_HALF, _HALF, 0], [0, 0, 1]],
    "I": [[-_HALF, _HALF, _HALF], [_HALF, -_HALF, _HALF], [_HALF, _HALF, -_HALF]],
    "F": [[0, _HALF, _HALF], [_HALF, 0, _HALF], [_HALF, _HALF, 0]],
    "R": [[2 * _THIRD, _THIRD, _THIRD], [-_THIRD, _THIRD, _THIRD], [-_THIRD, -2 * _THIRD, _THIRD]],
}
"""Primitive vectors in units of the conventional cell, by the letter of its centring."""

FACES: tuple[tuple[int, int, int], ...] = tuple(
    sorted(
        ((h, k, m) for h, k, m in product((1, 0, -1), repeat=3) if (h, k, m) > (0, 0, 0)),
        key=lambda face: (sum(map(abs, face)), [-x for x in face]),
    )
)
"""Miller indices of the 13 faces with no index beyond 1, opposite ones taken as one."""


@cache
def _in_plane(centring: str) -> FloatArray:
    """Two vectors that span the lattice in each of FACES, in units of the conventional cell.

    Shape (faces, 2, 3).
    """
    primitive = np.array(_PRIMITIVE[centring])
    spans = []
    for face in FACES:
        doubled = np.rint(primitive @ face * 6).astype(int)
        h, k, m = (int(x) for x in doubled // np.gcd.reduce(doubled))
        spans.append(np.array(_kernel(h, k, m)) @ primitive)
    return np.array(spans)


def _kernel(h: int, k: int, m: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """A basis of the integer vectors orthogonal to coprime indices."""
    if h == k == 0:
        return (1, 0, 0), (0, 1, 0)
    g = gcd(h, k)
    # x h + y k = g
    x, y = next((x, y) for x in range(-2, 3) for y in range(-2, 3) if x * h + y * k == g)
    return (k // g, -h // g, 0), (-x * m, -y * m, g)


def faces(lattice: FloatArray, centring: str) -> FloatArray:
    """The reduced cell of the lattice in each of FACES.

    Args:
        lattice: conventional cell vectors in Å, shape (3, 3).
        centring: P, A, B, C, I, F or R (hexagonal axes, obverse).

    Returns:
        Lengths a <= b in Å and the cosine of the angle between them, shape (faces, 3).
    """
    return _metric(*_shortest(*np.moveaxis(_in_plane(centring) @ lattice, 1, 0)))


def _shortest(
    u: FloatArray, v: FloatArray, dimensions: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """The two shortest vectors that span each lattice (Gauss), in the same sense of rotation.

    Args:
        u, v: vectors that span it, shape (..., n).
        dimensions: how many of the n are lengths; the others are taken along. [all]
    """
    while True:
        x, y = u[..., :dimensions], v[..., :dimensions]
        longer = ((x * x).sum(-1) > (y * y).sum(-1) * (1 + 1e-9))[..., None]
        u, v = np.where(longer, v, u), np.where(longer, -u, v)
        x, y = u[..., :dimensions], v[..., :dimensions]
        steps = np.rint((x * y).sum(-1) / (x * x).sum(-1) * (1 - 1e-9))
        if not steps.any() and not longer.any():
            return u, v
        v = v - steps[..., None] * u


def _metric(u: FloatArray, v: FloatArray) -> FloatArray:
    """Reduced cells from the shortest vectors of lattices."""
    a, b = np.sqrt((u * u).sum(-1)), np.sqrt((v * v).sum(-1))
    return np.stack([a, b, np.abs((u * v).sum(-1)) / (a * b)], axis=-1)


def reduced_basis(lattice: FloatArray) -> IntArray:
    """The integer matrix that takes a plane lattice to its two shortest vectors, shape (2, 2).

    Args:
        lattice: vectors as rows, Å, shape (2, 2).
    """
    u, v = np.hstack([lattice, np.eye(2)])
    return np.rint(np.stack(_shortest(u, v, 2))[:, 2:]).astype(np.int64)


def area(cells: FloatArray) -> FloatArray:
    """Area of reduced cells in Å²."""
    return np.asarray(cells[..., 0] * cells[..., 1] * np.sqrt(1 - cells[..., 2] ** 2))


@cache
def _superlattices(size: int) -> IntArray:
    """Hermite normal forms of a determinant: rows (i, j, k) of [[i, j], [0, k]]."""
    return np.array(
        [(i, j, size // i) for i in range(1, size + 1) if size % i == 0 for j in range(size // i)]
    )


def superlattices(cells: FloatArray, largest: float) -> tuple[FloatArray, IntArray]:
    """Reduced cells of all superlattices up to an area in Å², and the index of the cell of each."""
    basis = np.zeros((len(cells), 2, 2))
    basis[:, 0, 0] = cells[:, 0]
    basis[:, 1, 0] = cells[:, 1] * cells[:, 2]
    basis[:, 1, 1] = cells[:, 1] * np.sqrt(1 - cells[:, 2] ** 2)
    most = np.floor(largest / area(cells) * (1 + 1e-9)).astype(np.int64)
    made, owners = [np.empty((0, 3))], [np.empty(0, dtype=np.int64)]
    for size in range(1, int(most.max(initial=0)) + 1):
        i, j, k = _superlattices(size).T[:, :, None, None]
        rows = np.flatnonzero(most >= size)
        u, v = basis[rows, None, 0], basis[rows, None, 1]
        first = i[:, 0].T[..., None] * u + j[:, 0].T[..., None] * v
        second = np.broadcast_to(k[:, 0].T[..., None] * v, first.shape)
        cell = _metric(*_shortest(first, second))
        made.append(cell.reshape(-1, 3))
        owners.append(np.repeat(rows, cell.shape[1]))
    return np.concatenate(made), np.concatenate(owners)


def strain(cells: FloatArray, others: FloatArray) -> FloatArray:
    """Largest principal strain that maps the second cells onto the first, element by element."""
    shape, other = _triangular(cells), _triangular(others)
    mapping = np.linalg.solve(other, shape)
    return np.asarray(np.abs(np.linalg.svd(mapping, compute_uv=False) - 1).max(-1))


def _triangular(cells: FloatArray) -> FloatArray:
    a, b, cosine = cells[:, 0], cells[:, 1], cells[:, 2]
    zero = np.zeros_like(a)
    rows = [np.stack([a, zero], -1), np.stack([b * cosine, b * np.sqrt(1 - cosine**2)], -1)]
    return np.stack(rows, -2)


@dataclass(frozen=True)
class Coincidence:
    """The smallest common cell of each crystal with a substrate.

    Attributes:
        area: of the crystal's superlattice, Å²; NaN where there is none within the limits.
        strain: largest principal strain of the substrate that fits it to the crystal.
        cell, substrate_cell: reduced cells of both superlattices, shape (crystals, 3).
        face, substrate_face: indices of the lattices; -1 where there is none.
    """

    area: FloatArray
    strain: FloatArray
    cell: FloatArray
    substrate_cell: FloatArray
    face: IntArray
    substrate_face: IntArray


def smallest(
    crystals: FloatArray, substrate: FloatArray, largest: float, tolerance: float
) -> Coincidence:
    """The smallest common cell of some of the faces; of equal ones that with the least strain.

    Args:
        crystals: reduced cells of the faces of each crystal, shape (crystals, faces, 3).
        substrate: those of the substrate, shape (faces, 3).
        largest: area in Å² above which a coincidence is none.
        tolerance: largest principal strain allowed.
    """
    count, faces_each = crystals.shape[:2]
    cells, owner = _all_superlattices(crystals, largest)
    bases, base_owner = _all_superlattices(substrate[None], largest * (1 + tolerance) ** 2)
    found = Coincidence(
        np.full(count, np.nan),
        np.full(count, np.nan),
        np.full((count, 3), np.nan),
        np.full((count, 3), np.nan),
        np.full(count, -1, dtype=np.int64),
        np.full(count, -1, dtype=np.int64),
    )
    if not len(cells):
        return found
    from scipy.spatial import cKDTree  # noqa: PLC0415 (a fifth of a second)

    near = cKDTree(_point(cells)).query_ball_point(
        _point(bases), -np.log1p(-tolerance) * 1.01, p=np.inf
    )
    left = np.concatenate([np.array(rows, dtype=np.int64) for rows in near])
    right = np.repeat(np.arange(len(bases)), [len(rows) for rows in near])
    strains = strain(cells[left], bases[right])
    fits = strains <= tolerance
    left, right, strains = left[fits], right[fits], strains[fits]
    crystal = owner[left] // faces_each
    order = np.lexsort(
        (
            base_owner[right],
            owner[left] % faces_each,
            strains.round(9),
            area(cells[left]).round(6),
            crystal,
        )
    )
    who, first = np.unique(crystal[order], return_index=True)
    best = order[first]
    found.area[who] = area(cells[left[best]])
    found.strain[who] = strains[best]
    found.cell[who], found.substrate_cell[who] = cells[left[best]], bases[right[best]]
    found.face[who] = owner[left[best]] % faces_each
    found.substrate_face[who] = base_owner[right[best]]
    return found


def _all_superlattices(crystals: FloatArray, largest: float) -> tuple[FloatArray, IntArray]:
    """Distinct superlattices of all faces, and the face of each, counted over all crystals."""
    each = crystals.shape[1]
    # Faces that symmetry makes equal are taken once, before their superlattices are made.
    kept, face = _distinct(crystals.reshape(-1, 3), np.arange(crystals.size // 3), each)
    cells, of = superlattices(kept, largest)
    return _distinct(cells, face[of], each)


def _point(cells: FloatArray) -> FloatArray:
    """Coordinates in which cells that differ by a small strain are near.

    A principal strain moves lengths by no more than itself and an angle of at least 60 degrees by
    no more than 2.4 times.
    """
    lengths = np.log(cells[:, :2])
    return np.column_stack([lengths, np.arccos(cells[:, 2]) / 2.4])


def _distinct(cells: FloatArray, owner: IntArray, faces_each: int) -> tuple[FloatArray, IntArray]:
    """One of the equal cells of each crystal: that of the first face."""
    key = np.column_stack([owner // faces_each, np.rint(cells * 1e6).astype(np.int64)])
    order = np.lexsort((owner, *key.T[::-1]))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (key[order][1:] != key[order][:-1]).any(1)
    keep = np.sort(order[new])
    return cells[keep], owner[keep]


@dataclass(frozen=True)
class CommonCell:
    """A cell that two plane lattices share.

    Attributes:
        lower, upper: integer matrices; lower @ its lattice is the cell, and upper @ its own is the
            cell unstrained, or with a negative determinant its mirror image; shape (2, 2).
        strain: largest principal strain of the upper lattice.
        area: Å².
    """

    lower: IntArray
    upper: IntArray
    strain: float
    area: float


def common_cell(
    lower: FloatArray, upper: FloatArray, largest: float, tolerance: float
) -> CommonCell | None:
    """The smallest common cell of two plane lattices, with the matrices that make it.

    Args:
        lower, upper: cell vectors as rows, Å, both in the same sense of rotation, shape (2, 2).
        largest: area in Å² above which a coincidence is none.
        tolerance: largest principal strain of the upper lattice.
    """
    cells = [_metric(*_shortest(*lattice))[None] for lattice in (lower, upper)]
    found = smallest(cells[0][None], cells[1], largest, tolerance)
    if np.isnan(found.area[0]):
        return None
    below, above = _matrix(lower, found.cell[0]), _matrix(upper, found.substrate_cell[0])
    if np.linalg.det(below) < 0:
        below[1] *= -1
        above[1] *= -1
    return CommonCell(below, above, float(found.strain[0]), float(found.area[0]))


def _matrix(lattice: FloatArray, cell: FloatArray) -> IntArray:
    """The integer matrix that makes a superlattice in the vectors of its reduced cell.

    Its second vector is turned round where needed, so that the angle between both is none above 90
    degrees; the matrix of a mirror image has a negative determinant.
    """
    size = round(float(area(cell)) / abs(float(np.linalg.det(lattice))))
    i, j, k = _superlattices(size).T
    forms = np.stack([np.stack([i, j], -1), np.stack([0 * k, k], -1)], axis=1)
    vectors = np.concatenate([forms @ lattice, forms], axis=-1)
    u, v = _shortest(vectors[:, 0], vectors[:, 1], 2)
    away = np.abs(_metric(u[:, :2], v[:, :2]) - cell).max(axis=1)
    best = int(np.argmin(away.round(6)))
    made: IntArray = np.rint(np.stack([u[best], v[best]])[:, 2:]).astype(np.int64)
    if u[best, :2] @ v[best, :2] < 0:
        made[1] *= -1
    return made
