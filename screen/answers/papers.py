"""Materials that papers name and no table of energies can hold: their cards and their list."""

from __future__ import annotations

import pyarrow as pa
from rich.console import Console

from screen import literature, measured
from screen.answers.answer import Answer
from screen.answers.card import Explanation, measured_section
from screen.composition import Compositions
from screen.errors import DataError
from screen.phases import Phases
from screen.report import table as report
from screen.report import terminal, text_card

_MANY = 12


def explanation(asked: str, phases: Phases) -> Explanation | None:
    """The card of a material by the name that papers give it, or words of it; none if none fits.

    Raises:
        DataError: if several fit.
    """
    known = measured.materials(phases.compositions.key.tolist())
    fitting = [m for m in known if m.label.lower() == asked.strip().lower()]
    fitting = fitting or [material for material in known if material.fits(asked)]
    if not fitting:
        return None
    if len(fitting) > 1:
        names = "; ".join(material.label for material in fitting[:_MANY])
        more = f"; and {len(fitting) - _MANY} more" if len(fitting) > _MANY else ""
        raise DataError(f"{asked!r} fits several materials of the literature: {names}{more}")
    return _card(fitting[0], phases)


def _card(material: measured.Unheld, phases: Phases) -> Explanation:
    title = f"{material.label}, from the literature"
    cells = measured.ordered(material.rows)
    formulas = ", ".join(material.formulas)
    rows = phases.rows_of(Compositions.from_formulas(material.formulas))
    held = [f for f, row in zip(material.formulas, rows.tolist(), strict=True) if row >= 0]
    said = [
        f"{material.family}; {', '.join(material.roles)}" + (f"; {formulas}" if formulas else ""),
        "It has no rank: "
        + (material.why or "a rank is of a formula, and papers know it by this name")
        + "."
        + (f" Of what acts in it the table holds {', '.join(held)}." if held else ""),
    ]
    sections = (text_card.Section("names", "", said), measured_section(cells))

    def show(console: Console) -> None:
        text_card.to_terminal(console, title, sections)

    record = {
        "label": material.label,
        "family": material.family,
        "formulas": list(material.formulas),
        "roles": list(material.roles),
        "why": material.why or None,
        "measured": [measured.record(row) for row in cells],
    }
    return Explanation(
        report.arrows(literature.COLUMNS, literature.to_columns(cells)),
        record,
        show,
        lambda: text_card.markdown(title, sections),
        columns=literature.COLUMNS,
        title=title,
        sections=sections,
    )


def listing(phases: Phases) -> Answer:
    """The materials that a table of energies cannot hold, beside those that it ranks."""
    found = measured.unheld(phases.compositions.key.tolist())
    rows = pa.table(
        {
            "material": [m.label for m in found],
            "roles": [", ".join(m.roles) for m in found],
            "family": [m.family for m in found],
            "formulas": [";".join(m.formulas) for m in found],
            "cells": [len(m.rows) for m in found],
            "outcomes": [measured.outcomes_said(m.rows) for m in found],
            "why": [m.why for m in found],
        }
    )

    def show(console: Console) -> None:
        title = f"Named by papers, held by no table of energies: {len(found)} materials"
        terminal.print_table(console, rows, {}, title, keys=("material",))

    return Answer(rows, None, show)
