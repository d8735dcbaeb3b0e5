"""Bad input: one line that says what to do, a failed state with that reason, nothing published."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows import serve, task_runners
from flows.__main__ import main
from flows.commands import given
from flows.parameters import FIXED, Screening, ScreeningChoice, Weekly, checked, chosen
from flows.server import free_port
from screen.errors import NetworkError, ScreenError, UsageError
from tests.conftest import wait_until
from tests.flows.conftest import WAIT_S, Serving, environment

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
    done = call(tmp_path, nobody, "--every", "61 * * * *", module="flows.serve")
    refused(done, 2, "is no cron line")
    assert not (tmp_path / "results").exists()


MISUSED = {
    "no cron line": (("--every", "0 0 6 * * 1"), serve.app, 2, "is no cron line"),
    "no metal": (("screening", "--anode", "Xx"), None, 2, "Xx"),
    "no batch": (("screening", "--batch", "0"), None, 2, "batch = 0"),
    "another version": (("screening",), None, 5, "of version 4.1.0"),
}


@pytest.mark.parametrize(("arguments", "program", "code", "words"), MISUSED.values(), ids=MISUSED)
def test_misuse_is_refused_before_any_server(
    arguments: tuple[str, ...],
    program: Any,
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same in this process, since most time goes into starting one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FIXED, "{}")  # what is set is gone afterwards
    with other_version() as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        returned = main(list(arguments), program)
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess(arguments, returned, said.out, said.err), code, words)
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


def test_no_dask_scheduler() -> None:
    pytest.importorskip("prefect_dask")
    nobody = f"tcp://127.0.0.1:{free_port()}"
    asked = Screening(runner="dask", address=nobody)
    refusal = pytest.raises(NetworkError, match=f"no Dask scheduler answers at {nobody}")
    with refusal, task_runners.engine(asked):
        pytest.fail("tasks would be spread")


@pytest.mark.slow
def test_served_with_bad_parameters(serving: Serving) -> None:
    """A failed state with the reason, in the log as one line."""
    (deployment,) = (d for d in serving.deployments() if "screening" in d["entrypoint"])
    body = {"parameters": {"options": {"anodes": ["Xx"]}}, "state": {"type": "SCHEDULED"}}
    run = serving.ask(f"deployments/{deployment['id']}/create_flow_run", body)

    def ended() -> bool:
        return any(r["id"] == run["id"] and r["end_time"] for r in serving.runs())

    assert wait_until(ended, WAIT_S, pause=0.5)
    (found,) = (r for r in serving.runs() if r["id"] == run["id"])
    assert found["state_type"] == "FAILED"
    assert "unknown anode" in found["state"]["message"]
    errors: list[str] = []

    def logged() -> bool:
        logs = serving.ask("logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
        errors[:] = [log["message"] for log in logs if log["level"] >= 40]
        return bool(errors)

    assert wait_until(logged, WAIT_S, pause=0.5)
    assert any("unknown anode" in message and "\n" not in message for message in errors)
    assert not any("Traceback" in message for message in errors)
