"""What pictures of a card show: whole reactions with the electrolytes, and their windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from screen.columns import Values, missing
from screen.composition import Compositions
from screen.descriptors import three_layers
from screen.descriptors.case import Case

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


def whole_curves(case: Case, values: Values, rows: Iterable[int]) -> dict[int, list[list[Any]]]:
    """Reactions of some candidates with the electrolytes at every mixing ratio.

    Returns:
        Of each row [place of the electrolyte, share of the atoms from the candidate, eV/atom,
        share, ...], kink by kink; electrolytes with which it does not react are left out.
    """
    found = {row: list[list[Any]]() for row in rows}
    for k, electrolyte in enumerate(case.electrolytes):
        known = ~missing(values.columns[electrolyte.column])
        some = np.array([row for row in found if known[row]], dtype=np.int64)
        partner = Compositions.from_formulas([electrolyte.formula])
        reactions = case.facts.engine.react(
            case.facts.table,
            case.compositions.take(some),
            partner.take(np.zeros(len(some), dtype=np.int64)),
        )
        x, energy = reactions.x_a.round(_DIGITS), reactions.energy.round(_DIGITS) + 0.0
        for i, row in enumerate(some.tolist()):
            own = slice(reactions.start[i], reactions.start[i + 1])
            if (energy[own] < 0).any():
                found[row].append([k, *np.column_stack([x[own], energy[own]]).ravel().tolist()])
    return found
