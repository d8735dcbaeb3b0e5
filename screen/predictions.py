"""What the models say of described candidates, and the share of the score that they have earned."""

from __future__ import annotations

from collections.abc import Sequence

from screen import literature, measured
from screen.columns import Column, Values
from screen.descriptors.case import Case
from screen.model import lithiophilic, performance, recovery
from screen.ranking.roles import Goal, Role
from screen.ranking.roles import roles as shipped
from screen.settings import Settings
from screen.tables import anode_of


def learns(settings: Settings) -> bool:
    """Whether the literature table speaks of this anode metal."""
    return anode_of(settings.anode).symbol == literature.ANODE


def model_columns(settings: Settings) -> tuple[Column, ...]:
    """What the models say; those of the literature table speak of one anode metal alone."""
    learned = (*recovery.columns(), *performance.columns()) if learns(settings) else ()
    return (*lithiophilic.columns(), *learned)


def measured_columns(settings: Settings) -> tuple[Column, ...]:
    """What cells have measured, for the anode metal that the literature table speaks of."""
    return measured.columns() if learns(settings) else ()


def predict(case: Case, described: Values) -> Values:
    """What the models say of described candidates and what cells have measured of them, beside what
    describes them.
    """
    described.update(lithiophilic.predict(described, case.anode.symbol))
    if learns(case.settings):
        described.update(recovery.predict(recovery.load(), described, case.compositions))
        described.update(performance.predict(performance.load(), described, case.compositions))
        described.update(measured.values(case.compositions))
    return described


def with_models(roles: Sequence[Role], settings: Settings) -> tuple[Role, ...]:
    """Roles with the goals that models of the literature have earned, each with its share.

    A share was earned beside the shipped role: one of the same name from another file has none.
    """
    if not learns(settings):
        return tuple(roles)
    earned = list(shipped().values())
    return tuple(role.learning(_learned(role.name)) if role in earned else role for role in roles)


def _learned(role: str) -> list[tuple[Goal, float]]:
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
