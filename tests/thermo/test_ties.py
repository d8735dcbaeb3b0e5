"""Tables that lead the plain simplex method astray: cycles, and pivots on rounding."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import SYMBOLS, Compositions
from screen.thermo.by_pymatgen import react as react_by_pymatgen
from screen.thermo.competition import Competition
from screen.thermo.interface import react
from tests.strategies import Counts, reduced
from tests.thermo.checks import same, same_curves

CYCLES = [
    ("Cl", "S3P4O3Li4", "S3P4O3Li4 S4LiCl4 O4SCl2Li2 Li3P3OCl Cl2OLi4 Cl4S", [-2.0] * 6),
    (
        "Fe",
        "S3ClPO",
        "S3ClPO PO2 O2S Fe2S O4Fe PCl4 Cl4S3",
        [-2, -1.9, -1.8, -1.7, -1.7, -1.6, -1.3],
    ),
    (
        "Cl",
        "SO4P4Li",
        "PS S3O2 SO4P4Li SP4OLi4 Li2P P3OCl3 P2Cl2LiO O4Li3Cl2 S2P2Cl2Li3",
        [-1.37, -1.453, -1.074, -1.544, -1.757, -1.406, -1.561, -1.7, -1.919],
    ),
]
"""Ends and compounds on which ties, left to the order of the rows, lead round in circles."""


@pytest.mark.parametrize(("a", "b", "compounds", "energy"), CYCLES)
def test_ties_do_not_lead_in_circles(a: str, b: str, compounds: str, energy: list[float]) -> None:
    phases = Compositions.from_formulas(compounds.split())
    elements = [SYMBOLS[e] for e in np.unique(phases.element)]
    table = Competition(
        Compositions.from_formulas([*compounds.split(), *elements]),
        np.array([*energy, *[0.0] * len(elements)]),
    )
    ends = Compositions.from_formulas([a]), Compositions.from_formulas([b])
    same_curves(react(table, *ends), react_by_pymatgen(table, *ends))


def tied(seed: int) -> tuple[Competition, Compositions]:
    """Up to 80 compounds of five to eight elements at -2, -1 or 0 eV/atom, and ends to pair."""
    rng = np.random.default_rng(seed)
    symbols = ["Li", "O", "S", "P", "Cl", "Fe", "Mg", "Na"][: rng.integers(5, 9)]
    most = min(len(symbols), 4) + 1

    def compound() -> Counts:
        some = rng.choice(symbols, size=rng.integers(2, most), replace=False)
        return reduced({str(symbol): int(rng.integers(1, 5)) for symbol in some})

    compounds = [compound() for _ in range(rng.integers(15, 80))]
    rng.integers(4)
    elements = [{symbol: 1} for symbol in symbols]
    table = Competition(
        Compositions.from_counts([*compounds, *elements]),
        np.r_[np.round(rng.uniform(-2, 0, len(compounds))), np.zeros(len(symbols))],
    )
    ends = [*elements, *compounds[:20], dict.fromkeys(symbols, 1)]
    return table, Compositions.from_counts(ends)


@pytest.mark.parametrize("seed", [124, *range(1, 20)])
def test_tables_of_ties_are_solved_and_symmetric(seed: int) -> None:
    table, ends = tied(seed)
    n = len(ends)
    i, j = (axis.ravel() for axis in np.indices((n, n)))
    a, b = ends.take(i), ends.take(j)
    found = react(table, a, b)
    lowest = found.energy[found.lowest].reshape(n, n)
    assert np.isfinite(found.energy).all()
    assert (found.x_a[found.start[:-1]] == 0).all()
    assert (found.x_a[found.start[1:] - 1] == 1).all()
    same(lowest, lowest.T)
    same(np.diag(lowest), np.zeros(n))
    same(react(table, a, b, only_lowest=True).energy.reshape(n, n), lowest)
