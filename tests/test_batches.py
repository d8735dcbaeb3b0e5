"""Runs in batches: the same values whatever the batches, and no batch is taken for another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import screen.run
from flows.parameters import Screening
from screen import batches, candidates, descriptors, pipeline, run_folder, sources, tables
from screen.batches import Request
from screen.columns import Coded, Column, Texts, Values, missing
from screen.crosscheck import cross_check
from screen.descriptors import in_batches
from screen.descriptors.case import Case
from screen.descriptors.helpers import Helper
from screen.descriptors.own import Descriptor
from screen.errors import DataError, UsageError
from screen.report.table import tidy
from screen.settings import CHECK, STRUCTURES, Settings
from screen.sources import reference
from screen.store import Store
from screen.thermo.competition import Competition

TABLE = """formula,formation_energy_per_atom_eV
Li2O,-2.0
LiF,-3.1
ZnO,-1.8
LiZn,-0.1
Li2ZnF4,-2.6
ZnF2,-2.7
LiCl,-2.1
"""


QUICK = Settings(check_candidates=2, check_interfaces=1)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(TABLE)
    return path


def describe_all(plan: Path) -> dict[Path, int]:
    """Describe all batches; the file of each, which is another when it is written again."""
    for i in range(len(batches.read_plan(plan).batches)):
        batches.describe(plan, i)
    return {path: path.stat().st_ino for path in (plan.parents[1] / "batches").iterdir()}


def files_of(folder: Path) -> dict[str, bytes]:
    """Those of a run that hold no time stamp."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix in (".csv",)}


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("selected", [False, True])
def test_the_same_files_as_an_undivided_run(
    table: Path, tmp_path: Path, size: int, selected: bool
) -> None:
    request = Request(source=str(table), selected=selected, settings=QUICK)
    plan = batches.make_plan(request, tmp_path, size)
    describe_all(plan)
    divided = batches.judge(plan)
    phases = sources.load(str(table))
    roles = batches.work_of(plan).roles
    whole = pipeline.run(phases, QUICK, roles, selected=selected)
    assert divided.name == whole.name
    assert divided.check == whole.check
    folders = [
        run_folder.write(run, tmp_path / f"run{i}", "") for i, run in enumerate((divided, whole))
    ]
    assert files_of(folders[0]) == files_of(folders[1])


def test_a_process_begun_later_goes_on(table: Path, tmp_path: Path) -> None:
    plan = batches.make_plan(Request(source=str(table)), tmp_path, 3)
    batches.describe(plan, 0)
    (first,) = (tmp_path / "store" / "batches").iterdir()
    written = first.stat().st_ino
    batches._ready.clear()
    again = batches.make_plan(Request(source=str(table)), tmp_path, 3)
    assert again == plan
    made = describe_all(plan)
    assert made[first] == written
    assert len(made) == len(batches.read_plan(plan).batches)


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped"])
def test_a_damaged_batch_is_made_again(table: Path, tmp_path: Path, damage: str) -> None:
    plan = batches.make_plan(Request(source=str(table), settings=QUICK), tmp_path, 3)
    path = sorted(describe_all(plan))[1]
    expected, whole = batches.judge(plan).name, path.read_bytes()
    flipped = whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]
    for judged in (True, False):
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes({"empty": b"", "cut": whole[:-20], "flipped": flipped}[damage])
        if judged:
            assert batches.judge(plan).name == expected
        else:
            describe_all(plan)
        assert path.read_bytes() == whole


CHANGES: dict[str, dict[str, Any]] = {
    "setting": {"settings": Settings(plating_v=0.05)},
    "anode": {"settings": Settings(anode="Na")},
    "data": {"source": "other"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_batch_is_taken_for_another(
    table: Path, tmp_path: Path, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(TABLE.replace("-2.6", "-2.61") + "NaF,-2.9\n")
    table.write_text(TABLE + "NaF,-2.9\n")
    base = Request(source=str(table))
    if change.get("source"):
        change = {"source": str(other)}
    changed = base.model_copy(update=change)
    works = [batches.Work.of(request) for request in (base, changed)]
    keys = [work.key(range(2)) for work in works]
    assert keys[0] != keys[1]
    assert works[0].key(range(1)) != keys[0]
    monkeypatch.setattr(screen.run, "code_digest", lambda **_: "other code")
    assert batches.Work.of(base).key(range(2)) != keys[0]


def test_roles_share_batches(table: Path) -> None:
    """Descriptions do not depend on what is asked of them."""
    requests = [Request(source=str(table), roles=roles) for roles in ((), ("host",))]
    keys = [batches.Work.of(request).key(range(2)) for request in requests]
    assert keys[0] == keys[1]


OTHER: dict[str, Any] = {
    **{"seed": 5, "check_candidates": 3, "check_interfaces": 1, "check_tolerance": 1e-3},
    **{"barrier": True, "surface": True, "calculator": "emt", "structure_limit_s": 9.0},
    **{"barrier_grid_a": 0.5, "slab_thickness_a": 9.0, "slab_vacuum_a": 9.0, "slab_width_a": 9.0},
    **{"slab_atoms": 99, "surface_faces": 1, "surface_sites": 1, "relax_steps": 9},
    **{"relax_force_ev_a": 0.5, "interface_area_a2": 9.0, "interface_strain": 0.2, "workers": 2},
}
"""Settings that no value of a batch depends on, with values other than the default."""


def test_a_batch_depends_on_what_its_values_depend_on(table: Path) -> None:
    assert OTHER.keys() == CHECK | STRUCTURES | {"workers"}
    works = [
        batches.Work.of(Request(source=str(table), settings=Settings(**chosen)))
        for chosen in ({}, OTHER)
    ]
    assert works[0].digest == works[1].digest
    one, other = (
        descriptors.compute_families(work.case, batches._families(Settings())).columns
        for work in works
    )
    for name, column in one.items():
        np.testing.assert_array_equal(column, other[name], err_msg=name)


def test_what_comes_afterwards_has_no_part_in_describing() -> None:
    """Parts that may change without making a batch anew are loaded by no family."""
    code = (
        "import sys; from screen import descriptors; descriptors.families(); "
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('screen.')})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "thermo" in loaded
    assert not loaded & batches.AFTERWARDS
    package = Path(screen.run.__file__).parent
    there = {path.name.removesuffix(".py") for path in package.iterdir()}
    assert there | {path.name for path in tables.DATA.iterdir()} >= batches.AFTERWARDS


def test_code_of_what_describes_is_told_from_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "screen"
    shutil.copytree(Path(screen.run.__file__).parent, copied)
    monkeypatch.setattr(screen.run, "__file__", str(copied / "run.py"))

    def digests() -> tuple[str, str]:
        return screen.run.code_digest(batches.AFTERWARDS), screen.run.code_digest()

    before = digests()
    for place, counts in (("data/roles.toml", False), ("cli/rank.py", False), ("units.py", True)):
        path = copied / place
        path.write_bytes(path.read_bytes() + b"\n")
        after = digests()
        assert (after[0] != before[0]) is counts
        assert after[1] != before[1]
        before = after


def test_data_that_changes_on_the_way_is_refused(table: Path, tmp_path: Path) -> None:
    plan = batches.make_plan(Request(source=str(table)), tmp_path, 3)
    table.write_text(TABLE.replace("-2.6", "-2.61"))
    batches._ready.clear()
    with pytest.raises(DataError, match="begin the run again"):
        batches.describe(plan, 0)
    plan.write_text("{}")
    with pytest.raises(DataError, match="no plan"):
        batches.describe(plan, 0)


def test_what_rank_refuses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--selected"):
        batches.make_plan(Request(selected=True), tmp_path)
    with pytest.raises(DataError):
        batches.make_plan(Request(source=str(tmp_path / "none.csv")), tmp_path)
    (asked,) = Screening(settings={"electrolytes": ["Li3YbCl6"]}).requests()
    with pytest.raises(DataError, match="Li3YbCl6: reference has no phases with Yb"):
        batches.make_plan(asked, tmp_path)


def test_old_batches_are_removed(table: Path, tmp_path: Path) -> None:
    old = Store(tmp_path / "store").put("batches", "old", b"")
    os.utime(old, (0, 0))
    young = Store(tmp_path / "store").put("batches", "young", b"")
    batches.make_plan(Request(source=str(table)), tmp_path)
    assert not old.exists()
    assert young.exists()


@given(
    numbers=st.lists(st.floats(allow_infinity=False), min_size=1, max_size=5),
    data=st.data(),
)
def test_values_survive_the_file(numbers: list[float], data: st.DataObject) -> None:
    size = len(numbers)
    texts = st.lists(st.text(st.characters(codec="utf-8")), min_size=size, max_size=size)
    values = Values(size)
    reasons: Texts = np.array(data.draw(texts), dtype=object)
    values.add("number", np.array(numbers), reasons)
    values.add("count", np.arange(size))
    values.add("flag", np.arange(size) % 2 == 0)
    values.add("text", np.array(data.draw(texts), dtype=object), "none")
    back = in_batches.joined([in_batches.encode(values)], np.arange(size))
    assert list(back.columns) == list(values.columns)
    for name, column in values.columns.items():
        assert back.columns[name].dtype == column.dtype
        np.testing.assert_array_equal(back.columns[name], column)
        assert back.reason(name).tolist() == values.reason(name).tolist()


@pytest.fixture(scope="module")
def whole() -> tuple[Case, Values]:
    case, _ = candidates.make_case(reference.load(), Settings())
    return case, descriptors.compute_all(case)


@pytest.mark.parametrize("helper", ["a helper", "none", "lost"])
def test_many_candidates_are_described_in_batches(
    whole: tuple[Case, Values], monkeypatch: pytest.MonkeyPatch, helper: str
) -> None:
    """By this process and another, whether that ends well or at once; own ones see all at once."""
    case, expected = whole
    place = Column("place", "place", "Its number.", "a test", dimensionless=True)
    own = Descriptor(place, lambda case: np.arange(len(case)), "")
    monkeypatch.setattr(in_batches, "SIZE", 50)
    monkeypatch.setattr(in_batches, "_processors", lambda: 1 if helper == "none" else 2)
    if helper == "lost":
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
    told: list[tuple[Any, ...]] = []
    case = replace(case, own=(own,))
    with in_batches.helped(case) as helpers:
        assert len(helpers) == (helper != "none")
        found = in_batches.compute_all(case, lambda *said: told.append(said), {}, helpers)
    assert told[-2][1:] == (len(case), len(case)) or helper == "a helper"
    assert found.columns.pop("place").tolist() == list(range(len(case)))
    assert list(found.columns) == list(expected.columns)
    for name, column in expected.columns.items():
        one, other = found.columns[name], column
        if column.dtype.kind == "f":
            one, other = tidy(one), tidy(other)  # as files have them: sums differ in last bits
        np.testing.assert_array_equal(one, other, err_msg=name)
        gone = missing(column)
        assert found.reason(name)[gone].tolist() == expected.reason(name)[gone].tolist()


def test_a_helper_answers_as_this_process_does() -> None:
    """And what fails there has no answer, so that it is done, and told, here."""
    few = Settings(check_candidates=2, check_interfaces=1)
    case, _ = candidates.make_case(reference.load(), few, ["Li3N", "LiF"])
    here = cross_check(case)
    assert case.facts.with_doubtful.on_hull.any()
    helper = Helper(case)
    assert helper.ask(cross_check) is None, "it was not started"
    helper.start()
    helper.tell()
    try:
        assert helper.ask(cross_check) == here
        assert helper.ask(Case.crystal, "no row") is None
        assert helper.ask(cross_check) is None, "it is lost"
    finally:
        helper.end()


def test_what_is_made_of_the_phases_is_made_once_for_all_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a large table it takes seconds and half a gigabyte."""
    made: list[int] = []
    right = Competition

    def counted(*given: Any) -> Any:
        made.append(1)
        return right(*given)

    monkeypatch.setattr("screen.descriptors.phase_facts.Competition", counted)
    monkeypatch.setattr(in_batches, "SIZE", 120)
    monkeypatch.setattr(in_batches, "_processors", lambda: 1)
    case, _ = candidates.make_case(reference.load(), Settings())
    in_batches.compute_all(case, lambda *_: None, structures={})
    assert len(made) == 2, "with the doubtful phases and without"


def test_texts_of_many_candidates_are_held_once(whole: tuple[Case, Values]) -> None:
    """Reasons take a byte or two each, and texts of candidates that are alike are one."""
    case, described = whole
    held = in_batches.joined([in_batches.encode(described)], np.arange(len(case)))
    for name, column in held.columns.items():
        reasons = held._reasons[name]
        assert isinstance(reasons, Coded)
        assert reasons.codes.nbytes <= 2 * len(case)
        assert len({*reasons.distinct}) == len(reasons.distinct)
        if column.dtype.kind == "O":
            assert len({id(text) for text in column}) == len({*column}), name


@settings(max_examples=8)
@given(data=st.data())
def test_any_part_of_a_case_has_the_values_of_the_whole(
    data: st.DataObject, whole: tuple[Case, Values]
) -> None:
    case, values = whole
    rows = np.array(data.draw(st.lists(st.integers(0, len(case) - 1), unique=True, max_size=30)))
    rows = rows.astype(np.int64)
    part = case.take(rows)
    assert part.facts.table is case.facts.table
    found = descriptors.compute_all(part)
    for name, column in values.columns.items():
        if column.dtype.kind == "f":
            np.testing.assert_allclose(
                found.columns[name], column[rows], rtol=1e-9, atol=1e-9, err_msg=name
            )
        else:
            assert found.columns[name].tolist() == column[rows].tolist(), name
        gaps = missing(column[rows])
        assert found.reason(name)[gaps].tolist() == values.reason(name)[rows][gaps].tolist()
