"""What each goal takes from the score of a candidate."""

from __future__ import annotations

import numpy as np

from screen.columns import Texts
from screen.composition import FloatArray
from screen.filters import Table
from screen.ranking.order import FLOOR, UNKNOWN, desirabilities
from screen.ranking.roles import Role


def costs(role: Role, table: Table, kind: Texts, score: FloatArray) -> FloatArray:
    """Parts of 1 that each goal takes, (goals, candidates); with the score they add up to 1.

    The score is a product of desirabilities, each to the power of its weight. What is missing to 1
    is shared out by the logarithms of these factors, so that a goal that is met takes nothing.

    Args:
        table: values of every column that the goals read.
        kind, score: of each candidate, as the ranking has them.
    """
    desirability, weights = desirabilities(role, table, kind)
    factors = np.where(np.isnan(desirability), UNKNOWN, np.maximum(desirability, FLOOR))
    loss = -weights * np.log(factors)
    total = loss.sum(axis=0)
    shares: FloatArray = (1 - score) * loss / np.where(total > 0, total, 1.0)
    return shares
