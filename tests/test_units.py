"""Constants and conversions, against those of scipy and the values that define the SI."""

from __future__ import annotations

import pytest
from scipy import constants

from screen import units


def test_the_constants_that_define_the_si() -> None:
    assert constants.e == units.ELEMENTARY_CHARGE_C
    assert constants.Avogadro == units.AVOGADRO_PER_MOL
    assert constants.k == units.BOLTZMANN_J_K


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FARADAY_C_MOL", constants.value("Faraday constant")),
        ("MAH_PER_MOL", constants.value("Faraday constant") / (constants.hour * constants.milli)),
        ("GAS_J_MOL_K", constants.R),
        ("CM3_MOL_PER_A3", constants.Avogadro * constants.angstrom**3 / constants.centi**3),
        ("CM_PER_UM", constants.micro / constants.centi),
        ("UM_PER_NM", constants.nano / constants.micro),
        ("AMPERE_PER_MA", constants.milli),
        ("CM3_PER_LITRE", constants.litre / constants.centi**3),
        ("MG_PER_G", constants.gram / (constants.milli * constants.gram)),
        ("EV_PER_J_MOL", 1 / (constants.Avogadro * constants.eV)),
        ("J_M2_PER_EV_A2", constants.eV / constants.angstrom**2),
        ("ZERO_CELSIUS_K", constants.zero_Celsius),
    ],
)
def test_what_follows_from_them(name: str, value: float) -> None:
    assert getattr(units, name) == pytest.approx(value, rel=1e-14)
