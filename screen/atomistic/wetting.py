"""The anode metal on a crystal's surfaces: adsorption of one atom, work of adhesion, wetting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from screen.atomistic import calculators, slabs
from screen.atomistic.jobs import Cell, Job, Kind, NoAnswerError, Result
from screen.coincidence import CommonCell, common_cell
from screen.units import J_M2_PER_EV_A2

COLUMNS = (
    "surface_energy_j_m2",
    "adsorption_energy_ev",
    "adsorption_face",
    "work_of_adhesion_j_m2",
    "wetting_cosine",
    "adhesion_faces",
    "adhesion_strain_fraction",
)
_ADSORPTION, _ADHESION = COLUMNS[1:3], COLUMNS[3:]
NEAREST_A = 0.7
"""Atoms nearer than this overlap: the bond of H2 is 0.74 Å."""
MOST_SWELLING = 0.25
"""A calculator that changes the volume of a crystal by more does not know it."""
MOST_ENERGY_EV = 10.0
"""No atom of an anode metal binds stronger; an energy beyond is a fault of the calculator."""

_GAPS_A = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
"""Beyond touching by covalent radii, which are shorter than the bonds of metals and ions."""


@dataclass(frozen=True)
class Options:
    """Choices of a run; as in the settings, where each has its reason."""

    thickness_a: float = 8.0
    vacuum_a: float = 15.0
    width_a: float = 6.0
    faces: int = 3
    sites: int = 3
    steps: int = 200
    force_ev_a: float = 0.05
    area_a2: float = 120.0
    strain: float = 0.05
    atoms: int = 250


def job(
    formula: str, cell: Cell, metal: Cell, calculator: str, options: Options, limit_s: float
) -> Job:
    """The question for the surfaces of a crystal against those of the anode metal."""
    asked = {
        "metal": asdict(metal),
        "calculator": calculator,
        "version": calculators.version_of(calculator),
        "choices": asdict(options),
    }
    return Job(formula, cell, asked, limit_s)


def one(job: Job) -> Result:
    """Adsorption and adhesion of the anode metal on low-index faces of a crystal.

    Bulk cells are relaxed first, so that slabs carry no stress of the calculator's own. Energies of
    one calculator are compared with each other alone.

    Raises:
        NoAnswerError: with the reason why there is nothing at all.
    """
    options = Options(**job.options["choices"])
    name = job.options["calculator"]
    try:
        metal = Metal(*_metal(name, Cell(**job.options["metal"]), options))
    except NoAnswerError as error:
        raise NoAnswerError(f"the anode metal: {error.reason}", keep=error.keep) from error
    bench = Bench(calculators.calculator(name), options)
    found = bench.faces(job.cell)
    values: dict[str, float | str] = {"surface_energy_j_m2": round(found[0].energy, 4)}
    reasons: dict[str, str] = {}
    keep = True
    for part, columns in ((_adsorption, _ADSORPTION), (_adhesion, _ADHESION)):
        try:
            values |= part(bench, found, metal)
        except NoAnswerError as error:
            reasons |= dict.fromkeys(columns, error.reason)
            keep &= error.keep
    return Result(values, reasons, keep)


@dataclass(frozen=True)
class Face:
    """A face of a crystal: its relaxed slab (ASE `Atoms`), and its energies.

    Attributes:
        name: as (110).
        total: of the slab, eV.
        energy: of the surface, J/m².
    """

    name: str
    slab: Any
    total: float
    energy: float


@dataclass(frozen=True)
class Metal:
    """The anode metal: symbol, energy per atom in the bulk (eV), faces of lowest energy first."""

    symbol: str
    atom_ev: float
    faces: tuple[Face, ...]


@lru_cache(maxsize=8)
def _metal(name: str, cell: Cell, options: Options) -> tuple[str, float, tuple[Face, ...]]:
    bench = Bench(calculators.calculator(name), options)
    _, per_atom = bench.bulk(cell)
    return cell.symbols[0], per_atom, tuple(bench.faces(cell))


@dataclass(frozen=True)
class Bench:
    """A calculator and the choices to use it with."""

    calculator: Any
    options: Options

    def energy(self, atoms: Any) -> float:
        """Energy of atoms as they stand, eV."""
        atoms.calc = self.calculator
        return _finite(float(atoms.get_potential_energy()))

    def relax(self, atoms: Any, *, cell: bool = False) -> float:
        """Move atoms, and the cell if asked for, until forces are small; energy in eV.

        Raises:
            NoAnswerError: if that takes more steps than allowed, or the calculator does not know an
                element.
        """
        from ase.filters import FrechetCellFilter  # noqa: PLC0415
        from ase.optimize import BFGS  # noqa: PLC0415

        atoms.calc = self.calculator
        moved = FrechetCellFilter(atoms) if cell else atoms
        limit, steps = self.options.force_ev_a, self.options.steps
        try:
            relaxed = BFGS(moved, logfile=None).run(fmax=limit, steps=steps)
        except np.linalg.LinAlgError:  # of a Hessian that forces without sense have built
            relaxed = False
        except NotImplementedError as error:
            calculators.calculator.cache_clear()  # it may be left in a state that it cannot use
            said = f"the calculator does not know an element ({error})"
            raise NoAnswerError(said, keep=False) from error
        if not relaxed:
            raise NoAnswerError(f"does not relax below {limit:g} eV/Å in {steps} steps")
        return _finite(float(atoms.get_potential_energy()))

    def bulk(self, cell: Cell) -> tuple[Any, float]:
        """The relaxed crystal as a pymatgen `Structure`, and its energy per atom in eV.

        Raises:
            NoAnswerError: for atoms that overlap, or a calculator that does not hold the crystal.
        """
        from pymatgen.io.ase import AseAtomsAdaptor  # noqa: PLC0415

        structure = cell.structure
        if not structure.is_valid(tol=NEAREST_A):
            raise NoAnswerError(f"atoms less than {NEAREST_A} Å apart")
        if len(structure) > self.options.atoms:
            raise NoAnswerError(f"{len(structure)} atoms in a cell; {self.options.atoms} allowed")
        atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
        total = self.relax(atoms, cell=True)
        swelling = atoms.get_volume() / structure.volume - 1
        if abs(swelling) > MOST_SWELLING:
            raise NoAnswerError(f"the calculator changes its volume by {swelling:.0%}")
        atoms.calc = None
        return AseAtomsAdaptor.get_structure(atoms), total / len(atoms)

    def faces(self, cell: Cell) -> list[Face]:
        """Relaxed slabs of the widest-spaced faces that have a sound slab, lowest energy first.

        Raises:
            NoAnswerError: if there is none.
        """
        structure, per_atom = self.bulk(cell)
        found: list[Face] = []
        reason = "no low-index face has a slab of its composition with two like sides"
        for face in slabs.faces(structure):
            if len(found) == self.options.faces:
                break
            best = None
            for slab in slabs.terminations(
                structure, face, self.options.thickness_a, self.options.vacuum_a
            ):
                if len(slab) > self.options.atoms:
                    reason = f"slabs have more than {self.options.atoms} atoms"
                    continue
                excess = self.energy(slab) - per_atom * len(slab)
                if best is None or excess < best[0] - 1e-6:
                    best = (excess, slab)
            if best is None:
                continue
            try:
                total = self.relax(best[1])
            except NoAnswerError as error:
                reason = f"slabs: {error.reason}"
                continue
            energy = (total - per_atom * len(best[1])) / (2 * _area(best[1])) * J_M2_PER_EV_A2
            found.append(Face(slabs.name_of(face), best[1], total, energy))
        if not found:
            raise NoAnswerError(reason)
        return sorted(found, key=lambda face: (round(face.energy, 4), face.name))

    def placed(self, lower: Any, upper: Any, plain: Any) -> list[Any]:
        """Stacks of a slab and what comes onto it, on the sites where that costs least, first.

        Args:
            lower: the slab, perhaps a supercell.
            upper: what comes onto it, lifted rigidly to the lowest energy.
            plain: the slab's smallest cell, whose sites are tried.
        """
        tried = []
        for place in slabs.sites(plain):
            best = (np.inf, None)
            for gap in _GAPS_A:
                atoms = slabs.stack(lower, upper, place, gap, self.options.vacuum_a)
                energy = round(self.energy(atoms), 6)
                if energy > best[0]:
                    break
                best = (energy, atoms)
            tried.append(best)
        order = sorted(range(len(tried)), key=lambda i: tried[i][0])
        return [tried[i][1] for i in order[: self.options.sites]]

    def adsorbed(self, face: Face, symbol: str) -> list[tuple[float, str]]:
        """Energy of a slab with an atom on it, less that of the slab, eV, and the site; best first.

        Sites where it does not relax are left out. A slab that the atom only woke, so that without
        it it stays in a state of lower energy, is counted in that state.
        """
        from ase import Atoms  # noqa: PLC0415

        lengths = np.linalg.norm(face.slab.cell.array[:2], axis=1)
        times = np.ceil(self.options.width_a / lengths - 1e-6).astype(int)
        wide = face.slab.repeat((*times.tolist(), 1))
        if len(wide) > self.options.atoms:
            return []
        found = []
        for atoms in self.placed(wide, Atoms(symbol), face.slab):
            _hold_bottom(atoms, len(wide))
            try:
                found.append((self.relax(atoms), _site(atoms), atoms))
            except NoAnswerError:
                continue
        if not found:
            return []
        found.sort(key=lambda one: one[:2])
        bare = found[0][2].copy()
        del bare[-1]
        clean = min(face.total * int(times.prod()), self.relax(bare))
        return [(energy - clean, site) for energy, site, _ in found]


def _adsorption(bench: Bench, found: list[Face], metal: Metal) -> Mapping[str, float | str]:
    """Energy to bring an atom from the anode metal onto the surface, lowest of faces and sites."""
    energies = [
        (round(energy - metal.atom_ev, 4), f"{face.name} {site}")
        for face in found
        for energy, site in bench.adsorbed(face, metal.symbol)
    ]
    energies = [pair for pair in energies if abs(pair[0]) < MOST_ENERGY_EV]
    if not energies:
        options = bench.options
        raise NoAnswerError(
            f"no slab of at most {options.atoms} atoms with one of {metal.symbol} on it relaxes in "
            f"{options.steps} steps"
        )
    return dict(zip(_ADSORPTION, min(energies), strict=True))


def _adhesion(bench: Bench, found: list[Face], metal: Metal) -> Mapping[str, float | str]:
    """Work to part the metal from the crystal, J/m²: energy of both slabs less that of their stack.

    The faces of lowest energy that share a cell; the metal is strained to the crystal, alone too.
    By Young and Dupre the cosine of the contact angle is W / gamma - 1, gamma of the metal's face.
    """
    options = bench.options
    pairs = [(face, of_metal) for face in found for of_metal in metal.faces]
    for face, of_metal in pairs:
        plane, other = (one.slab.cell.array[:2, :2] for one in (face, of_metal))
        shared = common_cell(plane, other, options.area_a2, options.strain)
        if shared is not None and _size(shared, face, of_metal) <= options.atoms:
            break
    else:
        raise NoAnswerError(
            f"no face shares a cell with {metal.symbol} below {options.area_a2:g} Å², "
            f"{options.strain:.0%} strain and {options.atoms} atoms"
        )
    if of_metal.energy <= 0:
        raise NoAnswerError("the calculator gives the anode metal no positive surface energy")
    cell = shared.lower @ plane
    lower = slabs.supercell(face.slab, shared.lower, cell)
    film, of_film = of_metal.slab.copy(), shared.upper
    if np.linalg.det(of_film) < 0:
        film, of_film = slabs.turned_over(film), of_film[:, ::-1]
    slabs.set_plane(film, np.linalg.solve(of_film.astype(float), cell))
    film_total = bench.relax(film) * round(np.linalg.det(of_film))
    upper = slabs.supercell(film, of_film, cell)
    apart = face.total * round(np.linalg.det(shared.lower)) + film_total
    atoms = bench.placed(lower, upper, face.slab)[0]
    _hold_bottom(atoms, len(lower))
    try:
        joint = bench.relax(atoms)
    except NoAnswerError as error:
        raise NoAnswerError(f"the interface {error.reason}") from error
    work = (apart - joint) / shared.area * J_M2_PER_EV_A2
    faces = f"{face.name} | {metal.symbol} {of_metal.name}"
    figures = (round(work, 4), round(work / of_metal.energy - 1, 4), faces, round(shared.strain, 4))
    return dict(zip(_ADHESION, figures, strict=True))


def _size(shared: CommonCell, lower: Face, upper: Face) -> int:
    pairs = ((shared.lower, lower), (shared.upper, upper))
    return sum(round(abs(np.linalg.det(m))) * len(face.slab) for m, face in pairs)


def _hold_bottom(atoms: Any, lower: int) -> None:
    """Fix the lower half of the first atoms, those of the slab."""
    from ase.constraints import FixAtoms  # noqa: PLC0415

    heights = atoms.positions[:lower, 2]
    middle = (heights.min() + heights.max()) / 2
    atoms.set_constraint(FixAtoms(indices=np.flatnonzero(heights < middle - 1e-6)))


def _site(atoms: Any) -> str:
    """What the last atom sits on, by the count of atoms at nearly the shortest distance."""
    distances = atoms.get_distances(-1, range(len(atoms) - 1), mic=True)
    count = int((distances < 1.15 * distances.min()).sum())
    return {1: "top", 2: "bridge"}.get(count, f"hollow of {count}")


def _area(slab: Any) -> float:
    return float(abs(np.linalg.det(slab.cell.array[:2, :2])))


def _finite(energy: float) -> float:
    if not np.isfinite(energy):
        raise NoAnswerError("the calculator gives no finite energy", keep=False)
    return energy


KIND = Kind("surface", 2, 8, COLUMNS, one)
