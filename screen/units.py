"""Units: the one place for conversion factors, and what the end of a column's name means."""

from __future__ import annotations

from functools import cache

ELEMENTARY_CHARGE_C: float = 1.602176634e-19
AVOGADRO_PER_MOL: float = 6.02214076e23
BOLTZMANN_J_K: float = 1.380649e-23
"""These three are exact: they define the SI (BIPM, The International System of Units, 9th edition,
2019, section 2.2). All else here follows from them, so no library of constants need be loaded.
"""

_MILLI, _CENTI, _MICRO, _NANO, _ANGSTROM = 1e-3, 1e-2, 1e-6, 1e-9, 1e-10

FARADAY_C_MOL: float = ELEMENTARY_CHARGE_C * AVOGADRO_PER_MOL
"""Charge of one mole of electrons in C."""
MAH_PER_MOL: float = FARADAY_C_MOL / (3600 * _MILLI)
"""The same in mAh."""
GAS_J_MOL_K: float = AVOGADRO_PER_MOL * BOLTZMANN_J_K
"""Molar gas constant."""
CM3_MOL_PER_A3: float = AVOGADRO_PER_MOL * _ANGSTROM**3 / _CENTI**3
"""Volume of a mole in cm³ for one Å³ each."""
CM_PER_UM: float = _MICRO / _CENTI
UM_PER_NM: float = _NANO / _MICRO
AMPERE_PER_MA: float = _MILLI
V_PER_MV: float = _MILLI
CM3_PER_LITRE: float = _MILLI / _CENTI**3
MG_PER_G: float = 1 / _MILLI
EV_PER_J_MOL: float = 1 / (AVOGADRO_PER_MOL * ELEMENTARY_CHARGE_C)
"""Energy of one particle in eV for one J per mole."""
J_M2_PER_EV_A2: float = ELEMENTARY_CHARGE_C / _ANGSTROM**2
"""Surface energy in J/m² for one eV/Å²."""
KJ_MOL_PER_EV: float = FARADAY_C_MOL / 1e3
"""Energy of one mole in kJ for one eV each."""
ZERO_CELSIUS_K: float = 273.15

SUFFIXES: dict[str, str] = {
    "_ev_atom": "eV/atom",
    "_ev_anode_atom": "eV per atom of anode metal",
    "_ev_formula": "eV per formula unit",
    "_ev": "eV",
    "_v": "V",
    "_mv": "mV",
    "_ma_cm2": "mA/cm²",
    "_gpa": "GPa",
    "_mah_g": "mAh/g",
    "_mah_cm3": "mAh/cm³",
    "_mah_cm2_um": "mAh/cm² per µm",
    "_mah_cm2": "mAh/cm²",
    "_mg_cm2": "mg/cm²",
    "_wh_kg": "Wh/kg",
    "_wh_l": "Wh/L",
    "_kj_mol": "kJ/mol",
    "_mv_decade": "mV/decade",
    "_um": "µm",
    "_nm": "nm",
    "_s": "s",
    "_g_cm3": "g/cm³",
    "_a3_atom": "Å³/atom",
    "_g_mol": "g/mol",
    "_j_m2": "J/m²",
    "_a2": "Å²",
    "_log_s_cm": "log10(S/cm)",
    "_s_cm": "S/cm",
    "_fraction": "1",
    "_ohm_cm2": "Ω cm²",
    "_percent": "%",
    "_mpa": "MPa",
    "_h": "h",
    "_c": "°C",
    "_k": "K",
    "_deg": "°",
    "_cm3_mol": "cm³/mol",
}
"""Unit of a column by the end of its name; no suffix, no unit."""
UNITS: frozenset[str] = frozenset({*SUFFIXES.values(), "Å"})
"""All that are known."""

DECIMALS: dict[str, int] = {
    "": 3,
    "1": 3,
    "V": 3,
    "eV/atom": 3,
    "eV per atom of anode metal": 3,
    "eV per formula unit": 3,
    "eV": 2,
    "kJ/mol": 0,
    "J/m²": 2,
    "mV/decade": 1,
    "mAh/g": 0,
    "mAh/cm³": 0,
    "mAh/cm² per µm": 3,
    "Wh/kg": 1,
    "Wh/L": 1,
    "mg/cm²": 3,
    "g/cm³": 2,
    "g/mol": 1,
    "µm": 1,
    "nm": 1,
    "Å²": 1,
    "Å³/atom": 2,
    "GPa": 0,
    "log10(S/cm)": 1,
    "cm³/mol": 2,
    "K": 0,
    "°": 1,
    "Å": 3,
}
"""Decimals that people are shown of a quantity, by its unit.

Units that are not here are those of measurements over several decades, such as hours and mA/cm²;
of these people are shown four significant digits.
"""


@cache
def suffix_of(name: str) -> str:
    """The end of a column's name that says its unit; empty if there is none."""
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")


@cache
def unit_of(name: str) -> str:
    """The unit of a column, read off its name; empty for text, flags and counts."""
    return SUFFIXES.get(suffix_of(name), "")


@cache
def plain_name(name: str) -> str:
    """A column's name in words, without the unit; shares keep what they are called."""
    if unit_of(name) != "1":
        name = name.removesuffix(suffix_of(name))
    return name.replace("_", " ")
