"""Answers on the interface of two phases: closed, or open to a reservoir."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import descriptors
from screen.answers import drawings
from screen.answers.answer import Answer
from screen.answers.equilibria import EQUATION_LABELS, HULL, table_of, written
from screen.answers.reservoir import Reservoir
from screen.columns import Column
from screen.composition import FloatArray
from screen.descriptors import equations
from screen.descriptors.case import Case
from screen.formatting import number, quantity
from screen.report import terminal
from screen.thermo.open_interface import OpenReactions

_ENERGY = "reaction_energy_ev_atom"
_SHORT = {
    _ENERGY: Column("e_ev_atom", "energy", "", ""),
    "mixing_ev_atom": Column("e_ev_atom", "by mixing", "", ""),
    "no_mixing_ev_atom": Column("e_ev_atom", "without", "", ""),
}


def interface(case: Case, *, own_energy: bool = False) -> Answer:
    """The curve of reaction energies between the two candidates of a case.

    Args:
        own_energy: count a side that is above the hull from its own energy.
    """
    a, b = case.formulas
    own = _own(case) if own_energy else np.full(2, np.nan)
    reactions = case.facts.engine.react(
        case.facts.table,
        case.compositions.take([0]),
        case.compositions.take([1]),
        from_a=own[:1],
        from_b=own[1:],
    )
    found = [equations.between(case, (a, b), reactions, k) for k in range(len(reactions.x_a))]
    kinks = [
        {
            "x_a": float(x),
            _ENERGY: float(energy),
            "products": equations.products(case, reactions.products, k),
            **written(found[k]),
        }
        for k, (x, energy) in enumerate(zip(reactions.x_a, reactions.energy, strict=True))
    ]
    best = int(reactions.lowest[0])
    order = (_ENERGY, "x_a", "products", *EQUATION_LABELS)
    record = {"a": a, "b": b, **{key: kinks[best][key] for key in order}, "kinks": kinks}
    texts = case.facts.write_mixtures(reactions.products)
    rows = table_of(
        [{"a": a, "b": b, **k, "products": text} for k, text in zip(kinks, texts, strict=True)]
    )

    def show(console: Console) -> None:
        labels = EQUATION_LABELS | _SHORT | {"x_a": Column("", f"atoms from {a}", "", "")}
        title = f"{a} with {b}: they do not react"
        if (energy := float(reactions.energy[best])) < 0:
            part = f"{number(reactions.x_a[best], 3)} of the atoms from {a}"
            title = f"{a} with {b}: strongest {quantity(energy, 'energy_ev_atom')}, {part}"
        columns = ("x_a", _ENERGY, "reaction_energy_kj_mol", "equation")
        terminal.print_table(console, rows.select(columns), labels, title)
        _print_sides(console, case, own_energy)

    return Answer(rows, record, show, drawing=drawings.interface([record]))


def open_interface(case: Case, reservoir: Reservoir, *, own_energy: bool = False) -> Answer:
    """The two candidates of a case open to a reservoir: a record for each of its values.

    Args:
        own_energy: count a side that is above the hull from its own energy.
    """
    count = len(reservoir.values)
    own = _own(case) if own_energy else np.full(2, np.nan)
    sides = [case.compositions.take(np.full(count, side)) for side in (0, 1)]
    reactions = case.facts.engine.react_open(
        *(case.facts.table, *sides, reservoir.element, np.array(reservoir.mu)),
        from_a=np.repeat(own[:1], count),
        from_b=np.repeat(own[1:], count),
    )
    records = [_open_record(case, reservoir, reactions, i) for i in range(count)]
    texts = case.facts.write_mixtures(reactions.products)
    head = ("a", "b", reservoir.kind, reservoir.scale)
    lines = [
        {**{key: record[key] for key in head}, **kink, "products": text}
        for record, part in zip(records, np.split(texts, reactions.start[1:-1]), strict=True)
        for kink, text in zip(record["kinks"], part, strict=True)
    ]
    rows = table_of(lines)

    def show(console: Console) -> None:
        if count == 1:
            _print_curve(console, rows, records[0], reservoir)
        else:
            _print_scan(console, records, reservoir)
        terminal.print_sentence(
            console, f"Energies are per atom that is not {reservoir.symbol}, at its potential."
        )
        _print_sides(console, case, own_energy)

    drawing = drawings.interface(records)
    return Answer(rows, records[0] if count == 1 else records, show, drawing=drawing)


def _own(case: Case) -> FloatArray:
    """The candidates' own energies where they are above the hull, else that of the hull, eV/atom.

    One of a phase that is left out may be below: it does not compete, so there is nothing to gain.
    """
    return np.maximum(case.energy_before, case.equilibria.decompositions.energy)


def _open_record(
    case: Case, reservoir: Reservoir, reactions: OpenReactions, i: int
) -> dict[str, Any]:
    """All that is said of one value of the reservoir."""
    a, b = case.formulas
    places = range(int(reactions.start[i]), int(reactions.start[i + 1]))
    kinks = [_open_kink(case, reservoir, reactions, k) for k in places]
    best, mixed = (
        kinks[int(lowest[i]) - places.start]
        for lowest in (reactions.lowest, reactions.lowest_mixing)
    )
    alone = {kink["x_a"]: kink for kink in (kinks[0], kinks[-1])}
    parts = ("energy_ev_atom", "uptake_per_atom", "products", *EQUATION_LABELS)
    ends = {
        side: None
        if x not in alone
        else {key: alone[x][_ENERGY if key == "energy_ev_atom" else key] for key in parts}
        for side, x in (("a", 1.0), ("b", 0.0))
    }
    return {
        **{"a": a, "b": b, reservoir.kind: reservoir.symbol},
        reservoir.scale: reservoir.values[i],
        **{key: best[key] for key in (_ENERGY, "x_a", "uptake_per_atom", "products")},
        **{key: best[key] for key in EQUATION_LABELS},
        "mixing": {
            "energy_ev_atom": mixed["mixing_ev_atom"],
            **{key: mixed[key] for key in ("x_a", "products")},
        },
        "no_mixing": {"energy_ev_atom": best["no_mixing_ev_atom"], **ends},
        "kinks": kinks,
    }


def _open_kink(
    case: Case, reservoir: Reservoir, reactions: OpenReactions, k: int
) -> dict[str, Any]:
    a, b = case.formulas
    equation = equations.between_open(case, (a, b), reservoir.symbol, reactions, k)
    return {
        "x_a": float(reactions.x_a[k]),
        _ENERGY: float(reactions.energy[k]),
        "mixing_ev_atom": float(reactions.mixing[k]),
        "no_mixing_ev_atom": float(reactions.no_mixing[k]),
        "uptake_per_atom": float(reactions.uptake[k]),
        "products": equations.products(case, reactions.products, k),
        **written(equation),
    }


def _print_curve(
    console: Console, rows: pa.Table, record: dict[str, Any], reservoir: Reservoir
) -> None:
    """Every kink at one value of the reservoir."""
    a, b = record["a"], record["b"]
    open_to = f"{a} with {b}, open to {reservoir.symbol} at {reservoir.said(reservoir.values[0])}"
    said = "they do not react"
    if record[_ENERGY] < 0:
        strongest = quantity(record[_ENERGY], _ENERGY)
        most = record["mixing"]["energy_ev_atom"]
        added = f"{quantity(most, _ENERGY)} at most" if most < 0 else "nothing"
        said = f"strongest {strongest}; mixing adds {added}"
    labels = EQUATION_LABELS | _SHORT | {"x_a": Column("", f"atoms from {a}", "", "")}
    columns = ("x_a", *_SHORT, "reaction_energy_kj_mol", "equation")
    terminal.print_table(console, rows.select(columns), labels, f"{open_to}: {said}")


def _print_scan(console: Console, records: list[dict[str, Any]], reservoir: Reservoir) -> None:
    """The strongest reaction at each value of the reservoir."""
    a, b = records[0]["a"], records[0]["b"]
    scale = reservoir.scale
    lines = [
        {
            scale: record[scale],
            _ENERGY: record[_ENERGY],
            "mixing_ev_atom": record["mixing"]["energy_ev_atom"],
            "x_a": record["x_a"],
            "equation": record["equation"],
        }
        for record in records
    ]
    unit = Column("v_v", "voltage", "", "") if reservoir.valence else Column("mu_ev", "mu", "", "")
    labels = EQUATION_LABELS | _SHORT | {scale: unit, "x_a": Column("", f"atoms from {a}", "", "")}
    title = f"{a} with {b}, open to {reservoir.symbol}: the strongest reaction at each"
    terminal.print_table(console, table_of(lines), labels, title)


def _print_sides(console: Console, case: Case, own_energy: bool) -> None:
    """What a side that is not on the hull stands as."""
    distances = descriptors.compute_families(case, ("stability",)).columns[HULL]
    for formula, distance in zip(case.formulas, distances, strict=True):
        if distance <= 0:
            continue
        above = f"{quantity(distance, HULL)} above the hull"
        said = f"{formula} ({above}) stands as its stablest mixture."
        if np.isnan(distance):
            said = f"{formula} (no energy of its own) stands as its stablest mixture."
        elif own_energy:
            said = f"{formula} ({above}) counts from its own energy."
        terminal.print_sentence(console, said)
