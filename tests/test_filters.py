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

from screen import literature
from screen.errors import UsageError
from screen.filters import KEYWORDS, OPERATORS, compare, parse
from screen.run import ranked_columns
from screen.settings import Settings
from screen.tables import electrolytes_of

KINDS = {"x_v": "number", "y": "number", "word": "text", "flag": "flag", "formula": "text"}

ROWS: list[dict[str, Any]] = [
    {"x_v": x, "y": y, "word": word, "flag": flag, "formula": formula}
    for x, y, word, flag, formula in [
        (0.05, 1.0, "stable", True, "LiF"),
        (-1.0, math.nan, "dry_room", False, "CoO"),
        (math.nan, 2.5, "", True, ""),
        (1e-3, -1.0, "LiTi2(PO4)3", False, "LiTi2(PO4)3"),
        (2.5, 0.0, "not known", True, "CO2;CF4"),
        (0.0, 0.05, "'quoted'", None, "C"),
    ]
]


def column(name: str) -> npt.NDArray[Any]:
    values = [row[name] for row in ROWS]
    return np.array(values, dtype=float if KINDS[name] == "number" else object)


TABLE = {name: column(name) for name in KINDS}


def meets(text: str) -> list[bool]:
    return [bool(value) for value in parse(text, KINDS)(TABLE)]


def is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


NUMBERS = st.sampled_from(["0.05", "-1", "1e-3", "+2.5", ".5", "1.", "-1.0E0", "0"])
SPACE = st.sampled_from(["", " ", "  "])
ELEMENTS = {
    "LiF": {"Li", "F"},
    "CoO": {"Co", "O"},
    "": set(),
    "LiTi2(PO4)3": {"Li", "Ti", "P", "O"},
    "CO2;CF4": {"C", "O", "F"},
    "C": {"C"},
}
WORDS = [row["word"] for row in ROWS if row["word"]] + ["absent"]


@st.composite
def constants(draw: st.DrawFn, name: str) -> tuple[str, Any]:
    """A value that a column may be compared with: as text, and in Python."""
    if KINDS[name] == "number":
        text = draw(NUMBERS)
        return text, float(text)
    if KINDS[name] == "flag":
        flag = draw(st.booleans())
        return draw(st.sampled_from([str(flag), str(flag).lower()])), flag
    word = draw(st.sampled_from(WORDS))
    quote = '"' if "'" in word else draw(st.sampled_from("'\""))
    bare = word.isidentifier() and draw(st.booleans())
    return word if bare else f"{quote}{word}{quote}", word


@st.composite
def lists(draw: st.DrawFn, name: str, values: list[Any]) -> tuple[str, list[bool]]:
    """`in` and `not in`."""
    members = draw(st.lists(constants(name), min_size=1, max_size=3))
    negated, space = draw(st.booleans()), draw(SPACE)
    listed = f",{space}".join(text for text, _ in members)
    wanted = [value for _, value in members]
    answers = [not is_missing(v) and (v in wanted) != negated for v in values]
    return f"{name} {'not ' * negated}in{space}({space}{listed}{space})", answers


@st.composite
def specials(draw: st.DrawFn, name: str, values: list[Any]) -> tuple[str, list[bool]]:
    """What only columns of some kind know: a bare flag, `contains`, `has` for numbers."""
    if KINDS[name] == "flag":
        return name, [v is True for v in values]
    if KINDS[name] == "number":
        element = draw(st.sampled_from(["Li", "C", "Co", "O", "F", "Xe"]))
        return f"has {element}", [element in ELEMENTS[row["formula"]] for row in ROWS]
    part = draw(st.sampled_from(["o", "li", "Li", "O4", "CO", "known", "t kn", "zz"]))
    negated = draw(st.booleans())

    def holds(value: str) -> bool:
        return part in value or (part.islower() and part in value.lower())

    answers = [not is_missing(v) and holds(v) != negated for v in values]
    return f"{name} {'not ' * negated}contains '{part}'", answers


@st.composite
def atoms(draw: st.DrawFn) -> tuple[str, list[bool]]:
    """A comparison as text, and what Python says of it in each row."""
    name = draw(st.sampled_from(sorted(KINDS)))
    values = [row[name] for row in ROWS]
    shape = draw(st.sampled_from(["is", "in", "special", "compare", "compare"]))
    if shape == "is":
        state = draw(st.sampled_from(["missing", "known"]))
        negated = draw(st.booleans())
        wanted = (state == "missing") != negated
        said = f"{name} is {'NOT ' * negated}{state}"
        return said, [is_missing(v) == wanted for v in values]
    if shape == "in":
        return draw(lists(name, values))
    if shape == "special":
        return draw(specials(name, values))
    equality = ["=", "==", "!="]
    op = draw(st.sampled_from([*OPERATORS, "="] if KINDS[name] == "number" else equality))
    text, wanted = draw(constants(name))
    python: dict[str, Callable[[Any], Any]] = {
        "<": lambda v: v < wanted,
        "<=": lambda v: v <= wanted,
        ">": lambda v: v > wanted,
        ">=": lambda v: v >= wanted,
        "=": lambda v: v == wanted,
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
        word = draw(st.sampled_from(["and", "or", "AND", "Or", "&", "|", "&&", "||"]))
        python = {"&": "and", "|": "or"}.get(word[0], word.lower())
        other, others = grow(depth - 1)
        joined = [f"{a} {python} {b}" for a, b in zip(rows, others, strict=True)]
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
        ("x_v ≤ 1 & flag | y = 1", "(x_v <= 1 and flag == true) or y == 1"),
        ("word in (stable, dry_room)", "word = stable or word = dry_room"),
        ("word not in (stable)", "word != stable"),
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
    "x_v =! 1": ("cannot read '! 1'", 6),
    "x_v < 1 & & y < 1": ("'&' is no column", 11),
    "flag yes": ("'yes' is no comparison", 6),
    "flag 'yes'": ("\"'yes'\" is not expected", 6),
    "word in stable": ("after 'in' comes a list in parentheses", 9),
    "word in (stable": ("a ')' is missing", 16),
    "word in (stable, )": ("')' is none", 18),
    "word in ()": ("')' is none", 10),
    "word not stable": ("after 'not' comes 'contains' or 'in' here", 10),
    "word contains": ("something is missing", 14),
    "x_v contains 5": ("x_v is a number: only a text contains", 14),
    "has": ("something is missing", 4),
    "x_v < 1 and has Foo": ("'Foo' is no element", 17),
    "has f": ("'f' is no element", 5),
    "in (1)": ("'in' is no column", 1),
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
    "word == 5": ("word is a text, which stands in quotes; '5' is none", 9),
    "flag == yes": ("flag is a flag; 'yes' is none", 9),
    "  word < stable": ("only = and != compare it", 8),
    "flag >= true and y < 1": ("only = and != compare it", 6),
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
    with pytest.raises(UsageError, match="'wrod' at character 13; did you mean word"):
        parse("x_v < 1 and wrod == stable", KINDS)


def test_deep_nesting_is_an_error_of_the_user() -> None:
    depth = 5000
    with pytest.raises(UsageError):
        parse("(" * depth + "x_v < 1" + ")" * depth, KINDS)


def test_capitals_count_where_there_are_some() -> None:
    assert meets("word contains 'li'") == meets("word contains 'Li'")
    assert not any(meets("word contains 'LI'"))


def test_an_element_is_not_the_beginning_of_another() -> None:
    assert [row["formula"] for row, met in zip(ROWS, meets("has C"), strict=True) if met] == [
        "CO2;CF4",
        "C",
    ]


def test_no_column_is_called_like_a_word_of_the_grammar() -> None:
    declared = ranked_columns(electrolytes_of("Li"), Settings(barrier=True, surface=True))
    names = {column.name for column in (*declared, *literature.COLUMNS)}
    assert not names & KEYWORDS
