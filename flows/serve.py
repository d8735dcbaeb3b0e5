"""Serve the flows by a schedule: `python -m flows.serve --every "0 6 * * 1" --anode Li`.

A Prefect server that answers is used, else one of our own is started and kept up. Nothing is lost
when server or this process end: the next start goes on with the same schedules and runs.
"""

import asyncio
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from flows import quiet, server
from flows.__main__ import (
    Address,
    Anodes,
    Batch,
    DoPull,
    DoTrain,
    File,
    Results,
    Roles,
    Runner,
    Selected,
    Source,
    Systems,
    Top,
    Webhook,
    Workers,
    given,
    main,
    weekly_options,
)
from flows.parameters import Weekly
from screen.errors import NetworkError, UsageError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PORT = 4200
_AGAIN_S = 5.0


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def serve_command(
    every: Annotated[
        str, typer.Option(help='Cron line: minute hour day month weekday. "0 6 * * 1": Monday, 6.')
    ] = "0 6 * * 1",
    zone: Annotated[str, typer.Option(help="Time zone of it, as Europe/Berlin.")] = "UTC",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of a server of our own.")] = PORT,
    anode: Anodes = None,
    source: Source = None,
    gaps: File = None,
    moduli: File = None,
    add: File = None,
    role: Roles = None,
    selected: Selected = False,
    config: File = None,
    results: Results = None,
    batch: Batch = None,
    runner: Runner = None,
    workers: Workers = None,
    address: Address = None,
    pull: DoPull = False,
    chemsys: Systems = None,
    train: DoTrain = False,
    top: Top = None,
    webhook: Webhook = None,
) -> None:
    """Run the weekly flow by a schedule until stopped; the other flows are served without one."""
    check_cron(every, zone)
    options = weekly_options(
        given(
            anodes=anode,
            source=source,
            gaps=gaps,
            moduli=moduli,
            add=add,
            roles=role,
            selected=selected,
            config=config,
            results=(results or Path("results")).absolute(),
            batch=batch,
            runner=runner,
            workers=workers,
            address=address,
            top=top,
            webhook=webhook,
        ),
        pull=pull,
        chemsys=chemsys,
        train=train,
    )
    with server.at_hand(port) as url:
        quiet.install()
        print(f"serving 'weekly' at {every!r} ({zone}); page: {url.removesuffix('/api')}")
        print("stop with Ctrl-C", flush=True)
        serve(options, every, zone)


def check_cron(line: str, zone: str) -> None:
    """Refuse what is no cron line or no time zone.

    Raises:
        UsageError: with an example.
    """
    from prefect.client.schemas.schedules import CronSchedule  # a second

    try:
        CronSchedule(cron=line, timezone=zone)
        if len(line.split()) != 5:
            raise ValueError("seconds and years are no part of it")
    except ValueError as error:
        raise UsageError(
            f"--every {line!r} in {zone!r} is no cron line with a time zone: minute hour day month "
            'weekday, such as "0 6 * * 1" for Monday at six, in UTC'
        ) from error


def serve(options: Weekly, cron: str, zone: str) -> None:
    """Serve until stopped; begin again when the server was away for long."""
    # Stopped by SIGTERM, Prefect's runner warns of a coroutine of its own.
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop' was never awaited", RuntimeWarning)
    first = True
    while True:
        try:
            with quiet.no_tracebacks():
                asyncio.run(_serve(options, cron, zone, first=first))
            return
        except KeyboardInterrupt:
            return
        except Exception as error:  # the runner gives up in many ways when the server is away
            try:
                server.check(os.environ["PREFECT_API_URL"])
            except NetworkError as away:
                print(f"waiting: {away}", file=sys.stderr, flush=True)
            else:
                print(f"beginning again: {type(error).__name__}", file=sys.stderr, flush=True)
            first = False
            time.sleep(_AGAIN_S)


async def _serve(options: Weekly, cron: str, zone: str, *, first: bool) -> None:
    """One runner for all deployments."""
    from prefect.client.schemas.objects import (
        ConcurrencyLimitConfig,
        ConcurrencyLimitStrategy,
    )
    from prefect.runner import Runner as FlowRunner
    from prefect.schedules import Cron

    from flows.screening import screening_flow
    from flows.snapshot import snapshot_flow
    from flows.training import training_flow
    from flows.weekly import weekly_flow

    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    parameters = {"options": options.model_dump(mode="json", exclude_defaults=True)}
    runner = FlowRunner(name="screen", pause_on_shutdown=False, limit=2)
    served = await weekly_flow.ato_deployment(
        name="served",
        schedules=[Cron(cron, timezone=zone)],
        parameters=parameters,
        concurrency_limit=alone,
        enforce_parameter_schema=False,
    )
    ids = [await runner.aadd_deployment(served)]
    for flow in (screening_flow, snapshot_flow, training_flow):
        deployment = await flow.ato_deployment(
            name="served", concurrency_limit=alone, enforce_parameter_schema=False
        )
        ids.append(await runner.aadd_deployment(deployment))
    if first:
        await _end_lost_runs(ids)
    await runner.start()


async def _end_lost_runs(deployments: list[UUID]) -> None:
    """Call runs crashed that a serving process before this one began and did not end: else they
    would count as running for ever, and all that follow be cancelled.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    begun = FlowRunFilterStateType(
        any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    )
    async with get_client() as client:
        lost = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=deployments)),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=begun)),
        )
        for run in lost:
            said = "the serving process ended before this run did; the next one goes on with it"
            await client.set_flow_run_state(run.id, Crashed(message=said))


if __name__ == "__main__":
    sys.exit(main(program=app))
