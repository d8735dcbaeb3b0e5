"""What cells have measured stands on every card; what has no energy has a card, and no rank."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import screen
from screen import cards, literature, measured
from screen.cli import main
from screen.composition import Compositions
from screen.errors import DataError, UsageError
from screen.run import Run, ranked_columns
from screen.settings import Settings
from screen.tables import role_names
from tests.descriptors.cases import phases
from tests.report import runs

ROWS = literature.rows()
MINE = {
    "reference": "notebook 3, page 12",
    "year": "2026",
    "role": "interlayer",
    "material_label": "own LiF",
    "active_formulas": "F2Li2",
    "family": "fluoride",
    "electrolyte_label": "Li6PS5Cl",
    "electrolyte_class": "sulfide",
    "cell_type": "symmetric",
    "ccd_ma_cm2": "77",
    "ccd_censored": "0",
    "outcome": "failed",
    "confidence": "high",
    "provenance": "measured",
}


@pytest.fixture(scope="module")
def done() -> Run:
    return runs.done()


def own_row(home: Path, **changes: str) -> None:
    home.mkdir(exist_ok=True)
    with (home / "literature.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, literature.NAMES)
        writer.writeheader()
        writer.writerow({"row_id": "own-1"} | MINE | changes)


def with_formula(formula: str) -> list[literature.Row]:
    """Rows that name a composition, found the slow way."""
    key = Compositions.from_formulas([formula]).key[0]
    return [
        row
        for row in ROWS
        if any(Compositions.from_formulas([f]).key[0] == key for f in row.active_formulas)
    ]


@pytest.mark.parametrize("formula", ["LiF", "ZnO", "C", "Li3N", "Al2O3", "BaO"])
def test_columns_say_what_the_rows_say(formula: str) -> None:
    rows = with_formula(formula)
    found = measured.values(Compositions.from_formulas([formula, "XeF2"]))
    value = {name: values[0] for name, values in found.columns.items()}
    assert value["measured_cells"] == len(rows)
    assert found.columns["measured_cells"][1] == 0
    ccd = [r.ccd_ma_cm2 for r in rows if r.ccd_ma_cm2 > 0 and r.outcome != "failed"]
    best = [r.interface_resistance_ohm_cm2 for r in rows if r.interface_resistance_ohm_cm2 >= 0]
    np.testing.assert_equal(value["measured_ccd_ma_cm2"], max(ccd, default=math.nan))
    np.testing.assert_equal(value["measured_resistance_ohm_cm2"], min(best, default=math.nan))
    assert set(value["measured_references"].split("; ")) == (
        {r.reference for r in rows} or {"none"}
    )
    told = [int(part.split()[0]) for part in value["measured_outcomes"].split(", ") if rows]
    assert sum(told) == len(rows)


def test_every_gap_has_its_reason(done: Run) -> None:
    for column in measured.columns():
        values = done.values.columns[column.name]
        gaps = [v is None or v == "" or (isinstance(v, float) and math.isnan(v)) for v in values]
        assert all(done.values.reason(column.name)[gaps])
    assert done.values.reason("measured_ccd_ma_cm2")[0] in (
        "no cell of it is in the literature table",
        "none of its cells states it",
    )


def test_columns_stand_in_the_ranked_file_for_lithium_alone() -> None:
    names = {column.name for column in measured.columns()}
    assert names <= {column.name for column in ranked_columns((), Settings())}
    assert not names & {column.name for column in ranked_columns((), Settings(anode="Na"))}


def test_own_rows_count_and_a_failure_is_no_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: Run
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    lif = Compositions.from_formulas(["LiF"])
    before, name = measured.values(lif).columns, done.name
    own_row(tmp_path / "home")
    after = measured.values(lif).columns
    assert after["measured_cells"] == before["measured_cells"] + 1
    assert after["measured_ccd_ma_cm2"] == before["measured_ccd_ma_cm2"]
    own_row(tmp_path / "home", outcome="not stated")
    assert measured.values(lif).columns["measured_ccd_ma_cm2"] == 77
    assert runs.done().name == name
    assert dataclasses.replace(done).name != name, "a run with other cells has another name"
    lines = [measured.line(row) for row in measured.rows_by_key()[int(lif.key[0])]]
    assert lines[-1][-1] == "notebook 3, page 12 (own)"


def test_a_line_has_every_figure_of_its_row() -> None:
    row = next(r for r in ROWS if r.material_label == "Li-Al-Cl stratified structure")
    said = dict(zip(measured.HEAD, measured.line(row), strict=True))
    assert said["cell"] == "interlayer, sulfide"
    assert said["CCD, mA/cm²"] == "2.5"
    assert said["life"] == "> 700 h"
    assert said["control"] == "160 h"
    assert said["outcome"] == "better"
    assert said["reference"] == row.reference
    assert all(len(measured.line(r)) == len(measured.HEAD) for r in ROWS)


def test_card_lists_every_cell_of_its_formula() -> None:
    answer = screen.explain("LiF")
    rows = with_formula("LiF")
    assert {cell["row_id"] for cell in answer.records["measured"]} == {r.row_id for r in rows}
    assert "NaN" not in json.dumps(answer.records["measured"])
    (section,) = (part for part in answer.sections if part.name == "measured")
    assert len(section.rows) == len(rows)
    assert f"{len(rows)} cells" in str(answer)
    text = answer.render("md").decode()
    assert "## Measured in cells" in text
    assert all(
        row.reference.split()[0].replace("_", "") in text.replace("\\", "").replace("_", "")
        for row in rows
    )
    quiet = screen.explain("BaO")
    assert not quiet.records["measured"]
    assert measured.NONE in quiet.render("md").decode()


def test_page_holds_the_same_cells_as_the_card(done: Run) -> None:
    """One writer: the texts of the page are those of the terminal."""
    place = done.case.formulas.index("LiF")
    packed: dict[str, Any] = json.loads(json.dumps(cards.packed(done, [place])))
    (card,) = packed["candidates"].values()
    lines = [packed["cells"]["rows"][i] for i in card["measured"]]
    assert lines == [list(measured.line(r)) for r in measured.ordered(with_formula("LiF"))]
    assert packed["cells"]["head"] == list(measured.HEAD)
    listed = {label for label, *_ in packed["papers"]}
    assert "NH2-MIL-101(Fe)@CoPc" in listed
    assert all(paper[-1] for paper in packed["papers"])


# Materials without an energy


def unheld() -> dict[str, measured.Unheld]:
    return {m.label: m for m in measured.unheld(phases().compositions.key.tolist())}


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("NH2-MIL-101(Fe)@CoPc", "no energy of Fe3ClC24H15N3O13"),
        ("Li-CMF (N-doped carbonised melamine foam)", "not the form"),
        ("I-Li@SPE (Li wound with PE@PEO)", "no energy of C2H4O"),
        ("Li10GeP2S12 middle layer", "not the form"),
        ("MIEC-Ta-LLZ-MIEC porous trilayer", "no energy of"),
        ("gel polymer made in the cell from a liquid ether electrolyte", "no formula is known"),
    ],
)
def test_what_no_table_can_hold_is_listed_with_its_reason(label: str, why: str) -> None:
    assert why in unheld()[label].why


def test_what_the_table_holds_is_not_listed() -> None:
    held = phases().compositions.key.tolist()
    for material in measured.materials(held):
        keys = Compositions.from_formulas(material.formulas).key.tolist()
        if not material.why:
            assert keys
            assert set(keys) <= set(held)
    assert "Ge layer" not in unheld()


def test_they_stand_beside_the_ranking_never_in_it(done: Run) -> None:
    labels = set(unheld())
    for ranking in done.rankings:
        table = done.ranked(ranking)
        assert not labels & {
            *table.column("formula").to_pylist(),
            *table.column("label").to_pylist(),
        }


def test_every_cell_of_a_role_is_on_a_card_or_in_the_list() -> None:
    every = {m.label for m in measured.materials([])}
    assert every == {row.material_label for row in ROWS if row.role in role_names()}


@pytest.mark.parametrize(
    "asked",
    ["MOF@CoPc", "nh2-mil-101(fe)@copc", "melamine foam", "n-doped carbonised", "Ni foam"],
)
def test_they_are_found_by_name(asked: str) -> None:
    answer = screen.explain(asked)
    assert answer.records["measured"]
    assert "Measured in cells" in str(answer)
    assert answer.only("measured").markdown is not None
    with pytest.raises(UsageError, match="nothing can be drawn"):
        answer.draw("svg")


def test_names_that_fit_several_or_none_say_so() -> None:
    with pytest.raises(DataError, match=r"'MOF' fits several .*NH2-MIL-101\(Fe\)@CoPc; NH2"):
        screen.explain("MOF")
    with pytest.raises(DataError, match="Qq"):
        screen.explain("Qq film")
    with pytest.raises(DataError):
        screen.explain("Ni foam", anode="Na")


def test_list_of_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["literature", "materials", "--format", "csv"]) == 0
    found = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [line["material"] for line in found] == list(unheld())
    assert all(line["why"] and int(line["cells"]) > 0 for line in found)
