"""The question before the families: which candidates, what they compete with, what they face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from screen import doubtful, volumes
from screen.columns import Texts
from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.descriptors.equilibria import Equilibria
from screen.descriptors.phase_facts import PhaseFacts, molar_mass
from screen.errors import DataError
from screen.phases import Phases
from screen.settings import Settings
from screen.structures import Crystal, find
from screen.tables import Anode, Electrolyte, elements
from screen.units import CM3_MOL_PER_A3

if TYPE_CHECKING:
    from screen.descriptors.own import Descriptor

DOUBTFUL = "doubtful phase"
"""How the reason begins why a candidate has no energy that counts, if it is in that table."""


@dataclass(frozen=True)
class Case:
    """Candidates under judgement.

    What is made of the phases alone stands in `facts`, what is solved in `equilibria`.

    Attributes:
        phases: what competes.
        formulas, compositions, rows: the candidates, and their rows in `phases` (-1: not there).
        anode: the anode metal.
        electrolytes: what candidates face in the cell.
        own: descriptors that the user brings.
    """

    phases: Phases
    formulas: Sequence[str]
    compositions: Compositions
    rows: IntArray
    anode: Anode
    electrolytes: tuple[Electrolyte, ...]
    settings: Settings
    own: tuple[Descriptor, ...] = ()

    def __len__(self) -> int:
        return len(self.formulas)

    @cached_property
    def facts(self) -> PhaseFacts:
        """What is made of the phases alone; a case and its parts share it."""
        return PhaseFacts(self.phases, self.settings)

    @cached_property
    def equilibria(self) -> Equilibria:
        """What the candidates come to, each answer solved when it is first asked for."""
        return Equilibria(self.compositions, self.anode, self.facts)

    def forget(self) -> None:
        """Let go of what was made of the phases and solved; it is made again when asked for."""
        for name in ("facts", "equilibria"):
            vars(self).pop(name, None)

    def take(self, rows: IntArray) -> Case:
        """The case of some candidates; what was made of the phases is not made again."""
        part = replace(
            self,
            formulas=[self.formulas[row] for row in rows.tolist()],
            compositions=self.compositions.take(rows),
            rows=self.rows[rows],
        )
        vars(part)["facts"] = self.facts
        return part

    def solved(self, rows: IntArray) -> tuple[Case, IntArray]:
        """A case with the equilibria of some candidates, and their places in it: this one if it has
        those of all, else one of its own.
        """
        if "profiles" in vars(self.equilibria):
            return self, rows
        return self.take(rows), np.arange(len(rows))

    @cached_property
    def own_energy(self) -> FloatArray:
        """Formation energy of each candidate as such, eV/atom; NaN where the table has none, or
        one of a phase that does not exist.
        """
        known = (self.rows >= 0) & (self._unreal < 0)
        return np.where(known, self.phases.energy[self.rows], np.nan)

    @cached_property
    def energy_before(self) -> FloatArray:
        """Energy that a reaction of each candidate starts from, eV/atom: its own or, without one
        that counts, that of the hull.
        """
        own = self.own_energy
        return np.where(np.isnan(own), self.equilibria.decompositions.energy, own)

    @cached_property
    def _unreal(self) -> IntArray:
        """Which doubtful phase that does not exist each candidate is, -1: none."""
        entries = doubtful.entries(self.compositions)
        if self.settings.doubtful_phases == "keep":
            return np.full(len(self), -1)
        exists = np.array([phase.exists for phase in doubtful.table()])
        return np.where(exists[entries], -1, entries)

    def no_energy(self) -> Texts:
        """Why a candidate has no energy of its own that counts."""
        absent = f"no energy for this composition in {self.phases.name}"
        reasons = np.full(len(self), absent, dtype=object)
        for i in np.flatnonzero(self._unreal >= 0).tolist():
            reasons[i] = f"{DOUBTFUL}: {doubtful.table()[self._unreal[i]].reason}"
        return reasons

    @cached_property
    def alloys(self) -> BoolArray:
        """Whether each candidate is made of alloy-forming elements only."""
        return ~self.compositions.holds(np.flatnonzero(~elements().forms_alloys))

    @cached_property
    def conducts(self) -> IntArray:
        """Whether each candidate itself conducts electrons: 1 yes, 0 no, -1 not known."""
        known = np.where(self.rows >= 0, self.facts.conducts[self.rows], -1)
        return np.where(self.alloys, 1, known)

    @cached_property
    def molar_mass(self) -> FloatArray:
        """Mass per formula unit of each candidate, g/mol."""
        return molar_mass(self.compositions)

    @cached_property
    def density(self) -> tuple[FloatArray, Texts]:
        """Density of each candidate, g/cm³, or the reason why it is not known."""
        there = self.rows >= 0
        volume = np.where(there, self.facts.volume_cm3_mol[self.rows], np.nan)
        absent, silent = f"no such phase in {self.phases.name}", f"volume not in {self.phases.name}"
        reasons = np.where(np.isnan(volume), np.where(there, silent, absent), "").astype(object)
        return self.molar_mass / volume, reasons

    @cached_property
    def likely_density(self) -> tuple[FloatArray, Texts]:
        """The same; where it is not known, that of a volume estimated from the composition."""
        known, reasons = self.density
        per_atom = self.facts.likely_volume_a3_atom[0][self.rows]
        absent = np.flatnonzero(self.rows < 0)
        if len(absent):
            per_atom[absent], _ = volumes.best(self.compositions.take(absent))
        estimate = self.molar_mass / (per_atom * self.compositions.atoms * CM3_MOL_PER_A3)
        density = np.where(np.isnan(known), estimate, known)
        return density, np.where(np.isnan(density), reasons, "").astype(object)

    def crystal(self, row: int) -> tuple[Crystal | None, str]:
        """Crystal structure of a row of `phases`, or the reason why there is none."""
        if row < 0:
            return None, f"no such phase in {self.phases.name}"
        reference, phase = (self.phases.text(column, row) for column in ("structure", "id"))
        try:
            return find(reference, phase, self.phases.formulas[row]), ""
        except DataError as error:
            return None, str(error)

    def texts_by_elements(self, write: Callable[[tuple[int, ...]], str]) -> Texts:
        """One text per candidate, written once for each set of elements (ascending indices)."""
        rows = self.compositions
        _, first, inverse = np.unique(rows.system, return_index=True, return_inverse=True)
        ends = zip(rows.start[first].tolist(), rows.start[first + 1].tolist(), strict=True)
        texts = [write(tuple(rows.element[i:j].tolist())) for i, j in ends]
        return np.array(texts, dtype=object)[inverse]
