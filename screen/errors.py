"""What can go wrong, as the user sees it: one line and an exit code with a meaning."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

from screen.outside import visible

EXIT_CODES = """
Exit codes: 0 done, 1 internal fault, 2 usage, 3 data missing or wrong, 4 nothing passed,
5 network or key, 130 interrupted.
"""


OUT_OF_MEMORY = (
    "there is not enough memory; ask about fewer phases (a smaller --source, fewer --workers), or "
    "use a machine, or a limit, with more"
)


class ScreenError(Exception):
    """A fault with one plain line for the user; `exit_code` tells scripts which kind it was."""

    exit_code = 1

    def __str__(self) -> str:
        """The line; what a file or server put into it shows as text, wherever it is printed."""
        return visible(super().__str__())


class UsageError(ScreenError):
    """The command or its options do not make sense, or the output cannot be written."""

    exit_code = 2


class DataError(ScreenError):
    """A formula, file or table is missing, damaged or inconsistent."""

    exit_code = 3


class NothingPassedError(ScreenError):
    """The question was sound, but no candidate answers it."""

    exit_code = 4


class NetworkError(ScreenError):
    """The network or the key for a remote database failed."""

    exit_code = 5


def did_you_mean(given: str, allowed: Iterable[str], *, limit: int = 12) -> str:
    """The tail of an error line: the nearest allowed names, or all of them when they are few."""
    names = list(allowed)
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(given.lower(), lower, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(lower[name] for name in close)}?" if close else ""
    if len(names) <= limit:
        return f"{hint} Allowed: {', '.join(names)}".strip()
    return hint or f"Allowed, among others: {', '.join(names[:limit])}"


def first_line(error: Exception) -> str:
    """What an exception says in its first line; of one that says nothing, its name."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def is_lack_of_memory(error: Exception) -> bool:
    """Whether memory was short, whoever says so."""
    return isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
