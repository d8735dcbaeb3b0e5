"""Schemas of shipped tables: each kind of fault is refused with its file, line and column."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from screen import sealing, tables
from screen.errors import DataError
from screen.schema import Schema, faults
from screen.tables import DATA

TABLES = sorted(path.stem for path in DATA.glob("*.csv"))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data folder that the package takes for its own."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    monkeypatch.setattr(tables, "DATA", folder)
    tables.forget()
    yield folder
    tables.forget()


@pytest.mark.parametrize("name", TABLES)
def test_shipped_tables_keep_their_schemas(name: str) -> None:
    assert list(tables.faults_of(name)) == []
    stanza = tables.stanza_of(name)
    assert ("columns" in stanza) != ("checked_by" in stanza)


def test_what_is_checked_elsewhere_is_checked() -> None:
    elsewhere = {name for name in TABLES if "checked_by" in tables.stanza_of(name)}
    assert elsewhere <= sealing.READERS.keys()
    for name in elsewhere:
        assert (DATA.parents[1] / tables.stanza_of(name)["checked_by"]).is_file()


def swap(text: str) -> str:
    """The first two columns of a table, changed for each other."""
    return re.sub(r"(?m)^([^,\n]*),([^,\n]*),", r"\2,\1,", text)


FAULTS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "order": ("electrolytes", swap, r"electrolytes\.csv: column 1 is 'label', 'formula' is wanted"),
    "head": (
        "anodes",
        lambda text: text.replace("shear_modulus_gpa", "shear_modulus_kbar"),
        r"anodes\.csv: column 5 is 'shear_modulus_kbar', 'shear_modulus_gpa' is wanted",
    ),
    "column too many": (
        "routes",
        lambda text: re.sub("(?m)$", ",x", text.rstrip()),
        r"routes\.csv: column 6 is 'x', none is wanted",
    ),
    "no number": (
        "anodes",
        lambda text: text + "Rb,rubidium,1,heavy,2.4,book\n",
        r"anodes\.csv, line 9, density_g_cm3: 'heavy' is no number",
    ),
    "infinite": (
        "anodes",
        lambda text: text + "Rb,rubidium,1,inf,2.4,book\n",
        r"anodes\.csv, line 9, density_g_cm3: 'inf' is no number",
    ),
    "bound": (
        "anodes",
        lambda text: text + "Rb,rubidium,1,-1.5,2.4,book\n",
        r"line 9, density_g_cm3: -1\.5 is not above 0",
    ),
    "fraction of a charge": (
        "anodes",
        lambda text: text + "Rb,rubidium,1.5,1.5,2.4,book\n",
        r"line 9, valence: 1\.5 is no whole number",
    ),
    "no formula": (
        "electrolytes",
        lambda text: text + "Li6PS5X,LPSX,sulfide,Li,\n",
        r"electrolytes\.csv, line 23, formula: formula 'Li6PS5X': unknown element 'X'",
    ),
    "no element": (
        "hazards",
        lambda text: text + "Qq,,toxic,book,read\n",
        r"hazards\.csv, line \d+, element: 'Qq' is no element",
    ),
    "no anode metal": (
        "electrolytes",
        lambda text: text + "Rb3PS4,Rb3PS4,sulfide,Rb,\n",
        r"electrolytes\.csv, line 23, anode: 'Rb' is not in anodes\.symbol",
    ),
    "choice": (
        "electrolytes",
        lambda text: text + "Li4PS4I,Li4PS4I,sulphide,Li,\n",
        r"line 23, class: unknown 'sulphide'; did you mean sulfide",
    ),
    "empty": (
        "electrolytes",
        lambda text: text + "Li4PS4I,,sulfide,Li,\n",
        r"line 23, label: is empty",
    ),
    "twice": (
        "candidates",
        lambda text: text + "Ag,silver,*,metal,,\n",
        r"candidates\.csv, line 285, formula: 'Ag' stands in line 2 already",
    ),
    "cells": (
        "candidates",
        lambda text: text + "SnO,SnO,*\n",
        r"candidates\.csv, line 285: 3 cells, 6 are wanted",
    ),
    "quotes": ("candidates", lambda text: text + '"Sn', r"candidates\.csv: no CSV file"),
    "rule of the literature": (
        "literature",
        lambda text: text.replace("10.1002/aenm.201903325", "a paper", 1),
        r"literature\.csv, row 1 \(L001\), reference: 'a paper' is no DOI",
    ),
    "unknown unit": (
        "datasets.toml",
        lambda text: text.replace('unit = "GPa"', 'unit = "kbar"'),
        r"datasets\.toml, \[anodes\.columns\], shear_modulus_gpa: unknown unit 'kbar'",
    ),
    "other unit": (
        "datasets.toml",
        lambda text: text.replace('unit = "GPa"', 'unit = "eV"'),
        r"shear_modulus_gpa: the unit is 'eV', but the name says 'GPa'",
    ),
    "unknown word": (
        "datasets.toml",
        lambda text: text.replace('valence = { kind = "count"', 'valence = { kind = "counts"'),
        r"datasets\.toml, \[anodes\.columns\], valence: kind: Input should be",
    ),
    "no columns": (
        "datasets.toml",
        lambda text: text.replace("[mendeleev.columns]", "[others]"),
        r"datasets\.toml, \[mendeleev\]: no columns",
    ),
    "no stanza": (
        "datasets.toml",
        lambda text: text.replace("[routes]\n", "[roots]\n"),
        r"datasets\.toml: \[roots\] has no file|no stanza \[routes\]",
    ),
    "no TOML": ("datasets.toml", lambda text: text + "[", r"datasets\.toml cannot be read"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_refused_and_nothing_is_sealed(copied: Path, name: str) -> None:
    table, change, said = FAULTS[name]
    path = copied / (table if "." in table else f"{table}.csv")
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    before = (copied / "datasets.toml").read_bytes()
    with pytest.raises(DataError, match=said):
        sealing.seal()
    assert (copied / "datasets.toml").read_bytes() == before


@pytest.mark.parametrize("name", ["order", "no number", "no formula", "unknown unit"])
def test_faults_are_found_when_a_sealed_table_is_read(copied: Path, name: str) -> None:
    table, change, said = FAULTS[name]
    path = copied / (table if "." in table else f"{table}.csv")
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    tables.seal(copied)
    with pytest.raises(DataError, match=said):
        tables.rows_of("anodes" if table == "datasets.toml" else table)


def test_sealing_sound_tables_changes_nothing(copied: Path) -> None:
    before = (copied / "datasets.toml").read_bytes()
    count, notes = sealing.seal()
    assert (copied / "datasets.toml").read_bytes() == before
    assert count == len(tables.sealed_files(copied))
    assert notes == []


def test_lines_are_those_of_an_editor() -> None:
    schema = Schema.of("t", {"columns": {"a": {"kind": "text"}, "b": {"kind": "count"}}})
    rows = [(2, ["two\nlines", "1"]), (4, ["x", "y"])]
    assert list(faults("t.csv", schema, ["a", "b"], rows)) == [
        "t.csv, line 4, b: 'y' is no number; write it like 0.5"
    ]
