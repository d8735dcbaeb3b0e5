"""The same question gives the same bytes: again, in another process, in another order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from screen.run_folder import RUN_FILES
from tests.conftest import ROOT
from tests.test_cli import Cli, cli, good, quick, rank

__all__ = ["cli", "quick", "rank"]


def contents(folder: str | Path) -> dict[str, bytes]:
    """The files of a run; of the manifest what does not tell the time or the place."""
    found = {name: (Path(folder) / name).read_bytes() for name in RUN_FILES}
    facts = json.loads(found.pop("manifest.json"))
    assert facts.pop("seal")
    for name in ("written", "command"):
        said = json.dumps(facts.pop(name)).encode()
        assert said in found["report.html"]
        found["report.html"] = found["report.html"].replace(said, b"")
    return found | {"manifest.json": json.dumps(facts).encode()}


@pytest.mark.parametrize("anode", ["Na", "Mg"])
def test_two_runs_write_the_same(rank: Cli, anode: str) -> None:
    said = [good(rank("--anode", anode, "-o", name)) for name in ("one", "two")]
    assert said[0].out == said[1].out
    assert contents("one") == contents("two")


def test_again_and_in_another_process_with_another_hash_seed_it_is_the_same(
    rank: Cli, quick: str, tmp_path: Path
) -> None:
    said = [good(rank("-o", name)) for name in ("here", "again")]
    assert said[0].out == said[1].out
    assert contents("again") == contents("here")
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "screen", "rank", "-q", "--config", quick, "-o", f"there{seed}"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONHASHSEED": seed},
        )
        assert contents(f"there{seed}") == contents("here")


@pytest.mark.usefixtures("once")
def test_only_time_and_command_differ(rank: Cli) -> None:
    good(rank("-o", "one"))
    good(rank("-o", "two"))
    one, two = (json.loads(Path(f"{n}/manifest.json").read_text()) for n in ("one", "two"))
    assert {key for key in one if one[key] != two[key]} <= {"written", "command", "seal"}


def test_seed_changes_the_check_and_nothing_else(rank: Cli) -> None:
    good(rank("-o", "one", "--seed", "1"))
    good(rank("-o", "two", "--seed", "2"))
    one, two = contents("one"), contents("two")
    assert one["ranked.csv"] == two["ranked.csv"]
    assert one["gaps.csv"] == two["gaps.csv"]
    assert one["manifest.json"] != two["manifest.json"]


@pytest.mark.usefixtures("once")
def test_an_earlier_run_is_replaced(rank: Cli) -> None:
    good(rank("--anode", "Na", "-o", "run"))
    good(rank("-o", "run"))
    good(rank("-o", "fresh"))
    assert contents("run") == contents("fresh")
    assert sorted(path.name for path in Path().iterdir()) == ["fresh", "run"]


def test_order_of_a_users_rows_changes_nothing(rank: Cli) -> None:
    rows = ["a,LiZn,-0.2", "b,LiZn,-0.2", "c,Li2Zn3,-0.18", "d,LiSn,-0.3", "e,LiZn,-0.15"]
    for name, part in (("one", rows), ("two", rows[::-1])):
        Path(name).mkdir()
        text = "\n".join(["id,formula,formation_energy_ev_atom", *part])
        Path(f"{name}/mine.csv").write_text(f"{text}\n")
        good(rank("--source", f"{name}/mine.csv", "-o", f"{name}/run"))
    assert contents("one/run")["ranked.csv"] == contents("two/run")["ranked.csv"]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_answers_are_the_same_bytes(cli: Cli, form: str) -> None:
    for command in (["window", "ZnO", "LiF"], ["interface", "ZnO", "Li3PS4"], ["explain", "ZnO"]):
        first, second = (good(cli(*command, "--format", form)).out for _ in range(2))
        assert first == second
