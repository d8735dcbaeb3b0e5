"""Run a flow once: `python -m flows screening --anode Li`.

Stopped, the same command goes on. The options are those of `python -m screen rank`, and what a
flow needs beside them.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import server
from flows.parameters import (
    WEBHOOK,
    PullChoice,
    Screening,
    ScreeningChoice,
    Train,
    TrainChoice,
    Weekly,
    WeeklyChoice,
    checked,
    fix,
    told,
)
from screen.errors import ScreenError, UsageError
from screen.outside import one_line

if TYPE_CHECKING:
    from prefect import Flow

app = typer.Typer(
    help="The screening as Prefect flows, each run once; `python -m flows.serve` runs them by a "
    "schedule.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Anodes = Annotated[
    list[str] | None, typer.Option("--anode", help="Anode metal; repeat for several. [Li]")
]
Source = Annotated[str | None, typer.Option(help="As of rank. [reference]")]
File = Annotated[Path | None, typer.Option(help="As of rank.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="As of rank. [all]")]
Selected = Annotated[bool, typer.Option("--selected", help="As of rank.")]
Results = Annotated[
    Path | None, typer.Option("--results", help="Folder in which runs get theirs. [results]")
]
Batch = Annotated[int | None, typer.Option(help="Candidates per task. [8192]")]
Runner = Annotated[str | None, typer.Option(help="local or dask. [local]")]
Workers = Annotated[int | None, typer.Option(help="Of a local Dask cluster. [1]")]
Address = Annotated[str | None, typer.Option(help="Of a Dask scheduler, as tcp://host:8786.")]
Systems = Annotated[list[str] | None, typer.Option("--chemsys", help="As of pull. [all]")]
Webhook = Annotated[
    str | None,
    typer.Option(
        envvar=WEBHOOK, show_envvar=True, help="Address that gets the summary by POST; a secret."
    ),
]
DoPull = Annotated[bool, typer.Option("--pull", help="Pull what is new first.")]
DoTrain = Annotated[bool, typer.Option("--train", help="Fit the models anew before.")]
Top = Annotated[int | None, typer.Option(help="Of how many of each role changes are told. [10]")]


def given(**options: Any) -> dict[str, Any]:
    """Options that were given; 0 is."""
    return {n: v for n, v in options.items() if v is not None and v is not False and v != []}


@app.command("screening")
def screening_command(
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
) -> None:
    """Screen for one or several anode metals."""
    options = checked(
        Screening,
        given(
            anodes=anode,
            source=source,
            gaps=gaps,
            moduli=moduli,
            add=add,
            roles=role,
            selected=selected,
            config=config,
            results=results,
            batch=batch,
            runner=runner,
            workers=workers,
            address=address,
        ),
    )
    options.requests()
    fix(Weekly(**dict(options)))
    _run("screening", told(ScreeningChoice, options))


@app.command("snapshot")
def snapshot_command(chemsys: Systems = None) -> None:
    """Pull what is new in the Materials Project; needs MP_API_KEY."""
    _run("snapshot", checked(PullChoice, given(chemsys=chemsys)))


@app.command("training")
def training_command(
    seed: Annotated[int | None, typer.Option(help="Of the intervals. [0]")] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="By how much a new model may be worse. [0.01]")
    ] = None,
) -> None:
    """Fit the models anew; a worse one is refused."""
    options = checked(Train, given(seed=seed, tolerance=tolerance))
    fix(Weekly(train=options))
    _run("training", told(TrainChoice, options))


@app.command("weekly")
def weekly_command(
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
    """Pull, train, screen, say what changed since the last accepted run, and accept."""
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
            results=results,
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
    fix(options)
    _run("weekly", told(WeeklyChoice, options))


def weekly_options(
    options: dict[str, Any], *, pull: bool, chemsys: list[str] | None, train: bool
) -> Weekly:
    """Options of the weekly flow, checked.

    Raises:
        UsageError, DataError: for what cannot be.
    """
    if chemsys and not pull:
        raise UsageError("--chemsys goes with --pull")
    if pull:
        options["pull"] = given(chemsys=chemsys)
    if train:
        options["train"] = {}
    wanted = checked(Weekly, options)
    wanted.requests()
    return wanted


def _run(name: str, options: Any) -> None:
    with server.at_hand():
        from prefect.settings import (  # a second
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
            temporary_settings,
        )

        flow = flow_of(name)
        # Nobody watches a run by hand for signs of life, and they cost a second.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            result = flow(options)
    for line in result if isinstance(result, list) else [result]:
        print(one_line(str(line)))


def flow_of(name: str) -> "Flow[..., Any]":
    """A flow by its name; Prefect is imported only now."""
    import importlib

    flow: Flow[..., Any] = getattr(importlib.import_module(f"flows.{name}"), f"{name}_flow")
    return flow


def main(arguments: list[str] | None = None, program: typer.Typer | None = None) -> int:
    """Run a command and give its exit code; every fault is one line on stderr."""
    command = typer.main.get_command(program or app)
    name = "python -m flows" if program is None else "python -m flows.serve"
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False)
    except ScreenError as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except SystemExit as error:
        return int(error.code or 0)
    except KeyboardInterrupt:
        print("error: interrupted; the same command goes on", file=sys.stderr)
        return 130
    except Exception as error:
        usage = getattr(error, "format_message", None)
        said = usage() if usage is not None else f"internal fault, {type(error).__name__}: {error}"
        print(f"error: {one_line(said)}", file=sys.stderr)
        return UsageError.exit_code if usage is not None else ScreenError.exit_code
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
