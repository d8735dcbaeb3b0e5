"""The Materials Project through the real mp-api client: page by page, polite, resumable.

Energies come from the thermo route with one thermo type; the summary's energies mix three hulls
and are never asked for. Each page is on disk before the next is asked for, so that a pull goes on
where it stopped, whatever stopped it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import requests

from screen.composition import INDEX
from screen.errors import DataError, NetworkError, UsageError, did_you_mean
from screen.phases import SCHEMA, Phases
from screen.settings import PullSettings
from screen.sources import snapshot
from screen.sources.polite_session import HEARTBEAT, PoliteSession
from screen.sources.snapshot import Gap, keep

ENDPOINT = "https://api.materialsproject.org/"
THERMO_TYPE = "GGA_GGA+U"
SCHEME = "MP GGA/GGA+U (MP2020 corrections)"
GNOME = "gnome_r2scan_statics"
LICENCES = {"BY-C": "CC BY 4.0", "BY-NC": "CC BY-NC 4.0"}
PAGE = 1000
KEY_LENGTH = 32
_URL_CHARACTERS = 3500
_IDS_AT_ONCE = 100

SUMMARY_FIELDS = (
    "material_id formula_pretty band_gap theoretical density volume nsites bulk_modulus "
    "shear_modulus builder_meta"
).split()
NAME_FIELDS = "material_id formula_pretty builder_meta".split()
THERMO_FIELDS = "material_id formation_energy_per_atom thermo_type".split()

Documents = list[dict[str, Any]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Query:
    """What to pull.

    Attributes:
        systems: chemical systems, each with all its subsystems; none: everything.
        gnome: with the GNoME materials, whose licence forbids commercial use.
        properties: criteria of the API for the materials whose properties come too; energies come
            for all, since all compete.
    """

    systems: tuple[tuple[str, ...], ...] = ()
    gnome: bool = False
    properties: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        chemsys: Iterable[str],
        *,
        gnome: bool = False,
        properties: tuple[tuple[str, str], ...] = (),
    ) -> Query:
        """From systems such as Li-P-S.

        Raises:
            UsageError: for an element that is none.
        """
        systems = []
        for text in chemsys:
            symbols = tuple(sorted({part.strip() for part in text.split("-")}))
            unknown = [symbol for symbol in symbols if symbol not in INDEX]
            if unknown:
                hint = did_you_mean(unknown[0], INDEX, limit=3)
                raise UsageError(
                    f"chemical system {text!r}: unknown element {unknown[0]!r}; {hint}"
                )
            systems.append(symbols)
        return cls(tuple(sorted(set(systems))), gnome, properties)

    def fields(self, route: str) -> list[str]:
        """What to ask of each document."""
        return {"summary": SUMMARY_FIELDS, "names": NAME_FIELDS, "thermo": THERMO_FIELDS}[route]

    def parts(self) -> list[dict[str, Any]]:
        """Criteria, one request series each; lists of systems are cut to a sendable length."""
        if not self.systems:
            return [{}]
        names = {
            "-".join(part)
            for system in self.systems
            for size in range(1, len(system) + 1)
            for part in combinations(system, size)
        }
        parts: list[list[str]] = [[]]
        for name in sorted(names):
            if sum(map(len, parts[-1])) + len(parts[-1]) + len(name) > _URL_CHARACTERS:
                parts.append([])
            parts[-1].append(name)
        return [{"chemsys": part} for part in parts]

    @property
    def digest(self) -> str:
        """Names the folder of the pull."""
        text = json.dumps([asdict(self), SUMMARY_FIELDS, THERMO_FIELDS, THERMO_TYPE])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def key_from(environment: Mapping[str, str]) -> str:
    """The key, from MP_API_KEY.

    Raises:
        NetworkError: if there is none, or it cannot be one.
    """
    key = environment.get("MP_API_KEY", "").strip()
    if not key:
        raise NetworkError(
            "no key: set MP_API_KEY to yours (from the dashboard of materialsproject.org); "
            "everything but 'pull' works without"
        )
    if len(key) != KEY_LENGTH:
        raise NetworkError(
            f"MP_API_KEY has {len(key)} characters, a key of the current API has {KEY_LENGTH}; "
            "keys of the old API do not work"
        )
    return key


def endpoint_from(environment: Mapping[str, str], given: str | None = None) -> str:
    """Where to ask: as given, by MP_API_ENDPOINT, or the public address.

    Raises:
        UsageError: for an address over which the key would travel in the clear.
    """
    endpoint = (given or environment.get("MP_API_ENDPOINT") or ENDPOINT).rstrip("/") + "/"
    address = urlsplit(endpoint)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UsageError(
            f"endpoint {endpoint}: https only, since the key travels with each request"
        )
    return endpoint


def answers(endpoint: str) -> str:
    """Whether an endpoint answers, and with which database; asked without the key."""
    settings = PullSettings(attempts=1, timeout_s=10)
    try:
        version = _version(PoliteSession(settings, "", lambda _: None), endpoint)
    except NetworkError as error:
        return f"endpoint does not answer: {str(error).partition(';')[0]}"
    return f"endpoint answers: database {version}"


def _version(session: PoliteSession, endpoint: str) -> str:
    """The database version that an endpoint states now."""
    version = session.get(f"{endpoint}{HEARTBEAT}").json().get("db_version")
    if not isinstance(version, str) or not version:
        raise NetworkError(
            f"{endpoint} is not the Materials Project: its heartbeat names no database version; "
            "check --endpoint"
        )
    return version


class Server:
    """The client, connected, with a session that lasts."""

    def __init__(
        self, key: str, endpoint: str, settings: PullSettings, tell: Callable[[str], None]
    ) -> None:
        self.endpoint = endpoint
        self.session = PoliteSession(settings, key, tell)
        self.version = self.current_version()
        self._client = self._connect(key)

    def current_version(self) -> str:
        """The database version that the server states now."""
        return _version(self.session, self.endpoint)

    def _connect(self, key: str) -> Any:
        # Several seconds of imports, hence here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from mp_api.client import MPRester, mprester  # noqa: PLC0415
            from mp_api.client.core import MPRestError  # noqa: PLC0415

            # The client asks for its own heartbeat without time-out or retry; lend it the session.
            lent = ((mprester, "get"), (requests, "get"))
            saved = [getattr(module, name) for module, name in lent]
            try:
                for module, name in lent:
                    setattr(module, name, self.session.get)
                return MPRester(
                    key,
                    endpoint=self.endpoint,
                    use_document_model=False,
                    mute_progress_bars=True,
                    session=self.session,
                )
            except (MPRestError, ValueError, KeyError, TypeError, OSError) as error:
                text = self.session.clean(str(error))
                raise NetworkError(
                    f"{self.endpoint} does not answer as the client expects: {text}"
                ) from error
            finally:
                for (module, name), value in zip(lent, saved, strict=True):
                    setattr(module, name, value)

    def count(self, route: str, criteria: dict[str, Any]) -> int:
        """Documents that a route holds for some criteria."""
        return int(self._ask(lambda rester: rester.count(_sendable(criteria)), route))

    def documents(
        self, route: str, criteria: dict[str, Any], fields: list[str], page: int
    ) -> Documents:
        """One page of documents, counted from 1; "names" is the summary, briefly."""
        # `fields` would make the client rebuild its document model for each name, on each page.
        options = {"_page": page, "chunk_size": PAGE, "_fields": ",".join(fields)}
        if route != "thermo":
            options["_sort_fields"] = "material_id"
        documents = self._ask(
            lambda rester: rester._search(all_fields=False, **_sendable(criteria), **options), route
        )
        return list(documents)

    def _ask(self, question: Callable[[Any], Any], route: str) -> Any:
        from mp_api.client.core import MPRestError  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                rester = self._client.materials.thermo if route == "thermo" else None
                return question(rester or self._client.materials.summary)
            except (MPRestError, ValueError, KeyError, TypeError, OSError) as error:
                text = self.session.clean(str(error))
                raise NetworkError(f"the client gave up on {route}: {text}") from error


def _sendable(criteria: dict[str, Any]) -> dict[str, Any]:
    return {k: ",".join(v) if isinstance(v, list) else v for k, v in criteria.items()}


class Pages:
    """Pages on disk, each with what was asked, a checksum and the database version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, route: str, part: int, page: int) -> Path:
        """Where a page is kept."""
        return self.folder / f"{route}-{part:03d}-{page:05d}.json.gz"

    def read(self, path: Path, version: str) -> Documents | None:
        """A page, or None if it is not there or not whole.

        Raises:
            DataError: if it is of another database version.
        """
        try:
            kept = json.loads(gzip.decompress(path.read_bytes()))
            documents: Documents = kept["data"]
            if kept["sha256"] != _digest(documents):
                return None
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            return None
        if kept["database_version"] != version:
            raise DataError(
                f"the database went from {kept['database_version']} to {version} since this pull "
                "began; run it with --restart to begin anew"
            )
        return documents

    def write(self, path: Path, asked: dict[str, Any], version: str, documents: Documents) -> None:
        """Keep a page; it is there whole or not at all."""
        body = {
            "asked": asked,
            "database_version": version,
            "sha256": _digest(documents),
            "data": documents,
        }
        keep(path, gzip.compress(json.dumps(body).encode(), compresslevel=1, mtime=0))


def _digest(documents: Documents) -> str:
    return hashlib.sha256(json.dumps(documents, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Pulled:
    """All documents of a complete pull."""

    summary: Documents
    thermo: Documents
    names: Documents
    version: str
    requests: int


def pull(
    server: Server,
    query: Query,
    home: Path,
    *,
    max_pages: int | None = None,
    progress: Progress = lambda *_: None,
) -> Pulled | None:
    """Bring all pages of a query; those that are on disk are not asked for again.

    Args:
        home: folder under which pages are kept.
        max_pages: stop after this many new pages; the rest comes with the next call.
        progress: told pages done and pages in all.

    Returns:
        The documents, or None if `max_pages` came first.

    Raises:
        NetworkError, DataError: with what to do; what came so far is kept.
    """
    pages = Pages(home / query.digest)
    plan = list(_plan(server, query))
    total = sum(ceil(count / PAGE) for *_, count in plan)
    documents: dict[str, dict[str, dict[str, Any]]] = {"summary": {}, "names": {}, "thermo": {}}
    done = new = 0
    for part, route, criteria, count in plan:
        for page in range(1, ceil(count / PAGE) + 1):
            path = pages.path(route, part, page)
            kept = pages.read(path, server.version)
            if kept is None:
                if max_pages is not None and new >= max_pages:
                    return None
                expected = min(PAGE, count - PAGE * (page - 1))
                kept = _fetch(server, route, criteria, query.fields(route), page, expected)
                asked = {"route": route, "criteria": criteria, "page": page}
                pages.write(path, asked, server.version, kept)
                new += 1
            _take(documents[route], kept)
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


def _take(have: dict[str, dict[str, Any]], documents: Documents) -> None:
    """Add documents under the one spelling of their ids, without what only their page needs."""
    for document in documents:
        document["material_id"] = name = normal_id(document["material_id"])
        if "thermo_type" in document:
            document["thermo_type"] = sys.intern(document["thermo_type"])
        else:  # of all that the builder says, the licence
            document["builder_meta"] = _licence(document.get("builder_meta") or {})
        have[name] = document


def _plan(server: Server, query: Query) -> Iterator[tuple[int, str, dict[str, Any], int]]:
    """Part number, route, criteria and number of documents of every series of pages."""
    for part, criteria in enumerate(query.parts()):
        for route, asked in _criteria(query, criteria).items():
            yield part, route, asked, server.count(route, asked)


def _criteria(query: Query, criteria: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What to ask each route for; names only where the summary is not of all materials."""
    every = {**criteria, "deprecated": False}
    if not query.gnome:
        every["batch_id_not_eq"] = GNOME
    asked = {
        "summary": {**every, **dict(query.properties)},
        "thermo": {**criteria, "thermo_types": [THERMO_TYPE]},
    }
    return {**asked, "names": every} if query.properties else asked


def _fetch(
    server: Server,
    route: str,
    criteria: dict[str, Any],
    fields: list[str],
    page: int,
    expected: int,
) -> Documents:
    """One page with as many documents as it should have; a short one is asked for again."""
    documents: Documents = []
    for _ in range(server.session.settings.attempts):
        documents = server.documents(route, criteria, fields, page)
        if len(documents) >= expected:
            return documents
        server.session.tell(f"{route} page {page} has {len(documents)} of {expected} documents")
    raise NetworkError(
        f"{route} page {page} keeps coming with {len(documents)} of {expected} documents; what "
        "came so far is kept, run the same command again later"
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
    criteria = _criteria(query, {})[route]
    server.session.tell(
        f"{route}: {wanted - len(have)} of {wanted} documents are missing, others came twice; "
        "asking for them by id"
    )
    for begin in range(0, len(lacking), _IDS_AT_ONCE):
        if len(have) >= wanted:
            break
        ids = lacking[begin : begin + _IDS_AT_ONCE]
        asked = {**criteria, "material_ids": ids}
        _take(have, server.documents(route, asked, query.fields(route), 1))
    if len(have) < wanted:
        raise NetworkError(
            f"{route}: {len(have)} of {wanted} documents came, {wanted - len(have)} are missing "
            "though every page was whole; run with --restart"
        )


def normal_id(text: str) -> str:
    """One spelling for ids of the old and the new form."""
    from emmet.core.mpid import AlphaID  # noqa: PLC0415 (emmet takes a second to import)

    return str(AlphaID(text).string)


def pull_structures(
    server: Server, ids: Sequence[str], table: Path, progress: Progress = lambda *_: None
) -> Path:
    """Bring the structures of some materials of a snapshot into a file beside it.

    Args:
        ids: materials; those that the file already has are not asked for again.
        table: the snapshot.

    Returns:
        A Parquet file of id and structure, as pymatgen's JSON.

    Raises:
        NetworkError: if some do not come.
    """
    path = snapshot.structures_beside(table)
    have = snapshot.structures(path)
    lacking = sorted(set(ids) - have.keys())
    for begin in range(0, len(lacking), _IDS_AT_ONCE):
        part = lacking[begin : begin + _IDS_AT_ONCE]
        criteria = {"material_ids": part, "deprecated": False}
        for document in server.documents("summary", criteria, ["material_id", "structure"], 1):
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
    pulled = pull(server, query, home / "pulls", max_pages=max_pages, progress=progress)
    if pulled is None:
        return None
    phases, gaps = to_phases(pulled, query, modulus_cap_gpa)
    subset = f"-{query.digest}" if query != Query() else ""
    manifest = {
        "database_version": pulled.version,
        "scheme": SCHEME,
        "query": asdict(query),
        "endpoint": server.endpoint,
        "materials": len(pulled.summary),
        "gaps": len(gaps),
        "requests": pulled.requests,
        "licences": sorted(set(phases.texts("licence"))),
        "citation": "A. Jain et al., APL Materials 1, 011002 (2013), doi:10.1063/1.4812323",
    }
    path = snapshot.write(
        phases, home / "snapshots", f"mp-{pulled.version}{subset}", manifest, gaps
    )
    shutil.rmtree(home / "pulls" / query.digest, ignore_errors=True)
    return path


_COLUMNS = (
    "id formula formation_energy_ev_atom licence band_gap_ev band_gap_min_ev band_gap_max_ev "
    "theoretical density_g_cm3 volume_a3_atom bulk_modulus_gpa shear_modulus_gpa structure"
).split()


def to_phases(pulled: Pulled, query: Query, modulus_cap_gpa: float) -> tuple[Phases, list[Gap]]:
    """The table of a pull, and what could not be had: (id, formula, column, reason).

    Raises:
        DataError: if a document is of another thermo type, or an element has no reference.
    """
    energies: dict[str, float | None] = {}
    described = {document["material_id"] for document in pulled.summary}
    compete = [d for d in pulled.names if d["material_id"] not in described]
    for document in pulled.thermo:
        if document["thermo_type"] != THERMO_TYPE:
            raise DataError(
                f"{document['material_id']} came as {document['thermo_type']}, {THERMO_TYPE} was "
                "asked for; energies of different schemes do not share a hull"
            )
        energies[document["material_id"]] = document["formation_energy_per_atom"]
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    gaps: list[Gap] = []
    for document in (*pulled.summary, *compete):
        name, formula = document["material_id"], document["formula_pretty"]
        energy = energies.get(name)
        if energy is None:
            what = "has no energy" if name in energies else f"has no {THERMO_TYPE} document"
            gaps.append((name, formula, "formation_energy_ev_atom", f"the material {what}"))
            continue
        moduli = []
        for field in ("bulk_modulus", "shear_modulus"):
            modulus, reason = _modulus(document.get(field), modulus_cap_gpa)
            moduli.append(modulus)
            if reason:
                gaps.append((name, formula, f"{field}_gpa", reason))
        volume, sites, gap = (document.get(f) for f in ("volume", "nsites", "band_gap"))
        row = (
            name,
            formula,
            0.0 if abs(energy) < 1e-9 else energy,  # rounding of the reference itself
            document["builder_meta"],
            gap,
            gap,
            gap,
            document.get("theoretical"),
            document.get("density"),
            volume / sites if volume and sites else None,
            *moduli,
            name if name in described else None,
        )
        for values, value in zip(columns.values(), row, strict=True):
            values.append(value)
    if not columns["id"]:
        raise DataError("the query found no material with an energy; widen --chemsys")
    types = {column: SCHEMA.field(column).type for column in columns}
    table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
    for name, value in (
        ("scheme", SCHEME),
        ("source", "Materials Project"),
        ("database_version", pulled.version),
    ):
        table = table.append_column(name, pa.array([value] * len(table), pa.string()))
    systems = [frozenset(system) for system in query.systems] or None
    return Phases(table, name=f"Materials Project {pulled.version}", systems=systems), gaps


def _modulus(value: Any, cap: float) -> tuple[float | None, str]:
    """The Voigt-Reuss-Hill value if it can be one, else why not."""
    if not isinstance(value, dict):
        return None, ""
    voigt, reuss, mean = (value.get(name) for name in ("voigt", "reuss", "vrh"))
    if voigt is None or reuss is None or mean is None:
        return None, "the source has no complete modulus"
    if not 0 < reuss <= voigt * (1 + 1e-6) or voigt > cap:
        return None, f"refused: Reuss {reuss:g}, Voigt {voigt:g} GPa cannot be"
    return float(mean), ""


def _licence(meta: dict[str, Any]) -> str:
    code = str(meta.get("license") or "not stated")
    return LICENCES.get(code, sys.intern(code))
