"""What a shipped table must look like: its columns in their order, and what each cell may hold."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from screen.composition import INDEX, tidy_formula
from screen.errors import DataError, did_you_mean, first_line
from screen.units import UNITS, unit_of

EVERY = "*"
"""In a cell of symbols: all."""


class Rule(BaseModel):
    """What the cells of a column may hold.

    Attributes:
        kind: text; formula; symbol of an element, or several by spaces; number; count (a whole
            number); flag (0 or 1); choice among `allowed`.
        empty: whether a cell may be empty.
        unit: of a number; "" if it has none.
        above, low, high: bounds of a number; the first is not reached.
        within: column of another table that must hold the value, as "anodes.symbol".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["text", "formula", "symbol", "symbols", "number", "count", "flag", "choice"]
    empty: bool = False
    unit: str = ""
    above: float | None = None
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    within: str = ""

    def fault(self, text: str) -> str:
        """What is wrong with a cell; "" if nothing is."""
        if not text.strip():
            return "" if self.empty else "is empty"
        if self.kind == "formula":
            return _fault_of_formula(text)
        if self.kind in ("symbol", "symbols"):
            parts = text.split() if self.kind == "symbols" and text != EVERY else [text]
            wrong = [part for part in parts if part not in INDEX and text != EVERY]
            return f"{wrong[0]!r} is no element" if wrong else ""
        if self.kind in ("number", "count"):
            return self._fault_of_number(text)
        allowed = ("0", "1") if self.kind == "flag" else self.allowed
        if self.kind != "text" and text not in allowed:
            return f"unknown {text!r}; {did_you_mean(text, allowed)}"
        return ""

    def _fault_of_number(self, text: str) -> str:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            return f"{text!r} is no number; write it like 0.5"
        if self.kind == "count" and not value.is_integer():
            return f"{text} is no whole number"
        if self.above is not None and value <= self.above:
            return f"{text} is not above {self.above:g}"
        if self.low is not None and value < self.low:
            return f"{text} is below {self.low:g}"
        if self.high is not None and value > self.high:
            return f"{text} is above {self.high:g}"
        return ""


def _fault_of_formula(text: str) -> str:
    try:
        tidy_formula(text)
    except DataError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in their order, and which of them together name a row."""

    columns: Mapping[str, Rule]
    unique: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, name: str, stanza: Mapping[str, Any]) -> Schema:
        """From the stanza of a table in datasets.toml.

        Raises:
            DataError: for a schema that is none.
        """
        where = f"datasets.toml, [{name}.columns]"
        columns: dict[str, Rule] = {}
        for column, given in stanza["columns"].items():
            try:
                columns[column] = Rule.model_validate(given)
            except ValidationError as error:
                first = error.errors()[0]
                part = ".".join(map(str, first["loc"]))
                raise DataError(f"{where}, {column}: {part}: {first['msg']}") from error
            if wrong := _fault_of_unit(column, columns[column]):
                raise DataError(f"{where}, {column}: {wrong}")
        unique = tuple(tuple(names) for names in stanza.get("unique", ()))
        for column in {column for names in unique for column in names} - columns.keys():
            raise DataError(f"datasets.toml, [{name}]: unique: no column is called {column!r}")
        return cls(columns, unique)


def _fault_of_unit(column: str, rule: Rule) -> str:
    """A number has the unit that its name says; a name may say none."""
    if rule.unit and rule.unit not in UNITS:
        return f"unknown unit {rule.unit!r}; {did_you_mean(rule.unit, UNITS, limit=40)}"
    said = unit_of(column) if rule.kind == "number" else ""
    if said and said != rule.unit:
        return f"the unit is {rule.unit!r}, but the name says {said!r}"
    return ""


def read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Head and rows of a CSV file, each row with its line as an editor counts.

    Raises:
        DataError: if it is no CSV file in UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            head = next(reader, [])
            begin, rows = reader.line_num + 1, []
            for cells in reader:
                rows.append((begin, cells))
                begin = reader.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: no CSV file in UTF-8 ({first_line(error)})") from error
    return head, rows


def fault_of_head(head: Sequence[str], names: Sequence[str]) -> str:
    """Where the head of a table is not that of its columns in their order; "" if it is."""
    for place, (given, wanted) in enumerate(zip([*head, ""], [*names, ""], strict=False), 1):
        if given != wanted:
            has, needs = repr(given) if given else "missing", repr(wanted) if wanted else "none"
            return (
                f"column {place} is {has}, {needs} is wanted there; the columns are "
                f"{', '.join(names)}"
            )
    return ""


def faults(
    file: str,
    schema: Schema,
    head: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str]]],
    others: Mapping[str, frozenset[str]] | None = None,
) -> Iterator[str]:
    """Everything in a table that its schema forbids, each with file, line and column.

    Args:
        others: by "table.column", what that column holds, for values that must be in it.
    """
    names = list(schema.columns)
    if wrong := fault_of_head(head, names):
        yield f"{file}: {wrong}"
        return
    seen: list[dict[tuple[str, ...], int]] = [{} for _ in schema.unique]
    for line, cells in rows:
        if len(cells) != len(names):
            yield f"{file}, line {line}: {len(cells)} cells, {len(names)} are wanted"
            continue
        row = dict(zip(names, cells, strict=True))
        for column, rule in schema.columns.items():
            wrong = rule.fault(row[column])
            if not wrong and rule.within and others is not None:
                known = others[rule.within]
                lacking = [v for v in row[column].split() if v not in known and v != EVERY]
                wrong = f"{lacking[0]!r} is not in {rule.within}" if lacking else ""
            if wrong:
                yield f"{file}, line {line}, {column}: {wrong}"
        for columns, first in zip(schema.unique, seen, strict=True):
            key = tuple(row[column] for column in columns)
            before = first.setdefault(key, line)
            if before != line:
                yield (
                    f"{file}, line {line}, {columns[0]}: {' '.join(key)!r} stands in line "
                    f"{before} already"
                )
