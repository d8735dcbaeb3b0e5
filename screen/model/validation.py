"""How the skill of a model is measured: groups left out whole, resampled intervals, shuffles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from screen.composition import BoolArray, FloatArray

RESAMPLES = 2000
LEVEL = 0.95
MOST = 0.3
"""A term of the ranking never has a larger share of the score than this."""
CHANCE = 0.05
"""A gain that shuffled formulas reach more often than this is none."""


class Estimate(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:z.2f} ({self.low:z.2f} to {self.high:z.2f})"


def mean(each: FloatArray, seed: int) -> Estimate:
    """Mean of one figure per group, and its interval if other groups had been met (bootstrap)."""
    random = np.random.default_rng(seed)
    drawn = each[random.integers(len(each), size=(RESAMPLES, len(each)))].mean(axis=1)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(round(float(each.mean()), 4), round(float(low), 4), round(float(high), 4))


def leave_out(
    groups: Sequence[str], papers: Sequence[str], untested: Sequence[str] = ()
) -> Iterator[tuple[str, BoolArray, BoolArray]]:
    """Each group once as what a model is tested on, by name, with the rows that may train it.

    No paper stands on both sides: what a tested paper says of other groups is in neither part.

    Args:
        groups, papers: of each row.
        untested: groups that only train.

    Yields:
        Name, tested rows, training rows; boolean, shape (rows,).
    """
    group, paper = np.array(groups, dtype=object), np.array(papers, dtype=object)
    for name in sorted(set(groups) - set(untested)):
        tested = group == name
        yield name, tested, ~tested & ~np.isin(paper, paper[tested])


def p_value(gain: float, shuffled: FloatArray) -> float:
    """How often shuffled formulas gain as much or more; at least one in (shuffles + 1)."""
    return round((1 + int((shuffled >= gain).sum())) / (1 + len(shuffled)), 4)


def earned(gain: Estimate, p: float) -> float:
    """The share of the score that a term earns by its measured gain, one rule for every model: what
    the gain is at least (the lower end of its interval), at most MOST; nothing if shuffled formulas
    do as well.

    Args:
        gain: over what the ranking does without the term, on a scale where 1 is perfect.
        p: from `p_value`.
    """
    return round(min(MOST, max(0.0, gain.low)), 3) if p <= CHANCE else 0.0


def offsets(
    residual: FloatArray, groups: Sequence[str], cover: float
) -> tuple[float, float, float]:
    """What to add to a prediction for the low end, the middle and the high end of an interval that
    covers `cover` of new groups.

    Conformal with one vote per group: of n groups in order the i-th stands at i / (n + 1) of those
    to come, straight in between. Where there are too few groups an end is infinite.

    Args:
        residual: observed minus predicted, of rows whose group was left out.
        groups: of each row.
    """
    _, member, size = np.unique(
        np.array(groups, dtype=str), return_inverse=True, return_counts=True
    )
    ascending = np.argsort(residual, kind="stable")
    vote = 1 / size[member[ascending]]
    at = (vote.cumsum() - vote / 2 + 0.5) / (len(size) + 1)
    ends = np.array([(1 - cover) / 2, 0.5, (1 + cover) / 2])  # rounded: 1 of 10 is a tenth
    low, middle, high = np.interp(
        ends.round(12), at.round(12), residual[ascending], -np.inf, np.inf
    ).tolist()
    return low, middle, high
