"""The literature table: it keeps its own rules, and each rule refuses what it is there for."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import sys
from collections import Counter
from pathlib import Path

import pytest
from pymatgen.core import Composition

from screen import literature, tables, training
from screen.cli import main
from screen.columns import Column
from screen.composition import Compositions, parse_formula
from screen.errors import DataError
from screen.literature import COLUMNS, NAMES, REQUIRED, Row, allowed, faults, outcomes, rows
from screen.literature.columns import OUTCOMES
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
    "test": "cycled",
    "current_ma_cm2": "0.5",
    "capacity_mah_cm2": "0.5",
    "lifetime_h": "1000",
    "lifetime_censored": "1",
    "ccd_ma_cm2": "2",
    "control_lifetime_h": "100",
    "control_current_ma_cm2": "0.5",
    "outcome": "better",
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
    assert len(SHIPPED) == len(BY_ID) >= 348


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
    ({"reference": "notebook 3"}, "reference", "of your own set provenance to 'measured'"),
    ({"control_label": "bare Li (10.1234/other.2020)"}, "control_label", "is another paper"),
    ({"control_label": "bare Li of Wang et al."}, "control_label", "is another paper"),
    ({"test": "cycling"}, "test", "did you mean cycled"),
    (
        {"test": "impedance", "lifetime_h": "", "lifetime_censored": "", "outcome": "not stated"},
        "test",
        "ccd_ma_cm2 is of a cell that carried a current",
    ),
    (
        {"test": "plating", "lifetime_h": "", "lifetime_cycles": "300", "outcome": "not stated"},
        "test",
        "'plating', but it ran 300 cycles",
    ),
    ({"test": "one-way", "ce_percent": "99"}, "test", "needs both ways"),
    ({"outcome": "good"}, "outcome", "Allowed: better, same, worse, failed, not stated"),
    ({"outcome": "worse"}, "outcome", "lifetime_h of 1000 is better than the control's 100"),
    ({"outcome": "same"}, "outcome", "lifetime_h of 1000 is better than the control's 100"),
    ({"outcome": "not stated"}, "outcome", "lifetime_h of 1000 is better than the control's 100"),
    ({"outcome": "failed"}, "outcome", "lifetime_censored says that it was still stable"),
    ({"outcome": "failed", "lifetime_censored": "0"}, "outcome", "say in the note why"),
    (
        {"lifetime_h": "50", "lifetime_censored": "0"},
        "outcome",
        "50 is worse than the control's 100",
    ),
    ({"lifetime_h": "0", "lifetime_censored": "0"}, "outcome", "it lived 0 h"),
    (
        {"control_lifetime_h": "", "control_current_ma_cm2": "", "outcome": ""},
        "outcome",
        "write better, same, worse, failed or not stated",
    ),
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
    ({"provenance": "seen"}, "provenance", "Allowed: read, read_secondary, recalled, measured"),
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
        {"lifetime_h": "0", "lifetime_censored": "0", "outcome": "failed"},
        {"outcome": "failed", "lifetime_censored": "0", "note": "a soft short from the start"},
        {"provenance": "measured", "reference": "notebook 12, page 3", "quote": ""},
        {"control_label": "bare Li, 10.1234/example.2024"},
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


# Outcomes

CONTROL = {"control_lifetime_h": "", "control_current_ma_cm2": "", "outcome": ""}
TOLD = [
    ({}, "better"),
    ({"control_lifetime_h": "990"}, "not stated"),  # a bound that is not above the control's
    ({"control_lifetime_h": "990", "lifetime_censored": "0"}, "same"),
    ({"lifetime_h": "20", "lifetime_censored": "0"}, "worse"),
    ({"lifetime_h": "20"}, "not stated"),
    ({"control_current_ma_cm2": "2"}, "not stated"),  # longer, but at a lower current
    ({"control_current_ma_cm2": "0.1"}, "better"),
    ({"control_current_ma_cm2": "0.1", "lifetime_h": "20", "lifetime_censored": "0"}, "not stated"),
    ({"control_capacity_mah_cm2": "2"}, "not stated"),
    ({"lifetime_h": "0", "lifetime_censored": "0"}, "failed"),
    (CONTROL, "not stated"),
    (CONTROL | {"control_ccd_ma_cm2": "0.5"}, "better"),
    (CONTROL | {"control_ccd_ma_cm2": "2"}, "same"),
    (CONTROL | {"control_ccd_ma_cm2": "3"}, "worse"),
    (CONTROL | {"control_ccd_ma_cm2": "3", "ccd_censored": "1"}, "not stated"),
    (CONTROL | {"ce_percent": "99.4", "control_ce_percent": "99.1"}, "same"),
    (CONTROL | {"ce_percent": "99.7", "control_ce_percent": "97"}, "better"),
    (
        CONTROL
        | {"interface_resistance_ohm_cm2": "5", "control_interface_resistance_ohm_cm2": "900"},
        "better",
    ),
    (
        CONTROL
        | {"nucleation_overpotential_mv": "30", "control_nucleation_overpotential_mv": "20"},
        "worse",
    ),
    ({"control_ccd_ma_cm2": "3"}, "not stated"),  # lived longer, bore less
    ({"control_ccd_ma_cm2": "2"}, "better"),
]


@pytest.mark.parametrize(("change", "outcome"), TOLD)
def test_figures_tell_the_outcome(change: dict[str, str], outcome: str) -> None:
    record = outcomes.completed(GOOD | {"outcome": ""} | change, unknown="not stated")
    assert record["outcome"] == outcome
    assert [fault for fault in faults([record]) if fault.column == "outcome"] == []


@pytest.mark.parametrize("name", [name for name in NAMES if f"control_{name}" in NAMES])
def test_row_and_control_changing_places_turn_the_outcome(name: str) -> None:
    """What is better than its control is worse the other way round."""
    if name in ("current_ma_cm2", "capacity_mah_cm2"):
        return
    turned = {"better": "worse", "worse": "better"}
    empty = dict.fromkeys(NAMES, "")
    for high, low in (("60", "40"), ("0.9", "0.1")):
        one = outcomes.derived(empty | {name: high, f"control_{name}": low})
        other = outcomes.derived(empty | {name: low, f"control_{name}": high})
        assert turned.get(one, one) == other
        assert one in turned or name == "ce_percent"


def test_shipped_rows_state_what_their_figures_tell() -> None:
    """No row leaves empty what it can say, and the figures of none speak against it."""
    for record in rows_of("literature"):
        told = outcomes.completed(record | {"outcome": "", "test": ""}, unknown="not stated")
        if told["outcome"] not in ("not stated", record["outcome"]):
            assert record["outcome"] == "failed"
            assert record["note"]
        assert record["test"] == told["test"] or record["note"]
    counted = Counter(row.outcome for row in SHIPPED)
    assert counted["better"] > 120
    assert set(counted) == set(OUTCOMES)


@pytest.mark.parametrize(
    ("label", "outcome", "role"),
    [
        ("LiF laid down from DME (LF-D)", "same", "interlayer"),
        ("Li oxidised further (LO)", "same", "interlayer"),
        ("Li2O on Li, by O2 etching", "worse", "interlayer"),
        ("evaporated Li, 25 um", "failed", "bare_anode"),
    ],
)
def test_failures_are_in_the_table_and_teach_no_success(
    label: str, outcome: str, role: str
) -> None:
    (row,) = (row for row in SHIPPED if row.material_label == label)
    assert (row.outcome, row.role) == (outcome, role)
    assert row.no_better


def test_pairs_of_film_and_control_on_garnet_have_both_resistances() -> None:
    """The cleanest of what papers compare: the same cell with and without the film."""
    pairs = [
        row
        for row in SHIPPED
        if row.electrolyte_class == "garnet"
        and row.interface_resistance_ohm_cm2 < row.control_interface_resistance_ohm_cm2
    ]
    assert len({row.paper for row in pairs}) >= 16
    assert {row.outcome for row in pairs} == {"better"}


def test_what_failed_or_did_no_better_is_no_success() -> None:
    for word in OUTCOMES:
        row = dataclasses.replace(SHIPPED[0], outcome=word)
        assert row.no_better == (word in ("same", "worse", "failed"))


def test_one_success_is_enough_and_one_failure_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(*formulas: str) -> frozenset[int]:
        return frozenset(Compositions.from_formulas(formulas).key.tolist())

    module = sys.modules["screen.literature.table"]
    bad = dataclasses.replace(SHIPPED[0], outcome="failed", active_formulas=("ZnO", "LiTe3"))
    good = dataclasses.replace(bad, outcome="better", active_formulas=("O2Zn2",))
    monkeypatch.setattr(module, "_shipped", lambda: (bad, good))
    assert literature.never_better() == keys("LiTe3")
    monkeypatch.setattr(module, "_shipped", lambda: (good,))
    assert literature.never_better() == frozenset()


def test_template_is_an_empty_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    assert main(["literature", "template", str(path), "--format", "csv"]) == 0
    said = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert path.read_text() == ",".join(NAMES) + "\n"
    assert [line["column"] for line in said] == list(NAMES)
    assert {line["column"] for line in said if line["needed"]} == set(REQUIRED)
    by_name = {line["column"]: line for line in said}
    assert by_name["outcome"]["takes"] == "better, same, worse, failed, not stated"
    assert by_name["ccd_ma_cm2"]["takes"] == "mA/cm²"
    with path.open("a", newline="") as file:
        csv.DictWriter(file, NAMES).writerow(GOOD)
    assert literature.joined(path).added == 1
    assert main(["literature", "template", str(path)]) == 2
    assert "is there already" in capfd.readouterr().err


def test_all_that_is_wrong_with_a_file_is_told_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = GOOD | {"role": "interlyer", "test": "cycling", "active_formulas": "Qq", "year": "1"}
    path = write(tmp_path / "bad.csv", GOOD, bad | {"reference": "10.1234/b"})
    assert main(["literature", "add", str(path)]) == 3
    *lines, last = capfd.readouterr().err.splitlines()
    columns = [line.split(", ")[2].partition(":")[0] for line in lines]
    assert columns == ["role", "test", "active_formulas", "year"]
    assert all(line.startswith("bad.csv, row 2, ") for line in lines)
    assert last == "error: bad.csv: 4 faults; no row was added"
    assert not literature.own_path().exists()


def test_rows_kept_before_there_were_outcomes_still_count(home: Path) -> None:
    head = tuple(name for name in NAMES if name not in ("test", "outcome"))
    home.mkdir()
    write(home / "literature.csv", GOOD | CONTROL | {"row_id": "own-1"}, head=head)
    assert rows(own=True)[-1].outcome == "not stated"
    assert rows(own=True)[-1].test == "cycled"


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
