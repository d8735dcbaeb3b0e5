"""The options that several commands share, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def anode_names() -> list[str]:
    """For the shell to complete, as all lists of names here."""
    from screen.tables import rows_of

    return [row["symbol"] for row in rows_of("anodes")]


def role_names() -> list[str]:
    """Names of the roles."""
    from screen.ranking.roles import roles

    return list(roles())


def format_names() -> list[str]:
    """Names of the formats."""
    from screen.report.table import FORMATS

    return list(FORMATS)


def engine_names() -> list[str]:
    """Names of the engines."""
    from screen.thermo.engines import ENGINES

    return list(ENGINES)


Anode = Annotated[
    str | None,
    typer.Option(help="Anode metal, such as Li or Na. [Li]", autocompletion=anode_names),
]
Source = Annotated[
    str,
    typer.Option(
        help="'reference' (embedded), 'latest' (newest snapshot), or a file: .parquet, .csv with "
        "formula and formation_energy_per_atom_eV, or .json with pymatgen entries."
    ),
]
Gaps = Annotated[Path | None, typer.Option(help="CSV with band gaps to join to the source.")]
Moduli = Annotated[Path | None, typer.Option(help="CSV with elastic moduli to join to the source.")]
Add = Annotated[
    Path | None,
    typer.Option(help="Your own phases to add: .csv (or with CIF/POSCAR files) or .json entries."),
]
Electrolytes = Annotated[
    list[str] | None,
    typer.Option("--electrolyte", help="Solid electrolyte to face; repeat for several. [all]"),
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", help="kernel or pymatgen. [kernel]", autocompletion=engine_names),
]
Barrier = Annotated[
    bool, typer.Option("--barrier", help="Compute migration barriers (seconds each; kept).")
]
Surface = Annotated[
    bool,
    typer.Option("--surface", help="Compute adsorption and adhesion (minutes each; kept)."),
]
Calculator = Annotated[
    str | None, typer.Option(help="Of --surface: chgnet, emt or module:function. [chgnet]")
]
Workers = Annotated[int | None, typer.Option(help="Processes for --barrier and --surface. [1]")]
Seed = Annotated[int | None, typer.Option(help="Seed of the cross-check's sample. [0]")]
Config = Annotated[Path | None, typer.Option(help="TOML file with settings.")]
Format = Annotated[
    str,
    typer.Option("--format", help="table, csv, json, parquet or md.", autocompletion=format_names),
]
Out = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Point = Annotated[list[str] | None, typer.Option(help="One point, as X,Y; repeat for each.")]
PointFile = Annotated[
    Path | None,
    typer.Option("--file", help="The points, a line X,Y for each."),
]
TemperatureC = Annotated[float, typer.Option(help="Temperature, °C.")]
Formulas = Annotated[list[str], typer.Argument(help="Formulas, such as LiF or LiTi2(PO4)3.")]
