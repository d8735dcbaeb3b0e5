"""CIF and POSCAR files that are not what they seem: read as they were written, or refused."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from screen import crystal_files
from screen.cli import main
from screen.crystal_files import of_file
from screen.errors import DataError

CIF = """data_salt
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c 4.0
_cell_angle_alpha {alpha}
_cell_angle_beta 90
_cell_angle_gamma 90
{extra}
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 {li} 0 0 0 1
F1 {f} {x} 0.5 0.5 {occupancy}
"""
USUAL = {"a": "4.0", "alpha": "90", "extra": "", "li": "Li", "f": "F", "x": "0.5", "occupancy": "1"}
POSCAR = "salt\n1.0\n4 0 0\n0 4 0\n0 0 4\n{symbols}{counts}\nDirect\n0 0 0\n0.5 0.5 0.5\n"


def cif(folder: Path, name: str = "a.cif", **changes: str) -> Path:
    path = folder / name
    path.write_text(CIF.format(**(USUAL | changes)), encoding="utf-8")
    return path


READ = {
    "as written": {},
    "uncertainties": {"a": "4.000(3)", "x": "0.500(1)"},
    "charges": {"li": "Li1+", "f": "F1-"},
    "heavy hydrogen": {"f": "D"},
    "P 1 stated": {"extra": "_symmetry_space_group_name_H-M 'P 1'"},
    "a formula that fits": {"extra": "_chemical_formula_sum 'F1 Li1'"},
    "a formula of a larger cell": {"extra": "_chemical_formula_sum 'Li4 F4'"},
    "a formula that is none": {"extra": "_chemical_formula_sum '?'"},
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read(name: str, tmp_path: Path) -> None:
    found = of_file(cif(tmp_path, **READ[name]))
    assert found.composition.reduced_formula in ("LiF", "LiH")
    assert found.volume == pytest.approx(64)
    assert not found.site_properties
    assert all(type(site.specie).__name__ == "Element" for site in found)


REFUSED = {
    "an endless cell": ({"a": "9e40"}, "edge of 9e+40"),
    "a cell without width": ({"a": "0"}, "no readable structure"),
    "a flat cell": ({"alpha": "0"}, "its cell has no volume"),
    "a thin angle": ({"alpha": "1"}, "angle of 1° between"),
    "a thin cell": ({"a": "1.1"}, "for each atom cannot be"),
    "a sparse cell": ({"a": "99"}, "for each atom cannot be"),
    "no numbers": ({"a": "none"}, "no readable structure"),
    "not a number": ({"a": "nan"}, "its cell has no volume"),
    "a place that is none": ({"x": "?"}, "no readable structure"),
    "too much of an atom": ({"occupancy": "1.5"}, "no readable structure"),
    "atoms in one place": ({"x": "0.5", "f": "F", "extra": "", "a": "0.9"}, "cannot be"),
    "no element": ({"f": "Xx"}, "no"),
    "another formula": ({"extra": "_chemical_formula_sum 'Li2 F1'"}, "its formula is Li2 F1"),
    "hydrogen left out": ({"extra": "_chemical_formula_sum 'Li1 F1 H2'"}, "its formula is"),
    "an unknown group": (
        {"extra": "_symmetry_space_group_name_H-M 'Q m -9 m'"},
        "space group 'Q m -9 m' is not known",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    changes, words = REFUSED[name]
    with pytest.raises(DataError) as caught:
        of_file(cif(tmp_path, **changes))
    said = str(caught.value)
    assert said.startswith("a.cif: ")
    assert words in said
    assert "\n" not in said
    assert "/" not in said.replace("eV/", "")


def test_of_two_structures_none_is_dropped(tmp_path: Path) -> None:
    path = cif(tmp_path)
    other = path.read_text(encoding="utf-8").replace("data_salt", "data_other")
    path.write_text(path.read_text(encoding="utf-8") + other, encoding="utf-8")
    with pytest.raises(DataError, match="holds 2 structures; give a file for each"):
        of_file(path)
    notes = "data_global\n_publ_section_title 'of a journal'\n"
    path.write_text(notes + other, encoding="utf-8")
    assert of_file(path).composition.reduced_formula == "LiF"


@pytest.mark.parametrize(
    ("symbols", "counts", "words"),
    [
        ("", "1 1", "names no elements; write their symbols"),
        ("Li Xx\n", "1 1", ""),
        ("Li F\n", "1 1 1", ""),
        ("Li F\n", "0 0", ""),
        ("Li F\n", "1 99999999999999999999", ""),
        ("Li F\n", "x", ""),
    ],
)
def test_poscars_that_are_refused(symbols: str, counts: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    path.write_text(POSCAR.format(symbols=symbols, counts=counts), encoding="utf-8")
    with pytest.raises(DataError, match=rf"^POSCAR: .*{words}"):
        of_file(path)


def test_poscars_that_are_read(tmp_path: Path) -> None:
    text = POSCAR.format(symbols="Li F\n", counts="1 1")
    for name in ("POSCAR", "CONTCAR", "POSCAR.mine", "salt.vasp", "POSCAR.gz"):
        path = tmp_path / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        assert of_file(path).composition.reduced_formula == "LiF"


@pytest.mark.parametrize("name", ["a.txt", "a.json", "vasprun.xml", "a", "a.cif.bz2"])
def test_other_kinds_of_files(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a CIF or POSCAR file is wanted"):
        of_file(cif(tmp_path, name))


def test_magnetic_structures_are_read_or_refused_in_a_line(tmp_path: Path) -> None:
    """Such as name a magnetic group in a way that pymatgen does not know."""
    for extra in (
        "_space_group_magn.number_BNS 62.450",
        "_space_group_magn.transform_BNS_Pp_abc 'a,b,c;0,0,0'",
        "_space_group.magn_number_BNS 0\n_space_group.magn_name_BNS 'x'",
        "loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x\nLi1 0.0",
        "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n-x,-y,-z,/0",
    ):
        path = cif(tmp_path, "a.mcif", extra=extra)
        try:
            assert of_file(path).composition.reduced_formula == "LiF"
        except DataError as error:
            assert str(error).startswith("a.mcif: ")  # noqa: PT017


@pytest.mark.parametrize("place", [1e9, np.nan, np.inf])
def test_places_far_from_the_cell(place: float) -> None:
    far = Structure(Lattice.cubic(4), ["Li", "F"], [[0, 0, 0], [0.5, 0.5, place]])
    with pytest.raises(DataError, match="no fraction of the cell"):
        crystal_files.checked(far, "x")


def test_a_moment_is_no_part_of_a_structure() -> None:
    spins = Structure(Lattice.cubic(4), ["Mn2+,spin=5", "O2-"], [[0, 0, 0], [0.5] * 3])
    spins.add_site_property("magmom", [5.0, 0.0])
    made = crystal_files.checked(spins, "x")
    assert made.composition.reduced_formula == "MnO"
    assert not made.site_properties


def test_reading_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pymatgen's effort grows with the square of sites times operations."""
    places = np.random.default_rng(0).random((400, 3))
    sites = "\n".join(f"Li{i} Li {x:.4f} {y:.4f} {z:.4f} 1" for i, (x, y, z) in enumerate(places))
    group = "_symmetry_space_group_name_H-M 'F m -3 m'"
    path = cif(tmp_path, extra=group, a="60.0")
    path.write_text(path.read_text(encoding="utf-8") + sites, encoding="utf-8")
    monkeypatch.setattr(crystal_files, "LIMIT_S", 0.2)
    with pytest.raises(DataError, match=r"takes more than 0\.2 s"):
        of_file(path)


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.cif.gz"
    path.write_bytes(gzip.compress(bytes(crystal_files.LARGEST_MB * 1_000_000 + 1)))
    with pytest.raises(DataError, match="larger than 20 MB"):
        of_file(path)
    monkeypatch.setattr(crystal_files, "MOST_SITES", 1)
    with pytest.raises(DataError, match="2 sites, up to 1 are read"):
        of_file(cif(tmp_path))


def test_what_a_reader_says_has_no_paths() -> None:
    error = ValueError("bad file '/home/someone/secret/a.cif' or /usr/lib/x.py")
    assert "/" not in crystal_files.said(error).replace("...", "")


def test_libraries_say_nothing_on_stderr(tmp_path: Path) -> None:
    """Their warnings name files of this machine."""
    cif(tmp_path, extra="_symmetry_space_group_name_H-M 'P 1'")
    table = tmp_path / "more.csv"
    table.write_text("structure,formation_energy_ev_atom\na.cif,-3.1\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "always", "-m", "screen", "rank", "--add", str(table), "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "site-packages" not in done.stderr
    assert "Warning" not in done.stderr
    assert done.returncode in (0, 3), done.stderr


def test_a_structure_in_a_table_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cif(tmp_path, a="9e40")
    Path("more.csv").write_text("structure,formation_energy_ev_atom\na.cif,-3.1\n")
    assert main(["rank", "--add", "more.csv", "-q"]) == DataError.exit_code
    said = capsys.readouterr().err
    assert "more.csv: line 2: 'a.cif'" in said
    assert "edge of 9e+40" in said
