"""What a battery group would look for first in a ranking of the full table for lithium.

`benchmarks.gate_recall` prints these beside its own figures. None of the names below stands in a
gate or a goal of the program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from screen.composition import parse_formula

Row = Mapping[str, Any]
"""A row of ranked.parquet: one for each role and candidate."""
HEAD = ["check", "found", "wanted", ""]
PRECIOUS_OR_TOXIC = frozenset("Ru Rh Pd Ag Os Ir Pt Au As Cd Hg Tl Pb Be".split())
FILMS = ("Ag", "Mg", "In", "Sn", "Zn", "Al", "Si")
VERDICTS = ("outcome ", "interphase ")
"""What a change of `doubtful_changes` begins with if a verdict hangs on it, not a figure."""


def best(rows: Sequence[Row], role: str, many: int) -> list[Row]:
    """The best of a role, in order."""
    placed = [row for row in rows if row["role"] == role and row["rank"]]
    return sorted(placed, key=lambda row: int(row["rank"]))[:many]


def checks(rows: Sequence[Row], beside_garnet: Sequence[Row] | None) -> Iterator[list[str]]:
    """Lines of a table: what is looked for, what is found, what is wanted, whether it holds.

    Args:
        rows: of a run on all electrolytes.
        beside_garnet: of a run on a garnet alone.
    """
    costly = sum(
        bool(PRECIOUS_OR_TOXIC & parse_formula(row["formula"]).keys())
        for row in best(rows, "interlayer", 100)
    )
    yield _line(
        "precious or toxic elements, first 100 interlayers", costly, "at most 5", costly < 6
    )
    for role in dict.fromkeys(row["role"] for row in rows):
        hang = [row["formula"] for row in best(rows, role, 50) if _hangs(row)]
        what = f"verdicts on doubtful phases, first 50 as {role}"
        yield _line(what, ", ".join(hang) or 0, "0", not hang)
    states = Counter(row["end_state"] for row in best(rows, "alloy", 30))
    twice = [state for state, many in states.items() if many > 1]
    yield _line("end states twice, first 30 alloys", ", ".join(twice) or 0, "0", not twice)
    passing = best(rows, "interlayer", len(rows))
    for formula in ("LiF", "Li3PO4", "Al2O3", "ZnO"):
        yield _place(passing, formula, "interlayers")
    if beside_garnet is not None:
        yield _place(best(beside_garnet, "interlayer", len(rows)), "Li3N", "films on a garnet")
    yield _place(passing, "CuO", "interlayers", upper=False)
    scaffolds = [row for row in best(rows, "host", len(rows)) if row["kind"] == "scaffold"]
    for formula in ("Cu", "Ni"):
        yield _place(scaffolds, formula, "scaffolds")
    films = {row["formula"] for row in passing if row["kind"] == "alloying_film"}
    absent = [formula for formula in FILMS if formula not in films]
    what = f"{', '.join(FILMS)}: not among alloying films"
    yield _line(what, ", ".join(absent) or 0, "0", not absent)


def _hangs(row: Row) -> bool:
    """Whether what is said of a candidate in words would be different with doubtful phases."""
    changes = (row["doubtful_changes"] or "").partition(": ")[2]
    return any(change.startswith(VERDICTS) for change in changes.split("; "))


def _place(placed: Sequence[Row], formula: str, what: str, *, upper: bool = True) -> list[str]:
    """The place of a formula among those that pass, as a share of them."""
    place = next((i for i, row in enumerate(placed, 1) if row["formula"] == formula), None)
    found = "held back" if place is None else f"{place:,} of {len(placed):,}"
    in_upper = place is not None and 2 * place <= len(placed)
    wanted = "upper half" if upper else "not the upper half"
    return _line(f"{formula} among {what}", found, wanted, in_upper == upper)


def _line(what: str, found: object, wanted: str, holds: bool) -> list[str]:
    return [what, str(found), wanted, "holds" if holds else "**does not hold**"]
