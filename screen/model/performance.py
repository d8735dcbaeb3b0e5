"""What a cell with a given film, host or alloy may carry: critical current density and cumulative
plated capacity.

A linear model of the logarithm with Gaussian spread, in which a test that was stopped while the
cell was still stable counts as a lower bound (Tobin, Econometrica 26, 24, 1958; parameters as in
Olsen, Econometrica 46, 1211, 1978). Conditions of the test come first; what is known of the
material is added, and its gain over the conditions alone is measured on families left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screen.columns import Column, Values
from screen.composition import (
    INDEX,
    BoolArray,
    Compositions,
    FloatArray,
    parse_formula,
    segment_sum,
)
from screen.errors import ScreenError
from screen.literature import Row
from screen.model import paired, persistence, validation
from screen.model.validation import Estimate
from screen.tables import role_names

NAME, FORMAT = "performance_model", 3
FEATURES = ("uptake", "matrix")
READS = ("alloyed_per_host_atom", "matrix_fraction")
"""Descriptors that `features` reads."""
TARGETS = ("ccd", "capacity")
UNITS = {"ccd": "ma_cm2", "capacity": "mah_cm2"}
FIGURES = {"ccd": "critical current density", "capacity": "cumulative plated capacity"}
"""What the targets are called."""
_CELL = ("garnet", "other_class", "film", "temperature", "pressure")
CONDITIONS = {
    "ccd": (*_CELL, "areal_capacity"),
    "capacity": (*_CELL, "areal_capacity", "current"),
}
"""What the conditions alone are told. The cycling current of a row with a critical current density
is not among those of "ccd": it was chosen with the result in sight."""
BARE = "bare Li"
"""Family of cells without a film; they teach, but are no material to be left out."""
PENALTY, MATERIAL_PENALTY = 1.0, 10.0
"""Ridge penalties on weights of conditions and features, as tests against any effect."""
ROOM_C = 25.0
SHUFFLES = 199
COVER = 0.8
ASKED: dict[str, Any] = {
    "class": "sulfide",
    "temperature_c": 25.0,
    "current_ma_cm2": 0.5,
    "capacity_mah_cm2": 0.5,
}
"""Conditions that predictions are for; the pressure is that of a typical test."""


def features(columns: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
    """FEATURES of each material, shape (materials, features); NaN where a descriptor is.

    Anode metal that its alloys hold (log), and share of the contact products that conducts ions.
    """
    alloyed, matrix = (columns[name].astype(float) for name in READS)
    return np.column_stack([np.log1p(alloyed), matrix])


@dataclass(frozen=True)
class Tests:
    """Cells of the literature with a figure of one target.

    Attributes:
        y: log10 of the figure.
        bound: whether it is a lower bound.
        conditions: shape (tests, conditions), in yes or no, decades, and steps of ROOM_C above it;
            where the source says nothing, the mean of the others.
        material: shape (tests, features); NaN without a film or where nothing is known of it.
        family, paper, label: of each test.
    """

    y: FloatArray
    bound: BoolArray
    conditions: FloatArray
    material: FloatArray
    family: tuple[str, ...]
    paper: tuple[str, ...]
    label: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)

    @property
    def film(self) -> BoolArray:
        """Which tests have a material."""
        return np.array([family != BARE for family in self.family])


def tests(rows: Sequence[Row], target: str, known: Mapping[str, FloatArray]) -> Tests:
    """The tests of one target; a control of bare metal is a test of its own.

    Full cells, cells that carried current in one way only, and rows that speak of the electrolyte
    itself are left out.

    Args:
        known: `features` of each formula that has them.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row.role not in (*role_names(), "bare_anode") or row.cell_type == "full":
            continue
        if row.test != "cycled":
            continue
        own = "" if row.role == "bare_anode" else row.family
        for who, family in (("", own), ("control_", "")):
            if who and not row.control_label.startswith(BARE):
                continue
            test = _test(row, who, target)
            if test is None:
                continue
            test["family"] = family or BARE
            test["material"] = _material(row, known) if family else np.full(len(FEATURES), np.nan)
            test["label"] = row.material_label if family else BARE
            found.setdefault((row.paper, test["label"], test["y"], *test["conditions"][:2]), test)
    if not found:
        raise ScreenError(f"the literature table has no test of {target}")
    every = list(found.values())
    conditions = np.array([test["conditions"] for test in every], dtype=float)
    typical = np.nanmean(np.where(np.isnan(conditions).all(axis=0), 0.0, conditions), axis=0)
    return Tests(
        np.array([test["y"] for test in every]),
        np.array([test["bound"] for test in every]),
        np.where(np.isnan(conditions), typical, conditions),
        np.array([test["material"] for test in every]),
        tuple(test["family"] for test in every),
        tuple(test["paper"] for test in every),
        tuple(test["label"] for test in every),
    )


def _test(row: Row, who: str, target: str) -> dict[str, Any] | None:
    """The figure of a row, or of its control, with its conditions; None if it has none."""
    current, capacity, hours, cycles, ccd = (
        getattr(row, f"{who}{name}")
        for name in (
            *("current_ma_cm2", "capacity_mah_cm2", "lifetime_h", "lifetime_cycles"),
            "ccd_ma_cm2",
        )
    )
    if math.isnan(hours):
        hours = cycles * 2 * capacity / current
    value = ccd if target == "ccd" else current * hours / 2  # half the time it plates
    if not value > 0:
        return None
    of_class = row.electrolyte_class
    everything = {
        "garnet": of_class == "garnet",
        "other_class": of_class not in ("garnet", ASKED["class"]),
        "film": not who and row.role != "bare_anode",
        "temperature": row.temperature_c / ROOM_C - 1,
        "pressure": math.log10(1 + row.stack_pressure_mpa),
        "current": _log(current),
        "areal_capacity": _log(row.ccd_capacity_mah_cm2 if target == "ccd" else capacity),
    }
    stopped = row.ccd_censored if target == "ccd" else row.lifetime_censored
    return {
        "y": math.log10(value),
        "bound": bool(stopped) and not who,
        "conditions": [float(everything[name]) for name in CONDITIONS[target]],
        "paper": row.paper,
    }


def _log(value: float) -> float:
    return math.log10(value) if value > 0 else math.nan


def _material(row: Row, known: Mapping[str, FloatArray]) -> FloatArray:
    """Features of what acts together: of each the most; NaN if nothing is known of any."""
    found = [known[formula] for formula in row.active_formulas if formula in known]
    return np.max(found, axis=0) if found else np.full(len(FEATURES), np.nan)


@dataclass(frozen=True)
class Fit:
    """Weights on conditions, then features, as they are, and the spread; in log10."""

    weights: tuple[float, ...]
    intercept: float
    spread: float
    typical: tuple[float, ...]

    def predict(self, conditions: FloatArray, material: FloatArray) -> FloatArray:
        """Shape (tests,). A material that nothing is known of, and none, count as typical ones."""
        x = np.column_stack([conditions, np.where(np.isnan(material), self.typical, material)])
        return np.asarray(x @ np.array(self.weights) + self.intercept)


def fit(tests: Tests, rows: BoolArray, material: FloatArray | None = None) -> Fit:
    """The most likely penalised model of some tests.

    Args:
        rows: the tests that teach.
        material: other features in place of the tests' own, shape (tests, features or 0).
    """
    of = tests.material if material is None else material
    known = of[rows]
    typical = np.nan_to_num(np.nanmean(known, axis=0)) if known.shape[1] else np.zeros(0)
    x = np.column_stack([tests.conditions[rows], np.where(np.isnan(known), typical, known)])
    mean = x.mean(axis=0)
    penalty = np.repeat([PENALTY, MATERIAL_PENALTY], [tests.conditions.shape[1], len(typical)])
    found, spread = censored_ridge(x - mean, tests.y[rows], tests.bound[rows], penalty)
    weights = tuple(found[1:].tolist())
    return Fit(weights, float(found[0] - found[1:] @ mean), spread, tuple(typical.tolist()))


def censored_ridge(
    x: FloatArray, y: FloatArray, bound: BoolArray, penalty: FloatArray
) -> tuple[FloatArray, float]:
    """Linear regression with Gaussian spread s where some y are lower bounds.

    Newton's method on the log likelihood in d = weights / s and t = 1 / s, in which it is concave
    (Olsen 1978), minus half the sum of penalty times d squared.

    Args:
        x: shape (rows, features).
        y, bound: shape (rows,); at least one is no bound.
        penalty: shape (features,); the intercept has none.

    Returns:
        Intercept and weights, shape (1 + features,), and s.
    """
    a = np.column_stack([np.ones(len(y)), x, -y])
    exact = int((~bound).sum())
    if not exact:
        raise ScreenError("all figures are lower bounds; nothing can be fitted to them")
    ridge = np.concatenate([[1e-6], penalty, [0.0]])

    def likelihood(z: FloatArray) -> float:
        if z[-1] <= 0:
            return -math.inf
        u = -a @ z
        told = np.where(bound, _log_beyond(u), math.log(z[-1]) - u * u / 2)
        return float(told.sum() - (ridge * z * z).sum() / 2)

    z = np.concatenate([[y.mean()], np.zeros(x.shape[1]), [1.0]]) / max(float(y.std()), 0.1)
    now = likelihood(z)
    for _ in range(100):
        u = -a @ z
        hazard = np.exp(-u * u / 2 - math.log(2 * math.pi) / 2 - _log_beyond(u))
        slope = a.T @ np.where(bound, hazard, u) - ridge * z
        slope[-1] += exact / z[-1]
        bend = (a * np.where(bound, hazard * (hazard - u), 1.0)[:, None]).T @ a + np.diag(ridge)
        bend[-1, -1] += exact / z[-1] ** 2
        step = np.linalg.solve(bend, slope)
        while (then := likelihood(z + step)) < now and np.abs(step).max() > 1e-12:
            step /= 2
        z, gained, now = z + step, then - now, then
        if gained < 1e-10:
            break
    return z[:-1] / z[-1], float(1 / z[-1])


def _log_beyond(u: FloatArray) -> FloatArray:
    """Log of the chance that a normal variable is above u."""
    from scipy.special import log_ndtr  # noqa: PLC0415

    return np.asarray(log_ndtr(-u))


def log_likelihood(tests: Tests, rows: BoolArray, found: Fit, predicted: FloatArray) -> FloatArray:
    """Log of how likely each figure was, by the prediction and the spread of a fit."""
    u = (tests.y[rows] - predicted) / found.spread
    exact = -u * u / 2 - math.log(found.spread) - math.log(2 * math.pi) / 2
    return np.where(tests.bound[rows], _log_beyond(u), exact)


@dataclass(frozen=True)
class Skill:
    """How well material families are told that the model has not seen, their papers left out too.

    Attributes:
        tests, films, bounds, families, papers: how many; films have a material.
        gain: in log likelihood per test over the conditions alone, mean of families.
        explained: the same as a share of the spread, 1 - exp(-2 gain).
        p: how often shuffled materials gain as much.
        share: of the score in the ranking, by `validation.earned` from `explained`.
        error, error_by_conditions, error_by_median: mean absolute error of log10 of the reported
            figure: of the model, of the conditions alone, of the median of the other families.
        cover: share of families' figures in the interval that is meant to hold COVER.
        left_out: of each film: label, family, reported, low, predicted, high; log10.
    """

    tests: int
    films: int
    bounds: int
    families: int
    papers: int
    gain: Estimate
    explained: Estimate
    p: float
    share: float
    error: Estimate
    error_by_conditions: Estimate
    error_by_median: Estimate
    cover: Estimate
    left_out: tuple[tuple[str, str, float, bool, float, float, float], ...]


@dataclass(frozen=True)
class Target:
    """The model of one target.

    Attributes:
        fit: to all tests.
        asked: conditions of the predictions.
        low, middle, high: what to add for the interval of what a paper would report.
        domain: least and largest value of each feature among the materials.
        poor, good: what the middle is for the worst and best tenth of these materials.
    """

    fit: Fit
    asked: tuple[float, ...]
    low: float
    middle: float
    high: float
    domain: tuple[tuple[float, float], ...]
    poor: float
    good: float
    skill: Skill

    def predict(self, material: FloatArray) -> FloatArray:
        """Low end, middle and high end of the figure, shape (3, materials)."""
        conditions = np.broadcast_to(self.asked, (len(material), len(self.asked)))
        predicted = self.fit.predict(conditions, material)
        predicted[np.isnan(material).any(axis=1)] = np.nan
        return np.asarray(10 ** (predicted + np.array([self.low, self.middle, self.high])[:, None]))


@dataclass(frozen=True)
class Model:
    """Both targets; the elements of what taught them; digests of tables by name.

    Attributes:
        paired: what the ratio to the control of the same paper says of a film, by its name.
    """

    features: tuple[str, ...]
    targets: dict[str, Target]
    elements: tuple[str, ...]
    paired: dict[str, paired.Skill]
    fitted_to: dict[str, str]
    seed: int


def load() -> Model:
    """The model that is in force.

    Raises:
        DataError: if it was altered, is of another kind or was fitted to other tables.
    """
    return persistence.of_literature(NAME, Model, form=FORMAT, features=FEATURES)


def write(model: Model) -> None:
    """Put a model in place of the one in force."""
    persistence.write_of_literature(NAME, model, form=FORMAT, features=FEATURES)


def column(target: str, end: str = "") -> str:
    """Name of the column with the figure of each candidate, or of an end ("low", "high")."""
    return "_".join(part for part in ("predicted", target, end, UNITS[target]) if part)


OUTSIDE = "predicted_outside_domain"


def columns() -> tuple[Column, ...]:
    """What the model adds to the table."""
    where = (
        f"beside a {ASKED['class']} electrolyte at {ASKED['temperature_c']:g} °C and "
        f"{ASKED['capacity_mah_cm2']:g} mAh/cm²"
    )
    at = {"ccd": where, "capacity": f"{where}, {ASKED['current_ma_cm2']:g} mA/cm²"}
    said = (
        ("", "", "What a paper would report as {} {}; a weak guess, see its interval."),
        ("low", ", least", "Lower end of the 80 % interval of the {} that a paper would report."),
        ("high", ", most", "Upper end of the 80 % interval of the {} that a paper would report."),
    )
    by = "censored linear model of literature.csv; python -m screen model card"
    return (
        *(
            Column(
                column(target, end),
                FIGURES[target] + label,
                meaning.format(FIGURES[target], at[target]),
                by,
                rounding=2,
            )
            for target in TARGETS
            for end, label, meaning in said
        ),
        Column(
            OUTSIDE,
            "outside the domain",
            "Whether it holds an element that no material holds that taught the predictions, or a "
            "feature of it is outside their range.",
            by,
            "flag",
        ),
    )


def predict(model: Model, described: Values, compositions: Compositions) -> Values:
    """The columns of `columns` for described candidates."""
    values = Values(described.length)
    x = features(described.columns)
    reason = described.first_reason(READS)
    new = ~np.isin(compositions.element, [INDEX[symbol] for symbol in model.elements])
    outside = segment_sum(new.astype(np.int64), compositions.start) > 0
    for name, target in model.targets.items():
        for end, figures in zip(("low", "", "high"), target.predict(x), strict=True):
            values.add(column(name, end), figures, reason)
        low, high = np.array(target.domain).T
        outside |= ((x < low - 1e-6) | (x > high + 1e-6)).any(axis=1)
    flags = outside.astype(object)
    flags[np.isnan(x).any(axis=1)] = None
    values.add(OUTSIDE, flags, reason)
    values.columns = {c.name: values.columns[c.name] for c in columns()}
    return values


def train(
    rows: Sequence[Row], known: Mapping[str, FloatArray], fitted_to: Mapping[str, str], seed: int
) -> Model:
    """Fit both targets and measure them.

    Args:
        known: `features` of each formula that has them.
        seed: of resampling and shuffling.
    """
    return Model(
        FEATURES,
        {name: _target(tests(rows, name, known), name, seed) for name in TARGETS},
        _elements(rows, known),
        {
            name: skill
            for name in paired.TARGETS
            if (skill := paired.measure(paired.Pairs.of(rows, name, known), seed)) is not None
        },
        dict(fitted_to),
        seed,
    )


def _elements(rows: Sequence[Row], known: Mapping[str, FloatArray]) -> tuple[str, ...]:
    """Elements of the materials of all tests that have features."""
    formulas = {
        f for row in rows if row.role in role_names() for f in row.active_formulas if f in known
    }
    return tuple(sorted({symbol for formula in formulas for symbol in parse_formula(formula)}))


def _target(told: Tests, name: str, seed: int) -> Target:
    everything = np.ones(len(told), dtype=bool)
    skill, residual, group = _measure(told, seed)
    low, middle, high = validation.offsets(residual, group, COVER)
    typical = dict(zip(CONDITIONS[name], told.conditions.mean(axis=0).tolist(), strict=True))
    asked = typical | {
        "garnet": 0.0,
        "other_class": 0.0,
        "film": 1.0,
        "temperature": ASKED["temperature_c"] / ROOM_C - 1,
        "current": math.log10(ASKED["current_ma_cm2"]),
        "areal_capacity": math.log10(ASKED["capacity_mah_cm2"]),
    }
    if not np.isfinite([low, middle, high]).all():
        raise ScreenError(f"too few material families with a figure of {name} for an interval")
    found = told.material[~np.isnan(told.material).any(axis=1)]
    best = _rounded(fit(told, everything))
    conditions = tuple(round(asked[condition], 6) for condition in CONDITIONS[name])
    at = best.predict(np.broadcast_to(conditions, (len(found), len(conditions))), found)
    poor, good = (10 ** (np.quantile(at, [0.1, 0.9]) + middle)).tolist()
    return Target(
        fit=best,
        asked=conditions,
        low=round(low, 6),
        middle=round(middle, 6),
        high=round(high, 6),
        domain=tuple(
            (round(least, 6), round(most, 6))
            for least, most in zip(
                found.min(axis=0).tolist(), found.max(axis=0).tolist(), strict=True
            )
        ),
        poor=round(poor, 4),
        good=round(good, 4),
        skill=skill,
    )


def _rounded(found: Fit) -> Fit:
    def short(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(round(value, 6) for value in values)

    return Fit(
        short(found.weights),
        round(found.intercept, 6),
        round(found.spread, 6),
        short(found.typical),
    )


def out_of_family(
    told: Tests, material: FloatArray | None = None, seen: BoolArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Prediction and log likelihood of each film by a fit to other families and papers.

    Args:
        material: as in `fit`.
        seen: tests that any fit may see, and that are predicted; all by default.

    Returns:
        Each of shape (tests,); NaN for cells without a film, and for what no fit may see.
    """
    predicted, likelihood = np.full((2, len(told)), np.nan)
    of = told.material if material is None else material
    seen = np.ones(len(told), dtype=bool) if seen is None else seen
    for _, family, teaching in validation.leave_out(told.family, told.paper, (BARE,)):
        tested = family & seen
        if not tested.any():
            continue
        found = fit(told, teaching & seen, of)
        predicted[tested] = found.predict(told.conditions[tested], of[tested])
        likelihood[tested] = log_likelihood(told, tested, found, predicted[tested])
    return predicted, likelihood


def _measure(told: Tests, seed: int) -> tuple[Skill, FloatArray, tuple[str, ...]]:
    """The skill, and the residuals of the films with their families."""
    film = told.film
    family = tuple(name for name, chosen in zip(told.family, film, strict=True) if chosen)
    label = [name for name, chosen in zip(told.label, film, strict=True) if chosen]
    names, member = np.unique(np.array(family), return_inverse=True)

    def by_family(each: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(member, each) / np.bincount(member))

    predicted, likely = out_of_family(told)
    alone, likely_alone = out_of_family(told, np.empty((len(told), 0)))
    gains = by_family((likely - likely_alone)[film])
    gain = validation.mean(gains, seed)
    random = np.random.default_rng(seed)
    shuffled = []
    for _ in range(SHUFFLES):
        mixed = told.material.copy()
        mixed[film] = random.permutation(mixed[film])
        shuffled.append(by_family((out_of_family(told, mixed)[1] - likely_alone)[film]).mean())
    p = validation.p_value(float(gains.mean()), np.array(shuffled))
    explained = Estimate(*(round(1 - math.exp(-2 * value), 4) for value in gain))
    y, residual = told.y[film], (told.y - predicted)[film]

    def error(residuals: FloatArray) -> Estimate:
        """Of the reported figure: the residual less what the others' is in the middle."""
        middle = [
            validation.offsets(residuals[member != m], names[member[member != m]], COVER)[1]
            for m in member.tolist()
        ]
        return validation.mean(by_family(np.abs(residuals - np.array(middle))), seed)

    low, middle, high = _nested(told, predicted)
    inside = (low[film] <= y) & (y <= high[film])
    table = zip(
        label,
        family,
        np.round(y, 4).tolist(),
        told.bound[film].tolist(),
        *(np.round(end[film], 4).tolist() for end in (low, middle, high)),
        strict=True,
    )
    skill = Skill(
        tests=len(told),
        films=int(film.sum()),
        bounds=int(told.bound.sum()),
        families=len(names),
        papers=len(set(told.paper)),
        gain=gain,
        explained=explained,
        p=p,
        share=validation.earned(explained, p),
        error=error(residual),
        error_by_conditions=error((told.y - alone)[film]),
        error_by_median=error(y),
        cover=validation.mean(by_family(inside.astype(float)), seed),
        left_out=tuple(table),
    )
    return skill, residual, family


def _nested(told: Tests, predicted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Interval of each film and its middle, from residuals of other families and papers by fits
    that never saw its own.
    """
    ends = np.full((3, len(told)), np.nan)
    for _, tested, others in validation.leave_out(told.family, told.paper, (BARE,)):
        without, _ = out_of_family(told, seen=others)
        rest = ~np.isnan(without)
        families = [family for family, chosen in zip(told.family, rest, strict=True) if chosen]
        added = validation.offsets((told.y - without)[rest], families, COVER)
        ends[:, tested] = predicted[tested] + np.array(added)[:, None]
    low, middle, high = ends
    return low, middle, high
