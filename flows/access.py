"""Who may speak to a server of our own: its own page, and whoever knows the secret of SCREEN_HOME.

A server on 127.0.0.1 is reached by every program and every user of the machine, and by every web
page that its user opens. So it asks for a secret, answers to its own name only, and takes no
request that a page from elsewhere sends. Before the secret is sent to a port, what listens there
has to show that it knows it, too.
"""

import hmac
import http.client
import os
import re
import secrets
import stat
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from screen import files
from screen.errors import DataError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROOF = "/screen/proof"
_SECRET = re.compile(r"screen:[\w-]{43}")
_ALIVE = ("/api/health", "/api/ready")
"""Prefect's page asks these without the secret; they get an empty answer."""


def secret_path() -> Path:
    """File that holds the secret."""
    return files.home(os.environ) / "server-secret"


def secret() -> str:
    """The secret of this SCREEN_HOME, as `user:password`; made when it is first asked for.

    Raises:
        DataError: if others can read the file, or it cannot be read or written.
    """
    path = secret_path()
    try:
        if not path.exists():
            files.create(path, f"screen:{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as file:
            status = os.fstat(file.fileno())
            text = file.read(1000).strip()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "not plain text"
        raise DataError(f"cannot use {path}: {said}; remove it, or set SCREEN_HOME") from error
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise DataError(f"{path} can be read by others; remove it, and a new one is made")
    if not _SECRET.fullmatch(text):
        raise DataError(f"{path} holds no secret of a server; remove it, and a new one is made")
    return text


def authorization(auth: str | None) -> dict[str, str]:
    """The header that carries `user:password`."""
    return {} if not auth else {"Authorization": f"Basic {b64encode(auth.encode()).decode()}"}


def get(
    url: str, path: str, headers: dict[str, str], timeout_s: float, most: int = 100
) -> tuple[int, str]:
    """Status and beginning of an answer; no redirect is followed, no proxy asked.

    Raises:
        OSError, ValueError: if there is none, or the address is no address.
    """
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise ValueError("not an address that begins with http:// or https://")
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(most).decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(f"not an answer by HTTP ({type(error).__name__})") from error
    finally:
        connection.close()


def is_ours(url: str, known: str, timeout_s: float = 2.0) -> bool:
    """Whether what listens at an address of this machine knows the secret; it is not sent."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost"):
        return False
    nonce, port = secrets.token_hex(16), parts.port or 80
    path = f"{PROOF}?{nonce}.{_sign(known, 'ask', port, nonce)}"
    try:
        status, said = get(f"http://{parts.netloc}", path, {}, timeout_s)
    except (OSError, ValueError):
        return False
    return status == HTTPStatus.OK and _same(said, _sign(known, "answer", port, nonce))


def _sign(known: str, word: str, port: int, nonce: str) -> str:
    """Holds for one port, so that another program cannot pass a question on to the true server."""
    return hmac.digest(known.encode(), f"{word} {port} {nonce}".encode(), "sha256").hex()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


class Guard:
    """Stands before a server and lets through what may speak to it.

    Args:
        app: the server, which checks the secret of WebSockets itself, by their first message.
    """

    def __init__(self, app: App, port: int, known: str) -> None:
        self._app, self._port, self._known = app, port, known
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._header = authorization(known)["Authorization"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse or pass on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, body = answer
            length = [(b"content-length", str(len(body)).encode())]
            headers = [] if status == HTTPStatus.NO_CONTENT else length
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Scope) -> tuple[int, bytes] | None:
        """What is answered in place of the server; none: pass it on."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        # A page from elsewhere sends both, and cannot choose what they say.
        hosts, origins = headers.get("host", []), headers.get("origin", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, b""
        if len(origins) > 1 or not self._origins.issuperset(origins):
            return HTTPStatus.FORBIDDEN, b""
        preflight = scope["type"] == "http" and scope["method"] == "OPTIONS" and origins
        if scope["type"] == "websocket" or preflight:
            return None
        return self._without_secret(scope, headers.get("authorization", []))

    def _without_secret(self, scope: Scope, given: list[str]) -> tuple[int, bytes] | None:
        """What those get who do not give the secret; the files of the page are open."""
        path: str = scope["path"]
        if path == PROOF:
            return self._prove(scope["query_string"].decode("latin-1"))
        if not path.startswith("/api") or (len(given) == 1 and _same(given[0], self._header)):
            return None
        if path in _ALIVE and scope["method"] == "GET":
            return HTTPStatus.NO_CONTENT, b""
        return HTTPStatus.UNAUTHORIZED, b""

    def _prove(self, query: str) -> tuple[int, bytes]:
        nonce, _, asked = query.partition(".")
        if not _same(asked, _sign(self._known, "ask", self._port, nonce)):
            return HTTPStatus.UNAUTHORIZED, b""
        return HTTPStatus.OK, _sign(self._known, "answer", self._port, nonce).encode()
