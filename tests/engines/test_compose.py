"""The compose file as it is, on a Docker daemon: PostgreSQL, Prefect's server and the weekly run.

Images are not downloaded: `screen` is built from flows/Dockerfile beforehand, and the database is
the image of the file or the one that SCREEN_DATABASE_IMAGE names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.access import authorization
from tests.conftest import wait_until
from tests.flows.conftest import EACH_MINUTE, FILES, ROOT, WAIT_S, ranked

pytestmark = pytest.mark.slow
DATABASE = os.environ.get("SCREEN_DATABASE_IMAGE", "postgres:17")
AUTH = "user:a-password-of-this-test"
Compose = Callable[..., str]


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def compose_command() -> list[str]:
    """The plugin of today, or the program that came before it."""
    if docker("compose", "version").returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("docker compose is not installed")


@pytest.fixture
def compose(tmp_path: Path) -> Iterator[Compose]:
    """Commands of a project of its own, whose services and volumes end with the test."""
    if shutil.which("docker") is None or docker("info").returncode != 0:
        pytest.skip("no Docker daemon answers")
    for image in ("screen", DATABASE):
        if docker("image", "inspect", image).returncode != 0:
            pytest.skip(f"the image {image} is not on this machine")
    settings: dict[str, Any] = yaml.safe_load((ROOT / "flows/compose.yaml").read_text("utf-8"))
    del settings["name"]  # unknown to version 1 of compose; -p says it to both
    services = settings["services"]
    services["database"]["image"] = DATABASE
    del services["prefect"]["build"]
    weekly = [w for w in services["weekly"]["command"] if w not in ("--pull", "--selected")]
    weekly[weekly.index("--every") + 1] = EACH_MINUTE  # and from what ships: there is no network
    services["weekly"]["command"] = [*weekly, "--robust", "0"]  # what `rank` gives
    file = tmp_path / "compose.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    secrets = {
        "DATABASE_PASSWORD": "another",
        "PREFECT_PASSWORD": AUTH,
        "MP_API_KEY": "none-is-used",
    }
    program = [*compose_command(), "-p", f"screen-{os.getpid()}", "-f", str(file)]

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [*program, *arguments],
            env=os.environ | secrets,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        yield call
    finally:
        call("down", "--volumes", "--timeout", "10")


def answers(auth: str | None) -> int:
    """The status with which the server answers, 0 where it does not."""
    headers = {} if auth is None else authorization(auth)
    request = urllib.request.Request("http://127.0.0.1:4200/api/flows/count", b"{}", headers)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def test_the_compose_file_screens(compose: Compose, tmp_path: Path) -> None:
    compose("up", "--detach")
    assert wait_until(lambda: answers(AUTH) == 200, WAIT_S), compose("logs", "prefect")
    assert answers(None) == 401

    def published() -> list[str]:
        listed = compose("exec", "-T", "weekly", "sh", "-c", "ls results 2>/dev/null || true")
        return listed.split()

    assert wait_until(lambda: bool(published()), 2 * WAIT_S, pause=2), compose("logs", "weekly")
    folder = published()[0]
    assert compose("exec", "-T", "weekly", "id", "-un").strip() == "screen"
    container = compose("ps", "-q", "weekly").strip()
    assert (
        docker("cp", f"{container}:/shared/results/{folder}", str(tmp_path / "run")).returncode == 0
    )
    expected = ranked(tmp_path / "expected")
    for name in FILES:
        assert (tmp_path / "run" / name).read_bytes() == (expected / name).read_bytes(), name
    tables = compose(
        "exec", "-T", "database", "psql", "postgresql://prefect:another@127.0.0.1/prefect",
        "-tAc", "select count(*) from flow_run where state_type = 'COMPLETED'",
    )  # fmt: skip
    assert int(tables) >= 1, "the runs are kept in PostgreSQL"
