"""Answers from the folders of finished runs: the page made anew, what changed between two."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from rich.console import Console

from screen import run_folder
from screen.answers.answer import Answer
from screen.report import changes, page, terminal


def page_of(run: Path) -> bytes:
    """The page of a run folder, made from what its files hold.

    Raises:
        DataError: if the folder is incomplete, of another version or altered.
    """
    files = run_folder.read(run)
    parts = page.by_role(files.ranked, list(files.manifest["roles"]))
    tops = [page.Top.of(part) for part in parts]
    return page.build(files.manifest, files.columns, tops, files.gaps, files.cards)


def comparison(before: Path, after: Path, top: int) -> Answer:
    """What changed from one run folder to another."""
    found = run_folder.compare(before, after, top)
    columns = {name: [row[name] for row in found.rows] for name in changes.NAMES}
    rows = pa.table(columns, schema=changes.SCHEMA)
    record = {"common": list(found.common), "changes": found.rows}

    def show(console: Console) -> None:
        for line in found.common:
            terminal.print_sentence(console, line, indent=0)
        if found.changes:
            title = f"{found.after}: what changed since {found.before}, the best {top}"
            terminal.print_table(console, rows, {}, title, keys=("role", "change", "formula"))
        else:
            console.print(f"The best {top} of each role are the same.")

    return Answer(rows, record, show, found.markdown)
