"""Threads over independent blocks of problems; the solver lets go of the interpreter.

Which problems make a block does not depend on how many threads there are, and answers come in the
order of the blocks, so they are the same bytes with one thread or several.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

MOST = 4
"""More threads would wait for the interpreter."""

T = TypeVar("T")
R = TypeVar("R")

_limits: list[int] = []


def number() -> int:
    """Threads to use: one for each processor; one in a worker process, which has others beside."""
    if _limits:
        return _limits[-1]
    if multiprocessing.parent_process() is not None:
        return 1
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(processors, MOST)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Use so many within."""
    _limits.append(threads)
    try:
        yield
    finally:
        _limits.pop()


def in_order(solve: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """The answer to each part, in order."""
    threads = min(number(), len(parts))
    if threads <= 1:
        return [solve(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(solve, parts))
