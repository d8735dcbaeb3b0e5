"""How alike compositions are: a distance, and the one that is claimed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from screen.composition import Compositions
from screen.similarity import coordinates, distances, places
from tests.strategies import FORMULAS


def matrix(formulas: list[str]) -> np.ndarray:
    points = coordinates(Compositions.from_formulas(formulas))
    return distances(points, points)


def test_every_element_has_a_place_of_its_own() -> None:
    assert sorted(places().tolist()) == list(range(1, len(places()) + 1))


@given(formulas=st.lists(FORMULAS, min_size=1, max_size=5))
def test_it_is_a_distance(formulas: list[str]) -> None:
    far = matrix(formulas)
    np.testing.assert_allclose(far, far.T, atol=1e-9)
    assert (np.diag(far) == 0).all()
    keys = Compositions.from_formulas(formulas).key
    assert ((far > 1e-12) == (keys[:, None] != keys)).all()
    assert (far[:, :, None] + far[None, :, :] >= far[:, None, :] - 1e-9).all()


@given(formulas=st.lists(FORMULAS, min_size=2, max_size=2))
def test_it_is_the_earth_movers(formulas: list[str]) -> None:
    a, b = Compositions.from_formulas(formulas).fractions()
    expected = wasserstein_distance(places(), places(), a, b)
    assert matrix(formulas)[0, 1] == pytest.approx(expected, abs=1e-9)


def test_neighbours_as_chemists_see_them() -> None:
    far = matrix(["LiF", "LiCl", "Li2O", "Li3N", "Si", "Ge", "FeSi2"])
    assert far[0, 1] == pytest.approx(1.5)
    assert far[0, 3] == pytest.approx(23.0)
    assert far[0, 1] < far[0, 2] < far[0, 3] < far[0, 4]
    assert far[4, 5] < far[4, 6]


def test_of_nothing() -> None:
    points = coordinates(Compositions.from_formulas(["LiF"]))
    assert distances(points[:0], points).shape == (0, 1)
    assert distances(points, points[:0]).shape == (1, 0)
