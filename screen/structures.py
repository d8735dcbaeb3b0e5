"""Crystal structures: the shipped table of figures, and those that a source refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet

from screen import crystal_files, store
from screen.composition import Compositions, FloatArray
from screen.errors import DataError
from screen.limits import TimeUp, time_limit
from screen.tables import rows_of

BESIDE = ".structures"
"""Ends the name of a file of structures beside a snapshot."""
TABLE = "structures.csv"
"""What the column `structure` says of a phase whose structure is in the shipped table."""
_SAME_PLACE = 1e-3
"""Images of a site nearer than this in each fractional coordinate are one."""


@dataclass(frozen=True, eq=False)
class Crystal:
    """An ordered crystal structure in its conventional cell.

    Attributes:
        space_group: Hermann-Mauguin symbol; its first letter is the centring of the cell.
        lattice: rows are the cell vectors a, b, c in Å, shape (3, 3).
        sites: element and fractional coordinates; of the shipped table those of the asymmetric
            unit, else of the whole cell.
        source: where the figures come from.
    """

    formula: str
    space_group: str
    lattice: FloatArray
    sites: tuple[tuple[str, tuple[float, ...]], ...]
    source: str
    whole_cell: bool = False

    @property
    def measured(self) -> bool:
        """Whether it was found by experiment; a computed one says so first."""
        return not self.source.startswith("DFT")

    @property
    def centring(self) -> str:
        """P, A, B, C, I, F or R."""
        return self.space_group[0]

    @property
    def cell(self) -> tuple[FloatArray, FloatArray]:
        """Lengths a, b, c in Å and angles alpha, beta, gamma in degrees."""
        lengths = np.linalg.norm(self.lattice, axis=1)
        unit = self.lattice / lengths[:, None]
        cosines = [unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]
        return lengths, np.rad2deg(np.arccos(np.clip(cosines, -1.0, 1.0)))

    @cached_property
    def structure(self) -> Any:
        """The whole conventional cell as a pymatgen `Structure`."""
        from pymatgen.core import Lattice, Structure  # noqa: PLC0415 (takes half a second)

        sites = list(self.sites)
        if not self.whole_cell:
            operations = _operations(self.space_group)
            sites = [(symbol, p) for symbol, place in sites for p in _orbit(operations, place)]
        symbols, places = zip(*sites, strict=True)
        return Structure(Lattice(self.lattice), symbols, places)


@cache
def symmetry(space_group: str) -> tuple[str, ...]:
    """Symmetry operations of a space group as texts, "-x, -y, z".

    The setting is the first in pymatgen's table that has this symbol, as `SpaceGroup` chooses; that
    class itself takes a tenth of a second to make one.

    Raises:
        ValueError: for a symbol of none.
    """
    from pymatgen.symmetry.groups import SpaceGroup  # noqa: PLC0415 (takes half a second)

    symbol = SpaceGroup.abbrev_sg_mapping.get(space_group, space_group)
    names = ("hermann_mauguin", "universal_h_m", "hermann_mauguin_u")
    found = [s["symops"] for s in SpaceGroup.SYMM_OPS if symbol in [s[name] for name in names]]
    if not found:
        raise ValueError(f"no space group is called {space_group}")
    return tuple(found[0])


@cache
def _operations(space_group: str) -> FloatArray:
    """Symmetry operations of a space group as affine matrices, shape (operations, 4, 4)."""
    from pymatgen.core.operations import SymmOp  # noqa: PLC0415 (takes half a second)

    return np.array([SymmOp.from_xyz_str(text).affine_matrix for text in symmetry(space_group)])


def _orbit(operations: FloatArray, place: tuple[float, ...]) -> list[tuple[float, ...]]:
    """The distinct images of a place in the cell, each coordinate in [0, 1)."""
    images = (operations @ np.array([*place, 1.0]))[:, :3].round(10) % 1
    near = (np.abs(images[:, None] - images) < _SAME_PLACE).all(axis=2)
    return [tuple(image) for i, image in enumerate(images.tolist()) if not near[i, :i].any()]


@cache
def shipped() -> dict[int, Crystal]:
    """The structures of data/structures.csv by the key of their composition.

    Raises:
        DataError: if the shipped file was changed.
    """
    rows = rows_of("structures")
    keys = Compositions.from_formulas([row["formula"] for row in rows]).key.tolist()
    return {key: _of_row(row) for key, row in zip(keys, rows, strict=True)}


def _of_row(row: dict[str, str]) -> Crystal:
    lengths = [float(row[name]) for name in ("a_a", "b_a", "c_a")]
    angles = [float(row[name]) for name in ("alpha_deg", "beta_deg", "gamma_deg")]
    sites = []
    for site in row["sites"].split(";"):
        symbol, *position = site.split()
        sites.append((symbol, tuple(float(Fraction(x)) for x in position)))
    lattice = cell_vectors(lengths, angles)
    return Crystal(row["formula"], row["space_group"], lattice, tuple(sites), row["source"])


def cell_vectors(lengths: Sequence[float], angles: Sequence[float]) -> FloatArray:
    """Cell vectors from lengths in Å and angles in degrees: a along x, b in the xy plane."""
    a, b, c = lengths
    cos_alpha, cos_beta, cos_gamma = np.cos(np.deg2rad(angles)).round(15)
    sin_gamma = np.sqrt(1 - cos_gamma**2)
    c_y = (cos_alpha - cos_beta * cos_gamma) / sin_gamma
    c_z = np.sqrt(1 - cos_beta**2 - c_y**2)
    return np.array(
        [
            [a, 0.0, 0.0],
            [b * cos_gamma, b * sin_gamma, 0.0],
            [c * cos_beta, c * c_y, c * c_z],
        ]
    )


UNKNOWN = "no structure is known"
"""Why a row of a table that refers to none has none."""


def find(reference: str, phase: str, formula: str) -> Crystal:
    """The structure that a row of a table refers to.

    Args:
        reference: the column `structure`: TABLE, a file of structures beside a snapshot, or a CIF
            or POSCAR file.
        phase: the row's id.
        formula: its formula.

    Raises:
        DataError: with the reason why there is none that can be used.
    """
    if not reference:
        raise DataError(UNKNOWN)
    if reference == TABLE:
        found = shipped().get(int(Compositions.from_formulas([formula]).key[0]))
        if found is None:
            raise DataError(f"{TABLE} does not hold it")
        return found
    path = Path(reference)
    beside = path.suffix == BESIDE
    structure = _kept(path, phase) if beside else crystal_files.of_file(path)
    try:
        with time_limit(crystal_files.LIMIT_S):
            return conventional(structure, formula, path.name)
    except TimeUp:
        raise DataError(
            f"{path.name}: finding its symmetry takes more than {crystal_files.LIMIT_S:g} s"
        ) from None
    except DataError:
        raise
    except Exception as error:  # the search for symmetry raises all there is
        said = crystal_files.said(error)
        raise DataError(f"{path.name}: no readable structure ({said})") from error


def _kept(path: Path, phase: str) -> Any:
    """A structure of the file beside a snapshot."""
    text = _beside(path).get(phase)
    if text is None:
        raise DataError(f"{path.name} has no structure of {phase}")
    return crystal_files.of_json(text, path.name)


def structures_of(path: Path) -> dict[str, str]:
    """Structures beside a snapshot, as pymatgen's JSON by id.

    Raises:
        DataError: if the file is missing or damaged.
    """
    content = store.read(path, BESIDE, path.name)
    if content is None:
        raise DataError(
            f"{path.name} is missing or damaged; 'python -m screen pull --structures' brings the "
            "structures again, and without the file the snapshot can be used"
        )
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
    return dict(zip(table["id"].to_pylist(), table["structure"].to_pylist(), strict=True))


_beside = cache(structures_of)


def conventional(structure: Any, formula: str, source: str) -> Crystal:
    """A pymatgen `Structure` in its conventional cell, in the setting of its space-group symbol.

    Raises:
        DataError: if it is disordered, has overlapping atoms or another composition.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer  # noqa: PLC0415

    if not structure.is_ordered:
        raise DataError("the structure is disordered: sites are shared or partly filled")
    if not structure.is_valid(tol=0.5):
        raise DataError("the structure has atoms less than 0.5 Å apart")
    own, wanted = Compositions.from_formulas([structure.composition.reduced_formula, formula]).key
    if own != wanted:
        raise DataError(f"the structure is one of {structure.composition.reduced_formula}")
    symmetry = SpacegroupAnalyzer(structure, symprec=0.01)
    cell = symmetry.get_refined_structure()  # the cell that its symbol is for
    sites = tuple((site.specie.symbol, tuple(site.frac_coords.tolist())) for site in cell)
    symbol = symmetry.get_space_group_symbol()
    return Crystal(formula, symbol, cell.lattice.matrix.copy(), sites, source, whole_cell=True)
