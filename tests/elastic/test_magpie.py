"""Composition features: those of matminer, for many compositions at once."""

from __future__ import annotations

import numpy as np
import pytest
from matminer.featurizers.composition import ElementProperty
from pymatgen.core import Composition

from screen.composition import SYMBOLS, Compositions
from screen.elastic import magpie
from tests.descriptors.cases import phases

SOME = tuple(phases().formulas[::7])


@pytest.fixture(scope="module")
def featurizer() -> ElementProperty:
    return ElementProperty.from_preset("magpie", impute_nan=False)


def test_names_are_those_of_matminer(featurizer: ElementProperty) -> None:
    labels = [label.removeprefix("MagpieData ") for label in featurizer.feature_labels()]
    assert list(magpie.feature_names()) == labels


@pytest.mark.parametrize("formulas", [SOME, SYMBOLS, ("HeO", "Li2BkF6", "XeF2", "ArLi3")])
def test_values_are_those_of_matminer(
    featurizer: ElementProperty, formulas: tuple[str, ...]
) -> None:
    ours = magpie.features(Compositions.from_formulas(formulas))
    theirs = np.array([featurizer.featurize(Composition(formula)) for formula in formulas])
    assert ours.shape == (len(formulas), 132)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_unknown_figures_stay_unknown() -> None:
    rows = Compositions.from_formulas(["LiHe", "LiF", "At2BkLi", "He"])
    assert magpie.lacking(rows) == ["He", "", "At", "He"]
    assert np.isnan(magpie.features(rows)).any(axis=1).tolist() == [True, False, True, True]


def test_features_know_no_order_and_no_multiples() -> None:
    rows = Compositions.from_formulas(["Li3PS4", "S8P2Li6", "LiF", "Li3PS4"])
    found = magpie.features(rows)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[3])
    np.testing.assert_array_equal(magpie.features(rows.take([2]))[0], found[2])


def test_nothing_in_nothing_out() -> None:
    assert magpie.features(Compositions.from_formulas([])).shape == (0, 132)
    assert magpie.lacking(Compositions.from_formulas([])) == []
