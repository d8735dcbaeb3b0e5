"""The equilibria of candidates with the anode metal and with partners, each solved once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from screen.columns import Texts
from screen.composition import (
    SYMBOLS,
    BoolArray,
    Compositions,
    FloatArray,
    IntArray,
    parse_formula,
    segment_sum,
)
from screen.descriptors.phase_facts import PhaseFacts, molar_mass
from screen.errors import DataError
from screen.tables import Anode, elements
from screen.thermo.hull import Decompositions
from screen.thermo.mixtures import Mixtures
from screen.thermo.window import Profiles


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


class Conducting(NamedTuple):
    """How much of the contact products conducts electrons; arrays have shape (candidates,).

    A product without a known gap may or may not conduct: the bounds say how much that matters.

    Attributes:
        low, high: least and largest conducting share by volume.
        matrix, alloy: shares of insulators and of conductors that hold the anode metal.
        basis: "volume", and for which products that is an estimate.
        unknown: a product whose gap is not known; "" if there is none.
    """

    low: FloatArray
    high: FloatArray
    matrix: FloatArray
    alloy: FloatArray
    basis: Texts
    unknown: Texts


@dataclass(frozen=True)
class Equilibria:
    """What candidates come to; each answer is computed when it is first asked for.

    Attributes:
        compositions: the candidates.
        anode: the anode metal.
        facts: of the phases that compete.
    """

    compositions: Compositions
    anode: Anode
    facts: PhaseFacts

    def __len__(self) -> int:
        return len(self.compositions)

    @cached_property
    def decompositions(self) -> Decompositions:
        """What each candidate decomposes into."""
        return self.facts.engine.decompose(self.facts.table, self.compositions)

    @cached_property
    def profiles(self) -> Profiles:
        """Voltage profile of each candidate against the anode metal.

        Raises:
            DataError: if a candidate has an element that no phase has.
        """
        absent = {*np.array(SYMBOLS)[self.compositions.element]} - self.facts.phases.symbols
        if absent:
            raise DataError(
                f"{self.facts.phases.name} has no phases with {', '.join(sorted(absent))}; give a "
                "--source that holds them"
            )
        return self.facts.engine.profiles(
            self.facts.table, self.compositions, self.anode.element, self.anode.valence
        )

    @cached_property
    def contact_products(self) -> Mixtures:
        """What each candidate becomes in touch with the anode metal."""
        return self.profiles.products.take(self.profiles.contact)

    @cached_property
    def contact_shares(self) -> FloatArray:
        """Share of each contact product by volume, shape (products,)."""
        mixtures = self.contact_products
        weight = mixtures.amount * self.facts.share_volume_cm3_mol[mixtures.phase]
        owner = np.repeat(np.arange(len(self)), np.diff(mixtures.start))
        return weight / segment_sum(weight, mixtures.start)[owner]

    @cached_property
    def conducting(self) -> Conducting:
        """How much of the contact products conducts electrons."""
        mixtures, phases, weight = self.contact_products, self.facts.phases, self.contact_shares
        owner = np.repeat(np.arange(len(self)), np.diff(mixtures.start))
        conducts = self.facts.conducts[mixtures.phase]
        with_anode = phases.compositions.amount_of(self.anode.element)[mixtures.phase] > 0
        low, high, matrix, alloy = (
            segment_sum(weight * part, mixtures.start)
            for part in (
                conducts == 1,
                conducts != 0,
                (conducts == 0) & with_anode,
                (conducts == 1) & with_anode,
            )
        )
        unknown = np.full(len(self), "", dtype=object)
        for i in np.flatnonzero(conducts < 0):
            product = phases.formulas[mixtures.phase[i]]
            unknown[owner[i]] = f"no band gap for the contact product {product}"
        basis = np.full(len(self), "volume", dtype=object)
        for i in np.flatnonzero(self.facts.volume_estimated[mixtures.phase]):
            joint = ", " if "estimated" in basis[owner[i]] else ", estimated for "
            basis[owner[i]] += f"{joint}{phases.formulas[mixtures.phase[i]]}"
        return Conducting(low, high, matrix, alloy, basis, unknown)

    @cached_property
    def uptake(self) -> Uptake:
        """Uptake above `settings.plating_v`: what is taken up below counts as plated."""
        profiles, element = self.profiles, self.anode.element
        first = profiles.start[:-1]
        above = profiles.v_low > self.facts.settings.plating_v
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
            mass=molar_mass(self.compositions) + since * elements().molar_mass_g_mol[element],
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
            engine, table = self.facts.engine, self.facts.table
            reactions = engine.react(
                table,
                self.compositions.take(rows),
                partner.take(np.zeros(len(rows), dtype=np.int64)),
                hull_a=self.decompositions.energy[rows],
                hull_b=np.repeat(engine.decompose(table, partner).energy, len(rows)),
                only_lowest=True,
            )
            energies[rows] = reactions.energy[reactions.lowest]
        return energies, reasons

    def not_covered_with(self, formula: str) -> Texts:
        """Why the table cannot say what each candidate does with a partner; "" where it can."""
        elements = parse_formula(formula).keys()
        absent = sorted(s for s in elements if not self.facts.phases.covers([s]))
        if absent:
            reason = f"{self.facts.phases.name} has no phases with {', '.join(absent)}"
            return np.full(len(self), reason, dtype=object)
        covered = self._covered({*elements, self.anode.symbol})
        reason = f"{self.facts.phases.name} does not hold all phases of it with {formula}"
        return np.where(covered, "", reason).astype(object)

    def _covered(self, around: set[str]) -> BoolArray:
        """Whether the table holds every phase of each candidate with these elements."""
        phases = self.facts.phases
        if phases.systems is None:
            absent = [i for i, symbol in enumerate(SYMBOLS) if symbol not in phases.symbols]
            return ~self.compositions.holds(absent) & phases.covers(around)
        return np.array([phases.covers({*row, *around}) for row in self.compositions], bool)
