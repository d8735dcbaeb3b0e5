"""Crystal structures: what the shipped table holds, and what is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pymatgen.core import Composition, Element, Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from screen.composition import Compositions
from screen.errors import DataError
from screen.sources import snapshot
from screen.structures import TABLE, Crystal, cell_vectors, conventional, find, shipped
from screen.tables import rows_of

# What spglib and the readers of pymatgen say to their own callers.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:pymatgen"),
]

ROWS = rows_of("structures")
FORMULAS = [row["formula"] for row in ROWS]
OTHER_SOLID = {"S": "monoclinic", "P": "white", "Hg": "liquid"}
"""Elements whose tabulated density is of another form than the one in the table."""
MEASURED_G_CM3 = {
    # As mineral handbooks have them; recalled, so the test allows a few per cent.
    "NaCl": 2.165,
    "MgO": 3.58,
    "Al2O3": 3.99,
    "SiO2": 2.65,
    "TiO2": 4.25,
    "SnO2": 6.99,
    "ZnO": 5.68,
    "Cu2O": 6.14,
    "CuO": 6.515,
    "MgF2": 3.17,
    "CaF2": 3.18,
    "MoS2": 4.998,
    "Sb2S3": 4.63,
    "MgCO3": 3.01,
    "Mg2SiO4": 3.275,
    "MgAl2O4": 3.60,
    "ZnS": 4.08,
    "FeS2": 5.01,
}


def crystal_of(formula: str) -> Crystal:
    return find(TABLE, "", formula)


def pairs_of(structure: Structure, reach_a: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Distances of neighbours in Å."""
    return np.asarray(structure.get_neighbor_list(reach_a)[3])


@given(
    st.tuples(*[st.floats(1, 30)] * 3),
    st.tuples(*[st.floats(40, 140)] * 3),
)
def test_cell_vectors_are_those_of_lengths_and_angles(
    lengths: tuple[float, ...], angles: tuple[float, ...]
) -> None:
    cosines = np.cos(np.deg2rad(angles))
    assume(1 + 2 * cosines.prod() - (cosines**2).sum() > 1e-3)  # such a cell exists
    vectors = cell_vectors(lengths, angles)
    own, known = Lattice(vectors), Lattice.from_parameters(*lengths, *angles)
    assert own.lengths == pytest.approx(lengths)
    assert own.angles == pytest.approx(angles)
    assert own.volume == pytest.approx(known.volume)
    assert np.linalg.det(vectors) > 0
    assert vectors[0, 1] == vectors[0, 2] == vectors[1, 2] == 0


def test_right_angles_are_exact() -> None:
    assert cell_vectors((2, 3, 4), (90, 90, 90)).tolist() == np.diag([2, 3, 4]).tolist()


def test_formulas_are_unique() -> None:
    assert len(set(Compositions.from_formulas(FORMULAS).key.tolist())) == len(ROWS)
    assert set(shipped()) == set(Compositions.from_formulas(FORMULAS).key.tolist())


def test_every_row_says_where_its_figures_are_from() -> None:
    for row in ROWS:
        assert row["name"], row["formula"]
        source = row["source"]
        assert source.isascii(), row["formula"]
        assert "pending" not in source, row["formula"]
        # A collection that can be looked up, or a paper.
        known = ("AMCSD ", "COD ", "AFLOW prototype ", "Materials Project mp-", "doi:")
        assert any(word in source for word in known), row["formula"]


@pytest.mark.parametrize("row", ROWS, ids=FORMULAS)
def test_row_builds_what_it_names(row: dict[str, str]) -> None:
    """Composition, space group, distances and volume per atom of the whole cell."""
    crystal = crystal_of(row["formula"])
    cell = crystal.structure
    assert cell.composition.reduced_composition == Composition(row["formula"]).reduced_composition
    assert SpacegroupAnalyzer(cell, symprec=0.01).get_space_group_symbol() == row["space_group"]
    assert crystal.centring in "PABCIFR"
    # Nearest neighbours: C-C of Li2C2 1.2 Å, O-H about 0.9 Å, K-K 4.6 Å.
    hydrogen = "H" in cell.symbol_set
    assert pairs_of(cell, 5.0).min() > (0.7 if hydrogen else 1.1)
    assert pairs_of(cell, 5.0).min() < 5.0
    assert 4 < cell.volume / len(cell) < 80


@pytest.mark.parametrize("formula", ["LiF", "Al2O3", "Li3PS4", "SiO2", "CuO", "LiC12"])
def test_sites_are_those_of_the_space_group(formula: str) -> None:
    """As pymatgen expands them, which takes a hundred times as long."""
    crystal = crystal_of(formula)
    symbols, places = zip(*crystal.sites, strict=True)
    known = Structure.from_spacegroup(
        crystal.space_group, Lattice(crystal.lattice), symbols, places, tol=1e-3
    )
    own = crystal.structure
    assert len(own) == len(known)
    apart = own.lattice.get_all_distances(own.frac_coords, known.frac_coords)
    nearest = apart.argmin(axis=1)
    assert apart.min(axis=1).max() < 0.01
    assert sorted(nearest) == list(range(len(known)))
    assert [site.specie for site in own] == [known[i].specie for i in nearest]


def test_an_unknown_space_group_is_named() -> None:
    with pytest.raises(ValueError, match="no space group is called Xx"):
        _ = Crystal("Li", "Xx", np.eye(3), (("Li", (0.0, 0.0, 0.0)),), "made up").structure


def test_cells_are_conventional() -> None:
    """The stated cell has the shape that its crystal system asks for."""
    for formula in FORMULAS:
        crystal = crystal_of(formula)
        a, b, c, alpha, beta, gamma = crystal.structure.lattice.parameters
        system = SpacegroupAnalyzer(crystal.structure, symprec=0.01).get_crystal_system()
        if system in ("trigonal", "hexagonal"):
            assert (a, alpha, beta, gamma) == pytest.approx((b, 90, 90, 120)), formula
        elif system == "cubic":
            assert (a, b, alpha, beta, gamma) == pytest.approx((b, c, 90, 90, 90)), formula
        elif system == "tetragonal":
            assert (a, alpha, beta, gamma) == pytest.approx((b, 90, 90, 90)), formula
        elif system == "orthorhombic":
            assert (alpha, beta, gamma) == pytest.approx((90, 90, 90)), formula
        elif system == "monoclinic":
            assert (alpha, gamma) == pytest.approx((90, 90)), formula


@pytest.mark.filterwarnings("ignore:No data available")
def test_densities_of_elements_are_the_measured_ones() -> None:
    """Within 3 % of an independent list (pymatgen's periodic table)."""
    elements = [formula for formula in FORMULAS if len(Composition(formula)) == 1]
    assert len(elements) > 40
    for symbol in elements:
        known = Element(symbol).density_of_solid
        if known and symbol not in OTHER_SOLID:
            density = crystal_of(symbol).structure.density
            assert float(density) == pytest.approx(float(known) / 1000, rel=0.03), symbol


@pytest.mark.parametrize(("formula", "known"), MEASURED_G_CM3.items(), ids=MEASURED_G_CM3)
def test_densities_of_minerals_are_the_measured_ones(formula: str, known: float) -> None:
    assert float(crystal_of(formula).structure.density) == pytest.approx(known, rel=0.02)


def test_silicon_swells_threefold_on_lithiation() -> None:
    """Li15Si4 takes 3.8 times the volume of its silicon, Li21Si5 about 4."""

    def per_silicon(formula: str) -> float:
        cell = crystal_of(formula).structure
        return float(cell.volume / cell.composition["Si"])

    assert per_silicon("Li15Si4") / per_silicon("Si") - 1 == pytest.approx(2.8, abs=0.1)
    assert per_silicon("Li21Si5") / per_silicon("Si") - 1 == pytest.approx(3.0, abs=0.1)


def test_more_lithium_takes_more_room() -> None:
    """Volume per host atom grows with the lithium content."""
    for phases in (
        ("Si", "LiSi", "Li15Si4", "Li21Si5"),
        ("Sn", "LiSn", "Li7Sn2", "Li17Sn4"),
        ("In", "LiIn", "Li2In", "Li3In", "Li13In3"),
        ("Al", "LiAl", "Li2Al", "Li9Al4"),
    ):
        host = phases[0]
        cells = [crystal_of(formula).structure for formula in phases]
        volumes = [cell.volume / cell.composition[host] for cell in cells]
        assert all(less < more for less, more in pairwise(volumes)), phases


def salt(**changes: Any) -> Structure:
    given = {"lattice": Lattice.cubic(4.0), "species": ["Li", "F"]} | changes
    return Structure.from_spacegroup(
        "Fm-3m", given["lattice"], given["species"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def test_conventional_cell_of_a_primitive_one() -> None:
    crystal = conventional(salt().get_primitive_structure(), "LiF", "here")
    assert crystal.space_group == "Fm-3m"
    assert crystal.centring == "F"
    assert len(crystal.structure) == 8
    assert np.linalg.norm(crystal.lattice, axis=1) == pytest.approx([4.0] * 3)


def test_cell_of_one_atom() -> None:
    crystal = conventional(Structure(Lattice.cubic(3.3), ["Po"], [[0, 0, 0]]), "Po", "here")
    assert (crystal.space_group, len(crystal.structure)) == ("Pm-3m", 1)


@pytest.mark.parametrize(
    ("structure", "said"),
    [
        (
            Structure(Lattice.cubic(4), [{"Li": 0.5, "Na": 0.5}, "F"], [[0, 0, 0], [0.5] * 3]),
            "disordered",
        ),
        (Structure(Lattice.cubic(4), [{"Li": 0.5}, "F"], [[0, 0, 0], [0.5] * 3]), "disordered"),
        (Structure(Lattice.cubic(4), ["Li", "F"], [[0, 0, 0], [0.1, 0, 0]]), r"0\.5 Å apart"),
        (salt(species=["Na", "F"]), "one of NaF"),
    ],
)
def test_structures_that_are_refused(structure: Structure, said: str) -> None:
    with pytest.raises(DataError, match=said):
        conventional(structure, "LiF", "here")


def test_reference_to_nothing() -> None:
    with pytest.raises(DataError, match="no structure is known"):
        find("", "x", "LiF")
    with pytest.raises(DataError, match=r"structures\.csv does not hold it"):
        find(TABLE, "x", "LiKr3")


def test_formula_may_be_spelled_in_any_order() -> None:
    assert find(TABLE, "x", "F2Li2") is find(TABLE, "y", "LiF")


@pytest.mark.parametrize("write", [Structure.to], ids=["pymatgen"])
@pytest.mark.parametrize("name", ["a.cif", "POSCAR"])
def test_files_are_read(tmp_path: Path, name: str, write: Callable[..., Any]) -> None:
    write(salt(), filename=str(tmp_path / name))
    crystal = find(str(tmp_path / name), "x", "LiF")
    assert crystal.source == name
    assert crystal.structure.volume == pytest.approx(64)


@pytest.mark.parametrize("text", ["", "data_x\n_cell_length_a 4.0\n", "not a cif\x00"])
def test_unreadable_files_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.cif"
    path.write_text(text)
    with pytest.raises(DataError, match=r"^bad\.cif: no readable structure \(.+\)$") as error:
        find(str(path), "x", "LiF")
    assert "\n" not in str(error.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.cif: no readable structure"):
        find(str(tmp_path / "gone.cif"), "x", "LiF")


def test_structures_beside_a_snapshot(tmp_path: Path) -> None:
    path = snapshot.structures_beside(tmp_path / "a.parquet")
    snapshot.write_structures(path, {"mp-1": json.dumps(salt().as_dict()), "mp-2": "{}"})
    assert len(find(str(path), "mp-1", "LiF").structure) == 8
    with pytest.raises(DataError, match=r"has no structure of mp-3"):
        find(str(path), "mp-3", "LiF")
    with pytest.raises(DataError, match="no readable structure"):
        find(str(path), "mp-2", "LiF")


def test_a_flipped_byte_is_never_read_as_another_structure(tmp_path: Path) -> None:
    path = snapshot.structures_beside(tmp_path / "a.parquet")
    snapshot.write_structures(path, {"mp-1": json.dumps(salt().as_dict())})
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
        with pytest.raises(DataError, match=r"pull --structures"):
            snapshot.structures(path)
