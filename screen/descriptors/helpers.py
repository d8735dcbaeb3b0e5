"""Other processes beside this one, each with a case, which are asked for answers on it.

They are plain interpreters, since a fork may hang where there are threads, and what
`multiprocessing` starts runs a script of the user again.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import IO, TypeVar

from screen.descriptors.case import Case

T = TypeVar("T")

_BODY = "import gc; gc.set_threshold({}); from screen.descriptors import helpers; helpers.assist()"


class Helper:
    """A process with a case; to be started, then asked by one thread at a time, then ended."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._process: subprocess.Popen[bytes] | None = None
        self._to_tell = b""

    def start(self) -> None:
        """Let it import what it needs; meanwhile, what it is to know can be made."""
        with suppress(OSError):  # then it answers nothing
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BODY.format(gc.get_threshold()[0])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what fails there is done here, and told here
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "OMP_NUM_THREADS": "1",  # the other processors have processes of their own
                },
            )

    def tell(self) -> None:
        """Keep the case with what is made of its phases by now, to be sent with the first question;
        before other threads work on it.
        """
        case = replace(self.case, own=())  # what a user brings may not be pickled
        vars(case)["facts"] = self.case.facts  # with what is made of them already
        self._to_tell = pickle.dumps(case, protocol=pickle.HIGHEST_PROTOCOL)

    def ask(self, function: Callable[..., T], *arguments: object) -> T | None:
        """What a function says of the case and further arguments; none if the helper is lost."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        with suppress(OSError, EOFError, pickle.UnpicklingError, ValueError):
            process.stdin.write(self._to_tell)
            self._to_tell = b""
            _send((function, arguments), process.stdin)
            answer: T = pickle.load(process.stdout)
            return answer
        return None

    def end(self) -> None:
        """End it, whatever it does; more than once does no harm."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _send(what: object, to: IO[bytes]) -> None:
    pickle.dump(what, to, protocol=pickle.HIGHEST_PROTOCOL)
    to.flush()


def assist() -> None:
    """Answer what comes on standard input, until it ends; the body of a helper."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks says when to stop
    with suppress(EOFError, BrokenPipeError):
        case = pickle.load(sys.stdin.buffer)
        while True:
            function, arguments = pickle.load(sys.stdin.buffer)
            _send(function(case, *arguments), sys.stdout.buffer)
