"""Descriptors of one's own: they join a run like those that ship, or are refused in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import screen
from screen.descriptors.case import Case
from screen.descriptors.own import Descriptor
from screen.errors import DataError, ScreenError, UsageError

LABEL = "Twice the mean uptake voltage"
ROLE = """
[seal]
label = "Seal"
meaning = "Keeps what is inside inside."
show = ["twice_v"]
[[seal.gates]]
column = "twice_v"
op = ">="
value = 0.0
why = "It is the way it is."
source = "test"
[[seal.goals]]
column = "twice_v"
poor = 0.0
good = 10.0
error = 0.1
weight = 1.0
why = "It is the way it is."
source = "test"
strong = "high ({:.1f} V)"
weak = "low ({:.1f} V)"
"""


def atoms(case: Case) -> Any:
    return case.compositions.atoms


def twice(case: Case) -> Any:
    return 2 * case.equilibria.profiles.v_low[case.equilibria.profiles.start[:-1]]


def made(function: Callable[[Case], Any] = twice, name: str = "twice_v", **more: Any) -> Descriptor:
    return screen.descriptor(name, LABEL, **more)(function)


def ranked(*own: Descriptor, **more: Any) -> screen.Run:
    """A small run: magnesium faces fewer candidates than lithium."""
    return screen.rank("Mg", descriptors=own, check_candidates=1, check_interfaces=1, **more)


def test_it_is_a_column_that_a_role_may_read(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text(ROLE)
    run = ranked(made(), roles_file=file)
    frame = run.frame("seal")
    values = run.values.columns["twice_v"]
    assert frame.columns[:4].tolist() == ["rank", "formula", "score", "twice_v"]
    assert frame["rank"].notna().sum() == np.sum(values >= 0)
    assert frame["score"].dropna().max() == pytest.approx(min(np.nanmax(values) / 10, 1))
    read = screen.open_run(run.write(tmp_path / "run"))
    again = read.frame("seal")
    assert again["twice_v"].tolist() == pytest.approx(frame["twice_v"].tolist(), nan_ok=True)
    card = screen.explain("MgO", "Mg", roles_file=file, descriptors=[made()])
    assert card.records["values"]["twice_v"] == values[run.case.formulas.index("MgO")]


def test_what_ships_is_as_it_was() -> None:
    with_it, without = ranked(made()), ranked()
    for name, values in without.values.columns.items():
        np.testing.assert_array_equal(with_it.values.columns[name], values)
    assert with_it.name != without.name


def test_a_gap_has_its_reason() -> None:
    own = made(lambda case: np.full(len(case), np.nan), missing="no oracle at hand")
    gaps = ranked(own, roles="host").gaps
    assert set(gaps[gaps.column == "twice_v"].reason) == {"no oracle at hand"}


def test_a_run_depends_on_what_the_function_says() -> None:
    other = made(lambda case: np.zeros(len(case)))
    assert made().digest == made().digest
    assert len({made().digest, other.digest, made(label="2 V").digest}) == 3


def test_of_text_and_flags() -> None:
    word = made(lambda case: np.array(["hard"] * len(case)), "hardness", kind="text")
    flag = made(lambda case: np.zeros(len(case), dtype=bool), "rare", kind="flag")
    frame = ranked(word, flag).frame("host")
    assert set(frame["hardness"]) == {"hard"}
    assert not frame["rare"].any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: made(name="twice"), "ends in no known unit"),
        (lambda: made(name="twice_v", dimensionless=True), "ends in _v, a unit"),
        (lambda: made(name="Twice V"), "small letters"),
        (lambda: made(name="in"), "small letters"),
        (lambda: made(kind="colour"), "allowed: number, text, flag"),
        (lambda: made(missing=""), "say why a value is missing"),
        (lambda: made(function=len), "a function is wanted"),
        (
            lambda: ranked(twice),  # type: ignore[arg-type]
            "make it one with @screen.descriptor",
        ),
        (lambda: ranked(made(lambda _: 1.0)), "shape (); one value for each of"),
        (lambda: ranked(made(lambda case: np.zeros(len(case) + 1))), "one value for each of"),
        (lambda: ranked(made(lambda case: ["a"] * len(case))), "declared a number"),
        (lambda: ranked(made(lambda case: [None] * len(case))), "declared a number"),
        (lambda: ranked(made(lambda case: [1.0] * len(case), "a", kind="text")), "declared a text"),
    ],
)
def test_refused_in_one_line(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_a_name_that_is_taken() -> None:
    with pytest.raises(ScreenError, match="'reduction_v' is declared twice"):
        ranked(made(name="reduction_v"))
    with pytest.raises(ScreenError, match="'twice_v' is declared twice"):
        ranked(made(), made())


def test_a_role_that_reads_what_was_not_brought(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text(ROLE)
    with pytest.raises(DataError, match="reads 'twice_v', which nothing computes"):
        ranked(roles_file=file)
