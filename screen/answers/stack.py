"""The answer of cell stack: energy of the reference cell, alone or with a candidate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import cell
from screen.answers.answer import Answer
from screen.columns import Column
from screen.descriptors import capacity
from screen.descriptors.case import Case
from screen.errors import DataError, UsageError, did_you_mean
from screen.formatting import column_of, text
from screen.report import table as report
from screen.report import terminal
from screen.settings import ReferenceCell
from screen.units import plain_name, unit_of

_OF_STACK = "energy_wh_kg energy_wh_l capacity_mah_cm2 voltage_v mass_mg_cm2 thickness_um".split()


def stack(
    settings: ReferenceCell,
    case: Case | None = None,
    role: str = "interlayer",
    density_g_cm3: float | None = None,
) -> Answer:
    """Stack energy of the reference cell, alone or also with the first candidate of a case.

    Args:
        role: as what the candidate is in the cell; one of capacity.STACKS.
        density_g_cm3: of an interlayer, where the table does not know it.

    Raises:
        UsageError: for another role, or a density where it does not belong.
        DataError: with the reason why there is no such cell.
    """
    stacks, gap = {"reference": cell.reference_stack(settings)}, ""
    if case is not None:
        stacks["candidate"], gap = _stack_with(case, role, density_g_cm3)
    rows = [{"quantity": name, "unit": unit_of(name)} | _across(stacks, name) for name in _OF_STACK]
    layers = {
        which: [
            {
                "layer": layer.name,
                "mass_mg_cm2": _number(layer.mass_mg_cm2),
                "thickness_um": _number(layer.thickness_um),
            }
            for layer in of.layers
        ]
        for which, of in stacks.items()
    }
    candidate = None if case is None else {"formula": case.formulas[0], "role": role}
    record = {
        "anode": settings.anode,
        "candidate": candidate,
        "stack": {row["quantity"]: {k: row[k] for k in _COMPARED} for row in rows},
        "layers": layers,
        "gap": gap or None,
        "settings": settings.model_dump(),
    }
    table = pa.Table.from_pylist(report.finite(rows), schema=_STACK_SCHEMA)

    def show(console: Console) -> None:
        said = "" if case is None else f", and with {case.formulas[0]} as {role}"
        compared = _COMPARED if case is not None else _COMPARED[:1]
        terminal.print_title(console, f"Stack of the reference {settings.anode} cell{said}")
        terminal.print_cells(
            console,
            ("quantity", "unit", *compared),
            [
                (plain_name(name), unit_of(name), *(_shown(row[k], name) for k in compared))
                for name, row in zip(_OF_STACK, rows, strict=True)
            ],
            range(2, 2 + len(compared)),
        )
        console.print()
        labels = {
            "mass_mg_cm2": Column("mass_mg_cm2", "mass", "", ""),
            "thickness_um": Column("thickness_um", "thickness", "", ""),
        }
        of_last = layers["reference" if case is None else "candidate"]
        terminal.print_table(
            console, pa.Table.from_pylist(report.finite(of_last)), labels, "Layers"
        )
        if gap:
            terminal.print_sentence(console, f"By volume not known: {gap}.")

    return Answer(table, record, show)


def _shown(value: object, name: str) -> str:
    return text(value, column_of(name, {}).decimals)


_COMPARED = ("reference", "candidate", "change")
_STACK_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("quantity", "unit")),
        *((name, pa.float64()) for name in _COMPARED),
    ]
)


def _across(stacks: Mapping[str, cell.Stack], name: str) -> dict[str, float | None]:
    """One quantity of the reference cell and of that with a candidate, and the change."""
    one, other = (
        _number(getattr(stacks[which], name)) if which in stacks else None
        for which in ("reference", "candidate")
    )
    change = None if one is None or other is None else other - one
    return {"reference": one, "candidate": other, "change": change}


def _number(value: cell.Quantity) -> float:
    """A quantity of one cell as a number."""
    return float(np.ravel(value)[0])


def _stack_with(case: Case, role: str, density_g_cm3: float | None) -> tuple[cell.Stack, str]:
    """The cell with the first candidate, and why its thickness is not known, if so."""
    if role not in capacity.STACKS:
        raise UsageError(f"unknown role {role!r}; {did_you_mean(role, capacity.STACKS)}")
    if density_g_cm3 is None:
        made, reasons = capacity.STACKS[role](case)
    elif role == "interlayer":
        made, reasons = capacity.film_stack(case, density_g_cm3)
    else:
        raise UsageError("--density-g-cm3 goes with --as interlayer")
    formula = case.formulas[0]
    if np.isnan(_number(made.energy_wh_kg)):
        hint = "; give --density-g-cm3" if role == "interlayer" and density_g_cm3 is None else ""
        raise DataError(f"no cell with {formula} as {role}: {reasons[0]}{hint}")
    full = case.equilibria.profiles.products.take(case.equilibria.uptake.state)
    unknown = np.isnan(_number(made.thickness_um))
    return made, case.facts.volumes(full)[1][0] if unknown else ""
