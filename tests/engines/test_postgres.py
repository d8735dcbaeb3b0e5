"""Prefect's server on PostgreSQL: what is served runs, and gives the bytes of the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.server import free_port
from tests.conftest import wait_until
from tests.flows.conftest import (
    EACH_MINUTE,
    WAIT_S,
    Serving,
    quick_options,
    ranked,
    same_run,
)

pytestmark = pytest.mark.slow
USER = "postgres"


def tools() -> Path | None:
    """The newest PostgreSQL of this machine: Debian's package keeps its tools off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    return found[-1].parent if found else None


def run(*command: str | Path) -> str:
    """As the user of the database, since root may not; what it says."""
    other = ("runuser", "-u", USER, "--") if os.getuid() == 0 else ()
    done = subprocess.run(
        [*other, *command], capture_output=True, text=True, check=False, cwd="/", timeout=WAIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Address of a database on a cluster of its own, which ends with the tests."""
    bin_dir = tools()
    if bin_dir is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    if os.getuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root")
    folder = Path("/tmp") / f"screen-postgres-{os.getpid()}"
    folder.mkdir(mode=0o755)
    if os.getuid() == 0:
        shutil.chown(folder, USER, USER)
    port = free_port()
    try:
        run(bin_dir / "initdb", "-D", folder / "data", "-A", "trust", "-U", USER, "-N")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
        log = folder / "log"
        run(bin_dir / "pg_ctl", "-D", folder / "data", "-l", log, "-o", options, "-w", "start")
        run(bin_dir / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "prefect")
        yield f"postgresql+asyncpg://{USER}@127.0.0.1:{port}/prefect"
    finally:
        subprocess.run(
            [
                *(("runuser", "-u", USER, "--") if os.getuid() == 0 else ()),
                *(bin_dir / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"),
            ],
            capture_output=True,
            check=False,
        )
        shutil.rmtree(folder, ignore_errors=True)


def test_a_schedule_on_postgresql(
    database: str,
    tmp_path: Path,
) -> None:
    quick = quick_options(tmp_path)
    expected = ranked(tmp_path / "expected", *quick)
    begun = time.monotonic()
    serving = Serving(tmp_path, EACH_MINUTE, quick, PREFECT_API_DATABASE_CONNECTION_URL=database)
    try:
        ready = time.monotonic() - begun
        assert wait_until(lambda: len(serving.scheduled()) >= 2, 3 * WAIT_S, pause=2), serving.said
        took = [run["total_run_time"] for run in serving.scheduled()]
        print(f"PostgreSQL: served after {ready:.0f} s, runs took {took} s")
        written = [p for p in (tmp_path / "results").iterdir() if not p.name.startswith(".")]
        assert written
        for folder in written:  # a third run may be under way beside them
            same_run(folder, expected)
        assert not list((tmp_path / "prefect").glob("prefect.db*")), "SQLite was used"
    finally:
        serving.stop()
