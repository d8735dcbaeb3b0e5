"""Training: what it reads, where it puts the models, and rows of the user's own in the ranking."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn

from screen import (
    candidates,
    descriptors,
    evaluation,
    literature,
    pipeline,
    predictions,
    tables,
    training,
)
from screen.cli import main
from screen.columns import missing
from screen.errors import DataError, ScreenError
from screen.model import (
    energy_errors,
    interphase,
    learned,
    learning,
    lithiophilic,
    performance,
    persistence,
    recovery,
)
from screen.phases import Phases
from screen.ranking import order
from screen.ranking.roles import chosen_roles
from screen.run import Run, manifest
from screen.settings import Settings
from screen.tables import role_names
from tests.descriptors.cases import phases
from tests.model import trained

QUICK = Settings(check_candidates=1, check_interfaces=1)
OWN = dict.fromkeys(literature.NAMES, "") | {
    "reference": "10.1234/bismuth.2026",
    "year": "2026",
    "role": "host",
    "material_label": "bismuth foam",
    "active_formulas": "Bi;LiBi",
    "family": "Bi",
    "electrolyte_label": "Li6PS5Cl",
    "electrolyte_class": "sulfide",
    "cell_type": "symmetric",
    "current_ma_cm2": "1",
    "capacity_mah_cm2": "1",
    "lifetime_h": "900",
    "lifetime_censored": "1",
    "ccd_ma_cm2": "3.2",
    "ccd_censored": "0",
    "outcome": "not stated",
    "quote": "900 h at 1 mA cm-2",
    "confidence": "high",
    "provenance": "read",
}
MODELS = (recovery.NAME, performance.NAME, learned.NAME)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without rows; training is quick, since what it measures does not matter here, and what
    is fitted to the same rows is fitted once.
    """
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    thin()  # made of the whole one before that is replaced
    monkeypatch.setattr(training, "reference_described", thin)
    for module, name, count in (
        (recovery, "SHUFFLES", 2),
        (recovery, "REFITS", 2),
        (recovery, "RIVAL_STRENGTHS", (0.03,)),
        (learning, "REFITS", 2),
        (performance, "SHUFFLES", 2),
        (energy_errors, "FOLDS", 3),
    ):
        monkeypatch.setattr(module, name, count)
    for name in ("fit_recovery", "fit_performance", "fit_learned"):
        monkeypatch.setattr(training, name, partial(fitted, name))
    (tmp_path / "quick.toml").write_text("check_candidates = 1\ncheck_interfaces = 1\n")
    monkeypatch.setattr(energy_errors, "train", partial(energy_errors.train, divisions=1))
    return tmp_path / "home"


FITS = {
    name: getattr(training, name) for name in ("fit_recovery", "fit_performance", "fit_learned")
}
FITTED: dict[Any, Any] = {}


def fitted(name: str, seed: int, known: literature.Table, *more: Any) -> Any:
    """What a fit gives, of a literature table that it has met before the same again."""
    key = name, seed, *sorted(persistence.tables(known).items())
    if key not in FITTED:
        FITTED[key] = FITS[name](seed, known, *more)
    return FITTED[key]


@pytest.fixture
def shipped() -> dict[str, str]:
    """Digests of all shipped data."""
    return shipped_digests()


def shipped_digests() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tables.DATA.iterdir()
        if path.is_file()
    }


@cache
def thin() -> training.Described:
    """One phase of six, and all that are known to work."""
    pool = trained.pool()
    known = pool.rows_of([*{f for row in trained.ROWS for f in row.active_formulas}, "Bi", "LiBi"])
    chosen = np.unique([*known[known >= 0].tolist(), *range(0, len(pool.x), 6)])
    thin_pool = recovery.Pool(
        pool.compositions.take(chosen),
        pool.x[chosen],
        {"elements and atoms": pool.rivals["elements and atoms"][chosen]},
        {role: score[chosen] for role, score in pool.desirability.items()},
    )
    whole = trained.described()
    return replace(
        whole,
        pool=thin_pool,
        columns={name: column[chosen] for name, column in whole.columns.items()},
        passed={role: passed[chosen] for role, passed in whole.passed.items()},
    )


def mine(**changes: str) -> str:
    """A file with a row of one's own."""
    with Path("mine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, literature.NAMES)
        writer.writeheader()
        writer.writerow(OWN | changes)
    return "mine.csv"


RANK = ["rank", "--config", "quick.toml"]


def ranked() -> tuple[str, dict[str, Any]]:
    """Name of the folder of a run, and its manifest."""
    before = {*Path("results").iterdir()} if Path("results").is_dir() else set()
    assert main([*RANK, "-q"]) == 0
    after = sorted({*Path("results").iterdir()} - before)
    folder = after[0] if after else sorted(before, key=lambda path: path.stat().st_mtime)[-1]
    return folder.name, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@cache
def done(anode: str = "Li") -> Run:
    settings = QUICK.model_copy(update={"anode": anode})
    return pipeline.run(phases(), settings, chosen_roles(()))


# What the pool holds


def test_the_pool_holds_what_can_be_judged_and_no_anode_metal() -> None:
    pool = trained.pool()
    keys = pool.compositions.key.tolist()
    assert len(keys) == len({*keys}) > 2000
    assert np.isfinite(pool.x).all()
    for figures in pool.rivals.values():
        assert figures.shape[0] == len(keys)
        assert np.isfinite(figures).all()
    for score in pool.desirability.values():
        assert ((score > 0) & (score <= 1)).all()
    assert not training.judged(phases(), "Li")
    assert "Li" not in training.candidates_of(phases())
    whole = Phases(
        {
            "formula": ["Li", "LiF", "LiF", "F"],
            "formation_energy_ev_atom": [0.0, -3.2, -3.1, 0.0],
            "id": ["a", "b", "c", "d"],
        },
        name="mine",
    )
    assert training.candidates_of(whole) == ["LiF", "F"]
    assert training.judged(phases(), "LiF")


def test_the_desirability_that_is_compared_with_is_that_of_the_bare_roles() -> None:
    """Else the model would be measured against itself."""
    run, pool = done(), trained.pool()
    row = pool.rows_of(run.case.formulas)
    known = row >= 0
    assert known.sum() > 60
    for ranking in run.rankings:
        np.testing.assert_allclose(
            pool.desirability[ranking.role.name][row[known]],
            ranking.score_without_model[known],
            atol=1e-9,
        )


# What the ranking does with the models


def test_shares_of_the_manifest_are_those_of_the_models() -> None:
    said = manifest(done(), "test")["models"]
    like, cells = recovery.load(), performance.load()
    for role in role_names():
        expected = {recovery.column(role): like.skill[role].share} | {
            performance.column(name): target.skill.share for name, target in cells.targets.items()
        }
        leads = learned.load().leads(role)
        assert said["order"][role] == ("learned" if leads else "hand_weighted")
        assert said["share"][role] == pytest.approx(
            {name: share for name, share in expected.items() if share > 0 and not leads}, abs=2e-3
        )
    assert any(said["share"].values()) or "learned" in said["order"].values()
    assert said["fitted_to"] == persistence.tables(literature.table())
    assert list(said["cards"]) == [
        *("interphase", "lithiophilic", "energy error", "recovery", "order", "performance")
    ]


def test_the_ranking_without_models_is_that_of_the_bare_roles() -> None:
    run = done()
    bare = pipeline.rank(chosen_roles(()), run.values, run.case.formulas)
    moved = 0
    for with_models, without in zip(run.rankings, bare, strict=True):
        np.testing.assert_array_equal(with_models.score_without_model, without.score)
        np.testing.assert_array_equal(with_models.rank_without_model, without.rank)
        moved += int((with_models.rank != without.rank).sum())
    assert moved


@pytest.mark.parametrize("anode", ["Na", "Mg"])
def test_other_anodes_have_no_term_of_the_literature(anode: str) -> None:
    run = done(anode)
    assert not [name for name in run.values.columns if name.startswith(("recovery", "predicted"))]
    for ranking in run.rankings:
        assert not [goal for goal in ranking.role.goals if goal.learned]
        np.testing.assert_array_equal(ranking.rank, ranking.rank_without_model)
    said = manifest(run, "test")["models"]
    assert not any(said["share"].values())
    assert said["fitted_to"] == {}
    assert list(said["cards"]) == ["interphase", "lithiophilic", "energy error"]


def test_a_performance_model_that_earned_a_share_would_be_a_goal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None has; so this part of the ranking is tried with one that is made up."""
    model = performance.load()
    ccd = replace(model.targets["ccd"], skill=replace(model.targets["ccd"].skill, share=0.1))
    better = replace(model, targets=model.targets | {"ccd": ccd})
    monkeypatch.setattr(performance, "load", lambda: better)
    (role,) = predictions.with_models(chosen_roles(("host",)), QUICK)
    goal, *of_other_kinds = [g for g in role.goals if g.column == performance.column("ccd")]
    assert len(of_other_kinds) == len(role.kinds) - 1
    assert goal.learned
    assert goal.poor is not None
    assert goal.good is not None
    assert goal.poor < goal.good
    found = order.order(role, done().values.columns, done().case.formulas)
    assert (found.score_low <= found.score).all()
    assert (found.score <= found.score_high).all()


# Rows of the user's own


def test_rows_of_the_users_own_teach_and_without_them_all_is_as_before(
    home: Path, shipped: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    name, before = ranked()
    assert set(before["models"]["fitted_to"]) == {"literature", "reference_phases"}

    assert main(["literature", "add", mine()]) == 0
    said = capfd.readouterr().err
    assert "rows added to" in said
    assert len(list((home / "store" / "models").iterdir())) == len(MODELS)
    own_name, own = ranked()
    assert own_name != name
    assert set(own["models"]["fitted_to"]) == {"literature", "own rows", "reference_phases"}
    assert recovery.load().scales["host"] != before_host()
    assert "Bi (host)" in dict(recovery.load().skill[recovery.ALL].left_out)
    assert performance.load().targets["ccd"].skill.tests == 1 + len(
        performance.tests(trained.ROWS, "ccd", {})
    )

    kept = literature.own_path().read_text(encoding="utf-8")
    literature.own_path().write_text(kept.replace("3.2", "3.3"), encoding="utf-8")
    assert ranked()[1]["models"] == before["models"], "changed by hand they do not count"
    capfd.readouterr()
    assert main(RANK) == 0
    said = capfd.readouterr().err
    assert "Rows of your own do not count yet" in said
    assert "run 'python -m screen model train'" in said

    assert main(["model", "train"]) == 0
    assert str(home / "store") in capfd.readouterr().err
    changed_name, _ = ranked()
    assert changed_name not in (name, own_name)
    assert main(["model", "train", "--seed", "5"]) == 0
    assert recovery.load().seed == performance.load().seed == 5
    assert ranked()[0] not in (name, own_name, changed_name)

    literature.own_path().unlink()
    assert recovery.load().scales["host"] == before_host()
    assert ranked()[1]["models"] == before["models"]
    assert shipped_digests() == shipped


def before_host() -> recovery.Scale:
    path = tables.DATA / f"{recovery.NAME}.json"
    found = json.loads(path.read_text(encoding="utf-8"))["scales"]["host"]
    return recovery.Scale(tuple(found["weights"]), tuple(found["scores"]))


@cache
def of_shipped() -> str:
    """Name of the folder of a run with the shipped models."""
    return ranked()[0]


KILLS = ((training, "fit_recovery"), (training, "fit_performance"), (recovery, "write"))


@pytest.mark.parametrize(
    ("module", "step"), [*KILLS, (performance, "write"), (learned, "write"), (literature, "keep")]
)
@pytest.mark.usefixtures("home")
def test_ended_anywhere_adding_changes_nothing_and_goes_on(
    module: Any, step: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rows and models change together: the same ranking as before, and the same command works."""
    name = of_shipped()

    def ended(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        where = module if module is not literature else sys.modules["screen.literature.table"]
        patch.setattr(where, step, ended)
        assert main(["literature", "add", mine()]) == 130
    assert literature.rows(own=True) == literature.rows()
    assert ranked()[0] == name
    assert main(["literature", "add", mine()]) == 0
    assert [row.material_label for row in literature.rows(own=True)][-1] == "bismuth foam"
    assert literature.OWN in recovery.load().fitted_to
    assert literature.OWN in performance.load().fitted_to
    capfd.readouterr()
    assert main(["literature", "add", mine()]) == DataError.exit_code
    assert "repeats own-1" in capfd.readouterr().err


@pytest.mark.usefixtures("home")
def test_models_that_are_damaged_or_gone_are_replaced_by_the_shipped_ones(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["literature", "add", mine()]) == 0
    for path in (home / "store" / "models").iterdir():
        path.write_bytes(path.read_bytes()[:-20])
        assert main(RANK) == 0
        assert "Rows of your own do not count yet" in capfd.readouterr().err
    assert recovery.load() == persistence_of_shipped()
    assert main(["model", "train"]) == 0
    assert main(RANK) == 0
    assert "Rows of your own count in the literature" in capfd.readouterr().err


def persistence_of_shipped() -> recovery.Model:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREEN_HOME", "nowhere")
        return recovery.load()


ADDING = """
import sys
from screen import cli, training
training.train_literature = lambda *_: None
sys.exit(cli.main(["literature", "add", sys.argv[1]]))
"""


@pytest.mark.usefixtures("home")
def test_added_eight_at_once_all_are_kept() -> None:
    """Whoever says done has its row in the table."""
    several = []
    for i in range(8):
        path = Path(mine(material_label=f"film {i}", reference=f"10.1234/{i}"))
        own = path.rename(f"mine-{i}.csv")
        command = [sys.executable, "-c", ADDING, str(own)]
        several.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    assert [process.wait() for process in several] == [0] * 8
    kept = literature.rows(own=True)[len(literature.rows()) :]
    assert {row.material_label for row in kept} == {f"film {i}" for i in range(8)}
    assert len({row.row_id for row in kept}) == 8


def test_rows_that_are_refused_change_nothing(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["literature", "add", mine(electrolyte_class="glass")]) == DataError.exit_code
    err = capfd.readouterr().err
    assert "row 1, electrolyte_class: unknown 'glass'" in err
    assert err.count("\n") == 1
    assert not home.exists()
    assert recovery.load().fitted_to == persistence.tables(literature.table())


@pytest.mark.usefixtures("home")
def test_a_lithiophilic_model_that_is_damaged_is_mended_with_rows_of_ones_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the recovery model is compared with needs it."""
    written: list[lithiophilic.Model] = []
    monkeypatch.setattr(lithiophilic, "write", written.append)
    monkeypatch.setattr(energy_errors, "train", lambda _: None)
    monkeypatch.setattr(energy_errors, "write", lambda _: None)
    monkeypatch.setattr(interphase, "write", lambda _: None)
    monkeypatch.setattr(training, "train_literature", lambda *_: None)
    monkeypatch.setattr(training, "load", lambda: None)
    literature.joined(Path(mine())).keep()
    training.train(0)
    assert not written

    def damaged() -> lithiophilic.Model:
        raise DataError("damaged")

    sound = lithiophilic.load()
    monkeypatch.setattr(lithiophilic, "load", damaged)
    training.train(0)
    assert written == [replace(sound, scikit_learn=sklearn.__version__)]


def test_fitting_writes_nothing(home: Path, shipped: dict[str, str]) -> None:
    made = training.fit(0)
    assert made.lithiophilic == replace(lithiophilic.load(), scikit_learn=sklearn.__version__)
    assert set(made.recovery.scales) == set(recovery.load().scales)
    assert shipped_digests() == shipped
    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_fitted_again_it_is_the_model_that_was_written(tmp_path: Path) -> None:
    """To the last digit, so a training that is called again finds nothing to do."""
    known, file = literature.table(), tmp_path / "model.json"
    for module, name, among in (
        (recovery, "fit_recovery", [thin().pool]),
        (performance, "fit_performance", []),
    ):
        persistence.write(file, fitted(name, 0, known, *among), form=module.FORMAT)
        written = persistence.read(
            file,
            module.Model,
            form=module.FORMAT,
            features=module.FEATURES,
            fitted_to=persistence.tables(known),
        )
        assert FITS[name](0, known, *among) == written


# Evaluation


@pytest.mark.usefixtures("home")
def test_evaluation_says_what_the_card_says(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = replace(trained.pool(), rivals={})
    monkeypatch.setattr(training, "reference_pool", lambda: pool)
    nothing = evaluation.Evaluation(0, 0, (), {})
    monkeypatch.setattr(evaluation, "evaluate", lambda *_: nothing)
    monkeypatch.setattr(training, "described", lambda *_: None)
    assert main(["model", "evaluate", "--format", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    said = {(r["model"], r["of"], r["by"], r["measure"]): r for r in found}
    like, cells = recovery.load(), performance.load()
    for role, skill in like.skill.items():
        for by in ("model", "desirability"):
            row = said["recovery", role, by, "in the best 10 %"]
            np.testing.assert_allclose(
                [row[k] for k in ("value", "low", "high")], skill.top_10[by], atol=5e-3
            )
    for name, target in cells.targets.items():
        row = said["performance", name, "model", "80 % interval covers"]
        assert row["value"] == pytest.approx(target.skill.cover.value, abs=0.02)
        assert row["low"] <= row["value"] <= row["high"]
    ranked_right = said["lithiophilic", "substrates", "model", "ranked right"]
    assert ranked_right["value"] == pytest.approx(lithiophilic.load().skill.ranked[0], abs=2e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("evaluate", "--format", "xml"), "unknown format 'xml'"),
        (("evaluate", "--source", "nowhere"), "nowhere"),
        (("evaluate", "--seed", "-1"), "--seed"),
        (("train", "--seed", "-1"), "--seed"),
        (("card", "--format", "xml"), "unknown format 'xml'"),
    ],
)
def test_faults_of_the_commands(
    arguments: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", *arguments]) in (2, 3)
    out, err = capfd.readouterr()
    assert not out
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.usefixtures("home")
def test_a_table_with_too_little_is_refused() -> None:
    few = literature.Table(trained.ROWS[:3], {})
    with pytest.raises(ScreenError, match="fewer than 3 families in every role"):
        training.fit_recovery(0, few, trained.pool())


def test_every_formula_of_the_table_is_described_or_there_is_a_reason() -> None:
    formulas = sorted({f for row in literature.rows() for f in row.active_formulas})
    known = [formula for formula in formulas if training.judged(phases(), formula)]
    assert len(known) > 0.7 * len(formulas)
    for formula in set(formulas) - {*known, literature.ANODE}:
        with pytest.raises(DataError, match=r"does not hold every phase|has no phases with"):
            candidates.check_covered(phases(), formula, anode=literature.ANODE)
    case, _ = candidates.make_case(phases(), training.SETTINGS, known)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity", "properties"))
    for name in {*recovery.READS, *performance.READS}:
        gaps = missing(values.columns[name])
        assert all(values.reason(name)[gaps])
