"""How skill is measured: nothing leaks, intervals cover, luck earns nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.model.validation import (
    CHANCE,
    MOST,
    Estimate,
    earned,
    leave_out,
    mean,
    offsets,
    p_value,
)

ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("pqrstu")), max_size=25)


@given(rows=ROWS)
def test_neither_a_group_nor_a_paper_stands_on_both_sides(rows: list[tuple[str, str]]) -> None:
    groups, papers = [g for g, _ in rows], [p for _, p in rows]
    for name, tested, training in leave_out(groups, papers):
        of_test = [row for row, chosen in zip(rows, tested, strict=True) if chosen]
        of_training = [row for row, chosen in zip(rows, training, strict=True) if chosen]
        assert {g for g, _ in of_test} == {name}
        assert not {g for g, _ in of_training} & {name}
        assert not {p for _, p in of_training} & {p for _, p in of_test}


@given(rows=ROWS)
def test_each_row_is_tested_once_and_taught_by_all_that_may(rows: list[tuple[str, str]]) -> None:
    groups, papers = [g for g, _ in rows], [p for _, p in rows]
    splits = list(leave_out(groups, papers))
    assert [name for name, *_ in splits] == sorted(set(groups))
    assert np.sum([tested for _, tested, _ in splits], axis=0).tolist() == [1.0] * len(rows) or (
        not rows
    )
    for name, _, training in splits:
        mine = {paper for group, paper in rows if group == name}
        allowed = [group != name and paper not in mine for group, paper in rows]
        assert training.tolist() == allowed


@given(rows=ROWS)
def test_what_only_trains_is_never_tested(rows: list[tuple[str, str]]) -> None:
    groups, papers = [g for g, _ in rows], [p for _, p in rows]
    splits = list(leave_out(groups, papers, untested=("a",)))
    assert "a" not in [name for name, *_ in splits]
    own = np.array([group == "a" for group in groups], dtype=bool)
    for _, tested, training in splits:
        mine = {paper for paper, chosen in zip(papers, tested, strict=True) if chosen}
        free = np.array([paper not in mine for paper in papers], dtype=bool)
        np.testing.assert_array_equal(training & own, own & free)


def test_an_interval_of_a_mean_covers_it_and_narrows_with_more_groups() -> None:
    random = np.random.default_rng(0)
    inside, width = 0, {10: 0.0, 160: 0.0}
    for trial in range(100):
        for count in width:
            found = mean(random.normal(1.0, 2.0, count), trial)
            assert found.low <= found.value <= found.high
            width[count] += found.high - found.low
        inside += found.low <= 1 <= found.high
    assert 88 <= inside <= 100
    assert width[10] / width[160] == pytest.approx(4, rel=0.15)


def test_intervals_of_one_seed_are_the_same() -> None:
    each = np.random.default_rng(3).normal(size=12)
    assert mean(each, 5) == mean(each, 5) != mean(each, 6)


@pytest.mark.parametrize(
    ("shuffled", "p"), [([0.1, 0.2, 0.3], 0.25), ([0.1, 0.5, 0.9], 0.75), ([0.9] * 3, 1.0)]
)
def test_p_counts_the_shuffles_that_do_as_well(shuffled: list[float], p: float) -> None:
    assert p_value(0.5, np.array(shuffled)) == p


def test_p_of_a_gain_that_is_none_is_uniform() -> None:
    random = np.random.default_rng(1)
    p = [p_value(draw[0], draw[1:]) for draw in random.normal(size=(2000, 20))]
    assert np.mean(np.array(p) <= CHANCE) == pytest.approx(CHANCE, abs=0.015)
    assert np.mean(p) == pytest.approx(0.525, abs=0.02)


GAINS = st.tuples(*[st.floats(-2, 2)] * 3).map(
    lambda e: Estimate(*[sorted(e)[i] for i in (1, 0, 2)])
)


@given(gain=GAINS, p=st.floats(0, 1))
def test_a_share_is_earned_by_a_gain_that_is_sure(gain: Estimate, p: float) -> None:
    share = earned(gain, p)
    assert 0 <= share <= MOST
    if gain.low <= 0 or p > CHANCE:
        assert share == 0
    else:
        assert share == pytest.approx(min(gain.low, MOST), abs=5.1e-4)


def test_a_surer_gain_never_earns_less() -> None:
    shares = [earned(Estimate(0.5, low, 0.9), 0.01) for low in np.linspace(-0.2, 0.5, 30)]
    assert all(a <= b for a, b in pairwise(shares))
    assert shares[-1] == MOST


def test_offsets_are_the_order_statistics_of_groups_of_one() -> None:
    """Of 9 groups the interval of 80 % of the tenth is from the least to the most."""
    residual = np.array([5, -2, 0, 9, 1, 3, -7, 2, 4], dtype=float)
    names = [str(i) for i in range(9)]
    assert offsets(residual, names, 0.8) == pytest.approx((-7, 2, 9))
    assert offsets(residual, names, 0.6) == pytest.approx((-2, 2, 5))


def test_too_few_groups_have_no_interval() -> None:
    residual = np.arange(8.0)
    low, middle, high = offsets(residual, [str(i) for i in range(8)], 0.8)
    assert (low, high) == (-np.inf, np.inf)
    assert middle == pytest.approx(3.5)


GROUPED = st.lists(
    st.tuples(st.floats(-3, 3).map(lambda x: round(x, 3)), st.sampled_from("abcdefghij")),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[0],
)


@given(rows=GROUPED, cover=st.floats(0.1, 0.95))
def test_offsets_flip_with_the_sign_and_shift_with_the_residuals(
    rows: list[tuple[float, str]], cover: float
) -> None:
    residual, groups = np.array([r for r, _ in rows]), [g for _, g in rows]
    low, middle, high = offsets(residual, groups, cover)
    assert low <= middle <= high
    flipped = offsets(-residual, groups, cover)
    assert flipped == pytest.approx((-high, -middle, -low), abs=1e-6)
    assert offsets(residual + 2, groups, cover) == pytest.approx((low + 2, middle + 2, high + 2))


@given(rows=GROUPED, cover=st.floats(0.1, 0.9))
def test_a_wider_cover_never_gives_a_narrower_interval(
    rows: list[tuple[float, str]], cover: float
) -> None:
    residual, groups = np.array([r for r, _ in rows]), [g for _, g in rows]
    low, _, high = offsets(residual, groups, cover)
    wide_low, _, wide_high = offsets(residual, groups, cover + 0.05)
    assert wide_low <= low
    assert wide_high >= high


def test_each_group_has_one_vote() -> None:
    """A group of a thousand rows moves an interval no more than one of a single row."""
    random = np.random.default_rng(4)
    residual, groups = random.normal(size=30), [str(i) for i in range(30)]
    once = offsets(residual, groups, 0.8)
    often = offsets(np.append(residual, np.full(999, residual[0])), [*groups, *["0"] * 999], 0.8)
    assert often == pytest.approx(once, abs=0.15)


def test_intervals_cover_new_groups_as_often_as_they_say() -> None:
    """Groups of unlike size with an effect of their own, as families of materials have."""
    random = np.random.default_rng(5)
    inside = []
    for _ in range(1500):
        sizes = random.integers(1, 7, 20)
        effect = random.normal(0, 1, 20)
        rows = np.repeat(effect, sizes) + random.normal(0, 0.5, sizes.sum())
        names = np.repeat(np.arange(20), sizes).astype(str)
        taught = names != "0"
        low, _, high = offsets(rows[taught], names[taught].tolist(), 0.8)
        own = rows[~taught]
        inside.append(np.mean((low <= own) & (own <= high)))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)
