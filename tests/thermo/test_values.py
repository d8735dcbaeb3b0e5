"""Windows against Li as published for these energies (V)."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import INDEX, Compositions
from screen.thermo.competition import Competition
from screen.thermo.window import OUTCOMES, Outcome, Profiles, profiles

AS_PRINTED = 0.005


def profile(table: Competition, formula: str) -> Profiles:
    return profiles(table, Compositions.from_formulas([formula]), INDEX["Li"], 1)


@pytest.mark.parametrize(
    ("formula", "reduction_v", "oxidation_v"),
    [
        ("LiF", 0.0, 6.36),
        ("LiCl", 0.0, 4.255),
        ("Li2O", 0.0, 2.91),
        ("Li3P", 0.0, 0.87),
        ("Li7La3Zr2O12", 0.05, 2.91),
        ("Li3PS4", 1.72, 2.36),
    ],
)
def test_windows(
    published: Competition, formula: str, reduction_v: float, oxidation_v: float
) -> None:
    found = profile(published, formula)
    assert OUTCOMES[found.outcome[0]] is Outcome.WINDOW
    assert found.reduction_v[0] == pytest.approx(reduction_v, abs=AS_PRINTED)
    assert found.oxidation_v[0] == pytest.approx(oxidation_v, abs=AS_PRINTED)


def test_steps_of_a_thiophosphate(published: Competition) -> None:
    found = profile(published, "Li3PS4")
    steps = found.v_high[found.uptake > 0]
    np.testing.assert_allclose(steps, [1.72, 1.27, 1.17, 0.94, 0.87], atol=AS_PRINTED)


def test_reduction_of_a_thiogermanate(published: Competition) -> None:
    found = profile(published, "Li10Ge(PS6)2")
    assert found.reduction_v[0] == pytest.approx(1.72, abs=AS_PRINTED)


def test_a_garnet_against_lithium_leaves_the_oxides_of_lithium_and_lanthanum(
    published: Competition,
) -> None:
    found = profile(published, "Li7La3Zr2O12")
    contact = int(found.contact[0])
    rows, _ = found.products.of(contact)
    formed = [published.compositions.row(row) for row in rows.tolist()]
    assert {"Li": 2, "O": 1} in formed
    assert {"O": 3, "La": 2} in formed
    assert found.uptake[contact] > 0
