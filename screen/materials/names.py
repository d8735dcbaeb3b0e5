"""Names of materials and labels of phases, from data/names.csv.

A name is no formula, even where it could be read as one: LiPON holds four elements, and not one of
each. A label such as (c), beta- or cubic tells forms of one composition apart, and no elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from screen.composition import parse_formula
from screen.errors import DataError
from screen.tables import rows_of

_WORD = 3
"""Letters from which on a label may be written in capitals, and after the formula."""


@dataclass(frozen=True)
class Named:
    """A composition that a name stands for, and where that is written."""

    formula: str
    reference: str
    note: str


@cache
def names() -> Mapping[str, tuple[Named, ...]]:
    """The compositions that each name stands for; of an ambiguous one several.

    Raises:
        DataError: if the shipped table was changed.
    """
    found: dict[str, list[Named]] = {}
    for row in rows_of("names"):
        if row["kind"] == "material":
            named = Named(row["formula"], row["reference"], row["note"])
            found.setdefault(row["name"], []).append(named)
    return {name: tuple(choices) for name, choices in found.items()}


@cache
def _by_letters() -> Mapping[str, str]:
    """Names by their letters and digits alone, in small letters."""
    return {_letters(name): name for name in names()}


def _letters(text: str) -> str:
    return re.sub(r"[\s\-_]", "", text).casefold()


def name_in(text: str) -> str | None:
    """The name that a text is: as the table spells it, or however, if it is no formula."""
    text = text.strip()
    if text in names():
        return text
    name = _by_letters().get(_letters(text))
    return name if name is not None and not _reads(text) else None


def _reads(text: str) -> bool:
    try:
        parse_formula(text)
    except DataError:
        return False
    return True


def meant(name: str) -> Named:
    """What a name stands for.

    Raises:
        DataError: for one that stands for several; all are named.
    """
    choices = names()[name]
    if len(choices) > 1:
        formulas = ", ".join(choice.formula for choice in choices)
        raise DataError(
            f"{name!r} is the name of several materials: {formulas}; write the formula of yours"
        )
    return choices[0]


def formula_of(text: str) -> str:
    """The formula that a name stands for; any other text as it is.

    Raises:
        DataError: for a name of several materials.
    """
    name = name_in(text)
    return text if name is None else meant(name).formula


@cache
def _labels() -> tuple[str, ...]:
    return tuple(row["name"] for row in rows_of("names") if row["kind"] == "label")


def is_label(text: str) -> bool:
    """Whether a text is a label and nothing else."""
    bare = text.strip().strip("()-")
    words = {label for label in _labels() if len(label) >= _WORD}
    return bare in _labels() if bare != text.strip() else bare.casefold() in words


@cache
def _labelled() -> re.Pattern[str]:
    """A text with a label before or after what it is a label of."""
    labels = _labels()
    words = "|".join(re.escape(x) for x in labels if len(x) >= _WORD and x.isalpha())
    short = "|".join(re.escape(x) for x in labels if x.isascii())
    greek = "|".join(re.escape(x) for x in sorted(labels, key=len, reverse=True) if not x.isascii())
    return re.compile(
        rf"(?:(?P<before>{short}|(?i:{words}))[-\s]\s*|(?P<greek>{greek})[-\s]*)(?P<last>\S.*)"
        rf"|(?P<first>.*\S)\s*\((?P<inside>{short}|{greek}|(?i:{words}))\)"
        rf"|(?P<front>.*\S)[-\s]\s*(?P<after>(?i:{words}))"
    )


def unlabelled(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the labels of a phase, and those labels."""
    labels: list[str] = []
    text = text.strip()
    while name_in(text) is None and (match := _labelled().fullmatch(text)):
        labels += [match[k] for k in ("before", "greek", "inside", "after") if match[k]]
        text = next(match[k] for k in ("last", "first", "front") if match[k]).strip()
    return text, tuple(labels)


def mistaken(text: str) -> str:
    """Why a text is not taken for a formula where only formulas are; "" if it may be one."""
    rest, labels = unlabelled(text)
    name = name_in(rest)
    if name is not None:
        formulas = " or ".join(choice.formula for choice in names()[name])
        return f"{text!r} is a name, not a formula; write {formulas} if that is what it is"
    if labels:
        return f"{text!r} holds the label {labels[0]!r} of a phase; write {rest}"
    return ""
