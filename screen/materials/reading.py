"""Reading what a person typed for a material."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screen.composition import Amount, format_formula, parse_formula, typed_amounts
from screen.errors import DataError
from screen.materials import names, rounding
from screen.phases import Phases


@dataclass(frozen=True)
class Material:
    """A material as it was read.

    Attributes:
        typed: the formula as it was typed, without labels; of a name what it stands for.
        formula: the exact composition, reduced.
        units: how many of that formula are in the typed one.
        notes: what was done to read it, a sentence each.
    """

    typed: str
    formula: str
    units: float = 1.0
    notes: tuple[str, ...] = ()


def read(text: str, phases: Phases | None = None) -> Material:
    """Read a formula, or a name of names.csv, with or without the label of a phase.

    Args:
        phases: the table that answers; a formula with rounded amounts is taken for the phase of it
            that rounds to them, if there is one.

    Raises:
        DataError: for what is neither, and for a name of several materials.
    """
    if names.is_label(text):
        raise DataError(f"{text.strip()!r} tells forms of a material apart; give a formula with it")
    rest, labels = names.unlabelled(text)
    notes = [
        f"{text.strip()!r}: the label {label!r} is left out; the answer is for the composition, of "
        "which the table holds the stablest form"
        for label in labels
    ]
    name = names.name_in(rest)
    if name is not None:
        named = names.meant(name)
        about = f"{named.reference}; {named.note}" if named.note else named.reference
        notes.append(f"{name} is read as {named.formula} ({about})")
        rest = named.formula
    amounts = typed_amounts(rest)
    counts = rounding.exact(amounts, phases)
    if counts is None:
        counts = parse_formula(rest)
    else:
        notes.append(
            f"the amounts of {rest} are rounded; it is read as {format_formula(counts)}, the exact "
            "composition next to it (whole numbers are kept as they are)"
        )
    return Material(rest, format_formula(counts), _units(amounts, counts), tuple(notes))


def _units(typed: Mapping[str, Amount], counts: Mapping[str, int]) -> float:
    """Formulas of whole numbers in a typed one: by what was typed exactly, or by all atoms."""
    sure = [symbol for symbol, amount in typed.items() if not amount.step] or list(typed)
    atoms = sum(typed[symbol].value for symbol in sure)
    return float(atoms / sum(counts[symbol] for symbol in sure))
