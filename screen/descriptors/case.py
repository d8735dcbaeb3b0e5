"""The case before the families: candidates, what they compete with, what they face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from screen.columns import Texts
from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray, segment_sum
from screen.errors import DataError
from screen.phases import Phases
from screen.settings import Settings
from screen.structures import Crystal, find
from screen.tables import Anode, Electrolyte, elements
from screen.thermo.engines import ENGINES, Engine
from screen.thermo.hull import Decompositions, stable_table
from screen.thermo.stacks import Competition, Mixtures
from screen.thermo.window import Profiles


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

    @cached_property
    def on_hull(self) -> npt.NDArray[np.bool_]:
        """Whether a row of `phases` is the lowest of its composition and on the hull."""
        full = Competition(self.phases.compositions, self.phases.energy)
        stable = self.table if self.settings.engine == "kernel" else stable_table(full)[0]
        on_hull = np.zeros(len(self.phases), dtype=bool)
        on_hull[stable.ground] = True
        return on_hull

    @cached_property
    def contact_shares(self) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Share of each contact product, shape (products,), and whether it is by volume.

        By volume, shape (candidates,), where the volumes of all products are known; else by atoms.
        """
        mixtures, phases = self.contact_products, self.phases
        volume = phases.numbers("volume_a3_atom")[mixtures.phase]
        by_volume = segment_sum(np.isnan(volume).astype(np.int64), mixtures.start) == 0
        owner = np.repeat(np.arange(len(self)), np.diff(mixtures.start))
        weight = mixtures.amount * phases.compositions.atoms[mixtures.phase]
        weight = weight * np.where(by_volume[owner], volume, 1.0)
        return weight / segment_sum(weight, mixtures.start)[owner], by_volume

    def reaction_energies(self, formula: str) -> tuple[FloatArray, Texts]:
        """Strongest reaction of each candidate with a partner, eV per atom of the mixture.

        NaN, with the reason, where the table lacks elements or phases of the two together.
        """
        partner = Compositions.from_formulas([formula])
        energies = np.full(len(self), np.nan)
        reasons = np.full(len(self), "", dtype=object)
        absent = [s for s in partner.row(0) if not self.phases.covers([s])]
        if absent:
            reasons[:] = f"{self.phases.name} has no phases with {', '.join(absent)}"
            return energies, reasons
        around = {*partner.row(0), self.anode.symbol}
        covered = self._covered(around)
        reasons[~covered] = f"{self.phases.name} does not hold all phases of it with {formula}"
        rows = np.flatnonzero(covered)
        if len(rows):
            reactions = self.engine.react(
                self.table,
                self.compositions.take(rows),
                partner.take(np.zeros(len(rows), dtype=np.int64)),
                hull_a=self.decompositions.energy[rows],
                hull_b=np.repeat(self.engine.decompose(self.table, partner).energy, len(rows)),
                only_lowest=True,
            )
            energies[rows] = reactions.energy[reactions.lowest]
        return energies, reasons

    def _covered(self, around: set[str]) -> npt.NDArray[np.bool_]:
        """Whether the table holds every phase of each candidate with these elements."""
        if self.phases.systems is None:
            absent = [i for i, symbol in enumerate(SYMBOLS) if symbol not in self.phases.symbols]
            return ~self.holds(absent) & self.phases.covers(around)
        return np.array([self.phases.covers({*row, *around}) for row in self.compositions], bool)

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

    def crystal(self, row: int) -> tuple[Crystal | None, str]:
        """Crystal structure of a row of `phases`, or the reason why there is none."""
        if row < 0:
            return None, f"no such phase in {self.phases.name}"
        reference, phase = (self.phases.text(column, row) for column in ("structure", "id"))
        try:
            return find(reference, phase, self.phases.formulas[row]), ""
        except DataError as error:
            return None, str(error)

    def holds(self, symbols: Sequence[int] | IntArray) -> npt.NDArray[np.bool_]:
        """Whether each candidate has any of these elements (indices into SYMBOLS)."""
        rows = self.compositions
        return segment_sum(np.isin(rows.element, symbols).astype(np.int64), rows.start) > 0

    def texts_by_elements(self, write: Callable[[tuple[int, ...]], str]) -> Texts:
        """One text per candidate, written once for each set of elements (ascending indices)."""
        rows = self.compositions
        _, first, inverse = np.unique(rows.system, return_index=True, return_inverse=True)
        ends = zip(rows.start[first].tolist(), rows.start[first + 1].tolist(), strict=True)
        texts = [write(tuple(rows.element[i:j].tolist())) for i, j in ends]
        return np.array(texts, dtype=object)[inverse]

    def write_mixtures(self, mixtures: Mixtures) -> list[str]:
        """Mixtures as text: "Li2O + 2 LiZn", amounts to four digits."""
        names = self.phases.formulas
        parts = [
            names[phase] if abs(amount - 1) < 5e-5 else f"{amount:.4g} {names[phase]}"
            for phase, amount in zip(mixtures.phase.tolist(), mixtures.amount.tolist(), strict=True)
        ]
        return [" + ".join(parts[i:j]) for i, j in pairwise(mixtures.start.tolist())]
