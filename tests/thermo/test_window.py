"""Each outcome by name, on tables small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import INDEX, Compositions, format_formula
from screen.errors import DataError
from screen.thermo.competition import Competition
from screen.thermo.window import OUTCOMES, Outcome, Profiles, profiles
from tests.thermo.checks import same


def table_of(**energies: float) -> Competition:
    """Compounds by formula, eV/atom, and their elements at zero."""
    compounds = Compositions.from_formulas(energies)
    elements = sorted({symbol for counts in compounds for symbol in counts} | {"Li"})
    return Competition(
        Compositions.from_formulas([*energies, *elements]),
        np.array([*energies.values(), *[0.0] * len(elements)]),
    )


def profile(table: Competition, formula: str, anode: str = "Li", valence: int = 1) -> Profiles:
    return profiles(table, Compositions.from_formulas([formula]), INDEX[anode], valence)


def products(table: Competition, found: Profiles, state: int) -> dict[str, float]:
    phase, amount = found.products.of(state)
    return {
        format_formula(table.compositions.row(row)): round(n, 8)
        for row, n in zip(phase.tolist(), amount.tolist(), strict=True)
    }


def test_window_of_a_salt_is_its_formation_energy_per_charge() -> None:
    table = table_of(LiF=-3.18088)
    found = profile(table, "LiF")
    assert OUTCOMES[found.outcome[0]] is Outcome.WINDOW
    same(found.reduction_v, np.zeros(1))
    same(found.oxidation_v, np.array([6.36176]))
    same(found.v_high, np.array([np.inf, 6.36176]))
    same(found.v_low, np.array([6.36176, 0]))
    same(found.uptake, np.array([-1.0, 0.0]))
    same(found.energy, np.array([0.0, -3.18088]))
    assert products(table, found, 0) == {"F": 1}
    assert products(table, found, 1) == {"LiF": 1}


def test_window_between_two_voltages() -> None:
    """Li2S and Li4S2 are one; LiS2 takes up Li at 1.8 V and gives it off at 2.4 V."""
    table = table_of(LiS2=-0.8, Li2S=-1.4)
    found = profile(table, "LiS2")
    assert OUTCOMES[found.outcome[0]] is Outcome.WINDOW
    same(found.reduction_v, np.array([(3 * 2 * 1.4 - 3 * 0.8) / 3]))
    same(found.oxidation_v, np.array([3 * 0.8]))
    same(found.uptake, np.array([-1.0, 0.0, 3.0]))
    assert products(table, found, 2) == {"Li2S": 2}


def test_no_window_where_uptake_turns_to_loss_at_one_voltage() -> None:
    found = profile(table_of(Li2S=-1.4), "LiS")
    assert OUTCOMES[found.outcome[0]] is Outcome.NO_WINDOW
    same(found.reduction_v, np.array([2.1]))
    same(found.oxidation_v, np.array([2.1]))
    same(found.uptake, np.array([-1.0, 1.0]))


def test_loses_anode_metal_at_zero_volts() -> None:
    table = table_of(LiFe=0.3)
    found = profile(table, "LiFe")
    assert OUTCOMES[found.outcome[0]] is Outcome.LOSES_ANODE_METAL
    same(found.reduction_v, np.array([np.nan]))
    same(found.oxidation_v, np.zeros(1))
    same(found.uptake, np.array([-1.0]))
    assert products(table, found, 0) == {"Fe": 1}


def test_unbounded_above_without_anode_metal() -> None:
    found = profile(table_of(Li2S=-1.4), "S")
    assert OUTCOMES[found.outcome[0]] is Outcome.UNBOUNDED_ABOVE
    same(found.reduction_v, np.array([2.1]))
    same(found.oxidation_v, np.array([np.nan]))
    same(found.uptake, np.array([0.0, 2.0]))


def test_zero_reduction_where_nothing_is_ever_taken_up() -> None:
    found = profile(table_of(Li2S=-1.4, FeSi=-0.4), "FeSi")
    assert OUTCOMES[found.outcome[0]] is Outcome.UNBOUNDED_ABOVE
    same(found.reduction_v, np.zeros(1))
    same(found.uptake, np.zeros(1))
    same(found.energy, np.array([-0.4]))


def test_the_anode_metal_itself() -> None:
    table = table_of(Li2S=-1.4)
    both = profiles(table, Compositions.from_formulas(["S", "Li", "Li2S"]), INDEX["Li"], 1)
    assert OUTCOMES[both.outcome[1]] is Outcome.ANODE_METAL
    state = both.contact[1]
    assert both.start.tolist() == [0, 2, 3, 5]
    assert products(table, both, state) == {"Li": 1}
    assert (both.v_high[state], both.v_low[state]) == (np.inf, 0)
    assert (both.uptake[state], both.energy[state]) == (0, 0)
    same(both.reduction_v[[1]], np.array([np.nan]))
    same(both.oxidation_v[[1]], np.array([np.nan]))


def test_a_table_of_the_anode_metal_alone() -> None:
    table = Competition(Compositions.from_formulas(["Li"]), np.zeros(1))
    found = profile(table, "Li")
    assert OUTCOMES[found.outcome[0]] is Outcome.ANODE_METAL


@pytest.mark.parametrize("valence", [1, 2, 3])
def test_voltages_are_per_electron(valence: int) -> None:
    table = table_of(MgF2=-3.9, Mg2Si=-0.2)
    for formula in ("MgF2", "MgSi", "Si", "F"):
        one = profile(table, formula, "Mg")
        found = profile(table, formula, "Mg", valence)
        assert found.outcome.tolist() == one.outcome.tolist()
        for name in ("v_high", "v_low", "reduction_v", "oxidation_v"):
            same(getattr(found, name), getattr(one, name) / valence)
        same(found.uptake, one.uptake)
        same(found.energy, one.energy)


def test_a_metastable_candidate_has_the_window_of_its_products() -> None:
    table = table_of(Li2S=-1.4, P2S5=-0.4, Li3PS4=-0.5)
    found = profile(table, "Li3PS4")
    taken = profile(table_of(Li2S=-1.4, P2S5=-0.4), "Li3PS4")
    same(found.v_low, taken.v_low)
    assert "Li3PS4" not in products(table, found, 1)
    alone = profile(table, "P2S5")
    same(found.reduction_v, alone.reduction_v)


def test_steps_at_one_voltage_are_one_state() -> None:
    """LiSi, Li2Si and Li3Si form at exactly 0.3 V each."""
    table = table_of(LiSi=-0.3 / 2, Li2Si=-0.6 / 3, Li3Si=-0.9 / 4)
    found = profile(table, "Si")
    same(found.v_low, np.array([0.3, 0.0]))
    same(found.uptake, np.array([0.0, 3.0]))
    found = profile(table, "LiSi")
    assert OUTCOMES[found.outcome[0]] is Outcome.NO_WINDOW
    same(found.uptake, np.array([-1.0, 2.0]))


def test_a_step_at_exactly_zero_volts_is_not_taken() -> None:
    table = table_of(LiSi=-0.15, Li2Si=-0.1)
    found = profile(table, "Si")
    same(found.uptake, np.array([0.0, 1.0]))
    assert products(table, found, 1) == {"LiSi": 1}


def test_own_energy_below_the_hull_opens_a_window() -> None:
    table = table_of(Li2S=-1.4)
    candidate = Compositions.from_formulas(["LiS", "LiS"])
    found = profiles(table, candidate, INDEX["Li"], 1, np.array([-1.2, np.nan]))
    assert [OUTCOMES[o] for o in found.outcome] == [Outcome.WINDOW, Outcome.NO_WINDOW]
    same(found.oxidation_v, np.array([2.4, 2.1]))
    same(found.reduction_v, np.array([1.8, 2.1]))
    phase, amount = found.products.of(1)
    assert phase.tolist() == [-1]
    same(amount, np.ones(1))


def test_no_candidates() -> None:
    found = profiles(table_of(Li2S=-1.4), Compositions.from_formulas([]), INDEX["Li"], 1)
    assert len(found) == len(found.outcome) == len(found.v_low) == len(found.products) == 0


@pytest.mark.parametrize(
    ("formulas", "energies", "named"),
    [
        (["Li2S", "Li"], [-1.4, 0.0], "S"),
        (["Li2S", "Li", "S"], [-1.4, -1.9, 0.0], "Li"),
        (["Li2S", "Li", "S", "S"], [-1.4, 0.0, 0.0, -0.1], "S"),
        (["Li2S"], [-1.4], "Li, S"),
    ],
)
def test_elements_stand_at_zero(formulas: list[str], energies: list[float], named: str) -> None:
    with pytest.raises(DataError, match=f"no reference at 0 eV/atom for {named}: "):
        Competition(Compositions.from_formulas(formulas), np.array(energies))
