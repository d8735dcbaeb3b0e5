"""Interface reactions: the mixture a + b along the line between two compositions.

E(x) is the hull energy of x a + (1 - x) b, in atomic fractions, less the hull energies of the
ends. It is convex and piecewise linear. The program starts at b and follows the optimal vertex as
x grows: one dual pivot at each kink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screen.composition import Compositions, FloatArray, IntArray
from screen.thermo.hull import decompose, minimise
from screen.thermo.stacks import (
    AMOUNT_TOLERANCE,
    TOLERANCE,
    Basis,
    Competition,
    Mixtures,
    Ragged,
    SolutionLog,
    Stack,
    iteration_cap,
    no_convergence,
    shift,
    stacks,
)

ENERGY_TOLERANCE = 1e-10
"""Reaction energies (eV/atom) smaller than this are the rounding of differences."""

_LEAST = 1e-300
"""In place of a reduced cost of zero, so that its ratio to nothing is infinite, not undefined."""


@dataclass(frozen=True)
class Reactions:
    """Kinks of E(x) for many pairs, x from 0 (b) up to 1 (a); pair i owns start[i]:start[i + 1].

    Attributes:
        x_a: atomic fraction of a in the mixture at each kink.
        energy: E(x), eV per atom of the mixture, never above zero.
        products: one mixture per kink, formula units per atom of the mixture.
        lowest: the kink of least energy of each pair (the first such), shape (pairs,).
    """

    start: IntArray
    x_a: FloatArray
    energy: FloatArray
    products: Mixtures
    lowest: IntArray

    def __len__(self) -> int:
        return len(self.start) - 1


def react(
    table: Competition,
    a: Compositions,
    b: Compositions,
    own_a: FloatArray | None = None,
    own_b: FloatArray | None = None,
    *,
    hull_a: FloatArray | None = None,
    hull_b: FloatArray | None = None,
    only_lowest: bool = False,
) -> Reactions:
    """React each a[i] with b[i].

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        own_a, own_b: energies of ends that are not in the table, as in `hull.decompose`.
        hull_a, hull_b: hull energies of the ends, eV/atom, where the caller has them.
        only_lowest: end each sweep at its lowest point and keep that one row.
    """
    hull_a = decompose(table, a, own_a).energy if hull_a is None else hull_a
    hull_b = decompose(table, b, own_b).energy if hull_b is None else hull_b
    fraction_a, fraction_b = a.fractions(), b.fractions()
    owner, element = np.nonzero((fraction_a > 0) | (fraction_b > 0))
    nowhere = np.full(len(a), np.nan)
    own = (
        ()
        if own_a is None and own_b is None
        else [
            (fraction_a, nowhere if own_a is None else own_a),
            (fraction_b, nowhere if own_b is None else own_b),
        ]
    )
    log = SolutionLog("x_a", "energy")
    for stack in stacks(table, Ragged.from_owner(owner, element, len(a)), own=own):
        of_a = np.take_along_axis(fraction_a[stack.problem], stack.rows, axis=1)
        of_b = np.take_along_axis(fraction_b[stack.problem], stack.rows, axis=1)
        level, top = hull_b[stack.problem], hull_a[stack.problem]
        if np.isin(stack.column, (-1, -2)).any():  # either end may decompose into the other
            level, top = _hull_energy(table, stack, of_b), _hull_energy(table, stack, of_a)
        _follow(table, stack, of_a, of_b, level, top - level, log, only_lowest)
    owner, (x_a, energy) = log.rows()
    energy[energy > -ENERGY_TOLERANCE] = 0.0
    start = np.searchsorted(owner, np.arange(len(a) + 1)).astype(np.int64)
    own_atoms = [a.atoms[owner].astype(float), b.atoms[owner].astype(float)] if own else []
    return Reactions(
        start=start,
        x_a=x_a,
        energy=energy,
        products=log.mixtures(table, np.ones(len(owner)), own_atoms),
        lowest=np.lexsort((x_a, energy, owner))[start[:-1]],
    )


def _hull_energy(table: Competition, stack: Stack, supply: FloatArray) -> FloatArray:
    """Hull energy of each problem's supply, own columns included, eV/atom."""
    basis = Basis(table, stack, [supply, supply + shift(*supply.shape)], objectives=1)
    minimise(stack, basis, shifted=1)
    energy: FloatArray = (basis.dual[:, 0] * supply).sum(axis=1)
    return energy


def _follow(
    table: Competition,
    stack: Stack,
    of_a: FloatArray,
    of_b: FloatArray,
    level: FloatArray,
    rise: FloatArray,
    log: SolutionLog,
    only_lowest: bool,
) -> None:
    """Log x = 0, every kink and x = 1; with `only_lowest` the first point from which E(x) rises.

    `level + x rise` is the hull energy of the unreacted ends.
    """
    toward = of_a - of_b
    basis = Basis(table, stack, [of_b, toward, of_b + shift(*of_b.shape)], objectives=1)
    minimise(stack, basis, shifted=2)
    k = basis.k

    def log_at(at: IntArray, x: FloatArray) -> None:
        mixed = (basis.dual[at, 0] * (of_b[at] + x[:, None] * toward[at])).sum(axis=1)
        atoms = basis.inverse[at, :, k] + x[:, None] * basis.inverse[at, :, k + 1]
        log.add(stack.problem[at], basis.phase[at], atoms, x, mixed - level[at] - x * rise[at])

    part, where = stack, np.arange(len(stack.problem))
    cost = stack.energy
    x = np.zeros(len(where))
    if not only_lowest:
        log_at(where, x.copy())
    for _ in range(iteration_cap(stack)):
        change = basis.inverse[where, :, k + 1]
        shrinks = np.where(change < -AMOUNT_TOLERANCE, -change, np.nan)
        runs_out = basis.inverse[where, :, k + 2] / shrinks
        runs_out[np.isnan(runs_out)] = np.inf
        leave = runs_out.argmin(axis=1)
        here = np.arange(len(where))
        kink = np.maximum(basis.inverse[where, leave, k] / shrinks[here, leave], x[where])
        ends = ~(runs_out[here, leave] < 1.0) | ~(kink < 1.0 - AMOUNT_TOLERANCE)
        if only_lowest:
            slope = (basis.dual[where, 0] * toward[where]).sum(axis=1) - rise[where]
            rises = slope > -TOLERANCE
            x[where[ends & ~rises]] = 1.0
            ends |= rises
        else:
            x[where[ends]] = 1.0
        live = np.flatnonzero(~ends)
        if not len(live):
            log_at(np.arange(len(x)), x)
            return
        # Dual pivot: what replaces the phase that ran out at the least rise in energy.
        row = basis.inverse[where, leave, :k]
        priced = np.stack([basis.dual[where, 0], row], axis=1) @ part.a
        reduced = np.maximum(cost - priced[:, 0], _LEAST)
        with np.errstate(divide="ignore"):
            step = reduced / np.where(priced[:, 1] < -AMOUNT_TOLERANCE, -priced[:, 1], 0.0)
        enter = step.argmin(axis=1)[live]
        at, leave, kink = where[live], leave[live], kink[live]
        moved = kink > x[at] + AMOUNT_TOLERANCE
        x[at] = kink
        if not only_lowest:
            log_at(at[moved], kink[moved])
        column = basis.column(at, part.a[live, :, enter])
        basis.pivot(at, leave, part.column[live, enter], column, reduced[live, enter, None])
        if len(live) < 0.75 * len(where):
            part, where, cost = part.part(live), at, cost[live]
    raise no_convergence(stack, where)
