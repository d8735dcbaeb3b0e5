"""A server of our own answers its own page and those who know the secret; nobody else gets a word,
and what comes by it can neither name a place nor bring code.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows import access, server
from flows.parameters import (
    ScreeningChoice,
    TrainChoice,
    WeeklyChoice,
    checked,
)
from screen.errors import DataError, NetworkError, UsageError
from screen.options import Options, PullChoice
from tests.conftest import wait_until
from tests.flows.conftest import WAIT_S, Serving

FOREIGN = "https://example.org"
PAGES = ("/", "/index.html", "/docs", "/openapi.json", "/api/docs", "/api/openapi.json")
CALLS = (
    ("GET", "/api/health"),
    ("GET", "/api/ready"),
    ("GET", "/api/version"),
    ("GET", "/api/admin/version"),
    ("GET", "/api/admin/settings"),
    ("POST", "/api/deployments/filter"),
    ("POST", "/api/flow_runs/filter"),
    ("POST", "/api/logs/filter"),
    ("OPTIONS", "/api/deployments/filter"),
    *(("GET", page) for page in PAGES),
)


def ask(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any, bytes]:
    """Status, headers and body; a header of the same name replaces that of the client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host="Host" in headers)
    body = b"{}" if method in ("POST", "PATCH") else b""
    sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def nothing(answer: tuple[int, Any, bytes]) -> bool:
    """Whether an answer says nothing and lets no page read it."""
    status, headers, body = answer
    allowed = [name for name in headers if name.lower().startswith("access-control")]
    return not body and not allowed and (status >= 400 or status == 204)


async def echo(scope: access.Scope, _: access.Receive, send: access.Send) -> None:
    """A server that answers everything, with what no answer may hold."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"data"})


def through(scope: dict[str, Any]) -> list[dict[str, Any]]:
    """What a guard in front of `echo` sends."""
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(access.Guard(echo, 4200, KNOWN)(scope, receive, take))
    return sent


KNOWN = "screen:" + "x" * 43
OURS = {"host": "127.0.0.1:4200", "origin": "http://127.0.0.1:4200"}
RIGHT = access.authorization(KNOWN)["Authorization"]
SPOKEN: dict[str, tuple[dict[str, str], int]] = {
    "with the secret": ({"authorization": RIGHT}, 200),
    "from its page": ({"authorization": RIGHT, "origin": "http://localhost:4200"}, 200),
    "without": ({}, 401),
    "with another": ({"authorization": access.authorization("screen:y")["Authorization"]}, 401),
    "with part of it": ({"authorization": RIGHT[:-4]}, 401),
    "not plain text": ({"authorization": "Basic \xe9"}, 401),
    "foreign origin": ({"authorization": RIGHT, "origin": FOREIGN}, 403),
    "no origin": ({"authorization": RIGHT, "origin": "null"}, 403),
    "its page on another port": ({"authorization": RIGHT, "origin": "http://127.0.0.1:80"}, 403),
    "another name": ({"authorization": RIGHT, "host": "example.org:4200"}, 421),
    "another name first": ({"authorization": RIGHT, "host": "127.0.0.1:4200.example.org"}, 421),
    "another port": ({"authorization": RIGHT, "host": "127.0.0.1"}, 421),
}


@pytest.mark.parametrize(("headers", "status"), SPOKEN.values(), ids=SPOKEN)
def test_the_guard(headers: dict[str, str], status: int) -> None:
    said = {"host": OURS["host"]} | headers
    raw = [(name.encode(), value.encode("latin-1")) for name, value in said.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/x",
        "query_string": b"",
        "headers": raw,
    }
    start, body = through(scope)
    assert start["status"] == status
    assert (body["body"] == b"data") == (status == 200)


def test_headers_that_come_twice() -> None:
    twice = [(b"host", b"127.0.0.1:4200"), (b"host", b"example.org")]
    ours = [(b"origin", b"http://127.0.0.1:4200"), (b"origin", FOREIGN.encode())]
    right = [(b"authorization", RIGHT.encode())]
    for headers, status in ((twice, 421), ([twice[0], *ours], 403), ([twice[0], *right * 2], 401)):
        scope = {"type": "http", "method": "GET", "path": "/api/x", "query_string": b""}
        assert through(scope | {"headers": [*headers, *right]})[0]["status"] == status


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:1"])
def test_sockets_of_other_pages(origin: str) -> None:
    headers = [(b"host", OURS["host"].encode()), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/api/events/out", "headers": headers}
    assert through(scope) == [{"type": "websocket.close", "code": 1008}]
    assert through(scope | {"headers": headers[:1]}) == [{"type": "websocket.accept"}]


def test_the_secret_is_its_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    before = os.umask(0)
    try:
        known = access.secret()
    finally:
        os.umask(before)
    path = access.secret_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert access.secret() == known
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    path.chmod(0o644)
    with pytest.raises(DataError, match="can be read by others"):
        access.secret()
    for text in ("", "screen:short\n", "admin:admin\n", "\xff" * 60):
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="latin-1")
        path.chmod(0o600)
        with pytest.raises(DataError, match="remove it"):
            access.secret()
    path.unlink()
    (tmp_path / "planted").write_text(known + "\n")
    (tmp_path / "planted").chmod(0o600)
    path.symlink_to(tmp_path / "planted")
    with pytest.raises(DataError, match="remove it"):
        access.secret()


def test_all_at_once_agree(tmp_path: Path) -> None:
    """Whoever is first makes the secret; the others take it."""
    command = [sys.executable, "-c", "from flows.access import secret; print(secret())"]
    env = os.environ | {"SCREEN_HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect")}
    several = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert len({process.communicate(timeout=WAIT_S)[0] for process in several}) == 1


class _Impostor(BaseHTTPRequestHandler):
    """Takes the port of a server, says what one says, and notes what it is sent."""

    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(self.path + str(self.headers))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'"3.8.8"')

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[str]]]:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    handler = type("Impostor", (_Impostor,), {"heard": []})
    with HTTPServer(("127.0.0.1", 0), handler) as taken:
        threading.Thread(target=taken.serve_forever, daemon=True).start()
        yield taken.server_port, handler.heard  # type: ignore[attr-defined]
        taken.shutdown()


def test_what_listens_there_must_know_it(impostor: tuple[int, list[str]]) -> None:
    """Another user's program on our port is left alone, and learns nothing."""
    port, heard = impostor
    assert server.found(port) is None
    with pytest.raises(NetworkError, match="another program has it"):
        server.Own(port, whole=True)
    assert heard
    header = access.authorization(access.secret())["Authorization"]
    known = access.secret().partition(":")[2]
    assert not [text for text in heard if header in text or known in text]
    # What it heard it cannot pass on: it holds for its own port.
    path = heard[0].split("HTTP")[0].split("Accept")[0].strip().splitlines()[0]
    query = urlsplit(path).query.encode()
    scope = {"type": "http", "method": "GET", "path": access.PROOF, "query_string": query}
    host = [(b"host", b"127.0.0.1:4200")]
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    guard = access.Guard(echo, 4200, access.secret())
    asyncio.run(guard(scope | {"headers": host}, None, take))  # type: ignore[arg-type]
    assert sent[0]["status"] == 401


CHOICES: dict[str, type[Options]] = {
    "screening": ScreeningChoice,
    "snapshot": PullChoice,
    "training": TrainChoice,
    "weekly": WeeklyChoice,
}
PLACES = {
    "endpoint": "http://127.0.0.1:4390/",
    "results": "/tmp/elsewhere",
    "source": "/etc/passwd",
    "add": "/etc/passwd",
    "gaps": "/etc/passwd",
    "moduli": "/etc/passwd",
    "roles_file": "/etc/passwd",
    "config": "/etc/passwd",
    "settings": {"calculator": "os:abort"},
    "calculator": "os:abort",
    "address": "tcp://127.0.0.1:1",
    "webhook": "http://127.0.0.1:1/",
    "pull": {"endpoint": "http://127.0.0.1:1/"},
    "runner": "dask",
    "rate": 20,
    "tolerance": 9,
}


@pytest.mark.parametrize("flow", CHOICES)
@pytest.mark.parametrize("name", PLACES)
def test_no_run_chooses_a_place(flow: str, name: str) -> None:
    with pytest.raises(UsageError, match="unknown parameter"):
        checked(CHOICES[flow], {name: PLACES[name]})


@pytest.mark.slow
class TestServer:
    """The true one, with all that Prefect answers."""

    @pytest.mark.parametrize(("method", "path"), CALLS, ids=str)
    def test_others_get_nothing(self, serving: Serving, method: str, path: str) -> None:
        right = access.authorization(serving.auth)
        for headers in (
            {"Origin": FOREIGN},
            {"Origin": FOREIGN, **right},
            {"Origin": FOREIGN, "Access-Control-Request-Method": "PATCH"},
            {"Host": "example.org", **right},
            {"Host": f"example.org:{serving.port}", "Origin": f"http://example.org:{serving.port}"},
        ):
            assert nothing(ask(serving.port, method, path, headers)), headers
        if path not in PAGES or path.startswith("/api"):
            assert nothing(ask(serving.port, method, path, {}))
            wrong = access.authorization("screen:guess")
            assert nothing(ask(serving.port, method, path, wrong))

    def test_its_page_and_its_owner_get_all(self, serving: Serving) -> None:
        right = access.authorization(serving.auth)
        own = {"Origin": f"http://127.0.0.1:{serving.port}"}
        status, headers, body = ask(serving.port, "POST", "/api/deployments/filter", right | own)
        assert (status, len(json.loads(body))) == (200, 4)
        assert headers["access-control-allow-origin"] == own["Origin"]
        status, _, body = ask(serving.port, "GET", "/", {})
        assert status in (200, 307)
        preflight = own | {"Access-Control-Request-Method": "POST"}
        assert ask(serving.port, "OPTIONS", "/api/deployments/filter", preflight)[0] == 200

    def test_a_socket_needs_the_secret(self, serving: Serving) -> None:
        """Of a foreign page it is not opened; of a program it is closed without the secret."""
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        for more in (f"Origin: {FOREIGN}\r\n", ""):
            with socket.create_connection(("127.0.0.1", serving.port), timeout=60) as line:
                line.sendall(
                    f"GET /api/events/out HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n{more}"
                    f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode()
                )
                assert line.recv(100).startswith(b"HTTP/1.1 403")

    def test_parameters_are_refused_by_the_server(self, serving: Serving) -> None:
        for deployment in serving.deployments():
            for name, value in PLACES.items():
                body = json.dumps({"parameters": {"options": {name: value}}}).encode()
                status = create_run(serving, deployment["id"], body)[0]
                assert status in (409, 422), (deployment["name"], name)

    def test_steps_and_code_are_not_taken_from_the_server(
        self, serving: Serving, tmp_path: Path
    ) -> None:
        """Even with the secret: what is in a deployment is not run, our own flow is."""
        (found,) = (d for d in serving.deployments() if "screening" in d["entrypoint"])
        told, planted = tmp_path / "told", tmp_path / "planted.py"
        planted.write_text(f"open({str(told)!r}, 'w')\n\ndef screening_flow():\n    pass\n")
        step = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {told}"}}
        change = {
            "pull_steps": [step],
            "path": str(tmp_path),
            "entrypoint": f"{planted}:screening_flow",
        }
        reply = patch(serving, f"deployments/{found['id']}", change)
        assert reply < 300
        status, body = create_run(serving, found["id"], b'{"parameters": {}}')
        assert status == 201
        run = json.loads(body)["id"]
        assert wait_until(lambda: bool(serving.run(run)["end_time"]), WAIT_S)
        assert serving.run(run)["state_type"] == "COMPLETED", serving.run(run)["state"]
        assert not told.exists()


def create_run(serving: Serving, deployment: str, body: bytes) -> tuple[int, bytes]:
    return send(serving, "POST", f"deployments/{deployment}/create_flow_run", body)


def patch(serving: Serving, path: str, change: dict[str, Any]) -> int:
    return send(serving, "PATCH", path, json.dumps(change).encode())[0]


def send(serving: Serving, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=60)
    headers = {"Content-Type": "application/json", **access.authorization(serving.auth)}
    connection.request(method, f"/api/{path}", body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found
