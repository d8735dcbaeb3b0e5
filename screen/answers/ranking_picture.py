"""The picture of a ranking, from a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screen.answers.drawings import Drawing
from screen.columns import Column
from screen.errors import NothingPassedError
from screen.ranking.costs import costs
from screen.ranking.roles import Role
from screen.report import plot_ranking
from screen.report.plot_ranking import Best, Field
from screen.report.table import columns_of
from screen.run import Run, ranked_columns

SHOWN_BEST = 10
"""Bars of each role."""


def drawing_of(done: Run) -> Drawing:
    """The best of each role with what they lose, and all that passed.

    Raises:
        NothingPassedError: on drawing, if no candidate has a rank in any role.
    """

    def drawing(form: str) -> bytes:
        case = done.case
        declared = ranked_columns(case.electrolytes, case.settings, case.own)
        labels = {column.name: column for column in declared}
        pictures = {}
        for judged in done.rankings:
            rows = done.ranked(judged)
            rows = rows.filter(pc.is_valid(rows.column("rank")))
            if rows.num_rows:
                title = f"{judged.role.label} for {case.anode.symbol}"
                if judged.role.learned is not None:
                    title += ": learned order, hand-weighted score"
                pictures[title] = (
                    _best(judged.role, rows, labels),
                    _field(judged.role, rows, labels),
                )
        if not pictures:
            raise NothingPassedError("--plot: no candidate passed, so there is nothing to draw")
        return plot_ranking.draw(pictures, form)

    return drawing


def _best(role: Role, rows: pa.Table, labels: Mapping[str, Column]) -> Best:
    table = columns_of(rows.slice(0, SHOWN_BEST))
    kind = np.array([text or "" for text in table["kind"]], dtype=object)
    led = role.learned is not None  # then the goals explain the hand-weighted score alone
    score = table["score_without_model" if led else "score"]
    each = costs(role, table, kind, score)
    taken: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for goal, own in zip(role.goals, each, strict=True):
        name = labels[goal.column].label
        taken[name] = taken.get(name, 0.0) + own
        unknown[name] = np.isnan(goal.desirability(table))
    low, high = (score, score) if led else (table["score_low"], table["score_high"])
    return Best(table["formula"].tolist(), score, low, high, taken, unknown)


def _field(role: Role, rows: pa.Table, labels: Mapping[str, Column]) -> Field | None:
    """Over the first two numbers that the role shows; None if it shows fewer."""
    numbers = [name for name in role.show if labels[name].kind == "number"][:2]
    if len(numbers) < 2:
        return None
    table = columns_of(rows)
    x, y = (table[name].astype(float) for name in numbers)
    x_label, y_label = (", ".join(_named(labels[name])) for name in numbers)
    kinds = [text or "" for text in table["kind"]]
    pareto = table["pareto"].astype(bool)
    return Field(table["formula"].tolist(), kinds, pareto, x, y, x_label, y_label)


def _named(column: Column) -> list[str]:
    """Label and, if it has one, unit."""
    return [column.label, *([column.unit] if column.unit != "1" else [])]
