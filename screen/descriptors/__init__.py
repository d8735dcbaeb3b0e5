"""What is computed of each candidate: one family per module, found by name.

A family declares `columns(electrolytes)` and computes them in `compute(case)`; nothing else needs
to be edited to add one. One that is too slow for every run also has `asked(settings)`.
`compute_all` refuses a family that returns other columns than it declared or leaves a value missing
without a reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType

import numpy as np

from screen.columns import Column, Values, missing
from screen.descriptors.case import Case
from screen.errors import ScreenError
from screen.settings import Settings
from screen.tables import Electrolyte


@cache
def families(names: tuple[str, ...] | None = None) -> tuple[ModuleType, ...]:
    """The modules of this package that compute a family, by name; no others are imported.

    Args:
        names: of the families; none: all.
    """
    known = (info.name for info in pkgutil.iter_modules(__path__))
    modules = [
        importlib.import_module(f"{__name__}.{name}")
        for name in known
        if names is None or name in names
    ]
    return tuple(module for module in modules if hasattr(module, "compute"))


def asked(settings: Settings) -> tuple[ModuleType, ...]:
    """The families that a run with these settings computes."""
    return tuple(f for f in families() if not hasattr(f, "asked") or f.asked(settings))


def columns(
    electrolytes: tuple[Electrolyte, ...], settings: Settings | None = None
) -> tuple[Column, ...]:
    """The columns of the families that a run computes, in their order in every file.

    Args:
        settings: of the run; none: the default ones.
    """
    chosen = asked(settings or Settings())
    return tuple(column for family in chosen for column in family.columns(electrolytes))


def compute_all(case: Case, progress: Callable[[str], None] = lambda _: None) -> Values:
    """The values of all families that the settings ask for.

    Args:
        progress: told the name of each family before it is computed.

    Raises:
        ScreenError: if a family breaks its contract.
    """
    return compute_families(case, tuple(map(name_of, asked(case.settings))), progress)


def compute_families(
    case: Case, names: Sequence[str], progress: Callable[[str], None] = lambda _: None
) -> Values:
    """The values of some families; as `compute_all`."""
    everything = Values(len(case))
    for family in families(tuple(names)):
        name = name_of(family)
        progress(name.replace("_", " "))
        values: Values = family.compute(case)
        declared = family.columns(case.electrolytes)
        if [column.name for column in declared] != list(values.columns):
            raise ScreenError(f"family {name} declares {declared}, returns {list(values.columns)}")
        for column in declared:
            gaps = missing(values.columns[column.name])
            unexplained = gaps & (values.reason(column.name) == "")
            if unexplained.any():
                raise ScreenError(
                    f"family {name}: {column.name} of {case.formulas[int(np.argmax(unexplained))]} "
                    "is missing without a reason"
                )
        everything.update(values)
    return everything


def name_of(family: ModuleType) -> str:
    """The name of a family's module."""
    return family.__name__.rsplit(".", 1)[-1]
