"""Phases that tables of computed energies hold, and that do not form where a cell works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf

import numpy as np

from screen.composition import BoolArray, Compositions, IntArray
from screen.tables import rows_of

ROOM_K = 298.15


@dataclass(frozen=True)
class Doubtful:
    """A phase that should not compete.

    Attributes:
        below_k: temperature below which it does not form, K; infinite if it never does.
        why, evidence, doi, note: what speaks against it, where that is written, and what speaks
            for it.
    """

    formula: str
    below_k: float
    why: str
    evidence: str
    doi: str
    note: str

    def __str__(self) -> str:
        return f"{self.formula}: {self.reason}"

    @property
    def exists(self) -> bool:
        """Whether it is made at higher temperature: then its energy is that of a compound."""
        return self.below_k < inf

    @property
    def reason(self) -> str:
        """Why it does not compete, with the paper that says so if there is one."""
        return f"{self.why} ({self.doi})" if self.doi else self.why


DILUTE = 0.99
"""Share of one element above which a phase counts as a dilute solution."""
_SOLUTIONS = Doubtful(
    "dilute solutions",
    inf,
    "an atom or two in a computed cell of some 150, such as Mg149Al: no compound",
    "The few meV that such a cell gains would name the contact products of nearly everything.",
    "",
    "",
)


@cache
def table() -> tuple[Doubtful, ...]:
    """The phases of data/doubtful_phases.csv, and last what stands for dilute solutions.

    Raises:
        DataError: if the shipped file was changed.
    """
    named = (
        Doubtful(
            row["formula"],
            float(row["below_k"] or inf),
            *(row[name] for name in ("why", "evidence", "doi", "note")),
        )
        for row in rows_of("doubtful_phases")
    )
    return (*named, _SOLUTIONS)


def entries(compositions: Compositions, temperature_k: float = ROOM_K) -> IntArray:
    """Which entry of the table each composition is, -1 where none that counts at a temperature."""
    known = table()[:-1]
    keys = Compositions.from_formulas([phase.formula for phase in known]).key
    counts = np.array([temperature_k < phase.below_k for phase in known])
    order = np.argsort(keys)
    place = order[np.minimum(np.searchsorted(keys[order], compositions.key), len(keys) - 1)]
    same: BoolArray = (keys[place] == compositions.key) & counts[place]
    return np.where(same, place, np.where(dilute(compositions), len(known), -1))


def dilute(compositions: Compositions) -> BoolArray:
    """Which compositions are an element with hardly anything in it."""
    largest = np.zeros(len(compositions), dtype=np.int64)
    np.maximum.at(largest, compositions.owner, compositions.count)
    found: BoolArray = (compositions.size > 1) & (largest > DILUTE * compositions.atoms)
    return found
