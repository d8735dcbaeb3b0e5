"""Open interfaces against pymatgen, and against values worked out or published."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import INDEX, Compositions
from screen.thermo import by_pymatgen
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose
from screen.thermo.interface import react
from screen.thermo.open_interface import OpenReactions, react_open
from tests.thermo.checks import same, same_mixtures, same_open
from tests.thermo.test_agreement import synthetic

ELECTROLYTES = ("Li6PS5Cl", "Li3PS4", "Li3InCl6", "Li3YCl6", "LiTi2(PO4)3", "Li3PO4")
VOLTAGES = (0.0, 1.3, 3.0)


def same_answers(actual: OpenReactions, expected: OpenReactions) -> None:
    """Equal kinks, both parts of the energy, uptake and products."""
    assert actual.start.tolist() == expected.start.tolist()
    for name in ("x_a", "x_balanced", "mixing", "no_mixing", "energy", "uptake"):
        same(getattr(actual, name), getattr(expected, name))
    same_mixtures(actual.products, expected.products)


@pytest.mark.parametrize("seed", range(4))
def test_synthetic_tables(seed: int) -> None:
    """Any of their elements may be the reservoir's."""
    table, candidates, rng = synthetic(seed, decimals=15)
    a, b = candidates, candidates.take(rng.permutation(len(candidates)))
    mu = rng.uniform(-3, 0, len(a))
    own_a, own_b = rng.uniform(-2.5, 0.0, (2, len(a)))
    own_a[(a.size == 1) | (np.arange(len(a)) == 0)] = np.nan
    own_b[b.size == 1] = np.nan
    for reservoir in np.unique(table.compositions.element)[:3]:
        given = (table, a, b, int(reservoir), mu)
        same_answers(react_open(*given), by_pymatgen.react_open(*given))
        own_ours = react_open(*given, own_a, own_b)
        same_answers(own_ours, by_pymatgen.react_open(*given, own_a, own_b))
        from_a = decompose(table, a).energy + 0.1
        ours = react_open(*given, from_a=from_a)
        theirs = by_pymatgen.react_open(*given, from_a=from_a)
        same_answers(ours, theirs)
        lowest = by_pymatgen.react_open(*given, from_a=from_a, only_lowest=True)
        same(ours.energy[ours.lowest], lowest.energy[lowest.lowest])
        same(ours.mixing[ours.lowest_mixing], lowest.mixing[lowest.lowest_mixing])


def test_a_hundred_interfaces_at_three_voltages(embedded: Competition) -> None:
    rng = np.random.default_rng(7)
    films = rng.choice(np.flatnonzero(embedded.compositions.size <= 2), 100, replace=False)
    a = embedded.compositions.take(np.repeat(films, 3))
    names = np.repeat(rng.choice(ELECTROLYTES, 100), 3).tolist()
    b = Compositions.from_formulas(names)
    mu = -np.tile(VOLTAGES, 100)
    found = react_open(embedded, a, b, INDEX["Li"], mu)
    assert (found.mixing[found.lowest_mixing] < -0.001).sum() > 150
    same_open(found, by_pymatgen.react_open(embedded, a, b, INDEX["Li"], mu))


@pytest.mark.parametrize(("symbol", "level"), [("O", -1.0), ("S", -0.3), ("F", -2.0), ("Mg", -1.0)])
def test_reservoirs_of_other_elements(embedded: Competition, symbol: str, level: float) -> None:
    a = Compositions.from_formulas(["LiF", "Li3N", "ZnO", "Mg3N2", "Li2S", symbol])
    b = Compositions.from_formulas(["Li3PS4", "LiCl", "Li3PO4", "Li2S", "Li2O", "Li2S"])
    given = (embedded, a, b, INDEX[symbol], level)
    same_answers(react_open(*given), by_pymatgen.react_open(*given))


def film(table: Competition, a: str, b: str, volts: float = 0.0) -> OpenReactions:
    pair = Compositions.from_formulas([a]), Compositions.from_formulas([b])
    return react_open(table, *pair, INDEX["Li"], -volts)


def test_lithium_nitride_on_an_argyrodite(published: Competition) -> None:
    """At 0 V nothing is left for mixing to do; without lithium at hand the two react strongly."""
    found = film(published, "Li3N", "Li6PS5Cl")
    assert found.mixing[found.lowest_mixing[0]] == pytest.approx(-0.004, abs=0.0005)
    pair = Compositions.from_formulas(["Li3N"]), Compositions.from_formulas(["Li6PS5Cl"])
    closed = react(published, *pair)
    assert closed.energy[closed.lowest[0]] == pytest.approx(-0.43, abs=0.005)


def test_lithium_itself_leaves_the_other_end(published: Competition) -> None:
    """Six balanced atoms PS5Cl take up 8 Li: PS5Cl Li6 + 8 Li -> 5 Li2S + Li3P + LiCl."""
    found = film(published, "Li", "Li6PS5Cl")
    same(found.uptake, np.array([8 / 7]))
    same(found.mixing, np.zeros(1))
    assert found.x_a.tolist() == [0.0]
    turned = film(published, "Li6PS5Cl", "Li")
    assert turned.x_a.tolist() == [1.0]
    same(turned.energy, found.energy)
    nothing = film(published, "Li", "Li")
    assert (nothing.x_a.tolist(), nothing.energy.tolist(), len(nothing.products)) == ([0], [0], 1)


def test_energies_are_per_atom_that_is_not_lithium() -> None:
    """S + 2 Li -> Li2S, 4.2 eV for one S; at V it is 2 V less."""
    table = Competition(
        Compositions.from_formulas(["Li", "S", "P", "Li2S"]), np.array([0.0, 0.0, 0.0, -1.4])
    )
    found = film(table, "S", "P", 0.5)
    same(found.energy, np.array([0.0, -4.2 + 2 * 0.5]))
    same(found.mixing, np.zeros(2))
    same(found.uptake, np.array([0.0, 2.0]))
    same(film(table, "Li2S", "P", 2.5).energy, np.array([0.0, 4.2 - 2 * 2.5]))
    same(film(table, "Li2S", "P", 2.0).energy, np.zeros(2))
