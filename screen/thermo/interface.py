"""Interface reactions: the mixture a + b along the line between two compositions.

E(x) is the hull energy of x a + (1 - x) b, in atomic fractions, less the energies of the ends. It
is convex and piecewise linear. The solver starts at b and follows the best vertex as x grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from screen.composition import Compositions, FloatArray, IntArray
from screen.thermo.competition import Competition, Ragged, blocks, chosen
from screen.thermo.hull import decompose
from screen.thermo.mixtures import Mixtures, join_starts
from screen.thermo.programs import Own, programs, solved
from screen.thermo.simplex import Programs
from screen.thermo.threads import in_order

ENERGY_TOLERANCE = 1e-10
"""Reaction energies (eV/atom) smaller than this are the rounding of differences."""


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
    def join(cls, parts: Sequence[Self]) -> Self:
        """All pairs, one part behind the other."""
        before = np.cumsum([0, *(len(part.x_a) for part in parts)])[:-1]
        whole: dict[str, Any] = {
            "start": join_starts(part.start for part in parts),
            "products": Mixtures.join([part.products for part in parts]),
        }
        for name in [field.name for field in fields(cls) if field.name not in whole]:
            columns = [getattr(part, name) for part in parts]
            if name.startswith("lowest"):  # the number of a kink
                columns = [column + at for column, at in zip(columns, before, strict=True)]
            whole[name] = np.concatenate(columns)
        return cls(**whole)


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
            *(chosen(values, rows) for values in given),
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
    ends = Ends(table, a.fractions(), b.fractions(), own)
    if own:
        hull_a, hull_b = ends.hulls()
    hull_a = decompose(table, a).energy if hull_a is None else hull_a
    hull_b = decompose(table, b).energy if hull_b is None else hull_b
    start_a, start_b = before(from_a, hull_a), before(from_b, hull_b)
    start, (x_a, energy), products = ends.follow(
        (start_a - start_b)[:, None] if only_lowest else None
    )
    owner = np.repeat(np.arange(len(a)), np.diff(start))
    energy -= start_b[owner]
    energy -= x_a * (start_a - start_b)[owner]
    energy[energy > -ENERGY_TOLERANCE] = 0.0
    return Reactions(
        start=start, x_a=x_a, energy=energy, products=products, lowest=first_lowest(energy, start)
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
        (a, nowhere if own_a is None else own_a),
        (b, nowhere if own_b is None else own_b),
    ]


def before(own: FloatArray | None, hull: FloatArray) -> FloatArray:
    """Energies before the reaction: an end's own where there is one, else that of the hull."""
    return hull if own is None else np.where(np.isnan(own), hull, own)


class Ends:
    """Many pairs of ends among the phases that compete between them.

    Args:
        a, b: what each end brings of each balanced element, shape (pairs, elements).
        own: columns of ends that are not in the table.
        reservoir, mu: as in `programs.programs`.
    """

    def __init__(
        self,
        table: Competition,
        a: FloatArray,
        b: FloatArray,
        own: Own = (),
        reservoir: int | None = None,
        mu: FloatArray | None = None,
    ) -> None:
        self.a, self.b = a, b
        owner, element = np.nonzero((a > 0) | (b > 0))
        self._elements = Ragged.from_owner(owner, element, len(a))
        self._programs: Programs = programs(
            table, self._elements, np.ones(len(a)), reservoir, own, mu
        )

    def hulls(self) -> tuple[FloatArray, FloatArray]:
        """Hull energies of both ends, each of which may decompose into the other."""
        hull_a, hull_b = (
            solved(self._programs.cheapest, self._elements, amounts)[0]
            for amounts in (self.a, self.b)
        )
        return hull_a, hull_b

    def follow(self, rise: FloatArray | None = None) -> tuple[IntArray, FloatArray, Mixtures]:
        """Each mixture at x = 0, every kink and x = 1.

        Args:
            rise: slopes in x of the lines that E is counted from, shape (pairs, lines). With them
                only the lowest point over each line is given.

        Returns:
            The first kink of each pair; x and the hull energy there, shape (2, kinks); the
            mixtures, in formula units per atom that is balanced.
        """
        start, kinks, mixtures = solved(self._programs.follow, self._elements, self.a, self.b, rise)
        return start, kinks, Mixtures(*mixtures)
