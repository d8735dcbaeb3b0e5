"""What a case has solved, as chemical equations."""

from __future__ import annotations

import numpy as np

from screen.composition import Compositions
from screen.descriptors.case import Case
from screen.reactions import Amounts, Equation, balance
from screen.thermo.interface import Reactions
from screen.thermo.stacks import Mixtures


def amounts(case: Case, mixtures: Mixtures, i: int) -> Amounts:
    """Formulas and amounts of mixture i."""
    phases, units = mixtures.of(i)
    names = case.phases.formulas
    return [(names[p], a) for p, a in zip(phases.tolist(), units.tolist(), strict=True)]


def with_anode(case: Case, i: int, state: int) -> Equation:
    """Candidate i and the anode metal to the products of a state of its profile.

    The energy is against the bulk metal, and of a metastable candidate from its hull energy.
    """
    profiles, metal = case.equilibria.profiles, case.anode.symbol
    per_atom = profiles.energy[state] - case.equilibria.decompositions.energy[i]
    return balance(
        [(case.formulas[i], 1.0), (metal, float(profiles.uptake[state]))],
        amounts(case, profiles.products, state),
        float(per_atom * case.compositions.atoms[i]),
    )


def in_contact(case: Case, i: int) -> Equation:
    """Candidate i and the anode metal to what they become in touch."""
    return with_anode(case, i, int(case.equilibria.profiles.contact[i]))


def decomposition(case: Case, i: int, hull_distance_ev_atom: float) -> Equation:
    """Candidate i to the stablest mixture of the same composition.

    Args:
        hull_distance_ev_atom: NaN where the candidate has no energy of its own.
    """
    return balance(
        [(case.formulas[i], 1.0)],
        amounts(case, case.equilibria.decompositions.products, i),
        float(-hull_distance_ev_atom * case.compositions.atoms[i]),
    )


def between(case: Case, pair: tuple[str, str], reactions: Reactions, kink: int) -> Equation:
    """Two phases to the products at a kink of their reactions, from their hull energies."""
    atoms = Compositions.from_formulas(pair).atoms
    shares = np.array([reactions.x_a[kink], 1 - reactions.x_a[kink]]) / atoms
    return balance(
        list(zip(pair, shares.tolist(), strict=True)),
        amounts(case, reactions.products, kink),
        float(reactions.energy[kink]),
    )
