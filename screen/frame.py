"""Tables of the results as pandas users know them, with the unit and meaning of each column."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from screen.columns import Column
from screen.formatting import column_of, text

if TYPE_CHECKING:
    import pandas as pd


class _NoPandas:
    """Stands in the way of an import of pandas."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        """Refuse pandas; leave all else to those who find it."""
        if name == "pandas":
            raise ImportError(name)


def spare_pandas() -> None:
    """Answer pyarrow's question for pandas with no, which saves a third of a second.

    pyarrow imports pandas to see whether the first list that it is given is one of its series; no
    command and no flow gives it one. Whoever converts to pandas afterwards still gets it: pyarrow
    asks again.
    """
    if "pandas" not in sys.modules:
        refusal = _NoPandas()
        sys.meta_path.insert(0, refusal)
        try:
            pa.array([])
        finally:
            sys.meta_path.remove(refusal)


def to_pandas(table: pa.Table, columns: Mapping[str, Column]) -> pd.DataFrame:
    """A table as a pandas DataFrame.

    Numbers are float64 with NaN, counts Int64, flags pandas' `boolean`; a text that is missing is
    None. `frame.attrs` holds `units` and `meanings` of the columns that are declared, by name.

    Args:
        table: rows of any length.
        columns: what is known of the columns, by name; others are passed on without a unit.
    """
    import pandas as pd  # noqa: PLC0415 (half a second)

    kinds = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    frame = table.to_pandas(types_mapper=kinds.get)
    known = [name for name in table.column_names if name in columns]
    frame.attrs["units"] = {name: columns[name].unit for name in known}
    frame.attrs["meanings"] = {name: columns[name].meaning for name in known}
    return frame


def to_html(table: pa.Table, columns: Mapping[str, Column], title: str, most: int = 10) -> str:
    """The first rows of a table for a notebook, units in the head, texts escaped."""
    frame = to_pandas(table.slice(0, most), columns)
    as_read = {
        name: partial(text, decimals=column_of(name, columns).decimals)
        for name in table.column_names
    }
    heads: dict[str, str] = {}
    for name in table.column_names:
        label = columns[name].label if name in columns else name
        unit = columns[name].unit if name in columns else ""
        heads[name] = f"{label} ({unit})" if unit not in ("", "1") else label
    from html import escape  # noqa: PLC0415 (only notebooks need it)

    shown: Any = frame.rename(columns=heads)
    body = shown.to_html(index=False, escape=True, na_rep="–", formatters=list(as_read.values()))
    more = table.num_rows - most
    rest = f"<p>{more:,} more rows</p>" if more > 0 else ""
    return f"<p><b>{escape(title)}</b></p>{body}{rest}"
