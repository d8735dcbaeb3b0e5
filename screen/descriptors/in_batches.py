"""Many candidates described batch by batch, on all processors: memory holds what few come to.

Each candidate stands alone, so the values are those of all at once but for the last bits of a sum,
which no file shows.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock, Thread

import numpy as np
import pyarrow as pa

from screen import descriptors
from screen.columns import Coded, Values
from screen.composition import Compositions, IntArray
from screen.descriptors.case import Case
from screen.descriptors.helpers import Helper
from screen.descriptors.structure_runs import Progress, StructureResults
from screen.thermo import threads

SIZE = 8192
"""Candidates per batch, two or three seconds. Half of it costs no more, a quarter some 20 %, since
what belongs to a batch and not to its candidates is then made more often.
"""
MOST_HELPERS = 3
"""Processes beside this one; each takes a third of a gigabyte for a large table."""
_COLUMNS = 16
"""Columns that are put together at a time."""
_REASON = "reason:"


def order(compositions: Compositions) -> IntArray:
    """The candidates as batches take them: those of few elements, which are done sooner, first."""
    return np.argsort(compositions.size, kind="stable")


@contextmanager
def helped(case: Case) -> Iterator[list[Helper]]:
    """Processes that share the work on many candidates; for few there are none.

    They are started when the work begins, and ended here.
    """
    batches = len(_bounds(len(case)))
    count = min(_processors() - 1, MOST_HELPERS, batches - 1) if len(case) > SIZE else 0
    helpers = [Helper(case) for _ in range(count)]
    try:
        yield helpers
    finally:
        for helper in helpers:
            helper.end()


def compute_all(
    case: Case,
    progress: Progress,
    structures: StructureResults,
    helpers: Sequence[Helper] = (),
) -> Values:
    """As `descriptors.compute_all`, in batches where there are many candidates.

    Args:
        progress: of many, told how many are described, and of how many.
        helpers: processes that describe batches, too.
    """
    if len(case) <= SIZE:
        return descriptors.compute_all(case, progress, structures)
    asked = descriptors.asked(case.settings)
    at_once = {descriptors.name_of(f) for f in asked if hasattr(f, "ALL_AT_ONCE")} | {*structures}
    names = [name for name in map(descriptors.name_of, asked) if name not in at_once]
    values = _in_batches(case, names, progress, helpers)
    values.update(descriptors.compute_families(case, sorted(at_once), progress, structures))
    for descriptor in case.own:  # they see all candidates at once
        progress(descriptor.column.label)
        values.update(descriptor.compute(case))
    return values


def _in_batches(
    case: Case, names: Sequence[str], progress: Progress, helpers: Sequence[Helper]
) -> Values:
    # The default one keeps what large tables took: 70 MB of 85,000 candidates.
    pa.set_memory_pool(pa.system_memory_pool())
    for helper in helpers:
        helper.start()
    for name in ("on_hull", "share_volume_cm3_mol", "volume_estimated"):
        getattr(case.facts, name)  # made once, for all
    for helper in helpers:
        helper.tell()
    rows = order(case.compositions)
    parts = [rows[i:j] for i, j in _bounds(len(rows))]
    work = _Work(case, names, parts, [None] * len(parts))
    # Nobody waits for them if this process is stopped: then the helpers are ended.
    asking = [Thread(target=work.share_with, args=(one,), daemon=True) for one in helpers]
    for thread in asking:
        thread.start()
    for batch in work.open_batches():
        work.done[batch] = work.compute(batch)
        described = sum(len(work.rows[i]) for i, made in enumerate(work.done) if made)
        progress("describing", described, len(rows))
    for thread in asking:
        thread.join()
    # What a helper was lost with is made here.
    made = [made or work.compute(batch) for batch, made in enumerate(work.done)]
    return joined(made, np.argsort(rows))


def _bounds(candidates: int) -> list[tuple[int, int]]:
    """Where batches begin and end; what is taken last comes in halves, so that no process waits
    long for another.
    """
    return list(pairwise([0, SIZE // 2, *range(SIZE, candidates, SIZE), candidates]))


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
        self._lock = Lock()
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

    def share_with(self, helper: Helper) -> None:
        """Hand a helper one batch after the other; if it is lost, others do what is left."""
        if helper.ask(len) is None:  # it answers when it can begin
            return
        for batch in self.open_batches():
            self.done[batch] = helper.ask(_described, self.rows[batch], self.names)
            if self.done[batch] is None:
                return


def _described(case: Case, rows: IntArray, names: Sequence[str]) -> bytes:
    with threads.limited(1):  # other processes have the other processors
        return encode(descriptors.compute_families(case.take(rows), names))


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
        pa.table(table), sink, compression="lz4", use_dictionary=texts, write_statistics=False
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
