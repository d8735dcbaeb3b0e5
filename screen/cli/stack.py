"""`cell stack`: the energy of a cell with a candidate in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from screen.cli.inputs import settings_of
from screen.cli.options import Add, Anode, Config, EnergiesOf, Format, Gaps, Out, Source
from screen.cli.output import check_format, write_answer
from screen.cli.program import described
from screen.errors import UsageError

if TYPE_CHECKING:
    from screen.settings import Settings


def stack_command(
    film: Annotated[str | None, typer.Option(help="A candidate in the cell, as a formula.")] = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="interlayer (a film), host (a scaffold with anode metal in its pores) or alloy "
            "(holds all charge). Default: interlayer.",
        ),
    ] = None,
    thickness_nm: Annotated[float | None, described("ReferenceCell.film_nm")] = None,
    density_g_cm3: Annotated[
        float | None, typer.Option(help="Of the film, g/cm³, where the source has no volume.")
    ] = None,
    anode: Anode = None,
    capacity_mah_cm2: Annotated[
        float | None, described("ReferenceCell.areal_capacity_mah_cm2")
    ] = None,
    positive_mah_g: Annotated[float | None, described("ReferenceCell.positive_mah_g")] = None,
    positive_v: Annotated[float | None, described("ReferenceCell.positive_v")] = None,
    separator: Annotated[str | None, described("ReferenceCell.separator")] = None,
    separator_um: Annotated[float | None, described("ReferenceCell.separator_um")] = None,
    excess_fraction: Annotated[float | None, described("ReferenceCell.excess_fraction")] = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    energies: EnergiesOf = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Stack energy (Wh/kg, Wh/L) of the reference cell, and with a candidate in it. Further
    figures of the cell go in the table "cell" of a --config file.
    """
    from screen import api
    from screen.answers import stack

    check_format(form)
    cell = {
        "film_nm": thickness_nm,
        "areal_capacity_mah_cm2": capacity_mah_cm2,
        "positive_mah_g": positive_mah_g,
        "positive_v": positive_v,
        "separator": separator,
        "separator_um": separator_um,
        "excess_fraction": excess_fraction,
    }
    settings = settings_of(config, anode, None, None, cell=cell, energies=energies)
    check_stated_for(settings)
    if film is None:
        if (role, thickness_nm, density_g_cm3) != (None, None, None):
            raise UsageError("--as, --thickness-nm and --density-g-cm3 go with --film FORMULA")
        answer = stack.stack(settings.cell)
    else:
        if density_g_cm3 is not None and not 0 < density_g_cm3 < 30:
            raise UsageError(f"--density-g-cm3 {density_g_cm3:g}: no solid has that, in g/cm³")
        phases = api.load(source, gaps=gaps, add=add, energies=settings.energies)
        case, notes = api.case_of([film], phases, settings, settings.anode)
        answer = stack.stack(settings.cell, case, role or "interlayer", density_g_cm3)
        answer = replace(answer, notes=notes)
    write_answer(answer, form, output)


def check_stated_for(settings: Settings) -> None:
    """Refuse the reference cell for an anode metal that it is not stated for."""
    from screen.tables import anode_of

    stated, wanted = (anode_of(name).symbol for name in (settings.cell.anode, settings.anode))
    if stated != wanted:
        raise UsageError(
            f"the reference cell is stated for {stated}, not {wanted}; state one for {wanted} in "
            "the table 'cell' of a --config file"
        )
