"""Where phases come from: a registry of sources, found by name.

A module of this package with a `SOURCE` is in it; nothing else needs to be edited to add one.
Whatever else is asked for is taken for the path of a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from screen.energies.anchored import anchor
from screen.errors import ScreenError, UsageError
from screen.phases import Phases
from screen.settings import Energies

REFERENCE = "reference"
"""Name of the embedded set, the source unless another is asked for."""


@dataclass(frozen=True)
class Source:
    """A source of phases.

    Attributes:
        name: what asks for it.
        load: gives the phases, which name the files that they were read from (`Phases.files`).
        file: of a name that stands for a file: which one that is today. Further columns may be
            joined to it, and a run in batches keeps to it.
    """

    name: str
    load: Callable[[], Phases]
    file: Callable[[], Path] | None = None


@cache
def registered() -> dict[str, Source]:
    """The sources of this package by name.

    Raises:
        ScreenError: if two have the same name.
    """
    found: dict[str, Source] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.ispkg:  # such as the client of a database: slow to import, and not read at each run
            continue
        source = getattr(importlib.import_module(f"{__name__}.{info.name}"), "SOURCE", None)
        if source is None:
            continue
        if source.name in found:
            raise ScreenError(f"two sources are called {source.name!r}; rename one")
        found[source.name] = source
    return dict(sorted(found.items()))


def names() -> str:
    """What may be asked for, as a phrase for errors and help."""
    return ", ".join(repr(name) for name in registered()) + " or a file"


def file_of(source: str) -> Path | None:
    """The file that is meant, or None where a source has no single file."""
    known = registered().get(source)
    if known is None:
        return Path(source)
    return None if known.file is None else known.file()


def pinned(source: str) -> str:
    """What means the same tomorrow and elsewhere on this machine: the whole path of a file."""
    path = file_of(source)
    return source if path is None else str(path.absolute())


def load(
    source: str = REFERENCE,
    gaps: Path | None = None,
    moduli: Path | None = None,
    add: Path | None = None,
    energies: Energies = "table",
) -> Phases:
    """The phases of a source.

    Args:
        source: a registered name, or the path of a file.
        gaps, moduli: files whose columns join those of a file.
        add: a file of further phases, of the same correction scheme.
        energies: as the source has them, or anchored to experiment (screen/energies/anchored.py).

    Raises:
        UsageError: for a file to join to a source that is none.
        DataError: for a file that cannot be read or does not make sense.
    """
    from screen.sources import user_files  # noqa: PLC0415 (modules of this package import it)

    path = file_of(source)
    if path is None:
        if gaps or moduli:
            raise UsageError(f"--gaps and --moduli go with a --source file, not with {source!r}")
        phases = registered()[source].load()
    else:
        phases = user_files.load(path, gaps=gaps, moduli=moduli)
    phases = phases if add is None else user_files.add(phases, add)
    return with_energies(phases, energies)


def with_energies(phases: Phases, energies: Energies) -> Phases:
    """A table as it is, or anchored to experiment.

    Raises:
        DataError: for energies of a scheme whose errors are not known.
    """
    return phases if energies == "table" else anchor(phases)
