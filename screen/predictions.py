"""What the models say of described candidates, and the share of the score that they have earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from screen import literature, measured
from screen.columns import Column, Values
from screen.composition import Compositions
from screen.descriptors.case import Case
from screen.model import figures, learned, lithiophilic, performance, recovery
from screen.ranking import order
from screen.ranking.order import Ranking
from screen.ranking.roles import Goal, Learned, Role
from screen.ranking.roles import roles as shipped
from screen.settings import Settings
from screen.tables import anode_of, role_names


def learns(settings: Settings) -> bool:
    """Whether the literature table speaks of this anode metal."""
    return anode_of(settings.anode).symbol == literature.ANODE


def model_columns(settings: Settings) -> tuple[Column, ...]:
    """What the models say; those of the literature table speak of one anode metal alone."""
    first_ten = first_ten_columns() if settings.robust else ()
    if not learns(settings):
        return (*lithiophilic.columns(), *first_ten)
    return (
        *lithiophilic.columns(),
        *recovery.columns(),
        *learned.columns(),
        *performance.columns(),
        *first_ten,
    )


FIRST = 10


def first_ten_column(role: str) -> str:
    """Name of the column with the chance to be among the first of a role."""
    return f"first_ten_{role}_probability"


def first_ten_columns() -> tuple[Column, ...]:
    """What `robust` adds to a run that asks for it."""
    return tuple(
        Column(
            first_ten_column(role),
            f"among the first ten, {role}",
            f"Probability that it, or what comes to the same, is among the first {FIRST} as "
            f"{role}, over errors of energies and values, what is not known, and weights.",
            "screen/robust.py; settings.robust, seed",
            dimensionless=True,
        )
        for role in role_names()
    )


def measured_columns(settings: Settings) -> tuple[Column, ...]:
    """What cells have measured, for the anode metal that the literature table speaks of."""
    return measured.columns() if learns(settings) else ()


def predict(case: Case, described: Values) -> Values:
    """What the models say of described candidates and what cells have measured of them, beside what
    describes them.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 (loaded when used)

    with threadpool_limits(1):  # small products, for which threads wait longer than they work
        described.update(lithiophilic.predict(described, case.anode.symbol))
        if learns(case.settings):
            described.update(recovery.predict(recovery.load(), described, case.compositions))
            model, seen = order_model(), seen_by_order(described.columns, case.compositions)
            described.update(learned.predict(model, described, seen, case.anode.element))
            described.update(performance.predict(performance.load(), described, case.compositions))
    if learns(case.settings):
        described.update(measured.values(case.compositions))
    return described


def order_model() -> learned.Model:
    """The learned order that is in force.

    Raises:
        DataError: as `learned.load`, and if it was fitted to other roles.
    """
    model = learned.load()
    learned.check(model, {role.name: role.digest for role in shipped().values()})
    return model


def seen_by_order(columns: figures.Columns, compositions: Compositions) -> learned.Candidates:
    """Candidates as the learned order sees them."""
    return learned.Candidates(
        compositions,
        figures.physics(columns),
        {
            name: order.hand_weighted(role, columns, len(compositions))
            for name, role in shipped().items()
        },
    )


def with_models(roles: Sequence[Role], settings: Settings) -> tuple[Role, ...]:
    """Roles put in order by what is learned, where that has earned it; the others with the goals
    that models of the literature have earned, each with its share.

    It was earned beside the shipped role: one of the same name from another file has none.
    """
    if not learns(settings) or settings.order != "learned":
        return tuple(roles)
    model, earned = order_model(), list(shipped().values())
    return tuple(_with_models(role, model) if role in earned else role for role in roles)


def explained(
    rankings: Sequence[Ranking], values: Values, compositions: Compositions
) -> tuple[Ranking, ...]:
    """Rankings that also say, of what passed in a role that the learned order leads, how it
    compares with compounds as simple, and what counts for and against it.
    """
    if all(ranking.role.learned is None for ranking in rankings):
        return tuple(rankings)
    model, found = order_model(), []
    for ranking in rankings:
        role, passed = ranking.role.name, np.flatnonzero(ranking.passed)
        if ranking.role.learned is None or not len(passed):
            found.append(ranking)
            continue
        columns = {name: column[passed] for name, column in values.columns.items()}
        seen = seen_by_order(columns, compositions.take(passed))
        added = learned.contributions(model, role, seen)
        why = ranking.why.copy()
        for i, counts in zip(passed.tolist(), added, strict=True):
            why[i] += _compared(values, role, i) + _counts(counts)
        found.append(replace(ranking, why=why))
    return tuple(found)


MOST_SAID = 3
"""So many figures are said to count for or against a candidate."""


def _compared(values: Values, role: str, i: int) -> str:
    """How one candidate compares with compounds as simple, and how often such were tried."""
    share, low, high = (
        float(values.columns[learned.column(role, "simple", end)][i]) for end in ("", "low", "high")
    )
    if np.isnan(share):
        return ""
    better = "all" if share == 1 else f"{share:.0%} of"
    often = float(values.columns[learned.TRIED_COLUMN][i])
    said = "nearly all others" if often >= 0.995 else f"{often:.0%} of all"
    return (
        f" Better than {better} known compounds as simple ({low:.0%} to {high:.0%} in refits); "
        f"more likely tried than {said}."
    )


def _counts(added: Sequence[tuple[str, float]]) -> str:
    """What counts for and against a candidate in the learned order, in log odds over the median."""
    sides = [
        ", ".join(f"{words} ({by:+.1f})" for words, by in added[:MOST_SAID] if by * sign > 0)
        for sign in (1, -1)
    ]
    said = [f"{way} it {side}" for way, side in zip(("for", "against"), sides, strict=True) if side]
    return f" What counts most in the learned order: {'; '.join(said)}." if said else ""


def _with_models(role: Role, model: learned.Model) -> Role:
    if not model.leads(role.name):
        return role.learning(_terms(role.name))
    of_role = model.roles[role.name]
    gain = of_role.gain.matched
    return role.led_by(
        Learned(
            column=learned.column(role.name, "learned"),
            bounds=(
                learned.column(role.name, "learned", "low"),
                learned.column(role.name, "learned", "high"),
            ),
            error=of_role.spread,
            why="On families left out it is ahead of the hand-weighted score, among compounds as "
            "simple.",
            source=f"learned order; ahead by {gain.value:.0%} ({gain.low:.0%} to {gain.high:.0%})",
        )
    )


def _terms(role: str) -> list[tuple[Goal, float]]:
    """Goals that the models add to a role, with their shares of the score."""
    terms: list[tuple[Goal, float]] = []
    like, cells = recovery.load(), performance.load()
    if role in like.skill and (share := like.skill[role].share) > 0:
        goal = Goal(
            column=recovery.column(role),
            bounds=(recovery.column(role, "low"), recovery.column(role, "high")),
            learned=True,
            poor=0.0,
            good=1.0,
            weight=1.0,
            error=like.spread[role],
            why=f"What resembles the materials that work in cells as {role} may work, too.",
            source=f"recovery model; it earned {share:.0%} of the score on families left out",
            strong="resembles what has been made to work (ahead of {:.0%} of known compounds)",
            weak="is unlike what has been made to work (ahead of {:.0%} of known compounds)",
        )
        terms.append((goal, share))
    for name, target in cells.targets.items():
        if not (share := target.skill.share) > 0:
            continue
        goal = Goal(
            column=performance.column(name),
            bounds=(performance.column(name, "low"), performance.column(name, "high")),
            learned=True,
            poor=target.poor,
            good=target.good,
            weight=1.0,
            error=target.good - target.poor,
            why="Cells with similar materials have carried more.",
            source=f"performance model; it earned {share:.0%} of the score on families left out",
            strong="similar cells have carried much",
            weak="similar cells have carried little",
        )
        terms.append((goal, share))
    return terms
