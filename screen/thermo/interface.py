"""Interface reactions: the mixture a + b along the line between two compositions.

E(x) is the hull energy of x a + (1 - x) b, in atomic fractions, less the energies of the ends. It
is convex and piecewise linear. The program starts at b and follows the optimal vertex as x grows:
one dual pivot at each kink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.thermo.hull import cheapest, decompose, minimise
from screen.thermo.stacks import (
    AMOUNT_TOLERANCE,
    NEVER,
    TOLERANCE,
    Basis,
    Competition,
    Mixtures,
    Own,
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

    @classmethod
    def join(cls, parts: Sequence[Reactions]) -> Reactions:
        """All pairs, one part behind the other."""
        before = np.cumsum([0, *(len(part.x_a) for part in parts)])
        return cls(
            start=join_starts(part.start for part in parts),
            x_a=np.concatenate([part.x_a for part in parts]),
            energy=np.concatenate([part.energy for part in parts]),
            products=Mixtures.join([part.products for part in parts]),
            lowest=np.concatenate(
                [part.lowest + begin for part, begin in zip(parts, before[:-1], strict=True)]
            ),
        )


def react(
    table: Competition,
    a: Compositions,
    b: Compositions,
    own_a: FloatArray | None = None,
    own_b: FloatArray | None = None,
    *,
    hull_a: FloatArray | None = None,
    hull_b: FloatArray | None = None,
    from_a: FloatArray | None = None,
    from_b: FloatArray | None = None,
    only_lowest: bool = False,
) -> Reactions:
    """React each a[i] with b[i].

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        own_a, own_b: energies of ends that are not in the table, as in `hull.decompose`.
        hull_a, hull_b: hull energies of the ends, eV/atom, where the caller has them.
        from_a, from_b: energies that the ends have before they react, eV/atom, on the hull or
            above it; NaN or None: the hull energy. A metastable end then gains what it gives off
            in decomposing, and E at this end is minus its hull distance.
        only_lowest: end each sweep at its lowest point and keep that one row.
    """
    given = (own_a, own_b, hull_a, hull_b, from_a, from_b)
    parts = in_order(
        lambda rows: _react(
            table,
            a.take(rows),
            b.take(rows),
            only_lowest,
            *(None if values is None else values[rows] for values in given),
        ),
        blocks(len(a)),
    )
    return Reactions.join(parts)


def _react(
    table: Competition,
    a: Compositions,
    b: Compositions,
    only_lowest: bool,
    own_a: FloatArray | None,
    own_b: FloatArray | None,
    hull_a: FloatArray | None,
    hull_b: FloatArray | None,
    from_a: FloatArray | None,
    from_b: FloatArray | None,
) -> Reactions:
    """One block of pairs."""
    own = own_columns(a, b, own_a, own_b)
    same = None if own else np.unique(b.key, return_inverse=True)[1]
    ends = Ends(table, a.fractions(), b.fractions(), own, same=same)
    if own:
        hull_a, hull_b = ends.hulls()
    hull_a = decompose(table, a).energy if hull_a is None else hull_a
    hull_b = decompose(table, b).energy if hull_b is None else hull_b
    start_a, start_b = before(from_a, hull_a), before(from_b, hull_b)
    log = ends.follow((start_a - start_b)[:, None] if only_lowest else None)
    owner, (x_a, energy) = log.rows()
    energy -= start_b[owner]
    energy -= x_a * (start_a - start_b)[owner]
    energy[energy > -ENERGY_TOLERANCE] = 0.0
    start = np.searchsorted(owner, np.arange(len(a) + 1)).astype(np.int64)
    own_atoms = [a.atoms[owner].astype(float), b.atoms[owner].astype(float)] if own else []
    return Reactions(
        start=start,
        x_a=x_a,
        energy=energy,
        products=log.mixtures(table, np.ones(len(owner)), own_atoms),
        lowest=first_lowest(energy, start),
    )


def first_lowest(energy: FloatArray, start: IntArray) -> IntArray:
    """The kink of least energy of each pair, the first such; pair i owns start[i]:start[i + 1], and
    none is without a kink.
    """
    pairs = len(start) - 1
    if not pairs:
        return start[:0]
    owner = np.repeat(np.arange(pairs), np.diff(start))
    least = np.flatnonzero(energy == np.minimum.reduceat(energy, start[:-1])[owner])
    found: IntArray = least[np.searchsorted(owner[least], np.arange(pairs))]
    return found


def own_columns(
    a: Compositions, b: Compositions, own_a: FloatArray | None, own_b: FloatArray | None
) -> Own:
    """The columns of ends that are not in the table; none if neither has an energy."""
    if own_a is None and own_b is None:
        return ()
    nowhere = np.full(len(a), np.nan)
    return [
        (a.fractions(), nowhere if own_a is None else own_a),
        (b.fractions(), nowhere if own_b is None else own_b),
    ]


def before(own: FloatArray | None, hull: FloatArray) -> FloatArray:
    """Energies before the reaction: an end's own where there is one, else that of the hull."""
    return hull if own is None else np.where(np.isnan(own), hull, own)


@dataclass(frozen=True)
class Ends:
    """Many pairs of ends among the phases that compete between them.

    Attributes:
        a, b: what each end brings of each balanced element, shape (pairs, elements).
        own: columns of ends that are not in the table.
        reservoir, mu: as in `stacks.stacks`.
        same: a number for each pair, equal where b and mu are; those are begun together. None: none
            are.
    """

    table: Competition
    a: FloatArray
    b: FloatArray
    own: Own = ()
    reservoir: int | None = None
    mu: FloatArray | None = None
    same: IntArray | None = None

    def _stacks(self) -> Iterator[tuple[Stack, FloatArray, FloatArray]]:
        """Stacks of the pairs, with what is balanced at either end, shape (b, k)."""
        owner, element = np.nonzero((self.a > 0) | (self.b > 0))
        elements = Ragged.from_owner(owner, element, len(self.a))
        for stack in stacks(self.table, elements, self.reservoir, self.own, self.mu):
            yield (
                stack,
                stack.supply(self.a),
                stack.supply(self.b),
            )

    def hulls(self) -> tuple[FloatArray, FloatArray]:
        """Hull energies of both ends, each of which may decompose into the other."""
        found = np.zeros((2, len(self.a)))
        for stack, *supplies in self._stacks():
            for hull, supply in zip(found, supplies, strict=True):
                _, hull[stack.problem] = cheapest(self.table, stack, supply)
        return found[0], found[1]

    def follow(self, rise: FloatArray | None = None) -> SolutionLog:
        """The hull energy of each mixture at x = 0, every kink and x = 1, as log of both.

        Args:
            rise: slopes in x of the lines that E is counted from, shape (pairs, lines). With them
                only the lowest point over each line is logged.
        """
        log = SolutionLog("x", "hull")
        for stack, of_a, of_b in self._stacks():
            if not stack.rows.shape[1]:  # nothing is balanced, so nothing forms
                log.add_nothing(stack.problem)
                continue
            slopes = None if rise is None else rise[stack.problem]
            same = None if self.same is None else self.same[stack.problem]
            _follow(self.table, stack, of_a, of_b, log, slopes, same)
        return log


def _follow(
    table: Competition,
    stack: Stack,
    of_a: FloatArray,
    of_b: FloatArray,
    log: SolutionLog,
    rise: FloatArray | None = None,
    same: IntArray | None = None,
) -> None:
    """Log the hull energy at x = 0, every kink and x = 1.

    Args:
        of_a, of_b: what is balanced at x = 1 and x = 0, shape (b, k).
        log: gets x and the hull energy there.
        rise: slopes in x of the lines that E is counted from, shape (b, lines). With them only
            the lowest point over each line is logged, where E begins to rise, and the sweep ends
            when it has passed them all.
    """
    toward = of_a - of_b
    basis = _begin(table, stack, of_b, toward, same)
    minimise(stack, basis, shifted=2)
    k = basis.k

    def log_at(at: IntArray, x: FloatArray) -> None:
        mixed = basis.cost(at, of_b[at] + x[:, None] * toward[at])[0]
        atoms = basis.inverse[at, :, k] + x[:, None] * basis.inverse[at, :, k + 1]
        log.add(stack.problem[at], basis.phase[at], atoms, x, mixed)

    part, where = stack, np.arange(len(stack.problem))
    x = np.zeros(len(where))
    passed = np.zeros(len(where), dtype=np.int64)
    if rise is None:
        log_at(where, x.copy())
    for _ in range(iteration_cap(stack)):
        leave, kink, ends = _next_kink(basis, where, x[where])
        if rise is None:
            x[where[ends]] = 1.0
        else:
            slope = basis.cost(where, toward[where])[0]
            lowest = (slope[:, None] - rise[where] > -TOLERANCE).sum(axis=1)
            over = lowest == rise.shape[1]
            some = where[(lowest > passed[where]) & ~over]
            log_at(some, x[some])
            passed[where] = lowest
            x[where[ends & ~over]] = 1.0
            ends |= over
        (live,) = (~ends).nonzero()
        if not len(live):
            log_at(np.arange(len(x)), x)
            return
        if len(live) < 0.75 * len(where):
            part, where = part.part(live), where[live]
            leave, kink = leave[live], kink[live]
            live = np.arange(len(where))
        # Dual pivot: what replaces the phase that ran out at the least rise in energy.
        rows = np.zeros((len(where), 2, k + 1))
        rows[:, 0] = basis.prices[where, 0]
        np.negative(basis.inverse[where, leave, :k], out=rows[:, 1, :k])
        priced = rows @ part.tableau
        reduced, falls = np.maximum(priced[:, 0], _LEAST), priced[:, 1]
        with np.errstate(divide="ignore"):
            step = reduced / np.where(falls > AMOUNT_TOLERANCE, falls, 0.0)
        enter = step.argmin(axis=1)[live]
        at, leave, kink = where[live], leave[live], kink[live]
        moved = kink > x[at] + AMOUNT_TOLERANCE
        x[at] = kink
        if rise is None:
            log_at(at[moved], kink[moved])
        column = basis.column(at, part.a[live, :, enter])
        basis.pivot(at, leave, part.column[live, enter], column, reduced[live, enter, None])
    raise no_convergence(stack, where)


def _begin(
    table: Competition, stack: Stack, of_b: FloatArray, toward: FloatArray, same: IntArray | None
) -> Basis:
    """A first vertex at x = 0, in which b is solved already where many problems share it.

    Args:
        same: one number for each problem, equal where problems have b and the prices in common.
    """
    sides = [of_b, toward, of_b + shift(*of_b.shape)]
    basis = Basis(table, stack, sides, objectives=1)
    if same is None:
        return basis
    # The order of the rows, and so the shift, is part of what must be the same.
    held = of_b > 0
    places = held @ (1 << np.arange(basis.k)) + (same << basis.k)
    _, first, group = np.unique(places, return_index=True, return_inverse=True)
    if 4 * len(first) > len(places):
        return basis
    few = stack.part(first)
    outside = ((few.a > 0) & ~held[first][:, :, None]).any(axis=1)
    few.energy[outside] = NEVER
    solved = Basis(table, few, [side[first] for side in sides], objectives=1)
    minimise(few, solved, shifted=2)
    basis.phase = np.where(held, solved.phase[group], basis.phase)
    basis.inverse = solved.inverse[group]
    basis.prices = solved.prices[group]
    basis.inverse[:, :, basis.k + 1] = np.einsum(
        "bij,bj->bi", basis.inverse[:, :, : basis.k], toward
    )
    return basis


def _next_kink(
    basis: Basis, where: IntArray, x: FloatArray
) -> tuple[IntArray, FloatArray, BoolArray]:
    """The row that runs out first as x grows, x there, and whether x = 1 comes before."""
    k = basis.k
    change = basis.inverse[where, :, k + 1]
    shrinks = np.where(change < -AMOUNT_TOLERANCE, -change, np.nan)
    runs_out = basis.inverse[where, :, k + 2] / shrinks
    runs_out[np.isnan(runs_out)] = np.inf
    leave = runs_out.argmin(axis=1)
    here = np.arange(len(where))
    kink = np.maximum(basis.inverse[where, leave, k] / shrinks[here, leave], x)
    ends = ~(runs_out[here, leave] < 1.0) | ~(kink < 1.0 - AMOUNT_TOLERANCE)
    return leave, kink, ends
