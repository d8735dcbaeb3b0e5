"""Jobs on structures in batches: here, in worker processes or on a cluster, each result kept."""

from __future__ import annotations

import io
import json
import math
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from typing import Any

from screen.errors import ScreenError
from screen.limits import TimeUp, time_limit
from screen.store import Store, key_of
from screen.structures import Crystal

Progress = Callable[[int, int], None]
Value = float | str
_ALONE = threading.Lock()
_ROUNDS = 4
"""Batches that each of several workers gets at least, where there are enough jobs."""

_LOOK_S = 0.5


@dataclass(frozen=True)
class Cell:
    """A crystal as plain data: cell vectors in Å (rows), element and fractional place of each atom.

    Places are rounded to 1e-8, so that the same crystal has the same digest on every machine.
    """

    lattice: tuple[tuple[float, ...], ...]
    symbols: tuple[str, ...]
    places: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, crystal: Crystal) -> Cell:
        """The whole conventional cell."""
        whole = crystal.structure

        def rows(array: Any) -> tuple[tuple[float, ...], ...]:
            return tuple(tuple(row) for row in (array.round(8) + 0.0).tolist())

        symbols = tuple(site.specie.symbol for site in whole)
        return cls(rows(whole.lattice.matrix), symbols, rows(whole.frac_coords))

    @property
    def structure(self) -> Any:
        """As a pymatgen `Structure`."""
        from pymatgen.core import Lattice, Structure  # noqa: PLC0415 (takes half a second)

        return Structure(Lattice(self.lattice), self.symbols, self.places)


@dataclass(frozen=True)
class Job:
    """One question of one structure, as plain data that can be sent anywhere.

    Attributes:
        cell: the candidate.
        options: all else that the result depends on.
        limit_s: time after which to give up; no part of the digest.
    """

    formula: str
    cell: Cell
    options: Mapping[str, Any]
    limit_s: float = math.inf

    @cached_property
    def digest(self) -> str:
        """What the result depends on, as a hex digest."""
        asked = [asdict(self.cell), dict(self.options)]
        return key_of(*asked)


@dataclass(frozen=True)
class Result:
    """Values by column, and for each column without one the reason.

    Attributes:
        keep: whether to keep it: not if time, memory or a missing package is to blame.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    keep: bool = True


class NoAnswerError(Exception):
    """Why a structure has no result; `keep` as in `Result`."""

    def __init__(self, reason: str, *, keep: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.keep = reason, keep


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    Attributes:
        version: part of the folder of its results; raise it when the computation changes.
        size: structures per batch.
        columns: what a result has values or reasons for.
        one: computes a job; a top-level function that raises NoAnswerError where it cannot.
    """

    name: str
    version: int
    size: int
    columns: tuple[str, ...]
    one: Callable[[Job], Result]

    @property
    def folder(self) -> str:
        """What its results are called in the store; those of other columns are others."""
        return f"{self.name}-{self.version}-{key_of(*self.columns)[:8]}"


def batch(kind: Kind, jobs: Sequence[Job]) -> list[Result]:
    """Compute jobs one after another; pure, and fit to be pickled and sent to a worker.

    Whatever a computation prints, warns of or raises stays inside; what it raises becomes the
    reason. One batch at a time in a process, since stdout and warnings belong to all its threads.
    """
    with (
        _ALONE,
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        return [_guarded(kind, job) for job in jobs]


def _guarded(kind: Kind, job: Job) -> Result:
    try:
        with time_limit(job.limit_s):
            return kind.one(job)
    except NoAnswerError as error:
        reason, keep = error.reason, error.keep
    except TimeUp:
        reason, keep = f"not done after {job.limit_s:g} s", False
    except Exception as error:  # a calculator raises all there is
        said = (str(error).strip() or "no message").split("\n")[0][:100]
        reason, keep = f"the computation failed ({type(error).__name__}: {said})", False
    return Result({}, dict.fromkeys(kind.columns, reason), keep)


def kept(store: Store, kind: Kind, digest: str) -> Result | None:
    """The kept result of a job; none where there is none, or one that is damaged."""
    content = store.get(kind.folder, digest)
    if content is None:
        return None
    said = json.loads(content)
    return Result(said["values"], said["reasons"])


def keep(store: Store, kind: Kind, job: Job, result: Result) -> None:
    """Keep a result, with what was asked.

    Raises:
        DataError: if the folder cannot be written.
    """
    content = {
        "formula": job.formula,
        "options": dict(job.options),
        "values": dict(result.values),
        "reasons": dict(result.reasons),
    }
    store.put(kind.folder, job.digest, (json.dumps(content, indent=1) + "\n").encode())


def divided(costs: Sequence[float], size: int, workers: int = 1) -> list[list[int]]:
    """Places of jobs in batches: the dearest first and, for several workers, of like costs, so that
    none has much left to do when the others are done.

    Args:
        costs: of each job, on any scale; a guess will do.
        size: most jobs in a batch.
    """
    order = sorted(range(len(costs)), key=lambda i: -costs[i])
    fair = sum(costs) / (_ROUNDS * workers) if workers > 1 else math.inf
    parts: list[list[int]] = []
    room = 0.0
    for i in order:
        if not parts or len(parts[-1]) == size or costs[i] > room:
            parts.append([])
            room = fair
        parts[-1].append(i)
        room -= costs[i]
    return parts


def run(
    kind: Kind,
    jobs: Sequence[Job],
    store: Store,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress = lambda *_: None,
) -> list[Result]:
    """Results of jobs in their order; those that the store holds are not computed again.

    Results are kept as each batch ends, so a run that was killed goes on with what is missing. The
    numbers do not depend on workers or executor: every job is computed alone, on one thread.

    Args:
        workers: 1: in this process; more: so many processes beside it, or so many of the executor.
        executor: takes the batches instead: that of a Dask client (`client.get_executor()`, workers
            with one thread each), of mpi4py, ...; it is not shut down.
        progress: told how many of the jobs are done, and of how many.

    Raises:
        ScreenError: if a worker was lost.
        DataError: if results cannot be kept.
    """
    found = {job.digest: kept(store, kind, job.digest) for job in jobs}
    open_jobs = [job for job in {job.digest: job for job in jobs}.values() if not found[job.digest]]
    costs = [len(job.cell.symbols) for job in open_jobs]
    parts = [[open_jobs[i] for i in part] for part in divided(costs, kind.size, workers)]
    missing = len(open_jobs)
    progress(len(found) - missing, len(found))
    for part, results in _computed(kind, parts, workers, executor):
        for job, result in zip(part, results, strict=True):
            found[job.digest] = result
            if result.keep:
                keep(store, kind, job, result)
        missing -= len(part)
        progress(len(found) - missing, len(found))
    return [done for job in jobs if (done := found[job.digest]) is not None]


def _computed(
    kind: Kind, parts: list[list[Job]], workers: int, executor: Executor | None
) -> Iterator[tuple[list[Job], list[Result]]]:
    """Batches and their results, as they end."""
    if executor is None and (workers == 1 or not parts):
        for part in parts:
            yield part, batch(kind, part)
        return
    # Spawned, not forked: a fork of a process with threads (torch, arrow) may hang.
    spawn = multiprocessing.get_context("spawn")
    pool = (
        ProcessPoolExecutor(
            min(workers, len(parts)),
            mp_context=spawn,
            initializer=_end_with,
            initargs=(os.getpid(),),
        )
        if executor is None
        else nullcontext(executor)
    )
    with pool as ready:
        futures: dict[Future[list[Result]], list[Job]] = {
            ready.submit(partial(batch, kind), part): part for part in parts
        }
        try:
            for future in as_completed(futures):
                yield futures[future], _result_of(future, futures[future])
        finally:
            for future in futures:
                future.cancel()


def _end_with(parent: int) -> None:
    """End this worker when the process that started it is gone, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _result_of(future: Future[list[Result]], part: list[Job]) -> list[Result]:
    try:
        return future.result()
    except Exception as error:  # executors raise their own
        names = ", ".join(job.formula for job in part)
        said = (str(error).strip() or type(error).__name__).split("\n")[0][:100]
        raise ScreenError(
            f"a worker was lost with {names} ({said}); what was done is kept, and the same command "
            "goes on"
        ) from error
