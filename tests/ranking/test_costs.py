"""What goals take from a score: with it they add up to 1, in proportion to their part in it."""

from __future__ import annotations

import numpy as np
import pytest

from screen.ranking.costs import costs
from screen.ranking.order import FLOOR, UNKNOWN
from tests.report import runs


@pytest.mark.parametrize("place", range(3))
def test_score_and_costs_are_one_and_give_the_score_back(place: int) -> None:
    done = runs.done()
    ranking = done.rankings[place]
    table = done.values.columns
    led = ranking.role.learned is not None  # goals explain the hand-weighted score alone
    score = ranking.score_without_model if led else ranking.score
    found = costs(ranking.role, table, ranking.kind, score)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=0) + score, 1, atol=1e-12)
    i = int(ranking.order[0])
    asked = [not g.kinds or ranking.kind[i] in g.kinds for g in ranking.role.goals]
    met = np.array([goal.desirability(table)[i] for goal in ranking.role.goals])
    assert (found[(met == 1) | ~np.array(asked), i] == 0).all()
    # Goals of one candidate stand to each other as the logarithms of their factors.
    weights = np.array([g.weight for g in ranking.role.goals]) * asked
    loss = -weights * np.log(np.where(np.isnan(met), UNKNOWN, np.maximum(met, FLOOR)))
    np.testing.assert_allclose(found[:, i], (1 - score[i]) * loss / loss.sum(), atol=1e-12)
    assert np.exp(-loss.sum() / weights.sum()) == pytest.approx(score[i])
