"""The literature table: what cells with a given material have done, and rows that a user adds."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screen import files
from screen.columns import Column
from screen.composition import parse_formula
from screen.errors import DataError, did_you_mean
from screen.tables import datasets, rows_of, sha256

Record = Mapping[str, str]

ANODE = "Li"
"""The anode metal of all its cells."""
_TABLE = "data/literature.csv"


def _text(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _TABLE, "text")


def _number(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _TABLE)


COLUMNS: tuple[Column, ...] = (
    _text("row_id", "row", "Name of the row; given to rows of yours that have none."),
    _text("reference", "reference", "DOI; with 'ref. N', an entry of that paper; or an address."),
    _number("year", "year", "Year of the paper; empty where the source does not say."),
    _text("role", "role", "What the material does in the cell."),
    _text("material_label", "material", "Name as the paper has it."),
    _text("active_formulas", "formulas", "Formulas of what acts, by semicolon."),
    _text("family", "family", "Material family, to be left out as a whole in validation."),
    _text("electrolyte_label", "electrolyte", "Electrolyte as the paper names it."),
    _text("electrolyte_class", "class", "Class of the electrolyte."),
    _text("cell_type", "cell", "Symmetric, half (lithium against another electrode) or full."),
    _number("current_ma_cm2", "current", "Current density of the cycling test."),
    _number("capacity_mah_cm2", "capacity", "Areal capacity of a half cycle."),
    _number("lifetime_h", "lifetime", "Hours of cycling."),
    _number("lifetime_cycles", "cycles", "Cycles, where the source counts those."),
    Column(
        "lifetime_censored",
        "censored",
        "Whether it was still stable when the test was stopped; false: it failed.",
        _TABLE,
        "flag",
    ),
    _number("ccd_ma_cm2", "CCD", "Critical current density."),
    Column(
        "ccd_censored",
        "CCD is a bound",
        "Whether the cell bore the highest current that was tried; false: it failed there.",
        _TABLE,
        "flag",
    ),
    _number(
        "ccd_capacity_mah_cm2",
        "CCD capacity",
        "Areal capacity of a half cycle in the test that found the critical current density.",
    ),
    _text("ccd_step", "CCD steps", "How the current was raised, where said."),
    _text("control_label", "control", "What the same paper compares with."),
    _number("control_lifetime_h", "control lifetime", "Hours of cycling of the control."),
    _number("control_lifetime_cycles", "control cycles", "Cycles of the control."),
    _number("control_current_ma_cm2", "control current", "Current density of its test."),
    _number("control_capacity_mah_cm2", "control capacity", "Areal capacity of its test."),
    _number("control_ccd_ma_cm2", "control CCD", "Critical current density of the control."),
    _number("control_ce_percent", "control CE", "Coulombic efficiency of the control."),
    _number(
        "control_nucleation_overpotential_mv",
        "control overpotential",
        "Nucleation overpotential of the control.",
    ),
    _number(
        "control_interface_resistance_ohm_cm2",
        "control resistance",
        "Interface resistance of the control.",
    ),
    _number("temperature_c", "temperature", "Temperature of this very cell."),
    _number("stack_pressure_mpa", "pressure", "Stack pressure on this very cell while it ran."),
    _number("ce_percent", "CE", "Coulombic efficiency."),
    _number("nucleation_overpotential_mv", "overpotential", "Nucleation overpotential."),
    _number("interface_resistance_ohm_cm2", "resistance", "Resistance of the interface."),
    _text("quote", "quote", "Words that find the figure, at most 15, shortened or translated."),
    _text("note", "note", "What a reader has to know of the row."),
    _text("confidence", "confidence", "How sure the reading is: high, medium or low."),
    _text("provenance", "provenance", "Read in the paper, in an account of it, or recalled."),
    _text("source_text", "read in", "The text in which the figure was seen."),
)
BRIEF = (
    "row_id",
    "material_label",
    "electrolyte_label",
    "cell_type",
    "current_ma_cm2",
    "capacity_mah_cm2",
    "lifetime_h",
    "control_lifetime_h",
    "ccd_ma_cm2",
    "control_ccd_ma_cm2",
)
NAMES = tuple(column.name for column in COLUMNS)

ALLOWED: dict[str, tuple[str, ...]] = {
    "role": ("interlayer", "host", "alloy", "electrolyte", "electrolyte_dopant", "bare_anode"),
    "electrolyte_class": (
        "sulfide",
        "garnet",
        "halide",
        "nitride",
        "nasicon",
        "phosphate",
        "hydride",
        "polymer",
        "gel",
        "liquid",
        "none",
    ),
    "cell_type": ("symmetric", "half", "full"),
    "lifetime_censored": ("", "0", "1"),
    "ccd_censored": ("", "0", "1"),
    "confidence": ("high", "medium", "low"),
    "provenance": ("read", "read_secondary", "recalled"),
}
REQUIRED = (
    "reference",
    "role",
    "material_label",
    "family",
    "electrolyte_label",
    "electrolyte_class",
    "cell_type",
    "confidence",
    "provenance",
)
MAX_QUOTE_WORDS = 15
MAX_LIFETIME_H = 20_000.0

_CURRENT = (0.001, 50.0, "is it in A/cm²?", "is it in µA/cm²?")
_CAPACITY = (0.001, 100.0, "is it in Ah/cm²?", "is it in µAh/cm²?")
_LIMITS: dict[str, tuple[float, float, str, str]] = {
    "year": (1970, 2035, "give the year of the paper", "give the year of the paper"),
    "current_ma_cm2": _CURRENT,
    "ccd_ma_cm2": (0.001, 150.0, *_CURRENT[2:]),
    "ccd_capacity_mah_cm2": _CAPACITY,
    "capacity_mah_cm2": _CAPACITY,
    "lifetime_h": (0.0, MAX_LIFETIME_H, "it cannot be negative", "is it in minutes?"),
    "lifetime_cycles": (0.0, 100_000.0, "it cannot be negative", "is it a count of cycles?"),
    "temperature_c": (-60.0, 200.0, "is it in °C?", "is it in kelvin?"),
    "stack_pressure_mpa": (0.0, 500.0, "it cannot be negative", "is it in kPa or psi?"),
    "ce_percent": (1.001, 100.5, "is it a fraction?", "it cannot be above 100 %"),
    "nucleation_overpotential_mv": (0.5, 1000.0, "is it in V?", "is it in µV?"),
    "interface_resistance_ohm_cm2": (0.0, 100_000.0, "it cannot be negative", "is it in Ω cm²?"),
}
"""Lowest and highest value that is believed, and what to ask below and above."""
for _name in [name for name in NAMES if name.removeprefix("control_") in _LIMITS]:
    _LIMITS[_name] = _LIMITS[_name.removeprefix("control_")]

_REFERENCE = re.compile(r"10\.\d{4,9}/[^\s]+( ref\. [\w.]+)?|https?://[^\s]+\.[^\s]+")
_NUMBERS = tuple(column.name for column in COLUMNS if column.kind == "number")
_RESULTS = (
    "lifetime_h",
    "lifetime_cycles",
    "ccd_ma_cm2",
    "ce_percent",
    "nucleation_overpotential_mv",
    "interface_resistance_ohm_cm2",
)
_SAME = (
    "material_label",
    "electrolyte_label",
    "cell_type",
    "current_ma_cm2",
    "capacity_mah_cm2",
    "temperature_c",
    "stack_pressure_mpa",
)
_NO_CURRENT = "current not stated"
_SAYS_CLASS = {
    "garnet": re.compile("LLZ|Li7La3Zr2O12|garnet", re.IGNORECASE),
    "sulfide": re.compile("LPSC|Li6PS5|LGPS|Li10GeP2S12|Li3PS4|argyrodite", re.IGNORECASE),
}
"""Names of electrolytes that leave no doubt of their class, unless a polymer or gel holds them."""


@dataclass(frozen=True)
class Row:
    """A row of the table. Numbers that are not known are NaN, texts ""."""

    row_id: str
    reference: str
    year: float
    role: str
    material_label: str
    active_formulas: tuple[str, ...]
    family: str
    electrolyte_label: str
    electrolyte_class: str
    cell_type: str
    current_ma_cm2: float
    capacity_mah_cm2: float
    lifetime_h: float
    lifetime_cycles: float
    lifetime_censored: bool | None
    ccd_ma_cm2: float
    ccd_censored: bool | None
    ccd_capacity_mah_cm2: float
    ccd_step: str
    control_label: str
    control_lifetime_h: float
    control_lifetime_cycles: float
    control_current_ma_cm2: float
    control_capacity_mah_cm2: float
    control_ccd_ma_cm2: float
    control_ce_percent: float
    control_nucleation_overpotential_mv: float
    control_interface_resistance_ohm_cm2: float
    temperature_c: float
    stack_pressure_mpa: float
    ce_percent: float
    nucleation_overpotential_mv: float
    interface_resistance_ohm_cm2: float
    quote: str
    note: str
    confidence: str
    provenance: str
    source_text: str

    @property
    def paper(self) -> str:
        """What rows of one paper share; such rows never stand on both sides of a split."""
        return _paper(self.reference)


def _paper(reference: str) -> str:
    """A reference in one spelling: a DOI may be given as an address."""
    return re.sub(r"^https?://(dx\.)?doi\.org/", "", reference.strip().lower())


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: which one, in which column, and why."""

    row: str
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.row}, {self.column}: {self.reason}"


@cache
def _shipped() -> tuple[Row, ...]:
    return tuple(_row(record) for record in rows_of("literature"))


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
    _refuse(path.name, faults(records, _shipped()))
    return (*_shipped(), *map(_row, records))


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
    _refuse(path.name, faults(records, known))
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


def table(chosen: Sequence[Row]) -> dict[str, npt.NDArray[Any]]:
    """Rows as columns: numbers with NaN, texts, flags with None."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for column in COLUMNS:
        values = [getattr(row, column.name) for row in chosen]
        if column.name == "active_formulas":
            values = [";".join(formulas) for formulas in values]
        kind = np.float64 if column.kind == "number" else object
        columns[column.name] = np.array(values, dtype=kind)
    return columns


def faults(records: Sequence[Record], known: Sequence[Row] = ()) -> list[Fault]:
    """Everything that is wrong with some rows.

    Args:
        records: rows as texts, with all of NAMES as keys.
        known: rows that are there already; none may be repeated, and families keep their names.
    """
    spelled = {row.family.lower(): row.family for row in known}
    seen = {_key(row): row.row_id for row in known}
    taken = {row.row_id for row in known}
    found = []
    for i, record in enumerate(records, 1):
        name = record["row_id"]
        where = f"row {i} ({name})" if name else f"row {i}"
        mine = [Fault(where, column, reason) for column, reason in _faults_of(record)]
        family = spelled.setdefault(record["family"].lower(), record["family"])
        if family != record["family"]:
            mine.append(Fault(where, "family", f"{record['family']!r} is written {family!r} here"))
        if name in taken:
            mine.append(Fault(where, "row_id", f"{name!r} is taken; choose another, or leave it"))
        if name:
            taken.add(name)
        if not mine:
            first = seen.setdefault(_key(_row(record)), where)
            if first != where:
                mine.append(Fault(where, "reference", f"repeats {first}: same paper and test"))
        found += mine
    return found


def _faults_of(record: Record) -> Iterator[tuple[str, str]]:
    """Faults of one row by itself: column and reason."""
    for name in REQUIRED:
        if not record[name]:
            yield name, "is empty"
    for name, allowed in ALLOWED.items():
        if record[name] not in allowed and (record[name] or name not in REQUIRED):
            yield name, f"unknown {record[name]!r}; {did_you_mean(record[name], allowed)}"
    if record["reference"] and not _REFERENCE.fullmatch(record["reference"]):
        yield "reference", f"{record['reference']!r} is no DOI (10.1021/...) and no web address"
    if not record["year"] and not record["note"]:
        yield "year", "is empty; say in the note why"
    of = [name for name, said in _SAYS_CLASS.items() if said.search(record["electrolyte_label"])]
    others = {*ALLOWED["electrolyte_class"]} - {*of, "polymer", "gel"}
    if len(of) == 1 and record["electrolyte_class"] in others:
        yield "electrolyte_class", f"{record['electrolyte_label']!r} is called a {of[0]} elsewhere"
    yield from _faults_of_formulas(record)
    words = len(record["quote"].split())
    if words > MAX_QUOTE_WORDS:
        yield "quote", f"has {words} words; at most {MAX_QUOTE_WORDS}"
    bad = list(_faults_of_numbers(record))
    yield from bad or _faults_of_test(record)


def _faults_of_formulas(record: Record) -> Iterator[tuple[str, str]]:
    formulas = _split(record["active_formulas"])
    if not formulas and not record["note"]:
        yield "active_formulas", "is empty; say in the note why"
    for formula in formulas:
        try:
            parse_formula(formula)
        except DataError as error:
            yield "active_formulas", str(error)


def _faults_of_numbers(record: Record) -> Iterator[tuple[str, str]]:
    for name in _NUMBERS:
        text = record[name]
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            yield name, f"{text!r} is no number; write it like 0.5"
            continue
        low, high, below, above = _LIMITS[name]
        if value < low:
            yield name, f"{text} is below {low:g}; {below}"
        elif value > high:
            yield name, f"{text} is above {high:g}; {above}"


def _faults_of_test(record: Record) -> Iterator[tuple[str, str]]:
    """Figures of a row that do not go together; all of them are numbers within limits."""
    values = {name: _value(record[name]) for name in _NUMBERS}
    note, full = record["note"], record["cell_type"] == "full"
    for who in ("", "control_"):
        hours, cycles = values[f"{who}lifetime_h"], values[f"{who}lifetime_cycles"]
        current, capacity = values[f"{who}current_ma_cm2"], values[f"{who}capacity_mah_cm2"]
        lived = not (math.isnan(hours) and math.isnan(cycles))
        if lived and math.isnan(current) and not full and _NO_CURRENT not in note.lower():
            yield (
                f"{who}current_ma_cm2",
                f"a lifetime without a current; give it, or write {_NO_CURRENT!r} in the note",
            )
        if not full:
            yield from _faults_of_duration(who, hours, cycles, 2 * capacity / current)
    if values["ccd_capacity_mah_cm2"] > 0 and math.isnan(values["ccd_ma_cm2"]):
        yield "ccd_capacity_mah_cm2", "there is no critical current density that it belongs to"
    if record["lifetime_censored"] and all(
        math.isnan(values[name]) for name in ("lifetime_h", "lifetime_cycles")
    ):
        yield "lifetime_censored", "there is no lifetime that it could be said of"
    if record["ccd_censored"] and math.isnan(values["ccd_ma_cm2"]):
        yield "ccd_censored", "there is no critical current density that it could be said of"
    if values["current_ma_cm2"] > values["ccd_ma_cm2"] and not note:
        yield "ccd_ma_cm2", "is below the current that the cell was cycled at; say in the note why"
    if all(math.isnan(values[name]) for name in _RESULTS) and not note:
        yield "lifetime_h", "the row has no result; say in the note what it is for"


def _faults_of_duration(
    who: str, hours: float, cycles: float, period: float
) -> Iterator[tuple[str, str]]:
    """Hours and cycles against the hours of one cycle; NaN where not known."""
    if 0 < hours < 0.99 * period:
        yield f"{who}lifetime_h", f"{hours:g} h is less than one cycle of {period:g} h; cycles?"
    if cycles * period > MAX_LIFETIME_H:
        yield (
            f"{who}lifetime_cycles",
            f"{cycles:g} cycles of {period:g} h are {cycles * period:g} h; are they hours?",
        )
    if cycles > 0 and not 0.5 <= hours / (cycles * period) <= 2 and not math.isnan(hours * period):
        yield (
            f"{who}lifetime_cycles",
            f"{cycles:g} cycles of {period:g} h are {cycles * period:g} h, not {hours:g} h",
        )


def _refuse(name: str, found: Sequence[Fault]) -> None:
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise DataError(f"{name}, {found[0]}{more}")


def _records(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file as texts, with every column of the table; those it lacks are empty.

    Raises:
        DataError: if it cannot be read, or names a column that the table does not have.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            head = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = head
            lines = list(reader)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name} is no CSV file in UTF-8 ({error})") from error
    for name in head:
        if name not in NAMES:
            raise DataError(f"{path.name}: unknown column {name!r}; {did_you_mean(name, NAMES)}")
    if len(set(head)) < len(head):
        raise DataError(f"{path.name}: a column is there twice")
    for name in REQUIRED:
        if name not in head:
            raise DataError(f"{path.name}: column {name!r} is missing")
    for i, line in enumerate(lines, 1):
        if None in line or None in line.values():
            raise DataError(f"{path.name}, row {i}: has more or fewer cells than the head")
    return [{name: (line.get(name) or "").strip() for name in NAMES} for line in lines]


def _split(formulas: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in formulas.split(";") if part.strip())


def _value(text: str) -> float:
    return float(text) if text else math.nan


def _row(record: Record) -> Row:
    """A checked row with its types."""
    values: dict[str, Any] = {}
    for column in COLUMNS:
        text = record[column.name]
        if column.kind == "number":
            values[column.name] = _value(text)
        elif column.kind == "flag":
            values[column.name] = None if not text else text == "1"
        else:
            values[column.name] = text
    return Row(**{**values, "active_formulas": _split(record["active_formulas"])})


def _key(row: Row) -> tuple[str, ...]:
    """What no two rows share: the paper, the cell and the conditions of its test."""
    return (row.paper, *(str(getattr(row, name)).lower() for name in _SAME))
