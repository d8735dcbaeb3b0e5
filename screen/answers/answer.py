"""An answer: rows, records for JSON, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich.console import Console

from screen.report import table as report


@dataclass(frozen=True)
class Answer:
    """One answer in three forms: rows, records for JSON, and a way to print it for people."""

    rows: pa.Table
    records: Any
    print: Callable[[Console], None]
    markdown: Callable[[], str] | None = None
    """Where rows alone would make poor reading."""

    def render(self, form: str) -> bytes:
        """As csv, json, parquet or md."""
        if form == "md" and self.markdown is not None:
            return self.markdown().encode()
        return report.render(self.rows, form, self.records)
