"""Pulls: page by page, each kept before the next is asked for, so that a pull goes on where it
stopped, whatever stopped it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any

from screen.errors import DataError, NetworkError
from screen.sources import snapshot
from screen.sources.materials_project.client import PAGE, Server
from screen.sources.materials_project.documents import (
    Documents,
    Pulled,
    take,
    to_phases,
)
from screen.sources.materials_project.query import Query, criteria_of
from screen.sources.materials_project.usable import normal_id, page_fault
from screen.store import Store
from screen.store import of as store_of

_IDS_AT_ONCE = 100

Progress = Callable[[int, int], None]


class Pages:
    """Pages of a query that came, each with what was asked and the database version."""

    def __init__(self, store: Store, query: Query, prefix: str = "") -> None:
        self._store, self._kind = store, f"pages-{prefix}{query.digest}"

    def read(self, name: str, version: str | None = None) -> Documents | None:
        """A page, or None if it is not there or not whole.

        Args:
            version: of the database that it must be of; None: of any.

        Raises:
            DataError: if it is of another.
        """
        content = self._store.get(self._kind, name)
        if content is None:
            return None
        kept = json.loads(gzip.decompress(content))
        if version not in (None, kept["database_version"]):
            raise DataError(
                f"the database went from {kept['database_version']} to {version} since this pull "
                "began; run it with --restart to begin anew"
            )
        documents: Documents = kept["data"]
        return documents

    def write(self, name: str, asked: dict[str, Any], version: str, documents: Documents) -> None:
        """Keep a page."""
        body = {"asked": asked, "database_version": version, "data": documents}
        content = gzip.compress(json.dumps(body).encode(), compresslevel=1, mtime=0)
        self._store.put(self._kind, name, content)

    def forget(self) -> None:
        """Remove all pages of the query."""
        self._store.drop(self._kind)


def pull_documents(
    server: Server,
    query: Query,
    pages: Pages,
    *,
    max_pages: int | None = None,
    progress: Progress = lambda *_: None,
) -> Pulled | None:
    """Bring all pages of a query; those that are on disk are not asked for again.

    Args:
        pages: that came before.
        max_pages: stop after this many new pages; the rest comes with the next call.
        progress: told pages done and pages in all.

    Returns:
        The documents, or None if `max_pages` came first.

    Raises:
        NetworkError, DataError: with what to do; what came so far is kept.
    """
    plan = list(_plan(server, query))
    total = sum(ceil(count / PAGE) for *_, count in plan)
    documents: dict[str, dict[str, dict[str, Any]]] = {"summary": {}, "names": {}, "thermo": {}}
    done = new = 0
    for part, route, criteria, count in plan:
        for page in range(1, ceil(count / PAGE) + 1):
            name = f"{route}-{part:03d}-{page:05d}"
            kept = pages.read(name, server.version)
            if kept is None or page_fault(route, kept):
                if max_pages is not None and new >= max_pages:
                    return None
                expected = min(PAGE, count - PAGE * (page - 1))
                kept = _fetch(server, route, criteria, query.fields(route), page, expected)
                asked = {"route": route, "criteria": criteria, "page": page}
                pages.write(name, asked, server.version, kept)
                new += 1
            take(route, documents[route], kept)
            done += 1
            progress(done, total)
    for route in documents:
        wanted = sum(count for _, r, _, count in plan if r == route)
        _mend(server, route, documents, wanted, query)
    if server.current_version() != server.version:
        raise DataError(
            f"the database changed from {server.version} during this pull; run it with --restart "
            "to begin anew"
        )
    ordered = {route: [d for _, d in sorted(have.items())] for route, have in documents.items()}
    return Pulled(
        ordered["summary"],
        ordered["thermo"],
        ordered["names"],
        server.version,
        server.session.asked,
    )


def _plan(server: Server, query: Query) -> Iterator[tuple[int, str, dict[str, Any], int]]:
    """Part number, route, criteria and number of documents of every series of pages."""
    for part, criteria in enumerate(query.parts()):
        for route, asked in criteria_of(query, criteria).items():
            yield part, route, asked, server.count(route, asked)


def _fetch(
    server: Server,
    route: str,
    criteria: dict[str, Any],
    fields: list[str],
    page: int,
    expected: int,
) -> Documents:
    """One page with as many documents as it should have, each with an id; else it is asked for
    again.

    Raises:
        NetworkError: if it stays as it is, naming page, document and field.
    """
    fault = ""
    for _ in range(server.session.settings.attempts):
        documents = server.documents(route, criteria, fields, page)
        fault = page_fault(route, documents)
        if not fault and len(documents) >= expected:
            return documents
        fault = fault or f"it has {len(documents)} of {expected} documents"
        server.session.tell(f"{route} page {page}: {fault}")
    raise NetworkError(
        f"{route} page {page} stays wrong: {fault}; what came so far is kept, run the same command "
        "again later"
    )


def _mend(
    server: Server,
    route: str,
    documents: dict[str, dict[str, dict[str, Any]]],
    wanted: int,
    query: Query,
) -> None:
    """Ask by id for what an unstable order of pages left out.

    Raises:
        NetworkError: if some are missing even then.
    """
    have = documents[route]
    if len(have) >= wanted:
        return
    every = set().union(*(documents[other] for other in documents))
    lacking = sorted(every - have.keys())
    criteria = criteria_of(query, {})[route]
    server.session.tell(
        f"{route}: {wanted - len(have)} of {wanted} documents are missing, others came twice; "
        "asking for them by id"
    )
    for begin in range(0, len(lacking), _IDS_AT_ONCE):
        if len(have) >= wanted:
            break
        ids = lacking[begin : begin + _IDS_AT_ONCE]
        asked = {**criteria, "material_ids": ids}
        take(route, have, _fetch(server, route, asked, query.fields(route), 1, 0))
    if len(have) < wanted:
        raise NetworkError(
            f"{route}: {len(have)} of {wanted} documents came, {wanted - len(have)} are missing "
            "though every page was whole; run with --restart"
        )


def pull_structures(
    server: Server, ids: Sequence[str], table: Path, progress: Progress = lambda *_: None
) -> Path:
    """Bring the structures of some materials of a snapshot into a file beside it.

    Args:
        ids: materials; those that the file already has are not asked for again.
        table: the snapshot.

    Returns:
        The file.

    Raises:
        NetworkError: if some do not come.
    """
    path = snapshot.structures_beside(table)
    try:
        have = snapshot.structures(path)
    except DataError:  # damaged: all are asked for again
        have = {}
    lacking = sorted(set(ids) - have.keys())
    for begin in range(0, len(lacking), _IDS_AT_ONCE):
        part = lacking[begin : begin + _IDS_AT_ONCE]
        criteria = {"material_ids": part, "deprecated": False}
        for document in _fetch(server, "summary", criteria, ["material_id", "structure"], 1, 0):
            if isinstance(document.get("structure"), dict):
                have[normal_id(document["material_id"])] = json.dumps(document["structure"])
        absent = set(part) - have.keys()
        if absent:
            raise NetworkError(f"no structure came for {', '.join(sorted(absent)[:3])}; try again")
        snapshot.write_structures(path, have)
        progress(min(begin + _IDS_AT_ONCE, len(lacking)), len(lacking))
    return path


def pull_snapshot(
    server: Server,
    query: Query,
    home: Path,
    modulus_cap_gpa: float,
    *,
    max_pages: int | None = None,
    progress: Progress = lambda *_: None,
) -> Path | None:
    """Pull what is missing of a query and, once it is complete, make a snapshot of it.

    Returns:
        The snapshot, or None if `max_pages` came first.
    """
    pages = Pages(store_of(home), query)
    pulled = pull_documents(server, query, pages, max_pages=max_pages, progress=progress)
    if pulled is None:
        return None
    return keep_snapshot(pulled, query, pages, home, modulus_cap_gpa, server.endpoint)


def keep_snapshot(
    pulled: Pulled, query: Query, pages: Pages, home: Path, modulus_cap_gpa: float, origin: str
) -> Path:
    """Make a snapshot of a complete pull, and forget its pages.

    Args:
        origin: where the documents came from, for the manifest.
    """
    phases, gaps = to_phases(pulled, query, modulus_cap_gpa)
    manifest = {
        "database_version": pulled.version,
        "scheme": query.scheme,
        "query": asdict(query),
        "endpoint": origin,
        "materials": len(pulled.summary),
        "gaps": len(gaps),
        "requests": pulled.requests,
        "licences": sorted(set(phases.texts("licence"))),
        "citation": "A. Jain et al., APL Materials 1, 011002 (2013), doi:10.1063/1.4812323",
    }
    path = snapshot.write(
        phases, home / "snapshots", f"mp-{pulled.version}{query.name}", manifest, gaps
    )
    pages.forget()
    return path
