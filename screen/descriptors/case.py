"""The case before the families: candidates, what they compete with, what they face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.composition import Compositions, FloatArray, IntArray, segment_sum
from screen.phases import Phases
from screen.settings import Settings
from screen.tables import Anode, Electrolyte, elements
from screen.thermo.engines import ENGINES, Engine
from screen.thermo.hull import Decompositions, stable_table
from screen.thermo.interface import Reactions
from screen.thermo.stacks import Competition, Mixtures
from screen.thermo.window import Profiles

Texts = npt.NDArray[np.object_]


class Values:
    """Columns of values with a reason for each that is missing."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.columns: dict[str, npt.NDArray[Any]] = {}
        self._reasons: dict[str, str | Texts] = {}

    def add(self, name: str, values: npt.ArrayLike, reason: str | Texts = "") -> None:
        """Add a column: numbers with NaN, texts with "" or flags.

        Args:
            reason: why values are missing: one for all, or one per candidate.
        """
        array = np.asarray(values)
        if array.dtype.kind == "U":
            array = array.astype(object)
        assert len(array) == self.length
        self.columns[name] = array
        self._reasons[name] = reason

    def update(self, other: Values) -> None:
        """Take over all columns of another set."""
        self.columns |= other.columns
        self._reasons |= other._reasons

    def missing(self, name: str) -> npt.NDArray[np.bool_]:
        """Which values of a column are missing."""
        values = self.columns[name]
        missing: npt.NDArray[np.bool_] = (
            np.isnan(values) if values.dtype.kind == "f" else np.equal(values, "")
        )
        return missing

    def reason(self, name: str) -> Texts:
        """The reason per candidate, to be read where the value is missing."""
        reason = self._reasons[name]
        return np.full(self.length, reason, dtype=object) if isinstance(reason, str) else reason


@dataclass(frozen=True)
class Case:
    """Candidates under judgement and everything that the families ask about them.

    Attributes:
        phases: what competes.
        formulas, compositions, rows: the candidates, and their rows in `phases` (-1: not there).
        anode: the anode metal.
        electrolytes: what candidates face in the cell.
    """

    phases: Phases
    formulas: Sequence[str]
    compositions: Compositions
    rows: IntArray
    anode: Anode
    electrolytes: tuple[Electrolyte, ...]
    settings: Settings

    def __len__(self) -> int:
        return len(self.formulas)

    @property
    def engine(self) -> Engine:
        """What solves the equilibria."""
        return ENGINES[self.settings.engine]

    @cached_property
    def table(self) -> Competition:
        """All phases; for the kernel those on the hull, which give the same answers faster."""
        table = Competition(self.phases.compositions, self.phases.energy)
        return stable_table(table)[0] if self.settings.engine == "kernel" else table

    @cached_property
    def decompositions(self) -> Decompositions:
        """What each candidate decomposes into."""
        return self.engine.decompose(self.table, self.compositions)

    @cached_property
    def profiles(self) -> Profiles:
        """Voltage profile of each candidate against the anode metal."""
        return self.engine.profiles(
            self.table, self.compositions, self.anode.element, self.anode.valence
        )

    @cached_property
    def contact_products(self) -> Mixtures:
        """What each candidate becomes in touch with the anode metal."""
        return self.profiles.products.take(self.profiles.contact)

    def react(self, formula: str) -> Reactions:
        """Each candidate with one partner: its strongest reaction."""
        partner = Compositions.from_formulas([formula]).take(np.zeros(len(self), dtype=np.int64))
        hull_b = self.engine.decompose(self.table, partner.take([0])).energy if len(self) else None
        return self.engine.react(
            self.table,
            self.compositions,
            partner,
            hull_a=self.decompositions.energy,
            hull_b=None if hull_b is None else np.repeat(hull_b, len(self)),
            only_lowest=True,
        )

    def absent(self, formula: str) -> list[str]:
        """Elements of a formula that the table does not hold."""
        known = set(np.unique(self.phases.compositions.element))
        wanted = Compositions.from_formulas([formula])
        return [s for s, e in zip(wanted.row(0), wanted.element, strict=True) if e not in known]

    @cached_property
    def conducts(self) -> IntArray:
        """1 if a phase conducts electrons, 0 if not, -1 if not known; shape (phases,).

        Metals and alloys (with Si, Ge, Sb) conduct; of the rest, those with a small gap.
        """
        gap = self.phases.numbers("band_gap_ev")
        rows = self.phases.compositions
        foreign = segment_sum((~elements().forms_alloys[rows.element]).astype(np.int64), rows.start)
        by_gap = np.where(np.isnan(gap), -1, (gap < self.settings.conducting_gap_ev).astype(int))
        return np.where(foreign == 0, 1, by_gap)

    @cached_property
    def alloys(self) -> npt.NDArray[np.bool_]:
        """Whether each candidate is made of alloy-forming elements only."""
        return ~self.holds(np.flatnonzero(~elements().forms_alloys))

    @cached_property
    def molar_mass(self) -> FloatArray:
        """Mass per formula unit of each candidate, g/mol."""
        rows = self.compositions
        return segment_sum(rows.count * elements().molar_mass_g_mol[rows.element], rows.start)

    def holds(self, symbols: Sequence[int] | IntArray) -> npt.NDArray[np.bool_]:
        """Whether each candidate has any of these elements (indices into SYMBOLS)."""
        rows = self.compositions
        return segment_sum(np.isin(rows.element, symbols).astype(np.int64), rows.start) > 0

    def write_mixtures(self, mixtures: Mixtures) -> list[str]:
        """Mixtures as text: "Li2O + 2 LiZn", amounts to four digits."""
        names = self.phases.formulas
        parts = [
            names[phase] if abs(amount - 1) < 5e-5 else f"{amount:.4g} {names[phase]}"
            for phase, amount in zip(mixtures.phase.tolist(), mixtures.amount.tolist(), strict=True)
        ]
        return [" + ".join(parts[i:j]) for i, j in pairwise(mixtures.start.tolist())]
