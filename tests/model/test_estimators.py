"""The shared logistic regression: scikit-learn's own checks, and what its prior says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from screen.composition import FloatArray
from screen.model.estimators import SharedLogistic

RANDOM = np.random.default_rng(0)


def told(count: int, weights: tuple[float, ...], seed: int = 0) -> tuple[FloatArray, Any]:
    """Samples whose class follows a logistic law with these weights."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, len(weights))) * [1, 10, 0.1][: len(weights)]
    odds = (x / [1, 10, 0.1][: len(weights)]) @ np.array(weights)
    return x, random.random(count) < 1 / (1 + np.exp(-odds))


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [SharedLogistic(), SharedLogistic(C=0.1, C_shared=0.5)]
)
def test_scikit_learn_accepts_it(estimator: Any, check: Any) -> None:
    check(estimator)


def test_one_task_is_a_ridge_penalised_logistic_regression() -> None:
    """Of one task both penalties join: 1 / (C + C_shared)."""
    x, y = told(400, (1.0, -2.0, 0.0))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = LogisticRegression(C=0.7, tol=1e-10, max_iter=10_000).fit(z, y)
    ours = SharedLogistic(C=0.3, C_shared=0.4, tol=1e-10).fit(x, y)
    np.testing.assert_allclose(ours.coef_ * x.std(axis=0), theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(z), atol=1e-5)


def test_tasks_far_apart_are_fits_of_their_own_and_close_ones_are_one() -> None:
    x, y = told(300, (1.0, -2.0, 0.0))
    other, said = told(300, (-1.0, 0.5, 1.0), seed=1)
    both, label = np.vstack([x, other]), np.concatenate([y, said])
    task = np.repeat(["a", "b"], 300)
    apart = SharedLogistic(C=1e6, C_shared=1e-6).fit(both, label, tasks=task)
    spread, mean = both.std(axis=0), both.mean(axis=0)
    for name, rows, answers in (("a", x, y), ("b", other, said)):
        alone = LogisticRegression(C=1e6, tol=1e-10, max_iter=10_000)
        alone.fit((rows - mean) / spread, answers)
        ours = apart.coef_[list(apart.tasks_).index(name)] * spread
        np.testing.assert_allclose(ours, alone.coef_[0], rtol=1e-2, atol=1e-2)
    one = SharedLogistic(C=1e-9, C_shared=10.0).fit(both, label, tasks=task)
    np.testing.assert_allclose(one.coef_[0] * spread, one.coef_[1] * spread, atol=1e-4)
    np.testing.assert_allclose(one.shared_ * spread, one.coef_[0] * spread, atol=1e-4)


def test_a_small_task_leans_on_the_others() -> None:
    x, y = told(2000, (1.5, 0.0, 0.0))
    few, said = told(12, (1.5, 0.0, 0.0), seed=5)
    both, label = np.vstack([x, few]), np.concatenate([y, said])
    task = np.repeat([0, 1], [2000, 12])
    lean = SharedLogistic(C=0.05, C_shared=10.0).fit(both, label, tasks=task)
    loose = SharedLogistic(C=50.0, C_shared=10.0).fit(both, label, tasks=task)
    assert abs(lean.coef_[1, 0] - lean.coef_[0, 0]) < abs(loose.coef_[1, 0] - loose.coef_[0, 0])


@pytest.mark.parametrize("sign", [1, -1])
def test_no_weight_has_the_wrong_sign(sign: int) -> None:
    x, y = told(400, (1.0, -2.0, 0.5))
    fit = SharedLogistic(signs=[sign, sign, sign]).fit(x, y)
    assert (sign * fit.coef_ >= 0).all()
    assert (fit.coef_ != 0).any()
    free = SharedLogistic().fit(x, y)
    same = SharedLogistic(signs=[1, -1, 1]).fit(x, y)
    np.testing.assert_allclose(free.coef_, same.coef_, rtol=1e-3, atol=1e-4)


def test_votes_are_samples_that_many_times() -> None:
    x, y = told(60, (1.0, -2.0, 0.0))
    votes = RANDOM.integers(1, 4, size=60)
    weighted = SharedLogistic().fit(x, y, sample_weight=votes)
    repeated = SharedLogistic().fit(np.repeat(x, votes, axis=0), np.repeat(y, votes))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-4, atol=1e-6)


def test_scale_of_the_features_changes_nothing() -> None:
    x, y = told(200, (1.0, -2.0, 0.0))
    factor = np.array([1e3, 1e-3, 7.0])
    plain, scaled = SharedLogistic().fit(x, y), SharedLogistic().fit(x * factor + 5, y)
    np.testing.assert_allclose(
        plain.decision_function(x), scaled.decision_function(x * factor + 5), atol=1e-5
    )


def test_a_feature_that_is_constant_has_no_weight() -> None:
    x, y = told(200, (1.0, -2.0))
    fit = SharedLogistic().fit(np.column_stack([x, np.full(200, 3.0)]), y)
    assert fit.coef_[0, 2] == 0


def test_faults() -> None:
    x, y = told(50, (1.0, -2.0))
    with pytest.raises(ValueError, match="one of -1, 0, 1"):
        SharedLogistic(signs=[1]).fit(x, y)
    with pytest.raises(ValueError, match="one of -1, 0, 1"):
        SharedLogistic(signs=[2, 0]).fit(x, y)
    with pytest.raises(ValueError, match="one for each of 50 samples"):
        SharedLogistic().fit(x, y, tasks=["a"])
    fit = clone(SharedLogistic()).fit(x, y, tasks=["a"] * 50)
    with pytest.raises(ValueError, match="task 'b'; fitted to a"):
        fit.predict(x, tasks=["b"] * 50)
