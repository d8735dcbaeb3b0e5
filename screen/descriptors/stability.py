"""Does the candidate exist: formation energy, hull distance, decomposition."""

from __future__ import annotations

import numpy as np

from screen.columns import Column, Values
from screen.descriptors.case import Case

COLUMNS: tuple[Column, ...] = (
    Column(
        "formation_energy_ev_atom",
        "formation energy",
        "Energy of formation from the elements.",
        "the source table, one correction scheme",
    ),
    Column(
        "hull_distance_ev_atom",
        "hull distance",
        "Energy above the stablest mixture of phases of the same composition; 0 if stable.",
        "convex hull of the source table at 0 K",
    ),
    Column(
        "decomposition",
        "decomposes into",
        "The stablest mixture of the same composition, per formula unit; itself if stable.",
        "convex hull of the source table at 0 K",
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Formation energy and hull distance; a candidate without energy of its own has neither, a
    phase that does not exist no distance.
    """
    values = Values(len(case))
    energy = np.where(case.rows >= 0, case.phases.energy[case.rows], np.nan)
    absent = case.no_energy()
    values.add("formation_energy_ev_atom", energy, absent)
    distance = case.own_energy - case.equilibria.decompositions.energy
    # Below zero: rounding, or a doubtful phase that exists and does not compete.
    distance[distance < 1e-10] = 0.0
    values.add("hull_distance_ev_atom", distance, absent)
    values.add("decomposition", case.facts.write_mixtures(case.equilibria.decompositions.products))
    return values
