"""How alike two compositions are: what must be moved, and how far, to turn one into the other.

The distance is the earth mover's distance between atomic fractions that lie on the line of the
Mendeleev numbers (Hargreaves et al., Chem. Mater. 32, 10610, 2020): moving a tenth of the
atoms by ten places costs 1. LiF and LiCl are 1.5 apart, LiF and Li3N 23. Hydrogen stands beside
fluorine, as hydrides do beside fluorides.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray
from screen.tables import rows_of


@cache
def places() -> IntArray:
    """Mendeleev number of each element of SYMBOLS."""
    numbers = {row["symbol"]: int(row["mendeleev_no"]) for row in rows_of("mendeleev")}
    return np.array([numbers[symbol] for symbol in SYMBOLS], dtype=np.int64)


def coordinates(compositions: Compositions) -> FloatArray:
    """Points whose city-block distance is the earth mover's; shape (compositions, elements - 1).

    On a line that distance is the area between the two cumulative distributions.
    """
    line = np.argsort(places(), kind="stable")
    below = np.cumsum(compositions.fractions()[:, line], axis=1)[:, :-1]
    return below * np.diff(places()[line])


def distances(points: FloatArray, others: FloatArray) -> FloatArray:
    """Distance of each point from each of the others, as `coordinates` gives them."""
    from scipy.spatial.distance import cdist  # noqa: PLC0415 (few questions need it)

    far: FloatArray = cdist(points, others, "cityblock")
    return far
