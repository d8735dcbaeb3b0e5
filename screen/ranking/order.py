"""Scores and order of one role, why each candidate stands where it does, and what would move it.

The score is the weighted geometric mean of the desirabilities of the goals (Derringer and Suich,
J. Qual. Technol. 12, 214, 1980). A goal that is missed entirely counts FLOOR, so that one zero
does not hide the rest; a goal whose value is missing counts NEUTRAL, and the bounds of the score
say what it would be at worst and at best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import Column, Texts, missing
from screen.composition import BoolArray, FloatArray, IntArray
from screen.filters import Table
from screen.ranking.roles import Gate, Goal, Role, Value
from screen.units import plain_name, unit_of

FLOOR = 0.05
NEUTRAL = 0.5
GOOD_ENOUGH = 0.8
"""A desirability above this is worth saying; one below is what holds a candidate back."""


_BY = "ranking/order.py from data/roles.toml"

COLUMNS: tuple[Column, ...] = (
    Column("role", "role", "What the candidate is judged for.", "data/roles.toml", "text"),
    Column(
        "rank",
        "rank",
        "Place among those that passed every gate; empty below the line.",
        _BY,
        dimensionless=True,
        rounding=0,
    ),
    Column("kind", "kind", "How it would fill the role.", "data/roles.toml", "text"),
    Column(
        "score",
        "score",
        "Desirability from 0 to 1; what is not known counts half.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "score_low",
        "score, least",
        "Score if all that is not known were bad, and what a model says at its least.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "score_high",
        "score, most",
        "Score if all that is not known were ideal, and what a model says at its most.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "score_without_model",
        "score, no model",
        "Score without what the models of the literature add to it.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "rank_without_model",
        "rank, no model",
        "Place by that score.",
        _BY,
        dimensionless=True,
        rounding=0,
    ),
    Column("passed", "passed", "Whether it meets every gate of the role.", _BY, "flag"),
    Column(
        "pareto",
        "Pareto",
        "Passed, and no other of its kind that passed is as good in all goals and better in one.",
        _BY,
        "flag",
    ),
    Column("failed_gates", "failed gates", "Gates that it does not meet.", _BY, "text"),
    Column("why", "why", "What speaks for it and what against.", _BY, "text"),
    Column(
        "what_would_change",
        "what would change",
        "The gate or goal nearest to tipping; a change is given in errors of the value.",
        _BY,
        "text",
    ),
)


@dataclass(frozen=True)
class Ranking:
    """The order of one role; all arrays by candidate.

    Attributes:
        kind: name of the kind, "" where there is none.
        passed: whether every gate is met.
        failed_gates: the gates that are not, as text.
        rank: 1 for the best that passed; 0 for those that did not.
        score, score_low, score_high: desirability, and its bounds if missing goals were known.
        score_without_model, rank_without_model: the same without learned goals.
        pareto: passed, and no other of its kind that passed is as good in all goals and better in
            one.
        why, what_would_change: one sentence each.
        order: candidates from best to worst, those that passed first.
    """

    role: Role
    kind: Texts
    passed: BoolArray
    failed_gates: Texts
    rank: IntArray
    score: FloatArray
    score_low: FloatArray
    score_high: FloatArray
    score_without_model: FloatArray
    rank_without_model: IntArray
    pareto: BoolArray
    why: Texts
    what_would_change: Texts
    order: IntArray

    @property
    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Values of `COLUMNS`, by candidate; no rank is 0."""
        role = np.full(len(self.rank), self.role.name, dtype=object)
        return {c.name: role if c.name == "role" else getattr(self, c.name) for c in COLUMNS}


@dataclass(frozen=True)
class _Gates:
    """All gates of a role, whom each concerns and who fails it; arrays (gates, candidates)."""

    gates: list[Gate]
    concerns: BoolArray
    fails: BoolArray


def order(role: Role, table: Table, formulas: Sequence[str]) -> Ranking:
    """Judge all candidates in one role.

    Args:
        table: values of every column that the role reads.
        formulas: names of the candidates; equal scores are ordered by them.
    """
    count = len(formulas)
    kind, homeless = _kinds(role, table, count)
    gates = _gates(role, table, kind)
    passed = ~gates.fails.any(axis=0) & ~homeless
    desirability, weights = _desirabilities(role, table, kind)
    score = _score(desirability, weights, NEUTRAL)
    low, high = (
        _score(_at_end(role, table, desirability, end), weights, missing_as)
        for end, missing_as in ((np.minimum, FLOOR), (np.maximum, 1.0))
    )
    given = np.array([not goal.learned for goal in role.goals])
    alone = _score(desirability[given], weights[given], NEUTRAL)
    failures = gates.fails.sum(axis=0) + homeless
    names = np.array(formulas, dtype=object).astype(str)

    def ranked(by: FloatArray) -> tuple[IntArray, IntArray]:
        best_first = np.lexsort((names, -by.round(9), np.where(passed, 0, failures)))
        rank = np.zeros(count, dtype=np.int64)
        rank[best_first[: passed.sum()]] = np.arange(1, passed.sum() + 1)
        return best_first, rank

    best_first, rank = ranked(score)
    return Ranking(
        role=role,
        kind=kind,
        passed=passed,
        failed_gates=_name_failures(role, gates, homeless),
        rank=rank,
        score=score,
        score_low=low,
        score_high=high,
        score_without_model=alone,
        rank_without_model=ranked(alone)[1],
        pareto=_pareto(desirability, weights, kind, passed),
        why=_reasons(role, table, kind, passed, desirability, weights),
        what_would_change=_tipping(
            role, table, gates, homeless, rank, best_first, score, desirability, weights, formulas
        ),
        order=best_first,
    )


def _kinds(role: Role, table: Table, count: int) -> tuple[Texts, BoolArray]:
    """Kind of each candidate, and who has none though the role has kinds."""
    kind = np.full(count, "", dtype=object)
    for name, body in reversed(role.kinds.items()):
        kind[body.when.passes(table)] = name
    return kind, (kind == "") & bool(role.kinds)


def _gates(role: Role, table: Table, kind: Texts) -> _Gates:
    gates = list(role.gates)
    concerns = [np.ones(len(kind), dtype=bool) for _ in gates]
    for name, body in role.kinds.items():
        gates += body.gates
        concerns += [kind == name for _ in body.gates]
    shape = (len(gates), len(kind))
    applies = np.array(concerns, dtype=bool).reshape(shape)
    meets = np.array([gate.passes(table) for gate in gates], dtype=bool).reshape(shape)
    return _Gates(gates, applies, applies & ~meets)


def _desirabilities(role: Role, table: Table, kind: Texts) -> tuple[FloatArray, FloatArray]:
    """Desirability (NaN: not known) and weight (0: not asked) of each goal; (goals, candidates)."""
    asked = [np.isin(kind, g.kinds) if g.kinds else np.ones(len(kind), bool) for g in role.goals]
    weights = np.array([g.weight * a for g, a in zip(role.goals, asked, strict=True)])
    return np.array([goal.desirability(table) for goal in role.goals]), weights


def _at_end(role: Role, table: Table, desirability: FloatArray, end: np.ufunc) -> FloatArray:
    """Desirabilities at the worse (np.minimum) or better end of the values' intervals, if any."""
    found = desirability.copy()
    for g, goal in enumerate(role.goals):
        if goal.bounds is not None:
            found[g] = end(*(goal.desirability(table, column) for column in goal.bounds))
    return found


def mix(desirability: FloatArray, term: FloatArray, share: float) -> FloatArray:
    """Score of candidates from their score without a term, and that term with its share of it."""
    both = np.array([desirability, term])
    weights = np.broadcast_to(np.array([[1 - share], [share]]), both.shape)
    return _score(both, weights, NEUTRAL)


def _score(desirability: FloatArray, weights: FloatArray, missing_as: float) -> FloatArray:
    known = np.where(np.isnan(desirability), missing_as, np.maximum(desirability, FLOOR))
    total = weights.sum(axis=0)
    mean: FloatArray = np.exp((weights * np.log(known)).sum(axis=0) / np.where(total, total, 1.0))
    return np.where(total > 0, mean, missing_as)


def _pareto(
    desirability: FloatArray, weights: FloatArray, kind: Texts, passed: BoolArray
) -> BoolArray:
    """Who is not dominated by another of its kind that passed; a missing value counts as the worst.

    Kinds are asked different goals, so that only candidates of one kind can be compared.
    """
    result = np.zeros(len(passed), dtype=bool)
    for name in set(kind[passed].tolist()):
        rows = np.flatnonzero(passed & (kind == name))
        asked = weights[:, rows[0]] > 0
        points = np.nan_to_num(desirability[np.ix_(asked, rows)], nan=0.0).T.round(9)
        result[rows] = _undominated(points)
    return result


def _undominated(points: FloatArray) -> BoolArray:
    """Which points (rows) no other equals in all columns and exceeds in one."""
    unique, inverse = np.unique(points, axis=0, return_inverse=True)
    unique = unique[::-1]  # lexicographically descending: nothing later dominates anything earlier
    front = np.zeros((0, points.shape[1]))
    keep = np.zeros(len(unique), dtype=bool)
    for i, point in enumerate(unique):
        if not (front >= point).all(axis=1).any():
            front = np.vstack([front, point])
            keep[i] = True
    chosen: BoolArray = keep[::-1][inverse.reshape(-1)]
    return chosen


def number(value: Value, column: str) -> str:
    """A value with its unit, as people write it."""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, str):
        return value
    unit = unit_of(column)
    if abs(value) < 1:
        text = f"{value:z.3f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return f"{text} {unit}" if unit not in ("", "1") else text


def _name_failures(role: Role, gates: _Gates, homeless: BoolArray) -> Texts:
    names = [gate.describe() for gate in gates.gates]
    texts = np.full(gates.fails.shape[1], "", dtype=object)
    kinds = " or ".join(kind.when.describe() for kind in role.kinds.values())
    for i in np.flatnonzero(gates.fails.any(axis=0) | homeless):
        failed = [names[g] for g in np.flatnonzero(gates.fails[:, i])]
        texts[i] = "; ".join(failed + ([f"no kind: {kinds}"] if homeless[i] else []))
    return texts


def _reasons(
    role: Role,
    table: Table,
    kind: Texts,
    passed: BoolArray,
    desirability: FloatArray,
    weights: FloatArray,
) -> Texts:
    """Why a candidate that passed stands where it does: its best two goals and its worst."""
    texts = np.full(len(kind), "", dtype=object)
    values = [table[goal.column] for goal in role.goals]
    gain = np.nan_to_num(desirability, nan=-1.0) * weights
    loss = -np.log(np.maximum(np.nan_to_num(desirability, nan=1.0), FLOOR)) * weights
    for i in np.flatnonzero(passed):
        best = [
            g
            for g in np.argsort(-gain[:, i], kind="stable")
            if gain[g, i] > 0 and desirability[g, i] >= GOOD_ENOUGH
        ][:2]
        said = [role.goals[g].strong.format(_said(values[g][i])) for g in best]
        worst = int(np.argmax(loss[:, i]))
        unknown = [
            plain_name(goal.column)
            for g, goal in enumerate(role.goals)
            if weights[g, i] > 0 and np.isnan(desirability[g, i])
        ]
        text = f"{kind[i] or role.label} candidate".capitalize()
        text += f": {' and '.join(said)}" if said else ": no goal is met well"
        if desirability[worst, i] < GOOD_ENOUGH:
            text += f"; held back: {role.goals[worst].weak.format(_said(values[worst][i]))}"
        if unknown:
            text += f"; not known: {', '.join(unknown)}"
        texts[i] = text + "."
    return texts


def _said(value: Value) -> Value:
    """A value for a phrase: words without underscores, no minus before a zero."""
    if isinstance(value, str):
        return value.replace("_", " ")
    return 0.0 if abs(value) < 5e-4 else value


def _tipping(
    role: Role,
    table: Table,
    gates: _Gates,
    homeless: BoolArray,
    rank: IntArray,
    best_first: IntArray,
    score: FloatArray,
    desirability: FloatArray,
    weights: FloatArray,
    formulas: Sequence[str],
) -> Texts:
    """The gate or goal that is nearest to tipping, in units of how far its value may be off."""
    texts = np.full(len(formulas), "", dtype=object)
    failing = np.flatnonzero(rank == 0).tolist()
    for i in failing:
        texts[i] = _what_would_pass(role, table, gates, i, bool(homeless[i]))
    total = weights.sum(axis=0)
    ranked = best_first[: len(formulas) - len(failing)]
    for place, i in enumerate(ranked.tolist()):
        options = []
        for g in np.flatnonzero(gates.concerns[:, i]).tolist():
            if gates.gates[g].error is not None:
                step, change = _gate_step(table, gates.gates[g], i, leaving=True)
                options.append((step, f"Leaves the list if {change}"))
        # The next above is to be overtaken; the first can only be overtaken by the second.
        other = ranked[place - 1] if place else (ranked[1] if len(ranked) > 1 else None)
        for g, goal in enumerate(role.goals):
            if other is None or weights[g, i] == 0 or np.isnan(desirability[g, i]):
                continue
            factor = (score[other] / score[i]) ** (total[i] / weights[g, i])
            value = table[goal.column][i]
            step, change = _goal_step(goal, value, desirability[g, i], factor, up=place > 0)
            verb = "Passes" if place else "Falls behind"
            options.append((step, f"{verb} {formulas[other]} if {change}"))
        step, sentence = min(options, default=(np.inf, ""), key=lambda option: option[0])
        if np.isfinite(step):
            texts[i] = f"{sentence} ({_in_errors(step)})."
    return texts


def _in_errors(step: float) -> str:
    return f"{step:.1f} times its error" if step >= 0.05 else "well within its error"


def _gate_step(table: Table, gate: Gate, i: int, *, leaving: bool) -> tuple[float, str]:
    """How far a value is from its gate, in errors, and the change in words."""
    step = float(gate.value) - float(table[gate.column][i])
    assert gate.error is not None
    way = _move(gate.op.startswith("<") == leaving)
    change = f"{plain_name(gate.column)} {way} to {number(float(gate.value), gate.column)}"
    return abs(step) / gate.error, change


def _goal_step(
    goal: Goal, value: Value, now: float, factor: float, *, up: bool
) -> tuple[float, str]:
    """How far a goal's value must move to multiply its desirability by `factor`."""
    wanted = max(now, FLOOR) * factor
    if (
        goal.levels is not None
        or wanted > (1 - 1e-8 if up else 1.0)
        or (not up and wanted <= FLOOR * (1 + 1e-9))
    ):
        return np.inf, ""  # no value of this goal alone does it
    assert goal.poor is not None
    assert goal.good is not None
    assert goal.error is not None
    target = goal.poor + wanted * (goal.good - goal.poor)
    rises = (goal.good > goal.poor) == up
    step = target - float(value)
    if (step > 0) != rises and abs(step) > 1e-12:
        return np.inf, ""  # beyond the good end a better value gains nothing
    change = f"{plain_name(goal.column)} {_move(rises)} to {number(target, goal.column)}"
    return abs(step) / goal.error, change


def _move(rises: bool) -> str:
    return "rises" if rises else "falls"


def _what_would_pass(role: Role, table: Table, gates: _Gates, i: int, homeless: bool) -> str:
    failed = [gates.gates[g] for g in np.flatnonzero(gates.fails[:, i])]
    known = [gate for gate in failed if not missing(table[gate.column][i : i + 1])[0]]
    for gate in known:
        if gate.error is None:
            said = number(table[gate.column][i], gate.column)
            return f"Stays out: {plain_name(gate.column)} is {said}."
    unknown = {plain_name(gate.column) for gate in failed if gate not in known}
    for kind in role.kinds.values() if homeless else ():
        column = kind.when.column
        if not missing(table[column][i : i + 1])[0]:
            said = number(table[column][i], column)
            what = f"no kind of {role.label.lower()}"
            return f"Stays out: {plain_name(column)} is {said}, which is {what}."
        unknown.add(plain_name(column))
    if not known:
        return f"Cannot be judged until {', '.join(sorted(unknown))} is known."
    step, change = min(_gate_step(table, gate, i, leaving=False) for gate in known)
    more = len(failed) - 1 + homeless
    others = f", and {more} more gate(s) open" if more else ""
    return f"Enters the list if {change} ({_in_errors(step)}){others}."
