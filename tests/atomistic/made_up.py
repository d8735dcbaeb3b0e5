"""Crystals, kinds of runs and calculators that the tests make up."""

from __future__ import annotations

import os
import signal
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from screen.atomistic.jobs import Cell, Job, Kind, NoAnswerError, Result
from screen.structures import Crystal, cell_vectors


def cell_of(group: str, lengths: list[float], *sites: tuple[str, tuple[float, ...]]) -> Cell:
    """A crystal from its asymmetric unit."""
    lattice = cell_vectors(lengths, [90, 90, 90])
    return Cell.of(Crystal("made up", group, lattice, sites, "test"))


_CORNERS = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def _whole(lattice: Any, *sites: tuple[str, Any]) -> Cell:
    """A crystal from all its atoms, without the second that pymatgen takes for a space group."""
    symbols = tuple(symbol for symbol, places in sites for _ in places)
    places = np.concatenate([np.asarray(places, dtype=float) % 1 for _, places in sites])
    rows = (tuple(map(tuple, array.round(8).tolist())) for array in (np.array(lattice), places))
    return Cell(next(rows), symbols, next(rows))


def fcc(symbol: str, a: float) -> Cell:
    return _whole(np.eye(3) * a, (symbol, _CORNERS))


def rock_salt(cation: str, anion: str, a: float) -> Cell:
    return _whole(np.eye(3) * a, (cation, _CORNERS), (anion, _CORNERS + 0.5))


COPPER, SILVER, ALUMINIUM = fcc("Cu", 3.61), fcc("Ag", 4.09), fcc("Al", 4.05)
LIF = rock_salt("Li", "F", 4.027)
_ZINC = np.array([[1 / 3, 2 / 3, 0.0], [2 / 3, 1 / 3, 0.5]])
ZINCITE = _whole(
    cell_vectors([3.2495, 3.2495, 5.2069], [90, 90, 120]),
    ("Zn", _ZINC),
    ("O", _ZINC + np.array([0, 0, 0.3821])),
)


def made_up_job(number: float, folder: Path | None = None, limit: float = 60.0) -> Job:
    """A job whose result depends on its number; its runs are counted in the folder."""
    options = {"number": number} | ({} if folder is None else {"folder": str(folder)})
    return Job(f"Cu{number:g}", COPPER, options, limit)


def counted(folder: Path) -> int:
    return len(list(folder.glob("ran-*")))


def _count(job: Job) -> None:
    if "folder" in job.options:
        (Path(job.options["folder"]) / f"ran-{time.monotonic_ns()}-{os.getpid()}").touch()


def square(job: Job) -> Result:
    """The square, a word, and a reason for the negative ones."""
    _count(job)
    number = float(job.options["number"])
    if number < 0:
        return Result({"word": "below"}, {"square_ev": "it is negative"})
    return Result({"square_ev": number**2 / 7, "word": "above"})


def noisy(job: Job) -> Result:
    print("this goes nowhere")
    warnings.warn("nor does this", stacklevel=1)
    raise ValueError(f"bad {job.formula}\nsecond line")


def sleepy(job: Job) -> Result:
    try:
        time.sleep(30)
    except Exception:
        return Result({"square_ev": 0.0, "word": "swallowed"})
    return square(job)


def busy(job: Job) -> Result:
    """Computes for long, as calculators do: in many small steps."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            time.sleep(0.01)
        except Exception:
            return Result({"square_ev": 0.0, "word": "swallowed"})
    return square(job)


def lasting(job: Job) -> Result:
    _count(job)
    return busy(job)


def fatal(job: Job) -> Result:
    """Kills its process at the number 3, unless the folder holds a file `well`."""
    if job.options["number"] == 3 and not (Path(job.options["folder"]) / "well").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return square(job)


def passing(job: Job) -> Result:
    _count(job)
    raise NoAnswerError("a package is missing", keep=False)


COLUMNS = ("square_ev", "word")


def kind(one: Any = square, size: int = 2) -> Kind:
    return Kind("made_up", 1, size, COLUMNS, one)


class _Broken(Calculator):  # type: ignore[misc]
    """Every force is too large, whatever is moved; or the energy is no number."""

    implemented_properties = ("energy", "forces", "stress")
    energy = 0.0
    force = 1.0

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        sign = np.where(np.arange(len(atoms))[:, None] % 2, 1.0, -1.0)
        forces = self.force * sign * np.ones(3)
        self.results = {"energy": self.energy, "forces": forces, "stress": np.zeros(6)}


def never_converges() -> Any:
    return _Broken()


def not_a_number() -> Any:
    broken = _Broken()
    broken.energy, broken.force = np.nan, 0.0
    return broken


def raises() -> Any:
    raise RuntimeError("no licence for this machine")


class _Bonds(_Broken):
    """So much for each pair of atoms, the less the farther; nothing moves."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        # The slow half of what a worker imports, and few need it.
        from ase.neighborlist import neighbor_list  # noqa: PLC0415

        super().calculate(atoms, properties, system_changes)
        pairs = neighbor_list("d", atoms, 5.0)
        self.results |= {
            "energy": -float(np.exp(-((pairs / 2) ** 2)).sum()),
            "forces": np.zeros((len(atoms), 3)),
        }


def bonds() -> Any:
    return _Bonds()


def deadly() -> Any:
    """Kills its process unless there is the file that DEADLY names, which it tries to make first:
    once if it can be made, else always.
    """
    told = Path(os.environ["DEADLY"])
    if not told.exists():
        with suppress(OSError):
            told.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return _Bonds()
