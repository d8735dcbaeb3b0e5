"""Tables: one row per role and candidate, one row per gap; and any table in any format."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from screen.columns import Column, Values, missing

FORMATS = ("table", "csv", "json", "parquet", "md")

_DIGITS = 6


def tidy(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round for files, so that the last bits of a sum do not show.

    Halves are pushed up first: energies are short decimals, so exact halves are frequent, and
    rounding noise would decide them differently on another machine.
    """
    rounded: npt.NDArray[np.float64] = np.round(values + np.copysign(1e-11, values), _DIGITS) + 0.0
    return rounded


def arrow(values: npt.NDArray[Any], kind: str) -> pa.Array:
    """A column for files: tidy numbers, missing values null; so is the rank of none, 0."""
    gaps = missing(values)
    if kind == "number":
        if values.dtype.kind == "i":
            return pa.array(values, mask=values == 0)
        return pa.array(tidy(values), mask=gaps)
    if kind == "flag":
        return pa.array(values.astype(bool), mask=gaps)
    return pa.array(values.astype(object), pa.string(), mask=gaps)


def arrows(declared: Sequence[Column], values: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """Declared columns as a table."""
    return pa.table({c.name: arrow(values[c.name], c.kind) for c in declared})


def gaps(
    declared: Sequence[Column], values: Values, ids: Sequence[str], formulas: Sequence[str]
) -> pa.Table:
    """One row for each missing value, with its reason."""
    id_array, formula_array = (pa.array(texts, pa.string()) for texts in (ids, formulas))
    parts = []
    for column in declared:
        rows = np.flatnonzero(missing(values.columns[column.name]))
        parts.append(
            pa.table(
                {
                    "id": id_array.take(pa.array(rows)),
                    "formula": formula_array.take(pa.array(rows)),
                    "column": pa.array([column.name] * len(rows), pa.string()),
                    "reason": pa.array(values.reason(column.name)[rows], pa.string()),
                }
            )
        )
    return pa.concat_tables(parts)


def write_csv(tables: Iterable[pa.Table], path: Any) -> None:
    """Tables of one schema, one below the other: UTF-8, RFC 4180, numbers in shortest form."""
    tables = iter(tables)
    first = next(tables)
    with pa.csv.CSVWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def render(table: pa.Table, form: str, records: Any = None) -> bytes:
    """A table as csv, json, parquet or md.

    Args:
        records: what to write as JSON where rows alone do not say it.
    """
    if form == "json":
        plain = table.to_pylist() if records is None else records
        return (json.dumps(finite(plain), ensure_ascii=False, indent=2) + "\n").encode()
    sink = io.BytesIO()
    if form == "parquet":
        pa.parquet.write_table(table, sink, compression="zstd")
    elif form == "csv":
        write_csv([table], sink)
    else:
        sink.write("\n".join(_markdown(table)).encode() + b"\n")
    return sink.getvalue()


def finite(value: Any) -> Any:
    """The same with null in place of NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    if isinstance(value, float):
        return value + 0.0 if math.isfinite(value) else None
    return value


def _markdown(table: pa.Table) -> Iterator[str]:
    yield f"| {' | '.join(table.column_names)} |"
    yield f"|{'|'.join(' ---: ' if _numeric(table, n) else ' --- ' for n in table.column_names)}|"
    for row in table.to_pylist():
        cells = (" ".join(text(value).replace("|", "/").split()) for value in row.values())
        yield f"| {' | '.join(cells)} |"


def _numeric(table: pa.Table, name: str) -> bool:
    kind = table.schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def text(value: Any, nothing: str = "–") -> str:
    """A value for people: three decimals; `nothing` for missing."""
    if value is None or value == "":
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "∞" if value > 0 else nothing
        return f"{value:z.3f}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def to_terminal(
    console: Console, table: pa.Table, labels: dict[str, Column], title: str, nothing: str = "–"
) -> None:
    """Print a table with units in the head and numbers aligned."""
    # Text, not markup: names of a user's phases may hold brackets.
    console.print(Text(title, style="bold"), soft_wrap=True)
    shown = RichTable(box=box.SIMPLE_HEAD)
    for name in table.column_names:
        column = labels.get(name)
        head = column.label if column else name
        if column and column.unit not in ("", "1"):
            head += f"\n{column.unit}"
        number = _numeric(table, name)
        shown.add_column(
            Text(head), justify="right" if number else "left", overflow="fold", no_wrap=number
        )
    for row in table.to_pylist():
        shown.add_row(*(Text(text(value, nothing)) for value in row.values()))
    console.print(shown)
