"""Lattice misfit of candidates and of what they become."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from screen import candidates
from screen.coincidence import FACES, faces, strain
from screen.columns import Values
from screen.descriptors import lattice
from screen.phases import Phases
from screen.settings import Settings
from screen.structures import cell_vectors
from tests.descriptors.cases import case_of


def test_iron_on_magnesia_turned_by_45_degrees() -> None:
    """Fe[110] lies along MgO[100]: 4.212 Å against 2.866 sqrt(2) = 4.053 Å, 3.9 %."""
    iron = faces(cell_vectors((2.866,) * 3, (90, 90, 90)), "I")[[FACES.index((1, 0, 0))]]
    magnesia = faces(cell_vectors((4.212,) * 3, (90, 90, 90)), "F")[[FACES.index((1, 0, 0))]]
    assert strain(magnesia, iron)[0] == pytest.approx(0.039, abs=0.001)


def test_lithium_fits_lithium_fluoride_to_a_percent() -> None:
    """Six-fold faces: 4.027 / sqrt(2) sqrt(3) = 4.932 against 3.51 sqrt(2) = 4.964 Å."""
    values = lattice.compute(case_of("LiF")).columns
    assert values["coincidence_faces"][0] == "(1 1 1) on Li(1 1 1)"
    assert values["coincidence_strain_fraction"][0] == pytest.approx(0.0065, abs=0.001)
    assert values["coincidence_area_a2"][0] == pytest.approx(4.932**2 * np.sqrt(3) / 2, abs=0.1)


def test_main_product_is_the_largest_but_the_metal() -> None:
    """LiZn takes more room than the Li2O beside it, though it has fewer atoms."""
    values = lattice.compute(case_of("ZnO", "LiF", "Fe", "Li")).columns
    assert values["main_contact_product"].tolist() == ["LiZn", "LiF", "Fe", ""]
    both = [values[f"{prefix}coincidence_area_a2"][1] for prefix in ("", "product_")]
    assert both[0] == both[1]


def test_without_a_structure_there_is_a_reason() -> None:
    values = lattice.compute(case_of("Li3PS4", "Li7P3S11"))
    for name in ("coincidence_area_a2", "coincidence_faces", "space_group"):
        for reason in values.reason(name)[[1]]:
            assert reason, name


def test_limits_too_tight_are_named() -> None:
    values = lattice.compute(case_of("MgO", coincidence_area_a2=9.0, coincidence_strain=0.001))
    assert values.reason("coincidence_area_a2")[0] == (
        "no common cell with Li below 9 Å² and 0% strain"
    )


def with_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> Values:
    """ZnO whose structure is in a file, of a table that is no reference set."""
    path = tmp_path_factory.mktemp("own") / "own.cif"
    path.write_text(text, encoding="utf-8")
    table: dict[str, Sequence[str | float | None]] = {
        "id": ["a", "b", "c", "d"],
        "formula": ["Li", "Zn", "O", "ZnO"],
        "formation_energy_ev_atom": [0.0, 0.0, 0.0, -1.5],
        "structure": [None, None, None, str(path)],
    }
    case = candidates.make_case(Phases(table), Settings(), ["ZnO"])[0]
    return lattice.compute(case)


CIF = """data_own
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c 5.2
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Zn1 Zn 0.33333 0.66667 0 {share}
Zn2 Zn 0.66667 0.33333 0.5 1
O1 O 0.33333 0.66667 {z} 1
O2 O 0.66667 0.33333 {z2} 1
"""


@pytest.mark.filterwarnings("ignore")  # pymatgen tells all that it finds odd in a CIF
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"share": 0.5}, "disordered"),
        ({"z": 0.02, "z2": 0.52}, "less than 0.5 Å apart"),
        ({"a": "none"}, "own.cif: no readable structure"),
    ],
)
def test_a_file_of_the_user(
    changes: dict[str, str | float], said: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = CIF.format(**({"a": 3.25, "share": 1, "z": 0.38, "z2": 0.88} | changes))
    values = with_file(tmp_path_factory, text)
    assert said in values.reason("coincidence_area_a2")[0]
    assert np.isnan(values.columns["coincidence_area_a2"][0]) == bool(said)
    if not said:
        assert values.columns["space_group"][0] == "P6_3mc"
        assert values.columns["structure_source"][0] == "own.cif"
