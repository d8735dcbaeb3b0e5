"""Files that users bring: read as they mean them, or refused with a line that says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from pymatgen.entries.computed_entries import ComputedEntry

from screen.errors import DataError
from screen.sources.table_files import ALIASES, moduli
from screen.sources.user_files import load

ENERGIES = "formula,formation_energy_per_atom_eV\nLiF,-3.18\nLi2O,-2.01\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, name: str = "mine.csv", **companions: Path) -> Any:
    return load(write(folder, name, content), **companions)


def refusal(folder: Path, content: str | bytes, name: str = "mine.csv", **companions: Path) -> str:
    with pytest.raises(DataError) as refused:
        read(folder, content, name, **companions)
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_csv_with_public_names_implies_the_elements(tmp_path: Path) -> None:
    phases = read(tmp_path, ENERGIES)
    assert phases.name == "mine.csv"
    found = dict(zip(phases.formulas, phases.energy.tolist(), strict=True))
    assert found == {"LiF": -3.18, "Li2O": -2.01, "Li": 0.0, "O": 0.0, "F": 0.0}
    assert phases.texts("source") == ["", "", *["by definition"] * 3]


def test_elements_that_are_listed_are_not_added(tmp_path: Path) -> None:
    assert read(tmp_path, ENERGIES + "Li,0\nO2,0\nF2,0\n").formulas == [
        "LiF",
        "Li2O",
        "Li",
        "O",
        "F",
    ]


def test_implied_elements_share_scheme_and_have_ids(tmp_path: Path) -> None:
    text = "id,formula,formation_energy_ev_atom,scheme,licence\nmp-1,LiF,-3.18,GGA,CC0\n"
    phases = read(tmp_path, text)
    assert phases.scheme == "GGA"
    assert phases.texts("id") == ["mp-1", "Li", "F"]
    assert phases.texts("licence") == ["CC0"] * 3


@pytest.mark.parametrize("alias", ALIASES)
def test_each_public_name_is_read(tmp_path: Path, alias: str) -> None:
    ours = ALIASES[alias]
    values = {"formula": "LiF", "formation_energy_ev_atom": "-3.18"}
    values |= {ours: values.get(ours, "5.5")}
    for name in (alias, alias.upper(), f" {alias.capitalize()} "):
        head = ",".join(name if column == ours else column for column in values)
        phases = read(tmp_path, f"{head}\n{','.join(values.values())}\n")
        assert str(phases.table.column(ours)[0].as_py()) == values[ours]


SPELLINGS: dict[str, str | bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + ENERGIES.encode(),
    "carriage returns": ENERGIES.replace("\n", "\r\n"),
    "no last newline": ENERGIES.rstrip("\n"),
    "quoted": '"formula","formation_energy_per_atom_eV"\n"LiF","-3.18"\n"Li2O","-2.01"\n',
    "spaces": "formula , formation_energy_per_atom_eV\n LiF, -3.18\nLi2O ,-2.01 \n",
    "other columns": "note,formula,formation_energy_ev_atom\n\"a, b\",LiF,-3.18\n'x',Li2O,-2.01\n",
    "other formulas": "formula,formation_energy_ev_atom\nFLi,-3.18\nLi₂O,-2.01\n",
    "blank line at the end": ENERGIES + "\n",
    "UTF-16": ENERGIES.encode("utf-16"),
    "UTF-16 of the other kind": b"\xfe\xff" + ENERGIES.encode("utf-16-be"),
    "semicolons": ENERGIES.replace(",", ";"),
    "semicolons and decimal commas": ENERGIES.replace(",", ";").replace(".", ","),
    "tabs": ENERGIES.replace(",", "\t"),
    "as an export of the Materials Project": ENERGIES.replace(
        "formula,formation_energy_per_atom_eV", "formula_pretty,formation_energy_per_atom"
    ),
    "capitals": ENERGIES.replace("formula,", "Formula,"),
    "our name before a public one": (
        "formula_pretty,formula,formation_energy_ev_atom\nx,LiF,-3.18\ny,Li2O,-2.01\n"
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_one_table(tmp_path: Path, spelling: str) -> None:
    plain = read(tmp_path, ENERGIES)
    phases = read(tmp_path, SPELLINGS[spelling])
    assert phases.compositions.key.tolist() == plain.compositions.key.tolist()
    assert phases.energy.tolist() == plain.energy.tolist()


HEAD = "formula,formation_energy_ev_atom"
REFUSED: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["mine.csv", "mpty"]),
    "header only": (f"{HEAD}\n", ["mine.csv: no rows"]),
    "no formula": (
        "name,formation_energy_ev_atom\nLiF,-3\n",
        ["column 'formula' is missing", "'name, formation_energy_ev_atom'"],
    ),
    "no energy": (
        "formula,energy\nLiF,-3\n",
        ["'formation_energy_ev_atom' is missing", "formation_energy_per_atom_eV", "totals"],
    ),
    "semicolons": ("formula;energy\nLiF;-3\n", ["'formation_energy_ev_atom' is missing"]),
    "a workbook": (b"PK\x03\x04rest", ["mine.csv is a workbook", "save it as CSV in UTF-8"]),
    "Parquet": (b"PAR1rest", ["mine.csv is a Parquet file"]),
    "Latin 1": (f"{HEAD},id\nLiF,-3,\xe9\n".encode("latin-1"), ["UTF-8 or UTF-16; save it"]),
    "an open quote": (f'{HEAD}\n"LiF,-3\n', ["line 2", "quote"]),
    "text": (
        f"{HEAD}\nLiF,-3\nLi2O,low\n",
        ["line 3: formation_energy_ev_atom is 'low', which is no number"],
    ),
    "decimal comma": (f'{HEAD}\nLiF,-3\nLi2O,"-2,01"\n', ["line 3", "'-2,01'", "no number"]),
    "text below blank lines": (f"{HEAD}\nLiF,-3\n\n\nLi2O,low\n", ["line 5", "'low'"]),
    "flag": (
        f"{HEAD},theoretical\nLiF,-3,true\nLi2O,-2,maybe\n",
        ["line 3: theoretical is 'maybe', which is no true or false"],
    ),
    "NaN": (f"{HEAD}\nLiF,NaN\n", ["row 1 (LiF)", "nan", "finite number"]),
    "energy left empty": (f"{HEAD}\nLiF,\n", ["row 1 (LiF)", "nan", "finite number"]),
    "row twice": (f"{HEAD}\nLiF,-3\nLiF,-3\n", ["row 2 (LiF)", "second row of one composition"]),
    "formula left empty": (f"{HEAD}\nLiF,-3\n,-3\n", ["a row has no formula"]),
    "formula unreadable": (f"{HEAD}\nLiF,-3\nlif,-3\n", ["mine.csv", "'lif'", "did you mean LiF"]),
    "mixed schemes": (f"{HEAD},scheme\nLiF,-3,a\nLi2O,-2,b\n", ["mixed", "a, b"]),
    "half a scheme": (f"{HEAD},scheme\nLiF,-3,a\nLi2O,-2,\n", ["mixed", "rows without"]),
    "element above zero": (f"{HEAD}\nLiF,-3\nLi,0.1\n", ["no reference at 0 eV/atom for Li"]),
    "column twice": (
        "formula,formation_energy_ev_atom,Formation_Energy_eV_Atom\nLiF,-3,-3\n",
        ["'formation_energy_ev_atom' is there twice"],
    ),
    "public column twice": (
        "formula,formation_energy_per_atom,formation_energy_per_atom_eV\nLiF,-3,-3\n",
        ["'formation_energy_ev_atom' is there twice"],
    ),
    "row too long": (
        f"{HEAD}\nLiF,-3,1\n",
        ["mine.csv, line 2: 3 cells, but the first line names 2 columns", "decimal comma"],
    ),
    "row too short": (f"{HEAD}\n\nLiF\n", ["mine.csv, line 3: 1 cells"]),
    "no text": (b"\xff\xfeformula", ["mine.csv is not text in UTF-8 or UTF-16"]),
    "null characters": (b"formula\x00", ["mine.csv holds null characters"]),
    "no text further down": (
        HEAD.encode() + b",id\nLiF,-3,\xff\xfe\n",
        ["mine.csv is not text in UTF-8 or UTF-16; save it as CSV in UTF-8"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_csv_is_refused_with_one_line(tmp_path: Path, case: str) -> None:
    content, parts = REFUSED[case]
    said = refusal(tmp_path, content)
    for part in parts:
        assert part in said


def test_paths_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.csv: no such file; --source takes"):
        load(tmp_path / "absent.csv")
    with pytest.raises(DataError, match=r"is a folder|no such file"):
        load(tmp_path)
    for name in ("table.txt", "table", "table.xlsx"):
        said = refusal(tmp_path, ENERGIES, name)
        assert "unknown kind of table" in said
        assert ".parquet, .csv, .json" in said


@pytest.mark.parametrize(
    ("companion", "parts"),
    [
        ("", ["gaps.csv"]),
        ("name,band_gap_eV\nLiF,8\n", ["gaps.csv", "column 'formula' is missing"]),
        ("formula,colour\nLiF,white\n", ["gaps.csv: no column to add", "band_gap_eV"]),
        ("formula,band_gap_eV\nLiF,8\nFLi,9\n", ["gaps.csv", "occurs twice"]),
        ("formula,band_gap_eV\nLiF,wide\n", ["gaps.csv", "line 2", "'wide'"]),
        ("formula,band_gap_eV\nLix,8\n", ["gaps.csv", "Lix"]),
        ("formula,band_gap_eV\nLiF,8\n,9\n", ["gaps.csv", "formula"]),
    ],
)
def test_companion_is_refused_with_one_line(
    tmp_path: Path, companion: str, parts: list[str]
) -> None:
    said = refusal(tmp_path, ENERGIES, gaps=write(tmp_path, "gaps.csv", companion))
    for part in parts:
        assert part in said


def test_missing_companion_is_named(tmp_path: Path) -> None:
    assert "absent.csv: no such file" in refusal(tmp_path, ENERGIES, gaps=tmp_path / "absent.csv")


def test_companion_without_rows_adds_nothing(tmp_path: Path) -> None:
    phases = read(tmp_path, ENERGIES, gaps=write(tmp_path, "gaps.csv", "formula,band_gap_eV\n"))
    assert np.isnan(phases.numbers("band_gap_ev")).all()


def test_companions_fill_what_the_table_lacks(tmp_path: Path) -> None:
    text = f"{HEAD},band_gap_ev\nLiF,-3,8.5\nLi2O,-2,\nLi2S,-1,\n"
    gaps = write(tmp_path, "gaps.csv", "formula,band_gap_eV\nOLi2,5\nFLi,1\nNaCl,5\nLi,0\n")
    moduli = write(tmp_path, "moduli.csv", "formula,bulk_modulus_VRH_median_GPa\nLiF,70\n")
    phases = read(tmp_path, text, gaps=gaps, moduli=moduli)
    rows = {formula: i for i, formula in enumerate(phases.formulas)}
    gap, bulk = phases.numbers("band_gap_ev"), phases.numbers("bulk_modulus_gpa")
    assert gap[[rows["LiF"], rows["Li2O"], rows["Li"]]].tolist() == [8.5, 5.0, 0.0]
    assert np.isnan(gap[rows["Li2S"]])
    assert bulk[rows["LiF"]] == 70
    assert np.isnan(np.delete(bulk, rows["LiF"])).all()
    marks = phases.texts("property_source")
    assert marks[rows["LiF"]] == "moduli"  # it had a gap of its own
    assert marks[rows["Li2O"]] == "gaps"
    assert marks[rows["Li2S"]] == ""


def test_companions_add_to_the_sources_that_a_table_names(tmp_path: Path) -> None:
    text = f"{HEAD},property_source\nLiF,-3,lab\nLi2O,-2,\nLi2S,-1,lab\n"
    gaps = write(tmp_path, "gaps.csv", "formula,band_gap_eV\nLiF,8\nLi2O,5\nLi2S,\n")
    phases = read(tmp_path, text, gaps=gaps)
    marks = dict(zip(phases.formulas, phases.texts("property_source"), strict=True))
    assert marks["LiF"].split() == ["lab", "gaps"]
    assert marks["Li2O"] == "gaps"
    assert marks["Li2S"] == "lab"  # the companion names it, but knows no gap


def test_companion_of_a_damaged_table_leaves_the_blame_where_it_belongs(tmp_path: Path) -> None:
    gaps = write(tmp_path, "gaps.csv", "formula,band_gap_eV\nLiF,8\n")
    pa.parquet.write_table(pa.table({"energy": [1.0]}), tmp_path / "a.parquet")
    pa.parquet.write_table(
        pa.table({"formula": ["Li", None], "formation_energy_ev_atom": [0.0, 0.0]}),
        tmp_path / "b.parquet",
    )
    for name in ("a.parquet", "b.parquet"):
        with pytest.raises(DataError, match=rf"^{name}: .*formula"):
            load(tmp_path / name, gaps=gaps)
    assert refusal(tmp_path, f"{HEAD}\nLif,-3\n", gaps=gaps).startswith("mine.csv: formula 'Lif'")


def parquet(**columns: list[Any]) -> pa.Table:
    return pa.table({"formula": ["Li"], "formation_energy_ev_atom": [0.0]} | columns)


def test_parquet_may_hold_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    pa.parquet.write_table(parquet(colour=["grey"], id=["mp-1"]), path)
    phases = load(path)
    assert phases.texts("id") == ["mp-1"]
    assert phases.name == "mine.parquet"


@pytest.mark.parametrize(
    "columns",
    [
        {"structure": [{"sites": [1]}]},
        {"formation_energy_ev_atom": [[0.0]]},
        {"formation_energy_ev_atom": ["low"]},
        {"formula": [3]},
        {"theoretical": ["maybe"]},
    ],
)
def test_parquet_of_other_types_names_the_column(
    tmp_path: Path, columns: dict[str, list[Any]]
) -> None:
    path = tmp_path / "mine.parquet"
    pa.parquet.write_table(parquet(**columns), path)
    with pytest.raises(DataError, match=rf"^mine\.parquet: column '{next(iter(columns))}'"):
        load(path)


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, -1])
def test_parquet_cut_short(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "mine.parquet"
    pa.parquet.write_table(parquet(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept == 0.5 else int(kept)])
    with pytest.raises(DataError, match=r"^mine\.parquet: not a readable Parquet file; .*again$"):
        load(path)


def entry(composition: str, energy: float, **details: Any) -> dict[str, Any]:
    made: dict[str, Any] = ComputedEntry(composition, energy, **details).as_dict()
    return made


ENTRIES = [
    entry("Li2", -3.8, entry_id="mp-1"),
    entry("F2", -3.6, entry_id="mp-2"),
    entry("Li2F2", -20.0, correction=-1.0, entry_id="mp-3"),
]


def test_entries_with_corrections(tmp_path: Path) -> None:
    """Li -1.9 and F -1.8 eV/atom; Li2F2 -20 - 1 eV: (-21 + 3.8 + 3.6) / 4 per atom."""
    phases = read(tmp_path, json.dumps(ENTRIES), "mine.json")
    assert phases.texts("id") == ["mp-1", "mp-2", "mp-3"]
    assert phases.formulas == ["Li", "F", "LiF"]
    np.testing.assert_allclose(phases.energy, [0.0, 0.0, -3.4], rtol=0, atol=1e-12)


def test_entries_may_repeat_ids_and_hold_polymorphs(tmp_path: Path) -> None:
    entries = [*ENTRIES, entry("LiF", -10.0, entry_id="mp-3"), entry("Li", -1.8)]
    phases = read(tmp_path, json.dumps(entries), "mine.json")
    assert len(set(phases.texts("id"))) == 5
    np.testing.assert_allclose(phases.energy[3:], [(-10 + 3.7) / 2, 0.1], atol=1e-12)


RUN = {"GGA": {"run_type": "GGA"}, "GGA+U": {"run_type": "GGA+U"}, "r2SCAN": {"run_type": "r2SCAN"}}


def typed(*types: str | None) -> list[dict[str, Any]]:
    made = []
    for base, kind in zip(ENTRIES, types, strict=True):
        made.append(base | ({"parameters": RUN[kind]} if kind else {}))
    return made


@pytest.mark.parametrize(
    ("types", "scheme"),
    [
        (("GGA", "GGA+U", "GGA"), "GGA/GGA+U"),
        (("r2SCAN", "r2SCAN", "r2SCAN"), "r2SCAN"),
        ((None, None, None), "not stated"),
    ],
)
def test_run_types_give_the_scheme(
    tmp_path: Path, types: tuple[str | None, ...], scheme: str
) -> None:
    assert read(tmp_path, json.dumps(typed(*types)), "mine.json").scheme == scheme


@pytest.mark.parametrize("types", [("GGA", "GGA", "r2SCAN"), (None, "GGA", "r2SCAN")])
def test_mixed_run_types_are_refused(tmp_path: Path, types: tuple[str | None, ...]) -> None:
    said = refusal(tmp_path, json.dumps(typed(*types)), "mine.json")
    assert "mixed functionals (run types" in said
    assert "GGA, r2SCAN" in said
    assert "keep one functional" in said


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["not readable as JSON"]),
        ("[", ["not readable as JSON"]),
        ("{}", ["a list of pymatgen entries is wanted", "this is an object"]),
        ('{"a": 1}', ["a list of pymatgen entries is wanted", "this is an object"]),
        ('{"@class": "Slab"}', ["EntrySet or PhaseDiagram", "this is an object of class Slab"]),
        ("[]", ["this is an empty list"]),
        ("null", ["a list of pymatgen entries is wanted"]),
        ("[1, 2]", ["entry 1 is a int, no entry of pymatgen"]),
        ('[{"formula": "LiF"}]', ["entry 1 is a record, not an entry", "save the table as CSV"]),
        ('[{"energy": -1}]', ["entry 1 is without a class; ComputedEntry,", "PDEntry are read"]),
        (
            json.dumps([*ENTRIES, ENTRIES[2] | {"energy": None}]),
            ["entry 4: energy is null, a number in eV is wanted"],
        ),
        (
            json.dumps([*ENTRIES, ENTRIES[2] | {"energy": "low"}]),
            ['entry 4: energy is "low", a number in eV is wanted'],
        ),
        (
            json.dumps([*ENTRIES, ENTRIES[2] | {"composition": {"Qq": 1}}]),
            ["entry 4: unknown element 'Qq'"],
        ),
        (
            json.dumps([*ENTRIES, ENTRIES[2] | {"composition": {}}]),
            ["entry 4: its composition is empty"],
        ),
        ("\ufeff[", ["not readable as JSON: line 1"]),
        (json.dumps(ENTRIES[2:]), ["no entry for the elements F, Li", "each element's own energy"]),
        (json.dumps(ENTRIES[1:]), ["no entry for the element Li;"]),
        (json.dumps([*ENTRIES, entry("Li", float("nan"))]), ["nan"]),
        ("[" * 100_000 + "]" * 100_000, ["mine.json: not readable as JSON"]),
    ],
)
def test_json_is_refused_with_one_line(tmp_path: Path, content: str, parts: list[str]) -> None:
    said = refusal(tmp_path, content, "mine.json")
    assert said.startswith("mine.json: ")
    for part in parts:
        assert part in said


def test_moduli_by_either_name(tmp_path: Path) -> None:
    path = tmp_path / "moduli.csv"
    path.write_text(
        "formula,bulk_modulus_VRH_median_GPa,shear_modulus_gpa,notes\nNa2O,50,,x\nLiF,70,51,y\n"
    )
    formulas, values = moduli(path)
    assert formulas == ["Na2O", "LiF"]
    np.testing.assert_array_equal(values, [[50, np.nan], [70, 51]])


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("formula,bulk_modulus_gpa\nLiF,70\n", "column 'shear_modulus_gpa' .* is missing"),
        ("formula,bulk_modulus_gpa,shear_modulus_gpa\nLiF,70,51\nFLi,7,5\n", "occurs twice"),
        ("formula,bulk_modulus_gpa,shear_modulus_gpa\nLiF,high,51\n", "line 2.*'high'"),
        ("formula,bulk_modulus_gpa,shear_modulus_gpa\nLiQ,70,51\n", "unknown element"),
    ],
)
def test_moduli_that_make_no_sense(tmp_path: Path, content: str, match: str) -> None:
    path = tmp_path / "moduli.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=match):
        moduli(path)
