"""What anchoring the energies did to candidates, where it did more than their error allows."""

from __future__ import annotations

import numpy as np

from screen.composition import FloatArray
from screen.descriptors.case import Case
from screen.descriptors.phase_facts import competing
from screen.energies import error_model, features
from screen.formatting import number
from screen.phases import Phases
from screen.thermo.hull import decompose
from screen.units import DECIMALS

LEAST_EV_ATOM = 0.005
"""A smaller move is no news."""


def notes(case: Case) -> tuple[str, ...]:
    """A sentence on each candidate that anchored energies push further above the hull than its own
    error allows; none where the energies are those of the table.
    """
    before = case.phases.before
    if before is None:
        return ()
    now, then = _above(case, case.phases), _above(case, before)
    of = features.of(case.compositions)
    spread = error_model.load().calibration * error_model.errors().spread(case.compositions, of)
    digits = DECIMALS["eV/atom"]
    return tuple(
        f"{case.formulas[i]}: {number(now[i], digits)} eV/atom above the hull with anchored "
        f"energies, {number(then[i], digits)} with those of the table; that is more than the error "
        f"of its own energy, {number(spread[i], digits)}, so what it decomposes into may be off"
        for i in np.flatnonzero(now - then > np.maximum(spread, LEAST_EV_ATOM)).tolist()
    )


def _above(case: Case, phases: Phases) -> FloatArray:
    """Distance of each candidate above the hull of a table, eV/atom; NaN where it has none."""
    rows = phases.rows_of(case.compositions)
    hull = decompose(competing(phases, case.settings), case.compositions).energy
    return np.where(rows >= 0, phases.energy[rows] - hull, np.nan)
