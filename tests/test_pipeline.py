"""The order of a run: who is judged, what checks it, what is written, all or nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screen import (
    __version__,
    candidates,
    crosscheck,
    pipeline,
    predictions,
    run_folder,
    sources,
)
from screen.composition import Compositions
from screen.crosscheck import CrossCheck
from screen.errors import DataError, ScreenError, UsageError
from screen.phases import Phases
from screen.ranking.roles import chosen_roles
from screen.run import Run, code_digest, manifest
from screen.settings import Settings
from screen.sources import reference, user_files
from screen.tables import DATA, sha256
from screen.thermo.engines import ENGINES, Engine
from tests.conftest import ROOT

QUICK = Settings(check_candidates=2, check_interfaces=1)

ALLOYS = """id,formula,formation_energy_ev_atom,licence
a,LiZn,-0.2,CC0
b,LiZn,-0.19,CC0
c,Li2Zn3,-0.15,CC0
d,Zn3Li2,-0.1,CC0
"""


@cache
def embedded() -> Phases:
    return reference.load()


@cache
def done(anode: str = "Li") -> Run:
    settings = QUICK.model_copy(update={"anode": anode})
    return pipeline.run(embedded(), settings, chosen_roles(()))


def alloys(folder: Path) -> tuple[Phases, Path]:
    path = folder / "alloys.csv"
    path.write_text(ALLOYS)
    return user_files.load(path), path


def test_roles_of_a_file_rank_without_what_models_earned(tmp_path: Path) -> None:
    """The shipped roles, from a file, are the shipped roles; changed ones have earned nothing."""
    mine = tmp_path / "mine.toml"
    text = (DATA / "roles.toml").read_text(encoding="utf-8")
    mine.write_text(text, encoding="utf-8")
    assert chosen_roles((), mine) == chosen_roles(())
    assert predictions.with_models(chosen_roles((), mine), QUICK) == predictions.with_models(
        chosen_roles(()), QUICK
    )
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace('label = "Alloy"', 'label = "Sponge"'), encoding="utf-8")
    (alloy,) = chosen_roles(("alloy",), changed)
    assert predictions.with_models((alloy,), QUICK) == (alloy,)


def test_the_published_screening_runs() -> None:
    """The shipped example: what it takes, by the columns that its gates read."""
    roles = chosen_roles((), ROOT / "docs/screenings/windows_and_gap.toml")
    run = pipeline.run(embedded(), QUICK, roles)
    (ranking,) = run.rankings
    values = run.values.columns
    expected = (
        (values["own_capacity_mah_g"] > 0)
        & (values["hull_distance_ev_atom"] <= 0.05)
        & (values["reduction_v"] <= 0.05)
        & (values["band_gap_ev"] >= 1.0)
    )
    assert (ranking.passed == expected).all()
    passed = set(np.array(run.case.formulas)[ranking.passed])
    assert {"LiF", "LiCl", "Li2O", "Li3N"} <= passed
    assert not {"ZnO", "LiPON", "Ag"} & passed


def test_candidates_of_the_reference_set_are_those_it_names() -> None:
    case, identity = candidates.make_case(embedded(), QUICK)
    named = reference.named_candidates("Li")
    assert list(case.formulas) == [c.formula for c in named]
    assert identity["label"] == [c.label for c in named]
    assert identity["reference"] == [c.reference for c in named]
    assert (case.rows >= 0).all()


def test_candidates_of_a_file_are_all_its_phases_but_the_metal(tmp_path: Path) -> None:
    case, identity = candidates.make_case(alloys(tmp_path)[0], QUICK)
    assert identity["id"] == ["c", "a", "b", "Zn", "d"]
    assert list(case.formulas) == ["Li2Zn3", "LiZn", "LiZn", "Zn", "Zn3Li2"]
    assert identity["licence"] == ["CC0"] * 5


def test_a_formula_in_another_spelling_is_the_candidate(tmp_path: Path) -> None:
    case, identity = candidates.make_case(embedded(), QUICK, ["OZn", "F2Li2", "Li3YCl6"])
    assert list(case.formulas) == ["ZnO", "LiF", "Li3YCl6"]
    assert identity["label"][0].startswith("ZnO")
    assert identity["id"][2] == ""
    case, identity = candidates.make_case(alloys(tmp_path)[0], QUICK, ["Zn3Li2"])
    assert identity["id"] == ["c"]  # the lower of two polymorphs


@pytest.mark.parametrize("anode", ["K", "Ca", "Zn", "Al"])
def test_anodes_that_the_set_does_not_cover_are_refused(anode: str) -> None:
    with pytest.raises(DataError, match=rf"{anode}; give a .*--source"):
        candidates.make_case(embedded(), Settings(anode=anode))


def test_load_refuses_companions_of_the_reference_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--gaps and --moduli go with a --source file"):
        sources.load("reference", tmp_path / "gaps.csv")


def test_cross_check_agrees_and_says_how_well() -> None:
    check = done().check
    assert check is not None
    assert (check.candidates, check.interfaces) == (2, 1)
    assert 0 <= check.largest_difference_v < 1e-8
    assert 0 <= check.largest_difference_ev_atom < 1e-8


def test_a_cross_check_of_none_compares_nothing() -> None:
    none = QUICK.model_copy(update={"check_candidates": 0, "check_interfaces": 0})
    assert crosscheck.cross_check(replace(done().case, settings=none)) == CrossCheck(0, 0, 0.0, 0.0)


WRONG: dict[str, Callable[[Engine], Engine]] = {
    "hull energies": lambda e: replace(e, decompose=off(e.decompose, "energy")),
    "windows": lambda e: replace(e, profiles=off(e.profiles, "reduction_v")),
    "contact energies": lambda e: replace(e, profiles=off(e.profiles, "energy")),
    "interface energy": lambda e: replace(e, react=off(e.react, "energy")),
    "open interface energy": lambda e: replace(e, react_open=off(e.react_open, "energy")),
    "open interface energy of": lambda e: replace(e, react_open=off(e.react_open, "mixing")),
}


def off(solve: Callable[..., Any], name: str) -> Callable[..., Any]:
    """An answer that is wrong by ten times the tolerance."""

    def wrong(*arguments: Any, **options: Any) -> Any:
        answer = solve(*arguments, **options)
        return replace(answer, **{name: getattr(answer, name) + 1e-5})

    return wrong


@pytest.mark.parametrize("which", ["kernel", "pymatgen"])
@pytest.mark.parametrize("what", WRONG)
def test_cross_check_stops_a_wrong_engine(
    monkeypatch: pytest.MonkeyPatch, what: str, which: str
) -> None:
    monkeypatch.setitem(ENGINES, which, WRONG[what](ENGINES[which]))
    case, _ = candidates.make_case(embedded(), QUICK, ["Li3PS4", "ZnO", "LiF"])
    with pytest.raises(ScreenError, match=f"disagree on {what}.*1e-06 is allowed") as stopped:
        crosscheck.cross_check(case)
    assert type(stopped.value) is ScreenError
    assert "1.0e-05" in str(stopped.value)
    tolerant = replace(case, settings=case.settings.model_copy(update={"check_tolerance": 1e-4}))
    assert crosscheck.cross_check(tolerant)


def test_cross_check_notices_a_limit_that_only_one_engine_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pymatgen = ENGINES["pymatgen"]

    def blind(*arguments: Any) -> Any:
        answer = pymatgen.profiles(*arguments)
        return replace(answer, oxidation_v=np.full(len(answer), np.nan))

    monkeypatch.setitem(ENGINES, "pymatgen", replace(pymatgen, profiles=blind))
    case, _ = candidates.make_case(embedded(), QUICK, ["LiF"])
    with pytest.raises(ScreenError, match="disagree on windows: by up to inf V"):
        crosscheck.cross_check(case)


def test_seed_chooses_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[dict[str, int]]] = []

    def watch(table: Any, candidates: Compositions) -> Any:
        seen.append(list(candidates))
        return pymatgen.decompose(table, candidates)

    pymatgen = ENGINES["pymatgen"]
    monkeypatch.setitem(ENGINES, "pymatgen", replace(pymatgen, decompose=watch))
    for seed in (0, 0, 1):
        case, _ = candidates.make_case(embedded(), QUICK.model_copy(update={"seed": seed}))
        crosscheck.cross_check(case)
    assert seen[0] == seen[1] != seen[2]


def test_manifest_says_what_the_run_was() -> None:
    facts = manifest(done(), "python -m screen rank")
    again = json.loads(json.dumps(facts))
    assert again["command"] == "python -m screen rank"
    assert again["version"] == __version__
    assert again["settings"] == json.loads(QUICK.model_dump_json())
    assert again["source"]["scheme"] == "MP legacy GGA/GGA+U"
    assert again["source"]["database_versions"] == ["MP 2019"]
    assert again["source"]["licences"] == ["CC BY 4.0"]
    assert again["candidates"] == len(done().case)
    assert again["passed"].keys() == again["roles"].keys() == {"interlayer", "host", "alloy"}
    assert again["cross_check"]["candidates"] == 2
    assert len(again["electrolytes"]) == 8
    assert {"data", "code", "choices"} == again["digests"].keys()
    assert {"numpy", "pyarrow", "pymatgen"} <= again["packages"].keys()


def test_name_depends_on_what_the_result_depends_on(tmp_path: Path) -> None:
    base = done()
    names = [
        base.name,
        done("Na").name,
        replace(base, rankings=base.rankings[:1]).name,
        replace(base, case=replace(base.case, settings=Settings(plating_v=0.0))).name,
    ]
    phases, path = alloys(tmp_path)
    with_file = pipeline.run(phases, QUICK, chosen_roles(("alloy",)))
    names.append(with_file.name)
    assert with_file.name.startswith("li-alloys-")
    assert len(set(names)) == len(names)
    assert replace(base).name == base.name
    assert manifest(with_file, "")["source"]["files"] == {"alloys.csv": sha256(path)}


def test_code_digest_sees_every_python_file() -> None:
    assert code_digest() == code_digest()
    assert len(code_digest()) == 64


def test_progress_is_told_each_step() -> None:
    steps: list[str] = []
    pipeline.run(embedded(), QUICK, chosen_roles(("host",)), progress=steps.append)
    assert steps[-2:] == ["ranking", "cross-check"]
    assert {"stability", "against anode", "interfaces"} <= set(steps)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_writes_the_run_and_replaces_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    assert run_folder.write(done(), folder, "first") == folder
    first = contents(folder)
    assert set(first) == set(run_folder.RUN_FILES)
    run_folder.write(done("Na"), folder, "second")
    second = contents(folder)
    assert set(second) == set(run_folder.RUN_FILES)
    assert second["ranked.csv"] != first["ranked.csv"]
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_failure_while_writing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, earlier: bool
) -> None:
    folder = tmp_path / "run"
    if earlier:
        run_folder.write(done(), folder, "first")
    before = contents(folder) if earlier else None
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("odd")):

        def fail(*_: Any, fault: BaseException = error) -> None:
            raise fault

        monkeypatch.setattr(run_folder, "manifest", fail)
        wanted = UsageError if isinstance(error, OSError) else type(error)
        with pytest.raises(wanted) as failed:
            run_folder.write(done("Na"), folder, "second")
        if isinstance(error, OSError):
            assert "No space left on device; choose another place" in str(failed.value)
    assert (contents(folder) if earlier else None) == before
    assert folder.exists() == earlier
    assert list(tmp_path.iterdir()) == ([folder] if earlier else [])


def test_a_failure_at_the_last_step_brings_the_earlier_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    run_folder.write(done(), folder, "first")
    before = contents(folder)
    rename = Path.rename

    def fail_to_arrive(self: Path, target: Path) -> Path:
        if target == folder and contents(self) != before:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_to_arrive)
    with pytest.raises(UsageError, match="Input/output error"):
        run_folder.write(done("Na"), folder, "second")
    assert contents(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(UsageError, match="holds other things than a run; choose another place"):
        run_folder.write(done(), tmp_path, "")
    assert contents(tmp_path) == {"thesis.docx": b"years of work"}


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "thesis.docx"
    path.write_text("years of work")
    with pytest.raises(UsageError, match="is a file; -o takes the folder of the run"):
        run_folder.write(done(), path, "")
    with pytest.raises(UsageError, match=r"cannot write .*run.*choose another place with -o"):
        run_folder.write(done(), path / "run", "")
    assert path.read_text() == "years of work"


def test_a_link_to_an_earlier_run_is_followed_or_replaced(tmp_path: Path) -> None:
    run, link = tmp_path / "run", tmp_path / "latest"
    run_folder.write(done(), run, "first")
    link.symlink_to(run)
    run_folder.write(done("Na"), link, "second")
    assert json.loads((link / "manifest.json").read_text())["command"] == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "run"]


def test_ranked_file_has_every_candidate_in_every_role() -> None:
    rows = [row for ranking in done().rankings for row in done().ranked(ranking).to_pylist()]
    assert len(rows) == 3 * len(done().case)
    for role in ("interlayer", "host", "alloy"):
        part = [row for row in rows if row["role"] == role]
        ranks = [row["rank"] for row in part if row["rank"] is not None]
        assert ranks == list(range(1, len(ranks) + 1))
        passed = sum(row["passed"] for row in part)
        for place, row in enumerate(part):
            assert row["passed"] == (place < passed) == (row["verdict"] == "passed")
            assert row["passed"] != bool(row["failed_gates"] or row["unknown_gates"])
            assert (row["rank"] is None) == (not row["passed"] or bool(row["ranked_under"]))


def test_polymorphs_are_ranked_by_their_own_energies(tmp_path: Path) -> None:
    phases, _ = alloys(tmp_path)
    run = pipeline.run(phases, QUICK, chosen_roles(("alloy",)))
    rows = {row["id"]: row for row in run.ranked(run.rankings[0]).to_pylist()}
    assert rows["a"]["hull_distance_ev_atom"] == 0
    assert rows["b"]["hull_distance_ev_atom"] == pytest.approx(0.01)
    assert rows["a"]["reduction_v"] == rows["b"]["reduction_v"]


def test_explain_ranks_a_newcomer_among_the_named() -> None:
    roles = chosen_roles(())
    newcomer = pipeline.explain(embedded(), QUICK, roles, "Li10Zn4O9")
    assert len(newcomer.case) == len(done().case) + 1
    named = pipeline.explain(embedded(), QUICK, roles, "OZn")
    assert len(named.case) == len(done().case)
    i = list(done().case.formulas).index("ZnO")
    for ranking, whole in zip(named.rankings, done().rankings, strict=True):
        assert ranking.rank[0] == whole.rank[i]
        assert ranking.score[0] == whole.score[i]
        assert ranking.what_would_change[0] == whole.what_would_change[i]


def test_a_table_of_the_metal_alone_has_no_candidates(tmp_path: Path) -> None:
    path = tmp_path / "li.csv"
    path.write_text("formula,formation_energy_ev_atom\nLi,0\n")
    run = pipeline.run(user_files.load(path), QUICK, chosen_roles(()))
    run_folder.write(run, tmp_path / "run", "")
    with (tmp_path / "run" / "ranked.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == []
