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
from screen.thermo.stacks import (
    AMOUNT_TOLERANCE,
    TOLERANCE,
    Basis,
    Competition,
    Mixtures,
    Ragged,
    SolutionLog,
    Stack,
    blocks,
    iteration_cap,
    join_starts,
    no_convergence,
    shift,
    stacks,
)
from screen.thermo.threads import in_order

VOLTAGE_TOLERANCE = 1e-9
"""States narrower than this (V) are exact ties that rounding split."""

_DEARER = 1e-12
"""eV/atom that a column must gain to enter: more than rounding, which is below 1e-14."""


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
                None if own_energy is None else own_energy[rows],
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
    fractions = candidates.fractions()
    held = fractions[:, anode].copy()
    other = candidates.element != anode
    elements = Ragged.from_owner(
        candidates.owner[other], candidates.element[other], len(candidates)
    )
    own = () if own_energy is None else [(fractions, own_energy)]
    log = SolutionLog("v_low", "content", "energy")
    for stack in stacks(table, elements, reservoir=anode, own=own):
        if stack.rows.shape[1] == 0:  # A itself: one state, itself, nothing exchanged
            count = len(stack.problem)
            metal = np.full((count, 1), table.element_phase[anode])
            nothing = np.zeros(count)
            log.add(stack.problem, metal, np.ones((count, 1)), nothing, nothing + 1, nothing)
            continue
        content = stack.content(table, anode, own)
        _sweep(table, stack, content, stack.supply(fractions), log)
    return close_profiles(table, candidates, held, valence, log, bool(own))


def _sweep(
    table: Competition, stack: Stack, content: FloatArray, supply: FloatArray, log: SolutionLog
) -> None:
    """Lower the voltage pivot by pivot; log each state when it ends."""
    basis = Basis(table, stack, [supply, supply + shift(*supply.shape)], objectives=2)

    def log_end(at: IntArray, voltage: FloatArray) -> None:
        energy, held = basis.cost(at, supply[at])
        log.add(
            stack.problem[at], basis.phase[at], basis.inverse[at, :, basis.k], voltage, held, energy
        )

    # What is priced dearer by less than any energy differs needs no second look for rounding.
    part = stack.with_costs(stack.energy + _DEARER, content)
    where = np.arange(len(stack.problem))
    for _ in range(iteration_cap(stack)):
        # Energy + V x content of A turns negative first, as V falls, where the ratio is least.
        reduced = basis.reduced_costs(where, part.tableau)
        ratio = np.maximum(reduced[:, 1], TOLERANCE)
        np.divide(reduced[:, 0], ratio, out=ratio)
        enter = ratio.argmin(axis=1)
        step = reduced[np.arange(len(where)), :, enter]
        gain, taken = _DEARER - step[:, 0], step[:, 1]
        voltage = gain / np.maximum(taken, TOLERANCE)
        voltage[taken < TOLERANCE] = np.inf  # costs no A: forms at any voltage
        (live,) = ((gain > _DEARER) & (voltage > VOLTAGE_TOLERANCE)).nonzero()
        if not len(live):
            everything = np.arange(len(stack.problem))
            log_end(everything, np.zeros(len(everything)))
            return
        at, enter, voltage, step = where[live], enter[live], voltage[live], step[live]
        step[:, 0] -= _DEARER
        column = basis.column(at, part.a[live, :, enter])
        leave = basis.leaving(at, column, shifted=1)
        used = column[np.arange(len(at)), leave]
        changes = basis.inverse[at, leave, basis.k] > AMOUNT_TOLERANCE * used
        log_end(at[changes], voltage[changes])
        basis.pivot(at, leave, part.column[live, enter], column, step)
        if len(live) < 0.75 * len(where):
            part, where = part.part(live), at
    raise no_convergence(stack, where)


def close_profiles(
    table: Competition,
    candidates: Compositions,
    held: FloatArray,
    valence: int,
    log: SolutionLog,
    own: bool = True,
) -> Profiles:
    """Turn logged states into profiles.

    Args:
        held: atomic fraction of A in each candidate.
        log: states with the lower end of their range (V x valence), the A that the products hold
            (atoms) and their energy (eV), both per atom of the candidate.
    """
    owner, (v_low, content, energy) = log.rows()
    v_low /= valence
    first = np.diff(owner, prepend=-1) != 0
    v_high = np.where(first, np.inf, np.roll(v_low, 1))
    # A state without width is one order of pivots through an exact tie.
    wide = v_high > v_low + VOLTAGE_TOLERANCE
    owner, v_low, first = owner[wide], v_low[wide], first[wide]
    first = np.diff(owner, prepend=-1) != 0
    v_high = np.where(first, np.inf, np.roll(v_low, 1))
    uptake = content[wide] - held[owner]
    uptake[np.abs(uptake) < AMOUNT_TOLERANCE] = 0.0
    atoms = candidates.atoms[owner].astype(float)
    start = np.searchsorted(owner, np.arange(len(candidates) + 1)).astype(np.int64)
    outcome, reduction, oxidation = _limits(owner, start, v_high, v_low, uptake, held)
    return Profiles(
        start=start,
        v_high=v_high,
        v_low=v_low,
        uptake=uptake * atoms,
        energy=energy[wide],
        products=log.mixtures(table, atoms, [atoms] if own else (), keep=wide),
        outcome=outcome,
        reduction_v=reduction,
        oxidation_v=oxidation,
    )


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
