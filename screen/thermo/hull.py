"""Hull distance and decomposition: the cheapest mixture of phases of the same composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screen.composition import Compositions, FloatArray, IntArray
from screen.thermo.competition import Competition, Ragged, blocks, chosen
from screen.thermo.mixtures import Mixtures
from screen.thermo.programs import programs, solved
from screen.thermo.simplex import TOLERANCE
from screen.thermo.threads import in_order

STABLE = 1e-9
"""A phase within this of the hull (eV/atom) counts as on it; a table thinned to these is exact."""


@dataclass(frozen=True)
class Decompositions:
    """Hull energy (eV/atom, shape (candidates,)) and the phases that make it up.

    Amounts are formula units per formula unit of the candidate.
    """

    energy: FloatArray
    products: Mixtures


def decompose(
    table: Competition,
    candidates: Compositions,
    own_energy: FloatArray | None = None,
    without: IntArray | None = None,
) -> Decompositions:
    """Decompose each candidate into the stablest mixture of its own composition.

    Args:
        table: the phases that compete.
        candidates: compositions to judge; they may but need not be in the table.
        own_energy: eV/atom, shape (candidates,): lets a candidate that is not in the table compete
            for itself alone (NaN where it is in the table or has no energy).
        without: for each candidate a phase of the table, not an element, that may not form, -1 for
            none: its own, to see what it would be without itself. Such a table holds all phases,
            for some are unstable only because of this one.
    """
    parts = in_order(
        lambda rows: _decompose(
            table,
            candidates.take(rows),
            chosen(own_energy, rows),
            chosen(without, rows),
        ),
        blocks(len(candidates)),
    )
    return Decompositions(
        np.concatenate([part.energy for part in parts]),
        Mixtures.join([part.products for part in parts]),
    )


def _decompose(
    table: Competition,
    candidates: Compositions,
    own_energy: FloatArray | None,
    without: IntArray | None,
) -> Decompositions:
    """One block of candidates."""
    elements = Ragged(candidates.start, candidates.element)
    atoms = candidates.atoms.astype(float)
    own = () if own_energy is None else [(candidates, own_energy)]
    asked = programs(table, elements, atoms, own=own, without=without)
    energy, mixtures = solved(asked.cheapest, elements, candidates.fractions())
    return Decompositions(energy, Mixtures(*mixtures))


def stable_table(table: Competition) -> tuple[Competition, FloatArray]:
    """The table thinned to the phases on the hull, and every phase's hull distance (eV/atom).

    A phase competes with itself, so a distance below zero is rounding and reads as zero. One that
    may not form has none: NaN.
    """
    ground = table.compositions.take(table.ground)
    hull = decompose(table, ground).energy
    order = np.argsort(ground.key)
    keys = ground.key[order]
    place = np.minimum(np.searchsorted(keys, table.compositions.key), len(keys) - 1)
    lowest = np.where(keys[place] == table.compositions.key, hull[order][place], np.nan)
    distance = table.energy - lowest
    distance[distance < TOLERANCE] = 0.0
    return table.only(np.flatnonzero(distance <= STABLE)), distance
