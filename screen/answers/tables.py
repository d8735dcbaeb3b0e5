"""Tables that are printed as they are: columns, literature, snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from screen import literature, tables
from screen.answers.answer import Answer
from screen.filters import Condition
from screen.report import table as report
from screen.report import terminal
from screen.run import grouped_columns
from screen.settings import Settings
from screen.sources import snapshot


def dictionary(anode: str, pattern: str = "") -> Answer:
    """Every column of the ranked file for an anode metal, also those that must be asked for.

    Args:
        pattern: what name, label, meaning or family must hold, in capitals or not.
    """
    settings = Settings(anode=anode, barrier=True, surface=True, samples=2)
    declared = [
        column
        for group, column in grouped_columns(tables.electrolytes_of(anode), settings)
        if pattern.lower() in f"{group}\n{column.name}\n{column.label}\n{column.meaning}".lower()
    ]
    rows = pa.table(
        {
            "column": [column.name for column in declared],
            "unit": [column.unit for column in declared],
            "meaning": [column.meaning for column in declared],
            "source": [column.source for column in declared],
        }
    )

    def show(console: Console) -> None:
        said = f" with {pattern!r}" if pattern else ""
        terminal.print_title(console, f"Columns of ranked.csv{said}: {len(declared)}")
        for column in declared:
            unit = f", {column.unit}" if column.unit not in ("", "1") else ""
            console.print(f"{column.name}{unit}", markup=False, soft_wrap=True)
            terminal.print_sentence(console, column.meaning)
            terminal.print_sentence(console, f"Source: {column.source}")

    return Answer(rows, None, show)


def literature_rows(
    chosen: Sequence[literature.Row], names: Sequence[str], condition: Condition | None
) -> Answer:
    """Rows of the literature table that meet a condition, in some of its columns."""
    values = literature.to_columns(chosen)
    every = report.arrows(literature.COLUMNS, values)
    rows = (every if condition is None else every.filter(pa.array(condition(values)))).select(names)
    labels = {column.name: column for column in literature.COLUMNS}

    def show(console: Console) -> None:
        terminal.print_table(
            console,
            rows,
            labels,
            f"Literature: {rows.num_rows} row{'s' * (rows.num_rows != 1)}",
            keys=("row_id", "material_label"),
            rest="--columns, or --format csv",
        )

    return Answer(rows, None, show, columns=literature.COLUMNS)


def literature_template() -> Answer:
    """What each column of the literature table takes."""
    choices, every = literature.allowed(), literature.COLUMNS
    takes = [
        ", ".join(word for word in choices[column.name] if word)
        if column.name in choices
        else column.unit
        if column.unit not in ("", "1")
        else column.kind
        for column in every
    ]
    needed = ["yes" if column.name in literature.REQUIRED else "" for column in every]
    rows = pa.table(
        {
            "column": [column.name for column in every],
            "needed": needed,
            "takes": takes,
            "meaning": [column.meaning for column in every],
        }
    )

    def show(console: Console) -> None:
        terminal.print_title(console, f"Columns of the literature table: {len(every)}")
        for column, need, what in zip(every, needed, takes, strict=True):
            must = "needed; " if need else ""
            terminal.print_sentence(console, f"{column.name} ({must}{what})", indent=0)
            terminal.print_sentence(console, column.meaning)

    return Answer(rows, None, show)


def snapshots(folder: Path) -> Answer:
    """The snapshots of a folder."""
    found = snapshot.listed(folder)
    rows = pa.table(
        {
            "file": pa.array([s.path.name for s in found], pa.string()),
            "database_version": pa.array(
                [s.manifest["database_version"] for s in found], pa.string()
            ),
            "phases": pa.array([s.manifest["phases"] for s in found], pa.int64()),
            "scheme": pa.array([s.manifest["scheme"] for s in found], pa.string()),
            "systems": pa.array(
                [" ".join("-".join(x) for x in s.manifest["query"]["systems"]) for s in found],
                pa.string(),
            ),
            "licences": pa.array([", ".join(s.manifest["licences"]) for s in found], pa.string()),
        }
    )

    def show(console: Console) -> None:
        if not found:
            terminal.print_sentence(
                console,
                f"No snapshots in {folder}. 'python -m screen pull' makes one of the Materials "
                "Project; it needs a key of it in MP_API_KEY. Without one, all commands use the "
                "embedded reference set.",
                indent=0,
            )
            return
        terminal.print_table(console, rows, {}, f"Snapshots in {folder}", nothing="all")

    return Answer(rows, [s.manifest | {"file": str(s.path)} for s in found], show)
