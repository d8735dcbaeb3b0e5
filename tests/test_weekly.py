"""From week to week: models that are worse are refused, runs are accepted, pulls wait in line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from screen import training, weekly
from screen.cli import main
from screen.errors import DataError
from screen.model import lithiophilic, performance, recovery
from screen.model.lithiophilic import Model as Lithiophilic
from screen.model.validation import Estimate

Written = list[tuple[str, Any]]
HOMES = (lithiophilic, recovery, performance)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Models that were put in place, with the names of their modules."""
    found: Written = []
    for home in HOMES:
        name = home.__name__.rpartition(".")[2]
        monkeypatch.setattr(home, "write", lambda model, name=name: found.append((name, model)))
    return found


def shifted(value: Estimate | tuple[float, float, float], by: float) -> Any:
    return Estimate(*(part + by for part in value))


def told(**changes: Any) -> Lithiophilic:
    old = lithiophilic.load()
    return replace(old, intercept=old.intercept + 1e-6, skill=replace(old.skill, **changes))


def liked(**changes: Any) -> recovery.Model:
    """With other skill over all roles."""
    old = recovery.load()
    every = replace(old.skill[recovery.ALL], **changes)
    return replace(old, seed=old.seed + 1, skill=old.skill | {recovery.ALL: every})


def carried(**changes: Any) -> performance.Model:
    """With other skill for the critical current density."""
    old = performance.load()
    ccd = replace(old.targets["ccd"], skill=replace(old.targets["ccd"].skill, **changes))
    return replace(old, seed=old.seed + 1, targets=old.targets | {"ccd": ccd})


SKILL = lithiophilic.load().skill
PLACE = recovery.load().skill[recovery.ALL].place
CCD = performance.load().targets["ccd"].skill
RULES: dict[str, tuple[str, Callable[[], Any], str]] = {
    name: (name.split(":")[0], model, decision)
    for name, (model, decision) in {
        "lithiophilic: better": (lambda: told(brier=shifted(SKILL.brier, -0.02)), "put in place"),
        "lithiophilic: as good": (lambda: told(brier=shifted(SKILL.brier, 0.005)), "put in place"),
        "lithiophilic: worse": (lambda: told(brier=shifted(SKILL.brier, 0.02)), "refused"),
        "lithiophilic: ranks worse": (lambda: told(ranked=shifted(SKILL.ranked, -0.02)), "refused"),
        "lithiophilic: as the share alone": (lambda: told(dumb_brier=SKILL.brier[0]), "refused"),
        "recovery: about as good": (
            lambda: liked(place=PLACE | {"model": shifted(PLACE["model"], -0.005)}),
            "put in place",
        ),
        "recovery: worse": (
            lambda: liked(place=PLACE | {"model": shifted(PLACE["model"], -0.02)}),
            "refused",
        ),
        "recovery: by chance": (lambda: liked(p=0.06), "refused"),
        "performance: about as good": (
            lambda: carried(error=shifted(CCD.error, 0.005)),
            "put in place",
        ),
        "performance: worse": (lambda: carried(error=shifted(CCD.error, 0.02)), "refused"),
        "performance: too sure": (lambda: carried(cover=Estimate(0.71, 0.6, 0.8)), "refused"),
        "performance: too unsure": (lambda: carried(cover=Estimate(0.89, 0.8, 1.0)), "refused"),
    }.items()
}


def in_place(**others: Any) -> training.Models:
    """The models in place, but those that are given."""
    return replace(training.load(), **others)


@pytest.mark.parametrize(("name", "model", "decision"), RULES.values(), ids=RULES)
def test_the_rule_of_promotion(
    name: str,
    model: Callable[[], Any],
    decision: str,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = model()
    monkeypatch.setattr(training, "fit", lambda _: in_place(**{name: new}))
    said = weekly.train(0, 0.01)
    assert f"{name.capitalize()}: {decision}: " in said
    assert said.count(": unchanged: ") == 2
    assert written == ([(name, new)] if decision == "put in place" else [])


def test_the_same_models_are_not_written(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "fit", lambda _: in_place())
    assert weekly.train(0, 0.01).count(": unchanged: ") == 3
    assert not written


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.__name__)
def test_a_model_that_cannot_be_read_is_replaced(
    home: Any, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = in_place()

    def damaged() -> None:
        raise DataError("damaged")

    monkeypatch.setattr(training, "fit", lambda _: new)
    monkeypatch.setattr(home, "load", damaged)
    name = home.__name__.rpartition(".")[2]
    assert f"{name.capitalize()}: put in place" in weekly.train(0, 0.01)
    assert written == [(name, getattr(new, name))]


def test_accepted_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    settings = tmp_path / "settings.toml"
    settings.write_text("plating_v = 0.05\n")
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["rank", "-q", "-o", str(first)]) == 0
    assert main(["rank", "-q", "-o", str(second), "--config", str(settings)]) == 0
    assert weekly.accepted("Li") is None
    assert "the first run for Li" in weekly.changes(first, 5)
    weekly.accept(first)
    assert weekly.accepted("Li") == first.resolve()
    assert "nothing changed" in weekly.changes(first, 5)
    told = weekly.changes(second, 5)
    assert "changed settings: plating_v 0.02 -> 0.05" in told
    capsys.readouterr()
    assert main(["compare", str(first), str(second), "--top", "5", "--format", "md"]) == 0
    assert capsys.readouterr().out == told
    assert main(["compare", str(first), str(second), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["common"] == ["changed settings: plating_v 0.02 -> 0.05"]
    (first / "ranked.csv").write_text("altered")
    assert "no comparison" in weekly.changes(second, 5)
    with pytest.raises(DataError, match="altered"):
        weekly.accept(first)
    films = weekly.best(second, 2)["interlayer"]
    assert len(films) == 2
    assert re.fullmatch(r"[a-z ]+ \d+% \([a-z ]+ \d+%, [a-z ]+ \d+%\)", films[0]["interphase"])
    assert "garnet" in films[0]["protects"]
    assert "protects" not in weekly.best(second, 2)["host"][0]
    said = weekly.summary(second, 2)
    assert f"| 1 | {films[0]['formula']} |" in said
    assert films[0]["interphase"] in said
    assert "electrolytes: Li6PS5Cl, " in said


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
