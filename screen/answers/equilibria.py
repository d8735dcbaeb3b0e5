"""Answers of the linear programs alone: window and decompose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import descriptors
from screen.answers import certainty, drawings
from screen.answers.answer import Answer
from screen.columns import Column, Values
from screen.composition import SYMBOLS, FloatArray, IntArray
from screen.descriptors import equations
from screen.descriptors.case import DOUBTFUL, Case
from screen.formatting import number, quantity
from screen.materials import Material
from screen.reactions import Equation
from screen.report import table as report
from screen.report import terminal
from screen.thermo.window import chemical_potentials, reaction_energies
from screen.units import DECIMALS
from screen.verdicts import VERDICTS, said

HULL, _CONTACT = "hull_distance_ev_atom", "contact_reaction_energy_ev_atom"
ENERGY = "reaction_energy_kj_mol"
_BELOW = "inverse_hull_distance_ev_atom"
_PROBABILITIES = tuple(f"p_{verdict}" for verdict in VERDICTS)
EQUATION_LABELS = {
    "equation": Column("", "reaction", "", ""),
    ENERGY: Column(ENERGY, "energy", "", ""),
}


def written(equation: Equation) -> dict[str, Any]:
    """An equation and its energy as fields of an answer; null where nothing reacts."""
    if not equation:
        return {"equation": None, ENERGY: None}
    return {"equation": str(equation), ENERGY: equation.energy_kj_mol}


_TEXTS = frozenset(
    (
        *("formula", "read_as", "anode", "reservoir", "outcome", "a", "b", "products", "equation"),
        *("film", "electrolyte", "stack_verdict", "contact", "between", "verdict", "per_atom_of"),
        "gap",
    )
)


def table_of(lines: list[dict[str, Any]]) -> pa.Table:
    """Lines as rows: what is no text is a number, even where all of it is missing."""
    names = lines[0] if lines else ()
    schema = [(name, pa.string() if name in _TEXTS else pa.float64()) for name in names]
    return pa.Table.from_pylist(report.finite(lines), pa.schema(schema))


def gains(prefix: str, energy_ev: float, atoms: float, exchanged: float) -> dict[str, Any]:
    """A reaction energy per formula unit, per atom and per exchanged atom of the anode metal.

    Args:
        energy_ev: per formula unit.
        atoms, exchanged: per formula unit.
    """
    return {
        f"{prefix}_ev_formula": energy_ev,
        f"{prefix}_ev_atom": energy_ev / atoms,
        f"{prefix}_ev_anode_atom": energy_ev / abs(exchanged) if exchanged else None,
    }


def windows(case: Case, asked: Sequence[Material] = (), at: float | None = None) -> Answer:
    """Profile, window and contact products of each candidate.

    Args:
        asked: the candidates as they were typed; amounts are per formula as typed.
        at: also the equilibrium at this voltage; rows are then those equilibria.
    """
    values = descriptors.compute_families(case, ("stability", "against_anode", "doubt"))
    profiles, columns = case.equilibria.profiles, values.columns
    units = np.array([material.units for material in asked] or np.ones(len(case)))
    names = [
        material.typed if material.units != 1 else formula
        for material, formula in zip(asked, case.formulas, strict=True)
    ] or list(case.formulas)
    products = profiles.products.times(np.repeat(units, np.diff(profiles.start)))
    contact = case.equilibria.contact_products.times(units)
    uptake = profiles.uptake * np.repeat(units, np.diff(profiles.start))
    owner = np.repeat(np.arange(len(case)), np.diff(profiles.start))
    gained = units[owner] * _gained(case, owner, np.arange(len(owner)), profiles.v_low)
    atoms = case.compositions.atoms * units
    records: list[dict[str, Any]] = []
    for i, formula in enumerate(case.formulas):
        states = [
            {
                "v_low": float(profiles.v_low[s]),
                "v_high": float(profiles.v_high[s]),
                "anode_per_formula": float(uptake[s]),
                **gains("reaction_energy_at_v_low", float(gained[s]), atoms[i], float(uptake[s])),
                "products": equations.products(case, products, s),
                **written(equations.with_anode(case, i, s)),
            }
            for s in range(profiles.start[i], profiles.start[i + 1])
        ]
        records.append(
            {
                "formula": names[i],
                "read_as": formula,
                "anode": case.anode.symbol,
                "outcome": columns["outcome"][i],
                "reduction_v": float(columns["reduction_v"][i]),
                "oxidation_v": float(columns["oxidation_v"][i]),
                "hull_distance_ev_atom": float(columns["hull_distance_ev_atom"][i]),
                "states": states,
                "contact": {
                    "products": equations.products(case, contact, i),
                    "anode_per_formula": float(columns["contact_anode_per_formula"][i] * units[i]),
                    "reaction_energy_ev_atom": float(columns["contact_reaction_energy_ev_atom"][i]),
                    "interphase": columns["interphase"][i] or None,
                    **{name: float(columns[name][i]) for name in _PROBABILITIES},
                    "conducting_fraction": float(columns["conducting_fraction"][i]),
                    **written(equations.in_contact(case, i)),
                },
                "doubtful_products": columns["doubtful_products"][i] or None,
                "doubtful_changes": columns["doubtful_changes"][i] or None,
            }
        )
    if sampled := certainty.samples_of(case):
        for i, record in enumerate(records):
            record["samples"] = certainty.record(case, *sampled, i)
    texts = case.facts.write_mixtures(products)
    lines = [
        {
            **{k: record[k] for k in ("formula", "anode", "outcome", "reduction_v", "oxidation_v")},
            "hull_distance_ev_atom": record["hull_distance_ev_atom"],
            **state,
            "products": texts[profiles.start[i] + s],
        }
        for i, record in enumerate(records)
        for s, state in enumerate(record["states"])
    ]
    rows = table_of(lines)
    if at is not None:
        places = profiles.at(at)
        energy = units * _gained(case, np.arange(len(case)), places, np.full(len(case), at))
        for i, (place, record) in enumerate(zip(places.tolist(), records, strict=True)):
            record["at"] = _equilibrium(case, i, place, at, float(energy[i]), float(units[i]))
        rows = _rows_at(records, [texts[place] for place in places.tolist()])

    def show(console: Console) -> None:
        columns = ("v_high", "v_low", "anode_per_formula", ENERGY, "equation")
        table = pa.Table.from_pylist(lines).select(columns)
        for i in range(len(records)):
            first, last = profiles.start[i : i + 2].tolist()
            labels = EQUATION_LABELS | {
                "v_high": Column("v_high_v", "from", "", ""),
                "v_low": Column("v_low_v", "down to", "", ""),
                "anode_per_formula": Column("", f"{case.anode.symbol} taken up", "", ""),
            }
            states = table.slice(first, last - first)
            terminal.print_table(console, states, labels, window_line(case, values, i, names[i]))
            said = contact_line(values, i, equations.in_contact(case, i))
            terminal.print_sentence(console, said)
            for line in sample_lines(records[i]):
                terminal.print_sentence(console, line)
            if at is not None:
                terminal.print_sentence(console, _at_line(records[i]["at"], case.anode.symbol))
            if doubt := doubt_line(values, i):
                terminal.print_sentence(console, doubt)
            console.print()

    return Answer(rows, records, show, drawing=drawings.windows(records))


def sample_lines(record: Mapping[str, Any]) -> list[str]:
    """What samples say of a candidate beside its record, in sentences; none without samples."""
    if "samples" not in record:
        return []
    contact = record["contact"]["reaction_energy_ev_atom"]
    computed = {name: record[name] for name in ("reduction_v", "oxidation_v")}
    computed["contact_reaction_energy_ev_atom"] = contact
    return certainty.lines(record["samples"], computed)


def _gained(case: Case, candidate: IntArray, state: IntArray, voltage: FloatArray) -> FloatArray:
    """What candidates gain in reaching a state at a voltage, eV per reduced formula unit.

    Nothing where a phase that is left out has an energy below all that may form.
    """
    gained = reaction_energies(
        case.equilibria.profiles,
        case.compositions.take(candidate),
        case.energy_before[candidate],
        state,
        voltage,
        case.anode.valence,
    )
    return np.minimum(gained, 0.0)


def _equilibrium(
    case: Case, i: int, state: int, voltage: float, energy_ev: float, units: float
) -> dict[str, Any]:
    """The equilibrium of a candidate at a voltage.

    Args:
        energy_ev: per formula as typed, which is `units` reduced ones.
    """
    profiles, metal = case.equilibria.profiles, case.anode.symbol
    exchanged = float(profiles.uptake[state]) * units
    atoms = float(case.compositions.atoms[i]) * units
    formed = profiles.products.take(np.array([state])).times(np.array([units]))
    equation = equations.with_element(case, i, metal, profiles, state, energy_ev / units)
    return {
        "voltage": voltage,
        "v_low": float(profiles.v_low[state]),
        "v_high": float(profiles.v_high[state]),
        "anode_per_formula": exchanged,
        **gains("reaction_energy", energy_ev, atoms, exchanged),
        "products": equations.products(case, formed, 0),
        **written(equation),
    }


def _rows_at(records: list[dict[str, Any]], texts: list[str]) -> pa.Table:
    """The equilibria at one voltage, a row for each candidate."""
    lines = [
        {**{k: record[k] for k in ("formula", "anode", HULL)}, **record["at"], "products": text}
        for record, text in zip(records, texts, strict=True)
    ]
    return table_of(lines)


def _at_line(at: dict[str, Any], metal: str) -> str:
    """The equilibrium at a voltage in a sentence."""
    head = f"At {number(at['voltage'], DECIMALS['V'])} V: "
    if at["equation"] is None:
        return f"{head}no reaction."
    volts = DECIMALS["V"]
    parts = f"{number(at['reaction_energy_ev_formula'], volts)} eV per formula unit, " + quantity(
        at["reaction_energy_ev_atom"], "reaction_energy_ev_atom"
    )
    exchanged = at["reaction_energy_ev_anode_atom"]
    if exchanged is not None:
        taken = "taken up" if at["anode_per_formula"] > 0 else "given off"
        parts += f", {number(exchanged, volts)} eV per {metal} {taken}"
    return f"{head}{at['equation']} ({parts})."


def window_line(case: Case, values: Values, i: int, name: str = "") -> str:
    """The electrochemical window of a candidate, and what it is the window of, in a sentence.

    Args:
        name: what to call it; none: by its reduced formula.
    """
    columns, symbol = values.columns, case.anode.symbol
    low, high = columns["reduction_v"][i], columns["oxidation_v"][i]
    volts = DECIMALS["V"]
    at_low = quantity(low, "reduction_v")
    said = {
        "window": f"window {number(low, volts)} to {quantity(high, 'oxidation_v')}",
        "no_window": f"no window: takes up and gives off {symbol} at {at_low}",
        "loses_anode_metal_at_0_v": f"gives off {symbol} even at 0 V",
        "unbounded_above": f"takes up {symbol} below {at_low}, holds none to give off"
        if low > 0
        else f"takes up no {symbol} above 0 V, holds none to give off",
        "anode_metal": f"is {symbol} itself",
    }[columns["outcome"][i]]
    whose = standing(float(columns[HULL][i]), values.reason(HULL)[i])
    return f"{name or case.formulas[i]} against {symbol}: {said} ({whose})"


def standing(hull_distance_ev_atom: float, reason: str) -> str:
    """Whose profile is shown of a candidate at this distance above the hull.

    Args:
        reason: why there is no distance.
    """
    if np.isnan(hull_distance_ev_atom):
        why = reason if reason.startswith(DOUBTFUL) else "no energy of its own"
        return f"{why}: the profile is that of its stablest mixture"
    if hull_distance_ev_atom > 0:
        above = quantity(hull_distance_ev_atom, HULL)
        return f"{above} above the hull: the profile is that of its stablest mixture"
    return "on the hull"


def contact_line(values: Values, i: int, equation: Equation) -> str:
    """What forms when the anode metal touches a candidate, in a sentence."""
    columns = values.columns
    share = columns["conducting_fraction"][i]
    reason = values.reason("conducting_fraction")[i]
    conducting = reason if np.isnan(share) else f"{share:.0%} of it conducts electrons"
    chances = {f"p_{name}": columns[f"p_{name}"][i] for name in VERDICTS}
    return (
        f"In contact: {equation.said or 'no reaction'}, "
        f"{number(columns[_CONTACT][i], DECIMALS['eV/atom'])} eV per atom of the candidate; "
        f"{conducting}. Most likely interphase: {said(columns['interphase'][i], chances)}."
    )


def doubt_line(values: Values, i: int) -> str:
    """What hangs on doubtful phases, in a sentence; "" if none would take part."""
    names = values.columns["doubtful_products"][i]
    changes = values.columns["doubtful_changes"][i] or "nothing would be different"
    return f"Of the doubtful phases {names} would take part; {changes}." if names else ""


def decompositions(case: Case) -> Answer:
    """Hull distance and products of each candidate."""
    computed = descriptors.compute_families(case, ("stability",))
    values, gaps = computed.columns, computed.reason(HULL)
    distances = values[HULL]
    below = _below_others(case, distances)
    ranges = _potential_ranges(case, distances)
    records = [
        {
            "formula": formula,
            HULL: float(distances[i]),
            _BELOW: below[i],
            "products": equations.products(case, case.equilibria.decompositions.products, i),
            **written(equations.decomposition(case, i, float(distances[i]))),
            "chemical_potentials_ev": ranges[i],
            "gap": gaps[i] or None if np.isnan(distances[i]) else None,
        }
        for i, formula in enumerate(case.formulas)
    ]
    shown = [record | {"products": values["decomposition"][i]} for i, record in enumerate(records)]
    schema = pa.schema(
        [
            *(("formula", pa.string()), (HULL, pa.float64()), (_BELOW, pa.float64())),
            *(("products", pa.string()), ("equation", pa.string()), (ENERGY, pa.float64())),
        ]
    )
    rows = pa.Table.from_pylist(report.finite(shown), schema)

    def show(console: Console) -> None:
        labels = {c.name: c for c in descriptors.columns(case.electrolytes)} | EQUATION_LABELS
        said = [row | {"equation": row["equation"] or "stable"} for row in rows.to_pylist()]
        labels |= {_BELOW: Column(_BELOW, "below the others", "", "")}
        columns = ("formula", HULL, _BELOW, ENERGY, "equation")
        table = pa.Table.from_pylist(said, schema).select(columns)
        terminal.print_table(console, table, labels, "Decomposition")
        for record in records:
            if record["chemical_potentials_ev"]:
                terminal.print_sentence(console, _range_line(record))
            if record["gap"]:
                why = f"{record['formula']} has no hull distance: {record['gap']}."
                terminal.print_sentence(console, why)

    return Answer(rows, records, show, drawing=drawings.phase_diagram(case))


def _below_others(case: Case, distance: FloatArray) -> list[float | None]:
    """How far each stable candidate lies below the hull of all other compositions, eV/atom.

    None for elements, which have no others, and for what is not stable. A phase that is unstable
    only because of the candidate counts among the others.
    """
    stable = np.flatnonzero((distance <= 0) & (case.compositions.size > 1))
    found: list[float | None] = [None] * len(case)
    if len(stable):
        rows = case.rows[stable]
        without = case.facts.engine.decompose(
            case.facts.competition, case.compositions.take(stable), without=rows
        )
        for i, depth in zip(
            stable.tolist(), without.energy - case.phases.energy[rows], strict=True
        ):
            found[i] = float(max(depth, 0.0))
    return found


def _potential_ranges(case: Case, distance: FloatArray) -> list[dict[str, dict[str, float]] | None]:
    """Lowest and highest chemical potential of each element at which a candidate is stable.

    In eV per atom relative to the element; None for a candidate that is not on the hull.
    """
    found: list[dict[str, dict[str, float]] | None] = [
        {} if value <= 0 else None for value in distance
    ]
    for element in np.unique(case.compositions.element).tolist():
        held = np.flatnonzero((case.compositions.amount_of(element) > 0) & (distance <= 0))
        profiles = case.facts.engine.profiles(
            case.facts.table, case.compositions.take(held), element, 1
        )
        for i, low, high in zip(held.tolist(), *chemical_potentials(profiles), strict=True):
            ranges = found[i]
            assert ranges is not None
            ranges[SYMBOLS[element]] = {"low": float(low), "high": float(high)}
    return found


def _range_line(record: dict[str, Any]) -> str:
    """Where a phase is stable, in a sentence."""
    ev = DECIMALS["eV/atom"]
    parts = [
        f"{symbol} {number(limits['low'], ev)} to {number(limits['high'], ev)}"
        for symbol, limits in record["chemical_potentials_ev"].items()
    ]
    return (
        f"{record['formula']} is stable at chemical potentials, in eV per atom relative to the "
        f"element, of {'; '.join(parts)}."
    )
