"""Anode metal | film | electrolyte: laws, pymatgen beside them, known figures."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.composition import INDEX, Compositions
from screen.thermo import by_pymatgen, layers
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose, stable_table
from screen.thermo.layers import Electrolyte, Layers
from screen.thermo.open_interface import equilibrate, react_open
from screen.thermo.window import Profiles, profiles
from tests.conftest import EMBEDDED, competition

LI = INDEX["Li"]
FILMS = ("LiF", "LiCl", "Li2O", "Li2S", "Li3N", "Li3P", "Al2O3", "ZnO", "Si3N4", "Ag", "Cu", "AlN")
PARTNERS = ("Li6PS5Cl", "Li7La3Zr2O12", "Li3PO4", "Li3InCl6", "LiTi2(PO4)3")


@cache
def table() -> Competition:
    return stable_table(competition(EMBEDDED, "formation_energy_ev_atom"))[0]


@cache
def films() -> tuple[Compositions, Profiles]:
    compositions = Compositions.from_formulas(FILMS)
    return compositions, profiles(table(), compositions, LI, 1)


@cache
def electrolyte(formula: str) -> Electrolyte:
    one = Compositions.from_formulas([formula])
    return Electrolyte(one, profiles(table(), one, LI, 1), decompose(table(), one).energy)


def solve(formula: str, blocks: bool, *, lowest: bool = True) -> Layers:
    compositions, own = films()
    which = np.full(len(FILMS), blocks)
    return layers.between(
        table(), compositions, own, own.contact, which, electrolyte(formula), LI, 1,
        only_lowest=lowest,
    )  # fmt: skip


@pytest.mark.parametrize("formula", PARTNERS)
def test_a_film_that_conducts_leaves_the_electrolyte_at_the_metal(formula: str) -> None:
    found = solve(formula, blocks=False)
    assert (found.at_v == 0).all()
    assert np.allclose(found.bridge_gap_v, electrolyte(formula).limit_v)
    assert (found.drive_ev_atom <= found.bare_ev_atom + 1e-9).all()
    assert (found.protection <= 1e-9).all()


@pytest.mark.parametrize("formula", PARTNERS)
@pytest.mark.parametrize("blocks", [True, False])
def test_the_lowest_rows_are_those_of_the_whole_curve(formula: str, blocks: bool) -> None:
    short, whole = solve(formula, blocks), solve(formula, blocks, lowest=False)
    for name in ("at_v", "bridge_gap_v", "drive_ev_atom", "mixing_ev_atom"):
        assert np.allclose(getattr(short, name), getattr(whole, name), atol=1e-9)
    start = whole.reactions.start
    assert all(
        np.isclose(whole.drive_ev_atom[i], whole.reactions.energy[start[i] : start[i + 1]].min())
        for i in range(len(FILMS))
    )


@pytest.mark.parametrize("formula", PARTNERS)
def test_blocking_never_hurts_what_the_electrolyte_does_alone(formula: str) -> None:
    """Nearer to its window an electrolyte reacts less: the drop across the film is a gain."""
    own = electrolyte(formula)
    volts = np.linspace(0, own.limit_v, 9)
    alone = own.alone(volts, LI, 1).reaction_energy
    assert (np.diff(alone) >= -1e-9).all()
    assert alone[-1] == pytest.approx(0, abs=1e-9)


@given(st.sampled_from(PARTNERS), st.floats(0, 5))
def test_states_of_the_profile_are_equilibria(formula: str, volt: float) -> None:
    own = electrolyte(formula)
    read = own.alone(np.array([volt]), LI, 1)
    solved = equilibrate(table(), own.composition, LI, -volt)
    assert read.hull == pytest.approx(solved.hull, abs=1e-9)
    assert read.before == pytest.approx(solved.before, abs=1e-9)


@pytest.mark.parametrize("formula", PARTNERS[:3])
def test_pymatgen_finds_the_same_drive(formula: str) -> None:
    """The film enters as what it has become, so that pymatgen's ends are those of the kernel."""
    found = solve(formula, blocks=True, lowest=False)
    for i, film in enumerate(FILMS):
        state = Compositions.from_formulas([film])
        theirs = by_pymatgen.react_open(
            table(), state, electrolyte(formula).composition, LI, -found.at_v[i : i + 1]
        )
        mixing = theirs.mixing[theirs.lowest_mixing]
        assert found.mixing_ev_atom[i] == pytest.approx(mixing[0], abs=1e-8), film


def test_who_bridges_an_argyrodite() -> None:
    """Li3N and Li3P cannot, Li2S, Li2O, LiCl and LiF can (Li6PS5Cl is reduced below 1.72 V)."""
    found = dict(zip(FILMS, solve("Li6PS5Cl", blocks=True).bridge_gap_v, strict=True))
    assert electrolyte("Li6PS5Cl").limit_v == pytest.approx(1.72, abs=0.005)
    assert found["Li3N"] == pytest.approx(1.72 - 0.48, abs=0.01)
    assert found["Li3P"] == pytest.approx(1.72 - 0.87, abs=0.01)
    assert {film for film in ("Li2S", "Li2O", "LiCl", "LiF") if found[film] > 0} == set()


def test_lithium_nitride_adds_nothing_at_the_metal() -> None:
    """0.004 eV/atom by mixing with Li6PS5Cl at 0 V, where the closed figure is -0.43."""
    film, partner = (Compositions.from_formulas([f]) for f in ("Li3N", "Li6PS5Cl"))
    found = react_open(table(), film, partner, LI, 0.0)
    assert found.mixing[found.lowest_mixing][0] == pytest.approx(-0.004, abs=0.0005)


def test_a_film_without_the_metal_holds_any_voltage() -> None:
    compositions = Compositions.from_formulas(["AlN"])
    own = profiles(table(), compositions, LI, 1)
    hold = layers.holding_v(own, own.contact, np.array([True]))
    assert np.isinf(hold).all()
