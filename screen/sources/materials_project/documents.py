"""From documents of the Materials Project to the table of phases."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from screen.errors import DataError
from screen.phases import SCHEMA, Phases
from screen.sources.materials_project.query import THERMO_TYPE, Query
from screen.sources.snapshot import Gap

SCHEME = "MP GGA/GGA+U (MP2020 corrections)"
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


def take(have: dict[str, dict[str, Any]], documents: Documents) -> None:
    """Add documents under the one spelling of their ids, without what only their page needs."""
    for document in documents:
        document["material_id"] = name = normal_id(document["material_id"])
        if "thermo_type" in document:
            document["thermo_type"] = sys.intern(document["thermo_type"])
        else:  # of all that the builder says, the licence
            document["builder_meta"] = _licence(document.get("builder_meta") or {})
        have[name] = document


def normal_id(text: str) -> str:
    """One spelling for ids of the old and the new form."""
    from emmet.core.mpid import AlphaID  # noqa: PLC0415 (emmet takes a second to import)

    return str(AlphaID(text).string)


_COLUMNS = (
    "id formula formation_energy_ev_atom licence band_gap_ev band_gap_min_ev band_gap_max_ev "
    "theoretical density_g_cm3 volume_a3_atom bulk_modulus_gpa shear_modulus_gpa structure"
).split()


def to_phases(pulled: Pulled, query: Query, modulus_cap_gpa: float) -> tuple[Phases, list[Gap]]:
    """The table of a pull, and what could not be had: (id, formula, column, reason).

    Raises:
        DataError: if a document is of another thermo type, or an element has no reference.
    """
    energies: dict[str, float | None] = {}
    described = {document["material_id"] for document in pulled.summary}
    compete = [d for d in pulled.names if d["material_id"] not in described]
    for document in pulled.thermo:
        if document["thermo_type"] != THERMO_TYPE:
            raise DataError(
                f"{document['material_id']} came as {document['thermo_type']}, {THERMO_TYPE} was "
                "asked for; energies of different schemes do not share a hull"
            )
        energies[document["material_id"]] = document["formation_energy_per_atom"]
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    gaps: list[Gap] = []
    for document in (*pulled.summary, *compete):
        name, formula = document["material_id"], document["formula_pretty"]
        energy = energies.get(name)
        if energy is None:
            what = "has no energy" if name in energies else f"has no {THERMO_TYPE} document"
            gaps.append((name, formula, "formation_energy_ev_atom", f"the material {what}"))
            continue
        moduli = []
        for field in ("bulk_modulus", "shear_modulus"):
            modulus, reason = _modulus(document.get(field), modulus_cap_gpa)
            moduli.append(modulus)
            if reason:
                gaps.append((name, formula, f"{field}_gpa", reason))
        volume, sites, gap = (document.get(f) for f in ("volume", "nsites", "band_gap"))
        row = (
            name,
            formula,
            0.0 if abs(energy) < 1e-9 else energy,  # rounding of the reference itself
            document["builder_meta"],
            gap,
            gap,
            gap,
            document.get("theoretical"),
            document.get("density"),
            volume / sites if volume and sites else None,
            *moduli,
            name if name in described else None,
        )
        for values, value in zip(columns.values(), row, strict=True):
            values.append(value)
    if not columns["id"]:
        raise DataError("the query found no material with an energy; widen --chemsys")
    types = {column: SCHEMA.field(column).type for column in columns}
    table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
    for name, value in (
        ("scheme", SCHEME),
        ("source", "Materials Project"),
        ("database_version", pulled.version),
    ):
        table = table.append_column(name, pa.array([value] * len(table), pa.string()))
    systems = [frozenset(system) for system in query.systems] or None
    return Phases(table, name=f"Materials Project {pulled.version}", systems=systems), gaps


def _modulus(value: Any, cap: float) -> tuple[float | None, str]:
    """The Voigt-Reuss-Hill value if it can be one, else why not."""
    if not isinstance(value, dict):
        return None, ""
    voigt, reuss, mean = (value.get(name) for name in ("voigt", "reuss", "vrh"))
    if voigt is None or reuss is None or mean is None:
        return None, "the source has no complete modulus"
    if not 0 < reuss <= voigt * (1 + 1e-6) or voigt > cap:
        return None, f"refused: Reuss {reuss:g}, Voigt {voigt:g} GPa cannot be"
    return float(mean), ""


def _licence(meta: dict[str, Any]) -> str:
    code = str(meta.get("license") or "not stated")
    return LICENCES.get(code, sys.intern(code))
