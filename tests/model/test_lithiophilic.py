"""The probability of lithiophilicity: physics in its shape, honest in its skill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st

from screen import descriptors, tables, training
from screen.columns import Values
from screen.composition import FloatArray
from screen.errors import DataError, ScreenError
from screen.model import lithiophilic, persistence
from screen.model.lithiophilic import FEATURES, Labels, Model
from tests.descriptors.cases import case_of


@cache
def described() -> tuple[Labels, Values]:
    known = lithiophilic.labels()
    case = case_of(*known.formulas)
    return known, descriptors.compute_families(case, ("against_anode", "lithiophilicity"))


def probability(*formulas: str, anode: str = "Li") -> FloatArray:
    case = case_of(*formulas, anode=anode)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    column = lithiophilic.predict(values, anode).columns["lithiophilic_probability"]
    return np.asarray(column, dtype=float)


def test_metals_come_in_the_order_of_nucleation_experiments() -> None:
    """Yan et al., Nat. Energy 1, 16010 (2016): no barrier on Au, Ag, Zn, Mg; a small one on Al."""
    metals = ("Au", "Ag", "Zn", "Mg", "Al", "Cu", "Ni", "Fe", "W", "Mo", "Cr")
    p = dict(zip(metals, probability(*metals), strict=True))
    assert min(p[m] for m in ("Au", "Ag", "Zn", "Mg")) >= p["Al"]
    assert p["Al"] > max(p[m] for m in ("Cu", "Ni", "Fe", "W", "Mo", "Cr"))


def test_what_converts_comes_before_what_does_not() -> None:
    assert probability("ZnO", "SnO2", "Cu3N").min() > probability("LiF", "BeO", "SrF2").max()


@given(
    held=st.floats(0, 5),
    limit=st.floats(0, 4),
    more=st.floats(0, 2),
)
def test_more_uptake_and_higher_limit_never_speak_against_it(
    held: float, limit: float, more: float
) -> None:
    columns = {
        FEATURES[0]: np.array([held, held + more, held]),
        FEATURES[1]: np.array([limit, limit, limit + more]),
    }
    p = lithiophilic.load().probability(columns)
    assert 0 < p[0] <= min(p[1:]) + 1e-12
    assert max(p) < 1


def test_what_gives_off_lithium_at_0_v_counts_as_taking_none_up() -> None:
    columns = {FEATURES[0]: np.array([1.0, 1.0]), FEATURES[1]: np.array([np.nan, 0.0])}
    p = lithiophilic.load().probability(columns)
    assert p[0] == p[1]


def test_other_anodes_have_no_labels() -> None:
    case = case_of("Sn", anode="Na")
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    said = lithiophilic.predict(values, "Na")
    assert np.isnan(said.columns["lithiophilic_probability"]).all()
    assert said.reason("lithiophilic_probability")[0] == (
        "the labels are for lithium, nothing is known of Na"
    )


def test_sources_of_one_substrate_count_as_one() -> None:
    known = lithiophilic.labels()
    assert len(set(known.formulas)) == len(known) >= 60
    assert ((known.share >= 0) & (known.share <= 1)).all()
    by_formula = dict(zip(known.formulas, known.share.tolist(), strict=True))
    assert 0 < by_formula["Cu"] < 0.5
    assert by_formula["Ag"] == 1


def test_training_gives_the_shipped_model() -> None:
    known, values = described()
    again = lithiophilic.train(values.columns, known, seed=0)
    shipped = lithiophilic.load()
    np.testing.assert_allclose(again.weights, shipped.weights, rtol=1e-3)
    assert again.intercept == pytest.approx(shipped.intercept, rel=1e-3)
    np.testing.assert_allclose(again.skill.ranked, shipped.skill.ranked, atol=2e-3)
    assert [m[0] for m in again.skill.missed] == [m[0] for m in shipped.skill.missed]


def test_weights_are_those_of_the_most_likely_penalised_model() -> None:
    """The gradient of the penalised likelihood, written out, vanishes at the fit."""
    known, values = described()
    x = lithiophilic.transformed(values.columns)
    weights, intercept = lithiophilic._fit(x, known.share)
    p = 1 / (1 + np.exp(-(x @ weights + intercept)))
    spread = x.std(axis=0)
    slope = ((p - known.share) @ ((x - x.mean(axis=0)) / spread)) + weights * spread
    np.testing.assert_allclose(slope, 0, atol=1e-3)
    assert (p - known.share).sum() == pytest.approx(0, abs=1e-3)


def test_a_chemistry_is_told_by_the_others_alone() -> None:
    known, values = described()
    x = lithiophilic.transformed(values.columns)
    model, dumb = lithiophilic.out_of_chemistry(x, known)
    group = "oxide"
    own = np.array([c == group for c in known.chemistry])
    flipped = replace(known, share=np.where(own, 1 - known.share, known.share))
    again, dumb_again = lithiophilic.out_of_chemistry(x, flipped)
    np.testing.assert_array_equal(model[own], again[own])
    np.testing.assert_array_equal(dumb[own], dumb_again[own])
    assert (model[~own] != again[~own]).any()


def test_shuffled_labels_leave_no_skill() -> None:
    known, values = described()
    x = lithiophilic.transformed(values.columns)
    random = np.random.default_rng(1)
    true = lithiophilic.ranking_skill(lithiophilic.out_of_chemistry(x, known)[0], known.share)
    shuffled = []
    for _ in range(20):
        mixed = replace(known, share=random.permutation(known.share))
        out, _ = lithiophilic.out_of_chemistry(x, mixed)
        shuffled.append(lithiophilic.ranking_skill(out, mixed.share))
    assert np.mean(shuffled) < 0.55 < true


def test_ranking_skill_is_the_area_under_the_roc_curve() -> None:
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    random = np.random.default_rng(2)
    probability = random.random(50).round(1)
    label = (random.random(50) > 0.4).astype(float)
    assert lithiophilic.ranking_skill(probability, label) == pytest.approx(
        roc_auc_score(label, probability)
    )


def test_labels_against_physics_are_refused() -> None:
    known, values = described()
    against = replace(known, share=1 - known.share)
    with pytest.raises(ScreenError, match="speak against lithiophilicity"):
        lithiophilic.train(values.columns, against, seed=0)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shipped data in a folder that a test may change."""
    for file in tables.DATA.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for module in (tables, lithiophilic, persistence):
        monkeypatch.setattr(module, "DATA", tmp_path)
    for cached in (tables.datasets, tables.rows_of, lithiophilic.load):
        cached.cache_clear()
    yield tmp_path
    for cached in (tables.datasets, tables.rows_of, lithiophilic.load):
        cached.cache_clear()


def change(folder: Path, **what: object) -> None:
    path = folder / "lithiophilic_model.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(said | what), encoding="utf-8")
    tables.seal(folder)


def test_an_altered_model_is_refused(copied: Path) -> None:
    """What else is refused, and how it is said: see test_stored."""
    change(copied, intercept=3.0)
    with pytest.raises(DataError, match=r"lithiophilic_model\.json was altered"):
        lithiophilic.load()


def test_a_model_of_other_labels_is_refused(copied: Path) -> None:
    labels = copied / "lithiophilic_labels.csv"
    labels.write_bytes(labels.read_bytes() + b"\n")
    tables.seal(copied)
    tables.datasets.cache_clear()
    with pytest.raises(DataError, match="fitted to another state of lithiophilic_labels than"):
        lithiophilic.load()


def as_of_today(model: Model) -> Model:
    """With the version of the library that fits in these tests."""
    return replace(model, scikit_learn=sklearn.__version__)


def test_train_writes_what_load_reads(copied: Path) -> None:
    before = lithiophilic.load()
    path = copied / "lithiophilic_model.json"
    first = path.read_bytes()
    made: Model = training.fit_lithiophilic(0)
    lithiophilic.write(made)
    assert lithiophilic.load() == made == as_of_today(before)
    assert (path.read_bytes() == first) == (made == before)


YAN = (("Au", "Ag", "Zn", "Mg"), ("Al", "Pt"), ("C", "Sn", "Si"), ("Ni", "Cu"))
"""By nucleation barrier, none to largest: Yan et al., Nat. Energy 1, 16010 (2016)."""


def test_the_order_of_nucleation_barriers_is_that_of_the_figures_in_part() -> None:
    """A test of what it reads, not of the fit: nickel and copper are last, tin and silicon are not
    where the paper has them.
    """
    formulas = [formula for group in YAN for formula in group]
    case = case_of(*formulas)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    told = dict(zip(formulas, lithiophilic.load().probability(values.columns), strict=True))
    inert = max(told[formula] for formula in YAN[-1])
    assert all(told[formula] > inert for group in YAN[:-1] for formula in group)
    assert told["C"] < min(told[formula] for group in YAN[:2] for formula in group)
    assert told["Sn"] > told["Mg"]


def test_what_takes_up_nothing_is_told_nothing() -> None:
    """Both figures are zero there, whatever it is; the labels of such substrates are split."""
    case = case_of("LiF", "Ni", "Cu", "TiN")
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    told = lithiophilic.load().probability(values.columns)
    assert np.ptp(told) == 0
    assert told[0] == pytest.approx(0.5, abs=0.1)


def test_where_nothing_is_told_of_a_substrate_it_is_said() -> None:
    """Both figures are zero: the probability is one for all of them, and its text says so."""
    formulas = ("LiF", "Ni", "Ag", "ZnO")
    case = case_of(*formulas)
    values = descriptors.compute_families(case, ("against_anode", "lithiophilicity"))
    (notes,) = lithiophilic.notes(values.columns).values()
    assert [bool(note) for note in notes] == [True, True, False, False]
    same = lithiophilic.predict(values, "Li").columns[lithiophilic.COLUMN]
    assert same[0] == same[1]
    assert same[0] not in same[2:]
