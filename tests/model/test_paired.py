"""The ratio to the control of the same paper: what it is made of, and when it would count."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from screen import literature
from screen.composition import FloatArray
from screen.model import paired, performance
from screen.model.model_cards import cards
from screen.model.paired import Pairs, Skill
from screen.model.validation import Estimate
from tests.conftest import ROOT
from tests.model import trained


def made_up(slope: float, papers: float = 0.0, seed: int = 0) -> Pairs:
    """Ten families of three papers, two pairs each: a material's effect and that of the paper."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(30, 2)).repeat(2, axis=0) + 0.1 * random.normal(size=(60, 2))
    of_paper = random.normal(scale=papers, size=30).repeat(2) if papers else np.zeros(60)
    y = 1.0 + slope * x[:, 0] + of_paper + 0.1 * random.normal(size=60)
    names = [f"paper {i // 2}" for i in range(60)]
    return Pairs(y, x, tuple(f"family {i // 6}" for i in range(60)), tuple(names))


def skill(pairs: Pairs) -> Skill:
    found = paired.measure(pairs, 0)
    assert found is not None
    return found


def test_a_planted_effect_counts_and_noise_does_not() -> None:
    assert skill(made_up(1.0)).counts
    assert skill(made_up(1.0, papers=0.3)).counts
    assert not skill(made_up(0.0)).counts
    shuffled = made_up(1.0)
    random = np.random.default_rng(1)
    assert not skill(replace(shuffled, material=random.permutation(shuffled.material))).counts


def test_what_a_paper_does_alike_is_not_the_material() -> None:
    """A paper far off moves its own term, and hardly those of others."""
    pairs = made_up(0.0)
    off = replace(pairs, y=pairs.y + np.where(np.array(pairs.paper) == "paper 3", 5.0, 0.0))
    every = np.ones(60, dtype=bool)
    before, after = paired.predict(pairs, every), paired.predict(off, every)
    mean = off.y.mean() - pairs.y.mean()
    assert np.abs(after - before).mean() < 2 * mean


def test_of_one_family_with_its_papers_nothing_teaches() -> None:
    pairs = made_up(1.0)
    tested = np.array(pairs.family) == "family 0"
    moved = replace(pairs, y=pairs.y + np.where(tested, 9.0, 0.0))
    taught = ~tested
    np.testing.assert_array_equal(
        paired.predict(pairs, taught)[tested], paired.predict(moved, taught)[tested]
    )


def test_too_few_families_are_not_measured() -> None:
    pairs = made_up(1.0)
    few = np.array(pairs.family) < "family 2"
    some = Pairs(
        pairs.y[few],
        pairs.material[few],
        tuple(np.array(pairs.family)[few].tolist()),
        tuple(np.array(pairs.paper)[few].tolist()),
    )
    assert paired.measure(some, 0) is None
    assert paired.measure(Pairs.of([], "ccd", {}), 0) is None


def test_pairs_are_ratios_of_one_paper() -> None:
    known: dict[str, FloatArray] = trained.known()
    for target, name in paired.TARGETS.items():
        pairs = Pairs.of(trained.ROWS, target, known)
        rows = [
            row
            for row in trained.ROWS
            if getattr(row, name) > 0
            and getattr(row, f"control_{name}") > 0
            and any(formula in known for formula in row.active_formulas)
        ]
        assert len(rows) == len(pairs.y) >= 20
        assert pairs.paper == tuple(row.paper for row in rows)
        ratio = [getattr(row, name) / getattr(row, f"control_{name}") for row in rows]
        np.testing.assert_allclose(10**pairs.y, ratio)


def test_the_card_and_the_repository_say_what_is_measured() -> None:
    known = trained.known()
    shipped, said = performance.load().paired, cards()["performance"]
    assert list(shipped) == list(paired.TARGETS)
    with (ROOT / "results/evaluation/full_table.csv").open(newline="", encoding="utf-8") as file:
        written = {
            (row["of"], row["by"], row["measure"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["model"] == "paired"
        }
    for name, of_pair in shipped.items():
        again = skill(Pairs.of(literature.rows(), name, known))
        assert again.gain.value == pytest.approx(of_pair.gain.value, abs=2e-4)
        assert written[name, "model", "gain over the median in decades"] == of_pair.gain.value
        line = said[f"{paired.FIGURES[name]}, ratio of film to control"]
        assert str(of_pair.gain) in line
        assert ("no weight" in line) == (not of_pair.counts)


def test_it_counts_only_with_its_interval() -> None:
    found = skill(made_up(1.0))
    assert not replace(found, gain=Estimate(0.1, 0.0, 0.2)).counts
    assert replace(found, gain=Estimate(0.1, 0.01, 0.2)).counts
