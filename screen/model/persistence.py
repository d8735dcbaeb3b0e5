"""Models as figures in JSON files, never code: written whole, refused if altered or of other kind.

Models are shipped with the tables that they are fitted to. Those of the literature table that are
fitted to rows of the user's as well are in the store, and count as long as these rows are there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from screen import files, literature, parameters
from screen.errors import DataError
from screen.store import key_of, of_home
from screen.tables import DATA, datasets, seal

T = TypeVar("T")
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
                return parameters.parsed(content, name, kind, form, tables(known), features)
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
        raise DataError(f"{path.name} is missing; {parameters.AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be read as a model; {parameters.AGAIN}") from error
    key = (path.name, content, kind, form, tuple(features), *sorted(fitted_to.items()))
    if key not in _read:
        _read[key] = parameters.parsed(content, path.name, kind, form, fitted_to, features)
    found: T = _read[key]
    return found


_read: dict[tuple[object, ...], Any] = {}
"""Models by what they were read from and held to."""


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
    return (
        json.dumps(content | {"sha256": parameters.digest(content)}, indent=1, ensure_ascii=False)
        + "\n"
    )
