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

from screen.coincidence import (
    FACES,
    _metric,
    _shortest,
    area,
    common_cell,
    faces,
    reduced_basis,
    smallest,
    strain,
    superlattices,
)
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
    one = _metric(*_shortest(u[None], v[None]))[0]
    other = _metric(*_shortest((v + mix * u)[None], u[None]))[0]
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


SQUARE = np.eye(2) * 3.0
HEXAGON = np.array([[3.0, 0.0], [-1.5, 1.5 * np.sqrt(3)]])


def turned(lattice: FloatArray, degrees: float) -> FloatArray:
    angle = np.deg2rad(degrees)
    turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    result: FloatArray = lattice @ np.array(turn)
    return result


@pytest.mark.parametrize(
    ("lower", "upper", "times", "strain"),
    [
        (SQUARE, SQUARE, 1, 0),
        (SQUARE, turned(SQUARE, 33) * 1.02, 1, 1 - 1 / 1.02),
        (SQUARE, SQUARE * np.sqrt(2), 2, 0),
        (HEXAGON, HEXAGON * np.sqrt(3), 3, 0),
        (HEXAGON, turned(HEXAGON, 11) * np.sqrt(7 / 3), 7, 0),
        (SQUARE * 2, SQUARE, 1, 0),
    ],
)
def test_known_coincidences(
    lower: FloatArray, upper: FloatArray, times: int, strain: float
) -> None:
    shared = common_cell(lower, upper, 120, 0.03)
    assert shared is not None
    assert round(abs(np.linalg.det(shared.lower))) == times
    assert shared.strain == pytest.approx(strain, abs=1e-6)


def test_no_coincidence_is_none() -> None:
    assert common_cell(SQUARE, HEXAGON * 0.9, 12, 0.001) is None
    assert common_cell(SQUARE * 10, SQUARE, 50, 0.1) is None


lattices = st.builds(
    lambda a, ratio, skew: np.array([[a, 0.0], [a * skew, a * ratio]]),
    st.floats(2.5, 6),
    st.floats(0.7, 1.6),
    st.floats(-0.5, 0.5),
)


@given(lattices, lattices)
def test_a_shared_cell_is_one_of_both_and_no_larger_than_pymatgens(
    lower: FloatArray, upper: FloatArray
) -> None:
    shared = common_cell(lower, upper, 80, 0.04)
    flat = [[[*row, 0.0] for row in lattice.tolist()] for lattice in (upper, lower)]
    search = ZSLGenerator(0.06, 80, 0.02, 0.01)
    theirs = [match.match_area for match in search(*flat)]
    if shared is None:
        assert not theirs
        return
    assert all(shared.area <= area * 1.07 for area in theirs)
    mirrored = np.linalg.det(shared.upper) < 0
    cell, own = shared.lower @ lower, shared.upper @ upper * ([1, -1] if mirrored else [1, 1])
    stretch = np.linalg.solve(own, cell)
    assert np.linalg.det(shared.lower) > 0
    assert np.linalg.det(stretch) > 0
    strains = np.abs(np.linalg.svd(stretch, compute_uv=False) - 1)
    assert strains.max() == pytest.approx(shared.strain, abs=1e-9)
    assert shared.strain <= 0.04 + 1e-9
    assert abs(np.linalg.det(cell)) == pytest.approx(shared.area)
    assert shared.area <= 80 + 1e-6


@given(lattices, st.integers(-2, 2), st.integers(-2, 2), st.floats(0, 90))
def test_a_lattice_shares_a_cell_with_what_is_seen_from_behind(
    lattice: FloatArray, i: int, j: int, degrees: float
) -> None:
    behind = turned(np.array([[1, i], [j, 1 + i * j]]) @ (lattice * [1, -1])[::-1], degrees)
    shared = common_cell(lattice, behind, 81, 0.04)
    assert shared is not None
    assert shared.strain == pytest.approx(0, abs=1e-8)
    assert abs(np.linalg.det(shared.upper)) == pytest.approx(1)


@given(lattices, st.integers(-3, 3), st.integers(-3, 3))
def test_the_shortest_basis_spans_the_same_lattice(lattice: FloatArray, i: int, j: int) -> None:
    skewed = np.array([[1, i], [j, 1 + i * j]]) @ lattice
    matrix = reduced_basis(skewed)
    assert round(np.linalg.det(matrix)) == 1
    u, v = matrix @ skewed
    assert abs(u @ v) <= 0.5 * min(u @ u, v @ v) * (1 + 1e-6)


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
                ours = np.array([lengths(match.film_sl_vectors)])
                theirs = np.array([lengths(match.substrate_sl_vectors)])
                if strain(ours, theirs)[0] <= limit:
                    best = size
    return best


def lengths(vectors: FloatArray) -> list[float]:
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
