"""The small shipped tables of facts, and the check that they are what they claim to be."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from screen import schema
from screen.composition import (
    INDEX,
    SYMBOLS,
    BoolArray,
    FloatArray,
    format_formula,
    parse_formula,
)
from screen.errors import DataError, UsageError, did_you_mean, first_line

DATA = Path(__file__).parent / "data"
SEALED = (".csv", ".json", ".npz")
"""Kinds of shipped files whose digests stand in datasets.toml."""


@cache
def datasets() -> dict[str, dict[str, Any]]:
    """The stanzas of datasets.toml: what each shipped table is, from where, under what licence.

    Raises:
        DataError: if it cannot be read.
    """
    return _toml("datasets.toml")


@cache
def role_names() -> tuple[str, ...]:
    """What a candidate may be judged for, in the order of data/roles.toml.

    Raises:
        DataError: if the file cannot be read.
    """
    return tuple(_toml("roles.toml"))


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((DATA / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {first_line(error)}") from error


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path = DATA) -> None:
    """Write the digests of the tables in a folder into its datasets.toml.

    Raises:
        DataError: for a table without a stanza.
    """
    path = folder / "datasets.toml"
    text = path.read_text(encoding="utf-8")
    for table in sealed_files(folder):
        head, found, tail = text.partition(f"[{table.stem}]\n")
        body, rest = _split_stanza(tail)
        if not found or not _DIGEST.search(body):
            raise DataError(
                f"datasets.toml has no stanza [{table.stem}] with a sha256 for {table.name}; say "
                'there what it is, from where and under what licence, with sha256 = ""'
            )
        text = head + found + _DIGEST.sub(f'sha256 = "{sha256(table)}"', body, count=1) + rest
    path.write_text(text, encoding="utf-8")
    forget()


def forget() -> None:
    """Read the tables anew when they are asked for next."""
    for kept in (datasets, role_names, rows_of):
        kept.cache_clear()


_DIGEST = re.compile(r'^sha256 = "[0-9a-f]*"', re.MULTILINE)


def _split_stanza(text: str) -> tuple[str, str]:
    """What comes before the next head of a table in TOML, and the rest."""
    following = re.search(r"^\[", text, re.MULTILINE)
    end = following.start() if following else len(text)
    return text[:end], text[end:]


def sealed_files(folder: Path = DATA) -> list[Path]:
    """The files of a folder whose digests stand in its datasets.toml."""
    return sorted(file for file in folder.iterdir() if file.suffix in SEALED)


@cache
def rows_of(name: str) -> tuple[dict[str, str], ...]:
    """Rows of the shipped table data/<name>.csv.

    Raises:
        DataError: if the file is not the one that datasets.toml describes.
    """
    path = checked(name)
    for fault in faults_of(name):
        raise DataError(fault)
    head, rows = schema.read(path)
    return tuple(dict(zip(head, cells, strict=True)) for _, cells in rows)


def faults_of(name: str) -> Iterator[str]:
    """What the schema of a shipped table forbids in it, whatever its digest.

    A table whose columns are declared beside its reader says so in its stanza (`checked_by`), and
    is held to them there.

    Raises:
        DataError: if it cannot be read, has no stanza, or one without a sound schema.
    """
    stanza = stanza_of(name)
    if "columns" not in stanza:
        if "checked_by" not in stanza:
            yield f"datasets.toml, [{name}]: no columns; say in [{name}.columns] what each holds"
        return
    rules = schema.Schema.of(name, stanza)
    within = {rule.within for rule in rules.columns.values() if rule.within}
    others = {place: _values_in(*place.split(".")) for place in within}
    file = DATA / f"{name}.csv"
    yield from schema.faults(file.name, rules, *schema.read(file), others)


def _values_in(name: str, column: str) -> frozenset[str]:
    head, rows = schema.read(DATA / f"{name}.csv")
    return frozenset(cells[head.index(column)] for _, cells in rows)


def stanza_of(name: str) -> dict[str, Any]:
    """The stanza of a shipped table.

    Raises:
        DataError: if there is none.
    """
    try:
        return datasets()[name]
    except KeyError:
        raise DataError(
            f"datasets.toml has no stanza [{name}]; say there what it is, from where and under "
            "what licence"
        ) from None


def checked(name: str, suffix: str = ".csv") -> Path:
    """Path of data/<name>.csv (or another suffix), its digest compared with datasets.toml."""
    path = DATA / f"{name}{suffix}"
    stated = stanza_of(name).get("sha256", "")
    found = sha256(path) if path.is_file() else "missing"
    if found != stated:
        raise DataError(
            f"shipped table {path.name} is {found[:12]}, datasets.toml says {stated[:12]}; "
            "reinstall, or run 'python -m screen seal' if you changed it on purpose"
        )
    return path


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


OTHER = "other"
"""Class of an electrolyte that is given as a formula and not listed in electrolytes.csv."""


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
    """The solid electrolytes of an anode metal in the table, or those that are chosen: of it, in
    its order, and then formulas that it does not hold, as they are given.

    Raises:
        UsageError: for a choice that is neither, and for a formula that is no electrolyte.
    """
    every = [
        Electrolyte(row["formula"], row["label"], row["class"], row["note"])
        for row in rows_of("electrolytes")
        if row["anode"] == anode
    ]
    if not chosen:
        return tuple(every)
    names = {alias.lower(): e for e in every for alias in (e.label, e.formula)}
    parts = {_parts(e.formula): e for e in every}
    wanted: dict[str, Electrolyte] = {}
    for name in chosen:
        found = names.get(name.lower()) or parts.get(_parts(name))
        if found is None:
            found = parts[_parts(name)] = _other_electrolyte(name, anode, [e.label for e in every])
        other = wanted.setdefault(found.slug, found)
        if other != found:
            raise UsageError(
                f"electrolytes {other.label} and {found.label} would have the same columns "
                f"({found.column}); give one of them"
            )
    listed = [e for e in every if wanted.get(e.slug) == e]
    return (*listed, *(e for e in wanted.values() if e.family == OTHER))


def _other_electrolyte(text: str, anode: str, labels: list[str]) -> Electrolyte:
    """An electrolyte that the table does not hold."""
    if not _parts(text):
        hint = did_you_mean(text, labels)
        raise UsageError(f"unknown electrolyte {text!r} for {anode}, and no formula; {hint}")
    formula = format_formula(parse_formula(text))
    check_electrolyte(formula, anode)
    return Electrolyte(formula, text.strip(), OTHER, "")


def check_electrolyte(formula: str, anode: str) -> None:
    """Refuse what cannot conduct the ions of an anode metal.

    Raises:
        UsageError: for a composition without the metal, and for the metal itself.
    """
    held = parse_formula(formula).keys()
    if anode not in held or len(held) == 1:
        what = f"is {anode} itself" if anode in held else f"holds no {anode}, whose ions must pass"
        raise UsageError(
            f"electrolyte {formula} {what}; give a solid electrolyte with {anode}, or the anode "
            "metal of this one with --anode"
        )


def _parts(text: str) -> tuple[tuple[str, int], ...]:
    """A composition, however it is written; of what is no formula, nothing."""
    try:
        return tuple(sorted(parse_formula(text).items()))
    except DataError:
        return ()


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
