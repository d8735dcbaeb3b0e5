"""The compiled solver: the same bytes in any company, any number of elements, its errors."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linprog

from screen.composition import INDEX, SYMBOLS, Compositions
from screen.errors import ScreenError
from screen.sources import load
from screen.thermo.competition import Competition, Ragged
from screen.thermo.hull import decompose, stable_table
from screen.thermo.interface import react
from screen.thermo.open_interface import react_open
from screen.thermo.programs import programs, solved
from screen.thermo.simplex import Programs
from screen.thermo.window import profiles
from tests.thermo.checks import CLOSE
from tests.thermo.test_threads import flat

LI = INDEX["Li"]


def test_a_program_is_solved_the_same_alone_and_among_others() -> None:
    """To the last bit: of equal columns the first phase enters, whatever their order."""
    phases = load()
    table = stable_table(Competition(phases.compositions, phases.energy))[0]
    many = phases.compositions.take(np.arange(0, len(phases), 9))
    partner = Compositions.from_formulas(["Li7La3Zr2O12"])
    partners = partner.take(np.zeros(len(many), np.int64))
    hulls = decompose(table, many)
    states = profiles(table, many, LI, 1)
    closed = react(table, many, partners)
    opened = react_open(table, many, partners, LI, -0.5)
    for i in range(0, len(many), 10):
        one = many.take([i])
        assert decompose(table, one).energy.tobytes() == hulls.energy[i].tobytes()
        assert flat(profiles(table, one, LI, 1)) == flat(states.one(i))
        for whole, alone in (
            (closed, react(table, one, partner)),
            (opened, react_open(table, one, partner, LI, -0.5)),
        ):
            kinks = np.arange(whole.start[i], whole.start[i + 1])
            assert alone.x_a.tobytes() == whole.x_a[kinks].tobytes()
            assert alone.energy.tobytes() == whole.energy[kinks].tobytes()
            assert flat(alone.products) == flat(whole.products.take(kinks))


@pytest.mark.parametrize("order", list(permutations(["LiNa", "Li3Na", "LiMg", "Li3Mg"])))
def test_ties_are_broken_the_same_alone_and_among_others(order: tuple[str, ...]) -> None:
    """LiNa + Li3Mg and Li3Na + LiMg are equally stable. Of many problems the elements that all have
    are taken out, so that columns come in another order.
    """
    table = Competition(
        Compositions.from_formulas(["Li", "Na", "Mg", *order]), np.repeat([0.0, -0.25], [3, 4])
    )
    one, many = (Compositions.from_formulas(["Li4NaMg"] * count) for count in (1, 65))
    alone, among = decompose(table, one), decompose(table, many)
    assert alone.energy[0] == pytest.approx(-0.25, abs=CLOSE)
    assert alone.energy[0] == among.energy[0]
    assert flat(alone.products) == flat(among.products.take(np.array([0])))


@pytest.mark.parametrize("elements", [15, 24, 60])
def test_compositions_of_many_elements(elements: int) -> None:
    """More than any compound of a database; through an independent solver."""
    random = np.random.default_rng(elements)
    rows = [{symbol: 1} for symbol in SYMBOLS[:elements]]
    for _ in range(200):
        some = random.choice(elements, random.integers(2, 5), replace=False)
        rows.append({SYMBOLS[i]: int(random.integers(1, 4)) for i in some})
    energy = np.r_[np.zeros(elements), -random.random(200)]
    compositions = Compositions.from_counts(rows)
    everything = {symbol: int(random.integers(1, 9)) for symbol in SYMBOLS[:elements]}
    candidate = Compositions.from_counts([everything])
    found = decompose(Competition(compositions, energy), candidate)
    lowest = linprog(
        energy,
        A_eq=compositions.fractions()[:, :elements].T,
        b_eq=candidate.fractions()[0, :elements],
    )
    assert found.energy[0] == pytest.approx(lowest.fun, abs=CLOSE)
    phase, amount = found.products.of(0)
    assert (np.diff(phase) > 0).all()
    formed = np.zeros(len(SYMBOLS))
    for row, units in zip(phase.tolist(), amount.tolist(), strict=True):
        formed += units * compositions.atoms[row] * compositions.fractions()[row]
    np.testing.assert_allclose(formed, candidate.fractions()[0] * candidate.atoms[0], atol=CLOSE)


def asked(table: Competition, elements: Ragged, own_energy: float) -> Programs:
    """Lithium nitride in touch with lithium, beside lithium as a column of its own."""
    metal = Compositions.from_formulas(["Li"])
    return programs(
        table, elements, np.ones(1), reservoir=LI, own=[(metal, np.array([own_energy]))]
    )


def test_a_program_without_an_end_is_an_error_that_names_its_elements() -> None:
    """A column that holds nothing of what is balanced, and gains: it could enter without end."""
    table = Competition(Compositions.from_formulas(["Li", "N2", "Li3N"]), np.array([0, 0, -0.4]))
    elements = Ragged(np.array([0, 1]), np.array([INDEX["N"]]))
    amounts = np.zeros((1, len(SYMBOLS)))
    amounts[0, INDEX["N"]] = 1.0
    energy, _ = solved(asked(table, elements, np.nan).cheapest, elements, amounts)
    assert energy[0] == pytest.approx(-0.4 * 4, abs=CLOSE)
    with pytest.raises(ScreenError, match="program of N did not end; please report"):
        solved(asked(table, elements, -1.0).cheapest, elements, amounts)


def test_without_the_compiled_solver_one_line_says_what_to_do() -> None:
    code = (
        "import sys; sys.modules['screen.thermo.simplex'] = None; "
        "sys.argv = ['screen', 'window', 'LiF']; "
        "from screen.__main__ import script; sys.exit(script())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "install the package, which compiles it" in line
