"""Moduli from composition: the arrays are scikit-learn's trees, and the error bars hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Element
from sklearn.ensemble import HistGradientBoostingRegressor

from screen import tables
from screen.composition import SYMBOLS, Compositions, FloatArray
from screen.elastic import magpie, moduli, train_moduli
from screen.elastic.moduli import CHEMISTRIES, FORMAT, Model
from screen.elastic.train_moduli import Training
from screen.errors import DataError
from tests.descriptors.cases import phases
from tests.test_tables import copied

__all__ = ["copied"]


def small() -> HistGradientBoostingRegressor:
    """A model that is trained in no time."""
    return HistGradientBoostingRegressor(
        max_iter=4, max_leaf_nodes=12, early_stopping=False, random_state=0
    )


def of_the_embedded() -> tuple[list[str], FloatArray]:
    """Formulas and moduli of the phases that ship with the package."""
    names = ("bulk_modulus_gpa", "shear_modulus_gpa")
    values = np.stack([phases().numbers(name) for name in names], axis=1)
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    return [phases().formulas[row] for row in rows.tolist()], values[rows]


@pytest.fixture(scope="module")
def training() -> Training:
    return Training.of(*of_the_embedded(), 1000.0)


@pytest.fixture(scope="module")
def trained(training: Training) -> Model:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_moduli, "FOLDS", 2)
        return train_moduli.train(training, small)[0]


def predict(*formulas: str) -> moduli.Prediction:
    return moduli.shipped().predict(Compositions.from_formulas(formulas))


# The arrays.


@pytest.mark.parametrize("changes", [{}, {"max_depth": 3}, {"max_leaf_nodes": 5}, {"max_iter": 1}])
def test_arrays_predict_what_scikit_learn_predicts(
    training: Training, changes: dict[str, Any]
) -> None:
    features = magpie.features(training.compositions)
    everything = magpie.features(phases().compositions)
    everything = everything[~np.isnan(everything).any(axis=1)]
    assert len(everything) > 2 * 1024  # more than one block
    for target in range(2):
        fitted = small().set_params(**changes).fit(features, training.log10_gpa[:, target])
        trees = train_moduli.flat(fitted)
        assert len(trees.root) == fitted.n_iter_
        np.testing.assert_allclose(
            trees.predict(everything), fitted.predict(everything), rtol=0, atol=1e-10
        )


def test_a_constant_gives_trees_of_one_leaf(training: Training) -> None:
    features = magpie.features(training.compositions)
    trees = train_moduli.flat(small().fit(features, np.full(len(features), 1.5)))
    np.testing.assert_allclose(trees.predict(features), 1.5, atol=1e-12)


def test_written_and_read_it_predicts_the_same(trained: Model, tmp_path: Path) -> None:
    trained.write(tmp_path / "model.npz")
    again = Model.read(tmp_path / "model.npz")
    for one, two in zip(
        vars(trained.predict(phases().compositions)).values(),
        vars(again.predict(phases().compositions)).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    assert again.facts == trained.facts
    assert again.known_formula == trained.known_formula
    again.write(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "model.npz").read_bytes()


# The file.


def test_an_altered_model_is_refused(copied: Path) -> None:
    path = copied / moduli.FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"moduli_model\.npz is .* datasets\.toml says .*reinstall"):
        tables.checked("moduli_model", ".npz")


def test_another_format_is_refused(tmp_path: Path) -> None:
    with np.load(tables.DATA / moduli.FILE) as file:
        arrays: dict[str, Any] = dict(file)
    arrays["format"] = np.array(FORMAT + 1)
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(DataError, match=rf"format {FORMAT + 1}, this program reads {FORMAT}"):
        Model.read(tmp_path / "model.npz")
    arrays |= {"format": np.array(FORMAT), "features": arrays["features"][::-1]}
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(DataError, match="other features"):
        Model.read(tmp_path / "model.npz")


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(data)
    with pytest.raises(DataError, match=r"model\.npz: no readable model"):
        Model.read(tmp_path / "model.npz")


def test_the_shipped_file_is_small_and_says_where_it_is_from() -> None:
    assert (tables.DATA / moduli.FILE).stat().st_size < 400_000
    facts = moduli.shipped().facts
    assert set(facts) == {"scikit_learn", "compounds", "table", "table_sha256"}
    assert len(facts["table_sha256"]) == 64
    assert f"{int(facts['compounds']):,}" in tables.datasets()["moduli_model"]["title"]


# Laws.

some_compositions = st.lists(
    st.dictionaries(st.sampled_from(SYMBOLS[:94]), st.integers(1, 30), min_size=1, max_size=6),
    min_size=1,
    max_size=20,
)


@settings(max_examples=25)
@given(some_compositions)
def test_no_prediction_leaves_the_range_of_the_training_data(rows: list[dict[str, int]]) -> None:
    model = moduli.shipped()
    found = model.predict(Compositions.from_counts(rows))
    known = found.reason == ""
    assert (np.isnan(found.value).any(axis=1) == ~known).all()
    least, largest = 10**model.range_log10
    assert (found.value[known] >= least * (1 - 1e-12)).all()
    assert (found.value[known] <= largest * (1 + 1e-12)).all()
    assert (found.low[known] < found.value[known]).all()
    assert (found.value[known] < found.high[known]).all()
    alone = model.predict(Compositions.from_counts(rows[-1:]))
    np.testing.assert_array_equal(alone.value[0], found.value[-1])
    np.testing.assert_array_equal(alone.high[0], found.high[-1])
    assert alone.extrapolated[0] == found.extrapolated[-1]


def test_what_the_trees_say_beyond_the_range_is_cut_off() -> None:
    narrow = replace(moduli.shipped(), range_log10=np.array([[1.5, 1.0], [2.0, 1.5]]))
    found = narrow.predict(phases().compositions)
    value = found.value[found.reason == ""]
    np.testing.assert_allclose(value.min(axis=0), 10 ** np.array([1.5, 1.0]))
    np.testing.assert_allclose(value.max(axis=0), 10 ** np.array([2.0, 1.5]))


def test_the_interval_is_wider_where_a_pair_is_new() -> None:
    model = moduli.shipped()
    rows = phases().compositions
    found, kind = model.predict(rows), moduli.chemistry(rows)
    known = found.reason == ""
    assert 0 < found.extrapolated[known].mean() < 0.5
    width = np.log10(found.high / found.value)
    expected = model.width_log10[kind] * np.where(found.extrapolated[:, None], model.widening, 1)
    np.testing.assert_allclose(width[known], expected[known])
    assert (model.widening >= 1).all()
    assert model.widening.max() > 1
    assert len(model.width_log10) == len(CHEMISTRIES)


def test_a_pair_is_new_if_no_compound_of_the_training_data_holds_both(training: Training) -> None:
    pairs = moduli.occurring_together(training.there)
    assert not moduli.new_pair(training.there, pairs).any()
    without = ~training.there[:, SYMBOLS.index("Li")]
    fewer = moduli.occurring_together(training.there[without])
    assert moduli.new_pair(training.there, fewer).tolist() == (~without).tolist()


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("H2", "no solid at room temperature"),
        ("O2", "no solid at room temperature"),
        ("Hg", "no solid at room temperature"),
        ("Kr", "no solid at room temperature"),
        ("He", "no figures of the element He to predict from"),
        ("BkLi", "no figures of the element Bk to predict from"),
        ("CO2", "a compound of nonmetals only is often molecular; none is predicted"),
        ("XeF2", "a compound of nonmetals only is often molecular; none is predicted"),
        ("PoLi2", "no compound of Po with known moduli to learn from"),
    ],
)
def test_what_cannot_be_predicted_says_why(formula: str, reason: str) -> None:
    found = predict("LiF", formula, "Cu")
    assert found.reason.tolist() == ["", reason, ""]
    assert np.isnan(found.value[1]).all()
    assert np.isnan(found.low[1]).all()


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("LiZn", "alloy"),
        ("Li15Si4", "alloy"),
        ("LiF", "halide"),
        ("Li6PS5Cl", "halide"),
        ("Li3OCl", "halide"),
        ("Li3PO4", "oxide"),
        ("Li3PS4", "chalcogenide"),
        ("Li3N", "other"),
        ("TiC", "other"),
    ],
)
def test_chemistries(formula: str, kind: str) -> None:
    (index,) = moduli.chemistry(Compositions.from_formulas([formula]))
    assert CHEMISTRIES[index] == kind


# Published values.


def hill_shear(c11: float, c12: float, c44: float) -> float:
    """Mean of the Voigt and Reuss shear moduli of a cubic crystal (Hill, 1952)."""
    voigt = (c11 - c12 + 3 * c44) / 5
    reuss = 5 * (c11 - c12) * c44 / (4 * c44 + 3 * (c11 - c12))
    return (voigt + reuss) / 2


PUBLISHED = {
    # Sumino, Anderson and Suzuki, Phys. Chem. Minerals 9, 38 (1983), 300 K.
    "MgO": (162.8, hill_shear(296.6, 95.9, 156.2)),
    # As the embedded table gives it, from the Materials Project.
    "LiF": (70.0, 51.0),
    **{
        symbol: (float(Element(symbol).bulk_modulus), float(Element(symbol).rigidity_modulus))
        for symbol in ("Cu", "W")
    },
}


@pytest.mark.parametrize("formula", ["MgO", "LiF"])
def test_published_values_lie_within_the_interval_though_left_out(formula: str) -> None:
    """The prediction is that of a model that never saw the compound's chemical system."""
    model = moduli.shipped()
    value = model.known_gpa[model.known_formula.index(formula)]
    kind = moduli.chemistry(Compositions.from_formulas([formula]))[0]
    error = np.abs(np.log10(value / np.array(PUBLISHED[formula])))
    assert (error <= model.width_log10[kind]).all()


@pytest.mark.parametrize("formula", ["LiF", "Cu", "W"])
def test_published_values_lie_within_the_shipped_interval(formula: str) -> None:
    found = predict(formula)
    assert (found.low[0] <= PUBLISHED[formula]).all()
    assert (PUBLISHED[formula] <= found.high[0]).all()


def test_soft_is_soft_and_hard_is_hard() -> None:
    bulk, shear = predict("Li", "NaCl", "LiF", "Cu", "TiN", "W", "WC").value.T
    assert (np.diff(bulk) > 0).all()
    assert bulk[0] < 20
    assert bulk[-1] > 300
    assert shear[0] < 10
    assert shear[-1] > 150


def test_what_the_table_has_as_a_median_of_polymorphs_is_learnt_as_such() -> None:
    """A known limit: of MgO the table gives 48.5 GPa in shear, the median of four polymorphs."""
    found = predict("MgO")
    bulk, shear = PUBLISHED["MgO"]
    assert found.low[0, 0] <= bulk <= found.high[0, 0]
    assert 48.5 < found.value[0, 1] < found.high[0, 1] < shear


def test_composition_cannot_tell_diamond_from_graphite() -> None:
    """A known limit: the bulk modulus of diamond is 442 GPa (McSkimin and Andreatch, 1972)."""
    assert predict("C").high[0, 0] < 442


# The training.


def test_impossible_moduli_and_what_is_no_solid_are_not_learnt_from() -> None:
    formulas, values = of_the_embedded()
    clean = Training.of(formulas, values, 1000.0)
    bad = np.array([[2e7, 50], [80, 0], [80, -3], [np.nan, 30], [80, np.nan], [5, 2], [5, 2]])
    extra = ["LiCd9", "LiBi2", "LiSb3", "LiIn7", "LiHg9", "CO2", "LiAt"]
    found = Training.of([*formulas, *extra], np.vstack([values, bad]), 1000.0)
    assert set(found.formulas) & set(extra) == set()
    assert found.formulas == clean.formulas
    assert "Cu" in clean.formulas


def test_order_of_the_table_changes_nothing(
    tmp_path: Path, trained: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_moduli, "FOLDS", 2)
    formulas, values = of_the_embedded()
    order = np.random.default_rng(5).permutation(len(formulas))
    table = tmp_path / "moduli.csv"
    table.write_text("of these\n")
    paths: list[Path] = []
    for rows in (np.arange(len(formulas)), order):
        folder = tmp_path / str(len(paths))
        folder.mkdir()
        (folder / "datasets.toml").write_text('[moduli_model]\nsha256 = ""\n')
        chosen = [formulas[row] for row in rows.tolist()]
        path, said = train_moduli.build(table, chosen, values[rows], 1000.0, folder, small)
        assert tables.sha256(path) in (folder / "datasets.toml").read_text()
        assert said.startswith(f"{trained.facts['compounds']} of {len(formulas)} compounds used")
        paths.append(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_too_few_compounds_are_refused() -> None:
    with pytest.raises(DataError, match="2 compounds to learn from, at least 200"):
        Training.of(["LiF", "NaCl"], np.array([[70.0, 50], [24, 13]]), 1000.0)


def test_a_chemical_system_is_left_out_whole(training: Training) -> None:
    class Spy:
        """Predicts whether it has seen the system."""

        def fit(self, features: FloatArray, _: FloatArray) -> Spy:
            self.seen = features[:, 0]
            return self

        def predict(self, features: FloatArray) -> FloatArray:
            return np.isin(features[:, 0], self.seen).astype(float)

    system = (training.compositions.system % np.uint64(2**50)).astype(float)[:, None]
    assert (np.unique(system, return_counts=True)[1] > 1).any()
    assert not train_moduli.left_out(training, system, Spy).any()
    assert len(np.unique(training.folds())) == train_moduli.FOLDS


def test_conformal_quantile() -> None:
    assert train_moduli.quantile(np.arange(1.0, 10.0))[0] == 8  # rank ceil(10 x 0.8)
    assert train_moduli.quantile(np.array([3.0]))[0] == 3


def test_intervals_cover_what_they_promise() -> None:
    """Errors that differ by chemistry, and are twice as large for new pairs."""
    rng = np.random.default_rng(7)
    kind = rng.integers(0, len(CHEMISTRIES), 40_000)
    new = rng.random(40_000) < 0.1
    scale = (1.0 + kind) * np.where(new, 2.0, 1.0)
    errors: FloatArray = np.abs(rng.normal(size=(40_000, 2))) * scale[:, None]
    half = slice(None, None, 2)
    by_kind, widening = train_moduli.widths(errors[half], kind[half], new[half])
    assert widening == pytest.approx(2, rel=0.1)
    width = by_kind[kind] * np.where(new[:, None], widening, 1)
    covered = (errors <= width)[1::2]
    for rows in (new[1::2], ~new[1::2], *(kind[1::2] == k for k in range(len(CHEMISTRIES)))):
        np.testing.assert_allclose(covered[rows].mean(axis=0), 0.8, atol=0.03)


def test_measured_coverage_is_that_of_the_other_folds(training: Training) -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=training.log10_gpa.shape)
    skill = train_moduli.measure(training, training.log10_gpa + noise)
    np.testing.assert_allclose(skill.errors, noise)
    assert skill.covered.mean() == pytest.approx(0.8, abs=0.04)
    said = train_moduli.report(skill, 9999)
    assert said.startswith(f"{len(noise)} of 9999 compounds used")
    assert "| halide |" in said
