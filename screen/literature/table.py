"""The literature table: the shipped rows, and those that a user adds."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screen import files, sheets
from screen.errors import DataError, did_you_mean
from screen.literature.columns import COLUMNS, NAMES, REQUIRED, Row, row_of
from screen.literature.rules import faults, refuse
from screen.schema import fault_of_head
from screen.tables import datasets, rows_of, sha256

ANODE = "Li"
"""The anode metal of all its cells."""


@cache
def _shipped() -> tuple[Row, ...]:
    records = rows_of("literature")
    if wrong := fault_of_head(list(records[0]), NAMES):
        raise DataError(f"literature.csv: {wrong}")
    return tuple(row_of(record) for record in records)


def check_shipped() -> None:
    """Hold the shipped rows to the rules.

    Raises:
        DataError: naming the first that breaks one, its column and the reason.
    """
    refuse("literature.csv", faults(rows_of("literature")))
    _shipped()


def own_path() -> Path:
    """Where the user's rows are kept: in SCREEN_HOME, or the user's cache folder."""
    return files.home(os.environ) / "literature.csv"


def rows(*, own: bool = False) -> tuple[Row, ...]:
    """The shipped rows and, if asked for, those that the user added.

    Raises:
        DataError: if the shipped file was changed, or the user's was made wrong.
    """
    path = own_path()
    if not own or not path.is_file():
        return _shipped()
    records = _records(path)
    refuse(path.name, faults(records, _shipped()))
    return (*_shipped(), *map(row_of, records))


def digests(*, own: bool = False) -> dict[str, str]:
    """Digest of the shipped table, and of the user's rows if asked for and there are any."""
    found = {"literature": str(datasets()["literature"]["sha256"])}
    if own and own_path().is_file():
        found["own rows"] = sha256(own_path())
    return found


def add(path: Path) -> int:
    """Check the rows of a CSV file against the rules and keep them with the user's others.

    Returns:
        How many rows were added.

    Raises:
        DataError: naming the first row that is not accepted, its column and the reason.
    """
    known = rows(own=True)
    records = _records(path)
    if not records:
        raise DataError(f"{path.name} has no rows")
    refuse(path.name, faults(records, known))
    kept = _records(own_path()) if own_path().is_file() else []
    taken = {row.row_id for row in known}
    names = (f"own-{i}" for i in range(1, len(taken) + len(records) + 1))
    free = (name for name in names if name not in taken | {r["row_id"] for r in records})
    for record in records:
        kept.append(record if record["row_id"] else {**record, "row_id": next(free)})
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    try:
        files.write_aside(own_path(), sink.getvalue().encode())
    except OSError as error:
        raise DataError(f"cannot write {own_path()}: {error.strerror or error}") from error
    return len(records)


def _records(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file as texts, with every column of the table; those it lacks are empty.

    Raises:
        DataError: if it cannot be read, or names a column that the table does not have.
    """
    sheet = sheets.read(path)
    for name in sheet.head:
        if name not in NAMES:
            raise DataError(f"{path.name}: unknown column {name!r}; {did_you_mean(name, NAMES)}")
    if len(set(sheet.head)) < len(sheet.head):
        raise DataError(f"{path.name}: a column is there twice")
    for name in REQUIRED:
        if name not in sheet.head:
            raise DataError(f"{path.name}: column {name!r} is missing")
    kinds = {column.name: column.kind for column in COLUMNS}
    found = []
    for cells in sheet.rows:
        texts = dict(zip(sheet.head, (cell.strip() for cell in cells), strict=True))
        for name, text in texts.items():
            if kinds[name] == "number":
                texts[name] = sheet.number(text)
            elif kinds[name] == "flag":  # as the table itself is printed
                texts[name] = {"true": "1", "false": "0"}.get(text.lower(), text)
        found.append({name: texts.get(name, "") for name in NAMES})
    return found


def to_columns(chosen: Sequence[Row]) -> dict[str, npt.NDArray[Any]]:
    """Rows as columns: numbers with NaN, texts, flags with None."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for column in COLUMNS:
        values = [getattr(row, column.name) for row in chosen]
        if column.name == "active_formulas":
            values = [";".join(formulas) for formulas in values]
        kind = np.float64 if column.kind == "number" else object
        columns[column.name] = np.array(values, dtype=kind)
    return columns
