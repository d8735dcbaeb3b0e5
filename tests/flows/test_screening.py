"""Flows give what the command line gives, byte for byte, on any engine, alone or side by side."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.flows.conftest import (
    WAIT_S,
    Options,
    Serving,
    environment,
    only,
    ranked,
    same_run,
)

pytestmark = pytest.mark.slow


def test_with_a_server_of_its_own(tmp_path: Path) -> None:
    """The temporary server ends with the run; nothing is said but the folder. Here alone all that
    ships is read, an electrolyte and a role are chosen, and runs are compared with pymatgen.
    """
    chosen = ("--electrolyte", "Li3N", "--role", "interlayer")
    done = subprocess.run(
        [sys.executable, "-c", OWN, "screening", "--anode", "Li", *chosen],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(only(tmp_path / "results").relative_to(tmp_path))
    found = only(tmp_path / "results")
    same_run(found, ranked(tmp_path / "plain", *chosen))
    manifest = json.loads((found / "manifest.json").read_text(encoding="utf-8"))
    assert [e["formula"] for e in manifest["electrolytes"]] == ["Li3N"]
    assert wait_until(lambda: not of_home(tmp_path), WAIT_S)


def of_home(home: Path) -> list[int]:
    """Processes that keep their files under a folder, by what they were started with."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"SCREEN_HOME={home}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


OWN = """
import sys
from flows import __main__, server
server.USUAL_PORT = 9  # whatever else runs on this machine
sys.exit(__main__.main())
"""


def test_two_at_once(
    serving: Serving, quick: Options, expected_quick: Path, tmp_path: Path
) -> None:
    """On a server that is there, with SQLite, in one SCREEN_HOME, the second for another metal,
    too; the best of each role stand as tables on its page.
    """
    anodes = (("Li",), ("Li", "Mg"))
    both = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "flows", "screening"),
                *(f"--anode={anode}" for anode in anodes[i]),
                *("--batch", "25", "--results", f"r{i}", *quick),
            ],
            cwd=tmp_path,
            env=serving.environment(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(2)
    ]
    assert [process.communicate(timeout=WAIT_S)[1] for process in both] == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    for i in range(2):
        runs = {path.name.split("-")[0]: path for path in (tmp_path / f"r{i}").iterdir()}
        assert sorted(runs) == sorted(map(str.lower, anodes[i]))
        same_run(runs["li"], expected_quick)
    with (expected_quick / "ranked.csv").open(encoding="utf-8", newline="") as file:
        best = next(r["formula"] for r in csv.DictReader(file) if r["role"] == "interlayer")
    latest = serving.ask("artifacts/filter", {"limit": 200, "sort": "CREATED_DESC"})
    found = {a["key"]: a for a in reversed(latest)}  # of a key the last one made
    assert {"best-li-interlayer", "best-li-host", "best-li-alloy", "run-li"} <= found.keys()
    assert json.loads(found["best-li-interlayer"]["data"])[0]["formula"] == best
    assert found["describe-li"]["data"] == 100
