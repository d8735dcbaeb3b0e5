"""`rank`: the whole screening."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from screen.cli.inputs import StructureRuns, settings_of
from screen.cli.options import (
    GRAMMAR,
    Add,
    Anode,
    Barrier,
    Calculator,
    Config,
    Electrolytes,
    EnergiesOf,
    EngineName,
    Format,
    Gaps,
    HandWeighted,
    KeepDoubtful,
    Moduli,
    Quiet,
    Robust,
    Roles,
    RolesFile,
    Samples,
    Seed,
    Source,
    Surface,
    Workers,
)
from screen.cli.output import check_format, check_plot, draw, say
from screen.cli.program import described
from screen.cli.progress import step_progress
from screen.cli.view import View
from screen.errors import NothingPassedError, UsageError, did_you_mean

if TYPE_CHECKING:
    from screen.ranking.order import Ranking


def rank_command(
    context: typer.Context,
    anode: Anode = None,
    role: Roles = None,
    roles: RolesFile = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    hand_weighted: HandWeighted = False,
    robust: Robust = False,
    form: Format = "table",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder of the run. Default: results/<name of the run>."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of each role to print.")] = 10,
    columns: Annotated[str | None, typer.Option(help="Columns to print, by comma.")] = None,
    where: Annotated[
        str | None,
        typer.Option(
            help='Print these, passed or not: "reduction_v <= 0.05 and has F and not radioactive". '
            + GRAMMAR
        ),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="Column to print by; -column for descending. Default: rank.")
    ] = None,
    selected: Annotated[bool, described("Judged.selected", "--selected")] = False,
    barrier: Barrier = False,
    surface: Surface = False,
    calculator: Calculator = None,
    workers: Workers = None,
    short: Annotated[
        bool,
        typer.Option(
            "--short",
            help="The columns that people ask for, in short.csv and (but for tables) printed.",
        ),
    ] = False,
    also: Annotated[
        str | None,
        typer.Option(
            help="Write these too, by comma: parquet, xlsx (of each role a sheet for people and "
            "one of all columns; of more than 10,000 candidates, the first 500), csv (of more than "
            "10,000 candidates all, as CSV; without it only the best are, and all are in Parquet)."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the best of each role, what each goal takes from them, and all that passed: "
            "FILE.svg, .png or .pdf."
        ),
    ] = None,
    energies: EnergiesOf = None,
    samples: Samples = None,
    seed: Seed = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """Rank candidates in each role; print the best and write all of them to a folder."""
    from screen import api, predictions, run_folder, training
    from screen.answers import added, ranking_picture
    from screen.candidates import notes_on

    check_format(form)
    check_plot(plot)
    runs = StructureRuns(barrier, surface, calculator, workers)
    settings = settings_of(
        *(config, anode, electrolyte, engine, seed),
        runs=runs,
        keep_doubtful=keep_doubtful,
        energies=energies,
        samples=samples,
        hand_weighted=hand_weighted,
        robust=robust,
    )
    if short and columns:
        raise UsageError("--short and --columns: one of them says which columns to print")
    extra = [*(["short"] if short else []), *(_more(also) if also else [])]
    view = View(settings, form, top, columns, where, sort, short=short)
    with step_progress(quiet) as tell:
        done = api.rank(
            source=source,
            gaps=gaps,
            moduli=moduli,
            add=add,
            roles=tuple(role or ()),
            roles_file=roles,
            selected=selected,
            progress=tell,
            config=settings,
        )
        tell("writing")
        place = output or Path("results") / done.name
        call = shlex.join(["python", "-m", "screen", *context.obj])
        folder = run_folder.write(done, place, call, extra)
    shown = view.show(done)
    if not quiet:
        for about in notes_on(done.case.electrolytes):
            say(f"note: {about}")
        passed = ", ".join(map(_passed, done.rankings))
        note = " The literature speaks of Li alone."
        if predictions.learns(settings):
            note = f" {said}" if (said := training.about_own_rows()) else ""
        say(f"{len(done.case):,} candidates, passed: {passed}.{note} Written: {folder}/")
        if done.is_big:
            say(run_folder.about_big(done, extra))
        for line in added.standing(done):
            say(line)
    if not any(r.passed.any() for r in done.rankings):
        raise NothingPassedError(
            f"no candidate passed the gates{'' if plot is None else ', so nothing is drawn'}; "
            f"{folder}/{run_folder.ranked_name(done)} names the gate that each failed"
        )
    if plot is not None:
        draw(plot, ranking_picture.drawing_of(done))
    if not shown:
        raise NothingPassedError(f"no candidate meets --where {where!r}; {folder}/ has all of them")


def _passed(ranking: Ranking) -> str:
    """How many passed in a role, and how many of them have a place of their own."""
    passed, placed = int(ranking.passed.sum()), int((ranking.rank > 0).sum())
    alike = "" if placed == passed else f" ({placed} ranked, the others come to the same as these)"
    return f"{passed} as {ranking.role.name}{alike}"


def _more(also: str) -> list[str]:
    """The files that --also asks for."""
    from screen.run_folder import ALL_AS_CSV, EXTRA

    known = [*(name for name in EXTRA if name != "short"), ALL_AS_CSV]
    wanted = [name.strip().lower() for name in also.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise UsageError(f"--also {name!r}; {did_you_mean(name, known)}")
    return wanted
