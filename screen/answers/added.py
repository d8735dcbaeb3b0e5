"""Where the phases stand that a user added to a table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from screen.ranking.order import Ranking
from screen.run import Run

MOST = 12
"""Phases that are told of; more are in the ranked file."""


def standing(done: Run) -> Iterator[str]:
    """A sentence on each added phase: its rank in each role, or what keeps it from one."""
    phases, case = done.case.phases, done.case
    place = {row: i for i, row in enumerate(case.rows.tolist())}
    added = range(len(phases) - phases.added, len(phases))
    for row in added[:MOST]:
        name = phases.text("id", row)
        if row in place:
            parts = (_in_role(ranking, place[row]) for ranking in done.rankings)
            yield f"added {name}: {'; '.join(parts)}."
            continue
        (lowest,) = phases.rows_of(phases.compositions.take([row]))
        above = phases.energy[row] - phases.energy[lowest]
        if lowest != row and lowest in place:
            yield (
                f"added {name}: lies {above:.3f} eV/atom above {phases.text('id', int(lowest))}, "
                "which is judged in its place."
            )
        else:
            yield f"added {name}: not worth judging in these roles."
    if len(added) > MOST:
        yield f"{len(added) - MOST} more were added; the ranked table says where they stand."


def _in_role(ranking: Ranking, i: int) -> str:
    name = ranking.role.name
    if ranking.rank[i]:
        passed = int(np.count_nonzero(ranking.rank))
        return f"{name} rank {ranking.rank[i]} of {passed}"
    if ranking.ranked_under[i]:
        return f"{name} under {ranking.ranked_under[i]}"
    gates = ranking.failed_gates[i] or ranking.unknown_gates[i]
    return f"{name} {str(ranking.verdict[i]).replace('_', ' ')} ({gates})"
