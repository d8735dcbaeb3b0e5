"""The Prefect server: the one that is there, or one of our own that ends with us."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from flows import access
from screen.errors import NetworkError

USUAL_PORT = 4200
START_S = 180.0
"""How long a server may take to start on a busy machine."""
_PARENT = "SCREEN_SERVER_PARENT"


class Address(NamedTuple):
    """Where a server is, and `user:password` if it wants them."""

    url: str
    auth: str | None = None


def server_version(url: str, auth: str | None = None, timeout_s: float = 10.0) -> str:
    """Version of the server at an address.

    Args:
        auth: `user:password`, if it wants them.

    Raises:
        NetworkError: if none answers, it does not take the password, or is no Prefect server.
    """
    try:
        status, said = access.get(
            url, "/admin/version", access.authorization(auth), timeout_s=timeout_s
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NetworkError(
            f"no Prefect server answers at {url} ({str(reason)[:80]}); start it, mend "
            "PREFECT_API_URL, or unset that for a server of our own"
        ) from error
    if status == HTTPStatus.UNAUTHORIZED:
        raise NetworkError(
            f"the Prefect server at {url} wants {'another' if auth else 'a'} password; set "
            "PREFECT_API_AUTH_STRING to its PREFECT_SERVER_API_AUTH_STRING"
        )
    text = said.strip().strip('"')
    if status != HTTPStatus.OK or not text[:1].isdigit():
        raise NetworkError(f"what answers at {url} is no Prefect server; mend PREFECT_API_URL")
    return text


def check(at: Address) -> None:
    """Refuse a server that flows cannot be run against.

    Raises:
        NetworkError: for none, or one of another major version.
    """
    theirs, ours = server_version(at.url, at.auth), version("prefect")
    if theirs.split(".")[0] != ours.split(".")[0]:
        raise NetworkError(
            f"the Prefect server at {at.url} is of version {theirs}, this program has {ours}: "
            "major versions must be the same; install one or the other anew"
        )


def found(port: int = USUAL_PORT) -> Address | None:
    """The server to use, if there is one: that of PREFECT_API_URL, or one of this SCREEN_HOME.

    What else listens at the port is left alone: on a machine with several users, it may be
    anybody's.

    Raises:
        NetworkError: if that of PREFECT_API_URL cannot be used.
    """
    given = os.environ.get("PREFECT_API_URL")
    url = given or f"http://127.0.0.1:{port}/api"
    if access.is_ours(url, access.secret()):
        at = Address(url, access.secret())
    elif given:
        at = Address(url, os.environ.get("PREFECT_API_AUTH_STRING"))
    else:
        return None
    check(at)
    return at


@contextmanager
def at_hand(port: int | None = None) -> Iterator[str]:
    """The address of a server for as long as this lasts, also as PREFECT_API_URL.

    Args:
        port: of one of our own if none is there, with schedules and web page; none: any free port,
            without them, which starts faster.

    Raises:
        NetworkError: if none can be used or started.
    """
    _make_home()
    there = found(USUAL_PORT if port is None else port)
    if there is not None:
        with _as_api(there):
            yield there.url
        return
    own = Own(free_port() if port is None else port, whole=port is not None)
    try:
        with _as_api(own.at):
            try:
                yield own.at.url
            finally:
                _drain()
    finally:
        own.stop()


def _make_home() -> Path:
    """The folder of Prefect's files.

    Raises:
        NetworkError: if it cannot be made.
    """
    folder = Path(os.environ["PREFECT_HOME"])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NetworkError(
            f"cannot write {folder}: {error.strerror or error}; set SCREEN_HOME or PREFECT_HOME to "
            "a folder that can be written"
        ) from error
    return folder


def _drain() -> None:
    """Send what is left of logs and events while there is a server to take it."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=10)


@contextmanager
def _as_api(at: Address) -> Iterator[None]:
    """Make a server that of Prefect, in this process and those that it starts."""
    from prefect.settings import (  # a second
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        temporary_settings,
    )

    ours = {"PREFECT_API_URL": at.url} | ({"PREFECT_API_AUTH_STRING": at.auth} if at.auth else {})
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        auth = {PREFECT_API_AUTH_STRING: at.auth} if at.auth else {}
        with temporary_settings({PREFECT_API_URL: at.url} | auth):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NetworkError(
                f"port {port} cannot be used ({error.strerror}): another program has it; choose "
                "another with --port, or set PREFECT_API_URL to a Prefect server of your own"
            ) from error


class Own:
    """A server of our own on this machine; it ends with us, however we end.

    Args:
        whole: with schedules and web page, and started again if it ends by itself.
    """

    def __init__(self, port: int, *, whole: bool) -> None:
        self.port, self.whole = port, whole
        self.at = Address(f"http://127.0.0.1:{port}/api", access.secret())
        self._ending = threading.Event()
        self._process = self._start()
        if whole:
            threading.Thread(target=self._watch, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        folder = _make_home()
        log = folder / "server.log"
        _refuse_taken(self.port)
        try:
            with (folder / "start.lock").open("w") as lock, log.open("ab") as output:
                fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time makes the tables of the database
                process = subprocess.Popen(
                    [sys.executable, "-m", "flows.server", str(self.port)],
                    env=os.environ | self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
                self._wait(process, log)
        except OSError as error:
            raise NetworkError(
                f"cannot start a Prefect server in {folder}: {error.strerror or error}; make room, "
                "or set PREFECT_HOME"
            ) from error
        return process

    def _environment(self) -> dict[str, str]:
        here = {
            _PARENT: str(os.getpid()),
            "PREFECT_API_URL": self.at.url,
            "PREFECT_API_AUTH_STRING": str(self.at.auth),
            "PREFECT_SERVER_API_AUTH_STRING": str(self.at.auth),
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{self.port},"
            f"http://localhost:{self.port}",
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT__SERVER_FINAL": "1",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        }
        small = {
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT_UI_ENABLED": "0",
            # Blocks are for its page alone: to register them takes a second.
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "0",
            "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "0",
        }
        return here if self.whole else here | small

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
                raise NetworkError(f"the Prefect server did not start: {said[:120]} (see {log})")
            if access.is_ours(self.at.url, str(self.at.auth)):
                return
            time.sleep(0.1)
        process.kill()
        process.wait()
        raise NetworkError(f"the Prefect server did not start in {START_S:.0f} s (see {log})")

    def _watch(self) -> None:
        while not self._ending.wait(1.0):
            if self._process.poll() is not None and not self._ending.is_set():
                with suppress(NetworkError):
                    self._process = self._start()

    def stop(self) -> None:
        """End it and wait until it has."""
        self._ending.set()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _serve(port: int) -> None:
    """Be the server, until the process that started it is gone."""
    import uvicorn
    from prefect.server.api.server import create_app

    end_with(int(os.environ[_PARENT]))
    uvicorn.run(
        access.Guard(create_app(), port, os.environ["PREFECT_SERVER_API_AUTH_STRING"]),
        host="127.0.0.1",
        port=port,
        proxy_headers=False,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone, however that went."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
