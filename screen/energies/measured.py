"""Measured formation energies: data/formation_enthalpies.csv, in eV per atom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.composition import Compositions, FloatArray, IntArray, typed_amounts
from screen.errors import DataError
from screen.phases import Phases
from screen.tables import datasets, rows_of
from screen.units import EV_PER_J_MOL

TABLE = "formation_enthalpies"
ROOM_K = 298.15
LOW_K, HIGH_K = 273.15, 773.15
"""Range in which enthalpies were measured that count for room temperature: heat capacities of
compounds are near those of their elements, so they change by a few meV per atom in between."""
NEAR_EV_ATOM = 1.0
"""No measured figure lies farther from the computed one: nitrates, the worst, are 0.6 off. What is
farther is per mole of formula where per mole of atoms is said, or the reverse."""


@dataclass(frozen=True)
class Measured:
    """A measured formation energy of one phase; eV per atom, NaN where the source has none.

    Attributes:
        formula: as written in the table.
        enthalpy, gibbs: of formation from the elements at room temperature.
        uncertainty: one standard deviation of either.
        temperature_k: at which it was measured.
        phase: which form; method: how it was measured.
        source, place: key of the source in datasets.toml, and where in it.
        second_source: key of what confirms it.
        computed: formation energy of the 2019 table; NaN where that has no such phase.
    """

    formula: str
    enthalpy: float
    gibbs: float
    uncertainty: float
    temperature_k: float
    phase: str
    method: str
    source: str
    place: str
    second_source: str
    computed: float
    note: str

    @property
    def of_collection(self) -> bool:
        """Whether it comes from a critical collection, and so teaches the error model."""
        return self.method == "tables"


@cache
def table() -> tuple[Measured, ...]:
    """All measured formation energies.

    Raises:
        DataError: for the first row that does not make sense, in one line.
    """
    return read(rows_of(TABLE))


def read(rows: Sequence[Mapping[str, str]]) -> tuple[Measured, ...]:
    """Rows as they stand in the CSV file.

    Raises:
        DataError: as `table`.
    """
    found = []
    for line, row in enumerate(rows, 2):
        for wrong in _faults(row):
            raise DataError(f"{TABLE}.csv, line {line}, {row['formula']}: {wrong}")
        found.append(_measured(row))
    return tuple(found)


def _faults(row: Mapping[str, str]) -> Iterator[str]:
    """What a schema cannot say is wrong with a row."""
    known = datasets()["sources"]
    if not row["unit"].strip():
        yield "no unit; give kJ/mol, kJ/mol of atoms or eV/atom"
        return
    for column in ("source", "second_source"):
        if row[column] not in known:
            said = f"{row[column]!r} has no stanza" if row[column].strip() else "a figure needs one"
            yield f"{column}: {said}; say where it is from in [sources.KEY] of datasets.toml"
    if not (row["enthalpy"].strip() or row["gibbs"].strip()):
        yield "neither enthalpy nor gibbs; give one"
        return
    one = _measured(row)
    if not LOW_K <= one.temperature_k <= HIGH_K:
        yield (
            f"temperature_k: {one.temperature_k:g} is outside of {LOW_K:g} to {HIGH_K:g}, where "
            "figures count for room temperature"
        )
    if math.isnan(one.computed) and one.of_collection:
        yield "no such phase in the table of energies; leave it out, or give table_ev_atom"
    value = one.gibbs if math.isnan(one.enthalpy) else one.enthalpy
    if abs(value - one.computed) > NEAR_EV_ATOM:
        yield (
            f"{value:.2f} eV/atom, the table of energies says {one.computed:.2f}: "
            f"{row['unit']} may be per mole of formula where per mole of atoms is meant, or the "
            "reverse"
        )


def _measured(row: Mapping[str, str]) -> Measured:
    atoms = float(sum(amount.value for amount in typed_amounts(row["formula"]).values()))
    scale = {
        "eV/atom": 1.0,
        "kJ/mol of atoms": 1e3 * EV_PER_J_MOL,
        "kJ/mol": 1e3 * EV_PER_J_MOL / atoms,
    }[row["unit"]]

    def number(column: str) -> float:
        return float(row[column]) if row[column].strip() else math.nan

    return Measured(
        formula=row["formula"],
        enthalpy=scale * number("enthalpy"),
        gibbs=scale * number("gibbs"),
        uncertainty=scale * number("uncertainty"),
        temperature_k=number("temperature_k"),
        computed=number("table_ev_atom"),
        **{
            name: row[name]
            for name in ("phase", "method", "source", "place", "second_source", "note")
        },
    )


@cache
def compositions() -> Compositions:
    """Of the rows of `table`."""
    return Compositions.from_formulas([one.formula for one in table()])


def column(name: str) -> FloatArray:
    """A number of each row of `table`."""
    return np.array([getattr(one, name) for one in table()], dtype=float)


def places_in(phases: Phases) -> IntArray:
    """The row of `phases` that each measured phase is, -1 where the table has none.

    Of polymorphs the lowest is meant: what is measured is what forms.
    """
    return phases.rows_of(compositions())


def cited(one: Measured) -> str:
    """Where a figure is from, for a sentence."""
    return f"{datasets()['sources'][one.source]['title']} ({one.place})"
