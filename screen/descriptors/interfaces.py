"""What solid electrolytes do to the candidate: the strongest reaction with each."""

from __future__ import annotations

import numpy as np

from screen.columns import Column, Values
from screen.composition import FloatArray, parse_formula
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
            "Median of the reaction energies with the electrolytes whose elements the table holds.",
            _SOURCE,
        ),
        Column(
            "interface_worst_ev_atom",
            "interface, worst",
            "Most negative of those reaction energies.",
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
    known: list[FloatArray] = []
    labels: list[str] = []
    unknown = np.full(len(case), "", dtype=object)
    for electrolyte in case.electrolytes:
        energies, reasons = case.equilibria.reaction_energies(electrolyte.formula)
        values.add(electrolyte.column, energies, reasons)
        if {*parse_formula(electrolyte.formula)} <= case.phases.symbols:
            known.append(energies)
            labels.append(electrolyte.label)
            unknown = np.where(unknown == "", reasons, unknown)
    median, worst = np.full((2, len(case)), np.nan)
    worst_with = np.full(len(case), "", dtype=object)
    if known:
        every = np.array(known)
        whole = ~np.isnan(every).any(axis=0)
        median[whole] = np.median(every[:, whole], axis=0)
        worst[whole] = every[:, whole].min(axis=0)
        worst_with[whole] = np.array(labels, dtype=object)[every[:, whole].argmin(axis=0)]
    else:
        unknown[:] = f"no electrolytes for {case.anode.symbol} with all their elements in the table"
    values.add("interface_median_ev_atom", median, unknown)
    values.add("interface_worst_ev_atom", worst, unknown)
    values.add("interface_worst_with", worst_with, unknown)
    return values
