"""Tables of phases that several tests share, and how hypothesis runs."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

# Test processes share the cores, where threads of a library would wait for each other; said before
# numpy is loaded, which asks once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Hundreds of processes are started here: each would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A process with a home of its own would look for the fonts of this machine anew.
os.environ.setdefault("MPLCONFIGDIR", str(Path("~/.cache/matplotlib").expanduser()))

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import typer.main  # noqa: E402
from hypothesis import settings  # noqa: E402

from screen.composition import SYMBOLS, Compositions  # noqa: E402
from screen.thermo.competition import Competition  # noqa: E402
from tests.workers import scheduling, turn_of  # noqa: E402

# The same examples each time; `pytest --hypothesis-profile=explore` looks further.
settings.register_profile("fixed", deadline=None, derandomize=True, database=None, max_examples=80)
settings.register_profile("explore", deadline=None, database=None, max_examples=500)
settings.load_profile("fixed")

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="session")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that the developer keeps has a say in a test, rows of literature least of all.

    Commands are called thousands of times in one process: typer makes their tree once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREEN_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests of this process ask for alike is computed once."""
    from tests.once import computed_once  # noqa: PLC0415 (it loads nearly all of the package)

    computed_once(monkeypatch)


def quicken(package: Path) -> None:
    """Let a copy of the package refit and shuffle less: it measures the same, less surely."""
    for name, whole, quick in (
        ("recovery", "REFITS, SHUFFLES = 30, 99\n", "REFITS, SHUFFLES = 4, 19\n"),
        ("recovery", "\nRIVAL_STRENGTHS = (0.003, 0.03, 0.3)\n", "\nRIVAL_STRENGTHS = (0.03,)\n"),
        ("performance", "\nSHUFFLES = 199\n", "\nSHUFFLES = 19\n"),
        ("energy_errors", "\nFOLDS = 10\nDIVISIONS = 10\n", "\nFOLDS = 3\nDIVISIONS = 1\n"),
    ):
        path = package / "model" / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(whole) == 1
        path.write_text(text.replace(whole, quick), encoding="utf-8")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of flows mostly wait."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Ours in place of that of whole files."""
    return scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: turn_of(item.nodeid))


EMBEDDED = ROOT / "screen/data/reference_phases.csv"
FULL_SIZE = ROOT.parent / "shared/data/mp2019_ground_states.csv"


def competition(path: Path, energy_column: str) -> Competition:
    """A table from a CSV with formulas and energies (eV/atom); absent elements join at zero."""
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    formulas = [line["formula"] for line in lines]
    energies = [float(line[energy_column]) for line in lines]
    elements = [SYMBOLS[e] for e in np.unique(Compositions.from_formulas(formulas).element)]
    missing = sorted(set(elements) - set(formulas))
    return Competition(
        Compositions.from_formulas([*formulas, *missing]),
        np.array([*energies, *[0.0] * len(missing)]),
    )


@pytest.fixture(scope="session")
def full_size() -> Competition:
    """Every ground state of the 2019 database, 85,000 phases."""
    if not FULL_SIZE.exists():
        pytest.skip(f"needs {FULL_SIZE.name}, a table that is not part of the repository")
    return competition(FULL_SIZE, "formation_energy_per_atom_eV")


@pytest.fixture(scope="session")
def embedded() -> Competition:
    """The phases that ship with the package."""
    return competition(EMBEDDED, "formation_energy_ev_atom")


@pytest.fixture(params=["embedded", "full_size"])
def published(request: pytest.FixtureRequest) -> Competition:
    """Each table that must give the published values."""
    table: Competition = request.getfixturevalue(request.param)
    return table


def wait_until(true: Callable[[], bool], seconds: float, pause: float = 0.2) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(pause)
    return true()
