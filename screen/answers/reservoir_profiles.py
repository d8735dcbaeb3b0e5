"""The profile of phases against an element other than the anode metal, such as O, S or F."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console

from screen import descriptors
from screen.answers import drawings
from screen.answers.answer import Answer
from screen.answers.equilibria import (
    ENERGY,
    EQUATION_LABELS,
    HULL,
    standing,
    table_of,
    written,
)
from screen.answers.reservoir import Reservoir
from screen.columns import Column
from screen.descriptors import equations
from screen.descriptors.case import Case
from screen.formatting import number
from screen.materials import Material
from screen.report import terminal
from screen.thermo.window import Profiles, chemical_potentials, reaction_energies
from screen.units import DECIMALS

_EV = DECIMALS["eV/atom"]


def reservoir_profiles(case: Case, reservoir: Reservoir, asked: Sequence[Material]) -> Answer:
    """What each candidate becomes as the chemical potential of an element rises to its own.

    Args:
        reservoir: with a value, also the equilibrium there; rows are then those equilibria.
        asked: the candidates as they were typed; amounts are per formula as typed.
    """
    found = case.facts.engine.profiles(case.facts.table, case.compositions, reservoir.element, 1)
    low, high = chemical_potentials(found)
    stability = descriptors.compute_families(case, ("stability",))
    at = found.at(-reservoir.values[0]) if reservoir.values else None
    records: list[dict[str, Any]] = []
    for i, material in enumerate(asked):
        states = range(int(found.start[i]), int(found.start[i + 1]))
        record: dict[str, Any] = {
            "formula": material.typed if material.units != 1 else case.formulas[i],
            "read_as": case.formulas[i],
            "reservoir": reservoir.symbol,
            HULL: float(stability.columns[HULL][i]),
            "unchanged_from_mu_ev": float(low[i]),
            "unchanged_to_mu_ev": float(high[i]),
            "states": [
                _state(case, reservoir.symbol, found, i, state, material.units) for state in states
            ],
        }
        if at is not None:
            mu = reservoir.values[0]
            state = _state(case, reservoir.symbol, found, i, int(at[i]), material.units, mu)
            record["at"] = {"mu_ev": mu, **state}
        records.append(record)
    texts = case.facts.write_mixtures(found.products.times(_each(found, asked)))
    lines = [
        {**{k: record[k] for k in ("formula", "reservoir")}, **state, "products": text}
        for i, record in enumerate(records)
        for state, text in zip(
            record["states"], texts[found.start[i] : found.start[i + 1]], strict=True
        )
    ]
    if at is not None:
        lines = [
            {**{k: record[k] for k in ("formula", "reservoir")}, **record["at"], "products": text}
            for record, text in zip(records, [texts[place] for place in at.tolist()], strict=True)
        ]
    rows = table_of(lines)

    def show(console: Console) -> None:
        for record, reason in zip(records, stability.reason(HULL), strict=True):
            _print(console, record, standing(record[HULL], reason))

    return Answer(rows, records, show, drawing=drawings.windows(records))


def _each(found: Profiles, asked: Sequence[Material]) -> Any:
    """How many reduced formulas are in the typed one, for each state."""
    return np.repeat([float(material.units) for material in asked], np.diff(found.start))


def _state(
    case: Case,
    symbol: str,
    found: Profiles,
    i: int,
    state: int,
    units: float,
    mu: float | None = None,
) -> dict[str, Any]:
    """A state of a profile, with what is gained in reaching it at `mu`, or at its upper end."""
    level = -float(found.v_low[state]) if mu is None else mu
    energy = float(
        reaction_energies(
            found,
            case.compositions.take([i]),
            case.energy_before[[i]],
            np.array([state]),
            np.array([-level]),
            1,
        )[0]
    )
    where = "reaction_energy_at_mu_high" if mu is None else "reaction_energy"
    formed = found.products.take(np.array([state])).times(np.array([units]))
    return {
        "mu_low_ev": -float(found.v_high[state]),
        "mu_high_ev": -float(found.v_low[state]) + 0.0,
        "uptake_per_formula": float(found.uptake[state]) * units,
        f"{where}_ev_formula": energy * units,
        f"{where}_ev_atom": energy / float(case.compositions.atoms[i]),
        "products": equations.products(case, formed, 0),
        **written(equations.with_element(case, i, symbol, found, state, energy)),
    }


def _print(console: Console, record: dict[str, Any], whose: str) -> None:
    """The profile of one candidate, and the sentence of its equilibrium, if asked for."""
    symbol = record["reservoir"]
    low, high = record["unchanged_from_mu_ev"], record["unchanged_to_mu_ev"]
    said = "changes at any"
    if not np.isnan(low):
        start = "below" if low == -np.inf else f"from {number(low, _EV)} to"
        said = f"unchanged {start} {number(high, _EV)} eV"
    labels = {
        "mu_low_ev": Column("mu_ev_atom", "from", "", ""),
        "mu_high_ev": Column("mu_ev_atom", "up to", "", ""),
        "uptake_per_formula": Column("", f"{symbol} taken up", "", ""),
    }
    columns = (*labels, ENERGY, "equation")
    states = [{name: state[name] for name in columns} for state in record["states"]]
    title = f"{record['formula']} against the chemical potential of {symbol}: {said} ({whose})"
    terminal.print_table(console, table_of(states), labels | EQUATION_LABELS, title)
    if "at" in record:
        at = record["at"]
        gained = (
            f"{number(at['reaction_energy_ev_formula'], _EV)} eV per formula unit, "
            f"{number(at['reaction_energy_ev_atom'], _EV)} eV/atom"
        )
        reaction = "no reaction" if at["equation"] is None else f"{at['equation']} ({gained})"
        terminal.print_sentence(console, f"At {number(at['mu_ev'], _EV)} eV: {reaction}.")
    console.print()
