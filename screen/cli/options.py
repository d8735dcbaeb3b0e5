"""The options that several commands share, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.program import described


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


def energies_names() -> list[str]:
    """What formation energies may be."""
    from typing import get_args

    from screen.settings import Energies

    return list(get_args(Energies))


GRAMMAR = (
    "Comparisons (<, <=, >, >=, =, !=), 'contains', 'in (a, b)', 'is missing', 'is known', "
    "'has F' for an element, flags alone; joined by 'and' (&), 'or' (|), 'not' and parentheses."
)
"""What --where takes; read in screen/filters.py."""

Anode = Annotated[str | None, described("Settings.anode", autocompletion=anode_names)]
Source = Annotated[str, described("Tables.source")]
Gaps = Annotated[Path | None, described("Tables.gaps")]
Moduli = Annotated[Path | None, described("Tables.moduli")]
Add = Annotated[Path | None, described("Tables.add")]
Roles = Annotated[list[str] | None, described("Judged.roles", "--role", autocompletion=role_names)]
RolesFile = Annotated[Path | None, described("RoleFile.roles_file", "--roles")]
Electrolytes = Annotated[list[str] | None, described("Settings.electrolytes", "--electrolyte")]
EngineName = Annotated[
    str | None, described("Settings.engine", "--engine", autocompletion=engine_names)
]
EnergiesOf = Annotated[
    str | None, described("Settings.energies", "--energies", autocompletion=energies_names)
]
KeepDoubtful = Annotated[
    bool,
    typer.Option(
        "--keep-doubtful", help="Let computed phases compete that do not form, such as LiCu3."
    ),
]
HandWeighted = Annotated[
    bool,
    typer.Option(
        "--hand-weighted", help="Order by the goals alone, without what models have learned."
    ),
]
Robust = Annotated[
    bool,
    typer.Option(
        "--robust",
        help="How sure the first ten are, over errors, weights and what is not known: minutes.",
    ),
]
Barrier = Annotated[bool, described("Settings.barrier", "--barrier")]
Surface = Annotated[bool, described("Settings.surface", "--surface")]
Calculator = Annotated[str | None, described("Settings.calculator")]
Workers = Annotated[int | None, described("Settings.workers")]
Samples = Annotated[int | None, described("Settings.samples")]
Seed = Annotated[int | None, described("Settings.seed")]
FitSeed = Annotated[int, described("Fitting.seed", "--seed", min=0)]
Config = Annotated[Path | None, typer.Option(help="TOML file with settings.")]
Format = Annotated[
    str,
    typer.Option("--format", help="table, csv, json, parquet or md.", autocompletion=format_names),
]
CardFormat = Annotated[
    str,
    typer.Option(
        "--format",
        help="table, csv, json, parquet, md, or html, a page to print.",
        autocompletion=format_names,
    ),
]
Out = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")]
Plot = Annotated[
    Path | None, typer.Option("--plot", help="Draw it too: FILE.svg, FILE.png or FILE.pdf.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Point = Annotated[list[str] | None, typer.Option(help="One point, as X,Y; repeat for each.")]
PointFile = Annotated[
    Path | None,
    typer.Option("--file", help="The points, a line X,Y for each."),
]
TemperatureC = Annotated[float, typer.Option(help="Temperature, °C.")]
Formulas = Annotated[list[str], typer.Argument(help="Formulas, such as LiF or LiTi2(PO4)3.")]
