"""pymatgen entries in JSON files, with total energies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from screen.errors import DataError, first_line


def read(path: Path) -> pa.Table:
    """pymatgen entries with total energies; formation energies from the elements among them."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: not readable as JSON ({first_line(error)})") from error
    if not isinstance(raw, list) or not raw:
        raise DataError(f"{path.name}: a list of pymatgen entries is wanted, this is {_kind(raw)}")
    from monty.json import MontyDecoder  # noqa: PLC0415 (pulls in pymatgen, which takes a second)

    try:
        entries = MontyDecoder().process_decoded(raw)
        return to_table(entries, path.name)
    except RecursionError as error:
        raise DataError(f"{path.name}: not readable as JSON (nested too deeply)") from error
    except (AttributeError, KeyError, TypeError, ValueError, ImportError) as error:
        raise DataError(
            f"{path.name}: not a list of pymatgen entries ({first_line(error)})"
        ) from error


def _kind(value: Any) -> str:
    return (
        "an empty list"
        if value == []
        else "nothing"
        if value is None
        else f"a {type(value).__name__}"
    )


def to_table(entries: list[Any], name: str = "entries") -> pa.Table:
    """The table of a list of pymatgen entries, for `Phases`.

    Corrections that the entries carry are part of their energies.

    Raises:
        DataError: for an element without an entry of its own, or runs of r2SCAN beside others.
    """
    types = {str((getattr(e, "parameters", None) or {}).get("run_type") or "") for e in entries}
    schemes = {"r2SCAN" if "R2SCAN" in t.upper() else "GGA/GGA+U" for t in types if t}
    if len(schemes) > 1 or (schemes and "" in types):
        said = ", ".join([*sorted(types - {""}), *(["not stated"] if "" in types else [])])
        raise DataError(
            f"{name}: mixed correction schemes (run types {said}); their energies do not share a "
            "hull, keep one functional"
        )
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
    ids = [str(getattr(entry, "entry_id", None) or entry.name) for entry in entries]
    times = Counter(ids)
    return pa.table(
        {
            "id": [f"{v}#{i}" if times[v] > 1 else v for i, v in enumerate(ids)],
            "formula": [entry.composition.reduced_formula for entry in entries],
            "formation_energy_ev_atom": formation,
            "scheme": [next(iter(schemes), None)] * len(entries),
            "source": [name] * len(entries),
        }
    )
