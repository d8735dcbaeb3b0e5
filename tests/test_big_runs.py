"""Big runs: Parquet in place of CSV, the best as CSV, and the same answers from both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from screen import run as run_module
from screen import run_folder
from screen.answers import run_folders
from screen.answers.shortlist import shortlist
from screen.api.runs import open_run
from screen.errors import DataError
from screen.ranking import order
from screen.report import page, table
from screen.run import Run
from tests.report import runs

ALSO = ("short", run_folder.ALL_AS_CSV)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.written(tmp_path_factory.mktemp("small") / "small", ("short",))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run written as if it were a big one."""
    with pytest.MonkeyPatch.context() as patch:
        return written_as_big(tmp_path_factory.mktemp("big") / "big", ALSO, patch)


def written_as_big(
    path: Path, also: tuple[str, ...], patch: pytest.MonkeyPatch, run: Run | None = None
) -> Path:
    run = run or runs.done()  # other tests share it, and its sentences are all told
    patch.setattr(run_module, "MANY", 0)
    return runs.written(path, also, run)


def test_the_workbook_says_how_many_of_how_many_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, also = runs.few(), ("xlsx", run_folder.ALL_AS_CSV)
    big = written_as_big(tmp_path / "run", also, monkeypatch, every)
    book = openpyxl.load_workbook(big / "ranked.xlsx", read_only=True)
    lines = [row[0].value for row in book["about"]]
    for ranking in every.rankings:
        (said,) = [line for line in lines if line.startswith(ranking.role.label)]
        assert f"the first {len(every.case)} of {len(every.case)}, " in said
        assert f"{int((ranking.rank > 0).sum())} of them have a rank" in said
    assert "All rows are in ranked.parquet, and in ranked.csv, too" in "\n".join(lines)
    assert book.sheetnames[:2] == ["about", every.rankings[0].role.label]


def test_all_are_in_parquet_and_the_best_in_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SHOWN", 7)
    run = written_as_big(tmp_path / "run", ("short",), monkeypatch)
    assert {path.name for path in run.iterdir()} == {*run_folder.BIG_RUN_FILES, "short.csv"}
    files = run_folder.read(run)
    kinds = {c["name"]: c["kind"] for c in files.columns}
    best = table.read_csv(run / run_folder.BEST, kinds)
    parts = page.by_role(files.ranked, list(files.manifest["roles"]))
    assert best.column("id").to_pylist() == [
        key for part in parts for key in part.column("id").to_pylist()[:7]
    ]
    assert table.count_rows(run / "short.csv", "role") == best.num_rows
    assert run_folders.page_of(run) == (run / run_folder.PAGE).read_bytes()
    said = run_folder.about_big(runs.done(), ["short"])
    assert said.startswith("best.csv and short.csv hold the first 7 of each role. All rows are in ")
    assert "ranked.parquet, and with --also csv in ranked.csv" in said


def test_both_forms_hold_the_same(small: Path, big: Path) -> None:
    one, other = run_folder.read(small), run_folder.read(big)
    assert one.columns == other.columns
    assert table.plain(other.ranked).to_pylist() == one.ranked.to_pylist()

    def rows(gaps: pa.Table) -> list[tuple[str, ...]]:
        return sorted(tuple(row.values()) for row in gaps.to_pylist())

    assert rows(other.gaps) == rows(one.gaps)
    for name in (run_folder.RANKED, run_folder.GAPS):
        assert (big / name).read_bytes() == (small / name).read_bytes()


def test_other_programs_read_texts(big: Path) -> None:
    """Parquet of a big run holds texts, not a form of the library's own."""
    schema = parquet.read_schema(big / run_folder.BIG_TABLES[0])
    assert schema.field("why").type == pa.string()
    described = json.loads((big / run_folder.COLUMNS).read_text(encoding="utf-8"))
    assert [c["name"] for c in described["ranked.parquet"]] == schema.names


def test_answers_do_not_depend_on_the_form(small: Path, big: Path) -> None:
    condition = "handling = air and not has Ag"
    lists = [shortlist(run, 3, True, None, (), condition).rows.to_pylist() for run in (small, big)]
    assert lists[0] == lists[1] != []
    frames = [open_run(run).frame("interlayer") for run in (small, big)]
    assert frames[0]["what_would_change"].tolist() == frames[1]["what_would_change"].tolist()
    found = run_folder.compare(small, big, 10)
    assert (found.common, found.changes) == ((), ())


def test_bytes_of_a_row_do_not_grow_unnoticed(small: Path, big: Path) -> None:
    """A row of the ranked table in CSV, and in Parquet, where texts and numbers repeat less."""
    rows = run_folder.read(big).ranked.num_rows
    csv, packed, gaps = (
        (folder / name).stat().st_size / rows
        for folder, name in ((small, "ranked.csv"), (big, "ranked.parquet"), (big, "gaps.parquet"))
    )
    assert 1000 < csv < 2500
    assert packed < csv / 2
    assert gaps < 100


def test_a_big_run_without_its_tables_is_refused(big: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(big, tmp_path / "run"))
    (run / run_folder.BIG_TABLES[1]).unlink()
    with pytest.raises(DataError, match=r"gaps\.parquet is missing: the run is incomplete"):
        run_folder.read(run)


def test_what_would_change_is_told_of_the_first_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences that nobody reads are not made."""
    done, made = runs.done(), []
    for name in ("_what_would_pass", "_goal_step"):
        right = getattr(order, name)

        def counted(*given: Any, right: Any = right, **named: Any) -> Any:
            made.append(given)
            return right(*given, **named)

        monkeypatch.setattr(order, name, counted)
    columns, formulas = done.values.columns, done.case.formulas
    for role in (ranking.role for ranking in done.rankings):
        before = order.order(role, columns, formulas)
        passed = int(before.passed.sum())
        for told in (passed // 2, passed + 3):
            made.clear()
            after = order.order(role, columns, formulas, told)
            assert len(made) <= told * len(role.goals)
            first = before.order[:told]
            assert (after.what_would_change[first] == before.what_would_change[first]).all()
            assert {*after.what_would_change[before.order[told:]]} == {order.NOT_TOLD}
            assert (after.why == before.why).all()
            assert (after.failed_gates == before.failed_gates).all()


def test_of_a_big_run_sentences_are_told_of_what_the_page_shows() -> None:
    assert run_module.told_of(run_module.MANY) is None
    assert run_module.told_of(run_module.MANY + 1) == page.SHOWN
