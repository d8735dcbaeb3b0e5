"""Estimators in the form of scikit-learn, where that library has none that does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from screen.composition import FloatArray, IntArray
from screen.model.figures import log_odds


class SharedLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression of several tasks whose weights are drawn towards weights that all share.

    With features standardised by mean m and deviation s, z = (x - m) / s, it minimises over the
    shared weights w0 and, for each task t, weights w_t and an intercept b_t

        sum_i v_i log(1 + exp(-y_i (w_t z_i + b_t)))
            + sum_t |w_t - w0|^2 / (2 C) + |w0|^2 / (2 C_shared)

    with y_i = +-1 and sample weights v_i: a hierarchical normal prior. A task with few samples
    leans on the others. Of one task it is a ridge-penalised logistic regression.

    Args:
        C: inverse strength of what draws the weights of a task to the shared ones.
        C_shared: inverse strength of what draws the shared ones to zero.
        signs: for each feature the only sign that its weights may have, +1 or -1, or 0; none: 0.
        tol: of the gradient; max_iter: of L-BFGS-B.

    Attributes:
        tasks_: names of the tasks, sorted, shape (tasks,).
        shared_: shared weights on the features as they are, shape (features,).
        coef_, intercept_: of each task, shape (tasks, features) and (tasks,).
    """

    def __init__(
        self,
        C: float = 1.0,  # noqa: N803 (as scikit-learn calls it)
        C_shared: float = 1.0,  # noqa: N803
        signs: Sequence[int] | None = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
    ) -> None:
        self.C = C
        self.C_shared = C_shared
        self.signs = signs
        self.max_iter = max_iter
        self.tol = tol

    def __sklearn_tags__(self) -> Any:
        """What it can take: two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        tasks: npt.ArrayLike | None = None,
    ) -> SharedLogistic:
        """Fit to samples of two classes.

        Args:
            X: features, shape (samples, features).
            y: the class of each.
            tasks: the task of each; none: one task.

        Raises:
            ValueError: for other than two classes, or signs that are none.
        """
        x, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, x, dtype=np.float64)
        self.classes_, label = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"{len(self.classes_)} classes"
            )
        if len(self.classes_) < 2:
            raise ValueError("samples of 2 classes are needed; the data hold one class alone")
        signs = np.zeros(x.shape[1]) if self.signs is None else np.asarray(self.signs, dtype=float)
        if signs.shape != (x.shape[1],) or not np.isin(signs, (-1, 0, 1)).all():
            raise ValueError(f"signs={self.signs!r}: one of -1, 0, 1 for each of the features")
        self.tasks_, task = np.unique(_tasks(tasks, len(x)), return_inverse=True)
        mean = np.average(x, axis=0, weights=weight)
        spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
        scale = np.where(spread > 1e-12 * (1 + np.abs(mean)), spread, np.inf)
        side = 2 * label.astype(np.float64) - 1
        found = self._minimise((x - mean) / scale, side, weight, task, signs)
        weights, self.shared_ = found[:-1, 1:] / scale, found[-1, 1:] / scale
        self.coef_ = weights
        self.intercept_ = found[:-1, 0] - weights @ mean
        return self

    def _minimise(
        self, z: FloatArray, y: FloatArray, weight: FloatArray, task: IntArray, signs: FloatArray
    ) -> FloatArray:
        """Intercept and weights of each task, and in the last row the shared ones."""
        count = len(self.tasks_)
        shape = (count + 1, z.shape[1] + 1)
        members = [np.flatnonzero(task == t) for t in range(count)]
        parts = [(z[rows], y[rows], weight[rows]) for rows in members]

        def loss(flat: FloatArray) -> tuple[float, FloatArray]:
            at = flat.reshape(shape)
            gradient = np.zeros(shape)
            value = 0.0
            for t, (features, side, votes) in enumerate(parts):
                margin = side * (features @ at[t, 1:] + at[t, 0])
                value -= float(votes @ log_expit(margin))
                slope = -votes * side * expit(-margin)
                gradient[t, 0] = slope.sum()
                gradient[t, 1:] = slope @ features
            apart = at[:-1, 1:] - at[-1, 1:]
            value += float(
                (apart**2).sum() / (2 * self.C) + (at[-1, 1:] ** 2).sum() / 2 / self.C_shared
            )
            gradient[:-1, 1:] += apart / self.C
            gradient[-1, 1:] += at[-1, 1:] / self.C_shared - apart.sum(axis=0) / self.C
            return value, gradient.ravel()

        ends = {0: (None, None), 1: (0, None), -1: (None, 0)}
        bounds = [(None, None), *(ends[int(sign)] for sign in signs)] * (count + 1)
        result = minimize(
            loss,
            np.zeros(shape).ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": self.max_iter, "gtol": self.tol, "ftol": 1e-15},
        )
        self.n_iter_ = int(result.nit)
        return np.asarray(result.x.reshape(shape))

    def decision_function(
        self,
        X: npt.ArrayLike,  # noqa: N803
        tasks: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Log odds of the second class, shape (samples,).

        Raises:
            ValueError: for a task that it was not fitted to.
        """
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        wanted = _tasks(tasks, len(x))
        strangers = sorted(set(wanted.tolist()) - set(self.tasks_.tolist()))
        if strangers:
            raise ValueError(f"task {strangers[0]!r}; fitted to {', '.join(map(str, self.tasks_))}")
        at = np.searchsorted(self.tasks_, wanted)
        return log_odds(x, self.coef_[at], self.intercept_[at])

    def predict_proba(
        self,
        X: npt.ArrayLike,  # noqa: N803
        tasks: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Probabilities of the two classes, shape (samples, 2)."""
        odds = self.decision_function(X, tasks)
        return np.column_stack([expit(-odds), expit(odds)])

    def predict(
        self,
        X: npt.ArrayLike,  # noqa: N803
        tasks: npt.ArrayLike | None = None,
    ) -> npt.NDArray[Any]:
        """The likelier class of each."""
        likelier = (self.decision_function(X, tasks) > 0).astype(int)
        return np.asarray(self.classes_[likelier])


def _tasks(given: npt.ArrayLike | None, length: int) -> npt.NDArray[Any]:
    """One task per sample."""
    tasks = np.zeros(length, dtype=int) if given is None else np.asarray(given)
    if tasks.shape != (length,):
        raise ValueError(f"tasks has shape {tasks.shape}; one for each of {length} samples")
    return tasks
