"""The case before the families: candidates, what they compete with, what they face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from screen.atomistic.jobs import Result
from screen.columns import Texts
from screen.composition import (
    SYMBOLS,
    Compositions,
    FloatArray,
    IntArray,
    parse_formula,
    segment_sum,
)
from screen.errors import DataError
from screen.phases import Phases
from screen.reactions import written
from screen.settings import Settings
from screen.structures import Crystal, find
from screen.tables import Anode, Electrolyte, elements
from screen.thermo.engines import ENGINES, Engine
from screen.thermo.hull import Decompositions, stable_table
from screen.thermo.stacks import Competition, Mixtures
from screen.thermo.window import Profiles
from screen.units import CM3_MOL_PER_A3


@dataclass(frozen=True)
class Uptake:
    """What each candidate, emptied of anode metal, takes up until just before plating.

    Attributes:
        state: the state just before plating, as an index into those of the profiles.
        onset_v, mean_v: first and average voltage of the uptake; NaN where there is none.
        held: atoms of anode metal in that state per formula unit of the candidate.
        mass: of everything in that state, g per mole of formula units.
        charge: of the anode metal in it, mol of electrons per mole of formula units.
    """

    state: IntArray
    onset_v: FloatArray
    mean_v: FloatArray
    held: FloatArray
    mass: FloatArray
    charge: FloatArray


_OF_PHASES = ("table", "on_hull", "conducts", "phase_volume")
"""What a case makes of the phases alone."""


@dataclass(frozen=True)
class Case:
    """Candidates under judgement and everything that the families ask about them.

    Attributes:
        phases: what competes.
        formulas, compositions, rows: the candidates, and their rows in `phases` (-1: not there).
        anode: the anode metal.
        electrolytes: what candidates face in the cell.
        expensive: of how many, the first ones, structures are computed atom by atom, if the
            settings ask for that; none: of all.
    """

    phases: Phases
    formulas: Sequence[str]
    compositions: Compositions
    rows: IntArray
    anode: Anode
    electrolytes: tuple[Electrolyte, ...]
    settings: Settings
    expensive: int | None = None

    def __len__(self) -> int:
        return len(self.formulas)

    def take(self, rows: IntArray) -> Case:
        """The case of some candidates; what was made of the phases is not made again."""
        part = replace(
            self,
            formulas=[self.formulas[row] for row in rows.tolist()],
            compositions=self.compositions.take(rows),
            rows=self.rows[rows],
        )
        vars(part).update({name: getattr(self, name) for name in _OF_PHASES})
        return part

    def solved(self, rows: IntArray) -> tuple[Case, IntArray]:
        """A case with the equilibria of some candidates, and their places in it: this one if it has
        those of all, else one of its own.
        """
        if "profiles" in vars(self):
            return self, rows
        return self.take(rows), np.arange(len(rows))

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
    def computed(self) -> dict[str, list[Result]]:
        """Results of runs on structures by their kind, one for each candidate; `structure_runs`
        puts them here.
        """
        return {}

    @cached_property
    def decompositions(self) -> Decompositions:
        """What each candidate decomposes into."""
        return self.engine.decompose(self.table, self.compositions)

    @cached_property
    def profiles(self) -> Profiles:
        """Voltage profile of each candidate against the anode metal.

        Raises:
            DataError: if a candidate has an element that no phase has.
        """
        absent = {*np.array(SYMBOLS)[self.compositions.element]} - self.phases.symbols
        if absent:
            raise DataError(
                f"{self.phases.name} has no phases with {', '.join(sorted(absent))}; give a "
                "--source that holds them"
            )
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
        mixtures = self.contact_products
        volume = self.phase_volume[mixtures.phase]
        by_volume = segment_sum(np.isnan(volume).astype(np.int64), mixtures.start) == 0
        owner = np.repeat(np.arange(len(self)), np.diff(mixtures.start))
        atoms = self.phases.compositions.atoms[mixtures.phase]
        weight = mixtures.amount * np.where(by_volume[owner], volume, atoms)
        return weight / segment_sum(weight, mixtures.start)[owner], by_volume

    @cached_property
    def uptake(self) -> Uptake:
        """Uptake above `settings.plating_v`: what is taken up below counts as plated."""
        profiles, element = self.profiles, self.anode.element
        first = profiles.start[:-1]
        above = profiles.v_low > self.settings.plating_v
        # The step that ends a state takes up charge at that state's lower bound.
        step = np.diff(profiles.uptake, append=0.0) * above
        taken = segment_sum(step, profiles.start)
        takes = taken > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = segment_sum(step * profiles.v_low, profiles.start) / taken
        since = profiles.uptake[first] + taken
        held = self.compositions.amount_of(element) + since
        held[np.abs(held) < 1e-9] = 0.0
        return Uptake(
            state=first + segment_sum(above.astype(np.int64), profiles.start),
            onset_v=np.where(takes, profiles.v_low[first], np.nan),
            mean_v=np.where(takes, mean, np.nan),
            held=held,
            mass=self.molar_mass + since * elements().molar_mass_g_mol[element],
            charge=held * self.anode.valence,
        )

    def reaction_energies(self, formula: str) -> tuple[FloatArray, Texts]:
        """Strongest reaction of each candidate with a partner, eV per atom of the mixture.

        NaN, with the reason, where the table lacks elements or phases of the two together.
        """
        partner = Compositions.from_formulas([formula])
        energies = np.full(len(self), np.nan)
        reasons = self.not_covered_with(formula)
        rows = np.flatnonzero(reasons == "")
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

    def not_covered_with(self, formula: str) -> Texts:
        """Why the table cannot say what each candidate does with a partner; "" where it can."""
        elements = parse_formula(formula).keys()
        absent = sorted(s for s in elements if not self.phases.covers([s]))
        if absent:
            reason = f"{self.phases.name} has no phases with {', '.join(absent)}"
            return np.full(len(self), reason, dtype=object)
        covered = self._covered({*elements, self.anode.symbol})
        reason = f"{self.phases.name} does not hold all phases of it with {formula}"
        return np.where(covered, "", reason).astype(object)

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

    @cached_property
    def phase_volume(self) -> FloatArray:
        """Volume of each phase, cm³ per mole of formula units, from that per atom or the density;
        NaN where the table has neither; shape (phases,).
        """
        rows = self.phases.compositions
        mass = segment_sum(rows.count * elements().molar_mass_g_mol[rows.element], rows.start)
        volume = self.phases.numbers("volume_a3_atom") * rows.atoms * CM3_MOL_PER_A3
        return np.where(np.isnan(volume), mass / self.phases.numbers("density_g_cm3"), volume)

    @cached_property
    def density(self) -> tuple[FloatArray, Texts]:
        """Density of each candidate, g/cm³, or the reason why it is not known."""
        there = self.rows >= 0
        volume = np.where(there, self.phase_volume[self.rows], np.nan)
        absent, silent = f"no such phase in {self.phases.name}", f"volume not in {self.phases.name}"
        reasons = np.where(np.isnan(volume), np.where(there, silent, absent), "").astype(object)
        return self.molar_mass / volume, reasons

    def volumes(self, mixtures: Mixtures) -> tuple[FloatArray, Texts]:
        """Volume of each mixture, cm³ per mole of formula units, NaN with the reason where that of
        a phase is not known.
        """
        volume = mixtures.amount * self.phase_volume[mixtures.phase]
        reasons = np.full(len(mixtures.start) - 1, "", dtype=object)
        owner = np.repeat(np.arange(len(reasons)), np.diff(mixtures.start))
        unknown = np.flatnonzero(np.isnan(volume))
        names = np.array(self.phases.formulas, dtype=object)[mixtures.phase[unknown]]
        reasons[owner[unknown]] = "volume of " + names + f" not in {self.phases.name}"
        return segment_sum(volume, mixtures.start), reasons

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
            written(amount, names[phase])
            for phase, amount in zip(mixtures.phase.tolist(), mixtures.amount.tolist(), strict=True)
        ]
        return [" + ".join(parts[i:j]) for i, j in pairwise(mixtures.start.tolist())]
