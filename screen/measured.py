"""What cells have measured: of a composition, and of materials that no table of energies can hold.

The rows are those of the literature table and the user's own. A cell counts for each formula that
acts in it, alone or with others.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from screen import literature
from screen.columns import Column, Values
from screen.composition import Compositions
from screen.formatting import number
from screen.literature import Row
from screen.literature.columns import OUTCOMES
from screen.materials import mistaken
from screen.tables import role_names

GROUP = "measured"
"""The group of the columns, and the name of the section of the card."""
TITLE = "Measured in cells"
HEAD = (
    *("cell", "outcome", "CCD, mA/cm²", "life", "mA/cm²", "mAh/cm²", "control"),
    *("Ω cm²", "mV", "CE, %", "material", "reference"),
)
"""Heads of `line`."""
_READ_FROM = {
    "outcome": "outcome",
    "CCD, mA/cm²": "ccd_ma_cm2",
    "life": "lifetime_h",
    "mA/cm²": "current_ma_cm2",
    "mAh/cm²": "capacity_mah_cm2",
    "Ω cm²": "interface_resistance_ohm_cm2",
    "mV": "nucleation_overpotential_mv",
    "CE, %": "ce_percent",
    "material": "material_label",
    "reference": "reference",
}
"""Columns of the literature table that stand under a head as they are."""
NUMBERS = frozenset([2, 3, 4, 5, 7, 8, 9])
"""Places in HEAD that hold numbers."""
NONE = "No cell of it is in the literature table."
_BY = "literature.csv and rows of one's own"
_BEST: tuple[tuple[str, str, str, str, bool], ...] = (
    (
        *("measured_ccd_ma_cm2", "ccd_ma_cm2"),
        *("CCD, measured", "Highest critical current density", True),
    ),
    ("measured_life_h", "lifetime_h", "life, measured", "Longest life in hours of cycling", True),
    (
        *("measured_overpotential_mv", "nucleation_overpotential_mv"),
        *("overpotential, measured", "Lowest nucleation overpotential", False),
    ),
    (
        *("measured_resistance_ohm_cm2", "interface_resistance_ohm_cm2"),
        *("resistance, measured", "Lowest interface resistance", False),
    ),
)
"""Column, figure of a row, label, meaning, and whether more is better."""


def columns() -> tuple[Column, ...]:
    """What the cells of a candidate add to the table."""
    of = "of the cells in which it acts, alone or with others; conditions differ, see the card"
    return (
        Column(
            "measured_cells",
            "cells measured",
            "How many cells papers or rows of one's own report in which it acts, alone or with "
            "others.",
            _BY,
            dimensionless=True,
            rounding=0,
        ),
        Column(
            "measured_outcomes",
            "outcomes of cells",
            "What these cells did beside their controls, and how many.",
            _BY,
            "text",
        ),
        *(Column(name, label, f"{said} {of}.", _BY) for name, _, label, said, _ in _BEST),
        Column("measured_references", "papers of cells", "The papers of these cells.", _BY, "text"),
    )


def rows_by_key() -> dict[int, list[Row]]:
    """The rows of each composition that acts in one, by its key."""
    found: dict[int, list[Row]] = {}
    acting = [
        (row, formula) for row in literature.rows(own=True) for formula in row.active_formulas
    ]
    keys = Compositions.from_formulas([formula for _, formula in acting]).key.tolist()
    for (row, _), key in zip(acting, keys, strict=True):
        rows = found.setdefault(key, [])
        if not rows or rows[-1] is not row:  # two formulas of a row may be one compound
            rows.append(row)
    return found


def values(compositions: Compositions) -> Values:
    """The columns of `columns` for some candidates."""
    cells = rows_by_key()
    count = len(compositions.key)
    told = [(i, cells[key]) for i, key in enumerate(compositions.key.tolist()) if key in cells]
    numbers = np.zeros(count)
    outcomes, references = np.full((2, count), "none", dtype=object)
    best = np.full((len(_BEST), count), np.nan)
    reason = np.full(count, "no cell of it is in the literature table", dtype=object)
    for i, rows in told:
        numbers[i] = len(rows)
        outcomes[i] = outcomes_said(rows)
        references[i] = "; ".join(dict.fromkeys(row.reference for row in rows))
        best[:, i] = [_best(rows, figure, more) for _, figure, _, _, more in _BEST]
        reason[i] = "none of its cells states it"
    found = Values(count)
    found.add("measured_cells", numbers)
    found.add("measured_outcomes", outcomes)
    for (name, *_), figures in zip(_BEST, best, strict=True):
        found.add(name, figures, reason)
    found.add("measured_references", references)
    return found


def _best(rows: Iterable[Row], figure: str, more: bool) -> float:
    """The best of a figure of cells, failures aside; NaN if none states it."""
    known = [float(getattr(row, figure)) for row in rows if row.outcome != "failed"]
    known = [value for value in known if not math.isnan(value)]
    return (max if more else min)(known, default=math.nan)


def outcomes_said(rows: Sequence[Row]) -> str:
    """How many cells did what: "9 better, 1 same, 2 not stated"."""
    counted = Counter(row.outcome for row in rows)
    return ", ".join(f"{counted[word]} {word}" for word in OUTCOMES if counted[word])


def summary(rows: Sequence[Row]) -> str:
    """The cells in one sentence; "" if there are none."""
    if not rows:
        return ""
    papers, alone = len({row.paper for row in rows}), sum(map(_alone, rows))
    with_others = "" if alone == len(rows) else f", {alone} of them with nothing else that acts"
    parts = [
        f"{len(rows)} {'cell' if len(rows) == 1 else 'cells'} in {papers} "
        f"{'paper' if papers == 1 else 'papers'}{with_others}; beside their controls: "
        f"{outcomes_said(rows)}"
    ]
    for (_, figure, _, said, more), unit in zip(_BEST, ("mA/cm²", "h", "mV", "Ω cm²"), strict=True):
        if not math.isnan(value := _best(rows, figure, more)):
            parts.append(f"{said.lower().removesuffix(' in hours of cycling')} {value:g} {unit}")
    return "; ".join(parts) + "."


def _alone(row: Row) -> bool:
    return len(row.active_formulas) == 1


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Cells as a card lists them: first those at the metal, then those in the electrolyte; in each,
    what acts alone before what acts with others; then by the current borne.
    """
    return sorted(
        rows,
        key=lambda row: (
            row.role not in role_names(),
            not _alone(row),
            -np.nan_to_num(max(row.ccd_ma_cm2, row.current_ma_cm2, 0.0)),
            row.reference,
            row.row_id,
        ),
    )


def record(row: Row) -> dict[str, Any]:
    """A cell as plain data, without what is not known of it."""
    known = {name: value for name, value in vars(row).items() if value not in ("", None, ())}
    return {n: v for n, v in known.items() if not (isinstance(v, float) and math.isnan(v))}


def meanings() -> list[str]:
    """What stands under each of HEAD."""
    known = {column.name: column.meaning for column in literature.COLUMNS}
    own = {
        "cell": "Role of the material, class of the electrolyte, kind of cell and test; "
        "temperature and stack pressure if stated.",
        "control": "The same figures of the cell without the material, of the same paper.",
    }
    return [own.get(head) or known[_READ_FROM[head]] for head in HEAD]


def line(row: Row) -> tuple[str, ...]:
    """A cell in the columns of HEAD."""
    cell = f"{row.role.replace('_', ' ')}, {row.electrolyte_class}"
    parts = [cell, row.cell_type if row.cell_type != "symmetric" else ""]
    parts.append(row.test if row.test not in ("cycled", "impedance") else "")
    at = [f"{row.temperature_c:g} °C"] if row.temperature_c == row.temperature_c else []
    at += [f"{row.stack_pressure_mpa:g} MPa"] if row.stack_pressure_mpa > 0 else []
    own = " (own)" if row.provenance == "measured" else ""
    return (
        ", ".join([*filter(None, parts), *at]),
        row.outcome,
        ("> " if row.ccd_censored else "") + _said(row.ccd_ma_cm2),
        _life(row.lifetime_h, row.lifetime_cycles, bound=row.lifetime_censored),
        _said(row.current_ma_cm2),
        _said(row.capacity_mah_cm2),
        _control(row),
        _said(row.interface_resistance_ohm_cm2),
        _said(row.nucleation_overpotential_mv),
        _said(row.ce_percent),
        f"{row.material_label}: {' + '.join(row.active_formulas)}",
        row.reference + own,
    )


def cited(row: Row) -> str:
    """The paper of a cell for a sentence; of an address the server only, which may be long."""
    return re.sub(r"^https?://([^/]+)/.*", r"\1", row.reference)


def _said(value: float) -> str:
    return number(value, None)


def _life(hours: float, cycles: float, *, bound: bool | None) -> str:
    """A life; a lower bound says so."""
    if not math.isnan(hours):
        return f"{'> ' if bound else ''}{hours:g} h"
    return "–" if math.isnan(cycles) else f"{'> ' if bound else ''}{cycles:g} cycles"


def _control(row: Row) -> str:
    """The figures of the control; "–" without one."""
    life = _life(row.control_lifetime_h, row.control_lifetime_cycles, bound=None)
    parts = [life] if life != "–" else []
    for value, said in (
        (row.control_ccd_ma_cm2, "CCD {}"),
        (row.control_interface_resistance_ohm_cm2, "{} Ω cm²"),
        (row.control_nucleation_overpotential_mv, "{} mV"),
        (row.control_ce_percent, "CE {} %"),
    ):
        if not math.isnan(value):
            parts.append(said.format(_said(value)))
    return ", ".join(parts) or (row.control_label and "no figure") or "–"


_FORM = re.compile(
    r"doped|dopant|porous|foam|scaffold|skeleton|cloth|mesh|fibre|nanowire|pattern|paper|graphene|"
    r"cnt|nanotube|crumpled|bowls|framework|(hard|soft) carbon|middle layer",
    re.IGNORECASE,
)
"""What a label says beyond a composition: a dopant, pores, a shape, a place between two others."""


@dataclass(frozen=True)
class Unheld:
    """A material that papers name and a table of energies cannot hold.

    Attributes:
        label: as the papers have it.
        why: what the table cannot hold of it.
        rows: its cells.
    """

    label: str
    why: str
    rows: tuple[Row, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """What it does in these cells."""
        return tuple(dict.fromkeys(row.role for row in self.rows))

    @property
    def formulas(self) -> tuple[str, ...]:
        """What acts in it, as far as it has a formula."""
        return tuple(dict.fromkeys(f for row in self.rows for f in row.active_formulas))

    @property
    def family(self) -> str:
        """Its material family."""
        return self.rows[0].family

    def fits(self, asked: str) -> bool:
        """Whether all words of a text are in what names it."""
        text = "\n".join((self.label, self.family, *self.formulas, *self.roles)).lower()
        return all(word in text for word in _words(asked))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^0-9a-z(){}.\-]+", text.lower()) if word]


def materials(held: Iterable[int]) -> list[Unheld]:
    """Every material of the literature by its label, electrolytes and bare metal aside.

    Args:
        held: keys of the compositions of a table of energies.
    """
    known = frozenset(held)
    rows: dict[str, list[Row]] = {}
    for row in literature.rows(own=True):
        if row.role in role_names():
            rows.setdefault(row.material_label, []).append(row)
    return [Unheld(label, _why(label, own, known), tuple(own)) for label, own in rows.items()]


def unheld(held: Iterable[int]) -> list[Unheld]:
    """Those of `materials` that the table cannot hold, by label."""
    found = [material for material in materials(held) if material.why]
    return sorted(found, key=lambda material: material.label.lower())


def _why(label: str, rows: Sequence[Row], held: frozenset[int]) -> str:
    """What a table with these compositions cannot hold of a material; "" if it holds all of it."""
    formulas = [f for row in rows for f in row.active_formulas if not mistaken(f)]
    if not formulas:
        return "no formula is known of it"
    keys = Compositions.from_formulas(formulas).key.tolist()
    lacking = dict.fromkeys(f for f, key in zip(formulas, keys, strict=True) if key not in held)
    if lacking:
        return f"the table has no energy of {', '.join(lacking)}"
    if _FORM.search(label):
        return "the table holds the composition, not the form: pores, shape, dopants, place"
    return ""
