"""What orders are learned from: what a compound does in the cell, and how likely it was tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from screen.composition import SYMBOLS, Compositions, FloatArray

MILD_EV_ATOM = 0.1
"""Energy of the reaction with the anode metal that makes `mild_reaction` smaller by a factor e."""


class Figure(NamedTuple):
    """A figure that an order may read.

    Attributes:
        sign: the only one that its weight may have; 0: either.
        words: what it is, for people.
    """

    name: str
    sign: int
    words: str


PHYSICS: tuple[Figure, ...] = (
    Figure("mild_reaction", 1, "mildness of the reaction with the metal"),
    Figure("strength_of_reaction", 0, "energy of the reaction with the metal"),
    Figure("uptake", 1, "metal that its alloys take up, by atom"),
    Figure("held", 1, "charge held, by mass"),
    Figure("alloy", 1, "share of alloys in what it becomes"),
    Figure("conducting", 0, "share of conductors in what it becomes"),
    Figure("matrix", 1, "share of insulators in what it becomes"),
    Figure("light", 1, "light atoms"),
    Figure("quiet_at_electrolyte", 1, "weak reaction with the best electrolyte"),
    Figure("protection", 1, "protection of the best electrolyte"),
    Figure("relief", 1, "relief of the electrolyte from the metal"),
    Figure("holds_voltage", 1, "voltage that a film of it holds"),
    Figure("gap", 0, "band gap"),
    Figure("above_hull", -1, "distance from the hull"),
    Figure("reduced_at", -1, "voltage of its reduction"),
    Figure("wetted", 1, "wetting by the metal"),
)
"""What it does in the cell. They were chosen before anything was measured with them."""
DESIRABILITY = Figure("log_desirability", 1, "the goals of the role")
TRIED = (
    *("few_elements", "few_atoms", "popular_elements", "anode_share"),
    *("supply", "precious", "toxic"),
)
"""What tells how likely a compound was tried; none of it is a merit."""
READS = (
    *("contact_reaction_energy_ev_atom", "alloyed_per_host_atom", "held_mah_g", "alloy_fraction"),
    *("conducting_fraction", "matrix_fraction", "mean_atomic_mass_g_mol", "drive_best_ev_atom"),
    *("protection_best_fraction", "relief_fraction", "film_holds_v", "band_gap_ev"),
    *("hull_distance_ev_atom", "reduction_v", "lithiophilic_probability"),
    *("hhi_production", "precious_fraction", "toxic_fraction"),
)
"""Columns that `physics` and `tried` read."""
LEAST_DESIRABILITY = 0.01

Columns = Mapping[str, npt.NDArray[Any]]


def physics(columns: Columns) -> FloatArray:
    """PHYSICS of each candidate, shape (candidates, figures); NaN where a column is."""
    read = {name: columns[name].astype(float) for name in READS}
    energy = read["contact_reaction_energy_ev_atom"]
    found = (
        np.exp(np.minimum(energy, 0) / MILD_EV_ATOM),
        -np.clip(energy, -3, 0),
        np.log1p(read["alloyed_per_host_atom"]),
        np.log1p(read["held_mah_g"]),
        read["alloy_fraction"],
        read["conducting_fraction"],
        read["matrix_fraction"],
        -np.log(read["mean_atomic_mass_g_mol"]),
        np.maximum(read["drive_best_ev_atom"], -2),
        read["protection_best_fraction"],
        read["relief_fraction"],
        np.minimum(read["film_holds_v"], 5),
        np.log1p(read["band_gap_ev"]),
        np.log1p(np.maximum(read["hull_distance_ev_atom"], 0) / 0.024),
        np.clip(read["reduction_v"], 0, 3),
        read["lithiophilic_probability"],
    )
    return np.column_stack(found)


def popularity(compositions: Compositions) -> FloatArray:
    """Logarithm of the number of compositions that hold each element, 0 where none does."""
    held = np.bincount(compositions.element, minlength=len(SYMBOLS))
    return np.log(np.maximum(held, 1))


def tried(
    columns: Columns, compositions: Compositions, popular: FloatArray, anode: int
) -> FloatArray:
    """TRIED of each candidate: how likely it was tried at all, not what it does in a cell.

    Elements, atoms, how many phases hold its elements, its share of anode metal, supply, precious
    and toxic elements; shape (candidates, figures); NaN where a column is.

    Args:
        popular: `popularity` of the phases of a table.
        anode: index of the anode metal.
    """
    element, owner = compositions.element, compositions.owner
    share = compositions.count / compositions.atoms[owner]
    named = np.bincount(owner, popular[element] * share, minlength=len(compositions))
    supply = [columns[name].astype(float) for name in READS[-3:]]
    found = (
        -np.log(compositions.size),
        -np.log(compositions.atoms),
        named,
        compositions.amount_of(anode) / compositions.atoms,
        *supply,
    )
    return np.column_stack(found)


def log_desirability(score: FloatArray) -> FloatArray:
    """Logarithm of a score between 0 and 1, of at least LEAST_DESIRABILITY."""
    return np.asarray(np.log(np.maximum(score, LEAST_DESIRABILITY)))


def simplicity(physics: FloatArray, compositions: Compositions) -> FloatArray:
    """Logarithms of mean mass and of atoms per formula unit, shape (candidates, 2)."""
    light = [figure.name for figure in PHYSICS].index("light")
    return np.column_stack([-physics[:, light], np.log(compositions.atoms)])


def log_odds(x: FloatArray, weights: FloatArray, intercept: FloatArray | float) -> FloatArray:
    """Log odds of logistic regressions.

    Of the fitted estimator and of the shipped model alike, which is read without scikit-learn.

    Args:
        x: features, shape (samples, features).
        weights: of each sample, or of all.
    """
    return np.asarray((x * weights).sum(axis=1) + intercept)


def medians(x: FloatArray) -> FloatArray:
    """Of each column; 0 where nothing is known."""
    known = ~np.isnan(x).all(axis=0)
    middle = np.zeros(x.shape[1])
    middle[known] = np.nanmedian(x[:, known], axis=0)
    return middle


def filled(x: FloatArray) -> FloatArray:
    """With the median of its column where a value is missing."""
    return np.where(np.isnan(x), medians(x), x)
