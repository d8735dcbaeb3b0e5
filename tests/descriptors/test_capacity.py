"""Capacities, volume changes and losses: exact values by hand, laws, and the reference cell."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from screen import cell, descriptors
from screen.candidates import make_case
from screen.columns import Values
from screen.composition import Compositions
from screen.descriptors import capacity
from screen.descriptors.case import Case
from screen.phases import Phases
from screen.settings import ReferenceCell, Settings
from screen.sources.reference import ANODES
from screen.tables import elements
from tests.descriptors.cases import case_of, phases

FARADAY_MAH_MOL = 96485.33212 / 3.6
A3_TO_CM3_MOL = 0.602214076

SILICON_A3 = 20.02
LI15SI4_A3 = 10.63**3 / 76
"""Cubic cell of 16 Si and 60 Li, a = 10.63 Å."""


def values_of(case: Case) -> Values:
    return descriptors.compute_families(case, ("against_anode", "capacity"))


def value(formula: str, name: str, anode: str = "Li", **settings: Any) -> float:
    return float(values_of(case_of(formula, anode=anode, **settings)).columns[name][0])


TABLE: dict[str, tuple[float, float | None, float | None]] = {
    # energy of formation, volume per atom, gap
    "Li": (0.0, 21.6, None),
    "Si": (0.0, SILICON_A3, None),
    "Zn": (0.0, 15.2, None),
    "O": (0.0, None, None),
    "Li15Si4": (-0.3, LI15SI4_A3, None),
    "ZnO": (-1.8, 11.9, 0.7),
    "Li2O": (-2.0, 8.2, 5.0),
    "LiZn": (-0.2, 15.1, None),
    "SiO2": (-3.0, 12.6, 5.7),
}


def toy(
    *candidates: str,
    settings: Settings | None = None,
    **changes: tuple[float, float | None, float | None],
) -> Case:
    """A few phases with volumes and gaps, some of them changed."""
    rows = TABLE | changes
    energy, volume, gap = zip(*rows.values(), strict=True)
    table = {
        "formula": list(rows),
        "formation_energy_ev_atom": list(energy),
        "volume_a3_atom": list(volume),
        "band_gap_ev": list(gap),
    }
    return make_case(Phases(table, name="toy"), settings or Settings(), candidates)[0]


@pytest.mark.parametrize(
    ("formula", "published"),
    [("LiAl", 993), ("Li22Sn5", 993.4), ("Li15Si4", 3579), ("Li9Al4", 2235), ("Li3Bi", 384.7)],
)
def test_own_capacity_per_gram_of_the_other_elements(formula: str, published: float) -> None:
    assert value(formula, "own_capacity_mah_g") == pytest.approx(published, abs=1)


def test_own_capacity_counts_electrons() -> None:
    """Mg3Bi2: three Mg of two charges on two Bi."""
    expected = 6 * FARADAY_MAH_MOL / (2 * 208.9804)
    assert value("Mg3Bi2", "own_capacity_mah_g", "Mg") == pytest.approx(expected, rel=1e-6)


def test_lithium_has_no_host_but_a_capacity() -> None:
    values = values_of(case_of("Li"))
    for name in ("own_capacity_mah_g", "host_capacity_mah_g", "host_change_wh_kg"):
        assert np.isnan(values.columns[name][0])
        assert values.reason(name)[0] == "is Li itself"
    assert values.columns["held_mah_g"][0] == pytest.approx(3861, abs=1)
    assert values.columns["held_mah_cm3"][0] == pytest.approx(2062, rel=0.01)
    assert values.columns["uptake_volume_fraction"][0] == pytest.approx(0, abs=1e-9)
    assert values.columns["conversion_loss_mah_cm2_um"][0] == 0


def test_silicon_takes_up_3579_mah_per_gram_of_si() -> None:
    """With Li15Si4 as the last phase, the convention of the literature."""
    for formula in ("Si", "Li15Si4"):
        found = values_of(toy(formula)).columns["host_capacity_mah_g"][0]
        assert found == pytest.approx(3579, abs=1)
    assert value("Si", "host_capacity_mah_g") == pytest.approx(4.2 * FARADAY_MAH_MOL / 28.0855)


def test_silicon_swells_by_275_percent() -> None:
    """Li15Si4: a = 10.63 Å for 16 Si, 75.1 Å³ each, from 20.02 Å³."""
    columns = values_of(toy("Si", "Li15Si4")).columns
    swollen = 10.63**3 / 16 / SILICON_A3 - 1
    assert swollen == pytest.approx(2.75, abs=0.01)
    assert columns["uptake_volume_fraction"][0] == pytest.approx(swollen, rel=1e-9)
    assert columns["uptake_volume_fraction"][1] == pytest.approx(0, abs=1e-9)  # as given: full
    charge = 3.75 * FARADAY_MAH_MOL / (10.63**3 / 16 * A3_TO_CM3_MOL)
    np.testing.assert_allclose(columns["held_mah_cm3"], charge, rtol=1e-8)


def test_volumes_come_from_densities_where_a_table_has_those() -> None:
    rows = {"Li": 0.534, "Si": 2.33, "Li15Si4": 1.18}
    table = {
        "formula": list(rows),
        "formation_energy_ev_atom": [0.0, 0.0, -0.3],
        "density_g_cm3": list(rows.values()),
    }
    case = make_case(Phases(table), Settings(), ["Si"])[0]
    columns = values_of(case).columns
    per_si = 28.0855 + 3.75 * 6.941
    expected = (per_si / 1.18) / (28.0855 / 2.33) - 1
    assert columns["uptake_volume_fraction"][0] == pytest.approx(expected, rel=1e-6)
    assert columns["held_mah_cm3"][0] == pytest.approx(columns["held_mah_g"][0] * 1.18, rel=1e-6)


def test_zinc_oxide_binds_two_of_the_three_lithium() -> None:
    """ZnO + 3 Li -> Li2O + LiZn: the alloy gives its lithium back, the oxide does not."""
    case = toy("ZnO")
    assert case.facts.write_mixtures(case.equilibria.contact_products) == ["Li2O + LiZn"]
    volume = 2 * 11.9 * A3_TO_CM3_MOL
    expected = 2 * FARADAY_MAH_MOL / volume * 1e-4
    loss = values_of(case).columns["conversion_loss_mah_cm2_um"][0]
    assert loss == pytest.approx(expected, rel=1e-8)
    assert loss == pytest.approx(0.374, abs=0.001)


def test_magnesium_binds_two_charges_to_each_oxygen() -> None:
    """MgO in place of Li2O: half the atoms, the same charge."""
    assert value("ZnO", "conversion_loss_mah_cm2_um", "Mg") == pytest.approx(
        value("ZnO", "conversion_loss_mah_cm2_um", "Li"), rel=1e-6
    )


def test_alloys_and_what_does_not_react_lose_nothing() -> None:
    for formula in ("Si", "Zn", "Li2O", "LiZn", "Li15Si4"):
        assert values_of(toy(formula)).columns["conversion_loss_mah_cm2_um"][0] == 0


def test_a_loss_of_nothing_needs_no_density() -> None:
    values = values_of(toy("Si", Si=(0.0, None, None)))
    assert values.columns["conversion_loss_mah_cm2_um"][0] == 0
    assert values.reason("uptake_volume_fraction")[0] == "volume not in toy"
    assert values.reason("interlayer_change_wh_kg")[0] == "volume not in toy"


def test_a_film_without_a_volume_loses_by_an_estimate_of_it() -> None:
    """Within a tenth or so of the loss with its volume; what is measured stays unknown."""
    with_volume, without = toy("ZnO"), toy("ZnO", ZnO=(-1.8, None, 0.7))
    loss = "conversion_loss_mah_cm2_um"
    known, estimated = (values_of(case).columns[loss][0] for case in (with_volume, without))
    assert known > 0.3
    assert estimated == pytest.approx(known, rel=0.15)
    assert np.isnan(without.density[0]).all()
    assert with_volume.likely_density[0] == pytest.approx(with_volume.density[0])


def test_what_a_product_conducts_decides_what_it_binds() -> None:
    unknown = values_of(toy("ZnO", Li2O=(-2.0, 8.2, None)))
    assert np.isnan(unknown.columns["conversion_loss_mah_cm2_um"][0])
    for name in ("conversion_loss_mah_cm2_um", "interlayer_change_wh_kg"):
        assert unknown.reason(name)[0] == "no band gap for the contact product Li2O"
    conducting = values_of(toy("ZnO", Li2O=(-2.0, 8.2, 0.0)))
    assert conducting.columns["conversion_loss_mah_cm2_um"][0] == 0


def test_lithium_that_a_film_brings_is_not_lost() -> None:
    """LiZnO2 brings one of the four that its two oxide formula units end up with."""
    case = toy("LiZnO2", LiZnO2=(-1.5, 10.0, 1.0))
    expected = 3 * FARADAY_MAH_MOL / (4 * 10.0 * A3_TO_CM3_MOL) * 1e-4
    loss = values_of(case).columns["conversion_loss_mah_cm2_um"][0]
    assert loss == pytest.approx(expected, rel=1e-8)


def test_the_phase_without_a_volume_is_named() -> None:
    values = values_of(toy("Si", "ZnO", Li15Si4=(-0.3, None, None)))
    for name in ("held_mah_cm3", "uptake_volume_fraction", "host_change_wh_kg"):
        assert values.reason(name)[0] == "volume of Li15Si4 not in toy"
        assert not np.isnan(values.columns[name][1])
    assert not np.isnan(values.columns["alloy_change_wh_kg"][0])  # by mass alone


def test_a_candidate_that_is_no_phase_has_no_volume() -> None:
    values = values_of(toy("Li2SiO3"))
    assert values.reason("uptake_volume_fraction")[0] == "no such phase in toy"
    assert values.columns["own_capacity_mah_g"][0] > 0


# In the reference cell.


def test_film_of_the_column_is_that_of_the_cell() -> None:
    settings = Settings(cell=ReferenceCell(film_nm=50.0))
    columns = values_of(toy("ZnO", settings=settings)).columns
    density = (65.409 + 15.9994) / (2 * 11.9 * A3_TO_CM3_MOL)
    loss = columns["conversion_loss_mah_cm2_um"][0]
    reference = cell.reference_stack(settings.cell)
    change = cell.film_stack(settings.cell, density, loss).energy_wh_kg - reference.energy_wh_kg
    assert columns["interlayer_change_wh_kg"][0] == pytest.approx(change, rel=1e-4)
    assert columns["interlayer_change_wh_kg"][0] == pytest.approx(-2.3, abs=0.1)
    thicker = values_of(toy("ZnO")).columns["interlayer_change_wh_kg"][0]
    assert thicker == pytest.approx(2 * columns["interlayer_change_wh_kg"][0], rel=0.01)


def test_alloy_of_the_column_is_that_of_the_cell() -> None:
    columns = values_of(toy("Si", "Li15Si4")).columns
    held, volts = columns["held_mah_g"][0], columns["mean_uptake_v"][0]
    stack = cell.alloy_stack(ReferenceCell(), held, columns["held_mah_cm3"][0], volts)
    change = stack.energy_wh_kg - cell.reference_stack(ReferenceCell()).energy_wh_kg
    # However much metal an alloy holds to begin with, it is the same when it is full.
    np.testing.assert_allclose(columns["alloy_change_wh_kg"], change, rtol=1e-9)
    # The 8 mAh/cm² that are cycled and in excess, as Li15Si4 in place of Li.
    assert stack.mass_mg_cm2 - 35.672 == pytest.approx(8000 / held - 8000 / 3861.3, abs=1e-3)


def test_host_of_the_column_is_a_full_scaffold() -> None:
    """A fifth of the anode is solid: a quarter of the volume of 38.8 µm of metal."""
    columns = values_of(toy("Si", "Li2O")).columns
    for i, density in (
        (0, (28.0855 + 3.75 * 6.941) / (10.63**3 / 16 * A3_TO_CM3_MOL)),
        (1, (2 * 6.941 + 15.9994) / (3 * 8.2 * A3_TO_CM3_MOL)),
    ):
        extra = 38.798e-4 / 4 * density * 1000
        reference = cell.reference_stack(ReferenceCell())
        expected = reference.energy_wh_kg * reference.mass_mg_cm2 / (reference.mass_mg_cm2 + extra)
        found = columns["host_change_wh_kg"][i]
        assert found == pytest.approx(float(expected - reference.energy_wh_kg), rel=1e-3)


def test_only_alloys_that_take_up_the_metal_are_alloy_hosts() -> None:
    values = values_of(toy("Li2O", "Li", "Zn"))
    reasons = values.reason("alloy_change_wh_kg")
    assert reasons[0] == "is no alloy"
    assert reasons[1] == "is Li itself"
    assert values.columns["alloy_change_wh_kg"][2] < 0
    inert = values_of(case_of("Fe"))
    assert inert.reason("alloy_change_wh_kg")[0] == "takes up no Li"


@pytest.mark.parametrize("name", ["interlayer", "host", "alloy"])
def test_a_cell_of_another_anode_metal_says_so(name: str) -> None:
    column = f"{name}_change_wh_kg"
    values = values_of(case_of("Sn", anode="Na"))
    assert np.isnan(values.columns[column][0])
    assert values.reason(column)[0] == "settings.cell is stated for Li, not Na"


def test_a_cell_can_be_stated_for_another_anode_metal() -> None:
    stated = ReferenceCell(anode="Na", positive_v=3.2, positive_mah_g=130.0)
    assert value("Sn", "alloy_change_wh_kg", "Na", cell=stated) < 0


# Laws over all named candidates.


@cache
def everything(anode: str) -> tuple[Case, Values]:
    """All named candidates with made-up volumes, which the laws do not depend on."""
    table = phases().table
    made_up = np.random.default_rng(1).uniform(8, 30, len(phases()))
    at = table.schema.get_field_index("volume_a3_atom")
    made = Phases(table.set_column(at, "volume_a3_atom", [made_up]), name="reference")
    settings = Settings(anode=anode, cell=ReferenceCell(anode=anode))
    case = make_case(made, settings)[0]
    return case, values_of(case)


every_anode = pytest.mark.parametrize("anode", ANODES)


@every_anode
def test_with_all_volumes_only_the_unknown_gaps_are_missing(anode: str) -> None:
    _, values = everything(anode)
    for name in ("held_mah_cm3", "uptake_volume_fraction"):
        gaps = np.isnan(values.columns[name])
        assert set(values.reason(name)[gaps]) <= {"no such phase in reference"}
    loss = values.columns["conversion_loss_mah_cm2_um"]
    assert (loss[~np.isnan(loss)] >= 0).all()
    assert (loss > 0).any()


@every_anode
def test_capacities_by_mass_and_volume_fit_together(anode: str) -> None:
    """Held charge per cm³ times volume is held charge per g times mass; per host and per whole."""
    case, values = everything(anode)
    columns = values.columns
    per_whole, per_host = columns["held_mah_g"], columns["host_capacity_mah_g"]
    metal = elements().molar_mass_g_mol[case.anode.element] / case.anode.valence
    known = ~np.isnan(per_host)
    assert (per_whole[known] <= per_host[known] + 1e-9).all()
    expected = per_host / (1 + per_host / FARADAY_MAH_MOL * metal)
    np.testing.assert_allclose(per_whole[known], expected[known], rtol=1e-6, atol=1e-9)
    whole = Compositions.from_formulas(case.formulas)
    atoms_per_host = columns["held_per_host_atom"] * case.anode.valence * FARADAY_MAH_MOL
    others = whole.atoms - whole.amount_of(case.anode.element)
    host_mass = case.molar_mass - whole.amount_of(case.anode.element) * metal * case.anode.valence
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_allclose(
            per_host[known], (atoms_per_host * others / host_mass)[known], rtol=1e-6, atol=1e-9
        )


@every_anode
def test_what_is_lost_was_taken_up(anode: str) -> None:
    case, values = everything(anode)
    density, _ = case.density
    taken = values.columns["contact_anode_per_formula"] * case.anode.valence * FARADAY_MAH_MOL
    most = np.maximum(taken, 0) / case.molar_mass * density * 1e-4
    loss = values.columns["conversion_loss_mah_cm2_um"]
    known = ~np.isnan(loss + most)
    assert (loss[known] <= most[known] + 1e-9).all()
    assert (loss[case.alloys] == 0).all()


@every_anode
def test_nothing_in_the_cell_comes_for_free(anode: str) -> None:
    _, values = everything(anode)
    for role in capacity.STACKS:
        change = values.columns[f"{role}_change_wh_kg"]
        known = change[~np.isnan(change)]
        assert len(known) > 10
        assert (known < 0).all()
        assert (known > -cell.reference_stack(ReferenceCell(anode=anode)).energy_wh_kg - 1e-9).all()


def test_a_loss_does_not_depend_on_the_voltage_of_plating() -> None:
    name = "conversion_loss_mah_cm2_um"
    losses = [value("ZnO", name, plating_v=v) for v in (0.0, 0.02, 0.5)]
    assert losses == [pytest.approx(0.374, abs=0.001)] * 3
