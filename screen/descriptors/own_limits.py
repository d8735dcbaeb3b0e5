"""Limits of the phase itself: where it takes up or gives off anode metal and keeps all the rest.

The limits of the window are those of the stablest mixture, which a framework that stays together
does not reach: it goes to phases with the same other elements in the same ratio, and a metastable
phase starts from its own energy (Schwietert et al., Nat. Mater. 19, 428, 2020). Between the
candidate (x atoms of anode metal per host, energy E) and another such phase (x', E') the voltage is
(E - E') / (x' - x) / valence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import Compositions, FloatArray, HashArray, IntArray
from screen.descriptors.case import Case

_SOURCE = "energies of the source table; Schwietert et al., Nat. Mater. 19, 428 (2020)"

COLUMNS: tuple[Column, ...] = (
    Column(
        "own_reduction_v",
        "own reduction limit",
        "Highest voltage at which the phase itself, from its own energy, takes up anode metal and "
        "keeps all other elements; 0 if below plating. Whether the framework stays is not known.",
        _SOURCE,
    ),
    Column(
        "own_reduced",
        "reduced to",
        "The phase with more anode metal that it then becomes.",
        _SOURCE,
        "text",
    ),
    Column(
        "own_oxidation_v",
        "own oxidation limit",
        "Lowest voltage at which the phase itself, from its own energy, gives off anode metal and "
        "keeps all other elements.",
        _SOURCE,
    ),
    Column(
        "own_oxidized",
        "oxidised to",
        "The phase with less anode metal that it then becomes.",
        _SOURCE,
        "text",
    ),
)


@dataclass(frozen=True)
class _Hosts:
    """What remains of compositions without the anode metal.

    Attributes:
        key: a hash of the reduced remainder; equal hosts, equal keys.
        held: atoms of anode metal per reduced remainder; infinite for the metal itself.
        atoms: of the whole, per reduced remainder.
    """

    key: HashArray
    held: FloatArray
    atoms: FloatArray


def _hosts(rows: Compositions, anode: int) -> _Hosts:
    rest = rows.element != anode
    size = np.bincount(rows.owner[rest], minlength=len(rows))
    start = np.concatenate([[0], np.cumsum(size)])
    element, count = rows.element[rest], rows.count[rest]
    common = np.ones(len(rows), dtype=np.int64)
    some = size > 0
    common[some] = np.gcd.reduceat(count, start[:-1][some])
    reduced = Compositions(start, element, count // np.repeat(common, size))
    held = np.where(some, rows.amount_of(anode) / common, np.inf)
    return _Hosts(reduced.key, held, rows.atoms / common)


def compute(case: Case) -> Values:
    """Limits against the phases of the same host that the table holds."""
    symbol, values = case.anode.symbol, Values(len(case))
    table = case.facts.competition
    ground = table.ground[table.compositions.size[table.ground] > 0]
    phases = _hosts(table.compositions.take(ground), case.anode.element)
    order = np.argsort(phases.key, kind="stable")
    key, rows = phases.key[order], ground[order]
    energy = table.energy[rows] * phases.atoms[order]
    own = _hosts(case.compositions, case.anode.element)
    first, last = (np.searchsorted(key, own.key, side) for side in ("left", "right"))
    candidate = np.repeat(np.arange(len(case)), last - first)
    place = np.arange(len(candidate)) - np.repeat(
        np.cumsum(last - first) - (last - first), last - first
    )
    member = first[candidate] + place
    change = (case.own_energy * own.atoms)[candidate] - energy[member]
    with np.errstate(divide="ignore", invalid="ignore"):
        more = phases.held[order][member] - own.held[candidate]
        voltage = change / more / case.anode.valence
    absent = np.where(np.isnan(case.own_energy), case.no_energy(), "")
    metal = ~np.isfinite(own.held)
    for name, text, sign, direction in (
        ("own_reduction_v", "own_reduced", 1, "more"),
        ("own_oxidation_v", "own_oxidized", -1, "less"),
    ):
        chosen = np.flatnonzero((sign * more > 0) & np.isfinite(voltage))
        limit, reached = _best(candidate[chosen], sign * voltage[chosen], member[chosen], len(case))
        limit = sign * limit
        names = case.phases.names[rows[np.maximum(reached, 0)]]
        reason = f"no phase in {case.phases.name} that differs by {direction} {symbol} alone"
        why: Texts = np.where(absent != "", absent, np.where(metal, f"is {symbol} itself", reason))
        if sign > 0:
            limit = np.maximum(limit, 0.0)
        values.add(name, limit, why.astype(object))
        values.add(text, np.where(reached < 0, "", names).astype(object), why.astype(object))
    return values


def _best(
    candidate: IntArray, value: FloatArray, member: IntArray, count: int
) -> tuple[FloatArray, IntArray]:
    """Of each candidate the largest value (NaN: none) and whose it is (-1)."""
    order = np.lexsort((value, candidate))
    last = np.r_[np.diff(candidate[order]) != 0, True] if len(order) else np.zeros(0, dtype=bool)
    best, whose = np.full(count, np.nan), np.full(count, -1)
    best[candidate[order][last]] = value[order][last]
    whose[candidate[order][last]] = member[order][last]
    return best, whose
