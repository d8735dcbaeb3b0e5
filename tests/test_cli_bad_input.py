"""What users get wrong: one line that says what was given and what to do, and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screen import pipeline, run_folder, sources
from screen.cli import main
from screen.run_folder import RUN_FILES
from tests.conftest import ROOT
from tests.strategies import FORMULAS
from tests.test_cli import Cli, Said, cli, good, quick, rank

__all__ = ["cli", "quick", "rank"]

pytestmark = pytest.mark.usefixtures("once")

USAGE, DATA, NOTHING, INTERRUPTED = 2, 3, 4, 130


def bad(said: Said, code: int, *parts: str) -> None:
    """One line on stderr, nothing on stdout, this code, and these words in order."""
    assert (said.code, said.out) == (code, b""), said.err
    assert said.err.startswith("error: ")
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert "internal fault" not in said.err
    at = 0
    for part in parts:
        assert part in said.err[at:], said.err
        at = said.err.index(part, at)


FORMULA_FAULTS = {
    "": ["empty formula", "such as Li3PS4"],
    "Lix": ["'Lix'", "'x'"],
    "Xy2O": ["unknown element 'Xy'", "write symbols of elements"],
    "lif": ["'lif'", "did you mean LiF"],
    "Li(F": ["'Li(F'", "not closed"],
    "LiF)": ["'LiF)'", "closes no bracket"],
    "Li3PS4; rm": ["'Li3PS4; rm'", "a formula is"],
    "D2O": ["D is an isotope", "write H"],
    "Li0": ["no element has an amount above zero"],
    "MgCl2.6H2O": ["'MgCl2.6H2O'", "raised dot"],
    "Li1-xCoO2": ["'Li1-xCoO2'", "numbers in place of 1-x"],
    "Fe2+": ["'Fe2+'", "^2+"],
    "Li1e5": ["'Li1e5'"],
    "Li9999999999999999999999F": ["'Li9999999999999999999999F'"],
    "Li4294967299F": ["'Li4294967299F'"],
    "Li" + "9" * 5000: ["Li999"],
    "锂": ["'锂'", "a formula is"],
    "NaCl": ["NaCl", "Cl-Li-Na", "--source"],
    "KF": ["reference has no phases with K", "--source"],
    "HeNe": ["no phases with He, Ne"],
}


@pytest.mark.parametrize("formula", FORMULA_FAULTS, ids=lambda text: text[:25] or "empty")
def test_formulas(cli: Cli, formula: str) -> None:
    bad(cli("window", formula), DATA, *FORMULA_FAULTS[formula])


@pytest.mark.parametrize(
    ("spelling", "formula"),
    [
        ("Li3 P S4", "Li3PS4"),
        ("Li₃PS₄", "Li3PS4"),
        ("LiTi2[PO4]3", "LiTi2P3O12"),
        ("Li0.5F0.5", "LiF"),
        ("Li2F2", "LiF"),
        (" ZnO ", "ZnO"),
        ("Zn^2+", "Zn"),
        ("Li⁺", "Li"),
        ("Li7La3Zr2O12", "Li7La3Zr2O12"),
    ],
)
def test_spellings_that_are_plain_are_read(cli: Cli, spelling: str, formula: str) -> None:
    given_, plain = (good(cli("decompose", f, "--format", "json")) for f in (spelling, formula))
    assert given_.json == plain.json


FAULTS: dict[str, tuple[int, list[str], list[str]]] = {
    "command": (USAGE, ["rnk"], ["'rnk'", "rank", "--help"]),
    "option": (USAGE, ["rank", "--tpo", "3"], ["--tpo", "--top"]),
    "no formula": (USAGE, ["window"], ["Missing argument", "--help"]),
    "one formula of two": (USAGE, ["interface", "LiF"], ["--help"]),
    "anode": (USAGE, ["rank", "--anode", "Lii"], ["'Lii'", "did you mean Li", "Allowed: Li, Na"]),
    "anode of window": (USAGE, ["window", "LiF", "--anode", "Rb"], ["'Rb'", "Allowed: Li, Na"]),
    "anode of columns": (USAGE, ["columns", "--anode", "Rb"], ["'Rb'", "Allowed: Li, Na"]),
    "role": (USAGE, ["rank", "--role", "interlayr"], ["'interlayr'", "did you mean interlayer"]),
    "column": (
        USAGE,
        ["rank", "--columns", "formula,reduction"],
        ["unknown column 'reduction'", "did you mean", "reduction_v"],
    ),
    "column left empty": (USAGE, ["rank", "--columns", "formula,"], ["unknown column ''"]),
    "column twice": (USAGE, ["rank", "--columns", "formula,formula"], ["'formula'", "twice"]),
    "sort": (USAGE, ["rank", "--sort", "-scor"], ["unknown column 'scor'", "score"]),
    "sort left empty": (USAGE, ["rank", "--sort", ""], ["unknown column ''"]),
    "sort of two dashes": (USAGE, ["rank", "--sort=--score"], ["unknown column '-score'"]),
    "electrolyte": (
        USAGE,
        ["rank", "--electrolyte", "Li3PSx"],
        ["unknown electrolyte 'Li3PSx' for Li", "did you mean Li3PS4"],
    ),
    "electrolyte not covered": (
        DATA,
        ["rank", "--electrolyte", "Li3YbCl6"],
        ["Li3YbCl6", "has no phases with Yb", "--source"],
    ),
    "electrolyte of another": (
        USAGE,
        ["explain", "LiF", "--electrolyte", "Na3PS4"],
        ["electrolyte Na3PS4 holds no Li", "--anode"],
    ),
    "format": (
        USAGE,
        ["window", "LiF", "--format", "xml"],
        ["unknown format 'xml'", "Allowed: table, csv, json, parquet, md"],
    ),
    "engine": (USAGE, ["window", "LiF", "--engine", "vasp"], ["'vasp'", "kernel", "pymatgen"]),
    "top": (USAGE, ["rank", "--top", "0"], ["--top", "greater than or equal to 1"]),
    "top as text": (USAGE, ["rank", "--top", "ten"], ["--top", "integer"]),
    "seed": (USAGE, ["rank", "--seed", "-1"], ["seed", "-1"]),
    "where": (
        USAGE,
        ["rank", "--where", "reduction_v < "],
        ["'reduction_v < '", "something is missing at character 15", "write it like"],
    ),
    "where names": (
        USAGE,
        ["rank", "--where", "reduction < 1"],
        ["unknown column 'reduction'", "did you mean", "reduction_v"],
    ),
    "where empty": (USAGE, ["rank", "--where", ""], ["the condition is empty"]),
    "where too deep": (USAGE, ["rank", "--where", "(" * 5000], ["--where"]),
    "source": (DATA, ["rank", "--source", "absent.csv"], ["absent.csv: no such file", "reference"]),
    "source folder": (DATA, ["window", "LiF", "--source", "."], ["."]),
    "config": (DATA, ["rank", "--config", "absent.toml"], ["absent.toml", "No such file"]),
    "gaps without source": (
        USAGE,
        ["window", "LiF", "--gaps", "gaps.csv"],
        ["--gaps and --moduli go with a --source file"],
    ),
    "no moduli to learn from": (DATA, ["build-moduli", "absent.csv"], ["absent.csv: no such file"]),
    "anode not covered": (DATA, ["rank", "--anode", "K"], ["K", "--source"]),
    "anode of window not covered": (
        DATA,
        ["window", "LiF", "--anode", "K"],
        ["LiF", "reference has no phases with K", "--source"],
    ),
    "anode half covered": (
        DATA,
        ["rank", "--anode", "Zn"],
        ["complete for Li, Na, Mg, not for Zn", "--source"],
    ),
    "voltage below zero": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "-0.1"],
        ["voltage -0.1 V", "allowed are 0 to 20 V"],
    ),
    "voltage in mV": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "350"],
        ["voltage 350 V", "allowed are 0 to 20 V"],
    ),
    "voltage as text": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "low"],
        ["voltage 'low'", "START:STOP:STEP"],
    ),
    "voltage that is none": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "nan"],
        ["voltage 'nan'", "START:STOP:STEP"],
    ),
    "half a range": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "0:1"],
        ["voltage '0:1'", "START:STOP:STEP"],
    ),
    "range backwards": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "0:2:-1"],
        ["the step does not lead from 0 to 2"],
    ),
    "range without a step": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "0:2:0"],
        ["the step does not lead from 0 to 2"],
    ),
    "range of too many": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "0:2:1e-6"],
        ["2,000,001 values", "at most 1,001"],
    ),
    "anode of a closed interface": (
        USAGE,
        ["interface", "LiF", "ZnO", "--anode", "Li"],
        ["anode Li without a voltage"],
    ),
    "anode of interface": (
        USAGE,
        ["interface", "LiF", "ZnO", "--anode", "Rb", "--voltage", "0"],
        ["'Rb'", "Allowed: Li, Na"],
    ),
    "anode of interface not covered": (
        DATA,
        ["interface", "LiF", "ZnO", "--anode", "K", "--voltage", "0"],
        ["LiF with ZnO", "reference has no phases with K", "--source"],
    ),
    "open pair not covered": (
        DATA,
        ["interface", "ZnO", "SnO2", "--voltage", "0"],
        ["ZnO with SnO2", "Li-O-Sn-Zn", "--source"],
    ),
    "reservoir without its level": (
        USAGE,
        ["interface", "LiF", "ZnO", "--reservoir", "O"],
        ["reservoir and mu go together"],
    ),
    "level without its reservoir": (
        USAGE,
        ["interface", "LiF", "ZnO", "--mu", "-1"],
        ["reservoir and mu go together"],
    ),
    "two reservoirs": (
        USAGE,
        ["interface", "LiF", "ZnO", "--voltage", "0", "--reservoir", "O", "--mu", "-1"],
        ["open to one element at a time"],
    ),
    "level above zero": (
        USAGE,
        ["interface", "LiF", "ZnO", "--reservoir", "O", "--mu", "0.5"],
        ["mu 0.5 eV", "allowed are -40 to 0 eV"],
    ),
    "reservoir of no element": (
        USAGE,
        ["window", "LiF", "--reservoir", "Xx"],
        ["unknown element 'Xx'"],
    ),
    "reservoir not covered": (
        DATA,
        ["window", "LiF", "--reservoir", "Pu"],
        ["LiF", "reference has no phases with Pu", "--source"],
    ),
    "window at a voltage below zero": (
        USAGE,
        ["window", "LiF", "--at", "-1"],
        ["voltage -1 V", "allowed are 0 to 20 V"],
    ),
    "window at no voltage": (USAGE, ["window", "LiF", "--at", "nan"], ["voltage nan"]),
    "voltage of a reservoir": (
        USAGE,
        ["window", "LiF", "--reservoir", "O", "--at", "1"],
        ["at is a voltage against the anode metal"],
    ),
    "level of an anode": (USAGE, ["window", "LiF", "--mu", "-1"], ["mu goes with a reservoir"]),
    "pair not covered": (
        DATA,
        ["interface", "ZnO", "SnO2"],
        ["ZnO with SnO2", "O-Sn-Zn", "--source"],
    ),
}


ROLE = """
[seal]
label = "Seal"
meaning = "Keeps what is inside inside."
show = ["reduction_v"]
[seal.kinds.ring]
meaning = "It is round."
when = { column = "reduction_v", op = "<=", value = 1.0 }
[[seal.gates]]
column = "hull_distance_ev_atom"
op = "<="
value = 0.05
why = "It is the way it is."
source = "test"
[[seal.goals]]
column = "oxidation_v"
kinds = ["ring"]
poor = 0.0
good = 1.0
error = 0.1
weight = 1.0
why = "It is the way it is."
source = "test"
strong = "bears {:.1f} V"
weak = "bears {:.1f} V alone"
"""
ROLE_FAULTS = {
    "column": ('"oxidation_v"', '"oxidation"', "'oxidation', which nothing computes; did you mean"),
    "kind": ('["ring"]', '["rong"]', "'rong'; did you mean ring"),
    "operator": ('op = "<="', 'op = "=<"', "'=<'"),
    "value": ("value = 1.0", 'value = "low"', "reduction_v <= low: the column is a number"),
    "no role": (ROLE, "", "holds no role"),
    "no TOML": ("[seal]", "[seal", "roles.toml"),
}


@pytest.mark.parametrize("fault", ROLE_FAULTS)
@pytest.mark.parametrize("command", ["rank", "explain LiF"])
def test_files_of_roles(cli: Cli, command: str, fault: str) -> None:
    old, new, part = ROLE_FAULTS[fault]
    assert old in ROLE
    Path("roles.toml").write_text(ROLE.replace(old, new, 1), encoding="utf-8")
    bad(cli(*command.split(), "--roles", "roles.toml"), DATA, part)
    assert [path.name for path in Path().iterdir()] == ["roles.toml"]


def test_a_file_of_roles_that_is_not_there(cli: Cli) -> None:
    bad(cli("rank", "--roles", "roles.toml"), DATA, "roles.toml", "No such file")


def test_a_role_that_is_not_in_the_file(cli: Cli) -> None:
    Path("roles.toml").write_text(ROLE, encoding="utf-8")
    bad(cli("rank", "--roles", "roles.toml", "--role", "host"), USAGE, "'host'", "Allowed: seal")


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(cli: Cli, fault: str) -> None:
    code, arguments, parts = FAULTS[fault]
    bad(cli(*arguments), code, *parts)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("content", "code", "parts"),
    [
        ("sede = 1", USAGE, ["unknown setting 'sede'", "did you mean seed"]),
        ("seed = -1", USAGE, ["setting seed = -1", "greater than or equal to 0"]),
        ('engine = "vasp"', USAGE, ["setting engine = 'vasp'", "'kernel' or 'pymatgen'"]),
        ('anode = "Xx"', USAGE, ["unknown anode 'Xx'", "Allowed: Li"]),
        ('electrolytes = ["Xx"]', USAGE, ["unknown electrolyte 'Xx'"]),
        ("seed = \nanode = 1", DATA, ["mine.toml", "line 1"]),
    ],
)
def test_settings_files(cli: Cli, content: str, code: int, parts: list[str]) -> None:
    Path("mine.toml").write_text(content)
    bad(cli("rank", "--config", "mine.toml"), code, *parts)


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("file/answer", ["cannot write file/answer"]),
        (".", ["."]),
        ("folder", ["cannot write folder"]),
        ("x" * 300, ["cannot write xxx", "name too long"]),
    ],
)
def test_answers_that_cannot_be_written(cli: Cli, output: str, parts: list[str]) -> None:
    Path("file").touch()
    Path("folder").mkdir()
    bad(cli("window", "LiF", "--format", "json", "-o", output), USAGE, *parts)
    assert sorted(path.name for path in Path().iterdir()) == ["file", "folder"]


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("file", ["file is a file", "-o takes the folder"]),
        ("file/run", ["cannot write file/run", "choose another place with -o"]),
        ("folder", ["folder holds other things than a run", "choose another place with -o"]),
        ("x" * 300, ["cannot write xxx", "name too long", "choose another place"]),
    ],
)
def test_runs_that_cannot_be_written(rank: Cli, output: str, parts: list[str]) -> None:
    Path("file").write_text("mine")
    Path("folder").mkdir()
    Path("folder/thesis").touch()
    bad(rank("-o", output), USAGE, *parts)
    assert sorted(path.name for path in Path().iterdir()) == ["file", "folder"]
    assert [path.name for path in Path("folder").iterdir()] == ["thesis"]
    assert Path("file").read_text() == "mine"


def test_a_run_into_the_current_folder(
    rank: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written there if it is empty, or refused; never an internal fault."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    said = rank("--role", "host", "--format", "csv", "-o", ".")
    if said.code:
        bad(said, USAGE, ".", "-o")
        assert list((tmp_path / "here").iterdir()) == []
    else:
        assert len(list((tmp_path / "here").iterdir())) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(rank: Cli) -> None:
    Path("closed").mkdir(mode=0o500)
    bad(rank("-o", "closed/run"), USAGE, "cannot write closed/run", "Permission denied")


def test_a_condition_that_nothing_meets(rank: Cli) -> None:
    said = rank("--where", "reduction_v > 90", "--format", "csv")
    assert said.code == NOTHING
    assert "--where 'reduction_v > 90'" in said.err
    assert "run/ has all of them" in said.err
    assert said.err.count("\n") == 1
    assert said.rows == []
    assert {path.name for path in Path("run").iterdir()} == set(RUN_FILES)


def test_gates_that_nothing_passes(rank: Cli) -> None:
    Path("mine.csv").write_text("formula,formation_energy_ev_atom\nLiF,-3.18\n")
    said = rank("--source", "mine.csv", "--format", "csv")
    assert said.code == NOTHING
    assert said.err.startswith("error: no candidate passed the gates; run/ranked.csv names")
    assert said.err.count("\n") == 1
    assert {path.name for path in Path("run").iterdir()} == set(RUN_FILES)


def test_a_table_without_candidates(rank: Cli) -> None:
    Path("li.csv").write_text("formula,formation_energy_ev_atom\nLi,0\n")
    said = rank("--source", "li.csv", "--format", "csv")
    assert said.code in (DATA, NOTHING)
    assert said.err.count("\n") == 1
    assert "internal fault" not in said.err


def test_a_table_without_the_anode(rank: Cli) -> None:
    Path("mine.csv").write_text("formula,formation_energy_ev_atom\nNaF,-2.9\n")
    bad(rank("--source", "mine.csv"), DATA, "mine.csv has no Li", "--source")


@pytest.mark.parametrize("markup", ["x[/b]", "[red]x"])
def test_ids_that_look_like_markup(rank: Cli, markup: str) -> None:
    Path("mine.csv").write_text(f"id,formula,formation_energy_ev_atom\n{markup},LiZn,-0.2\n")
    said = rank("--source", "mine.csv", "--columns", "id,formula", "--where", "formula == LiZn")
    assert said.code in (0, NOTHING), said.err
    assert markup in said.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(formula=FORMULAS | st.text(max_size=12))
def test_any_formula_is_answered_or_refused(
    capsys: pytest.CaptureFixture[str], formula: str
) -> None:
    capsys.readouterr()
    code = main(["decompose", "--format", "json", "--", formula])
    err = capsys.readouterr().err
    assert code in (0, DATA), err
    lines = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert len(lines) == (code == DATA)
    assert "internal fault" not in err


def test_an_internal_fault_is_one_line_or_a_traceback_on_request(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(sources, "load", fail)
    said = cli("window", "LiF")
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "internal fault, ZeroDivisionError: two lines; set SCREEN_TRACEBACK=1" in said.err
    monkeypatch.setenv("SCREEN_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli("window", "LiF")


@pytest.mark.parametrize(
    ("module", "step"), [(sources, "load"), (pipeline, "run"), (run_folder, "write")]
)
def test_an_interruption_at_any_step(
    rank: Cli, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, interrupt)
    said = rank()
    bad(Said(said.code, said.out, said.err.lstrip("\n")), INTERRUPTED, "interrupted")
    assert list(Path().iterdir()) == []


RUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from screen.cli import main
print("ready", file=sys.stderr, flush=True)
sys.exit(main(["rank", "--engine", "pymatgen", "-o", "run"]))
"""


def started(folder: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, well under way: with pymatgen it takes many seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"ready\n"
    time.sleep(1.0)
    assert process.poll() is None
    return process


def test_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    # Python may die of the signal after all if it came while a dataclass was made; a shell says
    # 130 either way.
    assert process.returncode in (INTERRUPTED, -signal.SIGINT)
    assert out == b""
    assert err.decode().strip() == "error: interrupted; nothing was left half-written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", [0.0, 0.5])
def test_killed_run_leaves_nothing_under_its_name(tmp_path: Path, after: float) -> None:
    process = started(tmp_path)
    time.sleep(after)
    process.kill()
    process.communicate(timeout=300)
    assert not (tmp_path / "run").exists()


def test_killed_while_writing_leaves_no_part_under_its_name(tmp_path: Path) -> None:
    """Killed after the first of three files."""
    code = (
        "import os, signal, sys\n"
        "from screen import run_folder\n"
        "from screen.cli import main\n"
        "run_folder.manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "main(['rank', '-q', '-o', 'run', '--source', '../few.csv'])\n"
    )
    (tmp_path / "few.csv").write_text("formula,formation_energy_ev_atom\nLiZn,-0.2\n")
    here = tmp_path / "here"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=here,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == -signal.SIGKILL
    left = [path.name for path in here.iterdir()]
    assert left
    assert all(name.startswith(".run.") for name in left)
