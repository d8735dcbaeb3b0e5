"""A folder written whole or not at all, also where an earlier one is in its place."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from screen.files import name_beside

_EARLIER = ".earlier"
"""Ends the name of a folder that is being replaced."""


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder aside and put it in the place of the earlier one, if there is one.

    Args:
        fill: writes the files into the folder that it is given.

    Raises:
        OSError: as the system gives it; the earlier folder is there still.
    """
    aside = name_beside(folder)
    aside.mkdir(parents=True)
    try:
        fill(aside)
        _replace(folder, aside)
    finally:
        for leftover in (aside, *_abandoned(folder)):
            shutil.rmtree(leftover, ignore_errors=True)


def _replace(folder: Path, new: Path) -> None:
    """Put one folder in the place of another.

    A kill between the two renames hides the earlier one; whoever looks for it next brings it back.
    """
    while True:
        earlier = new.with_name(f"{name_beside(folder).name}{_EARLIER}")
        if folder.exists():
            folder.rename(earlier)
        try:
            new.rename(folder)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                continue  # another command was faster
            bring_back(folder)
            raise
        finally:
            if folder.exists():
                shutil.rmtree(earlier, ignore_errors=True)
        return


def _beside(folder: Path) -> list[Path]:
    """What commands put beside a folder while they wrote it."""
    with suppress(OSError):
        return [p for p in folder.parent.iterdir() if p.name.startswith(f".{folder.name}.")]
    return []


def bring_back(folder: Path) -> None:
    """Undo the first of the two renames of a command that was killed before the second."""
    if not folder.exists():
        earlier = [path for path in _beside(folder) if path.suffix == _EARLIER]
        for path in sorted(earlier, key=lambda path: path.stat().st_mtime)[-1:]:
            with suppress(OSError):
                path.rename(folder)


def _abandoned(folder: Path) -> list[Path]:
    """What commands left beside a folder that were killed more than a day ago."""
    found, oldest = [], time.time() - 86400
    for path in _beside(folder):
        with suppress(OSError):  # another command removes it, too
            if path.stat().st_mtime < oldest and folder.exists():
                found.append(path)
    return found
