"""A run in batches: each is described by itself and kept, so that a run that was stopped goes on.

The path of a plan is what goes from one process or machine to another; plan, batches and results of
structures are in the store. The result is that of `pipeline.run`, byte for byte, since each
candidate stands alone.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from screen import candidates, descriptors, pipeline, run, sources, store
from screen.atomistic import jobs
from screen.columns import Values
from screen.composition import IntArray
from screen.descriptors import in_batches, structure_runs
from screen.descriptors.case import Case
from screen.descriptors.structure_runs import Progress, Reference
from screen.errors import DataError
from screen.options import Judged, RoleFile, Tables
from screen.phases import Phases
from screen.ranking.roles import Role, chosen_roles
from screen.run import Run
from screen.settings import CHECK, STRUCTURES, Settings
from screen.store import Store, key_of

STEP = "describe 2"
"""What a batch holds; raise the number when its layout changes."""
BATCH = in_batches.SIZE
"""Candidates per batch."""
MOST_BATCHES = 5000
"""Of structures: more tasks than this are a strain on a Prefect server."""
AFTERWARDS = frozenset(
    {
        *("answers", "api", "cards", "cli", "frame", "measured", "weekly", "report"),
        *("run_folder", "filters", "tried", "tried_contacts.csv"),
        *("model", "predictions", "ranking", "similarity", "training"),
        *("roles.toml", "datasets.toml", "lithiophilic_labels.csv"),
        *("lithiophilic_model.json", "order_model.json", "performance_model.json"),
        "recovery_model.json",
    }
)
"""Parts of the package and of its data that come in after a candidate is described: other roles,
other models, another page make no batch anew. Of tables, `datasets.toml` says only the digests.
"""
_ATOMISTIC = {kind.name: kind for kind in structure_runs.KINDS}
"""Kinds of runs, which are families of the same names."""


class Request(Judged, RoleFile, Tables):
    """What to screen: the options of `rank`, as plain data."""

    settings: Settings = Settings()

    def resolved(self) -> Request:
        """The same with the files that it means today, by their whole paths."""
        update: dict[str, Any] = {
            name: path.absolute()
            for name in ("gaps", "moduli", "add", "roles_file")
            if (path := getattr(self, name)) is not None
        }
        return self.model_copy(update=update | {"source": sources.pinned(self.source)})


@dataclass(frozen=True)
class Work:
    """A request, read and ready to be computed."""

    request: Request
    phases: Phases
    roles: tuple[Role, ...]
    case: Case
    identity: dict[str, Sequence[str]]

    @classmethod
    def of(cls, request: Request) -> Work:
        """Read the phases and find the candidates.

        Raises:
            UsageError, DataError: as `pipeline.run`.
        """
        energies = request.settings.energies
        phases = sources.load(request.source, request.gaps, request.moduli, request.add, energies)
        roles = chosen_roles(request.roles, request.roles_file)
        case, identity = candidates.chosen_case(phases, request.settings, roles, request.selected)
        pipeline.check_roles(roles, case)
        return cls(request, phases, roles, case, identity)

    @cached_property
    def digest(self) -> str:
        """Of all that a description depends on, but for the candidates: data, settings, code, and
        the packages that compute; and of nothing else.
        """
        packages = ("numpy", "scipy", "pyarrow", "pymatgen", "pymatgen-core")
        parts = {
            "step": STEP,
            "data": run.data_digest(self.phases),
            "settings": self._settings,
            "code": run.code_digest(without=AFTERWARDS),
            "packages": {name: importlib.metadata.version(name) for name in packages},
            "python": platform.python_version_tuple()[:2],
        }
        return key_of(parts)

    @property
    def _settings(self) -> str:
        """The settings that a description depends on; the seed only if samples are drawn."""
        settings = self.request.settings
        left_out = {*CHECK, *STRUCTURES} - ({"seed"} if settings.samples else set())
        return settings.model_dump_json(exclude=left_out)

    @cached_property
    def order(self) -> IntArray:
        """The candidates as batches take them: those of few elements first."""
        return in_batches.order(self.case.compositions)

    def key(self, batch: range) -> str:
        """What the values of some places in that order depend on."""
        rows = self.order[batch.start : batch.stop].tolist()
        formulas = [self.case.formulas[row] for row in rows]
        return key_of(self.digest, formulas, self.case.rows[rows].tolist())


class Plan(BaseModel):
    """A request cut into batches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: Request
    digest: str
    candidates: int
    size: int
    workers: int = 1

    @property
    def batches(self) -> list[range]:
        """Candidates of each batch, by their places in the order of the work."""
        ends = range(0, max(self.candidates, 1), self.size)
        return [range(begin, min(begin + self.size, self.candidates)) for begin in ends]


def make_plan(request: Request, home: Path, size: int = BATCH, workers: int = 1) -> Path:
    """Read what is asked for, cut it into batches and write the plan.

    Args:
        home: folder of what is kept between runs.
        size: candidates per batch.
        workers: that structures are shared out among.

    Raises:
        UsageError, DataError: for what `rank` would refuse, too.
    """
    work = Work.of(request.resolved())
    plan = Plan(
        request=work.request,
        digest=work.digest,
        candidates=len(work.case),
        size=max(size, 1),
        workers=workers,
    )
    text = plan.model_dump_json()
    kept = store.of(home)
    kept.prune()
    path = kept.put("plans", key_of(text), text.encode())
    _remember(path, work)
    return path


def read_plan(path: Path) -> Plan:
    """A plan from its file.

    Raises:
        DataError: if it is gone or damaged.
    """
    content = store.read(path, "plans", path.name)
    if content is None:
        raise DataError(f"{path} is no plan of a run; begin the run again")
    return Plan.model_validate_json(content)


_ready: dict[Path, Work] = {}


def _remember(path: Path, work: Work) -> None:
    """Keep the last work of this process, whose hull serves all batches."""
    _ready.clear()
    _ready[path] = work


def work_of(path: Path) -> Work:
    """The work of a plan, read once in each process.

    Raises:
        DataError: if data, settings or code are no longer those of the plan.
    """
    if path not in _ready:
        plan = read_plan(path)
        work = Work.of(plan.request)
        if work.digest != plan.digest or len(work.case) != plan.candidates:
            raise DataError(
                "data, code or packages changed since this run began, or differ between machines; "
                "begin the run again"
            )
        _remember(path, work)
    return _ready[path]


def describe(path: Path, batch: int) -> None:
    """Describe a batch of a plan, unless that was done; fit to be sent to a worker.

    Raises:
        DataError: if the plan no longer holds, or there is no room.
    """
    _described(path, read_plan(path).batches[batch])


def _described(path: Path, places: range) -> bytes:
    """The values of a batch, encoded: those that are kept, or made anew."""
    work, kept = work_of(path), Store(path.parents[1])
    key = work.key(places)
    content = kept.get("batches", key)
    if content is not None:
        return content
    part = work.case.take(work.order[places.start : places.stop])
    values = descriptors.compute_families(part, _families(part.settings))
    content = in_batches.encode(values)
    kept.put("batches", key, content)
    return content


def _families(settings: Settings) -> tuple[str, ...]:
    """Those that batches hold: not what is computed atom by atom, which is kept by structure."""
    names = map(descriptors.name_of, descriptors.asked(settings))
    return tuple(name for name in names if name not in _ATOMISTIC)


def structure_batches(path: Path) -> list[tuple[str, list[int]]]:
    """What of a plan is asked for atom by atom: kind of run and candidates, in batches; those
    without a structure are in none.

    Atoms of a formula unit stand for the cost, since cells are not read here.
    """
    case, workers = work_of(path).case, read_plan(path).workers
    named = np.array([bool(text) for text in case.phases.texts("structure")], dtype=bool)
    rows = np.flatnonzero((case.rows >= 0) & named[case.rows])
    atoms = case.compositions.atoms[rows].tolist()
    return [
        (name, rows[part].tolist())
        for name, kind in _ATOMISTIC.items()
        if structure_runs.asked(case, kind)
        for size in [max(kind.size, -(-len(rows) // MOST_BATCHES))]
        for part in _shared_out(atoms, size, workers)
    ]


def _shared_out(costs: Sequence[float], size: int, workers: int) -> list[list[int]]:
    """Batches of like costs, unless that makes too many."""
    parts = jobs.divided(costs, size, workers)
    return parts if len(parts) <= MOST_BATCHES else jobs.divided(costs, size)


def compute_structures(path: Path, kind: str, rows: Sequence[int]) -> list[Reference]:
    """Compute some candidates of a plan atom by atom, but for those that were; fit to be sent to a
    worker.

    Returns:
        For each, the key of its result, or why there is none that can be kept.

    Raises:
        UsageError: for a calculator of no known name.
        DataError: if results cannot be kept.
    """
    part = work_of(path).case.take(np.array(rows, dtype=np.int64))
    return structure_runs.references(part, _ATOMISTIC[kind])


def judge(
    path: Path,
    structures: Sequence[Sequence[Reference]] = (),
    progress: Progress = lambda *_: None,
) -> Run:
    """Put the batches of a plan together and go on as `pipeline.run` does; a batch that is not
    there, or is damaged, is made here.

    Args:
        structures: of all of `structure_batches`, in their order.

    Raises:
        DataError: if the plan no longer holds, or a result of a structure is gone.
    """
    work, plan = work_of(path), read_plan(path)
    parts = [_described(path, places) for places in plan.batches]
    described = in_batches.joined(parts, np.argsort(work.order))
    asked = list(zip(structure_batches(path), structures, strict=True))
    for name, kind in _ATOMISTIC.items():
        if structure_runs.asked(work.case, kind):
            found = {
                row: reference
                for (other, rows), of_batch in asked
                if other == name
                for row, reference in zip(rows, of_batch, strict=True)
            }
            described.update(_of_structures(work.case, kind, found))
    return pipeline.judge(work.case, work.identity, described, work.roles, progress)


def _of_structures(case: Case, kind: jobs.Kind, found: Mapping[int, Reference]) -> Values:
    """Values of a kind of run: by reference, and for candidates without a structure the reason."""
    rest = [i for i in range(len(case)) if i not in found]
    results = dict(zip(found, structure_runs.referred(kind, list(found.values())), strict=True))
    without = structure_runs.results(case.take(np.array(rest, dtype=np.int64)), kind)
    results |= dict(zip(rest, without, strict=True))
    ordered = [results[i] for i in range(len(case))]
    return descriptors.compute_families(case, (kind.name,), structures={kind.name: ordered})
