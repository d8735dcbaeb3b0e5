"""Answers of the linear programs alone: window, decompose, interface."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import descriptors
from screen.answers.answer import Answer
from screen.columns import Column, Values
from screen.descriptors.case import Case
from screen.report import table as report
from screen.report import terminal
from screen.thermo.stacks import Mixtures


def _products(case: Case, mixtures: Mixtures, i: int) -> dict[str, float]:
    phases, amounts = mixtures.of(i)
    return {case.phases.formulas[p]: float(a) for p, a in zip(phases, amounts, strict=True)}


def _labels(case: Case) -> dict[str, Column]:
    return {column.name: column for column in descriptors.columns(case.electrolytes)}


def windows(case: Case) -> Answer:
    """Profile, window and contact products of each candidate."""
    values = descriptors.compute_families(case, ("stability", "against_anode"))
    profiles, columns = case.profiles, values.columns
    records = []
    for i, formula in enumerate(case.formulas):
        states = [
            {
                "v_low": float(profiles.v_low[s]),
                "v_high": float(profiles.v_high[s]),
                "anode_per_formula": float(profiles.uptake[s]),
                "products": _products(case, profiles.products, s),
            }
            for s in range(profiles.start[i], profiles.start[i + 1])
        ]
        records.append(
            {
                "formula": formula,
                "anode": case.anode.symbol,
                "outcome": columns["outcome"][i],
                "reduction_v": float(columns["reduction_v"][i]),
                "oxidation_v": float(columns["oxidation_v"][i]),
                "hull_distance_ev_atom": float(columns["hull_distance_ev_atom"][i]),
                "states": states,
                "contact": {
                    "products": _products(case, case.contact_products, i),
                    "anode_per_formula": float(columns["contact_anode_per_formula"][i]),
                    "reaction_energy_ev_atom": float(columns["contact_reaction_energy_ev_atom"][i]),
                    "interphase": columns["interphase"][i] or None,
                    "conducting_fraction": float(columns["conducting_fraction"][i]),
                },
            }
        )
    texts = case.write_mixtures(profiles.products)
    rows = [
        {
            **{k: record[k] for k in ("formula", "anode", "outcome", "reduction_v", "oxidation_v")},
            "hull_distance_ev_atom": record["hull_distance_ev_atom"],
            **{k: state[k] for k in ("v_low", "v_high", "anode_per_formula")},
            "products": texts[profiles.start[i] + s],
        }
        for i, record in enumerate(records)
        for s, state in enumerate(record["states"])
    ]

    def show(console: Console) -> None:
        columns = ("v_high", "v_low", "anode_per_formula", "products")
        for i in range(len(records)):
            own = rows[profiles.start[i] : profiles.start[i + 1]]
            states = pa.Table.from_pylist([{name: row[name] for name in columns} for row in own])
            labels = {
                "v_high": Column("v_high_v", "from", "", ""),
                "v_low": Column("v_low_v", "down to", "", ""),
                "anode_per_formula": Column("", f"{case.anode.symbol} taken up", "", ""),
            }
            terminal.print_table(console, states, labels, window_line(case, values, i))
            terminal.print_sentence(console, contact_line(values, i))
            console.print()

    return Answer(pa.Table.from_pylist(report.finite(rows)), records, show)


def window_line(case: Case, values: Values, i: int) -> str:
    """The electrochemical window of a candidate, and what it is the window of, in a sentence."""
    columns, symbol = values.columns, case.anode.symbol
    low, high = columns["reduction_v"][i], columns["oxidation_v"][i]
    said = {
        "window": f"window {low:z.3f} to {high:z.3f} V",
        "no_window": f"no window: takes up and gives off {symbol} at {low:z.3f} V",
        "loses_anode_metal_at_0_v": f"gives off {symbol} even at 0 V",
        "unbounded_above": f"takes up {symbol} below {low:z.3f} V, holds none to give off"
        if low > 0
        else f"takes up no {symbol} above 0 V, holds none to give off",
        "anode_metal": f"is {symbol} itself",
    }[columns["outcome"][i]]
    distance = columns["hull_distance_ev_atom"][i]
    if np.isnan(distance):
        tail = "no energy of its own: the profile is that of its stablest mixture"
    elif distance > 0:
        tail = f"{distance:.3f} eV/atom above the hull: the profile is that of its stablest mixture"
    else:
        tail = "on the hull"
    return f"{case.formulas[i]} against {symbol}: {said} ({tail})"


def contact_line(values: Values, i: int) -> str:
    """What forms when the anode metal touches a candidate, in a sentence."""
    columns = values.columns
    verdict = columns["interphase"][i].replace("_", " ")
    share = columns["conducting_fraction"][i]
    reason = values.reason("conducting_fraction")[i]
    conducting = reason if np.isnan(share) else f"{share:.0%} of it conducts electrons"
    return (
        f"In contact: {columns['contact_products'][i]}, "
        f"{columns['contact_reaction_energy_ev_atom'][i]:z.3f} eV/atom, "
        f"interphase {verdict or 'not known'} ({conducting})."
    )


def decompositions(case: Case) -> Answer:
    """Hull distance and products of each candidate."""
    values = descriptors.compute_families(case, ("stability",)).columns
    distances = values["hull_distance_ev_atom"]
    records = [
        {
            "formula": formula,
            "hull_distance_ev_atom": float(distances[i]),
            "products": _products(case, case.decompositions.products, i),
        }
        for i, formula in enumerate(case.formulas)
    ]
    rows = pa.table(
        {
            "formula": list(case.formulas),
            "hull_distance_ev_atom": pa.array(distances, mask=np.isnan(distances)),
            "products": values["decomposition"].tolist(),
        }
    )

    def show(console: Console) -> None:
        terminal.print_table(console, rows, _labels(case), "Decomposition")

    return Answer(rows, records, show)


def interface(case: Case) -> Answer:
    """The curve of reaction energies between the two candidates of a case."""
    reactions = case.engine.react(
        case.table, case.compositions.take([0]), case.compositions.take([1])
    )
    a, b = case.formulas
    texts = case.write_mixtures(reactions.products)
    kinks = [
        {
            "x_a": float(x),
            "reaction_energy_ev_atom": float(energy),
            "products": _products(case, reactions.products, k),
        }
        for k, (x, energy) in enumerate(zip(reactions.x_a, reactions.energy, strict=True))
    ]
    lowest = kinks[int(reactions.lowest[0])]
    record = {"a": a, "b": b, **lowest, "kinks": kinks}
    order = ("a", "b", "reaction_energy_ev_atom", "x_a", "products", "kinks")
    rows = pa.table(
        {
            "a": [a] * len(kinks),
            "b": [b] * len(kinks),
            "x_a": reactions.x_a,
            "reaction_energy_ev_atom": reactions.energy,
            "products": texts,
        }
    )

    def show(console: Console) -> None:
        labels = {"reaction_energy_ev_atom": Column("e_ev_atom", "reaction energy", "", "")}
        labels["x_a"] = Column("", f"atoms from {a}", "", "")
        labels["products"] = Column("", "products per atom of the mixture", "", "")
        energy = float(reactions.energy[reactions.lowest[0]])
        title = f"{a} with {b}: they do not react"
        if energy < 0:
            part = f"{reactions.x_a[reactions.lowest[0]]:.3f} of the atoms from {a}"
            title = f"{a} with {b}: strongest {energy:z.4f} eV/atom, {part}"
        terminal.print_table(
            console, rows.select(["x_a", "reaction_energy_ev_atom", "products"]), labels, title
        )
        distances = descriptors.compute_families(case, ("stability",)).columns
        for formula, distance in zip((a, b), distances["hull_distance_ev_atom"], strict=True):
            if not distance <= 0:
                said = (
                    "no energy of its own"
                    if np.isnan(distance)
                    else f"{distance:.3f} eV/atom above"
                )
                said = said.replace("above", "above the hull")
                terminal.print_sentence(
                    console, f"{formula} ({said}) stands as its stablest mixture."
                )

    return Answer(rows, {key: record[key] for key in order}, show)
