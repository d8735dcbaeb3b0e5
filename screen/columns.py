"""What a column is: one owner declares it, and the table, the files and the help all read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screen.units import DECIMALS, SUFFIXES, suffix_of, unit_of

Kind = Literal["number", "text", "flag"]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Column:
    """A column of the results.

    Attributes:
        name: as in memory and on disk; the name of a number ends in its unit (`units.SUFFIXES`).
        label: short head for people.
        meaning: one sentence.
        source: where the value or the formula comes from.
        kind: numbers are missing as NaN, text as "", flags as null.
        dimensionless: of a number, that it has no unit and its name says none.
        rounding: decimals for people, where those of the unit do not suit.
    """

    name: str
    label: str
    meaning: str
    source: str
    kind: Kind = "number"
    dimensionless: bool = False
    rounding: int | None = None

    @property
    def unit(self) -> str:
        """Read off the name."""
        return unit_of(self.name)

    @property
    def decimals(self) -> int | None:
        """Decimals that people are shown of a number; None: four significant digits."""
        return DECIMALS.get(self.unit) if self.rounding is None else self.rounding

    @property
    def fault(self) -> str:
        """What is wrong with the unit and what to do about it; "" if nothing is."""
        wanted = self.kind == "number" and not self.dimensionless
        suffix = suffix_of(self.name)
        if not wanted and suffix:
            what = "dimensionless" if self.dimensionless else f"a {self.kind}"
            return f"is {what}, but its name ends in {suffix}, a unit"
        if wanted and (not suffix or self.name.removesuffix(suffix).endswith("_per")):
            return (
                f"ends in no known unit: end its name in one of {', '.join(SUFFIXES)}, add the "
                "unit to screen/units.py, or declare it with dimensionless=True"
            )
        return ""


@dataclass(frozen=True)
class Coded:
    """Many texts of which few differ.

    Attributes:
        distinct: each of them once.
        codes: of every text, its place among them.
    """

    distinct: Texts
    codes: npt.NDArray[np.unsignedinteger[Any]]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def texts(self) -> Texts:
        """All of them."""
        found: Texts = self.distinct[self.codes]
        return found


class Values:
    """Columns of values with a reason for each that is missing."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.columns: dict[str, npt.NDArray[Any]] = {}
        self._reasons: dict[str, str | Texts | Coded] = {}

    def add(self, name: str, values: npt.ArrayLike, reason: str | Texts | Coded = "") -> None:
        """Add a column: numbers with NaN, texts with "" or flags.

        Args:
            reason: why values are missing: one for all, or one per candidate.
        """
        array = np.asarray(values)
        if array.dtype.kind == "U":
            array = array.astype(object)
        assert len(array) == self.length
        self.columns[name] = array
        self._reasons[name] = reason

    def update(self, other: Values) -> None:
        """Take over all columns of another set."""
        self.columns |= other.columns
        self._reasons |= other._reasons

    def reason(self, name: str) -> Texts:
        """The reason per candidate, to be read where the value is missing."""
        reason = self._reasons[name]
        if isinstance(reason, Coded):
            return reason.texts
        return np.full(self.length, reason, dtype=object) if isinstance(reason, str) else reason

    def coded_reasons(self) -> dict[str, pa.DictionaryArray]:
        """The reasons of every column, each distinct text once."""
        shared: dict[int, pa.DictionaryArray] = {}  # several columns may have the same ones
        for reason in self._reasons.values():
            if id(reason) not in shared:
                shared[id(reason)] = self._coded(reason)
        return {name: shared[id(reason)] for name, reason in self._reasons.items()}

    def _coded(self, reason: str | Texts | Coded) -> pa.DictionaryArray:
        if isinstance(reason, str):
            reason = Coded(np.array([reason], dtype=object), np.zeros(self.length, dtype=np.uint8))
        if isinstance(reason, Coded):
            codes = pa.array(reason.codes.astype(np.int32))
            return pa.DictionaryArray.from_arrays(codes, pa.array(reason.distinct, pa.string()))
        return pa.array(reason, pa.string()).dictionary_encode()

    def first_reason(self, names: Sequence[str]) -> Texts:
        """The reason of the first of some columns that is missing, per candidate; else ""."""
        reasons = np.full(self.length, "", dtype=object)
        for name in reversed(names):
            gone = missing(self.columns[name])
            reasons[gone] = self.reason(name)[gone]
        return reasons


def missing(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which values are missing: NaN, "" or None."""
    if values.dtype.kind == "f":
        nan: npt.NDArray[np.bool_] = np.isnan(values)
        return nan
    if values.dtype.kind in "bi":
        return np.zeros(len(values), dtype=bool)
    nothing: Any = None  # the comparison is of each value
    gone: npt.NDArray[np.bool_] = (values == "") | (values == nothing)
    return gone


def joined_names(names: Sequence[str], chosen: npt.NDArray[np.bool_], separator: str) -> Texts:
    """The chosen names of each candidate as one text; `chosen` is (names, candidates)."""
    texts = np.array(names, dtype=object)
    # Of many candidates the same are chosen: their text is written once.
    packed = np.ascontiguousarray(np.packbits(chosen, axis=0).T)
    pattern = packed.view(f"S{packed.shape[1]}").reshape(-1)
    _, first, place = np.unique(pattern, return_index=True, return_inverse=True)
    distinct = [separator.join(texts[chosen[:, i]]) for i in first]
    return np.array(distinct, dtype=object)[place]
