"""Which model of elastic moduli: several, on chemical systems left out of training.

    OMP_NUM_THREADS=1 python -m benchmarks.moduli_models

Errors are mean absolute ones of log10 of the modulus in GPa, over ten folds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.machine import DATA, describe, markdown, skip_without
from screen.composition import FloatArray
from screen.elastic import magpie
from screen.elastic.train_moduli import Training, estimator, left_out
from screen.settings import Settings
from screen.sources import table_files

MODULI = DATA / "mp_elastic_moduli.csv"
FEW = (
    "mean GSvolume_pa",
    "mean MeltingT",
    "mean Electronegativity",
    "avg_dev Electronegativity",
    "mean NValence",
    "mean CovalentRadius",
    "avg_dev CovalentRadius",
    "mean Row",
)


def with_stoichiometry(training: Training, features: FloatArray) -> FloatArray:
    """Magpie features with the norms of the fractions and the shares of s, p, d, f electrons."""
    fractions = training.compositions.fractions()
    norms = [(fractions**p).sum(axis=1) ** (1 / p) for p in (2, 3, 5, 7, 10)]
    names = list(magpie.feature_names())
    shells = features[:, [names.index(f"mean N{shell}Valence") for shell in "spdf"]]
    shares = shells / shells.sum(axis=1, keepdims=True)
    size = training.compositions.size
    return np.column_stack([features, size, *norms, shares])


def main() -> None:
    skip_without(MODULI)
    formulas, values = table_files.moduli(MODULI)
    training = Training.of(formulas, values, Settings().modulus_cap_gpa)
    features = magpie.features(training.compositions)
    names = list(magpie.feature_names())
    few = features[:, [names.index(name) for name in FEW]]
    more = with_stoichiometry(training, features)

    def boosted(**changes: Any) -> Callable[[], Any]:
        return lambda: estimator().set_params(**changes)

    def scaled(regressor: Any) -> Callable[[], Any]:
        return lambda: make_pipeline(StandardScaler(), regressor)

    assert isinstance(estimator(), HistGradientBoostingRegressor)
    laplacian = KernelRidge(kernel="laplacian", alpha=0.1, gamma=0.004)
    extra = {"max_features": 0.33, "min_samples_leaf": 2, "random_state": 0}
    models: tuple[tuple[str, Callable[[], Any], FloatArray], ...] = (
        ("median", lambda: DummyRegressor(strategy="median"), few),
        ("ridge, 8 features", scaled(Ridge(1.0)), few),
        ("ridge, Magpie", scaled(Ridge(1.0)), features),
        ("kernel ridge (Laplacian), Magpie", scaled(laplacian), features),
        ("100 boosted trees, Magpie", boosted(max_iter=100), features),
        ("**200 boosted trees, Magpie (shipped)**", estimator, features),
        ("the same, absolute error as loss", boosted(loss="absolute_error"), features),
        ("the same, with stoichiometry and shells", estimator, more),
        ("400 boosted trees, rate 0.05", boosted(max_iter=400, learning_rate=0.05), features),
        ("100 extremely randomised trees", lambda: ExtraTreesRegressor(100, **extra), features),
    )
    rows = []
    for name, make, table in models:
        began = time.perf_counter()
        error = left_out(training, table, make) - training.log10_gpa
        spent = time.perf_counter() - began
        mean, bias = np.abs(error).mean(axis=0), error.mean(axis=0)
        cells = [f"{m:.3f} ({10**m:.2f}) | {b:+.3f}" for m, b in zip(mean, bias, strict=True)]
        rows.append([name, *cells, f"{spent:.0f} s"])
        print(f"{name}: {spent:.0f} s", flush=True)
    head = ["model", "bulk: MAE (as a factor)", "bias", "shear: MAE (as a factor)", "bias", "time"]
    print(f"\n{len(training.formulas)} compounds. {describe()}\n")
    print(markdown(head, rows))


if __name__ == "__main__":
    main()
