"""The order of the ranking, measured on families of the literature that taught it nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from screen import literature, training
from screen.model import figures, learning, matched, nulls, recovery, validation
from screen.model.learned import earns
from screen.model.matched import MEASURES, Fold, Order, Scores, Standing, Trial, Votes
from screen.model.validation import Estimate
from screen.ranking import order as ranking
from screen.training import Described

DRAWS = 10
"""Of the nulls."""
YEARS = (2020, 2021, 2022)
"""Papers up to each of these teach, later ones test."""
IN_FORCE, DESIRABILITY = "order in force", "desirability"
AHEAD = f"ahead of {DESIRABILITY}"
MIXTURE, LEARNED = "goals and recovery model", "physics and desirability"
"""What orders a role that the learned order does not lead, and the learned order."""
PASSED, RATE = "let through what worked", "let through all phases"
SWAPPED, SHUFFLED = "as simple formulas in place", "taught by shuffled outcomes"
TWICE = "papers entered twice"
NULL = f"balanced, {SWAPPED}"
NULLED = ("recovery model", LEARNED, IN_FORCE)
"""Orders that are also asked what they gain where there is nothing to gain (`model.nulls`)."""


class Line(NamedTuple):
    """One figure: of an order, in a role or in all, with its 95 % interval over families.

    Of the nulls it is the range over draws; `families` counts what it is a mean of.
    """

    order: str
    role: str
    measure: str
    value: float
    low: float
    high: float
    families: int


@dataclass(frozen=True)
class Evaluation:
    """Every figure, and what it was measured on.

    Attributes:
        missing: share of the phases for which a figure that physics reads is missing, by column.
    """

    phases: int
    formulas: int
    lines: tuple[Line, ...]
    missing: dict[str, float]


def orders(trial: Trial) -> dict[str, Order]:
    """What is compared, by name."""
    shares = {role: skill.share for role, skill in recovery.load().skill.items()}
    named: dict[str, Order] = {
        MIXTURE: trial.by_mixture(ranking.mix, shares),
        DESIRABILITY: trial.by_desirability,
        "recovery model": trial.by_figures(trial.pool.like, signed=True),
        LEARNED: trial.shared(tried="nuisance"),
        "physics, desirability and tried": trial.shared(tried="counts"),
        "tried alone": trial.by_figures(trial.pool.tried),
    }
    return named | {name: trial.by_figures(x) for name, x in trial.pool.rivals.items()}


def evaluate(
    phases: Described,
    seed: int,
    progress: training.Progress = lambda *_: None,
    *,
    only: Collection[str] = (),
    draws: int = DRAWS,
) -> Evaluation:
    """Measure every order on families left out with their papers and formulas.

    The order in force is measured nested: whether the learned order leads where a family is to be
    found is decided by the others.

    Args:
        phases: among which they are to be found; on the reference set some figures are missing.
        only: names of the orders to measure, beside the desirability; none: all.
        draws: of the nulls.
    """
    trial = training.trial(phases, literature.rows(own=True), seed)
    among = trial.pool
    named = {
        name: order
        for name, order in orders(trial).items()
        if not only or name in {*only, DESIRABILITY}
    }
    both = {MIXTURE, LEARNED} <= named.keys()
    parts = (len(named) + both) * (1 + len(YEARS)) + (draws + 1 if both else 0)
    counted = itertools.count(1)

    def tell() -> None:
        progress("measuring the order", next(counted), parts)

    lines: list[Line] = []
    standings: dict[str, list[Standing]] = {}
    for name, order in named.items():
        standings[name] = trial.standing(order)
        tell()
        for year in YEARS:
            lines += _of_years(name, order, trial, trial.later(year), seed)
            tell()
    if both:
        standings = {IN_FORCE: _in_force(standings, seed)} | standings
        decided = learning.gains(standings[LEARNED], standings[DESIRABILITY], seed)
        leads = [role for role, gain in decided.items() if earns(gain)]
        combined = partial(_combined, named[LEARNED], named[MIXTURE], leads)
        for year in YEARS:
            lines += _of_years(IN_FORCE, combined, trial, trial.later(year), seed)
            tell()
        tell()
    for name, found in standings.items():
        lines += _of_roles(name, found, standings[DESIRABILITY], seed)
    if both:
        lines += _nulls(trial, named, seed, draws, tell)
        lines += _entered_twice(trial, standings, seed)
        tell()
    lines += _recall(trial, seed)
    absent = {name: float(np.isnan(phases.columns[name]).mean()) for name in figures.READS}
    return Evaluation(
        len(among.compositions),
        len(np.unique(trial.row)),
        tuple(lines),
        {name: share for name, share in absent.items() if share},
    )


def _in_force(standings: Mapping[str, list[Standing]], seed: int) -> list[Standing]:
    return learning.in_force(standings[LEARNED], standings[MIXTURE], standings[DESIRABILITY], seed)


def _nulls(
    trial: Trial, named: Mapping[str, Order], seed: int, draws: int, tell: Callable[[], None]
) -> Iterator[Line]:
    """What orders gain where formulas or outcomes are shuffled: mean and range of draws."""
    wanted = [name for name in (*NULLED, MIXTURE, DESIRABILITY) if name in named]
    found: dict[tuple[str, str], list[float]] = {}
    for draw in nulls.draws(trial, draws):
        each = {name: draw.standings(named[name]) for name in wanted}
        for k, what in enumerate((SWAPPED, SHUFFLED)):
            standings = {name: both[k] for name, both in each.items()}
            standings[IN_FORCE] = _in_force(standings, seed)
            for name in NULLED:
                for measure, value in _means(standings[name], standings[DESIRABILITY]):
                    found.setdefault((name, f"{measure}, {what}"), []).append(value)
        tell()
    for (name, said), values in found.items():
        yield Line(name, "all", said, *_spread(values), len(values))


def _means(mine: list[Standing], alone: list[Standing]) -> Iterator[tuple[str, float]]:
    """How an order stands, and how far it is ahead of the desirability."""
    for measure in ("matched", "balanced"):
        own, base = (float(np.mean([getattr(one, measure) for one in of])) for of in (mine, alone))
        yield measure, own
        yield f"{measure}, {AHEAD}", own - base


def _entered_twice(trial: Trial, once: Mapping[str, list[Standing]], seed: int) -> Iterator[Line]:
    """The same orders where every paper is entered twice, and what they gain by it."""
    doubled, folds = nulls.twice(trial)
    named = orders(doubled)
    standings = {
        name: doubled.standing(named[name], folds, alike=False)
        for name in (LEARNED, MIXTURE, DESIRABILITY)
    }
    standings[IN_FORCE] = _in_force(standings, seed)
    for name in (LEARNED, IN_FORCE):
        mine = standings[name]
        gained = matched.gain(mine, once[name], "matched", seed)
        for said, value in (
            (f"matched, {TWICE}", matched.summary(mine, "matched", seed)),
            (f"matched, gained by {TWICE}", gained),
        ):
            if value is not None:
                yield _line(name, "all", said, value, mine, "matched")


def _combined(learned: Order, mixed: Order, leads: Collection[str], votes: Votes) -> Scores:
    """The learned order where it leads, the other elsewhere."""
    first, second = learned(votes), mixed(votes)
    return {role: first[role] if role in leads else second[role] for role in votes}


def _spread(values: Sequence[float]) -> Estimate:
    """Mean, and the range that holds them all."""
    middle, low, high = np.round([np.mean(values), min(values), max(values)], 4).tolist()
    return Estimate(middle, low, high)


def _of_roles(name: str, found: list[Standing], alone: list[Standing], seed: int) -> Iterator[Line]:
    """Every measure of an order, in each role and in all, and how far it is ahead."""
    for role in dict.fromkeys(["all", *(one.role for one in found)]):
        mine = [one for one in found if role in ("all", one.role)]
        base = [one for one in alone if role in ("all", one.role)]
        for measure in MEASURES:
            value = matched.summary(mine, measure, seed)
            if value is not None:
                yield _line(name, role, measure, value, mine, measure)
        if name == DESIRABILITY:
            continue
        for measure in ("matched", "within", "balanced", "balanced_within"):
            ahead = matched.gain(mine, base, measure, seed)
            if ahead is not None:
                yield _line(name, role, f"{measure}, {AHEAD}", ahead, mine, measure)


def _of_years(name: str, order: Order, trial: Trial, fold: Fold, seed: int) -> Iterator[Line]:
    """Matched AUC of the formulas that only later papers name, one vote each."""
    score = order(fold.votes)
    each = [
        matched.ahead(score[role], row, trial.matched[row])
        for role, members in fold.members.items()
        for row in members.tolist()
    ]
    if each:
        value = validation.mean(np.array(each), seed)
        yield Line(name, "all", f"matched, {fold.family}", *value, len(each))


def _line(
    name: str, role: str, said: str, value: Estimate, of: list[Standing], measure: str
) -> Line:
    counted = sum(not np.isnan(getattr(one, measure)) for one in of)
    return Line(name, role, said, *value, counted)


def _recall(trial: Trial, seed: int) -> Iterator[Line]:
    """What passes the gates: of what worked, one vote per family, and of all phases."""
    for role, passed in trial.pool.passed.items():
        mine = [
            float(passed[fold.members[role]].mean())
            for fold in trial.folds
            if len(fold.members[role])
        ]
        value = validation.mean(np.array(mine), seed)
        yield Line("gates", role, PASSED, *value, len(mine))
        rate = round(float(passed.mean()), 4)
        yield Line("gates", role, RATE, rate, rate, rate, 0)
