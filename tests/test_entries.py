"""Entries of pymatgen: read in every form that pymatgen writes, told apart by their functional, and
nothing that a file names is imported or called.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from monty.serialization import dumpfn
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.entries.computed_entries import (
    CompositionEnergyAdjustment,
    ComputedEntry,
    ComputedStructureEntry,
    ConstantEnergyAdjustment,
    TemperatureEnergyAdjustment,
)
from pymatgen.entries.entry_tools import EntrySet

import screen
from screen import crystal_files
from screen.composition import Compositions
from screen.errors import DataError
from screen.phases import Phases
from screen.sources import entry_files, load, schemes, user_files
from tests.test_cli import Cli, cli

__all__ = ["cli"]

BASE = {"Li": -1.9, "O": -4.9, "F": -1.85}
"""Energies of made-up elements, eV/atom."""
MODULE = "pymatgen.entries.computed_entries"


def entries(make: Callable[..., Any] = ComputedEntry, **details: Any) -> list[Any]:
    """Entries of the elements and of what the embedded set says of Li2O and LiF."""
    phases = load()
    found = [make({symbol: 2}, 2 * energy, **details) for symbol, energy in BASE.items()]
    for counts in ({"Li": 2, "O": 1}, {"Li": 1, "F": 1}):
        row = phases.rows_of(Compositions.from_counts([counts]))[0]
        atoms = sum(counts.values())
        parts = sum(n * BASE[symbol] for symbol, n in counts.items())
        found.append(make(counts, parts + atoms * float(phases.energy[row]), **details))
    return found


def run(kind: str) -> dict[str, Any]:
    return {"parameters": {"run_type": kind}}


def dumped(folder: Path, value: Any, name: str = "mine.json") -> Path:
    path = folder / name
    dumpfn(value, path)
    return path


def by_formula(phases: Phases) -> dict[str, float]:
    return dict(zip(phases.formulas, phases.energy.tolist(), strict=True))


def cell(entry: Any) -> Structure:
    """Any structure of a composition."""
    atoms = [e.symbol for e, n in entry.composition.items() for _ in range(round(n))]
    places = np.linspace(0, 0.9, len(atoms))[:, None] * np.ones(3)
    return Structure(Lattice.cubic(9), atoms, places)


FORMS: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda made: made,
    "EntrySet": EntrySet,
    "PhaseDiagram": PhaseDiagram,
    "old PhaseDiagram": lambda made: {
        "@module": "pymatgen.analysis.phase_diagram",
        "@class": "PhaseDiagram",
        "all_entries": [one.as_dict() for one in made],
        "elements": [],
    },
    "by name": lambda made: {f"phase {i}": one for i, one in enumerate(made)},
    "one name each": lambda made: {"entries": made},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_every_form_that_pymatgen_writes(tmp_path: Path, form: str, suffix: str) -> None:
    path = dumped(tmp_path, FORMS[form](entries()), f"mine{suffix}")
    if suffix.endswith("gz"):
        assert path.read_bytes()[:2] == b"\x1f\x8b"
    found = by_formula(user_files.load(path))
    truth = PhaseDiagram(entries())
    assert set(found) == {"Li", "O", "F", "Li2O", "LiF"}
    for entry in entries():
        energy = truth.get_form_energy_per_atom(entry)
        (own,) = (f for f in found if Composition(f).reduced_formula == entry.reduced_formula)
        assert found[own] == pytest.approx(energy, abs=1e-12)


def test_every_kind_of_entry_is_read_as_pymatgen_reads_it() -> None:
    adjustments = [
        ConstantEnergyAdjustment(0.3),
        CompositionEnergyAdjustment(-0.687, 3, name="MP2020 anion correction (oxide)"),
        TemperatureEnergyAdjustment(-1e-4, 300, 2),
    ]
    plain = ComputedEntry("Li2O", -14.0, entry_id="a", energy_adjustments=adjustments)
    old = ComputedEntry("Li2O", -14.0, correction=-0.7, entry_id="b").as_dict()
    del old["energy_adjustments"]
    with_cell = ComputedStructureEntry(cell(plain), -20.0, entry_id="c")
    bare = with_cell.as_dict()
    del bare["composition"]
    given = [plain.as_dict(), old, with_cell.as_dict(), bare, PDEntry("LiO", -9, "d").as_dict()]
    with_structure = ComputedStructureEntry
    readers = (ComputedEntry, ComputedEntry, with_structure, with_structure, PDEntry)
    for value, reader in zip(given, readers, strict=True):
        mine = entry_files._entry("entry", json.loads(json.dumps(value)))
        theirs = reader.from_dict(value)
        assert mine.energy == pytest.approx(theirs.energy, abs=1e-12)
        assert mine.composition == theirs.composition.element_composition


def test_a_mark_at_the_beginning_of_a_file(tmp_path: Path) -> None:
    path = dumped(tmp_path, entries())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(user_files.load(path)) == 5
    path.write_bytes(path.read_bytes()[3:].decode().encode("utf-16"))
    assert len(user_files.load(path)) == 5


@pytest.mark.parametrize("content", [b"\x1f\x8b", gzip.compress(b"{", mtime=0)[:-4], b"no gzip"])
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.json.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^mine\.json\.gz: not a whole gzip file"):
        user_files.load(path)


# Functionals


@pytest.mark.parametrize("kind", ["GGA", "GGA+U", "GGA_U", "PBE", "PBE+U"])
def test_entries_with_run_types_join_where_energies_agree(tmp_path: Path, kind: str) -> None:
    """Run types name the functional; whether corrections fit is told by what both hold."""
    phases = load()
    own = [*entries(**run(kind)), ComputedEntry("Li4OF2", -18.0, **run(kind))]
    more = user_files.add(phases, dumped(tmp_path, own))
    assert "Li4OF2" in more.formulas
    assert more.scheme == phases.scheme
    off = [*entries(**run(kind))[:3], ComputedEntry("LiF", -10.6, **run(kind))]
    with pytest.raises(DataError, match="the energies are not of its scheme"):
        user_files.add(phases, dumped(tmp_path, off, "off.json"))
    alone = [*entries(**run(kind))[:3], ComputedEntry("Li4OF2", -18.0, **run(kind))]
    with pytest.raises(DataError, match="without saying which corrections, and shares no compound"):
        user_files.add(phases, dumped(tmp_path, alone, "alone.json"))


@pytest.mark.parametrize("kind", ["r2SCAN", "R2SCAN", "SCAN", "HSE06", "PBEsol", "CHGNet", "MACE"])
def test_other_functionals_never_join(tmp_path: Path, kind: str) -> None:
    """Not even where all energies agree."""
    path = dumped(tmp_path, entries(**run(kind)))
    alone = user_files.load(path)
    assert alone.scheme == schemes.functional_of_run(kind)
    with pytest.raises(DataError, match="energies of different schemes do not share a hull"):
        user_files.add(load(), path)


@pytest.mark.parametrize("kind", ["r2SCAN", "HSE06", "SCAN", "PBEsol", "CHGNet"])
def test_one_entry_of_another_functional_is_seen(tmp_path: Path, kind: str) -> None:
    own = [*entries(**run("GGA")), ComputedEntry("Li4OF2", -18.0, **run(kind))]
    with pytest.raises(DataError, match=rf"mixed functionals \(run types .*{kind}.*keep one"):
        user_files.load(dumped(tmp_path, own))
    own[-1] = ComputedEntry("Li4OF2", -18.0)
    with pytest.raises(DataError, match=r"mixed functionals .*not stated"):
        user_files.load(dumped(tmp_path, own))


def test_the_functional_may_stand_under_other_names(tmp_path: Path) -> None:
    own = entries(parameters={"functional": "HSE06"})
    assert user_files.load(dumped(tmp_path, own)).scheme == "HSE06"
    own = entries(parameters={"calculator": "CHGNet"})
    assert user_files.load(dumped(tmp_path, own)).scheme == "CHGNet"


def test_corrections_by_name_state_the_scheme(tmp_path: Path) -> None:
    own = entries(**run("GGA"))
    own[-1].energy_adjustments.append(
        CompositionEnergyAdjustment(-0.4, 1, name="MP2020 anion correction (fluoride)")
    )
    phases = user_files.load(dumped(tmp_path, own))
    assert phases.scheme == "MP GGA/GGA+U (MP2020 corrections)"
    with pytest.raises(DataError, match="different schemes"):
        user_files.add(load(), dumped(tmp_path, own))


def test_entries_of_a_mixing_scheme_are_called_so(tmp_path: Path) -> None:
    own = entries(**run("GGA"))
    name = "MP GGA(+U)/r2SCAN mixing adjustment"
    own[-1].energy_adjustments.append(ConstantEnergyAdjustment(-5.0, name=name))
    for phases in (
        user_files.load(dumped(tmp_path, own)),
        Phases(entry_files.to_table(own), name="mine"),
    ):
        assert phases.scheme == schemes.MIXED
    with pytest.raises(DataError, match="different schemes"):
        user_files.add(load(), dumped(tmp_path, own))


@pytest.mark.parametrize(
    ("one", "other", "apart", "same"),
    [
        (None, None, False, False),
        (None, "MP legacy GGA/GGA+U", False, False),
        ("GGA/GGA+U", "MP legacy GGA/GGA+U", False, False),
        ("GGA/GGA+U", "GGA/GGA+U", False, False),
        ("MP legacy GGA/GGA+U", "MP legacy GGA/GGA+U", False, True),
        ("MP legacy GGA/GGA+U", "MP GGA/GGA+U (MP2020 corrections)", True, False),
        ("r2SCAN", "GGA/GGA+U", True, False),
        ("r2SCAN", "r2SCAN", False, True),
        ("r2SCAN", schemes.MP_R2SCAN, False, False),
        (schemes.MP_R2SCAN, schemes.MP_R2SCAN, False, True),
        (schemes.MP_R2SCAN, schemes.MP_GGA, True, False),
        (schemes.MP_R2SCAN, schemes.MIXED, True, False),
        ("lab", "lab", False, True),
        ("lab", "GGA/GGA+U", True, False),
        (schemes.MIXED, "GGA/GGA+U", True, False),
        (schemes.MIXED, "r2SCAN", True, False),
    ],
)
def test_what_schemes_say_of_each_other(
    one: str | None, other: str | None, apart: bool, same: bool
) -> None:
    for pair in ((one, other), (other, one)):
        assert schemes.conflict(*pair) is apart
        assert schemes.settled(*pair) is same


def test_memory_and_file_agree(tmp_path: Path) -> None:
    own = entries(**run("GGA"))
    in_memory = screen.load(own)
    read = user_files.load(dumped(tmp_path, own))
    assert by_formula(in_memory) == by_formula(read)
    assert in_memory.scheme == read.scheme == "GGA/GGA+U"


# Who is let in


HOSTILE = (
    {"@module": "unittest.__main__", "@class": "X"},
    {"@module": "planted", "@class": "Entry"},
    {"@module": "os", "@class": "system", "command": "touch planted_here"},
    {"@module": "pymatgen.core.structure", "@class": "Structure"},
    {"@module": "builtins", "@class": "exit"},
)


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_that_a_file_names_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: dict[str, str], cli: Cli
) -> None:
    (tmp_path / "planted.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    good = [one.as_dict() for one in entries()]
    for inside in (
        [value],
        value,
        {"entries": [value]},
        {"a": value},
        [*good, good[-1] | {"@class": "ComputedEntry", "data": value, "parameters": value}],
        [*good, good[-1] | {"composition": value}],
        [*good, good[-1] | {"energy_adjustments": [value]}],
    ):
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(inside), encoding="utf-8")
        said = cli("window", "LiF", "--source", str(path))
        assert said.code in (0, 3)
        assert said.err.count("\n") == 1 or said.code == 0
        assert "internal" not in said.err
    assert not {"planted", "unittest.__main__"} & (set(sys.modules) - before)
    assert not list(tmp_path.glob("planted_here*"))


def test_structures_beside_a_snapshot_import_nothing(tmp_path: Path) -> None:
    value = {"@module": "planted", "@class": "X"}
    made = cell(ComputedEntry("LiF", 0)).as_dict()
    made["properties"] = {"a": value}
    made["sites"][0]["properties"] = {"magmom": value}
    plain = crystal_files.plain(made)
    assert "planted" not in json.dumps(plain)
    assert Structure.from_dict(plain).composition.reduced_formula == "LiF"
    for name in ("LiF.json", "LiF.yaml", "LiF.json.gz"):
        with pytest.raises(DataError, match="a CIF or POSCAR file is wanted"):
            crystal_files.of_file(tmp_path / name)


def test_a_library_that_ends_the_program_is_a_fault(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object, **__: object) -> None:
        sys.exit(0)

    monkeypatch.setattr("screen.sources.load", leave)
    said = cli("window", "LiF")
    assert said.code == 1
    assert said.err == "error: internal fault: a library ended the program; report it\n"
