"""Fitting the errors of computed formation energies to what was measured, and measuring the fit.

`screen.energies.error_model` says what the spreads mean and reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from screen.composition import INDEX, Compositions, FloatArray, IntArray
from screen.energies import error_model, features, measured
from screen.energies.error_model import (
    LEVELS,
    Divisions,
    Errors,
    Known,
    Model,
    OfClass,
    Range,
    Skill,
    Spreads,
)
from screen.model import persistence
from screen.tables import DATA

FOLDS = 10
DIVISIONS = 10
"""Into folds, over which figures are averaged."""
LITHIUM = "Li"
_DIGITS = 5


def fit_spreads(known: Known) -> Spreads:
    """Spreads of greatest marginal likelihood."""
    from screen.energies.estimator import RandomEffects  # noqa: PLC0415 (scikit-learn is slow)

    found = RandomEffects(groups=features.names()[1]).fit(
        known.features.values,
        known.error,
        clusters=known.compositions.system,
        kinds=known.features.kind,
        scale=known.features.scale,
        errors=known.uncertainty,
    )
    kinds = np.full(len(features.CLASSES), float(found.kind_spread_.mean()))
    kinds[: len(found.kind_spread_)] = found.kind_spread_
    return Spreads(
        tuple(round(float(spread), _DIGITS) for spread in found.group_spread_),
        round(found.cluster_spread_, _DIGITS),
        tuple(round(float(spread), _DIGITS) for spread in kinds),
    )


def part(known: Known, rows: IntArray) -> Known:
    """Some of the measured phases."""
    of = known.features
    return Known(
        known.compositions.take(rows),
        features.Features(of.values[rows], of.scale[rows], of.kind[rows]),
        known.error[rows],
        known.uncertainty[rows],
    )


def left_out(known: Known, seed: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """Mean and spread of the error of each measured phase whose chemical system taught nothing, and
    the fold that it was in.
    """
    systems, member = np.unique(known.compositions.system, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(systems))[member] % FOLDS
    mean, spread = np.zeros(len(known)), np.zeros(len(known))
    for k in range(FOLDS):
        out = np.flatnonzero(fold == k)
        taught = part(known, np.flatnonzero(fold != k))
        fitted = Errors(fit_spreads(taught), taught)
        asked = part(known, out)
        mean[out] = fitted.mean(asked.compositions, asked.features)
        spread[out] = np.hypot(fitted.spread(asked.compositions, asked.features), asked.uncertainty)
    return mean, spread, fold


def train(seed: int, divisions: int = DIVISIONS) -> Model:
    """Fit to all measured figures, and measure on chemical systems left out.

    Args:
        seed: of the folds.
        divisions: into folds that are measured; the seeds of the others follow.
    """
    import sklearn  # noqa: PLC0415 (takes seconds)

    known = error_model.known()
    each = [_Left(known, *left_out(known, seed + k)) for k in range(divisions)]
    thermal, thermal_spread, thermal_error = _thermal(seed)
    return Model(
        fit_spreads(known),
        round(_factor(each[0].in_spreads), 4),
        thermal,
        thermal_spread,
        _skill(each, thermal_error),
        error_model.tables(),
        sklearn.__version__,
    )


@dataclass(frozen=True)
class _Left:
    """What was told of measured phases whose chemical systems taught nothing.

    Attributes:
        mean, spread, fold: as `left_out`.
    """

    known: Known
    mean: FloatArray
    spread: FloatArray
    fold: IntArray

    @property
    def error(self) -> FloatArray:
        """What is left when the mean is taken off, eV/atom."""
        return self.known.error - self.mean

    @property
    def in_spreads(self) -> FloatArray:
        """Its size in units of the spread."""
        return np.asarray(np.abs(self.error) / self.spread)

    @cached_property
    def ratio(self) -> FloatArray:
        """The same in units of the calibrated spread. The factor of each fold is that of the
        others, so that coverage is of what is new.
        """
        ratio, fold = self.in_spreads, self.fold
        factor = np.array([_factor(ratio[fold != k]) for k in range(FOLDS)])[fold]
        return np.asarray(ratio / factor)

    def covered(self) -> tuple[float, float, float]:
        """Share within the intervals of LEVELS."""
        half, most, nearly = ((self.ratio <= _normal(level)).mean() for level in LEVELS)
        return _short(half), _short(most), _short(nearly)


def _factor(ratio: FloatArray) -> float:
    """What brings 80 % of errors, in units of their spread, within that interval of a normal."""
    return float(np.quantile(ratio, 0.8)) / _normal(0.8)


def _normal(level: float) -> float:
    """Half width of an interval of a standard normal distribution."""
    from statistics import NormalDist  # noqa: PLC0415

    return NormalDist().inv_cdf(0.5 + level / 2)


def _skill(each: Sequence[_Left], thermal: float) -> Skill:
    """Measured on the first division, and on all.

    Args:
        thermal: error of what room temperature adds, eV/atom.
    """
    first = each[0]
    known, left = first.known, np.abs(first.error)
    before = np.abs(known.error)
    lithium = known.compositions.amount_of(INDEX[LITHIUM]) > 0
    classes = []
    for k, name in enumerate(features.CLASSES):
        mine = known.features.kind == k
        if mine.any():
            figures = known.error[mine].mean(), before[mine].mean(), left[mine].mean()
            covered = float((first.ratio[mine] <= _normal(0.8)).mean())
            classes.append(OfClass(name, int(mine.sum()), *map(_short, (*figures, covered))))
    return Skill(
        phases=len(known),
        systems=len(np.unique(known.compositions.system)),
        table=_short(before.mean()),
        model=_short(left.mean()),
        covered=first.covered(),
        lithium=(int(lithium.sum()), _short(before[lithium].mean()), _short(left[lithium].mean())),
        conversion=_conversion(known, first.error),
        thermal=thermal,
        classes=tuple(classes),
        divisions=_divisions(each),
    )


def _divisions(each: Sequence[_Left]) -> Divisions:
    half, most, nearly = zip(*(one.covered() for one in each), strict=True)
    return Divisions(
        len(each),
        _range([np.abs(one.error).mean() for one in each]),
        (_range(half), _range(most), _range(nearly)),
        _range([_conversion(one.known, one.error)[2] for one in each]),
    )


def _range(values: Sequence[float]) -> Range:
    return _short(np.mean(values)), _short(min(values)), _short(max(values))


def _short(value: Any) -> float:
    return round(float(value), 4)


def _conversion(known: Known, left: FloatArray) -> tuple[int, float, float]:
    """Reactions of binary compounds of metals with lithium, and the mean errors of their voltages:
    by the table, and by the model with the systems of both compounds left out.
    """
    before: list[float] = []
    after: list[float] = []
    for own, product, lithium in conversions(known.compositions):
        atoms = known.compositions.atoms
        held = known.compositions.row(product)[LITHIUM]
        times = lithium / held
        for errors, found in ((known.error, before), (left, after)):
            energy = times * errors[product] * atoms[product] - errors[own] * atoms[own]
            found.append(abs(energy) / lithium)
    return len(before), _short(np.mean(before)), _short(np.mean(after))


_ANIONS = {"F": 1, "Cl": 1, "Br": 1, "I": 1, "O": 2, "S": 2, "N": 3, "H": 1}


def conversions(compositions: Compositions) -> Iterator[tuple[int, int, float]]:
    """Compounds MXn that lithium may reduce to M, the compound of lithium that forms, and how much
    lithium each takes per formula unit.
    """
    rows = [dict(compositions.row(i)) for i in range(len(compositions))]
    products = {
        anion: i
        for anion, charge in _ANIONS.items()
        for i, row in enumerate(rows)
        if row.keys() == {LITHIUM, anion} and row[LITHIUM] == charge * row[anion]
    }
    for i, row in enumerate(rows):
        anions = [symbol for symbol in row if symbol in _ANIONS]
        if len(row) == 2 and len(anions) == 1 and LITHIUM not in row and anions[0] in products:
            yield i, products[anions[0]], float(_ANIONS[anions[0]] * row[anions[0]])


def _thermal(seed: int) -> tuple[dict[str, float], float, float]:
    """What room temperature adds to each column of the features, the spread of the rest, and the
    mean absolute error with chemical systems left out; eV/atom.
    """
    from screen.energies.estimator import RandomEffects  # noqa: PLC0415

    apart = measured.column("gibbs") - measured.column("enthalpy")
    rows = np.flatnonzero(~np.isnan(apart))
    compositions = measured.compositions().take(rows)
    of, y = features.of(compositions), apart[rows]
    columns, groups = features.names()
    keep = np.isin(groups, [features.GROUPS.index(name) for name in ("anion", "cation")])
    names = np.array(columns)[keep]
    x, group = of.values[:, keep], (groups[keep] == features.GROUPS.index("cation")).astype(int)
    systems, member = np.unique(compositions.system, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(systems))[member] % FOLDS
    left = np.zeros(len(y))
    for k in range(FOLDS):
        out = fold == k
        left[out] = y[out] - RandomEffects(groups=group).fit(x[~out], y[~out]).predict(x[out])
    found = RandomEffects(groups=group).fit(x, y)
    weights = {
        str(name): round(float(weight), _DIGITS)
        for name, weight in zip(names, found.coef_, strict=True)
        if abs(weight) > 10**-_DIGITS
    }
    spread = float(np.quantile(np.abs(left), 0.8)) / _normal(0.8)
    return weights, _short(spread), _short(np.abs(left).mean())


def write(model: Model) -> None:
    """Put a model in the place of the shipped one."""
    persistence.write(DATA / f"{error_model.MODEL}.json", model, form=error_model.FORMAT)
    for kept in (error_model.load, error_model.errors):
        kept.cache_clear()
    assert asdict(error_model.load()) == asdict(model)
