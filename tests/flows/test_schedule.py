"""A schedule fires, in order and never early, and outlives its server and its serving process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

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
    serving.kill()
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    begun, serving.every = time.time(), EACH_MINUTE
    serving.start()
    try:
        yield Restarted(lost, begun, said)
    finally:
        serving.every = rarely
        serving.ask(f"deployments/{deployment(serving, 'weekly')}/pause_deployment", {})


def deployment(serving: Serving, flow: str) -> str:
    """Id of the deployment of a flow."""
    (found,) = (d["id"] for d in serving.deployments() if f"{flow}_flow" in d["entrypoint"])
    return str(found)


def started(run: dict[str, str]) -> datetime:
    return datetime.fromisoformat(run["start_time"])


def begin_a_run(serving: Serving) -> str:
    """A run that holds the one place of its deployment and that nobody works on; its id."""
    weekly = deployment(serving, "weekly")
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


def test_fires_in_order_and_never_early(serving: Serving, restarted: Restarted) -> None:
    assert wait_until(lambda: len(serving.scheduled()) >= 2, 2 * WAIT_S, pause=2)
    first, second = serving.scheduled()[:2]
    assert restarted.at < started(first).timestamp()
    assert datetime.fromisoformat(first["expected_start_time"]) <= started(first)
    assert datetime.fromisoformat(second["expected_start_time"]) <= started(second)
    assert started(first) < started(second)
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
    screening = deployment(serving, "screening")
    run = serving.ask(f"deployments/{screening}/create_flow_run", {"parameters": {}})["id"]
    assert wait_until(lambda: serving.run(run)["state_type"] == "PENDING", WAIT_S, pause=0.1)
    pid = serving.server_pid()
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    assert wait_until(serving.answers, WAIT_S)
    assert serving.server_pid() != pid
    assert wait_until(lambda: serving.run(run)["state_type"] == "COMPLETED", WAIT_S, pause=1)
    assert "Traceback" not in serving.said[restarted.said :]
