"""Faces, slabs and stacks: laws of geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from hypothesis import given
from hypothesis import strategies as st

from screen.atomistic import slabs
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


@pytest.fixture(scope="module")
def lower() -> Atoms:
    return slab_of(LIF)


@given(x=st.floats(0, 1), y=st.floats(0, 1), gap=st.floats(0, 2))
def test_a_stack_touches_where_it_should(lower: Atoms, x: float, y: float, gap: float) -> None:
    place = np.array([x, y]) @ lower.cell.array[:2, :2]
    joint = slabs.stack(lower, Atoms("Al"), place, gap, 15)
    joint.positions[-1, 2] -= gap
    distances = joint.get_distances(-1, range(len(lower)), mic=True)
    touch = covalent_radii[joint.numbers[:-1]] + covalent_radii[atomic_numbers["Al"]]
    assert (distances / touch).min() == pytest.approx(1, abs=1e-6)
    assert joint.positions[-1, 2] > lower.positions[:, 2].max() - lower.positions[:, 2].min()
    assert joint.cell.array[2, 2] - np.ptp(joint.positions[:, 2]) >= 15 - 1e-9


def test_a_slab_turned_over_is_the_same_slab() -> None:
    slab = slab_of(ZINCITE)
    other = slabs.turned_over(slab)
    np.testing.assert_allclose(other.cell.lengths()[[1, 0, 2]], slab.cell.lengths())
    assert other.cell.angles()[2] == pytest.approx(slab.cell.angles()[2])
    assert np.linalg.det(other.cell.array) > 0
    apart, own = (np.sort(x.get_all_distances(mic=True).ravel()) for x in (other, slab))
    np.testing.assert_allclose(apart, own, atol=1e-9)
    heights = np.sort(slab.positions[:, 2])
    np.testing.assert_allclose(np.sort(other.positions[:, 2]), slab.cell[2, 2] - heights[::-1])
    again = slabs.turned_over(other)
    np.testing.assert_allclose(again.cell.array, slab.cell.array, atol=1e-9)


def test_a_supercell_holds_so_many_slabs() -> None:
    slab = slab_of(ALUMINIUM)
    matrix = np.array([[2, 1], [-1, 1]])
    large = slabs.supercell(slab, matrix)
    assert len(large) == 3 * len(slab)
    np.testing.assert_allclose(large.cell.array[:2], matrix @ slab.cell.array[:2], atol=1e-9)


def test_faces_are_written_as_usual() -> None:
    assert slabs.name_of((1, -1, 0)) == "(1-10)"
