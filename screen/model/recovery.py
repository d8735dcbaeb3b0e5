"""Which compounds are like those that have been made to work in a role.

For each role a logistic regression tells the active formulas of the literature table (positives,
one vote per material family) from all phases of a pool (unlabelled: Elkan and Noto, KDD 2008). Few
features, most of them physics, none of which may speak against what it is there for: one that would
is left out. What the model says of a candidate is its place: the share of the pool that it puts
below.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import Column, Values
from screen.composition import BoolArray, Compositions, FloatArray, IntArray
from screen.errors import ScreenError
from screen.literature import Row
from screen.model import persistence, validation
from screen.model.validation import Estimate
from screen.tables import role_names

NAME, FORMAT = "recovery_model", 2
ALL = "all"
"""Name of what is said of all roles together; no role is called so."""
LEAST = 3
"""Families that a role must have in the literature to be learned."""
READS = (
    "alloyed_per_host_atom",
    "contact_reaction_energy_ev_atom",
    "conducting_fraction",
    "alloy_fraction",
    "mean_atomic_mass_g_mol",
)
"""Descriptors that `features` reads."""
FEATURES = ("uptake", "mild_reaction", "no_dead_metal", "light", "few_elements", "few_atoms")
MILD_EV_ATOM = 0.1
"""Energy of the reaction with the anode metal that makes `mild_reaction` smaller by a factor e."""
STRENGTH = 0.1
"""Inverse of the ridge penalty on standardised features."""
RIVAL_STRENGTHS = (0.003, 0.03, 0.3)
"""Features that it is compared with may have the best of these."""
UNLABELLED = 10.0
"""Votes of all unlabelled phases together."""
REFITS, SHUFFLES = 30, 99
COVER = 0.8
_STEPS, _COARSE = np.linspace(0, 1, 101), np.linspace(0, 1, 21)

Mix = Callable[[FloatArray, FloatArray, float], FloatArray]
Progress = Callable[[int, int], None]
"""Score of a role from its desirability, a term of a model, and the share of that term."""
Score = Callable[[FloatArray], FloatArray]
"""Scores of all judged phases from the votes that teach."""


def features(columns: Mapping[str, npt.NDArray[Any]], compositions: Compositions) -> FloatArray:
    """FEATURES of each candidate, shape (candidates, features); NaN where a descriptor is.

    Of each, more is meant to be better: anode metal that its alloys hold (log), a mild reaction
    with the anode metal, few grains that conduct electrons and do not alloy, light atoms, few
    elements and few atoms per formula unit (log).
    """
    alloyed, energy, conducting, alloy, mass = (columns[name].astype(float) for name in READS)
    return np.column_stack(
        [
            np.log1p(alloyed),
            np.exp(np.minimum(energy, 0) / MILD_EV_ATOM),
            alloy - conducting,
            -np.log(mass),
            -np.log(compositions.size),
            -np.log(compositions.atoms),
        ]
    )


@dataclass(frozen=True)
class Pool:
    """Phases among which positives are sought.

    Attributes:
        x: `features`, shape (phases, features); finite.
        rivals: figures of the composition alone, by name, each shape (phases, any); finite.
        desirability: score of each role without a model.
    """

    compositions: Compositions
    x: FloatArray
    rivals: Mapping[str, FloatArray]
    desirability: Mapping[str, FloatArray]

    def rows_of(self, formulas: Sequence[str]) -> IntArray:
        """Rows of some formulas; -1 for those that are not in the pool."""
        return rows_of(self.compositions, formulas)


def rows_of(compositions: Compositions, formulas: Sequence[str]) -> IntArray:
    """Rows of some formulas among compositions; -1 for those that are not there."""
    known = {key: i for i, key in enumerate(compositions.key.tolist())}
    keys = Compositions.from_formulas(formulas).key.tolist()
    return np.array([known.get(key, -1) for key in keys], dtype=np.int64)


@dataclass(frozen=True)
class Positives:
    """What the literature has made to work in a role: one entry for each formula of each row whose
    cell did not fail and was not as bad as its control.

    Attributes:
        formulas, families, papers: by entry.
        row: in the pool that trains.
        absent: formulas that are not in it.
    """

    formulas: tuple[str, ...]
    families: tuple[str, ...]
    papers: tuple[str, ...]
    row: IntArray
    absent: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], role: str, pool: Pool) -> Positives:
        """Of one role."""
        found = [
            (formula, row.family, row.paper)
            for row in rows
            if row.role == role and not row.no_better
            for formula in row.active_formulas
        ]
        at = pool.rows_of([formula for formula, *_ in found])
        known = [entry for entry, i in zip(found, at.tolist(), strict=True) if i >= 0]
        absent = sorted({f for (f, *_), i in zip(found, at.tolist(), strict=True) if i < 0})
        formulas, families, papers = zip(*known, strict=True) if known else ((), (), ())
        return cls(formulas, families, papers, at[at >= 0], tuple(absent))

    def votes(self, entries: BoolArray, size: int) -> FloatArray:
        """Votes of each phase of a pool of that size: one per family, shared by its phases."""
        votes = np.zeros(size)
        for family in sorted(
            {f for f, chosen in zip(self.families, entries, strict=True) if chosen}
        ):
            mine = entries & (np.array(self.families, dtype=object) == family)
            members = np.unique(self.row[mine])
            votes[members] += 1 / len(members)
        return votes


@dataclass(frozen=True)
class Scale:
    """Weights on the features as they are, and the scores of the pool at equal steps of place."""

    weights: tuple[float, ...]
    scores: tuple[float, ...]

    def place(self, x: FloatArray) -> FloatArray:
        """Share of the pool that scores lower, shape (candidates,); NaN where a feature is."""
        steps = np.linspace(0, 1, len(self.scores))
        return np.asarray(np.interp(x @ np.array(self.weights), self.scores, steps))


@dataclass(frozen=True)
class Skill:
    """Where families stand among the pool that the model has not seen.

    Each family is left out with its papers and formulas; its place is the mean of its formulas'.
    Intervals are 95 %, over families. `by` names who puts them in order: "model", "desirability",
    "model and desirability" (as the ranking mixes them), or figures of the composition alone in
    the same kind of model.

    Attributes:
        pool, families, formulas: how many.
        place: mean share of the pool below; 0.5 by chance.
        top_5, top_10: share of the families that are in the best 5 and 10 % of the pool.
        gain, gain_top_10: of the model over each of the others, in place and in `top_10`.
        p: how often a model fitted to formulas drawn at random puts them as high.
        share: of the score in the ranking, by `validation.earned`.
        left_out: place of each family, best first.
    """

    pool: int
    families: int
    formulas: int
    place: dict[str, Estimate]
    top_5: dict[str, Estimate]
    top_10: dict[str, Estimate]
    gain: dict[str, Estimate]
    gain_top_10: dict[str, Estimate]
    p: float
    share: float
    left_out: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Model:
    """What orders candidates by their likeness to what has worked, and how well it does.

    Attributes:
        scales: by role.
        refits: by role, of resampled families; they give the interval.
        spread: half of that interval, by role: the median of the pool.
        skill: by role, and of all roles together.
        absent: formulas of the literature that are not in the pool.
        provenance: rows with these roles by how they were read.
        fitted_to: digests of the tables, by name.
    """

    features: tuple[str, ...]
    scales: dict[str, Scale]
    refits: dict[str, tuple[Scale, ...]]
    spread: dict[str, float]
    skill: dict[str, Skill]
    absent: tuple[str, ...]
    provenance: dict[str, int]
    fitted_to: dict[str, str]
    seed: int
    scikit_learn: str


def load() -> Model:
    """The model that is in force.

    Raises:
        DataError: if it was altered, is of another kind or was fitted to other tables.
    """
    return persistence.of_literature(NAME, Model, form=FORMAT, features=FEATURES)


def write(model: Model) -> None:
    """Put a model in place of the one in force."""
    persistence.write_of_literature(NAME, model, form=FORMAT, features=FEATURES)


def column(role: str, end: str = "") -> str:
    """Name of the column with the place of each candidate, or of an end ("low", "high")."""
    return "_".join(part for part in ("recovery", role, end, "fraction") if part)


def columns() -> tuple[Column, ...]:
    """What the model adds to the table."""
    said = (
        ("", "", "Share of known compounds that are less like what has been made to work as {}."),
        (
            "low",
            ", least",
            "Lower end of the share for {} in 80 % of refits to resampled families.",
        ),
        (
            "high",
            ", most",
            "Upper end of the share for {} in 80 % of refits to resampled families.",
        ),
    )
    return tuple(
        Column(
            column(role, end),
            f"like a proven {role}{label}",
            meaning.format(role),
            "logistic regression on literature.csv; python -m screen model card",
        )
        for role in role_names()
        for end, label, meaning in said
    )


def predict(model: Model, described: Values, compositions: Compositions) -> Values:
    """The columns of `columns` for described candidates."""
    values = Values(described.length)
    x = features(described.columns, compositions)
    reason = described.first_reason(READS)
    for role in role_names():
        if role not in model.scales:
            unknown = f"fewer than {LEAST} families in the literature as {role}, or added since"
            for end in ("", "low", "high"):
                values.add(column(role, end), np.full(described.length, np.nan), unknown)
            continue
        place = model.scales[role].place(x)
        low, high = _interval(model.refits[role], x)
        values.add(column(role), place, reason)
        values.add(column(role, "low"), np.minimum(low, place), reason)
        values.add(column(role, "high"), np.maximum(high, place), reason)
    return values


def _interval(refits: Sequence[Scale], x: FloatArray) -> FloatArray:
    """Ends of the interval of each place, shape (2, candidates)."""
    places = np.array([fit.place(x) for fit in refits])
    return np.asarray(np.quantile(places, [(1 - COVER) / 2, (1 + COVER) / 2], axis=0))


@contextmanager
def one_thread() -> Iterator[None]:
    """Many small fits are ten times slower on all cores, if others use these as well."""
    import sklearn.linear_model  # noqa: PLC0415 (takes seconds, and loads what is limited)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    assert sklearn.linear_model
    with threadpool_limits(1):
        yield


@one_thread()
def train(
    pool: Pool,
    rows: Sequence[Row],
    fitted_to: Mapping[str, str],
    mix: Mix,
    seed: int,
    progress: Progress = lambda *_: None,
) -> Model:
    """Fit to the literature, and measure.

    Args:
        seed: of resampling and shuffling.
        progress: as of `measure`.

    Raises:
        ScreenError: if no role has enough families.
    """
    import sklearn  # noqa: PLC0415 (takes seconds)

    scales: dict[str, Scale] = {}
    refits: dict[str, tuple[Scale, ...]] = {}
    spread: dict[str, float] = {}
    absent: set[str] = set()
    learned = learnable(rows, pool)
    if not learned:
        raise ScreenError(f"the literature table has fewer than {LEAST} families in every role")
    for role in learned:
        found = Positives.of(rows, role, pool)
        names = sorted(set(found.families))
        votes = found.votes(np.ones(len(found.row), dtype=bool), len(pool.x))
        scales[role] = _scale(fit_weights(pool.x, votes), pool.x, _STEPS)
        random = np.random.default_rng(seed)
        refits[role] = tuple(
            _scale(
                fit_weights(pool.x, _redrawn(found, names, random, len(pool.x))), pool.x, _COARSE
            )
            for _ in range(REFITS)
        )
        low, high = _interval(refits[role], pool.x)
        spread[role] = round(float(np.median(high - low)) / 2, 4)
        absent |= set(found.absent)
    return Model(
        features=FEATURES,
        scales=scales,
        refits=refits,
        spread=spread,
        skill=measure(pool, pool, rows, mix, seed, progress),
        absent=tuple(sorted(absent)),
        provenance=dict(sorted(Counter(r.provenance for r in rows if r.role in learned).items())),
        fitted_to=dict(fitted_to),
        seed=seed,
        scikit_learn=sklearn.__version__,
    )


def learnable(rows: Sequence[Row], pool: Pool) -> list[str]:
    """The roles with enough families in the pool to be learned, in their order."""
    return [
        role
        for role in pool.desirability
        if len(set(Positives.of(rows, role, pool).families)) >= LEAST
    ]


def _redrawn(
    found: Positives, names: Sequence[str], random: np.random.Generator, size: int
) -> FloatArray:
    """Votes if other families had been met: as many, drawn with replacement."""
    family = np.array(found.families, dtype=object)
    drawn = random.choice(len(names), len(names))
    return np.asarray(sum(found.votes(family == names[i], size) for i in drawn))


def _scale(weights: FloatArray, x: FloatArray, steps: FloatArray) -> Scale:
    scores = np.quantile(x @ weights, steps)
    return Scale(
        tuple(float(w) for w in weights.round(6)), tuple(float(s) for s in scores.round(6))
    )


def fit_weights(
    x: FloatArray, votes: FloatArray, strength: float = STRENGTH, *, signed: bool = True
) -> FloatArray:
    """Weights on the features as they are.

    Args:
        votes: of each phase; all phases are unlabelled, too.
        signed: leave out features whose weight would be negative.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes seconds)

    spread = x.std(axis=0)
    kept = spread > 0
    positive = votes > 0
    label = np.repeat([1, 0], [int(positive.sum()), len(x)])
    weight = np.concatenate([votes[positive], np.full(len(x), UNLABELLED / len(x))])
    weights = np.zeros(x.shape[1])
    while kept.any():
        z = (x[:, kept] - x[:, kept].mean(axis=0)) / spread[kept]
        fit = LogisticRegression(C=strength, max_iter=1000).fit(
            np.concatenate([z[positive], z]), label, sample_weight=weight
        )
        found = fit.coef_[0]
        if not signed or (found >= 0).all():
            weights[kept] = found / spread[kept]
            break
        kept[np.flatnonzero(kept)[found < 0]] = False
    return weights


@dataclass(frozen=True)
class _LeftOut:
    """The families of a role, each to be found among the judged phases by what the others teach."""

    judged: Pool
    pool: Pool
    found: Positives

    def splits(self) -> Iterator[tuple[str, IntArray, BoolArray]]:
        """Name of each family, its rows among the judged phases, and the entries that teach.

        No formula and no paper of the family is among those.
        """
        at = self.judged.rows_of(self.found.formulas)
        for name, tested, training in validation.leave_out(self.found.families, self.found.papers):
            members = np.unique(at[tested & (at >= 0)])
            if len(members):
                yield name, members, training & ~np.isin(self.found.row, self.found.row[tested])

    @property
    def names(self) -> tuple[str, ...]:
        """Families that can be found."""
        return tuple(name for name, *_ in self.splits())

    def standing(self, score: Score) -> FloatArray:
        """Mean place of each family, and the shares of its formulas in the best 5 and 10 %.

        Args:
            score: of every judged phase, from the votes of the families that teach.

        Returns:
            Shape (3, families).
        """
        of_family = []
        for _, members, teaching in self.splits():
            place = places(score(self.found.votes(teaching, len(self.pool.x))), members)
            of_family.append([place.mean(), (place >= 0.95).mean(), (place >= 0.9).mean()])
        return np.array(of_family).T

    def score(self, votes: FloatArray) -> FloatArray:
        """Of the judged phases, by the model that the votes teach."""
        return np.asarray(self.judged.x @ fit_weights(self.pool.x, votes))

    def rival(self, name: str, strength: float) -> FloatArray:
        """The same from figures of the composition alone."""
        x, judged = self.pool.rivals[name], self.judged.rivals[name]
        return self.standing(lambda votes: judged @ fit_weights(x, votes, strength, signed=False))

    def shuffled(self, seed: int) -> FloatArray:
        """Mean place of the families by models that were fitted to formulas drawn at random."""
        random = np.random.default_rng(seed)

        def score(votes: FloatArray) -> FloatArray:
            return self.score(random.permutation(votes))

        return np.array([self.standing(score)[0].mean() for _ in range(SHUFFLES)])


def places(score: FloatArray, rows: IntArray) -> FloatArray:
    """Share of all scores below those of some rows, equal ones counting half."""
    ordered = np.sort(score)
    below, upto = (np.searchsorted(ordered, score[rows], side) for side in ("left", "right"))
    return np.asarray((below + (upto - below - 1) / 2) / len(score))


@one_thread()
def measure(
    judged: Pool,
    pool: Pool,
    rows: Sequence[Row],
    mix: Mix,
    seed: int,
    progress: Progress = lambda *_: None,
) -> dict[str, Skill]:
    """The skill of each role that can be learned, and of ALL of them together.

    Args:
        judged: phases among which left-out families take their places.
        pool: phases that teach.
        progress: told after each part how many are done, of how many.
    """
    orders: dict[str, dict[str, FloatArray]] = {}
    skill: dict[str, Skill] = {}
    shuffled, names, formulas = [], [], 0
    learned = learnable(rows, pool)
    of = len(learned) * (2 + len(judged.rivals))
    done = itertools.count(1)
    for role in learned:
        test = _LeftOut(judged, pool, Positives.of(rows, role, pool))
        desired = judged.desirability[role]

        own = test.standing(test.score)
        alone = test.standing(partial(_always, desired))
        random = test.shuffled(seed)
        progress(next(done), of)
        p = validation.p_value(float(own[0].mean()), random)
        share = validation.earned(validation.mean(own[0] - alone[0], seed), p)
        mixed = test.standing(partial(_mixed, mix, desired, share, test.score))
        orders[role] = {"model": own, "desirability": alone, "model and desirability": mixed}
        progress(next(done), of)
        for name in judged.rivals:
            tried = [test.rival(name, strength) for strength in RIVAL_STRENGTHS]
            orders[role][name] = max(tried, key=lambda standing: float(standing[0].mean()))
            progress(next(done), of)
        count = len(np.unique(test.found.row))
        skill[role] = _skill(orders[role], random, share, (len(judged.x), count, test.names), seed)
        formulas += count
        names += [f"{name} ({role})" for name in test.names]
        shuffled.append(random * len(test.names))
    together = {
        name: np.concatenate([orders[role][name] for role in learned], axis=1)
        for name in orders[learned[0]]
    }
    random = np.sum(shuffled, axis=0) / len(names)
    counted = (len(judged.x), formulas, tuple(names))
    return skill | {ALL: _skill(together, random, 0.0, counted, seed)}


def _always(score: FloatArray, _: FloatArray) -> FloatArray:
    return score


def _mixed(
    mix: Mix, desired: FloatArray, share: float, score: Score, votes: FloatArray
) -> FloatArray:
    return mix(desired, places(score(votes), np.arange(len(desired))), share)


def _skill(
    orders: Mapping[str, FloatArray],
    shuffled: FloatArray,
    share: float,
    counted: tuple[int, int, tuple[str, ...]],
    seed: int,
) -> Skill:
    place, top_5, top_10 = (
        {name: validation.mean(standing[k], seed) for name, standing in orders.items()}
        for k in range(3)
    )
    own = orders["model"]
    gain, _, gain_top_10 = (
        {
            name: validation.mean(own[k] - standing[k], seed)
            for name, standing in orders.items()
            if name != "model"
        }
        for k in range(3)
    )
    pool, formulas, names = counted
    best_first = np.argsort(-own[0], kind="stable").tolist()
    return Skill(
        pool=pool,
        families=len(names),
        formulas=formulas,
        place=place,
        top_5=top_5,
        top_10=top_10,
        gain=gain,
        gain_top_10=gain_top_10,
        p=validation.p_value(float(own[0].mean()), shuffled),
        share=share,
        left_out=tuple((names[i], round(float(own[0, i]), 4)) for i in best_first),
    )
