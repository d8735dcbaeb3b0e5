"""The labelled substrates: one schema, a source each, both classes, conflicts said aloud."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from screen.composition import INDEX, format_formula, parse_formula
from screen.tables import elements, rows_of

ROWS = rows_of("lithiophilic_labels")
COLUMNS = (
    "formula label chemistry lithiophilic evidence nucleation_overpotential_mv current_ma_cm2 "
    "source quote provenance note"
).split()
EVIDENCE = {
    "nucleation_overpotential",
    "contact_angle",
    "melt_infiltration",
    "reviewer_statement",
    "calculation",
}
ANION = {
    "oxide": "O",
    "nitride": "N",
    "fluoride": "F",
    "chloride": "Cl",
    "sulfide": "S",
    "phosphide": "P",
    "carbide": "C",
}
SOURCE = re.compile(
    r"(doi:10\.\d{4,}/[^\s,;]+|pmid:\d+|pmcid:PMC\d+|patent:[A-Z]{2}\d+[A-Z]\d|https?://\S+)"
    r"( ref\. \d+)?"
)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['formula']}-{row['label']}")


def labels_of(formula: str) -> set[str]:
    return {row["lithiophilic"] for row in ROWS if row["formula"] == formula}


@each_row
def test_columns_and_allowed_values(row: dict[str, str]) -> None:
    assert list(row) == COLUMNS
    assert row["chemistry"] in {*ANION, "metal", "carbon", "alloy", "lithium_compound"}
    assert row["lithiophilic"] in {"0", "1"}
    assert row["evidence"] in EVIDENCE
    assert row["provenance"] in {"read", "recalled"}
    assert row["label"]
    assert all(cell == cell.strip() and "\n" not in cell for cell in row.values())


@each_row
def test_formula_is_reduced_and_fits_its_chemistry(row: dict[str, str]) -> None:
    counts = parse_formula(row["formula"])
    assert format_formula(counts) == row["formula"]
    alloying = elements().forms_alloys[[INDEX[symbol] for symbol in counts]]
    match row["chemistry"]:
        case "metal":
            assert len(counts) == 1
            assert np.all(alloying)
        case "carbon":
            assert counts == {"C": 1}
        case "alloy":
            assert len(counts) > 1
            assert {s for s, yes in zip(counts, alloying, strict=True) if not yes} <= {"B"}
        case "lithium_compound":
            assert "Li" in counts
            assert len(counts) > 1
        case anion:
            assert len(counts) > 1
            assert ANION[anion] in counts


@each_row
def test_row_says_where_it_comes_from(row: dict[str, str]) -> None:
    assert SOURCE.fullmatch(row["source"])
    assert len(row["quote"].split()) <= 15
    # What was read can be found again by its words; what was not says so.
    assert bool(row["quote"]) == (row["provenance"] == "read")
    assert ("no quote: not read" in row["note"]) == (row["provenance"] == "recalled")


@each_row
def test_overpotential_has_a_current_or_a_reason(row: dict[str, str]) -> None:
    overpotential, current = row["nucleation_overpotential_mv"], row["current_ma_cm2"]
    if overpotential:
        assert 0 < float(overpotential) < 200
        assert row["provenance"] == "read"
        assert 0 < float(current) < 20 if current else "current not stated" in row["note"]
    else:
        assert not current
        if row["evidence"] == "nucleation_overpotential":
            assert re.search(r"figure|no barrier", row["note"])


def test_no_row_twice() -> None:
    keys = Counter((row["formula"], row["label"], row["source"]) for row in ROWS)
    assert [key for key, times in keys.items() if times > 1] == []


def test_enough_substrates_of_both_classes() -> None:
    assert len({row["formula"] for row in ROWS}) >= 60
    classes: dict[str, set[str]] = {}
    for row in ROWS:
        classes.setdefault(row["chemistry"], set()).add(row["lithiophilic"])
    assert sum(len(both) == 2 for both in classes.values()) >= 5


def test_one_chemistry_per_formula() -> None:
    families: dict[str, set[str]] = {}
    for row in ROWS:
        families.setdefault(row["formula"], set()).add(row["chemistry"])
    assert {formula for formula, names in families.items() if len(names) > 1} == set()


def test_a_third_at_most_is_recalled() -> None:
    assert sum(row["provenance"] == "recalled" for row in ROWS) <= len(ROWS) / 3


@each_row
def test_conflicts_are_marked_in_every_row_that_they_touch(row: dict[str, str]) -> None:
    conflicting = len(labels_of(row["formula"])) == 2
    assert row["note"].startswith("conflict: ") == conflicting


def test_metals_that_dissolve_in_lithium_meet_no_contradiction() -> None:
    """Solubility in Li (Yan et al., doi:10.1038/nenergy.2016.10) against the labels of others."""
    for soluble in ("Au", "Ag", "Zn", "Mg"):
        assert labels_of(soluble) == {"1"}
        assert len({r["source"] for r in ROWS if r["formula"] == soluble}) > 1
    for insoluble in ("Cu", "Ni", "W", "C"):
        assert "0" in labels_of(insoluble)
