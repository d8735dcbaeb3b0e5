"""Cards: computed once, the same for terminal and page."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from screen import cards, literature
from screen.ranking.order import FLOOR, UNKNOWN
from screen.reactions import atoms_of
from screen.run import Run
from screen.similarity import places
from screen.units import KJ_MOL_PER_EV
from tests.report import runs


@pytest.fixture(scope="module")
def done() -> Run:
    return runs.done()


@pytest.fixture(scope="module")
def everyone(done: Run) -> list[cards.Card]:
    return list(cards.cards(done, range(len(done.case))))


@pytest.fixture(scope="module")
def packed(done: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(cards.packed(done, range(len(done.case)))))
    return found


def test_goals_give_the_score(done: Run, everyone: list[cards.Card]) -> None:
    for ranking in done.rankings:
        for i, card in enumerate(everyone):
            goals = ranking.role.goals
            asked = np.array([not g.kinds or ranking.kind[i] in g.kinds for g in goals])
            weights = np.array([goal.weight for goal in goals]) * asked
            met = card.goals[ranking.role.name]
            known = np.where(np.isnan(met), UNKNOWN, np.maximum(met, FLOOR))
            if weights.sum():
                score = np.exp((weights * np.log(known)).sum() / weights.sum())
                learned = ranking.role.learned is not None
                own = ranking.score_without_model if learned else ranking.score
                assert score == pytest.approx(own[i])


def test_alternatives_are_the_nearest_that_passed(done: Run, everyone: list[cards.Card]) -> None:
    fractions = done.case.compositions.fractions()
    line = places()
    for ranking in done.rankings:
        passed = np.flatnonzero(ranking.rank)
        for i in range(0, len(everyone), 9):
            near = everyone[i].alternatives[ranking.role.name]
            far = [wasserstein_distance(line, line, fractions[i], fractions[j]) for j in passed]
            expected = sorted(
                (round(d, 6), int(ranking.rank[j]))
                for d, j in zip(far, passed.tolist(), strict=True)
                if j != i
            )[: cards.ALTERNATIVES]
            assert [(round(n.distance, 6), int(ranking.rank[n.place])) for n in near] == expected


def test_precedents_are_named_and_of_the_family_if_any_is(
    done: Run, everyone: list[cards.Card]
) -> None:
    papers, families = done.identity["reference"], done.identity["family"]
    for i, card in enumerate(everyone):
        found = [near.place for near in card.precedents]
        assert 0 < len(found) <= cards.PRECEDENTS
        assert i not in found
        assert all(papers[j] for j in found)
        others = [j for j in range(len(papers)) if j != i and papers[j]]
        relatives = [j for j in others if families[i] and families[j] == families[i]]
        assert card.same_family == bool(relatives)
        assert set(found) <= set(relatives or others)
        far = [near.distance for near in card.precedents]
        assert far == sorted(far)


def test_what_only_failed_is_no_precedent(
    done: Run, everyone: list[cards.Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = everyone[0].precedents[0].place
    key = int(done.case.compositions.key[named])
    monkeypatch.setattr(literature, "never_better", lambda **_: frozenset({key}))
    shown = {near.place for card in cards.cards(done, [0, 1, 2]) for near in card.precedents}
    assert shown
    assert named not in shown


def test_profiles_are_those_of_the_case(done: Run, everyone: list[cards.Card]) -> None:
    profiles, judged = done.case.equilibria.profiles, done.values.columns["interphase"]
    for i, card in enumerate(everyone):
        own = slice(profiles.start[i], profiles.start[i + 1])
        assert [state.v_low for state in card.states] == profiles.v_low[own].tolist()
        assert [state.uptake for state in card.states] == profiles.uptake[own].tolist()
        assert sum(card.shares) == pytest.approx(1)
        assert len(card.shares) == len(card.states[-1].products)
        if np.isnan(done.values.columns["conducting_fraction"][i]):
            continue
        for column, meanings in (
            ("alloy_fraction", {0}),
            ("matrix_fraction", {1}),
            ("conducting_fraction", {0, 2}),
        ):
            share = sum(
                part
                for part, product in zip(card.shares, card.states[-1].products, strict=True)
                if product.meaning in meanings
            )
            told = done.values.columns[column][i]
            if column == "matrix_fraction" and told in (0, 1) and judged[i] == "stable":
                continue  # an insulator that stays what it is: a matrix of itself, or none
            assert share == pytest.approx(told)


def test_what_products_mean(done: Run) -> None:
    zno = done.case.formulas.index("ZnO")
    (card,) = cards.cards(done, [zno])
    meanings = {p.formula: cards.MEANINGS[p.meaning] for p in card.states[-1].products}
    assert meanings == {
        "Li2O": "insulating matrix that holds {anode}",
        "LiZn": "alloy: conducts electrons and holds {anode}",
    }


def test_interfaces_are_those_of_the_columns(done: Run, everyone: list[cards.Card]) -> None:
    for i, card in enumerate(everyone):
        found = {one.electrolyte: one for one in card.interfaces}
        for k, electrolyte in enumerate(done.case.electrolytes):
            value = done.values.columns[electrolyte.column][i]
            assert (k in found) == (not np.isnan(value))
            if k in found:
                assert found[k].energy_ev_atom == pytest.approx(value, abs=1e-9)
                # Of a mole of the equation, per atom of it, is the energy per atom of the mixture.
                equation = found[k].equation
                atoms = sum(
                    n * sum(count for _, count in atoms_of(name)) for n, name in equation.left
                )
                per_atom = equation.energy_kj_mol / KJ_MOL_PER_EV / (atoms or 1)
                assert bool(equation) == (value < 0)
                assert per_atom == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_packed_cards_hold_the_same(
    done: Run, everyone: list[cards.Card], packed: dict[str, Any]
) -> None:
    names = [formula for formula, _ in packed["substances"]]
    assert len(set(names)) == len(names)
    ids = list(done.identity["id"])

    def side(flat: list[int]) -> list[tuple[int, str]]:
        return [(n, names[k]) for k, n in zip(flat[::2], flat[1::2], strict=True)]

    assert list(packed["candidates"]) == ids
    for card, (key, facts) in zip(everyone, packed["candidates"].items(), strict=True):
        for state, (high, low, uptake, energy, left, right) in zip(
            card.states, facts["states"], strict=True
        ):
            assert (high is None) == np.isinf(state.v_high)
            assert low == pytest.approx(state.v_low, abs=1e-6)
            assert uptake == pytest.approx(state.uptake, abs=1e-6)
            assert side(left) == list(state.equation.left)
            if state.equation:
                assert side(right) == list(state.equation.right)
                assert energy == pytest.approx(state.equation.energy_kj_mol, abs=0.05)
        for interface, (k, energy, left, right) in zip(
            card.interfaces, facts["interfaces"], strict=True
        ):
            assert k == interface.electrolyte
            assert side(left) == list(interface.equation.left)
            assert side(right) == list(interface.equation.right)
            assert energy == pytest.approx(interface.equation.energy_kj_mol, abs=0.05)
        last = facts["states"][-1][5]
        means = [packed["substances"][k][1] for k in last[::2]][: len(facts["shares"])]
        assert means == [product.meaning for product in card.states[-1].products]
        for name, near in facts["alternatives"].items():
            assert [ids.index(other) for other, _ in near] == [
                one.place for one in card.alternatives[name]
            ]
        for (k, _), one in zip(facts["precedents"], card.precedents, strict=True):
            assert packed["named"][k][0] == ids[one.place]
            assert packed["named"][k][3] == done.identity["reference"][one.place]
        assert key in ids


def test_whole_curves_are_those_of_the_best_and_end_where_the_strongest_reaction_is(
    done: Run, everyone: list[cards.Card], packed: dict[str, Any]
) -> None:
    places = {i for r in done.rankings for i in np.flatnonzero((r.rank > 0) & (r.rank <= 100))}
    for i, (card, facts) in enumerate(zip(everyone, packed["candidates"].values(), strict=True)):
        if not any(ranking.rank[i] for ranking in done.rankings):
            assert "curves" not in facts
            continue
        if i not in places:
            continue
        curves = {k: np.array(flat).reshape(-1, 2) for k, *flat in facts["curves"]}
        strongest = {one.electrolyte: one.energy_ev_atom for one in card.interfaces}
        assert set(curves) == {k for k, energy in strongest.items() if energy < -5e-5}
        for k, curve in curves.items():
            assert curve[0].tolist() == [0, 0]
            assert curve[-1].tolist() == [1, 0]
            assert (np.diff(curve[:, 0]) >= 0).all()
            assert curve[:, 1].min() == pytest.approx(strongest[k], abs=6e-5)


def test_windows_and_structures_of_cards(done: Run, packed: dict[str, Any]) -> None:
    assert len(packed["windows"]) == len(done.case.electrolytes)
    formulas = done.case.formulas
    reduction, oxidation = (done.values.columns[name] for name in ("reduction_v", "oxidation_v"))
    for electrolyte, (low, high) in zip(done.case.electrolytes, packed["windows"], strict=True):
        if electrolyte.formula in formulas:
            i = formulas.index(electrolyte.formula)
            assert low == pytest.approx(reduction[i], abs=1e-6)
            assert high == pytest.approx(oxidation[i], abs=1e-6)
    held = [facts for facts in packed["candidates"].values() if "sites" in facts]
    assert len(held) > 50
    assert all(facts["space_group"] in packed["symmetry"] for facts in held)
