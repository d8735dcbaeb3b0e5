"""Precursors fit the compound; classes and routes are the textbook's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given

from screen import candidates
from screen.composition import INDEX, format_formula, parse_formula
from screen.descriptors import synthesis
from screen.settings import Settings
from screen.sources import user_files
from screen.tables import rows_of
from tests.conftest import FULL_SIZE
from tests.descriptors.cases import case_of
from tests.strategies import compositions

CLASSES = {
    "Li": "anode_metal",
    "Ag": "metal",
    "Mg": "metal",
    "C": "carbon",
    "LiC6": "intercalated_carbon",
    "Si": "metalloid",
    "Sb": "metalloid",
    "P": "non_metal",
    "LiAl": "alloy_with_anode",
    "Li15Si4": "alloy_with_anode",
    "Mg2Si": "intermetallic",
    "Cu6Sn5": "intermetallic",
    "ZnO": "oxide",
    "Li7La3Zr2O12": "oxide",
    "Li4SiO4": "oxide",
    "Li3PO4": "oxysalt",
    "Li2CO3": "oxysalt",
    "LiNO3": "oxysalt",
    "Li2SO4": "oxysalt",
    "LiOH": "hydroxide",
    "Li2PO2N": "oxynitride",
    "Li3OCl": "oxyhalide",
    "SnF2": "fluoride",
    "Li3AlF6": "fluoride",
    "AlCl3": "halide",
    "Li3YCl6": "halide",
    "TiN": "nitride",
    "Li3N": "nitride",
    "Mg3NF3": "nitride",
    "MoS2": "sulfide",
    "Li6PS5Cl": "sulfide",
    "MgSc2Se4": "selenide",
    "Li2Te": "selenide",
    "Cu3P": "phosphide",
    "Li3As": "phosphide",
    "LiH": "hydride",
    "LiBH4": "hydride",
    "SiC": "carbide",
    "TiB2": "boride",
    "CF": "fluorocarbon",
    "Ne": "",
}


def precursors(formula: str) -> dict[str, str]:
    """What is said of each element of a compound."""
    text: str = synthesis.compute(case_of(formula)).columns["precursors"][0]
    return dict(part.split(": ") for part in text.split("; "))


def named(text: str, use: str) -> list[str]:
    """Precursors of one use: "ZnO or Zn (powder), Zn (target)"."""
    found = re.search(rf"(?:^|, )([^ ]+(?: or [^ ]+)*) \({use}\)", text)
    return found[1].split(" or ") if found else []


@pytest.mark.parametrize(("formula", "name"), CLASSES.items())
def test_class_of_well_known_compounds(formula: str, name: str) -> None:
    assert synthesis.material_class(case_of(formula)).tolist() == [name]


def test_every_class_has_one_route_and_every_route_a_class() -> None:
    rows = rows_of("routes")
    assert len({row["class"] for row in rows}) == len(rows)
    assert {row["class"] for row in rows} == set(CLASSES.values()) - {""}
    for row in rows:
        assert row["route"]
        assert row["why"]
        assert row["source"]
        assert row["provenance"] in ("read", "recalled")


def test_an_alloy_is_one_with_the_anode_metal_at_hand() -> None:
    assert synthesis.material_class(case_of("Mg2Si", anode="Mg")).tolist() == ["alloy_with_anode"]
    assert synthesis.material_class(case_of("Li", anode="Mg")).tolist() == ["metal"]


def test_what_no_rule_fits_has_a_reason() -> None:
    values = synthesis.compute(case_of("Ne"))
    assert values.columns["route"].tolist() == [""]
    assert values.reason("route")[0] == "no rule for this composition"
    assert values.columns["precursors"].tolist() == ["Ne: none listed"]


def test_precursors_of_zinc_oxide() -> None:
    said = precursors("ZnO")
    assert named(said["Zn"], "ALD") == ["Zn(C2H5)2"]
    assert named(said["Zn"], "powder")[0] == "ZnO"
    assert set(named(said["Zn"], "target")) == {"ZnO", "Zn"}
    assert {"O2", "H2O", "O3"} == set(named(said["O"], "coreactant"))


def test_precursors_follow_the_anion() -> None:
    assert named(precursors("Li3PS4")["Li"], "powder") == ["Li2S", "Li"]
    assert named(precursors("Li3PS4")["P"], "powder") == ["P2S5", "P"]
    assert named(precursors("Li3YCl6")["Li"], "powder") == ["LiCl", "Li"]
    assert "Li2CO3" in named(precursors("Li4SiO4")["Li"], "powder")
    assert set(named(precursors("TiN")["N"], "coreactant")) == {"N2", "NH3"}
    assert "H2S" in named(precursors("Li2S")["S"], "coreactant")
    assert "HF" in named(precursors("LiF")["F"], "coreactant")


def test_metals_are_not_offered_a_vapour() -> None:
    assert all("ALD" not in text for text in precursors("LiAl").values())
    assert "PO(OCH3)3" not in precursors("Cu3P")["P"]


@given(compositions())
def test_solid_precursors_bring_nothing_that_stays(counts: dict[str, int]) -> None:
    """Only H, C, N and O may be foreign, and only where an oxide is fired."""
    said = precursors(format_formula(counts))
    assert list(said) == sorted(counts, key=INDEX.__getitem__)
    for symbol, text in said.items():
        for use in ("powder", "target"):
            for formula in named(text, use):
                made_of = parse_formula(formula).keys()
                assert symbol in made_of
                foreign = made_of - counts.keys()
                assert foreign <= ({"H", "C", "N"} if "O" in counts else set())


@pytest.mark.skipif(not FULL_SIZE.exists(), reason=f"needs {FULL_SIZE.name}")
def test_every_phase_of_the_database_is_described() -> None:
    """Texts of 85,000 phases; only elements that are no solids are of no class."""
    case = candidates.make_case(user_files.load(FULL_SIZE), Settings())[0]
    assert len(case) > 80_000
    values = synthesis.compute(case)
    assert (values.columns["precursors"] != "").all()
    unclassed = np.flatnonzero(values.columns["route"] == "")
    assert (case.compositions.size[unclassed] == 1).all()


def test_the_table_of_precursors_is_sound() -> None:
    rows = rows_of("precursors")
    for row in rows:
        made_of = parse_formula(row["precursor"])
        assert row["element"] in made_of or row["use"] == "coreactant"
        assert row["with"] in ("", *INDEX)
        assert row["use"] in ("powder", "target", "vapour", "coreactant")
        assert row["source"]
        assert row["provenance"] in ("read", "recalled")
    assert len({(r["element"], r["use"], r["precursor"]) for r in rows}) == len(rows)
    named_elements = {row["formula"] for row in rows_of("reference_phases")} & INDEX.keys()
    assert named_elements <= {row["element"] for row in rows}
