"""Slabs of crystals: faces, adsorption sites, stacks of two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from screen.coincidence import reduced_basis
from screen.composition import FloatArray, IntArray


def faces(structure: Any) -> list[tuple[int, int, int]]:
    """Faces with indices up to 1, one of each symmetry, those of widely spaced planes first.

    Such faces have the most atoms per area and as a rule the lowest energy (Donnay and Harker, Am.
    Mineral. 22, 446, 1937); the spacing is that of lattice planes, centring counted.
    """
    from pymatgen.core.surface import (  # noqa: PLC0415 (takes a second)
        get_symmetrically_distinct_miller_indices as distinct,
    )

    primitive = structure.get_primitive_structure().lattice.matrix

    def spacing(face: tuple[int, int, int]) -> float:
        normal = structure.lattice.reciprocal_lattice_crystallographic.get_cartesian_coords(face)
        crossings = primitive @ normal
        for several in range(1, 7):
            if np.abs(crossings * several - np.round(crossings * several)).max() < 1e-3:
                return float(1 / (several * np.linalg.norm(normal)))
        return 0.0

    found = [(int(h), int(k), int(m)) for h, k, m in distinct(structure, 1)]
    return sorted(found, key=lambda face: (-round(spacing(face), 3), face))


def terminations(
    structure: Any, face: tuple[int, int, int], thickness: float, vacuum: float
) -> Iterator[Any]:
    """Slabs of a face as ASE `Atoms`, z upwards: those of the crystal's composition with two like
    sides.

    A symmetry that exchanges the sides forbids a dipole across the slab, so polar faces (Tasker's
    third type) have none and are left out, no charges needed.

    Args:
        thickness, vacuum: least of each, Å.
    """
    from ase import Atoms  # noqa: PLC0415
    from pymatgen.core.surface import SlabGenerator  # noqa: PLC0415

    generator = SlabGenerator(structure, face, thickness, vacuum, center_slab=True, primitive=True)
    for slab in generator.get_slabs():
        if slab.is_symmetric():
            upright = slab.get_orthogonal_c_slab()
            atoms = Atoms(
                [site.specie.symbol for site in upright],
                scaled_positions=upright.frac_coords,
                cell=upright.lattice.parameters,  # a along x, b in the plane of x and y
                pbc=True,
            )
            yield supercell(atoms, reduced_basis(atoms.cell.array[:2, :2]))


def supercell(slab: Any, matrix: IntArray, plane: FloatArray | None = None) -> Any:
    """A slab repeated by an integer matrix, shape (2, 2), and turned to given cell vectors."""
    from ase.build import make_supercell  # noqa: PLC0415

    whole = np.eye(3, dtype=int)
    whole[:2, :2] = matrix
    bare = slab.copy()
    bare.calc = None
    large = make_supercell(bare, whole)
    if plane is not None:
        set_plane(large, plane)
    return large


def set_plane(slab: Any, plane: FloatArray) -> None:
    """Strain or turn a slab in its plane to other cell vectors, shape (2, 2)."""
    cell = slab.cell.array.copy()
    cell[:2, :2] = plane
    slab.set_cell(cell, scale_atoms=True)


def turned_over(slab: Any) -> Any:
    """A slab lying on its other side, whose plane lattice is the mirror image, vectors swapped."""
    other = slab.copy()
    other.positions[:, 1:] *= -1
    cell = slab.cell.array[[1, 0, 2]]
    cell[:2, 1] *= -1
    other.set_cell(cell)
    other.wrap()
    return other


def sites(slab: Any) -> list[FloatArray]:
    """Where something may sit on a slab: places in the plane (Å), one of each symmetry.

    On top of surface atoms, between two, and in hollows among more (pymatgen's
    `AdsorbateSiteFinder`: Montoya and Persson, npj Comput. Mater. 3, 14, 2017).
    """
    from pymatgen.analysis.adsorption import AdsorbateSiteFinder  # noqa: PLC0415
    from pymatgen.io.ase import AseAtomsAdaptor  # noqa: PLC0415

    bare = slab.copy()
    bare.calc = None
    bare.set_constraint()
    finder = AdsorbateSiteFinder(AseAtomsAdaptor.get_structure(bare))
    found = finder.find_adsorption_sites(distance=0.0, put_inside=True)
    return [place[:2] for place in found["all"]]


def stack(lower: Any, upper: Any, place: FloatArray, gap: float, vacuum: float) -> Any:
    """Put atoms onto a slab, so much above where the first two across touch by covalent radii.

    Args:
        lower: the slab, whose cell counts.
        upper: atoms in the same plane cell, or of none; its lowest atom comes above `place`.
        gap, vacuum: Å, between them and above.
    """
    from ase.data import covalent_radii  # noqa: PLC0415

    joint = lower.copy()
    upper = upper.copy()
    lowest = int(np.argmin(upper.positions[:, 2]))
    upper.positions[:, :2] += place - upper.positions[lowest, :2]
    offset = upper.positions[:, None, :2] - lower.positions[None, :, :2]
    touch = covalent_radii[upper.numbers][:, None] + covalent_radii[lower.numbers]
    plane = lower.cell.array[:2, :2]
    near = np.stack(np.meshgrid([-2, -1, 0, 1, 2], [-2, -1, 0, 1, 2]), axis=-1).reshape(-1, 2)
    fractions = offset @ np.linalg.inv(plane)
    fractions -= np.round(fractions)
    images = (fractions[:, :, None] + near) @ plane
    room = touch[:, :, None] ** 2 - (images**2).sum(axis=-1)
    rise = np.sqrt(np.maximum(room, 0))
    rise += (lower.positions[:, 2] - upper.positions[:, None, 2])[:, :, None]
    upper.positions[:, 2] += rise[room > 0].max(initial=-np.inf) + gap
    joint.extend(upper)
    cell = joint.cell.array.copy()
    cell[2, 2] = max(cell[2, 2], np.ptp(joint.positions[:, 2]) + vacuum)
    joint.set_cell(cell)
    joint.positions[:, 2] += cell[2, 2] / 2 - joint.positions[:, 2].mean()
    return joint


def name_of(face: tuple[int, int, int]) -> str:
    """Indices as crystallographers write them, with a minus sign for the bar: (1-10)."""
    return f"({''.join(map(str, face))})"
