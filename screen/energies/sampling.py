"""Joint samples of the energies of a table, as the error model has them.

Each sample is a table that nature may have: the computed energies less a sampled error. The mean
error counts, since it is known; so the table's own figures may lie outside of an interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from screen.composition import FloatArray
from screen.energies import anchored, error_model, features, measured
from screen.phases import Phases

THERMAL = 3
"""What a random number is for, beside those of the error model."""


def energies(phases: Phases, samples: int, seed: int, widen: float = 1.0) -> Iterator[FloatArray]:
    """Formation energies, eV/atom, each of shape (phases,); elements stay at zero.

    Anchored energies vary around themselves, those of a table around what is left when the mean
    error is taken off. Polymorphs move together.

    Args:
        seed: what is drawn for a phase depends on it, the seed and the number of the sample alone.
        widen: factor on all deviations; at 0 all samples agree.

    Raises:
        DataError: for energies of a scheme whose errors are not known.
    """
    compositions, of = phases.compositions, features.of(phases.compositions)
    is_anchored = anchored.is_anchored(phases)
    middle = phases.energy
    if not is_anchored:
        anchored.check_scheme(phases)
        middle = middle - anchored.corrected(phases).error
    model = error_model.load()
    place = anchored.measured_rows(compositions)
    uncertainty = measured.column("uncertainty")
    untaught = np.isnan(measured.column("computed"))
    alone = np.flatnonzero((place >= 0) & untaught[place])  # a measured phase no table has
    thermal = np.where(place >= 0, 0.0, model.thermal_spread * of.values.any(axis=1) * of.scale)
    drawn = error_model.errors().deviations(compositions, of, samples, seed)
    for sample, deviation in enumerate(drawn):
        change = model.calibration * deviation
        own = error_model.normal(compositions.key, seed, sample, error_model.OWN)
        change[alone] = uncertainty[place[alone]] * own[alone]
        if is_anchored:
            change += thermal * error_model.normal(compositions.key, seed, sample, THERMAL)
        yield middle - widen * change
