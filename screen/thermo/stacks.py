"""The phases that compete, and equal-sized linear programs stacked into arrays.

Every question of this package is a linear program over the phases of one chemical system:
columns are phases per atom, rows are the balances of elements. Thousands of small programs with
the same number of rows are solved side by side; numpy then runs at the speed of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock

import numpy as np

from screen.composition import (
    SYMBOLS,
    BoolArray,
    Compositions,
    FloatArray,
    HashArray,
    IntArray,
    element_hash,
    ragged_take,
    segment_sum,
)
from screen.errors import DataError, ScreenError

TOLERANCE = 1e-11
"""Energies (eV/atom) below this are rounding: sums of a dozen numbers of order one."""

AMOUNT_TOLERANCE = 1e-9
"""Amounts (atoms per atom), and so pivots, below this are zero: whole-number compositions leave
none so small, and a pivot on rounding spoils every later one."""

_SHIFT = 1e-10 * np.sqrt(
    np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71], float)
)
"""A tiny, different excess of each element, used only to break ties in the ratio test: stable
candidates are single phases, so most bases are degenerate and would otherwise cycle."""

BLOCK = 1 << 14
"""Problems at a time: what is held beside the answers does not grow with their number."""

_STACK_NUMBERS = 320_000
_SUBSETS_AT_ONCE = 1 << 21
_FEW = 64
_KEPT = 16
"""Indices, one for each electrolyte and each gas, the hull and the profiles, and thinned tables:
the next batch asks again."""
_ONE_AT_A_TIME = RLock()
"""What a table keeps is made once, whichever thread asks first."""
NEVER = 1e3
"""eV/atom, of a column that must not form."""


class Competition:
    """The phases that compete: one energy per composition, the lowest.

    Attributes:
        compositions: the phases, rows as in the table they came from.
        energy: formation energy relative to the elements, eV/atom, shape (phases,).
        ground: rows that can take part: the lowest of each composition.

    Raises:
        DataError: when an element has no phase of its own at 0 eV/atom.
    """

    def __init__(self, compositions: Compositions, energy: FloatArray) -> None:
        self.compositions = compositions
        self.energy = energy
        order = np.lexsort((np.arange(len(energy)), energy, compositions.key))
        first = np.r_[True, np.diff(compositions.key[order]) != 0] if len(order) else order == 0
        self.ground: IntArray = np.sort(order[first])
        self.element_phase = self._element_phases()
        self._indices: dict[tuple[bytes, int | None], Index] = {}
        self._parts: dict[Hashable, Competition] = {}

    def _element_phases(self) -> IntArray:
        phase = np.full(len(SYMBOLS), -1, dtype=np.int64)
        pure = self.ground[self.compositions.size[self.ground] == 1]
        phase[self.compositions.element[self.compositions.start[pure]]] = pure
        present = np.unique(self.compositions.element)
        wrong = [
            SYMBOLS[e] for e in present if phase[e] < 0 or abs(self.energy[phase[e]]) > TOLERANCE
        ]
        if wrong:
            raise DataError(
                f"no reference at 0 eV/atom for {', '.join(wrong[:8])}: formation energies are "
                "relative to the elements, so each element needs a row at zero"
            )
        return phase

    @property
    def fractions(self) -> FloatArray:
        """Atomic fractions, dense, shape (phases, elements)."""
        with _ONE_AT_A_TIME:
            return self._fractions

    @cached_property
    def _fractions(self) -> FloatArray:
        return self.compositions.fractions()

    def only(self, rows: IntArray) -> Competition:
        """The same table in which only `rows` (elements always) may form; indices stay valid."""
        part = object.__new__(Competition)
        part.__dict__.update(self.__dict__)
        elements = self.element_phase[self.element_phase >= 0]
        part.ground = np.union1d(np.intersect1d(rows, self.ground), elements)
        part._indices = {}
        part._parts = {}
        return part

    def with_energy(self, energy: FloatArray) -> Competition:
        """The same phases at other energies, of which polymorphs move together and elements stay.

        Args:
            energy: eV/atom, shape (phases,).
        """
        part = object.__new__(Competition)
        part.__dict__.update(self.__dict__)  # what is made of compositions alone stays shared
        part.energy = energy
        part._parts = {}
        return part

    def part(self, key: Hashable, rows: Callable[[], IntArray]) -> Competition:
        """`only(rows())`, kept under this key for the next call."""
        with _ONE_AT_A_TIME:
            if key not in self._parts:
                if len(self._parts) >= _KEPT:
                    self._parts.pop(next(iter(self._parts)))
                self._parts[key] = self.only(rows())
            return self._parts[key]

    def index(self, common: BoolArray, reservoir: int | None) -> Index:
        """The phases by what they hold beside the common elements; kept for the next call.

        Args:
            common: which elements every problem has, shape (elements,).
            reservoir: an element whose pure phase does not compete.
        """
        key = (common.tobytes(), reservoir)
        with _ONE_AT_A_TIME:
            if key not in self._indices:
                if len(self._indices) >= _KEPT:
                    self._indices.pop(next(iter(self._indices)))
                self._indices[key] = self._make_index(common, reservoir)
            return self._indices[key]

    def _make_index(self, common: BoolArray, reservoir: int | None) -> Index:
        ground = self.compositions.take(self.ground)
        rest = ~common[ground.element]
        hashes = np.where(rest, element_hash(ground.element), np.uint64(0))
        residual = segment_sum(hashes, ground.start)
        arity = segment_sum(rest.astype(np.int64), ground.start)
        keep = np.ones(len(ground), dtype=bool)
        if reservoir is not None:
            keep = ~((ground.size == 1) & (ground.element[ground.start[:-1]] == reservoir))
        order = np.argsort(residual[keep], kind="stable")
        phases = self.ground[keep][order]
        found, start = np.unique(residual[keep][order], return_index=True)
        rows = Ragged(np.r_[start, len(phases)].astype(np.int64), phases)
        return Index(found, rows, int(arity.max(initial=0)))


@dataclass(frozen=True)
class Index:
    """Phases by the hash of their elements that are not common to all problems.

    Attributes:
        hashes: distinct hashes, ascending.
        phases: the phases of each.
        deepest: most elements that a phase holds beside the common ones.
    """

    hashes: HashArray
    phases: Ragged
    deepest: int


@dataclass(frozen=True)
class Ragged:
    """Ragged rows of integers: row i is `value[start[i]:start[i + 1]]`."""

    start: IntArray
    value: IntArray

    @classmethod
    def from_owner(cls, owner: IntArray, value: IntArray, rows: int) -> Ragged:
        """Values with the row that each belongs to, rows ascending."""
        return cls(np.searchsorted(owner, np.arange(rows + 1)).astype(np.int64), value)

    def take(self, rows: IntArray) -> Ragged:
        """The chosen rows, in the order given."""
        start, flat = ragged_take(self.start, rows)
        return Ragged(start, self.value[flat])

    @cached_property
    def size(self) -> IntArray:
        """Length of each row."""
        return np.diff(self.start)


def blocks(count: int) -> list[IntArray]:
    """The rows of `count` problems in blocks of equal size, BLOCK at most; at least one block."""
    return np.array_split(np.arange(count), max(-(-count // BLOCK), 1))


def join_starts(starts: Iterable[IntArray]) -> IntArray:
    """The row starts of ragged arrays that are put one behind the other."""
    return np.cumsum(np.concatenate([[0], *(np.diff(start) for start in starts)]))


@dataclass
class Stack:
    """Problems with one number of rows k, padded to one number of columns n.

    Attributes:
        problem: indices into the caller's list, shape (b,).
        rows: balanced element of each row, shape (b, k).
        column: phase of each column, shape (b, n); -1 - i for own column i, PADDING for none.
        tableau: atomic fractions and below them the costs, shape (b, k + 1 or more, n).
    """

    problem: IntArray
    rows: IntArray
    column: IntArray
    tableau: FloatArray

    @property
    def a(self) -> FloatArray:
        """Atomic fractions, shape (b, k, n)."""
        return self.tableau[:, : self.rows.shape[1]]

    @property
    def energy(self) -> FloatArray:
        """The first cost, eV/atom, shape (b, n)."""
        return self.tableau[:, self.rows.shape[1]]

    def supply(self, amounts: FloatArray) -> FloatArray:
        """What each problem balances, of amounts of shape (problems, elements): (b, k)."""
        return amounts[self.problem[:, None], self.rows]

    def part(self, keep: BoolArray | IntArray) -> Stack:
        """The chosen problems."""
        return Stack(self.problem[keep], self.rows[keep], self.column[keep], self.tableau[keep])

    def with_costs(self, *costs: FloatArray) -> Stack:
        """The same problems with these costs, each of shape (b, n)."""
        tableau = np.concatenate([self.a, *(cost[:, None] for cost in costs)], axis=1)
        return Stack(self.problem, self.rows, self.column, tableau)

    def content(self, table: Competition, element: int, own: Own = ()) -> FloatArray:
        """Atomic fraction of an element, such as the reservoir's, in each column, shape (b, n)."""
        fractions = table.fractions[np.maximum(self.column, 0), element]
        held = np.where(self.column >= 0, fractions, 0.0)
        for i, (of_own, _) in enumerate(own):
            mine = of_own[self.problem, element]
            held = np.where(self.column == -1 - i, mine[:, None], held)
        return held


PADDING = -9

Own = Sequence[tuple[FloatArray, FloatArray]]
"""Columns that belong to one problem alone, such as a candidate that is not in the table:
(fractions of shape (problems, elements), energies of shape (problems,), NaN where there is none).
"""


def stacks(
    table: Competition,
    elements: Ragged,
    reservoir: int | None = None,
    own: Own = (),
    mu: FloatArray | None = None,
) -> Iterator[Stack]:
    """Group problems by number of rows and columns and yield them as arrays.

    Args:
        elements: the elements of each problem in ascending order, without the reservoir's.
        reservoir: an element that every problem may take up or give off; its pure phase is no
            column, since the reservoir is that phase.
        own: further columns of single problems.
        mu: chemical potential of the reservoir in each problem, eV per atom relative to its
            element; energies are then grand potentials, less mu for each atom of it in a phase.
    """
    choice, choice_of = competitors(table, elements, reservoir)
    columns = choice.size[choice_of]
    order = np.lexsort((columns, elements.size))
    sizes, widths = elements.size[order], columns[order]
    begin = 0
    while begin < len(order):
        k = sizes[begin]
        same = int(np.searchsorted(sizes, k, side="right"))
        # The widest problem of a stack sets its width; stop where padding or size would run away.
        numbers = (np.arange(same - begin) + 1) * (widths[begin:same] + 4) * max(k, 1)
        fits = (numbers <= _STACK_NUMBERS) & (widths[begin:same] <= 2 * widths[begin] + 16)
        end = begin + max(int(fits.argmin()) if not fits.all() else len(fits), 1)
        stack = _stack(table, elements, choice, choice_of, order[begin:end], int(k), own)
        if mu is not None and reservoir is not None:
            energy = stack.energy
            energy -= mu[stack.problem, None] * stack.content(table, reservoir, own)
        yield stack
        begin = end


def _stack(
    table: Competition,
    elements: Ragged,
    choice: Ragged,
    choice_of: IntArray,
    problem: IntArray,
    k: int,
    own: Own,
) -> Stack:
    rows = elements.value[elements.start[problem][:, None] + np.arange(k)]
    picked = choice_of[problem]
    width = choice.size[picked]
    n = int(width.max(initial=0))
    at = np.arange(n)
    valid = at < width[:, None]
    phase = choice.value[np.where(valid, choice.start[picked][:, None] + at, 0)]
    tableau = np.empty((len(problem), k + 1, n + len(own)))
    place = phase * len(SYMBOLS)
    for row in range(k):
        tableau[:, row, :n] = table.fractions.ravel().take(place + rows[:, row, None])
    tableau[:, k, :n] = table.energy.take(phase)
    if not valid.all():
        tableau[:, :k, :n] *= valid[:, None, :]
        tableau[:, k, :n][~valid] = NEVER
        phase = np.where(valid, phase, PADDING)
    for i, (fractions, energies) in enumerate(own):
        cost = energies[problem]
        there = ~np.isnan(cost)
        mine = np.where(there[:, None], fractions[problem[:, None], rows], 0.0)
        tableau[:, :k, n + i] = mine
        tableau[:, k, n + i] = np.where(there, cost, NEVER)
        column = np.where(there, -1 - i, PADDING)
        phase = np.concatenate([phase, column[:, None]], axis=1)
    return Stack(problem, rows, phase, tableau)


def competitors(
    table: Competition, elements: Ragged, reservoir: int | None = None
) -> tuple[Ragged, IntArray]:
    """The phases within each problem's elements: rows per distinct system, and row of each problem.

    Elements common to all problems (an electrolyte's, the reservoir's) are taken out of the sets
    first, so the subsets to look up number 2^(elements that are not common). Of few problems the
    elements stay in, since an index that is there already costs less than a smaller one.
    """
    count = len(elements.size)
    hashes = element_hash(elements.value)
    system = segment_sum(hashes, elements.start)
    _, first, inverse = np.unique(system, return_index=True, return_inverse=True)
    distinct = elements.take(first)

    common = np.zeros(len(SYMBOLS), dtype=bool)
    if count > _FEW:
        common = np.bincount(elements.value, minlength=len(SYMBOLS)) == count
    if reservoir is not None:
        common[reservoir] = True
    index = table.index(common, reservoir)

    varying = ~common[distinct.value]
    residue = Ragged.from_owner(
        np.repeat(np.arange(len(distinct.size)), distinct.size)[varying],
        distinct.value[varying],
        len(distinct.size),
    )
    owners: list[IntArray] = []
    groups: list[IntArray] = []
    for r in np.unique(residue.size):
        members = np.flatnonzero(residue.size == r)
        step = max(_SUBSETS_AT_ONCE >> int(r), 1)
        for i in range(0, len(members), step):
            part = members[i : i + step]
            symbols = residue.value[residue.start[part][:, None] + np.arange(r)]
            subsets = _subset_sums(element_hash(symbols), index.deepest)
            at = np.searchsorted(index.hashes, subsets)
            hit = at < len(index.hashes)
            hit[hit] = index.hashes[at[hit]] == subsets[hit]
            owners.append(part[np.nonzero(hit)[0]])
            groups.append(at[hit])
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int64)
    group = np.concatenate(groups) if groups else np.zeros(0, np.int64)
    by_owner = np.argsort(owner, kind="stable")
    owner, group = owner[by_owner], group[by_owner]
    phases = index.phases.take(group)
    owner_of_phase = np.repeat(owner, phases.size)
    return Ragged.from_owner(owner_of_phase, phases.value, len(distinct.size)), inverse


def _subset_sums(hashes: HashArray, deepest: int) -> HashArray:
    """Sums over every subset of at most `deepest` columns; shape (rows, subsets)."""
    sums = np.zeros((len(hashes), 1), dtype=np.uint64)
    depth = np.zeros(1, dtype=np.int64)
    for column in range(hashes.shape[1]):
        grow = depth < deepest
        sums = np.concatenate([sums, sums[:, grow] + hashes[:, column : column + 1]], axis=1)
        depth = np.concatenate([depth, depth[grow] + 1])
    return sums


class Basis:
    """The current vertex of each problem of a stack: revised simplex in b x k x (k + extra).

    `inverse[:, :, :k]` is the inverse of the basis matrix; the columns behind it are that inverse
    applied to right-hand sides. The pure elements are the first basis: always feasible.

    Attributes:
        phase: phase of each basic variable, shape (b, k).
        inverse: shape (b, k, k + right-hand sides).
        prices: those of the elements with a minus, and behind them a one for each objective's own
            cost: of shape (b, objectives, k + objectives).
    """

    def __init__(self, table: Competition, stack: Stack, sides: list[FloatArray], objectives: int):
        b, k = stack.rows.shape
        self.k = k
        self.phase = table.element_phase[stack.rows]
        self.inverse = np.zeros((b, k, k + len(sides)))
        self.inverse[:, np.arange(k), np.arange(k)] = 1.0
        for i, side in enumerate(sides):
            self.inverse[:, :, k + i] = side
        self.prices = np.zeros((b, objectives, k + objectives))
        self.prices[:, :, k:] = np.eye(objectives)

    def cost(self, at: IntArray, supply: FloatArray) -> FloatArray:
        """What a supply (len(at), k) costs for each objective, shape (objectives, len(at))."""
        found: FloatArray = -(self.prices[at, :, : self.k] * supply[:, None]).sum(axis=2).T
        return found

    def reduced_costs(self, at: IntArray, tableau: FloatArray) -> FloatArray:
        """Costs less prices of the columns of problems `at`, shape (len(at), objectives, n)."""
        reduced: FloatArray = self.prices[at] @ tableau
        return reduced

    def pivot(
        self,
        at: IntArray,
        leaving: IntArray,
        entering: IntArray,
        column: FloatArray,
        reduced: FloatArray,
    ) -> None:
        """Exchange one basic variable in each problem `at`.

        Args:
            leaving: row that leaves, shape (len(at),).
            entering: phase that enters.
            column: the entering column in the current basis, shape (len(at), k).
            reduced: its reduced cost for each objective, shape (len(at), objectives).
        """
        here, every = np.arange(len(at)), len(at) == len(self.phase)
        inverse = self.inverse if every else self.inverse[at]
        row = inverse[here, leaving] / column[here, leaving][:, None]
        inverse -= column[:, :, None] * row[:, None, :]
        inverse[here, leaving] = row
        if not every:
            self.inverse[at] = inverse
        self.prices[at, :, : self.k] -= reduced[:, :, None] * row[:, None, : self.k]
        self.phase[at, leaving] = entering

    def leaving(self, at: IntArray, column: FloatArray, shifted: int) -> IntArray:
        """The row that reaches zero first as the column enters, shape (len(at),)."""
        amount = self.inverse[at, :, self.k + shifted]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(column > AMOUNT_TOLERANCE, amount / column, np.inf)
        first: IntArray = ratio.argmin(axis=1)
        return first

    def column(self, at: IntArray, a: FloatArray) -> FloatArray:
        """Columns a (len(at), k) of the original problem, in the current basis."""
        expressed: FloatArray = (self.inverse[at, :, : self.k] @ a[:, :, None])[:, :, 0]
        return expressed


@dataclass(frozen=True)
class Mixtures:
    """Ragged amounts of phases: mixture i is `phase[s], amount[s]`, s = start[i]:start[i + 1].

    Phases ascend within a mixture. A negative phase is a candidate that is not in the table:
    -1 the (first) candidate, -2 its partner.
    """

    start: IntArray
    phase: IntArray
    amount: FloatArray

    def __len__(self) -> int:
        return len(self.start) - 1

    @classmethod
    def join(cls, parts: Sequence[Mixtures]) -> Mixtures:
        """All mixtures, one part behind the other."""
        return cls(
            join_starts(part.start for part in parts),
            np.concatenate([part.phase for part in parts]),
            np.concatenate([part.amount for part in parts]),
        )

    def of(self, i: int) -> tuple[IntArray, FloatArray]:
        """Phases and amounts of one mixture."""
        part = slice(self.start[i], self.start[i + 1])
        return self.phase[part], self.amount[part]

    def take(self, rows: IntArray) -> Mixtures:
        """The chosen mixtures, in the order given."""
        start, flat = ragged_take(self.start, rows)
        return Mixtures(start, self.phase[flat], self.amount[flat])

    def times(self, factors: FloatArray) -> Mixtures:
        """Each mixture so many times, shape (mixtures,)."""
        amount = self.amount * np.repeat(factors, np.diff(self.start))
        return Mixtures(self.start, self.phase, amount)


class SolutionLog:
    """Basic solutions of many stacks, with numbers that go with each.

    Rows are read back sorted by owner, and within an owner in the order in which they were added.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._owner: list[IntArray] = []
        self._phase: list[IntArray] = []
        self._atoms: list[FloatArray] = []
        self._values: list[tuple[FloatArray, ...]] = []

    def add(self, owner: IntArray, phase: IntArray, atoms: FloatArray, *values: FloatArray) -> None:
        """Add solutions: owner (b,), phase and atoms (b, k), one array (b,) per name."""
        if len(owner):
            self._owner.append(owner)
            self._phase.append(phase)
            self._atoms.append(atoms)
            self._values.append(values)

    def add_nothing(self, owner: IntArray) -> None:
        """Add solutions without any phase, all their values zero."""
        nothing = np.zeros((len(owner), 1))
        values = (nothing[:, 0] for _ in self._names)
        self.add(owner, nothing.astype(np.int64), nothing, *values)

    @cached_property
    def _owners(self) -> IntArray:
        return np.concatenate([*self._owner, np.zeros(0, np.int64)])

    @cached_property
    def _order(self) -> IntArray:
        # Of small integers numpy sorts in a pass or two.
        narrow = self._owners.astype(np.min_scalar_type(int(self._owners.max(initial=0))))
        return np.argsort(narrow, kind="stable")

    def rows(self) -> tuple[IntArray, list[FloatArray]]:
        """Owners, ascending, and the values of each name."""
        values = [
            np.concatenate([*(v[i] for v in self._values), np.zeros(0)])[self._order]
            for i in range(len(self._names))
        ]
        return self._owners[self._order], values

    def mixtures(
        self,
        table: Competition,
        scale: FloatArray,
        own_atoms: Sequence[FloatArray] = (),
        keep: BoolArray | None = None,
    ) -> Mixtures:
        """One mixture per row of `rows()` that `keep` chooses, in formula units.

        Args:
            scale: atoms per unit of what reacted, per kept row.
            own_atoms: atoms per formula unit of own column 0, 1 ..., per kept row.
        """
        number = np.full(len(self._order), -1, dtype=np.int64)
        kept = self._order if keep is None else self._order[keep]
        number[kept] = np.arange(len(kept))
        parts = list(self._by_size(number))
        count = np.zeros(len(kept) + 1, dtype=np.int64)
        for row, _, _, there in parts:
            count[row + 1] = there.sum(axis=0)
        start = np.cumsum(count)
        phase = np.zeros(start[-1], dtype=np.int64)
        amount = np.zeros(start[-1])
        for row, phases, atoms, there in parts:
            place = start[row] + _ranks(phases, there)
            phase[place[there]] = phases[there]
            amount[place[there]] = atoms[there]
        owner = np.repeat(np.arange(len(kept)), np.diff(start))
        per_formula = table.compositions.atoms[phase].astype(float)
        for i, atoms_of_own in enumerate(own_atoms):
            per_formula = np.where(phase == -1 - i, atoms_of_own[owner], per_formula)
        return Mixtures(start, phase, amount * scale[owner] / per_formula)

    def _by_size(
        self, number: IntArray
    ) -> Iterator[tuple[IntArray, IntArray, FloatArray, BoolArray]]:
        """Solutions of equally many rows together: the mixture of each, and phases, atoms, and
        which of them there are, of shape (k, solutions); only those that have a number.
        """
        begin = np.cumsum([0, *map(len, self._owner)])
        by_size: dict[int, list[int]] = {}
        for i, phase in enumerate(self._phase):
            by_size.setdefault(phase.shape[1], []).append(i)
        for some in by_size.values():
            row = np.concatenate([number[begin[i] : begin[i + 1]] for i in some])
            phase = np.concatenate([self._phase[i].T for i in some], axis=1)
            atoms = np.concatenate([self._atoms[i].T for i in some], axis=1)
            if row.min(initial=0) < 0:
                phase, atoms, row = phase[:, row >= 0], atoms[:, row >= 0], row[row >= 0]
            yield row, phase, atoms, atoms > AMOUNT_TOLERANCE


def _ranks(phases: IntArray, there: BoolArray) -> IntArray:
    """How many of the phases that are there come before each one, all of shape (k, solutions)."""
    ranks = np.zeros(phases.shape, dtype=np.int64)
    for other, is_there in zip(phases, there, strict=True):
        ranks += (other < phases) & is_there
    return ranks


def shift(b: int, k: int) -> FloatArray:
    """The tie-breaking right-hand side, shape (b, k)."""
    return np.broadcast_to(_SHIFT[:k], (b, k))


def iteration_cap(stack: Stack) -> int:
    """Far more pivots than any problem of this size takes."""
    return 200 + 20 * sum(stack.a.shape[1:])


def no_convergence(stack: Stack, live: IntArray) -> ScreenError:
    """The error for a problem that does not end, with its elements by name."""
    names = "-".join(SYMBOLS[e] for e in stack.rows[live[0]])
    return ScreenError(
        f"the linear program of {names} did not end; please report it with the table that was used"
    )
