"""Conditions on columns: the grammar against Python's own, and where errors point."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.errors import UsageError
from screen.filters import OPERATORS, compare, parse

KINDS = {"x_v": "number", "y": "number", "word": "text", "flag": "flag"}

ROWS: list[dict[str, Any]] = [
    {"x_v": x, "y": y, "word": word, "flag": flag}
    for x, y, word, flag in [
        (0.05, 1.0, "stable", True),
        (-1.0, math.nan, "dry_room", False),
        (math.nan, 2.5, "", True),
        (1e-3, -1.0, "LiTi2(PO4)3", False),
        (2.5, 0.0, "not known", True),
        (0.0, 0.05, "'quoted'", False),
    ]
]


def column(name: str) -> npt.NDArray[Any]:
    values = [row[name] for row in ROWS]
    return np.array(values, dtype=object if KINDS[name] == "text" else None)


TABLE = {name: column(name) for name in KINDS}


def meets(text: str) -> list[bool]:
    return [bool(value) for value in parse(text, KINDS)(TABLE)]


def is_missing(value: Any) -> bool:
    return value == "" or (isinstance(value, float) and math.isnan(value))


NUMBERS = st.sampled_from(["0.05", "-1", "1e-3", "+2.5", ".5", "1.", "-1.0E0", "0"])
SPACE = st.sampled_from(["", " ", "  "])
WORDS = [row["word"] for row in ROWS if row["word"]] + ["absent"]


@st.composite
def atoms(draw: st.DrawFn) -> tuple[str, list[bool]]:
    """A comparison as text, and what Python says of it in each row."""
    name = draw(st.sampled_from(sorted(KINDS)))
    values = [row[name] for row in ROWS]
    if draw(st.integers(0, 4)) == 0:
        state = draw(st.sampled_from(["missing", "known"]))
        return f"{name} is {state}", [is_missing(v) == (state == "missing") for v in values]
    equality = ["==", "!="]
    op = draw(st.sampled_from(sorted(OPERATORS) if KINDS[name] == "number" else equality))
    wanted: Any
    if KINDS[name] == "number":
        text = draw(NUMBERS)
        wanted = float(text)
    elif KINDS[name] == "flag":
        wanted = draw(st.booleans())
        text = draw(st.sampled_from([str(wanted), str(wanted).lower()]))
    else:
        wanted = draw(st.sampled_from(WORDS))
        quote = '"' if "'" in wanted else draw(st.sampled_from("'\""))
        bare = wanted.isidentifier() and draw(st.booleans())
        text = wanted if bare else f"{quote}{wanted}{quote}"
    python: dict[str, Callable[[Any], Any]] = {
        "<": lambda v: v < wanted,
        "<=": lambda v: v <= wanted,
        ">": lambda v: v > wanted,
        ">=": lambda v: v >= wanted,
        "==": lambda v: v == wanted,
        "!=": lambda v: v != wanted,
    }
    answers = [not is_missing(v) and bool(python[op](v)) for v in values]
    return f"{name}{draw(SPACE)}{op}{draw(SPACE)}{text}", answers


@st.composite
def conditions(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A condition, and for each row the Python expression that it should equal."""

    def grow(depth: int) -> tuple[str, list[str]]:
        shape = draw(st.sampled_from(["atom", "not", "group", "chain"])) if depth else "atom"
        if shape == "atom":
            text, answers = draw(atoms())
            return text, [str(answer) for answer in answers]
        inner, rows = grow(depth - 1)
        if shape == "not":
            # In Python too, `not` binds tighter than `and`: what follows may be a whole chain.
            return f"not {inner}", [f"not {row}" for row in rows]
        if shape == "group":
            space = draw(SPACE)
            return f"({space}{inner}{space})", [f"({row})" for row in rows]
        word = draw(st.sampled_from(["and", "or", "AND", "Or"]))
        other, others = grow(depth - 1)
        joined = [f"{a} {word.lower()} {b}" for a, b in zip(rows, others, strict=True)]
        return f"{inner} {word} {other}", joined

    return grow(4)


@given(condition=conditions())
def test_means_what_python_means(condition: tuple[str, list[str]]) -> None:
    text, expressions = condition
    expected = [bool(eval(expression)) for expression in expressions]
    assert meets(text) == expected, text


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("x_v<1 or y<1 and flag==true", "x_v<1 or (y<1 and flag==true)"),
        ("not x_v<1 and flag==true", "(not x_v<1) and flag==true"),
        ("not not x_v<1", "x_v<1"),
        ("word == stable", 'word == "stable"'),
        ("word == 'not known'", 'word=="not known"'),
    ],
)
def test_precedence_and_quotes(text: str, same_as: str) -> None:
    assert meets(text) == meets(same_as)
    assert 0 < sum(meets(text)) < len(ROWS)


@given(
    op=st.sampled_from(sorted(OPERATORS)),
    wanted=st.floats(allow_nan=True) | st.sampled_from(["", "x", True]),
)
def test_missing_values_meet_no_comparison(op: str, wanted: float | str | bool) -> None:
    if isinstance(wanted, float):
        assert not compare(np.array([math.nan, math.nan]), op, wanted).any()
    elif op in ("==", "!="):
        assert not compare(np.array(["", None], dtype=object), op, wanted).any()


ERRORS = {
    "": ("the condition is empty", 1),
    "   ": ("the condition is empty", 4),
    "x_v": ("something is missing", 4),
    "x_v <": ("something is missing", 6),
    "x_v is": ("something is missing", 7),
    "x_v < 1 and": ("something is missing", 12),
    "not": ("something is missing", 4),
    "x_v = 1": ("cannot read '= 1'", 5),
    "x_v < 1 & y < 1": ("cannot read '& y < 1'", 9),
    "x_v < 5abc": ("cannot read '5abc'", 7),
    "word == 'open": ('cannot read "\'open"', 9),
    "x_v < 1)": ("')' is not expected", 8),
    "x_v < 1 y < 1": ("'y' is not expected", 9),
    "(x_v < 1": ("a ')' is missing", 9),
    "(x_v < 1 y": ("a ')' is missing", 10),
    "0.5 < x_v": ("'0.5' is no column", 1),
    "x_v < 1 or < 2": ("'<' is no column", 12),
    "x_v and y < 1": ("'and' is no comparison", 5),
    "x_v is 5": ("after 'is' comes 'missing' or 'known'", 8),
    "x_v < low": ("x_v is a number; 'low' is none", 7),
    "word == 5": ("word is a text; '5' is none", 9),
    "flag == yes": ("flag is a flag; 'yes' is none", 9),
    "  word < stable": ("only == and != compare it", 8),
    "flag >= true and y < 1": ("only == and != compare it", 6),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_point_at_what_cannot_be_read(text: str) -> None:
    what, position = ERRORS[text]
    with pytest.raises(UsageError) as refused:
        parse(text, KINDS)
    said = str(refused.value)
    assert repr(text) in said
    assert what in said
    assert f"at character {position};" in said
    assert "write it like" in said


def test_unknown_column_suggests_the_known() -> None:
    with pytest.raises(UsageError, match="unknown column 'wrod'; did you mean word"):
        parse("x_v < 1 and wrod == stable", KINDS)


def test_deep_nesting_is_an_error_of_the_user() -> None:
    depth = 5000
    with pytest.raises(UsageError):
        parse("(" * depth + "x_v < 1" + ")" * depth, KINDS)
