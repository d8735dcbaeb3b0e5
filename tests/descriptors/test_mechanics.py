"""Stiffness and strain: what the columns of the family say, and laws between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from screen import candidates
from screen.columns import Values
from screen.composition import Compositions
from screen.descriptors import mechanics
from screen.elastic import moduli
from screen.phases import Phases
from screen.settings import Settings
from screen.tables import anode_of
from tests.descriptors.cases import case_of

TABLE: dict[str, list[Any]] = {
    "formula": ["Li", "Al", "LiAl", "Li2Al3", "S", "Li2S", "LiF", "F", "Cu", "Li3Bi", "Bi"],
    "formation_energy_ev_atom": [0, 0, -0.2, -0.1, 0, -1.4, -3.1, 0, 0, -0.6, 0],
    "volume_a3_atom": [20.0, 16.5, 15.0, 15.8, 25.0, 15.5, None, None, None, 19.0, None],
    "bulk_modulus_gpa": [None, 76.0, None, None, None, None, 70.0, None, 2e7, None, None],
    "shear_modulus_gpa": [None, 26.0, 36.0, None, None, None, 51.0, None, 48.0, None, None],
}


def values_of(*formulas: str, anode: str = "Li", **settings: Any) -> Values:
    return mechanics.compute(
        candidates.make_case(Phases(TABLE), Settings(anode=anode, **settings), formulas)[0]
    )


def cell(values: Values, name: str, row: int = 0) -> tuple[Any, str]:
    return values.columns[name][row], values.reason(name)[row]


def test_the_source_comes_first() -> None:
    values = values_of("Al")
    assert cell(values, "bulk_modulus_best_gpa")[0] == 76
    assert cell(values, "shear_modulus_best_gpa")[0] == 26
    for name in ("bulk_modulus", "shear_modulus"):
        assert cell(values, f"{name}_basis")[0] == "source"
        for end in ("low", "high"):
            value, reason = cell(values, f"{name}_best_{end}_gpa")
            assert np.isnan(value)
            assert reason == "table gives no range"


def test_where_the_source_is_silent_the_model_speaks() -> None:
    values = values_of("Li2S")
    made = moduli.shipped().predict(Compositions.from_formulas(["Li2S"]))
    for k, name in enumerate(("bulk_modulus", "shear_modulus")):
        assert cell(values, f"{name}_best_gpa")[0] == made.value[0, k]
        assert cell(values, f"{name}_best_low_gpa")[0] == made.low[0, k]
        assert cell(values, f"{name}_best_high_gpa")[0] == made.high[0, k]
        assert cell(values, f"{name}_basis")[0] == "predicted"


def test_each_modulus_for_itself_and_an_impossible_one_is_predicted() -> None:
    values = values_of("LiAl", "Cu")
    assert values.columns["bulk_modulus_basis"].tolist() == ["predicted", "predicted"]
    assert values.columns["shear_modulus_basis"].tolist() == ["source", "source"]
    assert values.columns["bulk_modulus_best_gpa"][1] == pytest.approx(140, rel=0.2)


def test_a_phase_that_the_table_lacks_is_predicted() -> None:
    assert cell(values_of("Li9Al4"), "shear_modulus_basis")[0] == "predicted"


def test_extrapolation_is_marked() -> None:
    values = mechanics.compute(case_of("Li7La3Zr2O12", "LiZn"))
    assert values.columns["shear_modulus_basis"][0] == "extrapolated"
    assert values.columns["shear_modulus_basis"][1] == "source"


def test_what_is_no_solid_has_reasons_throughout() -> None:
    values = mechanics.compute(case_of("O2"))
    known = case_of("O2").phases.numbers("bulk_modulus_gpa")[case_of("O2").rows[0]]
    if np.isnan(known):
        for name in ("pugh_ratio", "stiffness_ratio", "monroe_newman", "shear_modulus_best_gpa"):
            assert cell(values, name)[1] == "no solid at room temperature"
    silent = values_of("F2")
    for name in ("pugh_ratio", "stiffness_ratio", "monroe_newman", "bulk_modulus_basis"):
        assert cell(silent, name)[1] == "no solid at room temperature"


@pytest.mark.parametrize("anode", ["Li", "Na", "Mg", "Al"])
def test_ratios_and_verdict_follow_from_the_moduli(anode: str) -> None:
    case = case_of(*case_of("C").phases.formulas[:400], anode=anode)
    columns = mechanics.compute(case).columns
    bulk, shear = columns["bulk_modulus_best_gpa"], columns["shear_modulus_best_gpa"]
    metal = anode_of(anode).shear_modulus_gpa
    np.testing.assert_allclose(columns["pugh_ratio"], bulk / shear)
    np.testing.assert_allclose(columns["stiffness_ratio"], shear / metal)
    low, high = (
        np.where(columns["shear_modulus_basis"] == "source", shear, columns[name])
        for name in ("shear_modulus_best_low_gpa", "shear_modulus_best_high_gpa")
    )
    seen = set()
    for i, said in enumerate(columns["monroe_newman"].tolist()):
        seen.add(said)
        if said == "stable":
            assert low[i] >= 2 * metal
        elif said == "not_stable":
            assert high[i] < 2 * metal
        elif said == "undecided":
            assert low[i] < 2 * metal <= high[i]
        else:
            assert np.isnan(shear[i])
    assert {"stable", "not_stable", "undecided"} <= seen


def test_aluminium_turning_into_its_lithium_alloy_swells() -> None:
    """Al + Li gives LiAl: 2 x 15.0 over 16.5 Å³, by hand."""
    strain, _ = cell(values_of("Al"), "uptake_strain_fraction")
    assert strain == pytest.approx((30.0 / 16.5) ** (1 / 3) - 1)
    strain, _ = cell(values_of("Li2Al3"), "uptake_strain_fraction")
    assert strain == pytest.approx((6 * 15.0 / (5 * 15.8)) ** (1 / 3) - 1)


def test_what_stays_as_it_is_has_no_strain_even_without_a_volume() -> None:
    for formula in ("LiAl", "Li2S", "LiF", "Cu", "Li"):
        assert cell(values_of(formula), "uptake_strain_fraction")[0] == 0


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("Bi", "no volume of Bi"),
        ("AlF3", "no volume of AlF3"),
        ("Li4Al", "no volume of Li4Al"),
    ],
)
def test_strain_without_a_volume_names_what_lacks_it(formula: str, reason: str) -> None:
    strain, said = cell(values_of(formula), "uptake_strain_fraction")
    assert np.isnan(strain)
    assert said == reason


def test_strain_names_the_product_that_lacks_a_volume() -> None:
    table = {**TABLE, "volume_a3_atom": list(TABLE["volume_a3_atom"])}
    table["volume_a3_atom"][2] = None
    case = candidates.make_case(Phases(table), Settings(anode="Li"), ["Al", "S"])[0]
    values = mechanics.compute(case)
    assert cell(values, "uptake_strain_fraction", 0)[1] == "no volume of LiAl"
    assert not np.isnan(cell(values, "uptake_strain_fraction", 1)[0])


def test_one_factor_on_all_volumes_changes_no_strain() -> None:
    table = dict(TABLE)
    table["volume_a3_atom"] = [v and 1.7 * v for v in TABLE["volume_a3_atom"]]
    formulas = ["Al", "S", "Li2Al3"]
    scaled, plain = (
        mechanics.compute(
            candidates.make_case(Phases(t), Settings(anode="Li"), formulas)[0]
        ).columns["uptake_strain_fraction"]
        for t in (table, TABLE)
    )
    np.testing.assert_allclose(scaled, plain)
