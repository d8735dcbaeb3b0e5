"""The learned order: what puts candidates of a role in order where it has earned it.

Logistic regressions of what has worked in each role against the phases of a table, on figures of
what a compound does in the cell and the logarithm of the hand-weighted score (`figures`), with
weights that the roles share (`estimators.SharedLogistic`). Figures that tell how likely a compound
was tried are fitted beside them, so that physics need not explain popularity, and are left out of
the score: every candidate is judged as if it had been tried as often as the median phase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from screen import literature, parameters
from screen.columns import Column, Values
from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray
from screen.errors import DataError
from screen.model import figures, persistence
from screen.model.figures import DESIRABILITY, PHYSICS, TRIED, log_odds
from screen.model.recovery import COVER, Scale
from screen.model.validation import Estimate
from screen.tables import role_names

NAME, FORMAT = "order_model", 1
FEATURES = (*(figure.name for figure in PHYSICS), DESIRABILITY.name, *TRIED)
COUNTED = len(PHYSICS) + 1
"""So many of FEATURES are in the score; the others are fitted beside them."""
COMPARED = 30
"""A candidate is set against so many of the controls, those nearest in simplicity."""
RULE = (
    "ahead of the hand-weighted score in matched AUC on families left out, with the lower end of "
    "the 95 % interval above zero: over all phases, and again among those that pass the gates"
)
"""Set before the order was fitted for the last time, and before balanced controls were measured."""


class Gain(NamedTuple):
    """How far the learned order is ahead of the hand-weighted score in matched AUC.

    Attributes:
        within: among what passes the gates; none where too little passes them.
        balanced, balanced_within: the same against balanced controls; they decide nothing.
        families: how many were left out.
    """

    matched: Estimate
    within: Estimate | None
    balanced: Estimate
    balanced_within: Estimate | None
    families: int


def earns(gain: Gain) -> bool:
    """RULE: whether the learned order takes the place of the hand-weighted one in a role."""
    return gain.matched.low > 0 and gain.within is not None and gain.within.low > 0


@dataclass(frozen=True)
class OfRole:
    """What was fitted and measured of a role.

    Attributes:
        weights, intercept: on FEATURES as they are.
        usual: the median of the table, for each of FEATURES.
        refits: weights of fits to resampled families.
        spread: half of the interval of the score in these refits: the median of the table.
        gain: measured on families left out.
        leads: whether it orders the list, by RULE.
        judged_by: digest of the role that the hand-weighted score is of.
    """

    weights: tuple[float, ...]
    intercept: float
    usual: tuple[float, ...]
    refits: tuple[tuple[float, ...], ...]
    spread: float
    gain: Gain
    leads: bool
    judged_by: str


@dataclass(frozen=True)
class Model:
    """The learned order of each role, and what candidates are compared with.

    Attributes:
        roles: by name.
        low, high: 5 and 95 % quantiles of PHYSICS in the table, what a missing figure may be.
        table: name, digest and number of phases of the table that it was fitted to.
        popular: logarithm of the number of phases that hold an element, by symbol.
        tried: how likely a compound was tried: weights on TRIED and their scale.
        usual_tried: median of TRIED.
        mass_spread, atoms_spread: deviation of the logarithms that `simplicity` is measured by.
        controls: phases of the table drawn at random for each number of elements: the formula,
            PHYSICS, and the logarithm of the hand-weighted score in each role, in words.
        fitted_to: digests of the literature, by name.
    """

    features: tuple[str, ...]
    roles: dict[str, OfRole]
    low: tuple[float, ...]
    high: tuple[float, ...]
    table: tuple[str, str, int]
    popular: dict[str, float]
    tried: Scale
    usual_tried: tuple[float, ...]
    mass_spread: float
    atoms_spread: float
    controls: tuple[str, ...]
    fitted_to: dict[str, str]
    seed: int
    scikit_learn: str

    def leads(self, role: str) -> bool:
        """Whether the learned order rules a role."""
        return role in self.roles and self.roles[role].leads


def load() -> Model:
    """The model that is in force.

    Raises:
        DataError: if it was altered, is of another kind or was fitted to another literature.
    """
    return persistence.of_literature(NAME, Model, form=FORMAT, features=FEATURES, tables=of_table)


def write(model: Model) -> None:
    """Put a model in place of the one in force."""
    persistence.write_of_literature(NAME, model, form=FORMAT, features=FEATURES)


def of_table(known: literature.Table) -> dict[str, str]:
    """Digests of what must be as it was when the model was fitted."""
    return dict(known.digests)


def check(model: Model, judged_by: Mapping[str, str]) -> None:
    """Refuse a model of other roles.

    Args:
        judged_by: digest of each role of roles.toml.

    Raises:
        DataError: naming the first role that is not as it was.
    """
    for role, of_role in model.roles.items():
        if judged_by.get(role) != of_role.judged_by:
            raise DataError(
                f"{NAME}.json was fitted to another role {role!r} than roles.toml has; "
                f"{parameters.AGAIN}"
            )


def column(role: str, what: str, end: str = "") -> str:
    """Name of a column: `what` is "learned" (the score) or "simple" (compared with such)."""
    last = {"learned": "score", "simple": "fraction"}[what]
    return "_".join(part for part in (what, role, end, last) if part)


TRIED_COLUMN = "tried_fraction"
_SOURCE = "logistic regression on literature.csv; python -m screen model card"


def columns() -> tuple[Column, ...]:
    """What the model adds to the table."""
    found = []
    for role in role_names():
        for end, label, of in (
            ("", "", ""),
            ("low", ", least", ", if all that is not known were bad"),
            ("high", ", most", ", if all that is not known were good"),
        ):
            found.append(
                Column(
                    column(role, "learned", end),
                    f"learned score as {role}{label}",
                    f"Learned score as {role}; 0.5: as the median known compound{of}.",
                    _SOURCE,
                    dimensionless=True,
                )
            )
        for end, label, of in (
            ("", "", "; by the order in force"),
            ("low", ", least", ": lower end in 80 % of refits to resampled families"),
            ("high", ", most", ": upper end in 80 % of refits to resampled families"),
        ):
            found.append(
                Column(
                    column(role, "simple", end),
                    f"better than as simple, {role}{label}",
                    f"Share of equally simple known compounds that are worse as {role}{of}.",
                    _SOURCE,
                )
            )
    found.append(
        Column(
            TRIED_COLUMN,
            "tried",
            "Share of known compounds that are less likely to have been tried, whatever they do.",
            _SOURCE,
        )
    )
    return tuple(found)


def score(odds: FloatArray) -> FloatArray:
    """Score between 0 and 1 from log odds relative to those of the median phase."""
    return np.asarray(1 / (1 + np.exp(-odds)))


@dataclass(frozen=True)
class Candidates:
    """Candidates as the model sees them.

    Attributes:
        physics: shape (candidates, figures), NaN where not known.
        desirability: hand-weighted score in each role, and what it would be if all that is not
            known were good, and bad; shape (3, candidates).
    """

    compositions: Compositions
    physics: FloatArray
    desirability: Mapping[str, FloatArray]

    def take(self, rows: IntArray) -> Candidates:
        """Some of them."""
        return Candidates(
            self.compositions.take(rows),
            self.physics[rows],
            {role: scores[:, rows] for role, scores in self.desirability.items()},
        )

    def figures(self, model: Model, role: str, end: int = 0) -> FloatArray:
        """FEATURES of each candidate as it is judged: in TRIED all are the median.

        Args:
            end: -1, 1: with what is not known at its worst or best; 0: at the median.
        """
        of_role = model.roles[role]
        usual = np.array(of_role.usual)
        missing = usual[: len(PHYSICS)]
        if end:
            better = np.array(of_role.weights[: len(PHYSICS)]) * end > 0
            missing = np.where(better, model.high, model.low)
        known = np.where(np.isnan(self.physics), missing, self.physics)
        desired = figures.log_desirability(self.desirability[role][end])
        tried = np.broadcast_to(usual[COUNTED:], (len(known), len(TRIED)))
        return np.column_stack([known, desired, tried])


def relative(of_role: OfRole, x: FloatArray, weights: Sequence[float] | None = None) -> FloatArray:
    """Log odds relative to a phase that is the median in every figure."""
    w = np.array(of_role.weights if weights is None else weights)
    return log_odds(x, w, -float(w @ np.array(of_role.usual)))


def predict(model: Model, described: Values, found: Candidates, anode: int) -> Values:
    """The columns of `columns` for described candidates."""
    values = Values(described.length)
    controls = Controls.of(model)
    beside = controls.nearest(found)
    for role in role_names():
        if role not in model.roles:
            reason = f"{NAME} knows no role {role}, or it was added since"
            for what in ("learned", "simple"):
                for end in ("", "low", "high"):
                    values.add(column(role, what, end), np.full(described.length, np.nan), reason)
            continue
        of_role = model.roles[role]
        for way, end in ((0, ""), (-1, "low"), (1, "high")):
            odds = relative(of_role, found.figures(model, role, way))
            values.add(column(role, "learned", end), score(odds))
        _compare(values, model, role, found, controls, beside)
    x = figures.tried(described.columns, found.compositions, _popular(model), anode)
    x = np.where(np.isnan(x), model.usual_tried, x)
    values.add(TRIED_COLUMN, model.tried.place(x))
    return values


def _compare(
    values: Values,
    model: Model,
    role: str,
    found: Candidates,
    controls: Controls,
    beside: IntArray,
) -> None:
    """Better than which share of the controls, by the order in force, and the ends in refits."""
    few = f"fewer than {COMPARED} known compounds of as many elements to compare with"
    alone = (beside < 0).any(axis=1)
    if not model.leads(role):
        own, others = found.desirability[role][0], np.exp(controls.desired[role])
        share = _ahead(own, others, beside)
        values.add(column(role, "simple"), np.where(alone, np.nan, share), few)
        for end in ("low", "high"):
            values.add(
                column(role, "simple", end),
                np.full(len(own), np.nan),
                "the hand-weighted order has no refits",
            )
        return
    of_role = model.roles[role]
    x, there = found.figures(model, role), controls.figures(of_role, role)
    share = _ahead(relative(of_role, x), relative(of_role, there), beside)
    refits = [
        _ahead(relative(of_role, x, w), relative(of_role, there, w), beside) for w in of_role.refits
    ]
    low, high = np.quantile(refits, [(1 - COVER) / 2, (1 + COVER) / 2], axis=0)
    for end, at in (
        ("", share),
        ("low", np.minimum(low, share)),
        ("high", np.maximum(high, share)),
    ):
        values.add(column(role, "simple", end), np.where(alone, np.nan, at), few)


def _ahead(own: FloatArray, others: FloatArray, beside: IntArray) -> FloatArray:
    """Share of its controls that score lower than each candidate, equal ones counting half."""
    halves = np.zeros(len(own), dtype=np.uint8)
    for control in beside.T:
        there = others.take(control)
        halves += there < own
        halves += there <= own
    return np.asarray(halves / (2 * beside.shape[1]))


@dataclass(frozen=True)
class Controls:
    """Phases that candidates are compared with, read off a model."""

    compositions: Compositions
    physics: FloatArray
    desired: Mapping[str, FloatArray]
    spread: FloatArray

    @classmethod
    def of(cls, model: Model) -> Controls:
        """Read them."""
        parts = [line.split() for line in model.controls]
        numbers = np.array([part[1:] for part in parts], dtype=np.float64)
        count = len(PHYSICS)
        desired = dict(zip(model.roles, numbers[:, count:].T, strict=True))
        return cls(
            Compositions.from_formulas([part[0] for part in parts]),
            numbers[:, :count],
            desired,
            np.array([model.mass_spread, model.atoms_spread]),
        )

    def figures(self, of_role: OfRole, role: str) -> FloatArray:
        """FEATURES of each, in TRIED the median."""
        tried = np.broadcast_to(of_role.usual[COUNTED:], (len(self.physics), len(TRIED)))
        return np.column_stack([self.physics, self.desired[role], tried])

    def nearest(self, found: Candidates) -> IntArray:
        """Those nearest in mean mass and atoms of as many elements, but for the candidate itself.

        Shape (candidates, COMPARED); -1 where there are too few.
        """
        from scipy.spatial import KDTree  # noqa: PLC0415 (a third of a second)

        mine = figures.simplicity(found.physics, found.compositions) / self.spread
        there = figures.simplicity(self.physics, self.compositions) / self.spread
        # By columns, since they are compared one control after the other.
        beside = np.full((len(mine), COMPARED), -1, dtype=np.int64, order="F")
        known = ~np.isnan(mine).any(axis=1)
        for size in np.unique(found.compositions.size).tolist():
            rows = np.flatnonzero((found.compositions.size == size) & known)
            near = np.flatnonzero(self.compositions.size == size)
            if len(near) <= COMPARED or not len(rows):
                continue
            _, at = KDTree(there[near]).query(mine[rows], k=COMPARED + 1)
            at = near[at]
            itself = self.compositions.key[at] == found.compositions.key[rows][:, np.newaxis]
            last = np.argsort(itself, axis=1, kind="stable")[:, :COMPARED]
            beside[rows] = np.take_along_axis(at, last, axis=1)
        return beside


def control_line(formula: str, numbers: Sequence[float]) -> str:
    """A control as the file has it."""
    return " ".join([formula, *(f"{number:.4g}" for number in numbers)])


def contributions(model: Model, role: str, found: Candidates) -> list[list[tuple[str, float]]]:
    """What each figure adds to the log odds of each candidate over the median phase, in words,
    largest first; what is not known adds nothing.
    """
    of_role = model.roles[role]
    x = found.figures(model, role)[:, :COUNTED]
    usual, weights = np.array(of_role.usual[:COUNTED]), np.array(of_role.weights[:COUNTED])
    added = (x - usual) * weights
    words = [figure.words for figure in (*PHYSICS, DESIRABILITY)]
    return [
        [(words[k], float(row[k])) for k in np.argsort(-np.abs(row), kind="stable") if row[k]]
        for row in added
    ]


def _popular(model: Model) -> FloatArray:
    return np.array([model.popular.get(symbol, 0.0) for symbol in SYMBOLS])
