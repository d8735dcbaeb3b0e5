"""A role is data: gates, goals and kinds, read from data/roles.toml and checked here."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from screen.columns import Column, missing
from screen.composition import SYMBOLS, BoolArray, FloatArray
from screen.errors import DataError, UsageError, did_you_mean
from screen.filters import OPERATORS, Table, compare
from screen.tables import DATA, elements

Value = bool | float | str
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(_Strict):
    """A comparison of one column with a constant."""

    column: str
    op: str
    value: Value

    @model_validator(mode="after")
    def _known_operator(self) -> Comparison:
        if self.op not in OPERATORS:
            raise ValueError(f"op {self.op!r}; {did_you_mean(self.op, OPERATORS)}")
        return self

    def passes(self, table: Table) -> BoolArray:
        """Which candidates meet it; a missing value does not."""
        return compare(table[self.column], self.op, self.value)

    def knows(self, table: Table) -> BoolArray:
        """Of which candidates the value is known."""
        return ~missing(table[self.column])

    def describe(self) -> str:
        """As text."""
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.column} {self.op} {value}"


class Gate(Comparison):
    """What a candidate must meet.

    Attributes:
        error: how far the value may be off.
        unless: evidence that stands above the value: what meets it passes, with a note.
    """

    error: float | None = Field(default=None, gt=0)
    unless: Comparison | None = None
    why: str = Field(min_length=10)
    source: str

    def evident(self, table: Table) -> BoolArray:
        """Which candidates pass by evidence, whatever the value is."""
        if self.unless is None:
            return np.zeros(len(table[self.column]), dtype=bool)
        return self.unless.passes(table)


class Goal(_Strict):
    """What a candidate is scored by.

    Attributes:
        poor, good: values that score 0 and 1; in between it is linear.
        levels: scores of text values instead.
        kinds: kinds of the role that it is for; none: all.
        bounds: columns with the ends of an interval of the value; the bounds of the score use them.
        learned: whether a model adds it to the role.
        strong, weak: what to say of a candidate that does well or badly.
    """

    column: str
    poor: float | None = None
    good: float | None = None
    levels: dict[str, float] | None = None
    kinds: tuple[str, ...] = ()
    bounds: tuple[str, str] | None = None
    learned: bool = False
    weight: float = Field(gt=0)
    error: float | None = Field(default=None, gt=0)
    why: str = Field(min_length=10)
    source: str
    strong: str
    weak: str

    @model_validator(mode="after")
    def _one_scale(self) -> Goal:
        if (self.levels is None) == (self.poor is None or self.good is None):
            raise ValueError(f"goal {self.column}: give either poor and good, or levels")
        if self.levels is None and (self.poor == self.good or self.error is None):
            raise ValueError(f"goal {self.column}: poor and good differ, and error is given")
        return self

    @model_validator(mode="after")
    def _phrases_take_the_value(self) -> Goal:
        value = 0.5 if self.levels is None else next(iter(self.levels), "")
        for phrase in (self.strong, self.weak):
            try:
                phrase.format(value)
            except (ValueError, LookupError, AttributeError) as error:
                raise ValueError(
                    f"goal {self.column}: {phrase!r} cannot say a value; write it as {{:.2f}} or "
                    "{}"
                ) from error
        return self

    def desirability(self, table: Table, column: str | None = None) -> FloatArray:
        """Scores from 0 to 1, NaN where the value is missing; of another column if one is named."""
        values = table[column or self.column]
        if self.levels is not None:
            return np.array([self.levels.get(value, np.nan) for value in values], dtype=float)
        assert self.poor is not None
        assert self.good is not None
        return np.clip((values - self.poor) / (self.good - self.poor), 0.0, 1.0)


class Learned(_Strict):
    """A score of a model that puts a role in order in place of its goals.

    Attributes:
        column: the score, from 0 to 1.
        bounds: columns with the score if all that is not known were bad, and good.
        error: how far the score may be off.
    """

    column: str
    bounds: tuple[str, str]
    error: float = Field(gt=0)
    why: str = Field(min_length=10)
    source: str


class Kind(_Strict):
    """One way to fill a role: who belongs (what meets every comparison), and gates of its own."""

    meaning: str
    when: tuple[Comparison, ...] = Field(min_length=1)
    gates: tuple[Gate, ...] = ()

    @field_validator("when", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return (given,) if isinstance(given, dict | Comparison) else given

    def holds(self, table: Table) -> BoolArray:
        """Who belongs."""
        who: BoolArray = np.logical_and.reduce([test.passes(table) for test in self.when])
        return who

    def ruled_out(self, table: Table) -> BoolArray:
        """Who is known not to belong."""
        tests = [test.knows(table) & ~test.passes(table) for test in self.when]
        who: BoolArray = np.logical_or.reduce(tests)
        return who

    def describe(self) -> str:
        """As text."""
        return " and ".join(test.describe() for test in self.when)


class Exclusion(_Strict):
    """Elements that a role does without."""

    elements: tuple[str, ...]
    why: str = Field(min_length=10)


class Select(_Strict):
    """What makes a phase of a large table worth judging, before anything is computed of it.

    A gap that is not known excludes nothing.
    """

    max_elements: int = Field(gt=0)
    max_hull_distance_ev_atom: float = Field(ge=0)
    min_band_gap_ev: float | None = None
    max_band_gap_ev: float | None = None
    anode_metal: Literal["with", "without", "either"] = "either"
    exclude: tuple[Exclusion, ...] = ()
    why: str = Field(min_length=10)

    @property
    def excluded(self) -> tuple[str, ...]:
        """Every excluded element, the radioactive ones first."""
        radioactive = [SYMBOLS[e] for e in np.flatnonzero(elements().radioactive)]
        return (*radioactive, *(symbol for part in self.exclude for symbol in part.elements))

    def remote(self) -> tuple[tuple[str, str], ...]:
        """The part of it that the Materials Project can apply, as criteria of its API."""
        criteria = {
            "nelements_max": self.max_elements,
            "band_gap_min": self.min_band_gap_ev,
            "band_gap_max": self.max_band_gap_ev,
            "exclude_elements": ",".join(self.excluded) or None,
        }
        return tuple((name, str(value)) for name, value in criteria.items() if value is not None)


class Role(_Strict):
    """What a candidate is judged for.

    Attributes:
        show: columns that a terminal shows.
        one_per: a column of text; of candidates that share it only the best has a rank.
        learned: what a model has learned orders the list, if it has earned it; the goals then
            count through it.
    """

    name: str
    label: str
    meaning: str
    show: tuple[str, ...]
    one_per: str | None = None
    select: Select | None = None
    gates: tuple[Gate, ...]
    goals: tuple[Goal, ...] = Field(min_length=1)
    kinds: dict[str, Kind] = {}
    learned: Learned | None = None

    @model_validator(mode="after")
    def _known_kinds(self) -> Role:
        for goal in self.goals:
            for kind in goal.kinds:
                if kind not in self.kinds:
                    raise ValueError(
                        f"goal {goal.column} is for the kind {kind!r}; "
                        + (did_you_mean(kind, self.kinds) if self.kinds else "the role has none")
                    )
        return self

    def learning(self, terms: Sequence[tuple[Goal, float]]) -> Role:
        """The role with these goals of models and no others, each with its share of the score.

        A goal is added once for each kind, since the weights of kinds differ in sum.
        """
        rest = 1 - sum(share for _, share in terms)
        given = [goal for goal in self.goals if not goal.learned]
        added = []
        for goal, share in terms:
            for kind in self.kinds or ("",):
                asked = sum(g.weight for g in given if not g.kinds or kind in g.kinds)
                weight = round(asked * share / rest, 3)
                of = (kind,) if kind else ()
                added.append(goal.model_copy(update={"kinds": of, "weight": weight}))
        return self.model_copy(update={"goals": (*given, *added)})

    @property
    def digest(self) -> str:
        """Of its gates, kinds and goals as they were written."""
        given = [goal for goal in self.goals if not goal.learned]
        written = self.model_copy(update={"goals": tuple(given), "learned": None})
        return hashlib.sha256(written.model_dump_json().encode()).hexdigest()

    def led_by(self, learned: Learned) -> Role:
        """The role, put in order by what a model has learned."""
        return self.model_copy(update={"learned": learned})

    @property
    def brief(self) -> list[str]:
        """What a terminal shows of the role's list."""
        return ["rank", "formula", *(["kind"] if self.kinds else []), "score", *self.show]

    @property
    def comparisons(self) -> list[Comparison]:
        """Every comparison that the role makes: of gates, evidence and kinds."""
        gates = [*self.gates, *(gate for kind in self.kinds.values() for gate in kind.gates)]
        return [
            *gates,
            *(gate.unless for gate in gates if gate.unless is not None),
            *(test for kind in self.kinds.values() for test in kind.when),
        ]

    @property
    def columns(self) -> set[str]:
        """Every column that the role reads."""
        goals = {column for goal in self.goals for column in (goal.column, *(goal.bounds or ()))}
        others = {self.one_per} if self.one_per else set()
        if self.learned is not None:
            others |= {self.learned.column, *self.learned.bounds}
        return {test.column for test in self.comparisons} | goals | set(self.show) | others

    def check(self, columns: Sequence[Column]) -> None:
        """Refuse a role that reads what is not computed, or as what it is not.

        Args:
            columns: what a run computes.

        Raises:
            DataError: naming the column.
        """
        kinds = {column.name: column.kind for column in columns}
        for name in sorted(self.columns - kinds.keys()):
            hint = did_you_mean(name, kinds, limit=3)
            raise DataError(f"role {self.name} reads {name!r}, which nothing computes; {hint}")
        for test in self.comparisons:
            kind = kinds[test.column]
            wanted = {"number": float, "text": str, "flag": bool}[kind]
            if not isinstance(test.value, wanted):
                raise DataError(
                    f"role {self.name}: {test.describe()}: the column is a {kind}, and cannot be "
                    f"compared with {test.value!r}"
                )
            if kind != "number" and test.op not in ("==", "!="):
                raise DataError(
                    f"role {self.name}: {test.describe()}: the column is a {kind}; == or !="
                )
        for goal in self.goals:
            kind = kinds[goal.column]
            if kind != ("number" if goal.levels is None else "text"):
                asked = "number: poor and good" if goal.levels is None else "text: levels"
                raise DataError(
                    f"role {self.name}: goal {goal.column} scores a {asked}, but is a {kind}"
                )


SHIPPED = DATA / "roles.toml"


def roles(path: Path = SHIPPED) -> Mapping[str, Role]:
    """All roles by name, in the order of the file.

    Raises:
        DataError: if the file does not make sense; one line says where.
    """
    return _shipped() if path == SHIPPED else _read(path)


@cache
def _shipped() -> Mapping[str, Role]:
    return _read(SHIPPED)


def _read(path: Path) -> Mapping[str, Role]:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path.name}: {error}") from error
    found: dict[str, Role] = {}
    for name, body in raw.items():
        if not _NAME.fullmatch(name) or name == "all":
            raise DataError(
                f"{path.name}: a role cannot be called {name!r}; small letters, digits and _, as "
                "columns are, and not 'all'"
            )
        try:
            found[name] = Role.model_validate({"name": name, **body})
        except TypeError as error:
            raise DataError(f"{path.name}: {name} is no table of gates and goals") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join((name, *map(str, first["loc"])))
            said = first["msg"].removeprefix("Value error, ")
            raise DataError(f"{path.name}: {place}: {said}") from error
    return found


def chosen_roles(names: tuple[str, ...], path: Path | None = None) -> tuple[Role, ...]:
    """The named roles, or all.

    Args:
        path: file of roles in place of the shipped ones.

    Raises:
        UsageError: for a name that is none of them.
        DataError: if the file does not make sense.
    """
    known = roles(path or SHIPPED)
    if not known:
        raise DataError(f"{(path or SHIPPED).name} holds no role")
    for name in names:
        if name not in known:
            raise UsageError(f"unknown role {name!r}; {did_you_mean(name, known)}")
    return tuple(role for role in known.values() if not names or role.name in names)
