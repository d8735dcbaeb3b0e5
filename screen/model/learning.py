"""Fitting the learned order, and the measurement that decides which roles it leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from screen.composition import SYMBOLS, FloatArray, IntArray, format_formula
from screen.model import figures, matched
from screen.model.learned import (
    COUNTED,
    FEATURES,
    Gain,
    Model,
    OfRole,
    control_line,
    earns,
    relative,
    score,
)
from screen.model.matched import Standing, Trial
from screen.model.recovery import COVER, LEAST, REFITS, Progress, Scale, one_thread

CONTROLS = {1: 200, 2: 800, 3: 1000, 4: 600}
"""Phases that are kept to compare candidates with, by number of elements; of others REST each."""
REST = 100


@dataclass(frozen=True)
class Table:
    """The table of phases of a trial: its name, its digest, and the digest of each role."""

    name: str
    digest: str
    judged_by: Mapping[str, str]


def gains(learned: Sequence[Standing], by_hand: Sequence[Standing], seed: int) -> dict[str, Gain]:
    """How far one order is ahead of another, in each role, on the same families."""
    found = {}
    for role in dict.fromkeys(one.role for one in learned):
        mine = [one for one in learned if one.role == role]
        base = [one for one in by_hand if one.role == role]
        if len(mine) < LEAST:
            continue
        ahead, within, balanced, balanced_within = (
            matched.gain(mine, base, measure, seed)
            for measure in ("matched", "within", "balanced", "balanced_within")
        )
        assert ahead is not None
        assert balanced is not None
        found[role] = Gain(ahead, within, balanced, balanced_within, len(mine))
    return found


def in_force(
    learned: Sequence[Standing], mixed: Sequence[Standing], by_hand: Sequence[Standing], seed: int
) -> list[Standing]:
    """Standings in the order that the user sees, nested: whether the learned order leads where a
    family is to be found is decided by the others.

    Args:
        mixed: standings where it does not lead.
    """
    found = []
    for i, one in enumerate(mixed):
        others = [k for k in range(len(mixed)) if k != i and mixed[k].role == one.role]
        decided = gains([learned[k] for k in others], [by_hand[k] for k in others], seed)
        leads = one.role in decided and earns(decided[one.role])
        found.append(learned[i] if leads else one)
    return found


@one_thread()
def train(
    trial: Trial,
    table: Table,
    fitted_to: Mapping[str, str],
    progress: Progress = lambda *_: None,
) -> Model:
    """Fit to the phases of a trial, and measure on families left out of it.

    Args:
        fitted_to: digests of the literature, by name.
        progress: told after each part how many are done, of how many.
    """
    import sklearn  # noqa: PLC0415 (takes seconds)

    of = 3 + REFITS
    learned = trial.standing(trial.shared(tried="nuisance"))
    progress(1, of)
    ahead = gains(learned, trial.standing(trial.by_desirability), trial.seed)
    every = np.ones(len(trial.entries), dtype=bool)
    fit = trial.fit_shared(trial.votes(every))
    progress(2, of)
    refits = []
    for votes in trial.redrawn(REFITS):
        refits.append(trial.fit_shared(votes).coef_)
        progress(2 + len(refits), of)
    tasks = fit.tasks_.tolist()
    roles = {
        role: _of_role(
            trial,
            role,
            fit.coef_[tasks.index(role)],
            float(fit.intercept_[tasks.index(role)]),
            [coef[tasks.index(role)] for coef in refits],
            ahead[role],
            table.judged_by[role],
        )
        for role in trial.pool.desirability
        if role in ahead
    }
    popular = figures.popularity(trial.pool.compositions)
    spread = figures.simplicity(trial.pool.physics, trial.pool.compositions).std(axis=0)
    progress(of, of)
    return Model(
        features=FEATURES,
        roles=roles,
        low=_numbers(np.quantile(trial.pool.physics, 0.05, axis=0)),
        high=_numbers(np.quantile(trial.pool.physics, 0.95, axis=0)),
        table=(table.name, table.digest, len(trial.pool.compositions)),
        popular={s: round(float(n), 4) for s, n in zip(SYMBOLS, popular, strict=True) if n},
        tried=_tried(trial),
        usual_tried=_numbers(np.median(trial.pool.tried, axis=0)),
        mass_spread=float(spread[0].round(6)),
        atoms_spread=float(spread[1].round(6)),
        controls=_controls(trial, list(roles)),
        fitted_to=dict(fitted_to),
        seed=trial.seed,
        scikit_learn=sklearn.__version__,
    )


def _of_role(
    trial: Trial,
    role: str,
    weights: FloatArray,
    intercept: float,
    refits: Sequence[FloatArray],
    gain: Gain,
    judged_by: str,
) -> OfRole:
    x = trial.figures(role)
    usual = np.median(x, axis=0)
    found = OfRole(
        weights=_numbers(weights),
        intercept=round(intercept, 6),
        usual=_numbers(usual),
        refits=tuple(_numbers(refit) for refit in refits),
        spread=1.0,
        gain=gain,
        leads=earns(gain),
        judged_by=judged_by,
    )
    few = x[trial.teaching].copy()
    few[:, COUNTED:] = usual[COUNTED:]
    scores = [score(relative(found, few, refit)) for refit in found.refits]
    low, high = np.quantile(scores, [(1 - COVER) / 2, (1 + COVER) / 2], axis=0)
    spread = max(round(float(np.median(high - low)) / 2, 4), 1e-4)
    return replace(found, spread=spread)


def _tried(trial: Trial) -> Scale:
    """How likely a compound was tried in any role."""
    votes = np.sum(list(trial.votes(np.ones(len(trial.entries), dtype=bool)).values()), axis=0)
    weights = trial.weights(trial.pool.tried, votes)
    scores = np.quantile(trial.pool.tried @ weights, np.linspace(0, 1, 101))
    return Scale(_numbers(weights), _numbers(scores))


def _controls(trial: Trial, roles: Sequence[str]) -> tuple[str, ...]:
    """Unlabelled phases drawn at random, so many for each number of elements."""
    random = np.random.default_rng(trial.seed)
    size = trial.pool.compositions.size[trial.unlabelled]
    chosen: list[IntArray] = []
    for count in np.unique(size).tolist():
        there = trial.unlabelled[size == count]
        wanted = min(len(there), CONTROLS.get(count, REST))
        chosen.append(np.sort(random.choice(there, wanted, replace=False)))
    rows = np.concatenate(chosen)
    desired = [figures.log_desirability(trial.pool.desirability[role][rows]) for role in roles]
    numbers = np.column_stack([trial.pool.physics[rows], *desired]).tolist()
    formulas = [format_formula(counts) for counts in trial.pool.compositions.take(rows)]
    return tuple(map(control_line, formulas, numbers))


def _numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(values).round(6))
