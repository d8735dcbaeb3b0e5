"""A card in text: sections with lines and tables, for the terminal and for an e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from screen.errors import UsageError
from screen.outside import markdown as escaped
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
