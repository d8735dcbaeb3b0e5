"""The probability that the literature would call a substrate lithiophilic.

A logistic regression on a few descriptors, fitted to data/lithiophilic_labels.csv and shipped as
figures in data/lithiophilic_model.json. Its skill is measured by leaving out whole chemistries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import Column, Texts, Values
from screen.composition import Compositions, FloatArray
from screen.errors import ScreenError
from screen.model import persistence
from screen.tables import DATA, datasets, rows_of

LABELS, MODEL = "lithiophilic_labels", "lithiophilic_model"
FEATURES = ("alloyed_per_host_atom", "reduction_v")
"""Descriptors that decide: how much anode metal its alloys hold, and from which voltage on it takes
any up."""
ENOUGH_V = 1.0
"""A reduction limit beyond this counts as this: contact with the metal is far past it."""
ANODE = "Li"
FORMAT = 2
STRENGTH = 1.0
"""Inverse of the ridge penalty on standardised features: the default of scikit-learn."""
RESAMPLES = 2000
SURE = 0.5
COLUMN = "lithiophilic_probability"
NOT_TOLD = ", like all that takes up nothing"


@dataclass(frozen=True)
class Labels:
    """Substrates with what the literature calls them.

    Attributes:
        formulas: one per composition.
        share: part of its sources that calls it lithiophilic.
        chemistry: group that is left out as a whole.
    """

    formulas: tuple[str, ...]
    share: FloatArray
    chemistry: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.formulas)


def labels() -> Labels:
    """Read data/lithiophilic_labels.csv; the sources of one composition count as one.

    Calculations are left out: they are models themselves, not observations.
    """
    rows = [row for row in rows_of(LABELS) if row["evidence"] != "calculation"]
    keys = Compositions.from_formulas([row["formula"] for row in rows]).key.tolist()
    of: dict[int, list[dict[str, str]]] = {}
    for key, row in zip(keys, rows, strict=True):
        of.setdefault(key, []).append(row)
    return Labels(
        tuple(group[0]["formula"] for group in of.values()),
        np.array([np.mean([row["lithiophilic"] == "1" for row in g]) for g in of.values()]),
        tuple(group[0]["chemistry"] for group in of.values()),
    )


@dataclass(frozen=True)
class Skill:
    """How well whole chemistries are told that the model has not seen; intervals are 95 %.

    The dumb baseline says for each the share of lithiophilic ones among all other chemistries.
    Where no feature tells anything, pooling chemistries makes `ranked` fall below 0.5.

    Attributes:
        substrates, chemistries: how many.
        lithiophilic: share of the substrates that most sources call so.
        accuracy, brier: of the model, each with its interval (bootstrap over substrates).
        dumb_accuracy, dumb_brier: of the baseline.
        brier_gain: by how much the model's Brier score is better, with its interval.
        ranked: chance that a lithiophilic substrate has a higher probability than another (area
            under the ROC curve, 0.5 by chance), with its interval.
        missed: substrates told wrongly, with the share of sources and the probability.
    """

    substrates: int
    chemistries: int
    lithiophilic: float
    accuracy: tuple[float, float, float]
    brier: tuple[float, float, float]
    dumb_accuracy: float
    dumb_brier: float
    brier_gain: tuple[float, float, float]
    ranked: tuple[float, float, float]
    missed: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Model:
    """Weights on transformed features, and the skill; fitted_to: digests of tables by name."""

    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    skill: Skill
    fitted_to: dict[str, str]
    scikit_learn: str

    def probability(self, columns: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
        """Of each candidate, shape (candidates,); NaN where a feature is."""
        x = transformed(columns)
        return np.asarray(1 / (1 + np.exp(-(x @ np.array(self.weights) + self.intercept))))


def transformed(columns: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
    """Features as the model takes them, shape (candidates, 2).

    Log(1 + amount held); and the reduction limit up to ENOUGH_V, 0 for what gives off anode metal
    even at 0 V, since it takes none up.
    """
    held, limit = (columns[name].astype(float) for name in FEATURES)
    return np.column_stack([np.log1p(held), np.minimum(np.nan_to_num(limit), ENOUGH_V)])


def columns() -> tuple[Column, ...]:
    """What the model adds to the table, with its skill."""
    skill = load().skill
    low, high = skill.ranked[1:]
    return (
        Column(
            COLUMN,
            "lithiophilic",
            "Probability that the literature would call it lithiophilic, from what its alloys hold "
            "and its reduction limit. The literature reports few failures: "
            f"{skill.lithiophilic:.0%} of the labelled substrates are lithiophilic. In chemistries "
            f"left out, a lithiophilic one comes before another {skill.ranked[0]:.0%} of the time "
            f"(95 % interval {low:.0%} to {high:.0%}; chance 50%), and {skill.accuracy[0]:.0%} are "
            f"told right ({skill.dumb_accuracy:.0%} by the share alone). It cannot call any "
            f"lithiophobic: what takes up nothing gets {_least():.0%}.",
            f"logistic regression on {skill.substrates} substrates of lithiophilic_labels.csv; "
            "python -m screen model card",
            dimensionless=True,
        ),
    )


def notes(columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, Texts]:
    """What to say beside the probability, by column: where both figures are zero all have one, and
    nothing is told of the substrate.
    """
    nothing = (transformed(columns) == 0).all(axis=1)
    said = np.where(nothing, NOT_TOLD, "").astype(object)
    return {COLUMN: said}


def _least() -> float:
    """The probability of a substrate that takes up nothing."""
    return float(1 / (1 + np.exp(-load().intercept)))


def predict(descriptors: Values, anode: str) -> Values:
    """The column of `columns` for described candidates."""
    values = Values(descriptors.length)
    name = COLUMN
    if anode != ANODE:
        gone = np.full(descriptors.length, np.nan)
        values.add(name, gone, f"the labels are for lithium, nothing is known of {anode}")
        return values
    values.add(name, load().probability(descriptors.columns), descriptors.reason(FEATURES[0]))
    return values


@cache
def load() -> Model:
    """The shipped model.

    Raises:
        DataError: if it was altered, is of another kind or was fitted to other tables.
    """
    return persistence.read(
        DATA / f"{MODEL}.json", Model, form=FORMAT, features=FEATURES, fitted_to=_tables()
    )


def write(model: Model) -> None:
    """Put a model in the place of the shipped one."""
    persistence.write(DATA / f"{MODEL}.json", model, form=FORMAT)
    load.cache_clear()


def _tables() -> dict[str, str]:
    return {name: str(datasets()[name]["sha256"]) for name in (LABELS, "reference_phases")}


def train(columns: Mapping[str, npt.NDArray[Any]], known: Labels, seed: int) -> Model:
    """Fit to the labels and measure.

    Args:
        columns: descriptors of the labelled substrates, in their order.
        known: the labels.
        seed: of the bootstrap.

    Raises:
        ScreenError: if a feature is missing, or acts against physics.
    """
    import sklearn  # noqa: PLC0415 (takes seconds)

    x = transformed(columns)
    if np.isnan(x).any():
        blind = known.formulas[int(np.flatnonzero(np.isnan(x).any(axis=1))[0])]
        raise ScreenError(f"{blind}: a feature of the lithiophilic model is missing")
    weights, intercept = _fit(x, known.share)
    if (weights <= 0).any():
        raise ScreenError(
            "the labels make uptake or reduction limit speak against lithiophilicity; look at them"
        )
    return Model(
        features=FEATURES,
        weights=tuple(float(w) for w in weights.round(6)),
        intercept=round(intercept, 6),
        skill=_measure(x, known, seed),
        fitted_to=_tables(),
        scikit_learn=sklearn.__version__,
    )


def _fit(x: FloatArray, share: FloatArray) -> tuple[FloatArray, float]:
    """Weights on the features as they are, and the intercept."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes seconds)

    mean, spread = x.mean(axis=0), x.std(axis=0)
    fit = LogisticRegression(C=STRENGTH, tol=1e-8).fit(
        np.tile((x - mean) / spread, (2, 1)),
        np.repeat([1, 0], len(x)),
        sample_weight=np.concatenate([share, 1 - share]),
    )
    weights = fit.coef_[0] / spread
    return weights, float(fit.intercept_[0] - weights @ mean)


def out_of_chemistry(x: FloatArray, known: Labels) -> tuple[FloatArray, FloatArray]:
    """Probabilities of the model and of the dumb baseline, each chemistry by a fit to the others.

    The baseline is the share of lithiophilic ones among the others.
    """
    model, dumb = np.empty(len(known)), np.empty(len(known))
    chemistry = np.array(known.chemistry)
    for group in sorted(set(known.chemistry)):
        out = chemistry == group
        weights, intercept = _fit(x[~out], known.share[~out])
        model[out] = 1 / (1 + np.exp(-(x[out] @ weights + intercept)))
        dumb[out] = known.share[~out].mean()
    return model, dumb


def _measure(x: FloatArray, known: Labels, seed: int) -> Skill:
    model, dumb = out_of_chemistry(x, known)
    share = known.share
    random = np.random.default_rng(seed)
    draws = random.integers(len(known), size=(RESAMPLES, len(known)))

    def right(p: FloatArray) -> FloatArray:
        return np.asarray(np.where(p > SURE, share, 1 - share))

    def squared(p: FloatArray) -> FloatArray:
        return np.asarray(share * (1 - p) ** 2 + (1 - share) * p**2)

    def interval(value: float, resampled: FloatArray) -> tuple[float, float, float]:
        low, high = np.nanquantile(resampled, [0.025, 0.975])
        return round(value, 4), round(float(low), 4), round(float(high), 4)

    def mean(each: FloatArray) -> tuple[float, float, float]:
        return interval(float(each.mean()), each[draws].mean(axis=1))

    wrong = np.flatnonzero((model > SURE) != (share > SURE))
    return Skill(
        substrates=len(known),
        chemistries=len(set(known.chemistry)),
        lithiophilic=round(float((share > SURE).mean()), 4),
        accuracy=mean(right(model)),
        brier=mean(squared(model)),
        dumb_accuracy=round(float(right(dumb).mean()), 4),
        dumb_brier=round(float(squared(dumb).mean()), 4),
        brier_gain=mean(squared(dumb) - squared(model)),
        ranked=interval(
            ranking_skill(model, share),
            np.array([ranking_skill(model[draw], share[draw]) for draw in draws]),
        ),
        missed=tuple(
            (known.formulas[i], round(float(share[i]), 3), round(float(model[i]), 3))
            for i in wrong.tolist()
        ),
    )


def ranking_skill(probability: FloatArray, share: FloatArray) -> float:
    """Area under the ROC curve, ties counting half, pairs weighted by the sources' shares."""
    weight = share[:, None] * (1 - share)[None, :]
    order = np.sign(probability[:, None] - probability[None, :])
    total = weight.sum()
    return float((weight * (order + 1) / 2).sum() / total) if total else float("nan")
