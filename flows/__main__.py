"""Run a flow once: `python -m flows screening --anode Li`.

Stopped, the same command goes on. The options are those of `python -m screen rank`, and what a
flow needs beside them.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import server
from flows.commands import given, takes
from flows.parameters import (
    WEBHOOK,
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
from screen.errors import (
    OUT_OF_MEMORY,
    DataError,
    ScreenError,
    UsageError,
    is_lack_of_memory,
)
from screen.options import PullChoice, described
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

DoPull = Annotated[bool, typer.Option("--pull", help="Pull what is new first.")]
DoTrain = Annotated[bool, typer.Option("--train", help="Fit the models anew before.")]
Systems = Annotated[
    list[str] | None, typer.Option("--chemsys", help=described(PullChoice, "chemsys"))
]
of_weekly = takes(
    Weekly,
    without=("settings", "pull", "train"),
    webhook={"envvar": WEBHOOK, "show_envvar": True},
)
"""Options of the weekly flow, but for those of pull and training."""


@app.command("screening")
@takes(Screening, without=("settings",))
def screening_command(**options: Any) -> None:
    """Screen for one or several anode metals."""
    wanted = checked(Screening, given(options))
    wanted.requests()
    fix(Weekly(**dict(wanted)))
    _run("screening", told(ScreeningChoice, wanted))


@app.command("snapshot")
@takes(PullChoice)
def snapshot_command(**options: Any) -> None:
    """Pull what is new in the Materials Project; needs MP_API_KEY."""
    _run("snapshot", checked(PullChoice, given(options)))


@app.command("training")
@takes(Train)
def training_command(**options: Any) -> None:
    """Fit the models anew; a worse one is refused."""
    wanted = checked(Train, given(options))
    fix(Weekly(train=wanted))
    _run("training", told(TrainChoice, wanted))


@app.command("weekly")
@of_weekly
def weekly_command(
    pull: DoPull = False, chemsys: Systems = None, train: DoTrain = False, **options: Any
) -> None:
    """Pull, train, screen, say what changed since the last accepted run, and accept."""
    wanted = weekly_options(given(options), pull=pull, chemsys=chemsys, train=train)
    fix(wanted)
    _run("weekly", told(WeeklyChoice, wanted))


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
        options["pull"] = given({"chemsys": chemsys})
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
        if is_lack_of_memory(error):
            print(f"error: {OUT_OF_MEMORY}", file=sys.stderr)
            return DataError.exit_code
        usage = getattr(error, "format_message", None)
        said = usage() if usage is not None else f"internal fault, {type(error).__name__}: {error}"
        print(f"error: {one_line(said)}", file=sys.stderr)
        return UsageError.exit_code if usage is not None else ScreenError.exit_code
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
