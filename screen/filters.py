"""Conditions on columns, such as `reduction_v <= 0.05 and hull_distance_ev_atom < 0.03`.

A small grammar, read by hand and never evaluated as code:

    condition  = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" condition ")" | column "is" ("missing" | "known")
               | column ("<" | "<=" | ">" | ">=" | "==" | "!=") (number | text | "true" | "false")

Text stands in quotes, or bare if it is one word. A missing value meets no comparison.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import missing
from screen.composition import BoolArray
from screen.errors import UsageError, did_you_mean

Table = Mapping[str, npt.NDArray[Any]]
Condition = Callable[[Table], BoolArray]

_TOKEN = re.compile(
    r"\s*(?:(?P<op><=|>=|==|!=|<|>|\(|\))"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>[A-Za-z_]\w*))"
)
_MAX_TOKENS = 200
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def compare(values: npt.NDArray[Any], op: str, wanted: float | str | bool) -> BoolArray:
    """Compare a column with a constant; a missing value never meets it."""
    result = np.asarray(OPERATORS[op](values, wanted), dtype=bool)
    return result & ~missing(values)


def parse(text: str, kinds: Mapping[str, str]) -> Condition:
    """Read a condition.

    Args:
        kinds: "number", "text" or "flag" for each column that may be named.

    Raises:
        UsageError: pointing at what could not be read.
    """
    return _Parser(text, kinds).whole()


class _Parser:
    def __init__(self, text: str, kinds: Mapping[str, str]) -> None:
        self.text, self.kinds = text, kinds
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise self.error(f"cannot read {text[start : start + 10]!r}", start)
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()
            if len(self.tokens) > _MAX_TOKENS:
                raise self.error("the condition is too long", position)
        self.at = 0

    def error(self, what: str, position: int | None = None) -> UsageError:
        if position is None:
            position = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
        return UsageError(
            f"--where {self.text!r}: {what} at character {position + 1}; "
            "write it like \"reduction_v <= 0.05 and interphase == 'stable'\""
        )

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at == len(self.tokens):
            raise self.error("something is missing")
        kind, value, _ = self.tokens[self.at]
        self.at += 1
        return kind, value

    def whole(self) -> Condition:
        if not self.tokens:
            raise self.error("the condition is empty")
        condition = self.any_of()
        if self.at < len(self.tokens):
            raise self.error(f"{self.peek()!r} is not expected")
        return condition

    def any_of(self) -> Condition:
        return self.chain("or", self.all_of, np.logical_or)

    def all_of(self) -> Condition:
        return self.chain("and", self.one, np.logical_and)

    def chain(self, word: str, part: Callable[[], Condition], join: Any) -> Condition:
        parts = [part()]
        while self.peek().lower() == word:
            self.at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else lambda t: join.reduce([p(t) for p in parts])

    def one(self) -> Condition:
        kind, value = self.take()
        if value == "(":
            inner = self.any_of()
            if self.peek() != ")":
                raise self.error("a ')' is missing")
            self.at += 1
            return inner
        if kind == "word" and value.lower() == "not":
            negated = self.one()
            return lambda t: ~negated(t)
        if kind != "word":
            self.at -= 1
            raise self.error(f"{value!r} is no column")
        if value not in self.kinds:
            self.at -= 1
            hint = did_you_mean(value, self.kinds, limit=3)
            raise UsageError(f"--where {self.text!r}: unknown column {value!r}; {hint}")
        return self.comparison(value)

    def comparison(self, column: str) -> Condition:
        _, op = self.take()
        if op.lower() == "is":
            _, state = self.take()
            if state not in ("missing", "known"):
                self.at -= 1
                raise self.error("after 'is' comes 'missing' or 'known'")
            return lambda t: missing(t[column]) == (state == "missing")
        if op not in OPERATORS:
            self.at -= 1
            raise self.error(f"{op!r} is no comparison ({', '.join(OPERATORS)}, is)")
        if self.kinds[column] != "number" and op not in ("==", "!="):
            self.at -= 1
            raise self.error(f"{column} is no number: only == and != compare it")
        wanted = self.constant(column)
        return lambda t: compare(t[column], op, wanted)

    def constant(self, column: str) -> float | str | bool:
        kind, value = self.take()
        wanted = self.kinds[column]
        if wanted == "number" and kind == "number":
            return float(value)
        if wanted == "flag" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if wanted == "text" and kind in ("word", "text"):
            return value[1:-1] if kind == "text" else value
        self.at -= 1
        raise self.error(f"{column} is a {wanted}; {value!r} is none")
