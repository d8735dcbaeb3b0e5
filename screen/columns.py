"""What a column is: one owner declares it, and the table, the files and the help all read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from screen.units import unit_of

Kind = Literal["number", "text", "flag"]


@dataclass(frozen=True)
class Column:
    """A column of the results.

    Attributes:
        name: as in memory and on disk; its suffix is the unit.
        label: short head for people.
        meaning: one sentence.
        source: where the value or the formula comes from.
        kind: numbers are missing as NaN, text as "", flags as null.
    """

    name: str
    label: str
    meaning: str
    source: str
    kind: Kind = "number"

    @property
    def unit(self) -> str:
        """Read off the name."""
        return unit_of(self.name)
