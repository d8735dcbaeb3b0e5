"""The snapshot store: complete pulls as Parquet, each with a manifest, in one folder."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from screen import store
from screen.errors import DataError
from screen.phases import Phases
from screen.sources import schemes
from screen.store import keep
from screen.structures import BESIDE, structures_of
from screen.tables import sha256

FORMAT = 1
NOTES = "screen"
_NEEDED = ("database_version", "phases", "scheme", "licences", "sha256")

Gap = tuple[str, str, str, str]
"""Id, formula, column, reason."""


@dataclass(frozen=True)
class Snapshot:
    """A table at rest and its manifest."""

    path: Path
    manifest: dict[str, Any]

    @property
    def version(self) -> tuple[int, ...]:
        """Database version as numbers, to compare."""
        return tuple(int(n) for n in re.findall(r"\d+", str(self.manifest["database_version"])))

    @property
    def whole(self) -> bool:
        """Whether the properties of all its phases were asked for, not of one role's choice."""
        return not self.manifest["query"]["properties"]


def _manifest(path: Path) -> dict[str, Any]:
    """The manifest of a snapshot.

    Raises:
        DataError: if it is none.
    """
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        query = manifest["query"]
        if isinstance(query["systems"], list) and isinstance(query["properties"], list):
            return dict(manifest) | {key: manifest[key] for key in _NEEDED}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise DataError(f"{path} is no manifest of a snapshot; remove it, or pull the snapshot again")


def listed(folder: Path) -> list[Snapshot]:
    """Snapshots of a folder, oldest database first; a table without manifest is none."""
    found = []
    for path in sorted(folder.glob("*.parquet")):  # structures lie beside, without a manifest
        manifest = path.with_suffix(".json")
        if manifest.is_file():
            found.append(Snapshot(path, _manifest(manifest)))
    return sorted(found, key=lambda s: (s.version, s.path.name))


def latest(folder: Path, scheme: str = schemes.MP_GGA) -> Path:
    """The snapshot of the newest database with energies of a scheme; of several, one with the
    properties of all its phases, and the largest.

    Raises:
        DataError: if there is none.
    """
    every = listed(folder)
    found = [s for s in every if s.manifest["scheme"] == scheme]
    if not found and every:
        raise DataError(
            f"no snapshot in {folder} has energies of {scheme}; there is {every[-1].path.name} "
            f"({every[-1].manifest['scheme']}): give its path, or pull with another --thermo-type"
        )
    if not found:
        raise DataError(f"no snapshot in {folder}; make one with 'python -m screen pull'")
    return max(found, key=lambda s: (s.version, s.whole, s.manifest["phases"])).path


def write(
    phases: Phases, folder: Path, name: str, manifest: dict[str, Any], gaps: list[Gap]
) -> Path:
    """Write a snapshot: gaps, table, manifest, in this order, each whole or not at all."""
    path = folder / f"{name}.parquet"
    systems = None if phases.systems is None else sorted(map(sorted, phases.systems))
    notes = {"format": FORMAT, "systems": systems}
    table, missing = io.BytesIO(), io.BytesIO()
    pa.parquet.write_table(
        phases.table.replace_schema_metadata({NOTES: json.dumps(notes)}), table, compression="zstd"
    )
    names = ("id", "formula", "column", "reason")
    columns = [pa.array([gap[i] for gap in gaps], pa.string()) for i in range(len(names))]
    pa.csv.write_csv(pa.table(columns, names=names), missing)
    keep(path.with_suffix(".gaps.csv"), missing.getvalue())
    keep(path, table.getvalue())
    manifest = {**manifest, "phases": len(phases), "sha256": sha256(path)}
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    keep(path.with_suffix(".json"), text.encode())
    return path


def check_whole(path: Path) -> None:
    """Compare a snapshot with its manifest; a table without one is no snapshot, and passes.

    Raises:
        DataError: if the table is not the one that was written.
    """
    manifest = path.with_suffix(".json")
    if path.suffix != ".parquet" or not manifest.is_file():
        return
    if _manifest(manifest)["sha256"] != sha256(path):
        raise DataError(f"{path.name} is not what its manifest says; pull the snapshot again")


def systems_of(schema: pa.Schema, name: str) -> list[frozenset[str]] | None:
    """Systems within which a Parquet table is complete; None: all, or the table does not say.

    Raises:
        DataError: for a table of a newer format.
    """
    text = (schema.metadata or {}).get(NOTES.encode())
    if text is None:
        return None
    notes = json.loads(text)
    if notes["format"] > FORMAT:
        raise DataError(
            f"{name} is of format {notes['format']}, this program reads up to {FORMAT}; update it, "
            "or pull the snapshot again"
        )
    return None if notes["systems"] is None else [frozenset(s) for s in notes["systems"]]


def structures_beside(table: Path) -> Path:
    """The file beside a snapshot that holds structures of some of its materials."""
    return table.with_suffix(BESIDE)


def structures(path: Path) -> dict[str, str]:
    """Structures of a file beside a snapshot: pymatgen's JSON by id; none if there is no file.

    Raises:
        DataError: if it is damaged.
    """
    return structures_of(path) if path.is_file() else {}


def write_structures(path: Path, by_id: Mapping[str, str]) -> None:
    """Write them, sorted by id."""
    rows = sorted(by_id.items())
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("id", "structure"))}
    sink = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), sink, compression="zstd")
    store.write(path, BESIDE, path.name, sink.getvalue())
