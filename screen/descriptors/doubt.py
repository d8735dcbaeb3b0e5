"""What hangs on doubtful phases: which would take part, and what the verdict would then be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from screen import doubtful
from screen.columns import Column, Texts, Values
from screen.composition import IntArray
from screen.descriptors import against_anode
from screen.descriptors.case import Case
from screen.settings import OfDoubtful

_SOURCE = "doubtful_phases.csv; settings.doubtful_phases"
COMPARED = ("outcome", "reduction_v", "oxidation_v", "interphase", "contact_products")
"""Columns of a verdict that are compared, most telling first."""
MOVED_V = 0.005
"""A limit that moves by less, V, reads the same."""


COLUMNS: tuple[Column, ...] = (
    Column(
        "doubtful_products",
        "doubtful products",
        "Doubtful phases that would be among its products, in contact or at some voltage, if all "
        "phases of the table competed.",
        _SOURCE,
        "text",
    ),
    Column(
        "doubtful_changes",
        "hangs on doubtful phases",
        "What would be different if the doubtful phases competed, or where they do, if they did "
        "not.",
        _SOURCE,
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Only candidates whose elements and the anode metal make up a doubtful phase are looked at."""
    values = Values(len(case))
    names = np.full(len(case), "", dtype=object)
    changes = np.full(len(case), "", dtype=object)
    rows = _concerned(case)
    if len(rows):
        kept = case if case.settings.doubtful_phases == "keep" else _all_competing(case, rows)
        solved, places = kept.solved(rows) if kept is case else (kept, np.arange(len(rows)))
        found = _named(solved)[places]
        part = found != ""
        names[rows[part]] = found[part]
        changes[rows[part]] = _changes(case, rows[part], solved, places[part])
    values.add("doubtful_products", names, "no doubtful phase would take part")
    values.add("doubtful_changes", changes, "nothing hangs on a doubtful phase")
    return values


def _concerned(case: Case) -> IntArray:
    """Candidates that hold, with the anode metal, all elements of some doubtful phase."""
    phases = case.phases.compositions
    known = np.flatnonzero(doubtful.entries(phases) >= 0).tolist()
    concerned = np.zeros(len(case), dtype=bool)
    for elements in {frozenset(phases.take(np.array([row])).element.tolist()) for row in known}:
        others = [case.compositions.holds([e]) for e in elements - {case.anode.element}]
        concerned |= np.all(others, axis=0)
    return np.flatnonzero(concerned)


def _all_competing(case: Case, rows: IntArray) -> Case:
    """The case of some candidates in which doubtful phases compete."""
    part = _choosing(case.take(rows), "keep")
    vars(part)["facts"] = case.facts.with_doubtful
    return part


def _choosing(case: Case, choice: OfDoubtful) -> Case:
    """The same case with another choice on doubtful phases."""
    return replace(case, settings=case.settings.model_copy(update={"doubtful_phases": choice}))


def _named(case: Case) -> Texts:
    """Doubtful phases among the products of each candidate at any voltage, by comma."""
    profiles = case.equilibria.profiles
    mixtures = profiles.products
    entry = doubtful.entries(case.phases.compositions.take(mixtures.phase))
    state = np.repeat(np.arange(len(mixtures.start) - 1), np.diff(mixtures.start))
    owner = np.repeat(np.arange(len(case)), np.diff(profiles.start))[state]
    names = np.full(len(case), "", dtype=object)
    hit = entry >= 0
    for i, e in np.unique(np.stack([owner[hit], entry[hit]], axis=1), axis=0).tolist():
        names[i] += f"{', ' if names[i] else ''}{doubtful.table()[e].formula}"
    return names


def _changes(case: Case, rows: IntArray, kept: Case, places: IntArray) -> Texts:
    """What the verdicts would be with the other choice, where they differ."""
    other = "leave_out" if case.settings.doubtful_phases == "keep" else "keep"
    if other == "keep":
        mine, theirs = case.take(rows), _all_competing(case, rows)
    else:
        mine = kept.take(places)
        theirs = _choosing(mine, "leave_out")
    before, after = (against_anode.compute(one).columns for one in (mine, theirs))
    texts = np.full(len(rows), "", dtype=object)
    word = "with them" if other == "keep" else "without them"
    for i in range(len(rows)):
        differ = [
            f"{name} {_text(after[name][i])} instead of {_text(before[name][i])}"
            for name in COMPARED
            if _differ(before[name][i], after[name][i])
        ]
        texts[i] = f"{word}: {'; '.join(differ)}" if differ else ""
    return texts


def _differ(before: object, after: object) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        both = np.isnan(before) and np.isnan(after)
        return not both and not abs(before - after) <= MOVED_V
    return before != after


def _text(value: object) -> str:
    if isinstance(value, float):
        return "none" if np.isnan(value) else f"{value:.3f}"
    return str(value or "not known").replace("_", " ")
