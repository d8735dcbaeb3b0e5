"""Lattice coincidence: laws, and pymatgen's ZSL as the independent check."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.interfaces.zsl import ZSLGenerator
from pymatgen.core import Lattice, Structure
from pymatgen.core.surface import SlabGenerator

from screen import coincidence
from screen.coincidence import FACES, area, faces, smallest, strain, superlattices
from screen.composition import FloatArray
from screen.structures import cell_vectors

CENTRED: dict[str, list[list[float]]] = {
    "P": [[0, 0, 0]],
    "C": [[0, 0, 0], [0.5, 0.5, 0]],
    "A": [[0, 0, 0], [0, 0.5, 0.5]],
    "B": [[0, 0, 0], [0.5, 0, 0.5]],
    "I": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "F": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    "R": [[0, 0, 0], [2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3]],
}
LITHIUM = cell_vectors((3.51, 3.51, 3.51), (90, 90, 90))


def cubic(a: float, centring: str) -> FloatArray:
    return faces(cell_vectors((a, a, a), (90, 90, 90)), centring)


def test_faces_are_the_thirteen_low_index_ones() -> None:
    assert len(FACES) == len(set(FACES)) == 13
    assert not {tuple(-x for x in face) for face in FACES} & set(FACES)


@pytest.mark.parametrize("centring", CENTRED)
def test_cells_of_faces_are_those_of_pymatgens_slabs(centring: str) -> None:
    angles = (90, 90, 120) if centring == "R" else (80, 95, 107) if centring == "P" else (90,) * 3
    lengths = (4.0, 4.0, 9.1) if centring == "R" else (3.3, 4.1, 5.7)
    lattice = cell_vectors(lengths, angles)
    crystal = Structure(Lattice(lattice), ["Cu"] * len(CENTRED[centring]), CENTRED[centring])
    ours = faces(lattice, centring)
    for face, cell in zip(FACES, ours, strict=True):
        slab = SlabGenerator(crystal, face, 5, 5, primitive=False).get_slab()
        a, b = slab.lattice.matrix[:2]
        # The slab of a centred cell may hold several lattice cells in its plane.
        times = np.linalg.norm(np.cross(a, b)) / float(area(cell))
        assert times == pytest.approx(round(times), abs=1e-6)
        spacing = abs(np.linalg.det(lattice)) / len(CENTRED[centring]) / float(area(cell))
        d = Lattice(lattice).d_hkl(face)
        assert d / spacing == pytest.approx(round(d / spacing), abs=1e-6)


@given(
    a=st.floats(2, 8),
    b=st.floats(2, 8),
    angle=st.floats(40, 140),
    turn=st.floats(0, 6.28),
    mix=st.integers(-3, 3),
)
def test_reduction_does_not_depend_on_the_basis(
    a: float, b: float, angle: float, turn: float, mix: int
) -> None:
    u = np.array([a * math.cos(turn), a * math.sin(turn)])
    v = b * np.array([math.cos(turn + math.radians(angle)), math.sin(turn + math.radians(angle))])
    one = coincidence._reduced(u[None], v[None])[0]
    other = coincidence._reduced((v + mix * u)[None], u[None])[0]
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    assert one[0] <= one[1] * (1 + 1e-9)
    assert -1e-9 <= one[2] <= 0.5 * one[0] / one[1] + 1e-9
    assert float(area(one)) == pytest.approx(abs(u[0] * v[1] - u[1] * v[0]), rel=1e-9)


def test_number_of_superlattices_is_the_sum_of_divisors() -> None:
    cell = np.array([[1.0, 1.1, 0.1]])
    cells, owner = superlattices(cell, float(area(cell)[0]) * 12.5)
    sigma = [sum(d for d in range(1, n + 1) if n % d == 0) for n in range(1, 13)]
    assert len(cells) == len(owner) == sum(sigma)
    sizes = area(cells) / area(cell)
    np.testing.assert_allclose(sizes, sizes.round(), atol=1e-9)


def test_a_crystal_coincides_with_itself_in_one_cell() -> None:
    own = cubic(3.51, "I")
    found = smallest(own[None], own, 50, 0.03)
    assert found.area[0] == pytest.approx(3.51**2 / math.sqrt(2))
    assert found.strain[0] == pytest.approx(0, abs=1e-12)


@given(stretch=st.floats(-0.029, 0.029))
def test_strain_of_a_stretched_crystal_is_its_stretch(stretch: float) -> None:
    cells = cubic(3.51 * (1 + stretch), "I")
    np.testing.assert_allclose(strain(cells, cubic(3.51, "I")), abs(stretch), atol=1e-12)
    found = smallest(cells[None], cubic(3.51, "I"), 9.5, 0.03)
    assert found.strain[0] == pytest.approx(abs(stretch), abs=1e-9)


def test_tighter_limits_never_find_a_smaller_cell() -> None:
    lithium = cubic(3.51, "I")
    rocksalts = np.array([cubic(a, "F") for a in np.linspace(3.5, 6.5, 25)])
    last = np.zeros(25)
    for tolerance in (0.05, 0.03, 0.02, 0.01):
        found = smallest(rocksalts, lithium, 300, tolerance)
        size = np.nan_to_num(found.area, nan=np.inf)
        assert (size >= last - 1e-6).all()
        assert (found.strain[~np.isnan(found.strain)] <= tolerance).all()
        last = size
    none = smallest(rocksalts, lithium, 10.0, 1e-6)
    assert np.isnan(none.area).any()
    assert ((none.face == -1) == np.isnan(none.area)).all()


def test_crystals_in_a_batch_do_not_know_each_other() -> None:
    lithium = cubic(3.51, "I")
    crystals = np.array([cubic(a, "F") for a in (4.03, 4.21, 5.14)] + [cubic(2.87, "I")])
    together = smallest(crystals, lithium, 200, 0.03)
    for i in range(len(crystals)):
        alone = smallest(crystals[[i]], lithium, 200, 0.03)
        for name in ("area", "strain", "face", "substrate_face"):
            assert getattr(alone, name)[0] == getattr(together, name)[i], name
    assert smallest(crystals[:0], lithium, 200, 0.03).area.shape == (0,)


def by_pymatgen(crystal: FloatArray, substrate: FloatArray, largest: float, limit: float) -> float:
    """The smallest area among the matches of pymatgen's ZSL whose principal strain is allowed."""

    def vectors(cell: FloatArray) -> list[list[float]]:
        a, b, cosine = cell
        return [[a, 0, 0], [b * cosine, b * math.sqrt(1 - cosine**2), 0]]

    best = math.inf
    for cell in np.unique(crystal.round(9), axis=0):
        for base in np.unique(substrate.round(9), axis=0):
            zsl = ZSLGenerator(0.12, largest, 0.05, 0.1)
            for match in zsl(vectors(cell), vectors(base)):
                size = abs(np.linalg.det(np.array(match.film_sl_vectors)[:, :2]))
                if size > largest or size >= best - 1e-9:
                    continue
                ours = np.array([_metric(match.film_sl_vectors)])
                theirs = np.array([_metric(match.substrate_sl_vectors)])
                if strain(ours, theirs)[0] <= limit:
                    best = size
    return best


def _metric(vectors: FloatArray) -> list[float]:
    a, b = np.array(vectors)
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    return [la, lb, abs(a @ b) / (la * lb)]


@pytest.mark.parametrize(
    ("lattice", "centring"),
    [
        (cell_vectors((4.212,) * 3, (90, 90, 90)), "F"),
        (cell_vectors((4.027,) * 3, (90, 90, 90)), "F"),
        (cell_vectors((3.25, 3.25, 5.207), (90, 90, 120)), "P"),
        (cell_vectors((4.59, 4.59, 2.96), (90, 90, 90)), "P"),
        (cell_vectors((4.76, 4.76, 12.99), (90, 90, 120)), "R"),
        (cell_vectors((4.45, 6.52, 5.59), (90, 90, 90)), "C"),
    ],
    ids=["MgO", "LiF", "ZnO", "rutile", "corundum", "C-centred"],
)
def test_agrees_with_zsl_of_pymatgen(lattice: FloatArray, centring: str) -> None:
    crystal, lithium = faces(lattice, centring), faces(LITHIUM, "I")
    found = smallest(crystal[None], lithium, 120, 0.03).area[0]
    expected = by_pymatgen(crystal, lithium, 120, 0.03)
    assert np.nan_to_num(found, nan=math.inf) == pytest.approx(expected, rel=1e-6)
