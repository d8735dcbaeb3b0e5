"""Answers of the cell equations: a few numbers with units, and the points they are fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from screen.answers.answer import Answer
from screen.errors import DataError, UsageError
from screen.formatting import number
from screen.report import table as report
from screen.report import terminal
from screen.units import plain_name, unit_of


def points(given: Sequence[str], file: Path | None) -> tuple[list[float], list[float]]:
    """Pairs of numbers, typed as "x,y" or from a file of such lines, which may begin with a head.

    Raises:
        UsageError, DataError: for what is no such pair, or where there are none or both.
    """
    if bool(given) == (file is not None):
        raise UsageError("give the points, either with --point X,Y for each or with --file FILE")
    if file is None:
        pairs = [_pair(text) for text in given]
        wrong = [text for text, pair in zip(given, pairs, strict=True) if pair is None]
        if wrong:
            raise UsageError(f"--point {wrong[0]!r}: two numbers are wanted, as in 0.1,1.5")
    else:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file}: {error}") from error
        numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
        pairs = [_pair(line) for _, line in numbered]
        if pairs and pairs[0] is None:
            numbered, pairs = numbered[1:], pairs[1:]
        if None in pairs:
            i, line = numbered[pairs.index(None)]
            raise DataError(f"{file}, line {i}: {line[:40]!r} is not two numbers by comma")
    found = [pair for pair in pairs if pair is not None]
    return [x for x, _ in found], [y for _, y in found]


def _pair(text: str) -> tuple[float, float] | None:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        return None
    return x, y


def figures(title: str, numbers: Mapping[str, float]) -> Answer:
    """A few numbers, each with the unit that its name ends in."""
    rows = [
        {"quantity": name, "value": float(value), "unit": unit_of(name)}
        for name, value in numbers.items()
    ]

    def show(console: Console) -> None:
        shown = {
            "quantity": [plain_name(name) for name in numbers],
            "value": [number(value, None) for value in numbers.values()],
            "unit": [unit_of(name) for name in numbers],
        }
        terminal.print_table(console, pa.table(shown), {}, title, nothing="")

    return Answer(pa.Table.from_pylist(report.finite(rows)), dict(numbers), show)
