"""A schedule fires, in order and never early, and outlives its server and its serving process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.conftest import wait_until
from tests.flows.conftest import EACH_MINUTE, WAIT_S, Options, Serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, quick: Options) -> Iterator[Serving]:
    """One that has a run to start each minute."""
    served = Serving(tmp_path_factory.mktemp("schedule"), EACH_MINUTE, quick)
    try:
        yield served
    finally:
        served.stop()


def started(run: dict[str, str]) -> datetime:
    return datetime.fromisoformat(run["start_time"])


def begin_a_run(serving: Serving) -> str:
    """A run that holds the one place of its deployment and that nobody works on; its id."""
    (weekly,) = (d for d in serving.deployments() if "weekly" in d["entrypoint"])
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2099-01-01T00:00:00Z"}}
    found: list[str] = []

    def begun() -> bool:
        run = serving.ask(f"deployments/{weekly['id']}/create_flow_run", {"state": later})
        body = {"state": {"type": "PENDING"}}
        reply = serving.ask(f"flow_runs/{run['id']}/set_state", body)
        found.append(run["id"])
        return bool(reply["status"] == "ACCEPT")

    assert wait_until(begun, WAIT_S, pause=5)
    return found[-1]


def test_fires_in_order_and_never_early(serving: Serving) -> None:
    assert wait_until(lambda: len(serving.scheduled()) >= 2, 2 * WAIT_S, pause=2)
    first, second = serving.scheduled()[:2]
    assert datetime.fromisoformat(first["expected_start_time"]) <= started(first)
    assert datetime.fromisoformat(second["expected_start_time"]) <= started(second)
    assert started(first) < started(second)
    assert "Traceback" not in serving.said


def test_the_server_dies_while_a_run_starts(serving: Serving) -> None:
    """It comes again by itself; then the run is tried again, and completes."""
    (found,) = (d for d in serving.deployments() if "screening_flow" in d["entrypoint"])
    run = serving.ask(f"deployments/{found['id']}/create_flow_run", {"parameters": {}})["id"]
    assert wait_until(lambda: serving.run(run)["state_type"] == "PENDING", WAIT_S, pause=0.1)
    pid = serving.server_pid()
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    assert wait_until(serving.answers, WAIT_S)
    assert serving.server_pid() != pid
    assert wait_until(lambda: serving.run(run)["state_type"] == "COMPLETED", WAIT_S, pause=1)
    assert "Traceback" not in serving.said


def test_the_serving_process_dies_while_a_run_goes_on(serving: Serving) -> None:
    """Its server with it. Started again, it keeps the schedule; the lost run is tried again, and
    does not stand in the way of those that follow.
    """
    lost = begin_a_run(serving)
    serving.kill()
    assert wait_until(lambda: not serving.answers(), WAIT_S)
    begun = time.time()
    serving.start()

    def fired() -> bool:
        return any(started(run).timestamp() > begun for run in serving.scheduled())

    assert wait_until(fired, WAIT_S, pause=2)
    assert wait_until(lambda: bool(serving.run(lost)["end_time"]), WAIT_S, pause=1)
    names = [state["name"] for state in serving.states(lost)]
    assert "AwaitingRetry" in names
    assert serving.run(lost)["state_type"] in ("COMPLETED", "CANCELLED"), names
    assert len(serving.deployments()) == 4
