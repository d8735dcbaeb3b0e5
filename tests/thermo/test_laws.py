"""Laws of thermodynamics and of bookkeeping that need no reference value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from screen.composition import INDEX, SYMBOLS, Compositions
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose, stable_table
from screen.thermo.interface import react
from screen.thermo.window import OUTCOMES, Outcome, profiles
from tests.strategies import PALETTE, Chemistry, chemistries, compositions
from tests.thermo.checks import (
    CLOSE,
    atoms_in,
    curve,
    energy_of,
    only_pair,
    relabelled,
    same,
    same_curves,
    same_decompositions,
    same_profiles,
)


@given(chemistries())
def test_no_phase_lies_below_the_hull(c: Chemistry) -> None:
    hull = decompose(c.table, c.table.compositions).energy
    assert (c.energy - hull > -CLOSE).all()
    assert (hull < CLOSE).all()
    _, distance = stable_table(c.table)
    assert (distance >= 0).all()
    same(distance, c.energy - hull)


@given(chemistries(), st.lists(st.integers(-8, 8), min_size=8, max_size=8))
@settings(max_examples=30)
def test_a_linear_term_in_composition_changes_nothing(c: Chemistry, slopes: list[int]) -> None:
    """Absolute energies x.mu higher, elements included, through an independent solver."""
    mu = np.zeros(len(SYMBOLS))
    mu[[INDEX[symbol] for symbol in PALETTE]] = slopes
    fractions = c.table.compositions.fractions()
    absolute = c.energy + fractions @ mu
    elements = np.unique(c.table.compositions.element)
    judged = Compositions.from_counts(c.judged)
    hull = decompose(c.table, judged).energy
    for fraction, energy in zip(judged.fractions(), hull, strict=True):
        lowest = linprog(absolute, A_eq=fractions[:, elements].T, b_eq=fraction[elements])
        assert lowest.fun - fraction @ mu == pytest.approx(energy, abs=CLOSE)


@given(chemistries(), st.integers(1, 40))
def test_a_term_in_the_anode_metal_shifts_every_voltage(c: Chemistry, step: int) -> None:
    """Compounds costlier by z V x_A: the same profile, V lower."""
    shift = step / 20
    before = profiles(c.table, c.candidates, c.anode, c.valence)
    content = c.table.compositions.fractions()[:, c.anode]
    rise = np.where(content < 1, c.valence * shift * content, 0.0)
    lifted = Competition(c.table.compositions, c.energy + rise)
    after = profiles(lifted, c.candidates, c.anode, c.valence)
    for i in range(len(c.candidates)):
        if c.candidates.row(i).keys() == {SYMBOLS[c.anode]}:
            continue
        old = slice(before.start[i], before.start[i + 1])
        new = slice(after.start[i], after.start[i + 1])
        left = before.v_high[old] > shift + CLOSE
        same(after.v_high[new], before.v_high[old][left] - shift)
        same(after.v_low[new], np.maximum(before.v_low[old][left] - shift, 0.0))
        same(after.uptake[new], before.uptake[old][left])


@given(chemistries(), st.data())
def test_the_hull_is_convex(c: Chemistry, data: st.DataObject) -> None:
    """Mixing two compositions never costs energy, in any proportion."""
    first, second = (data.draw(st.sampled_from([*c.judged, *c.phases])) for _ in range(2))
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    mixed = {
        s: n * first.get(s, 0) + m * second.get(s, 0) for s in sorted(first.keys() | second.keys())
    }
    three = Compositions.from_counts([first, second, mixed])
    per_atom = decompose(c.table, three).energy
    of_first, of_second, of_mixed = per_atom * three.atoms
    assert of_mixed <= n * of_first + m * of_second + CLOSE


@given(chemistries(), st.data())
def test_a_further_phase_never_raises_the_hull(c: Chemistry, data: st.DataObject) -> None:
    symbols = tuple(SYMBOLS[e] for e in np.unique(c.table.compositions.element))
    phase = data.draw(compositions(symbols, elements=2))
    energy = data.draw(st.integers(-60, 10)) / 20
    more = c.with_phases([phase], np.array([energy]))
    before, after = decompose(c.table, c.candidates), decompose(more, c.candidates)
    assert (after.energy <= before.energy + CLOSE).all()
    grown = Compositions.from_counts([phase])
    same(
        decompose(more, grown).energy,
        np.minimum(decompose(c.table, grown).energy, energy),
    )


@given(chemistries())
def test_decompositions_conserve_atoms_and_energy(c: Chemistry) -> None:
    found = decompose(c.table, c.candidates)
    atoms = c.candidates.atoms
    assert (found.products.amount > 0).all()
    same(atoms_in(found.products, c.table), c.candidates.fractions() * atoms[:, None])
    same(energy_of(found.products, c.table), found.energy * atoms)


@given(chemistries())
def test_profiles_conserve_atoms_and_energy(c: Chemistry) -> None:
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    owner = np.repeat(np.arange(len(found)), np.diff(found.start))
    atoms = c.candidates.atoms[owner]
    expected = c.candidates.fractions()[owner] * atoms[:, None]
    expected[:, c.anode] += found.uptake
    assert (found.products.amount > 0).all()
    same(atoms_in(found.products, c.table), expected)
    same(energy_of(found.products, c.table), found.energy * atoms)


@given(chemistries())
def test_reactions_conserve_atoms_and_energy(c: Chemistry) -> None:
    a, b = c.pairs
    found = react(c.table, a, b)
    owner = np.repeat(np.arange(len(found)), np.diff(found.start))
    x = found.x_a
    expected = x[:, None] * a.fractions()[owner] + (1 - x)[:, None] * b.fractions()[owner]
    ends = x * decompose(c.table, a).energy[owner] + (1 - x) * decompose(c.table, b).energy[owner]
    assert (found.products.amount > 0).all()
    same(atoms_in(found.products, c.table), expected)
    same(energy_of(found.products, c.table), found.energy + ends)


@given(chemistries())
def test_states_follow_each_other_down_to_zero_volts(c: Chemistry) -> None:
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    assert (np.diff(found.start) > 0).all()
    for i in range(len(found)):
        part = slice(found.start[i], found.start[i + 1])
        v_high, v_low = found.v_high[part], found.v_low[part]
        assert v_high[0] == np.inf
        assert v_low[-1] == 0
        assert (v_high > v_low).all()
        assert (v_high[1:] == v_low[:-1]).all()
        assert (np.diff(found.uptake[part]) > CLOSE).all()
        assert found.contact[i] == part.stop - 1
        if found.outcome[i] == OUTCOMES.index(Outcome.ANODE_METAL):
            continue
        held = c.candidates.amount_of(c.anode)[i]
        assert found.uptake[part.start] == pytest.approx(-held, abs=CLOSE)


@given(chemistries())
def test_voltage_is_energy_per_charge(c: Chemistry) -> None:
    """From one state to the next: dE = -z V dn."""
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    for i in range(len(found)):
        part = slice(found.start[i], found.start[i + 1])
        energy = found.energy[part] * c.candidates.atoms[i]
        charge = c.valence * np.diff(found.uptake[part])
        same(np.diff(energy), -found.v_low[part][:-1] * charge)


@given(chemistries())
def test_limits_and_outcome_summarise_the_states(c: Chemistry) -> None:
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    for i, name in enumerate(OUTCOMES[o] for o in found.outcome):
        reduction, oxidation = found.reduction_v[i], found.oxidation_v[i]
        states = range(found.start[i], found.start[i + 1])
        takes = [found.v_high[s] for s in states if found.uptake[s] > CLOSE]
        loses = [found.v_low[s] for s in states if found.uptake[s] < -CLOSE]
        still = [s for s in states if abs(found.uptake[s]) <= CLOSE]
        if name is Outcome.ANODE_METAL:
            assert c.candidates.row(i) == {SYMBOLS[c.anode]: 1}
            assert np.isnan(reduction)
            assert np.isnan(oxidation)
        elif name is Outcome.LOSES_ANODE_METAL:
            assert not takes
            assert not still
            assert np.isnan(reduction)
            assert oxidation == min(loses) == 0
        else:
            assert reduction == max(takes, default=0)
            if name is Outcome.UNBOUNDED_ABOVE:
                assert not loses
                assert np.isnan(oxidation)
            else:
                assert oxidation == min(loses)
                assert bool(still) == (name is Outcome.WINDOW)
                assert oxidation - reduction == sum(found.v_high[s] - found.v_low[s] for s in still)


@given(chemistries())
def test_what_forms_at_the_anode_is_not_reduced_further(c: Chemistry) -> None:
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    formed = np.unique(np.concatenate([found.products.of(s)[0] for s in found.contact]))
    again = profiles(c.table, c.table.compositions.take(formed), c.anode, c.valence)
    same(again.uptake[again.contact], np.zeros(len(formed)))


@given(chemistries())
def test_reaction_energies_are_convex_and_zero_at_the_ends(c: Chemistry) -> None:
    a, b = c.pairs
    found = react(c.table, a, b)
    for i in range(len(found)):
        x, energy = curve(found, i)
        assert x[0] == 0
        assert x[-1] == 1
        assert (np.diff(x) > 0).all()
        assert energy[0] == energy[-1] == 0
        assert (energy <= 0).all()
        assert (np.diff(np.diff(energy) / np.diff(x)) > -1e-7).all()
        assert energy.min() == found.energy[found.lowest[i]]
        assert found.start[i] <= found.lowest[i] < found.start[i + 1]
        assert x[energy < energy.min() + 1e-12].min() == found.x_a[found.lowest[i]]


@given(chemistries())
def test_the_lowest_point_alone_is_the_lowest_kink(c: Chemistry) -> None:
    a, b = c.pairs
    every, alone = react(c.table, a, b), react(c.table, a, b, only_lowest=True)
    assert alone.start.tolist() == list(range(len(a) + 1))
    same(alone.energy, every.energy[every.lowest])
    owner = np.arange(len(a))
    x = alone.x_a
    expected = x[:, None] * a.fractions()[owner] + (1 - x)[:, None] * b.fractions()[owner]
    same(atoms_in(alone.products, c.table), expected)
    for i in range(len(a)):
        assert np.interp(x[i], *curve(every, i)) == pytest.approx(alone.energy[i], abs=CLOSE)


@given(chemistries())
def test_a_with_b_is_b_with_a(c: Chemistry) -> None:
    a, b = c.pairs
    same_curves(react(c.table, a, b), react(c.table, b, a), mirrored=True)


@given(chemistries())
def test_energies_of_the_ends_may_be_handed_in(c: Chemistry) -> None:
    a, b = c.pairs
    handed = react(
        c.table, a, b, hull_a=decompose(c.table, a).energy, hull_b=decompose(c.table, b).energy
    )
    same_curves(handed, react(c.table, a, b))


@given(chemistries(), st.data())
def test_order_and_duplicates_change_nothing(c: Chemistry, data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.integers(0, len(c.phases) - 1), max_size=6)), int)
    worse = data.draw(st.sampled_from([0.0, 0.05]))
    twice = c.with_phases([c.phases[row] for row in rows], c.energy[rows] + worse)
    order = data.draw(st.permutations(range(len(twice.energy))))
    shuffled = Competition(twice.compositions.take(order), twice.energy[order])
    judged = data.draw(st.permutations(range(len(c.candidates))))
    back = np.argsort(judged)
    found = decompose(shuffled, c.candidates.take(judged))
    same(found.energy[back], decompose(c.table, c.candidates).energy)
    same_profiles(
        profiles(shuffled, c.candidates, c.anode, c.valence),
        profiles(c.table, c.candidates, c.anode, c.valence),
    )
    same_curves(react(shuffled, *c.pairs), react(c.table, *c.pairs))


@given(chemistries())
def test_stable_phases_alone_give_the_same_answers(c: Chemistry) -> None:
    stable, _ = stable_table(c.table)
    assert set(stable.ground) <= set(c.table.ground)
    same_decompositions(decompose(stable, c.candidates), decompose(c.table, c.candidates))
    same_profiles(
        profiles(stable, c.candidates, c.anode, c.valence),
        profiles(c.table, c.candidates, c.anode, c.valence),
    )
    same_curves(react(stable, *c.pairs), react(c.table, *c.pairs))


@given(chemistries())
def test_a_candidates_own_energy_is_one_more_phase(c: Chemistry) -> None:
    judged = Compositions.from_counts(c.judged)
    hulls = decompose(c.table, judged, c.own_energy)
    windows = profiles(c.table, judged, c.anode, c.valence, c.own_energy)
    for i, counts in enumerate(c.judged):
        more = c.with_phases([counts], c.own_energy[[i]])
        one, own = judged.take([i]), c.own_energy[[i]]
        row = {-1: len(c.phases)}
        expected = decompose(more, one)
        same(hulls.energy[[i]], expected.energy)
        alone = relabelled(decompose(c.table, one, own).products, row)
        same(atoms_in(alone, more), atoms_in(expected.products, more))
        same(energy_of(alone, more), expected.energy * one.atoms)

        profile = profiles(c.table, one, c.anode, c.valence, own)
        same_profiles(profile, profiles(more, one, c.anode, c.valence))
        part = slice(windows.start[i], windows.start[i + 1])
        same(windows.v_low[part], profile.v_low)
        states = relabelled(profile.products, row)
        taken = np.zeros((len(states), len(SYMBOLS)))
        taken[:, c.anode] = profile.uptake
        same(atoms_in(states, more), one.fractions() * one.atoms + taken)
        same(energy_of(states, more), profile.energy * one.atoms)


@given(chemistries())
def test_the_energies_of_both_ends_are_two_more_phases(c: Chemistry) -> None:
    a, b = Compositions.from_counts(c.judged[:1]), Compositions.from_counts(c.judged[-1:])
    own_a, own_b = c.own_energy[:1], c.own_energy[-1:]
    more = c.with_phases([c.judged[0], c.judged[-1]], np.r_[own_a, own_b])
    found = react(c.table, a, b, own_a, own_b)
    same_curves(found, react(more, a, b))
    x = found.x_a[:, None]
    products = relabelled(found.products, {-1: len(c.phases), -2: len(c.phases) + 1})
    same(atoms_in(products, more), x * a.fractions() + (1 - x) * b.fractions())
    one_end = react(c.table, a, b, own_b=own_b)
    same_curves(one_end, react(c.with_phases(c.judged[-1:], own_b), a, b))


@given(chemistries())
def test_an_own_energy_of_nan_is_none(c: Chemistry) -> None:
    nothing = np.full(len(c.candidates), np.nan)
    same_decompositions(decompose(c.table, c.candidates, nothing), decompose(c.table, c.candidates))
    same_profiles(
        profiles(c.table, c.candidates, c.anode, c.valence, nothing),
        profiles(c.table, c.candidates, c.anode, c.valence),
    )


@given(chemistries())
@settings(max_examples=30)
def test_candidates_do_not_see_each_other(c: Chemistry) -> None:
    hulls = decompose(c.table, c.candidates)
    windows = profiles(c.table, c.candidates, c.anode, c.valence)
    a, b = c.pairs
    reactions = react(c.table, a, b)
    for i in range(len(c.candidates)):
        one = c.candidates.take([i])
        same(decompose(c.table, one).energy, hulls.energy[[i]])
        alone = profiles(c.table, one, c.anode, c.valence)
        part = slice(windows.start[i], windows.start[i + 1])
        assert alone.outcome.tolist() == windows.outcome[[i]].tolist()
        for name in ("v_low", "uptake", "energy"):
            same(getattr(alone, name), getattr(windows, name)[part])
    for i in range(len(a)):
        same_curves(react(c.table, a.take([i]), b.take([i])), only_pair(reactions, i))
