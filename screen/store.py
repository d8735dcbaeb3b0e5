"""What is kept between commands: pages of a pull, structure results, batches, models of own rows.

An entry has a kind and a key, the digest of all that its content depends on. It carries a checksum
of key and content: one that does not fit is as good as none, and what it held is made anew. Entries
are written whole or not at all, so a command may be killed at any time and several may run at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screen import files
from screen.errors import DataError

MARK = b"screen 1 "
"""Begins each entry, before its checksum; of another number when entries are laid out otherwise."""
KEPT_DAYS = {"plans": 30, "batches": 30, "pages": 30}
"""Days after which an entry goes that nothing has read or written since, by the first word of its
kind. Others stay: they take long to make, or belong to what the user has made.
"""
_DAY_S = 86400.0


def key_of(*parts: Any) -> str:
    """Digest of plain data, in which the order of keys is of no account."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def keep(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        DataError: if there is no room or no right to.
    """
    try:
        files.write_aside(path, data)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write {path}: {error.strerror or error}; make room or choose another place with "
        "SCREEN_HOME, then run the same command again to go on"
    )


@dataclass(frozen=True)
class Store:
    """Entries in the folders of their kinds.

    Args:
        root: folder of all of them.
    """

    root: Path

    def path(self, kind: str, key: str) -> Path:
        """Where an entry is, if there is one."""
        return self.root / kind / key

    def get(self, kind: str, key: str) -> bytes | None:
        """Content of an entry, checked whole; none if there is no such entry, or it is damaged."""
        path = self.path(kind, key)
        content = read(path, kind, key)
        with suppress(OSError):
            if content is not None and time.time() - path.stat().st_mtime > _DAY_S:
                os.utime(path)  # it is of use still
        return content

    def put(self, kind: str, key: str, content: bytes) -> Path:
        """Keep an entry.

        Raises:
            DataError: if there is no room or no right to.
        """
        path = self.path(kind, key)
        write(path, kind, key, content)
        return path

    def drop(self, kind: str) -> None:
        """Remove all entries of a kind; what cannot be removed stays."""
        shutil.rmtree(self.root / kind, ignore_errors=True)

    def prune(self) -> None:
        """Remove what is no longer of use, and what killed commands left; what cannot be removed
        stays.
        """
        now = time.time()
        with suppress(OSError):
            for folder in self.root.iterdir():
                kept = KEPT_DAYS.get(folder.name.partition("-")[0])
                for path in folder.iterdir() if folder.is_dir() else ():
                    days = 1 if path.name.startswith(".") else kept
                    with suppress(OSError):  # another command removes it, too
                        if days is not None and now - path.stat().st_mtime > days * _DAY_S:
                            path.unlink()

    @contextmanager
    def alone(self, name: str, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
        """Wait until no other process does what has this name; a kill lets go of it, too.

        Args:
            tell: told if there is something to wait for.

        Raises:
            DataError: if the folder cannot be written.
        """
        path = self.root / f"{name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"another command works on this in {self.root}; waiting for its end")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def write(path: Path, kind: str, key: str, content: bytes) -> None:
    """Write an entry that has a place of its own.

    Raises:
        DataError: if there is no room or no right to.
    """
    keep(path, MARK + _checksum(kind, key, content) + b"\n" + content)


def read(path: Path, kind: str, key: str) -> bytes | None:
    """Its content, checked whole; none if there is no such file, or it is damaged."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if head == MARK + _checksum(kind, key, content) else None


def _checksum(kind: str, key: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{kind}\n{key}\n".encode() + content).hexdigest().encode()


def of(home: Path) -> Store:
    """The store in a folder that serves as SCREEN_HOME."""
    return Store(home / "store")


def of_home() -> Store:
    """The store in SCREEN_HOME, or in the user's cache folder."""
    return of(files.home(os.environ))
