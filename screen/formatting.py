"""Values as people read them: the terminal, Markdown, the page and the workbook write them alike.

Files for programs do not pass through here; they hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from screen.columns import Column
from screen.outside import markdown, visible

_HALF = 1e-9
"""Added before rounding: 0.0005 is stored as a little less, and rounds up all the same."""


def number(value: float, decimals: int | None) -> str:
    """A number with fixed decimals, halves away from zero, or with four significant digits.

    Args:
        decimals: as `Column.decimals` says.
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if decimals is None and abs(value) < 1000:
        return f"{value + 0.0:.4g}"
    return f"{value + math.copysign(_HALF, value):z.{decimals or 0}f}"


def quantity(value: float, name: str) -> str:
    """A number with its unit, as the name of its column says it."""
    column = column_of(name, {})
    return f"{number(value, column.decimals)} {column.unit}".strip()


def text(value: Any, decimals: int | None = 3, nothing: str = "–") -> str:
    """Any value of a table; `nothing` for a missing one."""
    if value is None or value == "":
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return nothing if math.isnan(value) else number(value, decimals)
    return visible(str(value))


def column_of(name: str, columns: Mapping[str, Column]) -> Column:
    """What is known of a column; of one that nobody declared, what its name says."""
    return columns.get(name) or Column(name, name, "", "")


def numeric(table: pa.Table, name: str) -> bool:
    """Whether a column holds numbers."""
    kind = table.schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def markdown_table(table: pa.Table, columns: Mapping[str, Column]) -> Iterator[str]:
    """The lines of a table in Markdown, under the names of its columns."""
    names = table.column_names
    yield f"| {' | '.join(map(markdown, names))} |"
    yield f"|{'|'.join(' ---: ' if numeric(table, name) else ' --- ' for name in names)}|"
    decimals = [column_of(name, columns).decimals for name in names]
    for row in table.to_pylist():
        cells = (
            markdown(value) if isinstance(value, str) and value else text(value, digits)
            for value, digits in zip(row.values(), decimals, strict=True)
        )
        yield f"| {' | '.join(cells)} |"
