"""A card in text: sections with lines and tables, for the terminal and for an e-mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from screen.report import terminal
from screen.report.table import visible

MEANINGS = {
    (1, True): "alloy: conducts electrons and holds {anode}",
    (0, True): "insulating matrix that holds {anode}",
    (1, False): "conducts electrons",
    (0, False): "insulates",
}


def meaning(conducts: int, holds: bool, anode: str) -> str:
    """What a contact product means for the interphase.

    Args:
        conducts: 1 if it conducts electrons, 0 if not, -1 if not known.
        holds: whether it holds the anode metal.
    """
    said = MEANINGS.get((conducts, holds), "may conduct or not: no band gap is known")
    return said.format(anode=anode)


@dataclass(frozen=True)
class Section:
    """A part of a card.

    Attributes:
        lines: sentences before the table.
        head, rows: the table, if any.
        right: columns of it that hold numbers.
    """

    title: str
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    right: frozenset[int] = field(default_factory=frozenset)


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The card as Markdown that an e-mail shows well."""
    parts = [f"# {_flat(title)}", ""]
    for section in sections:
        if section.title:
            parts += [f"## {_flat(section.title)}", ""]
        for line in section.lines:
            parts += [_flat(line), ""]
        if section.rows:
            parts.append(f"| {' | '.join(map(_flat, section.head))} |")
            bars = (" ---: " if i in section.right else " --- " for i in range(len(section.head)))
            parts.append(f"|{'|'.join(bars)}|")
            parts += [f"| {' | '.join(map(_flat, row))} |" for row in section.rows]
            parts.append("")
    return "\n".join(parts)


def _flat(text: str) -> str:
    """One line that Markdown takes as text: no markup, no table bar, no HTML."""
    plain = re.sub(r"[\\`*\[\]<|]", r"\\\g<0>", " ".join(visible(text).split()))
    # Within a word an underscore is no markup, and names of columns read better without.
    plain = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", plain)
    return re.sub(r"^(?=[>#+-])", r"\\", plain)


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
