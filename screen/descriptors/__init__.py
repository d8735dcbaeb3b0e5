"""What is computed of each candidate: one family per module, found by name.

A family declares `COLUMNS`, or `columns(electrolytes)` if they depend on those, and computes them
in `compute(case)`; nothing else needs to be edited to add one. One that is too slow for every run
also has `asked(settings)`; if it is computed atom by atom, the results are handed to its `compute`.
One that is not to be computed batch by batch of many candidates says `ALL_AT_ONCE`.
A family is refused if it declares a number without a unit that is not
called dimensionless, returns other columns than it declares, or leaves a value missing without a
reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from screen.columns import Column, Values, missing
from screen.descriptors.case import Case
from screen.descriptors.own import Descriptor
from screen.errors import ScreenError
from screen.settings import Settings
from screen.tables import Electrolyte

if TYPE_CHECKING:
    from screen.descriptors.structure_runs import StructureResults


@cache
def families(names: tuple[str, ...] | None = None) -> tuple[ModuleType, ...]:
    """The modules of this package that compute a family, by name; no others are imported.

    Args:
        names: of the families; none: all.

    Raises:
        ScreenError: naming the file and the column that breaks the contract.
    """
    known = (info.name for info in pkgutil.iter_modules(__path__))
    modules = [
        importlib.import_module(f"{__name__}.{name}")
        for name in known
        if names is None or name in names
    ]
    found = tuple(module for module in modules if hasattr(module, "compute"))
    for family in found:
        if not hasattr(family, "COLUMNS") and not hasattr(family, "columns"):
            raise ScreenError(f"{_file_of(family)} computes a family but declares no COLUMNS")
        _check_columns(family, getattr(family, "COLUMNS", ()))
    return found


def _file_of(family: ModuleType) -> str:
    return f"screen/descriptors/{name_of(family)}.py"


def _check_columns(family: ModuleType, declared: Sequence[Column]) -> None:
    for column in declared:
        if column.fault:
            raise ScreenError(f"{_file_of(family)}: column {column.name!r} {column.fault}")


def declared(family: ModuleType, electrolytes: tuple[Electrolyte, ...]) -> tuple[Column, ...]:
    """The columns of a family.

    Raises:
        ScreenError: naming the file and the column that breaks the contract.
    """
    if hasattr(family, "COLUMNS"):
        return tuple(family.COLUMNS)
    columns: tuple[Column, ...] = family.columns(electrolytes)
    _check_columns(family, columns)
    return columns


def asked(settings: Settings) -> tuple[ModuleType, ...]:
    """The families that a run with these settings computes."""
    return tuple(f for f in families() if not hasattr(f, "asked") or f.asked(settings))


def columns(
    electrolytes: tuple[Electrolyte, ...],
    settings: Settings | None = None,
    own: Sequence[Descriptor] = (),
) -> tuple[Column, ...]:
    """The columns of the families that a run computes, in their order in every file.

    Args:
        settings: of the run; none: the default ones.
        own: descriptors that the user brings.
    """
    chosen = asked(settings or Settings())
    shipped = (column for family in chosen for column in declared(family, electrolytes))
    return (*shipped, *(descriptor.column for descriptor in own))


def compute_all(
    case: Case,
    progress: Callable[[str], None] = lambda _: None,
    structures: StructureResults | None = None,
) -> Values:
    """The values of all families that the settings ask for, and of the user's own descriptors.

    Args:
        progress: told the name of each family before it is computed.
        structures: what was computed atom by atom, by the name of the family.

    Raises:
        ScreenError: if a family breaks its contract.
    """
    names = tuple(map(name_of, asked(case.settings)))
    values = compute_families(case, names, progress, structures)
    for descriptor in case.own:
        progress(descriptor.column.label)
        values.update(descriptor.compute(case))
    return values


def compute_families(
    case: Case,
    names: Sequence[str],
    progress: Callable[[str], None] = lambda _: None,
    structures: StructureResults | None = None,
) -> Values:
    """The values of some families; as `compute_all`."""
    everything = Values(len(case))
    for family in families(tuple(names)):
        name = name_of(family)
        progress(name.replace("_", " "))
        handed = [structures[name]] if structures and name in structures else []
        values = family.compute(case, *handed)
        _check_complete(family, case, values)
        everything.update(values)
    return everything


def _check_complete(family: ModuleType, case: Case, values: Values) -> None:
    """Refuse values that break the contract."""
    names = [column.name for column in declared(family, case.electrolytes)]
    if names != list(values.columns):
        raise ScreenError(
            f"{_file_of(family)} declares {names}, but returns {list(values.columns)}"
        )
    for name in names:
        gaps = missing(values.columns[name])
        unexplained = gaps & (values.reason(name) == "") if gaps.any() else gaps
        if unexplained.any():
            raise ScreenError(
                f"{_file_of(family)}: {name} of {case.formulas[int(np.argmax(unexplained))]} is "
                "missing without a reason"
            )


def name_of(family: ModuleType) -> str:
    """The name of a family's module."""
    return family.__name__.rsplit(".", 1)[-1]
