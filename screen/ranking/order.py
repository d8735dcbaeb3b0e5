"""Scores and order of one role, why each candidate stands where it does, and what would move it.

The hand-weighted score is the weighted geometric mean of the desirabilities of the goals
(Derringer and Suich, J. Qual. Technol. 12, 214, 1980). A goal that is missed entirely counts
FLOOR, so that one zero does not hide the rest; a goal whose value is missing counts UNKNOWN, which
lifts nothing above what is known to be good, and the bounds of the score say what it would be at
worst and at best. A gate whose value is missing is neither passed nor failed: the candidate is
then not known. Where a model has earned it, its learned score is the score; the hand-weighted one
stands beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import Column, Texts, joined_names, missing
from screen.composition import BoolArray, FloatArray, IntArray
from screen.filters import Table
from screen.ranking.roles import Comparison, Gate, Goal, Role, Value
from screen.units import plain_name, unit_of

PASSED, FAILED, NOT_KNOWN = "passed", "failed", "not_known"
FLOOR = 0.05
UNKNOWN = 0.25
GOOD_ENOUGH = 0.8
"""A desirability above this is worth saying; one below is what holds a candidate back."""
_TOGETHER = 256
"""Points that are compared with a front at a time."""

_BY = "ranking/order.py from data/roles.toml"

COLUMNS: tuple[Column, ...] = (
    Column("role", "role", "What the candidate is judged for.", "data/roles.toml", "text"),
    Column(
        "rank",
        "rank",
        "Place among those that passed every gate; empty below the line and for those that are "
        "ranked under another.",
        _BY,
        dimensionless=True,
        rounding=0,
    ),
    Column("kind", "kind", "How it would fill the role.", "data/roles.toml", "text"),
    Column(
        "score",
        "score",
        "Desirability from 0 to 1, what is not known counting a quarter; or the learned score, in "
        "a role that it has earned.",
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
        "verdict",
        "verdict",
        "passed; failed, where a gate is not met; or not_known, where what decides is missing.",
        _BY,
        "text",
    ),
    Column(
        "ranked_under",
        "ranked under",
        "A better candidate that comes to the same, under which it is listed without a rank.",
        _BY,
        "text",
    ),
    Column(
        "pareto",
        "Pareto",
        "Passed, and no other of its kind that passed is as good in all goals and better in one.",
        _BY,
        "flag",
    ),
    Column("failed_gates", "failed gates", "Gates that it does not meet.", _BY, "text"),
    Column("unknown_gates", "unknown gates", "Gates whose value is missing.", _BY, "text"),
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
        verdict: "passed", "failed" or "not_known".
        failed_gates, unknown_gates: the gates that are not met, or not known to be, as text.
        rank: 1 for the best that passed; 0 for those without a place.
        ranked_under: of those that passed and come to the same as a better one, which that is.
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
    verdict: Texts
    failed_gates: Texts
    unknown_gates: Texts
    rank: IntArray
    ranked_under: Texts
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
    """All gates of a role, whom each concerns, who fails it, of whom that is not known, who passes
    by evidence, and who by that alone; arrays (gates, candidates).
    """

    gates: list[Gate]
    concerns: BoolArray
    fails: BoolArray
    unknown: BoolArray
    evident: BoolArray
    excused: BoolArray


NOT_TOLD = "Told here of the first of a role alone; explain tells it of any."
"""What would change of those that nobody will look up in a long list."""


def order(
    role: Role,
    table: Table,
    formulas: Sequence[str],
    told: int | None = None,
    notes: Mapping[str, Texts] = MappingProxyType({}),
) -> Ranking:
    """Judge all candidates in one role.

    Args:
        table: values of every column that the role reads.
        formulas: names of the candidates; equal scores are ordered by them.
        told: of how many, the first, it is told what would change; none: of all.
        notes: by column, what follows where the value of a candidate is said.
    """
    count = len(formulas)
    kind, homeless, undecided = _kinds(role, table, count)
    gates = _gates(role, table, kind)
    fails = gates.fails.any(axis=0) | homeless
    unknown = ~fails & (gates.unknown.any(axis=0) | undecided)
    passed = ~fails & ~unknown
    desirability, weights = desirabilities(role, table, kind)
    score, high, low = _scores(role, table, desirability, weights)
    if role.learned is not None:
        score = table[role.learned.column]
        low, high = (table[name] for name in role.learned.bounds)
    given = np.array([not goal.learned for goal in role.goals])
    alone = _score(desirability[given], weights[given], UNKNOWN)
    group = np.array(table[role.one_per]) if role.one_per else np.full(count, "", dtype=object)
    failures = np.where(unknown, 1, 2 * (gates.fails.sum(axis=0) + homeless))
    names = np.array(formulas, dtype=object).astype(str)

    def ranked(by: FloatArray) -> tuple[IntArray, IntArray, Texts]:
        best_first = np.lexsort((names, -by.round(9), np.where(passed, 0, failures)))
        return best_first, *_places(best_first[: passed.sum()], group, names)

    best_first, rank, under = ranked(score)
    return Ranking(
        role=role,
        kind=kind,
        passed=passed,
        verdict=np.where(passed, PASSED, np.where(fails, FAILED, NOT_KNOWN)).astype(object),
        failed_gates=_name_gates(role, gates, gates.fails, homeless),
        unknown_gates=_name_gates(role, gates, gates.unknown, undecided),
        rank=rank,
        ranked_under=under,
        score=score,
        score_low=low,
        score_high=high,
        score_without_model=alone,
        rank_without_model=ranked(alone)[1],
        pareto=_pareto(desirability, weights, kind, passed),
        why=_reasons(role, table, kind, passed, gates, under, desirability, weights, notes),
        what_would_change=_tipping(
            role,
            table,
            gates,
            homeless,
            undecided,
            under,
            rank,
            best_first,
            score,
            desirability,
            weights,
            formulas,
            _among_first(best_first, told),
        ),
        order=best_first,
    )


def _among_first(best_first: IntArray, count: int | None) -> BoolArray:
    first = np.zeros(len(best_first), dtype=bool)
    first[best_first[:count]] = True
    return first


def passing(role: Role, table: Table, count: int) -> tuple[Texts, BoolArray]:
    """Kind of each candidate, and whether it meets every gate."""
    kind, homeless, undecided = _kinds(role, table, count)
    gates = _gates(role, table, kind)
    return kind, ~(gates.fails | gates.unknown).any(axis=0) & ~homeless & ~undecided


def hand_weighted(role: Role, table: Table, count: int) -> FloatArray:
    """The score by the goals of a role, and what it would be if all that is not known were good,
    and bad; shape (3, candidates).
    """
    kind, *_ = _kinds(role, table, count)
    return np.array(_scores(role, table, *desirabilities(role, table, kind)))


def _scores(
    role: Role, table: Table, desirability: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    score = _score(desirability, weights, UNKNOWN)
    high, low = (
        _score(_at_end(role, table, desirability, end), weights, missing_as)
        for end, missing_as in ((np.maximum, 1.0), (np.minimum, FLOOR))
    )
    return score, high, low


def _places(passed: IntArray, group: Texts, names: Texts) -> tuple[IntArray, Texts]:
    """Rank of each candidate, and under which one it is listed that comes to the same.

    Args:
        passed: those that passed, best first.
        group: what each comes to; "" where it stands alone.
    """
    rank = np.zeros(len(group), dtype=np.int64)
    under = np.full(len(group), "", dtype=object)
    first: dict[str, int] = {}
    last = 0
    for i in passed.tolist():
        if group[i] and group[i] in first:
            under[i] = names[first[group[i]]]
            continue
        if group[i]:
            first[group[i]] = i
        rank[i] = last = last + 1
    return rank, under


def _kinds(role: Role, table: Table, count: int) -> tuple[Texts, BoolArray, BoolArray]:
    """Kind of each candidate; who has none though the role has kinds, and of whom that is open."""
    kind = np.full(count, "", dtype=object)
    out = np.ones(count, dtype=bool)
    for name, body in reversed(role.kinds.items()):
        kind[body.holds(table)] = name
        out &= body.ruled_out(table)
    none = (kind == "") & bool(role.kinds)
    return kind, none & out, none & ~out


def _gates(role: Role, table: Table, kind: Texts) -> _Gates:
    gates = list(role.gates)
    concerns = [np.ones(len(kind), dtype=bool) for _ in gates]
    for name, body in role.kinds.items():
        gates += body.gates
        concerns += [kind == name for _ in body.gates]
    shape = (len(gates), len(kind))
    applies = np.array(concerns, dtype=bool).reshape(shape)

    def each(ask: Callable[[Gate], BoolArray]) -> BoolArray:
        return np.array([ask(gate) for gate in gates], dtype=bool).reshape(shape)

    passes = each(lambda gate: gate.passes(table))
    evident = applies & each(lambda gate: gate.evident(table))
    open_ = applies & ~passes & ~evident
    knows = each(lambda gate: gate.knows(table))
    return _Gates(gates, applies, open_ & knows, open_ & ~knows, evident, evident & ~passes)


def desirabilities(role: Role, table: Table, kind: Texts) -> tuple[FloatArray, FloatArray]:
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
    return _score(both, weights, UNKNOWN)


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
    # Places in the order of a column compare as its values do, and small numbers faster.
    places = np.empty(points.shape, dtype=np.min_scalar_type(len(points)))
    for k, column in enumerate(points.T):
        places[:, k] = np.unique(column, return_inverse=True)[1].reshape(-1)
    unique, inverse = np.unique(places, axis=0, return_inverse=True)
    columns = unique[::-1].T.copy()  # descending: nothing later dominates anything earlier
    keep = np.zeros(len(unique), dtype=bool)
    for begin in range(0, len(unique), _TOGETHER):
        block, front = columns[:, begin : begin + _TOGETHER], columns[:, :begin][:, keep[:begin]]
        worse = np.ones((front.shape[1], block.shape[1]), dtype=bool)
        for theirs, own in zip(front, block, strict=True):
            worse &= theirs[:, None] >= own
        for i in np.flatnonzero(~worse.any(axis=0)).tolist():
            earlier = block[:, :i][:, keep[begin : begin + i]]
            keep[begin + i] = not (earlier >= block[:, i : i + 1]).all(axis=0).any()
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


def _name_gates(role: Role, gates: _Gates, which: BoolArray, no_kind: BoolArray) -> Texts:
    """Some gates of each candidate as text, and whether it has no kind."""
    kinds = " or ".join(f"({kind.describe()})" for kind in role.kinds.values())
    names = [*(gate.describe() for gate in gates.gates), f"no kind: {kinds}"]
    return joined_names(names, np.vstack([which, no_kind]), "; ")


def _reasons(
    role: Role,
    table: Table,
    kind: Texts,
    passed: BoolArray,
    gates: _Gates,
    under: Texts,
    desirability: FloatArray,
    weights: FloatArray,
    notes: Mapping[str, Texts],
) -> Texts:
    """Why a candidate that passed stands where it does: its best two goals and its worst, and what
    it passed by evidence alone.
    """
    rows = np.flatnonzero(passed)
    met, weight = desirability[:, rows], weights[:, rows]
    gain = np.nan_to_num(met, nan=-1.0) * weight
    loss = -np.log(np.maximum(np.nan_to_num(met, nan=1.0), FLOOR)) * weight
    good = ((gain > 0) & (met >= GOOD_ENOUGH)).T.tolist()
    best_first = np.argsort(-gain, axis=0, kind="stable").T.tolist()
    held_back = (met < GOOD_ENOUGH).T.tolist()
    worst = loss.argmax(axis=0).tolist()
    names = [plain_name(goal.column) for goal in role.goals]
    unknown = joined_names(names, (weight > 0) & np.isnan(met), ", ").tolist()
    values = [table[goal.column][rows].tolist() for goal in role.goals]
    begin = {k: f"{plain_name(k) or role.label} candidate".capitalize() for k in {*kind[rows]}}
    excuses = _excuses(table, gates, passed)
    texts = np.full(len(kind), "", dtype=object)
    for k, i in enumerate(rows.tolist()):
        best = [g for g in best_first[k] if good[k][g]][:2]
        said = [role.goals[g].strong.format(_said(values[g][k])) for g in best]
        text = begin[kind[i]]
        text += f": {' and '.join(said)}" if said else ": no goal is met well"
        last = worst[k]
        if held_back[k][last]:
            text += f"; held back: {role.goals[last].weak.format(_said(values[last][k]))}"
            text += notes[role.goals[last].column][i] if role.goals[last].column in notes else ""
        if unknown[k]:
            text += f"; not known: {unknown[k]}"
        text += excuses[i]
        if under[i]:
            text += f"; comes to the same as {under[i]}"
        texts[i] = text + "."
    return texts


def _excuses(table: Table, gates: _Gates, passed: BoolArray) -> Texts:
    """Which gates a candidate that passed does not meet, and what excuses it."""
    texts = np.full(len(passed), "", dtype=object)
    for g, i in np.argwhere(gates.excused & passed).tolist():
        gate = gates.gates[g]
        assert gate.unless is not None
        value = number(table[gate.column][i], gate.column)
        texts[i] += f"; passes with a {plain_name(gate.column)} of {value}"
        texts[i] += f" because {_evidence(gate.unless, table, i)}"
    return texts


def _evidence(test: Comparison, table: Table, i: int) -> str:
    """What speaks for a candidate: "it is made", or a value."""
    name = plain_name(test.column)
    if isinstance(test.value, str | bool):
        return f"it is {name}"
    return f"its {name} is {number(table[test.column][i], test.column)}"


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
    undecided: BoolArray,
    under: Texts,
    rank: IntArray,
    best_first: IntArray,
    score: FloatArray,
    desirability: FloatArray,
    weights: FloatArray,
    formulas: Sequence[str],
    told: BoolArray,
) -> Texts:
    """The gate or goal that is nearest to tipping, in units of how far its value may be off."""
    texts = np.full(len(formulas), "", dtype=object)
    texts[~told] = NOT_TOLD
    for i in np.flatnonzero((rank == 0) & told).tolist():
        if under[i]:
            texts[i] = f"Listed under {under[i]}, which comes to the same and scores higher."
        else:
            texts[i] = _what_would_pass(
                role, table, gates, i, homeless=bool(homeless[i]), undecided=bool(undecided[i])
            )
    total = weights.sum(axis=0)
    ranked = best_first[rank[best_first] > 0]
    for place, i in enumerate(ranked[told[ranked]].tolist()):
        options = []
        for g in np.flatnonzero(gates.concerns[:, i]).tolist():
            if gates.gates[g].error is not None and not gates.evident[g, i]:
                step, change = _gate_step(table, gates.gates[g], i, leaving=True)
                options.append((step, f"Leaves the list if {change}"))
        # The next above is to be overtaken; the first can only be overtaken by the second.
        other = ranked[place - 1] if place else (ranked[1] if len(ranked) > 1 else None)
        verb = "Passes" if place else "Falls behind"
        if role.learned is not None:
            if other is not None:
                step = abs(score[other] - score[i]) / role.learned.error
                way = _move(place > 0, beyond=True)
                wanted = f"its learned score {way} {score[other]:.3f}"
                options.append((step, f"{verb} {formulas[other]} if {wanted}"))
            other = None
        for g, goal in enumerate(role.goals):
            if other is None or weights[g, i] == 0 or np.isnan(desirability[g, i]):
                continue
            factor = (score[other] / score[i]) ** (total[i] / weights[g, i])
            value = table[goal.column][i]
            step, change = _goal_step(goal, value, desirability[g, i], factor, up=place > 0)
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
    # At the value itself "<=" and ">=" still pass, "<" and ">" fail.
    way = _move(gate.op.startswith("<") == leaving, beyond=gate.op.endswith("=") == leaving)
    change = f"{plain_name(gate.column)} {way} {number(float(gate.value), gate.column)}"
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
    way = _move(rises, beyond=True)  # at the value itself the two are equal
    change = f"{plain_name(goal.column)} {way} {number(target, goal.column)}"
    return abs(step) / goal.error, change


def _move(rises: bool, *, beyond: bool) -> str:
    """Which way a value has to go, and whether past a threshold or only as far as it."""
    if beyond:
        return "rises above" if rises else "falls below"
    return "rises to" if rises else "falls to"


def _what_would_pass(
    role: Role, table: Table, gates: _Gates, i: int, *, homeless: bool, undecided: bool
) -> str:
    failed = [gates.gates[g] for g in np.flatnonzero(gates.fails[:, i])]
    for gate in failed:
        if gate.error is None:
            said = number(table[gate.column][i], gate.column)
            return f"Stays out: {plain_name(gate.column)} is {said}."
    if homeless:
        return f"Stays out: {_of_no_kind(role, table, i)}."
    if not failed:
        unknown = {gates.gates[g].column for g in np.flatnonzero(gates.unknown[:, i])}
        kinds = role.kinds.values() if undecided else ()
        asked = {test.column for kind in kinds for test in kind.when}
        unknown |= {name for name in asked if missing(table[name][i : i + 1])[0]}
        return f"Cannot be judged until {', '.join(sorted(map(plain_name, unknown)))} is known."
    step, change = min(_gate_step(table, gate, i, leaving=False) for gate in failed)
    more = len(failed) - 1 + int(gates.unknown[:, i].sum()) + undecided
    others = f", and {more} more gate(s) open" if more else ""
    return f"Enters the list if {change} ({_in_errors(step)}){others}."


def _of_no_kind(role: Role, table: Table, i: int) -> str:
    """Why a candidate fills the role in none of its ways."""
    columns = dict.fromkeys(test.column for kind in role.kinds.values() for test in kind.when)
    known = [name for name in columns if not missing(table[name][i : i + 1])[0]]
    said = [f"{plain_name(name)} is {number(_said(table[name][i]), name)}" for name in known]
    return f"{', '.join(said)}, which is no kind of {role.label.lower()}"
