"""`model`: what the models are, how well they do, fitting them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.options import FitSeed, Format, Gaps, Moduli, Out, Source
from screen.cli.output import check_format, check_plot, draw, say, write_answer
from screen.cli.program import Program
from screen.cli.progress import part_progress

model_app = Program(help="The models: what they are, how well they do.", no_args_is_help=True)


@model_app.command("card")
def model_card_command(
    form: Format = "table",
    output: Out = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw predicted against reported figures: FILE.svg, .png or .pdf."),
    ] = None,
) -> None:
    """What the models are, how well they do on what is new to them, what not to use them for."""
    from screen.answers import models

    check_format(form)
    check_plot(plot)
    write_answer(models.model_card(), form, output)
    if plot is not None:
        draw(plot, models.model_drawing)


@model_app.command("evaluate")
def model_evaluate_command(
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    seed: FitSeed = 0,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Measure all models anew on what they were not fitted to; --source: among its phases."""
    from screen import api
    from screen.answers import models

    check_format(form)
    phases = api.load(source, gaps=gaps, moduli=moduli)
    with part_progress("measuring") as progress:
        answer = models.model_skill(phases, seed, progress)
    write_answer(answer, form, output)


@model_app.command("train")
def model_train_command(
    source: Annotated[
        str | None,
        typer.Option(help="Phases that the learned order is fitted to. Default: those it has."),
    ] = None,
    gaps: Gaps = None,
    moduli: Moduli = None,
    seed: FitSeed = 0,
) -> None:
    """Fit the models anew, measure and write them; with rows of yours, beside these rows."""
    from screen import api, literature, store, tables, training
    from screen.answers import models

    phases = None if source is None else api.load(source, gaps=gaps, moduli=moduli)
    with part_progress("fitting and measuring") as progress:
        training.train(seed, progress, phases)
    write_answer(models.model_card(), "table", None)
    own = literature.own_path().is_file()
    say(f"written: the models, in {store.of_home().root if own else tables.DATA}")
