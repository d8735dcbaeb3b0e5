"""The second engine on a random sample: a run whose engines disagree is not written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from screen.composition import Compositions, FloatArray, parse_formula
from screen.descriptors.case import Case
from screen.errors import ScreenError
from screen.thermo.engines import ENGINES
from screen.thermo.open_interface import OpenReactions

OPEN_AT_V = (0.0, 2.0)
"""Voltages at which interfaces open to the anode metal are compared: in touch with it, and beyond
what a sulfide electrolyte takes up."""


@dataclass(frozen=True)
class CrossCheck:
    """Largest disagreement between the two engines on a random sample."""

    candidates: int
    interfaces: int
    largest_difference_v: float
    largest_difference_ev_atom: float


def lowest_parts(reactions: OpenReactions) -> FloatArray:
    """Lowest reaction energy and lowest part that mixing adds, shape (2, pairs)."""
    return np.array([reactions.energy[reactions.lowest], reactions.mixing[reactions.lowest_mixing]])


def cross_check(case: Case) -> CrossCheck:
    """Solve a random sample with the other engine, on all phases, and compare.

    Raises:
        ScreenError: if they differ by more than the tolerance of the settings.
    """
    settings = case.settings
    random = np.random.default_rng(settings.seed)
    other = ENGINES["pymatgen" if settings.engine == "kernel" else "kernel"]
    table = case.facts.competition
    sample = np.sort(random.permutation(len(case))[: settings.check_candidates])
    candidates = case.compositions.take(sample)
    solved, at = case.solved(sample)
    volts, energies, who = [0.0], [0.0], [""]

    def compare(kind: list[float], mine: Any, theirs: Any, name: str) -> None:
        difference = float(np.nan_to_num(np.abs(np.subtract(mine, theirs)), nan=0.0).max(initial=0))
        if np.any(np.isnan(mine) != np.isnan(theirs)):
            difference = np.inf
        kind.append(difference)
        if difference > settings.check_tolerance:
            who.append(name)

    theirs = other.decompose(table, candidates).energy
    compare(energies, solved.equilibria.decompositions.energy[at], theirs, "hull energies")
    profiles = other.profiles(table, candidates, case.anode.element, case.anode.valence)
    for mine, reference_values in (
        (solved.equilibria.profiles.reduction_v, profiles.reduction_v),
        (solved.equilibria.profiles.oxidation_v, profiles.oxidation_v),
    ):
        compare(volts, mine[at], reference_values, "windows")
    contact = solved.equilibria.profiles.energy[solved.equilibria.profiles.contact][at]
    compare(energies, contact, profiles.energy[profiles.contact], "contact energies")
    known = case.phases.symbols
    partners = [e for e in case.electrolytes if {*parse_formula(e.formula)} <= known]
    pairs = min(settings.check_interfaces, len(case)) if partners else 0
    for i in random.permutation(len(case))[:pairs]:
        partner = Compositions.from_formulas([partners[random.integers(len(partners))].formula])
        one = case.compositions.take([int(i)])
        mine_pair = case.facts.engine.react(case.facts.table, one, partner)
        other_pair = other.react(table, one, partner)
        compare(
            energies,
            mine_pair.energy[mine_pair.lowest],
            other_pair.energy[other_pair.lowest],
            f"interface energy of {case.formulas[i]}",
        )
        for voltage in OPEN_AT_V:
            level = -case.anode.valence * voltage
            mine_open, other_open = (
                engine.react_open(among, one, partner, case.anode.element, level)
                for engine, among in ((case.facts.engine, case.facts.table), (other, table))
            )
            name = f"open interface energy of {case.formulas[i]} at {voltage:g} V"
            compare(energies, lowest_parts(mine_open), lowest_parts(other_open), name)
    # Rounded, since the last bits depend on the order in which pymatgen's sets are walked.
    result = CrossCheck(len(sample), pairs, round(max(volts), 12), round(max(energies), 12))
    if len(who) > 1:
        raise ScreenError(
            f"kernel and pymatgen disagree on {who[1]}: by up to {result.largest_difference_v:.1e} "
            f"V and {result.largest_difference_ev_atom:.1e} eV/atom, {settings.check_tolerance:g} "
            "is allowed; nothing was written, please report it with the table"
        )
    return result
