"""Bad input: one line that says what to do, a failed state with that reason, nothing published."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows import task_runners
from flows.commands import given
from flows.parameters import Screening, ScreeningChoice, Weekly, checked, chosen
from flows.server import free_port
from screen.errors import NetworkError, ScreenError, UsageError
from tests.conftest import wait_until
from tests.flows.conftest import WAIT_S, Options, Run, Serving, environment

REFUSED = {
    "wrong type": ({"batch": "many"}, "parameter batch = 'many'"),
    "unknown name": ({"anode": "Li"}, "unknown parameter 'anode'; did you mean anodes"),
    "no anode": ({"anodes": []}, "parameter anodes"),
    "unknown anode": ({"anodes": ["Xx"]}, "Xx"),
    "no electrolyte": ({"electrolytes": ["/etc/passwd"]}, "unknown electrolyte '/etc/passwd'"),
    "electrolyte without the metal": (
        {"anodes": ["Li", "Na"], "electrolytes": ["Li3N"]},
        "electrolyte Li3N holds no Na",
    ),
    "unknown setting": ({"settings": {"platin_v": 1}}, "did you mean plating_v"),
    "out of range": ({"settings": {"plating_v": -1}}, "plating_v = -1"),
    "unknown runner": ({"runner": "ray"}, "parameter runner = 'ray'"),
    "workers alone": ({"workers": 3}, "--runner dask"),
    "no address": (
        {"webhook": "file:///etc/passwd"},
        "parameter webhook: not an",
    ),
    "nested": ({"pull": {"rate": 99}}, "parameter pull.rate = 99"),
}


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_parameters(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ScreenError) as raised:
        checked(Weekly, options).requests()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_electrolytes_of_a_run_stand_above_those_of_the_settings() -> None:
    base = checked(Weekly, {"settings": {"electrolytes": ["Li3PS4"], "seed": 3}})
    wanted = chosen(Screening, ScreeningChoice, {"electrolytes": ["Li7P3S11"]}, base)
    (request,) = wanted.requests()
    assert (request.settings.electrolytes, request.settings.seed) == (("Li7P3S11",), 3)


def test_zero_is_given() -> None:
    options = {"tolerance": 0.0, "batch": 0, "anodes": [], "source": None, "selected": False}
    assert given(options) == {"tolerance": 0.0, "batch": 0}


def test_made_options_pass() -> None:
    made = Screening(anodes=("Na",))
    assert checked(Screening, made) is made
    assert checked(Screening, made.model_dump(mode="json")) == made
    with pytest.raises(UsageError):
        checked(Screening, {"results": 3})


class _Other(BaseHTTPRequestHandler):
    """A server of another version."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'"4.1.0"')

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def other_version() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def refused(done: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")


def call(home: Path, url: str | None, *arguments: str, module: str = "flows") -> Any:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=home,
        env=environment(home, url),
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S,
    )


@pytest.mark.slow
def test_before_any_flow(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/api"
    refused(call(tmp_path, nobody, "screening"), 5, "no Prefect server answers")
    with other_version() as url:
        refused(call(tmp_path, url, "screening"), 5, "of version 4.1.0")
    done = call(tmp_path, nobody, "--every", "61 * * * *", module="flows.serve")
    refused(done, 2, "is no cron line")
    done = call(tmp_path, nobody, "--every", "0 0 6 * * 1", module="flows.serve")
    refused(done, 2, "is no cron line")
    refused(call(tmp_path, nobody, "screening", "--anode", "Xx"), 2, "Xx")
    refused(call(tmp_path, nobody, "screening", "--batch", "0"), 2, "batch = 0")
    assert not (tmp_path / "results").exists()


def test_what_is_no_dask_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server says nothing until it is asked; one connection after the other is closed."""
    monkeypatch.setattr(task_runners, "_ANSWER_S", 0.5)
    with other_version() as url:
        address = url.removesuffix("/api").replace("http", "tcp")
        with pytest.raises(NetworkError, match="is no Dask scheduler; mend --address"):
            task_runners._check_address(address)
    for wrong in ("nonsense", "tcp://host", "tcp://host:x"):
        with pytest.raises(UsageError, match="give it as tcp://host:port"):
            task_runners._check_address(wrong)


@pytest.mark.slow
def test_no_dask_scheduler(flow: Run, serving: Serving, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    done = flow("screening", "--runner", "dask", "--address", address)
    assert done.returncode == 5
    assert f"no Dask scheduler answers at {address}" in done.stderr
    assert "Traceback" not in done.stderr
    failed = [r for r in serving.runs() if r["state_type"] == "FAILED"]
    assert any(address in r["state"]["message"] for r in failed)
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_full_disk(serving: Serving, quick: Options, tmp_path: Path) -> None:
    """What is too large for the disk leaves nothing half-written; with room, the run goes on."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "flows", "screening", "--anode", "Li", *quick]
    env = serving.environment(tmp_path)
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_room,
    )
    assert done.returncode == 3
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [*tmp_path.glob("store/batches/[0-9a-f]*"), *tmp_path.glob("results/*")]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_served_with_bad_parameters(serving: Serving) -> None:
    """A failed state with the reason, in the log as one line."""
    (deployment,) = (d for d in serving.deployments() if "screening" in d["entrypoint"])
    body = {"parameters": {"options": {"anodes": ["Xx"]}}, "state": {"type": "SCHEDULED"}}
    run = serving.ask(f"deployments/{deployment['id']}/create_flow_run", body)

    def ended() -> bool:
        return any(r["id"] == run["id"] and r["end_time"] for r in serving.runs())

    assert wait_until(ended, WAIT_S)
    (found,) = (r for r in serving.runs() if r["id"] == run["id"])
    assert found["state_type"] == "FAILED"
    assert "unknown anode" in found["state"]["message"]
    errors: list[str] = []

    def logged() -> bool:
        logs = serving.ask("logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
        errors[:] = [log["message"] for log in logs if log["level"] >= 40]
        return bool(errors)

    assert wait_until(logged, WAIT_S)
    assert any("unknown anode" in message and "\n" not in message for message in errors)
    assert not any("Traceback" in message for message in errors)
