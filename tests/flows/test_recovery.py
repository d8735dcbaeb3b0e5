"""kill -9 in any stage, then the same command: nothing is done twice, the files are the same."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from screen.sources import snapshot
from tests.atomistic.made_up import rock_salt
from tests.flows.conftest import (
    CANDIDATES,
    UNCHECKED,
    Done,
    Options,
    Run,
    Serving,
    environment,
    only,
    same_run,
)
from tests.materials_project import safe_environment
from tests.materials_project.documents import make_database
from tests.materials_project.emulator import KEY, Emulator

pytestmark = pytest.mark.slow

BATCH = 4
BATCHES = -(-CANDIDATES // BATCH)
ATTEMPTS = 5
SCREENING = ("screening", "--anode", "Li", "--batch", str(BATCH))


def described(home: Path) -> dict[str, int]:
    """Finished batches, each with its file, which is another when it is written again."""
    return {p.name: p.stat().st_ino for p in home.glob("store/batches/[0-9a-f]*")}


def describing(home: Path) -> bool:
    return len(described(home)) >= 3


def ranking(home: Path) -> bool:
    return len(described(home)) == BATCHES


def writing(home: Path) -> bool:
    return any(path.name.startswith(".li-") for path in (home / "results").glob(".*"))


def kill_when(
    reached: Callable[[], bool],
    arguments: tuple[str, ...],
    home: Path,
    env: dict[str, str],
    pause: float = 0.002,
) -> bool:
    """Whether a run was killed at a stage, not finished before.

    Args:
        pause: s between looks.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "flows", *arguments],
        cwd=home,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not reached():
            time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def killed_at_each_stage(folder: Path, serving: Serving, quick: Options) -> Path:
    """A home in which the disk was full, then runs were killed, each one stage further; on a busy
    machine a short stage may pass unseen, so this tries again.
    """
    for i in range(ATTEMPTS):
        home = folder / f"attempt-{i}"
        home.mkdir()
        env = serving.environment(home)
        without_room(home, env, (*SCREENING, *quick))
        before: dict[str, int] = {}
        for stage in (describing, ranking, writing):
            if not kill_when(partial(stage, home), (*SCREENING, *quick), home, env):
                break
            assert not [p for p in home.glob("results/*") if not p.name.startswith(".")]
            after = described(home)
            assert kept_of(before, after) == before, "a finished batch was computed again"
            before = after
        else:
            return home
    pytest.fail(f"{ATTEMPTS} times a run ended before it was killed")


def without_room(home: Path, env: dict[str, str], arguments: tuple[str, ...]) -> None:
    """What is too large for the disk ends a run, which leaves nothing half-written."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run("-m", "flows", *arguments, home=home, env=env, preexec_fn=no_room)
    assert done.returncode == 3
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not described(home)
    assert not [*home.glob("results/*")]


def kept_of(before: dict[str, int], after: dict[str, int]) -> dict[str, int | None]:
    return {name: after.get(name) for name in before}


def test_killed_and_run_again(
    serving: Serving, flow: Run, quick: Options, expected_quick: Path, tmp_path: Path
) -> None:
    """After a full disk, too, the same command goes on."""
    home = killed_at_each_stage(tmp_path, serving, quick)
    before = described(home)
    assert len(before) == BATCHES
    done = flow(*SCREENING, *quick, "--results", str(home / "results"), SCREEN_HOME=str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert described(home) == before, "a finished batch was computed again"
    (folder,) = (p for p in (home / "results").iterdir() if not p.name.startswith("."))
    same_run(folder, expected_quick)


def test_killed_in_a_pull(serving: Serving, tmp_path: Path) -> None:
    """Pages that are on disk are not asked for again; the snapshot is that of the command line."""
    home, calm = tmp_path / "killed", tmp_path / "calm"
    with Emulator(make_database(PULLED, seed=1)) as emulator:
        asked = {"MP_API_KEY": KEY, "MP_API_ENDPOINT": emulator.endpoint}
        home.mkdir()
        env = serving.environment(home) | safe_environment(home) | asked

        def on_disk() -> int:
            return len([*home.glob("store/pages-*/[a-z]*")])

        assert kill_when(lambda: on_disk() >= 2, ("snapshot",), home, env, pause=0.02)
        kept = on_disk()
        assert kept
        assert not snapshot.listed(home / "snapshots")
        before = asked_pages(emulator)
        done = run("-m", "flows", "snapshot", home=home, env=env)
        assert done.returncode == 0, done.stderr
        assert KEY not in done.stdout + done.stderr
        after = asked_pages(emulator)
        calm.mkdir()
        env = environment(calm) | safe_environment(calm) | asked
        plain = run("-m", "screen", "pull", home=calm, env=env)
        assert plain.returncode == 0, plain.stderr
        every = asked_pages(emulator) - after
        assert after - before == every - kept
    (whole,) = snapshot.listed(calm / "snapshots")
    assert Path(done.stdout.strip()).read_bytes() == whole.path.read_bytes()


PULLED = 2500
"""Documents, on more pages than are waited for."""


def asked_pages(emulator: Emulator) -> int:
    return sum("_page" in request.params for request in emulator.requests)


def run(*arguments: str, home: Path, env: dict[str, str], **more: Any) -> Done:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


def surfaces(home: Path) -> tuple[str, ...]:
    """Options for surfaces of a few crystals, with a calculator that kills its worker."""
    lines = ["structure,formation_energy_per_atom_eV,scheme,id"]
    for name, (cation, anion, a) in CRYSTALS.items():
        crystal = rock_salt(cation, anion, a).structure
        crystal.to(filename=str(home / f"{name}.vasp"), fmt="poscar")
        lines.append(f"{name}.vasp,-1.0,test,{name}")
    (home / "own.csv").write_text("\n".join(lines) + "\n")
    (home / "settings.toml").write_text(
        "surface = true\nsurface_faces = 1\nsurface_sites = 1\n"
        'calculator = "tests.atomistic.made_up:deadly"\n'
        f"{UNCHECKED}"
    )
    return ("--source", str(home / "own.csv"), "--config", str(home / "settings.toml"))


CRYSTALS = {"LiF": ("Li", "F", 4.03), "MgO": ("Mg", "O", 4.21)}


def test_a_worker_dies(flow: Run, tmp_path: Path) -> None:
    """Of a local Dask cluster: its batch goes to another, and in however many batches, the files
    are those of the command line.
    """
    pytest.importorskip("prefect_dask")
    asked, told = surfaces(tmp_path), tmp_path / "died"
    on_dask = ("--runner", "dask", "--workers", "2", "--batch", "1")
    done = flow("screening", *asked, *on_dask, DEADLY=str(told))
    assert (done.returncode, done.stderr) == (0, "")
    assert told.exists()
    assert len(described(tmp_path)) > 2
    plain = tmp_path / "plain"
    command = [sys.executable, "-m", "screen", "rank", *asked, "-q", "-o", str(plain)]
    env = environment(tmp_path / "calm") | {"DEADLY": str(told)}
    assert subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0
    assert "adsorption_energy" in (plain / "columns.json").read_text(encoding="utf-8")
    same_run(only(tmp_path / "results"), plain)


def test_a_worker_dies_and_none_may(flow: Run, serving: Serving, tmp_path: Path) -> None:
    """One line and a failed state with the reason; nothing is published. Dask gives up once the
    first worker died of a task, in place of the fourth.
    """
    pytest.importorskip("prefect_dask")
    asked = surfaces(tmp_path)
    deaths = {
        "DEADLY": str(tmp_path / "no" / "file"),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    }
    done = flow("screening", *asked, "--runner", "dask", "--workers", "1", **deaths)
    assert done.returncode == 1
    assert "error: a worker was lost" in done.stderr
    assert "Traceback" not in done.stderr
    failed = [r for r in serving.runs() if r["state_type"] == "FAILED"]
    assert any("a worker was lost" in r["state"]["message"] for r in failed)
    assert not (tmp_path / "results").exists()
