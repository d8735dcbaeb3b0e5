"""Rank interlayers, hosts and alloys for metal anodes, offline, every number traceable.

    import screen
    screen.rank("Li").frame("interlayer").head()

The names below load what they need when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("Run", "RunFolder", "open_run"), "screen.api.runs"),
    **dict.fromkeys(
        ("compare", "decompose", "descriptor", "explain", "interface", "literature_table"),
        "screen.api",
    ),
    **dict.fromkeys(("load", "models", "narrow", "rank", "stack", "window"), "screen.api"),
    "Settings": "screen.settings",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 (names, every one)

if TYPE_CHECKING:
    from screen.api import compare as compare
    from screen.api import decompose as decompose
    from screen.api import descriptor as descriptor
    from screen.api import explain as explain
    from screen.api import interface as interface
    from screen.api import literature_table as literature_table
    from screen.api import load as load
    from screen.api import models as models
    from screen.api import narrow as narrow
    from screen.api import rank as rank
    from screen.api import stack as stack
    from screen.api import window as window
    from screen.api.runs import Run as Run
    from screen.api.runs import RunFolder as RunFolder
    from screen.api.runs import open_run as open_run
    from screen.settings import Settings as Settings


def __getattr__(name: str) -> Any:
    """The public names, each loaded when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'screen' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
