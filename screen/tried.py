"""Contacts that computed energies let react, and that experiment has found slow or harmless.

Thermodynamics says what can happen, not how fast. Where an experiment is known, its words stand
beside the computed answer; no gate and no score reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from screen.composition import parse_formula
from screen.tables import rows_of

TABLE = "tried_contacts"


@dataclass(frozen=True)
class Tried:
    """What was seen of a contact.

    Attributes:
        formula: the candidate.
        partner: the electrolyte on which it is a film; "" where it meets the anode metal.
        anode: symbol of the anode metal.
        form: of what sample it was seen.
        finding, reference, doi: what was seen, and where that is written.
        against, against_doi: what speaks against it; "" where nothing is known.
    """

    formula: str
    partner: str
    anode: str
    form: str
    finding: str
    reference: str
    doi: str
    against: str
    against_doi: str

    @property
    def said(self) -> str:
        """All of it in sentences."""
        where = self.formula if not self.partner else f"{self.formula} on {self.partner}"
        cited = self.reference + (f", doi:{self.doi}" if self.doi else "")
        text = f"Tried, {where} ({self.form}): {self.finding} ({cited})."
        if self.against:
            cited = f" (doi:{self.against_doi})" if self.against_doi else ""
            text += f" Against it: {self.against}{cited}."
        return text


@cache
def table() -> tuple[Tried, ...]:
    """The contacts of data/tried_contacts.csv.

    Raises:
        DataError: if the shipped file was changed.
    """
    names = Tried.__dataclass_fields__
    return tuple(Tried(*(row[name] for name in names)) for row in rows_of(TABLE))


def found(anode: str, formula: str, partner: str = "") -> Iterator[Tried]:
    """What was seen of a candidate with the anode metal, or as film on an electrolyte.

    Args:
        anode: symbol of the anode metal.
        formula, partner: in any spelling; compositions are compared.
    """
    wanted = [_parts(text) for text in (formula, partner)]
    for one in table():
        if one.anode == anode and [_parts(one.formula), _parts(one.partner)] == wanted:
            yield one


@cache
def _parts(formula: str) -> frozenset[tuple[str, int]]:
    """The reduced composition; of "" nothing."""
    return frozenset(parse_formula(formula).items()) if formula else frozenset()
