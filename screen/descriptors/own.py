"""A descriptor of one's own, from a notebook or a script, without a file in this package."""

from __future__ import annotations

import hashlib
import inspect
import marshal
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from screen.columns import Column, Kind, Values
from screen.descriptors.case import Case
from screen.errors import UsageError

_KINDS: dict[Kind, str] = {"number": "biuf", "text": "OU", "flag": "b"}
"""Kinds of numpy arrays that each kind of column may be made of."""


@dataclass(frozen=True)
class Descriptor:
    """A column and the function that computes it; a family of one column.

    Attributes:
        column: name, meaning and unit.
        function: from the case to one value per candidate; NaN, "" or None where it is missing.
        reason: why a value is missing.
    """

    column: Column
    function: Callable[[Case], Any]
    reason: str

    @property
    def digest(self) -> str:
        """Of what the function says, so that a run knows what it depends on."""
        try:
            text = inspect.getsource(self.function).encode()
        except (OSError, TypeError):  # typed at a prompt that keeps nothing
            assert isinstance(self.function, FunctionType)
            text = marshal.dumps(self.function.__code__)
        return hashlib.sha256(repr(self.column).encode() + text).hexdigest()

    def compute(self, case: Case) -> Values:
        """The column.

        Raises:
            UsageError: if the function returns anything but one value of its kind per candidate.
        """
        name, kind = self.column.name, self.column.kind
        given = np.asarray(self.function(case))
        if given.shape != (len(case),):
            raise UsageError(
                f"descriptor {name} returns shape {given.shape}; one value for each of "
                f"{len(case)} candidates is wanted"
            )
        if given.dtype.kind not in _KINDS[kind]:
            raise UsageError(
                f"descriptor {name} is declared a {kind}, but returns {given.dtype}; numbers are "
                "NaN where they are missing, texts empty"
            )
        values = Values(len(case))
        values.add(name, given.astype(float) if kind == "number" else given, self.reason)
        return values


def descriptor(
    name: str,
    meaning: str,
    *,
    label: str = "",
    source: str = "own",
    kind: Kind = "number",
    dimensionless: bool = False,
    missing: str = "not computed",
) -> Callable[[Callable[[Case], Any]], Descriptor]:
    """Make a function a descriptor, to be handed to `rank` or `explain`.

    The function gets the case (`case.formulas`, `case.compositions`, `case.equilibria`, ...) and
    returns one value per candidate; NaN, or "" for a text, where there is none.

    Args:
        name: of the column; that of a number ends in its unit, such as `_ev` or `_fraction`.
        meaning: one sentence.
        label: short head for people; none: the name.
        source: where the value or the formula comes from.
        kind: "number", "text" or "flag".
        dimensionless: of a number, that it has no unit.
        missing: why a value is missing.

    Raises:
        UsageError: for a name that is none, or a number without a unit.

    Example:
        >>> import screen
        >>> from pymatgen.core import Composition
        >>> @screen.descriptor("electronegativity", "Mean by Pauling.", dimensionless=True)
        ... def electronegativity(case):
        ...     return [Composition(text).average_electroneg for text in case.formulas]
        >>> run = screen.rank("Mg", roles="host", descriptors=[electronegativity])
        >>> float(run.frame("host").set_index("formula").electronegativity["MgO"].round(2))
        2.38
    """
    from screen.filters import KEYWORDS  # noqa: PLC0415 (no family of the package needs it)

    if not name.isidentifier() or name != name.lower() or name in KEYWORDS:
        raise UsageError(
            f"descriptor {name!r}: the name of a column is small letters, digits and _"
        )
    if kind not in _KINDS:
        raise UsageError(f"descriptor {name}: kind {kind!r}; allowed: {', '.join(_KINDS)}")
    if not missing:
        raise UsageError(f"descriptor {name}: say why a value is missing")
    column = Column(name, label or name.replace("_", " "), meaning, source, kind, dimensionless)
    if column.fault:
        raise UsageError(f"descriptor {name}: {column.fault}")

    def made(function: Callable[[Case], Any]) -> Descriptor:
        if not isinstance(function, FunctionType):
            raise UsageError(f"descriptor {name}: a function is wanted, this is {function!r:.60}")
        return Descriptor(column, function, missing)

    return made
