"""What changed from one run to the next among the best of each role, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Literal

import pyarrow as pa

from screen.composition import parse_formula
from screen.errors import DataError
from screen.formatting import column_of, text
from screen.outside import markdown
from screen.report.run_files import RunFiles

Row = Mapping[str, Any]
Kind = Literal["new", "gone", "moved"]

_SAME = 1.5e-6
"""Numbers of the tables are rounded to 1e-6; closer ones are the same."""
_MODEL = "model card"
"""What the source of a model's column names."""
_MOST = 3
_Pair = tuple[Row | None, Row | None]
_ENERGY, _HULL = "formation_energy_ev_atom", "hull_distance_ev_atom"
_BRIEF, _PLACE = ("role", "id", "formula", "rank", "score"), "place_in_table"


@dataclass(frozen=True)
class Change:
    """A candidate that is among the best of a role in one run or both, at different places.

    Attributes:
        change: new among them, gone from them, or moved among them.
        rank_before, rank_after: None: did not pass, or is not in the run.
    """

    role: str
    formula: str
    change: Kind
    rank_before: int | None
    rank_after: int | None
    score_before: float | None
    score_after: float | None
    cause: str


_TYPES = {"rank": pa.int64(), "score": pa.float64()}
SCHEMA = pa.schema(
    [(f.name, _TYPES.get(f.name.split("_")[0], pa.string())) for f in fields(Change)]
)
"""Of the changes as rows."""
NAMES = tuple(SCHEMA.names)


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other.

    Attributes:
        common: what changed for all candidates: data, settings, roles, program.
        changes: role by role; new, moved and gone, by rank.
    """

    before: str
    after: str
    top: int
    common: tuple[str, ...]
    changes: tuple[Change, ...]

    def markdown(self) -> str:
        """As a page for people."""
        lines = [f"# {markdown(self.after)}: what changed since {markdown(self.before)}", ""]
        lines += [f"* {markdown(line)}" for line in self.common]
        if self.common:
            lines.append("")
        for role in dict.fromkeys(change.role for change in self.changes):
            lines += [f"## {markdown(role)}, the best {self.top}", ""]
            lines += ["| formula | change | before | after | cause |", "|---|---|---:|---:|---|"]
            for change in self.changes:
                if change.role == role:
                    ranks = (text(rank) for rank in (change.rank_before, change.rank_after))
                    cells = (change.formula, change.change, *ranks, change.cause)
                    lines.append(f"| {' | '.join(map(markdown, cells))} |")
            lines.append("")
        if not self.changes:
            lines.append(f"The best {self.top} of each role are the same.")
        return "\n".join(lines).rstrip() + "\n"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The changes as rows by `NAMES`."""
        return [dict(zip(NAMES, astuple(change), strict=True)) for change in self.changes]


def compare(
    before: RunFiles, after: RunFiles, top: int, names: tuple[str, str] = ("before", "after")
) -> Comparison:
    """Compare two runs for one anode metal.

    Args:
        top: how many of each role to look at.
        names: what to call the runs.

    Raises:
        DataError: if they are for different anode metals.
    """
    anodes = [run.manifest["settings"]["anode"] for run in (before, after)]
    if anodes[0] != anodes[1]:
        raise DataError(f"{names[0]} is for {anodes[0]}, {names[1]} for {anodes[1]}: no comparison")
    old, new = _Side(before), _Side(after)
    common = tuple(_common(before.manifest, after.manifest))
    changes = [
        change
        for role in dict.fromkeys([*old.roles, *new.roles])
        for change in _changes(role, old, new, top, common)
    ]
    return Comparison(names[0], names[1], top, common, tuple(changes))


class _Side:
    """One run: where each candidate stands in each role, and what is on its hull."""

    def __init__(self, run: RunFiles) -> None:
        self.run = run
        self.anode: str = run.manifest["settings"]["anode"]
        self.roles: dict[str, dict[str, Row]] = {}
        names = [n for n in (*_BRIEF, _HULL) if n in run.ranked.column_names]
        columns = [run.ranked.column(name).to_pylist() for name in names]
        hull: dict[str, Any] = {}
        for place, cells in enumerate(zip(*columns, strict=True)):
            row = dict(zip(names, cells, strict=True), **{_PLACE: place})
            self.roles.setdefault(row["role"], {})[row["id"]] = row
            hull.setdefault(row["formula"], row.get(_HULL))
        self.on_hull = {formula for formula, above in hull.items() if _number(above) == 0.0}
        """Formulas on the hull, as far as the candidates tell."""
        self.model = {c["name"] for c in run.columns if _MODEL in c["source"]}

    def whole(self, row: Row | None) -> Row | None:
        """All values of a row: of many, few are looked at."""
        if row is None:
            return None
        found: Row = self.run.ranked.slice(row[_PLACE], 1).to_pylist()[0]
        return found


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _common(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What changed for all candidates, one sentence each."""
    if before["digests"]["data"] != after["digests"]["data"]:
        versions = [
            ", ".join(m["source"]["database_versions"]) or m["source"]["name"]
            for m in (before, after)
        ]
        phases = [m["source"]["phases"] for m in (before, after)]
        yield (
            f"changed data: {versions[0]} with {phases[0]} phases -> {versions[1]} with "
            f"{phases[1]} phases"
        )
    for name in sorted({*before["settings"], *after["settings"]}):
        was, now = (m["settings"].get(name) for m in (before, after))
        if was != now:
            yield f"changed settings: {name} {_brief(was)} -> {_brief(now)}"
    yield from _models(before, after)
    for role in sorted({*before["roles"], *after["roles"]}):
        was, now = (_as_written(m["roles"].get(role)) for m in (before, after))
        if was != now:
            how = (
                "asked for" if was is None else "no longer asked for" if now is None else "changed"
            )
            yield f"changed settings: role {role} {how}"
    if before["digests"]["code"] != after["digests"]["code"]:
        yield "changed program: its code or shipped tables, models among them"


def _as_written(role: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A role without what models add."""
    if role is None:
        return None
    given = {name: value for name, value in role.items() if name != "learned"}
    return {**given, "goals": [goal for goal in role["goals"] if not goal.get("learned")]}


def _models(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What changed in the models of the literature."""
    old, new = (m.get("models", {"share": {}, "fitted_to": {}}) for m in (before, after))
    for role in sorted({*old["share"], *new["share"]}):
        was, now = (sum(m["share"].get(role, {}).values()) for m in (old, new))
        if was != now:
            yield f"changed model: its share of the score as {role} {was:.1%} -> {now:.1%}"
    for role, now in new.get("order", {}).items():
        if (was := old.get("order", {}).get(role, now)) != now:
            yield f"changed model: the order as {role} {was} -> {now}"
    if old["fitted_to"] != new["fitted_to"]:
        yield "changed model: the literature, fitted to other rows or phases"


def _brief(value: Any) -> str:
    said = str(value)
    return said if len(said) <= 40 else f"{said[:37]}..."


def _changes(role: str, old: _Side, new: _Side, top: int, common: Sequence[str]) -> list[Change]:
    was, now = old.roles.get(role, {}), new.roles.get(role, {})
    pairs: list[_Pair] = [(was.get(key), row) for key, row in now.items()]
    pairs += [(row, None) for key, row in was.items() if key not in now]
    found = []
    for first, second in _by_formula(pairs):
        ranks = (_rank(first), _rank(second))
        high = [rank is not None and rank <= top for rank in ranks]
        if not any(high) or ranks[0] == ranks[1]:
            continue
        kind: Kind = "moved" if all(high) else "new" if high[1] else "gone"
        row = second or first or {}
        scores = (_score(first), _score(second))
        cause = _cause(role, old.whole(first), new.whole(second), old, new, common)
        found.append(Change(role, row["formula"], kind, *ranks, *scores, cause))
    order = {"new": 0, "moved": 1, "gone": 2}
    return sorted(
        found,
        key=lambda c: (order[c.change], c.rank_after or 0, c.rank_before or 0, c.formula),
    )


def _by_formula(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Join what was under one id and is under another, by formula; the best ranked of each."""
    lone_old = {row["formula"]: row for row, other in reversed(pairs) if row and other is None}
    joined: list[_Pair] = []
    for first, second in pairs:
        if first is None and second is not None:
            joined.append((lone_old.pop(second["formula"], None), second))
        elif second is not None:
            joined.append((first, second))
    kept = {id(row) for row in lone_old.values()}
    joined += [pair for pair in pairs if pair[1] is None and id(pair[0]) in kept]
    return joined


def _rank(row: Row | None) -> int | None:
    rank = None if row is None else _number(row["rank"])
    return None if rank is None else int(rank)


def _score(row: Row | None) -> float | None:
    return None if row is None else _number(row["score"])


def _cause(
    role: str,
    first: Row | None,
    second: Row | None,
    old: _Side,
    new: _Side,
    common: Sequence[str],
) -> str:
    """Why a candidate is elsewhere: of what changed, what its own row shows."""
    if first is None or second is None:
        settings = [line for line in common if line.startswith("changed settings")]
        there = "was not judged before" if first is None else "is no longer judged"
        return "; ".join([there, *settings[:_MOST]])
    columns = _columns_of(role, new.run.manifest) | _columns_of(role, old.run.manifest)
    differ = [name for name in sorted(columns) if not _same(first.get(name), second.get(name))]
    said: list[str] = []
    energy = not _same(first.get(_ENERGY), second.get(_ENERGY))
    moved_hull = not _same(first.get(_HULL), second.get(_HULL))
    thermo = [n for n in differ if n not in new.model]
    if moved_hull or thermo:
        arrived = _arrived(second["formula"], old, new)
        if arrived and not (energy and not moved_hull):
            said.append(f"new phase on the hull: {', '.join(arrived[:_MOST])}")
        if energy:
            said.append(f"changed energy: {_step(_ENERGY, first, second)}")
        if not said and any(line.startswith("changed data") for line in common):
            said.append("changed energy or properties of it or of what competes")
    models = [
        line
        for line in common
        if line.startswith(
            (
                f"changed model: its share of the score as {role} ",
                f"changed model: the order as {role} ",
            )
        )
    ]
    said += models
    settings = [line for line in common if line.startswith("changed settings")]
    if differ or moved_hull or any(f"role {role} " in line for line in settings):
        said += [line for line in settings if not _only_checks(line)][:_MOST]
    if any(n in new.model for n in differ) and not (thermo or moved_hull or models):
        said.append("changed model")
    if not said and any(line.startswith("changed program") for line in common) and differ:
        said.append("changed program")
    shown = [_HULL] if moved_hull else []
    shown += [n for n in differ if n not in (_HULL, _ENERGY)][: _MOST - len(shown)]
    said += [_step(name, first, second) for name in shown]
    return "; ".join(said) if said else "others moved: its own figures are the same"


def _only_checks(line: str) -> bool:
    """Whether a setting decides the cross-check alone."""
    return line.removeprefix("changed settings: ").startswith(("seed ", "check_"))


def _columns_of(role: str, manifest: Mapping[str, Any]) -> set[str]:
    """Columns that a role reads, wherever it names them."""
    found: set[str] = set()

    def visit(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("column"), str):
                found.add(part["column"])
            for value in part.values():
                visit(value)
        elif isinstance(part, list | tuple):
            for value in part:
                visit(value)

    visit(manifest["roles"].get(role, {}))
    return found


def _same(first: Any, second: Any) -> bool:
    numbers = _number(first), _number(second)
    if numbers[0] is not None and numbers[1] is not None:
        return abs(numbers[0] - numbers[1]) < _SAME
    return bool((first or None) == (second or None))


def _arrived(formula: str, old: _Side, new: _Side) -> list[str]:
    """Phases that are on the hull now and were not, among the elements of a candidate and the
    anode metal.
    """
    around = {*parse_formula(formula), new.anode}
    arrived = new.on_hull - old.on_hull - {formula}
    return sorted(other for other in arrived if {*parse_formula(other)} <= around)


def _step(name: str, first: Row, second: Row) -> str:
    """What a value was and is, with more digits where it would look the same."""
    decimals = column_of(name, {}).decimals
    before, after = (text(row.get(name), decimals) for row in (first, second))
    if before == after:
        before, after = (text(row.get(name), 6) for row in (first, second))
    return f"{name} {before} -> {after}"
