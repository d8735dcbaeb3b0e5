"""Faults that a user can mend, and those that mend themselves, come without tracebacks."""

from __future__ import annotations

import logging
import sys

from flows import quiet
from screen.errors import DataError


def raised(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except Exception:
        info = sys.exc_info()
    return logging.LogRecord("prefect.task_runs", logging.ERROR, "", 0, "long", (), info)


def test_a_fault_is_one_line_and_a_bug_is_not() -> None:
    fault, bug = raised(DataError("no such table")), raised(ValueError("a bug"))
    for record in (fault, bug):
        assert quiet.OneLine().filter(record)
    assert (fault.getMessage(), fault.exc_info) == ("task failed: no such table", None)
    assert bug.getMessage() == "long"
    assert bug.exc_info is not None


def test_a_fault_is_said_once() -> None:
    said = "Finished in state Failed('Task run encountered an exception {}: no such table')"
    for name, passes in (("DataError", False), ("NetworkError", False), ("ValueError", True)):
        text = said.format(name)
        record = logging.LogRecord("prefect.task_runs", logging.ERROR, "", 0, text, (), None)
        assert quiet.OneLine().filter(record) == passes
