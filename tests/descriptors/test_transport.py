"""Measured conductivities: a sound table, known orders of magnitude, the best product found."""

from __future__ import annotations

import re

import numpy as np
import pytest

from screen import candidates
from screen.columns import Values
from screen.composition import parse_formula
from screen.descriptors import against_anode, transport
from screen.phases import Phases
from screen.settings import Settings
from screen.sources.reference import ANODES
from screen.tables import anode_of, rows_of
from tests.descriptors.cases import case_of, phases

ROWS = rows_of("conductivities")


def computed(*formulas: str, anode: str = "Li") -> Values:
    return transport.compute(case_of(*formulas, anode=anode))


def conductivity(formula: str, anode: str = "Li") -> float:
    log = computed(formula, anode=anode).columns["ion_conductivity_log_s_cm"][0]
    return float(10**log)


def test_the_table_is_sound() -> None:
    for row in ROWS:
        assert row["ion"] in parse_formula(row["formula"]), row
        assert anode_of(row["ion"]).symbol == row["ion"]
        assert 1e-20 < float(row["conductivity_s_cm"]) < 10, row
        assert 288 <= float(row["temperature_k"]) <= 308, row
        assert row["bound"] in ("exact", "below")
        assert row["form"]
        assert row["provenance"] in ("read", "recalled")
        by_name = re.match(r"\w.* \d+, \d+ \(\d{4}\), ", row["note"])
        assert re.fullmatch(r"10\.\d{4,9}/\S+", row["doi"]) or (not row["doi"] and by_name), row


def test_no_value_stands_twice() -> None:
    keys = [(r["formula"], r["conductivity_s_cm"], r["doi"], r["note"]) for r in ROWS]
    assert len(set(keys)) == len(keys)


def test_formulas_of_the_set_are_spelled_as_there() -> None:
    """A value of another spelling would still be found, but not by eye."""
    table = phases()
    rows = table.rows_of(case_of(*(row["formula"] for row in ROWS)).compositions).tolist()
    for row, at in zip(ROWS, rows, strict=True):
        assert at < 0 or table.formulas[at] == row["formula"]


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("Li3N", 1e-4, 2e-3),
        ("Li3P", 1e-4, 1e-3),
        ("Li10GeP2S12", 1e-3, 3e-2),
        ("Li6PS5Cl", 1e-4, 3e-3),
        ("LiI", 1e-8, 1e-6),
        ("LiF", 1e-14, 1e-11),
        ("Li3PO4", 1e-18, 1e-12),
    ],
)
def test_orders_of_magnitude(formula: str, low: float, high: float) -> None:
    assert low < conductivity(formula) < high


def test_nitride_conducts_better_than_iodide_than_fluoride() -> None:
    assert conductivity("Li3N") > conductivity("LiI") > conductivity("LiF")


def test_only_the_ion_of_the_anode_metal_counts() -> None:
    assert conductivity("Na3PS4", anode="Na") > 1e-4
    assert conductivity("MgSc2Se4", anode="Mg") > 1e-5
    for formula, anode in (("Li3N", "Na"), ("LiF", "Mg"), ("Na3PS4", "Mg")):
        values = computed(formula, anode=anode)
        assert np.isnan(values.columns["ion_conductivity_log_s_cm"][0])
        assert f"no measured {anode} ion" in values.reason("ion_conductivity_log_s_cm")[0]


def test_several_values_give_their_median() -> None:
    exact = [float(r["conductivity_s_cm"]) for r in ROWS if r["formula"] == "Li3N"]
    assert len(exact) == 3
    assert conductivity("Li3N") == pytest.approx(sorted(exact)[1], rel=0.01)
    said = computed("Li3N").columns["ion_conductivity_source"][0]
    assert said.startswith("median of 3, 0.00021 to 0.001 S/cm, doi:10.")


def test_two_values_give_their_geometric_mean() -> None:
    values = [float(r["conductivity_s_cm"]) for r in ROWS if r["formula"] == "Li3PO4"]
    assert len(values) == 2
    assert conductivity("Li3PO4") == pytest.approx(np.sqrt(np.prod(values)), rel=0.01)


def test_a_bound_is_no_value() -> None:
    bounds = [r for r in ROWS if r["formula"] == "Li2PNO2"]
    assert [r["bound"] for r in bounds] == ["below"]
    values = computed("Li2PNO2")
    assert np.isnan(values.columns["ion_conductivity_log_s_cm"][0])
    said = values.reason("ion_conductivity_log_s_cm")[0]
    assert said == f"measured only to be below 1e-10 S/cm (doi:{bounds[0]['doi']})"


def test_a_bound_so_low_that_nothing_moves_is_one() -> None:
    """Else what is known not to conduct would count as what is not known."""
    values = computed("MgO", anode="Mg")
    assert values.columns["matrix_conductivity_log_s_cm"].tolist() == [-18]
    assert values.columns["ion_conductivity_source"][0].startswith("upper bound, doi:")


def test_a_recalled_value_says_so() -> None:
    assert "(recalled)" in computed("Li2S").columns["ion_conductivity_source"][0]
    assert "recalled" not in computed("Li3P").columns["ion_conductivity_source"][0]


@pytest.mark.parametrize(
    ("formula", "product"),
    [("LiF", "LiF"), ("AlF3", "LiF"), ("ZnO", "Li2O"), ("Cu3N", "Li3N"), ("Li3PS4", "Li3P")],
)
def test_a_conversion_layer_conducts_through_what_it_leaves(formula: str, product: str) -> None:
    values = computed(formula)
    assert values.columns["matrix_conductor"].tolist() == [product]
    found = 10 ** values.columns["matrix_conductivity_log_s_cm"][0]
    assert found == pytest.approx(conductivity(product))
    own = computed(product).columns["ion_conductivity_source"].tolist()
    assert values.columns["matrix_conductivity_source"].tolist() == own


@pytest.mark.parametrize("anode", ANODES)
def test_the_matrix_is_the_best_of_the_insulating_products(anode: str) -> None:
    """One by one, in plain Python, against the arrays."""
    case = candidates.make_case(phases(), Settings(anode=anode))[0]
    values, names = transport.compute(case), case.phases.formulas
    own = transport.compute(case_of(*names, anode=anode)).columns["ion_conductivity_log_s_cm"]
    state, _ = against_anode.standing(case)  # a stable candidate is its own product
    for i in range(len(case)):
        products = case.equilibria.profiles.products.of(int(state[i]))[0].tolist()
        known = {
            p: own[p] for p in products if case.facts.conducts[p] == 0 and not np.isnan(own[p])
        }
        expected = names[max(known, key=known.__getitem__)] if known else ""
        assert values.columns["matrix_conductor"][i] == expected
        if not known:
            said = values.reason("matrix_conductor")[i]
            insulating = [names[p] for p in products if case.facts.conducts[p] == 0]
            assert all(name in said for name in insulating)
            assert insulating or said == "no contact product is known to insulate"


@pytest.mark.parametrize(("gap", "product"), [(None, ""), (0.0, ""), (1.1, "Li3N")])
def test_what_is_not_known_to_insulate_is_no_matrix(gap: float | None, product: str) -> None:
    table = {
        "formula": ["Li", "N", "Zn", "Li3N", "Zn3N2"],
        "formation_energy_ev_atom": [0.0, 0.0, 0.0, -0.5, -0.05],
        "band_gap_ev": [None, None, None, gap, 1.0],
    }
    case = candidates.make_case(Phases(table), Settings(), ["Zn3N2"])[0]
    assert transport.compute(case).columns["matrix_conductor"].tolist() == [product]


@pytest.mark.parametrize("ion", ["K", "Ca", "Zn", "Al"])
def test_an_ion_without_values_is_no_error(ion: str) -> None:
    known = transport.measured(ion)
    assert known.rows_of(case_of("LiF", "ZnO").compositions).tolist() == [-1, -1]
