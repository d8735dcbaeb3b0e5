"""Commands that write, killed at some of their steps; by hand at all: see tests/hostile/kills.py.

Those of `pull`, `literature add` and the flows have tests of their own beside their commands.
"""

from __future__ import annotations

from tests.hostile import kills


def test_a_kill_loses_nothing_and_the_next_call_goes_on() -> None:
    """At the first step of each command that writes a folder, the last, and one in the middle."""
    found = kills.run("--kills", "3", "rank again", "report", "shortlist")
    assert [row["command"] for row in found] == ["rank again", "report", "shortlist"]
    for row in found:
        assert row["steps"] > 2
        assert row["kills"] == 3
        assert not row["wrong"], row
