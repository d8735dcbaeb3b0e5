"""The rules that rows of the literature table keep: each refuses what cannot be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screen.composition import parse_formula
from screen.errors import DataError, did_you_mean
from screen.literature import outcomes
from screen.literature.columns import (
    COLUMNS,
    MEASURED,
    NAMES,
    REQUIRED,
    Record,
    Row,
    allowed,
    number_of,
    row_of,
    split_formulas,
)
from screen.materials import mistaken

MAX_QUOTE_WORDS = 15
MAX_LIFETIME_H = 20_000.0

_CURRENT = (0.001, 50.0, "is it in A/cm²?", "is it in µA/cm²?")
_CAPACITY = (0.001, 100.0, "is it in Ah/cm²?", "is it in µAh/cm²?")
LIMITS: dict[str, tuple[float, float, str, str]] = {
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
for _name in [name for name in NAMES if name.removeprefix("control_") in LIMITS]:
    LIMITS[_name] = LIMITS[_name.removeprefix("control_")]

_REFERENCE = re.compile(r"10\.\d{4,9}/[^\s]+( ref\. [\w.]+)?|https?://[^\s]+\.[^\s]+")
_CITED = re.compile(
    r"10\.\d{4,9}/\S+|https?://\S+|\bref(?:\.|erence) ?\w+|\bet al\.?", re.IGNORECASE
)
_ASKED = (*REQUIRED, "outcome")
"""Columns that are asked for, if empty, where the others are looked at."""
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
class Fault:
    """What is wrong with a row: which one, in which column, and why."""

    row: str
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.row}, {self.column}: {self.reason}"


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
            first = seen.setdefault(_key(row_of(record)), where)
            if first != where:
                mine.append(Fault(where, "reference", f"repeats {first}: same paper and test"))
        found += mine
    return found


def _faults_of(record: Record) -> Iterator[tuple[str, str]]:
    """Faults of one row by itself: column and reason."""
    for name in REQUIRED:
        if not record[name]:
            yield name, "is empty"
    for name, choices in allowed().items():
        if record[name] not in choices and (record[name] or name not in _ASKED):
            yield name, f"unknown {record[name]!r}; {did_you_mean(record[name], choices)}"
    own = record["provenance"] == MEASURED
    if record["reference"] and not own and not _REFERENCE.fullmatch(record["reference"]):
        yield (
            "reference",
            f"{record['reference']!r} is no DOI (10.1021/...) and no web address; for results of "
            f"your own set provenance to {MEASURED!r}",
        )
    if other := _other_paper(record):
        yield (
            "control_label",
            f"{other!r} is another paper; a control counts only beside the cell, from the same one",
        )
    if not record["year"] and not record["note"]:
        yield "year", "is empty; say in the note why"
    of = [name for name, said in _SAYS_CLASS.items() if said.search(record["electrolyte_label"])]
    others = {*allowed()["electrolyte_class"]} - {*of, "polymer", "gel"}
    if len(of) == 1 and record["electrolyte_class"] in others:
        yield "electrolyte_class", f"{record['electrolyte_label']!r} is called a {of[0]} elsewhere"
    yield from _faults_of_formulas(record)
    words = len(record["quote"].split())
    if words > MAX_QUOTE_WORDS:
        yield "quote", f"has {words} words; at most {MAX_QUOTE_WORDS}"
    bad = list(_faults_of_numbers(record))
    yield from bad
    if not bad:
        yield from _faults_of_test(record)
        yield from outcomes.contradictions(record)


def _other_paper(record: Record) -> str:
    """The paper that a control is said to be of, if it is not that of the row."""
    found = _CITED.search(record["control_label"])
    paper = found[0].rstrip(".,;)") if found else ""
    return "" if paper.lower() in record["reference"].lower() else paper


def _faults_of_formulas(record: Record) -> Iterator[tuple[str, str]]:
    formulas = split_formulas(record["active_formulas"])
    if not formulas and not record["note"]:
        yield "active_formulas", "is empty; say in the note why"
    for formula in formulas:
        if wrong := mistaken(formula):
            yield "active_formulas", wrong
            continue
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
        low, high, below, above = LIMITS[name]
        if value < low:
            yield name, f"{text} is below {low:g}; {below}"
        elif value > high:
            yield name, f"{text} is above {high:g}; {above}"


def _faults_of_test(record: Record) -> Iterator[tuple[str, str]]:
    """Figures of a row that do not go together; all of them are numbers within limits."""
    values = {name: number_of(record[name]) for name in _NUMBERS}
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


class RowsRefusedError(DataError):
    """Rows that are not accepted; `faults` holds all that is wrong with them."""

    def __init__(self, name: str, found: Sequence[Fault]) -> None:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(f"{name}, {found[0]}{more}")
        self.faults = tuple(found)


def refuse(name: str, found: Sequence[Fault]) -> None:
    """Raise the faults of a file.

    Raises:
        RowsRefusedError: if there is one; its message is the first.
    """
    if found:
        raise RowsRefusedError(name, found)


def _key(row: Row) -> tuple[str, ...]:
    """What no two rows share: the paper, the cell and the conditions of its test."""
    return (row.paper, *(str(getattr(row, name)).lower() for name in _SAME))
