"""The trial of an order: laws of its controls and folds; chemistry is told from simplicity."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest

from screen.composition import Compositions, FloatArray
from screen.model import figures, matched
from screen.model.figures import PHYSICS
from screen.model.matched import CONTROLS, Entry, Pool, Trial

COUNT = 600
HOST, FILM = "host", "interlayer"


@cache
def made_up() -> Pool:
    """Phases whose figures are noise but for one of physics, `relief`."""
    random = np.random.default_rng(3)
    symbols = ["Li", "O", "Zn", "Ag", "F", "Cu", "N", "Si"]
    formulas: dict[str, None] = {}
    while len(formulas) < COUNT:
        chosen = random.choice(symbols, random.integers(2, 5), replace=False)
        formulas[
            "".join(f"{s}{n}" for s, n in zip(chosen, random.integers(1, 9, 9), strict=False))
        ] = None
    compositions = Compositions.from_formulas(list(formulas))
    keep = np.sort(np.unique(compositions.key, return_index=True)[1])
    compositions = compositions.take(keep)
    count = len(compositions)
    found = random.normal(size=(count, len(PHYSICS)))
    tried = np.column_stack(
        [-np.log(compositions.size), -np.log(compositions.atoms), random.normal(size=(count, 5))]
    )
    return Pool(
        compositions,
        found,
        tried,
        random.normal(size=(count, 6)),
        {"noise": random.normal(size=(count, 3))},
        {role: random.random(count) for role in (FILM, HOST)},
        {role: random.random(count) < 0.5 for role in (FILM, HOST)},
    )


def relief() -> FloatArray:
    return made_up().physics[:, [figure.name for figure in PHYSICS].index("relief")]


def trial(rows: list[int], role: str = FILM, families: int = 8) -> Trial:
    """Entries in families of their own papers, two formulas each."""
    entries = tuple(
        Entry(row, role, f"family {i % families}", f"paper {i % families}", 2018 + i % 6)
        for i, row in enumerate(rows)
    )
    return Trial(made_up(), entries, 0)


def simple_best() -> list[int]:
    """Of the simplest half, what the planted figure puts first."""
    simple = np.flatnonzero(made_up().compositions.size <= 3)
    best: list[int] = simple[np.argsort(-relief()[simple])][:16].tolist()
    return best


def drawn(seed: int = 0) -> list[int]:
    random = np.random.default_rng(seed)
    rows: list[int] = random.choice(len(made_up().compositions), 16, replace=False).tolist()
    return rows


def mean(found: list[matched.Standing], measure: str = "matched") -> float:
    return float(np.nanmean([getattr(one, measure) for one in found]))


def test_controls_are_as_simple_and_unlabelled() -> None:
    asked = trial(drawn())
    size = made_up().compositions.size
    for row, controls in asked.matched.items():
        assert len(controls) <= CONTROLS
        assert set(size[controls]) == {size[row]}
        assert not set(controls.tolist()) & set(asked.row.tolist())
        apart = np.linalg.norm(made_up().simplicity - made_up().simplicity[row], axis=1)
        others = np.setdiff1d(asked.unlabelled[size[asked.unlabelled] == size[row]], controls)
        assert not len(others) or apart[controls].max() <= apart[others].min()


def test_balanced_controls_are_as_often_lighter_as_heavier() -> None:
    asked = trial(drawn())
    size, atoms = made_up().compositions.size, made_up().compositions.atoms
    mass = made_up().simplicity[:, 0]
    balanced = 0
    for row, controls in asked.balanced.items():
        assert set(size[controls]) == {size[row]}
        assert len(controls) <= CONTROLS
        lighter = int((mass[controls] <= mass[row]).sum())
        if 2 * lighter != len(controls):
            np.testing.assert_array_equal(controls, asked.nearest(row))  # too few on a side
            continue
        balanced += 1
        assert len(controls) >= matched.FEWEST
        assert (np.abs(np.log(atoms[controls] / atoms[row])) <= matched.WIDEST + 1e-9).all()
    assert balanced > len(asked.balanced) / 2


def same(score: FloatArray, votes: matched.Votes) -> matched.Scores:
    return dict.fromkeys(votes, score)


def test_lightness_alone_is_chance_only_among_balanced_controls() -> None:
    """An order of mean mass, whatever the scale, cannot win."""
    light = np.argsort(made_up().simplicity[:, 0])[10:200:8].tolist()
    asked = trial(light)
    for power in (1, 3):
        score = (5 - made_up().simplicity[:, 0]) ** power
        found = asked.standing(partial(same, score))
        assert mean(found, "balanced") == pytest.approx(0.5, abs=0.06)
        assert mean(found, "matched") > mean(found, "balanced")


def test_nothing_of_a_family_teaches_in_any_role() -> None:
    """Neither its formulas, nor its papers, nor itself, whatever the role."""
    asked = trial(drawn())
    first = asked.entries[0]
    also = (
        Entry(first.row, HOST, "other", "another paper", 2020),  # its formula
        Entry(drawn(1)[0], HOST, "other", first.paper, 2020),  # its paper
        Entry(drawn(1)[1], HOST, first.family, "a third paper", 2020),  # itself
        Entry(drawn(1)[2], HOST, "other", "a fourth paper", 2020),
    )
    asked = replace(asked, entries=(*asked.entries, *also))
    (fold,) = [fold for fold in asked.folds if fold.family == first.family]
    assert fold.votes[FILM][first.row] == 0
    assert np.flatnonzero(fold.votes[HOST]).tolist() == [also[3].row]
    assert fold.members[HOST].tolist() == [also[2].row]
    assert len(fold.members[FILM]) == 2


def test_votes_are_one_per_family() -> None:
    asked = trial(drawn())
    for fold in asked.folds:
        assert fold.votes[FILM].sum() == pytest.approx(7)
        assert fold.votes[HOST].sum() == 0


def test_equal_scores_count_half() -> None:
    score = np.array([0.0, 1.0, 1.0, 2.0])
    assert matched.ahead(score, 1, np.array([0, 2, 3])) == pytest.approx(0.5)
    assert matched.ahead(score, 3, np.array([0, 1, 2])) == 1
    asked = trial(drawn())
    flat = asked.standing(lambda votes: dict.fromkeys(votes, np.zeros(len(asked.pool.tried))))
    assert {one.matched for one in flat} == {0.5}
    assert {one.alike for one in flat} == {0.5}


def test_what_is_planted_is_found_and_what_is_not_is_not() -> None:
    planted = trial(simple_best())
    for tried in ("nuisance", "counts"):
        assert mean(planted.standing(planted.shared(tried=tried))) > 0.9
        chance = [
            mean(random.standing(random.shared(tried=tried)))
            for random in map(trial, map(drawn, range(12)))
        ]
        assert np.mean(chance) == pytest.approx(0.5, abs=0.1)
    assert mean(planted.standing(planted.by_figures(planted.pool.rivals["noise"]))) < 0.75


def test_simplicity_alone_wins_places_but_no_matches() -> None:
    """What is simple stands among the best, and ahead of nothing that is as simple."""
    asked = trial(simple_best())
    score = -made_up().compositions.size - 1e-9 * made_up().compositions.atoms
    found = asked.standing(lambda votes: dict.fromkeys(votes, score))
    assert mean(found, "matched") == pytest.approx(0.5, abs=0.12)


def test_later_papers_test_what_earlier_ones_taught() -> None:
    asked = trial(drawn())
    fold = asked.later(2020)
    before = {entry.row for entry in asked.entries if entry.year <= 2020}
    assert set(np.flatnonzero(fold.votes[FILM]).tolist()) == before
    assert set(fold.members[FILM].tolist()) == set(asked.row.tolist()) - before
    unknown = replace(asked, entries=tuple(e._replace(year=np.nan) for e in asked.entries))
    assert not len(unknown.later(2020).members[FILM])


def test_within_gates_both_sides_pass() -> None:
    asked = trial(drawn())
    for (role, row), controls in asked.matched_within.items():
        assert made_up().passed[role][row]
        assert made_up().passed[role][controls].all()
    closed = replace(made_up(), passed=dict.fromkeys((FILM, HOST), np.zeros(len(relief()), bool)))
    shut = replace(asked, pool=closed)
    assert np.isnan([one.within for one in shut.standing(shut.by_desirability)]).all()
    assert matched.summary(shut.standing(shut.by_desirability), "within", 0) is None


def test_the_mixture_without_a_share_is_the_desirability() -> None:
    asked = trial(drawn())

    def mix(desired: FloatArray, place: FloatArray, share: float) -> FloatArray:
        return (1 - share) * desired + share * place

    alone = asked.standing(asked.by_desirability)
    assert asked.standing(asked.by_mixture(mix, {})) == alone
    assert asked.standing(asked.by_mixture(mix, {FILM: 0.9})) != alone
    gain = matched.gain(alone, alone, "matched", 0)
    assert gain == (0.0, 0.0, 0.0)


def test_missing_figures_are_the_median() -> None:
    x = np.array([[1.0, np.nan, np.nan], [3.0, np.nan, 4.0], [np.nan, np.nan, 6.0]])
    np.testing.assert_array_equal(figures.filled(x), [[1, 0, 5], [3, 0, 4], [2, 0, 6]])
