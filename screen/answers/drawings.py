"""Answers as pictures; what draws them is loaded when it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from screen.composition import SYMBOLS
from screen.descriptors.case import Case
from screen.errors import UsageError

Drawing = Callable[[str], bytes]
"""From the kind of picture (svg, png, pdf) to the picture."""


def windows(records: Sequence[Mapping[str, Any]]) -> Drawing:
    """Profiles side by side."""

    def drawing(form: str) -> bytes:
        from screen.report import plot_answers  # noqa: PLC0415

        return plot_answers.windows(records, form)

    return drawing


def interface(records: Sequence[Mapping[str, Any]]) -> Drawing:
    """The curve of an interface, or of an open one its strongest reaction at each of its values."""

    def drawing(form: str) -> bytes:
        from screen.report import plot_answers  # noqa: PLC0415

        if len(records) > 1:
            return plot_answers.scan(records, form)
        return plot_answers.interface(records[0], form)

    return drawing


def stack(record: Mapping[str, Any]) -> Drawing:
    """Voltage across the layers, and what drives them to react."""

    def drawing(form: str) -> bytes:
        from screen.report import plot_answers  # noqa: PLC0415

        return plot_answers.stack(record, form)

    return drawing


def phase_diagram(case: Case) -> Drawing:
    """The phase diagram of the one candidate's elements."""

    def drawing(form: str) -> bytes:
        from screen.report import phase_diagram  # noqa: PLC0415

        if len(case) > 1:
            raise UsageError(f"--plot draws the phase diagram of one formula, not of {len(case)}")
        held = case.compositions.row(0)
        phase_diagram.check_elements(case.formulas[0], len(held))
        table = case.facts.competition
        foreign = [i for i, symbol in enumerate(SYMBOLS) if symbol not in held]
        inside = table.ground[~table.compositions.take(table.ground).holds(foreign)]
        phases = [
            (case.phases.formulas[row], table.compositions.row(row), float(table.energy[row]))
            for row in inside.tolist()
        ]
        return phase_diagram.draw(case.formulas[0], held, phases, form)

    return drawing
