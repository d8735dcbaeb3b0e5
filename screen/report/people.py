"""What people hand on of a candidate: a sheet with a row for each, and a page of one.

Both say the same in the same order: what it is and how it stands, why, what the anode metal does to
it, how it is made and handled, what cells have done, what would change it. Heads carry units; the
tables for programs hold every column under its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screen import tried
from screen.columns import Column
from screen.formatting import number, text
from screen.report import contact
from screen.report.text_card import Section

_MP = "https://next-gen.materialsproject.org/materials"
_WORD = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""A value such as dry_room."""
_MP_ID = re.compile(r"(?:mp|mvc)-\d+")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """A column of the sheet, and a line of the page.

    Attributes:
        group: the part of the page that it belongs to.
        head: label and unit.
        value: of a row of the ranked table; None where it is missing.
        decimals: of a number; None: four significant digits.
        width: of the column, in characters.
    """

    group: str
    head: str
    value: Callable[[Row], Any]
    decimals: int | None = None
    width: float = 11

    def said(self, row: Row) -> str:
        """The value as text; "" where it is missing."""
        return text(self.value(row), self.decimals, "")


STANDING, CONTACT, MAKING, CELLS, ORIGIN = (
    "How it stands",
    "What happens to it in a cell",
    "How it is made and handled",
    "What cells have done",
    "Where it comes from",
)
_FIGURES = (
    (STANDING, ("rank", "formula", "label", "kind", "score", "score_low", "score_high")),
    (STANDING, ("why", "what_would_change", "failed_gates", "unknown_gates")),
)
_IN_CELL = ("contact_products", "reduction_v", "oxidation_v", "interface_worst_with")
_OF_MAKING = (
    *("made", "made_evidence", "hull_distance_ev_atom", "handling", "hazards"),
    *("precursors", "route", "space_group", "structure_source", "density_g_cm3"),
)
_OF_CELLS = (
    *("measured_cells", "measured_outcomes", "measured_ccd_ma_cm2", "measured_life_h"),
    *("measured_resistance_ohm_cm2", "measured_references"),
)
_RANGES = (
    ("band_gap_ev", "band_gap_min_ev", "band_gap_max_ev"),
    ("bulk_modulus_best_gpa", "bulk_modulus_best_low_gpa", "bulk_modulus_best_high_gpa"),
)
_WIDTHS = {
    **{"rank": 6, "formula": 15, "label": 18, "kind": 12, "handling": 10, "space_group": 10},
    **{"why": 55, "what_would_change": 40, "failed_gates": 30, "unknown_gates": 22},
    **{"contact_products": 20, "protects": 20, "made_evidence": 34, "hazards": 26},
    **{"precursors": 60, "route": 26, "structure_source": 30, "measured_references": 34},
    **{"measured_outcomes": 18, "interface_worst_with": 14},
}
_AGAIN = frozenset({"label", "id"})
"""Texts that say nothing where they are the formula."""


def shown(columns: Mapping[str, Column], anode: str, show: Sequence[str]) -> list[Shown]:
    """The columns of the sheet of a role.

    Args:
        columns: those of the ranked table, by name.
        anode: symbol of the anode metal.
        show: columns that tell candidates of the role apart.
    """

    def plain(group: str, *names: str) -> list[Shown]:
        return [_plain(group, columns[name]) for name in names if name in columns]

    own = [name for name in show if name not in _IN_CELL and name != contact.FILM]
    film = plain(CONTACT, contact.FILM) if contact.FILM in show else []
    ranges = [
        _range(columns[name], low, high)
        for name, low, high in _RANGES
        if {name, low, high} <= columns.keys()
    ]
    return [
        *(one for group, names in _FIGURES for one in plain(group, *names)),
        Shown(CONTACT, f"against {anode}, most likely", contact.with_anode, width=24),
        *film,
        *plain(CONTACT, *own, *_IN_CELL),
        Shown(CONTACT, "tried", lambda row: _tried(anode, row), width=40),
        *ranges,
        *plain(MAKING, *_OF_MAKING),
        *plain(CELLS, *_OF_CELLS),
        *plain(ORIGIN, "id"),
        Shown(ORIGIN, "Materials Project", _address, width=30),
    ]


def _plain(group: str, column: Column) -> Shown:
    def value(row: Row) -> Any:
        found = row.get(column.name)
        if found == "" or (column.name in _AGAIN and found == row["formula"]):
            return None
        if isinstance(found, float) and column.decimals is None:
            return float(f"{found:.4g}")
        if isinstance(found, str) and _WORD.fullmatch(found):
            return found.replace("_", " ")
        return found

    name, decimals = column.name, column.decimals if column.kind == "number" else None
    return Shown(group, head(column), value, decimals, _WIDTHS.get(name, 11))


def head(column: Column, more: str = "") -> str:
    """Label and unit of a column."""
    unit = f" ({column.unit})" if column.unit not in ("", "1") else ""
    return f"{column.label}{more}{unit}"


def _range(column: Column, low: str, high: str) -> Shown:
    """A value with its bounds, as text."""

    def value(row: Row) -> str | None:
        ends = [row.get(name) for name in (column.name, low, high)]
        if ends[0] is None:
            return None
        best, *bounds = (number(end, column.decimals) for end in ends if end is not None)
        return f"{best} ({' to '.join(bounds)})" if len(set(bounds)) > 1 else best

    return Shown(MAKING, head(column, ", range"), value, width=16)


def _tried(anode: str, row: Row) -> str | None:
    return " ".join(one.said for one in tried.found(anode, row["formula"])) or None


def _address(row: Row) -> str:
    """Where the Materials Project has it: by its id where that is known, else by its formula."""
    key = row.get("id") or ""
    return f"{_MP}/{key}" if _MP_ID.fullmatch(key) else f"{_MP}?formula={row['formula']}"


def one_page(columns: Sequence[Shown], row: Row) -> Iterator[Section]:
    """The same of one candidate, as the sections of a page."""
    for group in dict.fromkeys(one.group for one in columns):
        lines = [(one.head, one.said(row)) for one in columns if one.group == group]
        rows = [line for line in lines if line[1]]
        if rows:
            yield Section(group, group, rows=rows)
