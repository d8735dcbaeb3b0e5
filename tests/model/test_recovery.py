"""Likeness to what has worked: physics in its signs, nothing leaks, luck finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import descriptors, literature
from screen.columns import Values
from screen.composition import Compositions, FloatArray
from screen.errors import ScreenError
from screen.literature import Row
from screen.model import persistence, recovery
from screen.model.recovery import ALL, FEATURES, READS, Pool, Positives
from screen.model.validation import CHANCE, MOST
from screen.ranking import order
from screen.tables import role_names
from tests.descriptors.cases import case_of
from tests.model.trained import ROWS, like, pool

COUNT = 400
ROLES = role_names()


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Small fits, as the program makes them."""
    with recovery.one_thread():
        yield


@cache
def small_pool() -> Pool:
    """Made-up phases, of which the first feature and nothing else tells the good ones."""
    random = np.random.default_rng(0)
    x = random.normal(size=(COUNT, len(FEATURES)))
    rival = random.normal(size=(COUNT, 3))
    desirability = {role: random.random(COUNT) for role in ROLES}
    return Pool(Compositions.from_formulas(names()), x, {"noise": rival}, desirability)


def names() -> list[str]:
    """Formulas of `small_pool`."""
    return [
        f"{a}{n}{b}" for a in ("Li", "Mg", "Ag", "Sn") for b in ("O", "F") for n in range(1, 51)
    ]


def row(formula: str, family: str, paper: str, role: str = "host") -> Row:
    blank = replace(ROWS[0], role=role, family=family, reference=paper)
    return replace(blank, active_formulas=tuple(formula.split(";")))


def best(count: int, feature: int = 0) -> list[int]:
    return [int(i) for i in np.argsort(-small_pool().x[:, feature])[:count]]


def rows_at(chosen: list[int], role: str = "host") -> list[Row]:
    return [row(names()[i], f"f{k:02}", f"p{k}", role) for k, i in enumerate(chosen)]


def left_out(rows: list[Row], role: str = "host") -> recovery._LeftOut:
    found = Positives.of(rows, role, small_pool())
    return recovery._LeftOut(small_pool(), small_pool(), found)


# What teaches


@pytest.mark.parametrize("outcome", ["same", "worse", "failed"])
def test_what_failed_or_did_no_better_lifts_nothing(outcome: str) -> None:
    """With it and without it all is the same, whatever else the paper or the family holds."""
    worked = rows_at(best(9))
    failed = [replace(r, outcome=outcome) for r in rows_at([*best(12)[9:], 3, 5])]
    alone = Positives.of(worked, "host", small_pool())
    beside = Positives.of(worked + failed, "host", small_pool())
    assert beside.formulas == alone.formulas
    everything = np.ones(9, dtype=bool)
    votes = beside.votes(everything, COUNT)
    np.testing.assert_array_equal(votes, alone.votes(everything, COUNT))
    assert not votes[[*best(12)[9:], 3, 5]].any()
    others = [replace(r, outcome="not stated") for r in failed]
    assert len(Positives.of(worked + others, "host", small_pool()).row) == 9 + len(others)
    assert recovery.learnable(failed, small_pool()) == []


# The scale


@given(
    x=st.lists(st.floats(-50, 50), min_size=len(FEATURES), max_size=len(FEATURES)),
    feature=st.integers(0, len(FEATURES) - 1),
    more=st.floats(0, 20),
    role=st.sampled_from(ROLES),
)
def test_more_of_a_feature_is_never_worse(
    x: list[float], feature: int, more: float, role: str
) -> None:
    model = recovery.load()
    other = list(x)
    other[feature] += more
    for scale in (model.scales[role], *model.refits[role]):
        assert min(scale.weights) >= 0
        place, better = scale.place(np.array([x, other]))
        assert 0 <= place <= better <= 1


@given(data=st.data())
def test_what_would_speak_against_its_purpose_has_no_weight(data: st.DataObject) -> None:
    """Whatever is called good, even what is worst in all: no weight is negative."""
    chosen = data.draw(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=6, unique=True))
    if data.draw(st.booleans()):
        chosen = np.argsort(small_pool().x.sum(axis=1))[: len(chosen)].tolist()
    votes = np.zeros(COUNT)
    votes[chosen] = 1.0
    weights = recovery.fit_weights(small_pool().x, votes)
    assert (weights >= 0).all()
    free = recovery.fit_weights(small_pool().x, votes, signed=False)
    if (free >= 0).all():
        np.testing.assert_array_equal(weights, free)


def test_weights_are_those_of_the_most_likely_penalised_model() -> None:
    """The gradient of the penalised likelihood, written out, vanishes at the fit."""
    x, votes = small_pool().x, np.zeros(COUNT)
    votes[best(8)] = np.linspace(0.5, 1, 8)
    weights = recovery.fit_weights(x, votes, signed=False)
    mean, spread = x.mean(axis=0), x.std(axis=0)
    z, w = (x - mean) / spread, weights * spread
    unlabelled = np.full(COUNT, recovery.UNLABELLED / COUNT)
    low, high = -50.0, 50.0
    for _ in range(200):  # the intercept, by halving: it has no penalty
        middle = (low + high) / 2
        p = 1 / (1 + np.exp(-(z @ w + middle)))
        low, high = (
            (middle, high) if (votes * (1 - p) - unlabelled * p).sum() > 0 else (low, middle)
        )
    slope = (votes * (1 - p) - unlabelled * p) @ z - w / recovery.STRENGTH
    np.testing.assert_allclose(slope, 0, atol=2e-3)
    assert np.abs(w).max() > 0.1


def test_a_place_is_the_share_of_the_pool_below() -> None:
    shipped = recovery.load()
    for role, scale in shipped.scales.items():
        place = scale.place(pool().x)
        score = pool().x @ np.array(scale.weights)
        below = np.searchsorted(np.sort(score), score) / len(score)
        np.testing.assert_allclose(place, below, atol=0.011, err_msg=role)
        assert place.mean() == pytest.approx(0.5, abs=0.01)


@given(
    score=st.lists(st.integers(0, 5), min_size=1, max_size=20),
    stretch=st.floats(0.1, 10),
)
def test_places_are_mean_ranks(score: list[int], stretch: float) -> None:
    from scipy.stats import rankdata  # noqa: PLC0415

    values, every = np.array(score, dtype=float), np.arange(len(score))
    found = recovery.places(values, every)
    np.testing.assert_allclose(found, (rankdata(values) - 1) / len(values))
    np.testing.assert_array_equal(found, recovery.places(values * stretch, every))
    assert ((found >= 0) & (found < 1)).all()


# The positives


def test_a_family_has_one_vote_however_many_papers_and_formulas() -> None:
    a, b, c, d = names()[:4]
    rows = [row(f"{a};{b}", "many", "p1"), row(a, "many", "p2"), row(c, "one", "p3")]
    found = Positives.of([*rows, row(d, "other", "p4", "alloy")], "host", small_pool())
    votes = found.votes(np.ones(len(found.row), dtype=bool), COUNT)
    assert votes[:4].tolist() == [0.5, 0.5, 1.0, 0.0]
    assert votes.sum() == 2
    assert not found.absent


def test_what_is_not_in_the_pool_is_said() -> None:
    found = Positives.of([row("C14H10", "x", "p"), row(names()[0], "y", "q")], "host", small_pool())
    assert found.absent == ("C14H10",)
    assert found.formulas == (names()[0],)


# Nothing leaks


@pytest.mark.parametrize("role", ROLES)
def test_no_family_paper_or_formula_of_the_table_stands_on_both_sides(role: str) -> None:
    test = recovery._LeftOut(pool(), pool(), Positives.of(ROWS, role, pool()))
    found = test.found
    splits = list(test.splits())
    assert len(splits) >= 9
    for name, members, teaching in splits:
        own = [i for i, family in enumerate(found.families) if family == name]
        taught = np.flatnonzero(teaching).tolist()
        assert sorted({found.row[i] for i in own}) == members.tolist()
        for part in (found.families, found.papers, found.row.tolist()):
            assert not {part[i] for i in own} & {part[i] for i in taught}
        assert not found.votes(teaching, len(pool().x))[members].any()


def test_a_formula_that_two_families_hold_does_not_teach_of_either() -> None:
    a, b, c = names()[:3]
    rows = [row(f"{a};{b}", "first", "p1"), row(a, "second", "p2"), row(c, "third", "p3")]
    taught = {
        name: [f for f, t in zip(left_out(rows).found.formulas, teaching, strict=True) if t]
        for name, _, teaching in left_out(rows).splits()
    }
    assert taught == {"first": [c], "second": [b, c], "third": [a, b, a]}


def test_a_family_is_placed_by_the_others_alone() -> None:
    """Whatever else is said of a family, its own place is as it was; that of others is not."""
    rows = rows_at(best(6))
    before = left_out(rows)
    more = [*rows, *(replace(rows[0], reference=f"more {i}") for i in range(5))]
    after = left_out(more)
    seen: list[FloatArray] = []

    def score(test: recovery._LeftOut) -> FloatArray:
        def kept(votes: FloatArray) -> FloatArray:
            seen.append(votes)
            return test.score(votes)

        return test.standing(kept)

    first, second = score(before), score(after)
    np.testing.assert_array_equal(first, second)
    half = len(seen) // 2
    np.testing.assert_array_equal(seen[0], seen[half])
    moved = [replace(rows[0], active_formulas=(names()[best(COUNT)[-1]],)), *rows[1:]]
    third = score(left_out(moved))
    assert third[0, 0] != first[0, 0]
    assert (third[0, 1:] != first[0, 1:]).any()


# Skill and luck


def test_a_feature_that_tells_the_good_ones_is_found() -> None:
    test = left_out(rows_at(best(12)))
    assert test.standing(test.score)[0].mean() > 0.93
    assert (test.shuffled(0) < test.standing(test.score)[0].mean()).all()


def test_positives_drawn_at_random_are_not_found() -> None:
    random = np.random.default_rng(3)
    place = []
    for _ in range(25):
        test = left_out(rows_at(random.choice(COUNT, 12, replace=False).tolist()))
        place.append(test.standing(test.score)[0].mean())
    assert np.mean(place) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("role", ROLES)
def test_random_phases_in_the_place_of_the_known_ones_are_not_found(role: str) -> None:
    """The real pool, families and papers; only the formulas are drawn."""
    random, place = np.random.default_rng(4), []
    found = Positives.of(ROWS, role, pool())
    own, member = np.unique(found.row, return_inverse=True)
    keys = {key: i for i, key in enumerate(pool().compositions.key.tolist())}
    assert len(keys) == len(pool().x)
    for _ in range(8):
        drawn = random.choice(len(pool().x), len(own), replace=False)
        mixed = replace(found, row=drawn[member])
        names = mixed.families
        for name in sorted(set(names)):
            tested = np.array([family == name for family in names])
            papers = {p for p, t in zip(mixed.papers, tested, strict=True) if t}
            free = np.array([paper not in papers for paper in mixed.papers])
            teaching = ~tested & free & ~np.isin(mixed.row, mixed.row[tested])
            score = pool().x @ recovery.fit_weights(pool().x, mixed.votes(teaching, len(pool().x)))
            place.append(recovery.places(score, np.unique(mixed.row[tested])).mean())
    assert np.mean(place) == pytest.approx(0.5, abs=0.1)
    true = recovery.load().skill[role].place["model"].value
    assert np.mean(place) < true - 0.2


def test_random_positives_earn_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "SHUFFLES", 19)
    random = np.random.default_rng(5)
    rows = [
        r for role in ROLES for r in rows_at(random.choice(COUNT, 10, replace=False).tolist(), role)
    ]
    skill = recovery.measure(small_pool(), small_pool(), rows, order.mix, 0)
    assert [skill[role].share for role in ROLES] == [0, 0, 0]


def test_skill_earns_a_share_and_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "SHUFFLES", 19)
    rows = [r for role in ROLES for r in rows_at(best(10), role)]
    skill = recovery.measure(small_pool(), small_pool(), rows, order.mix, 0)
    for role in ROLES:
        assert skill[role].p == 0.05
        assert skill[role].share == pytest.approx(
            min(MOST, skill[role].gain["desirability"].low), abs=1e-3
        )
        assert skill[role].share > 0.1
        assert skill[role].gain["noise"].low > 0.1
    assert skill[ALL].share == 0
    assert skill[ALL].families == 30
    together = np.mean([skill[role].place["model"].value for role in ROLES])
    assert skill[ALL].place["model"].value == pytest.approx(together, abs=1e-4)


def test_the_order_of_the_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "SHUFFLES", 5)
    monkeypatch.setattr(recovery, "REFITS", 5)
    rows = [r for role in ROLES for r in rows_at(best(5), role)]
    first, second = (
        recovery.train(small_pool(), given, {}, order.mix, 1) for given in (rows, rows[::-1])
    )
    assert first == second
    assert first != recovery.train(small_pool(), rows, {}, order.mix, 2)


def test_roles_of_fewer_than_three_families_are_left_out() -> None:
    rows = [r for role in ROLES[1:] for r in rows_at(best(5), role)]
    assert recovery.learnable(rows, small_pool()) == list(ROLES[1:])
    with pytest.raises(ScreenError, match="fewer than 3 families in every role"):
        recovery.train(small_pool(), rows[:2], {}, order.mix, 0)


def test_a_role_that_was_not_learned_says_why() -> None:
    shipped = recovery.load()
    fewer = replace(shipped, scales={r: s for r, s in shipped.scales.items() if r != ROLES[0]})
    formulas = Compositions.from_formulas(["ZnO"])
    values = recovery.predict(fewer, described(mean_atomic_mass_g_mol=[20.0]), formulas)
    assert list(values.columns) == [column.name for column in recovery.columns()]
    for end in ("low", "", "high"):
        name = recovery.column(ROLES[0], end)
        assert np.isnan(values.columns[name]).all()
        assert f"in the literature as {ROLES[0]}" in values.reason(name)[0]


# What is said of candidates


def described(**figures: list[float]) -> Values:
    count = len(next(iter(figures.values())))
    values = Values(count)
    for name in READS:
        gone = f"there is no {name}"
        values.add(name, np.array(figures.get(name, [1.0] * count), dtype=float), gone)
    return values


def test_an_interval_holds_the_place() -> None:
    case = case_of("Ag", "ZnO", "LiF", "Cu", "Li3N", "Li7La3Zr2O12", "SnO2", "Mg", "Mo")
    values = descriptors.compute_all(case)
    said = recovery.predict(recovery.load(), values, case.compositions).columns
    assert list(said) == [column.name for column in recovery.columns()]
    for role in ROLES:
        low, place, high = (said[recovery.column(role, end)] for end in ("low", "", "high"))
        assert ((low >= 0) & (low <= place) & (place <= high) & (high <= 1)).all()
        assert (high > low).any()


def test_an_interval_holds_the_place_whatever_the_refits_say() -> None:
    steps = np.linspace(-5.0, 5.0, 11)
    shipped = recovery.load()
    for shift in (-5.0, 5.0):
        other = recovery.Scale((0.0,) * len(FEATURES), tuple((steps + shift).tolist()))
        moved = replace(shipped, refits=dict.fromkeys(ROLES, (other, other)))
        said = recovery.predict(
            moved, described(mean_atomic_mass_g_mol=[20.0]), Compositions.from_formulas(["ZnO"])
        ).columns
        for role in ROLES:
            low, place, high = (said[recovery.column(role, end)][0] for end in ("low", "", "high"))
            assert low <= place <= high
            assert place in (low, high)


@pytest.mark.parametrize("name", READS)
def test_a_descriptor_that_is_missing_leaves_a_gap_with_its_reason(name: str) -> None:
    compositions = Compositions.from_formulas(["ZnO", "LiF"])
    said = recovery.predict(recovery.load(), described(**{name: [1.0, np.nan]}), compositions)
    for column in recovery.columns():
        assert np.isnan(said.columns[column.name]).tolist() == [False, True]
        assert said.reason(column.name)[1] == f"there is no {name}"


# The shipped model


def test_training_gives_the_shipped_model() -> None:
    shipped, again = recovery.load(), like()
    assert again.fitted_to == shipped.fitted_to == persistence.tables(literature.table())
    assert again.absent == shipped.absent
    for role in ROLES:
        np.testing.assert_allclose(
            again.scales[role].weights, shipped.scales[role].weights, rtol=1e-3, atol=1e-4
        )
        np.testing.assert_allclose(
            again.scales[role].scores, shipped.scales[role].scores, rtol=1e-3, atol=2e-3
        )
        assert again.spread[role] == pytest.approx(shipped.spread[role], abs=2e-3)
    for name, skill in again.skill.items():
        old = shipped.skill[name]
        assert (skill.families, skill.formulas, skill.pool) == (
            old.families,
            old.formulas,
            old.pool,
        )
        assert skill.share == pytest.approx(old.share, abs=5e-3)
        assert skill.p == pytest.approx(old.p, abs=0.025)
        for by, place in skill.place.items():
            np.testing.assert_allclose(place, old.place[by], atol=5e-3)


def test_families_left_out_are_found_three_times_as_often_as_by_chance() -> None:
    every = recovery.load().skill[ALL]
    top = every.top_10["model"]
    assert top.value >= 0.3
    assert top.low > 0.1
    assert every.p <= CHANCE
    assert every.place["model"].low > 0.5
    assert every.families >= 30


def test_shares_follow_from_the_measured_gain_alone() -> None:
    for role in ROLES:
        skill = recovery.load().skill[role]
        earned = min(MOST, max(0, skill.gain["desirability"].low)) if skill.p <= CHANCE else 0
        assert skill.share == pytest.approx(earned, abs=1e-3)
    assert recovery.load().skill[ALL].share == 0
