"""The literature table: the shipped rows, and those that a user adds."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screen import files, sheets
from screen.composition import Compositions
from screen.errors import DataError, did_you_mean
from screen.literature import outcomes
from screen.literature.columns import COLUMNS, NAMES, REQUIRED, Row, row_of
from screen.literature.rules import faults, refuse
from screen.schema import fault_of_head
from screen.store import keep
from screen.tables import datasets, rows_of

ANODE = "Li"
"""The anode metal of all its cells."""
OWN = "own rows"
"""Name of the user's rows among the digests."""


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


@dataclass(frozen=True)
class Table:
    """Rows, and the digests of the files that they come from, by name."""

    rows: tuple[Row, ...]
    digests: Mapping[str, str]


def table(*, own: bool = False) -> Table:
    """The shipped rows and, if asked for, those that the user added.

    Raises:
        DataError: if the shipped file was changed, or the user's was made wrong.
    """
    shipped = Table(_shipped(), {"literature": str(datasets()["literature"]["sha256"])})
    path = own_path()
    if not own or not path.is_file():
        return shipped
    content = _bytes(path)
    records = _own(path)
    refuse(path.name, faults(records, shipped.rows))
    return _with(shipped, records, content)


def _with(shipped: Table, records: Sequence[dict[str, str]], content: bytes) -> Table:
    """A table with rows of the user's."""
    digest = hashlib.sha256(content).hexdigest()
    own = tuple(map(row_of, records))
    return Table((*shipped.rows, *own), {**shipped.digests, OWN: digest})


def rows(*, own: bool = False) -> tuple[Row, ...]:
    """The rows of `table`."""
    return table(own=own).rows


def never_better(*, own: bool = False) -> frozenset[int]:
    """Keys of the compositions of which all cells failed or did no better than their controls."""
    known = rows(own=own)
    bad = {formula for row in known if row.no_better for formula in row.active_formulas}
    good = {formula for row in known if not row.no_better for formula in row.active_formulas}
    return frozenset(_keys(bad)) - frozenset(_keys(good))


def _keys(formulas: Iterable[str]) -> list[int]:
    return [int(key) for key in Compositions.from_formulas(sorted(formulas)).key.tolist()]


@dataclass(frozen=True)
class Joined:
    """The table as it is with rows that are to be added.

    Attributes:
        added: how many.
        content: of the file that holds all rows of the user's then.
    """

    table: Table
    added: int
    content: bytes

    def keep(self) -> int:
        """Write the file; how many rows were added.

        Raises:
            DataError: if it cannot be written.
        """
        keep(own_path(), self.content)
        return self.added


def template() -> bytes:
    """An empty file for rows of one's own: the line that names the columns."""
    return (",".join(NAMES) + "\n").encode()


def joined(path: Path) -> Joined:
    """The rows of a CSV file, held to the rules, with those that there are; nothing is written.

    Raises:
        RowsRefusedError: for rows that are not accepted, each with its column and the reason.
        DataError: for a file that is no such table.
    """
    known = rows(own=True)
    records = [outcomes.completed(record) for record in _records(path)]
    if not records:
        raise DataError(f"{path.name} has no rows")
    refuse(path.name, faults(records, known))
    own = own_path()
    all_own = _own(own) if own.is_file() else []
    taken = {row.row_id for row in known}
    names = (f"own-{i}" for i in range(1, len(taken) + len(records) + 1))
    free = (name for name in names if name not in taken | {r["row_id"] for r in records})
    for record in records:
        all_own.append(record if record["row_id"] else {**record, "row_id": next(free)})
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(all_own)
    content = sink.getvalue().encode()
    return Joined(_with(table(), all_own, content), len(records), content)


def _own(path: Path) -> list[dict[str, str]]:
    """The user's rows. Those of a file from before there were outcomes need not state one."""
    found = _records(path)
    return [outcomes.completed(record, unknown=outcomes.NOT_STATED) for record in found]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


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
