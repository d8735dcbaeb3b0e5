"""Anode metal | film | electrolyte: the answer held to what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from rich.cells import cell_len

import screen
from screen import api, descriptors
from screen.answers.stack_picture import Picture
from screen.composition import Compositions, parse_formula
from screen.phases import Phases
from screen.settings import Settings
from screen.thermo.hull import decompose, stable_table
from screen.units import KJ_MOL_PER_EV
from tests.conftest import EMBEDDED, competition
from tests.test_cli import Cli, cli, good
from tests.test_cli_bad_input import DATA, USAGE, bad

__all__ = ["cli"]

pytestmark = pytest.mark.usefixtures("once")

PAIRS = [
    ("LiF", "Li6PS5Cl", "protects"),
    ("Li3N", "Li6PS5Cl", "does_not_reach_the_window"),
    ("Ag", "Li6PS5Cl", "lets_electrons_through"),
    ("ZnO", "Li10GeP2S12", "lets_electrons_through"),
    ("Li3N", "Li7La3Zr2O12", "reacts_with_the_electrolyte"),
    ("Li2O", "Li7La3Zr2O12", "needs_no_film"),
    ("AlN", "Li3InCl6", "protects"),
    ("Cu3N", "Li7La3Zr2O12", "reacts_with_the_electrolyte"),
    ("S", "Li3InCl6", "does_not_reach_the_window"),
]


@cache
def phases() -> Phases:
    return screen.load()


@cache
def answer(film: str, electrolyte: str) -> Any:
    return screen.stack(film, electrolyte, source=phases()).records


@pytest.mark.parametrize(("film", "electrolyte", "verdict"), PAIRS)
def test_a_stack_says_what_the_columns_of_a_run_say(
    film: str, electrolyte: str, verdict: str
) -> None:
    found = answer(film, electrolyte)
    assert found["verdict"] == verdict
    settings = Settings(electrolytes=(electrolyte,))
    case, _ = api.case_of([film], phases(), settings, "Li")
    families = ("three_layers", "against_anode")
    columns = descriptors.compute_families(case, families).columns
    slug = electrolyte.lower()
    for name, column in (
        ("film_holds_v", "film_holds_v"),
        ("bridge_gap_v", f"bridge_gap_{slug}_v"),
        ("drive_ev_atom", f"drive_{slug}_ev_atom"),
        ("protection_fraction", f"protection_{slug}_fraction"),
    ):
        value = float("nan") if found[name] is None else found[name]
        assert value == pytest.approx(columns[column][0], nan_ok=True), name
        assert (found[name] is None) == (name in found["gaps"])
    touched = found["contacts"]["metal_film"]
    assert touched["verdict"] == columns["interphase"][0]
    assert touched["probability"] == pytest.approx(columns[f"p_{touched['verdict']}"][0])
    assert found["electrolyte_at_v"] + found["bridge_gap_v"] == pytest.approx(
        found["electrolyte_reduction_v"]
    )


def test_an_electrolyte_of_ones_own_is_faced_like_those_listed(cli: Cli) -> None:
    said = cli("explain", "LiCl", "--electrolyte", "Li3PS5", "--format", "json")
    assert "note: electrolyte Li3PS5: no energy of its own in reference" in said.err
    values, found = said.json["values"], answer("LiCl", "Li3PS5")
    assert values["best_class"] == "other"
    assert values["bridge_gap_li3ps5_v"] == pytest.approx(found["bridge_gap_v"])
    assert values["protection_li3ps5_fraction"] == pytest.approx(found["protection_fraction"])
    (interface,) = said.json["interfaces"]
    closed = found["contacts"]["film_electrolyte_closed"]
    assert interface["reaction_energy_ev_atom"] == closed["reaction_energy_ev_atom"]


def reactions(found: Any) -> Iterator[tuple[str, str, float, float]]:
    """Contact, equation, its energy in eV, and the voltage of the metal in it."""
    for name, contact in found["contacts"].items():
        if contact["equation"] is not None:
            per_mole = contact["reaction_energy_kj_mol"] / KJ_MOL_PER_EV
            yield name, contact["equation"], per_mole, contact["voltage"] or 0.0


def side(text: str) -> dict[str, int]:
    """Formulas and how many of each, of one side of an equation."""
    terms = [term.split(" ") for term in text.split(" + ")]
    return {term[-1]: int(term[0]) if len(term) > 1 else 1 for term in terms}


@cache
def hull_energy(formula: str) -> float:
    """Per formula unit, eV."""
    table, _ = stable_table(competition(EMBEDDED, "formation_energy_ev_atom"))
    one = Compositions.from_formulas([formula])
    atoms = sum(parse_formula(formula).values())
    return float(decompose(table, one).energy[0]) * atoms


@pytest.mark.parametrize(("film", "electrolyte"), [pair[:2] for pair in PAIRS])
def test_equations_balance_and_their_energies_are_those_of_the_table(
    film: str, electrolyte: str
) -> None:
    """Every phase is counted from the hull, lithium from its potential; in touch with the metal the
    film from its own energy.
    """
    above = screen.decompose(film, source=phases()).records[0]["hull_distance_ev_atom"]
    before = {("metal_film", film): above * sum(parse_formula(film).values())}
    seen = False
    for name, equation, energy, voltage in reactions(answer(film, electrolyte)):
        left, right = map(side, equation.split(" -> "))
        atoms: dict[str, int] = {}
        total = 0.0
        for sign, terms in ((1, right), (-1, left)):
            for formula, number in terms.items():
                each = -voltage if formula == "Li" else hull_energy(formula)
                each += before.get((name, formula), 0.0)
                total += sign * number * each
                for symbol, count in parse_formula(formula).items():
                    atoms[symbol] = atoms.get(symbol, 0) + sign * number * count
        assert not any(atoms.values()), equation
        assert energy == pytest.approx(total, abs=1e-6), (name, equation)
        seen = True
    assert seen


def test_the_bare_metal_is_counted_like_the_film() -> None:
    """Of one formula unit Li6PS5Cl, seven atoms are not lithium."""
    found = answer("Ag", "Li6PS5Cl")
    bare = found["contacts"]["metal_electrolyte"]
    assert bare["equation"] == "Li6PS5Cl + 8 Li -> 5 Li2S + Li3P + LiCl"
    assert found["bare_drive_ev_atom"] * 7 * KJ_MOL_PER_EV == pytest.approx(
        bare["reaction_energy_kj_mol"]
    )
    assert found["film_after_contact"] == {"Li3Ag": 1.0}


def test_both_engines_see_the_same_stack() -> None:
    ours, theirs = (
        screen.stack("ZnO", "Li3PS4", source=phases(), engine=engine).records
        for engine in ("kernel", "pymatgen")
    )
    for name, value in ours.items():
        if isinstance(value, float):
            assert theirs[name] == pytest.approx(value, abs=1e-8)
    for name, contact in ours["contacts"].items():
        other = theirs["contacts"][name]
        assert (other["verdict"], other["equation"]) == (contact["verdict"], contact["equation"])


def test_what_is_not_known_of_a_film_has_its_reason(cli: Cli) -> None:
    """A table without band gaps does not say which products conduct."""
    rows = "Li,0\nF,0\nCl,0\nLiF,-3.2\nLiCl,-2.1\n"
    with open("own.csv", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("formula,formation_energy_per_atom_ev\n" + rows)
    question = ("stack", "LiF", "LiCl", "--source", "own.csv")
    found = good(cli(*question, "--format", "json")).json
    assert found["verdict"] == "not_known"
    for name in ("film_holds_v", "electrolyte_at_v", "bridge_gap_v", "drive_ev_atom"):
        assert found[name] is None
        assert "no band gap" in found["gaps"][name]
    assert "no band gap" in found["contacts"]["film_electrolyte"]["gap"]
    assert found["contacts"]["film_electrolyte_closed"]["verdict"] == "no_reaction"
    said = good(cli(*question)).text
    assert "is not known: no band gap for the contact product LiF" in said


def test_rows_are_the_contacts(cli: Cli) -> None:
    said = cli("stack", "Li3N", "LLZO", "--format", "csv")
    assert "LLZO is read as Li7La3Zr2O12" in said.err
    found = answer("Li3N", "Li7La3Zr2O12")
    assert [row["contact"] for row in said.rows] == list(found["contacts"])
    assert {row["stack_verdict"] for row in said.rows} == {found["verdict"]}
    assert [row["verdict"] for row in said.rows] == [
        contact["verdict"] for contact in found["contacts"].values()
    ]


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("at_v", [None, 0.0, 0.482, 1.721])
@pytest.mark.parametrize("electrolyte", ["Li6PS5Cl", "Li7La3Zr2O12Al12345Ta12345Nb12345"])
def test_a_picture_fits_and_rises_from_the_metal(
    width: int, at_v: float | None, electrolyte: str
) -> None:
    limit = 1.721
    picture = Picture("Li", "Li3N", electrolyte, "blocks electrons", "", at_v, limit, at_v == limit)
    lines = [line for line, _ in picture.lines(width)]
    assert max(map(cell_len, lines)) <= width
    assert all(line.count("│") == 2 for line in lines)
    volts = [line.split(" V")[0].strip() for line in lines if " V" in line]
    wanted = ["1.721", *([f"{at_v:.3f}"] if at_v not in (None, 0.0, limit) else []), "0.000"]
    assert volts == (["0.000"] if at_v is None else wanted)
    if at_v:  # every column of the film has its voltage once
        film = ["".join(line.split("│")[1]) for line in lines[3:]]
        columns = zip(*(row.ljust(40) for row in film), strict=True)
        assert {sum(cell == "─" for cell in column) for column in columns} <= {0, 1}


BAD: dict[str, tuple[int, list[str], list[str]]] = {
    "electrolyte without the anode metal": (
        USAGE,
        ["LiF", "Na3PS4"],
        ["Na3PS4 holds no Li", "--anode"],
    ),
    "anode that is not in it": (USAGE, ["LiF", "Li3PS4", "--anode", "Mg"], ["holds no Mg"]),
    "metal as electrolyte": (USAGE, ["LiF", "Li"], ["electrolyte Li is Li itself"]),
    "metal as film": (USAGE, ["Li", "Li3PS4"], ["film Li is the anode metal itself"]),
    "twice the same": (USAGE, ["LiF", "FLi"], ["film and electrolyte are both", "two that differ"]),
    "unknown anode": (USAGE, ["LiF", "Li3PS4", "--anode", "Rb"], ["unknown anode 'Rb'"]),
    "no formula": (DATA, ["Lix", "Li3PS4"], ["'Lix'"]),
    "elements that no phase has": (DATA, ["LiF", "Li3YbCl6"], ["Li3YbCl6", "Yb", "--source"]),
    "electrolyte not covered": (DATA, ["LiF", "Li4Ba3Au2S6"], ["does not hold every phase"]),
    "film not covered": (DATA, ["BaAu", "Li3PS4"], ["does not hold every phase", "--source"]),
    "name of several": (DATA, ["LiF", "NASICON"], ["several materials"]),
}


@pytest.mark.parametrize("fault", BAD)
def test_faults(cli: Cli, fault: str) -> None:
    code, arguments, parts = BAD[fault]
    bad(cli("stack", *arguments), code, *parts)
