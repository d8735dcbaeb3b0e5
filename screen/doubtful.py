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
        return f"{self.formula}: {self.why} ({self.doi})"


@cache
def table() -> tuple[Doubtful, ...]:
    """The phases of data/doubtful_phases.csv.

    Raises:
        DataError: if the shipped file was changed.
    """
    return tuple(
        Doubtful(
            row["formula"],
            float(row["below_k"] or inf),
            *(row[name] for name in ("why", "evidence", "doi", "note")),
        )
        for row in rows_of("doubtful_phases")
    )


def entries(compositions: Compositions, temperature_k: float = ROOM_K) -> IntArray:
    """Which entry of the table each composition is, -1 where none that counts at a temperature."""
    known = table()
    keys = Compositions.from_formulas([phase.formula for phase in known]).key
    counts = np.array([temperature_k < phase.below_k for phase in known])
    order = np.argsort(keys)
    place = order[np.minimum(np.searchsorted(keys[order], compositions.key), len(keys) - 1)]
    same: BoolArray = (keys[place] == compositions.key) & counts[place]
    return np.where(same, place, -1)
