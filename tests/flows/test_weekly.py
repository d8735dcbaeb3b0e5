"""The weekly flow tells what changed, to those who asked, and only of what is whole and checked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from screen import weekly
from tests.flows.conftest import UNCHECKED, Options, Run, Serving, only
from tests.materials_project import safe_environment
from tests.materials_project.emulator import KEY

pytestmark = pytest.mark.slow

SECRET = "T0K3N-of-the-webhook"


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """An address on this machine, and what was sent to it."""
    sent: list[Any] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", sent
        server.shutdown()


def test_what_changed_is_told(
    flow: Run,
    serving: Serving,
    quick: Options,
    expected_quick: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path))  # as the flow has it
    source = quick[:2]
    with webhook() as (address, sent):
        settings = tmp_path / "settings.toml"
        hook = ("--webhook", address, "--config", str(settings))
        asked = ("weekly", "--anode", "Li", "--robust", "2", *source, *hook)
        weekly.accept(expected_quick)
        settings.write_text(f"plating_v = 0.05\n{UNCHECKED}")
        done = flow(*asked)
        assert done.returncode == 0, done.stderr
        assert "changed settings: plating_v 0.02 -> 0.05" in sent[0]["summary"]
        assert sent[0]["runs"] == done.stdout.split()
        assert weekly.accepted("Li") == only(tmp_path / "results")
        # A cross-check that fails: nothing is sent, nothing accepted, nothing written.
        kept = (tmp_path / "accepted" / "li.json").read_bytes()
        runs = sorted(path.name for path in (tmp_path / "results").iterdir())
        settings.write_text("check_tolerance = 1e-300\ncheck_candidates = 60\nseed = 1\n")
        bad = flow(*asked)
        assert bad.returncode == 1, bad.stdout
        assert "disagree" in bad.stderr
        assert "Traceback" not in bad.stderr
        assert len(sent) == 1
        assert (tmp_path / "accepted" / "li.json").read_bytes() == kept
        assert sorted(path.name for path in (tmp_path / "results").iterdir()) == runs
    found = serving.ask("artifacts/filter", {"limit": 200, "sort": "CREATED_DESC"})
    summaries = [a["data"] for a in found if a["key"] == "changes-li"]
    assert any("plating_v" in text for text in summaries)
    kept_files = [path for home in (serving.home, tmp_path) for path in home.rglob("*")]
    assert any(path.name.startswith("prefect.db") for path in kept_files)
    told = [path for path in kept_files if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert not told, "the address of the webhook is a secret"


def test_an_incomplete_pull_publishes_nothing(flow: Run, tmp_path: Path) -> None:
    with webhook() as (address, sent):
        done = flow(
            *("weekly", "--pull", "--webhook", address),
            **safe_environment(tmp_path),
            MP_API_KEY="short",
            MP_API_ENDPOINT="http://127.0.0.1:9/",
        )
    assert done.returncode == 5
    assert "MP_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
    assert not sent
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "accepted").exists()
