"""Questions about single phases: `window`, `decompose`, `interface`, `explain`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from screen.cli.inputs import StructureRuns, case_of, settings_of
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
    Moduli,
    Out,
    Quiet,
    Source,
    Surface,
    Workers,
)
from screen.cli.output import check_format, check_plot, draw, step_progress, write_answer


def window_command(
    formulas: Formulas,
    anode: Anode = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Voltage profile, electrochemical window and contact products against the anode metal."""
    from screen import pipeline
    from screen.answers import equilibria

    check_format(form)
    settings = settings_of(config, anode, None, engine)
    phases = pipeline.load(source, gaps, add=add)
    case = case_of(formulas, phases, settings, settings.anode)
    write_answer(equilibria.windows(case), form, output)


def decompose_command(
    formulas: Formulas,
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Hull distance and the stablest mixture of the same composition."""
    from screen import pipeline
    from screen.answers import equilibria

    check_format(form)
    phases = pipeline.load(source, add=add)
    case = case_of(formulas, phases, settings_of(config, None, None, engine), None)
    write_answer(equilibria.decompositions(case), form, output)


def interface_command(
    a: Annotated[str, typer.Argument(help="One side, as a formula.")],
    b: Annotated[str, typer.Argument(help="The other side, as a formula.")],
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Reactions between two phases at every mixing ratio."""
    from screen import candidates, pipeline
    from screen.answers import equilibria

    check_format(form)
    phases = pipeline.load(source, add=add)
    candidates.check_covered(phases, a, b)
    case, _ = candidates.make_case(phases, settings_of(config, None, None, engine), [a, b])
    write_answer(equilibria.interface(case), form, output)


def explain_command(
    formula: Annotated[str, typer.Argument(help="The candidate, as a formula.")],
    anode: Anode = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    engine: EngineName = None,
    barrier: Barrier = False,
    surface: Surface = False,
    calculator: Calculator = None,
    workers: Workers = None,
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
    from screen import candidates, pipeline
    from screen.answers import card
    from screen.ranking.roles import chosen_roles

    check_format(form)
    check_plot(plot)
    runs = StructureRuns(barrier, surface, calculator, workers)
    settings = settings_of(config, anode, electrolyte, engine, runs=runs)
    phases = pipeline.load(source, gaps, moduli, add)
    candidates.check_covered(phases, formula, anode=settings.anode)
    with step_progress(quiet) as tell:
        done = pipeline.explain(phases, settings, chosen_roles(()), formula, tell)
    write_answer(card.card(done), form, output)
    if plot is not None:
        draw(plot, partial(card.drawing, done))
