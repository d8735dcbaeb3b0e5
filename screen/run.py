"""A finished run: its tables and what each column means, its cards, its manifest, its digests."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from screen import __version__, descriptors, literature, measured
from screen.columns import Column, Values
from screen.composition import IntArray
from screen.crosscheck import CrossCheck
from screen.descriptors.case import Case
from screen.descriptors.own import Descriptor
from screen.descriptors.phase_facts import left_out
from screen.errors import ScreenError
from screen.model import learned, model_cards, performance, recovery
from screen.outside import file_name
from screen.phases import COLUMNS, Phases
from screen.predictions import learns, measured_columns, model_columns
from screen.ranking import order
from screen.ranking.order import Ranking
from screen.ranking.roles import Role
from screen.report import page
from screen.report import table as report
from screen.settings import Settings
from screen.sources import reference
from screen.tables import SEALED, Electrolyte


def computed_columns(
    electrolytes: tuple[Electrolyte, ...],
    settings: Settings | None = None,
    own: Sequence[Descriptor] = (),
) -> tuple[Column, ...]:
    """What is known of each candidate: descriptors, predictions, what cells have measured."""
    described = descriptors.columns(electrolytes, settings, own)
    chosen = settings or Settings()
    return (*described, *model_columns(chosen), *measured_columns(chosen))


def grouped_columns(
    electrolytes: tuple[Electrolyte, ...],
    settings: Settings | None = None,
    own: Sequence[Descriptor] = (),
) -> tuple[tuple[str, Column], ...]:
    """Every column of the ranked file of a run with these settings, in its order there, with the
    group that it belongs to: the ranking, a family of descriptors, the models, what names a
    candidate, or where its row comes from.

    Raises:
        ScreenError: if two columns have one name.
    """
    named = {c.name: c for c in (*COLUMNS, *reference.COLUMNS, *order.COLUMNS)}
    front = ("role", "rank", "formula", "label", "family")
    origin = ("id", "scheme", "source", "property_source", "database_version", "licence")
    columns = (
        *((page.ROLE if named[n] in order.COLUMNS else "identity", named[n]) for n in front),
        *((page.ROLE, c) for c in order.COLUMNS if c.name not in front),
        *(
            (descriptors.name_of(family), c)
            for family in descriptors.asked(settings or Settings())
            for c in descriptors.declared(family, electrolytes)
        ),
        *(("own", descriptor.column) for descriptor in own),
        *(("model", c) for c in model_columns(settings or Settings())),
        *((measured.GROUP, c) for c in measured_columns(settings or Settings())),
        *(("origin", named[name]) for name in (*origin, "reference")),
    )
    owner: dict[str, str] = {}
    for group, column in columns:
        if column.name in owner:
            raise ScreenError(
                f"column {column.name!r} is declared twice, by {owner[column.name]} and {group}; "
                "rename one"
            )
        owner[column.name] = group
    return columns


def ranked_columns(
    electrolytes: tuple[Electrolyte, ...],
    settings: Settings | None = None,
    own: Sequence[Descriptor] = (),
) -> tuple[Column, ...]:
    """Every column of the ranked file of a run with these settings, in its order there."""
    return tuple(column for _, column in grouped_columns(electrolytes, settings, own))


MANY = 10_000
"""Candidates beyond which a run is a big one: what it writes is not all read by people."""


PART = 32_768
"""Rows of a role that are put together at a time: 40 MB."""


def told_of(candidates: int) -> int | None:
    """Of how many of each role, the first, it is told what would change them; none: of all."""
    return page.SHOWN if candidates > MANY else None


@dataclass(frozen=True)
class Run:
    """A finished judgement, ready to be shown or written."""

    case: Case
    identity: dict[str, Sequence[str]]
    values: Values
    rankings: tuple[Ranking, ...]
    check: CrossCheck | None = None

    @property
    def is_big(self) -> bool:
        """Whether it has too many candidates for tables that people open."""
        return len(self.case) > MANY

    @property
    def descriptors(self) -> tuple[Column, ...]:
        """What was computed of each candidate."""
        return computed_columns(self.case.electrolytes, self.case.settings, self.case.own)

    @cached_property
    def candidates(self) -> pa.Table:
        """One row per candidate: what names it, every descriptor, where its row comes from; texts
        are coded where many are the same.
        """
        columns = {name: np.array(texts, dtype=object) for name, texts in self.identity.items()}
        declared = [c for c in self.ranked_columns if c not in order.COLUMNS]
        made = report.coded(declared, columns | self.values.columns)
        return report.plain(made, beyond=len(self.case) // 2)

    def ranked(self, ranking: Ranking, rows: IntArray | None = None) -> pa.Table:
        """Rows of one role as they stand in the ranked file.

        Args:
            rows: the candidates; none: all, best first.
        """
        return report.plain(self.coded(ranking, ranking.order if rows is None else rows))

    def coded(self, ranking: Ranking, rows: IntArray) -> pa.Table:
        """The same with texts coded where many are the same, which takes little memory."""
        of_role = {name: values[rows] for name, values in ranking.columns.items()}
        made = (report.coded(order.COLUMNS, of_role), self.candidates.take(pa.array(rows)))
        columns = {name: part.column(name) for part in made for name in part.column_names}
        return pa.table({c.name: columns[c.name] for c in self.ranked_columns})

    def in_parts(self, ranking: Ranking) -> Iterator[pa.Table]:
        """All rows of one role as `coded`, best first, some at a time."""
        for begin in range(0, len(ranking.order), PART):
            yield self.coded(ranking, ranking.order[begin : begin + PART])

    @property
    def ranked_columns(self) -> tuple[Column, ...]:
        """Every column of the ranked file, in its order there."""
        return ranked_columns(self.case.electrolytes, self.case.settings, self.case.own)

    @cached_property
    def digests(self) -> dict[str, str]:
        """What the result depends on, as digests: data, code, settings and roles."""
        choices = self.case.settings.model_dump_json() + repr([r.role for r in self.rankings])
        if learns(self.case.settings):
            models = (recovery.load(), performance.load(), learned.load())
            choices += repr([(model.fitted_to, model.seed) for model in models])
            choices += literature.table(own=True).digests.get(literature.OWN, "")
        choices += "".join(descriptor.digest for descriptor in self.case.own)
        return {
            "data": data_digest(self.case.phases),
            "code": code_digest(),
            "choices": hashlib.sha256(choices.encode()).hexdigest(),
        }

    @property
    def name(self) -> str:
        """Folder name: anode, source, and a digest of everything that the result depends on."""
        joined = hashlib.sha256(repr(sorted(self.digests.items())).encode()).hexdigest()
        source = file_name(Path(self.case.phases.name).stem)
        return f"{self.case.anode.symbol.lower()}-{source}-{joined[:8]}"


def passed_ids(done: Run) -> list[str]:
    """Ids of the candidates that pass every gate of at least one role, sorted."""
    passed = np.any([ranking.passed for ranking in done.rankings], axis=0)
    return sorted({done.identity["id"][i] for i in np.flatnonzero(passed).tolist()})


def data_digest(phases: Phases) -> str:
    """Digest of what phases were read from."""
    return hashlib.sha256("".join(digest for _, digest in phases.digests()).encode()).hexdigest()


def code_digest(without: Collection[str] = ()) -> str:
    """Digest of the package's code and shipped data.

    Args:
        without: parts of the package and files of its data that are left out, by name.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parent
    kinds = {".py", ".pyx", *SEALED, ".toml", ".html", ".css", ".js"}
    for path in sorted(path for path in root.rglob("*") if path.suffix in kinds):
        place = path.relative_to(root)
        if place.parts[0].removesuffix(".py") not in without and path.name not in without:
            digest.update(place.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def manifest(done: Run, command: str) -> dict[str, Any]:
    """What the run was: enough to repeat it and to trust it."""
    phases, case = done.case.phases, done.case
    packages = ("numpy", "pyarrow", "pydantic", "pymatgen", "pymatgen-core", "scipy")
    return {
        "command": command,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
        "digests": done.digests,
        "settings": case.settings.model_dump(),
        "anode": {"symbol": case.anode.symbol, "name": case.anode.name},
        "source": {
            "name": phases.name,
            "files": dict(phases.digests()),
            "phases": len(phases),
            "scheme": phases.scheme,
            "database_versions": sorted(set(phases.texts("database_version")) - {""}),
            "licences": sorted(set(phases.texts("licence")) - {""}),
            "left_out": [str(phase) for phase in left_out(phases, case.settings)],
        },
        "electrolytes": [
            {"formula": e.formula, "label": e.label, "class": e.family, "note": e.note}
            for e in case.electrolytes
        ],
        "candidates": len(case),
        "passed": {r.role.name: int(r.passed.sum()) for r in done.rankings},
        "ranked": {r.role.name: int((r.rank > 0).sum()) for r in done.rankings},
        "models": {
            "share": {r.role.name: _shares(r.role) for r in done.rankings},
            "order": {
                r.role.name: "hand_weighted" if r.role.learned is None else "learned"
                for r in done.rankings
            },
            "fitted_to": recovery.load().fitted_to if learns(case.settings) else {},
            "cards": model_cards.cards(speaks=learns(case.settings)),
        },
        "cross_check": None if done.check is None else vars(done.check),
        "roles": {r.role.name: r.role.model_dump(exclude_none=True) for r in done.rankings},
    }


def _shares(role: Role) -> dict[str, float]:
    """Shares of the score that learned goals have in a role."""
    shares: dict[str, float] = {}
    for kind in role.kinds or ("",):
        asked = [goal for goal in role.goals if not goal.kinds or kind in goal.kinds]
        total = sum(goal.weight for goal in asked)
        for goal in asked:
            if goal.learned:
                shares.setdefault(goal.column, round(goal.weight / total, 3))
    return shares
