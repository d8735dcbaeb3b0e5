"""Features of a composition from figures of its elements, for many compositions at once.

The Magpie set of Ward et al., npj Comput. Mater. 2, 16028 (2016): six statistics of each of 22
figures, equal to matminer's `ElementProperty.from_preset("magpie", impute_nan=False)`.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from screen.composition import SYMBOLS, Compositions, FloatArray
from screen.tables import rows_of

STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")


@cache
def figures() -> tuple[tuple[str, ...], FloatArray]:
    """Names of the figures, and the figures over SYMBOLS, shape (elements, figures).

    NaN where data/magpie.csv has none.
    """
    rows = {row["symbol"]: row for row in rows_of("magpie")}
    names = tuple(name for name in rows["H"] if name != "symbol")
    table = [[float(rows[symbol][name] or "nan") for name in names] for symbol in SYMBOLS]
    return names, np.array(table)


def feature_names() -> tuple[str, ...]:
    """Names of the columns of `features`."""
    return tuple(f"{statistic} {name}" for name in figures()[0] for statistic in STATISTICS)


def features(compositions: Compositions) -> FloatArray:
    """Statistics over the atoms of each composition, shape (rows, 6 x figures).

    `avg_dev` is the mean absolute deviation from the mean; `mode` is the figure of the commonest
    element, the least one where several are equally common. What an element lacks stays NaN.
    """
    table = figures()[1]
    out = np.empty((len(compositions), table.shape[1], len(STATISTICS)))
    flat = (len(compositions), table.shape[1] * len(STATISTICS))
    if not len(compositions):
        return out.reshape(flat)
    start, owner = compositions.start[:-1], compositions.owner
    value = table[compositions.element]
    share = (compositions.count / compositions.atoms[owner])[:, None]
    out[..., 0] = np.minimum.reduceat(value, start)
    out[..., 1] = np.maximum.reduceat(value, start)
    out[..., 2] = out[..., 1] - out[..., 0]
    out[..., 3] = np.add.reduceat(value * share, start)
    out[..., 4] = np.add.reduceat(np.abs(value - out[owner, :, 3]) * share, start)
    largest = np.maximum.reduceat(compositions.count, start)[owner]
    common = np.isclose(compositions.count, largest)[:, None]
    out[..., 5] = np.minimum.reduceat(np.where(common, value, np.inf), start)
    return out.reshape(flat)


def lacking(compositions: Compositions) -> list[str]:
    """The first element of each composition without some figure, "" where there is none."""
    bare = np.isnan(figures()[1].sum(axis=1))[compositions.element]
    first = np.full(len(compositions), "", dtype=object)
    for at in np.flatnonzero(bare)[::-1]:
        first[compositions.owner[at]] = SYMBOLS[compositions.element[at]]
    found: list[str] = first.tolist()
    return found
