"""Equations: balanced element by element, energies per mole those per atom."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.reaction_calculator import Reaction
from pymatgen.core import Composition
from scipy import constants

from screen import candidates
from screen.composition import DOUBLED, SYMBOLS, format_formula
from screen.descriptors import equations
from screen.reactions import MOLECULES, Equation, balance, units_in, written
from screen.settings import Settings
from screen.sources import reference
from screen.thermo.hull import decompose
from screen.thermo.interface import react
from screen.thermo.mixtures import Mixtures
from screen.thermo.window import profiles
from tests.strategies import Chemistry, Counts, chemistries, compositions
from tests.test_cli import Cli, cli, good

__all__ = ["cli"]

KJ_MOL = constants.eV * constants.Avogadro / 1000


def counts_of(formula: str) -> dict[str, Fraction]:
    """Atoms in a formula as it is written, by no code of the program."""
    found: dict[str, Fraction] = {}
    for symbol, digits in re.findall(r"([A-Z][a-z]?)(\d*)", flat(formula)):
        found[symbol] = found.get(symbol, Fraction(0)) + int(digits or 1)
    return found


def flat(formula: str) -> str:
    """Without brackets."""

    def expand(group: re.Match[str]) -> str:
        inner = re.findall(r"([A-Z][a-z]?)(\d*)", group[1])
        return "".join(f"{s}{int(n or 1) * int(group[2] or 1)}" for s, n in inner)

    while "(" in formula:
        formula = re.sub(r"\(([^()]*)\)(\d*)", expand, formula)
    return formula


def atoms(side: str) -> dict[str, Fraction]:
    """Atoms on a side of an equation as it is written."""
    found: dict[str, Fraction] = {}
    for part in side.split(" + "):
        number, _, formula = part.rpartition(" ")
        assert not number or int(number) > 1
        for symbol, count in counts_of(formula).items():
            found[symbol] = found.get(symbol, Fraction(0)) + int(number or 1) * count
    return found


def is_sound(equation: Equation) -> None:
    """Balanced as it is written, in lowest terms, nothing on both sides."""
    text = str(equation)
    if not equation:
        assert text == ""
        return
    left, right = text.split(" -> ")
    assert atoms(left) == atoms(right)
    numbers = [number for number, _ in (*equation.left, *equation.right)]
    assert min(numbers) > 0
    assert math.gcd(*numbers) == 1
    names = [name for _, name in (*equation.left, *equation.right)]
    assert len(set(names)) == len(names)
    assert not set(names) & MOLECULES.keys()


def test_peroxides_and_molecules_are_named_as_pymatgen_names_them() -> None:
    for reduced, name in (DOUBLED | MOLECULES).items():
        assert Composition(reduced).reduced_formula in (name, reduced)
        assert units_in(name) == 2
        assert units_in(reduced) == 1
        assert written(2.0, DOUBLED.get(reduced, reduced)) == name
    (oxide,) = [p for p in DOUBLED.values() if p.startswith("Li")]
    assert str(balance([(oxide, 1.0), ("Li", 1.0)], [("Li2O", 1.0)])) == "Li2O2 + 2 Li -> 2 Li2O"
    assert str(balance([("LiO2", 1.0)], [("Li", 1.0), ("O", 2.0)])) == "LiO2 -> Li + O2"


@pytest.mark.parametrize("formula", ["LiO2", "Li2O2", "Na2O2"])
def test_amounts_of_products_are_those_of_their_names(cli: Cli, formula: str) -> None:
    """What the formula and the metal taken up hold, the products hold."""
    own, metal = Composition(formula), formula[:2]
    (record,) = good(cli("window", formula, "--anode", metal, "--format", "json")).json
    assert record["read_as"] == formula
    for state in record["states"]:
        held = sum((n * Composition(name) for name, n in state["products"].items()), Composition())
        assert held["O"] == pytest.approx(own["O"])
        assert held[metal] == pytest.approx(own[metal] + state["anode_per_formula"])


def named(c: Chemistry, mixtures: Mixtures, i: int) -> list[tuple[str, float]]:
    """Formulas and amounts of a mixture."""
    phases, units = mixtures.of(i)
    return [
        (format_formula(c.phases[p]), a)
        for p, a in zip(phases.tolist(), units.tolist(), strict=True)
    ]


@given(chemistries())
def test_profiles_balance_and_their_energy_is_that_of_the_charge(c: Chemistry) -> None:
    """What a state has gained against the metal is charge times voltage, summed along the way."""
    found = profiles(c.table, c.candidates, c.anode, c.valence)
    hull = decompose(c.table, c.candidates).energy
    metal = SYMBOLS[c.anode]
    for i, counts in enumerate(c.candidates):
        formula, size = format_formula(counts), sum(counts.values())
        for s in range(found.start[i], found.start[i + 1]):
            energy = (found.energy[s] - hull[i]) * size
            uptake = float(found.uptake[s])
            equation = balance(
                [(formula, 1.0), (metal, uptake)], named(c, found.products, s), energy
            )
            is_sound(equation)
            for number, name in equation.left:
                if name == formula:
                    assert equation.energy_kj_mol == pytest.approx(number * energy * KJ_MOL)
        own_states = slice(found.start[i], found.start[i + 1])
        steps = np.diff(found.uptake[own_states])
        gained = -c.valence * steps * found.v_low[own_states][:-1]
        change = np.diff(found.energy[own_states]) * size
        np.testing.assert_allclose(change, gained, atol=1e-7 * size)


@given(chemistries())
def test_decompositions_and_interfaces_balance(c: Chemistry) -> None:
    broken = decompose(c.table, c.candidates)
    for i, counts in enumerate(c.candidates):
        is_sound(balance([(format_formula(counts), 1.0)], named(c, broken.products, i)))
    first, second = c.pairs
    met = react(c.table, first, second)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        names = [format_formula(a), format_formula(b)]
        if names[0] == names[1]:
            continue
        for k in range(met.start[i], met.start[i + 1]):
            shares = np.array([met.x_a[k], 1 - met.x_a[k]])
            units = shares / [sum(a.values()), sum(b.values())]
            energy = float(met.energy[k])
            equation = balance(
                list(zip(names, units.tolist(), strict=True)), named(c, met.products, k), energy
            )
            is_sound(equation)
            if equation and not set(names) & {name for name, _ in named(c, met.products, k)}:
                size = sum(atoms(str(equation).split(" -> ")[0]).values())
                assert equation.energy_kj_mol == pytest.approx(energy * float(size) * KJ_MOL)


@pytest.mark.parametrize("formula", ["ZnO", "Sn3N4", "LiTi2P3O12", "Li10GeP2S12", "SiC", "Li3YCl6"])
def test_numbers_and_energies_are_those_of_pymatgens_reactions(formula: str) -> None:
    case, _ = candidates.make_case(reference.load(), Settings(), [formula])
    lowest: dict[str, float] = {}
    for name, energy in zip(case.phases.formulas, case.phases.energy.tolist(), strict=True):
        phase = Composition(name).reduced_composition
        lowest.setdefault(phase.reduced_formula, energy * phase.num_atoms)
        lowest[phase.reduced_formula] = min(lowest[phase.reduced_formula], energy * phase.num_atoms)
    for state in range(case.equilibria.profiles.start[0], case.equilibria.profiles.start[1]):
        equation = equations.with_anode(case, 0, state)
        if not equation:
            continue
        sides = [
            [Composition(name) for _, name in side] for side in (equation.left, equation.right)
        ]
        theirs = Reaction(*sides)
        ratio = {
            number / abs(theirs.get_coeff(Composition(name)))
            for number, name in (*equation.left, *equation.right)
        }
        assert max(ratio) == pytest.approx(min(ratio))
        own = case.compositions.atoms[0] * case.energy_before[0]
        total = -equation.left[0][0] * own + sum(
            sign
            * number
            * Composition(name).get_reduced_formula_and_factor()[1]
            * lowest[Composition(name).reduced_formula]
            for sign, side in ((-1, equation.left[1:]), (1, equation.right))
            for number, name in side
        )
        assert equation.energy_kj_mol == pytest.approx(total * KJ_MOL, abs=1e-3)


@given(
    st.lists(compositions(elements=2), min_size=2, max_size=5, unique_by=format_formula),
    st.data(),
)
@settings(max_examples=60)
def test_a_mixture_as_one_substance_decomposes_into_it(
    parts: list[Counts], data: st.DataObject
) -> None:
    """Any amounts, also large ones and in any unit: the numbers come back exactly."""
    numbers = [data.draw(st.integers(1, 3000)) for _ in parts]
    whole: Counts = {}
    for number, counts in zip(numbers, parts, strict=True):
        for symbol, count in counts.items():
            whole[symbol] = whole.get(symbol, 0) + number * count
    common = math.gcd(*whole.values())
    formula = format_formula({symbol: count // common for symbol, count in whole.items()})
    names = [format_formula(counts) for counts in parts]
    unit = data.draw(st.floats(1e-3, 1e3))
    products = [(name, unit * n) for name, n in zip(names, numbers, strict=True)]
    equation = balance([(formula, unit * common)], products, -unit)
    if formula in names:
        is_sound(equation)
        return
    least = math.gcd(common, *numbers)
    is_sound(equation)
    assert equation.left == ((common // least, formula),)
    assert equation.right == tuple(
        (n // least, name) for name, n in zip(names, numbers, strict=True)
    )
    assert equation.energy_kj_mol == pytest.approx(-KJ_MOL / least)


@pytest.mark.parametrize(
    ("reactants", "products", "text"),
    [
        (
            [("ZnO", 1.0), ("Li", 3.0)],
            [("Li2O", 1.0), ("LiZn", 1.0)],
            "ZnO + 3 Li -> Li2O + LiZn",
        ),
        (
            [("Al2O3", 3.75), ("Li7La3Zr2O12", 1.0)],
            [("La2Zr2O7", 1.0), ("La4Al2O9", 0.25), ("LiAlO2", 7.0)],
            "15 Al2O3 + 4 Li7La3Zr2O12 -> 4 La2Zr2O7 + La4Al2O9 + 28 LiAlO2",
        ),
        ([("LiF", 1.0), ("Li", -1.0)], [("F", 1.0)], "2 LiF -> F2 + 2 Li"),
        ([("LiTi2(PO4)3", 1.0)], [("LiTi2P3O12", 1.0)], ""),
        ([("LiF", 1.0), ("Li", 1e-12)], [("LiF", 1.0)], ""),
        (
            [("Li402O433", 1.0)],
            [("LiO500", 1294 / 1497), ("Li500O", 1201 / 1497)],
            "1497 Li402O433 -> 1294 LiO500 + 1201 Li500O",
        ),
        ([("H", 2.0), ("O", 1.0)], [("H2O", 1.0)], "2 H2 + O2 -> 2 H2O"),
    ],
)
def test_equations_as_chemists_write_them(
    reactants: list[tuple[str, float]], products: list[tuple[str, float]], text: str
) -> None:
    assert str(balance(reactants, products)) == text


def test_sides_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="same atoms"):
        balance([("ZnO", 1.0), ("Li", 3.0)], [("Li2O", 1.0), ("Zn", 1.0)])


def test_energies_are_written_as_far_as_they_are_known() -> None:
    known = balance([("Li", 2.0), ("O", 1.0)], [("Li2O", 1.0)], -6.0)
    assert known.said == "4 Li + O2 -> 2 Li2O (-1158 kJ/mol)"
    assert balance([("Li", 2.0), ("O", 1.0)], [("Li2O", 1.0)]).said == "4 Li + O2 -> 2 Li2O"
    assert Equation().said == ""


def test_amounts_of_a_mixture() -> None:
    assert [written(1.0, "Li2O"), written(0.25, "LiZn"), written(1.0, "O")] == [
        "Li2O",
        "0.25 LiZn",
        "0.5 O2",
    ]
