"""A team's own phases: added where their scheme fits, refused where it does not."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure

from screen import candidates, sources
from screen.cli import main
from screen.errors import DataError
from screen.phases import Phases
from screen.settings import Settings
from screen.sources import reference, user_files

HEAD = "formula,formation_energy_ev_atom"
POSCAR = """Li F
4.03
0.0 0.5 0.5
0.5 0.0 0.5
0.5 0.5 0.0
Li F
1 1
direct
0.0 0.0 0.0
0.5 0.5 0.5
"""


@pytest.fixture(scope="module")
def base() -> Phases:
    return reference.load()


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_of_the_same_scheme(base: Phases, tmp_path: Path) -> None:
    file = write(tmp_path / "own.csv", f"{HEAD},scheme", f"Li4NF,-2.2,{base.scheme}")
    both = user_files.add(base, file)
    assert len(both) == len(base) + 1
    assert both.formulas[-1] == "Li4NF"
    assert both.texts("source")[-1] == "own.csv"
    assert both.systems == base.systems
    assert both.added == 1


def test_without_a_scheme_where_shared_phases_agree(base: Phases, tmp_path: Path) -> None:
    file = write(tmp_path / "own.csv", HEAD, "LiF,-3.17", "Li4NF,-2.2")
    both = user_files.add(base, file)
    assert both.texts("id")[-2:] == ["own:LiF", "Li4NF"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((f"{HEAD},scheme", "Li4NF,-2.2,r2SCAN"), "do not share a hull"),
        ((HEAD, "Li4NF,-2.2"), "shares no compound"),
        ((HEAD, "LiF,-3.4", "Li4NF,-2.2"), "not of its scheme"),
        ((HEAD, "LiF,-2.9", "Li4NF,-2.2"), "not of its scheme"),
        ((HEAD, "Li,0.0"), "nothing to add"),
    ],
)
def test_refused(base: Phases, tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        user_files.add(base, write(tmp_path / "own.csv", *lines))
    assert "\n" not in str(caught.value)


def test_structures_in_place_of_formulas(base: Phases, tmp_path: Path) -> None:
    write(tmp_path / "LiF.vasp.POSCAR", POSCAR)
    file = write(
        tmp_path / "own.csv",
        "structure,formation_energy_ev_atom",
        "LiF.vasp.POSCAR,-3.18",
    )
    both = user_files.add(base, file)
    assert both.formulas[-1] == "LiF"
    assert both.numbers("volume_a3_atom")[-1] == pytest.approx(4.03**3 / 8)
    assert both.numbers("density_g_cm3")[-1] == pytest.approx(2.64, abs=0.03)


def test_a_site_that_is_shared_or_partly_filled_is_no_atom(tmp_path: Path) -> None:
    """Half a site of fluorine, and one that lithium shares with nothing: 6 atoms on 8 sites."""
    cell = Structure(
        Lattice.cubic(4.03),
        [{"Li": 1.0}] * 4 + [{"F": 0.5}] * 4,
        np.random.default_rng(0).random((8, 3)),
    )
    cell.to(str(tmp_path / "Li2F.cif"))
    file = write(tmp_path / "own.csv", "structure,formation_energy_ev_atom", "Li2F.cif,-2.1")
    phases = user_files.load(file)
    assert phases.numbers("volume_a3_atom")[0] == pytest.approx(4.03**3 / 6)
    mass = Composition("Li4F2").weight
    per_atom = mass / 6 / phases.numbers("density_g_cm3")[0] / 0.602214
    assert phases.numbers("volume_a3_atom")[0] == pytest.approx(per_atom, rel=1e-4)


def test_a_structure_that_is_none(base: Phases, tmp_path: Path) -> None:
    file = write(tmp_path / "own.csv", "structure,formation_energy_ev_atom", "no.cif,-3.18")
    with pytest.raises(DataError, match="line 2"):
        user_files.add(base, file)


def test_pymatgen_entries(base: Phases, tmp_path: Path) -> None:
    entries = [
        {
            "@module": "pymatgen.entries.computed_entries",
            "@class": "ComputedEntry",
            "composition": composition,
            "energy": energy,
            "correction": 0.0,
            "entry_id": name,
            "parameters": {},
        }
        for name, composition, energy in (
            ("a", {"Li": 1}, -1.9),
            ("b", {"F": 2}, -3.6),
            ("c", {"Li": 1, "F": 1}, -1.9 - 1.8 - 2 * 3.18),
        )
    ]
    path = tmp_path / "own.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    both = user_files.add(base, path)
    assert both.energy[-1] == pytest.approx(-3.18)


def test_added_phases_are_candidates(base: Phases, tmp_path: Path) -> None:
    file = write(tmp_path / "own.csv", f"{HEAD},scheme", f"Li4NF,-2.2,{base.scheme}")
    phases = sources.load("reference", add=file)
    case, _ = candidates.make_case(phases, Settings())
    assert "Li4NF" in case.formulas
    assert len(case) == 221


def test_of_one_composition_one_phase_is_judged(base: Phases, tmp_path: Path) -> None:
    lines = ("LiF,-3.17", "Li2O,-2.02", "Li4NF,-2.2", "Li4NF,-2.1")
    rows = [f"{name},{i}" for i, name in enumerate(lines)]
    file = write(tmp_path / "own.csv", f"{HEAD},id", *rows)
    phases = sources.load("reference", add=file)
    case, identity = candidates.make_case(phases, Settings())
    assert len(case.formulas) == len(set(case.formulas)) == 221
    judged = dict(zip(case.formulas, identity["id"], strict=True))
    lowest = {"LiF": base.energy[base.formulas.index("LiF")] > -3.17}
    assert (judged["LiF"] == "0") == lowest["LiF"]
    assert judged["Li4NF"] == "2"


def test_it_is_said_where_added_phases_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "own.csv", HEAD, "LiF,-3.16", "Li5NF2,-2.3")
    assert main(["rank", "--add", "own.csv", "-o", "run", "--top", "1"]) == 0
    said = capsys.readouterr().err
    assert "added own:LiF: lies 0.0" in said
    assert "above LiF, which is judged in its place." in said
    (line,) = [line for line in said.splitlines() if line.startswith("added Li5NF2: ")]
    rows = list(csv.DictReader(io.StringIO(Path("run/ranked.csv").read_text(encoding="utf-8"))))
    for row in rows:
        if row["id"] == "Li5NF2":
            rank = f"{row['role']} rank {row['rank']} of " if row["rank"] else row["role"]
            assert rank in line
            assert row["failed_gates"] in line


def test_added_phases_outside_the_reference_set_are_refused(base: Phases, tmp_path: Path) -> None:
    file = write(tmp_path / "own.csv", f"{HEAD},scheme", f"LiCoMnO4,-1.5,{base.scheme}")
    phases = sources.load("reference", add=file)
    with pytest.raises(DataError, match="full snapshot"):
        candidates.make_case(phases, Settings())
