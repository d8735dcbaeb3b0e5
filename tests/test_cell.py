"""Cell equations: laws and limits, other ways to the same number, published figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import constants

from screen import cell
from screen.errors import UsageError
from screen.settings import ReferenceCell
from screen.tables import anode_of, rows_of
from screen.units import CM3_MOL_PER_A3, EV_PER_J_MOL, MAH_PER_MOL
from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")

FARADAY = 96485.33212
GAS = 8.31446261815324
ROOM_K = 298.15
ANODES = [row["symbol"] for row in rows_of("anodes")]

positive = st.floats(1e-3, 1e3)
share = st.floats(0.01, 1.0)


def test_factors_are_those_of_the_tables() -> None:
    assert math.isclose(MAH_PER_MOL, 26801.4814, rel_tol=1e-8)
    assert math.isclose(CM3_MOL_PER_A3, 0.602214076, rel_tol=1e-9)
    assert math.isclose(96485.33212 * EV_PER_J_MOL, 1, rel_tol=1e-8)


# Thickness.


def test_lithium_of_a_practical_cell_is_16_um_thick() -> None:
    """Wang et al., EES Batteries 2, 42 (2026): 3.3 mAh/cm² exceed 16 µm per side."""
    assert cell.thickness_um(3.3, anode_of("Li")) == pytest.approx(16.0, abs=0.05)


@pytest.mark.parametrize("anode", ANODES)
@given(charge=positive)
def test_a_layer_holds_its_charge(anode: str, charge: float) -> None:
    """Weighed back: thickness to moles to electrons."""
    metal = anode_of(anode)
    mol = cell.thickness_um(charge, metal) * 1e-4 * metal.density_g_cm3 / metal.molar_mass_g_mol
    assert mol * metal.valence * FARADAY / 3.6 == pytest.approx(charge, rel=1e-9)


def test_charge_per_gram() -> None:
    for symbol, published in (("Li", 3861), ("Na", 1166), ("Mg", 2205), ("Al", 2980)):
        assert cell.charge_mah_g(anode_of(symbol)) == pytest.approx(published, abs=1)


# Sand's time.


@given(positive, positive, positive, share)
def test_at_sands_time_the_salt_at_the_electrode_is_gone(
    diffusion: float, concentration: float, current: float, anions: float
) -> None:
    """Diffusion to a plane that takes up a constant flux: c = c0 - 2 j sqrt(t / (pi D))."""
    time = cell.sand_time_s(diffusion, concentration, current, anions)
    flux = current * 1e-3 * anions / FARADAY
    fallen = 2 * flux * math.sqrt(time / (math.pi * diffusion))
    assert fallen == pytest.approx(concentration * 1e-3, rel=1e-9)


def test_sands_time_scales_as_its_formula() -> None:
    base = cell.sand_time_s(1e-6, 1.0, 1.0, 0.6)
    assert cell.sand_time_s(2e-6, 1.0, 1.0, 0.6) == pytest.approx(2 * base)
    assert cell.sand_time_s(1e-6, 2.0, 1.0, 0.6) == pytest.approx(4 * base)
    assert cell.sand_time_s(1e-6, 1.0, 2.0, 0.6) == pytest.approx(base / 4)
    assert cell.sand_time_s(1e-6, 1.0, 1.0, 0.3) == pytest.approx(4 * base)
    assert cell.sand_time_s(1e-6, 1.0, 1.0, 0.6, charge_number=2) == pytest.approx(4 * base)
    assert cell.sand_time_s(1e-6, 1.0, 1.0, 0.0) == math.inf


# Transference number.


def test_without_interfaces_it_is_the_ratio_of_currents() -> None:
    assert cell.transference_number(10, 0.05, 0.03, 0, 0) == pytest.approx(0.6)


def test_a_current_that_does_not_fall_is_carried_by_cations() -> None:
    assert cell.transference_number(10, 0.05, 0.05, 80, 80) == pytest.approx(1)


@given(share, st.floats(0, 100), st.floats(0, 100), st.floats(1, 100))
@example(number=1.0, before=0.0, after=0.5, bulk=1.0)  # rounded, a little above 1
def test_transference_of_a_model_cell_comes_back(
    number: float, before: float, after: float, bulk: float
) -> None:
    """Bulk and interface in series; in the steady state only cations move through the bulk."""
    voltage = 10.0
    first = voltage / (bulk + before)
    steady = voltage / (bulk / number + after)
    assume(steady <= first)
    found = cell.transference_number(voltage, first, steady, before, after)
    assert found == pytest.approx(number, rel=1e-9)


# Tafel line.


@given(positive, st.floats(0.2, 1.5), st.sampled_from([1, -1]), st.floats(250, 400))
def test_tafel_line_gives_back_what_made_it(
    exchange: float, transfer: float, sign: int, temperature: float
) -> None:
    eta = np.array([0.12, 0.15, 0.2, 0.25])
    current = exchange * np.exp(transfer * FARADAY * eta / (GAS * temperature))
    line = cell.tafel((sign * eta).tolist(), (sign * current).tolist(), temperature)
    assert line.exchange_current_ma_cm2 == pytest.approx(exchange, rel=1e-6)
    assert line.transfer_coefficient == pytest.approx(transfer, rel=1e-6)
    assert line.r_squared == pytest.approx(1)
    decade = line.slope_mv_decade / 1000
    assert cell.tafel([0.2, 0.2 + decade], [1.0, 10.0], temperature).slope_mv_decade == (
        pytest.approx(line.slope_mv_decade)
    )


def test_tafel_line_of_butler_volmer_currents() -> None:
    """Points beyond the limit of 5 % reverse current give the exchange current to a few percent."""
    f = FARADAY / (GAS * ROOM_K)
    eta = np.linspace(0.08, 0.25, 18)
    current = 0.45 * (np.exp(0.5 * f * eta) - np.exp(-0.5 * f * eta))
    found = cell.tafel(eta.tolist(), current.tolist()).exchange_current_ma_cm2
    assert found == pytest.approx(0.45, rel=0.05)


def test_the_limit_of_the_tafel_line_is_where_5_percent_flow_back() -> None:
    f = FARADAY / (GAS * ROOM_K)
    limit = math.log(20) / f
    cell.tafel([limit * 1.001, 0.2], [1.0, 3.0], ROOM_K)
    with pytest.raises(UsageError, match=r"within 0\.077 V"):
        cell.tafel([limit * 0.999, 0.2], [1.0, 3.0], ROOM_K)


# Arrhenius line.


@given(st.floats(0.05, 2), positive)
def test_arrhenius_line_gives_back_what_made_it(energy_ev: float, prefactor: float) -> None:
    temperature = np.array([273.15, 298.15, 333.15, 373.15])
    value = prefactor * np.exp(-energy_ev * constants.e / (constants.k * temperature))
    line = cell.arrhenius(temperature.tolist(), value.tolist())
    assert line.activation_energy_ev == pytest.approx(energy_ev, rel=1e-6)
    assert line.prefactor == pytest.approx(prefactor, rel=1e-6)
    assert line.activation_energy_kj_mol == pytest.approx(96.48533 * energy_ev, rel=1e-6)
    assert line.r_squared == pytest.approx(1)


def test_points_off_the_line_show() -> None:
    assert cell.arrhenius([298.0, 320.0, 350.0], [1.0, 1.5, 1.4]).r_squared < 0.9
    assert cell.arrhenius([298.0, 320.0], [1.0, 1.0]).r_squared == 1.0


# Stack.

REFERENCE = ReferenceCell()


def test_the_reference_cell_weighed_by_hand() -> None:
    nmc, sulfide = 4 / 200, 4 / 200 / 0.8 * 0.2
    lithium = 4 * 3.6 * 6.941 / FARADAY  # g that are cycled, and as much again in excess
    grams = nmc + sulfide + 30e-4 * 1.87 + lithium + 5e-4 * 2.7 + 3e-4 * 8.92
    cm = (nmc / 4.78 + sulfide / 1.87) / 0.9 + 30e-4 + 2 * lithium / 0.534 + 5e-4 + 3e-4
    stack = cell.reference_stack(REFERENCE)
    assert stack.energy_wh_kg == pytest.approx(4e-3 * 3.8 / (grams * 1e-3), rel=1e-5)
    assert stack.energy_wh_l == pytest.approx(4e-3 * 3.8 / (cm * 1e-3), rel=1e-5)
    assert f"{stack.energy_wh_kg:.0f} Wh/kg and {stack.energy_wh_l:.0f} Wh/L" in GUIDE


def changed(**figures: Any) -> cell.Stack:
    return cell.reference_stack(REFERENCE.model_copy(update=figures))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"separator": "garnet"}),
        ({"separator_um": 20.0}, {"separator_um": 30.0}),
        ({"excess_fraction": 0.0}, {"excess_fraction": 1.0}),
        ({"positive_v": 3.9}, {"positive_v": 3.8}),
        ({"positive_mah_g": 210.0}, {"positive_mah_g": 200.0}),
        ({"positive_active_fraction": 0.9}, {"positive_active_fraction": 0.8}),
        ({"areal_capacity_mah_cm2": 5.0}, {"areal_capacity_mah_cm2": 4.0}),
        ({"copper_um": 4.0, "aluminium_um": 8.0}, {"copper_um": 6.0}),
    ],
)
def test_what_makes_a_cell_better(better: dict[str, Any], worse: dict[str, Any]) -> None:
    assert changed(**better).energy_wh_kg > changed(**worse).energy_wh_kg
    assert changed(**better).energy_wh_l >= changed(**worse).energy_wh_l


def test_pores_cost_volume_alone() -> None:
    dense, porous = changed(positive_pore_fraction=0.0), changed(positive_pore_fraction=0.3)
    assert dense.energy_wh_kg == porous.energy_wh_kg
    assert dense.energy_wh_l > porous.energy_wh_l


def test_an_alloy_that_is_the_anode_metal_changes_nothing() -> None:
    lithium = anode_of("Li")
    per_gram = cell.charge_mah_g(lithium)
    stack = cell.alloy_stack(REFERENCE, per_gram, per_gram * lithium.density_g_cm3, 0.0)
    reference = cell.reference_stack(REFERENCE)
    assert stack.energy_wh_kg == pytest.approx(reference.energy_wh_kg)
    assert stack.energy_wh_l == pytest.approx(reference.energy_wh_l)


def test_a_scaffold_of_nothing_changes_nothing_but_its_room() -> None:
    reference = cell.reference_stack(REFERENCE)
    empty = cell.scaffold_stack(REFERENCE, 0.0)
    assert empty.energy_wh_kg == pytest.approx(reference.energy_wh_kg)
    airy = REFERENCE.model_copy(update={"scaffold_pore_fraction": 1 - 1e-9})
    assert cell.scaffold_stack(airy, 8.9).energy_wh_kg == pytest.approx(reference.energy_wh_kg)
    assert cell.scaffold_stack(airy, 8.9).energy_wh_l == pytest.approx(reference.energy_wh_l)


@given(st.floats(0.5, 20), st.floats(0, 2), st.floats(1, 1000))
def test_a_film_costs_its_mass_its_room_and_its_charge(
    density: float, loss: float, film_nm: float
) -> None:
    setting = REFERENCE.model_copy(update={"film_nm": film_nm})
    bare, with_film = cell.reference_stack(setting), cell.film_stack(setting, density, loss)
    um = film_nm / 1000
    assert with_film.mass_mg_cm2 - bare.mass_mg_cm2 == pytest.approx(density * um / 10, rel=1e-6)
    assert with_film.thickness_um - bare.thickness_um == pytest.approx(um, rel=1e-6)
    assert with_film.capacity_mah_cm2 == pytest.approx(max(4 - loss * um, 0))
    assert with_film.energy_wh_kg < bare.energy_wh_kg
    assert with_film.energy_wh_l < bare.energy_wh_l


def test_energy_is_never_negative() -> None:
    assert cell.film_stack(REFERENCE, 5.0, 1e6).energy_wh_kg == 0
    assert cell.alloy_stack(REFERENCE, 500.0, 1000.0, 5.0).energy_wh_kg == 0


def test_arrays_give_what_their_numbers_give() -> None:
    held, volume, volts = np.array([[900.0, 2000.0], [1500.0, 1800.0], [0.4, np.nan]])
    many = cell.alloy_stack(REFERENCE, held, volume, volts)
    one = cell.alloy_stack(REFERENCE, 900.0, 1500.0, 0.4)
    assert np.asarray(many.energy_wh_kg)[0] == pytest.approx(one.energy_wh_kg)
    assert np.asarray(many.energy_wh_l)[0] == pytest.approx(one.energy_wh_l)
    assert np.isnan(np.asarray(many.energy_wh_kg)[1])


# What makes no sense.

LITHIUM = anode_of("Li")

WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "negative charge": (cell.thickness_um, (-1.0, LITHIUM), "capacity_mah_cm2 = -1: .* at least 0"),
    "no charge at all": (cell.thickness_um, (math.nan, LITHIUM), "capacity_mah_cm2 = nan"),
    "no current": (cell.sand_time_s, (1e-6, 1.0, 0.0, 0.5), "current_ma_cm2 = 0: .* above zero"),
    "no diffusion": (cell.sand_time_s, (0.0, 1.0, 1.0, 0.5), "diffusion_cm2_s = 0"),
    "no salt": (cell.sand_time_s, (1e-6, -1.0, 1.0, 0.5), "concentration_mol_l = -1"),
    "no ion": (cell.sand_time_s, (1e-6, 1.0, 1.0, 0.5, 0), "charge_number = 0"),
    "anions backwards": (cell.sand_time_s, (1e-6, 1, 1, -0.1), "anion_transference = -0.1"),
    "too many anions": (cell.sand_time_s, (1e-6, 1, 1, 1.1), "anion_transference = 1.1: .* most 1"),
    "infinite": (cell.sand_time_s, (math.inf, 1, 1, 0.5), "diffusion_cm2_s = inf"),
    "current rises": (cell.transference_number, (10, 0.03, 0.05, 1, 1), "steady_current_ma = 0.05"),
    "no polarisation": (cell.transference_number, (0, 0.05, 0.03, 1, 1), "polarisation_mv = 0"),
    "negative resistance": (
        cell.transference_number,
        (10, 0.05, 0.03, -1, 1),
        "initial_resistance_ohm = -1",
    ),
    "all at the interface": (
        cell.transference_number,
        (10, 0.05, 0.03, 200, 1),
        "initial_resistance_ohm = 200: takes 10 mV, all",
    ),
    "all at the interface later": (
        cell.transference_number,
        (10, 0.05, 0.03, 1, 400),
        "steady_resistance_ohm = 400: takes 12 mV",
    ),
    "above one": (cell.transference_number, (10, 0.05, 0.05, 1, 150), "above 1; check"),
    "one point": (cell.tafel, ([0.1], [1.0]), "overpotential_v: 1 value"),
    "twice the same": (cell.tafel, ([0.1, 0.1], [1.0, 2.0]), "overpotential_v: 1 value"),
    "no points": (cell.tafel, ([], []), "overpotential_v: 0 value"),
    "no pairs": (cell.tafel, ([0.1, 0.2], [1.0]), "2 and 1 numbers are not pairs"),
    "both branches": (cell.tafel, ([0.1, -0.1], [1.0, -1.0]), "one branch"),
    "wrong sign": (cell.tafel, ([0.1, 0.2], [-1.0, -2.0]), "one branch"),
    "falls": (cell.tafel, ([0.1, 0.2], [2.0, 1.0]), "does not rise"),
    "not a number": (cell.tafel, ([0.1, math.nan], [2.0, 1.0]), "must be finite"),
    "too cold": (cell.tafel, ([0.1, 0.2], [1.0, 2.0], -1.0), "temperature_k = -1"),
    "one temperature": (cell.arrhenius, ([300.0, 300.0], [1.0, 2.0]), "temperature_k: 1 value"),
    "below nothing": (cell.arrhenius, ([-5.0, 300.0], [1.0, 2.0]), "temperature_k = -5"),
    "no conductivity": (cell.arrhenius, ([290.0, 300.0], [0.0, 2.0]), "conductivity = 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_refused_in_one_line(case: str) -> None:
    function, arguments, said = WRONG[case]
    with pytest.raises(UsageError, match=said) as refused:
        function(*arguments)
    assert "\n" not in str(refused.value)
