"""Answers of the linear programs alone: window, decompose, interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import descriptors
from screen.answers.answer import Answer
from screen.columns import Column, Values
from screen.descriptors import equations
from screen.descriptors.case import DOUBTFUL, Case
from screen.formatting import number, quantity
from screen.materials import Material
from screen.reactions import Equation
from screen.report import table as report
from screen.report import terminal
from screen.units import DECIMALS

_HULL, _CONTACT = "hull_distance_ev_atom", "contact_reaction_energy_ev_atom"
ENERGY = "reaction_energy_kj_mol"
_LABELS = {
    "equation": Column("", "reaction", "", ""),
    ENERGY: Column(ENERGY, "energy", "", ""),
}


def written(equation: Equation) -> dict[str, Any]:
    """An equation and its energy as fields of an answer; null where nothing reacts."""
    if not equation:
        return {"equation": None, ENERGY: None}
    return {"equation": str(equation), ENERGY: equation.energy_kj_mol}


def windows(case: Case, asked: Sequence[Material] = ()) -> Answer:
    """Profile, window and contact products of each candidate.

    Args:
        asked: the candidates as they were typed; amounts are per formula as typed.
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
    records = []
    for i, formula in enumerate(case.formulas):
        states = [
            {
                "v_low": float(profiles.v_low[s]),
                "v_high": float(profiles.v_high[s]),
                "anode_per_formula": float(uptake[s]),
                "products": dict(equations.amounts(case, products, s)),
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
                    "products": dict(equations.amounts(case, contact, i)),
                    "anode_per_formula": float(columns["contact_anode_per_formula"][i] * units[i]),
                    "reaction_energy_ev_atom": float(columns["contact_reaction_energy_ev_atom"][i]),
                    "interphase": columns["interphase"][i] or None,
                    "conducting_fraction": float(columns["conducting_fraction"][i]),
                    **written(equations.in_contact(case, i)),
                },
                "doubtful_products": columns["doubtful_products"][i] or None,
                "doubtful_changes": columns["doubtful_changes"][i] or None,
            }
        )
    texts = case.facts.write_mixtures(products)
    lines = [
        {
            **{k: record[k] for k in ("formula", "anode", "outcome", "reduction_v", "oxidation_v")},
            "hull_distance_ev_atom": record["hull_distance_ev_atom"],
            **{k: state[k] for k in ("v_low", "v_high", "anode_per_formula")},
            "products": texts[profiles.start[i] + s],
            **{k: state[k] for k in _LABELS},
        }
        for i, record in enumerate(records)
        for s, state in enumerate(record["states"])
    ]
    rows = pa.Table.from_pylist(report.finite(lines))

    def show(console: Console) -> None:
        columns = ("v_high", "v_low", "anode_per_formula", ENERGY, "equation")
        table = pa.Table.from_pylist(lines).select(columns)
        for i in range(len(records)):
            first, last = profiles.start[i : i + 2].tolist()
            labels = _LABELS | {
                "v_high": Column("v_high_v", "from", "", ""),
                "v_low": Column("v_low_v", "down to", "", ""),
                "anode_per_formula": Column("", f"{case.anode.symbol} taken up", "", ""),
            }
            states = table.slice(first, last - first)
            terminal.print_table(console, states, labels, window_line(case, values, i, names[i]))
            said = contact_line(values, i, equations.in_contact(case, i))
            terminal.print_sentence(console, said)
            if doubt := doubt_line(values, i):
                terminal.print_sentence(console, doubt)
            console.print()

    return Answer(rows, records, show)


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
    distance = columns["hull_distance_ev_atom"][i]
    reason = values.reason(_HULL)[i]
    if np.isnan(distance) and reason.startswith(DOUBTFUL):
        tail = f"{reason}: the profile is that of its stablest mixture"
    elif np.isnan(distance):
        tail = "no energy of its own: the profile is that of its stablest mixture"
    elif distance > 0:
        above = quantity(distance, _HULL)
        tail = f"{above} above the hull: the profile is that of its stablest mixture"
    else:
        tail = "on the hull"
    return f"{name or case.formulas[i]} against {symbol}: {said} ({tail})"


def contact_line(values: Values, i: int, equation: Equation) -> str:
    """What forms when the anode metal touches a candidate, in a sentence."""
    columns = values.columns
    verdict = columns["interphase"][i].replace("_", " ")
    share = columns["conducting_fraction"][i]
    reason = values.reason("conducting_fraction")[i]
    conducting = reason if np.isnan(share) else f"{share:.0%} of it conducts electrons"
    return (
        f"In contact: {equation.said or 'no reaction'}, "
        f"{number(columns[_CONTACT][i], DECIMALS['eV/atom'])} eV per atom of the candidate, "
        f"interphase {verdict or 'not known'} ({conducting})."
    )


def doubt_line(values: Values, i: int) -> str:
    """What hangs on doubtful phases, in a sentence; "" if none would take part."""
    names = values.columns["doubtful_products"][i]
    changes = values.columns["doubtful_changes"][i] or "nothing would be different"
    return f"Of the doubtful phases {names} would take part; {changes}." if names else ""


def decompositions(case: Case) -> Answer:
    """Hull distance and products of each candidate."""
    values = descriptors.compute_families(case, ("stability",)).columns
    distances = values["hull_distance_ev_atom"]
    records = [
        {
            "formula": formula,
            "hull_distance_ev_atom": float(distances[i]),
            "products": dict(equations.amounts(case, case.equilibria.decompositions.products, i)),
            **written(equations.decomposition(case, i, float(distances[i]))),
        }
        for i, formula in enumerate(case.formulas)
    ]
    shown = [record | {"products": values["decomposition"][i]} for i, record in enumerate(records)]
    schema = pa.schema(
        [
            *(("formula", pa.string()), ("hull_distance_ev_atom", pa.float64())),
            *(("products", pa.string()), ("equation", pa.string()), (ENERGY, pa.float64())),
        ]
    )
    rows = pa.Table.from_pylist(report.finite(shown), schema)

    def show(console: Console) -> None:
        labels = {c.name: c for c in descriptors.columns(case.electrolytes)} | _LABELS
        said = [row | {"equation": row["equation"] or "stable"} for row in rows.to_pylist()]
        columns = ("formula", "hull_distance_ev_atom", ENERGY, "equation")
        table = pa.Table.from_pylist(said, schema).select(columns)
        terminal.print_table(console, table, labels, "Decomposition")

    return Answer(rows, records, show)


def interface(case: Case) -> Answer:
    """The curve of reaction energies between the two candidates of a case."""
    reactions = case.facts.engine.react(
        case.facts.table, case.compositions.take([0]), case.compositions.take([1])
    )
    a, b = case.formulas
    found = [equations.between(case, (a, b), reactions, k) for k in range(len(reactions.x_a))]
    kinks = [
        {
            "x_a": float(x),
            "reaction_energy_ev_atom": float(energy),
            "products": dict(equations.amounts(case, reactions.products, k)),
            **written(found[k]),
        }
        for k, (x, energy) in enumerate(zip(reactions.x_a, reactions.energy, strict=True))
    ]
    best = int(reactions.lowest[0])
    order = ("reaction_energy_ev_atom", "x_a", "products", *_LABELS)
    record = {"a": a, "b": b, **{key: kinks[best][key] for key in order}, "kinks": kinks}
    rows = pa.table(
        {
            "a": [a] * len(kinks),
            "b": [b] * len(kinks),
            "x_a": reactions.x_a,
            "reaction_energy_ev_atom": reactions.energy,
            "products": case.facts.write_mixtures(reactions.products),
            "equation": pa.array([kink["equation"] for kink in kinks], pa.string()),
            ENERGY: pa.array([kink[ENERGY] for kink in kinks], pa.float64()),
        }
    )

    def show(console: Console) -> None:
        labels = _LABELS | {
            "reaction_energy_ev_atom": Column("e_ev_atom", "energy", "", ""),
            "x_a": Column("", f"atoms from {a}", "", ""),
        }
        title = f"{a} with {b}: they do not react"
        if (energy := float(reactions.energy[best])) < 0:
            part = f"{number(reactions.x_a[best], 3)} of the atoms from {a}"
            title = f"{a} with {b}: strongest {quantity(energy, 'energy_ev_atom')}, {part}"
        columns = ("x_a", "reaction_energy_ev_atom", ENERGY, "equation")
        terminal.print_table(console, rows.select(columns), labels, title)
        distances = descriptors.compute_families(case, ("stability",)).columns
        for formula, distance in zip((a, b), distances["hull_distance_ev_atom"], strict=True):
            if not distance <= 0:
                said = (
                    "no energy of its own"
                    if np.isnan(distance)
                    else f"{quantity(distance, _HULL)} above the hull"
                )
                terminal.print_sentence(
                    console, f"{formula} ({said}) stands as its stablest mixture."
                )

    return Answer(rows, record, show)
