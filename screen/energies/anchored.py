"""Energies anchored to experiment: corrected by class, at room temperature, measured where known.

All of a class is corrected or none, since a measured figure among uncorrected neighbours makes them
decompose. Alloys are left alone but for chemical systems in which something was measured: there the
difference of what was measured is spread over the others in proportion to composition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray
from screen.energies import error_model, features, measured
from screen.errors import DataError
from screen.phases import Phases
from screen.tables import checked

SUFFIX = ", anchored to experiment at 298 K"
"""What is added to the name of the scheme."""
NEAR_EV_ATOM = 0.05
"""Another version of the same scheme moves formation energies by less, another scheme by more."""
ALLOY = features.CLASSES.index("alloy")


@dataclass(frozen=True)
class Corrected:
    """What becomes of each phase of a table; eV/atom, shape (phases,).

    Attributes:
        error: mean error of the table, which is taken off.
        thermal: what room temperature adds.
        measured: row of the measured table that the phase is, -1 if it is none.
        spread_over: whether an alloy shares in what was measured of its system.
    """

    error: FloatArray
    thermal: FloatArray
    measured: IntArray
    spread_over: FloatArray

    @property
    def shift(self) -> FloatArray:
        """What is added to the energies."""
        return self.thermal - self.error


def is_anchored(phases: Phases) -> bool:
    """Whether the energies of a table are anchored already."""
    return phases.scheme.endswith(SUFFIX)


def anchor(phases: Phases) -> Phases:
    """The table with corrected energies, and measured phases that it lacks.

    Raises:
        DataError: for energies of another scheme than those that the corrections are fitted to.
    """
    if is_anchored(phases):
        return phases
    check_scheme(phases)
    found = corrected(phases)
    energy = phases.energy + found.shift
    lacking = _lacking(phases)
    table = phases.table
    columns = {
        "formation_energy_ev_atom": pa.array(energy),
        "scheme": pa.array([phases.scheme + SUFFIX] * len(phases), pa.string()),
        "source": pa.array(_sources(phases, found), pa.string()),
    }
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    own = len(phases) - phases.added  # rows of the user stay the last
    parts = [table.slice(0, own), _rows(phases, lacking, table.schema), table.slice(own)]
    made = (
        () if not phases.files else (checked(measured.TABLE), checked(error_model.MODEL, ".json"))
    )
    changed = Phases(
        pa.concat_tables(parts).combine_chunks(),
        name=phases.name,
        systems=phases.systems,
        added=phases.added,
        files=(*phases.files, *made),
    )
    changed.before = phases
    return changed


def check_scheme(phases: Phases) -> None:
    """Refuse energies that the errors are not those of.

    Raises:
        DataError: naming a phase that shows it.
    """
    rows, computed = measured.places_in(phases), measured.column("computed")
    shared = np.flatnonzero((rows >= 0) & ~np.isnan(computed))
    if not len(shared):
        return
    apart = phases.energy[rows[shared]] - computed[shared]
    if np.median(np.abs(apart)) > NEAR_EV_ATOM:
        worst = shared[np.argmax(np.abs(apart))]
        raise DataError(
            f"{phases.name}: {measured.table()[worst].formula} is at "
            f"{phases.energy[rows[worst]]:.3f} eV/atom, in the 2019 table, whose errors are known, "
            f"at {computed[worst]:.3f}; energies of another scheme can neither be anchored nor "
            "sampled, use --energies table without --samples"
        )


def corrected(phases: Phases) -> Corrected:
    """Mean errors and thermal terms of all phases of a table."""
    compositions = phases.compositions
    of = features.of(compositions)
    model = error_model.load()
    error = error_model.errors().mean(compositions, of)
    thermal = of.values @ thermal_weights(model)
    place = measured_rows(compositions)
    lowest = phases.energy[phases.rows_of(compositions)]
    enthalpy, gibbs = measured.column("enthalpy"), measured.column("gibbs")
    at = np.flatnonzero(place >= 0)
    known_h, known_g = enthalpy[place[at]], gibbs[place[at]]
    warm = np.where(np.isnan(known_g) | np.isnan(known_h), thermal[at], known_g - known_h)
    warm = np.where(np.isnan(known_h), 0.0, warm)  # an electromotive force is at room temperature
    thermal[at] = warm
    error[at] = lowest[at] - np.where(np.isnan(known_h), known_g, known_h)
    spread_over = _over_alloys(compositions, of.kind, place, error - thermal)
    error = np.where(np.isnan(spread_over), error, spread_over)
    thermal = np.where(np.isnan(spread_over), thermal, 0.0)
    return Corrected(error, thermal, place, spread_over)


def thermal_weights(model: error_model.Model) -> FloatArray:
    """What room temperature adds for each column of the features, eV/atom."""
    return np.array([model.thermal.get(name, 0.0) for name in features.names()[0]])


def measured_rows(compositions: Compositions) -> IntArray:
    """Row of the measured table that each composition is, -1 if it is none."""
    known = measured.compositions().key
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], compositions.key), len(known) - 1)
    return np.where(known[order][at] == compositions.key, order[at], -1)


def _over_alloys(
    compositions: Compositions, kind: IntArray, place: IntArray, error: FloatArray
) -> FloatArray:
    """Error of the alloys of binary systems in which some were measured, between which it is
    linear in composition, and zero for the metals; NaN for all other phases.
    """
    found = np.full(len(place), np.nan)
    known = measured.compositions()
    alloys = features.of(known).kind == ALLOY
    binary = (kind == ALLOY) & (compositions.size == 2)
    for system in np.unique(known.system[alloys & (known.size == 2)]):
        rows = np.flatnonzero(binary & (compositions.system == system))
        taught = rows[place[rows] >= 0]
        if not len(taught):
            continue
        element = int(compositions.element[compositions.start[rows[0]]])
        share = compositions.amount_of(element) / compositions.atoms
        order = taught[np.argsort(share[taught], kind="stable")]
        x = np.r_[0.0, share[order], 1.0]
        found[rows] = np.interp(share[rows], x, np.r_[0.0, error[order], 0.0])
        found[taught] = np.nan
    return found


def _lacking(phases: Phases) -> list[measured.Measured]:
    """Measured phases of covered elements that the table does not have."""
    rows = measured.places_in(phases)
    compositions = measured.compositions()
    return [
        one
        for i, one in enumerate(measured.table())
        if rows[i] < 0
        and not one.of_collection
        and phases.covers(SYMBOLS[e] for e in compositions.element[_span(compositions, i)])
    ]


def _span(compositions: Compositions, i: int) -> slice:
    return slice(int(compositions.start[i]), int(compositions.start[i + 1]))


def _rows(phases: Phases, lacking: list[measured.Measured], schema: pa.Schema) -> pa.Table:
    """Measured phases as rows of a table; alloys, of which room temperature changes nothing."""
    count = len(lacking)
    values = {
        "id": [f"measured:{one.formula}" for one in lacking],
        "formula": [one.formula for one in lacking],
        "formation_energy_ev_atom": [
            one.enthalpy if np.isnan(one.gibbs) else one.gibbs for one in lacking
        ],
        "scheme": [phases.scheme + SUFFIX] * count,
        "source": [f"measured: {one.source}" for one in lacking],
    }
    columns = [
        pa.array(values[field.name], field.type)
        if field.name in values
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _sources(phases: Phases, found: Corrected) -> list[str]:
    """What was done to each phase, behind where its energy is from."""
    done = []
    for i, source in enumerate(phases.texts("source")):
        shift, place = float(found.shift[i]), int(found.measured[i])
        if place >= 0:
            said = f"measured: {measured.table()[place].source}"
        elif not np.isnan(found.spread_over[i]):
            said = f"moved by {shift:+.3f} eV/atom with the measured alloys of its system"
        elif shift == 0:
            said = "left alone"
        else:
            said = f"corrected by {shift:+.3f} eV/atom"
        done.append(f"{source}; {said}" if source else said)
    return done
