"""Whether an order finds what has worked, measured so that simplicity alone cannot win.

What works in cells is simple: phases drawn at random that are as simple are "found" nearly as
often. So each formula of the literature is set against controls: unlabelled phases with as many
elements that are nearest in mean mass and in atoms per formula unit (matched AUC), or nearest in
the left-out propensity of having been tried at all. One half is chance in both.

The nearest are a little heavier on average, since what has worked stands at the light end, and an
order that likes light atoms gains by that alone. Balanced controls have as many atoms, and as many
of them are lighter as heavier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.model import validation
from screen.model.figures import DESIRABILITY, PHYSICS, log_desirability, simplicity
from screen.model.recovery import (
    UNLABELLED,
    Mix,
    Positives,
    fit_weights,
    one_thread,
    places,
)
from screen.model.validation import Estimate

if TYPE_CHECKING:
    from screen.model.estimators import SharedLogistic

CONTROLS, ALIKE = 30, 50
"""Controls of each formula by simplicity, and by propensity."""
FEWEST = 10
"""Where fewer are balanced, the nearest are taken as they are."""
WIDEST = np.log(2)
"""Balanced controls have at most twice or half the atoms."""
TEACHING = 8000
"""At most so many phases of a large table teach as unlabelled; all are judged."""
STRENGTH, SHARED_STRENGTH = 0.05, 0.1
"""Inverse strengths of the priors of `SharedLogistic`."""

Votes = Mapping[str, FloatArray]
Scores = Mapping[str, FloatArray]
Order = Callable[[Votes], Scores]
"""From the votes that teach, by role, to the score of every phase in each role."""


@dataclass(frozen=True)
class Pool:
    """Phases that are judged and may teach.

    Attributes:
        physics, tried, like: figures, shape (phases, figures); `like` are the recovery model's.
        rivals: figures of the composition alone, by name.
        desirability: score of each role without a model.
        passed: which phases pass the gates of each role.
    """

    compositions: Compositions
    physics: FloatArray
    tried: FloatArray
    like: FloatArray
    rivals: Mapping[str, FloatArray]
    desirability: Mapping[str, FloatArray]
    passed: Mapping[str, BoolArray]

    @cached_property
    def simplicity(self) -> FloatArray:
        """Mean mass and atoms per formula unit, as logarithms in units of their deviation."""
        return np.asarray(simplicity(self.physics, self.compositions) / self.spread)

    @cached_property
    def spread(self) -> FloatArray:
        """Deviation of these logarithms."""
        spread = simplicity(self.physics, self.compositions).std(axis=0)
        return np.asarray(np.where(spread > 0, spread, 1))


class Entry(NamedTuple):
    """A formula of a row of the literature that worked: its place in the pool."""

    row: int
    role: str
    family: str
    paper: str
    year: float


@dataclass(frozen=True)
class Fold:
    """A family that is left out.

    Attributes:
        members: its phases, by role.
        votes: of what teaches, by role: nothing of the family, of its papers or of its formulas.
    """

    family: str
    members: Mapping[str, IntArray]
    votes: Votes


@dataclass(frozen=True)
class Trial:
    """Families of the literature, each to be found in the pool by what the others teach.

    Attributes:
        apart: further rows of the pool that are no controls.
    """

    pool: Pool
    entries: tuple[Entry, ...]
    seed: int
    apart: tuple[int, ...] = ()

    @cached_property
    def row(self) -> IntArray:
        """Row of each entry."""
        return np.array([entry.row for entry in self.entries], dtype=np.int64)

    @cached_property
    def roles(self) -> npt.NDArray[Any]:
        """Role of each entry."""
        return np.array([entry.role for entry in self.entries], dtype=object)

    @cached_property
    def unlabelled(self) -> IntArray:
        """Phases that the literature does not name."""
        named = np.append(self.row, self.apart).astype(np.int64)
        return np.setdiff1d(np.arange(len(self.pool.compositions)), named)

    @cached_property
    def teaching(self) -> IntArray:
        """The phases that teach as unlabelled.

        What the literature names is among them like any other: were it not, its controls alone
        would be taught as failures, and whatever is left out would stand ahead of them.
        """
        every = len(self.pool.compositions)
        if every <= TEACHING:
            return np.arange(every)
        return np.sort(np.random.default_rng(self.seed).choice(every, TEACHING, replace=False))

    def votes(self, entries: BoolArray) -> Votes:
        """Votes of each phase by role: one per family, shared by its phases."""
        families = tuple(entry.family for entry in self.entries)
        papers = tuple(entry.paper for entry in self.entries)
        every = Positives(tuple(map(str, self.row)), families, papers, self.row, ())
        return {
            role: every.votes(entries & (self.roles == role), len(self.pool.compositions))
            for role in self.pool.desirability
        }

    def redrawn(self, count: int) -> Iterator[Votes]:
        """Votes if other families had been met: as many, drawn with replacement."""
        family = np.array([entry.family for entry in self.entries], dtype=object)
        names = sorted(set(family.tolist()))
        each = [self.votes(family == name) for name in names]
        random = np.random.default_rng(self.seed)
        for _ in range(count):
            drawn = random.choice(len(names), len(names))
            yield {
                role: np.sum([each[k][role] for k in drawn], axis=0)
                for role in self.pool.desirability
            }

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Each family once."""
        families = [entry.family for entry in self.entries]
        papers = [entry.paper for entry in self.entries]
        found = []
        for family, tested, training in validation.leave_out(families, papers):
            members = {
                role: np.unique(self.row[tested & (self.roles == role)])
                for role in self.pool.desirability
            }
            teaching = training & ~np.isin(self.row, self.row[tested])
            found.append(Fold(family, members, self.votes(teaching)))
        return tuple(found)

    def later(self, year: int) -> Fold:
        """What papers up to a year teach, and the formulas that only later ones name."""
        before = np.array([entry.year <= year for entry in self.entries], dtype=bool)
        new = ~before & ~np.isnan([entry.year for entry in self.entries])
        new &= ~np.isin(self.row, self.row[before])
        members = {
            role: np.unique(self.row[new & (self.roles == role)]) for role in self.pool.desirability
        }
        return Fold(f"after {year}", members, self.votes(before))

    def nearest(self, row: int, among: BoolArray | None = None) -> IntArray:
        """The unlabelled phases with as many elements that are nearest in mean mass and atoms.

        Args:
            among: which phases may be controls; none: all.
        """
        near = self._of_as_many_elements(row, among)
        apart = np.linalg.norm(self.pool.simplicity[near] - self.pool.simplicity[row], axis=1)
        return np.asarray(near[np.argsort(apart, kind="stable")[:CONTROLS]])

    def even(self, row: int, among: BoolArray | None = None) -> IntArray:
        """Balanced controls: with as many elements and atoms (or nearly, where there are too few),
        and on either side of the mean mass the nearest, as many; arguments as of `nearest`.
        """
        near = self._of_as_many_elements(row, among)
        mass, atoms = (self.pool.simplicity[near] - self.pool.simplicity[row]).T
        ratio = np.abs(atoms * self.pool.spread[1]).round(9)
        half = CONTROLS // 2
        sides = [np.flatnonzero(side) for side in (mass <= 0, mass > 0)]
        reach = WIDEST
        if min(map(len, sides)) >= half:
            reach = min(reach, max(np.sort(ratio[side])[half - 1] for side in sides))
        sides = [side[ratio[side] <= reach] for side in sides]
        each = min(half, *map(len, sides))
        if 2 * each < FEWEST:
            return self.nearest(row, among)
        return np.concatenate(
            [near[side[np.argsort(np.abs(mass[side]), kind="stable")[:each]]] for side in sides]
        )

    def _of_as_many_elements(self, row: int, among: BoolArray | None = None) -> IntArray:
        size = self.pool.compositions.size
        near = self.unlabelled[size[self.unlabelled] == size[row]]
        return np.asarray(near if among is None else near[among[near]])

    @cached_property
    def matched(self) -> dict[int, IntArray]:
        """The nearest controls of every phase that is to be found."""
        return {row: self.nearest(row) for row in np.unique(self.row).tolist()}

    @cached_property
    def balanced(self) -> dict[int, IntArray]:
        """The balanced ones."""
        return {row: self.even(row) for row in np.unique(self.row).tolist()}

    @cached_property
    def matched_within(self) -> dict[tuple[str, int], IntArray]:
        """The nearest among what passes the gates of a role, of every phase that passes them."""
        return {(role, row): self.nearest(row, passed) for role, row, passed in self._passing()}

    @cached_property
    def balanced_within(self) -> dict[tuple[str, int], IntArray]:
        """The balanced ones among these."""
        return {(role, row): self.even(row, passed) for role, row, passed in self._passing()}

    def _passing(self) -> Iterator[tuple[str, int, BoolArray]]:
        for role, passed in self.pool.passed.items():
            for row in np.unique(self.row[self.roles == role]).tolist():
                if passed[row]:
                    yield role, row, passed

    def alike(self, fold: Fold, row: int) -> IntArray:
        """The unlabelled phases that were as likely tried, by what other families teach."""
        near = self._of_as_many_elements(row)
        odds = self._propensity(fold)
        return np.asarray(near[np.argsort(np.abs(odds[near] - odds[row]), kind="stable")[:ALIKE]])

    def _propensity(self, fold: Fold) -> FloatArray:
        """Log odds of having been tried in any role."""
        if fold.family not in self._kept:
            votes = np.sum(list(fold.votes.values()), axis=0)
            self._kept[fold.family] = self.pool.tried @ self.weights(self.pool.tried, votes)
        return self._kept[fold.family]

    @cached_property
    def _kept(self) -> dict[str, FloatArray]:
        return {}

    def weights(self, x: FloatArray, votes: FloatArray, *, signed: bool = False) -> FloatArray:
        """Of a logistic regression, taught by the votes and the phases that teach."""
        if not votes.any():
            return np.zeros(x.shape[1])
        rows = np.concatenate([np.flatnonzero(votes), self.teaching])
        return fit_weights(x[rows], votes[rows], signed=signed)

    def by_figures(self, x: FloatArray, *, signed: bool = False) -> Order:
        """The order of a logistic regression on some figures, for each role by itself."""
        return lambda votes: {
            role: x @ self.weights(x, given, signed=signed) for role, given in votes.items()
        }

    def by_desirability(self, _: Votes) -> Mapping[str, FloatArray]:
        """The order of the score without a model; nothing teaches it."""
        return self.pool.desirability

    def by_mixture(self, mix: Mix, shares: Mapping[str, float]) -> Order:
        """The order of the ranking: desirability, and places by the recovery model, mixed.

        Args:
            shares: of the model, by role; a role without one has none.
        """
        like = self.by_figures(self.pool.like, signed=True)
        every = np.arange(len(self.pool.compositions))

        def order(votes: Votes) -> Mapping[str, FloatArray]:
            learned = like(votes)
            return {
                role: mix(desired, places(learned[role], every), shares.get(role, 0.0))
                for role, desired in self.pool.desirability.items()
            }

        return order

    def shared(self, *, tried: str) -> Order:
        """The order of physics and the log of the desirability, with weights that roles share.

        Args:
            tried: "counts" if what was tried speaks for a compound; "nuisance" if those figures are
                fitted beside, so that physics need not explain them, and left out of the score.
        """

        counted = len(PHYSICS) + 1 + (self.pool.tried.shape[1] if tried == "counts" else 0)

        def order(votes: Votes) -> Mapping[str, FloatArray]:
            fit = self.fit_shared(votes)
            weights = dict(zip(fit.tasks_.tolist(), fit.coef_, strict=True))
            return {
                role: self.figures(role)[:, :counted] @ weights[role][:counted] for role in votes
            }

        return order

    def fit_shared(self, votes: Votes) -> SharedLogistic:
        """Logistic regressions on `figures`, taught by the votes and the phases that teach."""
        from screen.model.estimators import SharedLogistic  # noqa: PLC0415 (takes seconds)

        features, label, weight, task = [], [], [], []
        for role, given in votes.items():
            positive = np.flatnonzero(given)
            rows = np.concatenate([positive, self.teaching])
            features.append(self.figures(role)[rows])
            label += [1] * len(positive) + [0] * len(self.teaching)
            rest = np.full(len(self.teaching), UNLABELLED / len(self.teaching))
            weight += [given[positive], rest]
            task += [role] * len(rows)
        signs = (*(figure.sign for figure in (*PHYSICS, DESIRABILITY)),)
        return SharedLogistic(
            C=STRENGTH,
            C_shared=SHARED_STRENGTH,
            signs=(*signs, *(0,) * self.pool.tried.shape[1]),
        ).fit(np.vstack(features), label, np.concatenate(weight), np.array(task, dtype=object))

    def figures(self, role: str) -> FloatArray:
        """Physics, log desirability in a role, and what was tried, of every phase."""
        desired = log_desirability(self.pool.desirability[role])
        return np.column_stack([self.pool.physics, desired, self.pool.tried])

    @one_thread()
    def standing(
        self, order: Order, folds: Sequence[Fold] | None = None, *, alike: bool = True
    ) -> list[Standing]:
        """How each family of each role stands in an order.

        Args:
            folds: which families; none: all.
            alike: measure it against phases of equal propensity, too, which takes a fit.
        """
        return [
            self._stand(fold, role, score, members, alike)
            for fold in (self.folds if folds is None else folds)
            for score_of in [order(fold.votes)]
            for role, members in fold.members.items()
            if len(members)
            for score in [score_of[role]]
        ]

    def _stand(
        self, fold: Fold, role: str, score: FloatArray, members: IntArray, alike: bool
    ) -> Standing:
        rows = members.tolist()
        place = places(score, members)

        def mean(controls: Iterable[tuple[int, IntArray | None]]) -> float:
            each = [ahead(score, row, c) for row, c in controls if c is not None and len(c)]
            return float(np.mean(each)) if each else np.nan

        return Standing(
            role,
            fold.family,
            mean((row, self.matched[row]) for row in rows),
            mean((row, self.balanced[row]) for row in rows),
            mean((row, self.alike(fold, row)) for row in rows) if alike else np.nan,
            float((place >= 0.95).mean()),
            float((place >= 0.9).mean()),
            mean((row, self.matched_within.get((role, row))) for row in rows),
            mean((row, self.balanced_within.get((role, row))) for row in rows),
        )


class Standing(NamedTuple):
    """Where a left-out family stands: means over its formulas.

    Attributes:
        matched, balanced: share of the nearest, and of the balanced controls that score lower.
        alike: share of those of equal propensity that score lower; NaN where it is not measured.
        top_5, top_10: share of its formulas in the best 5 and 10 % of all phases.
        within, balanced_within: as `matched` and `balanced`, among what passes the gates; NaN where
            none of its formulas does.
    """

    role: str
    family: str
    matched: float
    balanced: float
    alike: float
    top_5: float
    top_10: float
    within: float
    balanced_within: float


MEASURES = ("matched", "balanced", "alike", "top_5", "top_10", "within", "balanced_within")


def ahead(score: FloatArray, row: int, controls: IntArray) -> float:
    """Share of the controls that score lower than one phase, equal ones counting half."""
    there = score[controls]
    return float(np.mean((there < score[row]) + 0.5 * (there == score[row])))


def summary(standings: Sequence[Standing], measure: str, seed: int) -> Estimate | None:
    """Mean of a measure over families, with its interval; none where no family has it."""
    each = np.array([getattr(standing, measure) for standing in standings], dtype=float)
    each = each[~np.isnan(each)]
    return validation.mean(each, seed) if len(each) else None


def gain(
    standings: Sequence[Standing], over: Sequence[Standing], measure: str, seed: int
) -> Estimate | None:
    """How far one order is ahead of another on the same families, paired."""
    each = np.array(
        [
            getattr(one, measure) - getattr(other, measure)
            for one, other in zip(standings, over, strict=True)
        ]
    )
    each = each[~np.isnan(each)]
    return validation.mean(each, seed) if len(each) else None
