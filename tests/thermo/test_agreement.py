"""The kernel against pymatgen, phase by phase."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from screen.composition import INDEX, Compositions, IntArray
from screen.thermo import by_pymatgen, hull, interface, window
from screen.thermo.competition import Competition
from screen.thermo.hull import stable_table
from screen.thermo.interface import Reactions
from tests.conftest import ROOT
from tests.strategies import PALETTE, Counts, reduced
from tests.thermo.checks import (
    curve,
    same,
    same_curves,
    same_decompositions,
    same_mixtures,
    same_profiles,
)

ANODES = (("Li", 1), ("Mg", 2), ("Na", 1))


def random_counts(rng: np.random.Generator, symbols: list[str], least: int = 2) -> Counts:
    some = rng.choice(symbols, size=rng.integers(least, len(symbols) + 1), replace=False)
    return reduced({str(symbol): int(rng.integers(1, 6)) for symbol in some})


def synthetic(seed: int, decimals: int) -> tuple[Competition, Compositions, np.random.Generator]:
    """Four to six elements with Li, up to 40 compounds, and ten compositions to judge."""
    rng = np.random.default_rng(seed)
    others = rng.choice(PALETTE[1:], size=rng.integers(3, 6), replace=False)
    symbols = ["Li", *map(str, others)]
    compounds = [random_counts(rng, symbols) for _ in range(rng.integers(5, 40))]
    energy = np.round(rng.uniform(-2, 0.2, len(compounds)), decimals)
    table = Competition(
        Compositions.from_counts([*compounds, *({symbol: 1} for symbol in symbols)]),
        np.r_[energy, np.zeros(len(symbols))],
    )
    judged = [random_counts(rng, symbols) for _ in range(6)]
    return table, Compositions.from_counts([*judged, *compounds[:3], {"Li": 1}]), rng


def same_reactions(actual: Reactions, expected: Reactions) -> None:
    """Equal kinks, energies and products."""
    assert actual.start.tolist() == expected.start.tolist()
    same(actual.x_a, expected.x_a)
    same(actual.energy, expected.energy)
    same_mixtures(actual.products, expected.products)


@pytest.mark.parametrize("seed", range(12))
def test_synthetic_tables_without_ties(seed: int) -> None:
    table, candidates, rng = synthetic(seed, decimals=15)
    ours, theirs = hull.decompose(table, candidates), by_pymatgen.decompose(table, candidates)
    same_decompositions(ours, theirs)
    same_mixtures(ours.products, theirs.products)
    for metal, valence in ANODES:
        if table.element_phase[INDEX[metal]] < 0:
            continue
        states = window.profiles(table, candidates, INDEX[metal], valence)
        expected = by_pymatgen.profiles(table, candidates, INDEX[metal], valence)
        same_profiles(states, expected)
        same_mixtures(states.products, expected.products)
    a, b = candidates.take(np.arange(5)), candidates.take(rng.permutation(5))
    same_reactions(interface.react(table, a, b), by_pymatgen.react(table, a, b))


@pytest.mark.parametrize("seed", range(100, 110))
def test_synthetic_tables_with_exact_ties(seed: int) -> None:
    """Energies in tenths: phases, not voltages and energies, are then a matter of choice."""
    table, candidates, rng = synthetic(seed, decimals=1)
    same_decompositions(hull.decompose(table, candidates), by_pymatgen.decompose(table, candidates))
    same_profiles(
        window.profiles(table, candidates, INDEX["Li"], 1),
        by_pymatgen.profiles(table, candidates, INDEX["Li"], 1),
    )
    a, b = candidates.take(np.arange(5)), candidates.take(rng.permutation(5))
    ours = interface.react(table, a, b)
    same_curves(ours, by_pymatgen.react(table, a, b))
    lowest = by_pymatgen.react(table, a, b, only_lowest=True)
    same(ours.energy[ours.lowest], lowest.energy)
    same(interface.react(table, a, b, only_lowest=True).energy, lowest.energy)


@pytest.mark.parametrize("seed", range(200, 206))
def test_candidates_with_an_energy_of_their_own(seed: int) -> None:
    table, candidates, rng = synthetic(seed, decimals=15)
    candidates = candidates.take(np.arange(6))
    own = rng.uniform(-2.5, 0.0, len(candidates))
    own[0] = np.nan
    ours = hull.decompose(table, candidates, own)
    theirs = by_pymatgen.decompose(table, candidates, own)
    assert (ours.products.phase == -1).any()
    same_decompositions(ours, theirs)
    same_mixtures(ours.products, theirs.products)
    states = window.profiles(table, candidates, INDEX["Li"], 1, own)
    expected = by_pymatgen.profiles(table, candidates, INDEX["Li"], 1, own)
    same_profiles(states, expected)
    same_mixtures(states.products, expected.products)
    a, b, turned = candidates, candidates.take(np.roll(np.arange(6), 1)), np.roll(own, 1)
    same_reactions(
        interface.react(table, a, b, own, turned), by_pymatgen.react(table, a, b, own, turned)
    )
    same_curves(interface.react(table, a, b, own), by_pymatgen.react(table, a, b, own))


@pytest.fixture(scope="module")
def stable(full_size: Competition) -> Competition:
    return stable_table(full_size)[0]


def sample(table: Competition, seed: int, number: int, most_elements: int) -> Compositions:
    rows: IntArray = np.flatnonzero(table.compositions.size <= most_elements)
    chosen = np.random.default_rng(seed).choice(rows, number, replace=False)
    return table.compositions.take(chosen)


def test_decompositions_of_the_database(full_size: Competition, stable: Competition) -> None:
    candidates = sample(full_size, 1, 300, most_elements=5)
    theirs = by_pymatgen.decompose(full_size, candidates)
    for table in (full_size, stable):
        ours = hull.decompose(table, candidates)
        same_decompositions(ours, theirs)
        same_mixtures(ours.products, theirs.products)


@pytest.mark.parametrize(("metal", "valence"), ANODES)
def test_windows_of_the_database(
    full_size: Competition, stable: Competition, metal: str, valence: int
) -> None:
    anode = INDEX[metal]
    holds_metal = np.flatnonzero(full_size.compositions.amount_of(anode))
    holders = full_size.compositions.take(holds_metal)
    some = np.random.default_rng(valence).choice(len(holders), 30, replace=False)
    others = sample(full_size, valence, 20, most_elements=4)
    candidates = Compositions.from_counts([*holders.take(some), *others])
    theirs = by_pymatgen.profiles(full_size, candidates, anode, valence)
    for table in (full_size, stable):
        ours = window.profiles(table, candidates, anode, valence)
        same_profiles(ours, theirs)
        same_mixtures(ours.products, theirs.products)


def test_interfaces_of_the_database(full_size: Competition, stable: Competition) -> None:
    a = sample(full_size, 3, 26, most_elements=3)
    b = Compositions.from_formulas(["Li6PS5Cl", "Li7La3Zr2O12"] * 13)
    theirs = by_pymatgen.react(full_size, a, b)
    for table in (full_size, stable):
        same_reactions(interface.react(table, a, b), theirs)
    alone = interface.react(stable, a, b, only_lowest=True)
    same(alone.energy, theirs.energy[theirs.lowest])
    assert all(curve(theirs, i)[1].min() == theirs.energy[theirs.lowest[i]] for i in range(len(a)))


def test_importing_the_reference_does_not_import_pymatgen() -> None:
    code = "import sys, screen.thermo.by_pymatgen; sys.exit('pymatgen' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
