"""Begins the runs of served flows when they are due.

Prefect's own runner loads what the server names: an entrypoint, steps that fetch code, hooks. This
one takes from the server which of our flows to run, when, and with what parameters, and nothing
that could be code. Each run is a process of its own that ends with this one; a run that was lost,
with its process or with the server, is tried again.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, State, StateType
    from prefect.client.schemas.responses import OrchestrationResult

AT_ONCE = 2
"""Runs at a time; of one flow there is one."""
EVERY_S = 5.0
MOST_TRIES = 3
"""How often a run is tried that ends without saying why."""
LOST = "the run was lost with its process or the server"


@dataclass
class Runner:
    """Runs of some deployments.

    Args:
        flows: name of the flow of each deployment.
    """

    flows: Mapping[UUID, str]
    mine: dict[UUID, subprocess.Popen[bytes] | None] = field(default_factory=dict)
    """Runs begun here, with their processes; none: about to begin."""
    cancelled: set[UUID] = field(default_factory=set)

    async def turn(self, client: "PrefectClient") -> None:
        """See to what ended, is to be cancelled, is due.

        Raises:
            httpx.HTTPError, OSError: if the server is away; what is left is done in the next turn.
        """
        await self._end(client)
        await self._cancel(client)
        await self._begin(client)

    async def take_over(self, client: "PrefectClient") -> None:
        """Try again what a serving process before this one began and did not end: else it would
        count as running for ever, and all that follow be cancelled.
        """
        from prefect.client.schemas.objects import StateType

        for run in await self._runs(
            client, (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
        ):
            if run.id not in self.mine:
                await self._settle(client, run)

    def stop(self) -> None:
        """End all runs that go on; the next serving process tries them again."""
        for process in self.mine.values():
            if process is not None:
                process.kill()
                process.wait()

    async def _runs(
        self, client: "PrefectClient", types: "tuple[StateType, ...]"
    ) -> "list[FlowRun]":
        from prefect.client.schemas.filters import (
            DeploymentFilter,
            DeploymentFilterId,
            FlowRunFilter,
            FlowRunFilterState,
            FlowRunFilterStateType,
        )

        of_type = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
        return await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(self.flows))),
            flow_run_filter=FlowRunFilter(state=of_type),
        )

    async def _end(self, client: "PrefectClient") -> None:
        for run_id, process in list(self.mine.items()):
            if process is None or process.poll() is not None:
                await self._settle(client, await client.read_flow_run(run_id))
                del self.mine[run_id]
                self.cancelled.discard(run_id)

    async def _settle(self, client: "PrefectClient", run: "FlowRun") -> None:
        """Give a run without a process the state that it should have."""
        from prefect.states import AwaitingRetry, Cancelled, Crashed

        state = run.state
        if state is None or state.is_scheduled() or state.is_paused():
            return
        if run.id in self.cancelled or state.is_cancelling():
            if not state.is_final():
                await client.set_flow_run_state(run.id, Cancelled(message="cancelled"))
            return
        if state.is_final() and not state.is_crashed():
            return
        if not state.is_final():
            await client.set_flow_run_state(run.id, Crashed(message=LOST))
        lost = [s for s in await client.read_flow_run_states(run.id) if s.is_crashed()]
        if len(lost) < MOST_TRIES:
            when = datetime.now(UTC) + timedelta(seconds=EVERY_S * len(lost))
            await client.set_flow_run_state(run.id, AwaitingRetry(scheduled_time=when))

    async def _cancel(self, client: "PrefectClient") -> None:
        from prefect.client.schemas.objects import StateType

        if not self.mine:
            return
        for run in await self._runs(client, (StateType.CANCELLING,)):
            process = self.mine.get(run.id)
            if process is not None:
                self.cancelled.add(run.id)
                process.kill()

    async def _begin(self, client: "PrefectClient") -> None:
        from prefect.client.schemas.responses import SetStateStatus
        from prefect.states import Pending

        due = await client.get_scheduled_flow_runs_for_deployments(
            list(self.flows), scheduled_before=datetime.now(UTC)
        )
        for run in sorted(due, key=lambda run: str(run.next_scheduled_start_time)):
            name = self.flows.get(run.deployment_id) if run.deployment_id else None
            if name is None or run.id in self.mine or len(self.mine) >= AT_ONCE:
                continue
            self.mine[run.id] = None  # if the answer is lost, the next turn asks what it was
            answer: OrchestrationResult[State] = await client.set_flow_run_state(run.id, Pending())
            if answer.status == SetStateStatus.ACCEPT:
                self.mine[run.id] = _start(run.id, name)
            else:
                del self.mine[run.id]


def _start(run_id: UUID, name: str) -> subprocess.Popen[bytes]:
    """The process of a run; not in the group of the terminal, whose Ctrl-C is for this one."""
    return subprocess.Popen(
        [sys.executable, "-m", "flows.served", str(run_id), name],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
