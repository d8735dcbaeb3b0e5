"""What of a composition the error of its computed energy goes with.

The corrections of the Materials Project (legacy scheme) are so much per atom of an anion, whatever
it is bound to, so the error goes with which elements are anions, how ionic their bonds are, which
nonmetals are oxidised instead (the sulfur of a sulfate), and which metals are oxidised. Everything
vanishes towards the pure elements and for alloys, whose elements are the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.composition import INDEX, SYMBOLS, BoolArray, Compositions, FloatArray, IntArray
from screen.elastic import magpie

ANIONS: dict[str, int] = {
    **{"Si": 4, "Ge": 4, "B": 3, "Sb": 3, "Te": 2, "As": 3, "P": 3, "H": 1, "C": 4},
    **{"Se": 2, "S": 2, "I": 1, "Br": 1, "N": 3, "Cl": 1, "O": 2, "F": 1},
}
"""What may be an anion, the least electronegative (Pauling) first, and its charge as such."""
_OXIDISED = {"Si": 4, "Ge": 4, "B": 3, "Sb": 5, "Te": 6, "As": 5, "P": 5, "H": 1, "C": 4} | {
    **{"Se": 6, "S": 6, "I": 7, "Br": 7, "N": 5, "Cl": 7, "O": 2, "F": 1}
}
"""Charge of these where something more electronegative has taken their electrons: the group's."""
_BY_COLUMN = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 4, 9: 3, 10: 2, 11: 2, 12: 2} | {
    **{13: 3, 14: 4, 15: 5, 16: 6, 17: 7, 18: 1}
}
_ODD = {"Ag": 1, "Au": 3, "Pd": 4, "Pt": 4, "Ce": 4, "Th": 4, "Pa": 5, "U": 6, "Np": 6, "Pu": 6}
"""Highest usual charge of a metal: that of its column in the periodic table, or its own."""
_STRONG = ("H", "C", "Se", "S", "I", "Br", "N", "Cl", "O", "F", "P", "Te", "As")
"""Anions that take electrons off a metal; the others share them."""
_MOST = 3.0
"""An anion counts as far as there are other atoms for it, at most so many for each."""
_IONIC = 1.5
"""Difference in electronegativity from which the ionic part is counted."""

CLASSES = (*("alloy", "covalent", "sulfide", "halide", "halide of a d metal", "oxide", "oxyanion"),)
"""Kinds of compound whose errors spread alike: the last that fits."""
_HUBBARD = ("V", "Cr", "Mn", "Fe", "Co", "Ni", "Mo", "W")
"""Metals that the table treats with a Hubbard U in oxides and fluorides, and there alone (Jain et
al., Phys. Rev. B 84, 045115, 2011)."""
_SOFT = {"halide": ("Cl", "Br", "I"), "sulfide": ("S", "Se", "Te")}
"""Anions beside which d electrons are neither given away nor treated with U: magnetic 3d metals and
metals of bonds among themselves err in opposite ways."""
GROUPS = ("anion", "ionic", "oxidised", "excess", "cation", "hubbard", "d metal")
"""Kinds of columns of `Features.values`, each with a spread of its own."""


@dataclass(frozen=True)
class Features:
    """Of many compositions.

    Attributes:
        values: shape (phases, columns); all zero for an element or an alloy.
        scale: how far each is from the pure elements, 0 for those, at most 1; shape (phases,).
        kind: place in CLASSES, shape (phases,).
    """

    values: FloatArray
    scale: FloatArray
    kind: IntArray


@cache
def names() -> tuple[tuple[str, ...], IntArray]:
    """Names of the columns, and of each the place in GROUPS."""
    parts = [
        *((f"anion {a}", 0) for a in ANIONS),
        *((f"ionic {a}", 1) for a in ANIONS),
        *((f"oxidised {a}", 2) for a in ANIONS),
        *((f"excess {a}", 3) for a in ANIONS),
        *((f"cation {s}", 4) for s in SYMBOLS if s not in ANIONS),
        *((f"hubbard {s}", 5) for s in _HUBBARD),
        *((f"{metal} in {kind}", 6) for kind in _SOFT for metal in ("3d", "4d or 5d")),
    ]
    return tuple(name for name, _ in parts), np.array([group for _, group in parts])


@cache
def _elements() -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    """Electronegativity and highest charge over SYMBOLS; the anions, and their charges."""
    labels, figures = magpie.figures()
    negativity = figures[:, labels.index("Electronegativity")]
    column = figures[:, labels.index("Column")]
    charge = np.array([float(_BY_COLUMN.get(int(c), 0)) for c in np.nan_to_num(column)])
    for symbol, own in _ODD.items():
        charge[INDEX[symbol]] = own
    places = np.array([INDEX[symbol] for symbol in ANIONS])
    charge[places] = 0.0
    return np.nan_to_num(negativity, nan=1.5), charge, places, np.array([*ANIONS.values()], float)


def of(compositions: Compositions) -> Features:
    """Features of compositions, some thousands at a time."""
    parts = [_of(compositions.take(rows)) for rows in _blocks(len(compositions))]
    return Features(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.kind for part in parts]),
    )


def _blocks(count: int) -> Iterator[IntArray]:
    step = 1 << 13
    for begin in range(0, max(count, 1), step):
        yield np.arange(begin, min(begin + step, count))


def _of(compositions: Compositions) -> Features:
    negativity, charge, places, valence = _elements()
    fraction = compositions.fractions()
    share = fraction[:, places]
    oxidised = _oxidised(share, fraction @ charge)
    reduced = np.where(oxidised, 0.0, share)
    held = np.minimum(share, _MOST * (1 - share))
    as_anion, as_cation = np.where(oxidised, 0.0, held), np.where(oxidised, share, 0.0)
    given = fraction @ charge + as_cation @ np.array([*_OXIDISED.values()], float)
    excess = np.clip(reduced @ valence - given, 0, None)[:, None]
    last = _last(reduced > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        others = fraction.copy()
        others[:, places] = as_cation
        mean = (others @ negativity) / others.sum(axis=1)
    apart = negativity[places] - np.where(np.isnan(mean), _IONIC, mean)[:, None] - _IONIC
    strong = np.array([a in _STRONG for a in ANIONS])
    taken = np.clip((as_anion * strong) @ valence / np.maximum(given, 1e-9), 0, 1)
    metals = np.array([i for i, s in enumerate(SYMBOLS) if s not in ANIONS])
    treated = np.array([INDEX[s] for s in _HUBBARD])
    with_u = _held(as_anion, ("O", "F"))
    scale = np.minimum(1.0, 2 * (1 - fraction.max(axis=1)))
    values = np.concatenate(
        [
            as_anion,
            as_anion * apart,
            as_cation,
            last * np.minimum(excess, _MOST * (1 - share)),
            fraction[:, metals] * np.where(given > 0, taken, 0.0)[:, None],
            fraction[:, treated] * (with_u * taken)[:, None],
            *(
                (fraction[:, metal].sum(axis=1) * taken * _held(as_anion, anions))[:, None]
                for anions in _SOFT.values()
                for metal in _d_metals()
            ),
        ],
        axis=1,
    )
    pure = compositions.size == 1
    values[pure] = 0.0
    return Features(values, np.where(pure, 0.0, scale), _kinds(oxidised, fraction))


@cache
def _d_metals() -> tuple[BoolArray, BoolArray]:
    """Which elements are 3d metals, and which 4d or 5d metals."""
    labels, figures = magpie.figures()
    column, row = (figures[:, labels.index(name)] for name in ("Column", "Row"))
    d_block = (column >= 4) & (column <= 11)
    return np.asarray(d_block & (row == 4)), np.asarray(d_block & (row > 4))


def _held(share: FloatArray, symbols: tuple[str, ...]) -> BoolArray:
    """Whether one of these anions is there."""
    places = [list(ANIONS).index(symbol) for symbol in symbols]
    return np.asarray((share[:, places] > 0).any(axis=1))


def _oxidised(share: FloatArray, charge: FloatArray) -> BoolArray:
    """Which nonmetals of each composition are cations: from the least electronegative one on, until
    the charges that all others can give suffice; never the most electronegative.
    """
    valence = np.array([*ANIONS.values()], float)
    positive = np.array([*_OXIDISED.values()], float)
    there = share > 0
    found = np.zeros(share.shape, dtype=bool)
    given, wanted = charge.copy(), share @ valence
    highest = share.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    for k in range(share.shape[1]):
        flips = there[:, k] & (wanted - given > 1e-9) & (highest > k)
        found[:, k] = flips
        given += np.where(flips, share[:, k] * positive[k], 0.0)
        wanted -= np.where(flips, share[:, k] * valence[k], 0.0)
    return found


def _last(there: BoolArray) -> FloatArray:
    """1 at the most electronegative anion of each composition."""
    found = np.zeros(there.shape)
    rows = np.flatnonzero(there.any(axis=1))
    found[rows, there.shape[1] - 1 - there[rows, ::-1].argmax(axis=1)] = 1.0
    return found


def _kinds(oxidised: BoolArray, fraction: FloatArray) -> IntArray:
    """Place in CLASSES of each composition, by the anion of which there is most."""
    early, late = _d_metals()
    d_metal = np.asarray((fraction[:, early | late] > 0).any(axis=1))
    reduced = np.where(oxidised, 0.0, fraction[:, _elements()[2]])
    most = reduced == reduced.max(axis=1, keepdims=True)
    share = np.where(most & (reduced > 0), reduced, 0.0)
    oxygen, halogen = _held(share, ("O",)), _held(share, ("F", "Cl", "Br", "I"))
    conditions = [
        oxygen & oxidised.any(axis=1),
        oxygen,
        halogen & d_metal,
        halogen,
        _held(share, ("S",)),
        share.any(axis=1),
    ]
    return np.select(conditions, [6, 5, 4, 3, 2, 1], 0)
