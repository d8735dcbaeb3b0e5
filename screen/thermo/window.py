"""Voltage profile, electrochemical window and contact with the anode metal.

The candidate exchanges the anode metal A with a reservoir at chemical potential -z V relative to
bulk A. Only the other elements are balanced; as V falls from infinity to zero the mixture of least
grand energy changes at a few voltages, and between them lie the states of the profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.thermo.competition import Competition, Ragged, blocks, chosen
from screen.thermo.mixtures import Mixtures, join_starts
from screen.thermo.programs import programs, solved
from screen.thermo.simplex import AMOUNT_TOLERANCE, TOLERANCE
from screen.thermo.threads import in_order

VOLTAGE_TOLERANCE = 1e-9
"""States narrower than this (V) are exact ties that rounding split."""


class Outcome(StrEnum):
    """What a profile says about the range in which nothing is exchanged."""

    WINDOW = "window"
    NO_WINDOW = "no_window"
    LOSES_ANODE_METAL = "loses_anode_metal_at_0_v"
    UNBOUNDED_ABOVE = "unbounded_above"
    ANODE_METAL = "anode_metal"


OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)


@dataclass(frozen=True)
class Profiles:
    """States of many candidates, highest voltage first; candidate i owns start[i]:start[i + 1].

    Attributes:
        v_high, v_low: bounds of each state against A metal, V; the first v_high is infinite.
        uptake: A taken up in each state, atoms per formula unit of the candidate; negative if lost.
        energy: formation energy of the products of each state, eV per atom of the candidate.
        products: one mixture per state, formula units per formula unit of the candidate.
        outcome: index into OUTCOMES, shape (candidates,).
        reduction_v: highest voltage at which A is taken up, 0 where it never is; NaN where the
            candidate loses A even at 0 V, and for A itself.
        oxidation_v: lowest voltage at which A is given off; NaN where there is none to give.
    """

    start: IntArray
    v_high: FloatArray
    v_low: FloatArray
    uptake: FloatArray
    energy: FloatArray
    products: Mixtures
    outcome: IntArray
    reduction_v: FloatArray
    oxidation_v: FloatArray

    def __len__(self) -> int:
        return len(self.start) - 1

    @classmethod
    def join(cls, parts: Sequence[Profiles]) -> Profiles:
        """All candidates, one part behind the other."""
        names = (
            *("v_high", "v_low", "uptake", "energy"),
            *("outcome", "reduction_v", "oxidation_v"),
        )
        return cls(
            start=join_starts(part.start for part in parts),
            products=Mixtures.join([part.products for part in parts]),
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
        )

    def one(self, place: int) -> Profiles:
        """The profile of a single candidate."""
        states = np.arange(self.start[place], self.start[place + 1])
        of_state = ("v_high", "v_low", "uptake", "energy")
        of_candidate = ("outcome", "reduction_v", "oxidation_v")
        return Profiles(
            start=np.array([0, len(states)]),
            products=self.products.take(states),
            **{name: getattr(self, name)[states] for name in of_state},
            **{name: getattr(self, name)[[place]] for name in of_candidate},
        )

    @property
    def contact(self) -> IntArray:
        """The state of each candidate at V = 0+, in touch with A metal."""
        return self.start[1:] - 1

    def at(self, voltage: float | FloatArray, of: IntArray | None = None) -> IntArray:
        """The state of candidates at voltages of 0 V or more; at a step, the one above it.

        Args:
            voltage: one for all or one for each, V.
            of: which candidates, each as often as it is asked about; None: all, once.
        """
        state = self.start[:-1] if of is None else self.start[of]
        # States come highest voltage first, and the last one of each reaches down to 0 V.
        while (ends_above := self.v_low[state] > voltage).any():
            state = state + ends_above
        return state


def reaction_energies(
    found: Profiles,
    candidates: Compositions,
    hull: FloatArray,
    state: IntArray,
    voltage: FloatArray,
    valence: int,
) -> FloatArray:
    """What candidates gain in reaching a state at a voltage: dE + z V dn, eV per formula unit.

    It is zero or less where the state is the one of that voltage, and zero inside the window.

    Args:
        hull: energy of each candidate before, eV/atom: that of the hull, or its own above it.
        state, voltage: one for each candidate.
    """
    gained = (found.energy[state] - hull) * candidates.atoms
    energy: FloatArray = gained + valence * voltage * found.uptake[state]
    energy[np.abs(energy) < TOLERANCE * candidates.atoms] = 0.0
    return energy


def chemical_potentials(found: Profiles) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest chemical potential of A at which each candidate on the hull is stable.

    In eV per atom relative to bulk A, from profiles of valence 1; the lowest is minus infinity
    where the candidate holds no A, and both are NaN where it is stable at none.
    """
    stands = np.isin(
        found.outcome, [OUTCOMES.index(o) for o in (Outcome.WINDOW, Outcome.UNBOUNDED_ABOVE)]
    )
    low = np.where(np.isnan(found.oxidation_v), -np.inf, -found.oxidation_v)
    low, high = np.where(stands, low, np.nan), np.where(stands, -found.reduction_v, np.nan)
    itself = found.outcome == OUTCOMES.index(Outcome.ANODE_METAL)
    low[itself], high[itself] = 0.0, 0.0
    return low, high + 0.0


def profiles(
    table: Competition,
    candidates: Compositions,
    anode: int,
    valence: int,
    own_energy: FloatArray | None = None,
) -> Profiles:
    """Sweep the voltage against A metal from infinity to zero.

    A candidate above the hull has the profile of the mixture that it decomposes into.

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        candidates: compositions to judge.
        anode: index of A in SYMBOLS.
        valence: electrons per atom of A.
        own_energy: as in `hull.decompose`.
    """
    return Profiles.join(
        in_order(
            lambda rows: _profiles(
                table,
                candidates.take(rows),
                anode,
                valence,
                chosen(own_energy, rows),
            ),
            blocks(len(candidates)),
        )
    )


def _profiles(
    table: Competition,
    candidates: Compositions,
    anode: int,
    valence: int,
    own_energy: FloatArray | None,
) -> Profiles:
    """One block of candidates."""
    other = candidates.element != anode
    elements = Ragged.from_owner(
        candidates.owner[other], candidates.element[other], len(candidates)
    )
    own = () if own_energy is None else [(candidates, own_energy)]
    fractions = candidates.fractions()
    asked = programs(table, elements, candidates.atoms.astype(float), anode, own)
    start, states, mixtures = solved(asked.sweep, elements, fractions)
    return close_profiles(
        candidates, fractions[:, anode], valence, start, states, Mixtures(*mixtures)
    )


def close_profiles(
    candidates: Compositions,
    held: FloatArray,
    valence: int,
    start: IntArray,
    states: FloatArray,
    products: Mixtures,
) -> Profiles:
    """Turn the states of a sweep into profiles.

    Args:
        held: atomic fraction of A in each candidate.
        start: the first state of each candidate, those of the highest voltage first.
        states: the lower end of their range (V x valence), the A that the products hold (atoms)
            and their energy (eV), both per atom of the candidate, shape (3, states).
        products: of each state.
    """
    v_low, content, energy = states
    v_low = v_low / valence
    v_high = _upper_ends(v_low, start)
    # A state without width is one order of pivots through an exact tie.
    wide = v_high > v_low + VOLTAGE_TOLERANCE
    if not wide.all():
        kept = np.flatnonzero(wide)
        v_low, content, energy, products = (
            v_low[kept],
            content[kept],
            energy[kept],
            products.take(kept),
        )
        start = np.r_[0, np.cumsum(wide)][start]
        v_high = _upper_ends(v_low, start)
    owner = np.repeat(np.arange(len(candidates)), np.diff(start))
    uptake = content - held[owner]
    uptake[np.abs(uptake) < AMOUNT_TOLERANCE] = 0.0
    outcome, reduction, oxidation = _limits(owner, start, v_high, v_low, uptake, held)
    return Profiles(
        start=start,
        v_high=v_high,
        v_low=v_low,
        uptake=uptake * candidates.atoms[owner],
        energy=energy,
        products=products,
        outcome=outcome,
        reduction_v=reduction,
        oxidation_v=oxidation,
    )


def _upper_ends(v_low: FloatArray, start: IntArray) -> FloatArray:
    """Where the state above each one ends; infinity for the first of each candidate."""
    v_high = np.roll(v_low, 1)
    v_high[start[:-1]] = np.inf
    return v_high


def _limits(
    owner: IntArray,
    start: IntArray,
    v_high: FloatArray,
    v_low: FloatArray,
    uptake: FloatArray,
    held: FloatArray,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Outcome, reduction and oxidation limit of each candidate."""
    takes, loses = uptake > 0, uptake < 0
    reduction = np.zeros(len(held))
    np.maximum.at(reduction, owner[takes], v_high[takes])
    oxidation = np.full(len(held), np.inf)
    np.minimum.at(oxidation, owner[loses], v_low[loses])
    empty: BoolArray = held == 0
    metal: BoolArray = held == 1
    loses_at_zero: BoolArray = loses[start[1:] - 1]
    reduction[loses_at_zero | metal] = np.nan
    oxidation[empty | metal] = np.nan
    outcome = np.select(
        [metal, empty, loses_at_zero, oxidation - reduction > VOLTAGE_TOLERANCE],
        [
            OUTCOMES.index(o)
            for o in (
                Outcome.ANODE_METAL,
                Outcome.UNBOUNDED_ABOVE,
                Outcome.LOSES_ANODE_METAL,
                Outcome.WINDOW,
            )
        ],
        OUTCOMES.index(Outcome.NO_WINDOW),
    )
    return outcome, reduction, oxidation
