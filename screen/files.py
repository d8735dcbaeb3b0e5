"""Where the user's files are kept, and writing one whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs


def home(environment: Mapping[str, str]) -> Path:
    """Folder of what is kept between calls: SCREEN_HOME, or the user's cache folder."""
    given = environment.get("SCREEN_HOME")
    return Path(given) if given else Path(platformdirs.user_cache_dir("screen"))


def write_aside(path: Path, data: bytes) -> None:
    """Write to a temporary name, flush to disk, rename; folders are made as needed.

    Raises:
        OSError: as the system gives it; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
