"""What people type for a material: names, labels of phases and rounded amounts."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Composition

import screen
from screen.composition import Compositions, parse_formula, typed_amounts
from screen.errors import DataError
from screen.literature import faults
from screen.materials import mistaken, read
from screen.materials.names import names, unlabelled
from screen.phases import Phases
from screen.sources import load, user_files
from screen.tables import rows_of
from tests.strategies import compositions
from tests.test_cli import Cli, cli

__all__ = ["cli"]

pytestmark = pytest.mark.usefixtures("once")

LABELS = [row["name"] for row in rows_of("names") if row["kind"] == "label"]


@cache
def phases() -> Phases:
    return load()


def test_a_name_is_its_composition_wherever_a_formula_goes() -> None:
    """LiPON holds four elements, and not one of each."""
    window = screen.window("LiPON").records[0]
    assert window["reduction_v"] == pytest.approx(0.69, abs=0.005)
    assert window["reduction_v"] == screen.window("Li2.98PO3.3N0.46").records[0]["reduction_v"]
    assert screen.window("Li1P1O1N1").records[0]["reduction_v"] > 2
    one, other = (screen.interface(name, "LiF").records for name in ("LLZO", "Li7La3Zr2O12"))
    assert one == other
    assert screen.decompose("LGPS").records == screen.decompose("Li10GeP2S12").records
    ranked = screen.rank("Li", roles="interlayer", electrolytes="LLZO", check_candidates=1)
    assert "interface_li7la3zr2o12_ev_atom" in ranked.frame("interlayer").columns
    assert screen.explain("graphite").records["values"]["formula"] == "C"


def test_every_command_says_how_it_read_a_name(cli: Cli) -> None:
    for command in (
        ["window", "LLZO"],
        ["decompose", "LLZO", "--format", "json"],
        ["interface", "LLZO", "LiF"],
        ["cell", "stack", "--film", "alumina"],
        ["explain", "alumina"],
    ):
        said = cli(*command)
        assert said.code == 0
        assert said.err.startswith("note: ")
        assert " is read as " in said.err
        assert b" is read as " not in said.out


@pytest.mark.parametrize("name", sorted(name for name, found in names().items() if len(found) > 1))
def test_ambiguous_names_are_refused_with_their_choices(name: str) -> None:
    with pytest.raises(DataError, match="name of several materials") as refused:
        read(name)
    for choice in names()[name]:
        assert choice.formula in str(refused.value)


@pytest.mark.parametrize("name", sorted(name for name, found in names().items() if len(found) == 1))
def test_names_in_any_spelling(name: str) -> None:
    formula = names()[name][0].formula
    for text in (name, f" {name} ", name.upper(), name.lower(), name.replace("-", " ")):
        if text.strip() == name or mistaken(text):
            assert parse_formula(read(text).formula) == parse_formula(formula)


def test_formulas_that_look_like_names_are_formulas() -> None:
    for text in ("LiC", "Co", "CO", "NaF", "InN"):
        assert read(text).notes == ()
        assert parse_formula(read(text).formula) == parse_formula(text)


@pytest.mark.parametrize("label", LABELS)
def test_labels_are_no_elements(label: str) -> None:
    texts = [f"Li3PS4({label})", f"Li3PS4 ({label})", f"{label}-Li3PS4", f"{label} Li3PS4"]
    for text in texts:
        assert unlabelled(text) == ("Li3PS4", (label,))
        material = read(text)
        assert material.formula == "Li3PS4"
        assert label in material.notes[0]


def test_labels_and_names_together() -> None:
    for text in ("c-LLZO", "cubic LLZO", "LLZO (cubic)", "Cubic LLZO", "tetragonal-LLZO"):
        assert read(text).formula == "Li7La3Zr2O12"
    assert read("beta-alumina").formula == "NaAl11O17"
    assert read("α-Li3PS4 glass").formula == "Li3PS4"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Li3PS4 (foo)", "'foo' is no label of a phase that is known"),
        ("(beta)", "tells forms of a material apart; give a formula with it"),
        ("cubic", "tells forms of a material apart"),
        ("(c)", "tells forms of a material apart"),
    ],
)
def test_no_suggestion_makes_elements_of_a_label(text: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        read(text)
    assert said in str(refused.value)
    assert "mean" not in str(refused.value)


@given(compositions())
def test_whole_numbers_are_read_as_they_are(counts: dict[str, int]) -> None:
    text = "".join(f"{symbol}{count}" for symbol, count in counts.items())
    material = read(text, phases())
    assert parse_formula(material.formula) == parse_formula(text)
    assert material.notes == ()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Li0.33La0.557TiO3", "Li3La5Ti9O27"),
        ("Li0.33La0.56TiO3", "Li3La5Ti9O27"),
        ("Li2.33Si", "Li7Si3"),
        ("LiNi0.333Mn0.333Co0.333O2", "Li3NiMnCoO6"),
        ("Li2.3333Si", "Li7Si3"),
    ],
)
def test_rounded_amounts_mean_the_exact_composition(text: str, meant: str) -> None:
    material = read(text, phases())
    assert material.formula == meant
    assert f"read as {meant}" in material.notes[0]
    counts = parse_formula(meant)
    for symbol, amount in typed_amounts(text).items():
        off = abs(counts[symbol] * material.units - float(amount.value))
        assert off <= 1.5 * float(amount.step) + 1e-12


@pytest.mark.parametrize(
    "text",
    [
        "Li1.3Al0.3Ti1.7(PO4)3",
        "Li9.54Si1.74P1.44S11.7Cl0.3",
        "Li6.4La3Zr1.4Ta0.6O12",
        "Li5.5PS4.5Cl1.5",
        "Li2.98PO3.3N0.46",
        "Li3.1PS4",
        "TiO1.9",
        "Fe0.95O",
        "Li0.5CoO2",
        "Li3.75Si",
        "Li7.1La3Zr2O12",
        "LiNi0.5Mn0.3Co0.2O2",
        "Li2.3Si",
    ],
)
def test_what_is_exact_or_off_by_more_than_rounding_stays(text: str) -> None:
    material = read(text, phases())
    assert parse_formula(material.formula) == parse_formula(text)
    assert material.notes == ()


def test_rounding_gives_back_the_window() -> None:
    """One lithium of 330 too many, and there was none."""
    rounded, exact = (
        screen.window(text).records[0] for text in ("Li0.33La0.557TiO3", "Li3La5Ti9O27")
    )
    assert rounded["outcome"] == exact["outcome"] == "window"
    for name in ("reduction_v", "oxidation_v"):
        assert rounded[name] == exact[name]


@pytest.mark.parametrize(
    ("text", "times"),
    [("Li0.33La0.557TiO3", Fraction(1, 9)), ("Li6P2S8", Fraction(2)), ("LiF", Fraction(1))],
)
def test_the_profile_is_per_formula_as_typed(text: str, times: Fraction) -> None:
    typed = screen.window(text).records[0]
    reduced = screen.window(typed["read_as"]).records[0]
    assert typed["formula"] == text
    for mine, theirs in zip(typed["states"], reduced["states"], strict=True):
        assert mine["anode_per_formula"] == pytest.approx(theirs["anode_per_formula"] * times)
        assert mine["v_low"] == theirs["v_low"]
        for product, amount in theirs["products"].items():
            assert mine["products"][product] == pytest.approx(amount * times)
    uptake = reduced["contact"]["anode_per_formula"]
    assert typed["contact"]["anode_per_formula"] == pytest.approx(uptake * times)


@given(
    st.dictionaries(
        st.sampled_from(["Li", "B", "H", "O", "Ti"]), st.integers(1, 12), min_size=2, max_size=4
    ),
    st.integers(1, 12),
)
def test_formulas_that_pymatgen_prints_are_read_back(counts: dict[str, int], of: int) -> None:
    printed = Composition({symbol: n / of for symbol, n in counts.items()}).formula
    assert parse_formula(printed.replace(" ", "")) == dict(parse_formula_of(counts))
    assert parse_formula(printed) == dict(parse_formula_of(counts))


def parse_formula_of(counts: dict[str, int]) -> dict[str, int]:
    common = np.gcd.reduce(list(counts.values()))
    ordered = Composition(counts).formula.split()
    symbols = ["".join(c for c in part if c.isalpha()) for part in ordered]
    return {symbol: int(counts[symbol] // common) for symbol in symbols}


def test_long_decimals_are_the_nearest_fraction() -> None:
    assert parse_formula("Li0.16666667B1.0H1.0") == {"Li": 1, "B": 6, "H": 6}
    assert parse_formula("Li0.33333O") == {"Li": 1, "O": 3}
    assert parse_formula("Li0.142857142857O") == {"Li": 1, "O": 7}
    assert parse_formula("Li0.33O") == {"Li": 33, "O": 100}


def test_names_and_labels_are_refused_where_only_formulas_are(tmp_path: Path) -> None:
    for text, said in (
        ("LiPON", "'LiPON' is a name, not a formula; write Li2.98PO3.3N0.46"),
        ("LLZO", "is a name, not a formula; write Li7La3Zr2O12"),
        ("β-Li3PS4", "holds the label 'β' of a phase; write Li3PS4"),
        ("Li3PS4 (beta)", "holds the label 'beta' of a phase; write Li3PS4"),
    ):
        path = tmp_path / "mine.csv"
        path.write_text(f"formula,formation_energy_ev_atom\nLiF,-3\n{text},-1\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"mine\.csv: line 3: formula") as refused:
            user_files.load(path)
        assert said in str(refused.value)
        (fault,) = faults([{**ROW, "active_formulas": f"LiF;{text}"}])
        assert fault.column == "active_formulas"
        assert said in fault.reason


ROW = dict.fromkeys(rows_of("literature")[0], "") | {
    "reference": "10.1234/example.2024",
    "year": "2024",
    "role": "interlayer",
    "material_label": "film",
    "family": "films",
    "electrolyte_label": "LPSC",
    "electrolyte_class": "sulfide",
    "cell_type": "symmetric",
    "test": "cycled",
    "ce_percent": "99",
    "outcome": "not stated",
    "confidence": "high",
    "provenance": "read",
}


def test_notes_go_to_json_readers_by_what_was_read(cli: Cli) -> None:
    said = cli("window", "LLZO", "--format", "json")
    (record,) = json.loads(said.out)
    assert record["formula"] == record["read_as"] == "Li7La3Zr2O12"


def test_names_stand_for_what_can_be_asked() -> None:
    formulas = [choice.formula for found in names().values() for choice in found]
    assert len(Compositions.from_formulas(formulas)) == len(formulas)
