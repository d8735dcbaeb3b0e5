"""Against figures that were measured: plateaus of lithium alloys, capacities, swelling."""

from __future__ import annotations

import pytest

from screen import descriptors
from tests.descriptors.cases import case_of

PLATEAUS_V = {"In": [0.62], "Al": [0.38], "Sb": [0.95], "Bi": [0.82], "Sn": [0.70, 0.53]}
"""Room temperature, against Li. Tin has 0.76 V up to Li2Sn5 and 0.66 V up to LiSn; the table has no
Li2Sn5, so their average stands here. Hulls of density functional theory lie 0.02 to 0.14 V low.
"""


@pytest.mark.parametrize("metal", PLATEAUS_V)
def test_plateaus_of_lithium_alloys(metal: str) -> None:
    profile = case_of(metal).equilibria.profiles
    steps = profile.v_low[profile.start[0] : profile.start[1]]
    steps = steps[steps > 0]
    for measured, computed in zip(PLATEAUS_V[metal], steps, strict=False):
        assert computed == pytest.approx(measured, abs=0.15)
        assert computed < measured


@pytest.mark.parametrize(
    ("formula", "mah_g"),
    [("LiAl", 993.3), ("Li22Sn5", 993.4), ("Li15Si4", 3578.6)],
)
def test_capacities_per_gram_of_host(formula: str, mah_g: float) -> None:
    """Faraday's constant, the ratio of atoms and the molar mass of the host: no more is in them."""
    values = descriptors.compute_families(case_of(formula), ("capacity",)).columns
    assert values["own_capacity_mah_g"][0] == pytest.approx(mah_g, abs=0.5)


def test_lithium_holds_3861_mah_g() -> None:
    values = descriptors.compute_families(case_of("Li"), ("against_anode",)).columns
    assert values["held_mah_g"][0] == pytest.approx(3861.3, abs=0.5)


def test_silicon_swells_by_280_to_300_percent() -> None:
    values = descriptors.compute_families(case_of("Si"), ("capacity",)).columns
    assert 2.75 <= values["uptake_volume_fraction"][0] <= 3.0
    assert values["cycling_volume_fraction"][0] == values["uptake_volume_fraction"][0]


def test_all_that_holds_silicon_and_lithium_swells_alike_in_cycling() -> None:
    case = case_of("Si", "LiSi", "Li15Si4", "Li21Si5")
    values = descriptors.compute_families(case, ("capacity",)).columns
    cycling = values["cycling_volume_fraction"]
    assert cycling.tolist() == pytest.approx([cycling[0]] * 4, rel=1e-9)
    taken = values["uptake_volume_fraction"]
    assert taken[0] > taken[1] > taken[2] > taken[3]
