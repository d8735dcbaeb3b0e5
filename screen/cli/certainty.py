"""`narrow`: what to measure."""

from __future__ import annotations

from typing import Annotated

import typer

from screen.cli.inputs import settings_of
from screen.cli.options import (
    Add,
    Anode,
    Config,
    EnergiesOf,
    Format,
    KeepDoubtful,
    Out,
    Samples,
    Seed,
    Source,
)
from screen.cli.output import check_format, write_answer


def narrow_command(
    formula: Annotated[str, typer.Argument(help="The candidate, as a formula.")],
    anode: Anode = None,
    source: Source = "reference",
    add: Add = None,
    energies: EnergiesOf = None,
    samples: Samples = None,
    seed: Seed = None,
    keep_doubtful: KeepDoubtful = False,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Which single measured enthalpy would narrow most what is said of a candidate."""
    from screen import api

    check_format(form)
    settings = settings_of(
        *(config, anode, None, None, seed),
        keep_doubtful=keep_doubtful,
        energies=energies,
        samples=samples,
    )
    write_answer(api.narrow(formula, source=source, add=add, config=settings), form, output)
