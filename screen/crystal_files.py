"""CIF and POSCAR files: read as they were written, or refused with the reason.

pymatgen's readers guess where a file is silent: elements of a POSCAR without symbols, a CIF whose
space group they do not know. What they guess is told as a warning, and refused here.
"""

from __future__ import annotations

import gzip
import json
import re
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from screen.composition import INDEX
from screen.errors import DataError, first_line
from screen.limits import TimeUp, time_limit

LIMIT_S = 20.0
"""For reading one structure, or finding its symmetry."""
LARGEST_MB = 20
MOST_SITES = 2000
_LENGTHS_A = (1.0, 1000.0)
_ANGLES_DEG = (5.0, 175.0)
_VOLUME_A3 = (3.0, 500.0)
"""Per atom; diamond has 5.7 Å³, solid caesium 120."""
_FLAT = "its cell has no volume"
_NEAREST_A = 0.5
_FRACTION = 0.02
"""Sites and stated formula of a CIF may differ by this in the fraction of an element: occupancies
are rounded.
"""
_ISOTOPES = {"D": "H", "T": "H"}
_GROUP = re.compile(r"_(?:symmetry|space_group)_.*(?:h-m|h_m|hall|number|it)", re.IGNORECASE)


def of_file(path: Path) -> Any:
    """The pymatgen `Structure` of a CIF or POSCAR file, of elements without charge or moment.

    Isotopes of hydrogen are read as hydrogen.

    Raises:
        DataError: if it cannot be read as one, is not what the file says, or cannot be a crystal.
    """
    read = _reader(path)
    try:
        with warnings.catch_warnings(record=True) as told, time_limit(LIMIT_S):
            warnings.simplefilter("always")
            found = read(_text(path), path.name)
            for warning in told:
                _refuse_guess(str(warning.message), path.name)
            return checked(found, path.name)
    except TimeUp:
        raise DataError(f"{path.name}: {_too_long('reading it')}") from None
    except DataError:
        raise
    except np.linalg.LinAlgError:
        raise DataError(f"{path.name}: {_FLAT}") from None
    except Exception as error:  # the readers raise all there is
        raise DataError(f"{path.name}: no readable structure ({said(error)})") from error


def of_json(text: str, name: str) -> Any:
    """The same of pymatgen's JSON.

    Raises:
        DataError: as `of_file`.
    """
    from pymatgen.core import Structure  # noqa: PLC0415 (takes half a second)

    try:
        with time_limit(LIMIT_S):
            return checked(Structure.from_dict(plain(json.loads(text))), name)
    except TimeUp:
        raise DataError(f"{name}: {_too_long('reading it')}") from None
    except DataError:
        raise
    except Exception as error:  # as above
        raise DataError(f"{name}: no readable structure ({said(error)})") from error


def said(error: Exception) -> str:
    """What a reader says, in a few words and without paths of this machine."""
    return re.sub(r"(?:/[^\s/'\"]+){2,}", "...", first_line(error))[:80]


def _too_long(what: str) -> str:
    return f"{what} takes more than {LIMIT_S:g} s; give a smaller cell"


def plain(structure: Any) -> Any:
    """The JSON of a pymatgen `Structure` without properties, whose values pymatgen would decode by
    importing and calling what they name.
    """
    if isinstance(structure, list):
        return [plain(value) for value in structure]
    if isinstance(structure, dict):
        return {key: plain(value) for key, value in structure.items() if key != "properties"}
    return structure


def _reader(path: Path) -> Any:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".cif", ".mcif")):
        return _of_cif
    if name.endswith((".vasp", ".poscar", ".contcar")) or re.search("poscar|contcar", name):
        return _of_poscar
    raise DataError(
        f"{path.name}: a CIF or POSCAR file is wanted, by its name (x.cif, POSCAR, CONTCAR, x.vasp)"
    )


def _text(path: Path) -> str:
    most = LARGEST_MB * 1_000_000
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "not a whole gzip file"
        raise DataError(f"{path.name}: no readable structure ({reason})") from None
    if len(data) > most:
        raise DataError(f"{path.name}: larger than {LARGEST_MB} MB; give one structure")
    return data.decode("utf-8-sig", errors="replace")


def _of_cif(text: str, name: str) -> Any:
    from pymatgen.io.cif import CifParser  # noqa: PLC0415 (takes half a second)

    parser = CifParser.from_str(text, check_cif=False)
    blocks = [
        block
        for block in parser.as_dict().values()
        if any(key.startswith("_atom_site_fract") for key in block)
    ]
    if len(blocks) > 1:
        raise DataError(f"{name}: holds {len(blocks)} structures; give a file for each")
    try:
        (found,) = parser.parse_structures(primitive=False, on_error="ignore")
    except ValueError:
        reasons = [text.partition("\n")[2] for text in parser.warnings if "No structure" in text]
        raise ValueError(" ".join(reasons) or "no atoms in a cell") from None
    if any("Defaulting to P1" in text for text in parser.warnings):
        _refuse_group(blocks[0], name)
    _refuse_other_formula(blocks[0], found, name)
    return found


def _refuse_group(block: Any, name: str) -> None:
    """A file that states no symmetry is of P1; one whose symmetry is not known is not."""
    for key, value in block.items():
        plain_value = re.sub(r"[\s_'\"]", "", str(value)).upper()
        if _GROUP.match(key) and plain_value not in ("P1", "1", "?", ".", ""):
            raise DataError(
                f"{name}: its space group {str(value)[:30]!r} is not known; add the list of its "
                "symmetry operations (_space_group_symop_operation_xyz)"
            )


def _refuse_other_formula(block: Any, structure: Any, name: str) -> None:
    """Sites must give what the file says its formula is; hydrogen is often left out."""
    from pymatgen.core import Composition  # noqa: PLC0415 (takes half a second)

    stated = block.get("_chemical_formula_sum") or block.get("_chemical_formula_structural")
    try:
        formula = Composition(str(stated)).element_composition
    except Exception:  # what is no formula says nothing
        return
    sites = _elements(structure.composition)
    wanted = _elements(formula)
    for symbol in {*sites, *wanted}:
        apart = abs(sites.get(symbol, 0.0) - wanted.get(symbol, 0.0))
        if apart > _FRACTION or (symbol in wanted) != (symbol in sites):
            raise DataError(
                f"{name}: its sites make {structure.composition.element_composition.formula[:60]}, "
                f"its formula is {str(stated)[:60]}; complete the sites, or correct the formula"
            )


def _elements(composition: Any) -> dict[str, float]:
    """Fractions by element, isotopes of hydrogen as hydrogen."""
    found: dict[str, float] = {}
    for element, amount in composition.items():
        symbol = _ISOTOPES.get(element.symbol, element.symbol)
        found[symbol] = found.get(symbol, 0.0) + amount / composition.num_atoms
    return found


def _of_poscar(text: str, _: str) -> Any:
    from pymatgen.io.vasp import Poscar  # noqa: PLC0415 (takes half a second)

    return Poscar.from_str(text, read_velocities=False).structure


_GUESSES = {
    "Elements in POSCAR cannot be determined": "it names no elements; write their symbols in a "
    "line above the counts, as VASP 5 does",
    "implicit hydrogens": "it has hydrogen without places; add them",
    " parsed as ": "a site is no element ({})",
}


def _refuse_guess(text: str, name: str) -> None:
    for mark, reason in _GUESSES.items():
        if mark in text:
            raise DataError(f"{name}: {reason.format(first_line(Warning(text))[:60])}")


def checked(structure: Any, name: str) -> Any:
    """A structure of plain elements, if it can be a crystal.

    Raises:
        DataError: with what cannot be.
    """
    from pymatgen.core import Structure  # noqa: PLC0415 (takes half a second)

    if not len(structure):
        raise DataError(f"{name}: it has no atoms")
    if len(structure) > MOST_SITES:
        raise DataError(
            f"{name}: {len(structure)} sites, up to {MOST_SITES} are read; give a smaller cell"
        )
    species = [_plain_site(site.species, name) for site in structure]
    made = Structure(structure.lattice, species, structure.frac_coords)
    lengths, angles = made.lattice.abc, made.lattice.angles
    if not np.isfinite(made.lattice.matrix).all():
        raise DataError(f"{name}: {_FLAT}")
    _within(lengths, _LENGTHS_A, f"{name}: a cell edge of {{:.4g}} Å cannot be")
    _within(angles, _ANGLES_DEG, f"{name}: an angle of {{:.4g}}° between cell edges cannot be")
    atoms = made.composition.num_atoms
    _within([made.volume / atoms], _VOLUME_A3, f"{name}: {{:.4g}} Å³ for each atom cannot be")
    if not all(abs(x) < 1e3 for x in made.frac_coords.flat):
        raise DataError(f"{name}: a place of an atom is no fraction of the cell")
    if made.is_ordered and not made.is_valid(tol=_NEAREST_A):
        raise DataError(f"{name}: the structure has atoms less than {_NEAREST_A} Å apart")
    return made


def _plain_site(species: Any, name: str) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for kind, amount in species.items():
        symbol = str(getattr(kind, "symbol", kind))
        symbol = _ISOTOPES.get(symbol, symbol)
        if symbol not in INDEX:
            raise DataError(f"{name}: a site holds {symbol[:20]!r}, which is no element")
        amounts[symbol] = amounts.get(symbol, 0.0) + amount
    if not amounts:
        raise DataError(f"{name}: a site is empty")
    return amounts


def _within(values: Iterable[float], limits: tuple[float, float], text: str) -> None:
    low, high = limits
    for value in values:
        if not low <= value <= high:  # nor is what is no number
            raise DataError(text.format(value))
