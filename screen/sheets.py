"""CSV files as spreadsheets write them: with commas, semicolons or tabs, in UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from screen.errors import DataError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_OTHERS = {b"PK\x03\x04": "a workbook or archive", b"PAR1": "a Parquet file", b"\x1f\x8b": "gzip"}
_WIDEST = 10_000_000
"""Characters of a cell that are read."""


@dataclass(frozen=True)
class Sheet:
    """A table of texts.

    Attributes:
        head: names of the columns, without spaces around.
        rows: the cells of each row that is not blank; as many as there are names.
        lines: of each row, the line on which it begins, as an editor counts.
        decimal_comma: whether numbers may have one, since columns are not parted by commas.
    """

    head: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    decimal_comma: bool

    def number(self, text: str) -> str:
        """A number as the program writes it."""
        if self.decimal_comma and "." not in text and text.count(",") == 1:
            return text.replace(",", ".")
        return text


def text_of(path: Path, kind: str = "CSV") -> str:
    """The text of a file in UTF-8, with or without a mark at its beginning, or in UTF-16.

    Args:
        kind: what the file should be.

    Raises:
        DataError: if it cannot be read, or is no such text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    for mark, what in _OTHERS.items():
        if data.startswith(mark):
            raise DataError(f"{path.name} is {what}, not text; save it as {kind} in UTF-8")
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise DataError(
            f"{path.name} is not text in UTF-8 or UTF-16; save it as {kind} in UTF-8"
        ) from None
    if "\0" in text:
        raise DataError(f"{path.name} holds null characters; save it as {kind} in UTF-8")
    return text


def read(path: Path) -> Sheet:
    """Read a CSV file.

    Raises:
        DataError: if it is none; one line says why and what to do.
    """
    text = text_of(path)
    head_line = text.lstrip().partition("\n")[0]
    if not head_line.strip():
        raise DataError(f"{path.name} is empty; its first line names the columns")
    # Whichever parts the head in most; a comma where none does.
    mark = max((",", ";", "\t"), key=head_line.count)
    csv.field_size_limit(_WIDEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    head: tuple[str, ...] = ()
    rows: list[list[str]] = []
    lines: list[int] = []
    begin = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                if not head:
                    head = tuple(cell.strip() for cell in cells)
                else:
                    if len(cells) != len(head):
                        raise DataError(_of_another_width(path, begin, cells, head))
                    rows.append(cells)
                    lines.append(begin)
            begin = reader.line_num + 1
    except csv.Error:
        raise DataError(
            f"{path.name}, line {begin}: a quote that is not closed, or stands within a cell; "
            "write it twice"
        ) from None
    return Sheet(head, rows, lines, decimal_comma=mark != ",")


def _of_another_width(path: Path, line: int, cells: list[str], head: tuple[str, ...]) -> str:
    comma = " (a number with a decimal comma needs quotes, or columns parted by semicolons)"
    return (
        f"{path.name}, line {line}: {len(cells)} cells, but the first line names {len(head)} "
        f"columns{comma if len(cells) > len(head) else ''}"
    )
