"""The columns of the literature table, and a row with its types."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from screen.columns import Column
from screen.tables import role_names

Record = Mapping[str, str]

_TABLE = "data/literature.csv"


def _text(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _TABLE, "text")


def _number(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _TABLE)


def _count(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _TABLE, dimensionless=True, rounding=0)


TESTS = {
    "cycled": "current in both ways",
    "one-way": "current in one way, which of the two is not said",
    "plating": "metal plated only",
    "stripping": "metal stripped only",
    "impedance": "no more current than an impedance needs",
}
"""How a cell was tested, and what that means."""
OUTCOMES = {
    "better": "better than the control",
    "same": "no different from it",
    "worse": "worse",
    "failed": "it did not work, whatever the control did",
    "not stated": "no control, or no figure that tells",
}
"""What became of a cell, and what that means; screen/literature/outcomes.py has the rule."""


NO_BETTER = ("same", "worse", "failed")
"""Outcomes of which nothing is learned as of what worked."""


def _told(words: Mapping[str, str]) -> str:
    return "; ".join(f"{word}: {meaning}" for word, meaning in words.items())


COLUMNS: tuple[Column, ...] = (
    _text("row_id", "row", "Name of the row; given to rows of yours that have none."),
    _text(
        "reference",
        "reference",
        "DOI; with 'ref. N', an entry of that paper; or an address. What was measured by oneself "
        "has any name, such as a page of a notebook.",
    ),
    _count("year", "year", "Year of the paper; empty where the source does not say."),
    _text("role", "role", "What the material does in the cell."),
    _text("material_label", "material", "Name as the paper has it."),
    _text("active_formulas", "formulas", "Formulas of what acts, by semicolon."),
    _text("family", "family", "Material family, to be left out as a whole in validation."),
    _text("electrolyte_label", "electrolyte", "Electrolyte as the paper names it."),
    _text("electrolyte_class", "class", "Class of the electrolyte."),
    _text("cell_type", "cell", "Symmetric, half (lithium against another electrode) or full."),
    _text("test", "test", f"How it was tested. {_told(TESTS)}."),
    _number("current_ma_cm2", "current", "Current density of the cycling test."),
    _number("capacity_mah_cm2", "capacity", "Areal capacity of a half cycle."),
    _number("lifetime_h", "lifetime", "Hours of cycling."),
    _count("lifetime_cycles", "cycles", "Cycles, where the source counts those."),
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
    _count("control_lifetime_cycles", "control cycles", "Cycles of the control."),
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
    _text(
        "outcome",
        "outcome",
        f"What the cell did beside the control of the same paper. {_told(OUTCOMES)}.",
    ),
    _text("quote", "quote", "Words that find the figure, at most 15, shortened or translated."),
    _text("note", "note", "What a reader has to know of the row."),
    _text("confidence", "confidence", "How sure the reading is: high, medium or low."),
    _text(
        "provenance",
        "provenance",
        "Read in the paper, read_secondary in an account of it, recalled, or measured by oneself.",
    ),
    _text("source_text", "read in", "The text in which the figure was seen."),
)
FORMULAS = "active_formulas"
"""The column that says what a material is made of."""
BRIEF = (
    "row_id",
    "material_label",
    "electrolyte_class",
    "current_ma_cm2",
    "capacity_mah_cm2",
    "lifetime_h",
    "control_lifetime_h",
    "ccd_ma_cm2",
    "control_ccd_ma_cm2",
    "outcome",
    "cell_type",
    "electrolyte_label",
)
NAMES = tuple(column.name for column in COLUMNS)

MEASURED = "measured"
"""Provenance of results of one's own, which no paper holds."""
OTHER_ROLES = ("electrolyte", "electrolyte_dopant", "bare_anode")
"""What a material does in a cell beside the roles that candidates are judged for."""
_CHOICES: dict[str, tuple[str, ...]] = {
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
    "test": tuple(TESTS),
    "outcome": tuple(OUTCOMES),
    "lifetime_censored": ("", "0", "1"),
    "ccd_censored": ("", "0", "1"),
    "confidence": ("high", "medium", "low"),
    "provenance": ("read", "read_secondary", "recalled", MEASURED),
}


@cache
def allowed() -> Mapping[str, tuple[str, ...]]:
    """What the columns may hold that hold one of a few words.

    Raises:
        DataError: if data/roles.toml cannot be read.
    """
    return {"role": tuple(dict.fromkeys((*role_names(), *OTHER_ROLES))), **_CHOICES}


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
    test: str
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
    outcome: str
    quote: str
    note: str
    confidence: str
    provenance: str
    source_text: str

    @property
    def paper(self) -> str:
        """What rows of one paper share; such rows never stand on both sides of a split."""
        return _paper(self.reference)

    @property
    def no_better(self) -> bool:
        """Whether the cell failed, or did no better than its control: it teaches no success."""
        return self.outcome in NO_BETTER


def _paper(reference: str) -> str:
    """A reference in one spelling: a DOI may be given as an address."""
    return re.sub(r"^https?://(dx\.)?doi\.org/", "", reference.strip().lower())


def row_of(record: Record) -> Row:
    """A checked row with its types."""
    values: dict[str, Any] = {}
    for column in COLUMNS:
        text = record[column.name]
        if column.kind == "number":
            values[column.name] = number_of(text)
        elif column.kind == "flag":
            values[column.name] = None if not text else text == "1"
        else:
            values[column.name] = text
    return Row(**{**values, "active_formulas": split_formulas(record["active_formulas"])})


def split_formulas(formulas: str) -> tuple[str, ...]:
    """The formulas of a cell that holds several, by semicolon."""
    return tuple(part.strip() for part in formulas.split(";") if part.strip())


def number_of(text: str) -> float:
    """The number of a cell, NaN where it is empty."""
    return float(text) if text else math.nan
