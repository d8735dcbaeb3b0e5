"""From week to week: models that are worse are refused, runs are accepted, pulls wait in line."""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from screen import training, weeks
from screen.cli import main
from screen.errors import DataError
from screen.model import lithiophilic, performance, recovery
from screen.model.lithiophilic import Model
from screen.model.validation import Estimate


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Model]:
    """Models that were put in place."""
    found: list[Model] = []
    monkeypatch.setattr(lithiophilic, "write", found.append)
    return found


def with_skill(**changes: Any) -> Model:
    old = lithiophilic.load()
    return replace(old, intercept=old.intercept + 1e-6, skill=replace(old.skill, **changes))


def shifted(value: tuple[float, float, float], by: float) -> tuple[float, float, float]:
    return (value[0] + by, value[1] + by, value[2] + by)


SKILL = lithiophilic.load().skill
RULES: dict[str, tuple[dict[str, Any], str]] = {
    "better": ({"brier": shifted(SKILL.brier, -0.02)}, "put in place"),
    "about as good": ({"brier": shifted(SKILL.brier, 0.005)}, "put in place"),
    "worse Brier score": ({"brier": shifted(SKILL.brier, 0.02)}, "refused"),
    "worse ranking": ({"ranked": shifted(SKILL.ranked, -0.02)}, "refused"),
    "no better than the share": ({"dumb_brier": SKILL.brier[0]}, "refused"),
}


def fitted(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Let training give the models in place, but for some."""
    models = replace(training.load(), **changed)
    monkeypatch.setattr(training, "fit", lambda _: models)


@pytest.mark.parametrize(("skill", "decision"), RULES.values(), ids=RULES)
def test_the_rule_of_promotion(
    skill: dict[str, Any], decision: str, written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    new = with_skill(**skill)
    fitted(monkeypatch, lithiophilic=new)
    assert weeks.train(0, 0.01).startswith(f"Lithiophilic: {decision}")
    assert written == ([new] if decision == "put in place" else [])


def test_the_same_models_are_not_written(
    written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kept in (recovery, performance):
        monkeypatch.setattr(kept, "write", written.append)
    fitted(monkeypatch)
    assert weeks.train(0, 0.01).count("unchanged") == 3
    assert not written


def test_a_model_that_cannot_be_read_is_replaced(
    written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted(monkeypatch)
    new = lithiophilic.load()

    def damaged() -> Model:
        raise DataError("damaged")

    monkeypatch.setattr(lithiophilic, "load", damaged)
    assert weeks.train(0, 0.01).startswith("Lithiophilic: put in place")
    assert written == [new]


LIKE, CELLS = recovery.load(), performance.load()


def placed(by: float, p: float = 0.01) -> recovery.Model:
    """A recovery model that places families higher by so much."""
    skill = LIKE.skill[recovery.ALL]
    moved = skill.place | {"model": Estimate(*shifted(skill.place["model"], by))}
    every = replace(skill, place=moved, p=p)
    return replace(LIKE, skill=LIKE.skill | {recovery.ALL: every}, seed=LIKE.seed + 1)


def covering(share: float, worse: float = 0.0) -> performance.Model:
    """A performance model whose interval covers so much, and that is wrong by more."""
    ccd = CELLS.targets["ccd"]
    skill = replace(
        ccd.skill,
        cover=Estimate(share, share, share),
        error=Estimate(*shifted(ccd.skill.error, worse)),
    )
    return replace(CELLS, targets=CELLS.targets | {"ccd": replace(ccd, skill=skill)})


LITERATURE_RULES: dict[str, tuple[str, Any, str]] = {
    "higher": ("recovery", placed(0.02), "Recovery: put in place"),
    "lower": ("recovery", placed(-0.02), "Recovery: refused"),
    "as good as chance": ("recovery", placed(0.02, p=0.2), "Recovery: refused"),
    "as good": ("performance", covering(0.8), "Performance: put in place"),
    "too narrow": ("performance", covering(0.6), "Performance: refused"),
    "too wide": ("performance", covering(0.95), "Performance: refused"),
    "more wrong": ("performance", covering(0.8, worse=0.05), "Performance: refused"),
}


@pytest.mark.parametrize(("name", "new", "said"), LITERATURE_RULES.values(), ids=LITERATURE_RULES)
def test_the_rules_of_the_literature(
    name: str, new: Any, said: str, written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kept in (recovery, performance):
        monkeypatch.setattr(kept, "write", written.append)
    fitted(monkeypatch, **{name: new})
    assert said in weeks.train(0, 0.01)
    assert written == ([new] if "put in place" in said else [])


def test_accepted_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    settings = tmp_path / "settings.toml"
    settings.write_text("plating_v = 0.05\n")
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["rank", "-q", "-o", str(first)]) == 0
    assert main(["rank", "-q", "-o", str(second), "--config", str(settings)]) == 0
    assert weeks.accepted("Li") is None
    assert "the first run for Li" in weeks.changes(first, 5)
    weeks.accept(first)
    assert weeks.accepted("Li") == first.resolve()
    assert "nothing changed" in weeks.changes(first, 5)
    told = weeks.changes(second, 5)
    assert "changed settings: plating_v 0.02 -> 0.05" in told
    capsys.readouterr()
    assert main(["compare", str(first), str(second), "--top", "5", "--format", "md"]) == 0
    assert capsys.readouterr().out == told
    assert main(["compare", str(first), str(second), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["common"] == ["changed settings: plating_v 0.02 -> 0.05"]
    (first / "ranked.csv").write_text("altered")
    assert "no comparison" in weeks.changes(second, 5)
    with pytest.raises(DataError, match="altered"):
        weeks.accept(first)
    assert len(weeks.best(second, 2)["interlayer"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["here", "here"], 2, "one folder"),
        (["here", "nowhere"], 3, "no run folder"),
    ],
)
def test_bad_folders(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["rank", "-q", "-o", "here"]) == 0
    capsys.readouterr()
    assert main(["compare", *arguments]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def _hold(lock: Path, held: Any) -> None:
    with weeks._alone(lock):
        held.set()
        time.sleep(30)


def test_one_pull_at_a_time_even_after_a_kill(tmp_path: Path) -> None:
    """The lock is held by a process, and falls with it."""
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    other = spawn.Process(target=_hold, args=(tmp_path / "pull.lock", held))
    other.start()
    assert held.wait(30)
    waiting = spawn.Event()
    third = spawn.Process(target=_hold, args=(tmp_path / "pull.lock", waiting))
    third.start()
    assert not waiting.wait(3)
    other.kill()
    assert waiting.wait(30)
    third.kill()
    for process in (other, third):
        process.join()
        process.close()
