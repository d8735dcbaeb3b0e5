"""Roles as data: what the file may say, and that the shipped one fits the columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screen.columns import Column
from screen.errors import DataError, UsageError
from screen.ranking.roles import chosen_roles, roles
from screen.run import computed_columns
from screen.sources.reference import ANODES
from screen.tables import electrolytes_of
from tests.ranking.made_up import measured

GOOD = """
[seal]
label = "Seal"
meaning = "Keeps what is inside inside."
show = ["blue"]

[[seal.gates]]
column = "red_v"
op = "<="
value = 1
error = 0.1
why = "It is the way it is."
source = "test"

[[seal.goals]]
column = "blue"
poor = 0.0
good = 1.0
error = 0.1
weight = 1.0
why = "It is the way it is."
source = "test"
strong = "blue"
weak = "pale"
"""


def given(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_reads_roles_in_their_order(tmp_path: Path) -> None:
    found = roles(given(tmp_path, GOOD + GOOD.replace("seal", "lid")))
    assert list(found) == ["seal", "lid"]
    assert found["seal"].columns == {"red_v", "blue"}
    assert found["seal"].brief == ["rank", "formula", "score", "blue"]
    assert found["lid"].gates[0].describe() == "red_v <= 1.0"


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('label = "Seal"', 'label = "Seal"\ncolour = 1', ["seal", "colour", "not permitted"]),
        ('label = "Seal"', "", ["label", "required"]),
        ('op = "<="', 'op = "=<"', ["gates.0", "'=<'", "<="]),
        ("value = 1\n", "", ["gates.0.value", "required"]),
        ("error = 0.1\nwhy", "error = 0\nwhy", ["gates.0.error", "greater than 0"]),
        ('why = "It is the way it is."', 'why = "so"', ["gates.0.why", "10 characters"]),
        ('source = "test"', "", ["source", "required"]),
        ("good = 1.0", "good = 0.0", ["goals.0", "poor and good differ"]),
        ("good = 1.0", "", ["goals.0", "either poor and good, or levels"]),
        ("poor = 0.0", "poor = 0.0\nlevels = { a = 1.0 }", ["goals.0", "either", "or levels"]),
        ("error = 0.1\nweight", "weight", ["goals.0", "error is given"]),
        ('strong = "blue"', 'strong = "blue {:.2q}"', ["goals.0", "{:.2f}"]),
        ('strong = "blue"', 'strong = "blue {a}"', ["goals.0", "'blue {a}'"]),
        ("weight = 1.0", 'weight = 1.0\nkinds = ["ring"]', ["goal blue", "'ring'", "has none"]),
        ("weight = 1.0", "weight = 0", ["goals.0.weight", "greater than 0"]),
        ("weight = 1.0", "weight = 1.0\ncolour = 1", ["goals.0.colour", "not permitted"]),
        ("[[seal.goals]]", "[seal.goals]", ["goals"]),
        ("[[seal.gates]]", "[[seal.gates]", ["mine.toml"]),
        ("[seal]", "seal = 1\n[other]", ["mine.toml"]),
        (GOOD[GOOD.index("[[seal.goals]]") :], "goals = []", ["goals"]),
        (GOOD, GOOD.replace("seal", "all"), ["'all'", "cannot be called"]),
        (GOOD, GOOD.replace("seal", "Seal"), ["'Seal'", "small letters"]),
    ],
)
def test_refuses_with_one_line_that_says_where(
    tmp_path: Path, old: str, new: str, parts: list[str]
) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as refused:
        roles(given(tmp_path, GOOD.replace(old, new, 1)))
    said = str(refused.value)
    assert said.startswith("mine.toml: ")
    assert "\n" not in said
    for part in parts:
        assert part in said


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.toml"):
        roles(tmp_path / "absent.toml")


def test_choice_of_roles() -> None:
    assert [r.name for r in chosen_roles(())] == ["interlayer", "host", "alloy"]
    assert [r.name for r in chosen_roles(("alloy", "host"))] == ["host", "alloy"]
    with pytest.raises(UsageError, match="unknown role 'interlayr'; did you mean interlayer"):
        chosen_roles(("interlayr",))


MEASURED = (
    Column("red_v", "red", "How red it is.", "test"),
    Column("blue", "blue", "How blue it is.", "test", dimensionless=True),
    Column("name", "name", "What it is called.", "test", "text"),
    Column("old", "old", "Whether it is old.", "test", "flag"),
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'column = "red_v"',
            'column = "rod_v"',
            "'rod_v', which nothing computes; did you mean red",
        ),
        ('show = ["blue"]', 'show = ["bleu"]', "'bleu', which nothing computes; did you mean blue"),
        ('column = "blue"', 'bounds = ["a", "b"]\ncolumn = "blue"', "'a', which nothing computes"),
        ("value = 1", 'value = "much"', "red_v <= much: the column is a number"),
        ("value = 1", "value = true", "red_v <= true: the column is a number"),
        ('"red_v"\nop = "<="\nvalue = 1', '"name"\nop = "<="\nvalue = "z"', "is a text; == or !="),
        ('"red_v"\nop = "<="\nvalue = 1', '"old"\nop = "=="\nvalue = 1.0', "is a flag"),
        ('column = "blue"', 'column = "name"', "goal name scores a number"),
        ("poor = 0.0\ngood = 1.0\nerror = 0.1", "levels = { a = 1.0 }", "goal blue scores a text"),
    ],
)
def test_refuses_what_does_not_fit_the_columns(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (good,) = roles(given(tmp_path, GOOD)).values()
    good.check(MEASURED)
    assert old in GOOD
    path = tmp_path / "other.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(DataError, match=r"^role seal") as refused:
        roles(path)["seal"].check(MEASURED)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("anode", ANODES)
def test_shipped_roles_fit_the_columns(anode: str) -> None:
    columns = computed_columns(electrolytes_of(anode))
    for role in chosen_roles(()):
        role.check(columns)


def test_shipped_phrases_take_their_value() -> None:
    for role in chosen_roles(()):
        for goal in role.goals:
            value = 0.5 if goal.levels is None else next(iter(goal.levels))
            for phrase in (goal.strong, goal.weak):
                assert phrase.format(value) != phrase


def test_shipped_errors_are_one_per_column() -> None:
    for role in chosen_roles(()):
        found = {(part.column, part.error) for part in measured(role)}
        assert len(found) == len({column for column, _ in found}), found


def test_gates_fit_the_good_end_of_their_goals() -> None:
    """What is ideal for a goal must not be shut out by a gate of the same role."""
    for role in chosen_roles(()):
        for goal in role.goals:
            for gate in role.gates:
                if gate.column == goal.column and goal.good is not None:
                    assert gate.passes({gate.column: np.array([goal.good])}).all()
