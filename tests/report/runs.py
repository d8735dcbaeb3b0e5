"""Run folders that several tests of the report read."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from screen import candidates, descriptors, pipeline, run_folder
from screen.ranking.roles import chosen_roles
from screen.report import page
from screen.report.run_files import RunFiles
from screen.run import Run
from screen.settings import Settings
from screen.sources import reference
from screen.units import unit_of

COMMAND = "python -m screen rank --anode Li"
FEW = "LiF Li2O Li3N LiCl ZnO Al2O3 SnO2 Si C Cu Zn Sn Ag LiZn LiAl Li5Sn2 BN MgO".split()

HOSTILE = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 2</script><!--",
    '"><img src=x onerror="window.pwned = 3">',
    '=HYPERLINK("http://example.invalid","LiF")',
    "' onclick='window.pwned = 4",
    "javascript:window.pwned = 5",
    "\u202eFiL\u202c \u200f{{ data }} {{ script }} ${window.pwned}",
    "&lt;b&gt; &amp; \\u003c \u2028\u2029 \x1b[31m \x00 %00 %3Cscript%3E",
    "x" * 10_000,
    'doi:10.1/"><script>window.pwned = 6</script>',
)
"""Texts that must be shown as text wherever they come from."""


@cache
def done() -> Run:
    """A run on the embedded set, of all candidates."""
    settings = Settings(check_candidates=1, check_interfaces=1)
    return pipeline.run(reference.load(), settings, chosen_roles(()))


@cache
def few() -> Run:
    """A run of so few candidates that its files are written in no time."""
    settings = Settings(check_candidates=1, check_interfaces=1)
    case, identity = candidates.make_case(reference.load(), settings, FEW)
    return pipeline.judge(case, identity, descriptors.compute_all(case), chosen_roles(()))


def written(path: Path, also: tuple[str, ...] = (), run: Run | None = None) -> Path:
    """A run in a folder; none: that of all candidates."""
    return run_folder.write(run or done(), path, COMMAND, also)


def page_of(files: RunFiles) -> bytes:
    """The page of files that a test has changed."""
    parts = page.by_role(files.ranked, list(files.manifest["roles"]))
    tops = [page.Top.of(part) for part in parts]
    return page.build(files.manifest, files.columns, tops, files.gaps, files.cards)


def many(files: RunFiles, copies: int) -> RunFiles:
    """The same with each candidate several times, under ids of their own."""
    at = files.ranked.schema.get_field_index("id")
    parts = []
    for role in page.by_role(files.ranked, list(files.manifest["roles"])):
        for k in range(copies):
            ids = [f"{key}~{k}" for key in role.column("id").to_pylist()]
            parts.append(role.set_column(at, "id", pa.array(ids, pa.string())))
    cards = {
        f"{key}~{k}": card
        | {
            "alternatives": {
                role: [[f"{other}~{k}", far] for other, far in near]
                for role, near in card["alternatives"].items()
            }
        }
        for key, card in files.cards["candidates"].items()
        for k in range(copies)
    }
    counts = {
        count: {name: n * copies for name, n in files.manifest[count].items()}
        for count in ("passed", "ranked")
    }
    return RunFiles(
        files.manifest | counts,
        files.columns,
        pa.concat_tables(parts),
        files.gaps.slice(0, 0),
        files.cards | {"candidates": cards},
    )


def poisoned(files: RunFiles) -> RunFiles:
    """The same with hostile texts in every text that is not read as a name of the program's own."""
    own = {"role", "kind", "failed_gates", "handling", "outcome", "interphase", "electronic_class"}
    keys: list[str] = files.ranked.column("id").to_pylist()
    order = {key: i for i, key in enumerate(dict.fromkeys(keys))}

    def bad(i: int, column: int) -> str:
        return HOSTILE[(i + column) % len(HOSTILE)] + (f" {i}" if column == -1 else "")

    ids = {key: bad(i, -1) for key, i in order.items()}
    ranked = files.ranked
    for at, name in enumerate(ranked.column_names):
        kind = next(c["kind"] for c in files.columns if c["name"] == name)
        if kind == "text" and name not in own:
            texts = [ids[k] if name == "id" else bad(order[k], at) for k in keys]
            ranked = ranked.set_column(at, name, pa.array(texts, pa.string()))
    gaps = files.gaps
    for name, texts in (
        ("id", [ids[key] for key in gaps.column("id").to_pylist()]),
        ("reason", [HOSTILE[i % len(HOSTILE)] for i in range(gaps.num_rows)]),
    ):
        gaps = gaps.set_column(
            gaps.schema.get_field_index(name), name, pa.array(texts, pa.string())
        )
    cards: dict[str, Any] = files.cards | {
        "meanings": [HOSTILE[i] for i, _ in enumerate(files.cards["meanings"])],
        "substances": [
            [HOSTILE[i % len(HOSTILE)], meaning]
            for i, (_, meaning) in enumerate(files.cards["substances"])
        ],
        "named": [
            [ids.get(key, key), *(HOSTILE[(i + k) % len(HOSTILE)] for k in range(3))]
            for i, (key, *_) in enumerate(files.cards["named"])
        ],
        "candidates": {
            ids[key]: card
            | {
                "structure": HOSTILE[order[key] % len(HOSTILE)],
                "alternatives": {
                    role: [[ids[other], far] for other, far in near]
                    for role, near in card["alternatives"].items()
                },
            }
            for key, card in files.cards["candidates"].items()
        },
    }
    manifest = files.manifest | {
        "command": HOSTILE[1],
        "source": files.manifest["source"] | {"name": HOSTILE[2], "licences": [HOSTILE[0]]},
        "roles": {
            name: role | {"label": f"{role['label']}{HOSTILE[1]}", "meaning": HOSTILE[2]}
            for name, role in files.manifest["roles"].items()
        },
        "electrolytes": [
            e | {"label": HOSTILE[i % len(HOSTILE)]}
            for i, e in enumerate(files.manifest["electrolytes"])
        ],
    }
    columns = [c | {"meaning": HOSTILE[0], "source": HOSTILE[9]} for c in files.columns]
    return RunFiles(manifest, columns, ranked, gaps, cards)


def modelled(files: RunFiles) -> RunFiles:
    """The same with a family and a model that the page was never told of."""
    added: dict[str, tuple[str, list[Any]]] = {
        "wetting_ev_atom": ("wetting", [-0.1 * (i % 7) for i in range(files.ranked.num_rows)]),
        "wetting_class": ("wetting", ["spreads"] * files.ranked.num_rows),
        "predicted_life_v": ("model", [1.0 + (i % 5) for i in range(files.ranked.num_rows)]),
        "predicted_life_low_v": ("model", [0.5 + (i % 5) for i in range(files.ranked.num_rows)]),
        "predicted_life_high_v": ("model", [2.0 + (i % 5) for i in range(files.ranked.num_rows)]),
    }
    ranked, columns = files.ranked, list(files.columns)
    for name, (group, values) in added.items():
        ranked = ranked.append_column(name, pa.array(values))
        columns.append(
            {
                "name": name,
                "label": name.rsplit("_", 1)[0].replace("_", " "),
                "unit": unit_of(name),
                "kind": "text" if isinstance(values[0], str) else "number",
                "group": group,
                "meaning": "Made up for a test.",
                "source": "a test",
            }
        )
    return RunFiles(files.manifest, columns, ranked, files.gaps, files.cards)


def without(files: RunFiles, role: str) -> RunFiles:
    """The same in which no candidate was judged in a role."""
    rows = files.ranked.filter(pc.not_equal(files.ranked.column("role"), role))
    counts = {name: files.manifest[name] | {role: 0} for name in ("passed", "ranked")}
    return replace(files, manifest=files.manifest | counts, ranked=rows)


def nobody(files: RunFiles) -> RunFiles:
    """The same in which no candidate of any role passed."""
    ranked = files.ranked
    for name, values in (
        ("passed", pa.array([False] * ranked.num_rows)),
        ("verdict", pa.array(["failed"] * ranked.num_rows)),
        ("rank", pa.nulls(ranked.num_rows, pa.float64())),
    ):
        ranked = ranked.set_column(ranked.schema.get_field_index(name), name, values)
    none = dict.fromkeys(files.manifest["passed"], 0)
    return RunFiles(
        files.manifest | {"passed": none, "ranked": none},
        files.columns,
        ranked,
        files.gaps,
        files.cards,
    )
