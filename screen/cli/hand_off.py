"""What becomes of a run: `report`, `shortlist`, `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.options import GRAMMAR, Format, Out, Roles
from screen.cli.output import check_format, emit, say, write_answer
from screen.errors import NothingPassedError, UsageError


def report_command(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as 'rank' wrote it.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the page here. Default: RUN/report.html."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Check a run folder and make its page anew."""
    from screen.answers import run_folders
    from screen.run_folder import PAGE

    page = output or run / PAGE
    emit(run_folders.page_of(run), "", page)
    say(f"written: {page}")
    if show:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            say("no browser could be started here; open the file by hand")


def shortlist_command(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as 'rank' wrote it.")],
    per_role: Annotated[int, typer.Option(min=1, help="How many of each role.")] = 5,
    diverse: Annotated[
        bool, typer.Option("--diverse", help="Pass over what is too like one picked already.")
    ] = False,
    distance: Annotated[
        float | None,
        typer.Option(
            min=0, help="What counts as too like; LiF and LiCl are 1.5 apart. Default: 5."
        ),
    ] = None,
    role: Roles = None,
    where: Annotated[
        str | None,
        typer.Option(help='Pick among these: "handling = air and not has Ag". ' + GRAMMAR),
    ] = None,
    form: Format = "table",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the list (CSV, Markdown, workbook), a page to print of each pick, and "
            "the structures, as CIF and POSCAR.",
        ),
    ] = None,
) -> None:
    """Pick few candidates of a run, with --diverse different ones, and say why each."""
    from screen.answers import shortlist

    check_format(form)
    if distance is not None and not diverse:
        raise UsageError("--distance says what --diverse passes over; give that too")
    picked = shortlist.shortlist(run, per_role, diverse, distance, tuple(role or ()), where)
    if output is not None:
        for line in shortlist.export_shortlist(picked, output):
            say(line)
    write_answer(picked, form, None)
    if not picked.rows.num_rows:
        also = "" if where is None else f" and meets --where {where!r}"
        raise NothingPassedError(f"no candidate of {run} passed the gates of these roles{also}")


def compare_command(
    before: Annotated[Path, typer.Argument(help="Folder of the earlier run.")],
    after: Annotated[Path, typer.Argument(help="Folder of the later one.")],
    top: Annotated[int, typer.Option(min=1, help="Of how many of each role.")] = 10,
    form: Format = "table",
    output: Out = None,
) -> None:
    """What changed among the best of each role from one run to another, and why.

    A new phase is named as the cause if the runs judged it; of the reference set or with --selected
    most are not, and then changed data are all that is said.
    """
    from screen.answers import run_folders

    check_format(form)
    write_answer(run_folders.comparison(before, after, top), form, output)
