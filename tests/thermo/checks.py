"""What the tests of the kernel measure its answers with."""

from __future__ import annotations

import numpy as np

from screen.composition import SYMBOLS, FloatArray, IntArray
from screen.thermo.competition import Competition
from screen.thermo.hull import Decompositions
from screen.thermo.interface import Reactions
from screen.thermo.mixtures import Mixtures
from screen.thermo.open_interface import OpenReactions
from screen.thermo.window import Profiles

CLOSE = 1e-8
"""V, eV/atom and atoms per atom."""


def same(actual: FloatArray, expected: FloatArray, tolerance: float = CLOSE) -> None:
    """Equal shapes and values; NaN equals NaN."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def owners(mixtures: Mixtures) -> IntArray:
    """The mixture that each product belongs to."""
    return np.repeat(np.arange(len(mixtures)), np.diff(mixtures.start))


def atoms_in(mixtures: Mixtures, table: Competition) -> FloatArray:
    """Atoms of each element in each mixture, shape (mixtures, elements)."""
    assert (mixtures.phase >= 0).all()
    phases = table.compositions.take(mixtures.phase)
    out = np.zeros((len(mixtures), len(SYMBOLS)))
    np.add.at(out, owners(mixtures), phases.fractions() * (phases.atoms * mixtures.amount)[:, None])
    return out


def energy_of(mixtures: Mixtures, table: Competition) -> FloatArray:
    """Formation energy of each mixture, eV, shape (mixtures,)."""
    out = np.zeros(len(mixtures))
    atoms = table.compositions.atoms[mixtures.phase] * mixtures.amount
    np.add.at(out, owners(mixtures), atoms * table.energy[mixtures.phase])
    return out


def relabelled(mixtures: Mixtures, own: dict[int, int]) -> Mixtures:
    """The same mixtures with own columns given rows of a larger table."""
    phase = mixtures.phase.copy()
    for column, row in own.items():
        phase[mixtures.phase == column] = row
    return Mixtures(mixtures.start, phase, mixtures.amount)


def same_decompositions(actual: Decompositions, expected: Decompositions) -> None:
    same(actual.energy, expected.energy)


def same_profiles(actual: Profiles, expected: Profiles) -> None:
    """All but the products, which are not unique at exact ties."""
    assert actual.start.tolist() == expected.start.tolist()
    assert actual.outcome.tolist() == expected.outcome.tolist()
    for name in ("v_high", "v_low", "uptake", "energy", "reduction_v", "oxidation_v"):
        same(getattr(actual, name), getattr(expected, name))


def same_curves(actual: Reactions, expected: Reactions, *, mirrored: bool = False) -> None:
    """Equal E(x) at the kinks of both, read with x -> 1 - x if mirrored.

    Kinks on a straight line, as exact ties make them, may be in one alone.
    """
    assert len(actual) == len(expected)
    for i in range(len(actual)):
        x, energy = curve(actual, i)
        other_x, other_energy = curve(expected, i)
        if mirrored:
            other_x, other_energy = 1 - other_x[::-1], other_energy[::-1]
        grid = np.union1d(x, other_x)
        same(np.interp(grid, x, energy), np.interp(grid, other_x, other_energy))


def curve(reactions: Reactions, i: int) -> tuple[FloatArray, FloatArray]:
    """x and E(x) at the kinks of pair i."""
    part = slice(reactions.start[i], reactions.start[i + 1])
    return reactions.x_a[part], reactions.energy[part]


def same_mixtures(actual: Mixtures, expected: Mixtures, tolerance: float = CLOSE) -> None:
    """Equal phases and amounts."""
    assert actual.start.tolist() == expected.start.tolist()
    assert actual.phase.tolist() == expected.phase.tolist()
    same(actual.amount, expected.amount, tolerance)


def only_pair(reactions: Reactions, i: int) -> Reactions:
    """Pair i alone, without its products."""
    x, energy = curve(reactions, i)
    lowest = reactions.lowest[[i]] - reactions.start[i]
    return Reactions(np.array([0, len(x)]), x, energy, reactions.products, lowest)


def open_part(found: OpenReactions, i: int) -> slice:
    """The kinks of pair i."""
    return slice(found.start[i], found.start[i + 1])


def same_open(actual: OpenReactions, expected: OpenReactions, *, mirrored: bool = False) -> None:
    """Equal curves of both parts of the energy; kinks on a straight line may be in one alone.

    How much is taken up is left out: at an exact tie any amount between two will do.
    """
    assert len(actual) == len(expected)
    for i in range(len(actual)):
        x, other_x = (
            actual.x_balanced[open_part(actual, i)],
            expected.x_balanced[open_part(expected, i)],
        )
        turn = slice(None, None, -1 if mirrored else 1)
        other_x = (1 - other_x if mirrored else other_x)[turn]
        grid = np.union1d(x, other_x)
        for name in ("mixing", "no_mixing", "energy"):
            mine, other = (getattr(r, name)[open_part(r, i)] for r in (actual, expected))
            same(np.interp(grid, x, mine), np.interp(grid, other_x, other[turn]))
