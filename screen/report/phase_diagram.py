"""Phase diagrams of two to four elements: computed by pymatgen, drawn as all our pictures are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from screen.errors import UsageError
from screen.report.plot import COLOURS, drawn

NEAR_EV_ATOM = 0.1
"""Phases that are further above the hull are not drawn."""
LEAST, MOST = 2, 4
Counts = Mapping[str, int]


def check_elements(formula: str, elements: int) -> None:
    """Refuse what has no such diagram.

    Raises:
        UsageError: for one element, and for more than can be drawn in space.
    """
    if not LEAST <= elements <= MOST:
        held = "one element" if elements == 1 else f"{elements} elements"
        raise UsageError(
            f"--plot: {formula} holds {held}; a phase diagram shows two to four. Leave --plot out"
        )


def draw(
    formula: str, candidate: Counts, phases: Sequence[tuple[str, Counts, float]], form: str
) -> bytes:
    """The phase diagram of a candidate's elements, with the candidate in it.

    Of two elements the formation energy over composition, of three and four the tie lines in the
    triangle or tetrahedron of compositions.

    Args:
        phases: formula, atoms in a formula unit, formation energy in eV/atom; the elements among
            them.

    Raises:
        UsageError: for one element or more than four.
    """
    from pymatgen.analysis import phase_diagram as pymatgen  # noqa: PLC0415 (takes seconds)
    from pymatgen.core import Composition  # noqa: PLC0415

    check_elements(formula, len(candidate))
    entries = [
        pymatgen.PDEntry(Composition(counts), energy * sum(counts.values()), name=name)
        for name, counts, energy in phases
    ]
    diagram = pymatgen.PhaseDiagram(entries)
    plotter = pymatgen.PDPlotter(diagram, backend="matplotlib")
    lines, stable, unstable = plotter.pd_plot_data
    own = Composition(candidate)
    place = _place(pymatgen, diagram, own)
    others = [
        at for entry, at in unstable.items() if diagram.get_e_above_hull(entry) <= NEAR_EV_ATOM
    ]

    def fill(axes: Any) -> None:
        for line in lines:
            axes.plot(*line, color="#8A8A8A", linewidth=0.8, zorder=1)
        near = f"at most {NEAR_EV_ATOM:g} eV/atom above it"
        if others:
            points = np.transpose(others)
            axes.plot(*points, "s", color=COLOURS[4], markersize=3, zorder=2, label=near)
        points = np.transpose(list(stable))
        axes.plot(*points, "o", color=COLOURS[0], markersize=5, zorder=3, label="on the hull")
        for at, entry in stable.items():
            axes.text(*at, f"  {entry.name}", fontsize=7, zorder=6)
        axes.plot(*place[:, None], "*", color=COLOURS[1], markersize=12, zorder=5, label=formula)
        _frame(axes, diagram, min((at[1] for at in stable), default=0.0))
        axes.legend(fontsize=8, frameon=False, loc="upper right")

    return drawn(fill, (6.5, 5.5), form, 1, "3d" if len(candidate) == MOST else None)


def _place(pymatgen: Any, diagram: Any, own: Any) -> Any:
    """Coordinates of the candidate; of two elements at its energy or, without one, the hull's."""
    coordinates = diagram.pd_coords(own)
    if len(coordinates) == 1:
        alike = [
            diagram.get_form_energy_per_atom(entry)
            for entry in diagram.all_entries
            if entry.composition.reduced_formula == own.reduced_formula
        ]
        energy = min(alike, default=diagram.get_hull_energy_per_atom(own))
        return np.array([coordinates[0], energy])
    corner = pymatgen.triangular_coord if len(coordinates) == 2 else pymatgen.tet_coord
    return np.ravel(corner([coordinates]))


def _frame(axes: Any, diagram: Any, lowest: float) -> None:
    """Axes and title."""
    symbols = [str(element) for element in diagram.elements]
    axes.set_title("-".join(symbols))
    if len(symbols) == LEAST:
        axes.set(
            xlabel=f"atomic share of {symbols[1]}",
            ylabel="formation energy, eV/atom",
            xlim=(-0.03, 1.12),
            ylim=(min(lowest * 1.15, -0.05), 0.1),
        )
        axes.axhline(0, color="#8A8A8A", linewidth=0.6)
        return
    axes.set_axis_off()
    if len(symbols) == MOST - 1:
        axes.set_aspect("equal")
        axes.margins(0.15)
