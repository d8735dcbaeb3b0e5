"""Tables: one row per role and candidate, one row per gap; and any table in any format."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from screen.columns import Column, Values, missing
from screen.formatting import markdown_table

FORMATS = ("table", "csv", "json", "parquet", "md")

_DIGITS = 6
_CSV_ROWS = 50_000
"""Rows of a table whose texts are written out at a time."""
_EXECUTED = "=+@\\-\\t\\r\\n"
_PLAIN_NUMBER = r"\A[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z"
_ARROW = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_()}


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


def coded(declared: Sequence[Column], values: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """The same with each distinct text of a column once, and in every row its number."""

    def column(c: Column) -> pa.Array:
        made = arrow(values[c.name], c.kind)
        return made.dictionary_encode() if c.kind == "text" else made

    return pa.table({c.name: column(c) for c in declared})


def plain(table: pa.Table, beyond: int = -1) -> pa.Table:
    """The same with the text itself in every row.

    Args:
        beyond: in columns with more distinct texts than this.
    """
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and _distinct(table.column(i)) > beyond:
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
    return table


def _distinct(coded: pa.ChunkedArray) -> int:
    return max((len(chunk.dictionary) for chunk in coded.chunks), default=0)


def gaps(
    declared: Sequence[Column], values: Values, ids: Sequence[str], formulas: Sequence[str]
) -> pa.Table:
    """One row for each missing value, with its reason; texts are coded."""
    names = [column.name for column in declared]
    rows = [np.flatnonzero(missing(values.columns[name])) for name in names]
    coded = values.coded_reasons()
    reasons = [coded[name].take(pa.array(at)) for name, at in zip(names, rows, strict=True)]
    at = pa.array(np.concatenate(rows).astype(np.int32))
    column = np.repeat(np.arange(len(names), dtype=np.int32), [len(part) for part in rows])
    reason = pa.chunked_array(reasons, pa.dictionary(pa.int32(), pa.string()))
    return pa.table(
        {
            "id": pa.DictionaryArray.from_arrays(at, pa.array(ids, pa.string()), safe=False),
            "formula": pa.DictionaryArray.from_arrays(
                at, pa.array(formulas, pa.string()), safe=False
            ),
            "column": pa.DictionaryArray.from_arrays(pa.array(column), pa.array(names)),
            "reason": reason.unify_dictionaries().combine_chunks(),
        }
    )


def by_candidate(found: pa.Table) -> pa.Table:
    """Gaps in the order of the candidates, in which they take the least room."""
    places = found.column("id").combine_chunks().indices.to_numpy()
    return found.take(pa.array(np.argsort(places, kind="stable")))


def write_csv(tables: Iterable[pa.Table], path: Any) -> int:
    """Tables of one schema, one below the other: UTF-8, RFC 4180, numbers in shortest form.

    A text that a spreadsheet would execute (it begins with = + - @, tab or a line end) gets an
    apostrophe before it, and so does one that looks like such a text already; `read_csv` takes it
    off again.

    Returns:
        How many rows were given.
    """
    rows = 0
    with ExitStack() as stack:
        writer: pa.csv.CSVWriter | None = None
        for table in tables:
            if writer is None:
                schema = plain(table.slice(0, 0)).schema
                writer = stack.enter_context(pa.csv.CSVWriter(path, schema))
            rows += table.num_rows
            # Not the table at once: before version 24 pyarrow then writes what came before an
            # empty batch once more (https://github.com/apache/arrow/issues/36889).
            for begin in range(0, table.num_rows, _CSV_ROWS):
                part = plain(table.slice(begin, _CSV_ROWS))
                for batch in _guarded(part).to_batches():
                    writer.write_batch(batch)
            del table  # before the next one is made
    return rows


def write_parquet(tables: Iterable[pa.Table], path: Any) -> int:
    """Coded tables of one schema, a row group each; read by others, texts are texts.

    A table is written while the next one is made. Statistics are kept of the roles alone: who reads
    one passes over the row groups of the others.

    Returns:
        How many rows were given.
    """
    from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

    rows = 0
    with ExitStack() as stack:
        writer: parquet.ParquetWriter | None = None
        written: Future[None] | None = None
        for table in tables:
            if writer is None:
                texts = [f.name for f in table.schema if pa.types.is_dictionary(f.type)]
                writer = stack.enter_context(
                    parquet.ParquetWriter(
                        path,
                        table.schema,
                        compression="zstd",
                        use_dictionary=texts,
                        write_statistics=["role"],
                        store_schema=False,
                    )
                )
                beside = stack.enter_context(ThreadPoolExecutor(1))
            rows += table.num_rows
            if written is not None:
                written.result()
            written = beside.submit(writer.write_table, table, max(table.num_rows, 1))
            del table  # two at a time are enough
        if written is not None:
            written.result()
    pa.default_memory_pool().release_unused()
    return rows


def read_parquet(path: Any, kinds: Mapping[str, str]) -> pa.Table:
    """What `write_parquet` wrote, texts coded.

    Args:
        kinds: "number", "text" or "flag" of each column that is there.

    Raises:
        pa.ArrowInvalid, KeyError: if the file is another.
    """
    from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

    texts = [name for name, kind in kinds.items() if kind == "text"]
    return parquet.read_table(path, columns=list(kinds), read_dictionary=texts)


def count_rows(path: Any, column: str) -> int:
    """Rows of a file that `write_csv` wrote, read block by block.

    Args:
        column: one that the file has.

    Raises:
        pa.ArrowInvalid, KeyError: if the file is another.
    """
    options = pa.csv.ConvertOptions(include_columns=[column], column_types={column: pa.string()})
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(path, parse_options=parsing, convert_options=options) as reader:
        return sum(batch.num_rows for batch in reader)


def count_rows_of_parquet(path: Any) -> int:
    """Rows of a file that `write_parquet` wrote, as the file says.

    Raises:
        pa.ArrowInvalid: if the file is another.
    """
    from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

    return int(parquet.read_metadata(path).num_rows)


def read_csv(path: Any, kinds: Mapping[str, str]) -> pa.Table:
    """What `write_csv` wrote.

    Args:
        kinds: "number", "text" or "flag" of each column that is there.

    Raises:
        pa.ArrowInvalid, KeyError: if the file is another.
    """
    table = pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: _ARROW[kind] for name, kind in kinds.items()},
            include_columns=list(kinds),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    return _on_texts(table, rf"^'('*[{_EXECUTED}])")


def _guarded(table: pa.Table) -> pa.Table:
    return _on_texts(table, rf"^('*[{_EXECUTED}])", put="'")


def _on_texts(table: pa.Table, pattern: str, put: str = "") -> pa.Table:
    """The table with `pattern` in texts but numbers replaced by `put` and its first group."""
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            column = table.column(i)
            concerned = pc.and_(
                pc.match_substring_regex(column, pattern),
                pc.invert(pc.match_substring_regex(column, _PLAIN_NUMBER)),
            )
            if pc.any(concerned).as_py():
                changed = pc.replace_substring_regex(
                    column, pattern, rf"{put}\1", max_replacements=1
                )
                table = table.set_column(i, field, pc.if_else(concerned, changed, column))
    return table


def columns_of(table: pa.Table) -> dict[str, npt.NDArray[Any]]:
    """The columns of a table as arrays: NaN, "" or None where missing."""

    def values(column: pa.ChunkedArray) -> npt.NDArray[Any]:
        if pa.types.is_string(column.type):
            return np.asarray(column.fill_null("").to_numpy())
        if pa.types.is_boolean(column.type):
            return np.array(column.to_pylist(), dtype=object)
        return np.asarray(column.cast(pa.float64()).to_numpy())

    return {name: values(table.column(name)) for name in table.column_names}


def render(
    table: pa.Table,
    form: str,
    records: Any = None,
    columns: Mapping[str, Column] | None = None,
) -> bytes:
    """A table as csv, json, parquet or md.

    Args:
        records: what to write as JSON where rows alone do not say it.
        columns: what is known of the columns, by name; Markdown rounds as they say.
    """
    if form == "json":
        plain = table.to_pylist() if records is None else records
        return (json.dumps(finite(plain), ensure_ascii=False, indent=2) + "\n").encode()
    sink = io.BytesIO()
    if form == "parquet":
        from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

        parquet.write_table(table, sink, compression="zstd")
    elif form == "csv":
        write_csv([table], sink)
    else:
        sink.write("\n".join(markdown_table(table, columns or {})).encode() + b"\n")
    return sink.getvalue()


_FINITE = (str, int, bool, type(None))


def finite(value: Any) -> Any:
    """The same with null in place of NaN and infinity, which JSON does not know."""
    if isinstance(value, float):
        return value + 0.0 if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [part if type(part) in _FINITE else finite(part) for part in value]
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    return value
