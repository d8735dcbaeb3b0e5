"""Where answers go: data to stdout or a file, all else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screen.errors import UsageError, did_you_mean
from screen.outside import visible

if TYPE_CHECKING:
    from rich.console import Console


def write_answer(answer: Any, form: str, output: Path | None, *, quiet: bool = False) -> None:
    """An answer as a table on the terminal, or in the given format to stdout or a file; its notes
    to stderr.
    """
    for note in () if quiet else answer.notes:
        say(f"note: {note}")
    if form == "table" and output is None:
        answer.print(console())
    else:
        emit(answer.render("md" if form == "table" else form), form, output)


def check_format(form: str, *more: str) -> None:
    """Refuse an unknown format before any work is done.

    Args:
        more: formats that this command has beside those of all.
    """
    from screen.frame import spare_pandas
    from screen.report.table import FORMATS

    spare_pandas()

    known = (*FORMATS, *more)
    if form not in known:
        raise UsageError(f"unknown format {form!r}; {did_you_mean(form, known)}")


def check_plot(path: Path | None) -> None:
    """Refuse a picture of an unknown kind before any work is done."""
    if path is not None and path.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise UsageError(f"--plot {path.name}: the name ends in .svg, .png or .pdf")


def draw(path: Path, drawing: Callable[[str], bytes]) -> None:
    """Write a picture, of the kind that the name of the file says."""
    emit(drawing(path.suffix.lower()[1:]), "", path)
    say(f"drawn: {path}")


def write_drawn(answer: Any, form: str, output: Path | None, plot: Path | None) -> None:
    """An answer, and the same as a picture if there is a file for it, which is drawn first: one
    that cannot be drawn is refused before anything is written.
    """
    if plot is not None:
        draw(plot, answer.draw)
    write_answer(answer, form, output)


def emit(data: bytes, form: str, output: Path | None) -> None:
    """Bytes to a file (aside, then renamed) or to stdout."""
    if output is None:
        if form == "parquet" and sys.stdout.isatty():
            raise UsageError("parquet is not for a terminal; give -o FILE or a pipe")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from screen.files import write_aside

    try:
        if output.is_dir():
            raise UsageError(f"cannot write {output}: it is a folder; -o takes a file here")
        write_aside(output, data)
    except OSError as error:
        raise UsageError(f"cannot write {str(output)[-80:]}: {error.strerror or error}") from error


def console() -> Console:
    """Where tables are printed; 140 characters wide where there is no terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 140
    return Console(width=width, highlight=False)


def say(message: str) -> None:
    """A line for the reader, beside the data; on a terminal it breaks at blanks alone."""
    text = visible(message)
    if (width := _width_of_terminal()) and len(text) > width:
        from screen.report.terminal import wrapped

        text = "\n  ".join(wrapped(text, width - 2))
    print(text, file=sys.stderr)


def _width_of_terminal() -> int:
    """Columns of the terminal that standard error goes to; 0 if it goes to none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 0
