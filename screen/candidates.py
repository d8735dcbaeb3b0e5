"""The candidates of a run: which are judged, what names them, and what a table can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from screen.composition import (
    INDEX,
    BoolArray,
    Compositions,
    IntArray,
    format_formula,
    parse_formula,
)
from screen.descriptors.case import Case
from screen.descriptors.phase_facts import competing
from screen.errors import DataError, NothingPassedError, UsageError
from screen.materials import formula_of
from screen.phases import Phases
from screen.ranking.roles import Role
from screen.settings import Settings
from screen.sources import REFERENCE, reference
from screen.tables import (
    OTHER,
    Anode,
    Electrolyte,
    anode_of,
    check_electrolyte,
    electrolytes_of,
)
from screen.thermo.hull import stable_table


def make_case(
    phases: Phases,
    settings: Settings,
    formulas: Sequence[str] | None = None,
    roles: Sequence[Role] = (),
) -> tuple[Case, dict[str, Sequence[str]]]:
    """The case to judge, and what names each candidate.

    Args:
        formulas: candidates; none: those that the reference set names, or every phase of a file.
        roles: with them, of a file only the phases that one of these roles finds worth judging.

    Raises:
        UsageError, DataError: for an anode that the table does not hold or cover, and for an
            electrolyte given as a formula whose phases it does not.
    """
    anode = anode_of(settings.anode)
    electrolytes = tuple(_checked(e, phases, anode) for e in electrolytes_to_face(settings))
    named = {c.formula: c for c in reference.named_candidates(anode.symbol)}
    if formulas is None:
        _check_anode(phases, anode)
        rows = _rows_to_judge(phases, anode, named, roles, settings)
        compositions = phases.compositions.take(rows)
        names = [phases.formulas[row] for row in rows.tolist()]
    else:
        compositions = Compositions.from_formulas(formulas)
        rows = phases.rows_of(compositions)
        names = [
            phases.formulas[row] if row >= 0 else format_formula(parse_formula(formula))
            for row, formula in zip(rows.tolist(), formulas, strict=True)
        ]
    case = Case(phases, names, compositions, rows, anode, electrolytes, settings)
    return case, _identity(phases, rows, names, named)


def electrolytes_to_face(settings: Settings) -> tuple[Electrolyte, ...]:
    """The solid electrolytes of a run: those that its settings give, or all of its anode metal in
    the table.

    Raises:
        UsageError, DataError: for what is no electrolyte, and for a name of several.
    """
    chosen = tuple(formula_of(text) for text in settings.electrolytes)
    return electrolytes_of(anode_of(settings.anode).symbol, chosen)


def _checked(electrolyte: Electrolyte, phases: Phases, anode: Anode) -> Electrolyte:
    """An electrolyte as it is, if the table can answer for it; one that is listed may have gaps."""
    if electrolyte.family != OTHER:
        return electrolyte
    check_covered(phases, electrolyte.formula, anode=anode.symbol)
    (row,) = phases.rows_of(Compositions.from_formulas([electrolyte.formula]))
    note = (
        ""
        if row >= 0
        else f"no energy of its own in {phases.name}: stands at the hull of its composition"
    )
    return replace(electrolyte, note=note)


def notes_on(electrolytes: Sequence[Electrolyte]) -> tuple[str, ...]:
    """What is to be known of electrolytes that were given as formulas, a sentence each."""
    return tuple(
        f"electrolyte {e.label}: {e.note}" for e in electrolytes if e.family == OTHER and e.note
    )


def chosen_case(
    phases: Phases, settings: Settings, roles: Sequence[Role], selected: bool
) -> tuple[Case, dict[str, Sequence[str]]]:
    """The case of a run: all candidates, or those that the roles select of a large table."""
    if selected and phases.name == REFERENCE:
        raise UsageError("--selected goes with a --source file; the reference set is a selection")
    return make_case(phases, settings, roles=roles if selected else ())


def _rows_to_judge(
    phases: Phases,
    anode: Anode,
    named: dict[str, reference.Named],
    roles: Sequence[Role],
    settings: Settings,
) -> IntArray:
    """Rows of the candidates: what the reference set names and the user added, or of a file every
    phase but the anode metal that the roles, if any, find worth judging.
    """
    if phases.name == REFERENCE:
        own = np.arange(len(phases) - phases.added, len(phases))
        for row in own.tolist():
            check_covered(phases, phases.formulas[row], anode=anode.symbol)
        rows = phases.rows_of(Compositions.from_formulas(named))
        # Of one composition one is judged, the lowest, as in the set itself.
        lowest = own[phases.rows_of(phases.compositions.take(own)) == own]
        return np.concatenate([rows, np.setdiff1d(lowest, rows)])
    keep = phases.compositions.key != Compositions.from_formulas([anode.symbol]).key[0]
    if roles:
        keep &= worth_judging(phases, roles, anode, settings)
        if not keep.any():
            raise NothingPassedError(f"no phase of {phases.name} is worth judging in these roles")
    rows = np.flatnonzero(keep)
    # In an order of their own, so that the order of the file does not show.
    ids = np.array(phases.texts("id"))[rows]
    return rows[np.lexsort((ids, phases.energy[rows], np.array(phases.formulas)[rows]))]


def worth_judging(
    phases: Phases, roles: Sequence[Role], anode: Anode, settings: Settings
) -> BoolArray:
    """Which phases at least one role selects for judgement."""
    _, distance = stable_table(competing(phases, settings))
    rows, gap = phases.compositions, phases.numbers("band_gap_ev")
    has_anode = rows.amount_of(anode.element) > 0
    sides = {"with": has_anode, "without": ~has_anode, "either": np.ones(len(phases), dtype=bool)}
    chosen = np.zeros(len(phases), dtype=bool)
    for select in (role.select for role in roles):
        if select is None:  # the role is open to all
            return np.ones(len(phases), dtype=bool)
        low = -np.inf if select.min_band_gap_ev is None else select.min_band_gap_ev
        high = np.inf if select.max_band_gap_ev is None else select.max_band_gap_ev
        chosen |= (
            (rows.size <= select.max_elements)
            & (distance <= select.max_hull_distance_ev_atom)
            & (np.isnan(gap) | ((gap >= low) & (gap <= high)))
            & ~rows.holds([INDEX[symbol] for symbol in select.excluded])
            & sides[select.anode_metal]
        )
    return chosen


def _identity(
    phases: Phases, rows: IntArray, names: Sequence[str], named: dict[str, reference.Named]
) -> dict[str, Sequence[str]]:
    identity: dict[str, Sequence[str]] = {"formula": names}
    for attribute in ("label", "family", "reference"):
        identity[attribute] = [getattr(named.get(name), attribute, "") for name in names]
    for column in ("id", "scheme", "source", "property_source", "database_version", "licence"):
        texts = phases.texts(column)
        identity[column] = [texts[row] if row >= 0 else "" for row in rows]
    return identity


def _check_anode(phases: Phases, anode: Anode) -> None:
    """Refuse to rank for an anode metal that the table does not hold or cover."""
    if phases.name == REFERENCE and anode.symbol not in reference.ANODES:
        raise DataError(
            f"the reference set is complete for {', '.join(reference.ANODES)}, not for "
            f"{anode.symbol}; give a full snapshot with --source"
        )
    if anode.symbol not in phases.symbols:
        raise DataError(f"{phases.name} has no {anode.symbol}; give a --source that holds it")


def check_covered(
    phases: Phases, *formulas: str, anode: str | None = None, element: str | None = None
) -> None:
    """Refuse a question whose competing phases the table does not hold.

    Args:
        formulas: what meets.
        anode: the anode metal, if it takes part.
        element: the symbol of another element that takes part.

    Raises:
        UsageError, DataError: for an anode or formula that is not known or not covered.
    """
    elements = {symbol for formula in formulas for symbol in parse_formula(formula)}
    if anode is not None:
        elements.add(anode_of(anode).symbol)
    if element is not None:
        elements.add(element)
    asked = " with ".join(formulas)
    absent = sorted(elements - phases.symbols)
    if absent:
        raise DataError(
            f"{asked}: {phases.name} has no phases with {', '.join(absent)}; give a --source that "
            "holds them"
        )
    if not phases.covers(elements):
        raise DataError(
            f"{asked}: {phases.name} does not hold every phase of {'-'.join(sorted(elements))}, so "
            "its answer would be wrong; give a full snapshot with --source"
        )


def check_stack(film: str, electrolyte: str, anode: str) -> None:
    """Refuse layers between which there is nothing to ask.

    Args:
        film, electrolyte: reduced formulas.
        anode: symbol of the anode metal.

    Raises:
        UsageError: for an electrolyte that cannot conduct the metal's ions, for the metal itself
            as one of the others, and for two that are the same.
    """
    check_electrolyte(electrolyte, anode)
    if parse_formula(film).keys() == {anode}:
        raise UsageError(
            f"film {film} is the anode metal itself; give another, the answer compares it with "
            f"bare {anode}"
        )
    if parse_formula(film) == parse_formula(electrolyte):
        raise UsageError(f"film and electrolyte are both {electrolyte}; give two that differ")
