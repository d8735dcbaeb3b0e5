"""Pictures for a paper or an e-mail: the voltage profile and the interface reactions of one
candidate."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from screen.composition import FloatArray
from screen.errors import UsageError, did_you_mean

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A8A")
"""Okabe and Ito's, which the colour-blind can tell apart; every line has a dash of its own too."""
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
_HEADROOM = 1.15
_DATES = {
    "svg": ("Date",),
    "png": ("Software",),
    "pdf": ("CreationDate", "Creator", "Producer"),
}
"""Kinds of pictures, and what of each would differ from day to day or release to release."""
KINDS = tuple(_DATES)

Curves = Mapping[str, tuple[FloatArray, FloatArray]]
"""Kinks of E(x) by electrolyte: atomic share of the candidate, reaction energy in eV/atom."""


Prediction = tuple[str, str, float, bool, float, float, float]
"""Label, family, reported figure, whether it is a lower bound; low, middle and high of the
prediction. All figures as log10."""


def draw(
    formula: str,
    anode: str,
    states: Sequence[Sequence[Any]],
    curves: Curves,
    form: str,
) -> bytes:
    """Voltage profile and interface reactions of a candidate.

    Args:
        states: of the voltage profile: from V (None: any), down to V, anode atoms taken up per
            formula unit.
    """

    def fill(left: Any, right: Any) -> None:
        _profile(left, formula, anode, states)
        _reactions(right, formula, curves)

    return drawn(fill, (10, 3.8), form)


def draw_predictions(panels: Mapping[str, Sequence[Prediction]], form: str) -> bytes:
    """Predicted against reported figures, with intervals; two panels by name."""

    def fill(*both: Any) -> None:
        for axes, (name, rows) in zip(both, panels.items(), strict=True):
            _predictions(axes, name, rows)

    return drawn(fill, (10, 5), form)


def drawn(
    fill: Callable[..., None],
    size: tuple[float, float],
    form: str,
    panels: int = 2,
    projection: str | None = None,
    rows: int = 1,
) -> bytes:
    """A figure in our style as svg, png or pdf; the same numbers give the same bytes.

    Args:
        fill: draws into the axes that it is handed, one for each panel.
        size: width and height, inches.
        panels: beside each other, in each of the rows.
        projection: of all panels; None: two dimensions.

    Raises:
        UsageError: for another kind of picture.
    """
    if form not in KINDS:
        raise UsageError(f"no picture of the kind {form!r}; {did_you_mean(form, KINDS)}")
    import matplotlib as mpl  # noqa: PLC0415 (takes half a second)
    from matplotlib.figure import Figure  # noqa: PLC0415

    style: Any = {
        "svg.hashsalt": "screen",
        "svg.fonttype": "none",
        "font.size": 9,
        "text.usetex": False,
        "text.parse_math": False,  # a dollar sign in a name is no mathematics
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        kind = {"projection": projection}
        every = figure.subplots(rows, panels, squeeze=False, subplot_kw=kind).ravel().tolist()
        fill(*every)
        for axes in every if projection is None else ():
            axes.spines[["top", "right"]].set_visible(False)
        sink = io.BytesIO()
        silent = dict.fromkeys(_DATES[form])
        figure.savefig(sink, format=form, dpi=200, metadata=silent)
    return sink.getvalue()


def _predictions(axes: Any, name: str, rows: Sequence[Prediction]) -> None:
    for bound, marker, label in (
        (False, "o", "the cell failed"),
        (True, ">", "it was stable: a lower bound"),
    ):
        chosen = [row for row in rows if row[3] is bound]
        if not chosen:
            continue
        reported = [10.0 ** row[2] for row in chosen]
        low, middle, high = ([10.0 ** float(row[k]) for row in chosen] for k in (4, 5, 6))
        ends = [[abs(a - b) for a, b in zip(middle, end, strict=True)] for end in (low, high)]
        axes.errorbar(
            reported,
            middle,
            yerr=ends,
            fmt=marker,
            color=COLOURS[0] if not bound else COLOURS[1],
            markersize=4,
            linewidth=0.6,
            alpha=0.8,
            label=label,
        )
    every = [10.0**value for row in rows for value in (row[2], row[4], row[6])]
    limits = (min(every) / 1.5, max(every) * 1.5)
    axes.plot(limits, limits, color="#8A8A8A", linewidth=0.8)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=limits,
        ylim=limits,
        title=name[:1].upper() + name[1:],
        xlabel="reported",
        ylabel="predicted, family left out; 80 % interval",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.legend(fontsize=7, frameon=False, loc="upper left")


def _profile(axes: Any, formula: str, anode: str, states: Sequence[Sequence[Any]]) -> None:
    staircase(axes, [(high, low, uptake) for high, low, uptake, *_ in states])
    axes.set(
        xlabel=f"{anode} taken up per formula unit of {formula}",
        ylabel=f"V against {anode}",
        title="Voltage profile",
    )


def staircase(axes: Any, states: Sequence[tuple[float | None, float, float]]) -> None:
    """The uptake at each voltage; where nothing is exchanged a band.

    Args:
        states: from V (None: any), down to V, uptake.
    """
    tops = [high for high, *_ in states if high is not None]
    top = max([0.5, *tops]) * _HEADROOM
    x: list[float] = []
    y: list[float] = []
    for high, low, uptake in states:
        x += [uptake, uptake]
        y += [top if high is None else min(high, top), low]
        if abs(uptake) < 1e-9:
            axes.axhspan(low, y[-2], color=COLOURS[0], alpha=0.12)
    axes.plot(x, y, color=COLOURS[0], linewidth=1.6)
    axes.set_ylim(0, top)


def _reactions(axes: Any, formula: str, curves: Curves) -> None:
    for i, (label, (share, energy)) in enumerate(curves.items()):
        axes.plot(
            share,
            energy,
            color=COLOURS[i % len(COLOURS)],
            linestyle=_DASHES[i % len(_DASHES)],
            linewidth=1.4,
            label=label,
        )
    axes.axhline(0, color="#8A8A8A", linewidth=0.6)
    axes.set(
        xlabel=f"share of the atoms from {formula}",
        ylabel="reaction energy, eV/atom",
        xlim=(0, 1),
        title="Reactions with the solid electrolytes",
    )
    if curves:
        axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    else:
        axes.text(0.5, -0.01, "no electrolyte whose phases the table holds", ha="center", va="top")
