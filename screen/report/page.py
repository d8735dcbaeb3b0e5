"""The page: one HTML file with everything in it, made from what a run folder holds.

No text of the data is ever part of the markup. It travels as JSON in which `<`, `>` and `&` are
escaped, the script puts it on the page as text, and a policy in the head lets no other script run
and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screen.composition import IntArray
from screen.materials.names import names
from screen.report.table import plain
from screen.tables import Electrolyte
from screen.units import DECIMALS, SUFFIXES

SHOWN = 500
"""Candidates of a role on the page; the tables of the run hold all."""

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    *("dom", "data", "elements", "explain", "where", "search", "download", "list", "figures"),
    *("overview", "panel", "card_figures", "papers", "card", "compare", "foot", "address", "start"),
)
"""Parts of the page's script, in the order in which they stand; all see each other."""
ROLE = "ranking"
"""The group of the columns that a candidate has once per role; all others it has once."""

_BOUNDS = (("low", "high"), ("min", "max"))
_FACTS = ("command", "written", "version", "source", "candidates", "cross_check", "models")


@dataclass(frozen=True)
class Top:
    """What the page shows of the rows of one role.

    Attributes:
        rows: the first SHOWN.
        total: how many there are.
        failures: the gates that most of all candidates fail, with their number.
    """

    rows: pa.Table
    total: int
    failures: list[tuple[str, int]]

    @classmethod
    def of(cls, part: pa.Table) -> Top:
        """Of all rows of a role, best first; the rest of them may be forgotten."""
        rows = part.take(pa.array(range(min(SHOWN, part.num_rows)), pa.int64()))
        return cls(plain(rows), part.num_rows, failures(part.column("failed_gates")))


def by_role(ranked: pa.Table, roles: Sequence[str]) -> list[pa.Table]:
    """The rows of each role."""
    return [ranked.filter(pc.equal(ranked.column("role"), role)) for role in roles]


def build(
    manifest: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]],
    tops: Sequence[Top],
    gaps: pa.Table,
    cards: Mapping[str, Any],
) -> bytes:
    """The page of a run.

    Args:
        manifest, columns, gaps, cards: as in the run folder.
        tops: of each role of the manifest, in its order.
    """
    return render(payload(manifest, columns, tops, gaps, cards))


def payload(
    manifest: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]],
    tops: Sequence[Top],
    gaps: pa.Table,
    cards: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that the page shows, as plain data: by column, and each candidate once."""
    single = [c["name"] for c in columns if c["group"] != ROLE]
    of_role = [c["name"] for c in columns if c["group"] == ROLE and c["name"] != "role"]
    everyone = pa.concat_tables([part.select(single) for part in (top.rows for top in tops)])
    row_of: dict[str, int] = {}
    for row, key in enumerate(_ids(everyone)):
        row_of.setdefault(key, row)
    place = {key: i for i, key in enumerate(row_of)}
    once = everyone.take(pa.array(list(row_of.values()), pa.int64()))
    column_names = [c["name"] for c in columns]
    decimals = {c["name"]: c.get("decimals", DECIMALS.get(c["unit"])) for c in columns}
    return {
        **{name: manifest[name] for name in _FACTS},
        "anode": manifest["anode"],
        "electrolytes": [
            {**e, "column": Electrolyte(e["formula"], e["label"], "", "").column}
            for e in manifest["electrolytes"]
        ],
        "columns": [
            {**c, "decimals": decimals[c["name"]], **_bounds(c["name"], column_names)}
            for c in columns
        ],
        "roles": [
            {
                **_with_texts(role),
                "total": top.total,
                "passed": manifest["ranked"][name],
                "rows": [place[key] for key in _ids(top.rows)],
                "values": {
                    column: _packed(top.rows.column(column), decimals[column]) for column in of_role
                }
                | {"passed": _packed(pc.is_valid(top.rows.column("rank")), None)},
                "failures": top.failures,
            }
            for (name, role), top in zip(manifest["roles"].items(), tops, strict=True)
        ],
        "values": {name: _packed(once.column(name), decimals[name]) for name in single},
        "gaps": _reasons(gaps, place, {name: i for i, name in enumerate(column_names)}),
        "unknown": cards["unknown"],
        "meanings": cards["meanings"],
        "substances": cards["substances"],
        "named": [
            [place.get(key, -1), formula, paper] for key, formula, _, paper in cards["named"]
        ],
        "names": [[name, one.formula] for name, meant in names().items() for one in meant],
        "cards": [_by_place(cards["candidates"][key], place) for key in row_of],
        "windows": cards.get("windows", []),
        "symmetry": cards.get("symmetry", {}),
        "cells": cards.get("cells", {"head": [], "rows": []}),
        "papers": cards.get("papers", []),
        "shown": SHOWN,
        "all": min(name for name in manifest["files"] if name.startswith("ranked.")),
    }


def _by_place(card: Mapping[str, Any], place: Mapping[str, int]) -> dict[str, Any]:
    """A card whose alternatives stand as places on the page; others are not on it."""
    nearest = {
        role: [[place[key], far] for key, far in near if key in place]
        for role, near in card["alternatives"].items()
    }
    return {**card, "alternatives": nearest}


def _with_texts(role: Mapping[str, Any]) -> dict[str, Any]:
    """A role of a manifest, each gate with the text that failed_gates knows it by."""

    def said(gates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**gate, "text": f"{gate['column']} {gate['op']} {_value(gate['value'])}"}
            for gate in gates
        ]

    kinds = {
        name: {**kind, "gates": said(kind.get("gates", ()))}
        for name, kind in role.get("kinds", {}).items()
    }
    return {**role, "gates": said(role["gates"]), "kinds": kinds}


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ids(part: pa.Table) -> list[str]:
    return [key or "" for key in part.column("id").to_pylist()]


def _bounds(name: str, names: Sequence[str]) -> dict[str, int]:
    """Which columns hold the bounds of a column, such as score_low and score_high."""
    unit = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    stem = name.removesuffix(unit) if unit else name
    for ends in _BOUNDS:
        low, high = (f"{stem}_{end}{unit}" for end in ends)
        if low in names and high in names:
            return {"low": names.index(low), "high": names.index(high)}
    return {}


_MORE = 2
"""Decimals that the page holds beyond those that it shows."""


def _packed(column: pa.ChunkedArray, decimals: int | None) -> list[Any] | dict[str, list[Any]]:
    """A column as JSON: numbers shortened, repeated texts once and by their place.

    Digits are cut, not rounded: what is shown of them is then what is shown of the whole number.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.cast(pa.float64()).to_numpy()
        scale = 10.0 ** (6 if decimals is None else decimals + _MORE)
        cut = np.trunc(values * scale + np.copysign(1e-3, values))
        rounded = cut / scale + 0.0
        whole = np.isfinite(rounded) & (rounded == np.round(rounded))
        return [
            (int(x) if w else x) if math.isfinite(x) else None
            for x, w in zip(rounded.tolist(), whole.tolist(), strict=True)
        ]
    if pa.types.is_boolean(column.type):
        return [None if flag is None else int(flag) for flag in column.to_pylist()]
    texts = column.combine_chunks().dictionary_encode()
    if len(texts.dictionary) > len(texts) // 2:
        plain: list[Any] = column.to_pylist()
        return plain
    codes = texts.indices.fill_null(-1).to_numpy().tolist()
    return {"texts": texts.dictionary.to_pylist(), "codes": codes}


def failures(failed_gates: pa.ChunkedArray | pa.Array) -> list[tuple[str, int]]:
    """The gates that most candidates fail, with their number, from the texts of all of a role."""
    failed: Counter[str] = Counter()
    for texts in pc.value_counts(failed_gates.drop_null()).to_pylist():
        failed.update(dict.fromkeys(texts["values"].split("; "), texts["counts"]))
    return sorted(failed.items(), key=lambda gate: (-gate[1], gate[0]))[:5]


def _reasons(gaps: pa.Table, place: Mapping[str, int], column_at: Mapping[str, int]) -> Any:
    """Why values are missing: [candidate, column, reason] by place, each reason once."""
    ids = gaps.column("id").cast(pa.string()).fill_null("")
    own = plain(gaps.filter(pc.is_in(ids, pa.array(list(place), pa.string()))))

    def coded(name: str) -> pa.DictionaryArray:
        texts = own.column(name).cast(pa.string()).fill_null("")
        return texts.combine_chunks().dictionary_encode()

    def placed(name: str, places: Mapping[str, int]) -> IntArray:
        texts = coded(name)
        known = np.array([places[text] for text in texts.dictionary.to_pylist()], dtype=np.int64)
        found: IntArray = known[texts.indices.to_numpy()]
        return found

    reasons = coded("reason")
    rows = [placed("id", place), placed("column", column_at), reasons.indices.to_numpy()]
    return {"texts": reasons.dictionary.to_pylist(), "rows": np.column_stack(rows).tolist()}


def embedded(data: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end that or begin another."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def render(data: Mapping[str, Any]) -> bytes:
    """The page around its data.

    The policy allows the two scripts and the style by their digests; nothing else runs or loads.
    """
    style, early = (_asset(name) for name in ("page.css", "theme.js"))
    script = script_text()
    policy = (
        "default-src 'none'; "
        f"script-src {_digest(early)} {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    anode = data["anode"]
    labels = ", ".join(role["label"].lower() for role in data["roles"])
    title = f"{anode['symbol']} anode: candidates as {labels}"
    head, rest = _asset("page.html").split("{{ data }}")
    for name, value in {
        "policy": policy,
        "title": html.escape(title),
        "style": style,
        "early": early,
    }.items():
        head = head.replace(f"{{{{ {name} }}}}", value)
    return (head + embedded(data) + rest.replace("{{ script }}", script)).encode(
        "utf-8", errors="backslashreplace"
    )


def script_text() -> str:
    """The script of the page, from its parts."""
    parts = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _digest(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
