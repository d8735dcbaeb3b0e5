"""Training of the shipped model of elastic moduli (for maintainers; needs scikit-learn).

The errors are measured on compounds whose whole chemical system (set of elements) was left out of
training, in ten folds; the interval is the conformal one of those errors (Vovk et al., Algorithmic
Learning in a Random World, Springer 2005), for each chemistry apart, since halides are far harder
than alloys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.elastic import magpie
from screen.elastic.moduli import (
    CHEMISTRIES,
    FILE,
    INTERVAL,
    Model,
    Trees,
    chemistry,
    new_pair,
    not_solid,
    occurring_together,
)
from screen.errors import DataError
from screen.tables import DATA, seal, sha256

FOLDS = 10
SEED = 0
KNOWN = ("LiF", "MgO", "LiCl", "NaCl", "Li2O", "Al2O3", "ZnO", "TiN", "SiC", "Si", "Cu", "W")
"""Compounds whose prediction with their system left out goes into the model's file."""

_LEAST = 200


@dataclass(frozen=True, eq=False)
class Training:
    """Compounds with known moduli.

    Attributes:
        log10_gpa: log10 of bulk and shear modulus, shape (rows, 2).
    """

    formulas: tuple[str, ...]
    compositions: Compositions
    log10_gpa: FloatArray

    @classmethod
    def of(cls, formulas: Sequence[str], moduli_gpa: FloatArray, cap_gpa: float) -> Training:
        """Those rows that can be learnt from: solids with possible moduli and known figures.

        Raises:
            DataError: if too few are left.
        """
        compositions = Compositions.from_formulas(formulas)
        with np.errstate(invalid="ignore"):
            possible = ((moduli_gpa > 0) & (moduli_gpa <= cap_gpa)).all(axis=1)
        known = np.array([not symbol for symbol in magpie.lacking(compositions)], dtype=bool)
        rows = np.flatnonzero(possible & known & (not_solid(compositions) == ""))
        if len(rows) < _LEAST:
            raise DataError(f"{len(rows)} compounds to learn from, at least {_LEAST} are wanted")
        # In the order of the compositions, so that the order of the table changes nothing.
        rows = rows[np.argsort(compositions.key[rows], kind="stable")]
        names = tuple(formulas[row] for row in rows.tolist())
        return cls(names, compositions.take(rows), np.log10(moduli_gpa[rows]))

    @property
    def there(self) -> BoolArray:
        """Which elements each compound holds."""
        return self.compositions.fractions() > 0

    def folds(self) -> IntArray:
        """Fold of each compound; those of one chemical system share theirs."""
        return (self.compositions.system % np.uint64(FOLDS)).astype(np.int64)


def estimator() -> Any:
    """The regressor of one modulus.

    On chemical systems left out it is within 4 % of the best of those compared, and far smaller
    than that (benchmarks/moduli_models.py).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (takes seconds)

    return HistGradientBoostingRegressor(
        max_iter=200, learning_rate=0.1, max_depth=8, early_stopping=False, random_state=SEED
    )


def left_out(training: Training, features: FloatArray, make: Callable[[], Any]) -> FloatArray:
    """log10 moduli of each compound as predicted without its chemical system, shape (rows, 2)."""
    found, fold = np.empty_like(training.log10_gpa), training.folds()
    for k in range(FOLDS):
        rest, own = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if not len(own):
            continue
        for target in range(2):
            fitted = make().fit(features[rest], training.log10_gpa[rest, target])
            found[own, target] = fitted.predict(features[own])
    return found


def flat(fitted: Any) -> Trees:
    """A fitted HistGradientBoostingRegressor as arrays."""
    feature: list[int] = []
    threshold: list[float] = []
    skip: list[int] = []
    value: list[float] = []
    roots: list[int] = []

    def add(nodes: Any, at: int) -> int:
        """Append the subtree from a node on; gives its depth."""
        here, node = len(value), nodes[at]
        leaf = bool(node["is_leaf"])
        feature.append(0 if leaf else int(node["feature_idx"]))
        threshold.append(-np.inf if leaf else float(node["num_threshold"]))
        skip.append(0)
        value.append(float(node["value"]) if leaf else 0.0)
        if leaf:
            return 0
        left = add(nodes, int(node["left"]))
        skip[here] = len(value) - here
        return 1 + max(left, add(nodes, int(node["right"])))

    depth = 0
    for (predictor,) in fitted._predictors:
        roots.append(len(value))
        depth = max(depth, add(predictor.nodes, 0))
    return Trees(
        np.array(roots),
        np.array(feature),
        np.array(threshold),
        np.array(skip),
        np.array(value),
        depth,
        float(np.asarray(fitted._baseline_prediction).item()),
    )


def quantile(errors: FloatArray) -> FloatArray:
    """Conformal quantile of absolute errors along the first axis: rank ceil((n + 1) 0.8)."""
    rank = min(int(np.ceil((len(errors) + 1) * INTERVAL)), len(errors))
    return np.atleast_1d(np.sort(errors, axis=0)[rank - 1])


def widths(errors: FloatArray, kind: IntArray, new: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Half widths by chemistry from compounds with known pairs, and the factor for new pairs.

    Args:
        errors: absolute errors in log10, shape (rows, 2).
    """
    by_kind = np.stack([quantile(errors[(kind == k) & ~new]) for k in range(len(CHEMISTRIES))])
    if not new.any():
        return by_kind, np.ones(2)
    return by_kind, np.maximum(quantile(errors[new] / by_kind[kind[new]]), 1.0)


@dataclass(frozen=True, eq=False)
class Skill:
    """What was measured on chemical systems left out.

    Attributes:
        predicted: log10 moduli, shape (rows, 2).
        errors: predicted minus true.
        kind, new: chemistry, and whether a pair of elements was new to the folds trained on.
        covered: whether the true value lay in an interval from the errors of the other folds.
    """

    predicted: FloatArray
    errors: FloatArray
    kind: IntArray
    new: BoolArray
    covered: BoolArray


def measure(training: Training, predicted: FloatArray) -> Skill:
    """Errors and coverage of predictions with the chemical system left out."""
    errors, fold = predicted - training.log10_gpa, training.folds()
    kind, there = chemistry(training.compositions), training.there
    new = np.zeros(len(fold), dtype=bool)
    for k in range(FOLDS):
        new[fold == k] = new_pair(there[fold == k], occurring_together(there[fold != k]))
    covered = np.zeros(errors.shape, dtype=bool)
    for k in range(FOLDS):
        rest, own = fold != k, fold == k
        by_kind, widening = widths(np.abs(errors[rest]), kind[rest], new[rest])
        width = by_kind[kind[own]] * np.where(new[own, None], widening, 1.0)
        covered[own] = np.abs(errors[own]) <= width
    return Skill(predicted, errors, kind, new, covered)


def train(training: Training, make: Callable[[], Any] = estimator) -> tuple[Model, Skill]:
    """The model of all compounds, with the error bars of those left out."""
    import sklearn  # noqa: PLC0415

    features = magpie.features(training.compositions)
    skill = measure(training, left_out(training, features, make))
    trees = [flat(make().fit(features, training.log10_gpa[:, t])) for t in range(2)]
    by_kind, widening = widths(np.abs(skill.errors), skill.kind, skill.new)
    known = [formula for formula in KNOWN if formula in training.formulas]
    rows = [training.formulas.index(formula) for formula in known]
    facts = {"scikit_learn": sklearn.__version__, "compounds": str(len(training.formulas))}
    model = Model(
        (trees[0], trees[1]),
        np.stack([training.log10_gpa.min(axis=0), training.log10_gpa.max(axis=0)]),
        by_kind,
        widening,
        occurring_together(training.there),
        facts,
        tuple(known),
        10 ** skill.predicted[rows],
    )
    return model, skill


def build(
    source: Path,
    formulas: Sequence[str],
    moduli_gpa: FloatArray,
    cap_gpa: float,
    folder: Path = DATA,
    make: Callable[[], Any] = estimator,
) -> tuple[Path, str]:
    """Write the model of a table, seal it, and say how good it is.

    Args:
        source: the table, for its digest.
        formulas, moduli_gpa: its compounds, and bulk and shear modulus, shape (rows, 2).
        cap_gpa: larger moduli are impossible.
        folder: the folder of the shipped tables.
        make: gives a new HistGradientBoostingRegressor.
    """
    training = Training.of(formulas, moduli_gpa, cap_gpa)
    model, skill = train(training, make)
    facts = model.facts | {"table": source.name, "table_sha256": sha256(source)}
    path = folder / FILE
    replace(model, facts=facts).write(path)
    seal(folder)
    return path, report(skill, len(formulas))


def report(skill: Skill, given: int) -> str:
    """What was measured, as Markdown."""
    lines = [
        f"{len(skill.kind)} of {given} compounds used; errors in log10 on chemical systems "
        f"left out, {FOLDS} folds.",
        "",
        "| compounds | n | bulk: MAE | as a factor | bias | 80 % within a factor | covered | "
        "shear: MAE | as a factor | bias | 80 % within a factor | covered |",
        "|---|" + "---:|" * 11,
    ]
    parts = [("all", np.ones(len(skill.kind), dtype=bool))]
    parts += [(name, skill.kind == k) for k, name in enumerate(CHEMISTRIES)]
    parts += [("all pairs of elements known", ~skill.new), ("a pair new", skill.new)]
    for name, rows in parts:
        cells = [name, str(rows.sum())]
        if not rows.any():
            continue
        for target in range(2):
            error = skill.errors[rows, target]
            mean = np.abs(error).mean()
            cells += [
                f"{mean:.3f}",
                f"{10**mean:.2f}",
                f"{error.mean():+.3f}",
                f"{10 ** quantile(np.abs(error))[0]:.2f}",
                f"{skill.covered[rows, target].mean():.1%}",
            ]
        lines.append(f"| {' | '.join(cells)} |")
    ratio = np.abs(skill.errors[:, 0] - skill.errors[:, 1])
    lines += [
        "",
        f"Ratio of the two: a factor of {10 ** ratio.mean():.2f} on average, 80 % within "
        f"{10 ** quantile(ratio)[0]:.2f}.",
    ]
    return "\n".join(lines)
