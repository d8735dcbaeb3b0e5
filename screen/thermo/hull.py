"""Hull distance and decomposition: the cheapest mixture of phases of the same composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screen.composition import Compositions, FloatArray, IntArray
from screen.thermo.stacks import (
    NEVER,
    TOLERANCE,
    Basis,
    Competition,
    Mixtures,
    Ragged,
    SolutionLog,
    Stack,
    blocks,
    iteration_cap,
    no_convergence,
    shift,
    stacks,
)
from screen.thermo.threads import in_order

STABLE = 1e-9
"""A phase within this of the hull (eV/atom) counts as on it; a table thinned to these is exact."""


@dataclass(frozen=True)
class Decompositions:
    """Hull energy (eV/atom, shape (candidates,)) and the phases that make it up.

    Amounts are formula units per formula unit of the candidate.
    """

    energy: FloatArray
    products: Mixtures


def decompose(
    table: Competition,
    candidates: Compositions,
    own_energy: FloatArray | None = None,
    without: IntArray | None = None,
) -> Decompositions:
    """Decompose each candidate into the stablest mixture of its own composition.

    Args:
        table: the phases that compete.
        candidates: compositions to judge; they may but need not be in the table.
        own_energy: eV/atom, shape (candidates,): lets a candidate that is not in the table compete
            for itself alone (NaN where it is in the table or has no energy).
        without: for each candidate a phase of the table, not an element, that may not form, -1 for
            none: its own, to see what it would be without itself. Such a table holds all phases,
            for some are unstable only because of this one.
    """
    parts = in_order(
        lambda rows: _decompose(
            table,
            candidates.take(rows),
            None if own_energy is None else own_energy[rows],
            None if without is None else without[rows],
        ),
        blocks(len(candidates)),
    )
    return Decompositions(
        np.concatenate([part.energy for part in parts]),
        Mixtures.join([part.products for part in parts]),
    )


def _decompose(
    table: Competition,
    candidates: Compositions,
    own_energy: FloatArray | None,
    without: IntArray | None,
) -> Decompositions:
    """One block of candidates."""
    fractions = candidates.fractions()
    own = () if own_energy is None else [(fractions, own_energy)]
    energy = np.zeros(len(candidates))
    log = SolutionLog()
    for stack in stacks(table, Ragged(candidates.start, candidates.element), own=own):
        if without is not None:
            missing = without[stack.problem, None]
            stack.energy[(missing >= 0) & (stack.column == missing)] = NEVER
        basis, energy[stack.problem] = cheapest(table, stack, stack.supply(fractions))
        log.add(stack.problem, basis.phase, basis.inverse[:, :, basis.k])
    atoms = candidates.atoms.astype(float)
    return Decompositions(energy, log.mixtures(table, atoms, [atoms] if own else ()))


def cheapest(table: Competition, stack: Stack, supply: FloatArray) -> tuple[Basis, FloatArray]:
    """The vertex of least energy for what each problem balances, and that energy.

    Args:
        supply: amount of each row's element, shape (b, k); the basic amounts are the column of
            `Basis.inverse` behind the inverse.
    """
    basis = Basis(table, stack, [supply, supply + shift(*supply.shape)], objectives=1)
    minimise(stack, basis, shifted=1)
    return basis, basis.cost(np.arange(len(supply)), supply)[0]


def minimise(stack: Stack, basis: Basis, shifted: int) -> None:
    """Walk every problem of the stack to the mixture of least energy.

    Args:
        shifted: which right-hand side of the basis is the tie-breaking one.
    """
    part, where = stack, np.arange(len(stack.problem))
    for _ in range(iteration_cap(stack)):
        reduced = basis.reduced_costs(where, part.tableau)[:, 0]
        enter = reduced.argmin(axis=1)
        least = reduced[np.arange(len(where)), enter]
        (live,) = (least < -TOLERANCE).nonzero()
        if not len(live):
            return
        at, enter = where[live], enter[live]
        column = basis.column(at, part.a[live, :, enter])
        leave = basis.leaving(at, column, shifted)
        basis.pivot(at, leave, part.column[live, enter], column, least[live, None])
        if len(live) < 0.75 * len(where):
            part, where = part.part(live), at
    raise no_convergence(stack, where)


def stable_table(table: Competition) -> tuple[Competition, FloatArray]:
    """The table thinned to the phases on the hull, and every phase's hull distance (eV/atom).

    A phase competes with itself, so a distance below zero is rounding and reads as zero. One that
    may not form has none: NaN.
    """
    ground = table.compositions.take(table.ground)
    hull = decompose(table, ground).energy
    order = np.argsort(ground.key)
    keys = ground.key[order]
    place = np.minimum(np.searchsorted(keys, table.compositions.key), len(keys) - 1)
    lowest = np.where(keys[place] == table.compositions.key, hull[order][place], np.nan)
    distance = table.energy - lowest
    distance[distance < TOLERANCE] = 0.0
    return table.only(np.flatnonzero(distance <= STABLE)), distance
