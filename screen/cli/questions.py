"""Questions about single phases: `window`, `decompose`, `interface`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.inputs import StructureRuns, settings_of
from screen.cli.options import (
    Add,
    Anode,
    Barrier,
    Calculator,
    Config,
    Electrolytes,
    EngineName,
    Format,
    Formulas,
    Gaps,
    KeepDoubtful,
    Moduli,
    Out,
    Quiet,
    Source,
    Surface,
    Workers,
)
from screen.cli.output import check_format, check_plot, draw, step_progress, write_answer
from screen.errors import UsageError


def window_command(
    formulas: Formulas,
    anode: Anode = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Voltage profile, electrochemical window and contact products against the anode metal."""
    from screen import api

    check_format(form)
    settings = settings_of(config, anode, None, engine, keep_doubtful=keep_doubtful)
    answer = api.window(*formulas, source=source, gaps=gaps, add=add, config=settings)
    write_answer(answer, form, output)


def decompose_command(
    formulas: Formulas,
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Hull distance and the stablest mixture of the same composition."""
    from screen import api

    check_format(form)
    settings = settings_of(config, None, None, engine, keep_doubtful=keep_doubtful)
    write_answer(api.decompose(*formulas, source=source, add=add, config=settings), form, output)


def interface_command(
    a: Annotated[str, typer.Argument(help="One side, as a formula.")],
    b: Annotated[str, typer.Argument(help="The other side, as a formula.")],
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Reactions between two phases at every mixing ratio."""
    from screen import api

    check_format(form)
    settings = settings_of(config, None, None, engine, keep_doubtful=keep_doubtful)
    write_answer(api.interface(a, b, source=source, add=add, config=settings), form, output)


def explain_command(
    formula: Annotated[str, typer.Argument(help="The candidate, as a formula.")],
    anode: Anode = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    barrier: Barrier = False,
    surface: Surface = False,
    calculator: Calculator = None,
    workers: Workers = None,
    section: Annotated[
        list[str] | None,
        typer.Option(
            help="Print this section of the card, such as voltage, or all; repeat for several. "
            "Default: a first screen, which names them."
        ),
    ] = None,
    form: Format = "table",
    output: Out = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw voltage profile and interface reactions: FILE.svg or FILE.png."),
    ] = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """All that is known of one candidate, why it ranks where it does, what would change that."""
    from screen import api

    check_format(form)
    check_plot(plot)
    if section and form not in ("table", "md"):
        raise UsageError("--section goes with table and md; the other formats hold all")
    runs = StructureRuns(barrier, surface, calculator, workers)
    settings = settings_of(
        config, anode, electrolyte, engine, runs=runs, keep_doubtful=keep_doubtful
    )
    with step_progress(quiet) as tell:
        answer = api.explain(
            formula,
            source=source,
            gaps=gaps,
            moduli=moduli,
            add=add,
            progress=tell,
            config=settings,
        )
    chosen = answer.only(*section) if section else answer
    write_answer(chosen, form, output, quiet=quiet)
    if plot is not None:
        draw(plot, answer.draw)
