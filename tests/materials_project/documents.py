"""A made-up Materials Project database: true in shape, known in every number, the same each time.

Formation energies lie on a strictly convex function of composition, zero at the elements, so the
first polymorph of each formula is stable and the others lie above the hull by what was added.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import Any

Document = dict[str, Any]

GGA, R2SCAN, MIXED = "GGA_GGA+U", "R2SCAN", "GGA_GGA+U_R2SCAN"
OFFSET = {GGA: 0.0, R2SCAN: -20.0, MIXED: -40.0}
"""What each kind of calculation adds to a formation energy (eV/atom): pooling kinds shows."""

SUMMARY_OFFSET = 1.0
"""What the energies of summary documents are wrong by (eV/atom): using them shows."""

GNOME_BATCH = "gnome_r2scan_statics"
DB_VERSION = "2026.04.13"

_TABLE = """Li 0.98 6.941; O 3.44 15.9994; F 3.98 18.9984; S 2.58 32.065; P 2.19 30.9738;
    Cl 3.16 35.453; N 3.04 14.0067; C 2.55 12.0107; H 2.2 1.00794; Na 0.93 22.9898; K 0.82 39.0983;
    Mg 1.31 24.305; Al 1.61 26.9815; Si 1.9 28.0855; Ti 1.54 47.867; Fe 1.83 55.845; Zn 1.65 65.409;
    Sn 1.96 118.71; La 1.1 138.905; Zr 1.33 91.224; Ge 2.01 72.64; I 2.66 126.904; Br 2.96 79.904;
    B 2.04 10.811; Ca 1 40.078; Mn 1.55 54.938; Ni 1.91 58.6934; Co 1.88 58.9332; Cu 1.9 63.546;
    Ag 1.93 107.868; In 1.78 114.818; Sb 2.05 121.76; Ga 1.81 69.723; Y 1.22 88.9059;
    Ta 1.5 180.948; Nb 1.6 92.9064; W 2.36 183.84; Mo 2.16 95.94; V 1.63 50.9415; Cr 1.66 51.9961;
    Rb 0.82 85.4678; Cs 0.79 132.905; Sr 0.95 87.62; Ba 0.89 137.327; Se 2.55 78.96; Te 2.1 127.6;
    Bi 2.02 208.98; Pb 2.33 207.2"""
_ELEMENTS = {
    symbol: (float(electronegativity), float(mass))
    for symbol, electronegativity, mass in (line.split() for line in _TABLE.split(";"))
}
_AMOUNTS = {
    2: ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)),
    3: (
        *((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1), (1, 1, 3)),
        *((3, 1, 1), (1, 2, 2), (1, 2, 4), (2, 1, 3), (3, 1, 4)),
    ),
}
_DOUBLED = {"LiO", "NaO", "KO", "HO", "CsO", "RbO", "O", "N", "F", "Cl", "H"}
_SYMMETRY = [
    {"crystal_system": system, "symbol": symbol, "number": number}
    for system, symbol, number in (
        *(("Cubic", "Fm-3m", 225), ("Cubic", "Im-3m", 229), ("Hexagonal", "P6_3/mmc", 194)),
        *(("Trigonal", "R-3m", 166), ("Tetragonal", "I4/mmm", 139), ("Orthorhombic", "Pnma", 62)),
        *(("Monoclinic", "P2_1/c", 14), ("Triclinic", "P-1", 2)),
    )
]


@dataclass(frozen=True)
class Database:
    """All documents of two routes; the third, /materials/core/, is made from the summary."""

    summary: list[Document]
    thermo: list[Document]
    version: str = DB_VERSION


def make_database(count: int, seed: int = 0, *, legacy_ids: bool = False) -> Database:
    """`count` freely licensed materials, and beside them a few GNoME ones under BY-NC.

    Every element used is there as a pure phase. About 3 % of materials have only an R2SCAN thermo
    document; all elements and about 5 % of the rest have one of each type.
    """
    random_ = random.Random(seed)
    strength = {symbol: random_.uniform(0.4, 4.0) for symbol in _ELEMENTS}
    database = Database([], [])

    phases = list(islice(_polymorphs(random_), count))
    if len(phases) < count:
        raise ValueError(f"at most {len(phases)} materials, not {count}")
    gnome = [
        (counts, 0.5, False)
        for counts, _, _ in random_.sample(phases, min(count, 3 + count // 200))
    ]
    numbers = _numbers(len(phases) + len(gnome), random_)
    for position, (counts, shift, only_r2scan) in enumerate(phases + gnome):
        energy = round(_formation_energy(counts, strength) + shift, 8)
        summary = _summary(material_id(numbers[position], legacy=legacy_ids), counts, random_)
        summary |= _moduli(position, random_)
        summary["formation_energy_per_atom"] = energy + SUMMARY_OFFSET
        summary["energy_above_hull"] = shift + SUMMARY_OFFSET
        summary["is_stable"] = False
        types: Iterable[str] = (GGA,)
        if position >= count:
            summary["builder_meta"] = _builder_meta("BY-NC") | {"batch_id": GNOME_BATCH}
            types = (R2SCAN,)
        elif only_r2scan:
            types = (R2SCAN,)
        elif len(counts) == 1 or random_.random() < 0.05:
            types = OFFSET
        database.summary.append(summary)
        database.thermo.extend(_thermo(summary, kind, energy, shift) for kind in types)
    return database


def material_id(number: int, *, legacy: bool = False) -> str:
    """The form that the server sends: letters as digits, padded to eight (mp-149 = mp-aaaaaaft)."""
    if legacy:
        return f"mp-{number}"
    letters = ""
    while number:
        number, digit = divmod(number, 26)
        letters = chr(ord("a") + digit) + letters
    return f"mp-{letters.rjust(8, 'a')}"


def material_number(text: str) -> int:
    """The number behind any form of an id."""
    digits = text.strip().removeprefix("mp-")
    if digits.isdecimal():
        return int(digits)
    if not digits.isalpha():
        raise ValueError(f"not an id: {text!r}")
    number = 0
    for letter in digits:
        number = 26 * number + ord(letter) - ord("a")
    return number


def structure(document: Document) -> Document:
    """Atoms on a simple cubic grid, with the composition and the volume of the document."""
    amounts: dict[str, float] = document["composition_reduced"]
    units = document["nsites"] / sum(amounts.values())
    atoms = [symbol for symbol, n in amounts.items() for _ in range(round(n * units))]
    side, edge = math.ceil(len(atoms) ** (1 / 3) - 1e-9), document["volume"] ** (1 / 3)
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "charge": 0,
        "lattice": {"matrix": [[edge, 0, 0], [0, edge, 0], [0, 0, edge]]},
        "sites": [
            {
                "species": [{"element": symbol, "occu": 1}],
                "abc": [i % side / side, i // side % side / side, i // side**2 / side],
                "label": symbol,
            }
            for i, symbol in enumerate(atoms)
        ],
    }


def _formulas() -> Iterator[dict[str, int]]:
    """Each element before any compound of it: a prefix of any length has its pure phases."""
    symbols = list(_ELEMENTS)
    for rank, newest in enumerate(symbols):
        yield {newest: 1}
        older = symbols[:rank]
        for others in chain(combinations(older, 1), combinations(older, 2)):
            for amounts in _AMOUNTS[len(others) + 1]:
                yield dict(zip((*others, newest), amounts, strict=True))


def _polymorphs(random_: random.Random) -> Iterator[tuple[dict[str, int], float, bool]]:
    """Formula, eV/atom above the hull, and whether the material was only computed with R2SCAN.

    A formula of several polymorphs keeps the stable one, so that no hull is without it.
    """
    for counts in _formulas():
        number = random_.choices((1, 2, 3), (60, 30, 10))[0]
        for i in range(number):
            may_lack_gga = len(counts) > 1 and (i > 0 or number == 1)
            shift = round(0.001 + random_.expovariate(8), 6) if i else 0.0
            yield counts, shift, may_lack_gga and random_.random() < 0.04


def _numbers(count: int, random_: random.Random) -> list[int]:
    """Material numbers in no order, some above the last that the client writes as mp-<digits>."""
    numbers, last = [], 0
    for i in range(count):
        last += random_.randint(1, 40)
        numbers.append(last + 7_000_000 * (i % 20 == 0))
    random_.shuffle(numbers)
    return numbers


def _formation_energy(counts: dict[str, int], strength: dict[str, float]) -> float:
    total = sum(counts.values())
    return sum(strength[symbol] * ((n / total) ** 2 - n / total) for symbol, n in counts.items())


def _formula_pretty(counts: dict[str, int]) -> str:
    """Reduced formula by the customs of pymatgen: by electronegativity, O2, Li2O2, Mg(PO3)2."""

    def written(some: Iterable[str], divisor: int = 1) -> str:
        amounts = ((symbol, counts[symbol] // divisor) for symbol in some)
        return "".join(f"{symbol}{n if n > 1 else ''}" for symbol, n in amounts)

    symbols = sorted(counts, key=lambda symbol: (_ELEMENTS[symbol][0], symbol))
    if len(symbols) > 2:
        *cations, centre, anion = symbols
        times = math.gcd(counts[centre], counts[anion])
        if times > 1 and _ELEMENTS[anion][0] - _ELEMENTS[centre][0] < 1.65:
            return f"{written(cations)}({written((centre, anion), times)}){times}"
    if written(symbols) in _DOUBLED:
        return "".join(f"{symbol}2" for symbol in symbols)
    return written(symbols)


def _builder_meta(licence: str) -> Document:
    return {"license": licence, "database_version": DB_VERSION}


_OPEN = _builder_meta("BY-C")


def _summary(identifier: str, counts: dict[str, int], random_: random.Random) -> Document:
    elements = sorted(counts)
    nsites = sum(counts.values()) * random_.choice((1, 2, 4))
    volume = nsites * random_.uniform(10.0, 25.0)
    units = nsites / sum(counts.values())
    mass = units * sum(_ELEMENTS[symbol][1] * n for symbol, n in counts.items())
    band_gap = 0.0 if random_.random() < 0.5 else round(random_.uniform(0.05, 9.0), 4)
    return {
        "material_id": identifier,
        "formula_pretty": _formula_pretty(counts),
        "composition_reduced": {symbol: float(counts[symbol]) for symbol in elements},
        "chemsys": "-".join(elements),
        "elements": elements,
        "nelements": len(elements),
        "nsites": nsites,
        "volume": volume,
        "density": mass / volume * 1.66053907,
        "symmetry": random_.choice(_SYMMETRY),
        "band_gap": band_gap,
        "is_metal": band_gap == 0.0,
        "theoretical": random_.random() < 0.6,
        "deprecated": False,
        "builder_meta": _OPEN,
    }


def _moduli(position: int, random_: random.Random) -> Document:
    """Bulk and shear moduli (GPa) of one material in eight; of those one in twelve is impossible.

    Without a value the key is there with None or is absent, both as in the real database.
    """
    ordinal, remainder = divmod(position, 8)
    if remainder:
        return {"bulk_modulus": None, "shear_modulus": None} if remainder % 2 else {}
    bulk, shear = random_.uniform(5.0, 300.0), random_.uniform(2.0, 150.0)
    moduli = [
        {"voigt": 1.05 * value, "reuss": 0.95 * value, "vrh": value} for value in (bulk, shear)
    ]
    if ordinal % 12 == 5:
        voigt, reuss, vrh = (
            (0.9 * bulk, 1.1 * bulk, bulk),
            (-0.95 * bulk, -1.05 * bulk, -bulk),
            (2.1e7, 1.9e7, 2e7),
        )[ordinal // 12 % 3]
        moduli[0] = {"voigt": voigt, "reuss": reuss, "vrh": vrh}
    return {"bulk_modulus": moduli[0], "shear_modulus": moduli[1]}


def _thermo(summary: Document, kind: str, energy: float, above_hull: float) -> Document:
    same = ("material_id", "formula_pretty", "chemsys", "elements", "nelements", "nsites")
    return {
        **{key: summary[key] for key in same},
        "thermo_id": f"{summary['material_id']}_{kind}",
        "thermo_type": kind,
        "formation_energy_per_atom": energy + OFFSET[kind],
        "energy_above_hull": above_hull,
        "is_stable": above_hull == 0.0,
        "decomposes_to": None,
        "builder_meta": summary["builder_meta"],
    }
