"""Columns: each has one owner, a unit that its name says, and a meaning worth reading."""

from __future__ import annotations

import pytest

from screen import literature
from screen.columns import Column
from screen.phases import COLUMNS
from screen.run import ranked_columns
from screen.tables import electrolytes_of, rows_of
from screen.units import SUFFIXES, unit_of

ANODES = [row["symbol"] for row in rows_of("anodes")]
EVERY = list(
    dict.fromkeys(
        c
        for anode in ANODES
        for c in (*COLUMNS, *literature.COLUMNS, *ranked_columns(electrolytes_of(anode)))
    )
)


@pytest.mark.parametrize("column", EVERY, ids=lambda c: c.name)
def test_column_explains_itself(column: Column) -> None:
    assert column.meaning.endswith(".")
    assert len(column.meaning) >= 10
    assert column.label
    assert column.source
    assert column.name == column.name.lower()
    assert not column.fault


@pytest.mark.parametrize("anode", ANODES)
def test_names_are_unique(anode: str) -> None:
    names = [c.name for c in ranked_columns(electrolytes_of(anode))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "column",
    [
        Column("mass_kg", "", "", ""),
        Column("gap", "", "", ""),
        Column("jumps_per_s", "", "", ""),
        Column("gap_ev", "", "", "", dimensionless=True),
        Column("gap_ev", "", "", "", "text"),
    ],
    ids=lambda c: c.name,
)
def test_a_number_says_its_unit_or_that_it_has_none(column: Column) -> None:
    assert column.fault


def test_one_meaning_per_name_and_unit() -> None:
    owners: dict[str, set[str]] = {}
    for column in EVERY:
        owners.setdefault(column.name, set()).add(column.unit)
    assert all(len(units) == 1 for units in owners.values())


def test_longest_suffix_wins() -> None:
    """A suffix that ends another must come after it, or the unit would be read wrongly."""
    for suffix, unit in SUFFIXES.items():
        assert unit_of(f"anything{suffix}") == unit
    assert unit_of("handling") == ""
