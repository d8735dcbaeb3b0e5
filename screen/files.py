"""Where the user's files are kept, and writing one whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

_LONGEST = 200
"""Characters of a file's name that the name of its temporary neighbour repeats."""
_READ_BY_ALL = 0o666
"""Less what the user's umask takes away."""


def home(environment: Mapping[str, str]) -> Path:
    """Folder of what is kept between calls: SCREEN_HOME, or the user's cache folder."""
    given = environment.get("SCREEN_HOME")
    return Path(given) if given else Path(platformdirs.user_cache_dir("screen"))


def name_beside(path: Path) -> Path:
    """A hidden name in the same folder that nobody can foresee."""
    return path.with_name(f".{path.name[:_LONGEST]}.{secrets.token_hex(8)}")


def write_aside(path: Path, data: bytes) -> None:
    """Write to a temporary name, flush to disk, rename; folders are made as needed.

    Raises:
        OSError: as the system gives it; nothing is left behind.
    """
    aside = _written_beside(path, data, _READ_BY_ALL)
    try:
        aside.replace(path)
    except BaseException:
        _remove(aside)
        raise


def create(path: Path, data: bytes, mode: int = _READ_BY_ALL) -> bool:
    """Write a whole file that must not be there yet; of several who try at once, one does.

    Returns:
        Whether it was written; it was not if something of that name is there.

    Raises:
        OSError: as the system gives it; nothing is left behind.
    """
    aside = _written_beside(path, data, mode)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return False
    finally:
        _remove(aside)
    return True


def _written_beside(path: Path, data: bytes, mode: int) -> Path:
    """A new file with a temporary name; never one that was there, nor where a link points to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = name_beside(path)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        _remove(aside)
        raise
    return aside


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
