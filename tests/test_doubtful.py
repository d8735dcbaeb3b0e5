"""The phases that do not compete: each with its evidence, found whatever the formula's spelling."""

from __future__ import annotations

import re

import pytest

from screen import doubtful
from screen.composition import Compositions, parse_formula
from screen.sources import reference
from screen.tables import rows_of

ROWS = rows_of("doubtful_phases")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["formula"])
def test_an_entry_is_whole(row: dict[str, str]) -> None:
    assert parse_formula(row["formula"])
    assert (row["scope"] == "never") == (row["below_k"] == "")
    assert row["scope"] in {"never", "below"}
    assert len(row["why"]) > 20
    assert len(row["evidence"]) > 40
    assert re.fullmatch(r"10\.\d{4,}/\S+", row["doi"])
    assert row["provenance"] in {"read", "read_secondary", "recalled"}


def test_the_named_ones_are_there_and_what_exists_is_not() -> None:
    named = {row["formula"] for row in ROWS}
    assert named >= {"LiCu3", "LiS4", "Li7Ti10O24", "Li2C2"}
    assert not named & {"LiB", "Ti6O", "Zr4O", "LiC6", "LiC12", "Li2S", "NaCl"}


def test_entries_are_found_by_composition_at_their_temperature() -> None:
    asked = Compositions.from_formulas(["Cu3Li", "Cu", "LiC", "Li2C2", "LiC12"])
    names = [doubtful.table()[i].formula if i >= 0 else "" for i in doubtful.entries(asked)]
    assert names == ["LiCu3", "", "Li2C2", "Li2C2", ""]
    hot = doubtful.entries(asked, temperature_k=700.0)
    assert [i >= 0 for i in hot] == [True, False, False, False, False]


def test_every_entry_is_in_the_embedded_set_to_be_asked_about() -> None:
    phases = reference.load()
    wanted = Compositions.from_formulas([row["formula"] for row in ROWS])
    assert (phases.rows_of(wanted) >= 0).all()
