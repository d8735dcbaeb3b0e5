"""The newest snapshot in the user's folder, of energies by GGA/GGA+U."""

from __future__ import annotations

import os
from pathlib import Path

from screen.files import home
from screen.phases import Phases
from screen.sources import Source, snapshot, user_files


def file() -> Path:
    """The snapshot.

    Raises:
        DataError: if there is none.
    """
    return snapshot.latest(home(os.environ) / "snapshots")


def load() -> Phases:
    """Its phases."""
    return user_files.load(file())


SOURCE = Source("latest", load, file)
