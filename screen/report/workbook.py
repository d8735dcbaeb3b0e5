"""A workbook (xlsx): what it holds, for each role a sheet for people and one of all columns, and
what these mean.

Cells are typed, so that a spreadsheet guesses nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from screen.columns import Column
from screen.formatting import column_of, numeric
from screen.outside import visible
from screen.report.people import Row, Shown

_LONGEST = 32_767
"""Characters that a cell can hold."""
_WIDTHS = {"formula": 14, "label": 18, "why": 60, "what_would_change": 60, "contact_products": 28}
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_WHEN = (1980, 1, 1, 0, 0, 0)


class Workbook:
    """A workbook that is filled role by role; the same tables give the same bytes."""

    def __init__(self, path: Path) -> None:
        from openpyxl import Workbook as Book  # noqa: PLC0415 (a tenth of a second)

        self._path = path
        self._book = Book(write_only=True)
        self._of_people = 0

    def about(self, lines: Iterable[str]) -> None:
        """A first sheet that says what the others hold; to be made before them."""
        from openpyxl.styles import Alignment  # noqa: PLC0415

        sheet = self._book.create_sheet("about", 0)
        self._of_people += 1
        sheet.column_dimensions["A"].width = 110
        for line in lines:
            cell = _cell(sheet, line, styled=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            sheet.append([cell])

    def people(
        self, name: str, columns: Sequence[Shown], rows: Iterable[Row], frozen: str = "C2"
    ) -> None:
        """A sheet to be read and printed, before all that are not: wrapped, with units in the head.

        Args:
            rows: of the ranked table.
            frozen: the first cell that scrolls.
        """
        from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        sheet = self._book.create_sheet(_sheet_name(name), self._of_people)
        self._of_people += 1
        sheet.freeze_panes = frozen
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0  # as many pages as it takes
        sheet.print_title_rows = "1:1"
        wrapped = Alignment(wrap_text=True, vertical="top")
        for i, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(i)].width = column.width
        heads = [_cell(sheet, column.head, styled=True) for column in columns]
        for cell in heads:
            cell.alignment, cell.font = wrapped, Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="E8EEF4")
        sheet.append(heads)
        count = 1
        for count, row in enumerate(rows, 2):  # noqa: B007 (read afterwards)
            cells = []
            for column in columns:
                value = column.value(row)
                cell = _cell(sheet, value, styled=True) if value is not None else None
                if cell is not None:
                    cell.alignment = wrapped
                    if isinstance(value, float):
                        cell.number_format = _number_format(column.decimals)
                cells.append(cell)
            sheet.append(cells)
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"

    def add(
        self,
        name: str,
        table: pa.Table,
        columns: Mapping[str, Column] | None = None,
        frozen: str | None = "D2",
    ) -> None:
        """A sheet of a table under its column names.

        Args:
            columns: what is known of the columns; numbers are shown as they say and kept whole.
            frozen: the first cell that scrolls.
        """
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        sheet = self._book.create_sheet(_sheet_name(name))
        sheet.freeze_panes = frozen
        for i, column in enumerate(table.column_names, 1):
            sheet.column_dimensions[get_column_letter(i)].width = _WIDTHS.get(column, 13)
        sheet.append([_cell(sheet, column) for column in table.column_names])
        formatted: list[Any] = []  # one cell for each column of numbers, written again and again
        for column in table.column_names:
            decimals = column_of(column, columns or {}).decimals
            cell = WriteOnlyCell(sheet) if numeric(table, column) and decimals is not None else None
            if cell is not None:
                cell.number_format = _number_format(decimals)
            formatted.append(cell)
        for batch in table.to_batches(max_chunksize=1000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                cells = []
                for value, cell in zip(row, formatted, strict=True):
                    if cell is None or value is None:
                        cells.append(_cell(sheet, value))
                    else:
                        cell.value = value
                        cells.append(cell)
                sheet.append(cells)
        last = get_column_letter(max(1, table.num_columns))
        sheet.auto_filter.ref = f"A1:{last}{table.num_rows + 1}"

    def dictionary(self, columns: Sequence[Mapping[str, Any]]) -> None:
        """A last sheet that says what the columns mean."""
        self.add("columns", pa.Table.from_pylist([dict(c) for c in columns]), frozen="B2")

    def close(self) -> None:
        """Write the file; the time of writing is left out."""
        made = io.BytesIO()
        self._book.save(made)
        with (
            zipfile.ZipFile(made) as source,
            zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in sorted(source.namelist(), key=lambda name: (name[0] != "[", name)):
                content = source.read(name)
                if name == "docProps/core.xml":
                    content = _STAMP.sub(b"1980-01-01T00:00:00Z", content)
                entry = zipfile.ZipInfo(name, _WHEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, content)


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", visible(name)).strip("' ")[:31] or "role"


def _number_format(decimals: int | None) -> str:
    if decimals is None:
        return "General"
    return f"0.{'0' * decimals}" if decimals else "0"


def _cell(sheet: Any, value: Any, *, styled: bool = False) -> Any:
    """A cell; a text stays text even where it begins like a formula or reads like an error.

    Args:
        styled: whether it will be given a style, so that its value alone is not enough.
    """
    if not isinstance(value, str):
        if not styled:
            return value
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

        return WriteOnlyCell(sheet, value)
    text = visible(value)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    if not styled and not text.startswith(("=", "#")):
        return text
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell
