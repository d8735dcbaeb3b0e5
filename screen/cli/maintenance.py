"""The installation and its tables: `columns`, `doctor`, `seal` and what maintainers build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from screen.cli.options import Anode, Format, Gaps, Moduli, Out
from screen.cli.output import check_format, say, write_answer
from screen.errors import DataError, NothingPassedError
from screen.outside import visible


def columns_command(
    pattern: Annotated[
        str | None, typer.Argument(help="Only columns with this in name, label, meaning or family.")
    ] = None,
    anode: Anode = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """What each column of ranked.csv means, its unit and where it comes from."""
    from screen.answers import tables
    from screen.tables import anode_of

    check_format(form)
    answer = tables.dictionary(anode_of(anode or "Li").symbol, pattern or "")
    if not answer.rows.num_rows:
        raise NothingPassedError(
            f"no column has {pattern!r} in name, label, meaning or family; 'columns' lists all"
        )
    write_answer(answer, form, output)


def doctor_command() -> None:
    """Whether this installation is sound: versions, shipped tables, writable place, engines."""
    from screen.answers import doctor

    sound = True
    for good, line in doctor.health():
        print(f"{'ok ' if good else 'BAD'}  {visible(line)}")
        sound &= good
    if not sound:
        raise DataError("the installation is not sound; the lines marked BAD say what to mend")


def seal_command() -> None:
    """Check every shipped table and write its digest, after you changed one (for maintainers)."""
    from screen import sealing
    from screen.frame import spare_pandas

    spare_pandas()
    count, notes = sealing.seal()
    for note in notes:
        say(f"note: {note}")
    say(f"{count} tables and models are sound; their digests stand in datasets.toml")


def build_reference_command(
    source: Annotated[Path, typer.Argument(help="Full snapshot, as for --source.")],
    gaps: Gaps = None,
    moduli: Moduli = None,
) -> None:
    """Rebuild the embedded reference phases from a full snapshot (for maintainers)."""
    from screen.sources import reference

    path = reference.build(source, gaps, moduli)
    say(f"written: {path}, and the digests in datasets.toml")


def build_moduli_command(
    moduli: Annotated[Path, typer.Argument(help="CSV with formula, bulk and shear modulus.")],
) -> None:
    """Train the model of elastic moduli anew and print how good it is (for maintainers)."""
    from screen.elastic import train_moduli
    from screen.settings import Settings
    from screen.sources import table_files

    formulas, values = table_files.moduli(moduli)
    cap = Settings().modulus_cap_gpa
    path, measured = train_moduli.build(moduli, formulas, values, cap)
    print(measured)
    say(f"written: {path}, and the digests in datasets.toml")
