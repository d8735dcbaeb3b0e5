"""What the tests of the models share; each is computed once."""

from __future__ import annotations

from functools import cache

import numpy as np

from screen import candidates, descriptors, literature, training
from screen.composition import FloatArray
from screen.model import learned, performance, persistence, recovery
from screen.model.recovery import Pool
from screen.ranking import order
from tests.descriptors.cases import phases

ROWS = literature.rows()


@cache
def described() -> training.Described:
    """The phases of the reference set."""
    return training.reference_described()


def pool() -> Pool:
    """The same as the recovery model sees them."""
    return described().pool


@cache
def learned_order() -> learned.Model:
    """The learned order of the reference set, fitted anew to the shipped rows."""
    return training.fit_learned(0, literature.table(), described())


@cache
def like() -> recovery.Model:
    """The recovery model, fitted anew to the shipped rows."""
    return recovery.train(pool(), ROWS, persistence.tables(literature.table()), order.mix, 0)


@cache
def known() -> dict[str, FloatArray]:
    """Features of the performance model, by formula of the shipped rows."""
    formulas = sorted({f for r in ROWS for f in r.active_formulas if training.judged(phases(), f)})
    case, _ = candidates.make_case(phases(), training.SETTINGS, formulas)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    found = performance.features(values.columns)
    return {f: x for f, x in zip(formulas, found, strict=True) if not np.isnan(x).any()}


@cache
def cells() -> performance.Model:
    """The performance model, fitted anew to the shipped rows."""
    return performance.train(ROWS, known(), persistence.tables(literature.table()), 0)
