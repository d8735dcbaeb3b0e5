"""The cards say what was measured, with its interval, and what not to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from screen.cli import main
from screen.literature import rows
from screen.model import lithiophilic, performance, recovery
from screen.model.model_cards import cards
from screen.model.performance import TARGETS
from screen.model.recovery import ALL
from screen.tables import role_names

ROLES = role_names()


def test_every_model_says_what_it_is_how_well_it_does_and_what_not_to_do() -> None:
    found = cards()
    assert list(found) == [
        *("interphase", "lithiophilic", "energy error", "recovery", "order", "performance")
    ]
    for said in found.values():
        assert {"what", "how", "measured on", "in the ranking", "do not use it"} <= said.keys()
        for text in said.values():
            assert text.strip()
            assert "\n" not in text
            assert not re.search(r"\bnan\b|\binf\b|None|<", text)


def test_models_of_the_literature_say_nothing_of_other_anodes() -> None:
    assert list(cards(speaks=False)) == ["interphase", "lithiophilic", "energy error"]


def test_the_recovery_card_has_its_figures_and_those_of_all_it_is_compared_with() -> None:
    model, said = recovery.load(), cards()["recovery"]
    for name in (*ROLES, ALL):
        skill = model.skill[name]
        text = said[f"{name}, families in the best 10 % of the pool"]
        for figure in skill.top_10["model"]:
            assert f"{figure:.0%}" in text
        assert f"of {skill.families};" in text
        for by, measured in skill.top_10.items():
            assert by == "model" or f"{by} {measured.value:.0%}" in text
        assert f"p = {skill.p:.2f}" in said[f"{name}, mean place"]
    for role in ROLES:
        assert f"{model.skill[role].share:.1%} of the score as {role}" in said["in the ranking"]
    gains = said["ahead of figures of the composition alone"]
    for name, gain in model.skill[ALL].gain_top_10.items():
        assert (f"{name}: {gain.value:+.1%}" in gains) == ("desirability" not in name)
        in_place = f"{model.skill[ALL].gain[name].value:+.1%}"
        assert "desirability" in name or in_place in gains.partition(f"{name}:")[2]
    for name, place in model.skill[ALL].left_out:
        assert (f"{name} (above" in said["families it would have missed"]) == (place < 0.75)
    for formula in model.absent:
        assert formula in said["formulas that are not in the pool"]


def test_what_composition_alone_does_as_well_is_said_in_words() -> None:
    said = cards()["recovery"]["ahead of figures of the composition alone"]
    skill = recovery.load().skill[ALL]
    for name, gain in skill.gain_top_10.items():
        if "desirability" not in name:
            assert (name in said.partition("not told from")[2]) == (gain.low <= 0)


def test_the_performance_card_has_its_figures() -> None:
    model, said = performance.load(), cards()["performance"]
    for name in TARGETS:
        skill = model.targets[name].skill
        assert str(skill.gain) in said[f"{name}, gain by the material"]
        assert f"p = {skill.p:.2f}" in said[f"{name}, gain by the material"]
        for figure in (skill.error, skill.error_by_conditions, skill.error_by_median):
            assert str(figure) in said[f"{name}, mean error"]
        assert f"{skill.cover.value:.0%}" in said[f"{name}, 80 % interval"]
        fitted = said[f"{name}, fitted to"]
        assert f"{skill.tests} cells, {skill.films} of them" in fitted
        assert f"{skill.bounds} figures are lower bounds" in fitted
        assert (
            f"{skill.share:.1%} of the score by {performance.FIGURES[name]}"
            in said["in the ranking"]
        )


def test_counts_of_the_card_are_those_of_the_table() -> None:
    chosen = [row for row in rows() if row.role in ROLES]
    families = {(row.role, row.family) for row in chosen if row.active_formulas}
    every = recovery.load().skill[ALL]
    assert 30 <= every.families <= len(families)
    assert len(recovery.load().absent) < len({f for row in chosen for f in row.active_formulas})


def test_the_lithiophilic_card_has_its_intervals() -> None:
    skill, said = lithiophilic.load().skill, cards()["lithiophilic"]
    value, low, high = skill.ranked
    text = f"{value:.2f} (95 % interval {low:.2f} to {high:.2f}); by chance 0.50"
    assert said["puts a lithiophilic one before another"] == text


def test_the_command_says_the_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "card", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == cards()
    assert main(["model", "card"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name, lines in cards().items():
        assert f"{name.capitalize()} model" in shown
        for item, said in lines.items():
            assert f"{item}: {' '.join(said.split())}" in shown


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_figure_is_drawn(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"predicted.{form}"
    assert main(["model", "card", "--plot", str(path)]) == 0
    assert "drawn" in capsys.readouterr().err
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG" if form == "png" else b"<?xml")
    if form == "svg":
        assert len(data) > 5000
        again = tmp_path / "again.svg"
        assert main(["model", "card", "--plot", str(again)]) == 0
        assert again.read_bytes() == data


def test_a_figure_of_another_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "card", "--plot", str(tmp_path / "a.jpg")]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "ends in .svg, .png or .pdf" in err
    assert err.count("\n") == 1
