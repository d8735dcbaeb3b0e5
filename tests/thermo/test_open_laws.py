"""Laws of reactions in touch with a reservoir that need no reference value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from screen.composition import INDEX, SYMBOLS, Compositions, FloatArray, IntArray
from screen.thermo import open_interface
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose, stable_table
from screen.thermo.interface import react
from screen.thermo.open_interface import (
    Equilibria,
    OpenReactions,
    equilibrate,
    react_open,
)
from screen.thermo.window import profiles
from tests.strategies import PALETTE, Chemistry, chemistries
from tests.thermo.checks import (
    CLOSE,
    atoms_in,
    energy_of,
    only_pair,
    open_part,
    relabelled,
    same,
    same_curves,
    same_open,
)

OUT_OF_REACH = -1e3
"""eV/atom: no phase pays this for an atom of the reservoir."""

MU = st.integers(0, 80).map(lambda n: -n / 20)
"""Chemical potentials as coarse as the energies, so that exact ties are common."""


def owners(found: OpenReactions) -> IntArray:
    """The pair that each kink belongs to."""
    return np.repeat(np.arange(len(found)), np.diff(found.start))


def opened(c: Chemistry, mu: float | FloatArray, **more: object) -> OpenReactions:
    """The pairs of a chemistry, open to its anode metal."""
    return react_open(c.table, *c.pairs, c.anode, mu, **more)  # type: ignore[arg-type]


def free_pairs(c: Chemistry) -> tuple[Compositions, Compositions]:
    """The pairs that hold none of the anode metal."""
    a, b = c.pairs
    free = np.flatnonzero((a.amount_of(c.anode) == 0) & (b.amount_of(c.anode) == 0))
    return a.take(free), b.take(free)


@given(chemistries())
def test_without_compounds_of_the_reservoir_open_is_closed(c: Chemistry) -> None:
    compositions = c.table.compositions
    kept = np.flatnonzero((compositions.amount_of(c.anode) == 0) | (compositions.size == 1))
    bare = Competition(compositions.take(kept), c.energy[kept])
    pairs = free_pairs(c)
    found = react_open(bare, *pairs, c.anode, 0.0)
    same_curves(found, react(bare, *pairs))
    same(found.mixing, found.energy)
    same(found.uptake, np.zeros(len(found.x_a)))


@given(chemistries())
def test_a_reservoir_out_of_reach_changes_nothing(c: Chemistry) -> None:
    """Ends without the anode metal take none up at a voltage that is high enough."""
    pairs = free_pairs(c)
    found = react_open(c.table, *pairs, c.anode, OUT_OF_REACH)
    same_curves(found, react(c.table, *pairs))
    same(found.x_balanced, found.x_a)


@given(chemistries(), MU, MU)
def test_the_grand_potential_rises_with_voltage_and_bends_down(
    c: Chemistry, one: float, two: float
) -> None:
    """d(grand potential)/d(-mu) is the content, which falls as the voltage rises."""
    low, high = max(one, two), min(one, two)
    at_low, at_high = (equilibrate(c.table, c.candidates, c.anode, mu) for mu in (low, high))
    fraction = c.candidates.fractions()[:, c.anode]
    held = np.where(fraction < 1, fraction / np.where(fraction < 1, 1 - fraction, 1), 0.0)
    rise = at_high.hull - at_low.hull
    assert (rise <= (low - high) * (at_low.uptake + held) + CLOSE).all()
    assert (rise >= (low - high) * (at_high.uptake + held) - CLOSE).all()
    assert (at_high.uptake + held > -CLOSE).all()
    assert (at_low.reaction_energy <= 0).all()


@given(chemistries(), st.integers(0, 80))
def test_what_an_end_does_alone_is_its_state_of_the_profile(c: Chemistry, step: int) -> None:
    voltage = (step + 0.37) / 20  # away from exact ties
    found = equilibrate(c.table, c.candidates, c.anode, -c.valence * voltage)
    states = profiles(c.table, c.candidates, c.anode, c.valence)
    owner = np.repeat(np.arange(len(states)), np.diff(states.start))
    at = np.flatnonzero((states.v_low < voltage) & (states.v_high >= voltage))
    at = at[np.argsort(owner[at])]
    rest = c.candidates.atoms - c.candidates.amount_of(c.anode)
    some = rest > 0
    taken = states.uptake[at][some] / rest[some]
    hull = decompose(c.table, c.candidates).energy
    energy = (states.energy[at] - hull)[some] * (c.candidates.atoms / np.maximum(rest, 1))[some]
    same(found.reaction_energy[some], energy + c.valence * voltage * taken)
    ties = np.isclose(states.v_low[at][some], voltage) | np.isclose(
        states.v_high[at][some], voltage
    )
    same(found.uptake[some][~ties], taken[~ties])
    same(found.hull[~some], np.zeros((~some).sum()))


@given(chemistries(), MU)
def test_parts_are_convex_and_mixing_is_zero_at_the_ends(c: Chemistry, mu: float) -> None:
    found = opened(c, mu)
    a, b = (equilibrate(c.table, side, c.anode, mu).reaction_energy for side in c.pairs)
    empty = [side.fractions()[:, c.anode] == 1 for side in c.pairs]
    same(found.energy, found.mixing + found.no_mixing)
    for i in range(len(found)):
        x, mixing = found.x_balanced[open_part(found, i)], found.mixing[open_part(found, i)]
        energy, no_mixing = found.energy[open_part(found, i)], found.no_mixing[open_part(found, i)]
        assert mixing[0] == mixing[-1] == 0
        assert (mixing <= 0).all()
        assert (no_mixing <= 0).all()
        assert (np.diff(x) > 0).all()
        assert (np.diff(found.x_a[open_part(found, i)]) > 0).all()
        assert (np.diff(np.diff(mixing) / np.diff(x)) > -1e-7).all()
        assert energy.min() == found.energy[found.lowest[i]]
        assert mixing.min() == found.mixing[found.lowest_mixing[i]]
        if empty[0][i] or empty[1][i]:
            assert x.tolist() == [float(empty[1][i] and not empty[0][i])]
            same(energy, a[[i]] + b[[i]])  # the empty end's is zero
            continue
        assert (x[0], x[-1]) == (0, 1)
        same(no_mixing, x * a[i] + (1 - x) * b[i])


@given(chemistries(), MU)
def test_x_counts_all_atoms(c: Chemistry, mu: float) -> None:
    """x_a to 1 - x_a of all atoms is x_balanced to 1 - x_balanced of the balanced ones."""
    found = opened(c, mu)
    of_a, of_b = (1 - side.fractions()[owners(found), c.anode] for side in c.pairs)
    x, y = found.x_a, found.x_balanced
    same(y * (1 - x) * of_b, (1 - y) * x * of_a)


@given(chemistries(), MU)
def test_a_pair_with_itself_adds_nothing(c: Chemistry, mu: float) -> None:
    found = react_open(c.table, c.candidates, c.candidates, c.anode, mu)
    alone = equilibrate(c.table, c.candidates, c.anode, mu).reaction_energy
    same(found.mixing, np.zeros(len(found.mixing)))
    same(found.energy, alone[owners(found)])


@given(chemistries(), MU)
def test_atoms_and_grand_potential_are_conserved(c: Chemistry, mu: float) -> None:
    found = opened(c, mu)
    owner = owners(found)
    y = found.x_balanced
    sides = c.pairs
    share = [1 - side.fractions()[owner, c.anode] for side in sides]
    scale = [np.divide(1, s, out=np.zeros_like(s), where=s > 0) for s in share]
    of_a, of_b = y * scale[0], (1 - y) * scale[1]
    expected = sum(
        part[:, None] * side.fractions()[owner]
        for part, side in zip((of_a, of_b), sides, strict=True)
    )
    both = np.asarray(expected).copy()
    both[:, c.anode] += found.uptake
    same(atoms_in(found.products, c.table), both)
    before = sum(
        part * decompose(c.table, side).energy[owner]
        for part, side in zip((of_a, of_b), sides, strict=True)
    )
    same(energy_of(found.products, c.table) - mu * found.uptake, found.energy + before)


@given(chemistries(), MU)
def test_a_with_b_is_b_with_a(c: Chemistry, mu: float) -> None:
    a, b = c.pairs
    same_open(
        react_open(c.table, a, b, c.anode, mu),
        react_open(c.table, b, a, c.anode, mu),
        mirrored=True,
    )


@given(chemistries(), MU)
def test_the_lowest_points_alone_are_the_lowest_kinks(c: Chemistry, mu: float) -> None:
    every, alone = opened(c, mu), opened(c, mu, only_lowest=True)
    assert (np.diff(alone.start) <= 2).all()
    same(alone.energy[alone.lowest], every.energy[every.lowest])
    same(alone.mixing[alone.lowest_mixing], every.mixing[every.lowest_mixing])


@given(chemistries(), MU)
def test_what_the_ends_do_may_be_handed_in(c: Chemistry, mu: float) -> None:
    ends = equilibrate(c.table, c.candidates, c.anode, mu)
    rows = np.arange(len(c.pairs[0]))
    handed = opened(c, mu, ends_a=ends.take(rows), ends_b=ends.take(np.roll(rows, 1)))
    same_open(handed, opened(c, mu))


@given(chemistries(), st.lists(MU, min_size=12, max_size=12))
def test_each_pair_has_its_own_level(c: Chemistry, levels: list[float]) -> None:
    a, b = c.pairs
    each = np.array(levels[: len(a)])
    together = react_open(c.table, a, b, c.anode, each)
    for i in range(len(a)):
        alone = react_open(c.table, a.take([i]), b.take([i]), c.anode, each[i])
        same(alone.energy[alone.lowest], together.energy[together.lowest[[i]]])
        same(alone.mixing[alone.lowest_mixing], together.mixing[together.lowest_mixing[[i]]])


@given(chemistries(), MU)
def test_stable_phases_alone_give_the_same_answers(c: Chemistry, mu: float) -> None:
    stable, _ = stable_table(c.table)
    same_open(react_open(stable, *c.pairs, c.anode, mu), opened(c, mu))


@given(chemistries(), MU)
def test_phases_that_last_at_this_level_give_the_same_answers(c: Chemistry, mu: float) -> None:
    some, ends = opened(c, mu), equilibrate(c.table, c.candidates, c.anode, mu)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_interface, "MANY", 1)
        same_open(opened(c, mu), some)
        same_equilibria(equilibrate(c.table, c.candidates, c.anode, mu), ends)


@given(chemistries(), MU, st.data())
def test_many_films_on_one_electrolyte_are_each_that_film(
    c: Chemistry, mu: float, data: st.DataObject
) -> None:
    """The electrolyte is then solved once for all."""
    row = data.draw(st.integers(0, len(c.candidates) - 1))
    films = np.tile(np.arange(len(c.candidates)), 3)
    a, b = c.candidates.take(films), c.candidates.take(np.full(len(films), row))
    together, found = react(c.table, a, b), react_open(c.table, a, b, c.anode, mu)
    for i in range(len(c.candidates)):
        pair = a.take([i]), b.take([i])
        same_curves(react(c.table, *pair), only_pair(together, i))
        alone = react_open(c.table, *pair, c.anode, mu)
        same(alone.energy[alone.lowest], found.energy[found.lowest[[i]]])
        same(alone.mixing[alone.lowest_mixing], found.mixing[found.lowest_mixing[[i]]])


@given(chemistries(), MU, st.integers(0, 40))
def test_a_term_in_the_reservoir_shifts_the_level(c: Chemistry, mu: float, step: int) -> None:
    """Compounds costlier by s for each of its atoms answer at mu + s as before at mu."""
    shift = step / 20
    content = c.table.compositions.fractions()[:, c.anode]
    lifted = Competition(c.table.compositions, c.energy + np.where(content < 1, shift * content, 0))
    same_equilibria(
        equilibrate(lifted, free_pairs(c)[0], c.anode, mu + shift),
        equilibrate(c.table, free_pairs(c)[0], c.anode, mu),
    )
    same_open(
        react_open(lifted, *free_pairs(c), c.anode, mu + shift),
        react_open(c.table, *free_pairs(c), c.anode, mu),
    )


def same_equilibria(actual: Equilibria, expected: Equilibria) -> None:
    same(actual.hull, expected.hull)
    same(actual.reaction_energy, expected.reaction_energy)


@given(chemistries(), MU, st.lists(st.integers(-8, 8), min_size=8, max_size=8))
@settings(max_examples=30)
def test_references_of_the_elements_change_nothing(
    c: Chemistry, mu: float, slopes: list[int]
) -> None:
    """Absolute energies x.r higher, the reservoir's level too, through an independent solver."""
    reference = np.zeros(len(SYMBOLS))
    reference[[INDEX[symbol] for symbol in PALETTE]] = slopes
    fractions = c.table.compositions.fractions()
    absolute = c.energy + fractions @ reference
    rest = [e for e in np.unique(c.table.compositions.element) if e != c.anode]
    grand = absolute - (mu + reference[c.anode]) * fractions[:, c.anode]
    competes = fractions[:, c.anode] < 1
    judged = Compositions.from_counts(c.judged)
    found = equilibrate(c.table, judged, c.anode, mu)
    for fraction, energy in zip(judged.fractions(), found.hull, strict=True):
        supply = fraction[rest] / (1 - fraction[c.anode])
        lowest = linprog(grand[competes], A_eq=fractions[competes][:, rest].T, b_eq=supply)
        assert lowest.fun - supply @ reference[rest] == pytest.approx(energy, abs=CLOSE)


@given(chemistries(), MU)
def test_ends_that_are_not_in_the_table_are_two_more_phases(c: Chemistry, mu: float) -> None:
    a, b = Compositions.from_counts(c.judged[:1]), Compositions.from_counts(c.judged[-1:])
    own_a, own_b = c.own_energy[:1], c.own_energy[-1:]
    more = c.with_phases([c.judged[0], c.judged[-1]], np.r_[own_a, own_b])
    found = react_open(c.table, a, b, c.anode, mu, own_a, own_b)
    same_open(found, react_open(more, a, b, c.anode, mu))
    products = relabelled(found.products, {-1: len(c.phases), -2: len(c.phases) + 1})
    y = found.x_balanced[:, None]
    share_a, share_b = (1 - side.fractions()[:, c.anode] for side in (a, b))
    expected = y * a.fractions() / share_a + (1 - y) * b.fractions() / share_b
    expected[:, c.anode] += found.uptake
    same(atoms_in(products, more), expected)


@given(chemistries(), MU, st.data())
def test_metastable_ends_bring_their_hull_distance(
    c: Chemistry, mu: float, data: st.DataObject
) -> None:
    a, b = c.pairs
    above = np.array(data.draw(st.lists(st.integers(0, 10), min_size=len(a), max_size=len(a)))) / 20
    own = np.where(above > 0.4, np.nan, decompose(c.table, a).energy + above)
    above[np.isnan(own)] = 0
    found, hull = opened(c, mu, from_a=own), opened(c, mu)
    owner, share = owners(hull), 1 - a.fractions()[:, c.anode]
    brought = np.divide(above, share, out=np.zeros_like(share), where=share > 0)[owner]
    same(found.mixing, hull.mixing)
    same(found.energy, hull.energy - hull.x_balanced * brought)
    lowest = opened(c, mu, from_a=own, only_lowest=True)
    same(lowest.energy[lowest.lowest], found.energy[found.lowest])

    closed, from_hull = react(c.table, a, b, from_a=own), react(c.table, a, b)
    owner = np.repeat(np.arange(len(a)), np.diff(closed.start))
    same(closed.energy, from_hull.energy - closed.x_a * above[owner])
    least = react(c.table, a, b, from_a=own, only_lowest=True)
    same(least.energy, closed.energy[closed.lowest])


def test_no_pairs() -> None:
    table = Competition(Compositions.from_formulas(["Li", "S"]), np.zeros(2))
    none = Compositions.from_formulas([])
    found = react_open(table, none, none, INDEX["Li"], 0.0)
    assert len(found) == len(found.lowest) == len(found.x_a) == 0
