"""Faces, slabs, stacks and shared cells: laws of geometry, and pymatgen's own search beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.interfaces.zsl import ZSLGenerator

from screen.atomistic import slabs
from screen.composition import FloatArray
from tests.atomistic.made_up import ALUMINIUM, COPPER, LIF, ZINCITE, cell_of

# Inside a batch all warnings are silenced; here it is spglib's, which pymatgen does not heed yet.
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")

IRON = cell_of("Im-3m", [2.87] * 3, ("Fe", (0.0, 0.0, 0.0)))
CAESIUM_CHLORIDE = cell_of("Pm-3m", [4.12] * 3, ("Cs", (0, 0, 0)), ("Cl", (0.5, 0.5, 0.5)))


@pytest.mark.parametrize(
    ("cell", "order"),
    [
        (COPPER, [(1, 1, 1), (1, 0, 0), (1, 1, 0)]),
        (IRON, [(1, 1, 0), (1, 0, 0), (1, 1, 1)]),
        (CAESIUM_CHLORIDE, [(1, 0, 0), (1, 1, 0), (1, 1, 1)]),
    ],
)
def test_dense_faces_come_first(cell: Any, order: list[tuple[int, int, int]]) -> None:
    assert slabs.faces(cell.structure) == order


@pytest.mark.parametrize(
    ("cell", "polar", "sound"),
    [(LIF, (1, 1, 1), (1, 0, 0)), (ZINCITE, (0, 0, 1), (1, 0, 0))],
)
def test_polar_faces_have_no_slab(
    cell: Any, polar: tuple[int, int, int], sound: tuple[int, int, int]
) -> None:
    assert not list(slabs.terminations(cell.structure, polar, 8, 15))
    assert list(slabs.terminations(cell.structure, sound, 8, 15))


@pytest.mark.parametrize("cell", [COPPER, LIF, ZINCITE], ids=["Cu", "LiF", "ZnO"])
def test_slabs_are_thick_upright_and_of_the_composition(cell: Any) -> None:
    structure = cell.structure
    for face in slabs.faces(structure):
        for slab in slabs.terminations(structure, face, 8, 15):
            counts = {s: slab.symbols.count(s) for s in set(slab.symbols)}
            assert len(set(counts.values())) == 1
            heights = slab.positions[:, 2]
            assert slab.cell.array[2, 2] - np.ptp(heights) >= 15
            assert np.ptp(heights) >= 8 - 2.9  # one layer is shared by both ends
            np.testing.assert_allclose(slab.cell.array[2, :2], 0, atol=1e-9)
            np.testing.assert_allclose(slab.cell.array[:2, 2], 0, atol=1e-9)
            assert np.linalg.det(slab.cell.array) > 0
            volume = np.linalg.det(slab.cell.array[:2, :2])
            a, b = slab.cell.array[:2, :2]
            assert abs(a @ b) <= 0.5 * min(a @ a, b @ b) + 1e-6
            assert volume > 0


def slab_of(cell: Any, face: tuple[int, int, int] = (1, 0, 0)) -> Any:
    return next(slabs.terminations(cell.structure, face, 8, 15))


def test_sites_are_few_and_include_the_top_of_an_atom() -> None:
    slab = slab_of(COPPER)
    found = slabs.sites(slab)
    assert 3 <= len(found) <= 6
    top = slab.positions[np.argmax(slab.positions[:, 2])]
    plane = slab.cell.array[:2, :2]
    off = (np.array(found) - top[:2]) @ np.linalg.inv(plane)
    assert (np.abs(off - np.round(off)).max(axis=1) < 1e-3).any()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2))
def test_a_stack_touches_where_it_should(x: float, y: float, gap: float) -> None:
    lower = slab_of(LIF)
    place = np.array([x, y]) @ lower.cell.array[:2, :2]
    joint = slabs.stack(lower, Atoms("Al"), place, gap, 15)
    joint.positions[-1, 2] -= gap
    distances = joint.get_distances(-1, range(len(lower)), mic=True)
    touch = covalent_radii[joint.numbers[:-1]] + covalent_radii[atomic_numbers["Al"]]
    assert (distances / touch).min() == pytest.approx(1, abs=1e-6)
    assert joint.positions[-1, 2] > lower.positions[:, 2].max() - lower.positions[:, 2].min()
    assert joint.cell.array[2, 2] - np.ptp(joint.positions[:, 2]) >= 15 - 1e-9


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
    shared = slabs.coincidence(lower, upper, 120, 0.03)
    assert shared is not None
    assert round(abs(np.linalg.det(shared.lower))) == times
    assert shared.strain == pytest.approx(strain, abs=1e-6)


def test_no_coincidence_is_none() -> None:
    assert slabs.coincidence(SQUARE, HEXAGON * 0.9, 12, 0.001) is None
    assert slabs.coincidence(SQUARE * 10, SQUARE, 50, 0.1) is None


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
    shared = slabs.coincidence(lower, upper, 80, 0.04)
    flat = [[[*row, 0.0] for row in lattice.tolist()] for lattice in (upper, lower)]
    search = ZSLGenerator(0.06, 80, 0.02, 0.01)
    theirs = [match.match_area for match in search(*flat)]
    if shared is None:
        assert not theirs
        return
    assert all(shared.area <= area * 1.07 for area in theirs)
    cell, own = shared.lower @ lower, shared.upper @ upper
    stretch = np.linalg.solve(own, cell)
    assert np.linalg.det(stretch) > 0  # no mirror image
    strains = np.abs(np.linalg.svd(stretch, compute_uv=False) - 1)
    assert strains.max() == pytest.approx(shared.strain, abs=1e-9)
    assert shared.strain <= 0.04 + 1e-9
    assert abs(np.linalg.det(cell)) == pytest.approx(shared.area)
    assert shared.area <= 80 + 1e-6


def test_a_supercell_holds_so_many_slabs() -> None:
    slab = slab_of(ALUMINIUM)
    matrix = np.array([[2, 1], [-1, 1]])
    large = slabs.supercell(slab, matrix)
    assert len(large) == 3 * len(slab)
    np.testing.assert_allclose(large.cell.array[:2], matrix @ slab.cell.array[:2], atol=1e-9)


def test_faces_are_written_as_usual() -> None:
    assert slabs.name_of((1, -1, 0)) == "(1-10)"
