"""How sure a place among the first ten of a role is.

Joint samples of the energies go through the equilibria and the descriptors that the roles read
(`descriptors.certainty`). What does not follow from energies is drawn within the error that the
roles state for it, what is not known between its bounds, and the weights of the goals around what
they are; the learned order takes the weights of its refits. What is counted is how often a
candidate, or what comes to the same, is among the first ten that pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from screen import descriptors, store
from screen.columns import Texts, Values
from screen.composition import BoolArray, FloatArray, IntArray
from screen.descriptors import certainty
from screen.descriptors.case import Case
from screen.descriptors.structure_runs import Progress
from screen.errors import DataError
from screen.filters import Table
from screen.model import figures, learned, lithiophilic, performance, recovery
from screen.predictions import FIRST, first_ten_column, order_model, predict, seen_by_order
from screen.ranking import order
from screen.ranking.order import FLOOR, Ranking
from screen.ranking.roles import Role
from screen.tables import role_names

STEP = "robust 1"
"""What is kept; raise the number when what is drawn changes."""
WEIGHTS = 100
"""Draws of weights and unknowns for each sample of the energies."""
SPREAD = 0.5
"""Relative standard deviation of a weight; own choice: half of it, since it is a choice."""
MOST = 100
"""Of each role so many are looked at, those that rank first."""


def values(
    case: Case, described: Values, rankings: Sequence[Ranking], progress: Progress
) -> Values:
    """The columns of `predictions.first_ten_columns`: of the best of each role."""
    found = Values(len(case))
    best = np.zeros(len(case), dtype=bool)
    for ranking in rankings:
        best[ranking.order[ranking.passed[ranking.order]][:MOST]] = True
    rows = np.flatnonzero(best)
    why, chances = f"not among the first {MOST} of a role", dict[str, list[float]]()
    try:
        chances = _kept(case, described, [ranking.role for ranking in rankings], rows, progress)
    except DataError as error:  # the errors of these energies are not known
        why = str(error)
    judged = {ranking.role.name for ranking in rankings}
    for role in role_names():
        chance = np.full(len(case), np.nan)
        if role in chances:
            chance[rows] = chances[role]
        found.add(first_ten_column(role), chance, why if role in judged else "not judged as such")
    return found


def _kept(
    case: Case, described: Values, roles: Sequence[Role], rows: IntArray, progress: Progress
) -> dict[str, list[float]]:
    """The chances of some candidates; those that were drawn before are read from the store."""
    settings = case.settings.model_copy(update={"samples": case.settings.robust})
    part = replace(case.take(rows), settings=settings)
    model = order_model() if any(role.learned is not None for role in roles) else None
    kept = store.of_home()
    key = store.key_of(
        STEP,
        certainty.key_of_case(part, STEP),
        [role.model_dump(mode="json") for role in roles],
        None if model is None else [model.fitted_to, model.table, model.seed],
    )
    content = kept.get("robust", key)
    if content is None:
        taken = {name: values[rows] for name, values in described.columns.items()}
        chances = _draw(part, taken, roles, model, progress)
        content = json.dumps(chances).encode()
        kept.put("robust", key, content)
    found: dict[str, list[float]] = json.loads(content)
    return found


def _draw(
    case: Case,
    described: Table,
    roles: Sequence[Role],
    model: learned.Model | None,
    progress: Progress,
) -> dict[str, list[float]]:
    """How often each candidate is among the first ten of each role."""
    counts = {role.name: np.zeros(len(case)) for role in roles}
    names = _families(case, roles)
    errors = _errors(roles)
    driven: set[str] = set()
    for k, sampled in enumerate(certainty.sampled_cases(case)):
        progress("robustness", k, case.settings.samples)
        random = np.random.default_rng([case.settings.seed, k])
        found = predict(sampled, descriptors.compute_families(sampled, names))
        table = {**described, **found.columns}
        driven |= {
            name
            for name in errors
            if np.nanmax(np.abs(table[name] - described[name]), initial=0.0) > 1e-9
        }
        for name in sorted(errors.keys() - driven):
            table[name] = table[name] + errors[name] * random.standard_normal(len(case))
        seen = None if model is None else seen_by_order(found.columns, sampled.compositions)
        for role in roles:
            kind, passed = order.passing(role, table, len(case))
            scores = _hand_weighted(role, table, kind, random)
            if role.learned is not None and model is not None and seen is not None:
                scores = _learned(model, role.name, seen, scores, random)
            counts[role.name] += _first(scores, passed, _groups(role, table, len(case)))
    total = case.settings.samples * WEIGHTS
    return {name: (count / total).round(4).tolist() for name, count in counts.items()}


def _families(case: Case, roles: Sequence[Role]) -> tuple[str, ...]:
    """Families of descriptors that roles and models read and that energies change."""
    wanted = {name for role in roles for name in role.columns}
    wanted |= {*figures.READS, *recovery.READS, *performance.READS, *lithiophilic.FEATURES}
    plain = case.settings.model_copy(update={"samples": 0, "barrier": False, "surface": False})
    return tuple(
        descriptors.name_of(family)
        for family in descriptors.asked(plain)
        if wanted & {c.name for c in descriptors.declared(family, case.electrolytes)}
    )


def _errors(roles: Sequence[Role]) -> dict[str, float]:
    """How far each value that the roles read may be off, as they state it."""
    stated: dict[str, float] = {}
    for role in roles:
        gates = [*role.gates, *(gate for kind in role.kinds.values() for gate in kind.gates)]
        both = [(one.column, one.error) for one in gates]
        both += [(one.column, one.error) for one in role.goals]
        for name, error in both:
            if error is not None:
                stated.setdefault(name, error)
    return stated


def _hand_weighted(
    role: Role, table: Table, kind: Texts, random: np.random.Generator
) -> FloatArray:
    """Scores with other weights, and with what is not known drawn; shape (WEIGHTS, candidates)."""
    desirability, weights = order.desirabilities(role, table, kind)
    spread = np.sqrt(np.log(1 + SPREAD**2))
    factor = np.exp(spread * random.standard_normal((WEIGHTS, len(weights))))
    known = np.where(np.isnan(desirability), 1.0, np.maximum(desirability, FLOOR))
    loss = factor @ (weights * np.log(known))
    for goal, row in zip(*np.nonzero(np.isnan(desirability)), strict=True):
        drawn = np.log(random.uniform(FLOOR, 1.0, WEIGHTS))
        loss[:, row] += factor[:, goal] * weights[goal, row] * drawn
    total = factor @ weights
    return np.asarray(np.exp(loss / np.where(total > 0, total, 1.0)))


def _learned(
    model: learned.Model,
    role: str,
    seen: learned.Candidates,
    by_hand: FloatArray,
    random: np.random.Generator,
) -> FloatArray:
    """Log odds by the weights of refits, with the hand-weighted scores and what is not known drawn;
    shape (WEIGHTS, candidates).
    """
    of_role = model.roles[role]
    at = len(figures.PHYSICS)
    refits = np.array(of_role.refits)[random.integers(len(of_role.refits), size=WEIGHTS)]
    x = seen.figures(model, role)[:, :at]
    odds = refits[:, :at] @ x.T + refits[:, at : at + 1] * figures.log_desirability(by_hand)
    for row, figure in zip(*np.nonzero(np.isnan(seen.physics)), strict=True):
        drawn = random.uniform(model.low[figure], model.high[figure], WEIGHTS)
        odds[:, row] += refits[:, figure] * (drawn - of_role.usual[figure])
    return np.asarray(odds)


def _groups(role: Role, table: Table, count: int) -> IntArray:
    """A number for each candidate, shared by those that come to the same."""
    if not role.one_per:
        return np.arange(count)
    names = [text or f" {i}" for i, text in enumerate(table[role.one_per])]
    return np.asarray(np.unique(np.array(names, dtype=str), return_inverse=True)[1])


def _first(scores: FloatArray, passed: BoolArray, group: IntArray) -> FloatArray:
    """In how many draws each candidate that passed is among the first ten, as one of its group."""
    rows = np.flatnonzero(passed)
    counts = np.zeros(len(group))
    if not len(rows):
        return counts
    rows = rows[np.argsort(group[rows], kind="stable")]
    _, start, member = np.unique(group[rows], return_index=True, return_inverse=True)
    best = np.maximum.reduceat(scores[:, rows], start, axis=1)
    if best.shape[1] <= FIRST:
        counts[rows] = len(scores)
        return counts
    border = np.partition(best, -FIRST, axis=1)[:, -FIRST]
    counts[rows] = (best >= border[:, np.newaxis]).sum(axis=0)[member]
    return counts
