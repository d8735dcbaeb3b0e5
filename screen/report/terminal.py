"""Tables and sentences for a terminal, however narrow it is.

What identifies a row is always shown whole. Columns that do not fit are left out from the right
and counted. Text wraps at blanks, never inside a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from screen.columns import Column
from screen.formatting import column_of, numeric, text
from screen.outside import visible

_WORD = re.compile(r"[0-9.]+ (?=\(?[A-Z])\S+|\S+")
_GAP = 2
"""Columns of the screen between two cells."""
_KEY, _PROSE = 32, 24
"""Up to these widths a text that identifies a row does not wrap, and another wraps once at most."""


GOOD, POOR, BAD = "green", "yellow", "red"
_VERDICTS: dict[str, dict[Any, str]] = {
    "passed": {True: GOOD, False: BAD},
    "interphase": {"stable": GOOD, "passivating": GOOD, "mixed_conducting": BAD},
    "handling": {"air": GOOD, "dry_room": POOR, "glove_box": BAD},
    "change": {"new": GOOD, "moved": POOR, "gone": BAD},
}
"""Colours of values that judge, by column. A pipe and NO_COLOR switch colours off."""


def verdict_style(column: str, value: Any) -> str:
    """The colour of a value; "" for one that judges nothing."""
    if column == "failed_gates":
        return BAD if value else ""
    return _VERDICTS.get(column, {}).get(value, "")


@dataclass
class _Shown:
    """A column as it is to be printed.

    Attributes:
        right: whether it is right-aligned.
        key: whether it is never left out.
        styles: of each cell; none: plain.
    """

    head: str
    cells: list[str]
    right: bool
    key: bool
    styles: Sequence[str] = ()

    @property
    def full(self) -> int:
        """The width at which nothing wraps."""
        lines = (line for cell in (self.head, *self.cells) for line in cell.splitlines())
        return max(map(cell_len, lines), default=0)

    @property
    def least(self) -> int:
        """The smallest width at which it can be read: a text wraps at blanks, a number never."""
        if self.right:
            return max(_longest_word([self.head]), _widest(self.cells))
        enough = min(self.full, _KEY) if self.key else min(-(-self.full // 2), _PROSE)
        return max(_longest_word([self.head, *self.cells]), enough)


def _widest(cells: Sequence[str]) -> int:
    return max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0)


def _longest_word(cells: Sequence[str]) -> int:
    return max((cell_len(word) for cell in cells for word in _words(cell)), default=0)


def _words(text: str) -> list[str]:
    """What no line end may part: words, and an amount with its formula, as in `7 Li`."""
    return _WORD.findall(" ".join(text.split()))


def print_table(
    console: Console,
    table: pa.Table,
    labels: Mapping[str, Column],
    title: str,
    *,
    keys: Collection[str] = (),
    nothing: str = "–",
    styles: Mapping[str, Sequence[str]] | None = None,
    rest: str = "--format csv",
) -> None:
    """Print a table with units in the head and numbers aligned.

    Args:
        keys: columns that identify a row, which are never left out; the first if none is named.
        nothing: what stands for a missing value.
        styles: of each cell of columns that are made for this table; others judge by their values.
        rest: how to see the columns that do not fit.
    """
    print_title(console, title)
    keys = {name for name in keys if name in table.column_names} or table.column_names[:1]
    columns = []
    for name in table.column_names:
        column, values = column_of(name, labels), table.column(name).to_pylist()
        columns.append(
            _Shown(
                _head(column, name in labels),
                [text(value, column.decimals, nothing) for value in values],
                numeric(table, name),
                name in keys,
                (styles or {}).get(name) or [verdict_style(name, value) for value in values],
            )
        )
    _print(console, columns, rest)
    console.print()


def print_cells(
    console: Console,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[int] = (),
    *,
    keys: Collection[int] = (0,),
    styles: Mapping[int, Sequence[str]] | None = None,
    rest: str = "--format csv",
) -> None:
    """Print rows of texts.

    Args:
        right: places of the columns that hold numbers.
        keys: places of those that identify a row.
        styles: of each cell of some columns, by their places.
        rest: how to see the columns that do not fit.
    """
    columns = [
        _Shown(
            visible(name),
            [visible(row[i]) for row in rows],
            i in right,
            i in keys,
            (styles or {}).get(i, ()),
        )
        for i, name in enumerate(head)
    ]
    _print(console, columns, rest)


def print_title(console: Console, title: str) -> None:
    """Print the line above a table or a section."""
    for line in wrapped(visible(title), console.width):
        # Text, not markup: names of a user's phases may hold brackets.
        console.print(Text(line, style="bold"), soft_wrap=True)


def print_line(console: Console, line: str, style: str = "") -> None:
    """Print a line as it is, without wrapping."""
    console.print(Text(visible(line), style=style), soft_wrap=True)


def print_sentence(console: Console, sentence: str, indent: int = 2) -> None:
    """Print a sentence; it wraps at blanks, and its further lines stand further in."""
    further = " " * (indent + 2)
    lines = wrapped(visible(sentence), console.width - len(further))
    for i, line in enumerate(lines):
        console.print(Text((further if i else further[2:]) + line), soft_wrap=True)


def wrapped(sentence: str, width: int) -> list[str]:
    """The lines of a sentence, broken at blanks alone.

    A word that is wider than the screen stays whole: it may be a path that someone copies.
    """
    lines: list[str] = []
    for word in _words(sentence):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _in_lines(cell: str, width: int) -> str:
    return "\n".join(line for part in cell.splitlines() for line in wrapped(part, width))


def _head(column: Column, declared: bool) -> str:
    """The label above the unit; a column that nobody declared has its name, unit and all."""
    unit = f"\n{column.unit}" if declared and column.unit not in ("", "1") else ""
    return column.label + unit


def _print(console: Console, columns: Sequence[_Shown], rest: str) -> None:
    """Print the columns that fit."""
    shown = _fitting(columns, console.width)
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    grid.show_header = any(column.head for column in columns)
    widths = _widths(shown, console.width)
    for column, width in zip(shown, widths, strict=True):
        grid.add_column(
            Text(_in_lines(column.head, width)),
            justify="right" if column.right else "left",
            overflow="fold",
            width=width,
        )
    for i in range(len(columns[0].cells)):
        grid.add_row(
            *(
                Text(_in_lines(column.cells[i], width), column.styles[i] if column.styles else "")
                for column, width in zip(shown, widths, strict=True)
            )
        )
    console.print(grid)
    left = len(columns) - len(shown)
    if left:
        print_sentence(console, f"{left} more column{'s' if left > 1 else ''}: {rest}")


def _fitting(columns: Sequence[_Shown], width: int) -> list[_Shown]:
    """The columns that are there at their least width: the keys, and others from the left."""
    free = width + _GAP - sum(column.least + _GAP for column in columns if column.key)
    shown, full = [], False
    for column in columns:
        if not column.key:
            full = full or column.least + _GAP > free
            if full:
                continue
            free -= column.least + _GAP
        shown.append(column)
    return shown


def _widths(columns: Sequence[_Shown], width: int) -> list[int]:
    """What is left over goes to the columns that wrap, in equal parts as far as each wants."""
    found = [column.least for column in columns]
    free = width - sum(found) - _GAP * (len(columns) - 1)
    while free > 0:
        wanting = [i for i, column in enumerate(columns) if found[i] < column.full]
        if not wanting:
            break
        share = max(free // len(wanting), 1)
        for i in wanting[:free]:
            more = min(share, columns[i].full - found[i])
            found[i] += more
            free -= more
    return found
