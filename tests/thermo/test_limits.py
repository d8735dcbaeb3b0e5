"""States at a voltage, chemical-potential limits and the hull without a phase."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from screen.composition import INDEX, SYMBOLS, Compositions, FloatArray, IntArray
from screen.thermo import by_pymatgen
from screen.thermo.competition import Competition
from screen.thermo.hull import STABLE, decompose, stable_table
from screen.thermo.open_interface import equilibrate
from screen.thermo.window import chemical_potentials, profiles, reaction_energies
from tests.strategies import Chemistry, chemistries
from tests.thermo.checks import CLOSE, same, same_mixtures
from tests.thermo.test_agreement import synthetic

VOLTS = st.integers(0, 80).map(lambda n: n / 20)


def gains(c: Chemistry, voltage: float) -> tuple[IntArray, FloatArray]:
    """The state of each candidate at a voltage, and what it gains, eV per formula unit."""
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    state = found.at(voltage)
    hull = decompose(c.table, c.candidates).energy
    volts = np.full(len(state), voltage)
    return state, reaction_energies(found, c.candidates, hull, state, volts, c.valence)


@given(chemistries(), VOLTS)
def test_a_state_is_the_one_whose_range_holds_the_voltage(c: Chemistry, voltage: float) -> None:
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    state, gain = gains(c, voltage)
    assert (state >= found.start[:-1]).all()
    assert (state < found.start[1:]).all()
    assert (found.v_low[state] <= voltage).all()
    assert (found.v_high[state] > voltage).all()
    assert (gain < CLOSE).all()
    still = found.uptake[state] == 0
    same(gain[still], np.zeros(still.sum()))


@given(chemistries(), VOLTS)
def test_no_other_state_gains_more_at_that_voltage(c: Chemistry, voltage: float) -> None:
    """And neither does the other linear program of the same question."""
    _, gain = gains(c, voltage)
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    hull = decompose(c.table, c.candidates).energy
    volts = np.full(len(gain), voltage)
    steps = np.diff(found.start)
    for turn in range(steps.max()):
        state = found.start[:-1] + np.minimum(turn, steps - 1)
        other = reaction_energies(found, c.candidates, hull, state, volts, c.valence)
        assert (other >= gain - CLOSE).all()
    balanced = c.candidates.atoms - c.candidates.amount_of(c.anode)
    alone = equilibrate(c.table, c.candidates, c.anode, -c.valence * voltage)
    some = balanced > 0
    same(gain[some], (alone.reaction_energy * balanced)[some])


@pytest.mark.parametrize("seed", range(3))
def test_states_are_those_of_a_grand_potential_diagram(seed: int) -> None:
    table, candidates, rng = synthetic(seed, decimals=15)
    lithium = INDEX["Li"]
    found = profiles(table, candidates, lithium, 1)
    hull = decompose(table, candidates).energy
    entries = [
        PDEntry(Composition(counts), energy * sum(counts.values()))
        for counts, energy in zip(table.compositions, table.energy, strict=True)
    ]
    for voltage in rng.uniform(0, 3, 4):
        grand = GrandPotentialPhaseDiagram(entries, {Element("Li"): -voltage})
        volts = np.full(len(candidates), voltage)
        gain = reaction_energies(found, candidates, hull, found.at(voltage), volts, 1)
        for i, counts in enumerate(candidates):
            rest = {s: n for s, n in counts.items() if s != "Li"}
            if not rest:
                continue
            least = grand.get_hull_energy(Composition(rest))
            before = hull[i] * sum(counts.values()) + voltage * counts.get("Li", 0)
            assert gain[i] == pytest.approx(least - before, abs=CLOSE)


@given(chemistries())
def test_a_phase_lies_below_the_hull_of_the_others_or_on_it(c: Chemistry) -> None:
    _, distance = stable_table(c.table)
    compounds = c.table.ground[c.table.compositions.size[c.table.ground] > 1]
    judged = c.table.compositions.take(compounds)
    found = decompose(c.table, judged, without=compounds)
    depth = found.energy - c.energy[compounds]
    stable = distance[compounds] <= STABLE
    assert (depth[stable] > -CLOSE).all()
    same(depth[~stable], -distance[compounds][~stable])
    for i, row in enumerate(compounds.tolist()):
        kept = np.delete(np.arange(len(c.energy)), row)
        same_composition = c.table.compositions.key[kept] == c.table.compositions.key[row]
        kept = kept[~same_composition]
        fewer = Competition(c.table.compositions.take(kept), c.energy[kept])
        same(decompose(fewer, judged.take([i])).energy, found.energy[[i]])


@pytest.mark.parametrize("seed", range(4))
def test_hulls_without_a_phase_are_pymatgens(seed: int) -> None:
    table, _, _ = synthetic(seed, decimals=15)
    compounds = table.ground[table.compositions.size[table.ground] > 1]
    judged = table.compositions.take(compounds)
    ours = decompose(table, judged, without=compounds)
    theirs = by_pymatgen.decompose(table, judged, without=compounds)
    same(ours.energy, theirs.energy)
    same_mixtures(ours.products, theirs.products)
    stable, distance = stable_table(table)
    among_stable = decompose(stable, judged, without=compounds)
    entries = {
        row: PDEntry(Composition(counts), table.energy[row] * sum(counts.values()))
        for row, counts in enumerate(table.compositions)
        if row in set(table.ground.tolist())
    }
    diagram = PhaseDiagram(list(entries.values()))
    for i, row in enumerate(compounds.tolist()):
        if distance[row] > STABLE:
            continue
        nearest = diagram.get_equilibrium_reaction_energy(entries[row])
        assert table.energy[row] - among_stable.energy[i] == pytest.approx(nearest, abs=CLOSE)
        separation = diagram.get_phase_separation_energy(entries[row])
        assert table.energy[row] - ours.energy[i] == pytest.approx(separation, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_chemical_potentials_are_the_extremes_of_pymatgens_vertices(seed: int) -> None:
    table, _, _ = synthetic(seed, decimals=15)
    _, distance = stable_table(table)
    entries = [
        PDEntry(Composition(counts), energy * sum(counts.values()))
        for counts, energy in zip(table.compositions, table.energy, strict=True)
    ]
    elements = np.unique(table.compositions.element).tolist()
    compared = 0
    for row in np.flatnonzero((distance == 0) & (table.compositions.size >= 2))[:4].tolist():
        counts = table.compositions.row(row)
        inside = [e for e in entries if {s.symbol for s in e.composition.elements} <= {*counts}]
        diagram = PhaseDiagram(inside)
        dependent = Element(next(iter(counts)))
        vertices = diagram.getmu_vertices_stability_phase(
            Composition(counts), dependent, tol_en=1e-12
        )
        one = table.compositions.take([row])
        within = table.only(np.flatnonzero([{*c} <= {*counts} for c in table.compositions]))
        for symbol in counts:
            low, high = chemical_potentials(profiles(within, one, INDEX[symbol], 1))
            reached = [vertex[Element(symbol)] for vertex in vertices]
            same(np.r_[low, high], np.array([min(reached), max(reached)]))
            compared += 1
        outside = next((e for e in elements if SYMBOLS[e] not in counts), None)
        if outside is not None:
            low, high = chemical_potentials(profiles(table, one, outside, 1))
            assert low[0] == -np.inf
            assert high[0] <= 0
    assert compared > 3


def test_limits_of_the_element_itself_and_of_what_is_not_stable() -> None:
    table = Competition(Compositions.from_formulas(["Li", "S", "Li2S"]), np.array([0.0, 0.0, -1.4]))
    judged = Compositions.from_formulas(["Li", "Li2S", "LiS", "S"])
    low, high = chemical_potentials(profiles(table, judged, INDEX["Li"], 1))
    same(low, np.array([0.0, -2.1, np.nan, -np.inf]))
    same(high, np.array([0.0, 0.0, np.nan, -2.1]))
