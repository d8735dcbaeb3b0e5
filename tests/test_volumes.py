"""Volumes from composition: close to what is known, and with the error that is claimed."""

from __future__ import annotations

import numpy as np
import pytest

from screen import volumes
from screen.composition import SYMBOLS, Compositions

MEASURED = {
    # Å³ per atom, none of them among the volumes that the estimate is fitted to
    "Rb2O": 25.6,  # Fm-3m, a 6.74 Å, 12 atoms
    "KCl": 31.1,  # Fm-3m, a 6.29 Å, 8 atoms
    "CsCl": 35.0,  # Pm-3m, a 4.12 Å, 2 atoms
    "SrCl2": 28.2,  # Fm-3m, a 6.98 Å, 12 atoms
    "NdAl2": 21.3,  # Fd-3m, a 8.00 Å, 24 atoms
}


def test_what_is_added_and_scaled_obeys_the_law() -> None:
    once, twice = volumes.estimate(Compositions.from_formulas(["La2O3", "La4O6"]))
    assert once == twice
    every = volumes.estimate(Compositions.from_formulas(list(SYMBOLS)))
    assert (every > 0).all()


@pytest.mark.parametrize("formula", MEASURED)
def test_phases_that_it_was_not_fitted_to(formula: str) -> None:
    (found,) = volumes.estimate(Compositions.from_formulas([formula]))
    assert found == pytest.approx(MEASURED[formula], rel=0.15)


def test_volumes_that_add_up_are_found_again() -> None:
    """If every element had one volume in compounds, the fit would return it where it has data."""
    compositions, _ = volumes.known()
    truth = volumes.AtomicVolumes(*np.full((2, len(SYMBOLS)), np.linspace(5.0, 30.0, len(SYMBOLS))))
    again = volumes.fit(compositions, truth.of(compositions))
    held = compositions.fractions() > 0
    common = held.sum(axis=0) >= 8
    chosen = held[:, SYMBOLS.index("O")] & ~(held & ~common).any(axis=1) & (compositions.size > 1)
    assert chosen.sum() > 10
    found, wanted = (model.of(compositions)[chosen] for model in (again, truth))
    assert found == pytest.approx(wanted, rel=0.02)


def test_the_error_is_far_below_that_of_a_constant_and_as_the_documents_say() -> None:
    error = volumes.measure()
    for kind, most in (("alloys", 0.08), ("compounds", 0.12)):
        assert error[kind].mean < most
        assert error[kind].mean < error[kind].constant / 2
