"""A serving process with its own Prefect server, for all tests of flows, and how to run one."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.access import authorization
from flows.server import free_port, server_version
from screen.composition import parse_formula
from screen.errors import NetworkError
from tests.conftest import EMBEDDED, wait_until

ROOT = Path(__file__).parents[2]
FILES = ("ranked.csv", "gaps.csv", "columns.json", "cards.json")
"""Those of a run that hold no time stamp."""
WAIT_S = 300.0
"""How long to wait for what is sure to come, however busy the machine."""
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
Options = tuple[str, ...]


def environment(home: Path, url: str | None = None, auth: str | None = None) -> dict[str, str]:
    """Of a process that keeps everything under a folder."""
    foreign = ("PREFECT_", "MP_API", "SCREEN_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    ours = {"SCREEN_HOME": str(home), "HOME": str(home), "PYTHONPATH": str(ROOT)}
    server = {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": auth}
    return kept | ours | {name: value for name, value in server.items() if value is not None}


class Serving:
    """A serving process on a server that it starts itself; its schedule is for the far future,
    since a run each minute would take the processor from all other tests.
    """

    def __init__(
        self, home: Path, every: str = "0 6 1 1 *", options: Options = (), **more: str
    ) -> None:
        self.home, self.port, self.every, self.more = home, free_port(), every, more
        self.options = options
        self.url = f"http://127.0.0.1:{self.port}/api"
        self.began = time.time()
        self.start()

    def start(self) -> None:
        """Start it and wait until it serves, which may be as it did before, if it was killed."""
        with (self.home / "serve.out").open("a") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "flows.serve", "--every", self.every, "--anode", "Li"),
                    *("--port", str(self.port), "--results", "results", "--top", "3"),
                    *("--robust", "0", *self.options),  # runs that give what `rank` gives
                ],
                cwd=self.home,
                env=environment(self.home) | self.more,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        assert wait_until(self.serves, WAIT_S, pause=0.5), self.said

    def serves(self) -> bool:
        """Whether it answers, and serves all flows."""
        return self.answers() and len(self.deployments()) == 4

    @property
    def said(self) -> str:
        return (self.home / "serve.out").read_text(encoding="utf-8")

    @property
    def auth(self) -> str:
        """User and password of its server."""
        return (self.home / "server-secret").read_text(encoding="utf-8").strip()

    def environment(self, home: Path) -> dict[str, str]:
        """Of a process that keeps its files elsewhere and uses this server."""
        return environment(home, self.url, self.auth)

    def answers(self) -> bool:
        try:
            return bool(server_version(self.url, self.auth, timeout_s=2))
        except (NetworkError, OSError):
            return False

    def ask(self, path: str, body: Mapping[str, Any] | None) -> Any:
        """The server's answer: by POST, or by GET where there is no body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **authorization(self.auth)}
        request = urllib.request.Request(f"{self.url}/{path}", data, headers)
        for wait in (1, 2, 4, None):
            try:
                with urllib.request.urlopen(request, timeout=20) as reply:
                    return json.load(reply)
            except urllib.error.HTTPError as error:  # SQLite is busy
                error.close()
                if error.code != 503 or wait is None:
                    raise
                time.sleep(wait)
        return None

    def deployments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("deployments/filter", {})
        return found

    def runs(self, **conditions: Any) -> list[dict[str, Any]]:
        """Flow runs that were begun, the first first."""
        body = {"sort": "EXPECTED_START_TIME_ASC", "limit": 200, **conditions}
        found: list[dict[str, Any]] = self.ask("flow_runs/filter", body)
        return [run for run in found if run["start_time"] is not None]

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"flow_runs/{run_id}", None)
        return found

    def states(self, run_id: str) -> list[dict[str, Any]]:
        """All that a run has been in, the first first."""
        found: list[dict[str, Any]] = self.ask(f"flow_run_states/?flow_run_id={run_id}", None)
        return sorted(found, key=lambda state: str(state["timestamp"]))

    def scheduled(self) -> list[dict[str, Any]]:
        """Those of the schedule that completed."""
        return [r for r in self.runs() if r["auto_scheduled"] and r["state_type"] == "COMPLETED"]

    def server_pid(self) -> int:
        """Of the server that it started."""
        found = subprocess.run(
            ["pgrep", "-f", f"flows.server {self.port}$"],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(found.stdout.split()[0])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it, and see that its server ends with it."""
        self.process.terminate()
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        assert wait_until(lambda: not self.answers(), WAIT_S)


EACH_MINUTE = "* * * * *"


@pytest.fixture(scope="package")
def serving(tmp_path_factory: pytest.TempPathFactory, quick: Options) -> Iterator[Serving]:
    """One for all tests of flows."""
    served = Serving(tmp_path_factory.mktemp("serving"), options=quick)
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def flow(serving: Serving, tmp_path: Path) -> Run:
    """Runs `python -m flows` against the server that is up, in a folder of its own."""

    def run(*arguments: str, **changes: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "flows", *arguments],
            cwd=tmp_path,
            env=serving.environment(tmp_path) | changes,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * WAIT_S,
        )

    return run


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Options of a run that takes little beside what the flow itself takes."""
    return quick_options(tmp_path_factory.mktemp("quick"))


@pytest.fixture(scope="session")
def expected_quick(tmp_path_factory: pytest.TempPathFactory, quick: Options) -> Path:
    """The run of the command line with these options."""
    return ranked(tmp_path_factory.mktemp("expected"), *quick)


UNCHECKED = "check_candidates = 0\ncheck_interfaces = 0\n"
"""Settings that leave out the comparison with pymatgen, which takes longer than all else."""
FEW = {"Li", "Na", "Mg", "Zn", "F", "Cl", "N"}
CANDIDATES = 47
"""So many candidates are made of these elements alone."""


def quick_options(folder: Path) -> Options:
    """Few phases of the embedded set, and no comparison with pymatgen."""
    with EMBEDDED.open(encoding="utf-8", newline="") as file:
        few = [r for r in csv.DictReader(file) if FEW.issuperset(parse_formula(r["formula"]))]
    lines = [f"{r['formula']},{r['formation_energy_ev_atom']},{r['scheme']}" for r in few]
    table, settings = folder / "few.csv", folder / "settings.toml"
    table.write_text("\n".join(["formula,formation_energy_per_atom_eV,scheme", *lines, ""]))
    settings.write_text(UNCHECKED)
    return "--source", str(table), "--config", str(settings)


def ranked(home: Path, *options: str) -> Path:
    """A run of the command line in a folder of its own."""
    home.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "screen", "rank", "--anode", "Li", "-q", "-o", "run", *options],
        cwd=home,
        env=environment(home),
        capture_output=True,
        check=True,
    )
    return home / "run"


def same_run(folder: Path, expected: Path) -> None:
    """The same bytes, and a manifest that differs in time and command alone."""
    for name in FILES:
        assert (folder / name).read_bytes() == (expected / name).read_bytes(), name
    ours, theirs = (
        json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        for run in (folder, expected)
    )
    differ = {key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)}
    assert differ <= {"written", "command", "seal", "files"}


def only(folder: Path) -> Path:
    """The one run in a folder of results; nothing half-written beside it."""
    (found,) = folder.iterdir()
    return found
