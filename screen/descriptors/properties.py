"""What is known of the phase itself: gap, moduli, density, mass, whether it conducts."""

from __future__ import annotations

import numpy as np

from screen import phases
from screen.columns import Column, Values
from screen.descriptors.case import Case
from screen.elastic import moduli

_TAKEN = (
    "band_gap_ev",
    "band_gap_min_ev",
    "band_gap_max_ev",
    "bulk_modulus_gpa",
    "shear_modulus_gpa",
    "density_g_cm3",
)


_OF_PHASES = {column.name: column for column in phases.COLUMNS}

COLUMNS: tuple[Column, ...] = (
    *(_OF_PHASES[name] for name in _TAKEN),
    Column(
        "electronic_class",
        "electronic class",
        "conducting (metals, alloys, and gaps below the threshold) or insulating.",
        "settings.conducting_gap_ev",
        "text",
    ),
    Column(
        "alloy",
        "alloy",
        "Whether all its elements are metals, Si, Ge or Sb.",
        "elements.csv",
        "flag",
    ),
    Column(
        "fluid",
        "fluid",
        "Whether it is an element that melts below 25 °C.",
        "magpie.csv",
        "flag",
    ),
    Column(
        "elements_count",
        "elements",
        "How many elements it has.",
        "its formula",
        dimensionless=True,
        rounding=0,
    ),
    Column(
        "mean_atomic_mass_g_mol",
        "mean atomic mass",
        "Molar mass per atom.",
        "elements.csv",
    ),
)


def compute(case: Case) -> Values:
    """Values of the source; an impossible modulus is refused with that reason."""
    values = Values(len(case))
    cap = case.settings.modulus_cap_gpa
    for name in _TAKEN:
        numbers = np.where(case.rows >= 0, case.phases.numbers(name)[case.rows], np.nan)
        absent, silent = f"no such phase in {case.phases.name}", f"{case.phases.name} gives none"
        reason = np.where(case.rows >= 0, silent, absent).astype(object)
        if name.endswith("_modulus_gpa"):
            reason[numbers > cap] = f"the source's value is above {cap:g} GPa, which no solid has"
            numbers[numbers > cap] = np.nan
        values.add(name, numbers, reason)
    kind = np.array(["insulating", "conducting", ""], dtype=object)[case.conducts]
    values.add("electronic_class", kind, f"no band gap in {case.phases.name}")
    values.add("alloy", case.alloys)
    values.add("fluid", moduli.fluid_element(case.compositions))
    values.add("elements_count", case.compositions.size.astype(float))
    values.add("mean_atomic_mass_g_mol", case.molar_mass / case.compositions.atoms)
    return values
