"""Conditions on rows of a table, such as `reduction_v <= 0.05 and has F and not radioactive`.

A small grammar, read by hand and never evaluated as code:

    condition  = all { ("or" | "|") all }
    all        = one { ("and" | "&") one }
    one        = "not" one | "(" condition ")" | "has" element
               | flag
               | column ["not"] "contains" text
               | column ["not"] "in" "(" value { "," value } ")"
               | column "is" ["not"] ("missing" | "known")
               | column ("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") value
    value      = number | text | "true" | "false"

Text stands in quotes, or bare if it is one word. `contains` heeds capitals only if its text has
some. A missing value meets no comparison, neither `in` nor `not in`; `not` before all of it turns
that round.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from screen.columns import missing
from screen.composition import INDEX, BoolArray
from screen.errors import UsageError, did_you_mean

Table = Mapping[str, npt.NDArray[Any]]
Condition = Callable[[Table], BoolArray]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SPELLINGS = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!=", "&&": "&", "||": "|"}
_AND, _OR = ("and", "&"), ("or", "|")
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "has", "contains"})
"""No column is called so."""
_TOKEN = re.compile(
    r"\s*(?:(?P<sign><=|>=|==|!=|&&|\|\||[<>=≤≥≠&|(),])"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>[A-Za-z_]\w*))"
)
_MAX_TOKENS = 200
_ELEMENT = re.compile("[A-Z][a-z]?")


class _Token(NamedTuple):
    kind: str
    value: str
    start: int


def compare(values: npt.NDArray[Any], op: str, wanted: float | str | bool) -> BoolArray:
    """Compare a column with a constant; a missing value never meets it."""
    result = np.asarray(OPERATORS[op](values, wanted), dtype=bool)
    return result & ~missing(values)


def parse(text: str, kinds: Mapping[str, str], formulas: str = "formula") -> Condition:
    """Read a condition.

    Args:
        kinds: "number", "text" or "flag" for each column that may be named.
        formulas: the column that `has` looks into; one formula, or several by semicolon.

    Raises:
        UsageError: pointing at what could not be read.
    """
    return _Reader(text, kinds, formulas).whole()


class _Reader:
    def __init__(self, text: str, kinds: Mapping[str, str], formulas: str) -> None:
        self.text, self.kinds, self.formulas = text, kinds, formulas
        self.tokens = list[_Token]()
        self.at = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise self.error(f"cannot read {text[start : start + 10]!r}", start)
            kind = match.lastgroup or ""
            value = _SPELLINGS.get(match[kind], match[kind])
            self.tokens.append(_Token(kind, value, match.start(kind)))
            position = match.end()
            if len(self.tokens) > _MAX_TOKENS:
                raise self.error("the condition is too long", position)

    def error(self, what: str, position: int | None = None) -> UsageError:
        """What is wrong at a position; without one, at the next token."""
        if position is None:
            position = self.tokens[self.at].start if self.at < len(self.tokens) else len(self.text)
        return UsageError(
            f"--where {self.text!r}: {what} at character {position + 1}; "
            "write it like \"reduction_v <= 0.05 and interphase = 'stable'\""
        )

    def wrong(self, what: str) -> UsageError:
        """What is wrong with the token that was taken last."""
        self.at -= 1
        return self.error(what)

    def peek(self) -> str:
        """The next sign or word, in small letters; "" at the end and before a text in quotes."""
        if self.at == len(self.tokens) or self.tokens[self.at].kind == "text":
            return ""
        return self.tokens[self.at].value.lower()

    def took(self, *wanted: str) -> bool:
        """Whether the next token is one of these; if so it is passed."""
        found = self.peek() in wanted
        self.at += found
        return found

    def take(self) -> _Token:
        if self.at == len(self.tokens):
            raise self.error("something is missing")
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> Condition:
        if not self.tokens:
            raise self.error("the condition is empty")
        condition = self.any_of()
        if self.at < len(self.tokens):
            raise self.error(f"{self.tokens[self.at].value!r} is not expected")
        return condition

    def any_of(self) -> Condition:
        return self.chain(_OR, self.all_of, np.logical_or)

    def all_of(self) -> Condition:
        return self.chain(_AND, self.one, np.logical_and)

    def chain(self, words: tuple[str, ...], part: Callable[[], Condition], join: Any) -> Condition:
        parts = [part()]
        while self.took(*words):
            parts.append(part())
        return parts[0] if len(parts) == 1 else lambda t: join.reduce([p(t) for p in parts])

    def one(self) -> Condition:
        if self.took("("):
            inner = self.any_of()
            if not self.took(")"):
                raise self.error("a ')' is missing")
            return inner
        if self.took("not"):
            return _negated(self.one())
        if self.took("has"):
            return self.element()
        kind, name, _ = self.take()
        if kind != "word" or name.lower() in KEYWORDS:
            raise self.wrong(f"{name!r} is no column")
        if name not in self.kinds:
            start = self.tokens[self.at - 1].start + 1
            hint = did_you_mean(name, self.kinds, limit=3)
            raise UsageError(
                f"--where {self.text!r}: unknown column {name!r} at character {start}; {hint}"
            )
        return self.about(name)

    def element(self) -> Condition:
        """What comes after `has`."""
        _, symbol, _ = self.take()
        symbol = symbol.strip("'\"")
        if symbol not in INDEX:
            raise self.wrong(f"{symbol!r} is no element")
        column = self.formulas
        return lambda t: _each(t[column], lambda formula: symbol in _ELEMENT.findall(formula))

    def about(self, column: str) -> Condition:
        """What is said of a column."""
        if self.kinds[column] == "flag" and self.peek() in ("", ")", *_AND, *_OR):
            return lambda t: compare(t[column], "==", True)
        if self.took("is"):
            return self.state(column)
        negated = self.took("not")
        if self.took("contains"):
            condition = self.contained(column)
        elif self.took("in"):
            condition = self.listed(column)
        elif negated:
            raise self.error("after 'not' comes 'contains' or 'in' here")
        else:
            return self.comparison(column)
        return condition if not negated else lambda t: ~condition(t) & ~missing(t[column])

    def state(self, column: str) -> Condition:
        negated = self.took("not")
        state = self.take().value.lower()
        if state not in ("missing", "known"):
            raise self.wrong("after 'is' comes 'missing' or 'known'")
        wanted = (state == "missing") != negated
        return lambda t: missing(t[column]) == wanted

    def contained(self, column: str) -> Condition:
        if self.kinds[column] != "text":
            raise self.error(f"{column} is a {self.kinds[column]}: only a text contains")
        part = self.constant(column)
        assert isinstance(part, str)
        if part == part.lower():
            return lambda t: _each(t[column], lambda value: part in value.lower())
        return lambda t: _each(t[column], lambda value: part in value)

    def listed(self, column: str) -> Condition:
        if not self.took("("):
            raise self.error("after 'in' comes a list in parentheses")
        wanted = [self.constant(column)]
        while self.took(","):
            wanted.append(self.constant(column))
        if not self.took(")"):
            raise self.error("a ')' is missing")
        return lambda t: np.logical_or.reduce([compare(t[column], "==", one) for one in wanted])

    def comparison(self, column: str) -> Condition:
        op = self.take().value
        if op not in OPERATORS:
            raise self.wrong(f"{op!r} is no comparison ({', '.join(OPERATORS)}, contains, in, is)")
        if self.kinds[column] != "number" and op not in ("==", "!="):
            raise self.wrong(f"{column} is no number: only = and != compare it")
        wanted = self.constant(column)
        return lambda t: compare(t[column], op, wanted)

    def constant(self, column: str) -> float | str | bool:
        kind, value, _ = self.take()
        wanted = self.kinds[column]
        if wanted == "number" and kind == "number":
            return float(value)
        if wanted == "flag" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if wanted == "text" and kind in ("word", "text"):
            return value[1:-1] if kind == "text" else value
        quoted = ", which stands in quotes" if wanted == "text" else ""
        raise self.wrong(f"{column} is a {wanted}{quoted}; {value!r} is none")


def _negated(condition: Condition) -> Condition:
    return lambda t: ~condition(t)


def _each(values: npt.NDArray[Any], true: Callable[[str], bool]) -> BoolArray:
    """Of which texts something is true; of a missing one it is not."""
    return np.array([bool(value) and true(value) for value in values], dtype=bool)
