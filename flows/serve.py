"""Serve the flows by a schedule: `python -m flows.serve --every "0 6 * * 1" --anode Li`.

The Prefect server of PREFECT_API_URL is used, else one of our own is started and kept up. Nothing
is lost when server or this process end: the next start goes on with the same schedules and runs.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from flows import access, runner, server
from flows.__main__ import DoPull, DoTrain, Systems, flow_of, main, of_weekly, weekly_options
from flows.commands import given
from flows.parameters import WeeklyChoice, fix, told
from screen.errors import UsageError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PORT = 4200
_OPEN = (
    "whoever reaches it can begin runs and read what they say; set PREFECT_SERVER_API_AUTH_STRING "
    "there and PREFECT_API_AUTH_STRING here (see flows/README.md)"
)


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
@of_weekly
def serve_command(
    every: Annotated[
        str, typer.Option(help='Cron line: minute hour day month weekday. "0 6 * * 1": Monday, 6.')
    ] = "0 6 * * 1",
    zone: Annotated[str, typer.Option(help="Time zone of it, as Europe/Berlin.")] = "UTC",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of a server of our own.")] = PORT,
    pull: DoPull = False,
    chemsys: Systems = None,
    train: DoTrain = False,
    **options: Any,
) -> None:
    """Run the weekly flow by a schedule until stopped; the other flows are served without one."""
    check_cron(every, zone)
    options["results"] = (options["results"] or Path("results")).absolute()
    wanted = weekly_options(given(options), pull=pull, chemsys=chemsys, train=train)
    with server.at_hand(port) as url:
        print(f"serving 'weekly' at {every!r} ({zone}); page: {url.removesuffix('/api')}")
        if access.is_ours(url, access.secret()):
            print(f"the page asks for a password: the line in {access.secret_path()}")
        elif not os.environ.get("PREFECT_API_AUTH_STRING"):
            print(f"warning: {url} asks for no password: {_OPEN}", file=sys.stderr)
        print("stop with Ctrl-C", flush=True)
        fix(wanted)
        serve(told(WeeklyChoice, wanted), every, zone)


def check_cron(line: str, zone: str) -> None:
    """Refuse what is no cron line or no time zone.

    Raises:
        UsageError: with an example.
    """
    try:
        if len(line.split()) != 5:
            raise ValueError("seconds and years are no part of it")
        from prefect.client.schemas.schedules import CronSchedule  # a second

        CronSchedule(cron=line, timezone=zone)
    except ValueError as error:
        raise UsageError(
            f"--every {line!r} in {zone!r} is no cron line with a time zone: minute hour day month "
            'weekday, such as "0 6 * * 1" for Monday at six, in UTC'
        ) from error


def serve(options: WeeklyChoice, cron: str, zone: str) -> None:
    """Serve until stopped, with Ctrl-C or SIGTERM; wait when the server is away.

    Args:
        options: parameters of the scheduled runs; the others are those that were fixed.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    runs = runner.Runner({})
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(_serve(runs, options, cron, zone))
        finally:
            runs.stop()


async def _serve(runs: runner.Runner, options: WeeklyChoice, cron: str, zone: str) -> None:
    """Register, look after lost runs, then turn after turn; all over again if the server was
    away, which may have come back empty.
    """
    import httpx
    from prefect.client.orchestration import get_client

    waiting = False
    while True:
        try:
            async with get_client() as client:
                runs.flows = await _register(options, cron, zone)
                await runs.take_over(client)
                waiting = False
                while True:
                    await runs.turn(client)
                    await asyncio.sleep(runner.EVERY_S)
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            if not waiting:
                said = type(error).__name__
                print(f"waiting for the server ({said})", file=sys.stderr, flush=True)
            waiting = True
            await asyncio.sleep(runner.EVERY_S)


async def _register(options: WeeklyChoice, cron: str, zone: str) -> dict[UUID, str]:
    """Tell the server of the flows; the deployment of each, and its name.

    The server refuses parameters that the schema of the flow does not name.
    """
    from prefect.client.schemas.objects import (
        ConcurrencyLimitConfig,
        ConcurrencyLimitStrategy,
    )
    from prefect.schedules import Cron

    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    parameters = {"options": options.model_dump(mode="json", exclude_defaults=True)}
    registered = {}
    for name in ("weekly", "screening", "snapshot", "training"):
        scheduled = name == "weekly"
        deployment = await flow_of(name).ato_deployment(
            name="served",
            concurrency_limit=alone,
            enforce_parameter_schema=True,
            schedules=[Cron(cron, timezone=zone)] if scheduled else None,
            parameters=parameters if scheduled else None,
        )
        registered[await deployment.aapply()] = name
    return registered


if __name__ == "__main__":
    sys.exit(main(program=app))
