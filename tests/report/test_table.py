"""Tables in every format: nothing lost, nothing that a reader would trip over."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from screen.columns import Column, Values
from screen.report.table import (
    arrow,
    count_rows,
    finite,
    gaps,
    read_csv,
    render,
    tidy,
    write_csv,
)
from screen.report.terminal import print_table

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.fixed_dictionaries({"name": CELLS, "value": st.none() | NUMBERS, "flag": st.booleans()})
SCHEMA = pa.schema([("name", pa.string()), ("value", pa.float64()), ("flag", pa.bool_())])


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMA)


@given(values=st.lists(st.floats(-1e6, 1e6)))
def test_tidy_rounds_to_six_digits_once(values: list[float]) -> None:
    array = np.array(values)
    rounded = tidy(array)
    assert (abs(rounded - array) <= 0.5e-6 + 1.1e-11 + 1e-15 * abs(array)).all()
    np.testing.assert_array_equal(tidy(rounded), rounded)
    assert not np.signbit(rounded[rounded == 0]).any()


@given(halves=st.lists(st.integers(-(10**9), 10**9), min_size=1))
def test_tidy_settles_halves_whatever_the_last_bit(halves: list[int]) -> None:
    exact = (np.array(halves) + 0.5) / 1e6
    below, above = np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf)
    np.testing.assert_array_equal(tidy(below), tidy(exact))
    np.testing.assert_array_equal(tidy(above), tidy(exact))


def test_missing_values_become_null() -> None:
    assert arrow(np.array([1.0, np.nan, -0.0]), "number").to_pylist() == [1.0, None, 0.0]
    assert arrow(np.array(["a", "", None], dtype=object), "text").to_pylist() == ["a", None, None]
    assert arrow(np.array([3, 0]), "number").to_pylist() == [3, None]
    flags = np.array([True, False, None], dtype=object)
    assert arrow(flags, "flag").to_pylist() == [True, False, None]


def test_gaps_lists_each_missing_value_once() -> None:
    declared = [Column(name, name, "", "") for name in ("a", "b")]
    values = Values(3)
    values.add("a", [1.0, np.nan, np.nan], "never measured")
    reasons = np.array(["too old", "", ""], dtype=object)
    values.add("b", np.array(["", "x", "y"], dtype=object), reasons)
    assert gaps(declared, values, ["1", "2", "3"], ["LiF", "ZnO", "C"]).to_pylist() == [
        {"id": "2", "formula": "ZnO", "column": "a", "reason": "never measured"},
        {"id": "3", "formula": "C", "column": "a", "reason": "never measured"},
        {"id": "1", "formula": "LiF", "column": "b", "reason": "too old"},
    ]


def test_gaps_of_no_candidates() -> None:
    values = Values(0)
    values.add("a", np.zeros(0))
    found = gaps([Column("a", "a", "", "")], values, [], [])
    assert (found.num_rows, found.column_names) == (0, ["id", "formula", "column", "reason"])


EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\n")


def unguarded(text: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from executing it."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(EXECUTED) else text


@given(
    texts=st.lists(
        st.sampled_from("'=+-@\t\r\n1e.x").flatmap(
            lambda first: st.text("'=+-@\t\r\n1e.x", max_size=4).map(lambda rest: first + rest)
        )
    )
)
def test_no_text_in_a_csv_begins_what_a_spreadsheet_executes(texts: list[str]) -> None:
    sink = io.BytesIO()
    rows = pa.table({"text": pa.array(texts, pa.string()), "number": pa.array([-1.0] * len(texts))})
    write_csv([rows], sink)
    for row in csv.DictReader(io.StringIO(sink.getvalue().decode(), newline="")):
        if row["text"].startswith(EXECUTED):
            float(row["text"])  # a negative number is a number to every reader
        assert row["number"] == "-1"
    sink.seek(0)
    read = read_csv(sink, {"text": "text", "number": "number"})
    assert read["text"].to_pylist() == texts


@given(rows=st.lists(ANY))
def test_csv_gives_back_the_rows(rows: list[dict[str, Any]]) -> None:
    sink = io.BytesIO()
    write_csv([table(rows)], sink)
    sink.seek(0)
    assert read_csv(sink, {"name": "text", "value": "number", "flag": "flag"}).to_pylist() == rows


@given(rows=st.lists(ANY), more=st.lists(ANY))
def test_csv_is_read_back_by_an_independent_reader(
    rows: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    sink = io.BytesIO()
    write_csv([table(rows), table(more)], sink)
    read = list(csv.DictReader(io.StringIO(sink.getvalue().decode(), newline="")))
    assert [unguarded(row["name"]) for row in read] == [row["name"] for row in rows + more]
    for found, row in zip(read, rows + more, strict=True):
        if row["value"] is None:
            assert found["value"] == ""
        else:
            assert float(found["value"]) == row["value"]
        assert found["flag"] == str(row["flag"]).lower()


@given(rows=st.lists(ANY))
def test_json_and_parquet_give_back_the_rows(rows: list[dict[str, Any]]) -> None:
    assert json.loads(render(table(rows), "json")) == rows
    read = pa.parquet.read_table(io.BytesIO(render(table(rows), "parquet")))
    assert read.to_pylist() == rows


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(
    value=st.recursive(
        st.floats() | st.text() | st.none() | st.booleans() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_knows_no_nan(value: Any) -> None:
    read = json.loads(render(table([]), "json", value), parse_constant=no_constant)
    if isinstance(value, float):
        assert read == (value if math.isfinite(value) else None)
    elif value is not None:
        assert read == finite(value)


@given(rows=st.lists(ANY))
def test_markdown_has_one_line_per_row_and_one_cell_per_column(rows: list[dict[str, Any]]) -> None:
    lines = render(table(rows), "md").decode().removesuffix("\n").split("\n")
    assert len(lines) == len(rows) + 2
    assert {re.sub(r"\\.", "", line).count("|") for line in lines} == {len(SCHEMA.names) + 1}
    assert lines[1] == "| --- | ---: | --- |"


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "md"])
def test_equal_tables_give_equal_bytes(form: str) -> None:
    rows = [{"name": "a,b", "value": 0.1, "flag": True}]
    assert render(table(rows), form) == render(table(rows), form)


def test_several_tables_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    rows = [{"name": "a", "value": None, "flag": True}]
    assert write_csv(iter([table(rows), table([]), table(rows)]), path) == 2
    assert path.read_text().splitlines() == ['"name","value","flag"', '"a",,true', '"a",,true']


@given(parts=st.lists(st.lists(ANY, max_size=3), min_size=1, max_size=4))
def test_every_row_is_written_once_whatever_the_parts(parts: list[list[dict[str, Any]]]) -> None:
    """Empty parts made old versions of pyarrow write the part before once more."""
    whole = table([row for part in parts for row in part])
    once, several, apart = io.BytesIO(), io.BytesIO(), io.BytesIO()
    write_csv([whole], once)
    write_csv([pa.concat_tables([table(part) for part in parts])], several)
    write_csv([table(part) for part in parts], apart)
    assert once.getvalue() == several.getvalue() == apart.getvalue()
    assert count_rows(io.BytesIO(once.getvalue()), "name") == len(whole)


def terminal(rows: pa.Table, labels: dict[str, Column], title: str, **options: Any) -> str:
    file = io.StringIO()
    print_table(Console(file=file, width=100), rows, labels, title, **options)
    return file.getvalue()


def test_terminal_shows_title_units_and_values() -> None:
    labels = {
        "value": Column("limit_v", "limit", "", ""),
        "flag": Column("x_fraction", "x", "", ""),
    }
    said = terminal(table([{"name": "LiF", "value": None, "flag": True}]), labels, "Windows")
    title, *head = said.splitlines()
    assert title.strip() == "Windows"
    assert {"name", "limit", "V", "x", "LiF", "–", "yes"} <= set(" ".join(head).split())
    assert "1" not in said  # the unit of a share is not shown
    assert "–" not in terminal(table([{"name": "a"}]), {}, "None", nothing="")


@pytest.mark.parametrize("name", ["x[/b]", "[red]mp-1[/red]", "[Li]", "sample [a]"])
def test_terminal_shows_text_as_it_stands(name: str) -> None:
    assert name in terminal(table([{"name": name}]), {}, f"Title {name}")
    assert name in terminal(table([{"name": name}]), {}, f"Title {name}").splitlines()[0]
