"""From documents of the Materials Project to the table of phases."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from screen.composition import INDEX, SYMBOLS, Compositions
from screen.errors import DataError
from screen.outside import is_file_name
from screen.phases import SCHEMA, Phases, without_reference
from screen.sources.materials_project.query import Query
from screen.sources.materials_project.usable import Reader, energy_of, normal_id
from screen.sources.snapshot import Gap

LICENCES = {"BY-C": "CC BY 4.0", "BY-NC": "CC BY-NC 4.0"}
Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Pulled:
    """All documents of a complete pull."""

    summary: Documents
    thermo: Documents
    names: Documents
    version: str
    requests: int


def take(route: str, have: dict[str, dict[str, Any]], documents: Documents) -> None:
    """Add documents under the one spelling of their ids, without what only their page needs."""
    for document in documents:
        document["material_id"] = name = normal_id(document["material_id"])
        if route == "thermo":
            document["thermo_type"] = sys.intern(document["thermo_type"])
        else:  # of all that the builder says, the licence
            document["builder_meta"] = _licence(document.get("builder_meta"))
        have[name] = document


_COLUMN_OF = {
    "band_gap": "band_gap_ev",
    "theoretical": "theoretical",
    "density": "density_g_cm3",
    "volume": "volume_a3_atom",
    "nsites": "volume_a3_atom",
    "bulk_modulus": "bulk_modulus_gpa",
    "shear_modulus": "shear_modulus_gpa",
}
_COLUMNS = (
    "id formula formation_energy_ev_atom licence band_gap_ev band_gap_min_ev band_gap_max_ev "
    "theoretical density_g_cm3 volume_a3_atom bulk_modulus_gpa shear_modulus_gpa structure"
).split()


def to_phases(pulled: Pulled, query: Query, modulus_cap_gpa: float) -> tuple[Phases, list[Gap]]:
    """The table of a pull, and what could not be had: (id, formula, column, reason).

    Raises:
        DataError: if a document is of another thermo type, or no material can be used.
    """
    energies: dict[str, Any] = {}
    kind = query.thermo_type
    described = {document["material_id"] for document in pulled.summary}
    compete = [d for d in pulled.names if d["material_id"] not in described]
    for document in pulled.thermo:
        if document["thermo_type"].casefold() != kind.casefold():
            raise DataError(
                f"{document['material_id']} came as {document['thermo_type']}, {kind} was "
                "asked for; energies of different schemes do not share a hull"
            )
        energies[document["material_id"]] = document.get("formation_energy_per_atom")
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    gaps: list[Gap] = []
    for document in (*pulled.summary, *compete):
        name = document["material_id"]
        try:
            if name not in energies:
                raise DataError(f"the material has no {kind} document")
            if energies[name] is None:
                raise DataError("the material has no energy")
            row, more = _row(document, energies[name], modulus_cap_gpa)
        except DataError as error:
            said = document.get("formula_pretty")
            formula = said if isinstance(said, str) else ""
            gaps.append((name, formula, "formation_energy_ev_atom", str(error)))
            continue
        gaps += more
        for values, value in zip(
            columns.values(), (*row, name if name in described else None), strict=True
        ):
            values.append(value)
    gaps += _leave_out_what_has_no_reference(columns)
    if not columns["id"]:
        raise DataError("the query found no material with an energy; widen --chemsys")
    types = {column: SCHEMA.field(column).type for column in columns}
    table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
    for column, text in (
        ("scheme", query.scheme),
        ("source", "Materials Project"),
        ("database_version", pulled.version),
    ):
        table = table.append_column(column, pa.array([text] * len(table), pa.string()))
    known = _elements(columns["formula"])
    systems = [known.intersection(system) for system in query.systems] or None
    return Phases(table, name=f"Materials Project {pulled.version}", systems=systems), gaps


def _row(
    document: dict[str, Any], energy: Any, modulus_cap_gpa: float
) -> tuple[tuple[Any, ...], list[Gap]]:
    """The columns of a material but the last, and what of them could not be had.

    Raises:
        DataError: with the reason why the material cannot compete.
    """
    read = Reader(document)
    formula = read.formula()
    gap = read.number("band_gap", least=0)
    volume, sites = read.number("volume", above=0), read.number("nsites", above=0)
    row = (
        document["material_id"],
        formula,
        energy_of(energy),
        document["builder_meta"],
        gap,
        gap,
        gap,
        read.flag("theoretical"),
        read.number("density", above=0),
        volume / sites if volume and sites else None,
        read.modulus("bulk_modulus", modulus_cap_gpa),
        read.modulus("shear_modulus", modulus_cap_gpa),
    )
    gaps = [
        (document["material_id"], formula, _COLUMN_OF[field], why) for field, why in read.faults
    ]
    return row, gaps


def _elements(formulas: list[str]) -> frozenset[str]:
    present = np.unique(Compositions.from_formulas(formulas).element)
    return frozenset(SYMBOLS[e] for e in present)


def _leave_out_what_has_no_reference(columns: dict[str, list[Any]]) -> list[Gap]:
    """Take out all phases of elements that have no energy of their own at zero: a hull without its
    corner answers nothing, and a table without the element refuses what needs it.
    """
    compositions = Compositions.from_formulas(columns["formula"])
    energy = np.array(columns["formation_energy_ev_atom"], dtype=float)
    absent = without_reference(compositions, energy)
    if not absent:
        return []
    out = compositions.holds([INDEX[symbol] for symbol in absent])
    gaps = []
    for i in np.flatnonzero(out).tolist():
        lacking = [s for s in compositions.row(i) if s in absent]
        why = f"left out: no reference at 0 eV/atom for {', '.join(lacking)}"
        gaps.append((columns["id"][i], columns["formula"][i], "formation_energy_ev_atom", why))
    for values in columns.values():
        values[:] = [value for value, gone in zip(values, out.tolist(), strict=True) if not gone]
    return gaps


def _licence(meta: Any) -> str:
    code = meta.get("license") if isinstance(meta, dict) else None
    if not isinstance(code, str) or not is_file_name(code):
        return "not stated"
    return LICENCES.get(code, sys.intern(code))
