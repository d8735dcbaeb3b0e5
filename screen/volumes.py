"""Volumes of phases from their composition, where no structure says them.

Alloys keep a common share of the volume that their elements have alone (Vegard's law with one
contraction for all). In other compounds an element takes a volume of its own: in proportion to the
volume that it has alone, or for elements that form alloys to the power `POWER` of that, plus a
correction by ridge regression that stays small where few compounds hold the element. Where nonmetal
atoms are fewer than one for `FILLED` metal atoms (Ti6O), the metal's volume lies in proportion
between that alone and that in compounds. Everything is fitted to the known volumes of
data/reference_phases.csv by relative errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.composition import SYMBOLS, BoolArray, Compositions, FloatArray
from screen.tables import elements, rows_of

RIDGE = 3e-4
"""Penalty on the squared correction of an element, Å³, in units of the squared relative error: of
five tried, the one with the least error on chemical systems left out."""
POWER = 2 / 3
"""Of seven laws tried, equal in error within 2 %, the one with the fewest figures; it is right for
compounds of K, Rb and Cs, of which none is in the fit."""
_DENSE = 8192
"""Compositions with a number for every element that are held at a time."""
FILLED = 2.0
"""Metal atoms per nonmetal atom up to which a compound is no metal with atoms in its gaps (M2X)."""


@dataclass(frozen=True)
class AtomicVolumes:
    """What an atom of each element takes up, Å³, shape (elements,); NaN where nothing is known."""

    in_alloys: FloatArray
    in_compounds: FloatArray

    def of(self, compositions: Compositions) -> FloatArray:
        """Volume per atom of each composition, Å³, shape (compositions,)."""
        unfilled, filled = _shares(compositions)
        mixed = _alloys(compositions) & (compositions.size > 1)
        ideal = np.where(mixed[:, None], self.in_alloys, _alone())
        parts = unfilled * ideal + np.where(filled > 0, filled * self.in_compounds, 0.0)
        volume: FloatArray = np.where(unfilled + filled > 0, parts, 0.0).sum(axis=1)
        return volume


def estimate(compositions: Compositions) -> FloatArray:
    """Volume per atom of each composition, Å³; NaN if an element has no known volume.

    The error is that of `measure`: a tenth or so.
    """
    fitted, rows = _fitted(), np.arange(len(compositions))
    parts = np.split(rows, range(_DENSE, len(rows), _DENSE))
    return np.concatenate([fitted.of(compositions.take(part)) for part in parts])


def best(compositions: Compositions) -> tuple[FloatArray, BoolArray]:
    """Volume per atom of each composition, Å³, known or else estimated; whether it is known."""
    have, volume = known()
    order = np.argsort(have.key)
    keys = have.key[order]
    place = order[np.minimum(np.searchsorted(keys, compositions.key), len(keys) - 1)]
    same: BoolArray = have.key[place] == compositions.key
    return np.where(same, volume[place], estimate(compositions)), same


@cache
def _fitted() -> AtomicVolumes:
    return fit(*known())


@cache
def known() -> tuple[Compositions, FloatArray]:
    """Compositions with measured volumes, and these, Å³ per atom."""
    rows = [row for row in rows_of("reference_phases") if row["volume_a3_atom"]]
    volumes = np.array([float(row["volume_a3_atom"]) for row in rows])
    return Compositions.from_formulas([row["formula"] for row in rows]), volumes


def fit(compositions: Compositions, volume: FloatArray) -> AtomicVolumes:
    """Atomic volumes from phases whose volume per atom (Å³, shape (phases,)) is known."""
    alone = _alone()
    fractions, alloy = compositions.fractions(), _alloys(compositions)
    mixed = alloy & (compositions.size > 1)
    ideal = fractions[mixed] @ np.nan_to_num(alone)
    contraction = float(np.exp(np.mean(np.log(volume[mixed] / ideal))))
    unfilled, filled = (part[~alloy] / volume[~alloy, None] for part in _shares(compositions))
    target = 1.0 - unfilled @ np.nan_to_num(alone)
    law = np.nan_to_num(_law(alone))
    shape = np.linalg.lstsq(filled @ law, target, rcond=None)[0]
    rest = target - filled @ law @ shape
    normal = filled.T @ filled + RIDGE * np.eye(len(SYMBOLS))
    correction = np.linalg.solve(normal, filled.T @ rest)
    return AtomicVolumes(contraction * alone, _law(alone) @ shape + correction)


def _shares(compositions: Compositions) -> tuple[FloatArray, FloatArray]:
    """Atomic fractions of what has its volume alone, and of what has that in compounds."""
    fractions, metal = compositions.fractions(), elements().forms_alloys
    metals = fractions[:, metal].sum(axis=1)
    with np.errstate(divide="ignore"):
        full = np.minimum(1.0, FILLED * (1.0 - metals) / metals)
    filled = np.where(metal, full[:, None] * fractions, fractions)
    filled[compositions.size == 1] = 0.0
    return fractions - filled, filled


def _law(alone: FloatArray) -> FloatArray:
    """What the volume in compounds goes with, for metals and for the rest; shape (elements, 2)."""
    metal = elements().forms_alloys
    return np.column_stack([np.where(metal, alone**POWER, 0.0), np.where(metal, 0.0, alone)])


def _alone() -> FloatArray:
    """Volume per atom of each element by itself, Å³: the figure of Magpie."""
    stated = {row["symbol"]: row["GSvolume_pa"] for row in rows_of("magpie")}
    return np.array([float(stated.get(symbol) or "nan") for symbol in SYMBOLS])


def _alloys(compositions: Compositions) -> BoolArray:
    """Whether each composition has only elements that form alloys."""
    foreign = ~elements().forms_alloys[compositions.element]
    alloys: BoolArray = np.bincount(compositions.owner[foreign], minlength=len(compositions)) == 0
    return alloys


@dataclass(frozen=True)
class Error:
    """How far estimates are from measured volumes, each chemical system left out in turn.

    Attributes:
        phases: how many, elements aside.
        mean: mean absolute relative error.
        within: the relative error that nine of ten stay below.
        constant: mean absolute relative error if every phase had the mean volume per atom.
    """

    phases: int
    mean: float
    within: float
    constant: float


def measure() -> dict[str, Error]:
    """The error for alloys and for other compounds."""
    compositions, volume = known()
    system = compositions.system
    relative = np.full(len(volume), np.nan)
    constant = np.full(len(volume), np.nan)
    for one in np.unique(system):
        out = system == one
        taught = np.flatnonzero(~out)
        model = fit(compositions.take(taught), volume[taught])
        found = model.of(compositions.take(np.flatnonzero(out)))
        relative[out] = np.abs(found / volume[out] - 1)
        constant[out] = np.abs(volume[~out].mean() / volume[out] - 1)
    several, alloy = compositions.size > 1, _alloys(compositions)
    return {
        name: Error(
            int(chosen.sum()),
            round(float(relative[chosen].mean()), 4),
            round(float(np.quantile(relative[chosen], 0.9)), 4),
            round(float(constant[chosen].mean()), 4),
        )
        for name, chosen in (("alloys", several & alloy), ("compounds", several & ~alloy))
    }
