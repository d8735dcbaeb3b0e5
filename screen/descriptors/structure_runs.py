"""What the families that compute atom by atom share: jobs of a case, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from screen.atomistic import calculators, jobs, migration, wetting
from screen.atomistic.jobs import Cell, Job, Kind, Result, Value
from screen.columns import Column, Values
from screen.descriptors.case import Case
from screen.errors import DataError
from screen.store import of_home
from screen.structures import shipped

Progress = Callable[..., None]
"""Told a step, and of long ones how many structures are done, and of how many."""
Question = Callable[[int], Job | str]
"""From a candidate's place to its job, or why there is none; its crystal may raise DataError."""
StructureResults = Mapping[str, Sequence[Result]]
"""By the name of their kind: the results of all candidates of a case."""
Reference = tuple[str, Mapping[str, Value], Mapping[str, str]]
"""Key of a kept result, or, where it is empty, values and reasons of one that is not kept."""
KINDS = (migration.KIND, wetting.KIND)
_OTHER = "not computed: another candidate was asked about"


def asked(case: Case, kind: Kind) -> bool:
    """Whether the settings ask for a kind of run."""
    return bool(getattr(case.settings, kind.name))


def run(
    case: Case,
    progress: Progress = lambda *_: None,
    executor: Executor | None = None,
    first: int | None = None,
) -> StructureResults:
    """Compute what the settings ask for, to be handed to the families.

    Args:
        executor: instead of worker processes here: see `screen.atomistic.jobs.run`.
        first: of how many candidates, the first ones; none: of all.

    Raises:
        UsageError, ScreenError: as `results`.
    """
    return {
        kind.name: results(case, kind, progress, executor, first)
        for kind in KINDS
        if asked(case, kind)
    }


def results(
    case: Case,
    kind: Kind,
    progress: Progress = lambda *_: None,
    executor: Executor | None = None,
    first: int | None = None,
) -> list[Result]:
    """A result, or why there is none, for each candidate; what can be kept is not computed again.

    Raises:
        UsageError: for a calculator of no known name.
        DataError: if results cannot be kept.
        ScreenError: if a worker was lost.
    """
    return [result for _, result in _computed(case, kind, progress, executor, first)]


def references(case: Case, kind: Kind) -> list[Reference]:
    """The same, computed here, as references to what is kept, which can be sent anywhere."""
    return [
        (job.digest, {}, {})
        if isinstance(job, Job) and result.keep
        else ("", result.values, result.reasons)
        for job, result in _computed(case, kind)
    ]


def referred(kind: Kind, references: Sequence[Reference]) -> list[Result]:
    """The results that references stand for.

    Raises:
        DataError: if one is gone, or damaged.
    """
    store = of_home()
    found = []
    for digest, values, reasons in references:
        result = jobs.kept(store, kind, digest) if digest else Result(values, reasons)
        if result is None:
            raise DataError(
                f"a result of {kind.name} is gone or damaged in {store.root}; run the same command "
                "again"
            )
        found.append(result)
    return found


def _computed(
    case: Case,
    kind: Kind,
    progress: Progress = lambda *_: None,
    executor: Executor | None = None,
    first: int | None = None,
) -> list[tuple[Job | str, Result]]:
    """For each candidate its job, or why there is none, and the result."""
    question = _barrier_jobs(case) if kind is migration.KIND else _surface_jobs(case)
    found = [_job(question, i) if first is None or i < first else _OTHER for i in range(len(case))]
    ready = [job for job in found if isinstance(job, Job)]
    computed = iter(
        jobs.run(
            kind,
            ready,
            of_home(),
            workers=case.settings.workers,
            executor=executor,
            progress=lambda done, of: progress(kind.name, done, of),
        )
    )

    def result(job: Job | str) -> Result:
        if isinstance(job, Job):
            return next(computed)
        return Result({}, dict.fromkeys(kind.columns, job))

    return [(job, result(job)) for job in found]


def _job(question: Question, i: int) -> Job | str:
    """The job of a candidate, or why there is none."""
    try:
        return question(i)
    except DataError as error:
        return str(error)


def _cell(case: Case, i: int) -> Cell:
    """The crystal of a candidate as plain data.

    Raises:
        DataError: with the reason why there is none.
    """
    crystal, reason = case.crystal(int(case.rows[i]))
    if crystal is None:
        raise DataError(reason)
    try:
        return Cell.of(crystal)
    except ValueError as error:  # pymatgen's, of sites that do not fit their space group
        said = " ".join(str(error).split())[:80]
        raise DataError(f"no readable structure ({said})") from error


def _barrier_jobs(case: Case) -> Question:
    anode, settings = case.anode, case.settings
    holds = case.compositions.holds([anode.element])

    def question(i: int) -> Job | str:
        if not holds[i]:
            return f"holds no {anode.symbol} to migrate"
        return migration.job(
            case.formulas[i],
            _cell(case, i),
            anode.symbol,
            anode.valence,
            settings.barrier_grid_a,
            settings.structure_limit_s,
        )

    return question


def _surface_jobs(case: Case) -> Question:
    settings, symbol = case.settings, case.anode.symbol
    calculators.check_name(settings.calculator)
    metals = [Cell.of(c) for c in shipped().values() if c.formula == symbol]
    options = wetting.Options(
        thickness_a=settings.slab_thickness_a,
        vacuum_a=settings.slab_vacuum_a,
        width_a=settings.slab_width_a,
        faces=settings.surface_faces,
        sites=settings.surface_sites,
        steps=settings.relax_steps,
        force_ev_a=settings.relax_force_ev_a,
        area_a2=settings.interface_area_a2,
        strain=settings.interface_strain,
        atoms=settings.slab_atoms,
    )

    def question(i: int) -> Job | str:
        if not metals:
            return f"no structure of {symbol} metal is known"
        formula, cell, limit = case.formulas[i], _cell(case, i), settings.structure_limit_s
        return wetting.job(formula, cell, metals[0], settings.calculator, options, limit)

    return question


def values_of(
    case: Case, kind: Kind, columns: Sequence[Column], computed: Sequence[Result] | None = None
) -> Values:
    """The columns of a kind of run; where the settings do not ask for it, all missing.

    Args:
        computed: its results; none: they are computed, if the settings ask for them.
    """
    values = Values(len(case))
    option = f"--{kind.name}"
    if computed is None and asked(case, kind):
        computed = results(case, kind)
    for column in columns:
        blank = "" if column.kind == "text" else np.nan
        dtype = object if column.kind == "text" else float
        if computed is None:
            absent = np.full(len(case), blank, dtype=dtype)
            values.add(column.name, absent, f"not asked for; {option} computes it")
            continue
        found = [result.values.get(column.name, blank) for result in computed]
        reasons = [result.reasons.get(column.name, "") for result in computed]
        values.add(column.name, np.array(found, dtype), np.array(reasons, dtype=object))
    return values
