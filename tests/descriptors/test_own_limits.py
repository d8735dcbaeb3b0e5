"""Limits of the phase itself: by hand, against the window, and where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from screen import candidates, descriptors
from screen.columns import Values
from screen.descriptors import own_limits
from screen.phases import Phases
from screen.settings import Settings
from screen.sources.reference import ANODES
from tests.descriptors.cases import case_of, phases

TABLE: dict[str, list[Any]] = {
    "formula": ["Li", "Ti", "S", "TiS2", "LiTiS2", "Li2TiS2", "Li2S"],
    "formation_energy_ev_atom": [0.0, 0.0, 0.0, -1.4, -1.5, -1.0, -1.5],
}


def limits(formula: str, table: dict[str, list[Any]] | None = None, anode: str = "Li") -> Values:
    made = phases() if table is None else Phases(table)
    case, _ = candidates.make_case(made, Settings(anode=anode), [formula])
    return own_limits.compute(case)


def test_voltages_are_energy_differences_per_lithium() -> None:
    """TiS2 -4.2, LiTiS2 -6.0, Li2TiS2 -5.0 eV per TiS2: 1.8 V, then -1 V."""
    found = limits("LiTiS2", TABLE)
    assert found.columns["own_oxidation_v"][0] == pytest.approx(1.8)
    assert found.columns["own_oxidized"][0] == "TiS2"
    assert found.columns["own_reduction_v"][0] == 0.0  # below plating
    found = limits("TiS2", TABLE)
    assert found.columns["own_reduction_v"][0] == pytest.approx(1.8)  # not 0.4, the way to Li2TiS2
    assert found.columns["own_reduced"][0] == "LiTiS2"
    assert np.isnan(found.columns["own_oxidation_v"][0])
    assert "differs by less Li alone" in found.reason("own_oxidation_v")[0]


def test_a_metastable_phase_counts_from_its_own_energy() -> None:
    higher = {**TABLE, "formation_energy_ev_atom": [0.0, 0.0, 0.0, -1.4, -1.2, -1.0, -1.5]}
    found = limits("LiTiS2", higher)
    assert found.columns["own_oxidation_v"][0] == pytest.approx(-4.2 + 4.8)
    assert found.columns["own_reduction_v"][0] == pytest.approx(5.0 - 4.8)


def test_two_charges_halve_the_voltage() -> None:
    table: dict[str, list[Any]] = {
        "formula": ["Mg", "Ti", "S", "TiS2", "MgTi2S4"],
        "formation_energy_ev_atom": [0.0, 0.0, 0.0, -1.4, -1.6],
    }
    found = limits("TiS2", table, anode="Mg")
    assert found.columns["own_reduction_v"][0] == pytest.approx((1.6 * 7 - 1.4 * 6) / 2)


@pytest.mark.parametrize("anode", ANODES)
def test_stable_phases_hold_out_as_long_as_their_window_at_least(anode: str) -> None:
    """The mixture reacts first: it may become anything that the phase itself may become."""
    case, _ = candidates.make_case(phases(), Settings(anode=anode))
    columns = descriptors.compute_families(
        case, ("stability", "against_anode", "own_limits")
    ).columns
    stable = columns["hull_distance_ev_atom"] == 0
    own, window = columns["own_reduction_v"], columns["reduction_v"]
    both = stable & ~np.isnan(own) & ~np.isnan(window)
    assert both.sum() > 5
    assert (own[both] <= window[both] + 1e-9).all()
    own, window = columns["own_oxidation_v"], columns["oxidation_v"]
    both = stable & ~np.isnan(own) & ~np.isnan(window)
    assert both.sum() > 5
    assert (own[both] >= window[both] - 1e-9).all()


def test_binaries_are_oxidised_at_their_window() -> None:
    case = case_of("LiF", "Li2O", "Li3N")
    columns = descriptors.compute_families(case, ("against_anode", "own_limits")).columns
    np.testing.assert_allclose(columns["own_oxidation_v"], columns["oxidation_v"])


def test_the_metal_itself_and_phases_without_energy_have_none() -> None:
    found = own_limits.compute(case_of("Li", "Li3YCl6", "LiCu3"))
    for name in ("own_reduction_v", "own_oxidation_v"):
        assert np.isnan(found.columns[name]).all()
        reasons = found.reason(name)
        assert reasons[0] == "is Li itself"
        assert "no energy for this composition" in reasons[1]
        assert reasons[2].startswith("doubtful phase")
