"""The Prefect server: the one that is there, or one of our own that ends with us."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from screen.errors import NetworkError

USUAL_PORT = 4200
START_S = 180.0
"""How long a server may take to start on a busy machine."""
_PARENT = "SCREEN_SERVER_PARENT"


def server_version(url: str, timeout_s: float = 10.0) -> str:
    """Version of the server at an address.

    Raises:
        NetworkError: if none answers, or what answers is no Prefect server.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/admin/version", timeout=timeout_s) as reply:
            text = str(reply.read(100), "utf-8", "replace").strip().strip('"')
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"no Prefect server answers at {url} ({_said(error)}); start it, mend PREFECT_API_URL, "
            "or unset that for a server of our own"
        ) from error
    if not text[:1].isdigit():
        raise NetworkError(f"what answers at {url} is no Prefect server; mend PREFECT_API_URL")
    return text


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)[:80]


def check(url: str) -> None:
    """Refuse a server that flows cannot be run against.

    Raises:
        NetworkError: for none, or one of another major version.
    """
    theirs, ours = server_version(url), version("prefect")
    if theirs.split(".")[0] != ours.split(".")[0]:
        raise NetworkError(
            f"the Prefect server at {url} is of version {theirs}, this program has {ours}: major "
            "versions must be the same; install one or the other anew"
        )


def found(port: int = USUAL_PORT) -> str | None:
    """Address of the server to use, if there is one: that of PREFECT_API_URL, or of this port here.

    Raises:
        NetworkError: if that of PREFECT_API_URL cannot be used.
    """
    given = os.environ.get("PREFECT_API_URL")
    if given:
        check(given)
        return given
    here = f"http://127.0.0.1:{port}/api"
    try:
        server_version(here, timeout_s=2)
    except NetworkError:
        return None
    check(here)
    return here


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
    url = found(USUAL_PORT if port is None else port)
    if url is not None:
        with _as_api(url):
            yield url
        return
    own = Own(free_port() if port is None else port, whole=port is not None)
    try:
        with _as_api(own.url):
            try:
                yield own.url
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
        folder.mkdir(parents=True, exist_ok=True)
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
def _as_api(url: str) -> Iterator[None]:
    """Make an address that of Prefect, in this process and those that it starts."""
    from prefect.settings import PREFECT_API_URL, temporary_settings  # a second

    before = os.environ.get("PREFECT_API_URL")
    os.environ["PREFECT_API_URL"] = url
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            yield
    finally:
        if before is None:
            del os.environ["PREFECT_API_URL"]
        else:
            os.environ["PREFECT_API_URL"] = before


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Own:
    """A server of our own on this machine; it ends with us, however we end.

    Args:
        whole: with schedules and web page, and started again if it ends by itself.
    """

    def __init__(self, port: int, *, whole: bool) -> None:
        self.port, self.whole = port, whole
        self.url = f"http://127.0.0.1:{port}/api"
        self._ending = threading.Event()
        self._process = self._start()
        if whole:
            threading.Thread(target=self._watch, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        folder = _make_home()
        log = folder / "server.log"
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
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT__SERVER_FINAL": "1",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        }
        small = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_UI_ENABLED": "0"}
        return here if self.whole else here | small

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
                raise NetworkError(f"the Prefect server did not start: {said[:120]} (see {log})")
            with suppress(NetworkError):
                server_version(self.url, timeout_s=2)
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

    parent = int(os.environ[_PARENT])

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
