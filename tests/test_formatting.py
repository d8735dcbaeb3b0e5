"""Values as people read them: one rule of digits for terminal, Markdown, page and workbook."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import literature
from screen.columns import Column
from screen.formatting import column_of, markdown_table, number, quantity, text
from screen.report import page
from screen.run import ranked_columns
from screen.settings import Settings
from screen.tables import electrolytes_of
from screen.units import DECIMALS, UNITS

SIX = st.integers(-(10**10), 10**10).map(lambda whole: whole / 10**6)
"""Numbers as the tables hold them, with six decimals."""
MEASURED = {"mA/cm²", "mAh/cm²", "h", "s", "mV", "%", "MPa", "°C", "S/cm", "Ω cm²"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (False, "no"),
        (0.12345, "0.123"),
        (-0.0001, "0.000"),
        (1966.6, "1966.600"),
        (math.inf, "∞"),
        (math.nan, "–"),
        (3, "3"),
        ("LiF", "LiF"),
    ],
)
def test_values_for_people(value: Any, shown: str) -> None:
    assert text(value) == shown


@given(value=SIX, decimals=st.integers(0, 3))
def test_halves_are_rounded_away_from_zero(value: float, decimals: int) -> None:
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert Decimal(number(value, decimals)) == exact
    assert not (number(value, decimals).startswith("-") and exact == 0)


@given(value=st.floats(1e-3, 1e7) | st.floats(-1e7, -1e-3))
def test_measured_figures_keep_four_digits(value: float) -> None:
    said = number(value, None)
    assert "e" not in said
    assert float(said) == pytest.approx(value, rel=5.1e-4)


@pytest.mark.parametrize(
    ("value", "said"), [(12000.0, "12000"), (560.0, "560"), (0.075, "0.075"), (12.74, "12.74")]
)
def test_reported_figures_stand_as_they_were_reported(value: float, said: str) -> None:
    assert number(value, None) == said


def test_every_unit_has_its_digits() -> None:
    assert UNITS | {""} == MEASURED | {*DECIMALS}
    assert not MEASURED & {*DECIMALS}


def test_a_column_may_have_digits_of_its_own() -> None:
    assert Column("x_gpa", "", "", "").decimals == 0
    assert Column("x_gpa", "", "", "", rounding=2).decimals == 2
    assert Column("lifetime_h", "", "", "").decimals is None
    assert column_of("x_v", {"x_v": Column("x_v", "", "", "", rounding=1)}).decimals == 1
    assert quantity(1.15649, "reduction_v") == "1.156 V"
    assert quantity(-0.0314, "x_ev_atom") == "-0.031 eV/atom"


def test_no_column_shows_more_digits_than_its_file_holds() -> None:
    declared = ranked_columns(electrolytes_of("Li"), Settings(barrier=True, surface=True))
    for column in (*declared, *literature.COLUMNS):
        if column.kind == "number":
            assert column.decimals is None or 0 <= column.decimals <= 3


def test_markdown_rounds_by_column() -> None:
    rows = pa.table({"formula": ["LiF"], "bulk_gpa": [67.4], "lifetime_h": [0.075], "score": [0.8]})
    columns = {"score": Column("score", "score", "", "", rounding=1)}
    head, bars, row = markdown_table(rows, columns)
    assert head == "| formula | bulk_gpa | lifetime_h | score |"
    assert bars == "| --- | ---: | ---: | ---: |"
    assert row == "| LiF | 67 | 0.075 | 0.8 |"


@given(values=st.lists(SIX, min_size=1), decimals=st.sampled_from([0, 1, 2, 3]))
def test_the_page_cuts_nothing_that_it_shows(values: list[float], decimals: int) -> None:
    packed = page._packed(pa.chunked_array([pa.array(values)]), decimals)
    assert isinstance(packed, list)
    assert [number(x, decimals) for x in packed] == [number(x, decimals) for x in values]
    np.testing.assert_allclose(packed, values, atol=10.0 ** -(decimals + 2))
