"""The picture of a ranking: of each role the best with what they lose, and all that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from screen.composition import BoolArray, FloatArray
from screen.report.plot import COLOURS, drawn

MARKERS = ("o", "^", "s", "D", "v", "P")
_GREY = "#8A8A8A"
_NAMED_COSTS = 6
"""Goals with a colour of their own; the others share one."""
_LEAST_COST = 5e-4
"""Goals that take less from every candidate are not drawn."""
MOST_NAMES = 12
_NAME_SIZE = (0.14, 0.04)
"""Room of a name, in parts of the range of the axes."""


@dataclass(frozen=True)
class Best:
    """The best candidates of a role and what keeps them from a score of 1.

    Attributes:
        names: best first.
        score, low, high: with the bounds if all that is not known were known.
        costs: of each goal by its name, what it takes from 1 of each candidate.
        unknown: of each goal, for whom its value is not known.
    """

    names: Sequence[str]
    score: FloatArray
    low: FloatArray
    high: FloatArray
    costs: Mapping[str, FloatArray]
    unknown: Mapping[str, BoolArray]


@dataclass(frozen=True)
class Field:
    """All that passed, over two of their values.

    Attributes:
        names, kinds, pareto: of each, best first.
        x, y: their values, NaN where not known.
        x_label, y_label: with units.
    """

    names: Sequence[str]
    kinds: Sequence[str]
    pareto: BoolArray
    x: FloatArray
    y: FloatArray
    x_label: str
    y_label: str


def draw(roles: Mapping[str, tuple[Best, Field | None]], form: str) -> bytes:
    """A row for each role, by its title: bars of the best, and the field of all that passed."""

    def fill(*panels: Any) -> None:
        for k, (title, (best, field)) in enumerate(roles.items()):
            _bars(panels[2 * k], title, best)
            if field is None:
                panels[2 * k + 1].set_axis_off()
            else:
                _scatter(panels[2 * k + 1], field)

    return drawn(fill, (12, 4.4 * len(roles)), form, rows=len(roles))


def _bars(axes: Any, title: str, best: Best) -> None:
    """From each score up to 1 what the goals take, the dearest goals first."""
    from matplotlib.patches import Patch  # noqa: PLC0415

    dearest = sorted(best.costs, key=lambda name: -float(best.costs[name].sum()))
    named = [name for name in dearest if best.costs[name].max() > _LEAST_COST]
    at = np.arange(len(best.names))
    left, key = best.score, list[Any]()
    for k, name in enumerate(named):
        colour = COLOURS[k] if k < _NAMED_COSTS else _GREY
        if k <= _NAMED_COSTS:
            key.append(Patch(color=colour, label=name if k < _NAMED_COSTS else "other goals"))
        cost = best.costs[name]
        bars = axes.barh(at, cost, left=left, height=0.66, color=colour)
        for bar, unknown in zip(bars, best.unknown[name], strict=True):
            if unknown:
                bar.set(hatch="////", edgecolor="white", linewidth=0)
        left = left + cost
    if any(best.unknown[name].any() for name in named):
        lacking = "value not known"
        key.append(Patch(facecolor=_GREY, edgecolor="white", hatch="////", label=lacking))
    (line,) = axes.plot(best.score, at, "o", color="black", markersize=3, label="score")
    axes.hlines(at, best.low, best.high, color="black", linewidth=0.8)
    start = min(best.low.min(), 0.95)
    start = max(0.0, start - 0.15 * (1 - start))
    for i, (score, low) in enumerate(zip(best.score, best.low, strict=True)):
        axes.text(low, i, f"{score:.3f}  ", va="center", ha="right", fontsize=8)
    axes.set_yticks(at, [f"{i + 1}  {name}" for i, name in enumerate(best.names)])
    axes.invert_yaxis()
    axes.set(xlim=(start, 1), xlabel="score, and what each goal takes from it", title=title)
    place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    axes.legend(handles=[line, *key], fontsize=7, frameon=False, **place)


def _scatter(axes: Any, field: Field) -> None:
    """All that passed; rings are on the Pareto front of their kind, the best are named."""
    known = ~np.isnan(field.x) & ~np.isnan(field.y)
    kinds = np.array(field.kinds, dtype=object)
    for k, kind in enumerate(dict.fromkeys(field.kinds)):
        own = known & (kinds == kind)
        if own.any():
            marker, colour = MARKERS[k % len(MARKERS)], COLOURS[k % len(COLOURS)]
            said = kind.replace("_", " ") or "passed"
            axes.plot(*(field.x[own], field.y[own]), marker, color=colour, markersize=4, label=said)
    front = known & field.pareto
    if front.any():
        axes.plot(
            *(field.x[front], field.y[front]),
            "o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor="#444444",
            markeredgewidth=0.7,
            label="on the Pareto front of its kind",
        )
    _name(axes, field, np.flatnonzero(known)[:MOST_NAMES].tolist())
    without = int((~known).sum())
    lacking = f"; {without} without these values are not shown" if without else ""
    axes.set(xlabel=field.x_label, ylabel=field.y_label, title=f"{len(known)} with a rank{lacking}")
    axes.legend(fontsize=7, frameon=False, loc="best")


def _name(axes: Any, field: Field, rows: Sequence[int]) -> None:
    """Write names beside points, but none over one that is there already."""
    wide, high = (float(np.nanmax(v) - np.nanmin(v)) or 1.0 for v in (field.x, field.y))
    taken: list[tuple[float, float]] = []
    for i in rows:
        x, y = field.x[i] / wide, field.y[i] / high
        if any(abs(x - a) < _NAME_SIZE[0] and abs(y - b) < _NAME_SIZE[1] for a, b in taken):
            continue
        taken.append((x, y))
        place = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": 7}
        axes.annotate(field.names[i], (field.x[i], field.y[i]), **place)
