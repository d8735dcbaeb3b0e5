"""What a film does beside the control of the same paper: the ratio of two figures of one group.

Everything that a group does alike cancels. The logarithm of the ratio is a linear function of the
material, with a term for the paper that a ridge draws to zero (a random intercept), measured on
material families left out with their papers, against the median of the others. It carries no weight
unless it beats that median with the interval of its gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screen.composition import BoolArray, FloatArray
from screen.literature import Row
from screen.model import validation
from screen.model.validation import Estimate

TARGETS = {"resistance": "interface_resistance_ohm_cm2", "ccd": "ccd_ma_cm2"}
"""Columns of the literature table whose ratio is taken, of the film to its control."""
FIGURES = {"resistance": "interfacial resistance", "ccd": "critical current density"}
RIDGE, PAPER_RIDGE = 1.0, 4.0
"""Penalties on standardised features, and on the terms of papers; set before anything was fitted.
The second expects the spread of papers to be half of that of materials.
"""


@dataclass(frozen=True)
class Pairs:
    """Films with controls of their own papers.

    Attributes:
        y: log10 of the ratio of film to control; of a film that did not fail, the least.
        material: features, shape (pairs, features).
    """

    y: FloatArray
    material: FloatArray
    family: tuple[str, ...]
    paper: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], target: str, known: Mapping[str, FloatArray]) -> Pairs:
        """All of the literature whose material is described.

        Args:
            known: features of each formula that has them.
        """
        name = TARGETS[target]
        found = []
        for row in rows:
            film, control = getattr(row, name), getattr(row, f"control_{name}")
            described = [known[formula] for formula in row.active_formulas if formula in known]
            if film > 0 and control > 0 and described:
                x = np.max(described, axis=0)
                found.append((np.log10(film / control), x, row.family, row.paper))
        if not found:
            return cls(np.zeros(0), np.zeros((0, 0)), (), ())
        ratio, described_by, family, paper = zip(*found, strict=True)
        return cls(np.array(ratio), np.array(described_by), family, paper)


@dataclass(frozen=True)
class Skill:
    """How well families left out are told; errors in decades, one vote for each family.

    Attributes:
        middle, spread: mean and standard deviation of the logarithm of the ratio.
        gain: error of the median of the others less that of the model.
    """

    pairs: int
    papers: int
    families: int
    middle: float
    spread: float
    error: Estimate
    error_by_median: Estimate
    gain: Estimate

    @property
    def counts(self) -> bool:
        """Whether it beats the median with its interval."""
        return self.gain.low > 0


def predict(pairs: Pairs, taught: BoolArray) -> FloatArray:
    """The logarithm of the ratio of each pair, in a paper that is new, by what some have taught."""
    x, y = pairs.material[taught], pairs.y[taught]
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, np.inf)
    z = (pairs.material - x.mean(axis=0)) / scale
    names, paper = np.unique(np.array(pairs.paper, dtype=str)[taught], return_inverse=True)
    of_paper = np.eye(len(names))[paper]
    design = np.column_stack([np.ones(len(y)), z[taught], of_paper])
    penalty = np.r_[0.0, np.full(z.shape[1], RIDGE), np.full(len(names), PAPER_RIDGE)]
    weights = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ y)
    return np.asarray(weights[0] + z @ weights[1 : 1 + z.shape[1]])


def measure(pairs: Pairs, seed: int) -> Skill | None:
    """On each family left out with its papers; none with fewer than three families."""
    of_family = []
    for _, tested, training in validation.leave_out(pairs.family, pairs.paper):
        if training.sum() < 3:
            return None
        off = np.abs(predict(pairs, training)[tested] - pairs.y[tested])
        by_median = np.abs(np.median(pairs.y[training]) - pairs.y[tested])
        of_family.append((off.mean(), by_median.mean()))
    if len(of_family) < 3:
        return None
    model, median = np.array(of_family).T
    return Skill(
        pairs=len(pairs.y),
        papers=len(set(pairs.paper)),
        families=len(of_family),
        middle=round(float(pairs.y.mean()), 4),
        spread=round(float(pairs.y.std()), 4),
        error=validation.mean(model, seed),
        error_by_median=validation.mean(median, seed),
        gain=validation.mean(median - model, seed),
    )
