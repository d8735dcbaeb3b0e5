"""A limit of time for what somebody else's code or server may draw out."""

from __future__ import annotations

import ctypes
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_S = 0.5
"""An exception is lost if it comes within a callback of the garbage collector or a `__del__`, so it
is raised again after this time, and at the end at the latest."""


class TimeUp(BaseException):
    """The time is over; passes through `except Exception`."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp after so many seconds, at the next step of Python code."""
    if math.isinf(seconds):
        yield
    elif threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        with _alarm(seconds):
            yield
    else:
        with _timer(seconds):
            yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """By a signal, which ends waits, too; only the main thread gets signals."""
    over = False

    def stop(*_: Any) -> None:
        nonlocal over
        over = True
        raise TimeUp

    before = signal.signal(signal.SIGALRM, stop)
    began = time.monotonic()
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # TimeUp may have made an end of the inner one
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:  # a limit around this one goes on
            left = outer - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), AGAIN_S)
        if over:
            raise TimeUp


@contextmanager
def _timer(seconds: float) -> Iterator[None]:
    """By another thread: workers of Dask run jobs beside their main thread."""
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    owner = threading.current_thread()
    here = ctypes.c_ulong(threading.get_ident())
    turn = threading.Lock()  # for the work to end or its time, not both
    ended, over = threading.Event(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not ended.wait(wait):
            with turn:
                if owner.is_alive() and not ended.is_set():
                    over.set()
                    raise_in(here, ctypes.py_object(TimeUp))
            wait = AGAIN_S

    try:
        try:
            threading.Thread(target=watch, daemon=True).start()
            yield
        finally:
            ended.set()
    finally:  # TimeUp may have made an end of the inner one
        with turn:
            ended.set()
        if over.is_set():
            raise_in(here, None)  # it may be on its way still, and would hit what comes next
            raise TimeUp
