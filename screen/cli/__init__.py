"""The command line: `python -m screen`. Data on stdout, everything else on stderr.

Heavy imports wait until a command runs, so that help stays instant.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from screen import __version__
from screen.cli import (
    cell,
    certainty,
    hand_off,
    literature,
    maintenance,
    model,
    pull,
    questions,
)
from screen.cli.program import Program
from screen.cli.rank import rank_command
from screen.errors import (
    EXIT_CODES,
    OUT_OF_MEMORY,
    DataError,
    ScreenError,
    UsageError,
    is_lack_of_memory,
)
from screen.outside import one_line

__all__ = ["EXIT_CODES", "app", "main"]

INTERRUPTED = 130
MODULE = "python -m screen"
MEANING = "Rank interlayers, hosts and alloys for metal anodes, offline, every number traceable."

COMMANDS: dict[str, Callable[..., None]] = {
    "rank": rank_command,
    "window": questions.window_command,
    "decompose": questions.decompose_command,
    "interface": questions.interface_command,
    "stack": questions.stack_command,
    "explain": questions.explain_command,
    "narrow": certainty.narrow_command,
    "report": hand_off.report_command,
    "shortlist": hand_off.shortlist_command,
    "pull": pull.pull_command,
    "snapshots": pull.snapshots_command,
    "columns": maintenance.columns_command,
    "compare": hand_off.compare_command,
    "doctor": maintenance.doctor_command,
    "seal": maintenance.seal_command,
    "build-reference": maintenance.build_reference_command,
    "build-moduli": maintenance.build_moduli_command,
}
"""In the order of the help."""


def _version(context: typer.Context, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:  # a shell that completes only parses
        print(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


def _made(*, completion: bool) -> Program:
    """The program with all its commands; with options to install completion in the shell."""
    made = Program(
        help=MEANING,
        add_completion=completion,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_options)
    for name, command in COMMANDS.items():
        made.command(name)(command)
    made.add_typer(cell.cell_app, name="cell")
    made.add_typer(model.model_app, name="model")
    made.add_typer(literature.literature_app, name="literature")
    return made


app = _made(completion=False)


def main(arguments: list[str] | None = None, name: str = MODULE) -> int:
    """Run a command and give its exit code; every fault is one line on stderr.

    Args:
        arguments: what follows the name; by default that of the process.
        name: how the program was called. A shell completes a name of one word only, so there are
            no options for that under the name of the module.
    """
    given = sys.argv[1:] if arguments is None else arguments
    command = typer.main.get_command(app if name == MODULE else _made(completion=True))
    try:
        code = command.main(given or ["--help"], prog_name=name, standalone_mode=False, obj=given)
    except ScreenError as error:
        return _fail(str(error), error.exit_code)
    except SystemExit as end:
        return _ended(end)
    except Exception as error:
        return _unexpected(error, name)
    if code == INTERRUPTED:
        return _fail("interrupted; nothing was left half-written", INTERRUPTED)
    return int(code or 0)


def _unexpected(error: Exception, name: str) -> int:
    """The exit code of what no command expects: wrong usage, too little memory, or a fault."""
    usage = getattr(error, "format_message", None)  # typer's own, whichever click it brings
    if usage is not None:
        return _fail(f"{usage()} (see {name} --help)", UsageError.exit_code)
    if os.environ.get("SCREEN_TRACEBACK"):
        raise error
    if is_lack_of_memory(error):
        return _fail(OUT_OF_MEMORY, DataError.exit_code)
    kind = type(error).__name__
    return _fail(
        f"internal fault, {kind}: {error}; set SCREEN_TRACEBACK=1 to see where, and report it",
        ScreenError.exit_code,
    )


def _ended(end: SystemExit) -> int:
    """The exit code where something deeper ended the program: the reader of a pipe has seen enough,
    or the shell its completions; else it is a fault.
    """
    pipe = isinstance(end.__context__, OSError) and end.__context__.errno == errno.EPIPE
    if pipe or any(name.endswith("_COMPLETE") for name in os.environ):
        return 0
    return _fail("internal fault: a library ended the program; report it", ScreenError.exit_code)


def _fail(message: str, code: int) -> int:
    print(f"error: {one_line(message)}", file=sys.stderr)
    return code
