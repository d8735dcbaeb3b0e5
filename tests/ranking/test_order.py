"""The order of candidates: laws, a plain calculation beside it, and advice that is true."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screen import candidates, descriptors, predictions
from screen.ranking.order import FLOOR, UNKNOWN, Ranking, number, order
from screen.ranking.roles import Goal, Role, chosen_roles
from screen.settings import Settings
from screen.sources import reference
from tests.ranking.made_up import (
    NUMBERS,
    Contest,
    Table,
    contests,
    gate,
    levels,
    measured,
    role,
    scale,
)

PYTHON = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def unknown(value: Any) -> bool:
    return value == "" or (isinstance(value, float) and math.isnan(value))


def meets(test: Any, row: dict[str, Any]) -> bool:
    value = row[test.column]
    return not unknown(value) and bool(PYTHON[test.op](value, test.value))


def rows(table: Table) -> list[dict[str, Any]]:
    columns = {name: values.tolist() for name, values in table.items()}
    count = len(next(iter(columns.values())))
    return [{name: values[i] for name, values in columns.items()} for i in range(count)]


def kind_of(role: Role, row: dict[str, Any]) -> str | None:
    """The first kind whose condition the row meets; None where there is none to meet."""
    return next(
        (name for name, kind in role.kinds.items() if all(meets(test, row) for test in kind.when)),
        None,
    )


def worth(goal: Goal, row: dict[str, Any]) -> float | None:
    """Desirability of one goal, None if it is not known."""
    value = row[goal.column]
    if goal.levels is not None:
        return goal.levels.get(value)
    if unknown(value):
        return None
    assert goal.poor is not None
    assert goal.good is not None
    return min(1.0, max(0.0, (float(value) - goal.poor) / (goal.good - goal.poor)))


def asked(role: Role, row: dict[str, Any]) -> list[Goal]:
    kind = kind_of(role, row)
    return [goal for goal in role.goals if not goal.kinds or kind in goal.kinds]


def by_hand(role: Role, row: dict[str, Any], missing_as: float) -> float:
    """The weighted geometric mean, as a product of powers."""
    goals = asked(role, row)
    total = sum(goal.weight for goal in goals)
    factors = []
    for goal in goals:
        known = worth(goal, row)
        part = missing_as if known is None else max(known, FLOOR)
        factors.append(math.pow(part, goal.weight / total))
    return math.prod(factors)


@given(contest=contests())
def test_scores_are_the_geometric_mean_and_its_bounds(contest: Contest) -> None:
    ranking = contest.judge()
    for i, row in enumerate(rows(contest.table)):
        for found, missing_as in (
            (ranking.score, UNKNOWN),
            (ranking.score_low, FLOOR),
            (ranking.score_high, 1.0),
        ):
            assert found[i] == pytest.approx(by_hand(contest.role, row, missing_as), abs=1e-12)
        assert ranking.score_low[i] <= ranking.score[i] <= ranking.score_high[i]
        if all(worth(goal, row) is not None for goal in asked(contest.role, row)):
            assert ranking.score_low[i] == ranking.score_high[i]


def test_scores_are_finite_even_where_no_goal_is_for_a_candidate() -> None:
    """B belongs to no kind; C to one that no goal is for."""
    kinds = {
        name: {"meaning": "-", "when": {"column": "state", "op": "==", "value": name}}
        for name in ("first", "second")
    }
    goals = [scale("blue", 0, 1, kinds=("first",))]
    table: Table = {
        "blue": np.array([0.5, 0.5, 0.5]),
        "state": np.array(["first", "other", "second"], dtype=object),
    }
    ranking = order(role(goals=goals, kinds=kinds), table, ["A", "B", "C"])
    assert np.isfinite(ranking.score).all()


@given(contest=contests())
def test_gates_decide_who_passes_and_name_themselves(contest: Contest) -> None:
    ranking = contest.judge()
    for i, row in enumerate(rows(contest.table)):
        kind = kind_of(contest.role, row)
        own = contest.role.kinds[kind].gates if kind else ()
        open_ = [g for g in (*contest.role.gates, *own) if not meets(g, row)]
        failed, not_known = (
            [g for g in open_ if unknown(row[g.column]) == gone] for gone in (False, True)
        )
        tests = [test for body in contest.role.kinds.values() for test in body.when]
        homeless = bool(contest.role.kinds) and kind is None
        undecided = homeless and any(unknown(row[test.column]) for test in tests)
        homeless &= not undecided
        assert ranking.kind[i] == (kind or "")
        assert ranking.passed[i] == (not open_ and not homeless and not undecided)
        assert ranking.verdict[i] == (
            "failed" if failed or homeless else "not_known" if not_known or undecided else "passed"
        )
        for texts, gates, no_kind in (
            (ranking.failed_gates, failed, homeless),
            (ranking.unknown_gates, not_known, undecided),
        ):
            named = texts[i].split("; ") if texts[i] else []
            assert named[: len(gates)] == [f"{g.column} {g.op} {g.value}" for g in gates]
            assert [n.startswith("no kind: ") for n in named[len(gates) :]] == [True] * no_kind


@given(contest=contests())
def test_ranks_have_no_holes_and_follow_the_score(contest: Contest) -> None:
    ranking = contest.judge()
    passed = ranking.passed
    assert sorted(ranking.order.tolist()) == list(range(contest.count))
    assert sorted(ranking.rank[passed].tolist()) == list(range(1, passed.sum() + 1))
    assert not ranking.rank[~passed].any()
    best_first = ranking.order[: passed.sum()]
    assert ranking.rank[best_first].tolist() == list(range(1, passed.sum() + 1))
    places = [(-ranking.score[i].round(9), contest.names[i]) for i in best_first]
    assert places == sorted(places)
    assert not passed[ranking.order[passed.sum() :]].any()
    for name, column in ranking.columns.items():
        assert len(column) == contest.count, name


@given(contest=contests(), data=st.data())
def test_better_in_every_goal_is_never_worse(contest: Contest, data: st.DataObject) -> None:
    assume(contest.count)
    i = data.draw(st.integers(0, contest.count - 1))
    table = {name: values.copy() for name, values in contest.table.items()}
    for goal in contest.role.goals:
        value = table[goal.column][i]
        if goal.levels is None and not math.isnan(value):
            assert goal.good is not None
            assert goal.poor is not None
            table[goal.column][i] += data.draw(st.floats(0, 2)) * np.sign(goal.good - goal.poor)
    before, after = contest.judge(), contest.judge(table)
    assert after.score[i] >= before.score[i]
    others = np.arange(contest.count) != i
    assert (after.score[others] == before.score[others]).all()
    assert (after.passed[others] == before.passed[others]).all()


@given(contest=contests())
def test_bounds_are_what_missing_values_could_make_of_the_score(contest: Contest) -> None:
    ranking = contest.judge()
    for ends, bound in (("poor", ranking.score_low), ("good", ranking.score_high)):
        table = {name: values.copy() for name, values in contest.table.items()}
        for goal in contest.role.goals:
            if goal.levels is None:
                gaps = np.isnan(table[goal.column])
                table[goal.column][gaps] = getattr(goal, ends)
        filled = contest.judge(table)
        numeric = [not any(g.levels for g in asked(contest.role, row)) for row in rows(table)]
        np.testing.assert_allclose(filled.score[numeric], bound[numeric], atol=1e-12)


@given(contest=contests())
def test_pareto_front_against_every_pair(contest: Contest) -> None:
    ranking = contest.judge()
    every = rows(contest.table)
    points = [
        [
            worth(goal, row) or 0.0
            for goal in contest.role.goals
            if not goal.kinds or ranking.kind[i] in goal.kinds
        ]
        for i, row in enumerate(every)
    ]

    def beats(a: list[float], b: list[float]) -> bool:
        better = [x > y + 1e-9 for x, y in zip(a, b, strict=True)]
        as_good = [x >= y - 1e-9 for x, y in zip(a, b, strict=True)]
        return all(as_good) and any(better)

    inside = np.flatnonzero(ranking.passed).tolist()
    for i in range(contest.count):
        same = [j for j in inside if ranking.kind[j] == ranking.kind[i]]
        free = not any(beats(points[j], points[i]) for j in same)
        assert ranking.pareto[i] == (bool(ranking.passed[i]) and free)


@given(contest=contests(), data=st.data())
def test_the_order_of_the_table_does_not_matter(contest: Contest, data: st.DataObject) -> None:
    shuffle = data.draw(st.permutations(range(contest.count)))
    table = {name: values[shuffle] for name, values in contest.table.items()}
    straight = contest.judge()
    shuffled = order(contest.role, table, [contest.names[i] for i in shuffle])
    for name, values in straight.columns.items():
        assert shuffled.columns[name].tolist() == values[shuffle].tolist(), name


@given(contest=contests())
def test_judging_leaves_the_table_alone(contest: Contest) -> None:
    before = {name: values.copy() for name, values in contest.table.items()}
    contest.judge()
    for name, values in before.items():
        np.testing.assert_array_equal(contest.table[name], values)


ADVICE = re.compile(
    r"(?P<what>Enters the list|Leaves the list|Passes (?P<passes>\S+)|Falls behind (?P<yields>\S+))"
    r" if (?P<words>.+) (?P<way>rises|falls) (?:to|above|below)"
    r" (?P<value>-?[\d.e+-]+)(?P<unit>[^()]*)"
    r" \((?:(?P<errors>[\d.]+) times its error|well within its error)\)"
    r"(?:, and (?P<more>\d+) more gate\(s\) open)?\."
)


@dataclass(frozen=True)
class Advice:
    """What a sentence claims, read back from its words."""

    what: str
    other: str | None
    column: str
    up: bool
    value: float
    errors: float

    @property
    def blur(self) -> float:
        """By how much the rounding of the value for people may hide the true threshold."""
        digits = 0.0005 if abs(self.value) < 1 else 0.5 * 10 ** (math.floor(self._magnitude) - 2)
        return digits * (1 + 1e-9) + 1e-7

    @property
    def _magnitude(self) -> float:
        return math.log10(abs(self.value))


def read(sentence: str, columns: set[str]) -> Advice | None:
    """The advice in a sentence, None if it gives none."""
    match = ADVICE.fullmatch(sentence)
    if match is None:
        return None
    words = match["words"].replace(" ", "_")
    named = [
        c
        for c in columns
        if c == words or re.fullmatch(rf"{words}_(v|gpa|ev.*|mah_g|mah_cm2_um|g_mol)", c)
    ]
    assert len(named) == 1, sentence
    return Advice(
        match["what"].split(" ")[0],
        match["passes"] or match["yields"],
        named[0],
        match["way"] == "rises",
        float(match["value"]),
        float(match["errors"] or 0),
    )


def changed(table: Table, column: str, i: int, value: float) -> Table:
    other = table | {column: table[column].copy()}
    other[column][i] = value
    return other


def tipped(advice: Advice, before: Ranking, after: Ranking, i: int, names: list[str]) -> bool:
    """Whether what the advice foretells has happened to candidate i."""
    if advice.what == "Enters":
        failed = [len([g for g in r.failed_gates[i].split("; ") if g]) for r in (before, after)]
        return bool(after.passed[i]) or failed[1] < failed[0]
    if advice.what == "Leaves":
        return not after.passed[i]
    assert advice.other is not None
    j = names.index(advice.other)
    if advice.what == "Passes":
        return bool(after.passed[i]) and after.rank[i] < after.rank[j]
    return not after.rank[i] or after.rank[i] > after.rank[j]  # without a rank: under another


def check_advice(role: Role, table: Table, names: list[str], ranking: Ranking, i: int) -> bool:
    """The change tips what it says, in the direction it says, and half of it does not."""
    advice = read(ranking.what_would_change[i], role.columns)
    if advice is None:
        return False
    now, sentence = float(table[advice.column][i]), ranking.what_would_change[i]
    sign = 1 if advice.up else -1

    def after(value: float) -> Ranking:
        return order(role, changed(table, advice.column, i, value), names)

    enough = max(sign * advice.value, sign * now) * sign + sign * advice.blur
    # Two gates may leave a single value between them, which the allowance for rounding oversteps.
    reached = (after(enough), after(advice.value))
    assert any(tipped(advice, ranking, one, i, names) for one in reached), sentence
    step = sign * (advice.value - now)
    assert step >= -advice.blur, sentence
    if step > 4 * advice.blur:
        assert not tipped(advice, ranking, after(now + sign * step / 2), i, names), sentence
    error = next(part.error for part in measured(role) if part.column == advice.column)
    assert error is not None
    assert abs(step / error - advice.errors) <= 0.05 + advice.blur / error + 1e-9, sentence
    return True


@given(contest=contests())
def test_advice_is_true(contest: Contest) -> None:
    ranking = contest.judge()
    for i in range(contest.count):
        check_advice(contest.role, contest.table, contest.names, ranking, i)


@given(contest=contests(complete=True))
def test_no_smaller_change_tips_a_candidate_that_passed(contest: Contest) -> None:
    ranking = contest.judge()
    names, role = contest.names, contest.role
    passed = ranking.order[: ranking.passed.sum()].tolist()
    for place, i in enumerate(passed):
        advice = read(ranking.what_would_change[i], role.columns)
        reach = 0.9 * (advice.errors - 0.051) if advice else 3.0
        if reach <= 0:
            continue
        for part, sign in product(measured(role), (-1, 1)):
            assert part.error is not None
            value = contest.table[part.column][i] + sign * reach * part.error
            after = order(role, changed(contest.table, part.column, i, value), names)
            assert after.passed[i], (ranking.what_would_change[i], part.column, value)
            # Equal scores tip nothing: names decide between them.
            if place:
                above = after.score[passed[place - 1]]
                assert after.score[i] <= above + 1e-9, (part.column, value)
            elif len(passed) > 1:
                assert after.score[i] >= after.score[passed[1]] - 1e-9, (part.column, value)


@pytest.mark.parametrize("anode", reference.ANODES)
def test_advice_is_true_of_the_reference_set(anode: str) -> None:
    case, _ = candidates.make_case(reference.load(), Settings(anode=anode))
    table: Table = predictions.predict(case, descriptors.compute_all(case)).columns
    names = list(case.formulas)
    random = np.random.default_rng(11)
    for chosen in chosen_roles(()):
        ranking = order(chosen, table, names)
        best = [i for i in ranking.order.tolist() if ranking.rank[i]][:12]
        some = random.choice(len(case), 12, replace=False).tolist()
        read_back = [check_advice(chosen, table, names, ranking, i) for i in {*best, *some}]
        assert sum(read_back) > 6


def test_advice_at_a_tie_names_the_direction_that_breaks_it() -> None:
    goals = [scale("blue", 0, 1), levels("class", {"a": 1.0})]
    table: Table = {"blue": np.array([0.5, 0.5]), "class": np.array(["a", "a"], dtype=object)}
    ranking = order(role(goals=goals), table, ["A", "B"])
    assert "Passes A if blue rises above 0.5" in ranking.what_would_change[1]
    assert "Falls behind B if blue falls below 0.5" in ranking.what_would_change[0]


@pytest.mark.parametrize(
    ("op", "value", "inside", "leaves", "enters"),
    [
        ("<=", 1.0, 0.0, "rises above 1", "falls to 1"),
        ("<", 1.0, 0.0, "rises to 1", "falls below 1"),
        (">=", 1.0, 2.0, "falls below 1", "rises to 1"),
        (">", 1.0, 2.0, "falls to 1", "rises above 1"),
    ],
)
def test_advice_on_a_gate_says_whether_the_threshold_itself_passes(
    op: str, value: float, inside: float, leaves: str, enters: str
) -> None:
    asked = role(gates=[gate("red_v", op, value)], goals=[scale("blue", 0, 1)])
    table: Table = {"red_v": np.array([inside, 2 * value - inside]), "blue": np.array([0.5, 0.5])}
    ranking = order(asked, table, ["A", "B"])
    assert f"Leaves the list if red {leaves}" in ranking.what_would_change[0]
    assert f"Enters the list if red {enters}" in ranking.what_would_change[1]
    at = order(asked, table | {"red_v": np.array([value, value])}, ["A", "B"])
    assert at.passed.all() == leaves.startswith(("rises above", "falls below"))


def test_advice_for_those_below_the_line() -> None:
    gates = [gate("red_v", "<=", 1.0), gate("blue", ">=", 0.2), gate("class", "==", "a")]
    table: Table = {
        "red_v": np.array([1.5, 1.5, 0.0, np.nan, 1.5]),
        "blue": np.array([1.0, 0.0, 0.0, 1.0, np.nan]),
        "class": np.array(["a", "a", "b", "a", ""], dtype=object),
    }
    ranking = order(role(gates=gates, goals=[scale("blue", 0, 1)]), table, list("ABCDE"))
    assert ranking.what_would_change.tolist() == [
        "Enters the list if red falls to 1 V (5.0 times its error).",
        "Enters the list if red falls to 1 V (5.0 times its error), and 1 more gate(s) open.",
        "Stays out: class is b.",
        "Cannot be judged until red is known.",
        "Enters the list if red falls to 1 V (5.0 times its error), and 2 more gate(s) open.",
    ]


def test_reasons_name_the_best_the_worst_and_the_unknown() -> None:
    goals = [
        scale("red_v", 1.0, 0.0, strong="low {:.1f} V", weak="high {:.1f} V"),
        scale("blue", 0, 1, strong="blue {:.0%}", weak="pale {:.0%}"),
        levels("class", {"dry_room": 0.3}, strong="at ease in {}", weak="needs a {}"),
        scale("green_gpa", 0, 10),
    ]
    table: Table = {
        "red_v": np.array([0.0]),
        "blue": np.array([0.9]),
        "class": np.array(["dry_room"], dtype=object),
        "green_gpa": np.array([np.nan]),
    }
    ranking = order(role(goals=goals), table, ["A"])
    assert ranking.why[0] == (
        "Test candidate: low 0.0 V and blue 90%; held back: needs a dry room; not known: green."
    )


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.05, "hull_distance_ev_atom", "0.05 eV/atom"),
        (0.0, "reduction_v", "0 V"),
        (-0.3, "x_ev_atom", "-0.3 eV/atom"),
        (1.0, "share_fraction", "1"),
        (1967.4, "held_mah_g", "1967 mAh/g"),
        (-0.0001, "x_ev_atom", "0 eV/atom"),
        (True, "alloy", "true"),
        ("dry_room", "handling", "dry_room"),
    ],
)
def test_numbers_for_people(value: Any, column: str, text: str) -> None:
    assert number(value, column) == text


def test_an_empty_table_has_an_empty_order() -> None:
    table: Table = {name: np.array([]) for name in NUMBERS}
    ranking = order(role(goals=[scale("blue", 0, 1)]), table, [])
    assert len(ranking.order) == len(ranking.pareto) == 0


def test_what_comes_to_the_same_has_one_rank() -> None:
    """Three states of one anode and another: the best state leads, the others stand under it."""
    table: Table = {
        "blue": np.array([0.9, 0.5, 0.7, 0.6]),
        "state": np.array(["Li21Si5", "Li21Si5", "Li15Ge4", "Li21Si5"], dtype=object),
    }
    ranking = order(role(goals=[scale("blue", 0, 1)], one_per="state"), table, list("ABCD"))
    assert ranking.passed.all()
    assert ranking.rank.tolist() == [1, 0, 2, 0]
    assert ranking.ranked_under.tolist() == ["", "A", "", "A"]
    assert "Listed under A" in ranking.what_would_change[1]


def test_evidence_stands_above_the_value_and_is_named() -> None:
    rule = gate("blue", "<=", 0.05) | {"unless": {"column": "state", "op": "==", "value": "made"}}
    table: Table = {
        "blue": np.array([0.2, 0.2, 0.01, np.nan, np.nan]),
        "red_v": np.full(5, 0.5),
        "state": np.array(["made", "", "", "made", ""], dtype=object),
    }
    ranking = order(role(gates=[rule], goals=[scale("red_v", 0, 1)]), table, list("ABCDE"))
    assert ranking.verdict.tolist() == ["passed", "failed", "passed", "passed", "not_known"]
    assert "because" in ranking.why[0]
    assert "because" not in ranking.why[2]
    assert "Leaves the list" not in ranking.what_would_change[0]


def test_evidence_may_be_another_figure() -> None:
    rule = gate("blue", "<=", 0.05) | {"unless": {"column": "red_v", "op": ">=", "value": 0.5}}
    table: Table = {"blue": np.array([0.2, 0.2]), "red_v": np.array([0.5, 0.4])}
    ranking = order(role(gates=[rule], goals=[scale("red_v", 0, 1)]), table, ["A", "B"])
    assert ranking.verdict.tolist() == ["passed", "failed"]
    assert "because its red is 0.5 V." in ranking.why[0]


def test_what_is_not_known_lifts_nothing_above_what_is_good() -> None:
    table: Table = {"blue": np.array([0.5, np.nan]), "red_v": np.array([0.5, 0.5])}
    goals = [scale("blue", 0, 1), scale("red_v", 0, 1)]
    ranking = order(role(goals=goals), table, ["known", "unknown"])
    assert ranking.rank.tolist() == [1, 2]
    assert ranking.score_high[1] > ranking.score[0]
