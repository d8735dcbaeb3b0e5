"""Fitted parameters as figures in JSON, never code: refused if altered or of other kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from screen.errors import DataError
from screen.tables import checked

T = TypeVar("T")
AGAIN = "run 'python -m screen model train'"


def shipped(name: str, kind: type[T], form: int, fitted_to: Mapping[str, str]) -> T:
    """The parameters of data/<name>.json.

    Args:
        kind, form, fitted_to: as of `parsed`.

    Raises:
        DataError: as `parsed`, or if the file is not the one that was sealed.
    """
    path = checked(name, ".json")
    return parsed(path.read_bytes(), path.name, kind, form, fitted_to)


def parsed(
    content: bytes,
    name: str,
    kind: type[T],
    form: int,
    fitted_to: Mapping[str, str],
    features: Sequence[str] | None = None,
) -> T:
    """Parameters from the content of their file.

    Args:
        name: of the file, for messages.
        kind: the dataclass that they are.
        form: format of the file that this program reads.
        fitted_to: digests of the tables that they must have been fitted to, by name.
        features: descriptors that this program hands to the model, if the file names them.

    Raises:
        DataError: if the content was altered, is of another format, has other features or was
            fitted to another table.
    """
    try:
        said: dict[str, Any] = json.loads(content)
        stated = str(said.pop("sha256"))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise DataError(f"{name} cannot be read as a model; {AGAIN}") from error
    if stated != digest(said):
        raise DataError(f"{name} was altered: its digest is not {stated[:12]}; {AGAIN}")
    if (found := said.pop("format", None)) != form:
        raise DataError(f"{name} is of format {found}, this program reads {form}; {AGAIN}")
    if features is not None and said.get("features") != list(features):
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


def digest(content: Mapping[str, Any]) -> str:
    """What a file of parameters states of its own content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
