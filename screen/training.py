"""Fitting the models to the shipped tables and the user's rows, and measuring them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screen import (
    candidates,
    descriptors,
    literature,
    parameters,
    pipeline,
    predictions,
    verdicts,
)
from screen.composition import INDEX, BoolArray, Compositions, FloatArray, parse_formula
from screen.descriptors import against_anode
from screen.elastic import magpie
from screen.energies import error_model
from screen.errors import DataError
from screen.model import (
    energy_errors,
    figures,
    interphase,
    learned,
    learning,
    lithiophilic,
    matched,
    performance,
    persistence,
    recovery,
    stoichiometry,
)
from screen.model.matched import Entry, Trial
from screen.phases import Phases
from screen.ranking import order
from screen.ranking.roles import roles
from screen.run import data_digest
from screen.settings import Settings
from screen.sources import REFERENCE, reference
from screen.store import of_home

_RECOVERY, _ORDER = "recovery model", "learned order"
SETTINGS = Settings(anode=literature.ANODE)
Progress = Callable[..., None]
"""Told the name of what begins, and of a long one how many parts are done, of how many."""
FEW = (
    *("mean Electronegativity", "range Electronegativity", "mean AtomicWeight"),
    *("mean Row", "mean Column"),
)
"""Figures of the elements that a chemist would try first."""


@dataclass(frozen=True)
class Taught:
    """What labels of substrates and cells of the literature teach, and how it was measured."""

    lithiophilic: lithiophilic.Model
    recovery: recovery.Model
    performance: performance.Model


@dataclass(frozen=True)
class Models(Taught):
    """All models but the learned order."""

    energy_errors: error_model.Model
    interphase: verdicts.Model


def load() -> Models:
    """The models that are in force.

    Raises:
        DataError: for one that was altered, or fitted to other tables.
    """
    return Models(
        lithiophilic.load(),
        recovery.load(),
        performance.load(),
        error_model.load(),
        verdicts.load(),
    )


def about_own_rows() -> str:
    """Whether the user's rows of literature count, in a sentence; "" if there are none."""
    if not literature.own_path().is_file():
        return ""
    models = recovery.load(), performance.load(), learned.load()
    if all(literature.OWN in model.fitted_to for model in models):
        return "Rows of your own count in the literature."
    return (
        "Rows of your own do not count yet: no models are fitted to them as they are now, those "
        f"that are shipped serve; {parameters.AGAIN}."
    )


def fit(seed: int) -> Taught:
    """Fit and measure what labels and cells teach; nothing is written.

    Raises:
        ScreenError: if the tables do not carry a model.
    """
    known = literature.table(own=True)
    return Taught(
        fit_lithiophilic(seed),
        fit_recovery(seed, known, reference_pool()),
        fit_performance(seed, known),
    )


def train(seed: int, progress: Progress = lambda *_: None, phases: Phases | None = None) -> Models:
    """Fit the models, measure them and put them in place: all that are shipped, or, if there are
    rows of the user's, those of the literature table beside these rows.

    That of interphases and the lithiophilic model come first, since the others are measured against
    a ranking that uses them.

    Args:
        phases: what the learned order is fitted to and measured on; none: those of the reference
            set, if the one in force does not serve any more.
    """
    with alone():
        if not literature.own_path().is_file() or not _sound():
            progress("energy error model")
            energy_errors.write(energy_errors.train(seed))
            progress("interphase model")
            interphase.write(fit_interphase(seed))
            progress("lithiophilic model")
            lithiophilic.write(fit_lithiophilic(seed))
        train_literature(seed, literature.table(own=True), progress, phases)
        return load()


def _sound() -> bool:
    """Whether the shipped models that rows of the user's do not change can be used."""
    try:
        error_model.load()
        verdicts.load()
        lithiophilic.load()
    except DataError:
        return False
    return True


def train_literature(
    seed: int,
    known: literature.Table,
    progress: Progress = lambda *_: None,
    phases: Phases | None = None,
) -> None:
    """Fit the models of a literature table and put them in place."""
    among = reference_described()
    like = fit_recovery(seed, known, among.pool, progress)
    progress("performance model")
    cells = fit_performance(seed, known)
    ordering = None
    if phases is not None or literature.OWN in known.digests or not ordered(known):
        progress(_ORDER)
        among = among if phases is None else described(phases, candidates_of(phases))
        ordering = fit_learned(seed, known, among, progress)
    recovery.write(like)
    performance.write(cells)
    if ordering is not None:
        learned.write(ordering)


def ordered(known: literature.Table) -> bool:
    """Whether the learned order in force is that of these rows and of the roles as they are."""
    try:
        return predictions.order_model().fitted_to == learned.of_table(known)
    except DataError:
        return False


def add(
    path: Path,
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> int:
    """Add rows of a CSV file to the literature table, and fit the models of the table to all rows.

    The rows count once the models are there: whatever ends this before changes nothing, and the
    same call goes on. Of several at once, each waits for those before it.

    Args:
        tell: told if there is something to wait for.

    Returns:
        How many rows were added.

    Raises:
        DataError: naming the first row that is not accepted, its column and the reason.
    """
    literature.joined(path)  # what is wrong with the file shows before any wait
    with alone(tell):
        joined = literature.joined(path)
        train_literature(seed, joined.table, progress)
        return joined.keep()


def alone(tell: Callable[[str], None] = lambda _: None) -> AbstractContextManager[None]:
    """Nobody else adds rows or fits models meanwhile."""
    return of_home().alone("literature", tell)


def fit_interphase(seed: int) -> verdicts.Model:
    """Fit to what experiments saw of contacts with the anode metals."""
    observed = verdicts.observations()
    energy, share = np.full((2, len(observed)), np.nan)
    for anode in sorted({one.anode for one in observed}):
        mine = [i for i, one in enumerate(observed) if one.anode == anode]
        formulas = [observed[i].formula for i in mine]
        case, _ = candidates.make_case(reference.load(), Settings(anode=anode), formulas)
        low, high, *_ = case.equilibria.conducting
        energy[mine] = against_anode.contact_energy(case)
        share[mine] = (low + high) / 2
    return interphase.train(interphase.Seen(observed, energy, share), seed)


def fit_lithiophilic(seed: int) -> lithiophilic.Model:
    """Fit to the labels of substrates."""
    known = lithiophilic.labels()
    case, _ = candidates.make_case(reference.load(), SETTINGS, known.formulas)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    return lithiophilic.train(values.columns, known, seed)


def fit_recovery(
    seed: int,
    known: literature.Table,
    among: recovery.Pool,
    progress: Progress = lambda *_: None,
) -> recovery.Model:
    """Fit to what the literature has made to work, among the phases of the reference set."""
    progress(_RECOVERY)
    tables, told = persistence.tables(known), partial(progress, _RECOVERY)
    return recovery.train(among, known.rows, tables, order.mix, seed, told)


def fit_learned(
    seed: int, known: literature.Table, among: Described, progress: Progress = lambda *_: None
) -> learned.Model:
    """Fit the learned order to described phases, and measure which roles it leads."""
    progress(_ORDER)
    judged_by = {name: role.digest for name, role in roles().items()}
    return learning.train(
        trial(among, known.rows, seed),
        learning.Table(among.name, among.digest, judged_by),
        learned.of_table(known),
        partial(progress, _ORDER),
    )


def fit_performance(seed: int, table: literature.Table) -> performance.Model:
    """Fit to the cells of the literature."""
    rows, phases = table.rows, reference.load()
    formulas = sorted({f for row in rows for f in row.active_formulas if judged(phases, f)})
    case, _ = candidates.make_case(phases, SETTINGS, formulas)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    found = performance.features(values.columns)
    known = {f: x for f, x in zip(formulas, found, strict=True) if not np.isnan(x).any()}
    return performance.train(rows, known, persistence.tables(table), seed)


def evaluate(
    among: recovery.Pool | None, seed: int, progress: Progress = lambda *_: None
) -> dict[str, recovery.Skill]:
    """How high families that the recovery model has not seen stand among the phases of a table, if
    the phases of the reference set teach it.

    Args:
        among: the phases; none: those of the reference set.
    """
    progress(_RECOVERY)
    rows, taught = literature.rows(own=True), reference_pool()
    told = partial(progress, _RECOVERY)
    return recovery.measure(among or taught, taught, rows, order.mix, seed, told)


def reference_pool() -> recovery.Pool:
    """The phases of the reference set that can be judged."""
    return reference_described().pool


def reference_described() -> Described:
    """The same with all that is known of them."""
    phases = reference.load()
    return described(phases, candidates_of(phases))


def judged(phases: Phases, formula: str) -> bool:
    """Whether a table holds all that a formula may become in contact with the anode metal."""
    elements = {*parse_formula(formula)}
    own = elements == {literature.ANODE}
    return not own and phases.covers(elements | {literature.ANODE})


def candidates_of(phases: Phases) -> list[str]:
    """What of a table can be judged: of the reference set what it covers, of a full table every
    formula once, without the anode metal.
    """
    if phases.name == REFERENCE:
        return [formula for formula in phases.formulas if judged(phases, formula)]
    found = dict.fromkeys(phases.formulas)
    return [formula for formula in found if {*parse_formula(formula)} != {literature.ANODE}]


@dataclass(frozen=True)
class Described:
    """Phases of which all is known that the recovery model reads.

    Attributes:
        columns: what was computed of them, by name.
        passed: which pass the gates of each role.
        name, digest: of the table that they are from.
    """

    pool: recovery.Pool
    columns: dict[str, npt.NDArray[Any]]
    passed: dict[str, BoolArray]
    name: str
    digest: str


def described(phases: Phases, formulas: Sequence[str]) -> Described:
    """Phases with what models and roles make of them, before any model of the literature."""
    case, _ = candidates.make_case(phases, SETTINGS, formulas)
    values = descriptors.compute_all(case)
    values.update(lithiophilic.predict(values, literature.ANODE))
    ranked = pipeline.rank(tuple(roles().values()), values, case.formulas)
    x = recovery.features(values.columns, case.compositions)
    known = ~np.isnan(x).any(axis=1)
    compositions = case.compositions.take(np.flatnonzero(known))
    scores = {ranking.role.name: ranking.score[known] for ranking in ranked}
    return Described(
        recovery.Pool(compositions, x[known], rivals(compositions), scores),
        {name: column[known] for name, column in values.columns.items()},
        {ranking.role.name: ranking.passed[known] for ranking in ranked},
        phases.name,
        data_digest(phases),
    )


def trial(known: Described, rows: Sequence[literature.Row], seed: int) -> Trial:
    """Every formula that worked in a role, to be found among described phases."""
    among, columns = known.pool, known.columns
    popular, anode = figures.popularity(among.compositions), INDEX[literature.ANODE]
    pool = matched.Pool(
        among.compositions,
        figures.filled(figures.physics(columns)),
        figures.filled(figures.tried(columns, among.compositions, popular, anode)),
        among.x,
        among.rivals,
        among.desirability,
        known.passed,
    )
    found = [
        (formula, row)
        for row in rows
        if row.role in among.desirability and not row.no_better
        for formula in row.active_formulas
    ]
    at = recovery.rows_of(among.compositions, [formula for formula, _ in found]).tolist()
    entries = (
        Entry(i, row.role, row.family, row.paper, row.year)
        for i, (_, row) in zip(at, found, strict=True)
        if i >= 0
    )
    return Trial(pool, tuple(entries), seed)


def rivals(compositions: Compositions) -> dict[str, FloatArray]:
    """Figures of the composition alone that the recovery model is compared with.

    What an element lacks counts as the mean of the others.
    """
    found = np.column_stack([magpie.features(compositions), stoichiometry.features(compositions)])
    found = np.where(np.isnan(found), np.nanmean(found, axis=0), found)
    names = magpie.feature_names()
    atoms = compositions.atoms
    size = np.column_stack([-np.log(compositions.size), -np.log(atoms)])
    share = compositions.amount_of(INDEX[literature.ANODE]) / atoms
    few = np.column_stack([size, share, *(found[:, names.index(name)] for name in FEW)])
    return {"Magpie figures": found, "eight figures": few, "elements and atoms": size}
