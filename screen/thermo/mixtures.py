"""Mixtures of phases, many of them as ragged arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from screen.composition import FloatArray, IntArray, ragged_take


def join_starts(starts: Iterable[IntArray]) -> IntArray:
    """The row starts of ragged arrays that are put one behind the other."""
    return np.cumsum(np.concatenate([[0], *(np.diff(start) for start in starts)]))


@dataclass(frozen=True)
class Mixtures:
    """Ragged amounts of phases: mixture i is `phase[s], amount[s]`, s = start[i]:start[i + 1].

    Phases ascend within a mixture. A negative phase is a candidate that is not in the table:
    -1 the (first) candidate, -2 its partner.
    """

    start: IntArray
    phase: IntArray
    amount: FloatArray

    def __len__(self) -> int:
        return len(self.start) - 1

    @classmethod
    def join(cls, parts: Sequence[Mixtures]) -> Mixtures:
        """All mixtures, one part behind the other."""
        return cls(
            join_starts(part.start for part in parts),
            np.concatenate([part.phase for part in parts]),
            np.concatenate([part.amount for part in parts]),
        )

    def of(self, i: int) -> tuple[IntArray, FloatArray]:
        """Phases and amounts of one mixture."""
        part = slice(self.start[i], self.start[i + 1])
        return self.phase[part], self.amount[part]

    def take(self, rows: IntArray) -> Mixtures:
        """The chosen mixtures, in the order given."""
        start, flat = ragged_take(self.start, rows)
        return Mixtures(start, self.phase[flat], self.amount[flat])

    def times(self, factors: FloatArray) -> Mixtures:
        """Each mixture so many times, shape (mixtures,)."""
        amount = self.amount * np.repeat(factors, np.diff(self.start))
        return Mixtures(self.start, self.phase, amount)
