"""Pulls without a key: the same documents, read from the open tables piece by piece."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from screen.errors import DataError, NetworkError, UsageError
from screen.sources.materials_project.documents import Documents, Pulled, take
from screen.sources.materials_project.open_tables import Bucket, OpenTable, Part
from screen.sources.materials_project.pull import Pages, Progress, keep_snapshot
from screen.sources.materials_project.query import GNOME, Query
from screen.sources.materials_project.usable import page_fault
from screen.store import of as store_of

COLLECTIONS = ("summary", "thermo")
_BEGAN = "open-data"
"""The page that holds which versions a pull reads."""


def read_documents(
    bucket: Bucket,
    query: Query,
    pages: Pages,
    *,
    max_pages: int | None = None,
    progress: Progress = lambda *_: None,
) -> Pulled | None:
    """Read all documents of a query; pieces that are on disk are not read again.

    All pieces are of one version of each table, the newest when the pull began.

    Args:
        pages: that came before.
        max_pages: stop after this many new pieces; the rest comes with the next call.
        progress: told pieces done and pieces in all.

    Returns:
        The documents, or None if `max_pages` came first.

    Raises:
        UsageError: for a query of properties by role.
        NetworkError, DataError: with what to do; what came so far is kept.
    """
    if query.properties:
        raise UsageError("--open-data brings the properties of all materials; leave --role out")
    tables, version = _open(bucket, pages)
    plan = [(table, part) for table in tables for part in table.parts(version)]
    documents: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in COLLECTIONS}
    new = 0
    for done, (table, part) in enumerate(plan, 1):
        name = _name(table, part)
        kept = pages.read(name, version)
        if kept is None:
            if max_pages is not None and new >= max_pages:
                return None
            kept = _documents(table, part, version, query)
            asked = {"collection": table.collection, "table_version": table.at, "file": part.path}
            pages.write(name, asked, version, kept)
            new += 1
        have = documents[table.collection]
        before = len(have)
        take(table.collection, have, kept)
        if len(have) < before + len(kept):
            raise DataError(
                f"the table {table.collection} of the open bucket holds a material twice; pull "
                "with a key and without --open-data"
            )
        progress(done, len(plan))
    summary, thermo = ([d for _, d in sorted(documents[name].items())] for name in COLLECTIONS)
    return Pulled(summary, thermo, [], version, new)


def _open(bucket: Bucket, pages: Pages) -> tuple[list[OpenTable], str]:
    """The tables at the versions that the pull began with, and the newest database in both."""
    began = pages.read(_BEGAN)
    pinned = began[0] if began else {}
    tables = [bucket.open(name, pinned.get(name)) for name in COLLECTIONS]
    if pinned:
        return tables, pinned["database"]
    summary, thermo = (table.database_versions() for table in tables)
    if not summary & thermo:
        raise DataError(
            f"the open tables share no database version: summary has {max(summary)}, thermo "
            f"{max(thermo)}; run the same command again later"
        )
    version = max(summary & thermo, key=lambda text: [int(n) for n in re.findall(r"\d+", text)])
    at = {table.collection: table.at for table in tables}
    pages.write(_BEGAN, {}, version, [{**at, "database": version}])
    return tables, version


def _name(table: OpenTable, part: Part) -> str:
    of = json.dumps([table.at, part.path])
    digest = hashlib.sha256(of.encode()).hexdigest()[:12]
    return f"{table.collection}-{digest}-{part.groups[0]:05d}"


def _documents(table: OpenTable, part: Part, version: str, query: Query) -> Documents:
    """The documents of a piece that the query asks for, as the API would send them.

    Raises:
        NetworkError: for one that cannot be named.
    """
    rows = table.read(part, version)
    rows = rows.filter(_asked(table.collection, rows, query))
    try:
        found: Documents = rows.to_pylist(maps_as_pydicts="strict")
    except (KeyError, ValueError) as error:
        raise DataError(f"the table {table.collection} of the open bucket: {error}") from error
    fault = page_fault(table.collection, found)
    if fault:
        raise NetworkError(
            f"the table {table.collection} of the open bucket: {fault}; what came so far is kept, "
            "pull with a key and without --open-data"
        )
    return found


def _asked(collection: str, rows: pa.Table, query: Query) -> Any:
    """Which rows the API would give for the query."""
    if collection == "thermo":
        asked = pc.equal(pc.utf8_upper(rows["thermo_type"]), query.thermo_type)
    else:
        asked = pc.invert(rows["deprecated"])
        if not query.gnome:
            meta = rows["builder_meta"]
            for field, closed in (("batch_id", GNOME), ("license", "BY-NC")):
                other = pc.not_equal(pc.struct_field(meta, field), closed)
                asked = pc.and_(asked, pc.fill_null(other, True))
    if query.systems:
        systems = [name for part in query.parts() for name in part["chemsys"]]
        asked = pc.and_(asked, pc.is_in(rows["chemsys"], pa.array(systems)))
    return asked


def pull_open_data(
    bucket: Bucket,
    query: Query,
    home: Path,
    modulus_cap_gpa: float,
    *,
    max_pages: int | None = None,
    progress: Progress = lambda *_: None,
) -> Path | None:
    """Read what is missing of a query and, once it is complete, make a snapshot of it.

    Returns:
        The snapshot, or None if `max_pages` came first.
    """
    pages = pages_of(home, query)
    pulled = read_documents(bucket, query, pages, max_pages=max_pages, progress=progress)
    if pulled is None:
        return None
    origin = f"{bucket.endpoint or 's3:/'}/{bucket.name}"
    return keep_snapshot(pulled, query, pages, home, modulus_cap_gpa, origin)


def pages_of(home: Path, query: Query) -> Pages:
    """The pieces of a pull of open data; apart from the pages of the API."""
    return Pages(store_of(home), query, "open-")
