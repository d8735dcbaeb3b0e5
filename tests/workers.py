"""Which tests one worker runs one after the other, and which begin first."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

FLOWS = "tests/flows/"
WAITING = "tests/engines/test_postgres.py"
"""It mostly waits, so that meanwhile the other workers have the processor."""
CLIENT = ("tests/materials_project/", "tests/hostile/test_servers.py")
"""Those that import the client of the Materials Project, which takes seconds."""
LONG = (
    "tests/report/test_browser.py",
    "tests/test_training.py",
    "tests/test_extending.py",
    "tests/materials_project/",
    "tests/test_cli.py",
)


def group_of(nodeid: str) -> str:
    """A file; those of flows are one group, since they share a server that takes long to start, and
    so are those that import the client.
    """
    file = nodeid.split("::", 1)[0]
    if file.startswith(CLIENT):
        return CLIENT[0]
    return FLOWS if file.startswith(FLOWS) else file


def turn_of(nodeid: str) -> int:
    """First what takes longest, so that no worker is left with it at the end."""
    first = (FLOWS, WAITING, *LONG)
    group = group_of(nodeid)
    return first.index(group) if group in first else len(first)


def scheduling(config: pytest.Config, log: Any) -> Any:
    """By these groups in place of files."""
    made = LoadFileScheduling(config, log)
    made._split_scope = group_of
    return made
