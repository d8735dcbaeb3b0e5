"""Roles and tables for property tests of the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from screen.ranking.order import Ranking, order
from screen.ranking.roles import Gate, Goal, Role

NUMBERS = ("red_v", "green_gpa", "blue")
TEXTS = ("class", "state")
ERRORS = {"red_v": 0.1, "green_gpa": 5.0, "blue": 0.02}
"""One error per column: how far a value may be off does not depend on who asks."""

WHY = {"why": "because it is so", "source": "test", "strong": "good ({})", "weak": "bad ({})"}
Table = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Contest:
    """A role and the candidates that it judges."""

    role: Role
    table: Table

    @property
    def names(self) -> list[str]:
        """Distinct names, not in alphabetical order."""
        return [f"X{(7 * i) % 23}" for i in range(self.count)]

    @property
    def count(self) -> int:
        return len(self.table["class"])

    def judge(self, table: Table | None = None) -> Ranking:
        return order(self.role, self.table if table is None else table, self.names)


def gate(column: str, op: str, value: Any) -> dict[str, Any]:
    error = {"error": ERRORS[column]} if column in ERRORS else {}
    return {"column": column, "op": op, "value": value, "why": WHY["why"], "source": "test"} | error


def scale(column: str, poor: float, good: float, **more: Any) -> dict[str, Any]:
    error = {"error": ERRORS[column]}
    return {"column": column, "poor": poor, "good": good, "weight": 1.0} | error | WHY | more


def levels(column: str, scores: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"column": column, "levels": scores, "weight": 1.0} | WHY | more


def role(**parts: Any) -> Role:
    body = {"label": "Test", "meaning": "For tests.", "show": (), "gates": (), "goals": ()} | parts
    return Role(name="test", **body)


# Thirds have no short decimals; whole steps give ties.
VALUES = st.integers(-3, 9).map(lambda n: n / 3)
WEIGHTS = st.sampled_from([0.5, 1.0, 2.0])
SCORES = st.dictionaries(st.sampled_from("abc"), st.floats(0, 1), min_size=1)
ENDS = st.lists(VALUES, min_size=2, max_size=2, unique=True)
CONCERNS = st.sampled_from([(), ("first",), ("second",)])
COLUMNS = st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True)
GATES = st.builds(
    gate, st.sampled_from(NUMBERS), st.sampled_from(["<=", ">="]), VALUES
) | st.builds(gate, st.just("class"), st.sampled_from(["==", "!="]), st.sampled_from("abc"))
PERHAPS_UNKNOWN = VALUES | st.just(np.nan)
CLASSES, PERHAPS_A_CLASS = st.sampled_from("abc"), st.sampled_from(["a", "b", "c", ""])
STATES = st.sampled_from(["one", "two", "", "other"])


def measured(role: Role) -> list[Gate | Goal]:
    """The gates and goals whose values have an error."""
    parts: list[Gate | Goal] = [*role.gates, *role.goals]
    parts += [gate for kind in role.kinds.values() for gate in kind.gates]
    return [part for part in parts if part.error is not None]


@st.composite
def roles(draw: st.DrawFn) -> Role:
    kinds = draw(st.booleans())

    def goal(column: str) -> dict[str, Any]:
        ends = draw(ENDS)
        concerns = draw(CONCERNS) if kinds else ()
        return scale(column, *ends, weight=draw(WEIGHTS), kinds=concerns)

    columns = draw(COLUMNS)
    goals = [goal(column) for column in columns]
    goals[0]["kinds"] = ()  # each kind has a goal at least
    if draw(st.booleans()):
        goals.append(levels("class", draw(SCORES), weight=draw(WEIGHTS)))
    body: dict[str, Any] = {"gates": draw(st.lists(GATES, max_size=3)), "goals": goals}
    if kinds:
        body["kinds"] = {
            name: {
                "meaning": "A kind.",
                "when": {"column": "state", "op": op, "value": value},
                "gates": draw(st.lists(GATES, max_size=1)),
            }
            # What is "one" is of both kinds: the first counts.
            for name, op, value in (("first", "==", "one"), ("second", "!=", "other"))
        }
    return role(**body)


@st.composite
def contests(draw: st.DrawFn, *, complete: bool = False) -> Contest:
    count = draw(st.integers(0, 9))
    number = VALUES if complete else PERHAPS_UNKNOWN
    text = CLASSES if complete else PERHAPS_A_CLASS

    def column(values: st.SearchStrategy[Any], dtype: Any) -> npt.NDArray[Any]:
        return np.array(draw(st.lists(values, min_size=count, max_size=count)), dtype=dtype)

    table: Table = {name: column(number, float) for name in NUMBERS}
    table["class"] = column(text, object)
    table["state"] = column(STATES, object)
    return Contest(draw(roles()), table)
