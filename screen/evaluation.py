"""The order of the ranking, measured on families of the literature that taught it nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from screen import literature, training
from screen.composition import INDEX
from screen.model import matched, recovery, validation
from screen.model.matched import MEASURES, Entry, Fold, Order, Pool, Standing, Trial
from screen.model.validation import Estimate
from screen.ranking import order as ranking
from screen.training import Described

DRAWS = 10
"""Of the matched null."""
YEARS = (2020, 2021, 2022)
"""Papers up to each of these teach, later ones test."""
IN_FORCE, DESIRABILITY = "order in force", "desirability"
PASSED, RATE = "let through what worked", "let through all phases"
NULL = "matched, as simple formulas in place"
NULLED = ("recovery model", "physics and desirability")
"""Orders that are also fitted to formulas that are as simple; what these find is no chemistry."""


class Line(NamedTuple):
    """One figure: of an order, in a role or in all, with its 95 % interval over families.

    Of the null it is the range over draws; `families` counts what it is a mean of.
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


def pool(known: Described) -> tuple[Pool, dict[str, float]]:
    """Phases with all that orders are made of, and what of it is missing."""
    among, columns = known.pool, known.columns
    absent = {name: float(np.isnan(columns[name]).mean()) for name in matched.READS}
    return Pool(
        among.compositions,
        matched.physics(columns),
        matched.tried(columns, among.compositions, INDEX[literature.ANODE]),
        among.x,
        among.rivals,
        among.desirability,
        known.passed,
    ), {name: share for name, share in absent.items() if share}


def entries(rows: Sequence[literature.Row], among: Pool) -> tuple[Entry, ...]:
    """Every formula that worked in a role, if the pool has it."""
    found = [
        (formula, row)
        for row in rows
        if row.role in among.desirability and not row.no_better
        for formula in row.active_formulas
    ]
    at = recovery.rows_of(among.compositions, [formula for formula, _ in found]).tolist()
    return tuple(
        Entry(i, row.role, row.family, row.paper, row.year)
        for i, (_, row) in zip(at, found, strict=True)
        if i >= 0
    )


def orders(trial: Trial) -> dict[str, Order]:
    """What is compared, by name: the first is what the user sees."""
    shares = {role: skill.share for role, skill in recovery.load().skill.items()}
    named: dict[str, Order] = {
        IN_FORCE: trial.by_mixture(ranking.mix, shares),
        DESIRABILITY: trial.by_desirability,
        "recovery model": trial.by_figures(trial.pool.like, signed=True),
        "physics and desirability": trial.shared(tried="nuisance"),
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

    Args:
        phases: among which they are to be found; on the reference set some figures are missing.
        only: names of the orders to measure, beside the desirability; none: all.
        draws: of the matched null, for each order of NULLED.
    """
    among, missing = pool(phases)
    trial = Trial(among, entries(literature.table(own=True).rows, among), seed)
    named = {
        name: order
        for name, order in orders(trial).items()
        if not only or name in {*only, DESIRABILITY}
    }
    nulled = [name for name in NULLED if name in named]
    told = partial(progress, "measuring the order")
    parts = len(named) * (1 + len(YEARS)) + len(nulled) * draws
    lines: list[Line] = []
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        told(done, parts)

    standings: dict[str, list[Standing]] = {}
    for name, order in named.items():
        standings[name] = trial.standing(order)
        tell()
        for year in YEARS:
            fold = trial.later(year)
            lines += _of_years(name, order, trial, fold, seed)
            tell()
    for name, found in standings.items():
        lines += _of_roles(name, found, standings[DESIRABILITY], seed)
    for name in nulled:
        null = []
        for value in trial.nulls(partial(_named, name=name), draws):
            null.append(value)
            tell()
        if null:
            lines.append(Line(name, "all", NULL, *_spread(null), len(null)))
    lines += _recall(trial, seed)
    return Evaluation(len(among.compositions), len(np.unique(trial.row)), tuple(lines), missing)


def _named(trial: Trial, name: str) -> Order:
    return orders(trial)[name]


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
        for measure in ("matched", "within"):
            ahead = matched.gain(mine, base, measure, seed)
            if ahead is not None:
                yield _line(name, role, f"{measure}, ahead of desirability", ahead, mine, measure)


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
