"""The Materials Project API on a loopback port, for the real client, with faults on request."""

from __future__ import annotations

import argparse
import gzip
import json
import math
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from tests.materials_project.documents import (
    GNOME_BATCH,
    Database,
    Document,
    make_database,
    material_number,
    structure,
)

KEY = "k" * 32
MAX_LIMIT, DEFAULT_LIMIT = 1000, 100
HEARTBEAT = "/heartbeat"
SUMMARY, THERMO, CORE = "/materials/summary/", "/materials/thermo/", "/materials/core/"

_SHAPE = {"_limit", "_skip", "_page", "_per_page", "_fields", "_all_fields"}
_COMMON = _SHAPE | {"material_ids", "chemsys", "formula", "nelements_min", "nelements_max"}
_ELEMENTS = {"deprecated", "elements", "exclude_elements"}
PARAMETERS = {
    SUMMARY: {*_COMMON, *_ELEMENTS, "batch_id", "batch_id_not_eq", "is_metal", "theoretical"}
    | {"_sort_fields", "nsites_min", "nsites_max", "band_gap_min", "band_gap_max"},
    THERMO: {*_COMMON, "thermo_types", "is_stable", "energy_above_hull_min"}
    | {"energy_above_hull_max"},
    CORE: {*_COMMON, *_ELEMENTS},
}
"""What each route understands; anything else is refused, as the server does."""

_CORE_FIELDS = """material_id formula_pretty composition_reduced chemsys elements nelements nsites
    volume density symmetry deprecated builder_meta""".split()
_YES = {"True", "true", "1"}
_TESTS: dict[str, Callable[[Document, set[str]], bool]] = {
    "elements": lambda doc, asked: asked.issubset(doc["elements"]),
    "exclude_elements": lambda doc, asked: asked.isdisjoint(doc["elements"]),
    "formula": lambda doc, asked: doc["formula_pretty"] in asked,
    "chemsys": lambda doc, asked: doc["chemsys"] in asked,
    # the client writes r2SCAN for R2SCAN
    "thermo_types": lambda doc, asked: doc["thermo_type"].upper() in {s.upper() for s in asked},
    "batch_id": lambda doc, asked: doc["builder_meta"].get("batch_id") in asked,
    "batch_id_not_eq": lambda doc, asked: doc["builder_meta"].get("batch_id") not in asked,
}
_TEXTS = {
    401: '{"message":"Invalid authentication credentials"}',
    403: '{"message":"Your IP address or ASN has been blocked"}',
    429: '{"message":"Your IP has been (temporarily) blocked due to rate limits"}',
    500: '{"detail":"Internal Server Error"}',
}
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"

Params = dict[str, str]
ReplyFault = Literal["status", "drop", "cut", "html", "silence"]
PageFault = Literal["no_data", "nan", "short_page"]


@dataclass
class Fault:
    """Something that goes wrong with the requests it fits, a number of times (None: always).

    `page` counts from 1, by `_page` or by `_skip`; requests for one document (counts) have none.
    `version_change` has no other condition than `after`: so many data requests of any kind.
    """

    kind: ReplyFault | PageFault | Literal["version_change"]
    path: str | None = None
    page: int | None = None
    skip: int | None = None
    times: int | None = 1
    status: int = 503
    retry_after: str | int | None = None
    text: str | None = None
    seconds: float = 1.0
    missing: int = 5
    after: int = 0
    version: str = "2099.01.01"

    def fits(self, path: str, params: Params) -> bool:
        if self.kind == "version_change" or self.times == 0 or self.path not in (None, path):
            return False
        try:
            skip, limit = _window(params)
        except _RefusalError:
            return self.page is None and self.skip is None
        paged = path in PARAMETERS
        page = skip // limit + 1 if limit > 1 else None
        return (self.skip is None or (paged and self.skip == skip)) and (
            self.page is None or (paged and self.page == page)
        )


class Faults:
    """The faults that wait; of several that fit, the first added goes first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self.waiting.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self.waiting.clear()

    def take(self, path: str, params: Params) -> Fault | None:
        with self._lock:
            fault = next((fault for fault in self.waiting if fault.fits(path, params)), None)
            if fault and fault.times is not None:
                fault.times -= 1
            return fault


@dataclass(frozen=True)
class Request:
    """One line of the log; `status` is 0 where the connection was closed without a reply."""

    method: str
    path: str
    params: Params
    status: int
    headers: dict[str, str]
    at: float


@dataclass
class _Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: float = 1.0
    """The share of the body that goes out; after less than all of it the connection is closed."""


class _RefusalError(Exception):
    """A request that the server does not answer with documents."""

    def __init__(self, status: int, detail: Any) -> None:
        self.status, self.detail = status, detail


class Emulator:
    """The server in a thread: `with Emulator(database) as emulator: ... emulator.endpoint`.

    Args:
        database: What it serves.
        key: The one key that it accepts.
        port: 0 takes a free one.
        gnome_access: Whether the account accepted the terms of GNoME; if so, its documents are
            in every answer that did not exclude them.
        unstable: Serve routes without sorting in an order that differs by request, so that
            over several pages a document is missing and another one there twice.
        heartbeat: "missing" (404) or "foreign" (other JSON) make it not the Materials Project.
        max_url: Longest request target in bytes; above it the answer is 414.
    """

    def __init__(
        self,
        database: Database,
        key: str = KEY,
        *,
        port: int = 0,
        gnome_access: bool = True,
        unstable: bool = False,
        heartbeat: Literal["normal", "missing", "foreign"] = "normal",
        max_url: int = 8000,
    ) -> None:
        self.database, self.key, self.heartbeat = database, key, heartbeat
        self.gnome_access, self.unstable, self.max_url = gnome_access, unstable, max_url
        self.faults = Faults()
        self.requests: list[Request] = []
        self._stopping = threading.Event()
        self._found = lru_cache(256)(self._find)
        self._index = lru_cache(None)(self._make_index)
        self._server = _Server(self, port)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def db_version(self) -> str:
        """The version in force, which `version_change` faults replace."""
        served = sum(request.path != HEARTBEAT for request in self.requests)
        changes = [fault for fault in self.faults.waiting if fault.kind == "version_change"]
        return [self.database.version, *(f.version for f in changes if served >= f.after)][-1]

    def reply(self, target: str, headers: dict[str, str]) -> _Reply:
        """The answer to one GET, faults included."""
        url = urlsplit(target)
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        key = headers.pop("x-api-key", None)
        fault = self.faults.take(url.path, params)
        kind = fault.kind if fault else None
        if fault and kind == "silence":
            self._stopping.wait(fault.seconds)
        if kind == "drop":
            reply = _Reply(0)
        elif fault and kind == "html":
            reply = _text(200, fault.text or _HTML.format("Just a moment"))
        elif fault and kind == "status":
            reply = _text(fault.status, fault.text or _TEXTS.get(fault.status))
            if fault.retry_after is not None:
                reply.headers["Retry-After"] = str(fault.retry_after)
        elif len(target) > self.max_url:
            reply = _text(414)
        else:
            reply = self._json(url.path, params, key, fault)
            if len(reply.body) > 1000 and "gzip" in headers.get("accept-encoding", ""):
                reply.body = gzip.compress(reply.body, compresslevel=1, mtime=0)
                reply.headers["Content-Encoding"] = "gzip"
        if kind == "cut":
            reply.sent = 0.5
        now = time.monotonic()
        self.requests.append(Request("GET", url.path, params, reply.status, headers, now))
        return reply

    def _json(self, path: str, params: Params, key: str | None, fault: Fault | None) -> _Reply:
        try:
            self._refuse_strangers(path, params, key)
            content = self._heartbeat() if path == HEARTBEAT else self._page(path, params, fault)
            status = 200
        except _RefusalError as refusal:
            status = refusal.status
            content = {"message" if status in (401, 404) else "detail": refusal.detail}
        return _text(status, json.dumps(content, separators=(",", ":")))

    def _refuse_strangers(self, path: str, params: Params, key: str | None) -> None:
        is_heartbeat = path == HEARTBEAT and self.heartbeat != "missing"
        if not is_heartbeat and (path not in PARAMETERS or self.heartbeat != "normal"):
            raise _RefusalError(404, "no Route matched with those values")
        if not is_heartbeat and key != self.key:
            wrong = "Invalid authentication credentials"
            raise _RefusalError(401, wrong if key else "No API key found in request")
        if unknown := params.keys() - PARAMETERS.get(path, set()):
            text = "Request contains query parameters which cannot be used: "
            raise _RefusalError(400, text + ", ".join(sorted(unknown)))

    def _heartbeat(self) -> dict[str, Any]:
        if self.heartbeat == "foreign":
            return {"service": "something else", "alive": True}
        return {
            "status": "OK",
            "version": "0.87.3",
            "db_version": self.db_version,
            "access_controlled_batch_ids": [GNOME_BATCH],
        }

    def _page(self, path: str, params: Params, fault: Fault | None) -> dict[str, Any]:
        kind = fault.kind if fault else None
        skip, limit = _window(params)
        criteria = sorted((name, text) for name, text in params.items() if name not in _SHAPE)
        found = self._found(path, tuple(criteria))
        if self.unstable and "_sort_fields" not in params:
            turn = sum(request.path == path for request in self.requests) % 2
            found = found[turn:] + found[:turn]
        fields: list[str] | None = params.get("_fields", "material_id").split(",")
        if "_fields" not in params and params.get("_all_fields") in _YES:
            fields = None
        project = _projection(path, fields)
        data = [project(document) for document in found[skip : skip + limit]]
        if fault and kind == "short_page":
            data = data[: -fault.missing]
        if kind == "nan" and data:
            numbers = [name for name, value in data[0].items() if isinstance(value, float)]
            data[0][(numbers or list(data[0]))[0]] = math.nan
        meta = {
            "api_version": "0.87.3",
            "time_stamp": "2026-06-08T00:00:00Z",
            "total_doc": len(found),
            "facet": None,
            "max_limit": MAX_LIMIT,
            "default_fields": ["material_id"],
        }
        return {"meta": meta} if kind == "no_data" else {"data": data, "meta": meta}

    def _documents(self, path: str) -> list[Document]:
        return self.database.thermo if path == THERMO else self.database.summary

    def _make_index(self, path: str) -> dict[int | str, list[Document]]:
        """The documents of a route by material number and by chemical system."""
        index: dict[int | str, list[Document]] = {}
        for document in self._documents(path):
            for place in (material_number(document["material_id"]), document["chemsys"]):
                index.setdefault(place, []).append(document)
        return index

    def _find(self, path: str, criteria: tuple[tuple[str, str], ...]) -> list[Document]:
        """All documents that meet the criteria, in order; kept, for each page asks again."""
        asked = {name: dict.fromkeys(text.split(",")) for name, text in criteria}
        sort = asked.pop("_sort_fields", {})
        if path != THERMO:
            asked.setdefault("deprecated", {"false": None})
        if "chemsys" in asked:
            asked["chemsys"] = {"-".join(sorted(s.split("-"))): None for s in asked["chemsys"]}
        try:
            places = [material_number(text) for text in asked.pop("material_ids", {})]
            conditions = [_condition(name, set(texts)) for name, texts in asked.items()]
        except ValueError as error:
            raise _RefusalError(422, [{"loc": ["query", "value"], "msg": str(error)}]) from error
        if places or "chemsys" in asked:
            index = self._index(path)
            found = [doc for place in places or asked["chemsys"] for doc in index.get(place, [])]
        else:
            found = self._documents(path)
        if not self.gnome_access:
            conditions.append(lambda doc: doc["builder_meta"]["license"] != "BY-NC")
        found = [document for document in found if all(test(document) for test in conditions)]
        for name in reversed(sort):
            found.sort(key=_by(name.removeprefix("-")), reverse=name.startswith("-"))
        return found


def _text(status: int, text: str | None = None) -> _Reply:
    text = text or _HTML.format(status)
    kind = "text/html" if text.startswith("<") else "application/json"
    return _Reply(status, text.encode(), {"Content-Type": kind})


def _window(params: Params) -> tuple[int, int]:
    """Documents to skip and to give: `_page` goes before `_skip`, as on the server."""
    paged = "_page" in params
    try:
        limit = int(params.get("_per_page" if paged else "_limit", DEFAULT_LIMIT))
        start = int(params["_page"]) - 1 if paged else int(params.get("_skip", 0))
    except ValueError as error:
        raise _RefusalError(422, [{"loc": ["query", "_limit"], "msg": str(error)}]) from error
    if limit > MAX_LIMIT:
        text = "Requested more data per query than allowed by this endpoint. "
        raise _RefusalError(400, f"{text}The max limit is {MAX_LIMIT} entries")
    if limit < 1 or start < 0:
        raise _RefusalError(400, "Cannot request a negative page, skip or limit")
    return start * limit if paged else start, limit


def _condition(name: str, asked: set[str]) -> Callable[[Document], bool]:
    """What one parameter asks of a document."""
    if name in _TESTS:
        test = _TESTS[name]
        return lambda document: test(document, asked)
    if name.endswith(("_min", "_max")):
        bound, sign = name[:-4], 1 if name.endswith("_min") else -1
        limit = sign * float(",".join(asked))
        return lambda document: sign * document[bound] >= limit
    wanted = not asked.isdisjoint(_YES)
    return lambda document: document[name] is wanted


def _by(name: str) -> Callable[[Document], tuple[bool, Any]]:
    return lambda document: (document.get(name) is not None, document.get(name))


def _projection(path: str, fields: list[str] | None) -> Callable[[Document], Document]:
    """The fields asked for (None: all), dotted ones as parts of their document."""
    wanted = None if fields is None else [name.partition(".")[::2] for name in fields]
    atoms = path != THERMO and (wanted is None or "structure" in dict(wanted))

    def project(document: Document) -> Document:
        if path == CORE:
            document = {name: document[name] for name in _CORE_FIELDS}
        if atoms:
            document = document | {"structure": structure(document)}
        if wanted is None:
            return document.copy()
        chosen: Document = {}
        for top, part in wanted:
            value = document.get(top)
            if part and isinstance(value, dict):
                chosen.setdefault(top, {})[part] = value.get(part)
            elif top in document:
                chosen[top] = value
        return chosen

    return project


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def __init__(self, emulator: Emulator, port: int) -> None:
        self.emulator = emulator
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Connections that were kept alive end too: nobody is served after the end."""
        super().server_close()
        for connection in list(self._open):
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.emulator.reply(self.path, headers)
        self.close_connection |= reply.status == 0 or reply.sent < 1
        if reply.status == 0:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: int(reply.sent * len(reply.body))])

    def log_message(self, *_: object) -> None:
        """The log is `Emulator.requests`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    for option in ("--legacy-ids", "--unstable", "--no-gnome-access"):
        parser.add_argument(option, action="store_true")
    given = parser.parse_args()
    with Emulator(
        make_database(given.count, given.seed, legacy_ids=given.legacy_ids),
        given.key,
        port=given.port,
        unstable=given.unstable,
        gnome_access=not given.no_gnome_access,
    ) as emulator:
        print(emulator.endpoint, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
