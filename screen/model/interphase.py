"""Fitting the curves of the contact verdicts to interphases seen in experiment, and measuring them.

`screen.verdicts` says what the curves are and reads them; each is a logistic regression on one
figure, penalised as scikit-learn does by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screen import verdicts
from screen.composition import BoolArray, FloatArray, IntArray
from screen.errors import ScreenError
from screen.model import persistence
from screen.model.validation import mean
from screen.tables import DATA
from screen.verdicts import MIXED, STABLE, VERDICTS, Curve, Model, Observation, Skill

STRENGTH = 1.0
"""Inverse of the ridge penalty on the standardised figure: the default of scikit-learn."""
RULE_EV_ATOM, RULE_SHARE = 0.005, 0.16
"""The rule that was used before, to compare with: no reaction below, percolation above."""


@dataclass(frozen=True)
class Seen:
    """Interphases with what decides: contact energies (eV/atom), conducting shares; verdicts as
    places in VERDICTS; all of shape (interphases,).
    """

    observed: tuple[Observation, ...]
    energy: FloatArray
    share: FloatArray

    @property
    def verdict(self) -> IntArray:
        """What was seen."""
        return np.array([one.verdict for one in self.observed])


def fit(seen: Seen, rows: BoolArray) -> tuple[Curve, Curve]:
    """The two curves from some of the interphases: of all whether they react, and of those that
    react whether they conduct.

    Raises:
        ScreenError: if a curve falls where physics makes it rise.
    """
    by_energy, by_share = verdicts.scaled(seen.energy, seen.share)
    reacted = seen.verdict != VERDICTS.index(STABLE)
    mixed = seen.verdict == VERDICTS.index(MIXED)
    curves = (
        _curve(by_energy[rows], reacted[rows]),
        _curve(by_share[rows & reacted], mixed[rows & reacted]),
    )
    for what, curve in zip(("contact energy", "conducting share"), curves, strict=True):
        if curve.slope <= 0:
            raise ScreenError(f"the interphases make {what} speak against what it causes")
    return curves


def _curve(x: FloatArray, happens: BoolArray) -> Curve:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes seconds)

    center, spread = float(x.mean()), float(x.std())
    found = LogisticRegression(C=STRENGTH, tol=1e-8).fit((x[:, None] - center) / spread, happens)
    slope = float(found.coef_[0, 0] / spread)
    return Curve(round(float(found.intercept_[0]) - slope * center, 6), round(slope, 6))


def left_out(seen: Seen, groups: Sequence[str]) -> FloatArray:
    """Probabilities of each interphase by curves that its group had no part in."""
    group = np.array(groups)
    found = np.empty((len(group), len(VERDICTS)))
    for name in sorted(set(groups)):
        out = group == name
        curves = fit(seen, ~out)
        found[out] = verdicts.probabilities(*curves, seen.energy[out], seen.share[out])
    return found


def train(seen: Seen, seed: int) -> Model:
    """Fit to all and measure on what is left out.

    Args:
        seed: of the bootstrap.
    """
    import sklearn  # noqa: PLC0415 (takes seconds)

    reacts, conducts = fit(seen, np.ones(len(seen.observed), dtype=bool))
    return Model(
        reacts, conducts, _measure(seen, seed), verdicts.tables(), scikit_learn=sklearn.__version__
    )


def _measure(seen: Seen, seed: int) -> Skill:
    verdict, every = seen.verdict, np.arange(len(seen.observed))
    counts = np.bincount(verdict, minlength=len(VERDICTS))
    alone = left_out(seen, [f"{one.formula} {one.anode}" for one in seen.observed])
    family = left_out(seen, [one.family for one in seen.observed])
    others = (counts - np.eye(len(VERDICTS))[verdict]) / (len(verdict) - 1)
    rule = np.where(np.abs(seen.energy) < RULE_EV_ATOM, 0, np.where(seen.share < RULE_SHARE, 1, 2))

    def hits(probability: FloatArray) -> FloatArray:
        return np.asarray(probability.argmax(axis=1) == verdict, dtype=float)

    def loss(probability: FloatArray) -> FloatArray:
        return np.asarray(-np.log(probability[every, verdict]))

    wrong = np.flatnonzero(hits(alone) == 0)
    return Skill(
        interphases=len(verdict),
        counts=(int(counts[0]), int(counts[1]), int(counts[2])),
        hits=mean(hits(alone), seed),
        log_loss=mean(loss(alone), seed),
        hits_by_family=mean(hits(family), seed),
        log_loss_by_family=mean(loss(family), seed),
        hits_of_reacting=mean(hits(alone)[seen.energy < 0], seed),
        majority_hits=round(float(hits(others).mean()), 4),
        majority_log_loss=round(float(loss(others).mean()), 4),
        rule_hits=round(float((rule == verdict).mean()), 4),
        missed=tuple(
            (seen.observed[i].formula, VERDICTS[verdict[i]], round(float(alone[i, verdict[i]]), 3))
            for i in wrong.tolist()
        ),
    )


def write(model: Model) -> None:
    """Put a model in the place of the shipped one."""
    persistence.write(DATA / f"{verdicts.MODEL}.json", model, form=verdicts.FORMAT)
    verdicts.load.cache_clear()
