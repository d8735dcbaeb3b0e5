"""The command line: every command in every format, data on stdout and nothing else there."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from screen import __version__, pipeline
from screen.cli import main
from screen.errors import NetworkError
from screen.run import computed_columns, ranked_columns
from screen.run_folder import RUN_FILES
from screen.settings import Settings
from screen.tables import electrolytes_of
from screen.thermo.engines import ENGINES
from screen.verdicts import VERDICTS
from tests.conftest import ROOT
from tests.once import RUN

pytestmark = pytest.mark.usefixtures("once")

QUICK = "check_candidates = 1\ncheck_interfaces = 1\n"


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        def constant(name: str) -> None:
            raise AssertionError(f"{name} is not JSON")

        return json.loads(self.out, parse_constant=constant)

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text, newline="")))

    @property
    def parquet(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pa.parquet.read_table(io.BytesIO(self.out)).to_pylist()
        return rows


Cli = Callable[..., Said]


@pytest.fixture
def cli(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Cli:
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "SCREEN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Said:
        capsysbinary.readouterr()
        code = main(list(arguments))
        captured = capsysbinary.readouterr()
        return Said(code, captured.out, captured.err.decode())

    return call


@pytest.fixture
def quick(tmp_path: Path) -> str:
    """A settings file with a small cross-check."""
    path = tmp_path.with_name(f"{tmp_path.name}.toml")
    path.write_text(QUICK)
    return str(path)


@pytest.fixture
def rank(cli: Cli, quick: str) -> Cli:
    """`rank` with a small cross-check, into the folder `run`, saying only data."""
    return lambda *arguments: cli("rank", "--config", quick, "-q", "-o", "run", *arguments)


def good(said: Said) -> Said:
    assert (said.code, said.err) == (0, "")
    return said


NUMBER = (int, float)
STATE = {"v_low": NUMBER, "v_high": (*NUMBER, type(None)), "anode_per_formula": NUMBER}
GAINED = [f"reaction_energy_at_v_low_ev_{per}" for per in ("formula", "atom", "anode_atom")]
EQUATION = ("equation", "reaction_energy_kj_mol")


def check_products(products: Any) -> None:
    assert isinstance(products, dict)
    assert products
    assert all(isinstance(amount, float) and amount > 0 for amount in products.values())


def test_window_json(cli: Cli) -> None:
    answers = good(cli("window", "ZnO", "LiF", "Li3YCl6", "--format", "json")).json
    assert [answer["formula"] for answer in answers] == ["ZnO", "LiF", "Li3YCl6"]
    for answer in answers:
        assert list(answer) == [
            "formula",
            "read_as",
            "anode",
            "outcome",
            "reduction_v",
            "oxidation_v",
            "hull_distance_ev_atom",
            "states",
            "contact",
            "doubtful_products",
            "doubtful_changes",
        ]
        assert answer["anode"] == "Li"
        states = answer["states"]
        for state in states:
            assert list(state) == [*STATE, *GAINED, "products", *EQUATION]
            assert all(isinstance(state[key], kind) for key, kind in STATE.items())
            check_products(state["products"])
        assert states[0]["v_high"] is None
        assert states[-1]["v_low"] == 0
        for upper, lower in pairwise(states):
            assert upper["v_low"] == lower["v_high"]
            assert upper["anode_per_formula"] < lower["anode_per_formula"]
        contact = answer["contact"]
        assert list(contact) == [
            "products",
            "anode_per_formula",
            "reaction_energy_ev_atom",
            "interphase",
            *(f"p_{name}" for name in VERDICTS),
            "conducting_fraction",
            *EQUATION,
        ]
        assert contact["products"] == states[-1]["products"]
        assert contact["anode_per_formula"] == states[-1]["anode_per_formula"]
    zno, lif, halide = answers
    assert (zno["outcome"], zno["oxidation_v"]) == ("unbounded_above", None)
    assert zno["contact"]["products"].keys() == {"Li2O", "LiZn"}
    assert zno["contact"]["equation"] == "ZnO + 3 Li -> Li2O + LiZn"
    per_mole = zno["contact"]["reaction_energy_ev_atom"] * 2 * 96.485332
    assert zno["contact"]["reaction_energy_kj_mol"] == pytest.approx(per_mole)
    assert lif["contact"]["equation"] is None
    assert (lif["outcome"], lif["reduction_v"]) == ("window", 0)
    assert lif["oxidation_v"] == pytest.approx(6.36, abs=0.01)
    assert lif["contact"]["interphase"] == "stable"
    assert halide["hull_distance_ev_atom"] is None


def test_decompose_json(cli: Cli) -> None:
    stable, none = good(cli("decompose", "LiF", "Li3YCl6", "--format", "json")).json
    nothing = dict.fromkeys(EQUATION)
    limits = stable.pop("chemical_potentials_ev")
    assert limits.keys() == {"Li", "F"}
    assert limits["Li"]["low"] == pytest.approx(-6.36, abs=0.01)
    assert stable.pop("inverse_hull_distance_ev_atom") == pytest.approx(3.18, abs=0.01)
    known = {"formula": "LiF", "hull_distance_ev_atom": 0.0, "products": {"LiF": 1.0}, "gap": None}
    assert stable == known | nothing
    assert none["inverse_hull_distance_ev_atom"] is None
    assert none["chemical_potentials_ev"] is None
    assert none["hull_distance_ev_atom"] is None
    assert none["gap"] == "no energy for this composition in reference"
    assert none["products"] == pytest.approx({"LiCl": 3.0, "YCl3": 1.0})
    assert (none["equation"], none[EQUATION[1]]) == ("Li3YCl6 -> 3 LiCl + YCl3", None)


def test_interface_json(cli: Cli) -> None:
    answer = good(cli("interface", "ZnO", "Li3PS4", "--format", "json")).json
    curve = ["x_a", "reaction_energy_ev_atom", "products", *EQUATION]
    assert answer.keys() == {"a", "b", "kinks", *curve}
    assert (answer["a"], answer["b"]) == ("ZnO", "Li3PS4")
    check_products(answer["products"])
    kinks = answer["kinks"]
    for kink in kinks:
        assert list(kink) == curve
        check_products(kink["products"])
    assert [kinks[0]["x_a"], kinks[-1]["x_a"]] == [0, 1]
    lowest = min(kinks, key=lambda kink: kink["reaction_energy_ev_atom"])
    assert answer["reaction_energy_ev_atom"] == lowest["reaction_energy_ev_atom"] < -0.1
    mirrored = good(cli("interface", "Li3PS4", "ZnO", "--format", "json")).json
    energy = pytest.approx(answer["reaction_energy_ev_atom"], abs=1e-9)
    assert mirrored["reaction_energy_ev_atom"] == energy
    assert mirrored["x_a"] == pytest.approx(1 - answer["x_a"])


def test_explain_json(cli: Cli) -> None:
    answer = good(cli("explain", "ZnO", "--format", "json")).json
    assert list(answer) == [
        *("anode", "roles", "values", "gaps", "states", "contact", "interfaces", "structure"),
        *("goals", "doubtful", "tried", "alternatives", "measured", "precedents"),
    ]
    assert [verdict["role"] for verdict in answer["roles"]] == ["interlayer", "host", "alloy"]
    for verdict in answer["roles"]:
        assert list(verdict) == [
            "role",
            "kind",
            "passed",
            "verdict",
            "rank",
            "of",
            "rank_without_model",
            "score",
            "score_low",
            "score_high",
            "ranked_under",
            "failed_gates",
            "unknown_gates",
            "why",
            "what_would_change",
        ]
        assert verdict["score_low"] <= verdict["score"] <= verdict["score_high"]
        unranked = not verdict["passed"] or verdict["ranked_under"] is not None
        assert (verdict["rank"] is None) == unranked
        open_gates = verdict["failed_gates"] or verdict["unknown_gates"]
        assert bool(open_gates) == (not verdict["passed"])
        assert verdict["what_would_change"]
    values, gaps = answer["values"], answer["gaps"]
    names = [column.name for column in computed_columns(electrolytes_of("Li"))]
    assert set(gaps) == {name for name in names if values[name] is None}
    assert "holds no Li" in gaps["oxidation_v"]
    assert len(answer["interfaces"]) == 8
    phosphate = answer["interfaces"][1]
    assert phosphate["equation"] == "4 ZnO + Li3PS4 -> Li3PO4 + 4 ZnS"
    per_mole = phosphate["reaction_energy_ev_atom"] * 16 * 96.485332
    assert phosphate["reaction_energy_kj_mol"] == pytest.approx(per_mole)
    assert all(0 <= met <= 1 for met in answer["goals"]["interlayer"].values() if met is not None)


SMALL = {
    "window": ("window", "ZnO", "LiF"),
    "decompose": ("decompose", "ZnO", "Li3YCl6"),
    "interface": ("interface", "ZnO", "Li3PS4"),
    "explain": ("explain", "ZnO"),
    "columns": ("columns",),
    "literature": ("literature", "--shipped", "--columns", "row_id,year,note,lifetime_censored"),
}


@pytest.mark.parametrize("command", SMALL)
def test_formats_say_the_same(cli: Cli, command: str) -> None:
    said = {form: good(cli(*SMALL[command], "--format", form)) for form in ("csv", "parquet", "md")}
    rows, arrow = said["csv"].rows, said["parquet"].parquet
    assert len(rows) == len(arrow) > 0
    assert list(rows[0]) == list(arrow[0])
    for text, value in zip(rows, arrow, strict=True):
        for name, cell in text.items():
            if isinstance(value[name], float) and cell:
                assert float(cell) == pytest.approx(value[name], nan_ok=True)
            elif isinstance(value[name], str):
                assert cell == value[name]
    if command == "explain":  # a letter, not rows
        return
    lines = said["md"].text.splitlines()
    assert len(lines) == len(rows) + 2
    assert lines[0] == f"| {' | '.join(rows[0])} |"
    assert good(cli(*SMALL[command])).text.strip()


@pytest.mark.parametrize("command", SMALL)
def test_csv_leaves_what_is_missing_empty(cli: Cli, command: str) -> None:
    cells = [c for row in good(cli(*SMALL[command], "--format", "csv")).rows for c in row.values()]
    assert not {"nan", "inf", "-inf", "None", "null"} & set(cells)


@pytest.mark.parametrize("command", SMALL)
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "md"])
def test_output_file_holds_what_stdout_would(cli: Cli, command: str, form: str) -> None:
    straight = good(cli(*SMALL[command], "--format", form))
    to_file = good(cli(*SMALL[command], "--format", form, "-o", "deep/answer"))
    assert to_file.out == b""
    assert Path("deep/answer").read_bytes() == straight.out
    assert [path.name for path in Path("deep").iterdir()] == ["answer"]


def test_a_table_in_a_file_is_markdown(cli: Cli) -> None:
    good(cli("window", "LiF", "--output", "answer.md"))
    assert Path("answer.md").read_text().startswith("| formula | anode |")


@pytest.mark.parametrize("command", ["window", "decompose"])
def test_each_formula_is_answered_by_itself(cli: Cli, command: str) -> None:
    apart = "".join(good(cli(command, formula)).text for formula in ("ZnO", "ZnO"))
    together = good(cli(command, "ZnO", "ZnO")).text
    if command == "window":
        assert together == apart
    formulas = ("ZnO", "LiF", "ZnO")
    rows = [row for f in formulas for row in good(cli(command, f, "--format", "csv")).rows]
    assert good(cli(command, *formulas, "--format", "csv")).rows == rows


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_rank_formats(rank: Cli, form: str) -> None:
    said = good(rank("--format", form, "--top", "4"))
    found = getattr(said, "rows" if form == "csv" else form)
    names = [column.name for column in ranked_columns(electrolytes_of("Li"))]
    assert [list(row) for row in found] == [names] * 12
    assert [int(row["rank"]) for row in found] == [1, 2, 3, 4] * 3
    assert [row["role"] for row in found] == ["interlayer"] * 4 + ["host"] * 4 + ["alloy"] * 4
    assert all(row["passed"] in (True, "true") for row in found)


def test_rank_table_and_markdown(rank: Cli) -> None:
    table = good(rank("--top", "2")).text
    for part in ("Interlayer for Li", "Host for Li", "Alloy for Li", "eV/atom", "V"):
        assert part in table
    lines = good(rank("--top", "2", "--format", "md", "--columns", "formula,score")).text
    assert lines.splitlines()[:2] == ["| formula | score |", "| --- | ---: |"]
    assert len(lines.splitlines()) == 2 + 6


def test_rank_says_on_stderr_where_it_wrote(cli: Cli, quick: str) -> None:
    said = cli("rank", "--config", quick, "--format", "json", "-o", "run")
    assert said.code == 0
    assert len(said.json) > 20
    assert re.fullmatch(
        r"\d+ candidates, passed: \d+ as interlayer, \d+ as host, \d+ as alloy "
        r"\(\d+ ranked, the others come to the same as these\)\. Written: run/\n",
        said.err,
    )


def test_rank_without_output_names_its_folder_by_what_it_depends_on(cli: Cli, quick: str) -> None:
    for _ in range(2):
        good(cli("rank", "-q", "--config", quick))
    good(cli("rank", "-q", "--config", quick, "--anode", "na"))
    names = sorted(path.name for path in Path("results").iterdir())
    assert [re.sub(r"[0-9a-f]{8}$", "*", name) for name in names] == [
        "li-reference-*",
        "na-reference-*",
    ]


def test_columns_where_sort_and_top(rank: Cli) -> None:
    options = ["--columns", "formula,reduction_v,hull_distance_ev_atom", "--format", "csv"]
    condition = "reduction_v <= 0.05 and hull_distance_ev_atom < 0.03 and not formula == LiF"
    rows = good(rank(*options, "--where", condition, "--role", "interlayer", "--top", "500")).rows
    assert list(rows[0]) == ["formula", "reduction_v", "hull_distance_ev_atom"]
    assert len(rows) > 10
    for row in rows:
        assert float(row["reduction_v"]) <= 0.05
        assert float(row["hull_distance_ev_atom"]) < 0.03
        assert row["formula"] != "LiF"
    for sort, sign in (("reduction_v", 1), ("-reduction_v", -1)):
        rows = good(rank(*options, "--sort", sort, "--role", "interlayer", "--top", "30")).rows
        values = [sign * float(row["reduction_v"]) for row in rows]
        assert values == sorted(values)
        assert len(values) == 30


def test_candidates_below_the_line_are_shown_with_the_gates_that_they_fail(rank: Cli) -> None:
    said = good(rank("--where", "not passed and has F", "--role", "host", "--top", "3")).text
    assert "failed gates" in said
    assert "electronic_class == conducting" in " ".join(said.split())
    assert "failed gates" not in good(rank("--role", "host")).text


def test_where_without_passing_looks_below_the_line_too(rank: Cli) -> None:
    rows = good(
        rank("--where", "passed == false", "--role", "host", "--format", "json", "--top", "3")
    ).json
    assert [row["rank"] for row in rows] == [None] * 3
    assert all(row["failed_gates"] or row["unknown_gates"] for row in rows)


def test_role_and_electrolyte_narrow_the_run(rank: Cli) -> None:
    """An electrolyte may be one that is not listed; of Li3PS5 the table has no phase."""
    faced_ones = ("Li3PS5", "Li3PS4", "Li10GeP2S12")
    options = ["--role", "host", *(t for e in faced_ones for t in ("--electrolyte", e))]
    rows = good(rank(*options, "--format", "csv")).rows
    assert {row["role"] for row in rows} == {"host"}
    faced = [n for n in rows[0] if n.startswith("interface_") and n.endswith("_ev_atom")]
    assert faced == [
        "interface_li3ps4_ev_atom",
        "interface_li10gep2s12_ev_atom",
        "interface_li3ps5_ev_atom",
        "interface_median_ev_atom",
        "interface_worst_ev_atom",
    ]
    facts = json.loads(Path("run/manifest.json").read_text())
    assert list(facts["roles"]) == ["host"]
    assert [e["label"] for e in facts["electrolytes"]] == ["Li3PS4", "Li10GeP2S12", "Li3PS5"]
    assert [e["class"] for e in facts["electrolytes"]] == ["sulfide", "sulfide", "other"]
    assert facts["electrolytes"][2]["note"].startswith("no energy of its own in reference")
    assert "interface_li3ps5_ev_atom" in Path("run/report.html").read_text(encoding="utf-8")


def test_manifest_tells_the_command_that_was_given(cli: Cli, quick: str) -> None:
    good(cli("rank", "-q", "--role", "host", "--config", quick, "--where", "rank < 3", "-o", "run"))
    command = json.loads(Path("run/manifest.json").read_text())["command"]
    assert command == (
        f"python -m screen rank -q --role host --config {quick} --where 'rank < 3' -o run"
    )


def test_seed_and_config_reach_the_manifest(rank: Cli, tmp_path: Path) -> None:
    config = tmp_path.with_name("other.toml")
    config.write_text("plating_v = 0.1\nseed = 5\n" + QUICK)
    Path("mine.csv").write_text("formula,formation_energy_ev_atom\nLiZn,-0.2\n")
    asked = ("--config", str(config), "--role", "alloy", "--source", "mine.csv")
    good(rank(*asked))
    facts = json.loads(Path("run/manifest.json").read_text())
    assert (facts["settings"]["plating_v"], facts["settings"]["seed"]) == (0.1, 5)
    good(rank(*asked, "--seed", "9"))
    assert json.loads(Path("run/manifest.json").read_text())["settings"]["seed"] == 9


@pytest.mark.parametrize("command", ["window", "decompose", "interface"])
def test_engine_pymatgen_gives_the_same(cli: Cli, command: str) -> None:
    options = [*SMALL[command], "--format", "csv"]
    for ours, theirs in zip(
        good(cli(*options)).rows, good(cli(*options, "--engine", "pymatgen")).rows, strict=True
    ):
        for name, cell in ours.items():
            try:
                assert float(theirs[name]) == pytest.approx(float(cell), abs=1e-8, nan_ok=True)
            except ValueError:
                assert theirs[name] == cell


def test_rank_with_pymatgen_on_a_file(rank: Cli) -> None:
    Path("mine.csv").write_text("formula,formation_energy_ev_atom\nLiZn,-0.2\nLi2Zn3,-0.18\n")
    options = ["--source", "mine.csv", "--format", "json", "--role", "alloy", "--where", "rank > 0"]
    ours, theirs = (
        rank(*options, "--engine", engine, "-o", f"run-{engine}")
        for engine in ("kernel", "pymatgen")
    )
    assert ours.out == theirs.out
    assert ours.code == theirs.code


@pytest.mark.parametrize("anode", ["Na", "Mg"])
def test_other_anodes(cli: Cli, rank: Cli, anode: str) -> None:
    rows = good(rank("--anode", anode, "--format", "csv", "--top", "1")).rows
    assert len(rows) >= 2
    settings = Settings(anode=anode)
    assert list(rows[0]) == [c.name for c in ranked_columns(electrolytes_of(anode), settings)]
    answer = good(cli("window", f"{anode}F" if anode == "Na" else "MgF2", "--anode", anode))
    assert f"against {anode}: window 0.000 to" in answer.text


def read_csv(path: str) -> list[list[str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.parametrize("anode", ["Li", "Na", "Mg"])
def test_run_folder(rank: Cli, anode: str) -> None:
    good(rank("--anode", anode))
    assert {path.name for path in Path("run").iterdir()} == set(RUN_FILES)
    head, *rows = read_csv("run/ranked.csv")
    gap_head, *gaps = read_csv("run/gaps.csv")
    settings = Settings(anode=anode)
    assert head == [c.name for c in ranked_columns(electrolytes_of(anode), settings)]
    assert gap_head == ["id", "formula", "column", "reason"]
    assert {len(row) for row in rows} == {len(head)}

    described = {column.name for column in computed_columns(electrolytes_of(anode), settings)}
    at = {name: i for i, name in enumerate(head)}
    empty = {
        (row[at["id"]], row[at["formula"]], name)
        for row in rows
        for name in described
        if row[at[name]] == ""
    }
    explained = [(row[0], row[1], row[2]) for row in gaps]
    assert len(set(explained)) == len(explained)
    assert set(explained) == empty
    assert all(row[3] for row in gaps)

    for cell in (cell for row in rows + gaps for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert cell not in ("nan", "inf", "None", "-0")
    facts = json.loads(Path("run/manifest.json").read_text())
    assert facts["candidates"] * 3 == len(rows)


@pytest.mark.parametrize("cell", ["=1+1", "@sum", "+cmd", "\tx"])
def test_cells_of_a_user_file_do_not_become_formulas(cli: Cli, quick: str, cell: str) -> None:
    """Refused, or written so that a spreadsheet does not run it."""
    Path("mine.csv").write_text(f'id,formula,formation_energy_ev_atom\n"{cell}",LiZn,-0.2\n')
    said = cli("rank", "--source", "mine.csv", "--config", quick, "-o", "run")
    if said.code == 3:
        assert "mine.csv" in said.err
    else:
        every = [c for name in ("ranked", "gaps") for r in read_csv(f"run/{name}.csv") for c in r]
        assert not [c for c in every if c.startswith(("=", "+", "@", "\t"))]


def test_wrong_engine_stops_the_run_and_nothing_is_written(
    cli: Cli, quick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pymatgen = ENGINES["pymatgen"]

    def wrong(*arguments: Any) -> Any:
        answer = pymatgen.decompose(*arguments)
        return replace(answer, energy=answer.energy + 1e-5)

    monkeypatch.setitem(ENGINES, "pymatgen", replace(pymatgen, decompose=wrong))
    monkeypatch.setattr(pipeline, "run", RUN)  # not what an earlier test was given
    said = cli("rank", "--config", quick, "-o", "run")
    assert (said.code, said.out) == (1, b"")
    assert said.err.count("\n") == 1
    assert "kernel and pymatgen disagree on hull energies" in said.err
    assert "nothing was written" in said.err
    assert list(Path().iterdir()) == []


def test_version_help_and_no_arguments(cli: Cli) -> None:
    assert good(cli("--version")).text == f"{__version__}\n"
    for arguments in (["--help"], ["-h"], ["rank", "--help"]):
        assert "Exit codes" in good(cli(*arguments)).text
    bare = cli()
    assert bare.code in (0, 2)
    assert "rank" in bare.text + bare.err
    assert "error: (see" not in bare.err


def test_every_command_has_help(cli: Cli) -> None:
    listed = re.findall(r"^│ ([a-z][\w-]+)", good(cli("--help")).text, re.MULTILINE)
    assert {"rank", "window", "decompose", "interface", "explain", "doctor"} <= set(listed)
    for command in listed:
        assert "Usage: python -m screen" in good(cli(command, "--help")).text


def test_doctor_finds_this_installation_sound(cli: Cli) -> None:
    said = good(cli("doctor"))
    assert all(line.startswith("ok ") for line in said.text.splitlines())
    assert "reference set" in said.text


def test_no_escape_codes_without_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in good(cli("window", "LiF")).text
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in good(cli("window", "LiF")).text
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = re.findall(r"\x1b\[[\d;]*[34]\d[\d;]*m", good(cli("window", "LiF")).text)
    assert coloured == []


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "screen", *arguments],
        check=False,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        **options,
    )


def test_as_a_process_data_is_all_of_stdout(tmp_path: Path) -> None:
    done = run("window", "LiF", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["formula"] == "LiF"
    assert done.stderr == b""


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path, form: str) -> None:
    """As in `python -m screen window LiF | head -1`, with a reader that is gone at once."""
    process = subprocess.Popen(
        [sys.executable, "-m", "screen", "window", "LiF", "--format", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(300), said) == (0, b"")


def test_exit_code_for_the_network_is_reserved() -> None:
    assert NetworkError.exit_code == 5


@pytest.mark.parametrize("pattern", ["wetting", "WETTING", "lattice", "reduction_v"])
def test_columns_by_pattern(cli: Cli, pattern: str) -> None:
    every = good(cli("columns", "--format", "csv")).rows
    found = good(cli("columns", pattern, "--format", "csv")).rows
    assert 0 < len(found) < len(every)
    assert [row for row in every if row in found] == found
    if pattern != "lattice":  # the name of a family
        assert all(pattern.lower() in str(row).lower() for row in found)


def test_columns_of_no_such_name(cli: Cli) -> None:
    said = cli("columns", "xyzzy")
    assert said.code == 4
    assert "'xyzzy'" in said.err
