"""A run folder: what its files are called, and whether they are as the run wrote them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from screen.columns import Column
from screen.errors import DataError
from screen.report import table
from screen.tables import sha256

LAYOUT = 2
"""Number of the way a run folder is laid out; raised when an older program could misread it."""

RANKED, GAPS, COLUMNS, CARDS, MANIFEST, PAGE = (
    "ranked.csv",
    "gaps.csv",
    "columns.json",
    "cards.json",
    "manifest.json",
    "report.html",
)
DATA_FILES = (RANKED, GAPS, COLUMNS, CARDS)
"""What every manifest holds the digests of; the page is made from them and can be made again."""
EXTRA = {"short": "short.csv", "parquet": "ranked.parquet", "xlsx": "ranked.xlsx"}
"""What a run writes on request, by what it is asked for."""

GAPS_COLUMNS = (
    Column("id", "id", "Identifier of the phase in its source.", "ranked.csv", "text"),
    Column("formula", "formula", "Reduced chemical formula.", "ranked.csv", "text"),
    Column("column", "column", "The column whose value is missing.", "columns.json", "text"),
    Column("reason", "reason", "Why it is missing.", "the family that owns the column", "text"),
)


def dictionary(columns: Iterable[tuple[str, Column]]) -> dict[str, Any]:
    """What each column of the tables of a run means, in their order there.

    Args:
        columns: those of the ranked file, each with the group that it belongs to.
    """
    return {
        RANKED: [
            {
                "name": c.name,
                "label": c.label,
                "unit": c.unit,
                "kind": c.kind,
                "group": group,
                "meaning": c.meaning,
                "source": c.source,
            }
            for group, c in columns
        ],
        GAPS: [
            {"name": c.name, "label": c.label, "kind": c.kind, "meaning": c.meaning}
            for c in GAPS_COLUMNS
        ],
    }


def dump(value: Any, *, indent: int | None = 2) -> bytes:
    """JSON as the files of a run hold it; without indent one line, for programs."""
    separators = None if indent else (",", ":")
    text = json.dumps(table.finite(value), ensure_ascii=False, indent=indent, separators=separators)
    return f"{text}\n".encode()


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest with a digest of its own content at its end."""
    body = {key: value for key, value in manifest.items() if key != "seal"}
    return body | {"seal": hashlib.sha256(dump(body, indent=None)).hexdigest()}


@dataclass(frozen=True)
class RunFiles:
    """The content of a run folder.

    Attributes:
        columns: the data dictionary, one entry per column of the ranked table.
        ranked: rows of all roles, role by role, best first.
        cards: what the tables do not hold of the candidates on the page.
    """

    manifest: dict[str, Any]
    columns: list[dict[str, str]]
    ranked: pa.Table
    gaps: pa.Table
    cards: dict[str, Any]


def read(path: Path) -> RunFiles:
    """Read a run folder.

    Raises:
        DataError: naming the file that is missing, of another version or altered.
    """
    manifest = _manifest(path)
    for name, digest in manifest["files"].items():
        file = path / name
        if not file.is_file():
            raise DataError(f"{file} is missing: the run is incomplete; write it again with 'rank'")
        if sha256(file) != digest:
            raise DataError(
                f"{file} was altered: its digest is not that of {MANIFEST}; restore it, or write "
                "the run again with 'rank'"
            )
    dictionaries = _json(path / COLUMNS)
    columns = dictionaries[RANKED]
    kinds = {c["name"]: c["kind"] for c in columns}
    return RunFiles(
        manifest,
        columns,
        table.read_csv(path / RANKED, kinds),
        table.read_csv(path / GAPS, {c.name: c.kind for c in GAPS_COLUMNS}),
        _json(path / CARDS),
    )


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise DataError(f"no run folder {path}; 'rank' writes one and says where")
    file = path / MANIFEST
    if not file.is_file():
        raise DataError(f"{file} is missing: {path} is no folder of a finished run")
    manifest = _json(file)
    layout = manifest.get("layout") if isinstance(manifest, dict) else None
    if layout != LAYOUT:
        version = manifest.get("version", "unknown") if isinstance(manifest, dict) else "unknown"
        raise DataError(
            f"{file} is of another version: written by screen {table.visible(str(version))[:40]}, "
            f"layout {'not stated' if layout is None else str(layout)[:20]}, where {LAYOUT} is "
            "wanted; write the run again with 'rank'"
        )
    if sealed(manifest)["seal"] != manifest.get("seal"):
        raise DataError(f"{file} was altered: it does not fit its own seal; write the run again")
    absent = [name for name in DATA_FILES if name not in manifest["files"]]
    if absent:
        raise DataError(f"{file} names no digest of {absent[0]}; write the run again with 'rank'")
    return dict(manifest)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {str(error)[:120]}") from error
