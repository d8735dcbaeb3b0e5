"""Units: the one place for conversion factors, and what the end of a column's name means."""

from __future__ import annotations

from scipy import constants

MAH_PER_MOL = constants.value("Faraday constant") / 3.6
"""Charge of one mole of electrons in mAh."""

EV_PER_KJ_MOL = 1e3 / constants.value("Faraday constant")
"""Energy per particle in eV of 1 kJ per mole."""

SUFFIXES: dict[str, str] = {
    "_ev_atom": "eV/atom",
    "_ev_anode_atom": "eV per atom of anode metal",
    "_ev": "eV",
    "_v": "V",
    "_mv": "mV",
    "_ma_cm2": "mA/cm²",
    "_gpa": "GPa",
    "_mah_g": "mAh/g",
    "_g_cm3": "g/cm³",
    "_a3_atom": "Å³/atom",
    "_g_mol": "g/mol",
    "_j_m2": "J/m²",
    "_a2": "Å²",
    "_log_s_cm": "log10(S/cm)",
    "_s_cm": "S/cm",
    "_fraction": "1",
    "_mah_cm2": "mAh/cm²",
    "_ohm_cm2": "Ω cm²",
    "_percent": "%",
    "_mpa": "MPa",
    "_h": "h",
    "_c": "°C",
}
"""Unit of a column by the end of its name; no suffix, no unit."""


def unit_of(name: str) -> str:
    """The unit of a column, read off its name; empty for text, flags and counts."""
    return next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "")


def plain_name(name: str) -> str:
    """A column's name in words, without the unit; shares keep what they are called."""
    for suffix, unit in SUFFIXES.items():
        if name.endswith(suffix) and unit != "1":
            name = name.removesuffix(suffix)
            break
    return name.replace("_", " ")
