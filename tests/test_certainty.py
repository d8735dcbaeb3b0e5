"""Intervals and probabilities from joint samples: laws first, then pymatgen, then the words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition

import screen
from screen import candidates, descriptors
from screen.composition import FloatArray
from screen.descriptors import against_anode, certainty, three_layers
from screen.descriptors.case import Case
from screen.energies import sampling
from screen.errors import UsageError
from screen.settings import Settings
from screen.sources import reference
from screen.thermo.engines import ENGINES
from screen.verdicts import VERDICTS

FORMULAS = ("ZnO", "BN", "LiF", "Li6PS5Cl", "Cu", "Li3N", "AlN", "SnF2")


def case_of(formulas: Sequence[str], samples: int = 12, **settings: object) -> Case:
    chosen = Settings(samples=samples, **settings)  # type: ignore[arg-type]
    phases = screen.load(energies=chosen.energies)
    return candidates.make_case(phases, chosen, formulas)[0]


def figures(case: Case, widen: float) -> FloatArray:
    """Limits and contact energy in each sample, shape (samples, 2, candidates)."""
    found = []
    for part in certainty.sampled_cases(case, widen):
        profiles = part.equilibria.profiles
        contact = against_anode.contact_energy(part)
        found.append([np.nan_to_num(profiles.reduction_v), contact])
    return np.array(found)


@pytest.mark.parametrize("energies", ["table", "anchored"])
def test_without_error_all_samples_agree(energies: str) -> None:
    case = case_of(FORMULAS, 4, energies=energies)
    found = figures(case, widen=0)
    np.testing.assert_array_equal(found, np.broadcast_to(found[0], found.shape))
    if energies == "anchored":  # whose mean error is zero
        np.testing.assert_allclose(found[0, 0], np.nan_to_num(case.equilibria.profiles.reduction_v))


def test_wider_errors_never_narrow_an_interval() -> None:
    case = case_of(("LiF", "Li2O", "LiBr", "MgO", "AlN", "ZnO", "BN"), 30)
    before = np.zeros((2, 7))
    for widen in (0.0, 1.0, 2.0):
        low, high = np.quantile(figures(case, widen), [0.1, 0.9], axis=0)
        assert np.all(high - low >= before - 1e-9)
        before = high - low
    assert (before > 0).any()


def drives(case: Case, widen: float) -> FloatArray:
    """Drive with each electrolyte in each sample, shape (samples, electrolytes, candidates)."""
    covered = np.ones((len(case.electrolytes), len(case)), dtype=bool)
    found = [three_layers.drives(part, covered) for part in certainty.sampled_cases(case, widen)]
    return np.array(found)


SULFIDE_AND_GARNET = ("Li6PS5Cl", "Li7La3Zr2O12")


def test_the_laws_hold_for_drives() -> None:
    """No error, no spread; anchored, the drive is that of the table; more error, more spread."""
    case = case_of(("LiF", "Li3N", "BN"), 12, energies="anchored", electrolytes=SULFIDE_AND_GARNET)
    before = np.zeros((2, 3))
    for widen in (0.0, 1.0, 2.0):
        found = drives(case, widen)
        low, high = np.quantile(found, [0.1, 0.9], axis=0)
        if not widen:
            np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), atol=1e-12)
            plain = three_layers.compute(case).columns
            for k, name in enumerate(("li6ps5cl", "li7la3zr2o12")):
                np.testing.assert_allclose(found[0, k], plain[f"drive_{name}_ev_atom"], atol=1e-9)
        assert np.all(high - low >= before - 1e-9)
        before = high - low
    assert (before > 0.01).any()


def test_a_bias_per_atom_of_an_element_changes_nothing() -> None:
    """Total energies, elements included, are shifted by so much for each atom of an element."""
    wanted = {"Li", "Zn", "O", "N"}
    plain = reference.load()
    rows = [i for i, row in enumerate(plain.compositions) if row.keys() <= wanted]
    bias = {"Li": 0.3, "Zn": -1.7, "O": 2.1, "N": 0.04}

    def entries(by: float) -> list[PDEntry]:
        made = []
        for i in rows:
            counts = plain.compositions.row(i)
            energy = plain.energy[i] * sum(counts.values())
            energy += by * sum(bias[symbol] * count for symbol, count in counts.items())
            made.append(PDEntry(Composition(counts), energy))
        return made

    first, second = (
        screen.window("ZnO", "Li3N", source=entries(by), samples=8).records for by in (0.0, 1.0)
    )
    for one, other in zip(first, second, strict=True):
        for name in ("reduction_v", "contact_reaction_energy_ev_atom"):
            np.testing.assert_allclose(one["samples"][name], other["samples"][name], atol=1e-8)
        assert one["samples"]["products"] == other["samples"]["products"]


def test_what_is_drawn_does_not_depend_on_company_or_order() -> None:
    together = certainty.draws(case_of(FORMULAS))
    alone = certainty.draws(case_of(["BN"]))
    np.testing.assert_allclose(together.contact_ev_atom[:, 1], alone.contact_ev_atom[:, 0])
    np.testing.assert_array_equal(together.products[:, 1], alone.products[:, 0])


def test_same_seed_same_samples_and_another_seed_others() -> None:
    case = case_of(["BN"])
    first, kept = certainty.draws(case), certainty.draws(case)
    for name, value in vars(first).items():
        if name == "names":
            assert kept.names == value
        else:
            np.testing.assert_array_equal(getattr(kept, name), value)
    other = certainty.draws(case_of(["BN"], seed=1))
    assert np.all(other.contact_ev_atom != first.contact_ev_atom)


def test_elements_stay_at_zero_and_polymorphs_move_together() -> None:
    phases = reference.load()
    pure = phases.compositions.size == 1
    for energy in sampling.energies(phases, 2, seed=0):
        np.testing.assert_array_equal(energy[pure], phases.energy[pure])


def test_a_sample_is_what_pymatgen_makes_of_its_energies() -> None:
    """The other engine, on the same energies."""
    case = case_of(["BN", "ZnO"], 2)
    drawn = certainty.draws(case)
    for k, part in enumerate(certainty.sampled_cases(case)):
        other = ENGINES["pymatgen"]
        table = part.facts.table
        hull = other.decompose(table, case.compositions).energy
        profiles = other.profiles(table, case.compositions, case.anode.element, case.anode.valence)
        np.testing.assert_allclose(profiles.reduction_v, drawn.reduction_v[k], atol=1e-7)
        contact = profiles.energy[profiles.contact] - part.own_energy
        np.testing.assert_allclose(contact, drawn.contact_ev_atom[k], atol=1e-7)
        np.testing.assert_allclose(part.own_energy - hull, drawn.hull_ev_atom[k], atol=1e-7)


def test_the_drive_of_a_sample_is_what_pymatgen_makes_of_its_energies() -> None:
    ours = case_of(["Li3N", "ZnO"], 2, electrolytes=["Li7La3Zr2O12"])
    drawn = certainty.draws(ours, drives=True).drive_ev_atom
    theirs = case_of(["Li3N", "ZnO"], 2, electrolytes=["Li7La3Zr2O12"], engine="pymatgen")
    np.testing.assert_allclose(drives(theirs, 1.0), drawn, atol=1e-7)
    assert (drawn < -0.01).any()


def test_a_drive_has_ends_with_each_electrolyte_of_each_class_and_at_best() -> None:
    case = case_of(["BN", "NaCl"], 8, electrolytes=["Li6PS5Cl", "Li3PS4", "Li7La3Zr2O12"])
    values = certainty.compute(case)
    drawn = certainty.draws(case, drives=True).drive_ev_atom[:, :, 0]
    of_class = {"sulfide": drawn[:, :2].mean(axis=1), "garnet": drawn[:, 2]}
    best = np.maximum(*of_class.values())
    for name, samples in (
        ("li3ps4", drawn[:, 1]),
        ("sulfide_class", of_class["sulfide"]),
        ("garnet_class", of_class["garnet"]),
        ("best", best),
    ):
        for end, share in (("low", 0.1), ("high", 0.9)):
            column = f"drive_{name}_{end}_ev_atom"
            assert values.columns[column][0] == pytest.approx(np.quantile(samples, share))
            assert np.isnan(values.columns[column][1])
            assert values.reason(column)[1]


def test_ends_are_named_after_the_column_that_they_are_of() -> None:
    """By which the page writes them under its values."""
    case = case_of(["BN"])
    columns = {column.name for column in descriptors.columns(case.electrolytes, case.settings)}
    ends = [name for name in certainty_columns(case) if "_low_" in name]
    assert len(ends) > 12
    for low in ends:
        assert {low.replace("_low_", "_high_"), low.replace("_low_", "_")} <= columns


def certainty_columns(case: Case) -> list[str]:
    return [column.name for column in certainty.columns(case.electrolytes)]


def test_of_many_candidates_drives_are_of_the_first_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = case_of(["BN"], 6, electrolytes=["Li7La3Zr2O12"])
    all_of_it = certainty.draws(case, drives=True)
    monkeypatch.setattr(certainty, "NAMED", 0)
    monkeypatch.setattr(certainty, "DRIVEN", 4)
    part = certainty.draws(case, drives=True)
    assert len(part.contact_ev_atom) == 6
    np.testing.assert_allclose(part.contact_ev_atom, all_of_it.contact_ev_atom, atol=1e-6)
    np.testing.assert_allclose(part.drive_ev_atom, all_of_it.drive_ev_atom[:4], atol=1e-6)


def test_a_table_thinned_to_the_hull_gives_the_same_samples() -> None:
    plain = reference.load()
    rows = [i for i, row in enumerate(plain.compositions) if row.keys() <= {"Li", "Zn", "O", "N"}]
    entries = [
        PDEntry(Composition(counts), plain.energy[i] * sum(counts.values()))
        for i, counts in zip(rows, (plain.compositions.row(i) for i in rows), strict=True)
    ]
    phases = screen.load(entries)
    every = candidates.make_case(phases, Settings(samples=2), phases.formulas)[0]
    thinned = certainty.draws(every)
    for i in range(0, len(every), 2):
        alone = certainty.draws(every.take(np.array([i])))  # where nothing is thinned
        for name in ("reduction_v", "contact_ev_atom", "hull_ev_atom"):
            one, other = getattr(thinned, name)[:, i], getattr(alone, name)[:, 0]
            np.testing.assert_allclose(one, other, atol=1e-9, err_msg=name)
    assert len(every) > 10


def test_shares_are_shares() -> None:
    values = certainty.compute(case_of(FORMULAS, 40)).columns
    for name in ("p_on_hull", "p_unreacted", "p_products"):
        known = values[name][~np.isnan(values[name])]
        assert np.all((known >= 0) & (known <= 1))
    total = np.sum([values[f"sampled_p_{verdict}"] for verdict in VERDICTS], axis=0)
    np.testing.assert_allclose(total[~np.isnan(total)], 1)
    unreacted = dict(zip(FORMULAS, values["p_unreacted"], strict=True))
    assert unreacted["LiF"] == 1
    assert unreacted["ZnO"] == 0


def test_a_measured_phase_is_surer_than_one_that_was_not() -> None:
    values = certainty.compute(case_of(("LiF", "Li6PS5Cl"), 40)).columns
    width = values["oxidation_high_v"] - values["oxidation_low_v"]
    assert width[0] < 0.05
    assert width[0] < width[1]


def test_the_phase_to_measure_is_one_that_is_not_known() -> None:
    case = case_of(["BN"], 100)
    found = certainty.draws(case)
    told = certainty.narrowing(found)
    best = case.phases.formulas[told[0].row]
    assert best == "Li3BN2"
    assert told[0].share > 0.4
    by_row = {case.phases.formulas[one.row]: one for one in told}
    assert by_row["BN"].share < 0.2  # measured already


def test_answers_say_how_sure_they_are() -> None:
    (record,) = screen.window("BN", samples=20, seed=3).records
    said = record["samples"]
    assert said["samples"] == 20
    assert said["seed"] == 3
    low, high = said["contact_reaction_energy_ev_atom"]
    assert low < high < 0
    assert sum(one["probability"] for one in said["products"]) == pytest.approx(1)
    assert "samples" not in screen.window("BN").records[0]


def test_a_card_says_how_sure_the_drives_are() -> None:
    answer = screen.explain("BN", samples=6, electrolytes=["Li7La3Zr2O12"])
    said = answer.records["samples"]
    low, high = said["drives_ev_atom"]["Li7La3Zr2O12"]
    assert low < high <= 0
    assert said["drive_best_ev_atom"] == [low, high]  # the only one
    text = str(answer.only("certainty"))
    assert "least drive" in text
    assert f"{low:.3f} to {high:.3f}" in text
    page = answer.render("html").decode()
    assert "How sure this is" in page
    assert f"{low:.3f} to {high:.3f}" in page.replace("−", "-")


def test_a_stack_says_how_sure_it_is() -> None:
    said = screen.stack("Li3N", "Li6PS5Cl", samples=10).records["samples"]
    low, high = said["bridge_gap_v"]
    assert 0.8 < low < high < 1.8
    assert said["drive_ev_atom"][1] <= 0
    assert sum(said["verdicts"].values()) == pytest.approx(1)
    assert screen.stack("Li3N", "Li6PS5Cl", samples=10).records["samples"] == said


@pytest.mark.parametrize("samples", [1, -3])
def test_too_few_samples_are_refused(samples: int) -> None:
    with pytest.raises(UsageError, match=f"samples = {samples}") as caught:
        screen.window("LiF", samples=samples)
    assert "\n" not in str(caught.value)


def test_narrow_lists_what_to_measure_first() -> None:
    answer = screen.narrow("BN", samples=60)
    first = answer.records[0]
    assert first["phase"] == "Li3BN2"
    shares = [row["verdict_share"] for row in answer.records]
    assert shares == sorted(shares, reverse=True)
    assert "To measure first: the formation enthalpy of Li3BN2" in str(answer)
