"""Where there is nothing to gain nothing is gained, and a leak that is planted shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from screen.model import nulls
from screen.model.matched import Fold, Trial
from tests.model.test_matched import FILM, drawn, mean, relief, simple_best, trial


def test_formulas_as_simple_keep_families_and_lose_chemistry() -> None:
    planted = trial(simple_best())
    order = planted.by_figures(planted.pool.physics, signed=True)
    found = []
    for draw in nulls.draws(planted, 4):
        for one, other in zip(planted.entries, draw.swapped.entries, strict=True):
            assert one[1:] == other[1:]  # all but the formula
            assert other.row in planted.balanced[one.row]
        found.append(mean(draw.standings(order)[0], "balanced"))
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_draws_are_those_of_the_seed() -> None:
    planted = trial(simple_best())
    first, second = (list(nulls.draws(planted, 2)) for _ in range(2))
    assert [draw.swapped.entries for draw in first] == [draw.swapped.entries for draw in second]
    assert first[0].swapped.entries != first[1].swapped.entries


def test_no_control_is_named_by_the_literature_or_the_draw() -> None:
    planted = trial(simple_best())
    (draw,) = nulls.draws(planted, 1)
    named = {*planted.row.tolist(), *draw.swapped.row.tolist()}
    for asked in (draw.swapped, draw.true):
        for controls in (*asked.matched.values(), *asked.balanced.values()):
            assert not named & set(controls.tolist())


def test_shuffled_outcomes_teach_nothing_of_what_is_planted() -> None:
    """What tells is learned from outcomes; told wrong ones, the order is at most at chance: below
    it, since what worked is now among what is taught as the rest.
    """
    planted = trial(simple_best())
    order = planted.by_figures(planted.pool.physics)
    assert mean(planted.standing(order)) > 0.9
    found = [mean(draw.standings(order)[1]) for draw in nulls.draws(planted, 3)]
    assert np.mean(found) < 0.6


def test_an_order_that_knows_what_worked_shows_when_outcomes_are_shuffled() -> None:
    """The planted leak: figures made from the outcomes, as no shuffle of what teaches undoes."""
    random = trial(drawn())
    leaked = np.isin(np.arange(len(relief())), random.row).astype(float)
    found = [
        mean(draw.standings(lambda votes: dict.fromkeys(votes, leaked))[1])
        for draw in nulls.draws(random, 2)
    ]
    assert found == [1, 1]


def same_families_twice(asked: Trial) -> Trial:
    """The rows of every paper once more."""
    return replace(asked, entries=asked.entries * 2)


@pytest.mark.parametrize("tried", ["nuisance", "counts"])
def test_rows_entered_twice_change_nothing(tried: str) -> None:
    """A family has one vote, however often it is reported."""
    asked = trial(drawn())
    again = same_families_twice(asked)
    assert asked.standing(asked.shared(tried=tried)) == again.standing(again.shared(tried=tried))


def test_a_paper_under_another_name_changes_nothing() -> None:
    asked = trial(drawn())
    copies = tuple(entry._replace(paper=entry.paper + nulls.AGAIN) for entry in asked.entries)
    again = replace(asked, entries=asked.entries + copies)
    order = asked.shared(tried="nuisance")
    assert asked.standing(order) == again.standing(again.shared(tried="nuisance"))


def test_families_under_other_names_do_not_teach_what_is_to_be_found() -> None:
    """Their formulas are left out with them; were they not, noise would be learned by heart."""
    asked = trial(drawn())
    order = asked.by_figures(np.random.default_rng(5).normal(size=(len(relief()), 60)))
    once = mean(asked.standing(order))
    doubled, folds = nulls.twice(asked)
    assert [fold.family for fold in folds] == [fold.family for fold in asked.folds]
    for fold in folds:
        assert not fold.votes[FILM][fold.members[FILM]].any()
    assert mean(doubled.standing(order, folds)) == pytest.approx(once, abs=0.05)
    families = np.array([entry.family for entry in doubled.entries], dtype=object)
    leaky = [Fold(f.family, f.members, doubled.votes(families != f.family)) for f in folds]
    assert mean(doubled.standing(order, leaky)) > once + 0.2
