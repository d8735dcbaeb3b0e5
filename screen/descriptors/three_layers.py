"""The candidate as a film between the anode metal and a solid electrolyte: how well it protects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from screen import verdicts
from screen.columns import Column, Texts, Values, joined_names
from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.descriptors import against_anode
from screen.descriptors.case import Case
from screen.tables import Electrolyte
from screen.thermo import layers
from screen.thermo.layers import Layers

_SOURCE = "anode metal | film | electrolyte, open to the metal (thermo/layers.py)"


def columns(electrolytes: tuple[Electrolyte, ...]) -> tuple[Column, ...]:
    """Three columns for each electrolyte, one for each class, and what they come to."""
    return (
        Column(
            "film_holds_v",
            "film holds",
            "Highest voltage that the far side of the film can have while the anode metal touches "
            "the near one; 0 for a film that conducts electrons. A film that is most likely stable "
            "stands as itself, any other as what it becomes in contact.",
            _SOURCE,
        ),
        *(column for e in electrolytes for column in _of_electrolyte(e)),
        *(_of_class(name) for name in classes(electrolytes)),
        Column(
            "drive_best_ev_atom",
            "drive, best class",
            "The weakest of the drives of the classes.",
            _SOURCE,
        ),
        Column(
            "best_class",
            "best beside",
            "The class of electrolyte of the weakest drive; of equal ones the first.",
            _SOURCE,
            "text",
        ),
        Column(
            "protects",
            "protects",
            "Classes of electrolyte whose window it reaches and with which it hardly reacts there.",
            "settings.bridged_v, settings.quiet_drive_ev_atom",
            "text",
        ),
        Column(
            "protection_best_fraction",
            "protection, best",
            "The largest protection of an electrolyte that needs it, one that the bare anode metal "
            "drives beyond settings.quiet_drive_ev_atom.",
            _SOURCE,
        ),
        Column(
            "relief_fraction",
            "relief",
            "Share of what the anode metal does to the electrolytes that need protection, which is "
            "gone at the mean potential of the uptake: the median over them.",
            "voltage profiles of the electrolytes",
        ),
    )


def _of_electrolyte(electrolyte: Electrolyte) -> tuple[Column, ...]:
    name, label = electrolyte.slug, electrolyte.label
    return (
        Column(
            f"bridge_gap_{name}_v",
            f"bridge gap, {label}",
            f"From the voltage that the film holds up to the reduction limit of {label}; 0 if the "
            "film reaches it.",
            _SOURCE,
        ),
        Column(
            f"drive_{name}_ev_atom",
            f"drive, {label}",
            f"Strongest reaction of the film after contact with {label} at the voltage that it "
            "holds there, per atom that is not the anode metal's.",
            _SOURCE,
        ),
        Column(
            f"protection_{name}_fraction",
            f"protection, {label}",
            f"Share of what the bare anode metal would do to {label} that the film keeps from it; "
            "below zero where it makes it worse.",
            _SOURCE,
        ),
    )


def _of_class(name: str) -> Column:
    words = name.replace("_", " ")
    return Column(
        f"drive_{name}_class_ev_atom",
        f"drive, {words}s",
        f"Median of the drives with the {words} electrolytes that the table answers for.",
        _SOURCE,
    )


def classes(electrolytes: Sequence[Electrolyte]) -> tuple[str, ...]:
    """Classes of the electrolytes, in their order."""
    return tuple(dict.fromkeys(e.family for e in electrolytes))


class Films(NamedTuple):
    """What candidates are as films; arrays have shape (candidates,).

    Attributes:
        state: of the profile against the anode metal.
        blocks: whether it blocks electrons then.
        unknown: why that is not known; "" if it is.
    """

    state: IntArray
    blocks: BoolArray
    unknown: Texts


def films(case: Case) -> Films:
    """Each candidate as it stands in touch with the anode metal.

    One that is most likely stable (`verdicts`) stays what it is and conducts or blocks by its own
    gap; any other is what it becomes in contact. What has no known gap, or no state in which
    nothing is exchanged, counts by its contact products.
    """
    threshold = verdicts.load().share
    low, high, *_, unknown = case.equilibria.conducting
    state, stays = against_anode.standing(case)
    settled = stays | (high < threshold) | (low >= threshold)
    return Films(
        state,
        np.where(stays, case.conducts == 0, high < threshold),
        np.where(settled, "", unknown).astype(object),
    )


def partner(case: Case, formula: str) -> layers.Electrolyte:
    """An electrolyte against the anode metal of a case."""
    (one,) = partners(case, [formula])
    return one


def partners(case: Case, formulas: Sequence[str]) -> list[layers.Electrolyte]:
    """Electrolytes against the anode metal of a case."""
    engine, table, anode = case.facts.engine, case.facts.table, case.anode
    every = Compositions.from_formulas(formulas)
    profiles = engine.profiles(table, every, anode.element, anode.valence)
    energy = engine.decompose(table, every).energy
    return [
        layers.Electrolyte(every.take(np.array([i])), profiles.one(i), energy[i : i + 1])
        for i in range(len(formulas))
    ]


def solve(
    case: Case,
    stands: Films,
    rows: IntArray,
    electrolyte: layers.Electrolyte,
    *,
    only_lowest: bool = True,
) -> Layers:
    """Some candidates between the anode metal and an electrolyte."""
    return layers.between(
        case.facts.table,
        case.compositions.take(rows),
        case.equilibria.profiles,
        stands.state[rows],
        stands.blocks[rows],
        electrolyte,
        case.anode.element,
        case.anode.valence,
        solve=case.facts.engine.react_open,
        only_lowest=only_lowest,
    )


def drives(case: Case, covered: BoolArray) -> FloatArray:
    """Drive of each candidate with each electrolyte, eV per atom that is not the anode metal's.

    NaN where it is not known.

    Args:
        covered: whether the table holds all phases of the two, shape (electrolytes, candidates).
    """
    stands = films(case)
    known = covered & (stands.unknown == "")
    found = np.full(known.shape, np.nan)
    met = [k for k in range(len(known)) if known[k].any()]
    facing = partners(case, [case.electrolytes[k].formula for k in met])
    for k, electrolyte in zip(met, facing, strict=True):
        rows = np.flatnonzero(known[k])
        found[k, rows] = solve(case, stands, rows, electrolyte).drive_ev_atom
    return found


def of_class(name: str, electrolytes: Sequence[Electrolyte], figures: FloatArray) -> FloatArray:
    """Median over the electrolytes of a class, of those that are known; NaN where none is.

    Args:
        figures: shape (electrolytes, candidates).
    """
    mine = figures[np.array([electrolyte.family == name for electrolyte in electrolytes])]
    known = ~np.isnan(mine).all(axis=0)
    found = np.full(mine.shape[1:], np.nan, mine.dtype)
    found[known] = np.nanmedian(mine[:, known], axis=0)
    return found


def compute(case: Case) -> Values:
    """How well each candidate protects each electrolyte."""
    values = Values(len(case))
    stands = films(case)
    unknown = stands.unknown
    hold = layers.holding_v(case.equilibria.profiles, stands.state, stands.blocks)
    free = f"holds no {case.anode.symbol}, so it stands any voltage"
    values.add(
        "film_holds_v",
        np.where((unknown == "") & np.isfinite(hold), hold, np.nan),
        np.where(unknown == "", free, unknown),
    )
    found = [_with_electrolyte(case, values, e, stands) for e in case.electrolytes]
    gaps, drives, protections, reliefs = (
        np.array([one.numbers for one in found]).reshape(len(found), 4, len(case)).swapaxes(0, 1)
    )
    why = [one.reasons for one in found]
    _add_classes(case, values, gaps, drives, why)
    _add_needed(case, values, protections, reliefs, unknown)
    return values


class _Found(NamedTuple):
    """Bridge gaps, drives, protections where they are needed, reliefs; why they are not known."""

    numbers: FloatArray
    reasons: Texts


def _with_electrolyte(
    case: Case, values: Values, electrolyte: Electrolyte, stands: Films
) -> _Found:
    """Add the columns of one electrolyte."""
    slug, label = electrolyte.slug, electrolyte.label
    reasons = case.equilibria.not_covered_with(electrolyte.formula)
    reasons = np.where(reasons == "", stands.unknown, reasons)
    gap, drive, protection, relief = np.full((4, len(case)), np.nan)
    rows = np.flatnonzero(reasons == "")
    bare = np.nan
    if len(rows):
        own = partner(case, electrolyte.formula)
        layered = solve(case, stands, rows, own)
        gap[rows], drive[rows] = layered.bridge_gap_v, layered.drive_ev_atom
        protection[rows], bare = layered.protection, layered.bare_ev_atom
        mean_v = case.equilibria.uptake.mean_v[rows]
        at = rows[~np.isnan(mean_v)]
        alone = own.alone(case.equilibria.uptake.mean_v[at], case.anode.element, case.anode.valence)
        relief[at] = 1 - alone.reaction_energy / bare if bare else np.nan
    values.add(f"bridge_gap_{slug}_v", gap, reasons)
    values.add(f"drive_{slug}_ev_atom", drive, reasons)
    nothing = f"bare {case.anode.symbol} does nothing to {label}" if bare == 0 else ""
    why = np.where(reasons == "", nothing, reasons)
    values.add(f"protection_{slug}_fraction", protection, why)
    if not bare < -case.settings.quiet_drive_ev_atom:
        protection, relief = np.full((2, len(case)), np.nan)
    return _Found(np.array([gap, drive, protection, relief]), reasons)


def _add_needed(
    case: Case, values: Values, protections: FloatArray, reliefs: FloatArray, unknown: Texts
) -> None:
    """What is left of the electrolytes that need protection; arrays (electrolytes, candidates)."""
    none = f"no electrolyte needs protection from {case.anode.symbol}, or none is covered"
    best, median = np.full((2, len(case)), np.nan)
    known = ~np.isnan(protections).all(axis=0) & bool(len(protections))
    if known.any():
        best[known] = np.nanmax(protections[:, known], axis=0)
    values.add("protection_best_fraction", best, np.where(unknown == "", none, unknown))
    known = ~np.isnan(reliefs).all(axis=0) & bool(len(reliefs))
    if known.any():
        median[known] = np.nanmedian(reliefs[:, known], axis=0)
    takes = ~np.isnan(case.equilibria.uptake.mean_v)
    never = f"takes up no {case.anode.symbol} above {case.settings.plating_v:g} V"
    values.add("relief_fraction", median, np.where(takes, none, never))


def _add_classes(
    case: Case, values: Values, gaps: FloatArray, drives: FloatArray, why: list[Texts]
) -> None:
    """What the electrolytes come to by class; arrays have shape (electrolytes, candidates)."""
    names = classes(case.electrolytes)
    medians, bridged = (
        np.array([of_class(name, case.electrolytes, figures) for name in names]).reshape(
            len(names), len(case)
        )
        for figures in (drives, gaps)
    )
    families = [electrolyte.family for electrolyte in case.electrolytes]
    for k, name in enumerate(names):
        values.add(f"drive_{name}_class_ev_atom", medians[k], why[families.index(name)])
    best = np.fmax.reduce(medians, axis=0, initial=np.nan)
    some = ~np.isnan(best)
    beside, protects = np.full((2, len(case)), "", dtype=object)
    none = np.full(len(case), f"no electrolytes for {case.anode.symbol}", dtype=object)
    if some.any():
        beside[some] = np.array(names, dtype=object)[np.nanargmax(medians[:, some], axis=0)]
        settings = case.settings
        good = (bridged <= settings.bridged_v) & (medians >= -settings.quiet_drive_ev_atom)
        words = [name.replace("_", " ") for name in names]
        protects = joined_names(words, good, ", ")
    unknown = why[0] if why else none
    values.add("drive_best_ev_atom", best, unknown)
    values.add("best_class", beside, unknown)
    values.add("protects", protects, np.where(some, "none of the classes", unknown))
