"""Migration barrier of the anode metal's ion in a crystal, by bond-valence site energies."""

from __future__ import annotations

import importlib.metadata
import pickle
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from screen.atomistic.jobs import Cell, Job, Kind, NoAnswerError, Result
from screen.composition import IntArray

COLUMNS = {
    "E_1D": "migration_barrier_1d_ev",
    "E_2D": "migration_barrier_2d_ev",
    "E_3D": "migration_barrier_ev",
}
"""What bvlain calls them, and the columns."""
HIGHEST_EV = 10.0
"""Above this no path is looked for."""
MOST_POINTS = 150_000
"""A larger grid takes gigabytes: several figures of 100 neighbours for each point."""


def job(
    formula: str, cell: Cell, ion: str, charge: int, resolution_a: float, limit_s: float
) -> Job:
    """The question for the barrier of an ion (element and charge) on a grid of so many Å."""
    options = {"ion": ion, "charge": charge, "resolution_a": resolution_a, "bvlain": version()}
    return Job(formula, cell, options, limit_s)


def version() -> str:
    """Version of bvlain; empty if it is not installed."""
    try:
        return importlib.metadata.version("bvlain")
    except importlib.metadata.PackageNotFoundError:
        return ""


def one(job: Job) -> Result:
    """Lowest energy at which the landscape of the ion's site energy percolates, eV.

    The site energy is a Morse potential to the anions and a screened repulsion from the cations
    (Adams and Rao, phys. stat. sol. a 208, 1746, 2011), computed by bvlain on a grid, of the rigid
    framework without the mobile ions. Energies count from the lowest point.

    Raises:
        NoAnswerError: with the reason why there is none.
    """
    ion, charge = job.options["ion"], job.options["charge"]
    others = {symbol for symbol in job.cell.symbols if symbol != ion}
    if ion not in job.cell.symbols:
        raise NoAnswerError(f"holds no {ion} to migrate")
    if not others:
        raise NoAnswerError("is the metal itself, not ionic")
    resolution = job.options["resolution_a"]
    points = np.prod(np.linalg.norm(job.cell.lattice, axis=1) // resolution)
    if points > MOST_POINTS:
        raise NoAnswerError(f"the cell is too large: {points:.0f} points of the grid")
    try:
        from bvlain import Lain, core  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise NoAnswerError(
            "bvlain is not installed; pip install 'screen-anode-interfaces[transport]'", keep=False
        ) from error
    charged = _with_charges(job.cell.structure, ion, charge)
    calculation = Lain(verbose=False)
    _check_parameters(Path(calculation.cation_file), charged, ion, charge)
    calculation.read_structure(charged, oxi_check=False)
    with mock.patch.object(core, "cKDTree", _one_thread(core.cKDTree)):
        calculation.bvse_distribution(mobile_ion=f"{ion}{charge}+", resolution=resolution)
    with mock.patch.object(calculation, "_percolation_dimension", _copies_joined):
        found = calculation.percolation_barriers(encut=HIGHEST_EV)
    values = {column: round(float(found[theirs]), 4) for theirs, column in COLUMNS.items()}
    reason = f"no path below {HIGHEST_EV:g} eV"
    return Result(
        {column: value for column, value in values.items() if np.isfinite(value)},
        {column: reason for column, value in values.items() if not np.isfinite(value)},
    )


def _copies_joined(labels: IntArray, _: Any = None) -> int:
    """Most cells of a 2 x 2 x 2 block that one cluster joins; bvlain's answer, in one sweep.

    bvlain searches the whole block once for each cluster: two fifths of the time of a run.

    Args:
        labels: of the cluster of each point of the block, 0 outside of all, shape (2x, 2y, 2z).
    """
    half = np.array(labels.shape) // 2
    flat = labels.ravel()
    first = np.zeros(flat.max() + 1, dtype=np.int64)
    first[flat[::-1]] = np.arange(len(flat))[::-1]  # of equal ones the last counts: the first point
    clusters = np.flatnonzero(flat[first] == np.arange(len(first)))
    clusters = clusters[clusters > 0]
    if not len(clusters):
        return 0
    point = np.stack(np.unravel_index(first[clusters], labels.shape), axis=1) % half
    copies = point[:, None] + np.indices((2, 2, 2)).reshape(3, 8).T * half
    return int((labels[tuple(np.moveaxis(copies, 2, 0))] == clusters[:, None]).sum(axis=1).max())


def _with_charges(structure: Any, ion: str, charge: int) -> Any:
    """The structure with whole charges, by bond valences or else by composition.

    Raises:
        NoAnswerError: if no whole charges fit, or those of the ion are not the one of the anode.
    """
    from pymatgen.analysis.bond_valence import BVAnalyzer  # noqa: PLC0415 (takes a second)

    try:
        charged = BVAnalyzer().get_oxi_state_decorated_structure(structure)
    except ValueError:
        guesses = structure.composition.oxi_state_guesses()
        if not guesses or any(value != round(value) for value in guesses[0].values()):
            raise NoAnswerError("not ionic: no whole charges balance") from None
        charged = structure.copy()
        charged.add_oxidation_state_by_element(guesses[0])
    charges = {site.specie.oxi_state for site in charged if site.specie.symbol == ion}
    if charges != {charge}:
        raise NoAnswerError(f"not ionic: {ion} is not {ion}{charge}+ in it")
    return charged


def _check_parameters(file: Path, charged: Any, ion: str, charge: int) -> None:
    """Refuse anions that the ion has no parameters with."""
    from pymatgen.core import Element  # noqa: PLC0415 (takes half a second)

    with file.open("rb") as opened:  # the package's own table
        known = pickle.load(opened).get(Element(ion).Z, {}).get(charge, {})
    anions = {(s.specie.symbol, s.specie.Z, int(s.specie.oxi_state)) for s in charged}
    for symbol, number, oxidation in sorted(anions):
        if oxidation < 0 and oxidation not in known.get(number, {}):
            raise NoAnswerError(
                f"no bond-valence parameters for {ion}{charge}+ with {symbol}{-oxidation}-"
            )


def _one_thread(tree: Any) -> Any:
    """A search tree of scipy that keeps to one thread, whatever is asked for."""

    class OneThread(tree):  # type: ignore[misc]
        def query(self, *arguments: Any, **options: Any) -> Any:
            return super().query(*arguments, **options | {"workers": 1})

    return OneThread


KIND = Kind("barrier", 1, 32, tuple(COLUMNS.values()), one)
