"""What solid electrolytes do to the candidate: the strongest reaction with each."""

from __future__ import annotations

import numpy as np

from screen.columns import Column
from screen.descriptors.case import Case, Values
from screen.tables import Electrolyte

_SOURCE = "pseudo-binary on the hull at 0 K (Richards et al., Chem. Mater. 28, 266, 2016)"


def columns(electrolytes: tuple[Electrolyte, ...]) -> tuple[Column, ...]:
    """One column for each electrolyte, and what they come to together."""
    each = tuple(
        Column(
            electrolyte.column,
            f"with {electrolyte.label}",
            f"Most negative reaction energy of any mixture with {electrolyte.label}, per atom of "
            "the mixture, from the hull energies of both.",
            _SOURCE,
        )
        for electrolyte in electrolytes
    )
    return (
        *each,
        Column(
            "interface_median_ev_atom",
            "interface, median",
            "Median of the reaction energies with the electrolytes.",
            _SOURCE,
        ),
        Column(
            "interface_worst_ev_atom",
            "interface, worst",
            "Most negative of the reaction energies with the electrolytes.",
            _SOURCE,
        ),
        Column(
            "interface_worst_with",
            "worst with",
            "The electrolyte of the most negative reaction energy.",
            _SOURCE,
            "text",
        ),
    )


def compute(case: Case) -> Values:
    """Reaction energies with each electrolyte whose elements the table holds."""
    values = Values(len(case))
    energies = np.full((len(case), len(case.electrolytes)), np.nan)
    for i, electrolyte in enumerate(case.electrolytes):
        absent = case.absent(electrolyte.formula)
        if not absent:
            reactions = case.react(electrolyte.formula)
            energies[:, i] = reactions.energy[reactions.lowest]
        reason = f"{case.phases.name} has no phases with {', '.join(absent)}"
        values.add(electrolyte.column, energies[:, i], reason)
    known = ~np.isnan(energies).all(axis=0)
    if not known.any():
        nothing = np.full(len(case), np.nan)
        reason = f"{case.phases.name} has no electrolyte's elements"
        values.add("interface_median_ev_atom", nothing, reason)
        values.add("interface_worst_ev_atom", nothing, reason)
        values.add("interface_worst_with", np.full(len(case), "", dtype=object), reason)
        return values
    values.add("interface_median_ev_atom", np.median(energies[:, known], axis=1))
    values.add("interface_worst_ev_atom", energies[:, known].min(axis=1))
    labels = np.array([e.label for e in case.electrolytes], dtype=object)[known]
    values.add("interface_worst_with", labels[energies[:, known].argmin(axis=1)])
    return values
