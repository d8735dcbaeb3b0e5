"""`literature`: the table of measured cells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.options import GRAMMAR, FitSeed, Format, Out
from screen.cli.output import check_format, emit, say, write_answer
from screen.cli.program import Program
from screen.cli.progress import part_progress
from screen.errors import DataError, NothingPassedError, UsageError, did_you_mean

literature_app = Program(invoke_without_command=True)


@literature_app.callback()
def literature_command(
    context: typer.Context,
    where: Annotated[
        str | None,
        typer.Option(
            help='Print these: "ccd_ma_cm2 > 2 and electrolyte_class = garnet and has Zn". '
            + GRAMMAR
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns to print, by comma; 'all' for all of them.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Leave out the rows that you added.")
    ] = False,
    form: Format = "table",
    output: Out = None,
) -> None:
    """What cells with which material have done: the literature table, and rows of your own."""
    if context.invoked_subcommand is not None:
        return
    from screen import literature
    from screen.answers import tables
    from screen.filters import parse

    check_format(form)
    kinds = {column.name: column.kind for column in literature.COLUMNS}
    names = literature.BRIEF if form == "table" and output is None else literature.NAMES
    if columns is not None:
        given = tuple(name.strip() for name in columns.split(","))
        names = literature.NAMES if given == ("all",) else given
    for i, name in enumerate(names):
        if name not in kinds:
            raise UsageError(f"unknown column {name!r}; {did_you_mean(name, kinds)}")
        if name in names[:i]:
            raise UsageError(f"--columns: {name!r} is there twice")
    condition = parse(where, kinds, literature.FORMULAS) if where is not None else None
    answer = tables.literature_rows(literature.rows(own=not shipped), names, condition)
    if not answer.rows.num_rows:
        raise NothingPassedError(f"no row meets --where {where!r}")
    write_answer(answer, form, output)


@literature_app.command("add")
def literature_add_command(
    file: Annotated[Path, typer.Argument(help="CSV with the table's columns; none but these.")],
    seed: FitSeed = 0,
) -> None:
    """Check rows of your own, keep them in SCREEN_HOME and fit the models to all rows.

    A row without an outcome gets that which its figures tell. All that is wrong with a file is told
    at once.
    """
    from screen import literature, training

    try:
        literature.joined(file)  # what is wrong shows before any progress does
    except literature.RowsRefusedError as error:
        if len(error.faults) == 1:
            raise
        for fault in error.faults:
            say(f"{file.name}, {fault}")
        raise DataError(f"{file.name}: {len(error.faults)} faults; no row was added") from None
    with part_progress("fitting and measuring") as progress:
        added = training.add(file, seed, say, progress)
    say(f"rows added to {literature.own_path()}: {added}")
    say("the ranking now uses models that know them; see 'python -m screen model card'")


@literature_app.command("materials")
def literature_materials_command(form: Format = "table", output: Out = None) -> None:
    """Materials that papers name and no table of energies can hold; 'explain NAME' shows one."""
    from screen.answers.papers import listing
    from screen.sources import reference

    check_format(form)
    write_answer(listing(reference.load()), form, output)


@literature_app.command("template")
def literature_template_command(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there yet.")],
    form: Format = "table",
    output: Out = None,
) -> None:
    """Write an empty file for rows of your own, and say what each of its columns takes."""
    from screen import literature
    from screen.answers.tables import literature_template

    check_format(form)
    if file.exists():
        raise UsageError(f"{file.name} is there already; choose another name")
    emit(literature.template(), "csv", file)
    write_answer(literature_template(), form, output)
    say(f"written: {file}; fill it in, then 'python -m screen literature add {file}'")
