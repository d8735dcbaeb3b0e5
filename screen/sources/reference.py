"""The embedded reference set: named candidates and every phase that competes with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screen import doubtful, structures
from screen.columns import Column
from screen.composition import INDEX, Compositions, parse_formula, undoubled
from screen.errors import DataError
from screen.phases import Phases
from screen.sources import REFERENCE, Source, user_files
from screen.tables import DATA, checked, datasets, electrolytes_of, rows_of, seal
from screen.thermo.competition import Competition, Ragged, competitors
from screen.thermo.hull import stable_table

ANODES = ("Li", "Na", "Mg")
"""Anode metals that the embedded set covers."""

AIR = ({"H", "O"}, {"C", "O"})
"""Elements of what a candidate meets outside the cell: water and oxygen, carbon dioxide."""


COLUMNS: tuple[Column, ...] = (
    Column("label", "label", "Usual name.", "data/candidates.csv", "text"),
    Column("family", "family", "Material family.", "data/candidates.csv", "text"),
    Column(
        "reference",
        "reference",
        "Papers that name the candidate, with numbers in their reference lists.",
        "data/candidates.csv",
        "text",
    ),
)
"""What the set says of a named candidate beside its formula."""


@dataclass(frozen=True)
class Named:
    """A candidate that the set names, with where it comes from."""

    formula: str
    label: str
    family: str
    reference: str


def named_candidates(anode: str) -> tuple[Named, ...]:
    """The candidates that make sense for an anode metal."""
    return tuple(
        Named(row["formula"], row["label"], row["family"], row["reference"])
        for row in rows_of("candidates")
        if {"*", anode} & set(row["anodes"].split()) and row["formula"] != anode
    )


def load() -> Phases:
    """The embedded phases.

    Raises:
        DataError: if a shipped file was changed.
    """
    path = checked("reference_phases")
    table = user_files.load(path).table
    files = (path, checked("reference_systems"), checked("candidates"))
    return Phases(table, name=REFERENCE, systems=_systems(), files=files)


SOURCE = Source(REFERENCE, load)


@cache
def _systems() -> tuple[frozenset[str], ...]:
    """Chemical systems within which the set holds every phase, and all their subsystems."""
    return tuple(frozenset(row["elements"].split()) for row in rows_of("reference_systems"))


def _wanted_systems() -> list[frozenset[str]]:
    """What the set must hold every phase of: candidate, anode metal and surroundings, and labelled
    substrates with lithium; without those that another includes.
    """
    found = set()
    for anode in ANODES:
        around = [
            set(Compositions.from_formulas([e.formula]).row(0)) for e in electrolytes_of(anode)
        ]
        for candidate in named_candidates(anode):
            own = set(Compositions.from_formulas([candidate.formula]).row(0))
            found |= {frozenset(own | {anode} | other) for other in (*around, *AIR)}
    for row in rows_of("lithiophilic_labels"):
        found.add(frozenset({*parse_formula(row["formula"]), "Li"}))
    largest = [system for system in found if not any(system < other for other in found)]
    return sorted(largest, key=sorted)


def without_dilute(phases: Phases) -> Phases:
    """The table without dilute solutions computed in a large cell, such as Mg149Al."""
    keep = ~doubtful.dilute(phases.compositions)
    return Phases(
        phases.select(np.flatnonzero(keep)),
        name=phases.name,
        systems=phases.systems,
        files=phases.files,
    )


def build(source: Path, gaps: Path | None, moduli: Path | None, folder: Path = DATA) -> Path:
    """Write reference_phases.csv and reference_systems.csv from any full snapshot, and the digests
    of all shipped tables.

    The phases on the hull of every system that a named candidate, its anode metal and its
    surroundings span, or a labelled substrate and lithium, with the doubtful phases and without;
    the candidates, electrolytes and materials of interphases themselves; with volume and density of
    those in structures.csv.

    Args:
        source, gaps, moduli: as for `user_files.load`; all phases of those systems must be there.
        folder: the folder of the shipped tables.

    Raises:
        DataError: if the snapshot lacks a named candidate.
    """
    full = without_dilute(user_files.load(source, gaps=gaps, moduli=moduli))
    seal(folder)
    everything = Competition(full.compositions, full.energy)
    sound = everything.only(np.flatnonzero(doubtful.entries(full.compositions) < 0))
    wanted = _wanted_systems()
    systems = [sorted(INDEX[symbol] for symbol in system) for system in wanted]
    ragged = Ragged(np.cumsum([0, *map(len, systems)]), np.array([e for s in systems for e in s]))
    rows = np.union1d(
        *(competitors(stable_table(t)[0], ragged)[0].value for t in (everything, sound))
    )
    named = [row["formula"] for row in rows_of("candidates")]
    named += [row["formula"] for row in rows_of("electrolytes") if not row["note"]]
    own = full.rows_of(Compositions.from_formulas(named))
    absent = [formula for formula, row in zip(named, own, strict=True) if row < 0]
    if absent:
        raise DataError(f"{full.name}: no phase for {', '.join(absent[:5])}")
    seen = [row["formula"] for row in rows_of("interphases")]
    studied = full.rows_of(Compositions.from_formulas(seen))
    rows = np.union1d(rows, np.concatenate([own, studied[studied >= 0]]))
    part = full.select(
        np.array(sorted(rows.tolist(), key=lambda row: undoubled(full.formulas[row])))
    )
    facts = datasets()["reference_phases"]
    for column in ("scheme", "database_version", "source", "licence"):
        values = pc.fill_null(part.column(column), facts[column])
        part = part.set_column(part.schema.get_field_index(column), column, values)
    part = _with_structures(part)
    path = folder / "reference_phases.csv"
    Phases(part, name=path.name).write_csv(path)
    lines = ["elements", *(" ".join(sorted(system)) for system in wanted)]
    (folder / "reference_systems.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    seal(folder)
    return path


def _with_structures(part: pa.Table) -> pa.Table:
    """Volume and density of the phases whose structure is shipped."""
    shipped = structures.shipped()
    columns: dict[str, list[float | str | None]] = {
        name: [None] * len(part) for name in ("structure", "volume_a3_atom", "density_g_cm3")
    }
    for row, key in enumerate(Compositions.from_formulas(part["formula"].to_pylist()).key.tolist()):
        if key in shipped:
            cell = shipped[key].structure
            columns["structure"][row] = structures.TABLE
            columns["volume_a3_atom"][row] = round(float(cell.volume) / len(cell), 4)
            columns["density_g_cm3"][row] = round(float(cell.density), 4)
    for name, values in columns.items():
        at = part.schema.get_field_index(name)
        part = part.set_column(at, name, pa.array(values, part.schema.field(name).type))
    return part
