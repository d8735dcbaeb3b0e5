"""Families that compute atom by atom: off unless asked for, kept, the same from any executor."""

from __future__ import annotations

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screen import descriptors, pipeline, run_folder
from screen.atomistic import wetting
from screen.cli import main
from screen.columns import Values
from screen.descriptors import barrier, structure_runs, surface
from screen.descriptors.case import Case
from screen.errors import DataError, UsageError
from screen.ranking.roles import chosen_roles
from screen.run import manifest
from screen.settings import Settings
from tests.descriptors.cases import case_of, phases
from tests.descriptors.test_contract import same_values

BONDS = "tests.atomistic.made_up:bonds"
ASKED: dict[str, Any] = {
    "surface": True,
    "calculator": BONDS,
    "surface_faces": 1,
    "surface_sites": 1,
}
FORMULAS = ("LiF", "MgO", "ZnO", "Li3CuF4")
"""The last is no phase of the table, so it has no structure."""
needs_bvlain = pytest.mark.skipif(
    importlib.util.find_spec("bvlain") is None, reason="bvlain is not installed"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@dataclass(frozen=True)
class Computed:
    """What was computed once, and where it is kept."""

    values: Values
    home: Path

    def hand_to(self, home: Path) -> None:
        shutil.copytree(self.home, home, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Computed:
    home = tmp_path_factory.mktemp("computed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREEN_HOME", str(home))
        return Computed(surface.compute(case_of(*FORMULAS, **ASKED)), home)


def kept(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.glob("store/*/*")}


@pytest.mark.parametrize(("family", "option"), [(barrier, "--barrier"), (surface, "--surface")])
def test_without_being_asked_nothing_is_computed_or_read(
    family: Any, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Case, "crystal", lambda *_: pytest.fail("a structure was looked up"))
    case = case_of(*FORMULAS)
    assert structure_runs.run(case) == {}
    values = family.compute(case)
    for column in family.COLUMNS:
        assert set(values.reason(column.name)) == {f"not asked for; {option} computes it"}


def test_surfaces_come_with_values_or_reasons(computed: Computed) -> None:
    values = computed.values
    energy = values.columns["surface_energy_j_m2"]
    assert np.isfinite(energy[:3]).all()
    assert np.isnan(energy[3])
    assert "no such phase" in values.reason("surface_energy_j_m2")[3]
    assert len(kept(computed.home)) == 3
    assert [bool(text) for text in values.columns["adsorption_face"]] == [True, True, True, False]
    for name in values.columns:
        assert all(values.reason(name)[values.columns[name] == ""]), name


def test_what_is_kept_and_what_computes_change_nothing(computed: Computed, home: Path) -> None:
    first, files = computed.values, kept(computed.home)
    computed.hand_to(home)
    same_values(surface.compute(case_of(*FORMULAS, **ASKED)), first)
    assert kept(home) == files
    min(home.glob("store/*/*")).unlink()  # for which one worker is started
    case = case_of(*FORMULAS, **ASKED, workers=2)
    same_values(surface.compute(case, structure_runs.run(case)["surface"]), first)
    assert kept(home) == files
    for path in home.glob("store/*/*"):
        path.unlink()
    told: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(2) as threads:
        case = case_of(*FORMULAS, **ASKED)
        structure_runs.run(case, lambda *step: told.append(step), threads)
    assert kept(home) == files
    assert told == [("surface", 0, 3), ("surface", 3, 3)]


def test_results_that_are_handed_in_are_not_computed_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ASKED | {"calculator": "tests.atomistic.made_up:raises"}
    case = case_of(*FORMULAS, **asked)
    results = structure_runs.run(case)
    with monkeypatch.context() as patched:
        patched.setattr("screen.atomistic.jobs.run", lambda *_, **__: pytest.fail("once more"))
        found = descriptors.compute_families(case, ("surface",), structures=results)
    values = surface.compute(case, results["surface"])
    same_values(found, values)
    assert "no licence for this machine" in values.reason("wetting_cosine")[0]
    assert not kept(home)
    same_values(surface.compute(case_of(*FORMULAS, **asked)), values)


def test_references_stand_for_what_is_kept_and_carry_what_is_not(
    computed: Computed, home: Path
) -> None:
    computed.hand_to(home)
    next(home.glob("store/*/*")).unlink()  # this one is computed
    case = case_of(*FORMULAS, **ASKED)
    first = structure_runs.references(case, wetting.KIND)
    assert structure_runs.referred(wetting.KIND, first) == structure_runs.results(
        case, wetting.KIND
    )
    assert [bool(key) for key, *_ in first].count(True) == len(kept(home)) == 3
    for path in home.glob("store/*/*"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="gone or damaged"):
        structure_runs.referred(wetting.KIND, first)


def test_other_choices_are_other_questions(home: Path) -> None:
    surface.compute(case_of("LiF", **ASKED))
    surface.compute(case_of("LiF", **ASKED, workers=2, structure_limit_s=100.0))
    assert len(kept(home)) == 1
    surface.compute(case_of("LiF", **ASKED, slab_vacuum_a=16.0))
    assert len(kept(home)) == 2


def test_an_unknown_calculator_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match="unknown calculator 'chgnt'; did you mean chgnet"):
        structure_runs.run(case_of("LiF", surface=True, calculator="chgnt"))


def test_an_anode_without_a_structure_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure_runs, "shipped", dict)
    values = surface.compute(case_of("LiF", **ASKED))
    assert values.reason("wetting_cosine")[0] == "no structure of Li metal is known"


def test_only_so_many_are_computed() -> None:
    case = case_of("LiF", "MgO", **ASKED)
    values = surface.compute(case, structure_runs.run(case, first=1)["surface"])
    assert np.isfinite(values.columns["surface_energy_j_m2"]).tolist() == [True, False]
    assert "another candidate" in values.reason("surface_energy_j_m2")[1]


@needs_bvlain
def test_barriers() -> None:
    values = barrier.compute(case_of(*FORMULAS, "Li", "Na3CuF4", barrier=True))
    found = values.columns["migration_barrier_ev"]
    # 0.73 eV for a vacancy: Chen et al., J. Phys. Chem. C 115, 7044 (2011)
    assert found[0] == pytest.approx(0.73, abs=0.25)
    assert np.isnan(found[1:]).all()
    reasons = values.reason("migration_barrier_ev").tolist()
    assert reasons[1] == "holds no Li to migrate"
    assert "no such phase" in reasons[3]
    assert reasons[4] == "is the metal itself, not ionic"
    assert reasons[5] == "holds no Li to migrate"  # whether or not a structure is known


@needs_bvlain
def test_a_run_asked_for_twice_is_the_same_and_says_so_in_its_manifest(tmp_path: Path) -> None:
    settings = Settings(barrier=True, check_candidates=1, check_interfaces=1)
    folders = []
    for i in range(2):
        done = pipeline.run(phases(), settings, chosen_roles(("interlayer",)))
        folders.append(run_folder.write(done, tmp_path / f"run{i}", "test"))
    first, second = ([(f / n).read_bytes() for n in ("ranked.csv", "gaps.csv")] for f in folders)
    assert first == second
    assert manifest(done, "test")["settings"]["barrier"] is True
    assert "workers" not in manifest(done, "test")["settings"]


def test_what_is_kept_does_not_show_in_a_run_that_did_not_ask(
    computed: Computed, home: Path, tmp_path: Path
) -> None:
    settings = Settings(check_candidates=1, check_interfaces=1)
    runs = []
    for _ in range(2):
        done = pipeline.run(phases(), settings, chosen_roles(("interlayer",)))
        path = run_folder.write(done, tmp_path / done.name, "test")
        runs.append([(path / n).read_bytes() for n in ("ranked.csv", "gaps.csv")])
        computed.hand_to(home)
    assert runs[0] == runs[1]


def test_the_command_line_asks(capfd: pytest.CaptureFixture[str], home: Path) -> None:
    asked = ["--surface", "--calculator", BONDS, "--workers", "1", "--format", "json"]
    assert main(["explain", "LiF", *asked]) == 0
    said = capfd.readouterr()
    assert '"surface_energy_j_m2": ' in said.out
    assert said.err == "surface: 0 of 1 structures\nsurface: 1 of 1 structures\n"
    assert len(kept(home)) == 1
    assert main(["explain", "LiF", *asked, "-q"]) == 0
    assert capfd.readouterr() == (said.out, "")


def test_the_command_line_names_what_is_wrong(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rank", "--workers", "0"]) == 2
    assert "setting workers = 0" in capfd.readouterr().err
    assert main(["rank", "--surface", "--calculator", "mace"]) == 2
    assert "unknown calculator 'mace'" in capfd.readouterr().err
