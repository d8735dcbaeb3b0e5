"""The first screen of a card: what fits 40 lines of a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from screen.formatting import text
from screen.report import terminal
from screen.report.text_card import Section

LINES = 40
"""Most lines of it, in a terminal of 80 columns."""


def print_summary(
    console: Console, title: str, sections: Sequence[Section], record: Mapping[str, Any]
) -> None:
    """Print how a candidate does in each role, why, what the anode metal does to it, and where the
    rest is.

    Args:
        sections: the whole card; of some of them the sentences are printed.
        record: the card as data.
    """
    by_name = {section.name: section for section in sections}
    terminal.print_title(console, title)
    for line in by_name["names"].lines:
        terminal.print_sentence(console, line)
    console.print()
    verdicts = record["roles"]
    best = min(verdicts, key=_place)
    _print_roles(console, verdicts)
    console.print()
    for said in filter(None, (best["why"], best["what_would_change"])):
        terminal.print_sentence(console, f"As {best['role']}: {said}")
    for line in by_name["measured"].lines[:1] if "measured" in by_name else ():
        terminal.print_sentence(console, f"Measured in cells: {line}")
    for name in ("contact", "certainty", "voltage", "doubtful"):
        for line in by_name[name].lines if name in by_name else ():
            terminal.print_sentence(console, line)
    console.print()
    names = ", ".join(section.name for section in sections if section.title)
    terminal.print_sentence(
        console, f"More with --section NAME, or --section all: {names}.", indent=0
    )


def _place(verdict: Mapping[str, Any]) -> tuple[bool, float, float]:
    """Roles in which it passed first, by rank, then by score."""
    return not verdict["passed"], verdict["rank"] or 0, -verdict["score"]


def _print_roles(console: Console, verdicts: Sequence[Mapping[str, Any]]) -> None:
    rows, styles = [], []
    for verdict in verdicts:
        passed = verdict["passed"]
        place = f"{verdict['rank']} of {verdict['of']}" if verdict["rank"] else "–"
        said = "passes" if passed else f"fails {verdict['failed_gates']}"
        kind = (verdict["kind"] or "–").replace("_", " ")
        rows.append((verdict["role"], kind, place, text(verdict["score"]), said))
        styles.append(terminal.verdict_style("passed", passed))
    terminal.print_cells(
        console,
        ("role", "kind", "rank", "score", "gates"),
        rows,
        frozenset([3]),
        styles={4: styles},
    )
