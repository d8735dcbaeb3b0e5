"""Many candidates described batch by batch, on all processors: memory holds what few come to.

Each candidate stands alone, so the values are those of all at once but for the last bits of a sum,
which no file shows.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO

import numpy as np
import pyarrow as pa

from screen import descriptors
from screen.columns import Coded, Values
from screen.composition import Compositions, IntArray
from screen.descriptors.case import Case
from screen.descriptors.structure_runs import Progress, StructureResults
from screen.thermo import threads

SIZE = 8192
"""Candidates per batch: a block of the kernel, three seconds. Smaller ones cost more, since
programs of one shape are solved side by side: describing takes 4 % more in batches of 4,096, half
as much again in batches of 1,000.
"""
MOST_HELPERS = 3
"""Processes beside this one; each takes a third of a gigabyte for a large table."""
_COLUMNS = 16
"""Columns that are put together at a time."""
_REASON = "reason:"


def order(compositions: Compositions) -> IntArray:
    """The candidates as batches take them: those of few elements first, since programs of one size
    are solved side by side.
    """
    return np.argsort(compositions.size, kind="stable")


def compute_all(case: Case, progress: Progress, structures: StructureResults) -> Values:
    """As `descriptors.compute_all`, in batches where there are many candidates.

    Args:
        progress: of many, told how many are described, and of how many.
    """
    if len(case) <= SIZE:
        return descriptors.compute_all(case, progress, structures)
    asked = descriptors.asked(case.settings)
    at_once = {descriptors.name_of(f) for f in asked if hasattr(f, "ALL_AT_ONCE")} | {*structures}
    names = [name for name in map(descriptors.name_of, asked) if name not in at_once]
    values = _in_batches(case, names, progress)
    values.update(descriptors.compute_families(case, sorted(at_once), progress, structures))
    for descriptor in case.own:  # they see all candidates at once
        progress(descriptor.column.label)
        values.update(descriptor.compute(case))
    return values


def _in_batches(case: Case, names: Sequence[str], progress: Progress) -> Values:
    # The default one keeps what large tables took: 70 MB of 85,000 candidates.
    pa.set_memory_pool(pa.system_memory_pool())
    rows = order(case.compositions)
    # What is taken last comes in halves: no process waits long for another.
    bounds = list(pairwise([0, SIZE // 2, *range(SIZE, len(rows), SIZE), len(rows)]))
    work = _Work(case, names, [rows[i:j] for i, j in bounds], [None] * len(bounds))
    with _helped(work, min(_processors() - 1, MOST_HELPERS, len(bounds) - 1)):
        for batch in work.open_batches():
            work.done[batch] = work.compute(batch)
            described = sum(len(work.rows[i]) for i, made in enumerate(work.done) if made)
            progress("describing", described, len(rows))
    # What a helper was lost with is made here.
    parts = [made or work.compute(batch) for batch, made in enumerate(work.done)]
    return joined(parts, np.argsort(rows))


def _processors() -> int:
    """Those that this process may use."""
    with suppress(AttributeError):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Work:
    """Batches of candidates and, encoded, the values of those that are done.

    Attributes:
        names: the families to compute.
        rows: candidates of each batch.
    """

    case: Case
    names: Sequence[str]
    rows: list[IntArray]
    done: list[bytes | None]

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open = iter(reversed(range(len(self.rows))))  # the dearest first

    def open_batches(self) -> Iterator[int]:
        """Batches that nobody has begun, until there are none; for several threads."""
        while True:
            with self._lock:
                batch = next(self._open, None)
            if batch is None:
                return
            yield batch

    def compute(self, batch: int) -> bytes:
        """The values of a batch, encoded."""
        return _described(self.case, self.rows[batch], self.names)


def _described(case: Case, rows: IntArray, names: Sequence[str]) -> bytes:
    with threads.limited(1):  # other processes have the other processors
        return encode(descriptors.compute_families(case.take(rows), names))


@contextmanager
def _helped(work: _Work, count: int) -> Iterator[None]:
    """Have other processes compute batches, too; at the end they have done what they began.

    They are plain interpreters, since a fork may hang where there are threads, and what
    `multiprocessing` starts runs a script of the user again.
    """
    body = "from screen.descriptors import in_batches; in_batches.assist()"
    processes = []
    with suppress(OSError):  # then this process does it all
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", body],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what fails there is done here, and told here
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            processes.append(process)
    case = replace(work.case, own=())
    vars(case)["facts"] = work.case.facts
    for name in ("on_hull", "share_volume_cm3_mol", "volume_estimated"):
        getattr(case.facts, name)  # made once, for all
    asking = [
        threading.Thread(target=_ask, args=(work, case, process), daemon=True)
        for process in processes
    ]
    try:
        for thread in asking:
            thread.start()
        yield
        for thread in asking:
            thread.join()
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _ask(work: _Work, case: Case, process: subprocess.Popen[bytes]) -> None:
    """Hand a helper one batch after the other; if it is lost, others do what is left."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError, EOFError, pickle.UnpicklingError, ValueError):
        _send((case, work.names), process.stdin)
        for batch in work.open_batches():
            _send(work.rows[batch], process.stdin)
            work.done[batch] = pickle.load(process.stdout)


def _send(what: object, to: IO[bytes]) -> None:
    pickle.dump(what, to, protocol=pickle.HIGHEST_PROTOCOL)
    to.flush()


def assist() -> None:
    """Compute batches as they come on standard input, until it ends; the body of a helper."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks says when to stop
    with suppress(EOFError, BrokenPipeError):
        case, names = pickle.load(sys.stdin.buffer)
        while True:
            rows = pickle.load(sys.stdin.buffer)
            _send(_described(case, rows, names), sys.stdout.buffer)


def encode(values: Values) -> bytes:
    """Columns and, beside each, its reasons, as Parquet; each distinct text once."""
    from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

    table = {}
    for (name, column), reasons in zip(
        values.columns.items(), values.coded_reasons().values(), strict=True
    ):
        text = column.dtype.kind == "O"
        made = pa.array(column, pa.string() if text else None)
        table[name] = made.dictionary_encode() if text else made
        table[_REASON + name] = reasons
    texts = [name for name, column in table.items() if pa.types.is_dictionary(column.type)]
    sink = io.BytesIO()
    parquet.write_table(
        pa.table(table), sink, compression="zstd", use_dictionary=texts, write_statistics=False
    )
    return sink.getvalue()


def joined(parts: Sequence[bytes], places: IntArray) -> Values:
    """What `encode` made of several parts, as one: candidate i from place places[i]."""
    from pyarrow import parquet  # noqa: PLC0415 (brings file systems and TLS)

    files = [parquet.ParquetFile(pa.BufferReader(part)) for part in parts]
    names = [n for n in files[0].schema_arrow.names if not n.startswith(_REASON)]
    values = Values(len(places))
    for first in range(0, len(names), _COLUMNS):
        some = names[first : first + _COLUMNS]
        wanted = [*some, *(_REASON + name for name in some)]
        table = pa.concat_tables(file.read(columns=wanted) for file in files)
        for name in some:
            column, reasons = table.column(name), table.column(_REASON + name)
            text = pa.types.is_dictionary(column.type)
            array = _texts(column, places).texts if text else column.to_numpy()[places]
            values.add(name, array, _texts(reasons, places))
    pa.default_memory_pool().release_unused()
    return values


def _texts(column: pa.ChunkedArray, places: IntArray) -> Coded:
    """Texts from some places; each distinct one is made once."""
    coded = column.unify_dictionaries().combine_chunks()
    distinct = np.array(coded.dictionary.to_pylist(), dtype=object)
    smallest = np.min_scalar_type(len(distinct))
    return Coded(distinct, coded.indices.to_numpy()[places].astype(smallest))
