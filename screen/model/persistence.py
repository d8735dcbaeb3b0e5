"""Models as figures in JSON files, never code: written whole, refused if altered or of other kind.

Models are shipped with the tables that they are fitted to. Those of the literature table that are
fitted to rows of the user's own as well are kept beside these, and used as long as there are any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from screen import files, literature
from screen.errors import DataError
from screen.tables import DATA, datasets, seal, sha256

T = TypeVar("T")
AGAIN = "run 'python -m screen model train'"


def of_literature(name: str, kind: type[T], *, form: int, features: Sequence[str]) -> T:
    """The model of the literature table that is in force; arguments and errors as `read`."""
    path, fitted_to = place(name), tables()
    key = (path, sha256(path) if path.is_file() else "", *fitted_to.values())
    if key not in _read:
        _read[key] = read(path, kind, form=form, features=features, fitted_to=fitted_to)
    found: T = _read[key]
    return found


_read: dict[tuple[object, ...], Any] = {}
"""Models by file, its digest and those of the tables."""


def place(name: str) -> Path:
    """Where the model of the literature table is that is in force."""
    own = literature.own_path()
    return (own.parent / "models" if own.is_file() else DATA) / f"{name}.json"


def tables() -> dict[str, str]:
    """Digests of what the models of the literature table are fitted to."""
    return literature.digests(own=True) | {
        "reference_phases": str(datasets()["reference_phases"]["sha256"])
    }


def read(
    path: Path, kind: type[T], *, form: int, features: Sequence[str], fitted_to: Mapping[str, str]
) -> T:
    """A model from its file.

    Args:
        kind: the dataclass that it is.
        form: format of the file that this program reads.
        features: descriptors that this program hands to it.
        fitted_to: digests of the tables that it must have been fitted to, by name.

    Raises:
        DataError: if the file is missing, was altered, is of another format, has other features or
            was fitted to another table.
    """
    name = path.name
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stated = str(said.pop("sha256"))
    except FileNotFoundError as error:
        raise DataError(f"{name} is missing; {AGAIN}") from error
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise DataError(f"{name} cannot be read as a model; {AGAIN}") from error
    if stated != _digest(said):
        raise DataError(f"{name} was altered: its digest is not {stated[:12]}; {AGAIN}")
    if (found := said.pop("format", None)) != form:
        raise DataError(f"{name} is of format {found}, this program reads {form}; {AGAIN}")
    if said.get("features") != list(features):
        raise DataError(
            f"{name} has the features {', '.join(said.get('features', ()))}; this program computes "
            f"{', '.join(features)}; {AGAIN}"
        )
    other = sorted(dict(fitted_to).items() ^ said.get("fitted_to", {}).items())
    if other:
        raise DataError(
            f"{name} was fitted to another state of {other[0][0]} than there is now; {AGAIN}"
        )
    try:
        return TypeAdapter(kind).validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}; {AGAIN}"
        ) from error


def write(path: Path, model: Any, *, form: int) -> None:
    """Write a model whole or not at all; a shipped one gets its digest in datasets.toml.

    Raises:
        DataError: if the file cannot be written.
    """
    content = json.loads(json.dumps({"format": form} | asdict(model)))
    text = json.dumps(content | {"sha256": _digest(content)}, indent=1, ensure_ascii=False) + "\n"
    try:
        files.write_aside(path, text.encode())
        if path.parent == DATA:
            seal(DATA)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
