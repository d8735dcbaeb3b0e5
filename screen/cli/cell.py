"""`cell`: equations of an electrochemical cell."""

from __future__ import annotations

from typing import Annotated

import typer

from screen.cli.options import Anode, Format, Out, Point, PointFile, TemperatureC
from screen.cli.output import check_format, write_answer
from screen.cli.program import Program
from screen.cli.scaffold import scaffold_command
from screen.cli.stack import stack_command

cell_app = Program(
    help="Cell equations: layer thickness, Sand's time, transference, kinetics, stack energy, "
    "scaffolds.",
)


@cell_app.command("thickness")
def thickness_command(
    capacity_mah_cm2: Annotated[float, typer.Option(help="Charge that moves, mAh/cm².")],
    anode: Anode = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Thickness of anode metal that a charge plates or strips, dense, in µm: Q M / (z F rho)."""
    from screen import cell
    from screen.answers import cell_equations
    from screen.tables import anode_of

    check_format(form)
    metal = anode_of(anode or "Li")
    found = {"thickness_um": cell.thickness_um(capacity_mah_cm2, metal)}
    title = f"{metal.symbol} of {capacity_mah_cm2:g} mAh/cm²"
    write_answer(cell_equations.figures(title, found), form, output)


@cell_app.command("sand")
def sand_command(
    diffusion_cm2_s: Annotated[float, typer.Option(help="Ambipolar diffusion coefficient, cm²/s.")],
    concentration_mol_l: Annotated[float, typer.Option(help="Cations before the current, mol/L.")],
    current_ma_cm2: Annotated[float, typer.Option(help="Current density, mA/cm².")],
    anion_transference: Annotated[float, typer.Option(help="Anion transference number, 0 to 1.")],
    charge_number: Annotated[int, typer.Option(help="Charges of the cation.")] = 1,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Sand's time in s, when the salt at the electrode is used up and dendrites set in:
    pi D (z F C0)^2 / (4 J^2 tau_a^2).
    """
    from screen import cell
    from screen.answers import cell_equations

    check_format(form)
    time = cell.sand_time_s(
        diffusion_cm2_s, concentration_mol_l, current_ma_cm2, anion_transference, charge_number
    )
    title = f"Sand's time at {current_ma_cm2:g} mA/cm²"
    write_answer(cell_equations.figures(title, {"sand_time_s": time}), form, output)


@cell_app.command("transference")
def transference_command(
    polarisation_mv: Annotated[float, typer.Option(help="Constant voltage, mV.")],
    initial_current_ma: Annotated[float, typer.Option(help="Current at the beginning, mA.")],
    steady_current_ma: Annotated[float, typer.Option(help="Current when it falls no more, mA.")],
    initial_resistance_ohm: Annotated[float, typer.Option(help="Interfaces before, ohm.")],
    steady_resistance_ohm: Annotated[float, typer.Option(help="Interfaces after, ohm.")],
    form: Format = "table",
    output: Out = None,
) -> None:
    """Cation transference number after Bruce and Vincent, from a polarised symmetric cell:
    Is (dV - I0 R0) / (I0 (dV - Is Rs)).
    """
    from screen import cell
    from screen.answers import cell_equations

    check_format(form)
    number = cell.transference_number(
        polarisation_mv,
        initial_current_ma,
        steady_current_ma,
        initial_resistance_ohm,
        steady_resistance_ohm,
    )
    found = {"cation_transference": number}
    write_answer(cell_equations.figures("Transference number", found), form, output)


@cell_app.command("exchange-current")
def exchange_current_command(
    point: Point = None,
    file: PointFile = None,
    temperature_c: TemperatureC = 25.0,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Exchange current in mA/cm² from a Tafel line; points are overpotential in V and current in
    mA/cm², of one branch.
    """
    from dataclasses import asdict

    from screen import cell
    from screen.answers import cell_equations
    from screen.units import ZERO_CELSIUS_K

    check_format(form)
    overpotential, current = cell_equations.points(point or (), file)
    line = cell.tafel(overpotential, current, temperature_c + ZERO_CELSIUS_K)
    title = f"Tafel line through {len(current)} points"
    write_answer(cell_equations.figures(title, asdict(line)), form, output)


@cell_app.command("activation-energy")
def activation_energy_command(
    point: Point = None,
    file: PointFile = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Activation energy in eV and kJ/mol from an Arrhenius line; points are temperature in °C and
    conductivity, or inverse resistance, in any unit, which is also that of the prefactor.
    """
    from dataclasses import asdict

    from screen import cell
    from screen.answers import cell_equations
    from screen.units import ZERO_CELSIUS_K

    check_format(form)
    temperature_c, conductivity = cell_equations.points(point or (), file)
    line = cell.arrhenius([t + ZERO_CELSIUS_K for t in temperature_c], conductivity)
    title = f"Arrhenius line through {len(conductivity)} points"
    write_answer(cell_equations.figures(title, asdict(line)), form, output)


cell_app.command("stack")(stack_command)
cell_app.command("scaffold")(scaffold_command)
