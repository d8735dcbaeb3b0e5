"""Models as figures in JSON files, never code: written whole, refused if altered or of other kind.

Models are shipped with the tables that they are fitted to. Those of the literature table that are
fitted to rows of the user's as well are in the store, and count as long as these rows are there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from screen import files, literature
from screen.errors import DataError
from screen.store import key_of, of_home
from screen.tables import DATA, datasets, seal

T = TypeVar("T")
AGAIN = "run 'python -m screen model train'"
KIND = "models"
"""What models are called in the store."""


def tables(known: literature.Table) -> dict[str, str]:
    """Digests of what the models of a literature table are fitted to."""
    return {**known.digests, "reference_phases": str(datasets()["reference_phases"]["sha256"])}


def of_literature(
    name: str,
    kind: type[T],
    *,
    form: int,
    features: Sequence[str],
    tables: Callable[[literature.Table], dict[str, str]] = tables,
) -> T:
    """The model of the literature table that is in force: that of all rows, or, if none was fitted
    to the user's rows as they are now, the shipped one.

    Args:
        kind, form, features: as of `read`.
        tables: digests of what it must have been fitted to.

    Raises:
        DataError: as `read`.
    """
    known = literature.table(own=True)
    if literature.OWN in known.digests:
        content = of_home().get(KIND, _key(name, tables(known), form, features))
        if content is not None:
            with suppress(DataError):  # as good as none
                return _parsed(content, name, kind, form, features, tables(known))
    path, fitted_to = DATA / f"{name}.json", tables(literature.table())
    return read(path, kind, form=form, features=features, fitted_to=fitted_to)


def write_of_literature(name: str, model: Any, *, form: int, features: Sequence[str]) -> None:
    """Put a model of the literature table in force: with the shipped ones, or, if it was fitted to
    rows of the user's, in the store, where it counts as long as these rows are as they were.

    Raises:
        DataError: if it cannot be written.
    """
    if literature.OWN not in model.fitted_to:
        write(DATA / f"{name}.json", model, form=form)
        return
    of_home().put(KIND, _key(name, model.fitted_to, form, features), _text(model, form).encode())


def _key(name: str, fitted_to: Mapping[str, str], form: int, features: Sequence[str]) -> str:
    return key_of(name, dict(fitted_to), form, list(features))


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
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path.name} is missing; {AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be read as a model; {AGAIN}") from error
    key = (path.name, content, kind, form, tuple(features), *sorted(fitted_to.items()))
    if key not in _read:
        _read[key] = _parsed(content, path.name, kind, form, features, fitted_to)
    found: T = _read[key]
    return found


_read: dict[tuple[object, ...], Any] = {}
"""Models by what they were read from and held to."""


def _parsed(
    content: bytes,
    name: str,
    kind: type[T],
    form: int,
    features: Sequence[str],
    fitted_to: Mapping[str, str],
) -> T:
    """A model from the content of its file; arguments and errors as of `read`."""
    try:
        said: dict[str, Any] = json.loads(content)
        stated = str(said.pop("sha256"))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
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
    try:
        files.write_aside(path, _text(model, form).encode())
        if path.parent == DATA:
            seal(DATA)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


def _text(model: Any, form: int) -> str:
    content = json.loads(json.dumps({"format": form} | asdict(model)))
    return json.dumps(content | {"sha256": _digest(content)}, indent=1, ensure_ascii=False) + "\n"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
