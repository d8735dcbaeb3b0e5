"""Migration barriers: the documented example of bvlain, laws, and a reason for each refusal."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from screen.atomistic import migration
from screen.atomistic.jobs import Cell, Result, batch
from tests.atomistic.made_up import COPPER, LIF, cell_of, rock_salt

ANTIFLUORITE = cell_of("Fm-3m", [4.619] * 3, ("O", (0.0, 0.0, 0.0)), ("Li", (0.25, 0.25, 0.25)))
ANTIPEROVSKITE = cell_of(
    "Pm-3m", [3.91] * 3, ("Cl", (0.0, 0.0, 0.0)), ("O", (0.5, 0.5, 0.5)), ("Li", (0.5, 0.5, 0.0))
)
# Triphylite, Streltsov et al., Acta Cryst. B 49, 147 (1993), figures to three digits.
OLIVINE = cell_of(
    "Pnma",
    [10.332, 6.010, 4.692],
    ("Li", (0.0, 0.0, 0.0)),
    ("Fe", (0.282, 0.25, 0.975)),
    ("P", (0.095, 0.25, 0.418)),
    ("O", (0.097, 0.25, 0.743)),
    ("O", (0.457, 0.25, 0.206)),
    ("O", (0.166, 0.046, 0.285)),
)


def result_of(cell: Cell, ion: str = "Li", charge: int = 1, grid: float = 0.3) -> Result:
    (result,) = batch(migration.KIND, [migration.job("X", cell, ion, charge, grid, 120.0)])
    return result


def barriers(result: Result) -> list[float]:
    assert not result.reasons
    return [float(result.values[name]) for name in migration.COLUMNS.values()]


def reason_of(result: Result) -> str:
    assert result.reasons.keys() == set(migration.COLUMNS.values())
    (reason,) = set(result.reasons.values())
    return reason


def needs_bvlain() -> None:
    pytest.importorskip("bvlain", reason="bvlain is not installed", exc_type=ImportError)


@pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")
@pytest.mark.parametrize("filled", [0.0, 0.02, 0.1, 0.3, 1.0])
def test_clusters_are_counted_as_bvlain_counts_them(filled: float) -> None:
    needs_bvlain()
    from bvlain import Lain  # noqa: PLC0415 (an extra)

    calculation = Lain(verbose=False)
    calculation.n_jobs, calculation.backend = 1, "threading"
    random = np.random.default_rng(1)
    for shape in ((4, 5, 6), (1, 8, 3), (7, 7, 2)):
        free = random.random(shape) < filled
        labels, features = calculation._connected_components(1.0 - free, 0.5)
        known = calculation._percolation_dimension(labels, features)
        assert migration._copies_joined(labels) == known


def test_the_documented_example() -> None:
    """LiFePO4 in bvlain's README: 0.4395, 3.3301 and 3.3594 eV, of another refinement."""
    needs_bvlain()
    found = barriers(result_of(OLIVINE, grid=0.2))
    assert found == pytest.approx([0.4395, 3.3301, 3.3594], rel=0.1)


@pytest.mark.parametrize("cell", [LIF, ANTIFLUORITE, ANTIPEROVSKITE, OLIVINE])
def test_more_directions_cost_more(cell: Cell) -> None:
    needs_bvlain()
    one, two, three = barriers(result_of(cell))
    assert 0 < one <= two <= three < 5


@pytest.mark.parametrize("cell", [LIF, ANTIFLUORITE, ANTIPEROVSKITE])
def test_cubic_crystals_conduct_alike_in_all_directions(cell: Cell) -> None:
    needs_bvlain()
    one, _, three = barriers(result_of(cell))
    assert one == pytest.approx(three, abs=0.02)


def test_a_finer_grid_and_another_order_of_atoms_change_little() -> None:
    needs_bvlain()
    (coarse, *_), (fine, *_) = (barriers(result_of(ANTIPEROVSKITE, grid=g)) for g in (0.3, 0.15))
    assert coarse == pytest.approx(fine, abs=0.12)
    turned = Cell(OLIVINE.lattice, OLIVINE.symbols[::-1], OLIVINE.places[::-1])
    assert result_of(turned) == result_of(OLIVINE)


def test_other_ions() -> None:
    needs_bvlain()
    assert barriers(result_of(rock_salt("Na", "Cl", 5.64), "Na"))[2] > 0
    assert barriers(result_of(rock_salt("Mg", "O", 4.212), "Mg", 2))[2] > 0


NO_BARRIER = {
    "holds no Li to migrate": COPPER,
    "is the metal itself, not ionic": cell_of("Im-3m", [3.51] * 3, ("Li", (0.0, 0.0, 0.0))),
    "not ionic": cell_of("Fm-3m", [6.7] * 3, ("Ag", (0.0, 0.0, 0.0)), ("Li", (0.5, 0.5, 0.5))),
    "no bond-valence parameters for Li1+ with P3-": cell_of(
        "Fm-3m", [6.0] * 3, ("P", (0, 0, 0)), ("Li", (0.25,) * 3), ("Li", (0.5,) * 3)
    ),
    "the cell is too large": cell_of("P1", [90.0] * 3, ("Li", (0, 0, 0)), ("F", (0.02, 0, 0))),
}


@pytest.mark.parametrize("reason", NO_BARRIER)
def test_each_refusal_has_its_reason(reason: str) -> None:
    needs_bvlain()
    result = result_of(NO_BARRIER[reason])
    assert reason_of(result).startswith(reason)
    assert result.keep


def test_without_the_package_the_reason_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bvlain", None)
    result = result_of(LIF)
    assert reason_of(result) == (
        "bvlain is not installed; pip install 'screen-anode-interfaces[transport]'"
    )
    assert not result.keep


def test_the_version_of_the_package_is_part_of_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = migration.job("LiF", LIF, "Li", 1, 0.3, 60).digest
    monkeypatch.setattr(migration, "version", lambda: "0.0")
    assert migration.job("LiF", LIF, "Li", 1, 0.3, 60).digest != before
