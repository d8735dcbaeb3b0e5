"""What an order gains where there is nothing to gain: a leak would show here.

The permutation test: formulas that are as simple in the place of those of the literature, to teach
and to be found, leave families and papers but no chemistry. Outcomes that are shuffled on the side
of teaching alone, given to phases as simple, teach no chemistry, while the formulas that truly
worked are to be found: what an order is then ahead of the desirability owes nothing to outcomes.
(Shuffling success and failure among what was tried would say nothing of the matched measure: its
controls were not tried, and hardly any failures are reported.) A paper that is entered twice, under
other names of paper and family, is no second witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from screen.model.matched import Fold, Order, Scores, Standing, Trial, Votes
from screen.model.recovery import one_thread

AGAIN = ", again"


@dataclass(frozen=True)
class Draw:
    """One shuffle of what has worked; controls are named neither by the literature nor by it.

    Attributes:
        swapped: the trial with a formula that is as simple in the place of each.
        true: the trial with the formulas that worked.
        folds: of the latter.
    """

    swapped: Trial
    true: Trial
    folds: tuple[Fold, ...]

    @one_thread()
    def standings(self, order: Order) -> tuple[list[Standing], list[Standing]]:
        """How left-out families stand if the others of `swapped` teach: those of `swapped`, and
        the true ones.
        """
        swapped, true = [], []
        for taught, asked in zip(self.swapped.folds, self.folds, strict=True):
            fixed = _fixed(order(taught.votes))
            swapped += self.swapped.standing(fixed, [taught], alike=False)
            shuffled = Fold(asked.family, asked.members, taught.votes)
            true += self.true.standing(fixed, [shuffled], alike=False)
        return swapped, true


def _fixed(scores: Scores) -> Order:
    def order(_: Votes) -> Scores:
        return scores

    return order


def draws(trial: Trial, count: int) -> Iterator[Draw]:
    """Draws in which each formula that worked is swapped for one of its balanced controls; families
    and papers stay.
    """
    random = np.random.default_rng(trial.seed)
    for _ in range(count):
        taken: dict[int, int] = {}
        for row, controls in trial.balanced.items():
            free = np.setdiff1d(controls, list(taken.values()))
            taken[row] = int(random.choice(free if len(free) else controls))
        entries = tuple(entry._replace(row=taken[entry.row]) for entry in trial.entries)
        yield Draw(
            replace(trial, entries=entries, apart=tuple(taken)),
            replace(trial, apart=tuple(taken.values())),
            trial.folds,
        )


def twice(trial: Trial) -> tuple[Trial, Sequence[Fold]]:
    """The trial with every paper entered twice, under another name and its families under others,
    and the folds of the families under their own names.
    """
    copies = (
        entry._replace(family=entry.family + AGAIN, paper=entry.paper + AGAIN)
        for entry in trial.entries
    )
    doubled = replace(trial, entries=(*trial.entries, *copies))
    return doubled, [fold for fold in doubled.folds if not fold.family.endswith(AGAIN)]
