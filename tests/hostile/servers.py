"""Servers that answer what no client expects."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.materials_project.documents import Database
from tests.materials_project.emulator import Emulator, Fault, Params, _Reply

Tamper = Callable[[str, dict[str, Any]], Any]
"""From the path and the content of an answer to what is sent in its place."""
PAUSE_S = 0.02


class Tampered(Emulator):
    """The emulator, but what it answers on its routes is changed first, until `honest` is set."""

    def __init__(self, database: Database, tamper: Tamper) -> None:
        super().__init__(database)
        self.tamper, self.honest = tamper, False

    def _page(self, path: str, params: Params, fault: Fault | None) -> Any:
        content = super()._page(path, params, fault)
        return content if self.honest else self.tamper(path, content)


class Worded(Emulator):
    """The emulator, but the bytes of its answers with data are others."""

    def __init__(self, database: Database, body: bytes, **headers: str) -> None:
        super().__init__(database)
        self.body, self.headers = body, headers

    def reply(self, target: str, headers: dict[str, str]) -> _Reply:
        reply = super().reply(target, headers)
        if "heartbeat" not in target:
            reply.body = self.body
            reply.headers = {"Content-Type": "application/json", **self.headers}
        return reply


def drip_head(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """A head that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not ended.wait(PAUSE_S):
        handler.wfile.write(b"x")


def drip_body(handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """A body that comes byte by byte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not ended.wait(PAUSE_S):
        handler.wfile.write(b" ")


def bomb(handler: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """A few kilobytes that unpack to 64 MB."""
    body = gzip.compress(bytes(64_000_000), compresslevel=9)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    handler.wfile.write(head.encode() + body)


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler, threading.Event], None],
) -> Iterator[str]:
    """The address of a server that answers so."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self, ended)
            except OSError:  # the client has had enough
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def took(action: Callable[[], Any]) -> float:
    """Seconds that something takes."""
    begun = time.monotonic()
    action()
    return time.monotonic() - begun
