"""The made-up database as the Materials Project's open tables: schemas of emmet-core, in Delta.

python -m tests.materials_project.open_tables --count 155000 FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import WriterProperties, write_deltalake
from emmet.core.arrow import arrowize
from emmet.core.summary import SummaryDoc
from emmet.core.thermo import ThermoDoc

from tests.materials_project.documents import Database, Document, make_database, structure

_STRUCTURES = 200
"""One material of so many has its structure: columns that nobody asks for have a size."""


def write_tables(
    database: Database,
    folder: Path,
    *,
    group: int = 1000,
    files: int = 1,
    partitioned: bool = True,
    **changes: Any,
) -> None:
    """The collections as Delta tables with emmet-core's own Arrow schemas.

    Args:
        group: rows of a row group.
        files: into which each table is cut.
        partitioned: whether each version has files of its own.
        changes: by collection, what to do with its Arrow table before it is written.
    """
    sized = [
        d | {"structure": structure(d)} if i % _STRUCTURES == 0 else d
        for i, d in enumerate(database.summary)
    ]
    for name, model, documents in (
        ("summary", SummaryDoc, sized),
        ("thermo", ThermoDoc, database.thermo),
    ):
        schema = pa.schema(arrowize(model)).insert(0, pa.field("version", pa.string()))
        step = -(-len(documents) // files)
        for begin in range(0, len(documents), step):
            rows = [_row(d, database.version) for d in documents[begin : begin + step]]
            table = pa.Table.from_pylist(rows, schema=schema)
            table = changes[name](table) if name in changes else table
            write_deltalake(
                folder / "collections" / name,
                table,
                mode="append",
                partition_by=["version"]
                if partitioned and "version" in table.column_names
                else None,
                writer_properties=WriterProperties(
                    compression="ZSTD", max_row_group_size=group, write_batch_size=group
                ),
            )


def _row(document: Document, version: str) -> Document:
    """A document as a row, its modulus as pairs."""
    row = document | {"version": version}
    for name in ("bulk_modulus", "shear_modulus"):
        if row.get(name) is not None:
            row[name] = list(row[name].items())
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--group", type=int, default=10_000, help="rows of a row group")
    parser.add_argument("--files", type=int, default=4, help="files of each table")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    write_tables(make_database(given.count), given.folder, group=given.group, files=given.files)


if __name__ == "__main__":
    main()
