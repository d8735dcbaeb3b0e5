"""Interface reactions in touch with a reservoir, such as the anode metal at a voltage.

Both sides may take one element up from a reservoir at chemical potential mu, or give it off. Only
the other elements are balanced, and the grand potential (energy less mu times the atoms that came
out of the reservoir) takes the place of the energy. Everything is counted per atom of those other
elements, as in Richards et al., Chem. Mater. 28, 266 (2016), https://doi.org/10.1021/acs.chemmater.5b04082,
and in pymatgen's `GrandPotentialInterfacialReactivity` with `norm=True`.

A voltage V against an anode metal of valence z is the chemical potential mu = -z V, eV per atom
relative to the bulk metal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screen.composition import BoolArray, Compositions, FloatArray, IntArray, segment_sum
from screen.thermo.competition import Competition, Ragged, blocks, chosen
from screen.thermo.hull import STABLE, decompose
from screen.thermo.interface import (
    ENERGY_TOLERANCE,
    Ends,
    Reactions,
    before,
    first_lowest,
    own_columns,
)
from screen.thermo.mixtures import Mixtures
from screen.thermo.programs import programs, solved
from screen.thermo.threads import in_order

MANY = 4096
"""Problems at one chemical potential for which finding the phases that last there pays."""


@dataclass(frozen=True)
class Equilibria:
    """What compositions become in touch with the reservoir, each on its own.

    A composition of the reservoir's element alone has nothing to be counted by: zeros, no products.

    Attributes:
        hull: least grand potential, eV per atom that is not the reservoir's, shape (candidates,).
        before: grand potential of the composition itself, as `hull`.
        uptake: atoms taken up per atom that is not the reservoir's; negative if given off.
        products: formula units per atom that is not the reservoir's.
    """

    hull: FloatArray
    before: FloatArray
    uptake: FloatArray
    products: Mixtures

    def __len__(self) -> int:
        return len(self.hull)

    @property
    def reaction_energy(self) -> FloatArray:
        """`hull` less `before`, eV per atom that is not the reservoir's, never above zero."""
        return settled(self.hull - self.before)

    def take(self, rows: IntArray) -> Equilibria:
        """The chosen candidates, in the order given."""
        return Equilibria(
            self.hull[rows], self.before[rows], self.uptake[rows], self.products.take(rows)
        )

    @classmethod
    def join(cls, parts: Sequence[Equilibria]) -> Equilibria:
        """All candidates, one part behind the other."""
        return cls(
            np.concatenate([part.hull for part in parts]),
            np.concatenate([part.before for part in parts]),
            np.concatenate([part.uptake for part in parts]),
            Mixtures.join([part.products for part in parts]),
        )


@dataclass(frozen=True)
class OpenReactions(Reactions):
    """Kinks of many pairs, as in `Reactions`; energies per atom that is not the reservoir's.

    `energy` is `mixing` plus `no_mixing`. Where an end is the reservoir's element alone, the one
    row is that of the other end.

    Attributes:
        x_balanced: share of a in the atoms that are not the reservoir's; energies are straight
            lines between kinks along it, not along `x_a`, which counts all atoms of both ends.
        mixing: what mixing adds to the reactions of both ends on their own.
        no_mixing: what the ends do on their own, x being what it is.
        uptake: atoms taken up per atom of the mixture that is not the reservoir's.
        lowest_mixing: the kink of least `mixing` of each pair (the first such), shape (pairs,).
    """

    x_balanced: FloatArray
    mixing: FloatArray
    no_mixing: FloatArray
    uptake: FloatArray
    lowest_mixing: IntArray

    @classmethod
    def of_rows(
        cls,
        owner: IntArray,
        pairs: int,
        x_a: FloatArray,
        x_balanced: FloatArray,
        mixing: FloatArray,
        no_mixing: FloatArray,
        uptake: FloatArray,
        products: Mixtures,
    ) -> OpenReactions:
        """From the kinks of all pairs, each with its owner, ascending."""
        energy = mixing + no_mixing
        start = np.searchsorted(owner, np.arange(pairs + 1)).astype(np.int64)
        return cls(
            start=start,
            x_a=x_a,
            energy=energy,
            products=products,
            lowest=first_lowest(energy, start),
            x_balanced=x_balanced,
            mixing=mixing,
            no_mixing=no_mixing,
            uptake=uptake,
            lowest_mixing=first_lowest(mixing, start),
        )


def equilibrate(
    table: Competition,
    candidates: Compositions,
    reservoir: int,
    mu: float | FloatArray,
    own_energy: FloatArray | None = None,
    from_energy: FloatArray | None = None,
) -> Equilibria:
    """The mixture of least grand potential that each candidate turns into.

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        candidates: compositions to judge.
        reservoir: index in SYMBOLS of the element that is exchanged.
        mu: its chemical potential, eV per atom relative to the element, at most zero; one for all
            or one for each candidate.
        own_energy: as in `hull.decompose`.
        from_energy: energy of each candidate before it reacts, eV/atom; NaN or None: that of the
            hull.
    """
    level = np.broadcast_to(np.asarray(mu, dtype=float), len(candidates))
    lasting = _lasting(table, reservoir, level)
    return _in_blocks(table, lasting, candidates, reservoir, level, own_energy, from_energy)


def _in_blocks(
    table: Competition,
    lasting: Competition,
    candidates: Compositions,
    reservoir: int,
    mu: FloatArray,
    own_energy: FloatArray | None,
    from_energy: FloatArray | None,
) -> Equilibria:
    return Equilibria.join(
        in_order(
            lambda rows: _equilibrate(
                table,
                lasting,
                candidates.take(rows),
                reservoir,
                mu[rows],
                chosen(own_energy, rows),
                chosen(from_energy, rows),
            ),
            blocks(len(candidates)),
        )
    )


def _lasting(table: Competition, reservoir: int, mu: FloatArray) -> Competition:
    """For many problems at one mu, the table thinned to what does not react with the reservoir.

    It gives the same answers, and faster: near an anode metal few phases last.
    """
    if len(mu) < MANY or mu.min() != mu.max():
        return table

    def rows() -> IntArray:
        phases, energy = table.compositions.take(table.ground), table.energy[table.ground]
        level = np.full(len(phases), mu[0])
        found = _in_blocks(table, table, phases, reservoir, level, None, energy)
        return table.ground[found.reaction_energy > -STABLE]

    return table.part((reservoir, float(mu[0])), rows)


def _equilibrate(
    table: Competition,
    lasting: Competition,
    candidates: Compositions,
    reservoir: int,
    mu: FloatArray,
    own_energy: FloatArray | None,
    from_energy: FloatArray | None,
) -> Equilibria:
    """One block of candidates."""
    if from_energy is None or np.isnan(from_energy).any():
        from_energy = before(from_energy, decompose(table, candidates, own_energy).energy)
    counted = _Counted.of(candidates, reservoir)
    own = () if own_energy is None else [(candidates, own_energy)]
    owner, element = np.nonzero(counted.balanced)
    elements = Ragged.from_owner(owner, element, len(candidates))
    asked = programs(lasting, elements, np.ones(len(candidates)), reservoir, own, mu)
    hull, mixtures = solved(asked.cheapest, elements, counted.balanced)
    products = Mixtures(*mixtures)
    sides = [candidates] if own else []
    held = held_in(table, products, reservoir, [side.amount_of(reservoir) for side in sides])
    return Equilibria(
        hull=hull,
        before=counted.before(from_energy, mu),
        uptake=settled(held - counted.held),
        products=products,
    )


@dataclass(frozen=True)
class _Counted:
    """Compositions counted by the atoms that are not the reservoir's.

    Attributes:
        balanced: those atoms, shape (candidates, elements), each row's sum one, or zero.
        share: their share in all atoms.
        held: atoms of the reservoir for each of them; zero where there are none.
    """

    balanced: FloatArray
    share: FloatArray
    held: FloatArray

    @classmethod
    def of(cls, compositions: Compositions, reservoir: int) -> _Counted:
        """Compositions counted without the reservoir's element; one that fills all rows is counted
        once, and its arrays cannot be written to.
        """
        count = len(compositions)
        if count > 1 and (compositions.key == compositions.key[0]).all():
            one = cls.of(compositions.take([0]), reservoir)
            shown = (np.broadcast_to(v, (count, *v.shape[1:])) for v in vars(one).values())
            return cls(*shown)
        rest = compositions.element != reservoir
        owner = compositions.owner[rest]
        counted = Compositions(
            np.searchsorted(owner, np.arange(len(compositions) + 1)).astype(np.int64),
            compositions.element[rest],
            compositions.count[rest],
        )
        held = compositions.atoms - counted.atoms
        return cls(
            counted.fractions(),
            counted.atoms / compositions.atoms,
            np.where(counted.atoms > 0, held / np.maximum(counted.atoms, 1), 0.0),
        )

    def before(self, energy: FloatArray, mu: FloatArray) -> FloatArray:
        """Grand potential of compositions of this energy, eV/atom."""
        return energy / np.where(self.share > 0, self.share, np.inf) - mu * self.held


def held_in(
    table: Competition, products: Mixtures, reservoir: int, own: Sequence[IntArray]
) -> FloatArray:
    """Atoms of the reservoir in each mixture; `own`: in a formula unit of own column 0, 1 ..."""
    each = table.compositions.amount_of(reservoir)[products.phase]
    owner = np.repeat(np.arange(len(products)), np.diff(products.start))
    for i, amount in enumerate(own):
        each = np.where(products.phase == -1 - i, amount[owner], each)
    return segment_sum(products.amount * each, products.start)


def settled(energy: FloatArray) -> FloatArray:
    """Without the rounding of differences."""
    return np.where(np.abs(energy) < ENERGY_TOLERANCE, 0.0, energy)


def react_open(
    table: Competition,
    a: Compositions,
    b: Compositions,
    reservoir: int,
    mu: float | FloatArray,
    own_a: FloatArray | None = None,
    own_b: FloatArray | None = None,
    *,
    ends_a: Equilibria | None = None,
    ends_b: Equilibria | None = None,
    from_a: FloatArray | None = None,
    from_b: FloatArray | None = None,
    only_lowest: bool = False,
) -> OpenReactions:
    """React each a[i] with b[i] in touch with the reservoir.

    Args:
        table: the phases that compete; the stable ones alone give the same answer faster.
        reservoir: index in SYMBOLS of the element that is exchanged.
        mu: its chemical potential, eV per atom relative to the element, at most zero; one for all
            or one for each pair. Of an anode metal at a voltage: -valence x voltage.
        own_a, own_b: energies of ends that are not in the table, as in `hull.decompose`; NaN for
            the reservoir's element.
        ends_a, ends_b: what each end becomes on its own at this mu, where the caller has it (not
            with `own_a` or `own_b`): many pairs share their ends.
        from_a, from_b: as in `interface.react`; ends that are handed in have them already.
        only_lowest: keep the rows of least `energy` and of least `mixing`; where they are the same
            mixture, one.
    """
    level = np.broadcast_to(np.asarray(mu, dtype=float), len(a))
    lasting = _lasting(table, reservoir, level)

    def block(rows: IntArray) -> OpenReactions:
        return _react_open(
            table,
            lasting,
            a.take(rows),
            b.take(rows),
            reservoir,
            level[rows],
            chosen(own_a, rows),
            chosen(own_b, rows),
            None if ends_a is None else ends_a.take(rows),
            None if ends_b is None else ends_b.take(rows),
            chosen(from_a, rows),
            chosen(from_b, rows),
            only_lowest,
        )

    parts = in_order(block, blocks(len(a)))
    return OpenReactions.join(parts)


def _react_open(
    table: Competition,
    lasting: Competition,
    a: Compositions,
    b: Compositions,
    reservoir: int,
    level: FloatArray,
    own_a: FloatArray | None,
    own_b: FloatArray | None,
    ends_a: Equilibria | None,
    ends_b: Equilibria | None,
    from_a: FloatArray | None,
    from_b: FloatArray | None,
    only_lowest: bool,
) -> OpenReactions:
    """One block of pairs."""
    own = own_columns(a, b, own_a, own_b)
    sides = [_Counted.of(side, reservoir) for side in (a, b)]
    empty = [side.share == 0 for side in sides]
    held = [side.held.copy() for side in sides]
    balanced = [side.balanced for side in sides]
    _lend(balanced, empty)
    ends = Ends(lasting, balanced[0], balanced[1], own, reservoir, level)
    if own:
        hull = list(ends.hulls())
        energies = Ends(table, a.fractions(), b.fractions(), own).hulls()
        start = [
            side.before(before(given, energy), level)
            for side, given, energy in zip(sides, (from_a, from_b), energies, strict=True)
        ]
    else:
        if ends_a is None:
            ends_a = _equilibrate(table, lasting, a, reservoir, level, None, from_a)
        if ends_b is None:
            ends_b = _equilibrate(table, lasting, b, reservoir, level, None, from_b)
        hull = [ends_a.hull.copy(), ends_b.hull.copy()]
        start = [ends_a.before.copy(), ends_b.before.copy()]
    for values in (hull, start, held):
        _lend(values, empty)
    rise = np.stack([hull[0] - hull[1], start[0] - start[1]], axis=1)
    first, (y, mixed), products = ends.follow(rise if only_lowest else None)
    owner = np.repeat(np.arange(len(a)), np.diff(first))
    keep = ~(empty[0] | empty[1])[owner] | (np.diff(owner, prepend=-1) != 0)
    if not keep.all():
        kept = np.flatnonzero(keep)
        owner, y, mixed, products = owner[kept], y[kept], mixed[kept], products.take(kept)
    mixing = settled(mixed - hull[1][owner] - y * rise[owner, 0])
    alone_a, alone_b = (settled(one - other) for one, other in zip(hull, start, strict=True))
    no_mixing = y * alone_a[owner] + (1 - y) * alone_b[owner]
    own_sides = (a, b) if own else ()
    taken = held_in(table, products, reservoir, [s.amount_of(reservoir)[owner] for s in own_sides])
    taken -= y * held[0][owner] + (1 - y) * held[1][owner]
    # y counts the atoms that are balanced, x all of them.
    of_a, of_b = y * sides[1].share[owner], (1 - y) * sides[0].share[owner]
    x = of_a / np.where(of_a + of_b > 0, of_a + of_b, 1.0)
    of_a_alone = (empty[1] & ~empty[0])[owner]
    x[of_a_alone], y[of_a_alone] = 1.0, 1.0
    return OpenReactions.of_rows(owner, len(a), x, y, mixing, no_mixing, settled(taken), products)


def _lend(values: list[FloatArray], empty: list[BoolArray]) -> None:
    """Where one end is the reservoir's element alone, give it the other's values."""
    for one, other in ((0, 1), (1, 0)):
        if empty[one].any():
            values[one] = np.array(values[one])
            values[one][empty[one]] = values[other][empty[one]]
