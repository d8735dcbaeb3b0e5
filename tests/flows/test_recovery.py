"""kill -9 in any stage, then the same command: nothing is done twice, the files are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from screen.sources import snapshot
from tests.flows.conftest import Done, Run, Serving, environment, only, same_run
from tests.materials_project import safe_environment
from tests.materials_project.documents import make_database
from tests.materials_project.emulator import KEY, Emulator

pytestmark = pytest.mark.slow

BATCH, BATCHES = 20, 11
SCREENING = ("screening", "--anode", "Li", "--batch", str(BATCH))


def shards(home: Path) -> dict[str, int]:
    """Finished shards, each with the time at which it was written."""
    return {p.name: p.stat().st_mtime_ns for p in home.glob("shards/*/[0-9a-f]*.parquet")}


def describing(home: Path) -> bool:
    return len(shards(home)) >= 3


def ranking(home: Path) -> bool:
    return len(shards(home)) == BATCHES


def writing(home: Path) -> bool:
    return any(path.name.startswith(".li-") for path in (home / "results").glob(".*"))


def kill_when(
    reached: Callable[[], bool], arguments: tuple[str, ...], home: Path, env: dict[str, str]
) -> bool:
    """Whether a run was killed at a stage, not finished before."""
    with subprocess.Popen(
        [sys.executable, "-m", "flows", *arguments],
        cwd=home,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not reached():
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("stage", [describing, ranking, writing])
def test_killed_and_run_again(
    stage: Callable[[Path], bool], serving: Serving, flow: Run, expected: Path, tmp_path: Path
) -> None:
    env = environment(tmp_path, serving.url)
    assert kill_when(lambda: stage(tmp_path), SCREENING, tmp_path, env)
    results = tmp_path / "results"
    assert not [p for p in results.glob("*") if not p.name.startswith(".")]
    before = shards(tmp_path)
    assert len(before) >= 3
    done = flow(*SCREENING)
    assert (done.returncode, done.stderr) == (0, "")
    after = shards(tmp_path)
    assert len(after) == BATCHES
    assert {name: after[name] for name in before} == before, "a finished batch was computed again"
    (folder,) = (p for p in results.iterdir() if not p.name.startswith("."))
    same_run(folder, expected)


def test_killed_in_a_pull(serving: Serving, tmp_path: Path) -> None:
    """Pages that are on disk are not asked for again; the snapshot is that of a calm pull."""
    pulled = {}
    for name in ("calm", "killed"):
        home = tmp_path / name
        home.mkdir()
        with Emulator(make_database(5200, seed=1)) as emulator:
            env = environment(home, serving.url) | safe_environment(home)
            env |= {"MP_API_KEY": KEY, "MP_API_ENDPOINT": emulator.endpoint}
            if name == "killed":
                pages = home / "pulls"
                assert kill_when(
                    lambda pages=pages: len([*pages.glob("*/*.json.gz")]) >= 2,  # type: ignore[misc]
                    ("snapshot",),
                    home,
                    env,
                )
                kept = {p.name: p.stat().st_mtime_ns for p in pages.glob("*/*.json.gz")}
                assert kept
                assert not snapshot.listed(home / "snapshots")
            done = pull(home, env)
            assert done.returncode == 0, done.stderr
            assert KEY not in done.stdout + done.stderr
            if name == "calm":
                asked = len(emulator.requests)
                again = pull(home, env)
                assert again.stdout == done.stdout
                assert len(emulator.requests) - asked < 4, "nothing is new, yet it was pulled"
        pulled[name] = Path(done.stdout.strip()).read_bytes()
    assert pulled["calm"] == pulled["killed"]


def pull(home: Path, env: dict[str, str]) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "flows", "snapshot"],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_worker_dies(serving: Serving, expected: Path, tmp_path: Path) -> None:
    """Its batches go to another; what was done is not lost."""
    pytest.importorskip("prefect_dask")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "flows", "screening", "--batch", "10"),
            *("--runner", "dask", "--workers", "2"),
        ],
        cwd=tmp_path,
        env=environment(tmp_path, serving.url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None and not shards(tmp_path):
            time.sleep(0.01)
        workers = children(process.pid)
        assert workers
        os.kill(workers[-1], signal.SIGKILL)
        said = process.communicate(timeout=200)[1]
    assert process.returncode == 0, said
    same_run(only(tmp_path / "results"), expected)


def children(pid: int) -> list[int]:
    """Processes that compute for another: those that Dask spawned, in the order of their start."""
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    lines = [line.split(maxsplit=1) for line in found.stdout.splitlines()]
    return [int(line[0]) for line in lines if "spawn_main" in line[1]]
