"""The literature table: it keeps its own rules, and each rule refuses what it is there for."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections import Counter
from pathlib import Path

import pytest
from pymatgen.core import Composition

from screen import literature, tables, training
from screen.cli import main
from screen.columns import Column
from screen.composition import parse_formula
from screen.errors import DataError
from screen.literature import COLUMNS, NAMES, REQUIRED, Row, allowed, faults, rows
from screen.literature.rules import LIMITS
from screen.tables import rows_of, sha256
from screen.units import unit_of

SHIPPED = rows()
BY_ID = {row.row_id: row for row in SHIPPED}

GOOD = dict.fromkeys(NAMES, "") | {
    "reference": "10.1234/example.2024",
    "year": "2024",
    "role": "interlayer",
    "material_label": "LiF layer",
    "active_formulas": "LiF; Li3N",
    "family": "LiF",
    "electrolyte_label": "Li6PS5Cl",
    "electrolyte_class": "sulfide",
    "cell_type": "symmetric",
    "current_ma_cm2": "0.5",
    "capacity_mah_cm2": "0.5",
    "lifetime_h": "1000",
    "lifetime_censored": "1",
    "ccd_ma_cm2": "2",
    "control_lifetime_h": "100",
    "control_current_ma_cm2": "0.5",
    "quote": "1000 h at 0.5 mA cm-2",
    "confidence": "high",
    "provenance": "read",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of their own for the user's rows."""
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(path: Path, *records: dict[str, str], head: tuple[str, ...] = NAMES) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
    return path


# The shipped table


def test_columns_of_file_row_and_declaration_are_the_same() -> None:
    assert tuple(rows_of("literature")[0]) == NAMES
    assert tuple(field.name for field in dataclasses.fields(Row)) == NAMES
    assert set(allowed()) | set(REQUIRED) | set(literature.BRIEF) <= set(NAMES)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.name)
def test_columns_explain_themselves(column: Column) -> None:
    assert column.meaning.endswith(".")
    assert column.label
    measured = column.kind == "number" and not column.name.endswith(("year", "_cycles"))
    assert bool(unit_of(column.name)) == measured


def test_shipped_table_keeps_the_rules_for_rows_of_users() -> None:
    assert faults(rows_of("literature")) == []
    assert len(SHIPPED) == len(BY_ID) >= 220


def test_formulas_are_read_as_another_reader_reads_them() -> None:
    for row in SHIPPED:
        assert row.active_formulas or row.note
        for formula in row.active_formulas:
            counts = parse_formula(formula)
            amounts = Composition(formula).fractional_composition.as_dict()
            total = sum(counts.values())
            assert {s: n / total for s, n in counts.items()} == pytest.approx(amounts)


def test_what_acts_decides_the_family_and_bare_metal_has_its_own() -> None:
    """Rows with the same formulas are never on both sides of a split by family."""
    families: dict[frozenset[str], set[str]] = {}
    for row in SHIPPED:
        bare = row.role == "bare_anode"
        assert bare == (row.family == "bare Li") == ("Li" in row.active_formulas)
        if row.active_formulas:
            families.setdefault(frozenset(row.active_formulas), set()).add(row.family)
    assert {key: found for key, found in families.items() if len(found) > 1} == {}


def test_rows_of_one_paper_share_its_year() -> None:
    years: dict[str, set[float]] = {}
    for row in SHIPPED:
        if not math.isnan(row.year):
            years.setdefault(row.paper, set()).add(row.year)
    assert all(len(found) == 1 for found in years.values())
    assert all("ear not" in row.note for row in SHIPPED if math.isnan(row.year))


def test_what_was_read_has_words_to_find_it_and_memory_is_the_small_part() -> None:
    for row in SHIPPED:
        assert bool(row.quote) == (row.provenance != "recalled")
        assert row.source_text
    parts = Counter(row.provenance for row in SHIPPED)
    assert parts["recalled"] < 0.1 * len(SHIPPED)


def test_full_cell_conditions_stay_with_full_cells() -> None:
    """Temperature and pressure of the shifted table are full-cell values."""
    of_table = [row for row in SHIPPED if row.source_text == "10.1039/d5eb00156k Table 1"]
    apart = [row for row in of_table if row.cell_type != "full"]
    assert len(apart) > 30
    assert all(math.isnan(r.temperature_c) and math.isnan(r.stack_pressure_mpa) for r in apart)
    full = [row for row in of_table if row.cell_type == "full"]
    assert sum(not math.isnan(row.stack_pressure_mpa) for row in full) > 8
    assert all(math.isnan(row.lifetime_h) for row in full)


def test_stack_pressure_shortens_the_life_of_bare_lithium() -> None:
    """Time to short circuit at 75 uA/cm2 falls as the pressure rises."""
    cells = [r for r in SHIPPED if r.paper == "10.1002/aenm.201903253" and r.cell_type != "full"]
    failed = sorted((r for r in cells if r.lifetime_censored is False), key=lambda r: r.lifetime_h)
    assert [r.stack_pressure_mpa for r in failed] == [75, 25, 20, 15, 10]
    assert {r.stack_pressure_mpa for r in cells if r.lifetime_censored} == {2, 5}


@pytest.mark.parametrize(
    ("label", "reference", "values"),
    [
        ("Ag@Cu mesh (ACM)", "10.1039/d5eb00156k ref. 71", (math.nan, math.nan, 0.3)),
        ("LRLIA (Li-rich Li13In3)", "10.1002/adfm.202209715", (5, 1000, math.nan)),
        ("LiB-TFA (Li5B4 skeleton)", "10.1002/adma.202506298", (0.5, 6000, 5.8)),
        ("Li7N2I-CNT", "10.1038/s41560-023-01426-1", (4, 650, 4)),
        ("MIEC-Ta-LLZ-MIEC porous trilayer", "10.1039/d5eb00156k ref. 69", (20, 560, 100)),
    ],
)
def test_shifted_cells_are_where_the_text_puts_them(
    label: str, reference: str, values: tuple[float, float, float]
) -> None:
    row = next(r for r in SHIPPED if r.material_label == label and r.cell_type == "symmetric")
    assert row.reference == reference
    found = (row.current_ma_cm2, row.lifetime_h, row.ccd_ma_cm2)
    assert found == pytest.approx(values, nan_ok=True)


def test_table_holds_what_the_file_says() -> None:
    columns = literature.to_columns(SHIPPED)
    for column in COLUMNS:
        for record, value in zip(rows_of("literature"), columns[column.name], strict=True):
            text = record[column.name]
            if column.kind == "number":
                assert (float(text) == value) if text else math.isnan(value)
            elif column.kind == "flag":
                assert value == {"": None, "0": False, "1": True}[text]
            else:
                assert value == text


# Rows of users


def test_good_row_is_accepted() -> None:
    assert faults([GOOD]) == []
    assert faults([GOOD], SHIPPED) == []


RULES = [
    ({"active_formulas": "LiF;Lx3N"}, "active_formulas", "Lx"),
    ({"active_formulas": ""}, "active_formulas", "say in the note why"),
    ({"reference": "Adv. Mater. 2024"}, "reference", "no DOI"),
    ({"reference": "doi:10.1234/x"}, "reference", "no DOI"),
    ({"reference": ""}, "reference", "is empty"),
    ({"year": "1824"}, "year", "below 1970"),
    ({"year": "20244"}, "year", "above 2035"),
    ({"year": ""}, "year", "say in the note why"),
    ({"role": "interlyer"}, "role", "did you mean interlayer"),
    ({"electrolyte_class": "sulphide"}, "electrolyte_class", "did you mean sulfide"),
    ({"electrolyte_class": "LLZO"}, "electrolyte_class", "Allowed"),
    (
        {"electrolyte_label": "LLZTO pellet", "electrolyte_class": "sulfide"},
        "electrolyte_class",
        "'LLZTO pellet' is called a garnet elsewhere",
    ),
    (
        {"electrolyte_label": "argyrodite", "electrolyte_class": "halide"},
        "electrolyte_class",
        "'argyrodite' is called a sulfide elsewhere",
    ),
    ({"cell_type": "coin"}, "cell_type", "Allowed: symmetric, half, full"),
    ({"confidence": "sure"}, "confidence", "Allowed: high, medium, low"),
    ({"provenance": "seen"}, "provenance", "Allowed: read, read_secondary, recalled"),
    ({"lifetime_censored": "yes"}, "lifetime_censored", "unknown 'yes'"),
    ({"ccd_censored": "yes"}, "ccd_censored", "unknown 'yes'"),
    ({"current_ma_cm2": "500"}, "current_ma_cm2", "above 50; is it in µA"),
    ({"current_ma_cm2": "0.0005"}, "current_ma_cm2", "below 0.001; is it in A"),
    ({"control_current_ma_cm2": "500"}, "control_current_ma_cm2", "µA"),
    ({"ccd_ma_cm2": "300"}, "ccd_ma_cm2", "above 150; is it in µA"),
    ({"capacity_mah_cm2": "500"}, "capacity_mah_cm2", "µAh"),
    ({"ccd_capacity_mah_cm2": "500"}, "ccd_capacity_mah_cm2", "µAh"),
    ({"ccd_capacity_mah_cm2": "1", "ccd_ma_cm2": ""}, "ccd_capacity_mah_cm2", "no critical"),
    ({"lifetime_h": "60000"}, "lifetime_h", "above 20000; is it in minutes"),
    ({"lifetime_h": "-1"}, "lifetime_h", "negative"),
    ({"lifetime_h": "1,5"}, "lifetime_h", "'1,5' is no number"),
    ({"lifetime_h": "nan"}, "lifetime_h", "no number"),
    ({"temperature_c": "298"}, "temperature_c", "kelvin"),
    ({"stack_pressure_mpa": "5000"}, "stack_pressure_mpa", "kPa"),
    ({"ce_percent": "0.99"}, "ce_percent", "fraction"),
    ({"ce_percent": "101"}, "ce_percent", "above 100 %"),
    ({"nucleation_overpotential_mv": "0.03"}, "nucleation_overpotential_mv", "in V"),
    ({"interface_resistance_ohm_cm2": "-4"}, "interface_resistance_ohm_cm2", "negative"),
    ({"current_ma_cm2": ""}, "current_ma_cm2", "a lifetime without a current"),
    ({"control_current_ma_cm2": ""}, "control_current_ma_cm2", "a lifetime without a current"),
    ({"lifetime_h": "1"}, "lifetime_h", "less than one cycle of 2 h; cycles?"),
    ({"lifetime_h": "", "lifetime_cycles": "15000"}, "lifetime_cycles", "are they hours?"),
    ({"lifetime_cycles": "100"}, "lifetime_cycles", "100 cycles of 2 h are 200 h, not 1000 h"),
    ({"ccd_ma_cm2": "0.3"}, "ccd_ma_cm2", "below the current"),
    ({"lifetime_h": ""}, "lifetime_censored", "no lifetime"),
    (
        {"ccd_ma_cm2": "", "ccd_censored": "1"},
        "ccd_censored",
        "no critical current density that it could be said of",
    ),
    (
        {"lifetime_h": "", "lifetime_censored": "", "ccd_ma_cm2": ""},
        "lifetime_h",
        "has no result",
    ),
    ({"quote": "word " * 16}, "quote", "has 16 words; at most 15"),
]


@pytest.mark.parametrize(("change", "column", "reason"), RULES)
def test_every_rule_refuses(change: dict[str, str], column: str, reason: str) -> None:
    found = faults([GOOD, GOOD | {"reference": "10.1234/other"} | change])
    assert [(f.row, f.column) for f in found] == [("row 2", column)]
    assert reason in found[0].reason


def test_every_column_with_limits_or_choices_has_a_rule_that_was_seen_to_refuse() -> None:
    tested = {column for _, column, _ in RULES}
    must = {*allowed(), *LIMITS, "reference", "active_formulas", "quote"}
    shared = {name for name in must if name.removeprefix("control_") in tested}
    assert must == shared | (must & tested)


@pytest.mark.parametrize(
    "change",
    [
        {"current_ma_cm2": "", "capacity_mah_cm2": "", "note": "Current not stated."},
        {"cell_type": "full", "current_ma_cm2": "", "control_current_ma_cm2": "", "note": "1C"},
        {"active_formulas": "", "note": "formula not given"},
        {"ccd_ma_cm2": "0.3", "note": "two samples"},
        {"lifetime_h": "0", "lifetime_censored": "0"},
        {"lifetime_cycles": "500"},
        {"reference": "10.1234/review ref. S2.4"},
        {"reference": "https://example.org/paper.html"},
    ],
)
def test_what_is_explained_passes(change: dict[str, str]) -> None:
    assert faults([GOOD | change]) == []


def test_same_paper_cell_and_test_is_a_repeat_whatever_it_found() -> None:
    again = GOOD | {"reference": GOOD["reference"].upper(), "lifetime_h": "900", "note": "again"}
    (fault,) = faults([GOOD, again])
    assert str(fault) == "row 2, reference: repeats row 1: same paper and test"
    for address in ("https://doi.org/", "http://dx.doi.org/"):
        (fault,) = faults([GOOD, GOOD | {"reference": address + GOOD["reference"]}])
        assert "repeats row 1" in fault.reason
    for other in ("current_ma_cm2", "capacity_mah_cm2", "temperature_c", "stack_pressure_mpa"):
        assert faults([GOOD, GOOD | {other: "1"}]) == []


def test_a_family_has_one_spelling() -> None:
    (fault,) = faults([GOOD | {"family": "FluoRide"}], SHIPPED)
    assert str(fault) == "row 1, family: 'FluoRide' is written 'fluoride' here"


def test_a_polymer_may_hold_a_garnet() -> None:
    mixed = {"electrolyte_label": "PEO with LLZTO", "electrolyte_class": "polymer"}
    assert faults([GOOD | mixed]) == []


def test_a_shipped_row_cannot_be_added_again() -> None:
    record = dict(rows_of("literature")[0]) | {"row_id": ""}
    (fault,) = faults([record], SHIPPED)
    assert "repeats L001" in fault.reason
    (fault,) = faults([GOOD | {"row_id": "L001"}], SHIPPED)
    assert fault.column == "row_id"


def test_papers_are_told_apart_by_reference_alone() -> None:
    papers = Counter(row.paper for row in SHIPPED)
    assert 100 < len(papers) < len(SHIPPED)
    assert papers["10.1039/d5ee01219h"] == 6
    assert papers["10.1039/d5eb00156k ref. 61"] == 3


# The user's file


def test_added_rows_join_the_shipped_ones(tmp_path: Path, home: Path) -> None:
    head = tuple(name for name in NAMES if GOOD[name])
    assert literature.joined(write(tmp_path / "mine.csv", GOOD, head=head)).keep() == 1
    more = GOOD | {"reference": "10.1234/second"}
    assert literature.joined(write(tmp_path / "more.csv", more | {"row_id": "mine"})).keep() == 1
    assert literature.own_path() == home / "literature.csv"
    own = rows(own=True)[len(SHIPPED) :]
    assert [row.row_id for row in own] == ["own-1", "mine"]
    assert own[0].active_formulas == ("LiF", "Li3N")
    assert own[0].lifetime_censored is True
    assert math.isnan(own[0].stack_pressure_mpa)
    assert rows() == rows(own=True)[: len(SHIPPED)] == SHIPPED


def test_rows_are_read_as_they_are_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What `literature --columns all --format csv` writes, with another reference."""
    condition = "lifetime_censored == true and ccd_censored == false"
    command = ["literature", "--columns", "all", "--format", "csv", "--where", condition]
    assert main(command) == 0
    printed = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert printed
    assert {row["lifetime_censored"] for row in printed} == {"true"}
    mine = [row | {"row_id": "", "reference": f"10.1234/{i}"} for i, row in enumerate(printed)]
    assert literature.joined(write(tmp_path / "mine.csv", *mine)).keep() == len(mine)
    for own, row in zip(rows(own=True)[-len(mine) :], printed, strict=True):
        theirs = BY_ID[row["row_id"]]
        assert (own.lifetime_censored, own.ccd_censored) == (True, False)
        assert own.current_ma_cm2 == theirs.current_ma_cm2 or math.isnan(own.current_ma_cm2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rows_from_a_spreadsheet_with_decimal_commas(tmp_path: Path, encoding: str) -> None:
    names = [name for name in NAMES if GOOD[name]]
    cells = [GOOD[name].replace(".", ",") if name.endswith("cm2") else GOOD[name] for name in names]
    text = "\n".join((";".join(names), ";".join(f'"{cell}"' for cell in cells)))
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding=encoding)
    literature.joined(path).keep()
    assert rows(own=True)[-1].current_ma_cm2 == float(GOOD["current_ma_cm2"])


def test_refused_file_changes_nothing(tmp_path: Path, home: Path) -> None:
    good = write(tmp_path / "good.csv", GOOD)
    literature.joined(good).keep()
    before = (home / "literature.csv").read_bytes()
    with pytest.raises(DataError, match=r"good\.csv, row 1, reference: repeats own-1"):
        literature.joined(good).keep()
    bad = GOOD | {"reference": "10.1234/b", "current_ma_cm2": "500", "year": "1"}
    with pytest.raises(DataError, match=r"bad\.csv, row 1, year: .* \(and 1 more\)"):
        literature.joined(write(tmp_path / "bad.csv", bad)).keep()
    assert (home / "literature.csv").read_bytes() == before
    assert [path.name for path in home.iterdir()] == ["literature.csv"]


def test_own_file_is_checked_again_when_read(tmp_path: Path, home: Path) -> None:
    literature.joined(write(tmp_path / "mine.csv", GOOD)).keep()
    path = home / "literature.csv"
    path.write_text(path.read_text().replace("LiF; Li3N", "LiF; Qq3"))
    with pytest.raises(DataError, match=r"literature\.csv, row 1 \(own-1\), active_formulas"):
        rows(own=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"reference,current_A_cm2\n",
            "unknown column 'current_A_cm2'; did you mean current_ma_cm2",
        ),
        (b"reference,role\n", "column 'material_label' is missing"),
        (b"reference,reference\n", "a column is there twice"),
        (
            ",".join(REQUIRED).encode() + b"\n1,2\n",
            r"line 2: 2 cells, but the first line names \d+",
        ),
        (",".join(REQUIRED).encode() + b"\n", "has no rows"),
        (b"", "is empty; its first line names the columns"),
        (b"\xff\xfe\x00", "is not text in UTF-8 or UTF-16"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        literature.joined(path).keep()


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        literature.joined(tmp_path / "none.csv").keep()


# Bounds, papers and digests


@pytest.mark.parametrize(("text", "flag"), [("", None), ("0", False), ("1", True)])
def test_a_bound_is_kept_as_it_was_said(tmp_path: Path, text: str, flag: bool | None) -> None:
    literature.joined(write(tmp_path / "mine.csv", GOOD | {"ccd_censored": text})).keep()
    assert rows(own=True)[-1].ccd_censored is flag


def test_every_shipped_critical_current_density_says_whether_it_is_a_bound() -> None:
    for row in SHIPPED:
        assert (row.ccd_censored is None) == math.isnan(row.ccd_ma_cm2)
        note = row.note.lower()
        if "ccd is a lower bound" in note:
            assert row.ccd_censored


def test_spelling_does_not_make_two_papers_of_one() -> None:
    row = SHIPPED[0]
    assert dataclasses.replace(row, reference=row.reference.upper()).paper == row.paper


def digests(*, own: bool = False) -> dict[str, str]:
    return dict(literature.table(own=own).digests)


def test_digests_follow_the_rows_that_are_there(tmp_path: Path) -> None:
    shipped = digests(own=True)
    assert shipped == digests() == {"literature": sha256(tables.DATA / "literature.csv")}
    literature.joined(write(tmp_path / "mine.csv", GOOD)).keep()
    first = digests(own=True)
    assert first == shipped | {"own rows": sha256(literature.own_path())}
    assert digests() == shipped
    literature.joined(write(tmp_path / "mine.csv", GOOD | {"material_label": "another"})).keep()
    assert digests(own=True) != first
    literature.own_path().unlink()
    assert digests(own=True) == shipped


# The command


def test_literature_of_an_element(capfd: pytest.CaptureFixture[str]) -> None:
    """Formulas stand in one column, by semicolon; names of materials are searched as texts."""
    asked = ["literature", "--shipped", "--format", "csv", "--where"]
    assert main([*asked, "has Zn"]) == 0
    of_zinc = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert len(of_zinc) >= 15
    assert all("Zn" in row["active_formulas"] for row in of_zinc)
    assert main([*asked, "material_label contains 'ZnO'"]) == 0
    named = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert len(named) >= 10
    assert all("ZnO" in row["material_label"] for row in named)


def test_where_and_columns(capfd: pytest.CaptureFixture[str]) -> None:
    words = "electrolyte_class == 'garnet' and ccd_ma_cm2 >= 2"
    names = "row_id,ccd_ma_cm2,active_formulas"
    assert main(["literature", "--where", words, "--columns", names, "--format", "csv"]) == 0
    found = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    wanted = [r for r in SHIPPED if r.electrolyte_class == "garnet" and r.ccd_ma_cm2 >= 2]
    assert [line["row_id"] for line in found] == [row.row_id for row in wanted]
    assert list(found[0]) == names.split(",")
    assert [float(line["ccd_ma_cm2"]) for line in found] == [row.ccd_ma_cm2 for row in wanted]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--where", "ccd_ma_cm2 > 900"), 4, "no row meets"),
        (("--where", "ccd_ma > 1"), 2, "did you mean ccd_ma_cm2"),
        (("--columns", "ccd"), 2, "unknown column 'ccd'"),
        (("--columns", "year,year"), 2, "there twice"),
        (("--format", "xml"), 2, "unknown format"),
        (("add", "none.csv"), 3, "cannot read none.csv"),
    ],
)
def test_faults_of_the_command(
    arguments: tuple[str, ...], code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["literature", *arguments]) == code
    out, err = capfd.readouterr()
    assert not out
    assert said in err
    assert err.count("\n") == 1


def test_added_rows_are_printed_unless_left_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train_literature", lambda *_: None)  # see test_training
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["literature", "add", str(write(tmp_path / "mine.csv", GOOD))]) == 0
    assert "rows added to" in capfd.readouterr().err
    chosen = ["literature", "--where", "row_id == 'own-1'"]
    assert main(chosen) == 0
    assert "LiF layer" in capfd.readouterr().out
    assert main([*chosen, "--shipped"]) == 4
