"""What becomes of a contact with the anode metal, as probabilities: stable, passivating or mixed
conducting.

Two logistic curves in a row: whether anything happens, from the contact energy, and whether what
forms conducts electrons, from its conducting share. Both figures count in units of their own error
and on a logarithmic scale, so that what is smaller than the error says little, and what is many
times larger no more than that it is large. Their four parameters are fitted to the interphases of
data/interphases.csv and shipped in data/interphase_model.json with the skill that was measured on
interphases left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from screen import parameters
from screen.composition import FloatArray, IntArray
from screen.tables import datasets, rows_of

OBSERVED, MODEL, FORMAT = "interphases", "interphase_model", 1
STABLE, PASSIVATING, MIXED = VERDICTS = ("stable", "passivating", "mixed_conducting")
ENERGY_ERROR_EV_ATOM = 0.024
"""Error of computed reaction energies: the figure for ternary oxides from binaries (Hautier et al.,
PRB 85, 155208, 2012); others err by more."""
SHARE_ERROR = 0.01
"""Error of a conducting share of a tenth whose volumes err by a tenth (screen/volumes.py)."""

Triple = tuple[float, float, float]
"""A figure with its 95 % interval."""


@dataclass(frozen=True)
class Observation:
    """What an experiment saw; verdict is a place in VERDICTS."""

    formula: str
    family: str
    anode: str
    verdict: int


@cache
def observations() -> tuple[Observation, ...]:
    """The interphases of data/interphases.csv.

    Raises:
        DataError: if the shipped file was changed.
    """
    return tuple(
        Observation(row["formula"], row["family"], row["anode"], VERDICTS.index(row["verdict"]))
        for row in rows_of(OBSERVED)
    )


@dataclass(frozen=True)
class Curve:
    """Probability 1 / (1 + exp(-(intercept + slope x)))."""

    intercept: float
    slope: float

    def at(self, x: FloatArray) -> FloatArray:
        """The probability at each x."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.intercept + self.slope * x))))

    @property
    def middle(self) -> float:
        """Where the probability is one half."""
        return -self.intercept / self.slope


@dataclass(frozen=True)
class Skill:
    """How well interphases are told that the parameters were not fitted to; intervals are 95 %.

    Attributes:
        interphases, counts: how many, and of each verdict in the order of VERDICTS.
        hits: share whose most probable verdict is the one seen, each left out in turn.
        log_loss: minus the mean logarithm of the probability of the verdict seen, in nats.
        hits_by_family, log_loss_by_family: the same with whole families left out.
        hits_of_reacting: share of hits among those whose contact energy is not zero, each left out.
        majority_hits, majority_log_loss: of the most frequent verdict, and of the shares of the
            verdicts, among the others.
        rule_hits: of the rule 5 meV/atom and share 0.16, which was not fitted to anything.
        missed: formula, verdict seen, probability that it had, of those told wrongly.
    """

    interphases: int
    counts: tuple[int, int, int]
    hits: Triple
    log_loss: Triple
    hits_by_family: Triple
    log_loss_by_family: Triple
    hits_of_reacting: Triple
    majority_hits: float
    majority_log_loss: float
    rule_hits: float
    missed: tuple[tuple[str, str, float], ...]

    @property
    def said(self) -> str:
        """The hit rate in a sentence."""
        value, low, high = self.hits
        return (
            f"Of {self.interphases} interphases seen in experiment {value:.0%} ({low:.0%} to "
            f"{high:.0%}) are told right when left out; by the most frequent verdict "
            f"{self.majority_hits:.0%}."
        )


@dataclass(frozen=True)
class Model:
    """The two curves, their skill, and the digests of the tables that they were fitted to."""

    reacts: Curve
    conducts: Curve
    skill: Skill
    fitted_to: dict[str, str]
    scikit_learn: str

    @property
    def reaction_ev_atom(self) -> float:
        """Contact energy at which a reaction is as likely as none."""
        return ENERGY_ERROR_EV_ATOM * float(np.expm1(self.reacts.middle))

    @property
    def share(self) -> float:
        """Conducting share at which mixed conduction is as likely as passivation."""
        return SHARE_ERROR * float(np.expm1(self.conducts.middle))


def scaled(energy: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Contact energies (eV/atom) and conducting shares as the curves take them."""
    return np.log1p(np.abs(energy) / ENERGY_ERROR_EV_ATOM), np.log1p(share / SHARE_ERROR)


def probabilities(
    reacts: Curve, conducts: Curve, energy: FloatArray, share: FloatArray
) -> FloatArray:
    """Of each verdict, in the order of VERDICTS, shape (candidates, 3).

    Args:
        energy: contact energies, eV/atom.
        share: conducting shares of the products by volume.
    """
    by_energy, by_share = scaled(energy, share)
    reaction, mixed = reacts.at(by_energy), conducts.at(by_share)
    return np.stack([1 - reaction, reaction * (1 - mixed), reaction * mixed], axis=1)


def judge(energy: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, IntArray]:
    """Probabilities with the shipped parameters, and the most probable verdict.

    Where the share is not known, the mean over its least and largest value counts, if both have the
    same verdict; else all are NaN and the verdict is -1.

    Args:
        energy: contact energies, eV/atom.
        low, high: least and largest conducting share.
    """
    model = load()
    least, most = (
        probabilities(model.reacts, model.conducts, energy, share) for share in (low, high)
    )
    open_ = least.argmax(axis=1) != most.argmax(axis=1)
    found = np.where(open_[:, None], np.nan, (least + most) / 2)
    return found, np.where(open_, -1, least.argmax(axis=1))


def said(verdict: str | None, chances: Mapping[str, float | None]) -> str:
    """The most likely verdict with its probability, and those of the others, in words.

    Args:
        verdict: one of VERDICTS, or nothing where it is not known.
        chances: probabilities, each under `p_` and its verdict, as the columns are called.
    """
    if not verdict:
        return "not known"
    found = {name: chances[f"p_{name}"] or 0.0 for name in VERDICTS}
    others = (name for name in sorted(found, key=found.__getitem__, reverse=True))
    rest = ", ".join(f"{name} {found[name]:.0%}" for name in others if name != verdict)
    return f"{verdict} {found[verdict]:.0%} ({rest})".replace("_", " ")


def tables() -> dict[str, str]:
    """Digests of what the parameters are fitted to."""
    names = (OBSERVED, "reference_phases", "doubtful_phases")
    return {name: str(datasets()[name]["sha256"]) for name in names}


@cache
def load() -> Model:
    """The shipped parameters.

    Raises:
        DataError: if they were altered, cannot be read, or were fitted to other tables.
    """
    return parameters.shipped(MODEL, Model, FORMAT, tables())
