"""The open bucket of the Materials Project on a loopback port: moto's S3, which logs and can fail.

    python -m tests.materials_project.bucket --port 0

It runs as a process of its own, since reading a Delta table may hold the interpreter's lock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote

import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "materialsproject-build"
_LOG, _FAULT = "/_log", "/_fault"
_SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
    b"<Message>Please reduce your request rate.</Message></Error>"
)


class Counting:
    """A WSGI application around moto's: logs what is asked, and answers 503 where it is told to."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.log: list[tuple[str, str, int, int]] = []
        self.fault: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path in (_LOG, _FAULT):
            if path == _FAULT:
                asked = parse_qs(environ["QUERY_STRING"])
                self.fault = {key: value[0] for key, value in asked.items()}
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self.log).encode()]
        if method in ("GET", "HEAD") and self._fails(path):
            self.log.append((method, path, 503, 0))
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [_SLOW_DOWN]
        said: list[str] = []

        def note(status: str, headers: Any, *more: Any) -> Callable[[bytes], object]:
            said.append(status)
            write: Callable[[bytes], object] = start_response(status, headers, *more)
            return write

        body = b"".join(self.app(environ, note))
        self.log.append((method, path, int(said[0][:3]), len(body) if method == "GET" else 0))
        return [body]

    def _fails(self, path: str) -> bool:
        """Whether this request is one of those that are to fail."""
        if self.fault.get("part", "\0") not in unquote(path):
            return False
        after = int(self.fault["after"])
        self.fault["after"] = str(after - 1)
        return after <= 0


@dataclass
class OpenBucket:
    """The server as a process: `with OpenBucket() as bucket: bucket.put(folder)`."""

    endpoint: str = field(default="", init=False)
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.materials_project.bucket", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.endpoint = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def put(self, folder: Path, bucket: str = BUCKET) -> None:
        """Upload all files below a folder."""
        open_to_all = {"x-amz-acl": "public-read"}
        requests.put(
            f"{self.endpoint}/{bucket}", headers=open_to_all, timeout=60
        ).raise_for_status()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = quote(str(path.relative_to(folder)))
                address = f"{self.endpoint}/{bucket}/{key}"
                requests.put(
                    address, data=path.read_bytes(), headers=open_to_all, timeout=600
                ).raise_for_status()

    def remove(self, key: str, bucket: str = BUCKET) -> None:
        """Remove one object."""
        address = f"{self.endpoint}/{bucket}/{quote(key)}"
        requests.delete(address, timeout=60).raise_for_status()

    def fail(self, part: str, after: int = 0) -> None:
        """Answer 503 to every request for a path with this part, but for the first `after`."""
        address = f"{self.endpoint}{_FAULT}"
        requests.get(address, {"part": part, "after": str(after)}, timeout=60).raise_for_status()

    def heal(self) -> None:
        """Fail no more."""
        requests.get(f"{self.endpoint}{_FAULT}", timeout=60).raise_for_status()

    def log(self) -> list[tuple[str, str, int, int]]:
        """Method, path, status and bytes of the body of all reads so far."""
        lines = requests.get(f"{self.endpoint}{_LOG}", timeout=60).json()
        return [(m, p, s, n) for m, p, s, n in lines if m in ("GET", "HEAD")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    app = Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", parser.parse_args().port, app, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
