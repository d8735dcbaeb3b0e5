"""Tables in Parquet and CSV files, under our names for columns or those of public tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from screen import crystal_files, sheets, structures
from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray
from screen.errors import DataError
from screen.materials.names import mistaken, names
from screen.phases import SCHEMA
from screen.sheets import Sheet
from screen.sources import snapshot

ALIASES = {
    "material_id": "id",
    "formula_pretty": "formula",
    "reduced_formula": "formula",
    "band_gap": "band_gap_ev",
    "density": "density_g_cm3",
    "formation_energy_per_atom_eV": "formation_energy_ev_atom",
    "formation_energy_per_atom": "formation_energy_ev_atom",
    "band_gap_eV": "band_gap_ev",
    "band_gap_min_eV": "band_gap_min_ev",
    "band_gap_median_eV": "band_gap_ev",
    "band_gap_max_eV": "band_gap_max_ev",
    "bulk_modulus_VRH_median_GPa": "bulk_modulus_gpa",
    "shear_modulus_VRH_median_GPa": "shear_modulus_gpa",
}
"""Names of public tables for columns of ours. Columns that are neither are not read."""
_OURS = {name.casefold(): name for name in SCHEMA.names}
_PUBLIC = {alias.casefold(): name for alias, name in ALIASES.items()}


def read_parquet(path: Path) -> pa.Table:
    """The known columns of a Parquet file."""
    try:
        table = pa.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise DataError(
            f"{path.name}: not a readable Parquet file; it may be empty or cut short, fetch or "
            "write it again"
        ) from None
    places = _places(table.column_names, path.name)
    known = table.select(list(places.values())).rename_columns(list(places))
    return known.replace_schema_metadata(table.schema.metadata)  # which renaming drops


def with_structures(table: pa.Table, beside: Path) -> pa.Table:
    """A table whose column `structure` names the file beside it for the ids in that file."""
    have = snapshot.structures(beside)
    if not have or "id" not in table.column_names:
        return table
    names = [str(beside) if phase in have else None for phase in table["id"].to_pylist()]
    if "structure" in table.column_names:
        table = table.drop_columns("structure")
    return table.append_column("structure", pa.array(names, pa.string()))


def structure_files(table: pa.Table) -> list[Path]:
    """The files that the column `structure` of a table names, each once."""
    if "structure" not in table.column_names:
        return []
    if not pa.types.is_string(table.schema.field("structure").type):
        return []  # Phases says what is wrong
    named = table.column("structure").unique().drop_null().to_pylist()
    return [path for path in map(Path, sorted(named)) if path.is_file()]


def _read_csv(path: Path) -> pa.Table:
    """All known columns of a CSV; what is no number is named with its line."""
    sheet = sheets.read(path)
    columns: dict[str, pa.ChunkedArray] = {}
    for name, place in _places(sheet.head, path.name).items():
        values = [row[place].strip() or None for row in sheet.rows]
        columns[name] = _cast(values, name, path, sheet)
    if "structure" in columns:
        if "formula" not in columns:
            columns |= _from_structures(columns["structure"], path, sheet.lines)
        columns["structure"] = _placed(columns["structure"], path.parent)
    if "formula" not in columns:
        raise DataError(
            f"{path.name}: column 'formula' is missing; the first line has "
            f"{', '.join(sheet.head)[:80]!r}"
        )
    _check_formulas(columns["formula"], path, sheet)
    return pa.table(columns)


def _places(head: Sequence[str], file: str) -> dict[str, int]:
    """Where our columns are in a table, in any case of letters; our own names come before those of
    public tables.
    """
    letters = [name.strip().casefold() for name in head]
    found: dict[str, int] = {}
    for known in (_OURS, _PUBLIC):
        mine: dict[str, int] = {}
        for place, name in enumerate(letters):
            if name in known and known[name] in mine:
                raise DataError(f"{file}: column {known[name]!r} is there twice")
            if name in known and known[name] not in found:
                mine[known[name]] = place
        found |= mine
    return dict(sorted(found.items(), key=lambda item: item[1]))


_ODD = re.compile(r"^[^A-Z(\[]|[(\s-][^A-Z\d(\[]")
"""What no plain formula holds: a small letter where an element begins, a dash, a space."""


def _check_formulas(formulas: pa.ChunkedArray, path: Path, sheet: Sheet) -> None:
    """Refuse names and labels of phases, which may even read as formulas of something else."""
    distinct = formulas.unique().drop_null().to_pylist()
    for text in distinct:
        if (text in names() or _ODD.search(text)) and (wrong := mistaken(text)):
            line = sheet.lines[formulas.to_pylist().index(text)]
            raise DataError(f"{path.name}: line {line}: formula {wrong}")


def _placed(files: pa.ChunkedArray, folder: Path) -> pa.ChunkedArray:
    """Names of structure files, relative to the table that names them, as paths."""
    names = [
        name if name in (None, structures.TABLE) else str(folder / name)
        for name in files.to_pylist()
    ]
    return pa.chunked_array([pa.array(names, pa.string())])


def _from_structures(
    files: pa.ChunkedArray, path: Path, lines: Sequence[int]
) -> dict[str, pa.ChunkedArray]:
    """Formula, density and volume from CIF or POSCAR files, named relative to the table."""
    rows = []
    for line, name in zip(lines, files.to_pylist(), strict=True):
        try:
            rows.append(crystal_files.of_file(path.parent / (name or "")))
        except DataError as error:
            raise DataError(
                f"{path.name}: line {line}: {name!r} is no readable CIF or POSCAR file ({error})"
            ) from error
    # A site that is partly filled, or shared, is not an atom.
    volumes = [float(s.volume / s.composition.num_atoms) for s in rows]
    return {
        "formula": pa.chunked_array([[s.composition.reduced_formula for s in rows]]),
        "density_g_cm3": pa.chunked_array([[float(s.density) for s in rows]]),
        "volume_a3_atom": pa.chunked_array([volumes]),
        "id": pa.chunked_array([files.to_pylist()]),
    }


def _cast(values: list[str | None], name: str, path: Path, sheet: Sheet) -> pa.ChunkedArray:
    kind = SCHEMA.field(name).type
    if pa.types.is_floating(kind):
        values = [value and sheet.number(value) for value in values]
    column = pa.chunked_array([pa.array(values, pa.string())])
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        for line, text in zip(sheet.lines, values, strict=True):
            try:
                pa.scalar(text).cast(kind)
            except pa.ArrowInvalid:
                what = (
                    "number; write it like -0.5" if pa.types.is_floating(kind) else "true or false"
                )
                raise DataError(
                    f"{path.name}: line {line}: {name} is {text!r}, which is no {what}"
                ) from None
        raise


def read_energies(path: Path) -> pa.Table:
    """A CSV of formation energies; elements that it does not list are at zero by definition."""
    table = _read_csv(path)
    if "formation_energy_ev_atom" not in table.column_names:
        raise DataError(
            f"{path.name}: column 'formation_energy_ev_atom' is missing (or its public name "
            "'formation_energy_per_atom_eV'); energies per formula unit or totals will not do"
        )
    if not table.num_rows or table.column("formula").null_count:
        return table  # Phases says what is wrong
    compositions = compositions_of(table, path.name)
    listed = compositions.element[compositions.start[:-1][compositions.size == 1]]
    absent = [SYMBOLS[e] for e in np.setdiff1d(compositions.element, listed)]
    elements: dict[str, Any] = {
        "formula": absent,
        "formation_energy_ev_atom": [0.0] * len(absent),
        "source": ["by definition"] * len(absent),
    }
    if "id" in table.column_names:
        elements["id"] = absent
    for name in ("scheme", "database_version", "licence"):
        if name in table.column_names:
            values = table.column(name).unique().to_pylist()
            # Of several schemes any will do: Phases refuses the mixture with its own words.
            elements[name] = values[:1] * len(absent)
    fields = {name: SCHEMA.field(name).type for name in elements}
    rows = pa.table({name: pa.array(values, fields[name]) for name, values in elements.items()})
    return pa.concat_tables([table, rows], promote_options="default")


def join(table: pa.Table, ours: Compositions, path: Path) -> pa.Table:
    """Fill what the table lacks from a CSV with the same compositions.

    Args:
        ours: the compositions of the table.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    extra = _read_csv(path)
    names = [name for name in extra.column_names if name != "formula"]
    if not names:
        raise DataError(f"{path.name}: no column to add; known are {', '.join(sorted(ALIASES))}")
    theirs = compositions_of(extra, path.name)
    keys, order = np.unique(theirs.key, return_index=True)
    if len(keys) < len(theirs):
        raise DataError(f"{path.name}: a composition occurs twice; one row each is wanted")
    at: IntArray = np.searchsorted(keys, ours.key)
    found = np.isin(ours.key, keys)
    index = pa.array(order[np.where(found, at, 0)] if len(keys) else at, mask=~found)
    filled = np.zeros(len(ours), dtype=bool)
    for name in names:
        values = extra.column(name).combine_chunks().take(index)
        known = np.asarray(values.is_valid())
        if name in table.column_names:
            known &= np.asarray(table.column(name).combine_chunks().is_null())
            values = pc.coalesce(table.column(name), values)
            table = table.drop_columns([name])
        filled |= known
        table = table.append_column(name, values)
    marks = np.where(filled, path.stem, "").tolist()
    if "property_source" in table.column_names:
        before = table.column("property_source").to_pylist()
        marks = [f"{old or ''} {new}".strip() for old, new in zip(before, marks, strict=True)]
        table = table.drop_columns(["property_source"])
    return table.append_column("property_source", pa.array(marks, pa.string()))


def moduli(path: Path) -> tuple[list[str], FloatArray]:
    """Formulas, and bulk and shear modulus in GPa (NaN where missing), shape (rows, 2), of a CSV.

    Raises:
        DataError: if it cannot be read, lacks a column or has a composition twice.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    table = _read_csv(path)
    names = ("bulk_modulus_gpa", "shear_modulus_gpa")
    absent = [name for name in names if name not in table.column_names]
    if absent:
        public = next(alias for alias, name in ALIASES.items() if name == absent[0])
        raise DataError(f"{path.name}: column {absent[0]!r} (or {public!r}) is missing")
    compositions = compositions_of(table, path.name)
    if len(np.unique(compositions.key)) < len(compositions):
        raise DataError(f"{path.name}: a composition occurs twice; one row each is wanted")
    values = [table.column(name).to_numpy().astype(float) for name in names]
    return table.column("formula").to_pylist(), np.stack(values, axis=1)


def compositions_of(table: pa.Table, name: str) -> Compositions:
    """Compositions of a table that may not have been checked yet."""
    if "formula" not in table.column_names or table.column("formula").null_count:
        raise DataError(f"{name}: column 'formula' is missing or has empty cells")
    if not pa.types.is_string(table.schema.field("formula").type):
        raise DataError(f"{name}: column 'formula' is no text")
    try:
        return Compositions.from_formulas(table.column("formula").to_pylist())
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
