"""Energies anchored to experiment, beside measured voltages and the table's own."""

from __future__ import annotations

import numpy as np
import pytest

import screen
from benchmarks import anchored_energies as compared
from screen.composition import Compositions
from screen.energies import anchored, measured
from screen.errors import DataError, UsageError
from screen.phases import Phases
from screen.settings import Settings
from screen.sources import reference
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose

ANODE = "Li"
# Gibbs energies of formation at 298 K over the charge, from NIST-JANAF and the CRC Handbook.
DECOMPOSITION_V = {
    **{"LiF": 6.10, "LiCl": 3.98, "LiBr": 3.54, "LiI": 2.79},
    **{"Li2O": 2.91, "Li2S": 2.27, "Li3N": 0.44, "LiH": 0.71},
}


@pytest.fixture(scope="module")
def phases() -> Phases:
    return screen.load(energies="anchored")


def voltages(phases: Phases) -> dict[str, float]:
    """Formation from lithium and the nonmetal, V."""
    compositions = Compositions.from_formulas(list(DECOMPOSITION_V))
    rows = phases.rows_of(compositions)
    energy = -phases.energy[rows] * compositions.atoms
    held = [compositions.row(i)[ANODE] for i in range(len(rows))]
    return dict(zip(DECOMPOSITION_V, energy / np.array(held), strict=True))


def test_eight_lithium_binaries_decompose_where_measured(phases: Phases) -> None:
    table, now = voltages(reference.load()), voltages(phases)
    for formula, wanted in DECOMPOSITION_V.items():
        assert now[formula] == pytest.approx(wanted, abs=0.05), formula
    before = np.mean([abs(table[f] - v) for f, v in DECOMPOSITION_V.items()])
    after = np.mean([abs(now[f] - v) for f, v in DECOMPOSITION_V.items()])
    assert after < 0.1 * before


def test_every_phase_says_what_was_done_to_it(phases: Phases) -> None:
    plain = reference.load()
    said = dict(zip(phases.formulas, phases.texts("source"), strict=True))
    assert said["LiF"] == "bartel2020; measured: nasa_condensed"
    assert "corrected by" in said["Li6PS5Cl"]
    assert said["LiAg"].endswith("left alone")
    assert said["LiZn4"] == "measured: debski_2016b"
    rows = phases.rows_of(plain.compositions)
    moved = phases.energy[rows] != plain.energy
    for formula, was_moved in zip(plain.formulas, moved, strict=True):
        assert was_moved == (not said[formula].endswith("left alone")), formula


def test_measured_figures_stand_where_they_are(phases: Phases) -> None:
    rows, gibbs = measured.places_in(phases), measured.column("gibbs")
    known = (rows >= 0) & ~np.isnan(gibbs)
    assert known.sum() > 200
    np.testing.assert_allclose(phases.energy[rows[known]], gibbs[known], atol=1e-9)


def test_elements_stay_and_alloys_without_measurement_too(phases: Phases) -> None:
    plain = reference.load()
    of = dict(zip(phases.formulas, phases.energy.tolist(), strict=True))
    for formula, energy in zip(plain.formulas, plain.energy.tolist(), strict=True):
        elements = Compositions.from_formulas([formula]).row(0).keys()
        if len(elements) == 1 or elements == {"Li", "Ag"}:
            assert of[formula] == energy


def test_alloys_between_measured_ones_move_with_them(phases: Phases) -> None:
    """LiAl was measured; Li3Al2 and Li9Al4 would take its place if they stayed where they are."""
    plain = reference.load()
    shift = {
        formula: phases.energy[phases.formulas.index(formula)] - plain.energy[i]
        for i, formula in enumerate(plain.formulas)
        if formula in ("LiAl", "Li3Al2", "Li9Al4")
    }
    assert shift["Li3Al2"] == pytest.approx(shift["LiAl"] * 0.4 / 0.5)
    assert shift["Li9Al4"] == pytest.approx(shift["LiAl"] * (4 / 13) / 0.5)


def test_the_same_table_twice_is_the_same(phases: Phases) -> None:
    assert anchored.anchor(phases) is phases
    assert phases.digests() == screen.load(energies="anchored").digests()
    assert phases.digests() != reference.load().digests()


def test_a_file_is_anchored_as_the_embedded_set(phases: Phases) -> None:
    plain = reference.load()
    memory = Phases(plain.table, name="mine")
    np.testing.assert_array_equal(anchored.anchor(memory).energy, phases.energy)


def test_energies_of_another_scheme_are_refused() -> None:
    plain = reference.load()
    at = plain.table.schema.get_field_index("formation_energy_ev_atom")
    other = plain.table.set_column(at, "formation_energy_ev_atom", [plain.energy * 0.9])
    with pytest.raises(
        DataError, match="another scheme can neither be anchored nor sampled"
    ) as caught:
        anchored.anchor(Phases(other, name="mine"))
    assert "--energies table" in str(caught.value)


def test_an_unknown_kind_of_energies_is_refused() -> None:
    with pytest.raises(UsageError, match="energies"):
        screen.window("LiF", energies="exact")


def test_the_setting_reaches_every_question() -> None:
    """And is part of what a run depends on."""
    plain, corrected = (screen.window("LiF", energies=e).records[0] for e in ("table", "anchored"))
    assert plain["oxidation_v"] == pytest.approx(6.36, abs=0.01)
    assert corrected["oxidation_v"] == pytest.approx(6.10, abs=0.01)
    assert Settings(energies="anchored").model_dump() != Settings().model_dump()


def test_what_is_made_every_day_stays_near_the_hull(phases: Phases) -> None:
    """Beside the errors that are left; those of alloys and sulfides are near 0.09 eV/atom."""
    table = Competition(phases.compositions, phases.energy)
    made = Compositions.from_formulas(["Li6PS5Cl", "Li3OCl", "Li2PNO2", "Li3PO4", "Li7La3Zr2O12"])
    hull = decompose(table, made).energy
    above = phases.energy[phases.rows_of(made)] - hull
    assert np.all(above < 0.1)


def test_alloy_plateaus_are_no_worse_than_those_of_the_table(phases: Phases) -> None:
    measured_v = np.array([volts for *_, volts in compared.PLATEAUS])
    before, after = (
        np.abs(compared.plateau_voltages(p) - measured_v) for p in (reference.load(), phases)
    )
    assert after.mean() < 0.75 * before.mean()
    names = [f"{first} to {last}" for first, last, _ in compared.PLATEAUS]
    worse = [name for name, a, b in zip(names, after, before, strict=True) if a > b + 0.01]
    assert worse == ["C to LiC12"]


def test_interphases_are_told_as_before(phases: Phases) -> None:
    assert compared.interphases(phases) == compared.interphases(reference.load())


def test_a_phase_that_moved_more_than_its_error_has_a_note() -> None:
    (note,) = screen.decompose("Ag2O", energies="anchored").notes
    assert note.startswith("Ag2O: ")
    assert "above the hull with anchored energies, 0.000 with those of the table" in note
    assert not screen.decompose("Ag2O").notes
    for formula in ("Li6PS5Cl", "Cu3N", "Li2PNO2"):
        assert not screen.decompose(formula, energies="anchored").notes, formula
