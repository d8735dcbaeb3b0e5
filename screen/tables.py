"""The small shipped tables of facts, and the check that they are what they claim to be."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from screen.composition import (
    INDEX,
    SYMBOLS,
    BoolArray,
    FloatArray,
    format_formula,
    parse_formula,
)
from screen.errors import DataError, UsageError, did_you_mean

DATA = Path(__file__).parent / "data"
SEALED = (".csv", ".json", ".npz")
"""Kinds of shipped files whose digests stand in datasets.toml."""


@cache
def datasets() -> dict[str, dict[str, Any]]:
    """The stanzas of datasets.toml: what each shipped table is, from where, under what licence."""
    return tomllib.loads((DATA / "datasets.toml").read_text(encoding="utf-8"))


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def seal(folder: Path = DATA) -> None:
    """Write the digests of the tables in a folder into its datasets.toml."""
    path = folder / "datasets.toml"
    text = path.read_text(encoding="utf-8")
    for table in sorted(file for kind in SEALED for file in folder.glob(f"*{kind}")):
        head, found, tail = text.partition(f"[{table.stem}]\n")
        if found:
            tail = re.sub(r'sha256 = "[0-9a-f]*"', f'sha256 = "{sha256(table)}"', tail, count=1)
            text = head + found + tail
    path.write_text(text, encoding="utf-8")
    datasets.cache_clear()


@cache
def rows_of(name: str) -> tuple[dict[str, str], ...]:
    """Rows of the shipped table data/<name>.csv.

    Raises:
        DataError: if the file is not the one that datasets.toml describes.
    """
    path = checked(name)
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def checked(name: str, suffix: str = ".csv") -> Path:
    """Path of data/<name>.csv (or another suffix), its digest compared with datasets.toml."""
    path = DATA / f"{name}{suffix}"
    stated = datasets()[name]["sha256"]
    found = sha256(path) if path.is_file() else "missing"
    if found != stated:
        raise DataError(
            f"shipped table {path.name} is {found[:12]}, datasets.toml says {stated[:12]}; "
            "reinstall, or run 'python -m screen build-reference' if you changed it on purpose"
        )
    return path


def check_all() -> int:
    """Compare the digest of every shipped table and model with datasets.toml; how many there are.

    Raises:
        DataError: for the first that differs.
    """
    sealed = [file for file in sorted(DATA.iterdir()) if file.suffix in SEALED]
    for file in sealed:
        checked(file.stem, file.suffix)
    return len(sealed)


@dataclass(frozen=True)
class Anode:
    """An anode metal: symbol, its index in SYMBOLS, name, valence of its ion, and the solid."""

    symbol: str
    element: int
    name: str
    valence: int
    density_g_cm3: float
    shear_modulus_gpa: float

    @property
    def molar_mass_g_mol(self) -> float:
        """Mass of a mole of atoms."""
        return float(elements().molar_mass_g_mol[self.element])


def anode_of(symbol: str) -> Anode:
    """Look up an anode metal by symbol or name.

    Raises:
        UsageError: if it is none of data/anodes.csv.
    """
    metals = {row["symbol"]: row for row in rows_of("anodes")}
    names = {row["name"]: row for row in metals.values()}
    row = metals.get(symbol.strip().capitalize()) or names.get(symbol.strip().lower())
    if row is None:
        raise UsageError(f"unknown anode {symbol!r}; {did_you_mean(symbol, metals)}")
    return Anode(
        row["symbol"],
        INDEX[row["symbol"]],
        row["name"],
        int(row["valence"]),
        float(row["density_g_cm3"]),
        float(row["shear_modulus_gpa"]),
    )


@dataclass(frozen=True)
class Electrolyte:
    """A solid electrolyte that candidates may face."""

    formula: str
    label: str
    family: str
    note: str

    @property
    def slug(self) -> str:
        """The formula as names of columns hold it."""
        return format_formula(parse_formula(self.formula)).lower()

    @property
    def column(self) -> str:
        """Name of the column of reaction energies with it."""
        return f"interface_{self.slug}_ev_atom"


def electrolytes_of(anode: str, chosen: tuple[str, ...] = ()) -> tuple[Electrolyte, ...]:
    """The solid electrolytes of an anode metal, or those of them that are chosen.

    Raises:
        UsageError: for a choice that is none of them.
    """
    every = [
        Electrolyte(row["formula"], row["label"], row["class"], row["note"])
        for row in rows_of("electrolytes")
        if row["anode"] == anode
    ]
    if not chosen:
        return tuple(every)
    names = {alias.lower(): e for e in every for alias in (e.label, e.formula)}
    unknown = [name for name in chosen if name.lower() not in names]
    if unknown:
        hint = did_you_mean(unknown[0], [e.label for e in every])
        raise UsageError(f"unknown electrolyte {unknown[0]!r} for {anode}; {hint}")
    wanted = {names[name.lower()].formula for name in chosen}
    return tuple(e for e in every if e.formula in wanted)


@dataclass(frozen=True)
class Elements:
    """Facts on the elements as arrays over SYMBOLS; figures that are not known are NaN."""

    molar_mass_g_mol: FloatArray
    forms_alloys: BoolArray
    radioactive: BoolArray
    hhi_production: FloatArray
    hhi_reserve: FloatArray


@cache
def elements() -> Elements:
    """Read data/elements.csv."""
    rows = {row["symbol"]: row for row in rows_of("elements")}
    ordered = [rows[symbol] for symbol in SYMBOLS]
    return Elements(
        np.array([float(row["molar_mass_g_mol"]) for row in ordered]),
        np.array([row["forms_alloys"] == "1" for row in ordered]),
        np.array([row["radioactive"] == "1" for row in ordered]),
        np.array([float(row["hhi_production"] or "nan") for row in ordered]),
        np.array([float(row["hhi_reserve"] or "nan") for row in ordered]),
    )
