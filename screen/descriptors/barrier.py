"""Migration barrier of the anode metal's ion in the candidate's crystal, where asked for."""

from __future__ import annotations

from collections.abc import Sequence

from screen.atomistic.jobs import Result
from screen.atomistic.migration import KIND
from screen.columns import Column, Values
from screen.descriptors import structure_runs
from screen.descriptors.case import Case
from screen.settings import Settings

_SOURCE = (
    "only with --barrier: bond-valence site energies (Adams and Rao, phys. stat. sol. a 208, 1746, "
    "2011) by bvlain; settings.barrier_grid_a"
)
_WAYS = {
    "migration_barrier_1d_ev": ("barrier, 1D", "in at least one direction"),
    "migration_barrier_2d_ev": ("barrier, 2D", "in at least two directions"),
    "migration_barrier_ev": ("barrier", "in all three directions"),
}


COLUMNS: tuple[Column, ...] = tuple(
    Column(
        name,
        label,
        f"Lowest energy at which paths of the anode metal's ion through the rigid framework "
        f"connect {ways}, above its best site. Ranks, but is no activation energy.",
        _SOURCE,
    )
    for name, (label, ways) in _WAYS.items()
)


def asked(settings: Settings) -> bool:
    """Whether a run computes this family."""
    return settings.barrier


def compute(case: Case, computed: Sequence[Result] | None = None) -> Values:
    """Barriers of the candidates that hold the anode metal and have a structure.

    Args:
        computed: results of the runs; none: they are made here.
    """
    return structure_runs.values_of(case, KIND, COLUMNS, computed)
