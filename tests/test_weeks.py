"""From week to week: models that are worse are refused, runs are accepted, pulls wait in line."""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from screen import pipeline, weeks
from screen.cli import main
from screen.errors import DataError
from screen.model import lithiophilic
from screen.model.lithiophilic import Model


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
    "better": ({"brier": shifted(SKILL.brier, -0.02)}, "Put in place"),
    "about as good": ({"brier": shifted(SKILL.brier, 0.005)}, "Put in place"),
    "worse Brier score": ({"brier": shifted(SKILL.brier, 0.02)}, "Refused"),
    "worse ranking": ({"ranked": shifted(SKILL.ranked, -0.02)}, "Refused"),
    "no better than the share": ({"dumb_brier": SKILL.brier[0]}, "Refused"),
}


@pytest.mark.parametrize(("skill", "decision"), RULES.values(), ids=RULES)
def test_the_rule_of_promotion(
    skill: dict[str, Any], decision: str, written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    new = with_skill(**skill)
    monkeypatch.setattr(pipeline, "fit", lambda _: new)
    assert weeks.train(0, 0.01).startswith(decision)
    assert written == ([new] if decision == "Put in place" else [])


def test_the_same_model_is_not_written(
    written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "fit", lambda _: lithiophilic.load())
    assert weeks.train(0, 0.01).startswith("Unchanged")
    assert not written


def test_a_model_that_cannot_be_read_is_replaced(
    written: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    new = lithiophilic.load()

    def damaged() -> Model:
        raise DataError("damaged")

    monkeypatch.setattr(pipeline, "fit", lambda _: new)
    monkeypatch.setattr(lithiophilic, "load", damaged)
    assert weeks.train(0, 0.01).startswith("Put in place")
    assert written == [new]


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
