"""The learned order: its rule, its laws, what the shipped model is held to, and no leaks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from screen import literature, predictions, training
from screen.cli import main
from screen.composition import Compositions
from screen.errors import DataError
from screen.model import figures, learned, learning
from screen.model.estimators import SharedLogistic
from screen.model.figures import DESIRABILITY, PHYSICS, TRIED
from screen.model.learned import COUNTED, Gain, Model
from screen.model.matched import Trial
from screen.model.validation import Estimate
from screen.ranking.roles import roles
from tests.descriptors.cases import phases
from tests.model import trained
from tests.model.test_matched import FILM, HOST, made_up, simple_best, trial

GOOD, OPEN, BAD = Estimate(0.1, 0.01, 0.2), Estimate(0.1, -0.01, 0.2), Estimate(-0.1, -0.2, 0.0)


@cache
def shipped() -> Model:
    return predictions.order_model()


@cache
def seen(formulas: tuple[str, ...]) -> learned.Candidates:
    """Some formulas as the order sees them."""
    described = training.described(phases(), formulas)
    scores = {name: np.array([score] * 3) for name, score in described.pool.desirability.items()}
    x = figures.physics(described.columns)
    return learned.Candidates(described.pool.compositions, x, scores)


SOME = ("LiF", "Li3N", "Mg2Si", "Sn", "Li17Sn4", "SiO2", "TiN", "Ag", "Li7La3Zr2O12", "LiAl")


# The rule


@pytest.mark.parametrize(
    ("overall", "within", "leads"),
    [
        (GOOD, GOOD, True),
        (GOOD, OPEN, False),
        (OPEN, GOOD, False),
        (GOOD, None, False),
        (BAD, GOOD, False),
        (GOOD._replace(low=0.0), GOOD, False),
    ],
)
def test_a_role_is_earned_by_both_lower_ends(
    overall: Estimate, within: Estimate | None, leads: bool
) -> None:
    for balanced in (GOOD, BAD):
        assert learned.earns(Gain(overall, within, balanced, None, 9)) == leads


def test_the_shipped_order_leads_where_its_own_figures_say_so() -> None:
    for of_role in shipped().roles.values():
        assert of_role.leads == learned.earns(of_role.gain)
    assert {role for role in shipped().roles if shipped().leads(role)} == {"alloy"}


def test_too_few_families_earn_nothing() -> None:
    few = trial(simple_best()[:4], families=2)
    standings = few.standing(few.by_desirability)
    assert learning.gains(standings, standings, 0) == {}


def test_an_order_is_not_ahead_of_itself() -> None:
    whole = trial(simple_best())
    standings = whole.standing(whole.by_desirability)
    for gain in learning.gains(standings, standings, 0).values():
        assert gain.matched == gain.balanced == Estimate(0, 0, 0)
        assert not learned.earns(gain)


def test_whether_it_leads_where_a_family_is_sought_is_decided_by_the_others() -> None:
    whole = trial(simple_best())
    by_hand = whole.standing(whole.by_desirability)
    ahead = [
        one._replace(matched=other.matched + 0.2, within=other.within + 0.2)
        for one, other in zip(by_hand, by_hand, strict=True)
    ]
    assert learning.in_force(ahead, by_hand, by_hand, 0) == ahead
    # One family far ahead, all others behind: where it is sought it has no say.
    behind = [one._replace(matched=one.matched - 0.1) for one in by_hand]
    alone = [ahead[0]._replace(matched=99.0), *behind[1:]]
    assert learning.in_force(alone, by_hand, by_hand, 0)[0] == by_hand[0]


# Laws


def test_the_shipped_model_is_the_estimator() -> None:
    """Log odds are those of the fitted estimator with the same weights, to the last digit."""
    model, found = shipped(), seen(SOME)
    names = sorted(model.roles)
    fit = SharedLogistic().fit(np.eye(len(learned.FEATURES))[:4], [0, 1, 0, 1])
    fit.tasks_ = np.array(names)
    fit.coef_ = np.array([model.roles[name].weights for name in names])
    fit.intercept_ = np.array([model.roles[name].intercept for name in names])
    for role in names:
        x = found.figures(model, role)
        task = np.full(len(x), role)
        usual = np.array([model.roles[role].usual])
        expected = fit.decision_function(x, task) - fit.decision_function(usual, task[:1])
        np.testing.assert_allclose(learned.relative(model.roles[role], x), expected, atol=1e-12)


def test_what_was_tried_is_no_merit() -> None:
    """All candidates are judged as if tried as often as the median phase."""
    model, found = shipped(), seen(SOME)
    for role, of_role in model.roles.items():
        x = found.figures(model, role)
        assert (x[:, COUNTED:] == np.array(of_role.usual[COUNTED:])).all()
        assert any(of_role.weights[COUNTED:])


def test_signs_are_kept() -> None:
    for of_role in shipped().roles.values():
        for weights in (of_role.weights, *of_role.refits):
            for figure, weight in zip((*PHYSICS, DESIRABILITY), weights, strict=False):
                assert figure.sign * weight >= 0, figure.name
            assert len(weights) == COUNTED + len(TRIED)


def test_contributions_sum_to_the_log_odds() -> None:
    model, found = shipped(), seen(SOME)
    for role, of_role in model.roles.items():
        odds = learned.relative(of_role, found.figures(model, role))
        for added, total in zip(
            learned.contributions(model, role, found), odds.tolist(), strict=True
        ):
            assert sum(by for _, by in added) == pytest.approx(total, abs=1e-9)
            assert [abs(by) for _, by in added] == sorted(
                (abs(by) for _, by in added), reverse=True
            )


def test_what_is_not_known_adds_nothing_and_is_within_its_bounds() -> None:
    model, found = shipped(), seen(SOME)
    bare = replace(found, physics=np.full_like(found.physics, np.nan))
    for role, of_role in model.roles.items():
        x = bare.figures(model, role)[:, : len(PHYSICS)]
        np.testing.assert_array_equal(x - np.array(of_role.usual[: len(PHYSICS)]), 0)
        for candidates in (found, bare):
            low, middle, high = (
                learned.relative(of_role, candidates.figures(model, role, end))
                for end in (-1, 0, 1)
            )
            assert (low <= middle + 1e-9).all()
            assert (middle <= high + 1e-9).all()


def test_controls_are_as_simple_and_never_the_candidate() -> None:
    model, found = shipped(), seen(SOME)
    controls = learned.Controls.of(model)
    beside = controls.nearest(found)
    for row, near in enumerate(beside.tolist()):
        if near[0] < 0:
            assert found.compositions.size[row] > 3
            continue
        assert len(set(near)) == learned.COMPARED
        assert set(controls.compositions.size[near]) == {found.compositions.size[row]}
        assert found.compositions.key[row] not in controls.compositions.key[near]
    itself = learned.Candidates(
        controls.compositions.take(np.arange(40)), controls.physics[:40], {}
    )
    for row, near in enumerate(controls.nearest(itself).tolist()):
        assert row not in near


def test_no_control_is_named_by_the_literature() -> None:
    named = {f for row in literature.rows() if not row.no_better for f in row.active_formulas}
    keys = set(Compositions.from_formulas(named).key.tolist())
    assert not keys & set(learned.Controls.of(shipped()).compositions.key.tolist())


# No leaks


def test_shuffled_formulas_bring_the_gain_to_nothing() -> None:
    """Formulas in other places of the pool, with families and papers as they were."""
    base = training.trial(trained.described(), literature.rows(), 0)
    at = np.random.default_rng(5).permutation(len(base.pool.compositions))
    moved = tuple(one._replace(row=int(at[one.row])) for one in base.entries)
    other = replace(base, entries=moved)
    few = other.folds[::3]
    standings = other.standing(other.shared(tried="nuisance"), few)
    assert np.mean([one.balanced for one in standings]) == pytest.approx(0.5, abs=0.15)
    gains = learning.gains(standings, other.standing(other.by_desirability, few), 0)
    assert gains
    assert not any(map(learned.earns, gains.values()))


def test_copies_of_papers_and_formulas_teach_nothing() -> None:
    """Rows again under other families: the paper or the formula keeps them out with the first."""
    whole = trial(simple_best())
    order = whole.shared(tried="nuisance")
    before = whole.standing(order)
    copies = tuple(
        entry._replace(family=f"copy of {entry.family}", role=HOST) for entry in whole.entries
    )
    doubled = Trial(made_up(), (*whole.entries, *copies), 0)
    for fold in doubled.folds:
        name = fold.family.removeprefix("copy of ")
        mine = [entry.row for entry in whole.entries if entry.family == name]
        assert not any(votes[mine].any() for votes in fold.votes.values())
    after = [one for one in doubled.standing(doubled.shared(tried="nuisance")) if one.role == FILM]
    gain = np.mean([one.balanced for one in after]) - np.mean([one.balanced for one in before])
    assert gain == pytest.approx(0, abs=0.05)


# The shipped file


def test_a_model_of_other_roles_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shipped().roles["alloy"]
    changed = replace(
        shipped(), roles=shipped().roles | {"alloy": replace(other, judged_by="another")}
    )
    monkeypatch.setattr(learned, "load", lambda: changed)
    with pytest.raises(DataError, match=r"another role 'alloy' .* run 'python -m screen model"):
        predictions.order_model()
    assert main(["rank", "-q"]) == DataError.exit_code
    assert capsys.readouterr().err.count("\n") == 1


def test_the_reference_set_gives_an_order_of_the_same_kind() -> None:
    """What anybody can fit: the same features and roles, and the same roles led."""
    fitted = trained.learned_order()
    assert fitted.features == shipped().features
    assert list(fitted.roles) == list(shipped().roles) == list(roles())
    assert {r for r in fitted.roles if fitted.leads(r)} == {"alloy"}
    assert fitted.table[0] == "reference"
    assert fitted.table[2] == len(trained.pool().compositions)
    again = Trial(training.trial(trained.described(), literature.rows(), 0).pool, (), 0)
    assert len(again.teaching) == fitted.table[2]


def test_how_often_it_was_tried_follows_the_literature() -> None:
    """Formulas that papers name stand high, though each is judged as if it did not."""
    whole = training.trial(trained.described(), literature.rows(), 0)
    place = shipped().tried.place(whole.pool.tried)
    assert np.median(place[np.unique(whole.row)]) > 0.9
    assert np.median(place[whole.unlabelled]) == pytest.approx(0.5, abs=0.3)
