"""The phases that compete, and which of them lie within a chemical system."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import numpy as np

from screen.composition import (
    SYMBOLS,
    BoolArray,
    Compositions,
    FloatArray,
    IntArray,
    element_hash,
    ragged_take,
    segment_sum,
)
from screen.errors import DataError
from screen.thermo.simplex import TOLERANCE
from screen.thermo.subsets import MOST_ELEMENTS, Groups

Values = TypeVar("Values", FloatArray, IntArray)

BLOCK = 1 << 14
"""Problems at a time: what is held beside the answers does not grow with their number."""

_FEW = 64
_KEPT = 16
"""Indices, one for each electrolyte and each gas, the hull and the profiles, and thinned tables:
the next batch asks again."""
_ONE_AT_A_TIME = RLock()
"""What a table keeps is made once, whichever thread asks first."""


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

    def __getstate__(self) -> dict[str, Any]:
        """What it was made of: what it keeps is made again where it is asked for."""
        return {**self.__dict__, "_indices": {}, "_parts": {}}

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

    @cached_property
    def columns(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """The phases as the solver reads them: start, element, share in the atoms, and the atoms
        per formula unit.
        """
        phases = self.compositions
        share = phases.count / phases.atoms[phases.owner]
        return phases.start, phases.element, share, phases.atoms.astype(float)

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
            found = self._parts.get(key)
        if found is None:
            found = self.only(rows())  # without the lock: threads of `rows` may ask this table
            with _ONE_AT_A_TIME:
                if len(self._parts) >= _KEPT:
                    self._parts.pop(next(iter(self._parts)))
                found = self._parts.setdefault(key, found)
        return found

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
        groups = Groups(found, rows.start, rows.value, int(arity.max(initial=0)))
        return Index(rows, groups)


@dataclass(frozen=True)
class Index:
    """Phases by their elements that are not common to all problems.

    Attributes:
        phases: those of each set of elements.
        groups: the same, by the hash of the set.
    """

    phases: Ragged
    groups: Groups


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

    def of(self, row: int) -> IntArray:
        """The values of one row."""
        return self.value[self.start[row] : self.start[row + 1]]

    @cached_property
    def size(self) -> IntArray:
        """Length of each row."""
        return np.diff(self.start)


def blocks(count: int) -> list[IntArray]:
    """The rows of `count` problems in blocks of equal size, BLOCK at most; at least one block."""
    return np.array_split(np.arange(count), max(-(-count // BLOCK), 1))


def chosen(values: Values | None, rows: IntArray) -> Values | None:
    """The values of some problems, where there are any."""
    return None if values is None else values[rows]


def competitors(
    table: Competition, elements: Ragged, reservoir: int | None = None
) -> tuple[Ragged, IntArray]:
    """The phases within each problem's elements: rows per distinct system, and row of each problem.

    Elements common to all problems (an electrolyte's, the reservoir's) are taken out of the sets
    first, so the subsets to look up number 2^(elements that are not common). Of few problems the
    elements stay in, since an index that is there already costs less than a smaller one.
    Phases of a system come in no particular order.
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
    start = np.r_[0, np.cumsum(varying)][distinct.start]
    residue = Ragged(start, distinct.value[varying])
    wide = np.flatnonzero(residue.size > MOST_ELEMENTS)
    if not len(wide):
        return Ragged(*index.groups.within(residue.start, element_hash(residue.value))), inverse
    found = [
        _within(table, index, residue.of(i), common)
        if residue.size[i] > MOST_ELEMENTS
        else index.groups.within(np.array([0, residue.size[i]]), element_hash(residue.of(i)))[1]
        for i in range(len(residue.size))
    ]
    return Ragged(np.cumsum([0, *map(len, found)]), np.concatenate(found)), inverse


def _within(table: Competition, index: Index, elements: IntArray, common: BoolArray) -> IntArray:
    """The phases that hold none but these elements and the common ones: each set is looked at."""
    allowed = common.copy()
    allowed[elements] = True
    first = table.compositions.take(index.phases.value[index.phases.start[:-1]])
    outside = segment_sum((~allowed[first.element]).astype(np.int64), first.start)
    return index.phases.take(np.flatnonzero(outside == 0)).value
