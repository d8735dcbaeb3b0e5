"""The newest snapshot in the user's folder, of energies by r2SCAN."""

from __future__ import annotations

import os
from pathlib import Path

from screen.files import home
from screen.phases import Phases
from screen.sources import Source, schemes, snapshot, user_files


def file() -> Path:
    """The snapshot.

    Raises:
        DataError: if there is none.
    """
    return snapshot.latest(home(os.environ) / "snapshots", schemes.MP_R2SCAN)


def load() -> Phases:
    """Its phases."""
    return user_files.load(file())


SOURCE = Source("latest-r2scan", load, file)
