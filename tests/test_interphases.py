"""The table of interphases: one schema, a source each, all three verdicts."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from screen.composition import format_formula, parse_formula
from screen.sources import reference
from screen.tables import rows_of

ROWS = rows_of("interphases")
VERDICTS = {"stable", "passivating", "mixed_conducting"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['formula']}-{row['anode']}")
def test_a_row_is_whole(row: dict[str, str]) -> None:
    assert format_formula(parse_formula(row["formula"])) == row["formula"]
    assert row["verdict"] in VERDICTS
    assert row["kind"] in {"electrolyte", "film", "electrode", "product"}
    assert row["provenance"] in {"read", "read_secondary", "recalled"}
    assert row["confidence"] in {"high", "medium", "low"}
    assert re.fullmatch(r"10\.\d{4,}/\S+", row["doi"])
    assert all(row[name] for name in ("family", "method", "finding"))


def test_there_are_enough_of_each_and_most_were_read() -> None:
    assert len(ROWS) >= 25
    assert len({(row["formula"], row["anode"]) for row in ROWS}) == len(ROWS)
    assert min(Counter(row["verdict"] for row in ROWS).values()) >= 8
    assert {row["anode"] for row in ROWS} == {"Li", "Na"}
    assert sum(row["provenance"] != "recalled" for row in ROWS) > len(ROWS) / 2


def test_the_embedded_set_can_answer_for_each() -> None:
    phases = reference.load()
    for row in ROWS:
        assert phases.covers({*parse_formula(row["formula"]), row["anode"]}), row["formula"]
