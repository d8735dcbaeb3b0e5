"""What a case has solved, as chemical equations."""

from __future__ import annotations

from screen.descriptors.case import Case
from screen.reactions import MOLECULES, Amounts, Equation, atoms_of, balance, units_in
from screen.thermo.interface import Reactions
from screen.thermo.mixtures import Mixtures
from screen.thermo.open_interface import OpenReactions
from screen.thermo.window import Profiles


def amounts(case: Case, mixtures: Mixtures, i: int) -> Amounts:
    """Formulas and amounts of mixture i, in reduced formula units."""
    phases, units = mixtures.of(i)
    names = case.phases.formulas
    return [(names[p], a) for p, a in zip(phases.tolist(), units.tolist(), strict=True)]


def products(case: Case, mixtures: Mixtures, i: int) -> dict[str, float]:
    """How much of each substance, as it is written in equations, is in mixture i."""
    found = amounts(case, mixtures, i)
    names = [MOLECULES.get(formula, formula) for formula, _ in found]
    return {name: amount / units_in(name) for name, (_, amount) in zip(names, found, strict=True)}


def with_anode(case: Case, i: int, state: int) -> Equation:
    """Candidate i and the anode metal to the products of a state of its profile.

    The energy is against the bulk metal, from the candidate's own energy or, without one that
    counts, from its hull energy.
    """
    profiles = case.equilibria.profiles
    per_atom = profiles.energy[state] - case.energy_before[i]
    energy = float(per_atom * case.compositions.atoms[i])
    return with_element(case, i, case.anode.symbol, profiles, state, energy)


def with_element(
    case: Case, i: int, symbol: str, profiles: Profiles, state: int, energy_ev: float
) -> Equation:
    """Candidate i and an element to the products of a state of its profile against it.

    Args:
        energy_ev: of the reaction, eV per formula unit of the candidate.
    """
    return balance(
        [(case.formulas[i], 1.0), (symbol, float(profiles.uptake[state]))],
        amounts(case, profiles.products, state),
        energy_ev,
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
    x = float(reactions.x_a[kink])
    return balance(
        list(zip(pair, _shares(pair, "", x), strict=True)),
        amounts(case, reactions.products, kink),
        float(reactions.energy[kink]),
    )


def between_open(
    case: Case, pair: tuple[str, str], symbol: str, reactions: OpenReactions, kink: int
) -> Equation:
    """Two phases and the element of a reservoir to the products at a kink of their reactions.

    The energy is that at the reservoir's chemical potential, from what the ends are before.
    """
    shares = _shares(pair, symbol, float(reactions.x_balanced[kink]))
    return balance(
        [*zip(pair, shares, strict=True), (symbol, float(reactions.uptake[kink]))],
        amounts(case, reactions.products, kink),
        float(reactions.energy[kink]),
    )


def beside_electrolyte(
    case: Case, i: int, state: int, electrolyte: str, reactions: OpenReactions, kink: int
) -> Equation:
    """Candidate i in a state of its profile, and an electrolyte, to the products at a kink.

    Both are open to the anode metal; the energy is that at its potential there.

    Args:
        reactions: as in `thermo.layers.Layers`.
    """
    profiles, metal = case.equilibria.profiles, case.anode.symbol
    pair = (case.formulas[i], electrolyte)
    film, other = _shares(pair, metal, float(reactions.x_balanced[kink]))
    stands = [(name, film * units) for name, units in amounts(case, profiles.products, state)]
    taken = float(reactions.uptake[kink]) - film * float(profiles.uptake[state])
    return balance(
        [*stands, (electrolyte, other), (metal, taken)],
        amounts(case, reactions.products, kink),
        float(reactions.energy[kink]),
    )


def _shares(pair: tuple[str, str], symbol: str, of_first: float) -> list[float]:
    """Formula units of two phases per atom of their mixture that is not an element's.

    Args:
        symbol: of the element; "" if all atoms count.
        of_first: share of the first phase in the atoms that count.
    """
    counted = [sum(n for other, n in atoms_of(name) if other != symbol) for name in pair]
    parts = zip((of_first, 1 - of_first), counted, strict=True)
    return [part / count if count else 0.0 for part, count in parts]
