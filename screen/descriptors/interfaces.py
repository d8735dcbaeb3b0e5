"""What solid electrolytes do to the candidate: the strongest reaction with each."""

from __future__ import annotations

import numpy as np

from screen.columns import Column, Values
from screen.descriptors.case import Case
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
    """Reaction energies with each electrolyte, as far as the table reaches."""
    values = Values(len(case))
    energies = np.full((len(case), len(case.electrolytes)), np.nan)
    unknown = np.full(len(case), f"no electrolytes for {case.anode.symbol}", dtype=object)
    for i, electrolyte in enumerate(case.electrolytes):
        energies[:, i], reasons = case.reaction_energies(electrolyte.formula)
        values.add(electrolyte.column, energies[:, i], reasons)
        unknown = reasons
    known = ~np.isnan(energies).all(axis=1)
    median, worst = np.full((2, len(case)), np.nan)
    worst_with = np.full(len(case), "", dtype=object)
    if known.any():
        median[known] = np.nanmedian(energies[known], axis=1)
        worst[known] = np.nanmin(energies[known], axis=1)
        labels = np.array([electrolyte.label for electrolyte in case.electrolytes], dtype=object)
        worst_with[known] = labels[np.nanargmin(energies[known], axis=1)]
    values.add("interface_median_ev_atom", median, unknown)
    values.add("interface_worst_ev_atom", worst, unknown)
    values.add("interface_worst_with", worst_with, unknown)
    return values
