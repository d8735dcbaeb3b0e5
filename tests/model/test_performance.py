"""What a cell may carry: the likelihood is right, nothing leaks, chance gains nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from screen import literature
from screen.columns import Values
from screen.composition import BoolArray, Compositions, FloatArray
from screen.errors import ScreenError
from screen.literature import Row
from screen.model import performance, persistence, validation
from screen.model.performance import BARE, READS, TARGETS, censored_ridge
from screen.weekly import COVER_BAND
from tests.model.trained import ROWS, cells, known

# Regression with lower bounds


def made(
    seed: int, count: int = 60, bounds: float = 0.4
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Features, figures and which of these are lower bounds: y = 1 + 2 a - b + 0.5 e, but a test
    is stopped at a level that has nothing to do with e; so many of all are.
    """
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 2))
    at = 1 + x @ np.array([2.0, -1.0])
    y = at + 0.5 * random.normal(size=count)
    stop = at + 0.7 * random.normal(size=count) + norm.ppf(1 - bounds) * math.hypot(0.5, 0.7)
    return x, np.minimum(y, stop), y > stop


def minus_log(z: FloatArray, *given: Any) -> float:
    """The same likelihood in weights and log spread, by scipy's own distributions."""
    x, y, bound, penalty = given
    weights, spread = z[:-1], math.exp(z[-1])
    at = weights[0] + x @ weights[1:]
    told = np.where(bound, norm.logsf(y, at, spread), norm.logpdf(y, at, spread))
    return float(-told.sum() + (penalty * (weights[1:] / spread) ** 2).sum() / 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bounds", [0.0, 0.4, 0.8])
def test_it_is_what_a_general_optimiser_finds(seed: int, bounds: float) -> None:
    x, y, bound = made(seed, bounds=bounds)
    penalty = np.array([1.0, 10.0])
    weights, spread = censored_ridge(x, y, bound, penalty)
    found = np.append(weights, math.log(spread))
    told = minimize(minus_log, np.zeros(4), (x, y, bound, penalty), method="BFGS", tol=1e-8)
    np.testing.assert_allclose(found, told.x, atol=2e-4)
    assert minus_log(found, x, y, bound, penalty) <= told.fun + 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("penalty", [0.0, 1.0, 30.0])
def test_without_bounds_it_is_ridge_regression(seed: int, penalty: float) -> None:
    from sklearn.linear_model import Ridge  # noqa: PLC0415

    x, y, _ = made(seed)
    free = np.zeros(len(y), dtype=bool)
    weights, spread = censored_ridge(x, y, free, np.full(2, penalty))
    ridge = Ridge(alpha=penalty).fit(x, y)
    np.testing.assert_allclose(weights, [ridge.intercept_, *ridge.coef_], atol=1e-4)
    left = ((y - ridge.predict(x)) ** 2).sum() + penalty * (ridge.coef_**2).sum()
    assert spread == pytest.approx(math.sqrt(left / len(y)), rel=1e-4)


@given(seed=st.integers(0, 10_000), bounds=st.floats(0, 0.9), penalty=st.floats(0, 20))
def test_the_likelihood_is_flat_at_the_fit(seed: int, bounds: float, penalty: float) -> None:
    x, y, bound = made(seed, 30, bounds)
    bound[:3] = False
    penalties = np.full(2, penalty)
    weights, spread = censored_ridge(x, y, bound, penalties)
    z = np.append(weights, math.log(spread))
    for step in np.eye(4) * 1e-4:
        slope = minus_log(z + step, x, y, bound, penalties)
        slope -= minus_log(z - step, x, y, bound, penalties)
        assert abs(slope / 2e-4) < 2e-2


def test_a_bound_counts_if_it_is_above_what_is_expected() -> None:
    x, y, bound = made(0, bounds=0.0)
    none = np.zeros(2)
    plain, _ = censored_ridge(x, y, bound, none)

    def with_bound(at: float) -> FloatArray:
        """The fit to one more test, a lower bound so far from the prediction."""
        more = np.vstack([x, [0.0, 0.0]])
        return censored_ridge(more, np.append(y, plain[0] + at), np.append(bound, True), none)[0]

    np.testing.assert_allclose(with_bound(-4.0), plain, atol=1e-5)
    assert plain[0] < with_bound(0.0)[0] < with_bound(1.0)[0] < with_bound(2.0)[0]
    as_figure, _ = censored_ridge(
        np.vstack([x, [0.0, 0.0]]), np.append(y, plain[0]), np.append(bound, False), none
    )
    assert as_figure[0] < with_bound(0.0)[0]


def test_what_made_the_figures_is_found_though_half_are_bounds() -> None:
    """Taking bounds for figures would find less."""
    found, naive, spreads = [], [], []
    for seed in range(30):
        x, y, bound = made(seed, 200, 0.5)
        weights, spread = censored_ridge(x, y, bound, np.zeros(2))
        found.append(weights)
        spreads.append(spread)
        naive.append(censored_ridge(x, y, np.zeros(200, dtype=bool), np.zeros(2))[0])
    np.testing.assert_allclose(np.mean(found, axis=0), [1, 2, -1], atol=0.03)
    assert np.mean(spreads) == pytest.approx(0.5, abs=0.02)
    assert np.mean(naive, axis=0)[0] < 0.8


def test_bounds_alone_teach_nothing() -> None:
    x, y, _ = made(0)
    with pytest.raises(ScreenError, match="all figures are lower bounds"):
        censored_ridge(x, y, np.ones(len(y), dtype=bool), np.zeros(2))


# Rows become tests


def row(**changes: Any) -> Row:
    """A sulfide cell with lithium fluoride of which nothing is known but what is said."""
    nan = {name: math.nan for name, value in vars(ROWS[0]).items() if isinstance(value, float)}
    said: dict[str, Any] = {
        "reference": "10.1/a",
        "role": "interlayer",
        "material_label": "LiF",
        "active_formulas": ("LiF",),
        "family": "fluoride",
        "electrolyte_class": "sulfide",
        "cell_type": "symmetric",
        "lifetime_censored": False,
        "ccd_censored": False,
        "control_label": "",
    }
    return replace(ROWS[0], **{**nan, **said, **changes})


CYCLED = {"current_ma_cm2": 0.5, "capacity_mah_cm2": 0.25, "lifetime_h": 400.0}


def test_plated_capacity_is_current_by_half_of_the_hours() -> None:
    told = performance.tests([row(**CYCLED)], "capacity", {})
    assert 10 ** told.y[0] == pytest.approx(0.5 * 400 / 2)
    cycles = {**CYCLED, "lifetime_h": math.nan, "lifetime_cycles": 400.0}
    same = performance.tests([row(**cycles)], "capacity", {})
    assert same.y[0] == pytest.approx(told.y[0])  # a cycle of 0.25 mAh at 0.5 mA lasts an hour
    assert 10 ** same.y[0] == pytest.approx(400 * 0.25)


def test_a_stopped_test_is_a_bound_and_a_failed_one_is_not() -> None:
    for stopped in (True, False):
        lived = performance.tests([row(**CYCLED, lifetime_censored=stopped)], "capacity", {})
        assert lived.bound.tolist() == [stopped]
        bore = performance.tests([row(ccd_ma_cm2=2.0, ccd_censored=stopped)], "ccd", {})
        assert bore.bound.tolist() == [stopped]
        assert bore.y[0] == pytest.approx(math.log10(2))


CONTROLLED = {
    **CYCLED,
    "control_label": "bare Li",
    "control_current_ma_cm2": 0.2,
    "control_lifetime_h": 50.0,
    "control_ccd_ma_cm2": 0.4,
    "ccd_ma_cm2": 2.0,
    "ccd_censored": True,
    "lifetime_censored": True,
}


def test_a_control_of_bare_metal_is_a_test_without_a_film() -> None:
    for target, own, control in (("capacity", 100, 5), ("ccd", 2, 0.4)):
        told = performance.tests([row(**CONTROLLED)], target, {"LiF": np.array([0.0, 1.0])})
        assert (10**told.y).tolist() == pytest.approx([own, control])
        assert told.film.tolist() == [True, False]
        assert told.family == ("fluoride", BARE)
        assert told.bound.tolist() == [True, False]
        place = performance.CONDITIONS[target].index("film")
        assert told.conditions[:, place].tolist() == [1, 0]
        assert np.isnan(told.material[1]).all()
        assert told.material[0].tolist() == [0, 1]


def test_one_control_of_many_rows_counts_once() -> None:
    rows = [row(**{**CONTROLLED, "material_label": name}) for name in ("LiF", "LiF on top")]
    other = row(**{**CONTROLLED, "reference": "10.1/b"})
    told = performance.tests([*rows, other, rows[0]], "ccd", {})
    assert sorted(zip(told.paper, told.label, strict=True)) == [
        ("10.1/a", "LiF"),
        ("10.1/a", "LiF on top"),
        ("10.1/a", "bare Li"),
        ("10.1/b", "LiF"),
        ("10.1/b", "bare Li"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"cell_type": "full"},
        {"role": "electrolyte"},
        {"role": "electrolyte_dopant"},
        {"ccd_ma_cm2": math.nan},
        {"test": "plating"},
        {"test": "stripping"},
        {"test": "one-way"},
    ],
    ids=str,
)
def test_what_is_no_test_of_a_film_is_left_out(changes: dict[str, Any]) -> None:
    stays = row(ccd_ma_cm2=1.0)
    told = performance.tests([stays, row(**{"ccd_ma_cm2": 3.0, **changes})], "ccd", {})
    assert 10**told.y == pytest.approx([1.0])
    with pytest.raises(ScreenError, match="no test of ccd"):
        performance.tests([row(**{"ccd_ma_cm2": 3.0, **changes})], "ccd", {})


def test_a_control_that_is_not_bare_metal_is_left_out() -> None:
    other = row(**{**CONTROLLED, "control_label": "untreated carbon"})
    assert len(performance.tests([other], "ccd", {})) == 1


def test_what_is_not_said_of_the_conditions_is_typical() -> None:
    rows = [
        row(ccd_ma_cm2=1.0, stack_pressure_mpa=9.0, reference="a"),
        row(ccd_ma_cm2=1.0, stack_pressure_mpa=99.0, reference="b"),
        row(ccd_ma_cm2=1.0, reference="c"),
    ]
    told = performance.tests(rows, "ccd", {})
    place = performance.CONDITIONS["ccd"].index("pressure")
    assert told.conditions[:, place].tolist() == pytest.approx([1.0, 2.0, 1.5])
    assert not np.isnan(told.conditions).any()


def test_what_acts_together_counts_by_its_most() -> None:
    of = {"LiF": np.array([0.0, 1.0]), "Ag": np.array([2.0, 0.0])}
    both = row(ccd_ma_cm2=1.0, active_formulas=("LiF", "Ag", "C99"))
    assert performance.tests([both], "ccd", of).material.tolist() == [[2.0, 1.0]]


@cache
def told(target: str) -> performance.Tests:
    """The tests of the shipped table."""
    return performance.tests(ROWS, target, known())


# Nothing leaks


@pytest.mark.parametrize("target", TARGETS)
def test_no_family_or_paper_of_the_table_stands_on_both_sides(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen at each fit: what it is given, and what it is asked."""
    every, real, taught = told(target), performance.fit, []

    def seen(
        tests: performance.Tests, rows: BoolArray, material: FloatArray | None = None
    ) -> performance.Fit:
        taught.append(rows)
        return real(tests, rows, material)

    monkeypatch.setattr(performance, "fit", seen)
    predicted, _ = performance.out_of_family(every)
    assert (~np.isnan(predicted) == every.film).all()
    families = sorted({*every.family} - {BARE})
    assert len(taught) == len(families) >= 15
    for name, rows in zip(families, taught, strict=True):
        own = [i for i, family in enumerate(every.family) if family == name]
        others = np.flatnonzero(rows).tolist()
        assert not {every.paper[i] for i in own} & {every.paper[i] for i in others}
        assert name not in {every.family[i] for i in others}
        assert BARE in {every.family[i] for i in others}


@pytest.mark.parametrize("target", TARGETS)
def test_a_family_and_its_papers_have_no_say_in_its_own_interval(target: str) -> None:
    every = told(target)
    predicted, _ = performance.out_of_family(every)
    before = performance._nested(every, predicted)
    for name in {*sorted({*every.family} - {BARE})[::4], "sulfide"} & {*every.family}:
        own = np.array([family == name for family in every.family])
        paper = np.isin(np.array(every.paper), np.array(every.paper)[own])
        changed = replace(
            every,
            y=np.where(paper, every.y + 3, every.y),
            material=np.where((paper & ~own)[:, None], every.material + 1, every.material),
        )
        again, _ = performance.out_of_family(changed)
        np.testing.assert_array_equal(predicted[own], again[own])
        after = performance._nested(changed, again)
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(old[own], new[own])
        assert (again[~own & every.film] != predicted[~own & every.film]).any()


# Skill and luck


def simulated(effect: float, seed: int) -> performance.Tests:
    """The real cells with figures that materials move by so many decades per feature."""
    base, random = told("capacity"), np.random.default_rng(seed)
    material = random.normal(size=base.material.shape)
    y = base.conditions[:, 0] + effect * np.where(base.film, material.sum(axis=1), 0)
    material[~base.film] = np.nan
    return replace(base, y=y + random.normal(0, 0.4, len(base)), material=material)


def test_materials_that_matter_earn_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "SHUFFLES", 19)
    plain = replace(simulated(0.6, 0), bound=np.zeros(len(told("capacity")), dtype=bool))
    skill, *_ = performance._measure(plain, 0)
    assert skill.p == 0.05
    assert skill.gain.low > 0.1
    assert skill.share == validation.earned(skill.explained, skill.p) > 0.1
    assert skill.error.value < skill.error_by_conditions.value
    assert skill.explained.value == pytest.approx(1 - math.exp(-2 * skill.gain.value), abs=1e-3)


def test_what_chance_does_as_well_has_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "SHUFFLES", 1)
    monkeypatch.setattr(validation, "p_value", lambda *_: 0.06)
    plain = replace(simulated(0.6, 0), bound=np.zeros(len(told("capacity")), dtype=bool))
    skill, *_ = performance._measure(plain, 0)
    assert skill.gain.low > 0.1
    assert skill.share == 0


def test_shuffled_formulas_gain_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of figures that the true materials explain well."""
    monkeypatch.setattr(performance, "SHUFFLES", 3)
    true = replace(simulated(0.6, 0), bound=np.zeros(len(told("capacity")), dtype=bool))
    random = np.random.default_rng(1)
    gains, shares = [], []
    for _ in range(6):
        mixed = true.material.copy()
        mixed[true.film] = random.permutation(mixed[true.film])
        skill, *_ = performance._measure(replace(true, material=mixed), 0)
        gains.append(skill.gain.value)
        shares.append(skill.share)
    assert np.mean(gains) < 0.02
    assert max(shares) < 0.02


@pytest.mark.parametrize("target", TARGETS)
def test_shuffled_formulas_of_the_table_gain_nothing(target: str) -> None:
    every, random = told(target), np.random.default_rng(2)
    alone = performance.out_of_family(every, np.empty((len(every), 0)))[1]
    gains = []
    for _ in range(20):
        mixed = every.material.copy()
        mixed[every.film] = random.permutation(mixed[every.film])
        gains.append(np.nanmean(performance.out_of_family(every, mixed)[1] - alone))
    assert np.mean(gains) < 0.01


def test_a_prediction_that_is_unsure_is_likely_by_what_it_says() -> None:
    every = replace(told("ccd"), y=np.zeros(len(told("ccd"))))
    rows = np.ones(len(every), dtype=bool)
    at = performance.Fit((0.0,) * 8, 0.0, 2.0, (0.0, 0.0))
    likely = performance.log_likelihood(every, rows, at, np.full(len(every), 1.0))
    expected = np.where(every.bound, norm.logsf(-0.5), norm.logpdf(-0.5) - math.log(2))
    np.testing.assert_allclose(likely, expected)


# What is said of candidates


def described(alloyed: list[float], matrix: list[float]) -> Values:
    values = Values(len(alloyed))
    values.add(READS[0], np.array(alloyed), "no alloy")
    values.add(READS[1], np.array(matrix), "no matrix")
    return values


def test_figures_stand_in_their_interval_and_the_domain_is_flagged() -> None:
    model = performance.load()
    top = max(high[0][1] for high in (t.domain for t in model.targets.values()))
    values = described([0.0, 1.0, np.expm1(top + 0.1), 0.5], [1.0, 0.0, 0.5, 0.5])
    formulas = Compositions.from_formulas(["LiF", "Ag", "Sn", "UO2"])
    said = performance.predict(model, values, formulas)
    assert list(said.columns) == [column.name for column in performance.columns()]
    for target in TARGETS:
        low, middle, high = (
            said.columns[performance.column(target, end)] for end in ("low", "", "high")
        )
        assert ((low > 0) & (low < middle) & (middle < high)).all()
        of = model.targets[target]
        np.testing.assert_allclose(high / low, 10 ** (of.high - of.low), rtol=1e-9)
    assert said.columns[performance.OUTSIDE].tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("alloyed", "matrix", "reason"),
    [(math.nan, 0.5, "no alloy"), (0.5, math.nan, "no matrix"), (math.nan, math.nan, "no alloy")],
)
def test_a_descriptor_that_is_missing_leaves_a_gap_with_its_reason(
    alloyed: float, matrix: float, reason: str
) -> None:
    formulas = Compositions.from_formulas(["LiF"])
    said = performance.predict(performance.load(), described([alloyed], [matrix]), formulas)
    for column in performance.columns():
        value = said.columns[column.name][0]
        assert value is None or math.isnan(value)
        assert said.reason(column.name)[0] == reason


# The shipped model


def test_training_gives_the_shipped_model() -> None:
    shipped, again = performance.load(), cells()
    assert again.fitted_to == shipped.fitted_to == persistence.tables(literature.table())
    for target in TARGETS:
        new, old = again.targets[target], shipped.targets[target]
        np.testing.assert_allclose(new.fit.weights, old.fit.weights, atol=1e-4)
        assert new.fit.spread == pytest.approx(old.fit.spread, abs=1e-4)
        assert (new.low, new.middle, new.high) == pytest.approx(
            (old.low, old.middle, old.high), abs=1e-3
        )
        np.testing.assert_allclose(new.asked, old.asked, atol=1e-5)
        np.testing.assert_allclose(new.domain, old.domain, atol=1e-4)
        assert new.skill.tests == old.skill.tests
        assert new.skill.share == pytest.approx(old.skill.share, abs=5e-3)
        np.testing.assert_allclose(new.skill.gain, old.skill.gain, atol=3e-3)
        np.testing.assert_allclose(new.skill.cover, old.skill.cover, atol=0.02)
        assert new.skill.p == pytest.approx(old.skill.p, abs=0.03)


@pytest.mark.parametrize("target", TARGETS)
def test_intervals_cover_what_they_claim(target: str) -> None:
    skill = performance.load().targets[target].skill
    low, high = COVER_BAND
    assert low <= skill.cover.value <= high
    inside: dict[str, list[bool]] = {}
    for _, family, reported, _, least, middle, most in skill.left_out:
        assert least < middle < most
        inside.setdefault(family, []).append(least <= reported <= most)
    shares = [np.mean(of_family) for of_family in inside.values()]
    assert np.mean(shares) == pytest.approx(skill.cover.value, abs=1e-3)
    assert skill.families == len(inside)
    assert skill.films == len(skill.left_out)


@pytest.mark.parametrize("target", TARGETS)
def test_a_gain_that_is_not_told_from_nothing_has_no_share(target: str) -> None:
    skill = performance.load().targets[target].skill
    assert skill.share == validation.earned(skill.explained, skill.p)
    if skill.gain.low <= 0 or skill.p > validation.CHANCE:
        assert skill.share == 0
