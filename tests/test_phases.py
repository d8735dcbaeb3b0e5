"""The one table: what it refuses, and that writing and reading it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import PhaseDiagram

from screen.composition import Compositions
from screen.errors import DataError
from screen.phases import COLUMNS, SCHEMA, Phases
from screen.sources import entry_files, reference, user_files
from tests.strategies import Chemistry, chemistries

SALT: dict[str, list[Any]] = {
    "formula": ["Li", "F", "LiF"],
    "formation_energy_ev_atom": [0.0, 0.0, -3.18],
}


def salt(**columns: list[Any] | None) -> dict[str, list[Any]]:
    """Li, F and LiF with these columns added, replaced or (None) taken away."""
    return {name: values for name, values in (SALT | columns).items() if values is not None}


def energies(*values: Any) -> dict[str, list[Any]]:
    return salt(formation_energy_ev_atom=list(values))


REFUSED: dict[str, tuple[dict[str, list[Any]], list[str]]] = {
    "energy missing": (
        salt(formation_energy_ev_atom=None),
        ["column 'formation_energy_ev_atom' is missing", "it has formula"],
    ),
    "formula missing": (salt(formula=None), ["column 'formula' is missing"]),
    "unknown column": (
        salt(band_gap=[0.0, 0.0, 8.0]),
        ["unknown column 'band_gap'", "did you mean", "band_gap_ev"],
    ),
    "no rows": (
        {"formula": [], "formation_energy_ev_atom": []},
        ["no rows", "at least the elements"],
    ),
    "no formula": (salt(formula=["Li", None, "LiF"]), ["a row has no formula"]),
    "formula unreadable": (salt(formula=["Li", "F", "Lif"]), ["'Lif'", "did you mean"]),
    "energy NaN": (energies(0.0, 0.0, np.nan), ["row 3 (LiF)", "nan", "finite number in eV/atom"]),
    "energy infinite": (energies(0.0, 0.0, -np.inf), ["row 3 (LiF)", "-inf", "finite number"]),
    "energy null": (energies(0.0, 0.0, None), ["row 3 (LiF)", "finite number in eV/atom"]),
    "energy per formula unit": (
        energies(0.0, 0.0, -6.36),
        ["row 3 (LiF)", "-6.36 eV/atom", "per atom, not totals or per formula unit"],
    ),
    "energy text": (energies("0", "0", "low"), ["column 'formation_energy_ev_atom'", "low"]),
    "mixed schemes": (
        salt(scheme=["GGA", "GGA", "r2SCAN"]),
        ["mixed correction schemes", "GGA, r2SCAN", "choose one"],
    ),
    "rows without scheme": (
        salt(scheme=["GGA", "GGA", None]),
        ["mixed correction schemes", "GGA and rows without", "choose one"],
    ),
    "id twice": (salt(id=["a", "b", "a"]), ["'a' occurs twice", "ids of their own"]),
    "id missing": (salt(id=["a", None, "b"]), ["1 row(s) without an id"]),
    "composition twice": (
        {"formula": ["Li", "F", "LiF", "F2Li2"], "formation_energy_ev_atom": [0, 0, -3.18, -3.1]},
        ["row 4 (FLi)", "second row of one composition", "column 'id'"],
    ),
    "element missing": (
        {"formula": ["Li", "LiF"], "formation_energy_ev_atom": [0.0, -3.18]},
        ["no reference at 0 eV/atom for F", "its row at zero"],
    ),
    "element above zero": (energies(0.02, 0.0, -3.18), ["no reference at 0 eV/atom for Li"]),
    "element below zero": (energies(-0.02, 0.0, -3.18), ["no reference at 0 eV/atom for Li"]),
    "gap negative": (salt(band_gap_ev=[0.0, 0.0, -1.0]), ["row 3 (LiF)", "band gaps", "-1"]),
    "gap below range": (
        salt(band_gap_min_ev=[None, None, 2.0], band_gap_ev=[None, None, 1.0]),
        ["row 3 (LiF)", "2, 1, nan eV", "ascending range"],
    ),
    "gap above range": (
        salt(band_gap_ev=[None, None, 9.0], band_gap_max_ev=[None, None, 8.0]),
        ["row 3 (LiF)", "nan, 9, 8 eV", "ascending range"],
    ),
    "range upside down": (
        salt(band_gap_min_ev=[None, None, 9.0], band_gap_max_ev=[None, None, 8.0]),
        ["row 3 (LiF)", "ascending range"],
    ),
    "gap infinite": (salt(band_gap_ev=[0.0, 0.0, np.inf]), ["row 3 (LiF)", "inf"]),
    "modulus zero": (
        salt(bulk_modulus_gpa=[None, None, 0.0]),
        ["row 3 (LiF)", "bulk_modulus_gpa is 0", "leave it empty"],
    ),
    "modulus negative": (
        salt(shear_modulus_gpa=[None, -5.0, None]),
        ["row 2 (F)", "shear_modulus_gpa is -5", "leave it empty"],
    ),
    "density infinite": (salt(density_g_cm3=[None, None, np.inf]), ["density_g_cm3 is inf"]),
    "volume negative": (salt(volume_a3_atom=[-1.0, None, None]), ["volume_a3_atom is -1"]),
    "structure no text": (
        salt(structure=[{"a": 1}, None, None]),
        ["column 'structure'"],
    ),
    "formula no text": (salt(formula=[1, 2, 3]), ["column 'formula'"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_one_line(case: str) -> None:
    table, parts = REFUSED[case]
    with pytest.raises(DataError) as refused:
        Phases(table, name="mine")
    said = str(refused.value)
    assert said.startswith("mine: ")
    assert "\n" not in said
    for part in parts:
        assert part in said


def test_accepts_what_the_refusals_vary() -> None:
    full = Phases(
        salt(
            id=["a", "b", "c"],
            scheme=["GGA"] * 3,
            band_gap_min_ev=[0.0, None, 8.0],
            band_gap_ev=[0.0, None, 8.0],
            band_gap_max_ev=[None, None, 8.5],
            bulk_modulus_gpa=[11, None, 70],
            theoretical=[False, None, False],
        )
    )
    assert full.scheme == "GGA"
    assert full.texts("id") == ["a", "b", "c"]
    assert Phases(SALT).texts("id") == SALT["formula"]
    assert Phases(SALT).scheme == "not stated"


def test_elements_may_have_polymorphs_above_zero() -> None:
    table = {
        "id": ["bcc", "fcc", "hcp"],
        "formula": ["Li", "Li", "Li3"],
        "formation_energy_ev_atom": [0.002, 0.0, 0.001],
    }
    phases = Phases(table)
    assert phases.formulas == ["Li", "Li", "Li"]
    assert phases.rows_of(Compositions.from_formulas(["Li"])).tolist() == [1]


NOTHING = ("nan", "na", "null", "n/a")
"""Words that some readers of CSV take for missing; a test of their own holds them. What begins
like a formula of a spreadsheet is left out too: no table needs to take it."""

PRINTABLE = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8
).filter(
    lambda text: text == text.strip() and text.lower() not in NOTHING and text[0] not in "=+-@"
)
TEXT = PRINTABLE | st.sampled_from(['say "so"', "a,b", "é·₂"])
POSITIVE = st.floats(1e-9, 1e9)


FILES = st.sampled_from(["structures.csv", "/of/mine/one.cif", "/beside.structures"])
"""Files named relative to a table come back as paths; these stay as they are."""


@st.composite
def tables(draw: st.DrawFn) -> Phases:
    """A chemistry with every further column filled here and there."""
    chemistry = draw(chemistries())
    size = len(chemistry.phases)
    columns: dict[str, Any] = {
        "formula": ["".join(f"{s}{n}" for s, n in row.items()) for row in chemistry.phases],
        "formation_energy_ev_atom": chemistry.energy,
        "id": draw(st.lists(TEXT, min_size=size, max_size=size, unique=True)),
        "scheme": [draw(TEXT)] * size if draw(st.booleans()) else [None] * size,
    }
    ranges = [sorted(draw(st.lists(POSITIVE, min_size=3, max_size=3))) for _ in range(size)]
    gaps = ("band_gap_min_ev", "band_gap_ev", "band_gap_max_ev")
    for i, name in enumerate(gaps):
        columns[name] = [draw(st.none() | st.just(parts[i])) for parts in ranges]
    kinds = {"number": POSITIVE, "text": TEXT, "flag": st.booleans()}
    for column in COLUMNS:
        if column.name not in columns:
            some = FILES if column.name == "structure" else kinds[column.kind]
            columns[column.name] = draw(st.lists(st.none() | some, min_size=size, max_size=size))
    types = {field.name: field.type for field in SCHEMA}
    return Phases({name: pa.array(values, types[name]) for name, values in columns.items()})


@settings(max_examples=30, phases=[Phase.generate])  # making it smaller takes minutes
@given(phases=tables())
def test_parquet_and_csv_give_back_what_was_written(
    phases: Phases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("phases")
    for suffix in ("parquet", "csv"):
        first, second = folder / f"first.{suffix}", folder / f"second.{suffix}"
        write = {"parquet": Phases.write_parquet, "csv": Phases.write_csv}[suffix]
        write(phases, first)
        read = user_files.load(first)
        assert read.table.equals(phases.table), suffix
        write(read, second)
        assert first.read_bytes() == second.read_bytes()


def test_words_that_look_like_nothing_are_text(tmp_path: Path) -> None:
    """NaN is sodium and nitrogen, and a person may call a sample NA."""
    phases = Phases(
        {
            "id": ["NA", "null", "n/a"],
            "formula": ["Na", "N", "NaN"],
            "formation_energy_ev_atom": [0.0, 0.0, 0.1],
            "structure": ["/NaN", None, "/nan"],
        }
    )
    phases.write_csv(tmp_path / "nitride.csv")
    assert user_files.load(tmp_path / "nitride.csv").table.equals(phases.table)


def some_reference() -> Phases:
    """The reference phases of Li, Zn, O, F, Cl and P."""
    phases = reference.load()
    inside = {"Li", "Zn", "O", "F", "Cl", "P"}
    rows = [i for i, row in enumerate(phases.compositions) if row.keys() <= inside]
    assert len(rows) > 50
    return Phases(phases.select(rows))


def test_pymatgen_finds_the_same_formation_energies() -> None:
    phases = some_reference()
    entries = phases.to_entries()
    diagram = PhaseDiagram(entries)
    found = [diagram.get_form_energy_per_atom(entry) for entry in entries]
    np.testing.assert_allclose(found, phases.energy, rtol=0, atol=1e-12)
    assert [entry.name for entry in entries] == phases.texts("id")


def test_entries_give_back_the_table() -> None:
    phases = some_reference()
    again = Phases(entry_files.to_table(phases.to_entries()))
    assert again.texts("id") == phases.texts("id")
    assert again.compositions.key.tolist() == phases.compositions.key.tolist()
    np.testing.assert_allclose(again.energy, phases.energy, rtol=0, atol=1e-12)


def listed(chemistry: Chemistry) -> Phases:
    return Phases(
        {
            "id": [str(i) for i in range(len(chemistry.phases))],
            "formula": ["".join(f"{s}{n}" for s, n in row.items()) for row in chemistry.phases],
            "formation_energy_ev_atom": np.maximum(chemistry.energy, -5.0),
        }
    )


@given(chemistry=chemistries())
def test_rows_of_are_the_lowest_polymorphs(chemistry: Chemistry) -> None:
    phases = listed(chemistry)
    rows = phases.rows_of(chemistry.candidates)
    for wanted, row in zip(chemistry.candidates, rows.tolist(), strict=True):
        same = [i for i, counts in enumerate(phases.compositions) if counts == wanted]
        if not same:
            assert row == -1
        else:
            assert row in same
            assert phases.energy[row] == min(phases.energy[same])


def test_covers_systems_and_all_within_them() -> None:
    whole = Phases(SALT)
    assert whole.covers(["Li"])
    assert whole.covers(["Li", "F"])
    assert not whole.covers(["Li", "O"])
    elements = {"formula": ["Li", "F", "O"], "formation_energy_ev_atom": [0.0, 0.0, 0.0]}
    parts = Phases(elements, systems=[frozenset(("Li", "F")), frozenset(("Li", "O"))])
    assert parts.covers(["Li", "F"])
    assert parts.covers(["O"])
    assert not parts.covers(["F", "O"])
    assert not parts.covers(["Li", "F", "O"])


def test_the_table_given_is_left_alone() -> None:
    given_table = salt(formula=["Li", "F2", "F2Li2"])
    before = {name: list(values) for name, values in given_table.items()}
    assert Phases(given_table).formulas == ["Li", "F", "FLi"]
    assert given_table == before


def test_writing_below_a_file_is_an_ordinary_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Phases(SALT).write_csv(tmp_path / "file" / "phases.csv")
