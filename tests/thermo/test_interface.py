"""Interface reactions that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import Compositions
from screen.thermo.competition import Competition
from screen.thermo.interface import Reactions, react
from tests.thermo.checks import same

TABLE = Competition(
    Compositions.from_formulas(["Li", "S", "P", "Li2S", "P2S5", "Li3PS4"]),
    np.array([0.0, 0.0, 0.0, -1.4, -0.4, -0.99]),
)


def reaction(a: str, b: str, own_a: float | None = None, own_b: float | None = None) -> Reactions:
    first, second = Compositions.from_formulas([a]), Compositions.from_formulas([b])
    own = (None if energy is None else np.array([energy]) for energy in (own_a, own_b))
    return react(TABLE, first, second, *own)


def test_two_elements_meet_at_their_compound() -> None:
    found = reaction("Li", "S")
    same(found.x_a, np.array([0.0, 2 / 3, 1.0]))
    same(found.energy, np.array([0.0, -1.4, 0.0]))
    assert found.lowest.tolist() == [1]
    phase, amount = found.products.of(1)
    assert phase.tolist() == [3]
    same(amount, np.array([1 / 3]))


def test_x_is_the_atomic_fraction_of_a() -> None:
    """3 Li2S (9 atoms) with P2S5 (7 atoms)."""
    found = reaction("Li2S", "P2S5")
    same(found.x_a, np.array([0.0, 9 / 16, 1.0]))
    same(found.energy, np.array([0.0, -0.99 + 9 / 16 * 1.4 + 7 / 16 * 0.4, 0.0]))


@pytest.mark.parametrize(
    ("a", "b"), [("Li3PS4", "Li3PS4"), ("LiS", "LiS"), ("Li2S", "LiS"), ("LiS", "S")]
)
def test_nothing_happens_where_one_end_holds_the_other(a: str, b: str) -> None:
    for pair in ((a, b), (b, a)):
        found = reaction(*pair)
        assert (found.x_a[0], found.x_a[-1]) == (0, 1)
        assert found.energy.tolist() == [0.0] * len(found.x_a)


def test_an_end_that_is_not_in_the_table_is_among_the_products() -> None:
    found = reaction("Li3P", "S", own_a=-0.9)
    assert found.products.of(len(found.x_a) - 1)[0].tolist() == [-1]
    found = reaction("S", "Li3P", own_b=-0.9)
    assert found.products.of(0)[0].tolist() == [-2]
    same(found.energy[[0, -1]], np.zeros(2))


def test_an_end_may_decompose_into_the_other() -> None:
    """LiS turns into S and the far stabler Li2S that is handed in as b."""
    found = reaction("LiS", "Li2S", own_b=-1.6)
    same(found.energy, np.zeros(len(found.energy)))
    phase, amount = found.products.of(len(found.x_a) - 1)
    assert phase.tolist() == [-2, 1]
    same(amount, np.array([0.25, 0.25]))


def test_no_pairs() -> None:
    none = Compositions.from_formulas([])
    found = react(TABLE, none, none)
    assert len(found) == len(found.lowest) == len(found.x_a) == 0
