"""One line for a fault in the log of a run, not the way through the program."""

import logging
from typing import Any

from screen.errors import ScreenError
from screen.outside import one_line

_RUNS = {"prefect.flow_runs": "flow", "prefect.task_runs": "task"}
_OBSERVERS = ("prefect.FlowRunSuspendingObserver", "prefect.events.clients", "asyncio")
"""What tells at length that the server is away; it tries again by itself."""


_FAULTS: tuple[type[ScreenError], ...] = (ScreenError, *ScreenError.__subclasses__())
_AGAIN = tuple(
    f"Finished in state Failed('Task run encountered an exception {fault.__name__}:"
    for fault in _FAULTS
)
"""How Prefect says once more what a task's own line said."""


class OneLine(logging.Filter):
    """Takes the traceback off what a user can mend, and off what mends itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; let all pass that says something new."""
        if record.getMessage().startswith(_AGAIN):
            return False
        error: Any = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, ScreenError):
            said = f"{_RUNS.get(record.name, 'run')} failed: {error}"
            record.msg, record.args = one_line(said), ()
        if isinstance(error, ScreenError) or record.name not in _RUNS:
            record.exc_info = None
        return True


def install() -> None:
    """For the loggers of runs and of what watches the server, once in a process."""
    for name in (*_RUNS, *_OBSERVERS):
        logger = logging.getLogger(name)
        if not any(isinstance(f, OneLine) for f in logger.filters):
            logger.addFilter(OneLine())
