"""Goals that models add: their share is that of every kind, and the ranking without them stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.ranking.order import FLOOR, UNKNOWN, mix, order
from screen.ranking.roles import Goal, Role
from tests.ranking.made_up import Contest, Table, contests, scale

SHARES = st.lists(st.integers(1, 30).map(lambda n: n / 100), min_size=1, max_size=2)


def learned(place: int, *, bounds: bool = False) -> Goal:
    ends = (f"low{place}", f"high{place}") if bounds else None
    return Goal(
        **scale("red_v", 0.0, 1.0) | {"column": f"term{place}", "learned": True}, bounds=ends
    )


def terms(shares: list[float], *, bounds: bool = False) -> list[tuple[Goal, float]]:
    return [(learned(i, bounds=bounds), share) for i, share in enumerate(shares)]


def columns(count: int, shares: list[float], seed: int) -> Table:
    random = np.random.default_rng(seed)
    found: Table = {}
    for i in range(len(shares)):
        ends = np.sort(random.random((3, count)), axis=0)
        found |= dict(zip((f"low{i}", f"term{i}", f"high{i}"), ends, strict=True))
    return found


def weights(role: Role, kind: str) -> list[Goal]:
    return [goal for goal in role.goals if not goal.kinds or kind in goal.kinds]


@given(contest=contests(), shares=SHARES)
def test_each_kind_gives_a_term_the_same_share(contest: Contest, shares: list[float]) -> None:
    bare = contest.role
    role = bare.learning(terms(shares))
    assert role.goals[: len(bare.goals)] == bare.goals
    for kind in bare.kinds or ("",):
        asked = weights(role, kind)
        total = sum(goal.weight for goal in asked)
        for place, share in enumerate(shares):
            (own,) = (goal for goal in asked if goal.column == f"term{place}")
            assert own.learned
            assert own.weight / total == pytest.approx(share, abs=2e-3)


@given(contest=contests())
def test_no_term_changes_nothing(contest: Contest) -> None:
    assert contest.role.learning([]) == contest.role


@given(contest=contests(), shares=SHARES, seed=st.integers(0, 99))
def test_without_models_is_the_ranking_of_the_bare_role(
    contest: Contest, shares: list[float], seed: int
) -> None:
    table = contest.table | columns(contest.count, shares, seed)
    bare = order(contest.role, table, contest.names)
    both = order(contest.role.learning(terms(shares)), table, contest.names)
    np.testing.assert_array_equal(both.score_without_model, bare.score)
    np.testing.assert_array_equal(both.rank_without_model, bare.rank)
    np.testing.assert_array_equal(both.passed, bare.passed)
    np.testing.assert_array_equal(both.kind, bare.kind)
    np.testing.assert_array_equal(bare.score_without_model, bare.score)
    np.testing.assert_array_equal(bare.rank_without_model, bare.rank)


@given(contest=contests(), share=st.integers(1, 30).map(lambda n: n / 100))
def test_the_score_is_the_mix_that_the_skill_was_measured_with(
    contest: Contest, share: float
) -> None:
    table = contest.table | columns(contest.count, [share], 1)
    both = order(contest.role.learning(terms([share])), table, contest.names)
    asked = np.array(
        [
            bool(weights(contest.role, kind)) and (kind != "" or not contest.role.kinds)
            for kind in both.kind
        ],
        dtype=bool,
    )
    expected = mix(both.score_without_model, table["term0"], share)
    np.testing.assert_allclose(both.score[asked], expected[asked], rtol=2e-3)


@given(contest=contests(complete=True), shares=SHARES, seed=st.integers(0, 99))
def test_the_bounds_of_the_score_are_those_of_the_interval(
    contest: Contest, shares: list[float], seed: int
) -> None:
    table = contest.table | columns(contest.count, shares, seed)
    role = contest.role.learning(terms(shares, bounds=True))
    found = order(role, table, contest.names)
    bare = order(contest.role, table, contest.names)
    known = bare.score_low == bare.score_high
    assert (found.score_low <= found.score + 1e-12).all()
    assert (found.score <= found.score_high + 1e-12).all()
    for end, bound in (("low", found.score_low), ("high", found.score_high)):
        at = {f"term{i}": table[f"{end}{i}"] for i in range(len(shares))}
        ends = order(role, table | at, contest.names).score
        np.testing.assert_allclose(bound[known], ends[known])


@given(contest=contests(), seed=st.integers(0, 99))
def test_a_better_term_never_lowers_the_score(contest: Contest, seed: int) -> None:
    table = contest.table | columns(contest.count, [0.2], seed)
    role = contest.role.learning(terms([0.2]))
    before = order(role, table, contest.names).score
    after = order(role, table | {"term0": table["high0"]}, contest.names).score
    assert (after >= before - 1e-12).all()


def test_a_mix_is_the_weighted_geometric_mean() -> None:
    mixed = mix(np.array([0.25, 0.25, 1.0]), np.array([1.0, 0.0, np.nan]), 0.5)
    np.testing.assert_allclose(mixed, [0.5, (0.25 * FLOOR) ** 0.5, UNKNOWN**0.5])
    np.testing.assert_array_equal(mix(np.array([0.3, 0.7]), np.array([1.0, 0.0]), 0.0), [0.3, 0.7])
