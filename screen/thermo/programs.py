"""Questions as linear programs for the compiled solver, with the errors that it may meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray
from screen.errors import ScreenError
from screen.thermo.competition import Competition, Ragged, competitors
from screen.thermo.simplex import DidNotEndError, Programs

T = TypeVar("T")

Own = Sequence[tuple[Compositions, FloatArray]]
"""Columns that belong to one problem alone, such as a candidate that is not in the table:
compositions, one for each problem, and their energies (eV/atom, NaN where there is none). In
mixtures, own column i is phase -1 - i."""


def programs(
    table: Competition,
    elements: Ragged,
    scale: FloatArray,
    reservoir: int | None = None,
    own: Own = (),
    mu: FloatArray | None = None,
    without: IntArray | None = None,
) -> Programs:
    """One linear program for each problem.

    Args:
        elements: those that each problem balances in ascending order, without the reservoir's.
        scale: atoms of what is balanced that amounts in mixtures are given for, shape (problems,).
        reservoir: an element that every problem may take up or give off; its pure phase is no
            column, since the reservoir is that phase.
        own: further columns of single problems.
        mu: chemical potential of the reservoir in each problem, eV per atom relative to its
            element; energies are then grand potentials, less mu for each atom of it in a phase.
        without: for each problem a phase that may not form, -1 for none.
    """
    choice, choice_of = competitors(table, elements, reservoir)
    count = len(scale)
    shares = np.zeros((len(own), count, len(SYMBOLS)))
    energies, atoms = np.zeros((2, len(own), count))
    for i, (compositions, energy) in enumerate(own):
        shares[i], energies[i], atoms[i] = compositions.fractions(), energy, compositions.atoms
    return Programs(
        table.columns,
        table.energy,
        table.element_phase,
        (elements.start, elements.value),
        (choice.start, choice.value),
        choice_of,
        (shares, energies, atoms),
        scale,
        -1 if reservoir is None else reservoir,
        mu,
        without,
    )


def solved(solve: Callable[..., T], elements: Ragged, *args: FloatArray | None) -> T:
    """What the compiled solver answers.

    Raises:
        ScreenError: when a program does not end, with its elements by name.
    """
    try:
        return solve(*args)
    except DidNotEndError as stuck:
        found = elements.take(np.array(stuck.args)).value
        names = "-".join(SYMBOLS[element] for element in found)
        raise ScreenError(
            f"the linear program of {names} did not end; please report it with the table that "
            "was used"
        ) from None
