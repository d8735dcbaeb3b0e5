"""How far the formation energies of the 2019 table are from what was measured, as a distribution.

The error of a phase, table minus measured, is the sum of what its composition explains (features),
of what the phases of its chemical system share, and of its own; `screen.energies.estimator` says
how. Spreads are fitted to data/formation_enthalpies.csv and shipped with their measured skill in
data/energy_error_model.json; from them and the measured figures follow here the mean error of any
phase, and joint samples: a sample of the prior, moved by what the measured figures say (Matheron's
rule; Wilson et al., J. Mach. Learn. Res. 22, 105, 2021), so that no matrix of phases by phases is
needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from screen import parameters
from screen.composition import Compositions, FloatArray, HashArray, IntArray, mixed
from screen.energies import features, measured
from screen.tables import datasets

MODEL, FORMAT = "energy_error_model", 2
LEVELS = (0.5, 0.8, 0.95)
"""Intervals whose coverage is measured."""
OWN, SYSTEM, MEASURING = range(3)
"""What a random number is for."""


@dataclass(frozen=True)
class OfClass:
    """Errors of a class, eV/atom: phases, mean and mean absolute error of the table, mean absolute
    error of the model with whole chemical systems left out, share within the 80 % interval.
    """

    name: str
    phases: int
    bias: float
    table: float
    model: float
    covered: float


Range = tuple[float, float, float]
"""Mean, least and largest."""


@dataclass(frozen=True)
class Divisions:
    """The same figures over several divisions of the chemical systems into folds: how much of a
    figure is the luck of one division.

    Attributes:
        count: divisions.
        model: mean absolute error of the formation energies, eV/atom.
        covered: share within each of the intervals of LEVELS.
        conversion: mean absolute error of the conversion voltages, V.
    """

    count: int
    model: Range
    covered: tuple[Range, Range, Range]
    conversion: Range


@dataclass(frozen=True)
class Skill:
    """Measured with whole chemical systems left out; energies in eV/atom, voltages in V.

    Attributes:
        phases, systems: how many.
        table, model: mean absolute error of the formation energies.
        covered: share within the intervals of LEVELS.
        lithium: phases of lithium, and the two errors of these.
        conversion: reactions MXn + n Li -> n LiX + M, and the errors of their voltages.
        thermal: mean absolute error of what room temperature adds.
        classes: by class.
        divisions: other divisions into folds, this one among them.
    """

    phases: int
    systems: int
    table: float
    model: float
    covered: tuple[float, float, float]
    lithium: tuple[int, float, float]
    conversion: tuple[int, float, float]
    thermal: float
    classes: tuple[OfClass, ...]
    divisions: Divisions


@dataclass(frozen=True)
class Spreads:
    """Standard deviations, eV/atom: of the weights of each group of features, of what a chemical
    system shares, and of single phases of each class.
    """

    groups: tuple[float, ...]
    system: float
    kinds: tuple[float, ...]


@dataclass(frozen=True)
class Model:
    """The fitted spreads and what is measured of them.

    Attributes:
        calibration: factor on the deviations from the mean that makes the 80 % interval cover 80 %
            of what is left out: errors have long tails, which widen a normal distribution.
        thermal: eV/atom that room temperature adds, for each column of the features.
        thermal_spread: standard deviation of what it adds beside that, eV/atom.
    """

    spreads: Spreads
    calibration: float
    thermal: dict[str, float]
    thermal_spread: float
    skill: Skill
    fitted_to: dict[str, str]
    scikit_learn: str


def tables() -> dict[str, str]:
    """Digests of what the model is fitted to."""
    return {name: str(datasets()[name]["sha256"]) for name in (measured.TABLE, "magpie")}


@cache
def load() -> Model:
    """The shipped model.

    Raises:
        DataError: if it was altered, cannot be read, or was fitted to another table.
    """
    return parameters.shipped(MODEL, Model, FORMAT, tables())


@dataclass(frozen=True)
class Known:
    """The measured phases that a model learns from.

    Attributes:
        compositions: the phases.
        features: of these.
        error: table minus measured, eV/atom.
        uncertainty: of the measurement, eV/atom.
    """

    compositions: Compositions
    features: features.Features
    error: FloatArray
    uncertainty: FloatArray

    def __len__(self) -> int:
        return len(self.error)


@cache
def known() -> Known:
    """Measured phases that the 2019 table holds, alloys included."""
    rows = np.flatnonzero(~np.isnan(measured.column("computed")))
    enthalpy, gibbs = measured.column("enthalpy"), measured.column("gibbs")
    value = np.where(np.isnan(enthalpy), gibbs, enthalpy)
    compositions = measured.compositions().take(rows)
    return Known(
        compositions,
        features.of(compositions),
        (measured.column("computed") - value)[rows],
        measured.column("uncertainty")[rows],
    )


@dataclass(frozen=True)
class Errors:
    """The distribution of errors, given what was measured.

    Args:
        spreads: of the model.
        taught: what was measured.
    """

    spreads: Spreads
    taught: Known

    @cached_property
    def _weight_variance(self) -> FloatArray:
        return np.array(self.spreads.groups)[features.names()[1]] ** 2

    def _own_spread(self, of: features.Features) -> FloatArray:
        """Standard deviation of each phase's own part."""
        return np.asarray(np.array(self.spreads.kinds)[of.kind] * of.scale)

    @cached_property
    def _factor(self) -> FloatArray:
        """Lower Cholesky factor of the covariance of the measured errors."""
        of = self.taught.features
        system = self.taught.compositions.system
        k = (of.values * self._weight_variance) @ of.values.T
        k += self.spreads.system**2 * (system[:, None] == system) * np.outer(of.scale, of.scale)
        own = self._own_spread(of) ** 2 + self.taught.uncertainty**2
        k[np.diag_indices_from(k)] += own + 1e-12
        return np.asarray(np.linalg.cholesky(k))

    @cached_property
    def _inverse(self) -> FloatArray:
        """Inverse of that covariance."""
        half = np.linalg.solve(self._factor, np.eye(len(self.taught)))
        return np.asarray(half.T @ half)

    @cached_property
    def _alpha(self) -> FloatArray:
        return self._inverse @ self.taught.error

    def mean(self, compositions: Compositions, of: features.Features) -> FloatArray:
        """Mean error of each phase, eV/atom; of a measured one close to what was measured."""
        return self._moved(compositions, of, self._alpha[:, None])[:, 0]

    def spread(self, compositions: Compositions, of: features.Features) -> FloatArray:
        """Standard deviation of the error of phases that were not measured, eV/atom."""
        taught, spreads = self.taught, self.spreads
        system = compositions.system[:, None] == taught.compositions.system
        cross = (of.values * self._weight_variance) @ taught.features.values.T
        cross += spreads.system**2 * system * np.outer(of.scale, taught.features.scale)
        half = np.linalg.solve(self._factor, cross.T)
        prior = (of.values**2) @ self._weight_variance + (spreads.system * of.scale) ** 2
        prior += self._own_spread(of) ** 2
        return np.asarray(np.sqrt(np.clip(prior - (half**2).sum(axis=0), 0.0, None)))

    def _moved(
        self, compositions: Compositions, of: features.Features, alpha: FloatArray
    ) -> FloatArray:
        """Covariance of phases with the measured ones, times alpha; shape (phases, samples)."""
        taught = self.taught
        found = of.values @ (self._weight_variance[:, None] * (taught.features.values.T @ alpha))
        scaled = taught.features.scale[:, None] * alpha
        for keys, theirs, variance, scale in (
            (
                compositions.system,
                taught.compositions.system,
                np.full(len(taught), self.spreads.system**2),
                of.scale,
            ),
            (
                compositions.key,
                taught.compositions.key,
                np.array(self.spreads.kinds)[taught.features.kind] ** 2,
                of.scale,
            ),
        ):
            names, member = np.unique(theirs, return_inverse=True)
            sums = np.zeros((len(names), alpha.shape[1]))
            np.add.at(sums, member, variance[:, None] * scaled)
            at = np.minimum(np.searchsorted(names, keys), len(names) - 1)
            hit = names[at] == keys
            found[hit] += scale[hit, None] * sums[at[hit]]
        return np.asarray(found)

    def deviations(
        self, compositions: Compositions, of: features.Features, samples: int, seed: int
    ) -> Iterator[FloatArray]:
        """Joint samples of the error less its mean, eV/atom, each of shape (phases,).

        What is drawn for a phase depends on it, the seed and the number of the sample alone, not on
        what else is asked about.
        """
        taught, spreads = self.taught, self.spreads
        weight = np.sqrt(self._weight_variance)
        drawn = np.random.default_rng([seed, 0]).standard_normal((samples, len(weight))) * weight

        def prior(where: Compositions, its: features.Features, sample: int) -> FloatArray:
            system = normal(where.system, seed, sample, SYSTEM)
            own = normal(where.key, seed, sample, OWN)
            return np.asarray(
                its.values @ drawn[sample]
                + its.scale * spreads.system * system
                + self._own_spread(its) * own
            )

        for sample in range(samples):
            simulated = prior(taught.compositions, taught.features, sample)
            simulated += taught.uncertainty * normal(
                taught.compositions.key, seed, sample, MEASURING
            )
            alpha = (self._inverse @ simulated)[:, None]
            yield prior(compositions, of, sample) - self._moved(compositions, of, alpha)[:, 0]


def normal(keys: HashArray | IntArray, seed: int, sample: int, purpose: int) -> FloatArray:
    """Standard normal numbers, one for each key: the same wherever a key occurs (Box and Muller,
    Ann. Math. Stat. 29, 610, 1958, from hashed counters).
    """
    digest = hashlib.sha256(f"{seed} {sample} {purpose}".encode()).digest()
    first, second = np.frombuffer(digest[:16], dtype=np.uint64)
    uniform = [
        ((mixed(keys.astype(np.uint64) ^ salt) >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
        for salt in (first, second)
    ]
    return np.asarray(np.sqrt(-2 * np.log(uniform[0])) * np.cos(2 * np.pi * uniform[1]))


@cache
def errors() -> Errors:
    """The distribution of the shipped model."""
    return Errors(load().spreads, known())
