"""Surfaces: laws that hold for any calculator, with ASE's EMT of metals; then what goes wrong."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from screen.atomistic import calculators, slabs, wetting
from screen.atomistic.jobs import Cell, NoAnswerError, Result, batch
from screen.atomistic.wetting import Bench, Face, Metal, Options
from screen.coincidence import common_cell
from screen.errors import UsageError
from tests.atomistic.made_up import ALUMINIUM, COPPER, LIF, SILVER, cell_of, fcc

# Inside a batch all warnings are silenced; here it is spglib's, which pymatgen does not heed yet.
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")

QUICK = Options(vacuum_a=8.0, width_a=5.0, faces=1, sites=2)


def bench(**changes: Any) -> Bench:
    return Bench(calculators.calculator("emt"), Options(**vars(QUICK) | changes))


def result_of(
    cell: Cell, calculator: str = "emt", metal: Cell = ALUMINIUM, **changes: Any
) -> Result:
    options = Options(**vars(QUICK) | changes)
    (result,) = batch(wetting.KIND, [wetting.job("X", cell, metal, calculator, options, 120)])
    return result


def only_reason(result: Result) -> str:
    assert not result.values
    assert result.reasons.keys() == set(wetting.COLUMNS)
    (reason,) = set(result.reasons.values())
    return reason


def test_bulk_energy_is_that_of_a_relaxed_cell() -> None:
    structure, per_atom = bench().bulk(fcc("Cu", 3.70))
    again, same = bench().bulk(COPPER)
    assert per_atom == pytest.approx(same, abs=1e-3)
    assert structure.volume == pytest.approx(again.volume, rel=5e-3)
    assert per_atom == pytest.approx(-0.007, abs=2e-3)  # EMT counts from the bulk of 1996


@pytest.mark.parametrize(("cell", "measured"), [(COPPER, 1.79), (SILVER, 1.25), (ALUMINIUM, 1.14)])
def test_surface_energies_are_of_the_right_size(cell: Cell, measured: float) -> None:
    """Against Tyson and Miller, Surf. Sci. 62, 267 (1977); EMT comes out low by up to half."""
    faces = bench(faces=3).faces(cell)
    assert faces[0].name == "(111)"
    assert sorted(faces, key=lambda face: face.energy) == faces
    assert 0.4 < faces[0].energy / measured < 1.2


def test_surface_energy_does_not_depend_on_thickness() -> None:
    thin, thick = (bench(thickness_a=t).faces(COPPER)[0] for t in (8.0, 20.0))
    assert len(thick.slab) > 2 * len(thin.slab) - 3
    assert thin.energy == pytest.approx(thick.energy, rel=0.02)


def test_an_atom_far_away_keeps_its_own_energy() -> None:
    own = bench()
    face = own.faces(COPPER)[0]
    wide = face.slab.repeat((3, 3, 1))
    far = slabs.stack(wide, Atoms("Al"), np.zeros(2), 10.0, 20.0)
    alone = Atoms("Al", cell=[20.0] * 3, pbc=True)
    assert own.energy(far) - own.energy(wide) == pytest.approx(own.energy(alone), abs=1e-6)


def test_sites_of_more_neighbours_bind_stronger() -> None:
    own = bench(faces=3, sites=6)
    (face,) = (face for face in own.faces(COPPER) if face.name == "(100)")
    found = own.adsorbed(face, "Cu")
    assert [site for _, site in found] == ["hollow of 4", "bridge", "top"]
    assert np.diff([energy for energy, _ in found]).min() > 0.1


def test_a_slab_that_only_needed_waking_is_counted_awake() -> None:
    own = bench(sites=1)
    face = own.faces(COPPER)[0]
    asleep = face.slab.copy()
    asleep.positions[np.argmax(asleep.positions[:, 2]), 2] += 0.4
    total = own.energy(asleep)
    assert total > face.total + 0.05
    ((energy, _),) = own.adsorbed(replace(face, slab=asleep, total=total), "Al")
    ((expected, _),) = own.adsorbed(face, "Al")
    assert energy == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("face", ["(111)", "(100)", "(110)"])
def test_a_metal_sticks_to_itself_by_twice_its_surface_energy(face: str) -> None:
    own = bench(faces=3)
    faces = [one for one in own.faces(ALUMINIUM) if one.name == face]
    found = wetting._adhesion(own, faces, Metal("Al", 0.0, tuple(faces)))
    work = float(found["work_of_adhesion_j_m2"])
    # Not nearer: surface energies depend a little on thickness, and the stack has twice that.
    assert work == pytest.approx(2 * faces[0].energy, rel=1e-2)
    assert found["wetting_cosine"] == pytest.approx(1, abs=2e-2)
    assert found["adhesion_strain_fraction"] == 0
    assert found["adhesion_faces"] == f"{face} | Al {face}"


def test_a_film_is_turned_over_where_only_its_other_side_fits() -> None:
    own = bench()
    slab = next(slabs.terminations(ALUMINIUM.structure, (3, 2, 1), 5, 8))  # its plane is oblique
    face = Face("(321)", slab, own.relax(slab), 1.0)
    over = slabs.turned_over(slab)
    planes = [one.cell.array[:2, :2] for one in (slab, over)]
    shared = common_cell(planes[0], planes[1], 120, 0.05)
    assert shared is not None
    assert np.linalg.det(shared.upper) == pytest.approx(-1)
    behind = Face("(321)", over, face.total, 1.0)
    found = [wetting._adhesion(own, [face], Metal("Al", 0.0, (film,))) for film in (face, behind)]
    assert found[0] == found[1]
    assert found[1]["adhesion_strain_fraction"] == 0


def test_a_whole_result_and_the_same_whatever_the_places_of_the_atoms() -> None:
    result = result_of(SILVER)
    assert not result.reasons
    assert tuple(result.values) == wetting.COLUMNS
    assert result.values["adhesion_strain_fraction"] == pytest.approx(0.0174, abs=2e-3)
    assert 0 < float(result.values["work_of_adhesion_j_m2"]) < 3
    shifted = cell_of("Fm-3m", [4.09] * 3, ("Ag", (0.5, 0.0, 0.0)))
    moved = result_of(shifted)
    for name, value in result.values.items():
        if isinstance(value, float):
            assert moved.values[name] == pytest.approx(value, abs=2e-3), name


def test_on_its_own_metal_an_atom_binds_less_than_in_the_bulk() -> None:
    assert float(result_of(ALUMINIUM).values["adsorption_energy_ev"]) > 0


def test_without_a_shared_cell_there_is_adsorption_and_a_reason() -> None:
    result = result_of(COPPER, strain=0.001, area_a2=20.0)
    assert "adsorption_energy_ev" in result.values
    reason = "no face shares a cell with Al below 20 Å², 0% strain and 250 atoms"
    assert set(result.reasons.values()) == {reason}
    assert result.keep


def test_slabs_that_are_too_large_are_refused() -> None:
    assert only_reason(result_of(COPPER, atoms=3)) == (
        "the anode metal: 4 atoms in a cell; 3 allowed"
    )
    no_room = result_of(COPPER, atoms=9).reasons
    assert no_room["adsorption_face"] == (
        "no slab of at most 9 atoms with one of Al on it relaxes in 200 steps"
    )


def test_elements_that_the_calculator_does_not_know() -> None:
    for _ in range(2):  # the first failure leaves nothing behind in the calculator
        result = result_of(LIF)
        assert only_reason(result) == (
            "the calculator does not know an element (No EMT-potential for Li)"
        )
        assert not result.keep


def test_atoms_that_overlap() -> None:
    cell = cell_of("P1", [4.0] * 3, ("Cu", (0.0, 0.0, 0.0)), ("Cu", (0.15, 0.0, 0.0)))
    assert only_reason(result_of(cell)) == "atoms less than 0.7 Å apart"


def test_polar_everywhere() -> None:
    sites = [("Cu", (0.0, 0.0, 0.0)), ("Au", (0.3, 0.31, 0.33)), ("Pt", (0.57, 0.6, 0.52))]
    cell = cell_of("P1", [4.0, 4.3, 4.6], *sites)
    with pytest.raises(NoAnswerError, match="two like sides"):
        Bench(_Still(), QUICK).faces(cell)


class _Still:
    """Nothing to relax and no energy: for the geometry alone."""

    def get_potential_energy(self, *_: Any, **__: Any) -> float:
        return 0.0

    def get_forces(self, atoms: Any, *_: Any) -> Any:
        return np.zeros((len(atoms), 3))

    def get_stress(self, *_: Any, **__: Any) -> Any:
        return np.zeros(6)


MADE_UP = "tests.atomistic.made_up"


@pytest.mark.parametrize(
    ("calculator", "reason", "keep"),
    [
        ("never_converges", "does not relax below 0.05 eV/Å in 200 steps", True),
        ("not_a_number", "the calculator gives no finite energy", False),
        ("raises", "gives no calculator (no licence for this machine)", False),
        ("absent", "gives no calculator (module", False),
    ],
)
def test_calculators_that_fail(calculator: str, reason: str, keep: bool) -> None:
    result = result_of(COPPER, f"{MADE_UP}:{calculator}")
    assert only_reason(result).startswith("the anode metal: ")
    assert reason in only_reason(result)
    assert result.keep == keep


def test_a_calculator_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chgnet.model.dynamics", None)
    calculators.calculator.cache_clear()
    wetting._metal.cache_clear()
    result = result_of(COPPER, "chgnet")
    assert only_reason(result) == (
        "the anode metal: chgnet is not installed; pip install 'screen-anode-interfaces[mlip]'"
    )
    assert not result.keep
    assert "no_such_module:f is not installed" in only_reason(result_of(COPPER, "no_such_module:f"))


def test_names_of_calculators() -> None:
    for name in ("emt", "chgnet", "package.module:function"):
        calculators.check_name(name)
    for name in ("chgnt", "module:", ":function", "module", "module:not a name"):
        with pytest.raises(UsageError, match=r"unknown calculator .*module:function"):
            calculators.check_name(name)


def test_versions_tell_calculators_apart() -> None:
    ours = calculators.version_of(f"{MADE_UP}:raises")
    assert len(ours) == 16
    assert calculators.version_of("no_such_module:f") == ""
    assert calculators.version_of("emt")
    one, other = (
        wetting.job("Cu", COPPER, ALUMINIUM, name, QUICK, 60).digest for name in ("emt", "chgnet")
    )
    assert one != other


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
def test_chgnet_gives_lithium_its_cell_and_its_own_adhesion() -> None:
    lithium = cell_of("Im-3m", [3.51] * 3, ("Li", (0.0, 0.0, 0.0)))
    result = result_of(lithium, "chgnet", lithium)
    assert not result.reasons
    gamma = float(result.values["surface_energy_j_m2"])
    assert 0.2 < gamma < 0.7
    assert result.values["work_of_adhesion_j_m2"] == pytest.approx(2 * gamma, rel=0.02)
