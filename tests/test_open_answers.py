"""Questions with a reservoir: interfaces and windows open to a metal or an element."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.test_cli import Cli, check_products, cli, good

__all__ = ["cli"]

pytestmark = pytest.mark.usefixtures("once")

PARTS = ("reaction_energy_ev_atom", "mixing_ev_atom", "no_mixing_ev_atom")


def test_an_open_interface_says_what_mixing_adds(cli: Cli) -> None:
    answer = good(cli("interface", "Li3N", "Li6PS5Cl", "--voltage", "0", "--format", "json")).json
    closed = good(cli("interface", "Li3N", "Li6PS5Cl", "--format", "json")).json
    assert answer.keys() > closed.keys()
    assert (answer["anode"], answer["voltage"]) == ("Li", 0)
    assert answer["mixing"]["energy_ev_atom"] == pytest.approx(-0.004, abs=5e-4)
    assert closed["reaction_energy_ev_atom"] == pytest.approx(-0.43, abs=5e-3)
    check_products(answer["mixing"]["products"])
    kinks = answer["kinks"]
    for kink in kinks:
        total, mixing, alone = (kink[name] for name in PARTS)
        assert total == pytest.approx(mixing + alone, abs=1e-12)
        check_products(kink["products"])
    alone = answer["no_mixing"]
    assert kinks[0]["no_mixing_ev_atom"] == alone["b"]["energy_ev_atom"]
    assert kinks[-1]["no_mixing_ev_atom"] == alone["a"]["energy_ev_atom"] == 0
    assert alone["b"]["equation"] == "Li6PS5Cl + 8 Li -> 5 Li2S + Li3P + LiCl"
    assert answer["reaction_energy_ev_atom"] == min(kink[PARTS[0]] for kink in kinks)
    assert answer["mixing"]["energy_ev_atom"] == min(kink["mixing_ev_atom"] for kink in kinks)
    # Of one formula unit Li6PS5Cl, seven atoms are not lithium.
    per_mole = alone["b"]["energy_ev_atom"] * 7 * 96.485332
    assert alone["b"]["reaction_energy_kj_mol"] == pytest.approx(per_mole)


def test_a_range_of_voltages_is_a_record_for_each(cli: Cli) -> None:
    question = ("interface", "Li3N", "Li6PS5Cl", "--anode", "li", "--voltage", "0:2:0.5")
    answer = good(cli(*question, "--format", "json")).json
    assert [record["voltage"] for record in answer] == [0, 0.5, 1, 1.5, 2]
    one = good(cli(*question[:5], "--voltage", "1.5", "--format", "json"))
    assert one.code == 0
    assert one.json == answer[3]
    rows = good(cli(*question, "--format", "csv")).rows
    assert len(rows) == sum(len(record["kinks"]) for record in answer)
    table = good(cli(*question)).text
    assert "the strongest reaction at each" in table
    assert table.count("->") == 5


def test_lithium_on_an_electrolyte_is_what_it_does_alone(cli: Cli) -> None:
    question = ("interface", "Li", "Li6PS5Cl", "--voltage", "0", "--own-energy")
    answer = good(cli(*question, "--format", "json")).json
    assert answer["mixing"]["energy_ev_atom"] == 0
    assert answer["no_mixing"]["a"] is None
    assert answer["no_mixing"]["b"]["energy_ev_atom"] == answer["reaction_energy_ev_atom"]
    contact = good(cli("window", "Li6PS5Cl", "--format", "json")).json[0]["contact"]
    per_formula = contact["reaction_energy_ev_atom"] * 13
    assert answer["reaction_energy_ev_atom"] == pytest.approx(per_formula / 7)


def test_an_interface_open_to_oxygen(cli: Cli) -> None:
    question = ("interface", "Li2S", "Li3PO4", "--reservoir", "o", "--mu", "-1.5")
    answer = good(cli(*question, "--format", "json")).json
    assert (answer["reservoir"], answer["mu_ev"]) == ("O", -1.5)
    assert answer["no_mixing"]["a"]["equation"] == "Li2S + 2 O2 -> Li2SO4"
    assert "open to O at a chemical potential of -1.5 eV" in good(cli(*question)).text


def test_both_engines_answer_alike(cli: Cli) -> None:
    question = ("interface", "ZnO", "Li3PS4", "--voltage", "0:2:1", "--own-energy")
    ours, theirs = (
        good(cli(*question, "--format", "json", "--engine", engine)).json
        for engine in ("kernel", "pymatgen")
    )
    for mine, other in zip(ours, theirs, strict=True):
        for one, two in zip(mine["kinks"], other["kinks"], strict=True):
            assert [one[name] for name in PARTS] == pytest.approx(
                [two[name] for name in PARTS], abs=1e-8
            )


@pytest.mark.parametrize("more", [(), ("--voltage", "1")])
def test_a_metastable_side_may_count_from_its_own_energy(cli: Cli, more: tuple[str, ...]) -> None:
    question = ("interface", "Li6PS5Cl", "Li3PS4", *more, "--format", "json")
    hull, own = (
        good(cli(*question, *given)).json["kinks"][-1] for given in ((), ("--own-energy",))
    )
    above = good(cli("decompose", "Li6PS5Cl", "--format", "json")).json[0]["hull_distance_ev_atom"]
    assert above > 0.05
    atoms = 13 / 7 if more else 1
    assert own["reaction_energy_ev_atom"] == pytest.approx(
        hull["reaction_energy_ev_atom"] - above * atoms
    )
    said = good(cli(*question[:-2], "--own-energy")).text
    assert "counts from its own energy" in said


def test_a_window_at_a_voltage(cli: Cli) -> None:
    question = ("window", "ZnO", "LiF", "Li6PS5Cl", "--at", "0.5")
    records = good(cli(*question, "--format", "json")).json
    for record in records:
        at = record["at"]
        assert at["voltage"] == 0.5
        assert at["v_low"] <= 0.5
        assert at["v_high"] is None or at["v_high"] > 0.5
        state = next(s for s in record["states"] if s["v_low"] == at["v_low"])
        assert at["products"] == state["products"]
        assert at["equation"] == state["equation"]
        check_gain(at, "reaction_energy", at["anode_per_formula"])
    zno, lif, argyrodite = (record["at"] for record in records)
    assert zno["equation"] == "3 ZnO + 7 Li -> 3 Li2O + LiZn3"
    assert (lif["equation"], lif["reaction_energy_ev_formula"]) == (None, 0)
    contact = records[2]["contact"]["reaction_energy_ev_atom"] * 13
    assert argyrodite["reaction_energy_ev_formula"] == pytest.approx(contact + 8 * 0.5)
    rows = good(cli(*question, "--format", "csv")).rows
    assert [row["formula"] for row in rows] == ["ZnO", "LiF", "Li6PS5Cl"]
    assert float(rows[0]["reaction_energy_ev_formula"]) == zno["reaction_energy_ev_formula"]
    said = good(cli(*question)).text
    assert "At 0.500 V: 3 ZnO + 7 Li -> 3 Li2O + LiZn3 (" in said
    assert "At 0.500 V: no reaction." in said


def check_gain(found: dict[str, Any], prefix: str, exchanged: float) -> None:
    """The three ways to count an energy belong together."""
    per_formula, per_anode = found[f"{prefix}_ev_formula"], found[f"{prefix}_ev_anode_atom"]
    assert per_formula <= 0
    assert (per_anode is None) == (exchanged == 0)
    if exchanged:
        assert per_anode == pytest.approx(per_formula / abs(exchanged))


def test_each_step_of_a_profile_has_its_energy(cli: Cli) -> None:
    record = good(cli("window", "Li6PS5Cl", "--format", "json")).json[0]
    prefix = "reaction_energy_at_v_low"
    for upper, lower in pairwise(record["states"]):
        check_gain(upper, prefix, upper["anode_per_formula"])
        # At the step both states gain the same: dE = -V dn.
        step = upper["v_low"]
        fall = (step - lower["v_low"]) * lower["anode_per_formula"]
        assert lower[f"{prefix}_ev_formula"] == pytest.approx(
            upper[f"{prefix}_ev_formula"] - fall, abs=1e-9
        )
    last = record["states"][-1]
    assert last[f"{prefix}_ev_atom"] == pytest.approx(record["contact"]["reaction_energy_ev_atom"])


def test_a_window_against_oxygen(cli: Cli) -> None:
    question = ("window", "Li2S", "Li6PS5Cl", "--reservoir", "O", "--mu", "-1")
    sulfide, argyrodite = good(cli(*question, "--format", "json")).json
    assert sulfide["unchanged_from_mu_ev"] is None  # it holds no oxygen: down to minus infinity
    assert sulfide["hull_distance_ev_atom"] == 0
    assert argyrodite["hull_distance_ev_atom"] > 0.05
    states = sulfide["states"]
    assert states[0]["uptake_per_formula"] == 0
    assert states[0]["mu_high_ev"] == sulfide["unchanged_to_mu_ev"] < -2
    assert states[-1]["mu_high_ev"] == 0
    for lower, upper in pairwise(states):
        assert lower["mu_high_ev"] == upper["mu_low_ev"]
        assert upper["uptake_per_formula"] > lower["uptake_per_formula"]
    at = sulfide["at"]
    assert at["equation"] == "Li2S + 2 O2 -> Li2SO4"
    pair = ("interface", "Li2S", "Li2S", "--reservoir", "O", "--mu", "-1", "--format", "json")
    same = good(cli(*pair)).json["no_mixing"]["a"]["energy_ev_atom"]
    assert at["reaction_energy_ev_formula"] == pytest.approx(3 * same)
    assert "At -1.000 eV: Li2S + 2 O2 -> Li2SO4 (" in good(cli(*question)).text
    rows = good(cli(*question, "--format", "csv")).rows
    assert [row["formula"] for row in rows] == ["Li2S", "Li6PS5Cl"]
    assert len(good(cli(*question[:-2], "--format", "csv")).rows) == len(states) + len(
        argyrodite["states"]
    )


def test_a_stable_phase_lies_below_the_others(cli: Cli) -> None:
    records = good(cli("decompose", "LiF", "Li6PS5Cl", "Li", "Li3PS4", "--format", "json")).json
    fluoride, argyrodite, metal, thiophosphate = records
    # LiF has no competitors but its elements.
    assert fluoride["inverse_hull_distance_ev_atom"] == pytest.approx(3.181, abs=1e-3)
    assert argyrodite["inverse_hull_distance_ev_atom"] is None
    assert metal["inverse_hull_distance_ev_atom"] is None
    assert 0 < thiophosphate["inverse_hull_distance_ev_atom"] < 0.15
    assert argyrodite["chemical_potentials_ev"] is None
    ranges = thiophosphate["chemical_potentials_ev"]
    window = good(cli("window", "Li3PS4", "--format", "json")).json[0]
    assert ranges["Li"]["high"] == pytest.approx(-window["reduction_v"])
    assert ranges["Li"]["low"] == pytest.approx(-window["oxidation_v"])
    assert ranges.keys() == {"Li", "P", "S"}
    assert "LiF is stable at chemical potentials" in good(cli("decompose", "LiF")).text
    other = good(cli("decompose", "Li3PS4", "--format", "json", "--engine", "pymatgen")).json[0]
    for name in ("inverse_hull_distance_ev_atom", "hull_distance_ev_atom"):
        assert other[name] == pytest.approx(thiophosphate[name], abs=1e-8)
    for symbol, limits in ranges.items():
        assert other["chemical_potentials_ev"][symbol] == pytest.approx(limits, abs=1e-8)
