"""Cases that the tests of the families share."""

from __future__ import annotations

from functools import cache
from typing import Any

from screen import candidates
from screen.descriptors.case import Case
from screen.phases import Phases
from screen.settings import Settings
from screen.sources import reference


@cache
def phases() -> Phases:
    """The embedded set, read once."""
    return reference.load()


def case_of(*formulas: str, anode: str = "Li", **settings: Any) -> Case:
    """These candidates against an anode metal, all else as by default."""
    return candidates.make_case(phases(), Settings(anode=anode, **settings), formulas)[0]
