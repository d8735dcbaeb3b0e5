"""What the tests of hostile servers share with those of the pull."""

from __future__ import annotations

from pathlib import Path

import pytest

from screen.sources import materials_project as mp
from tests.materials_project.conftest import CAP, Connect, client, dial, told
from tests.materials_project.documents import Database, make_database
from tests.materials_project.emulator import Emulator

__all__ = ["client", "dial", "told"]


@pytest.fixture(scope="session")
def few() -> Database:
    """A database of one page a route."""
    return make_database(300, seed=2)


@pytest.fixture
def calm(few: Database, dial: Connect, tmp_path: Path) -> bytes:
    """The snapshot's table when nothing goes wrong."""
    with Emulator(few) as emulator:
        path = mp.pull_snapshot(dial(emulator), mp.Query(), tmp_path / "calm", CAP)
    assert path is not None
    return path.read_bytes()
