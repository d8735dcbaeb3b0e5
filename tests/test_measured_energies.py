"""The measured formation energies: what the table refuses, and that it says what its sources do."""

from __future__ import annotations

import numpy as np
import pytest

from screen.composition import Compositions
from screen.energies import measured
from screen.errors import DataError
from screen.sources import reference
from screen.tables import datasets, rows_of
from screen.units import KJ_MOL_PER_EV

GOOD = {
    **dict.fromkeys(("gibbs", "note"), ""),
    "formula": "LiF",
    "enthalpy": "-616",
    "unit": "kJ/mol",
    "uncertainty": "1",
    "temperature_k": "298.15",
    "phase": "crystal",
    "method": "tables",
    "source": "nasa_condensed",
    "place": "LiF(s)",
    "second_source": "crc_handbook",
    "table_ev_atom": "-3.18",
}


def test_a_row_is_in_ev_per_atom_whatever_its_unit() -> None:
    per_formula, per_atom, in_ev = measured.read(
        [
            GOOD,
            GOOD | {"enthalpy": "-308", "uncertainty": "0.5", "unit": "kJ/mol of atoms"},
            GOOD
            | {
                "enthalpy": str(-308 / KJ_MOL_PER_EV),
                "uncertainty": str(0.5 / KJ_MOL_PER_EV),
                "unit": "eV/atom",
            },
        ]
    )
    assert per_formula.enthalpy == pytest.approx(-308 / KJ_MOL_PER_EV)
    for other in (per_atom, in_ev):
        assert other.enthalpy == pytest.approx(per_formula.enthalpy)
        assert other.uncertainty == pytest.approx(per_formula.uncertainty)


def test_a_formula_counts_its_atoms_as_written() -> None:
    peroxide = GOOD | {"formula": "Li2O2", "enthalpy": "-634", "table_ev_atom": "-1.7"}
    (one,) = measured.read([peroxide])
    assert one.enthalpy == pytest.approx(-634 / 4 / KJ_MOL_PER_EV)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": ""}, "source: a figure needs"),
        ({"second_source": "hearsay"}, "'hearsay' has no stanza"),
        ({"unit": ""}, "no unit"),
        ({"enthalpy": ""}, "neither enthalpy nor gibbs"),
        ({"unit": "kJ/mol of atoms"}, "may be per mole of formula"),
        ({"enthalpy": "-308"}, "may be per mole of formula"),
        ({"table_ev_atom": ""}, "no such phase in the table"),
        ({"temperature_k": "900"}, "temperature_k: 900 is outside"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(change: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        measured.read([GOOD, GOOD | change])
    assert "line 3" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_computed_energies_are_those_of_the_embedded_set() -> None:
    phases = reference.load()
    rows = measured.places_in(phases)
    held = rows >= 0
    assert held.sum() > 250
    computed = measured.column("computed")[held]
    np.testing.assert_allclose(phases.energy[rows[held]], computed, atol=1e-5)


def test_every_figure_has_two_sources_that_differ() -> None:
    sources = datasets()["sources"]
    for one in measured.table():
        assert one.source != one.second_source, one.formula
        assert sources[one.source]["licence"] != "not carried", one.formula
        assert one.uncertainty > 0


def test_gibbs_and_enthalpy_differ_by_what_entropy_can_do() -> None:
    apart = measured.column("gibbs") - measured.column("enthalpy")
    apart = apart[~np.isnan(apart)]
    assert len(apart) > 300
    assert np.all(apart < 0.35)  # 298.15 K times the entropy of half a mole of O2 per atom
    assert np.all(apart > -0.1)


def test_lithium_tin_steps_are_the_plateaus_that_were_read() -> None:
    """Formation energies were summed from plateaus; taking differences gives them back."""
    known = {one.formula: one for one in measured.table()}
    chain = ["Li2Sn5", "LiSn", "Li7Sn3", "Li13Sn5", "Li7Sn2", "Li22Sn5"]
    held, energy = [0.0], [0.0]
    for formula in chain:
        (counts,) = Compositions.from_formulas([formula])
        held.append(counts["Li"] / counts["Sn"])
        energy.append(known[formula].gibbs * sum(counts.values()) / counts["Sn"])
    volts = -np.diff(energy) / np.diff(held)
    np.testing.assert_allclose(volts, [0.76, 0.66, 0.53, 0.485, 0.42, 0.38], atol=5e-4)


def test_rows_are_sorted_so_that_a_new_one_has_its_place() -> None:
    formulas = [row["formula"] for row in rows_of(measured.TABLE)]
    assert formulas == sorted(formulas)
