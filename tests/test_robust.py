"""How sure the first ten are: laws of the draws, what is kept, and what is said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from screen import pipeline, robust
from screen.candidates import chosen_case
from screen.columns import missing
from screen.composition import BoolArray, FloatArray
from screen.errors import DataError, UsageError
from screen.predictions import FIRST, first_ten_column
from screen.ranking.order import FLOOR, passing
from screen.ranking.roles import chosen_roles
from screen.run import Run
from screen.settings import Settings
from tests.descriptors.cases import phases

DRAWS = 3


def settings(draws: int = DRAWS, seed: int = 0) -> Settings:
    return Settings(check_candidates=1, check_interfaces=1, robust=draws, seed=seed)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREEN_HOME", str(tmp_path_factory.mktemp("robust")))
        yield pipeline.run(phases(), settings(), chosen_roles(()))


def test_chances_are_shares_and_sum_to_no_less_than_ten(run: Run) -> None:
    for ranking in run.rankings:
        chance = run.values.columns[first_ten_column(ranking.role.name)]
        known = ~np.isnan(chance)
        assert ((chance[known] >= 0) & (chance[known] <= 1)).all()
        assert np.nansum(chance) >= FIRST - 1e-3  # what comes to the same counts for each
        assert known[ranking.rank == 1].all()


def test_chances_follow_the_ranking(run: Run) -> None:
    """The first are likelier among the first than those far down."""
    for ranking in run.rankings:
        chance = run.values.columns[first_ten_column(ranking.role.name)]
        first = (ranking.rank > 0) & (ranking.rank <= FIRST)
        last = ranking.rank > 3 * FIRST
        assert np.nanmean(chance[first]) > 0.3
        assert not last.any() or np.nanmean(chance[first]) > 2 * np.nanmean(chance[last])


def test_what_is_not_looked_at_has_a_reason(run: Run) -> None:
    for ranking in run.rankings:
        name = first_ten_column(ranking.role.name)
        gone = missing(run.values.columns[name])
        assert (run.values.reason(name)[gone] != "").all()


def test_draws_are_kept_and_read_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(robust, "_draw", never)
    roles = [ranking.role for ranking in run.rankings]
    again = robust.values(run.case, run.values, run.rankings, lambda *_: None)
    for role in roles:
        np.testing.assert_array_equal(
            again.columns[first_ten_column(role.name)],
            run.values.columns[first_ten_column(role.name)],
        )


def test_off_by_default_and_without_a_column() -> None:
    bare = pipeline.run(phases(), settings(0), chosen_roles(("host",)))
    assert not [name for name in bare.values.columns if name.startswith("first_ten")]


def test_a_role_of_another_name_is_refused() -> None:
    """It has no column; one of a shipped name has, whatever its goals are."""
    (host,) = chosen_roles(("host",))
    with pytest.raises(UsageError, match="'cage' is none of interlayer, host, alloy"):
        pipeline.run(phases(), settings(), (host.model_copy(update={"name": "cage"}),))
    case, _ = chosen_case(phases(), settings(0), (host,), selected=False)
    pipeline.check_roles((host.model_copy(update={"name": "cage"}),), case)


def test_energies_of_an_unknown_scheme_have_no_chance(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise DataError("errors of these energies are not known")

    monkeypatch.setattr(robust, "_kept", unknown)
    found = robust.values(run.case, run.values, run.rankings, lambda *_: None)
    for name in found.columns:
        assert np.isnan(found.columns[name]).all()
        assert found.reason(name)[0] == "errors of these energies are not known"


# The count of the first


def count(scores: FloatArray, passed: BoolArray, group: list[int]) -> list[float]:
    found: list[float] = robust._first(scores, passed, np.array(group)).tolist()
    return found


def test_the_first_ten_groups_count_with_all_their_members() -> None:
    scores = np.arange(13, 0, -1.0)[np.newaxis].repeat(2, axis=0)
    everyone = np.ones(13, dtype=bool)
    assert count(scores, everyone, list(range(13))) == [2] * 10 + [0] * 3
    # The last comes to the same as the first: both count, and one more has room.
    assert count(scores, everyone, [*range(12), 0]) == [2] * 10 + [0, 0, 2]
    some = everyone.copy()
    some[0] = False
    assert count(scores, some, list(range(13))) == [0] + [2] * 10 + [0, 0]
    few = np.arange(13) < 4
    assert count(scores, few, list(range(13))) == [2] * 4 + [0] * 9
    assert count(scores, ~everyone, list(range(13))) == [0] * 13


def test_scores_vary_around_the_hand_weighted_one() -> None:
    """With the weights as they are it is the score, and what is known surely has no spread."""
    role = chosen_roles(("host",))[0]
    run = pipeline.run(phases(), settings(0), (role,))
    table, size = run.values.columns, len(run.case)
    kind, passed = passing(role, table, size)
    np.testing.assert_array_equal(passed, run.rankings[0].passed)
    np.testing.assert_array_equal(kind, run.rankings[0].kind)
    drawn = robust._hand_weighted(role, table, kind, np.random.default_rng(0))
    assert drawn.shape == (robust.WEIGHTS, size)
    assert ((drawn >= FLOOR - 1e-12) & (drawn <= 1 + 1e-12)).all()
    ranking = run.rankings[0]
    known = passed & (ranking.score_low == ranking.score_high)
    middle = np.exp(np.log(drawn[:, known]).mean(axis=0))
    np.testing.assert_allclose(middle, ranking.score_without_model[known], rtol=0.15)
