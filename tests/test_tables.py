"""The shipped tables: sealed, and true where an independent source can say so."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymatgen.core import Element

from screen import tables
from screen.composition import SYMBOLS
from screen.errors import DataError, UsageError
from screen.tables import (
    DATA,
    OTHER,
    Electrolyte,
    anode_of,
    electrolytes_of,
    elements,
    stanza_of,
)

SHIPPED = sorted(path.name for path in DATA.glob("*.*") if path.suffix in (".csv", ".npz"))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data folder that the package takes for its own."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    monkeypatch.setattr(tables, "DATA", folder)
    tables.datasets.cache_clear()
    yield folder
    tables.datasets.cache_clear()


@pytest.mark.parametrize("name", SHIPPED)
def test_digest_is_the_stated_one(name: str) -> None:
    facts = tables.datasets()[Path(name).stem]
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == facts["sha256"]
    assert facts["title"]
    assert facts["licence"]


def test_changed_table_is_refused_until_sealed(copied: Path) -> None:
    path = copied / "anodes.csv"
    path.write_text(path.read_text() + "Rb,rubidium,1\n")
    with pytest.raises(DataError, match=r"anodes\.csv .* datasets\.toml says .*; reinstall"):
        tables.checked("anodes")
    tables.seal(copied)
    assert tables.checked("anodes") == path
    assert tables.checked("elements").parent == copied


def test_missing_table_is_said_to_be_missing(copied: Path) -> None:
    (copied / "anodes.csv").unlink()
    with pytest.raises(DataError, match=r"anodes\.csv is missing"):
        tables.checked("anodes")


def test_sealing_sound_tables_changes_nothing(copied: Path) -> None:
    before = (copied / "datasets.toml").read_bytes()
    tables.seal(copied)
    assert (copied / "datasets.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("symbol", "name", "valence"),
    [
        ("Li", "lithium", 1),
        ("Na", "sodium", 1),
        ("K", "potassium", 1),
        ("Mg", "magnesium", 2),
        ("Ca", "calcium", 2),
        ("Zn", "zinc", 2),
        ("Al", "aluminium", 3),
    ],
)
def test_anodes_in_any_case(symbol: str, name: str, valence: int) -> None:
    for spelling in (symbol, symbol.lower(), symbol.upper(), f" {symbol} "):
        anode = anode_of(spelling)
        assert (anode.symbol, anode.name, anode.valence) == (symbol, name, valence)
        assert SYMBOLS[anode.element] == symbol


@pytest.mark.parametrize("given", ["Xx", "lithum", "", "Li+", "Rb"])
def test_unknown_anode_lists_the_known(given: str) -> None:
    with pytest.raises(UsageError, match="Allowed: Li, Na, K, Mg, Ca, Zn, Al") as refused:
        anode_of(given)
    assert f"unknown anode {given!r}" in str(refused.value)


def test_anodes_go_by_name_too() -> None:
    assert anode_of("Magnesium") == anode_of("Mg")


def test_electrolytes_by_label_or_formula_in_the_order_of_the_table() -> None:
    every = electrolytes_of("Li")
    assert len(every) == 8
    assert {e.family for e in every} == {"sulfide", "garnet", "nasicon", "halide", "phosphate"}
    for electrolyte in every:
        for name in (electrolyte.label, electrolyte.formula, electrolyte.label.lower()):
            assert electrolytes_of("Li", (name,)) == (electrolyte,)
    backwards = tuple(e.formula for e in reversed(every))
    assert electrolytes_of("Li", (*backwards, every[0].label)) == every


def test_electrolyte_columns_are_distinct_names_with_a_unit() -> None:
    for anode in ("Li", "Na", "Mg"):
        columns = [e.column for e in electrolytes_of(anode)]
        assert len(set(columns)) == len(columns) > 0
        assert all(name.isidentifier() and name.endswith("_ev_atom") for name in columns)


def test_any_formula_with_the_metal_may_be_the_electrolyte() -> None:
    listed, own = electrolytes_of("Li", ("Li5.5PS4.5Cl1.5", "Li3PS4"))
    assert (listed.label, listed.family) == ("Li3PS4", "sulfide")
    assert own == Electrolyte("Li11P2S9Cl3", "Li5.5PS4.5Cl1.5", OTHER, "")
    assert own.column == "interface_li11p2s9cl3_ev_atom"
    assert electrolytes_of("Li", ("Li3OCl", "ClOLi3")) == electrolytes_of("Li", ("Li3OCl",))
    assert OTHER not in stanza_of("electrolytes")["columns"]["class"]["allowed"]


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (("Na3PS4",), "Na3PS4 holds no Li, .* with Li, or .* --anode"),
        (("Li",), "electrolyte Li is Li itself"),
        (("Nafion",), "unknown electrolyte 'Nafion' for Li, and no formula; .*Li6PS5Cl"),
        (("Li2CO3", "Li2Co3"), "Li2CO3 and Li2Co3 would have the same columns"),
    ],
)
def test_what_is_no_electrolyte_is_refused(given: tuple[str, ...], parts: str) -> None:
    with pytest.raises(UsageError, match=parts):
        electrolytes_of("Li", given)


def test_a_metal_without_electrolytes_has_none() -> None:
    assert electrolytes_of("K") == ()


def test_molar_masses_are_those_of_pymatgen() -> None:
    for symbol, mass in zip(SYMBOLS, elements().molar_mass_g_mol, strict=True):
        assert mass == pytest.approx(float(Element(symbol).atomic_mass), rel=1e-6)


def test_radioactive_elements_are_those_without_a_stable_isotope() -> None:
    unstable = {"Tc", "Pm", *SYMBOLS[83:]}
    marked = {s for s, flag in zip(SYMBOLS, elements().radioactive, strict=True) if flag}
    assert marked == unstable


def test_alloys_are_of_metals_and_their_neighbours() -> None:
    marked = {s for s, flag in zip(SYMBOLS, elements().forms_alloys, strict=True) if flag}
    metals = {s for s in SYMBOLS if Element(s).is_metal}
    assert metals <= marked
    assert marked - metals <= {"B", "Si", "Ge", "As", "Sb", "Te", "Po", "At"}
    assert not marked & {"H", "C", "N", "O", "F", "P", "S", "Cl", "Se", "Br", "I", "He", "Xe"}
