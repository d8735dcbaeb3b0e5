"""`cell scaffold`: what a porous scaffold holds, weighs and costs in voltage."""

from __future__ import annotations

from typing import Annotated

import typer

from screen.cli.inputs import settings_of
from screen.cli.options import Add, Anode, Config, EnergiesOf, Format, Gaps, Out, Source
from screen.cli.output import check_format, write_answer
from screen.cli.program import described


def scaffold_command(
    thickness_um: Annotated[float, typer.Option(help="Of the scaffold, µm.")],
    material: Annotated[
        str | None, typer.Option(help="The solid of the scaffold, as a formula, for its density.")
    ] = None,
    density_g_cm3: Annotated[
        float | None, typer.Option(help="Of the solid, without pores, g/cm³, in its place.")
    ] = None,
    pore_fraction: Annotated[
        float | None, described("ReferenceCell.scaffold_pore_fraction")
    ] = None,
    tortuosity: Annotated[
        float | None,
        typer.Option(
            help="Effective conductivity = conductivity x (1 - pore fraction) / tortuosity. "
            "Default: (1 - pore fraction)^-0.5, after Bruggeman."
        ),
    ] = None,
    ionic_s_cm: Annotated[
        float | None, typer.Option(help="Ionic conductivity of the solid by itself, S/cm.")
    ] = None,
    electronic_s_cm: Annotated[
        float | None, typer.Option(help="Electronic conductivity of the solid by itself, S/cm.")
    ] = None,
    current_ma_cm2: Annotated[
        float | None, typer.Option(help="Current, mA per cm² of the cell.")
    ] = None,
    wall_ohm_cm2: Annotated[
        float | None,
        typer.Option(
            help="Resistance of plating per area of the pores' walls, ohm cm²; none: so large that "
            "the metal is plated evenly, and not counted."
        ),
    ] = None,
    pore_um: Annotated[
        float | None, typer.Option(help="Diameter of the pores, µm; goes with --wall-ohm-cm2.")
    ] = None,
    capacity_mah_cm2: Annotated[
        float | None, described("ReferenceCell.areal_capacity_mah_cm2")
    ] = None,
    excess_fraction: Annotated[float | None, described("ReferenceCell.excess_fraction")] = None,
    anode: Anode = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    energies: EnergiesOf = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """What a scaffold holds in its pores, the energy of the reference cell with it, and the voltage
    that it takes at a current, with empty pores: to ions and electrons on their two ways.
    """
    from dataclasses import replace

    from screen import api
    from screen.answers import scaffold
    from screen.cli.stack import check_stated_for

    check_format(form)
    cell = {
        "scaffold_pore_fraction": pore_fraction,
        "areal_capacity_mah_cm2": capacity_mah_cm2,
        "excess_fraction": excess_fraction,
    }
    settings = settings_of(config, anode, None, None, cell=cell, energies=energies)
    check_stated_for(settings)
    asked = scaffold.Asked(
        thickness_um=thickness_um,
        tortuosity=tortuosity,
        ionic_s_cm=ionic_s_cm,
        electronic_s_cm=electronic_s_cm,
        current_ma_cm2=current_ma_cm2,
        wall_ohm_cm2=wall_ohm_cm2,
        pore_um=pore_um,
    )
    case, notes = None, tuple[str, ...]()
    if material is not None:
        phases = api.load(source, gaps=gaps, add=add, energies=settings.energies)
        case, notes = api.case_of([material], phases, settings, settings.anode)
    answer = scaffold.scaffold(asked, settings.cell, case, density_g_cm3)
    write_answer(replace(answer, notes=(*notes, *answer.notes)), form, output)
