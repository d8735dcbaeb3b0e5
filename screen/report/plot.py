"""Pictures for a paper or an e-mail: the voltage profile and the interface reactions of one
candidate."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from screen.composition import FloatArray

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A8A")
"""Okabe and Ito's, which the colour-blind can tell apart; every line has a dash of its own too."""
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
_HEADROOM = 1.15

Curves = Mapping[str, tuple[FloatArray, FloatArray]]
"""Kinks of E(x) by electrolyte: atomic share of the candidate, reaction energy in eV/atom."""


def draw(
    formula: str,
    anode: str,
    states: Sequence[Sequence[Any]],
    curves: Curves,
    form: str,
) -> bytes:
    """Draw as svg or png; the same numbers give the same bytes.

    Args:
        states: of the voltage profile, as in the cards of a run: from V (None: any), down to V,
            anode atoms taken up per formula unit, products.
    """
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
        figure = Figure(figsize=(10, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        _profile(left, formula, anode, states)
        _reactions(right, formula, curves)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        sink = io.BytesIO()
        silent = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(sink, format=form, dpi=200, metadata=silent)
    return sink.getvalue()


def _profile(axes: Any, formula: str, anode: str, states: Sequence[Sequence[Any]]) -> None:
    tops = [state[0] for state in states if state[0] is not None]
    top = max([0.5, *tops]) * _HEADROOM
    x: list[float] = []
    y: list[float] = []
    for high, low, uptake, *_ in states:
        x += [uptake, uptake]
        y += [top if high is None else high, low]
        if high is not None and high > top:
            y[-2] = top
    axes.plot(x, y, color=COLOURS[0], linewidth=1.6)
    for high, low, uptake, *_ in states:
        if abs(uptake) < 1e-9:
            axes.axhspan(low, top if high is None else min(high, top), color=COLOURS[0], alpha=0.12)
    axes.set(
        xlabel=f"{anode} taken up per formula unit of {formula}",
        ylabel=f"V against {anode}",
        ylim=(0, top),
        title="Voltage profile",
    )


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
