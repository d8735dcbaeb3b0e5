"""What CONTRIBUTING promises of adding things, tried in a copy of the package."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from screen.errors import NothingPassedError
from screen.sources import reference
from tests.conftest import ROOT, quicken

Done = subprocess.CompletedProcess[str]
QUICK = "check_candidates = 0\ncheck_interfaces = 0\n"
ONE_AFTER_ANOTHER = """
import contextlib, io, json, sys
from screen.cli import main
for arguments in json.loads(sys.argv[1]):
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    out.seek(0)
    print(json.dumps([arguments, code, out.read(), err.getvalue()]))
"""


def rank_into(run: str, *arguments: str) -> tuple[str, ...]:
    return ("rank", "-q", "--config", "quick.toml", "-o", run, *arguments)


class Copy:
    """The package in a folder of its own, to be edited and run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "copy", folder / "home"
        self.home.mkdir()
        for name in ("screen", "flows"):
            shutil.copytree(ROOT / name, self.folder / name)
        (self.folder / "quick.toml").write_text(QUICK, encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.folder / "screen" / "data"

    def run(self, *command: str) -> Done:
        """Python, with this copy on its path."""
        ours = {"PYTHONPATH": str(self.folder), "SCREEN_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=os.environ | ours,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def screen(self, *arguments: str) -> Done:
        return self.run("-m", "screen", *arguments)

    def together(self, *commands: tuple[str, ...]) -> list[Done]:
        """Commands in one process, one after another: importing is most of what they cost."""
        done = self.run("-c", ONE_AFTER_ANOTHER, json.dumps(commands))
        assert done.returncode == 0, done.stderr
        return [Done(*json.loads(line)) for line in done.stdout.splitlines()]

    def good(self, *commands: tuple[str, ...]) -> list[str]:
        """What commands print; each succeeds, or is a ranking in which nothing passes."""
        done = self.together(*commands)
        for one in done:
            fine = (0, NothingPassedError.exit_code) if one.args[0] == "rank" else (0,)
            assert one.returncode in fine, one.stderr
        return [one.stdout + one.stderr for one in done]

    def rank(self, *arguments: str) -> list[dict[str, str]]:
        """The rows of a run, whether or not one of them passed."""
        self.good(rank_into("run", *arguments))
        return self.rows("run")

    def rows(self, run: str, name: str = "ranked.csv") -> list[dict[str, str]]:
        """Those of a file of a run."""
        with (self.folder / run / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


SOURCE = '''"""Phases of my group."""

from pathlib import Path

from screen.phases import Phases
from screen.sources import Source

PATH = Path("mine.tsv")


def load():
    rows = [line.split("\\t") for line in PATH.read_text().splitlines()]
    table = {
        "formula": [formula for formula, _ in rows],
        "formation_energy_ev_atom": [float(energy) for _, energy in rows],
    }
    return Phases(table, name="mine", files=(PATH,))


SOURCE = Source("mine", load)
'''
IN_BATCHES = """
from pathlib import Path
from flows.parameters import Screening
from screen import batches, run_folder
request = Screening(source="mine", roles=("alloy",)).requests()[0]
plan = batches.make_plan(request, Path("kept"))
for i in range(len(batches.read_plan(plan).batches)):
    batches.describe(plan, i)
run = batches.judge(plan)
run_folder.write(run, Path("batches"), "")
"""


def test_a_source_in_one_file(copy: Copy) -> None:
    (copy.folder / "screen/sources/mine.py").write_text(SOURCE, encoding="utf-8")
    phases = copy.folder / "mine.tsv"
    phases.write_text("Li\t0\nZn\t0\nSn\t0\nLiZn\t-0.2\nLi5Sn2\t-0.3\n", encoding="utf-8")
    rows = copy.rank("--source", "mine", "--role", "alloy")
    assert {row["formula"] for row in rows} == {"Zn", "Sn", "LiZn", "Li5Sn2"}
    facts = json.loads((copy.folder / "run/manifest.json").read_text(encoding="utf-8"))
    assert facts["source"]["files"].keys() == {"mine.tsv"}

    assert copy.run("-c", IN_BATCHES).returncode == 0
    files = [(copy.folder / run / "ranked.csv").read_bytes() for run in ("run", "batches")]
    assert files[0] == files[1]

    before = facts["digests"]["data"]
    phases.write_text(phases.read_text(encoding="utf-8").replace("-0.2", "-0.21"), encoding="utf-8")
    ranked, absent, refused = copy.together(
        rank_into("run", "--source", "mine", "--role", "alloy"),
        ("window", "LiZn", "--source", "absent.csv"),
        ("rank", "--source", "mine", "--gaps", "gaps.csv"),
    )
    assert ranked.returncode in (0, NothingPassedError.exit_code)
    facts = json.loads((copy.folder / "run/manifest.json").read_text(encoding="utf-8"))
    assert facts["digests"]["data"] != before
    assert "'mine'" in absent.stderr
    assert refused.returncode == 2
    assert "not with 'mine'" in refused.stderr


def test_two_sources_of_one_name_are_refused(copy: Copy) -> None:
    text = SOURCE.replace('Source("mine"', 'Source("latest"')
    (copy.folder / "screen/sources/mine.py").write_text(text, encoding="utf-8")
    refused = copy.screen("window", "LiF")
    assert refused.returncode == 1
    assert "two sources are called 'latest'" in refused.stderr


def append(path: Path, row: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")


def test_an_electrolyte_as_one_row(copy: Copy) -> None:
    append(copy.data / "electrolytes.csv", "Li7P3S11,Li7P3S11,sulfide,Li,glass ceramic")
    interlayers = ("--role", "interlayer")
    refused, sealed, *ranked = copy.together(
        ("rank", "-q"),
        ("seal",),
        rank_into("all", *interlayers),
        rank_into("chosen", *interlayers, "--electrolyte", "Li7P3S11"),
    )
    assert refused.returncode == 3
    assert "electrolytes.csv" in refused.stderr
    assert "'python -m screen seal'" in refused.stderr
    assert "sound" in sealed.stderr
    assert [done.returncode for done in (sealed, *ranked)] == [0, 0, 0]
    assert all(row["interface_li7p3s11_ev_atom"] for row in copy.rows("all"))
    (chosen,) = {tuple(row) for row in copy.rows("chosen")}
    assert [name for name in chosen if name.startswith("interface_li")] == [
        "interface_li7p3s11_ev_atom"
    ]


def test_an_electrolyte_beyond_the_reference_set_is_told(copy: Copy) -> None:
    append(copy.data / "electrolytes.csv", "Li6PS5Br,Li6PS5Br,sulfide,Li,")
    said, _ = copy.good(
        ("seal",), rank_into("run", "--role", "interlayer", "--electrolyte", "Li6PS5Br")
    )
    assert "does not hold every phase of it with" in said
    rows = copy.rows("run")
    known = [row["formula"] for row in rows if row["interface_li6ps5br_ev_atom"]]
    assert len(known) < len(rows)
    assert "LiBr" in known
    reasons = {
        row["formula"]: row["reason"]
        for row in copy.rows("run", "gaps.csv")
        if row["column"] == "interface_li6ps5br_ev_atom"
    }
    assert "does not hold all phases" in reasons["ZnO"]


def test_a_candidate_as_one_row(copy: Copy) -> None:
    before = {named.formula for named in reference.named_candidates("Li")}
    append(copy.data / "candidates.csv", "SnO,romarchite,*,oxide,,")
    copy.good(("seal",), rank_into("run", "--role", "interlayer"))
    rows = {row["formula"]: row for row in copy.rows("run")}
    assert rows.keys() == {*before, "SnO"}
    assert rows["SnO"]["label"] == "romarchite"
    assert rows["SnO"]["reduction_v"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("RbCl,RbCl,*,halide,,", "reference_phases.csv has no phase RbCl"),
        ("OSn,SnO,*,oxide,,", "no phase OSn, spelled so"),
    ],
)
def test_a_candidate_without_a_phase_is_refused(copy: Copy, row: str, said: str) -> None:
    append(copy.data / "candidates.csv", row)
    before = (copy.data / "datasets.toml").read_bytes()
    refused = copy.screen("seal")
    assert refused.returncode == 3
    assert said in refused.stderr
    assert "build-reference" in refused.stderr
    assert (copy.data / "datasets.toml").read_bytes() == before


def test_an_anode_metal_as_one_row(copy: Copy) -> None:
    append(copy.data / "anodes.csv", "Rb,rubidium,1,1.532,2.4,CRC Handbook")
    table = copy.folder / "mine.csv"
    table.write_text("formula,formation_energy_ev_atom\nRbCl,-2.2\nRb2O,-1.1\n", encoding="utf-8")
    copy.good(("seal",), rank_into("run", "--source", "mine.csv", "--anode", "rubidium"))
    assert {row["formula"] for row in copy.rows("run")} == {"RbCl", "Rb2O", "Cl", "O"}


def test_a_table_without_a_stanza_is_named(copy: Copy) -> None:
    (copy.data / "solvents.csv").write_text("formula\nC3H4O3\n", encoding="utf-8")
    refused, doctor = copy.together(("seal",), ("doctor",))
    assert refused.returncode == 3
    assert "no stanza [solvents]" in refused.stderr
    bad = [line for line in doctor.stdout.splitlines() if line.startswith("BAD")]
    assert any("no stanza [solvents]" in line for line in bad)


def rename_role(copy: Copy, old: str, new: str, without: str) -> None:
    """Have the literature report one role as another, which is judged as the first, and nothing of
    a third, whose rows would take a third of the time to fit.
    """
    toml = copy.data / "roles.toml"
    text = toml.read_text(encoding="utf-8")
    begin = text.index(f"[{old}]\n")
    table = re.sub(rf"(?m)^(\[+){old}\b", rf"\g<1>{new}", text[begin:])
    toml.write_text(f"{text.rstrip()}\n\n{table}", encoding="utf-8")
    path = copy.data / "literature.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if row["role"] != without]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"role": new} if row["role"] == old else row for row in rows)


@pytest.mark.slow
def test_a_role_in_a_table_earns_its_order(copy: Copy) -> None:
    quicken(copy.folder / "screen")
    rename_role(copy, "alloy", "sponge", without="interlayer")
    copy.good(("seal",), ("model", "train"))
    _, explained, *_ = copy.good(
        rank_into("run"), ("explain", "LiAl"), ("shortlist", "run"), ("report", "run")
    )
    rows = copy.rows("run")
    facts = json.loads((copy.folder / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert set(facts["roles"]) == {"interlayer", "host", "alloy", "sponge"}
    # Host has literature and does not earn it; nor does interlayer: tests/model/test_learned_order.
    orders = {"interlayer": "hand_weighted", "host": "hand_weighted", "alloy": "hand_weighted"}
    assert facts["models"]["order"] == orders | {"sponge": "learned"}
    assert "of the score as sponge" in facts["models"]["cards"]["recovery"]["in the ranking"]
    assert "pass as sponge" in facts["models"]["cards"]["order"]["in the ranking"]
    best = next(row for row in rows if row["role"] == "sponge")
    assert best["score"] != best["score_without_model"]
    assert float(best["recovery_sponge_low_fraction"]) <= float(best["recovery_sponge_fraction"])
    # The old role has no literature any more, and says so.
    of_old = [row for row in rows if row["role"] == "alloy"]
    assert all(row["score"] == row["score_without_model"] for row in of_old)
    assert not any(row["recovery_alloy_fraction"] for row in rows)
    gaps = (copy.folder / "run" / "gaps.csv").read_text(encoding="utf-8")
    assert "fewer than 3 families in the literature as alloy" in gaps
    assert "sponge" in explained


def test_a_role_without_literature_is_judged_without_a_model(copy: Copy) -> None:
    toml = copy.data / "roles.toml"
    text = toml.read_text(encoding="utf-8")
    table = re.sub(r"(?m)^(\[+)alloy\b", r"\1sponge", text[text.index("[alloy]\n") :])
    toml.write_text(f"{text.rstrip()}\n\n{table}", encoding="utf-8")
    rows = copy.rank("--role", "sponge")
    assert {row["role"] for row in rows} == {"sponge"}
    assert all(row["score"] == row["score_without_model"] for row in rows)
    assert not any(row["recovery_sponge_fraction"] for row in rows)


DESCRIPTOR = '''"""How heavy an atom of the candidate is beside one of the anode metal."""

import numpy as np

from screen.columns import Column, Values
from screen.tables import elements

COLUMNS = (
    Column("made_up_g_mol", "made up", "Molar mass per atom.", "elements.csv"),
    Column("made_up_ratio", "ratio", "That over that of the metal.", "same", dimensionless=True),
)


def compute(case):
    values = Values(len(case))
    mass = case.molar_mass / case.compositions.atoms
    values.add(COLUMNS[0].name, mass)
    values.add(COLUMNS[1].name, mass / elements().molar_mass_g_mol[case.anode.element])
    return values
'''


def test_a_descriptor_in_one_file(copy: Copy) -> None:
    (copy.folder / "screen/descriptors/made_up.py").write_text(DESCRIPTOR, encoding="utf-8")
    heavy = ("--where", "made_up_ratio > 28", "--columns", "formula", "--format", "csv")
    (said,) = copy.good(rank_into("run", "--role", "interlayer", *heavy))
    assert '"Pb"' in said
    rows = {row["formula"]: row for row in copy.rows("run")}
    assert float(rows["LiF"]["made_up_g_mol"]) == pytest.approx(25.939 / 2, abs=0.01)
    assert float(rows["C"]["made_up_ratio"]) == pytest.approx(12.011 / 6.94, abs=0.01)
    meanings = json.loads((copy.folder / "run/columns.json").read_text(encoding="utf-8"))
    described = {column["name"]: column for column in meanings["ranked.csv"]}
    assert described["made_up_g_mol"]["unit"] == "g/mol"
    assert described["made_up_g_mol"]["group"] == "made_up"
    assert described["made_up_ratio"]["unit"] == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("made_up_g_mol", "made_up_kg_mol"), "'made_up_kg_mol' ends in no known unit"),
        (("COLUMNS = (", "_COLUMNS = ("), "declares no COLUMNS"),
    ],
)
def test_a_descriptor_without_a_unit_is_refused(
    copy: Copy, change: tuple[str, str], told: str
) -> None:
    text = DESCRIPTOR.replace(*change)
    (copy.folder / "screen/descriptors/made_up.py").write_text(text, encoding="utf-8")
    refused = copy.screen("rank", "-q", "-o", "run")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "screen/descriptors/made_up.py" in refused.stderr
    assert told in refused.stderr
    assert not (copy.folder / "run").exists()


def test_a_column_that_another_family_has_is_refused(copy: Copy) -> None:
    text = DESCRIPTOR.replace("made_up_g_mol", "reduction_v")
    (copy.folder / "screen/descriptors/made_up.py").write_text(text, encoding="utf-8")
    refused = copy.screen("rank", "-q", "-o", "run")
    assert refused.returncode == 1
    assert "'reduction_v' is declared twice, by against_anode and made_up" in refused.stderr
