"""How sure an answer is, from joint samples of the energies: as data and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen.answers.answer import Answer
from screen.columns import Column, Values
from screen.composition import FloatArray
from screen.descriptors import certainty
from screen.descriptors.case import Case
from screen.descriptors.certainty import Draws
from screen.formatting import number
from screen.report import terminal
from screen.tables import Electrolyte
from screen.units import DECIMALS
from screen.verdicts import VERDICTS

LEAST = 0.1
"""Share of the variance from which a measurement is worth naming."""
TOLD = 10
"""Phases that are listed."""
SHOWN = 3
"""Sets of products that a sentence names."""


def samples_of(case: Case, drives: bool = False) -> tuple[Draws, Values] | None:
    """The samples of a case and what follows of each candidate; none if none are asked for.

    Args:
        drives: also those of the electrolytes.
    """
    if not case.settings.samples:
        return None
    found = certainty.draws(case, drives)
    values = certainty.columns_of(case, found)
    if drives:
        values.update(certainty.drives_of(case, found))
    return found, values


def record(case: Case, found: Draws, values: Values, i: int) -> dict[str, Any]:
    """What samples say of a candidate, as fields of an answer."""
    columns = values.columns

    def ends(stem: str, unit: str) -> list[float] | None:
        low, high = (float(columns[f"{stem}_{end}_{unit}"][i]) for end in ("low", "high"))
        return None if np.isnan(low) else [low, high]

    chances = {name: float(columns[f"sampled_p_{name}"][i]) for name in VERDICTS}
    drives = {}
    if certainty.BEST_DRIVE + "_low_ev_atom" in columns:
        stems = {e.formula: f"drive_{e.slug}" for e in case.electrolytes}
        drives = {
            "drive_best_ev_atom": ends(certainty.BEST_DRIVE, "ev_atom"),
            "drives_ev_atom": {f: ends(stem, "ev_atom") for f, stem in stems.items()},
        }
    return {
        "samples": case.settings.samples,
        "seed": case.settings.seed,
        "energies": case.settings.energies,
        "level": certainty.HIGH - certainty.LOW,
        "reduction_v": ends("reduction", "v"),
        "oxidation_v": ends("oxidation", "v"),
        "contact_reaction_energy_ev_atom": ends("contact_reaction_energy", "ev_atom"),
        **drives,
        "p_on_hull": _known(columns["p_on_hull"][i]),
        "p_unreacted": float(columns["p_unreacted"][i]),
        **{f"p_{name}": _known(chance) for name, chance in chances.items()},
        "products": [
            {"products": names, "probability": share} for names, share in found.sets(i) if names
        ],
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def lines(said: Mapping[str, Any], computed: Mapping[str, float]) -> list[str]:
    """The record of a candidate in sentences.

    Args:
        computed: what the energies themselves give, by the names of the intervals.
    """
    parts = [
        f"{words} {between(said[name], unit)}"
        for name, words, unit in _INTERVALS
        if said.get(name) is not None
    ]
    outside = [
        words
        for name, words, unit in _INTERVALS
        if said.get(name) is not None and is_outside(computed[name], said[name], unit)
    ]
    found = [
        f"80 % of {said['samples']} samples of the energies: {', '.join(parts)}.",
        f"Unreacted in {said['p_unreacted']:.0%}; {_products(said['products'])}.",
    ]
    if said["p_stable"] is not None:
        chances = ", ".join(
            f"{name.replace('_', ' ')} {said[f'p_{name}']:.0%}" for name in VERDICTS
        )
        found.append(f"Over the samples: {chances}.")
    if outside and said["energies"] == "table":
        found.append(
            f"Outside of it: the table's own {' and '.join(outside)}, whose mean error is known "
            "and taken off; --energies anchored does so throughout."
        )
    return found


_INTERVALS: tuple[tuple[str, str, str], ...] = (
    ("reduction_v", "reduction limit", "V"),
    ("oxidation_v", "oxidation limit", "V"),
    ("contact_reaction_energy_ev_atom", "contact energy", "eV/atom"),
    ("drive_best_ev_atom", "least drive", "eV/atom"),
)


DRIVES_HEAD = ("as a film on", "drive, eV/atom", "80 % of the samples")


def drive_rows(
    electrolytes: Sequence[Electrolyte], known: Mapping[str, Any], said: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """The drive of a candidate with each electrolyte, and its interval, under `DRIVES_HEAD`.

    Args:
        known: values of the candidate; said: the record of its samples.
    """
    found = []
    for electrolyte in electrolytes:
        drive = known[f"drive_{electrolyte.slug}_ev_atom"]
        ends = said["drives_ev_atom"][electrolyte.formula]
        if drive is not None and ends is not None:
            interval = between(ends, "eV/atom").removesuffix(" eV/atom")
            found.append((electrolyte.label, number(drive, DECIMALS["eV/atom"]), interval))
    return found


def between(ends: Sequence[float], unit: str) -> str:
    """An interval in words; one figure where its ends are printed alike."""
    low, high = (number(end, DECIMALS[unit]) for end in ends)
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def is_outside(value: float, ends: Sequence[float], unit: str) -> bool:
    """Whether a figure lies outside of an interval, as far as both are printed."""
    half = 0.5 * 10.0 ** -DECIMALS[unit]
    return not np.isnan(value) and not ends[0] - half <= value <= ends[1] + half


def _products(sets: Sequence[Mapping[str, Any]]) -> str:
    shown = [one for one in sets[:SHOWN] if one["probability"] >= 0.01]
    told = [f"{one['products']} in {one['probability']:.0%}" for one in shown]
    rest = sum(one["probability"] for one in sets[len(shown) :])
    more = f", others in {'less than 1%' if rest < 0.01 else f'{rest:.0%}'}" if rest else ""
    return f"products {', '.join(told)}{more}"


def narrowest(case: Case, found: Draws) -> dict[str, Any] | None:
    """Which phase of a single candidate to measure, as fields; none where all is sure."""
    told = certainty.narrowing(found)
    if not told or told[0].share < LEAST:
        return None
    best = told[0]
    names = ("p_stable", "contact_reaction_energy_ev_atom", "reduction_v")
    return {
        "phase": case.phases.formulas[best.row],
        "spread_ev_atom": best.spread,
        "of": next(n for n, share in zip(names, best.shares, strict=True) if not np.isnan(share)),
        "share": best.share,
    }


def narrowing_line(told: Mapping[str, Any] | None) -> str:
    """That in a sentence."""
    if told is None:
        return "No single measured enthalpy would narrow this by much."
    words = {
        "p_stable": "the verdict",
        "contact_reaction_energy_ev_atom": "the contact energy",
        "reduction_v": "the reduction limit",
    }[told["of"]]
    return (
        f"To measure first: the formation enthalpy of {told['phase']}, known to "
        f"{number(told['spread_ev_atom'], DECIMALS['eV/atom'])} eV/atom; it carries "
        f"{told['share']:.0%} of the variance of {words}."
    )


def narrowing_answer(case: Case) -> Answer:
    """Which measured enthalpy would narrow what is said of a single candidate, and by how much."""
    found = certainty.draws(case)
    told = certainty.narrowing(found)[:TOLD]
    names = ("verdict_share", "contact_energy_share", "reduction_limit_share")
    records = [
        {
            "phase": case.phases.formulas[one.row],
            "spread_ev_atom": one.spread,
            **{n: _known(share) for n, share in zip(names, one.shares, strict=True)},
        }
        for one in told
    ]
    schema = pa.schema(
        [("phase", pa.string()), *((n, pa.float64()) for n in ("spread_ev_atom", *names))]
    )
    rows = pa.Table.from_pylist(records, schema)
    labels = {
        "spread_ev_atom": Column("spread_ev_atom", "known to", "", ""),
        **{n: Column(n, n.replace("_share", "").replace("_", " "), "", "") for n in names},
    }
    title = f"{case.formulas[0]} against {case.anode.symbol}: shares of the variance that would go"

    def show(console: Console) -> None:
        terminal.print_table(console, rows, labels, title)
        terminal.print_sentence(console, narrowing_line(narrowest(case, found)))

    return Answer(rows, records, show)


def figures(samples: FloatArray) -> list[float] | None:
    """The interval of one figure, shape (samples,); none if it mostly has no value."""
    low, high = certainty.interval(samples[:, None])
    return None if np.isnan(low[0]) else [float(low[0]), float(high[0])]
