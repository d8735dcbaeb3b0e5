"""The answer of doctor: whether the installation is sound."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

from screen import __version__, files, sealing, tables
from screen.candidates import make_case
from screen.crosscheck import cross_check
from screen.errors import ScreenError
from screen.ranking.roles import roles
from screen.settings import Settings
from screen.sources import materials_project, reference, snapshot

_PACKAGES = (
    *("ase", "matminer", "matplotlib", "mp-api", "numpy", "openpyxl", "pandas", "pyarrow"),
    *("pydantic", "pymatgen", "pymatgen-core", "scikit-learn", "typer"),
)
_EXTRAS = {"bvlain": ("transport", "--barrier"), "chgnet": ("mlip", "--surface")}


def health() -> Iterator[tuple[bool, str]]:
    """Checks of the installation, as (sound, what was found)."""
    yield True, f"screen {__version__}, Python {platform.python_version()}"
    for name in _PACKAGES:
        try:
            yield True, f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield False, f"{name} is missing; install the package again"
    for name, (extra, option) in _EXTRAS.items():
        try:
            yield True, f"{name} {importlib.metadata.version(name)}, for {option}"
        except importlib.metadata.PackageNotFoundError:
            yield True, f"{name} is not installed; {option} needs the extra [{extra}]"
    try:
        yield True, f"shipped tables and models: {sealing.check()}, all as they were sealed"
        phases = reference.load()
        facts = tables.datasets()["reference_phases"]
        yield True, f"reference set: {len(phases)} phases, {phases.scheme}, {facts['licence']}"
        yield True, f"roles: {', '.join(roles())}"
        check = cross_check(make_case(phases, Settings(check_candidates=3, check_interfaces=1))[0])
        yield True, f"kernel and pymatgen agree within {check.largest_difference_v:.0e} V"
    except ScreenError as error:
        yield False, str(error)
    try:
        with tempfile.TemporaryDirectory(dir=Path.cwd()):
            yield True, "results can be written here"
    except OSError as error:
        yield False, f"results cannot be written here: {error.strerror}; use -o"
    yield True, f"endpoint: {materials_project.endpoint_from(os.environ)}, for 'pull' alone"
    try:
        materials_project.key_from(os.environ)
        yield True, "key: MP_API_KEY is set"
        yield True, materials_project.answers(materials_project.endpoint_from(os.environ))
    except ScreenError as error:
        yield True, f"key or endpoint: {error}"
    try:
        found = snapshot.listed(files.home(os.environ) / "snapshots")
        yield True, f"snapshots: {', '.join(s.path.name for s in found) or 'none'}"
    except ScreenError as error:
        yield False, str(error)
