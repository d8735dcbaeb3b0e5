"""A linear model whose weights, groups of samples and single samples all have errors of their own.

    y_i = sum_k x_ik w_k + h_i s_g(i) + h_i e_i + u_i

with w_k ~ N(0, t_G(k)^2) for the columns of each group G, s_g ~ N(0, sigma^2) for each cluster of
samples, e_i ~ N(0, sigma_c(i)^2) by kind, and u_i the known error of each sample: a Gaussian
process (Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press, 2006, chapters
2 and 5.4) whose spreads are those of greatest marginal likelihood. It is of low rank, so that
thousands of samples can be drawn jointly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from screen.composition import FloatArray, IntArray


class RandomEffects(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Linear regression with grouped priors, clustered and heteroscedastic errors.

    Args:
        groups: for each column the group that its prior spread belongs to; none: one group.
        shared: spread of y that a spread is drawn to where the samples say little of it; none: the
            standard deviation of y.
        max_iter: of L-BFGS-B.

    Attributes:
        coef_: mean of the weights, shape (columns,).
        group_spread_: of the weights of each group; kind_spread_: of single samples by kind;
        cluster_spread_: of clusters.
        alpha_: K^-1 y of the training samples, shape (samples,).
    """

    def __init__(
        self,
        groups: npt.ArrayLike | None = None,
        shared: float | None = None,
        max_iter: int = 200,
    ) -> None:
        self.groups = groups
        self.shared = shared
        self.max_iter = max_iter

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803
        y: npt.ArrayLike,
        clusters: npt.ArrayLike | None = None,
        kinds: npt.ArrayLike | None = None,
        scale: npt.ArrayLike | None = None,
        errors: npt.ArrayLike | None = None,
    ) -> RandomEffects:
        """Fit the spreads and the weights.

        Args:
            X: shape (samples, columns).
            y: shape (samples,).
            clusters: of each sample; none: each is its own.
            kinds: of each sample, 0 to n - 1; none: all of one.
            scale: h of each sample; none: 1.
            errors: standard deviation of u of each sample; none: 0.

        Raises:
            ValueError: for groups that are not one for each column.
        """
        x, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        count = len(target)
        self.groups_: IntArray = (
            np.zeros(x.shape[1], np.int64) if self.groups is None else np.asarray(self.groups)
        )
        if self.groups_.shape != (x.shape[1],):
            raise ValueError(
                f"groups has shape {self.groups_.shape}; one for each column is wanted"
            )
        self.scale_ = _or(scale, np.ones(count))
        self.errors_ = _or(errors, np.zeros(count))
        self.kinds_ = np.zeros(count, np.int64) if kinds is None else np.asarray(kinds)
        _, member = np.unique(
            np.arange(count) if clusters is None else np.asarray(clusters), return_inverse=True
        )
        self.x_, self.y_, self.member_ = x, target, member
        self.clustered_ = clusters is not None
        self.factor_, self.alpha_ = self._fit_spreads()
        self.coef_: FloatArray = self.prior_variance_ * (x.T @ self.alpha_)
        return self

    @property
    def prior_variance_(self) -> FloatArray:
        """Of each weight."""
        return np.asarray(self.group_spread_[self.groups_] ** 2)

    def _full(self) -> FloatArray:
        """Products of samples for each group of columns and, last, for clusters."""
        parts = [
            self.x_[:, self.groups_ == g] @ self.x_[:, self.groups_ == g].T
            for g in range(int(self.groups_.max(initial=0)) + 1)
        ]
        same = self.member_[:, None] == self.member_
        return np.array([*parts, same * np.outer(self.scale_, self.scale_)])

    def _diagonal(self) -> FloatArray:
        """What the spread of each kind adds to the variance of the samples."""
        kinds = int(self.kinds_.max(initial=0)) + 1
        return np.where(self.kinds_ == np.arange(kinds)[:, None], self.scale_**2, 0.0)

    def _covariance(
        self, full: FloatArray, diagonal: FloatArray, variance: FloatArray
    ) -> FloatArray:
        found = np.tensordot(variance[: len(full)], full, axes=1)
        own = variance[len(full) :] @ diagonal + self.errors_**2 + self.jitter_
        found[np.diag_indices_from(found)] += own
        return np.asarray(found)

    def _fit_spreads(self) -> tuple[FloatArray, FloatArray]:
        """Spreads of greatest marginal likelihood, drawn gently to that of y: a normal prior of
        width one on the logarithm of each, so that a kind with two samples is not certain.

        Returns:
            The lower Cholesky factor of the covariance and its inverse times y.
        """
        full, diagonal = self._full(), self._diagonal()
        spread = float(self.shared or np.std(self.y_) or 1.0)
        self.jitter_ = (1e-6 * spread) ** 2 + 1e-18
        size = np.sqrt(np.maximum(np.einsum("gii->gi", full[:-1]).mean(axis=1), 1e-12))
        center = np.log(np.r_[spread / size, np.full(1 + len(diagonal), spread / 2)])
        free = np.ones(len(center), dtype=bool)
        free[len(full) - 1] = self.clustered_
        if not self.clustered_:
            center[len(full) - 1] = -np.inf

        def loss(part: FloatArray) -> tuple[float, FloatArray]:
            at = center.copy()
            at[free] = part
            variance = np.exp(2 * at)
            factor = cho_factor(self._covariance(full, diagonal, variance), lower=True)
            inverse = cho_solve(factor, np.eye(len(self.y_)))
            alpha = inverse @ self.y_
            outer = np.outer(alpha, alpha) - inverse
            slope = np.r_[np.tensordot(full, outer, axes=2), diagonal @ np.diag(outer)]
            away = part - center[free]
            value = 0.5 * (self.y_ @ alpha + away @ away) + np.log(np.diag(factor[0])).sum()
            return float(value), -(variance * slope)[free] + away

        found = minimize(
            loss,
            center[free],
            jac=True,
            method="L-BFGS-B",
            bounds=[(c - 6, c + 3) for c in center[free]],
            options={"maxiter": self.max_iter},
        )
        at = center.copy()
        at[free] = found.x
        self.n_iter_ = int(found.nit)
        self.group_spread_ = np.exp(at[: len(full) - 1])
        self.cluster_spread_ = float(np.exp(at[len(full) - 1]))
        self.kind_spread_ = np.exp(at[len(full) :])
        factor = cho_factor(self._covariance(full, diagonal, np.exp(2 * at)), lower=True)
        return factor[0], np.asarray(cho_solve(factor, self.y_))

    def predict(
        self,
        X: npt.ArrayLike,  # noqa: N803
        return_std: bool = False,
        kinds: npt.ArrayLike | None = None,
        scale: npt.ArrayLike | None = None,
    ) -> Any:
        """Mean of y for samples of clusters that are new; with it the standard deviation.

        Args:
            kinds, scale: as of `fit`.
        """
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        mean = x @ self.coef_
        if not return_std:
            return mean
        cross = (x * self.prior_variance_) @ self.x_.T
        weights = (x**2) @ self.prior_variance_
        weights -= np.einsum("ij,ij->i", cross, cho_solve((self.factor_, True), cross.T).T)
        kind = np.zeros(len(x), np.int64) if kinds is None else np.asarray(kinds)
        own = (self.kind_spread_[kind] ** 2 + self.cluster_spread_**2) * _or(
            scale, np.ones(len(x))
        ) ** 2
        return mean, np.sqrt(np.clip(weights, 0, None) + own)


def _or(given: npt.ArrayLike | None, otherwise: FloatArray) -> FloatArray:
    return otherwise if given is None else np.asarray(given, dtype=float)
