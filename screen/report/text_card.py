"""A card in text: sections with lines and tables, for the terminal, an e-mail and the printer."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from screen.errors import UsageError
from screen.outside import markdown as escaped
from screen.outside import visible
from screen.report import terminal


@dataclass(frozen=True)
class Section:
    """A part of a card.

    Attributes:
        name: what it is asked for by.
        lines: sentences before the table.
        head, rows: the table, if any.
        right: columns of it that hold numbers.
    """

    name: str
    title: str
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    right: frozenset[int] = field(default_factory=frozenset)


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The card as Markdown that an e-mail shows well."""
    parts = [f"# {escaped(title)}", ""]
    for section in sections:
        if section.title:
            parts += [f"## {escaped(section.title)}", ""]
        for line in section.lines:
            parts += [escaped(line), ""]
        if section.rows:
            parts.append(f"| {' | '.join(map(escaped, section.head))} |")
            bars = (" ---: " if i in section.right else " --- " for i in range(len(section.head)))
            parts.append(f"|{'|'.join(bars)}|")
            parts += [f"| {' | '.join(map(escaped, row))} |" for row in section.rows]
            parts.append("")
    return "\n".join(parts)


_STYLE = Path(__file__).parent / "assets" / "print.css"


def to_html(title: str, sections: Sequence[Section]) -> bytes:
    """The card as one file that a browser shows and prints; it loads and runs nothing."""
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = "\n".join(line for section in sections for line in _in_html(section))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n<h1>{_text(title)}</h1>\n{body}\n</body>\n</html>\n"
    ).encode("utf-8", errors="backslashreplace")


def _in_html(section: Section) -> Iterator[str]:
    yield '<section class="wide">' if any(section.head) else "<section>"
    if section.title:
        yield f"<h2>{_text(section.title)}</h2>"
    for line in section.lines:
        yield f"<p>{_text(line)}</p>"
    if section.rows:
        yield "<table>"
        if any(section.head):
            heads = (
                f'<th{_number(i, section)} scope="col">{_text(name)}</th>'
                for i, name in enumerate(section.head)
            )
            yield f"<thead><tr>{''.join(heads)}</tr></thead>"
        for first, *rest in section.rows:
            cells = (
                f"<td{_number(i, section)}>{_text(cell)}</td>" for i, cell in enumerate(rest, 1)
            )
            yield f'<tr><th scope="row">{_text(first)}</th>{"".join(cells)}</tr>'
        yield "</table>"
    yield "</section>"


def _number(place: int, section: Section) -> str:
    return ' class="number"' if place in section.right else ""


def _text(content: str) -> str:
    return html.escape(visible(content))


def chosen(sections: Sequence[Section], names: Sequence[str]) -> list[Section]:
    """Sections by their names, or beginnings of these, in the order of the card.

    Raises:
        UsageError: for a name that fits none or several.
    """
    known = [section.name for section in sections]
    wanted = set()
    for name in names:
        fitting = [one for one in known if one == name] or [
            one for one in known if one.startswith(name.lower())
        ]
        if len(fitting) != 1 or not name:
            raise UsageError(f"--section {name!r}; allowed: all, {', '.join(known)}")
        wanted.add(fitting[0])
    return [section for section in sections if section.name in wanted]


def to_terminal(console: Console, title: str, sections: Sequence[Section]) -> None:
    """Print the card."""
    terminal.print_title(console, title)
    for section in sections:
        if section.title:
            console.print()
            terminal.print_title(console, section.title)
        for line in section.lines:
            terminal.print_sentence(console, line)
        if section.rows:
            terminal.print_cells(console, section.head, section.rows, section.right)
