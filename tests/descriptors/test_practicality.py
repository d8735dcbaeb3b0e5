"""Supply risk, hazards and whether a phase was made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from pymatgen.analysis.hhi import HHIModel

from screen import candidates
from screen.columns import Values
from screen.composition import INDEX, SYMBOLS, format_formula
from screen.descriptors import practicality
from screen.phases import Phases
from screen.settings import Settings
from screen.tables import elements, rows_of
from tests.descriptors.cases import case_of
from tests.strategies import compositions

HHI = ("hhi_production", "hhi_reserve")
COMPOUNDS = ("LiF", "ZnO", "Li7La3Zr2O12", "AgF", "LiAl", "C", "Li6PS5Cl", "W", "Na3Zr2Si2PO12")


def computed(*formulas: str) -> Values:
    return practicality.compute(case_of(*formulas))


def hazards(*formulas: str) -> list[str]:
    texts: list[str] = computed(*formulas).columns["hazards"].tolist()
    return texts


def test_figures_of_the_elements_are_those_of_pymatgen() -> None:
    published = HHIModel().symbol_hhip_hhir
    for name, part in zip(HHI, (0, 1), strict=True):
        for symbol, figure in zip(SYMBOLS, getattr(elements(), name), strict=True):
            assert np.isnan(figure) == (symbol not in published), symbol
            if symbol in published:
                assert figure == published[symbol][part]


def test_supply_risk_of_compounds_is_that_of_pymatgen() -> None:
    values, model = computed(*COMPOUNDS), HHIModel()
    expected = np.array([model.get_hhi(formula) for formula in COMPOUNDS])
    for name, part in zip(HHI, (0, 1), strict=True):
        np.testing.assert_allclose(values.columns[name], expected[:, part], rtol=1e-5)


def test_mean_by_mass_by_hand() -> None:
    """ZnO: 65.409 g of Zn at 1600 and 15.9994 g of O at 500."""
    by_hand = (65.409 * 1600 + 15.9994 * 500) / (65.409 + 15.9994)
    assert computed("ZnO").columns["hhi_production"][0] == pytest.approx(by_hand, rel=1e-4)


def test_an_element_without_a_figure_is_named() -> None:
    values = computed("LiH", "LiBH4", "LiF")
    for name in HHI:
        assert np.isnan(values.columns[name]).tolist() == [True, True, False]
        assert values.reason(name)[:2].tolist() == ["no figure for H", "no figure for H"]


@given(compositions())
def test_the_mean_lies_between_the_elements(counts: dict[str, int]) -> None:
    values = computed(format_formula(counts))
    for name in HHI:
        figures = getattr(elements(), name)[[INDEX[symbol] for symbol in counts]]
        mean = values.columns[name][0]
        assert np.isnan(mean) == np.isnan(figures).any()
        if not np.isnan(mean):
            assert figures.min() - 1e-6 <= mean <= figures.max() + 1e-6


@given(compositions())
def test_hazards_are_those_of_the_elements_whatever_their_amounts(counts: dict[str, int]) -> None:
    ones = dict.fromkeys(counts, 1)
    assert hazards(format_formula(counts)) == hazards(format_formula(ones))


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("BeO", "Be: toxic, carcinogenic"),
        ("CdS", "Cd: toxic, carcinogenic"),
        ("As", "As: toxic, carcinogenic"),
        ("Pb", "Pb: toxic, toxic to reproduction"),
        ("HgO", "Hg: toxic"),
        ("TlCl", "Tl: toxic"),
        ("UO2", "U: toxic, radioactive"),
        ("PbTe", "Te: toxic to reproduction; Pb: toxic, toxic to reproduction"),
        ("NiO", "Ni: carcinogenic, sensitising"),
    ],
)
def test_hazardous_elements_are_named_with_the_kind(formula: str, said: str) -> None:
    assert hazards(formula) == [said]


@pytest.mark.parametrize("formula", ["LiF", "ZnO", "Li3PS4", "Si", "C", "MgF2", "Al2O3", "Ag"])
def test_common_compounds_have_none_listed(formula: str) -> None:
    assert hazards(formula) == [practicality.NO_HAZARD]


def test_some_hazards_take_a_second_element() -> None:
    assert hazards("CrN", "Cr2O3") == ["none in this table", "Cr: carcinogenic as Cr(VI)"]
    assert hazards("InAs", "InP")[1] == "In: carcinogenic as InP"
    assert "In" not in hazards("InN", "InP")[0]
    assert hazards("B", "B2O3") == ["none in this table", "B: toxic to reproduction as borates"]


def test_radioactive_is_flag_and_text_alike() -> None:
    values = computed("ThO2", "TcO2", "LiF", "PbS")
    flags = values.columns["radioactive"].tolist()
    assert flags == ["radioactive" in text for text in values.columns["hazards"]]
    assert flags == [True, True, False, False]


def test_the_table_of_hazards_is_sound() -> None:
    rows = rows_of("hazards")
    for row in rows:
        assert row["element"] in INDEX
        assert row["with"] in ("", *INDEX)
        assert row["hazard"]
        assert row["source"]
        assert row["provenance"] in ("read", "recalled")
    assert len({(row["element"], row["with"], row["hazard"]) for row in rows}) == len(rows)


def test_made_or_theoretical_is_what_the_source_says() -> None:
    table = {
        "formula": ["Li", "F", "LiF", "LiF2", "Li2F"],
        "formation_energy_ev_atom": [0.0, 0.0, -3.0, 0.2, 0.3],
        "theoretical": [None, None, False, True, None],
    }
    wanted = ["LiF", "LiF2", "Li2F", "Li3F"]
    case = candidates.make_case(Phases(table, name="mine"), Settings(), wanted)[0]
    values = practicality.compute(case)
    assert values.columns["made"].tolist() == ["made", "theoretical", "", ""]
    assert values.reason("made")[2:].tolist() == ["mine does not say", "no such phase in mine"]
