"""Whether an order finds what has worked, measured so that simplicity alone cannot win.

What works in cells is simple: phases drawn at random that are as simple are "found" nearly as
often. So each formula of the literature is set against controls: unlabelled phases with as many
elements that are nearest in mean mass and in atoms per formula unit (matched AUC), or nearest in
the left-out propensity of having been tried at all. One half is chance in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.model import validation
from screen.model.recovery import (
    MILD_EV_ATOM,
    UNLABELLED,
    Mix,
    Positives,
    fit_weights,
    one_thread,
    places,
)
from screen.model.validation import Estimate

CONTROLS, ALIKE = 30, 50
"""Controls of each formula by simplicity, and by propensity."""
TEACHING = 8000
"""At most so many phases of a large table teach as unlabelled; all are judged."""
PHYSICS: tuple[tuple[str, int], ...] = (
    ("mild_reaction", 1),
    ("strength_of_reaction", 0),
    ("uptake", 1),
    ("held", 1),
    ("alloy", 1),
    ("conducting", 0),
    ("matrix", 1),
    ("light", 1),
    ("quiet_at_electrolyte", 1),
    ("protection", 1),
    ("relief", 1),
    ("holds_voltage", 1),
    ("gap", 0),
    ("above_hull", -1),
    ("reduced_at", -1),
    ("wetted", 1),
)
"""Figures of what it does in the cell, each with the only sign that its weight may have; 0: either.
They were chosen, and the strengths below set, before anything was measured with them.
"""
READS = (
    *("contact_reaction_energy_ev_atom", "alloyed_per_host_atom", "held_mah_g", "alloy_fraction"),
    *("conducting_fraction", "matrix_fraction", "mean_atomic_mass_g_mol", "drive_best_ev_atom"),
    *("protection_best_fraction", "relief_fraction", "film_holds_v", "band_gap_ev"),
    *("hull_distance_ev_atom", "reduction_v", "lithiophilic_probability"),
    *("hhi_production", "precious_fraction", "toxic_fraction"),
)
"""Columns that `physics` and `tried` read."""
STRENGTH, SHARED_STRENGTH = 0.05, 0.1
"""Inverse strengths of the priors of `SharedLogistic`."""

Columns = Mapping[str, npt.NDArray[Any]]
Votes = Mapping[str, FloatArray]
Order = Callable[[Votes], Mapping[str, FloatArray]]
"""From the votes that teach, by role, to the score of every phase in each role."""


def physics(columns: Columns) -> FloatArray:
    """PHYSICS of each candidate, shape (candidates, figures); what is missing is the median."""
    read = {name: columns[name].astype(float) for name in READS}
    energy = read["contact_reaction_energy_ev_atom"]
    found = (
        np.exp(np.minimum(energy, 0) / MILD_EV_ATOM),
        -np.clip(energy, -3, 0),
        np.log1p(read["alloyed_per_host_atom"]),
        np.log1p(read["held_mah_g"]),
        read["alloy_fraction"],
        read["conducting_fraction"],
        read["matrix_fraction"],
        -np.log(read["mean_atomic_mass_g_mol"]),
        np.maximum(read["drive_best_ev_atom"], -2),
        read["protection_best_fraction"],
        read["relief_fraction"],
        np.minimum(read["film_holds_v"], 5),
        np.log1p(read["band_gap_ev"]),
        np.log1p(np.maximum(read["hull_distance_ev_atom"], 0) / 0.024),
        np.clip(read["reduction_v"], 0, 3),
        read["lithiophilic_probability"],
    )
    return filled(np.column_stack(found))


def tried(columns: Columns, compositions: Compositions, anode: int) -> FloatArray:
    """Figures that tell how likely a compound was tried at all, not what it does in a cell.

    Elements, atoms, how many phases hold its elements, its share of anode metal, supply, precious
    and toxic elements; shape (candidates, figures).

    Args:
        anode: index of the anode metal.
    """
    element, owner = compositions.element, compositions.owner
    phases = np.bincount(element, minlength=element.max(initial=0) + 1)
    share = compositions.count / compositions.atoms[owner]
    popular = np.bincount(owner, np.log(phases[element]) * share, minlength=len(compositions))
    supply = [columns[name].astype(float) for name in READS[-3:]]
    found = (
        -np.log(compositions.size),
        -np.log(compositions.atoms),
        popular,
        compositions.amount_of(anode) / compositions.atoms,
        *supply,
    )
    return filled(np.column_stack(found))


def filled(x: FloatArray) -> FloatArray:
    """With the median of its column where a value is missing; 0 where all are."""
    known = ~np.isnan(x).all(axis=0)
    middle = np.zeros(x.shape[1])
    middle[known] = np.nanmedian(x[:, known], axis=0)
    return np.where(np.isnan(x), middle, x)


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
        mass = -self.physics[:, [name for name, _ in PHYSICS].index("light")]
        both = np.column_stack([mass, np.log(self.compositions.atoms)])
        spread = both.std(axis=0)
        return np.asarray(both / np.where(spread > 0, spread, 1))


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
    """Families of the literature, each to be found in the pool by what the others teach."""

    pool: Pool
    entries: tuple[Entry, ...]
    seed: int

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
        return np.setdiff1d(np.arange(len(self.pool.compositions)), self.row)

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

    def controls(self, row: int, among: BoolArray | None = None) -> IntArray:
        """The unlabelled phases that are as simple as one, nearest first.

        Args:
            among: which phases may be controls; none: all.
        """
        size = self.pool.compositions.size
        near = self.unlabelled[size[self.unlabelled] == size[row]]
        if among is not None:
            near = near[among[near]]
        apart = np.linalg.norm(self.pool.simplicity[near] - self.pool.simplicity[row], axis=1)
        return np.asarray(near[np.argsort(apart, kind="stable")[:CONTROLS]])

    @cached_property
    def matched(self) -> dict[int, IntArray]:
        """Controls of every phase that is to be found."""
        return {row: self.controls(row) for row in np.unique(self.row).tolist()}

    @cached_property
    def matched_within(self) -> dict[tuple[str, int], IntArray]:
        """The same among what passes the gates of a role, of every phase that passes them."""
        return {
            (role, row): self.controls(row, passed)
            for role, passed in self.pool.passed.items()
            for row in np.unique(self.row[self.roles == role]).tolist()
            if passed[row]
        }

    def alike(self, fold: Fold, row: int) -> IntArray:
        """The unlabelled phases that were as likely tried, by what other families teach."""
        near = self.unlabelled
        near = near[self.pool.compositions.size[near] == self.pool.compositions.size[row]]
        odds = self._propensity(fold)
        return np.asarray(near[np.argsort(np.abs(odds[near] - odds[row]), kind="stable")[:ALIKE]])

    def _propensity(self, fold: Fold) -> FloatArray:
        """Log odds of having been tried in any role."""
        if fold.family not in self._kept:
            votes = np.sum(list(fold.votes.values()), axis=0)
            self._kept[fold.family] = self.pool.tried @ self._weights(self.pool.tried, votes)
        return self._kept[fold.family]

    @cached_property
    def _kept(self) -> dict[str, FloatArray]:
        return {}

    def _weights(self, x: FloatArray, votes: FloatArray, *, signed: bool = False) -> FloatArray:
        """Of a logistic regression, taught by the votes and the phases that teach."""
        if not votes.any():
            return np.zeros(x.shape[1])
        rows = np.concatenate([np.flatnonzero(votes), self.teaching])
        return fit_weights(x[rows], votes[rows], signed=signed)

    def by_figures(self, x: FloatArray, *, signed: bool = False) -> Order:
        """The order of a logistic regression on some figures, for each role by itself."""
        return lambda votes: {
            role: x @ self._weights(x, given, signed=signed) for role, given in votes.items()
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

        def order(votes: Votes) -> Mapping[str, FloatArray]:
            from screen.model.estimators import SharedLogistic  # noqa: PLC0415 (takes seconds)

            signs = (*(sign for _, sign in PHYSICS), 1, *(0,) * self.pool.tried.shape[1])
            counted = len(signs) if tried == "counts" else len(PHYSICS) + 1
            x = {role: self.figures(role) for role in votes}
            features, label, weight, task = [], [], [], []
            for role, given in votes.items():
                positive = np.flatnonzero(given)
                rows = np.concatenate([positive, self.teaching])
                features.append(x[role][rows])
                label += [1] * len(positive) + [0] * len(self.teaching)
                rest = np.full(len(self.teaching), UNLABELLED / len(self.teaching))
                weight += [given[positive], rest]
                task += [role] * len(rows)
            fit = SharedLogistic(C=STRENGTH, C_shared=SHARED_STRENGTH, signs=signs).fit(
                np.vstack(features), label, np.concatenate(weight), np.array(task, dtype=object)
            )
            weights = dict(zip(fit.tasks_.tolist(), fit.coef_, strict=True))
            return {role: x[role][:, :counted] @ weights[role][:counted] for role in votes}

        return order

    def figures(self, role: str) -> FloatArray:
        """Physics, log desirability in a role, and what was tried, of every phase."""
        desired = np.log(np.maximum(self.pool.desirability[role], 0.01))
        return np.column_stack([self.pool.physics, desired, self.pool.tried])

    @one_thread()
    def standing(self, order: Order, folds: Sequence[Fold] | None = None) -> list[Standing]:
        """How each family of each role stands in an order."""
        return [
            self._stand(fold, role, score, members)
            for fold in (self.folds if folds is None else folds)
            for score_of in [order(fold.votes)]
            for role, members in fold.members.items()
            if len(members)
            for score in [score_of[role]]
        ]

    def _stand(self, fold: Fold, role: str, score: FloatArray, members: IntArray) -> Standing:
        within = [
            ahead(score, row, controls)
            for row in members.tolist()
            if (controls := self.matched_within.get((role, row))) is not None and len(controls)
        ]
        place = places(score, members)
        return Standing(
            role,
            fold.family,
            float(np.mean([ahead(score, row, self.matched[row]) for row in members.tolist()])),
            float(np.mean([ahead(score, r, self.alike(fold, r)) for r in members.tolist()])),
            float((place >= 0.95).mean()),
            float((place >= 0.9).mean()),
            float(np.mean(within)) if within else np.nan,
        )

    def nulls(self, order: Callable[[Trial], Order], draws: int) -> Iterator[float]:
        """Mean matched AUC where every formula was swapped for one that is as simple.

        Families and papers stay. Whatever an order finds then is none of chemistry.
        """
        random = np.random.default_rng(self.seed)
        for _ in range(draws):
            taken: dict[int, int] = {}
            for row, controls in self.matched.items():
                free = np.setdiff1d(controls, list(taken.values()))
                taken[row] = int(random.choice(free if len(free) else controls))
            swapped = tuple(entry._replace(row=taken[entry.row]) for entry in self.entries)
            other = replace(self, entries=swapped)
            yield float(np.mean([one.matched for one in other.standing(order(other))]))


class Standing(NamedTuple):
    """Where a left-out family stands: means over its formulas.

    Attributes:
        matched, alike: share of the controls of equal simplicity, or propensity, that score lower.
        top_5, top_10: share of its formulas in the best 5 and 10 % of all phases.
        within: as `matched`, among what passes the gates; NaN where none of its formulas does.
    """

    role: str
    family: str
    matched: float
    alike: float
    top_5: float
    top_10: float
    within: float


MEASURES = ("matched", "alike", "top_5", "top_10", "within")


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
