"""A scaffold with anode metal in its pores: laws, Kirchhoff's ladder beside them, known figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_banded

from screen import cell as equations
from screen.composition import FloatArray
from screen.descriptors import capacity
from screen.errors import UsageError
from screen.scaffold import Scaffold, capacities, losses, two_rails
from screen.settings import ReferenceCell
from screen.tables import anode_of
from tests.descriptors.cases import case_of
from tests.test_cli import Cli, cli, good
from tests.test_cli_bad_input import DATA, USAGE, bad

__all__ = ["cli"]

LI = anode_of("Li")
RESISTIVITY = st.floats(1e-2, 1e6)
REACTION = st.floats(1e-3, 1e6)
LENGTH = st.floats(1e-4, 1e-1)


def ladder(
    length: float, ions: float, electrons: float, reaction: float, rungs: int
) -> tuple[FloatArray, float]:
    """Two rails of resistors with rungs between them, by Kirchhoff's laws: the power lost at unit
    current to ions, electrons and reaction, and what the rungs of the second half carry.

    Electrons come in at the first node of their rail, ions at the last of theirs; what a mesh of
    the ladder carries is the ionic current f between two rungs. Rungs at the ends stand for half a
    step.
    """
    step = length / (rungs - 1)
    rung = np.full(rungs, 1 / (reaction * step))
    rung[[0, -1]] *= 2
    rails = (ions + electrons) * step
    bands = np.zeros((3, rungs - 1))
    bands[0, 1:] = bands[2, :-1] = -rung[1:-1]
    bands[1] = rung[1:] + rung[:-1] + rails
    drop = np.full(rungs - 1, electrons * step)
    drop[-1] += rung[-1]
    f = solve_banded((1, 1), bands, drop)
    plated = np.diff(f, prepend=0.0, append=1.0)
    lost = np.array(
        [
            ions * step * (f**2).sum(),
            electrons * step * ((1 - f) ** 2).sum(),
            (rung * plated**2).sum(),
        ]
    )
    half = rungs // 2
    return lost, float(plated[half + 1 :].sum() + plated[half] / 2)


@pytest.mark.parametrize(
    ("ions", "electrons", "reaction"),
    [
        (1e4, 1.0, 1e-1),
        (1e4, 1e4, 1e1),
        (1e3, 3e4, 5.0),
        (1e2, 1e2, 1e-4),
        (1e5, 1e-2, 1e2),
        (1e4, 2e4, 1e3),
    ],
)
def test_the_two_rails_are_those_of_kirchhoff(
    ions: float, electrons: float, reaction: float
) -> None:
    length = 5e-3
    found, near = two_rails(length, ions, electrons, reaction)
    expected, second_half = ladder(length, ions, electrons, reaction, 4001)
    assert found == pytest.approx(expected.tolist(), rel=1e-4)
    assert near == pytest.approx(second_half, abs=1e-4)


def newman_tobias(length: float, kappa: float, sigma: float, reaction: float) -> float:
    """Their resistance of a porous electrode, as it stands in the paper."""
    nu = length * math.sqrt(reaction * (1 / kappa + 1 / sigma))
    bracket = 2 + (sigma / kappa + kappa / sigma) * math.cosh(nu)
    return length / (kappa + sigma) * (1 + bracket / (nu * math.sinh(nu)))


@given(LENGTH, RESISTIVITY, RESISTIVITY, REACTION)
def test_the_parts_add_up_to_the_resistance_of_newman_and_tobias(
    length: float, ions: float, electrons: float, reaction: float
) -> None:
    nu = length * math.sqrt(reaction * (ions + electrons))
    parts, near = two_rails(length, ions, electrons, reaction)
    assert 0 <= near <= 1
    assert all(part >= 0 for part in parts)
    if 1e-3 < nu < 600:
        total = newman_tobias(length, 1 / ions, 1 / electrons, reaction)
        assert sum(parts) == pytest.approx(total, rel=1e-6)


@given(LENGTH, RESISTIVITY, RESISTIVITY, REACTION)
def test_electrons_and_ions_change_places(
    length: float, ions: float, electrons: float, reaction: float
) -> None:
    (a, b, plating), near = two_rails(length, ions, electrons, reaction)
    (c, d, same), far = two_rails(length, electrons, ions, reaction)
    assert (a, b, plating) == pytest.approx((d, c, same), rel=1e-9)
    assert near == pytest.approx(1 - far, abs=1e-9)


@given(LENGTH, RESISTIVITY, RESISTIVITY, REACTION, st.floats(1.01, 100))
def test_what_conducts_worse_costs_more(
    length: float, ions: float, electrons: float, reaction: float, worse: float
) -> None:
    total = sum(two_rails(length, ions, electrons, reaction)[0])
    for other in (
        (length, ions * worse, electrons, reaction),
        (length, ions, electrons * worse, reaction),
        (length, ions, electrons, reaction / worse),
    ):
        assert sum(two_rails(*other)[0]) >= total * (1 - 1e-9)


@given(LENGTH, RESISTIVITY, REACTION)
def test_with_a_perfect_rail_the_other_is_a_single_pore(
    length: float, ions: float, reaction: float
) -> None:
    (of_ions, of_electrons, plating), near = two_rails(length, ions, 0.0, reaction)
    nu = length * math.sqrt(reaction * ions)
    assert of_electrons == 0
    assert of_ions + plating == pytest.approx(length * ions / (nu * math.tanh(nu)), rel=1e-6)
    assert near >= 0.5 - 1e-12


def test_limits() -> None:
    length, ions, electrons = 5e-3, 1e4, 3e3
    even, near = two_rails(length, ions, electrons, 0.0)
    assert even[:2] == pytest.approx((length * ions / 3, length * electrons / 3))
    assert math.isinf(even[2])
    assert near == 0.5
    fast, near = two_rails(length, ions, electrons, math.inf)
    assert sum(fast) == pytest.approx(length / (1 / ions + 1 / electrons))  # side by side
    assert fast[2] == 0
    assert near == pytest.approx(ions / (ions + electrons))
    assert two_rails(length, 0.0, 0.0, 1.0)[0] == pytest.approx((0, 0, 1 / length))
    assert two_rails(length, 0.0, 0.0, math.inf)[0] == (0, 0, 0)
    for edge in (1e-2, 300.0):  # where the formula changes its form
        reaction = (edge / length) ** 2 / (ions + electrons)
        below, above = (
            two_rails(length, ions, electrons, reaction * f)[0] for f in (1 - 1e-9, 1 + 1e-9)
        )
        assert below == pytest.approx(above, rel=1e-7)


def test_losses_in_millivolts() -> None:
    """50 µm of copper, four fifths pores, that ions cross at 1e-4 S/cm in its solid."""
    layer = Scaffold(50, 0.8, 8.96, LI)
    assert layer.way == pytest.approx(0.2**-0.5)
    effective = 1e-4 * 0.2**1.5
    assert layer.effective_s_cm(1e-4) == pytest.approx(effective)
    found = losses(layer, 2.0, 1e-4, 6e5)
    assert found.ions_mv == pytest.approx(2e-3 * 50e-4 / effective / 3 * 1e3)
    assert found.electrons_mv < 1e-6
    assert math.isnan(found.reaction_mv)
    assert found.total_mv == found.ions_mv + found.electrons_mv
    straight = Scaffold(50, 0.8, 8.96, LI, tortuosity=1)
    assert losses(straight, 2.0, 1e-4, math.inf).ions_mv == pytest.approx(found.ions_mv / layer.way)
    # A tenth of an ohm cm² on walls of 4 x 0.8 / 2 µm: on 50 µm eighty times the area of the cell.
    walled = losses(layer, 2.0, math.inf, math.inf, wall_ohm_cm2=0.1, pore_um=2)
    assert walled.reaction_mv == pytest.approx(2 * 0.1 / 80)


def test_a_scaffold_weighed_by_hand() -> None:
    layer = Scaffold(30, 0.7, 2.0, LI)
    per_cm3 = LI.density_g_cm3 * equations.charge_mah_g(LI)
    assert layer.capacity_mah_cm3 == pytest.approx(0.7 * per_cm3)
    assert layer.capacity_mah_cm2 == pytest.approx(30e-4 * 0.7 * per_cm3)
    mass = 0.7 * LI.density_g_cm3 + 0.3 * 2.0
    assert layer.capacity_mah_g == pytest.approx(0.7 * per_cm3 / mass)


@pytest.mark.parametrize("pores", [0.3, 0.8, 0.95])
def test_one_that_just_fits_is_that_of_the_ranking(pores: float) -> None:
    cell = ReferenceCell(scaffold_pore_fraction=pores)
    whole = equations.scaffold_stack(cell, 5.0)
    layer = Scaffold(float(np.ravel(whole.layers[-1].thickness_um)[0]), pores, 5.0, LI)
    assert layer.filled(cell) == pytest.approx((0.5, 1.0))
    assert layer.stack(cell).energy_wh_kg == pytest.approx(whole.energy_wh_kg)
    assert layer.stack(cell).energy_wh_l == pytest.approx(whole.energy_wh_l)


@given(st.floats(1, 200), st.floats(0.05, 0.95))
def test_metal_is_in_the_pores_or_outside(thickness: float, pores: float) -> None:
    cell, layer = ReferenceCell(), Scaffold(thickness, pores, 3.0, LI)
    bare, whole = equations.reference_stack(cell), layer.stack(cell)
    solid = 3.0 * (1 - pores) * thickness * 0.1
    assert whole.mass_mg_cm2 == pytest.approx(bare.mass_mg_cm2 + solid)
    outside = sum(part.thickness_um for part in whole.layers if part.name.endswith("outside"))
    metal = bare.layers[-1].thickness_um
    assert outside == pytest.approx(max(metal - pores * thickness, 0), abs=1e-9)
    assert (outside > 0) == (layer.filled(cell)[1] > 1)
    slower = layer.stack(cell, lost_v=0.5)
    assert slower.voltage_v == pytest.approx(whole.voltage_v - 0.5)


def test_swelling_narrows_the_pores() -> None:
    per_g, per_cm3 = capacities(0.8, np.array([0.0, 1.0, 9.0]), np.array([2.0, 2.0, 2.0]), LI)
    full = LI.density_g_cm3 * equations.charge_mah_g(LI)
    assert per_cm3 == pytest.approx([0.8 * full, 0.6 * full, 0.0])
    assert per_g[1] == pytest.approx(0.6 * full / (0.6 * LI.density_g_cm3 + 0.4 * 2.0))
    assert per_g[2] == 0


def test_hosts_have_a_capacity_at_the_stated_porosity() -> None:
    formulas = ("Cu", "Si", "Li", "C")
    columns = {}
    for pores in (0.8, 0.6):
        cell = ReferenceCell(scaffold_pore_fraction=pores)
        values = capacity.compute(case_of(*formulas, cell=cell))
        columns[pores] = values
        copper = Scaffold(10, pores, capacity.full_density(case_of("Cu"))[0][0], LI)
        assert values.columns["scaffold_mah_g"][0] == pytest.approx(copper.capacity_mah_g)
        assert values.columns["scaffold_mah_cm3"][0] == pytest.approx(copper.capacity_mah_cm3)
        assert np.isnan(values.columns["scaffold_mah_g"][2])
        assert values.reason("scaffold_mah_cm3")[2] == "is Li itself"
        # Silicon swells to several times its volume, which leaves it less room than copper.
        assert values.columns["scaffold_mah_cm3"][1] < values.columns["scaffold_mah_cm3"][0] / 2
    assert columns[0.8].columns["scaffold_mah_g"][3] > columns[0.6].columns["scaffold_mah_g"][3]


QUESTION = (
    *("cell", "scaffold", "--thickness-um", "50", "--ionic-s-cm", "1e-4"),
    *("--electronic-s-cm", "100", "--current-ma-cm2", "1"),
)


def test_the_command_says_what_the_module_says(cli: Cli) -> None:
    said = cli(*QUESTION, "--material", "Cu", "--format", "json")
    assert said.code == 0
    assert "plated evenly" in said.err
    layer = Scaffold(50, 0.8, capacity.full_density(case_of("Cu"))[0][0], LI)
    lost = losses(layer, 1, 1e-4, 100)
    assert said.json["pore_capacity_mah_cm2"] == pytest.approx(layer.capacity_mah_cm2)
    assert said.json["lost_to_ions_mv"] == pytest.approx(lost.ions_mv)
    assert said.json["lost_to_electrons_mv"] == pytest.approx(lost.electrons_mv)
    assert said.json["lost_to_reaction_mv"] is None
    assert said.json["pores_filled_charged_fraction"] == pytest.approx(8 / layer.capacity_mah_cm2)
    at_rest, flowing = (
        said.json[name] for name in ("stack_energy_wh_kg", "stack_energy_at_current_wh_kg")
    )
    assert flowing / at_rest == pytest.approx(1 - lost.total_mv / 3800)
    walls = ("--density-g-cm3", "8.9", "--wall-ohm-cm2", "5", "--pore-um", "3")
    table = good(cli(*QUESTION, *walls)).text
    assert "near separator" in table
    assert all(len(line) <= 80 for line in table.splitlines())


def test_what_does_not_fit_is_told(cli: Cli) -> None:
    said = cli("cell", "scaffold", "--thickness-um", "20", "--density-g-cm3", "2")
    assert said.code == 0
    assert "the pores hold 41% of the Li of the charged cell" in said.err
    assert b"lost" not in said.out


BAD: dict[str, tuple[int, tuple[str, ...], list[str]]] = {
    "no solid": (USAGE, QUESTION, ["--material", "--density-g-cm3"]),
    "two solids": (USAGE, (*QUESTION, "--material", "C", "--density-g-cm3", "2"), ["either"]),
    "no thickness": (USAGE, ("cell", "scaffold", "--density-g-cm3", "2"), ["thickness"]),
    "thickness": (
        USAGE,
        ("cell", "scaffold", "--density-g-cm3", "2", "--thickness-um", "-5"),
        ["thickness_um = -5", "above zero"],
    ),
    "pores": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--pore-fraction", "1"),
        ["scaffold_pore_fraction"],
    ),
    "tortuosity": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--tortuosity", "0.5"),
        ["tortuosity = 0.5", "at least 1"],
    ),
    "density": (USAGE, (*QUESTION, "--density-g-cm3", "50"), ["no solid has that"]),
    "ions that do not pass": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--ionic-s-cm", "0"),
        ["ionic_s_cm = 0", "above zero"],
    ),
    "current": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--current-ma-cm2", "nan"),
        ["current_ma_cm2 = nan"],
    ),
    "half of a question": (
        USAGE,
        (*QUESTION[:6], "--density-g-cm3", "2"),
        ["electronic_s_cm and current_ma_cm2"],
    ),
    "walls without pores": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--wall-ohm-cm2", "5"),
        ["wall_ohm_cm2 and pore_um go together"],
    ),
    "walls without a current": (
        USAGE,
        (*QUESTION[:4], "--density-g-cm3", "2", "--wall-ohm-cm2", "5", "--pore-um", "2"),
        ["go with a current"],
    ),
    "material not covered": (DATA, (*QUESTION, "--material", "BaAu"), ["does not hold every"]),
    "material without a density": (
        DATA,
        (*QUESTION, "--material", "Li"),
        ["no scaffold of Li", "--density-g-cm3"],
    ),
    "another anode": (
        USAGE,
        (*QUESTION, "--density-g-cm3", "2", "--anode", "Na"),
        ["stated for Li, not Na"],
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_faults(cli: Cli, fault: str) -> None:
    code, arguments, parts = BAD[fault]
    bad(cli(*arguments), code, *parts)


@pytest.mark.parametrize(
    ("ionic", "wall", "pore"), [(math.nan, None, None), (1e-4, -1.0, 1.0), (1e-4, 1.0, 0.0)]
)
def test_wrong_numbers_are_refused(ionic: float, wall: float | None, pore: float | None) -> None:
    with pytest.raises(UsageError):
        losses(Scaffold(10, 0.5, 2, LI), 1, ionic, 1, wall, pore)
