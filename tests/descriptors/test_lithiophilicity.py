"""Lithiophilicity: Miedema against matminer, alloys against the hull, known metals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from screen.composition import INDEX, SYMBOLS
from screen.descriptors import lithiophilicity
from screen.descriptors.lithiophilicity import metals, solution_kj_mol
from screen.units import EV_PER_J_MOL
from tests.descriptors.cases import case_of, phases


def matminer_dilute_kj_mol(solute: str, solvent: str) -> float:
    """Heat of solution as the slope of matminer's chemical term, lattice stability taken off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from matminer.featurizers.composition.alloy import Miedema  # noqa: PLC0415

        model = Miedema(struct_types="ss", impute_nan=False)
    model.df_dataset["H_trans"] = 0.0
    x = 1e-7
    return float(model.deltaH_chem([solute, solvent], np.array([x, 1 - x]), "ss")) / x


@pytest.mark.parametrize("solute", ["Li", "Na", "Mg", "Al", "Zn", "Ti"])
def test_heat_of_solution_is_the_slope_of_matminers_model(solute: str) -> None:
    ours = solution_kj_mol(INDEX[solute])
    known = [s for s in SYMBOLS if not np.isnan(metals().a[INDEX[s]]) and s != solute]
    assert len(known) == 72
    for solvent in known[::3]:
        expected = matminer_dilute_kj_mol(solute, solvent)
        assert ours[INDEX[solvent]] == pytest.approx(expected, rel=1e-4, abs=1e-4), solvent


def test_what_is_alike_dissolves_without_heat() -> None:
    for symbol in ("Li", "Mg", "Cu"):
        assert solution_kj_mol(INDEX[symbol])[INDEX[symbol]] == 0.0


def test_signs_for_lithium_are_those_of_its_alloys() -> None:
    heat = dict(zip(SYMBOLS, solution_kj_mol(INDEX["Li"]).tolist(), strict=True))
    for soluble in ("Ag", "Au", "Zn", "Al", "Sn", "In", "Si", "Mg"):
        assert heat[soluble] < 0, soluble
    for immiscible in ("Fe", "W", "Mo", "Cr", "Ti", "V", "Nb", "Ta", "Na", "K"):
        assert heat[immiscible] > 0, immiscible


def test_interfacial_energy_has_the_sign_of_the_heat() -> None:
    values = lithiophilicity.compute(case_of("Ag", "Al", "Fe", "W")).columns
    heat, surface = values["miedema_solution_ev_anode_atom"], values["miedema_interface_j_m2"]
    assert (np.sign(heat) == np.sign(surface)).all()
    # One mole of lithium covers 4.5e8 V^(2/3) = 2.5e5 m2.
    np.testing.assert_allclose(heat / EV_PER_J_MOL / surface, 2.488e5, rtol=1e-3)


def test_a_compound_has_the_average_of_its_metals() -> None:
    for name in ("miedema_solution_ev_anode_atom", "size_mismatch_fraction"):
        column = lithiophilicity.compute(case_of("Mg", "Zn", "MgZn2", "ZnO", "LiZn")).columns[name]
        assert column[2] == pytest.approx((column[0] + 2 * column[1]) / 3)
        assert column[3] == column[4] == column[1]


@pytest.mark.parametrize(
    ("anode", "formula"), [("Li", "Ag"), ("Li", "ZnO"), ("Na", "Sn"), ("Mg", "Bi")]
)
def test_line_compounds_are_the_binaries_on_the_hull(anode: str, formula: str) -> None:
    case = case_of(formula, anode=anode)
    values = lithiophilicity.compute(case).columns
    metal = next(s for s in case.compositions.row(0) if s != "O")
    shares = [
        row[anode] / sum(row.values())
        for i, row in enumerate(phases().compositions)
        if row.keys() == {anode, metal} and case.facts.on_hull[i]
    ]
    assert values["line_compounds"][0] == len(shares) > 0
    assert values["richest_line_compound_fraction"][0] == max(shares)


def test_lithium_makes_no_compound_with_iron_tungsten_or_copper() -> None:
    """Of copper the table has LiCu3, which nobody has made."""
    values = lithiophilicity.compute(case_of("Fe", "W", "Cu")).columns
    assert values["line_compounds"].tolist() == [0, 0, 0]
    assert values["richest_line_compound_fraction"].tolist() == [0, 0, 0]


def test_zinc_oxide_leaves_lithia_and_lithium_zinc() -> None:
    values = lithiophilicity.compute(case_of("ZnO", "Fe")).columns
    assert values["latent_matrix"][0].startswith("Li2O ")
    assert values["latent_alloys"][0].startswith("LiZn ")
    assert values["latent_matrix"][1] == values["latent_alloys"][1] == "none"
    shares = [int(values[n][0].split()[1].rstrip("%")) for n in ("latent_matrix", "latent_alloys")]
    assert sum(shares) == 100


def test_a_salt_without_a_metal_says_so() -> None:
    values = lithiophilicity.compute(case_of("LiF", "C"))
    for name in ("line_compounds", "miedema_solution_ev_anode_atom", "size_mismatch_fraction"):
        assert np.isnan(values.columns[name]).all()
        assert set(values.reason(name)) == {"holds no metal but the anode's"}


def test_an_element_without_parameters_is_named() -> None:
    case = case_of("Ga", "Al")
    figures = metals()
    lacking = figures.a.copy()
    lacking[INDEX["Ga"]] = np.nan
    column, reason = lithiophilicity._averaged(case, lacking)
    assert np.isnan(column[0])
    assert reason[0] == "no figures for Ga in metals.csv"
    assert not np.isnan(column[1])
