"""The workbook: a sheet per role, texts that stay texts, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from screen.columns import Column
from screen.outside import visible
from screen.report import people
from screen.report.workbook import Workbook
from tests.report import runs

TEXTS = [
    *runs.HOSTILE,
    "Li2O",
    "FeB2",
    "1E5",
    "=1+1",
    "#N/A",
    "#REF!",
    "+1",
    "-1",
    "@x",
    "TRUE",
    "",
]
SHEET = pa.table(
    {
        "text": pa.array([*TEXTS, None], pa.string()),
        "number": pa.array([-0.5, *[1e-6] * (len(TEXTS) - 1), 2.0], pa.float64()),
        "flag": pa.array([True, *[False] * (len(TEXTS) - 1), None]),
    }
)


def made(path: Path) -> Path:
    book = Workbook(path)
    book.add("Interlayer", SHEET)
    book.add("a/very[long]*name?of:a\\role that is longer than a sheet's", SHEET.slice(0, 0))
    book.dictionary([{"name": "text", "meaning": "=A text."}])
    book.close()
    return path


def test_cells_are_what_they_were(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path / "a.xlsx"))
    head, *rows = book["Interlayer"].iter_rows()
    assert [cell.value for cell in head] == ["text", "number", "flag"]
    for row, record in zip(rows, SHEET.to_pylist(), strict=True):
        text, number, flag = row
        assert (number.value, flag.value) == (record["number"], record["flag"])
        assert (text.value or "") == visible(record["text"] or "")
        assert text.data_type != "f"
        assert text.value is None or text.data_type in ("s", "inlineStr")


def test_numbers_are_whole_and_shown_by_the_rule_of_their_column(tmp_path: Path) -> None:
    rows = pa.table({"a_v": [1.156275, None], "b_gpa": [67.4, 3.0], "c_h": [0.075, 1.0]})
    book = Workbook(tmp_path / "a.xlsx")
    book.add("x", rows, {"b_gpa": Column("b_gpa", "", "", "", rounding=1)})
    book.close()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["x"]
    assert [c.value for c in sheet[2]] == [1.156275, 67.4, 0.075]
    assert [c.number_format for c in sheet[2]] == ["0.000", "0.0", "General"]
    assert [c.value for c in sheet[3]] == [None, 3.0, 1.0]


def test_sheets_have_names_that_a_spreadsheet_takes(tmp_path: Path) -> None:
    names = openpyxl.load_workbook(made(tmp_path / "a.xlsx")).sheetnames
    assert names[0] == "Interlayer"
    assert names[-1] == "columns"
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    assert made(tmp_path / "a.xlsx").read_bytes() == made(tmp_path / "b.xlsx").read_bytes()


def test_a_text_too_long_for_a_cell_is_cut(tmp_path: Path) -> None:
    book = Workbook(tmp_path / "a.xlsx")
    book.add("x", pa.table({"text": ["x" * 40_000]}))
    book.close()
    value = openpyxl.load_workbook(tmp_path / "a.xlsx")["x"]["A2"].value
    assert len(value) == 32_767
    assert value.endswith("…")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    run = runs.written(tmp_path_factory.mktemp("book") / "run", ("xlsx",), runs.few())
    return openpyxl.load_workbook(run / "ranked.xlsx")


ROLES = ["Interlayer", "Host", "Alloy"]


@pytest.mark.parametrize("role", ROLES)
def test_a_run_has_a_sheet_of_all_columns_of_each_role(book: openpyxl.Workbook, role: str) -> None:
    rows = list(book[f"{role}, all columns"].iter_rows(values_only=True))
    ranking = next(r for r in runs.few().rankings if r.role.label == role)
    expected = runs.few().ranked(ranking)
    assert list(rows[0]) == expected.column_names
    assert [row[2] for row in rows[1:]] == expected["formula"].to_pylist()
    at = expected.column_names.index("score")
    assert [row[at] for row in rows[1:]] == pytest.approx(expected["score"].to_pylist())


@pytest.mark.parametrize("role", ROLES)
def test_a_run_has_a_sheet_for_people_of_each_role(book: openpyxl.Workbook, role: str) -> None:
    """Before the others: units in the head, texts that wrap, a head that stays."""
    assert book.sheetnames[: len(ROLES) + 1] == ["about", *ROLES]
    sheet = book[role]
    heads = [cell.value for cell in sheet[1]]
    for head in (
        *("formula", "score, least", "score, most", "why", "what would change", "precursors"),
        *("route", "hazards", "space group", "cells measured", "hull distance (eV/atom)"),
        *("against Li, most likely", "band gap, range (eV)", "made", "Materials Project"),
    ):
        assert head in heads
    assert ("protects" in heads) == (role == "Interlayer")
    assert len(set(heads)) == len(heads)
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("C2", "$1:$1")
    assert all(cell.alignment.wrap_text and cell.font.bold for cell in sheet[1])
    ranking = next(r for r in runs.few().rankings if r.role.label == role)
    rows = runs.few().ranked(ranking).to_pylist()
    assert [cell.value for cell in sheet["B"]][1:] == [row["formula"] for row in rows]
    why = heads.index("why")
    assert [row[why].value or "" for row in sheet.iter_rows(min_row=2)] == [
        visible(row["why"] or "") for row in rows
    ]
    score = sheet.cell(2, heads.index("score") + 1)
    assert (score.value, score.number_format) == (rows[0]["score"], "0.000")


def test_texts_of_a_user_stay_texts_on_the_sheet_for_people(tmp_path: Path) -> None:
    sheet = people.shown({c: Column(c, c, "", "", "text") for c in ("formula", "why")}, "Li", [])
    book = Workbook(tmp_path / "a.xlsx")
    rows = [{"formula": "LiF", "why": text} for text in TEXTS if text]
    book.people("x", sheet, rows)
    book.close()
    cells = openpyxl.load_workbook(tmp_path / "a.xlsx")["x"]["B"][1:]
    assert all(cell.data_type in ("s", "inlineStr") for cell in cells)
    assert [cell.value for cell in cells] == [visible(row["why"]) for row in rows]
