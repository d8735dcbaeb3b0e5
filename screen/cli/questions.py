"""Questions about phases: `window`, `decompose`, `interface`, `stack`, `explain`."""

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
    CardFormat,
    Config,
    Electrolytes,
    EnergiesOf,
    EngineName,
    Format,
    Formulas,
    Gaps,
    KeepDoubtful,
    Moduli,
    Out,
    Plot,
    Quiet,
    RolesFile,
    Samples,
    Seed,
    Source,
    Surface,
    Workers,
)
from screen.cli.output import check_format, check_plot, draw, write_answer, write_drawn
from screen.cli.progress import step_progress
from screen.errors import UsageError

Voltage = Annotated[
    str | None,
    typer.Option(help="Open to the anode metal at this voltage, V, or at START:STOP:STEP."),
]
Element = Annotated[
    str | None, typer.Option("--reservoir", help="Open to this element instead, such as O.")
]
OwnEnergy = Annotated[
    bool,
    typer.Option("--own-energy", help="Count a side above the hull from its own energy."),
]


def window_command(
    formulas: Formulas,
    anode: Anode = None,
    at: Annotated[
        float | None, typer.Option(help="Also the equilibrium at this voltage, V.")
    ] = None,
    reservoir: Element = None,
    mu: Annotated[
        float | None,
        typer.Option(
            help="With --reservoir: also the equilibrium at this chemical potential, eV per atom "
            "relative to the element."
        ),
    ] = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    energies: EnergiesOf = None,
    samples: Samples = None,
    seed: Seed = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    plot: Plot = None,
    config: Config = None,
) -> None:
    """Voltage profile, electrochemical window and contact products against the anode metal."""
    from screen import api

    check_format(form)
    check_plot(plot)
    settings = settings_of(
        config,
        anode,
        None,
        engine,
        seed,
        keep_doubtful=keep_doubtful,
        energies=energies,
        samples=samples,
    )
    answer = api.window(
        *formulas,
        at=at,
        reservoir=reservoir,
        mu=mu,
        source=source,
        gaps=gaps,
        add=add,
        config=settings,
    )
    write_drawn(answer, form, output, plot)


def decompose_command(
    formulas: Formulas,
    source: Source = "reference",
    add: Add = None,
    energies: EnergiesOf = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    plot: Plot = None,
    config: Config = None,
) -> None:
    """Hull distance and the stablest mixture of the same composition."""
    from screen import api

    check_format(form)
    check_plot(plot)
    settings = settings_of(
        config, None, None, engine, keep_doubtful=keep_doubtful, energies=energies
    )
    answer = api.decompose(*formulas, source=source, add=add, config=settings)
    write_drawn(answer, form, output, plot)


def interface_command(
    a: Annotated[str, typer.Argument(help="One side, as a formula.")],
    b: Annotated[str, typer.Argument(help="The other side, as a formula.")],
    anode: Anode = None,
    voltage: Voltage = None,
    reservoir: Element = None,
    mu: Annotated[
        str | None,
        typer.Option(
            help="Chemical potential of --reservoir, eV per atom relative to the element, or "
            "START:STOP:STEP."
        ),
    ] = None,
    own_energy: OwnEnergy = False,
    source: Source = "reference",
    add: Add = None,
    energies: EnergiesOf = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    plot: Plot = None,
    config: Config = None,
) -> None:
    """Reactions between two phases at every mixing ratio, alone or open to a metal or element."""
    from screen import api

    check_format(form)
    check_plot(plot)
    settings = settings_of(
        config, anode, None, engine, keep_doubtful=keep_doubtful, energies=energies
    )
    answer = api.interface(
        a,
        b,
        anode=anode,
        voltage=voltage,
        reservoir=reservoir,
        mu=mu,
        own_energy=own_energy,
        source=source,
        add=add,
        config=settings,
    )
    write_drawn(answer, form, output, plot)


def stack_command(
    film: Annotated[str, typer.Argument(help="Between anode metal and electrolyte, as a formula.")],
    electrolyte: Annotated[str, typer.Argument(help="The solid electrolyte, as a formula.")],
    anode: Anode = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    energies: EnergiesOf = None,
    samples: Samples = None,
    seed: Seed = None,
    engine: EngineName = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    plot: Plot = None,
    config: Config = None,
) -> None:
    """Anode metal | film | electrolyte: the voltage across them, what forms at each contact."""
    from screen import api

    check_format(form)
    check_plot(plot)
    settings = settings_of(
        config,
        anode,
        None,
        engine,
        seed,
        keep_doubtful=keep_doubtful,
        energies=energies,
        samples=samples,
    )
    answer = api.stack(film, electrolyte, source=source, gaps=gaps, add=add, config=settings)
    write_drawn(answer, form, output, plot)


def explain_command(
    formula: Annotated[str, typer.Argument(help="The candidate, as a formula.")],
    anode: Anode = None,
    roles: RolesFile = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    energies: EnergiesOf = None,
    samples: Samples = None,
    seed: Seed = None,
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
    form: CardFormat = "table",
    output: Out = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw voltage profile and interface reactions: FILE.svg, .png or .pdf."),
    ] = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """All that is known of one candidate, why it ranks where it does, what would change that."""
    from screen import api

    check_format(form, "html")
    check_plot(plot)
    if section and form not in ("table", "md", "html"):
        raise UsageError("--section goes with table, md and html; the other formats hold all")
    runs = StructureRuns(barrier, surface, calculator, workers)
    settings = settings_of(
        config,
        anode,
        electrolyte,
        engine,
        seed,
        runs=runs,
        keep_doubtful=keep_doubtful,
        energies=energies,
        samples=samples,
    )
    with step_progress(quiet) as tell:
        answer = api.explain(
            formula,
            roles_file=roles,
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
