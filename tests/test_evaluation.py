"""The order of the ranking, measured on the shipped tables."""

from __future__ import annotations

import csv
import io
from functools import cache

import pytest
from rich.console import Console

from screen import evaluation, literature, training
from screen.answers import models
from screen.evaluation import (
    AHEAD,
    DESIRABILITY,
    IN_FORCE,
    LEARNED,
    PASSED,
    RATE,
    SHUFFLED,
    SWAPPED,
    TWICE,
    Evaluation,
    Line,
)
from screen.model.figures import READS
from screen.sources import reference
from tests.conftest import ROOT

ONLY = "elements and atoms"


@cache
def measured() -> Evaluation:
    phases = reference.load()
    described = training.described(phases, training.candidates_of(phases))
    return evaluation.evaluate(described, 0, only=(ONLY,), draws=0)


def line(order: str, measure: str, role: str = "all") -> Line:
    (found,) = [
        one
        for one in measured().lines
        if (one.order, one.measure, one.role) == (order, measure, role)
    ]
    return found


def test_every_family_that_worked_is_asked_for() -> None:
    named = {
        (row.role, row.family)
        for row in literature.rows()
        if row.role in ("interlayer", "host", "alloy") and not row.no_better
    }
    found = line(DESIRABILITY, "matched")
    assert 30 < found.families <= len(named)
    assert found.families == sum(
        line(DESIRABILITY, "matched", role).families for role in ("interlayer", "host", "alloy")
    )
    assert measured().formulas > found.families


def test_figures_are_shares_in_their_intervals() -> None:
    for one in measured().lines:
        assert one.low <= one.value <= one.high, one
        assert (-1 if "ahead" in one.measure else 0) <= one.low <= one.high <= 1


def test_simplicity_is_chance() -> None:
    """The dumb baseline: it wins places, and no matches."""
    matched = line(ONLY, "matched")
    assert matched.low <= 0.5 <= matched.high
    assert line(ONLY, "top_10").value > 0.3


def test_the_order_is_ahead_of_chance_and_of_simplicity() -> None:
    assert line(DESIRABILITY, "matched").low > 0.6
    assert line(DESIRABILITY, "alike").low > 0.5
    assert line(ONLY, "matched, ahead of desirability").high < 0


@pytest.mark.parametrize("role", ["interlayer", "host", "alloy"])
def test_gates_let_through_more_of_what_worked(role: str) -> None:
    assert line("gates", PASSED, role).value > 1.3 * line("gates", RATE, role).value


def test_what_is_missing_is_said() -> None:
    assert set(measured().missing) <= set(READS)
    assert all(0 < share < 1 for share in measured().missing.values())


def test_what_the_repository_shows_is_what_is_measured() -> None:
    """results/evaluation/reference.csv is written by `model evaluate`; here a part of it anew."""
    with (ROOT / "results/evaluation/reference.csv").open(newline="", encoding="utf-8") as file:
        written = {
            (row["by"], row["measure"], row["of"]): row
            for row in csv.DictReader(file)
            if row["model"] == "order"
        }
    for one in measured().lines:
        row = written[one.order, one.measure, one.role]
        fitted = one.order == ONLY or "alike" in one.measure
        apart = 0.03 if fitted else 2e-3
        assert float(row["value"]) == pytest.approx(one.value, abs=apart), one


def written() -> dict[tuple[str, str], float]:
    """Figures of results/evaluation/full_table.csv of all roles, by order and measure."""
    with (ROOT / "results/evaluation/full_table.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row["by"], row["measure"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["model"] == "order" and row["of"] == "all"
        }


def test_formulas_as_simple_bring_the_gain_of_the_order_in_force_to_nothing() -> None:
    """On the full table, whose figures `model evaluate` wrote."""
    told = written()
    assert told[IN_FORCE, f"matched, {AHEAD}"] > 0.02
    assert told[IN_FORCE, f"matched, {AHEAD}, {SWAPPED}"] == pytest.approx(0, abs=0.01)
    assert told[IN_FORCE, f"balanced, {AHEAD}, {SWAPPED}"] == pytest.approx(0, abs=0.01)


def test_outcomes_teach_more_than_shuffled_ones() -> None:
    """What is left then is of the form of the order; docs/trust.md says how much."""
    told = written()
    for order in (IN_FORCE, LEARNED, "recovery model"):
        for measure in ("matched", "balanced"):
            assert told[order, f"{measure}, {SHUFFLED}"] < told[order, measure]


def test_papers_entered_twice_bring_nothing() -> None:
    assert written()[IN_FORCE, f"matched, gained by {TWICE}"] == pytest.approx(0, abs=0.01)


def test_the_terminal_says_what_was_measured() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    models._print_order(console, measured(), "reference")
    said = console.export_text()
    assert f"{line(DESIRABILITY, 'matched').value:.2f}" in said
    assert "the gates let" in said
    assert max(map(len, said.splitlines())) <= 80
