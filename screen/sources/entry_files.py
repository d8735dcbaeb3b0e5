"""pymatgen entries, with total energies: in memory, or in JSON as pymatgen writes it.

No decoder runs over a file. A few classes of entries are known by name and are read as what they
are, numbers and texts; whatever else a file names is neither imported nor called.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from screen.composition import INDEX
from screen.errors import DataError
from screen.sheets import text_of
from screen.sources import schemes

ENTRIES = ("ComputedEntry", "ComputedStructureEntry", "PDEntry")
HOLDERS = ("EntrySet", "PhaseDiagram")
_FUNCTIONAL = ("run_type", "functional", "xc", "calculator", "model")
"""Parameters of an entry that may name the functional; the first that is there does."""
_MIXING = re.compile("mixing", re.IGNORECASE)
_MP2020 = "MP2020"
_LARGEST = 2_000_000_000
"""Bytes of a compressed file, unpacked."""


@dataclass(frozen=True)
class Entry:
    """An entry as it is needed here.

    Attributes:
        composition: pymatgen's `Composition`.
        energy: of the whole composition with all its corrections, eV.
        functional: as the entry names it; "" if it does not.
        adjustments: names of its corrections.
    """

    name: str
    composition: Any
    energy: float
    functional: str = ""
    adjustments: tuple[str, ...] = ()


def read(path: Path) -> pa.Table:
    """Entries of a file; formation energies from the elements among them.

    Raises:
        DataError: if it holds none, or what makes no sense; one line says why and what to do.
    """
    raw = _json(path)
    found = [_entry(place, value) for place, value in _entries(raw, path.name)]
    return _table(found, path.name)


def _json(path: Path) -> Any:
    try:
        return json.loads(_unpacked(path) if path.suffix == ".gz" else text_of(path, "JSON"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path.name}: not readable as JSON: line {error.lineno}, column {error.colno}; it may "
            "be cut short, write it again with pymatgen or monty"
        ) from None
    except (RecursionError, ValueError):
        raise DataError(
            f"{path.name}: not readable as JSON: nested too deeply, or a number too long"
        ) from None


def _unpacked(path: Path) -> str:
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise DataError(f"{path.name}: not a whole gzip file; write it again") from None
    if len(data) > _LARGEST:
        raise DataError(f"{path.name}: more than {_LARGEST:,} bytes when unpacked; split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not text in UTF-8 when unpacked") from None


def _entries(raw: Any, name: str) -> Iterable[tuple[str, Any]]:
    """The entries in what pymatgen writes, each with the place where it stands."""
    if isinstance(raw, Mapping):
        held = raw.get("computed_data")
        for holder in (raw, held if isinstance(held, Mapping) else {}):
            for key in ("entries", "all_entries"):
                if isinstance(holder.get(key), list):
                    return _numbered(holder[key], name)
        if raw.get("@class") in ENTRIES:
            return [(f"{name}: the entry", raw)]
        values = {key: value for key, value in raw.items() if not key.startswith("@")}
        if values and all(isinstance(value, Mapping) for value in values.values()):
            return [(f"{name}: {key[:60]!r}", value) for key, value in values.items()]
    elif isinstance(raw, list):
        return _numbered(raw, name)
    raise DataError(
        f"{name}: a list of pymatgen entries is wanted (or {' or '.join(HOLDERS)}, or entries by "
        f"name), this is {_kind(raw)}"
    )


def _numbered(values: list[Any], name: str) -> list[tuple[str, Any]]:
    if not values:
        raise DataError(f"{name}: a list of pymatgen entries is wanted, this is an empty list")
    return [(f"{name}: entry {i}", value) for i, value in enumerate(values, 1)]


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"an object of class {value['@class']!s:.60}" if "@class" in value else "an object"
    return "nothing" if value is None else f"a {type(value).__name__}"


def _entry(place: str, value: Any) -> Entry:
    """An entry from its JSON, as pymatgen's `from_dict` would read it."""
    if not isinstance(value, Mapping):
        raise DataError(f"{place} is {_kind(value)}, no entry of pymatgen")
    kind = value.get("@class", "")
    if kind not in ENTRIES:
        if "formula" in value or "formula_pretty" in value:
            raise DataError(
                f"{place} is a record, not an entry of pymatgen; save the table as CSV, with "
                "formula and formation_energy_per_atom"
            )
        said = f"of class {kind!s:.60}" if kind else "without a class"
        raise DataError(f"{place} is {said}; {', '.join(ENTRIES)} are read")
    composition = _composition(place, value)
    adjustments = _listed(value.get("energy_adjustments"))
    correction = (
        math.fsum(_number(place, "an adjustment", _value(one)) for one in adjustments)
        if adjustments
        else _number(place, "correction", value.get("correction") or 0.0)
    )
    energy = _number(place, "energy", value.get("energy")) + correction
    if not math.isfinite(energy):
        raise DataError(f"{place} ({composition.reduced_formula}): its energy is {energy}")
    parameters = value.get("parameters")
    name = value.get("entry_id") or value.get("name") or composition.reduced_formula
    return Entry(
        str(name),
        composition,
        energy,
        _functional(parameters if isinstance(parameters, Mapping) else {}),
        tuple(f"{one.get('name', '')} {one.get('cls', '')}" for one in adjustments),
    )


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _value(adjustment: Mapping[str, Any]) -> Any:
    """What an adjustment adds to the energy, eV; of each of pymatgen's kinds."""
    if "value" in adjustment:
        return adjustment["value"]
    try:
        per_atom = adjustment.get("adj_per_atom")
        if per_atom is None:
            per_atom = adjustment["adj_per_deg"] * adjustment["temp"]
        return per_atom * adjustment["n_atoms"]
    except (KeyError, TypeError):
        return None


def _number(place: str, what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{place}: {what} is {json.dumps(value)[:60]}, a number in eV is wanted")
    return float(value)


def _composition(place: str, value: Mapping[str, Any]) -> Any:
    from pymatgen.core import Composition  # noqa: PLC0415 (takes seconds)

    given = value.get("composition")
    try:
        if given is None:
            given = {}
            for site in value["structure"]["sites"]:
                for part in site["species"]:
                    given[part["element"]] = given.get(part["element"], 0) + part["occu"]
        if isinstance(given, Mapping):
            given = {str(k): float(v) for k, v in given.items() if not str(k).startswith("@")}
        composition = Composition(given).element_composition
        symbols = [element.symbol for element in composition]
    except Exception:  # pymatgen raises all there is
        raise DataError(f"{place}: its composition cannot be read") from None
    if not symbols or composition.num_atoms <= 0:
        raise DataError(f"{place}: its composition is empty")
    if unknown := [symbol for symbol in symbols if symbol not in INDEX]:
        raise DataError(f"{place}: unknown element {unknown[0]!r}")
    return composition


def _functional(parameters: Mapping[str, Any]) -> str:
    return next((str(parameters[key]) for key in _FUNCTIONAL if parameters.get(key)), "")


def to_table(entries: Sequence[Any], name: str = "entries") -> pa.Table:
    """The table of pymatgen entries in memory, for `Phases`.

    Corrections that the entries carry are part of their energies.

    Raises:
        DataError: for an element without an entry of its own, or runs of several functionals.
    """
    return _table([_of_object(entry) for entry in entries], name)


def _of_object(entry: Any) -> Entry:
    adjustments = getattr(entry, "energy_adjustments", None) or ()
    return Entry(
        str(getattr(entry, "entry_id", None) or getattr(entry, "name", "")),
        entry.composition.element_composition,
        float(entry.energy),
        _functional(getattr(entry, "parameters", None) or {}),
        tuple(f"{one.name} {one.cls}" for one in adjustments),
    )


def _scheme(entries: Sequence[Entry], name: str) -> str | None:
    """What the entries say of their scheme.

    Run types name the functional; which corrections the energies carry is known only of entries
    that carry those of the Materials Project by name, or adjustments of a mixing scheme.

    Raises:
        DataError: for several functionals in one file.
    """
    adjustments = {text for entry in entries for text in entry.adjustments}
    if any(_MIXING.search(text) for text in adjustments):
        return schemes.MIXED
    said = {entry.functional for entry in entries}
    functionals = {schemes.functional_of_run(text) for text in said if text}
    if len(functionals) > 1 or (functionals and "" in said):
        listed = ", ".join([*sorted(said - {""}), *(["not stated"] if "" in said else [])])
        raise DataError(
            f"{name}: mixed functionals (run types {listed}); their energies do not share a hull, "
            "keep one functional"
        )
    functional = next(iter(functionals), None)
    if functional in (None, schemes.GGA) and any(_MP2020 in text for text in adjustments):
        return schemes.MP_GGA
    return functional


def _table(entries: Sequence[Entry], name: str) -> pa.Table:
    scheme = _scheme(entries, name)
    reference: dict[str, float] = {}
    for entry in entries:
        if len(entry.composition) == 1:
            symbol = entry.composition.elements[0].symbol
            per_atom = entry.energy / entry.composition.num_atoms
            reference[symbol] = min(reference.get(symbol, np.inf), per_atom)
    absent = {e.symbol for entry in entries for e in entry.composition} - reference.keys()
    if absent:
        raise DataError(
            f"{name}: no entry for the element{'s' if len(absent) > 1 else ''} "
            f"{', '.join(sorted(absent))}; formation energies need each element's own energy"
        )
    formation = []
    for entry in entries:
        parts = sum(n * reference[e.symbol] for e, n in entry.composition.items())
        pure = len(entry.composition) == 1
        energy = (entry.energy - parts) / entry.composition.num_atoms
        formation.append(0.0 if pure and abs(energy) < 1e-12 else energy)
    times = Counter(entry.name for entry in entries)
    ids = [f"{e.name}#{i}" if times[e.name] > 1 else e.name for i, e in enumerate(entries)]
    return pa.table(
        {
            "id": ids,
            "formula": [entry.composition.reduced_formula for entry in entries],
            "formation_energy_ev_atom": formation,
            "scheme": pa.array([scheme] * len(entries), pa.string()),
            "source": [name] * len(entries),
        }
    )
