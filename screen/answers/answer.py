"""An answer: rows, records for JSON, and how it is printed for people."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.console import Console

from screen.columns import Column
from screen.errors import UsageError
from screen.frame import to_html, to_pandas
from screen.report import table as report

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Answer:
    """One answer in three forms: rows, records for JSON, and a way to print it for people."""

    rows: pa.Table
    records: Any
    print: Callable[[Console], None]
    markdown: Callable[[], str] | None = None
    """Where rows alone would make poor reading."""
    columns: tuple[Column, ...] = ()
    """What is known of the columns of the rows: label, unit, meaning."""
    notes: tuple[str, ...] = ()
    """How what was asked is read, where that is not plain; a sentence each."""
    drawing: Callable[[str], bytes] | None = None
    """The same as a picture of the kind that is asked for: svg, png or pdf."""

    def draw(self, form: str) -> bytes:
        """The answer as a picture: svg, png or pdf.

        Raises:
            UsageError: if there is none of such an answer, or of this one.
        """
        if self.drawing is None:
            raise UsageError("there is no picture of this answer; leave --plot out")
        return self.drawing(form)

    def render(self, form: str) -> bytes:
        """As csv, json, parquet or md."""
        if form == "md" and self.markdown is not None:
            return self.markdown().encode()
        return report.render(self.rows, form, self.records, self._known)

    @property
    def _known(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a DataFrame; units and meanings of the columns are in `.attrs`."""
        return to_pandas(self.rows, self._known)

    def __repr__(self) -> str:
        """Short: how many rows of which columns."""
        names = self.rows.column_names
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        return f"{type(self).__name__}: {self.rows.num_rows} rows of {', '.join(names[:6])}{more}"

    def __str__(self) -> str:
        """What the command prints, 100 columns wide."""
        console = Console(width=100, highlight=False, color_system=None, file=io.StringIO())
        with console.capture() as said:
            self.print(console)
        return said.get()

    def _repr_html_(self) -> str:
        """For notebooks: the first rows."""
        return to_html(self.rows, self._known, "", 30)
