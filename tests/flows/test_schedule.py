"""A schedule fires, in order and never early, and outlives its server and its serving process."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from flows import serve, server
from flows.parameters import WeeklyChoice
from tests.conftest import wait_until
from tests.flows.conftest import EACH_MINUTE, WAIT_S, Serving

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Restarted:
    """The serving process of the tests of flows after it was killed while a run went on.

    Attributes:
        lost: that run.
        at: when it was started again.
        said: how much it had said before.
    """

    lost: str
    at: float
    said: int


@pytest.fixture(scope="module")
def restarted(serving: Serving) -> Iterator[Restarted]:
    """Killed, its server with it, and started again with a run each minute until these tests end,
    since others need the processor.
    """
    rarely, said, lost = serving.every, len(serving.said), begin_a_run(serving)
    assert schedule(serving) == [(rarely, True)]
    serving.kill()
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    begun, serving.every = time.time(), EACH_MINUTE
    serving.start()
    assert wait_until(lambda: schedule(serving) != [(rarely, True)], WAIT_S, pause=0.5)
    try:
        yield Restarted(lost, begun, said)
    finally:
        serving.every = rarely
        serving.ask(f"deployments/{deployment(serving, 'weekly')['id']}/pause_deployment", {})


def deployment(serving: Serving, flow: str) -> dict[str, Any]:
    """That of a flow."""
    (found,) = (d for d in serving.deployments() if f"{flow}_flow" in d["entrypoint"])
    return found


def schedule(serving: Serving) -> list[tuple[str, bool]]:
    """Cron lines of the weekly flow, and whether each is in force."""
    found = deployment(serving, "weekly")["schedules"]
    return [(one["schedule"]["cron"], one["active"]) for one in found]


def due(serving: Serving) -> list[str]:
    """When runs of the schedule are due that have not begun."""
    body = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 200}
    found = serving.ask("flow_runs/filter", body)
    return [run["expected_start_time"] for run in found if run["auto_scheduled"]]


def started(run: dict[str, str]) -> datetime:
    return datetime.fromisoformat(run["start_time"])


def begin_a_run(serving: Serving) -> str:
    """A run that holds the one place of its deployment and that nobody works on; its id."""
    weekly = deployment(serving, "weekly")["id"]
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2099-01-01T00:00:00Z"}}
    found: list[str] = []

    def begun() -> bool:
        run = serving.ask(f"deployments/{weekly}/create_flow_run", {"state": later})
        body = {"state": {"type": "PENDING"}}
        reply = serving.ask(f"flow_runs/{run['id']}/set_state", body)
        found.append(run["id"])
        return bool(reply["status"] == "ACCEPT")

    assert wait_until(begun, WAIT_S, pause=5)
    return found[-1]


def test_a_schedule_is_replaced_or_kept_and_never_doubled(
    serving: Serving, restarted: Restarted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replaced by another cron line, kept by the same. What a serving process tells the server of
    its flows when it starts is told once more from here, since to start one more takes long.
    """
    del restarted  # with another line than before
    assert schedule(serving) == [(EACH_MINUTE, True)]
    before = deployment(serving, "weekly")
    options = WeeklyChoice.model_validate(before["parameters"]["options"])
    monkeypatch.setenv("SCREEN_HOME", str(serving.home))
    monkeypatch.setenv("PREFECT_API_URL", serving.url)
    with server.at_hand():
        registered = asyncio.run(serve._register(options, EACH_MINUTE, "UTC"))
    assert {str(one) for one in registered} == {d["id"] for d in serving.deployments()}
    after = deployment(serving, "weekly")
    assert (after["id"], after["parameters"]) == (before["id"], before["parameters"])
    assert schedule(serving) == [(EACH_MINUTE, True)]
    assert wait_until(lambda: bool(due(serving)), WAIT_S, pause=1)
    found = due(serving)
    assert len(found) == len(set(found))


def test_fires_in_order_and_never_early(serving: Serving, restarted: Restarted) -> None:
    assert wait_until(lambda: len(serving.scheduled()) >= 2, 2 * WAIT_S, pause=2)
    first, second = serving.scheduled()[:2]
    assert restarted.at < started(first).timestamp()
    assert datetime.fromisoformat(first["expected_start_time"]) <= started(first)
    assert datetime.fromisoformat(second["expected_start_time"]) <= started(second)
    assert started(first) < started(second)
    found = serving.ask("artifacts/filter", {"limit": 200, "sort": "CREATED_DESC"})
    changes = [one["data"] for one in found if one["key"] == "changes-li"]
    assert any("the first run for Li" in text for text in changes)
    assert "Traceback" not in serving.said[restarted.said :]


def test_a_run_that_was_lost_is_tried_again(serving: Serving, restarted: Restarted) -> None:
    """It does not stand in the way of those that follow."""
    lost = restarted.lost
    assert wait_until(lambda: bool(serving.run(lost)["end_time"]), WAIT_S, pause=1)
    names = [state["name"] for state in serving.states(lost)]
    assert "AwaitingRetry" in names
    assert serving.run(lost)["state_type"] in ("COMPLETED", "CANCELLED"), names
    assert len(serving.deployments()) == 4


def test_the_server_dies_while_a_run_starts(serving: Serving, restarted: Restarted) -> None:
    """It comes again by itself; then the run is tried again, and completes."""
    screening = deployment(serving, "screening")["id"]
    run = serving.ask(f"deployments/{screening}/create_flow_run", {"parameters": {}})["id"]
    assert wait_until(lambda: serving.run(run)["state_type"] == "PENDING", WAIT_S, pause=0.1)
    pid = serving.server_pid()
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    assert wait_until(serving.answers, WAIT_S)
    assert serving.server_pid() != pid
    assert wait_until(lambda: serving.run(run)["state_type"] == "COMPLETED", WAIT_S, pause=1)
    assert "Traceback" not in serving.said[restarted.said :]
