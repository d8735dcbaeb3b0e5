"""What a card shows of candidates with the electrolytes: their reactions, and the windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from screen.columns import Values, missing
from screen.composition import Compositions
from screen.descriptors import three_layers
from screen.descriptors.case import Case
from screen.thermo.interface import Reactions

_DIGITS = 4
"""Of shares and energies, more than a picture shows."""


def windows(case: Case) -> Iterator[list[float | None]]:
    """Reduction and oxidation limits of the electrolytes, V; None where not known or not there."""
    for electrolyte in case.electrolytes:
        if case.equilibria.not_covered_with(electrolyte.formula).all():
            yield [None, None]
            continue
        profile = three_layers.partner(case, electrolyte.formula).profile
        limits = np.array([profile.reduction_v[0], profile.oxidation_v[0]]).round(6) + 0.0
        yield [limit if np.isfinite(limit) else None for limit in limits.tolist()]


def with_electrolytes(
    case: Case, values: Values, rows: Iterable[int], *, only_lowest: bool = False
) -> Iterator[tuple[int, list[int], Reactions]]:
    """Reactions of some candidates with each electrolyte of the run.

    Args:
        values: of the run; where they hold no energy with an electrolyte, none is solved.
        only_lowest: the strongest reaction alone.

    Yields:
        The place of the electrolyte, the rows that are known with it, and the reactions of these.
    """
    wanted = list(rows)
    for k, electrolyte in enumerate(case.electrolytes):
        known = ~missing(values.columns[electrolyte.column])
        some = [row for row in wanted if known[row]]
        partner = Compositions.from_formulas([electrolyte.formula])
        reactions = case.facts.engine.react(
            case.facts.table,
            case.compositions.take(np.array(some, dtype=np.int64)),
            partner.take(np.zeros(len(some), dtype=np.int64)),
            only_lowest=only_lowest,
        )
        yield k, some, reactions


def whole_curves(case: Case, values: Values, rows: Iterable[int]) -> dict[int, list[list[Any]]]:
    """Reactions of some candidates with the electrolytes at every mixing ratio.

    Returns:
        Of each row [place of the electrolyte, share of the atoms from the candidate, eV/atom,
        share, ...], kink by kink; electrolytes with which it does not react are left out.
    """
    found = {row: list[list[Any]]() for row in rows}
    for k, some, reactions in with_electrolytes(case, values, found):
        x, energy = reactions.x_a.round(_DIGITS), reactions.energy.round(_DIGITS) + 0.0
        for i, row in enumerate(some):
            own = slice(reactions.start[i], reactions.start[i + 1])
            if (energy[own] < 0).any():
                found[row].append([k, *np.column_stack([x[own], energy[own]]).ravel().tolist()])
    return found
