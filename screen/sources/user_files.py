"""Files that a user brings as tables of phases, and phases of a file that join another table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screen.errors import DataError, did_you_mean
from screen.phases import Phases
from screen.sources import entry_files, names, schemes, snapshot, table_files

FORMATS = (".parquet", ".csv", ".json", ".json.gz")


def load(path: Path, *, gaps: Path | None = None, moduli: Path | None = None) -> Phases:
    """Read a table of phases.

    Args:
        path: .parquet or .csv with the columns of `phases.COLUMNS`, or .json or .json.gz with
            pymatgen entries (ComputedEntry, ComputedStructureEntry, PDEntry): a list, by name, an
            EntrySet or a PhaseDiagram.
        gaps, moduli: CSV files with a column `formula` whose further columns fill what the table
            lacks, joined by composition.

    Raises:
        DataError: if a file cannot be read or does not make sense; one line says why.
    """
    if not path.is_file():
        what = " is a folder" if path.is_dir() else ": no such file"
        raise DataError(f"{path}{what}; --source takes {names()}")
    readers = {
        ".parquet": table_files.read_parquet,
        ".csv": table_files.read_energies,
        ".json": entry_files.read,
        ".json.gz": entry_files.read,
    }
    suffix = "".join(path.suffixes[-2 if path.suffix.lower() == ".gz" else -1 :]).lower()
    if suffix not in readers:
        hint = did_you_mean(suffix, FORMATS)
        raise DataError(f"{path}: unknown kind of table {suffix!r}; {hint}")
    snapshot.check_whole(path)
    table = readers[suffix](path)
    if suffix == ".parquet":
        table = table_files.with_structures(table, snapshot.structures_beside(path))
    systems = snapshot.systems_of(table.schema, path.name)
    companions = [companion for companion in (gaps, moduli) if companion is not None]
    if companions:
        ours = table_files.compositions_of(table, path.name)
        for companion in companions:
            table = table_files.join(table, ours, companion)
    files = (path, *companions, *table_files.structure_files(table))
    return Phases(table, name=path.name, systems=systems, files=files)


SAME_SCHEME_EV_ATOM = 0.05
"""Phases that two tables share may differ by this and still be of one scheme: settings of DFT
runs move formation energies by less, corrections and functionals by more."""


def add(phases: Phases, path: Path) -> Phases:
    """A table with the phases of a file added.

    The file's scheme must fit: it is stated and the same, or, where it is not stated, the phases
    that both hold have the same energies. A CSV may name CIF or POSCAR files in a column
    `structure` in place of formulas.

    Raises:
        DataError: if it does not fit, or that cannot be told.
    """
    more = load(path)
    theirs = more.table.filter(pc.not_equal(pc.field("formation_energy_ev_atom"), 0.0))
    if not len(theirs):
        raise DataError(f"{path.name}: no phase but the elements, nothing to add")
    _check_scheme(phases, more, path.name)
    taken = set(phases.texts("id"))
    ids = [f"{path.stem}:{name}" if name in taken else name for name in theirs["id"].to_pylist()]
    scheme = phases.table.column("scheme")[0].as_py()
    for column, values in (
        ("id", ids),
        ("scheme", [scheme] * len(ids)),
        ("source", [name or path.name for name in theirs["source"].to_pylist()]),
    ):
        at = theirs.schema.get_field_index(column)
        theirs = theirs.set_column(at, column, pa.array(values, pa.string()))
    return Phases(
        pa.concat_tables([phases.table, theirs]),
        name=phases.name,
        systems=phases.systems,
        added=len(theirs),
        files=(*phases.files, *more.files),
    )


def _check_scheme(phases: Phases, more: Phases, name: str) -> None:
    ours, theirs = (p.table.column("scheme")[0].as_py() for p in (phases, more))
    if schemes.conflict(ours, theirs):
        raise DataError(
            f"{name}: its scheme is {more.scheme!r}, that of {phases.name} {phases.scheme!r}; "
            "energies of different schemes do not share a hull"
        )
    if schemes.settled(ours, theirs):
        return
    compounds = np.flatnonzero(more.compositions.size > 1)
    rows = phases.rows_of(more.compositions.take(compounds))
    shared = rows >= 0
    if not shared.any():
        said = "no scheme" if theirs is None else f"{theirs} without saying which corrections"
        raise DataError(
            f"{name}: it states {said}, and shares no compound with {phases.name} to compare; add "
            f"a known compound, or to a CSV a column scheme with {phases.scheme!r} if that is it"
        )
    difference = more.energy[compounds[shared]] - phases.energy[rows[shared]]
    lowest, nearest = int(np.argmin(difference)), int(np.argmin(np.abs(difference)))
    # A polymorph may lie above the known one, but one below, or none that agrees, is of another
    # scheme.
    odd = lowest if difference[lowest] < -SAME_SCHEME_EV_ATOM else nearest
    if abs(difference[odd]) > SAME_SCHEME_EV_ATOM:
        raise DataError(
            f"{name}: {more.formulas[compounds[shared][odd]]} lies {difference[odd]:+.3f} eV/atom "
            f"from that of {phases.name}, more than {SAME_SCHEME_EV_ATOM:g}; the energies are not "
            "of its scheme (if they are, say so in a column scheme, or add a compound that agrees)"
        )
