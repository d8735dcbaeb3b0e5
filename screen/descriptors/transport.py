"""What ions do in it: measured conductivity of the anode metal's ion, also in what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import Compositions, FloatArray, HashArray, IntArray
from screen.descriptors import against_anode
from screen.descriptors.case import Case
from screen.tables import rows_of

NEGLIGIBLE_S_CM = 1e-12
"""A bound as low as this is as good as a value: such a film is none for ions."""
_MEASURED = "conductivities.csv: measured values, each with its DOI"


COLUMNS: tuple[Column, ...] = (
    Column(
        "ion_conductivity_log_s_cm",
        "ion conductivity",
        "Measured conductivity of the anode metal's ion near room temperature, as its decimal "
        "logarithm; of several values the median. A bound of 1e-12 S/cm or less counts as one.",
        _MEASURED,
    ),
    Column(
        "ion_conductivity_source",
        "ion conductivity from",
        "How many values, their range, and where they were published.",
        _MEASURED,
        "text",
    ),
    Column(
        "matrix_conductivity_log_s_cm",
        "matrix conductivity",
        "The same of the contact product that conducts the ion best among those that insulate: "
        "what a conversion layer would conduct through. One that is most likely stable is its own.",
        f"{_MEASURED}; contact products as in against_anode",
    ),
    Column(
        "matrix_conductor",
        "matrix conductor",
        "Which contact product that is.",
        f"{_MEASURED}; contact products as in against_anode",
        "text",
    ),
    Column(
        "matrix_conductivity_source",
        "matrix conductivity from",
        "How many values of that product, their range, and where they were published.",
        _MEASURED,
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Look up the candidate and its contact products."""
    values, known, ion = Values(len(case)), measured(case.anode.symbol), case.anode.symbol
    at = known.rows_of(case.compositions)
    none = f"no measured {ion} ion conductivity in conductivities.csv"
    reason = np.append(known.reason, none)[at]
    values.add("ion_conductivity_log_s_cm", np.append(known.log_s_cm, np.nan)[at], reason)
    values.add("ion_conductivity_source", np.append(known.source, "")[at], reason)
    phase, reason = _best_product(case, known)
    at = known.rows_of(case.phases.compositions.take(np.maximum(phase, 0)))
    at[phase < 0] = -1
    names = np.append(case.phases.names, "")
    values.add("matrix_conductivity_log_s_cm", np.append(known.log_s_cm, np.nan)[at], reason)
    values.add("matrix_conductor", names[phase], reason)
    values.add("matrix_conductivity_source", np.append(known.source, "")[at], reason)
    return values


@dataclass(frozen=True)
class Measured:
    """Conductivities of one ion by composition.

    Attributes:
        key: hashes of the compositions, ascending.
        log_s_cm: log10 of the conductivity in S/cm, NaN where only an upper bound was measured
            that is not negligible.
        source, reason: where each is from, or why it has no value; one of the two is "".
    """

    key: HashArray
    log_s_cm: FloatArray
    source: Texts
    reason: Texts

    def rows_of(self, compositions: Compositions) -> IntArray:
        """Row of each composition, -1 where nothing was measured."""
        if not len(self.key):
            return np.full(len(compositions), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.key, compositions.key), len(self.key) - 1)
        return np.where(self.key[at] == compositions.key, at, -1)


@cache
def measured(ion: str) -> Measured:
    """The values of an ion, such as Li."""
    rows = [row for row in rows_of("conductivities") if row["ion"] == ion]
    keys = Compositions.from_formulas(row["formula"] for row in rows).key
    distinct = np.unique(keys)
    groups = [[rows[i] for i in np.flatnonzero(keys == key)] for key in distinct]
    found = [_summary(group) for group in groups]
    values, sources, reasons = zip(*found, strict=True) if found else ((), (), ())
    return Measured(
        distinct,
        np.array(values, dtype=float),
        np.array(sources, dtype=object),
        np.array(reasons, dtype=object),
    )


def _summary(rows: list[dict[str, str]]) -> tuple[float, str, str]:
    """Median of log10 and source; NaN and reason where bounds are all there is and say little."""
    exact = [row for row in rows if row["bound"] == "exact"]
    if not exact:
        bound = min(float(row["conductivity_s_cm"]) for row in rows)
        if bound <= NEGLIGIBLE_S_CM:
            return round(float(np.log10(bound)), 3), f"upper bound, {_cite(rows)}", ""
        return np.nan, "", f"measured only to be below {bound:.2g} S/cm ({_cite(rows)})"
    values = sorted(float(row["conductivity_s_cm"]) for row in exact)
    median = round(float(np.median(np.log10(values))), 3)
    if len(exact) == 1:
        return median, f"one value, {_cite(exact)}", ""
    span = f"{values[0]:.2g} to {values[-1]:.2g} S/cm"
    return median, f"median of {len(exact)}, {span}, {_cite(exact)}", ""


def _cite(rows: list[dict[str, str]]) -> str:
    """Where values were published, and which were not read there."""
    cited = []
    for row in rows:
        recalled = " (recalled)" if row["provenance"] == "recalled" else ""
        place = f"doi:{row['doi']}" if row["doi"] else row["note"].partition(",")[0]
        cited.append(place + recalled)
    return ", ".join(dict.fromkeys(cited))


def _best_product(case: Case, known: Measured) -> tuple[IntArray, Texts]:
    """The phase of the best-conducting insulating product (-1: none), or why there is none.

    A candidate that is most likely stable is its own product.
    """
    state, _ = against_anode.standing(case)
    mixtures, names = case.equilibria.profiles.products.take(state), case.phases.formulas
    insulates = case.facts.conducts[mixtures.phase] == 0
    at = known.rows_of(case.phases.compositions.take(mixtures.phase))
    value = np.append(known.log_s_cm, np.nan)[at]
    score = np.where(insulates & ~np.isnan(value), value, -np.inf)
    owner = np.repeat(np.arange(len(case)), np.diff(mixtures.start))
    best = np.lexsort((score, owner))[mixtures.start[1:] - 1]
    there = np.isfinite(score[best])
    silent: dict[int, list[str]] = {}
    for i in np.flatnonzero(insulates & ~there[owner]).tolist():
        silent.setdefault(int(owner[i]), []).append(names[mixtures.phase[i]])
    reason = np.full(len(case), "no contact product is known to insulate", dtype=object)
    for i, products in silent.items():
        reason[i] = f"no measured {case.anode.symbol} ion conductivity of {', '.join(products)}"
    return np.where(there, mixtures.phase[best], -1), reason
