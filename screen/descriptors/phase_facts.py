"""What is made of the phases of a table alone, once for all candidates that face them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from screen import doubtful, volumes
from screen.columns import Texts
from screen.composition import BoolArray, Compositions, FloatArray, IntArray, segment_sum
from screen.phases import Phases
from screen.reactions import written
from screen.settings import Settings
from screen.tables import elements
from screen.thermo.competition import Competition
from screen.thermo.engines import ENGINES, Engine
from screen.thermo.hull import stable_table
from screen.thermo.mixtures import Mixtures
from screen.units import CM3_MOL_PER_A3


def molar_mass(rows: Compositions) -> FloatArray:
    """Mass per formula unit of each composition, g/mol."""
    return segment_sum(rows.count * elements().molar_mass_g_mol[rows.element], rows.start)


def competing(phases: Phases, settings: Settings) -> Competition:
    """The phases of a table that compete: all, or all but the doubtful ones."""
    table = Competition(phases.compositions, phases.energy)
    if settings.doubtful_phases == "keep":
        return table
    return table.only(np.flatnonzero(doubtful.entries(phases.compositions) < 0))


def left_out(phases: Phases, settings: Settings) -> list[doubtful.Doubtful]:
    """The doubtful phases that a table holds and that do not compete."""
    if settings.doubtful_phases == "keep":
        return []
    found = np.unique(doubtful.entries(phases.compositions))
    return [doubtful.table()[entry] for entry in found[found >= 0].tolist()]


@dataclass(frozen=True)
class PhaseFacts:
    """Facts of the phases that compete: what is stable, what conducts, how much room each takes."""

    phases: Phases
    settings: Settings

    @property
    def engine(self) -> Engine:
        """What solves the equilibria."""
        return ENGINES[self.settings.engine]

    @cached_property
    def competition(self) -> Competition:
        """All phases that compete."""
        return competing(self.phases, self.settings)

    @cached_property
    def table(self) -> Competition:
        """The same; for the kernel those on the hull, which give the same answers faster."""
        if self.settings.engine != "kernel":
            return self.competition
        return stable_table(self.competition)[0]

    @cached_property
    def with_doubtful(self) -> PhaseFacts:
        """Facts of the same phases if the doubtful ones competed, too.

        A further phase makes no other stable: those on the hull, and the doubtful ones, are enough.
        """
        keep = self.settings.model_copy(update={"doubtful_phases": "keep"})
        facts = PhaseFacts(self.phases, keep)
        further = np.flatnonzero(doubtful.entries(self.phases.compositions) >= 0)
        everything = Competition(self.phases.compositions, self.phases.energy)
        vars(facts)["table"] = everything.only(np.union1d(self.table.ground, further))
        for name in ("conducts", "volume_cm3_mol", "share_volume_cm3_mol", "volume_estimated"):
            vars(facts)[name] = getattr(self, name)  # they do not depend on what competes
        return facts

    def __getstate__(self) -> dict[str, Any]:
        """Without what only doubt asks for, as large again: it is made where it is asked for."""
        return {name: value for name, value in vars(self).items() if name != "with_doubtful"}

    @cached_property
    def on_hull(self) -> BoolArray:
        """Whether a row of `phases` is the lowest of its composition and on the hull."""
        kernel = self.settings.engine == "kernel"
        stable = self.table if kernel else stable_table(self.competition)[0]
        on_hull = np.zeros(len(self.phases), dtype=bool)
        on_hull[stable.ground] = True
        return on_hull

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
    def volume_cm3_mol(self) -> FloatArray:
        """Volume of each phase, cm³ per mole of formula units, from that per atom or the density;
        NaN where the table has neither; shape (phases,).
        """
        rows = self.phases.compositions
        mass = molar_mass(rows)
        volume = self.phases.numbers("volume_a3_atom") * rows.atoms * CM3_MOL_PER_A3
        return np.where(np.isnan(volume), mass / self.phases.numbers("density_g_cm3"), volume)

    @cached_property
    def likely_volume_a3_atom(self) -> tuple[FloatArray, BoolArray]:
        """Volume per atom of each phase, Å³: that of a shipped structure of the composition, else
        an estimate; and whether it is none. Shapes (phases,).
        """
        return volumes.best(self.phases.compositions)

    @cached_property
    def share_volume_cm3_mol(self) -> FloatArray:
        """Volume of each phase as `volume_cm3_mol`, where the table has none the likely one."""
        known, (per_atom, _) = self.volume_cm3_mol, self.likely_volume_a3_atom
        likely = per_atom * self.phases.compositions.atoms * CM3_MOL_PER_A3
        return np.where(np.isnan(known), likely, known)

    @cached_property
    def volume_estimated(self) -> BoolArray:
        """Whether that is an estimate, shape (phases,)."""
        return np.isnan(self.volume_cm3_mol) & ~self.likely_volume_a3_atom[1]

    def volumes(self, mixtures: Mixtures) -> tuple[FloatArray, Texts]:
        """Volume of each mixture, cm³ per mole of formula units, NaN with the reason where that of
        a phase is not known.
        """
        volume = mixtures.amount * self.volume_cm3_mol[mixtures.phase]
        reasons = np.full(len(mixtures.start) - 1, "", dtype=object)
        owner = np.repeat(np.arange(len(reasons)), np.diff(mixtures.start))
        unknown = np.flatnonzero(np.isnan(volume))
        names = self.phases.names[mixtures.phase[unknown]]
        reasons[owner[unknown]] = "volume of " + names + f" not in {self.phases.name}"
        return segment_sum(volume, mixtures.start), reasons

    def write_mixtures(self, mixtures: Mixtures) -> list[str]:
        """Mixtures as text, by formula: "Li2O + 2 LiZn", amounts to four digits."""
        names = self.phases.formulas
        parts = [
            (names[phase], written(amount, names[phase]))
            for phase, amount in zip(mixtures.phase.tolist(), mixtures.amount.tolist(), strict=True)
        ]
        return [
            " + ".join(part for _, part in sorted(parts[i:j]))
            for i, j in pairwise(mixtures.start.tolist())
        ]
