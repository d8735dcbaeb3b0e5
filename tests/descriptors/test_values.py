"""What the families say of well-known compounds, and laws between their columns."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from screen import candidates, descriptors, volumes
from screen.columns import Values
from screen.composition import Compositions, segment_sum
from screen.descriptors.case import Case
from screen.phases import Phases
from screen.settings import Settings
from screen.sources.reference import ANODES
from screen.verdicts import VERDICTS
from tests.descriptors.cases import case_of, phases

FARADAY_MAH_MOL = 96485.332 / 3.6


@cache
def everything(anode: str) -> tuple[Case, Values]:
    """All named candidates of an anode metal, and all of their values."""
    case = candidates.make_case(phases(), Settings(anode=anode))[0]
    return case, descriptors.compute_all(case)


def column(anode: str, name: str) -> npt.NDArray[Any]:
    return everything(anode)[1].columns[name]


def value(formula: str, name: str, anode: str = "Li", **settings: Any) -> Any:
    return descriptors.compute_all(case_of(formula, anode=anode, **settings)).columns[name][0]


every_anode = pytest.mark.parametrize("anode", ANODES)


@every_anode
def test_mean_voltage_is_minus_reaction_energy_per_charge(anode: str) -> None:
    case, values = everything(anode)
    profiles, plating = case.equilibria.profiles, case.settings.plating_v
    found = values.columns["mean_uptake_v"]
    seen = 0
    for i in np.flatnonzero(~np.isnan(found)).tolist():
        states = range(profiles.start[i], profiles.start[i + 1])
        first = states[0]
        last = next(s for s in states if profiles.v_low[s] <= plating)  # just before plating
        energy = (profiles.energy[last] - profiles.energy[first]) * case.compositions.atoms[i]
        charge = (profiles.uptake[last] - profiles.uptake[first]) * case.anode.valence
        assert found[i] == pytest.approx(-energy / charge, abs=1e-7), case.formulas[i]
        assert found[i] <= values.columns["onset_v"][i] + 1e-9
        assert found[i] > plating
        seen += 1
    assert seen > len(case) / 2


@every_anode
def test_contact_energy_is_that_of_the_reaction_written_out(anode: str) -> None:
    """Products minus candidate minus anode metal (zero), by the product texts."""
    case, values = everything(anode)
    lowest: dict[str, float] = {}
    for formula, energy in zip(case.phases.formulas, case.phases.energy.tolist(), strict=True):
        lowest[formula] = min(energy, lowest.get(formula, np.inf))
    atoms = dict(zip(case.phases.formulas, case.phases.compositions.atoms.tolist(), strict=True))
    uptake = values.columns["contact_anode_per_formula"]
    per_atom = values.columns["contact_reaction_energy_ev_atom"]
    per_anode = values.columns["contact_reaction_energy_ev_anode_atom"]
    own = values.columns["formation_energy_ev_atom"]
    for i, text in enumerate(values.columns["contact_products"]):
        products = 0.0
        for part in text.split(" + "):
            amount, _, formula = part.rpartition(" ")
            products += float(amount or 1) * lowest[formula] * atoms[formula]
        size = case.compositions.atoms[i]
        # The texts give amounts to four digits.
        assert per_atom[i] == pytest.approx(products / size - own[i], abs=5e-3), case.formulas[i]
        if uptake[i] > 0:
            assert per_anode[i] * uptake[i] == pytest.approx(per_atom[i] * size, abs=1e-9)
        else:
            assert np.isnan(per_anode[i])
    assert (per_atom <= 0).all()


@every_anode
def test_shares_are_shares(anode: str) -> None:
    conducting, matrix, alloy = (
        column(anode, f"{name}_fraction") for name in ("conducting", "matrix", "alloy")
    )
    known = ~np.isnan(conducting)
    itself = column(anode, "interphase") == "stable"
    itself &= column(anode, "electronic_class") == "insulating"
    assert known.sum() > len(known) / 2
    for share in (conducting, matrix, alloy):
        assert (np.isnan(share) == ~known)[~itself].all()
        assert (share[known] >= 0).all()
    assert (conducting + matrix)[known & ~itself].max() <= 1 + 1e-9
    assert set(matrix[itself].round(9)) <= {0.0, 1.0, *(1 - conducting[itself]).round(9)}
    assert (alloy - conducting)[known].max() <= 1e-9


@every_anode
def test_verdict_is_the_most_probable(anode: str) -> None:
    _, values = everything(anode)
    chances = np.array([values.columns[f"p_{name}"] for name in VERDICTS])
    verdict = values.columns["interphase"]
    known = ~np.isnan(chances).any(axis=0)
    assert known.sum() > len(known) / 2
    assert ((verdict != "") == known).all()
    np.testing.assert_allclose(chances[:, known].sum(axis=0), 1.0)
    best = np.array(VERDICTS, dtype=object)[chances[:, known].argmax(axis=0)]
    assert (verdict[known] == best).all()
    assert set(VERDICTS) <= set(verdict)


@every_anode
def test_outcome_and_limits_fit_together(anode: str) -> None:
    outcome, low, high = (column(anode, n) for n in ("outcome", "reduction_v", "oxidation_v"))
    window = outcome == "window"
    assert (high[window] > low[window]).all()
    unbounded = outcome == "unbounded_above"
    assert np.isnan(high[unbounded]).all()
    case = everything(anode)[0]
    assert (unbounded == (case.compositions.amount_of(case.anode.element) == 0)).all()
    assert (low[~np.isnan(low)] >= 0).all()


@every_anode
def test_hull_distances_are_not_negative(anode: str) -> None:
    distance, text = column(anode, "hull_distance_ev_atom"), column(anode, "decomposition")
    formulas = everything(anode)[0].formulas
    assert (distance >= 0).all()
    itself = np.array([a == b for a, b in zip(text, formulas, strict=True)])
    assert (itself == (distance == 0)).all()


@every_anode
def test_worst_electrolyte_is_the_worst(anode: str) -> None:
    case, values = everything(anode)
    each = np.array([values.columns[e.column] for e in case.electrolytes])
    assert (each <= 0).all()
    worst, median = (values.columns[f"interface_{n}_ev_atom"] for n in ("worst", "median"))
    np.testing.assert_array_equal(worst, each.min(axis=0))
    np.testing.assert_allclose(median, np.median(each, axis=0), atol=1e-12)
    for i, label in enumerate(values.columns["interface_worst_with"]):
        which = [e.label for e in case.electrolytes].index(label)
        assert each[which, i] == worst[i]


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("Li3PS4", "passivating"),
        ("Li6PS5Cl", "passivating"),
        ("Li3PO4", "passivating"),
        ("LiF", "stable"),
        ("LiCl", "stable"),
        ("Li2O", "stable"),
        ("Li3N", "stable"),
        ("TiN", "stable"),
        ("ZnO", "mixed_conducting"),
    ],
)
def test_interphases_against_lithium(formula: str, verdict: str) -> None:
    assert value(formula, "interphase") == verdict


@pytest.mark.parametrize(("formula", "share"), [("LiTi2(PO4)3", 0.083), ("Li10Ge(PS6)2", 0.099)])
def test_little_metal_is_enough_to_conduct(formula: str, share: float) -> None:
    """Experiment finds both mixed conducting, though random spheres would need 16 %."""
    assert value(formula, "conducting_fraction") == pytest.approx(share, abs=1e-3)
    assert value(formula, "interphase") == "mixed_conducting"


def test_garnet_is_nearly_stable() -> None:
    assert abs(value("Li7La3Zr2O12", "contact_reaction_energy_ev_atom")) < 0.025
    assert value("Li7La3Zr2O12", "reduction_v") == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("formula", "products"),
    [
        ("ZnO", {"Li2O", "LiZn"}),
        ("SnF2", {"LiF", "Li17Sn4"}),
        ("LiF", {"LiF"}),
        ("Li3PS4", {"Li3P", "Li2S"}),
        ("AlF3", {"LiF", "Li9Al4"}),
    ],
)
def test_contact_products(formula: str, products: set[str]) -> None:
    text = value(formula, "contact_products")
    assert {part.split()[-1] for part in text.split(" + ")} == products


def test_silicon_holds_lithium_up_to_li21si5() -> None:
    """4.2 Li per Si: 4.2 F / (28.0855 + 4.2 x 6.941) per gram of the whole."""
    assert value("Si", "held_per_host_atom") == pytest.approx(4.2)
    by_hand = 4.2 * FARADAY_MAH_MOL / (28.0855 + 4.2 * 6.941)
    assert value("Si", "held_mah_g") == pytest.approx(by_hand, rel=1e-6)
    # What a host holds does not depend on how much it held to begin with.
    assert value("LiSi", "held_mah_g") == pytest.approx(by_hand, rel=1e-6)


def test_magnesium_carries_two_charges() -> None:
    """Mg3Bi2 from Bi: 1.5 Mg per Bi, two electrons each."""
    assert value("Bi", "held_per_host_atom", anode="Mg") == pytest.approx(1.5)
    by_hand = 3.0 * FARADAY_MAH_MOL / (208.9804 + 1.5 * 24.305)
    assert value("Bi", "held_mah_g", anode="Mg") == pytest.approx(by_hand, rel=1e-6)


def test_lithium_itself_holds_the_charge_of_its_mass() -> None:
    assert value("Li", "held_mah_g") == pytest.approx(FARADAY_MAH_MOL / 6.941, rel=1e-6)
    assert value("Li", "outcome") == "anode_metal"


def test_uptake_below_the_plating_voltage_is_not_held() -> None:
    loose, strict = (value("Si", "held_per_host_atom", plating_v=v) for v in (0.0, 0.3))
    assert strict < value("Si", "held_per_host_atom") <= loose


def test_a_higher_threshold_lets_more_products_conduct() -> None:
    """Li3P, gap 0.7 eV in PBE, and Li2S, 3.4 eV."""
    shares = [value("Li3PS4", "conducting_fraction", conducting_gap_ev=g) for g in (0.3, 1.5, 5.0)]
    assert shares[0] == 0 < shares[1] < shares[2] == pytest.approx(1.0)


def test_a_candidate_without_a_phase_has_no_properties_of_one() -> None:
    values = descriptors.compute_all(case_of("Li3YCl6"))
    for name in ("formation_energy_ev_atom", "hull_distance_ev_atom", "band_gap_ev"):
        assert np.isnan(values.columns[name][0])
        assert "in reference" in values.reason(name)[0]
    for name in ("band_gap_min_ev", "band_gap_max_ev", "bulk_modulus_gpa", "shear_modulus_gpa"):
        assert np.isnan(values.columns[name][0])
    assert values.columns["electronic_class"][0] == ""
    assert values.columns["decomposition"][0] == "3 LiCl + YCl3"


def test_impossible_moduli_are_refused_with_that_reason() -> None:
    values = descriptors.compute_all(case_of("C", modulus_cap_gpa=50.0))
    assert np.isnan(values.columns["bulk_modulus_gpa"][0])
    assert "above 50 GPa" in values.reason("bulk_modulus_gpa")[0]


@every_anode
def test_estimated_volumes_are_named(anode: str) -> None:
    case, basis = everything(anode)[0], column(anode, "fraction_basis")
    volume = case.phases.numbers("volume_a3_atom")
    for i, said in enumerate(basis):
        products, _ = case.equilibria.contact_products.of(i)
        names = [case.phases.formulas[p] for p in products if np.isnan(volume[p])]
        assert said == (f"volume, estimated for {', '.join(names)}" if names else "volume")
    assert "volume" in set(basis)


def test_metastable_candidates_react_from_their_own_energy() -> None:
    """Li2C2 is above the hull and becomes Li and LiC12: so much at least is set free."""
    case = case_of("Li2C2", "LiF")
    columns = descriptors.compute_families(case, ("stability", "against_anode")).columns
    distance, energy = columns["hull_distance_ev_atom"], columns["contact_reaction_energy_ev_atom"]
    assert distance[0] > 0.01
    assert energy[0] <= -distance[0]
    assert energy[1] == 0.0


def toy(candidate: str, **columns: list[float | None]) -> Values:
    """ZnO and P2S5 with what lithium makes of them, and nothing known but the columns given."""
    table = {
        "formula": ["Li", "Zn", "O", "P", "S", "ZnO", "P2S5", "Li2O", "LiZn", "Li3P", "Li2S"],
        "formation_energy_ev_atom": [0.0] * 5 + [-1.5, -0.5, -2.0, -0.2, -0.7, -1.5],
    }
    made = Phases(table | columns)
    return descriptors.compute_all(candidates.make_case(made, Settings(), [candidate])[0])


def with_gaps(**gaps: float) -> list[float | None]:
    """Gaps of Li2O, Li3P and Li2S; nothing of the others."""
    return [None] * 7 + [gaps.get("Li2O"), None, gaps.get("Li3P"), gaps.get("Li2S")]


def test_an_unknown_gap_leaves_the_share_open() -> None:
    values = toy("P2S5", band_gap_ev=with_gaps(Li2S=3.4))
    for name in ("conducting_fraction", "matrix_fraction", "alloy_fraction"):
        assert np.isnan(values.columns[name][0])
        assert values.reason(name)[0] == "no band gap for the contact product Li3P"
    assert values.columns["interphase"][0] == ""
    assert "Li3P" in values.reason("interphase")[0]


def test_an_unknown_gap_that_cannot_matter_leaves_the_verdict() -> None:
    """LiZn alone, 2 of 5 atoms, is above percolation whatever Li2O does."""
    values = toy("ZnO", band_gap_ev=with_gaps())
    assert np.isnan(values.columns["conducting_fraction"][0])
    assert values.columns["interphase"][0] == "mixed_conducting"


def test_known_gaps_settle_share_and_verdict() -> None:
    """P2S5 + 16 Li -> 2 Li3P + 5 Li2S, volumes as known of these compounds."""
    (li3p, li2s), known = volumes.best(Compositions.from_formulas(["Li3P", "Li2S"]))
    assert known.all()
    share = 8 * li3p / (8 * li3p + 15 * li2s)
    insulating = toy("P2S5", band_gap_ev=with_gaps(Li2S=3.4, Li3P=0.7))
    assert insulating.columns["conducting_fraction"][0] == 0
    assert insulating.columns["matrix_fraction"][0] == pytest.approx(1)
    assert insulating.columns["interphase"][0] == "passivating"
    metallic = toy("P2S5", band_gap_ev=with_gaps(Li2S=3.4, Li3P=0.0))
    assert metallic.columns["conducting_fraction"][0] == pytest.approx(share)
    assert metallic.columns["alloy_fraction"][0] == pytest.approx(share)
    assert metallic.columns["interphase"][0] == "mixed_conducting"


def test_shares_are_by_volume() -> None:
    """Li2O 3 atoms of 8, LiZn 2 atoms of 20 cubic angstrom: 40 of 64; or as known elsewhere."""
    gaps = with_gaps(Li2O=5.0)
    given: list[float | None] = [*[None] * 7, 8.0, 20.0, None, None]
    values = toy("ZnO", band_gap_ev=gaps, volume_a3_atom=given)
    assert values.columns["fraction_basis"][0] == "volume"
    assert values.columns["conducting_fraction"][0] == pytest.approx(40 / 64)
    given[8] = None
    values = toy("ZnO", band_gap_ev=gaps, volume_a3_atom=given)
    (other,), _ = volumes.best(Compositions.from_formulas(["LiZn"]))
    assert values.columns["conducting_fraction"][0] == pytest.approx(2 * other / (24 + 2 * other))


# Handbook behaviour (CRC, Merck, suppliers' instructions): what is kept in air, what deliquesces
# or hydrolyses slowly, what reacts with moist air. Two where handbooks leave the choice.
HANDLING = {
    "LiF": "air",
    "ZnO": "air",
    "Al2O3": "air",
    "SiO2": "air",
    "TiO2": "air",
    "SnO2": "air",
    "MgF2": "air",
    "TiN": "air",
    "Si3N4": "air",
    "BN": "air",
    "Cu": "air",
    "C": "air",
    "Si": "air",
    "Ag": "air",
    "Sn": "air",
    "SnS2": "air",
    "MoS2": "air",
    "Li2CO3": "air",
    "Li3PO4": "air",
    "LiAlO2": "air dry_room",
    "LiCl": "dry_room",
    "LiBr": "dry_room",
    "LiI": "dry_room",
    "MgCl2": "dry_room",
    "ZnCl2": "dry_room",
    "AlCl3": "dry_room glove_box",
    "Li3InCl6": "dry_room",
    "Li2O": "glove_box dry_room",
    "Li": "glove_box",
    "Li2S": "glove_box",
    "Li3N": "glove_box",
    "Li3P": "glove_box",
    "LiH": "glove_box",
    "Li3PS4": "glove_box",
    "Li6PS5Cl": "glove_box",
    "Mg3N2": "glove_box",
    "LiAl": "glove_box",
    "Li7La3Zr2O12": "dry_room glove_box",
}


@pytest.mark.parametrize("formula", HANDLING)
def test_handling_is_as_in_the_handbooks(formula: str) -> None:
    assert value(formula, "handling") in HANDLING[formula].split()


def test_decomposition_conserves_atoms() -> None:
    case, _ = everything("Li")
    mixtures = case.equilibria.decompositions.products
    made = case.phases.compositions.take(mixtures.phase)
    for symbol in (0, 2, 7, 8, 15):  # H, Li, O, F, S
        total = segment_sum(made.amount_of(symbol) * mixtures.amount, mixtures.start)
        np.testing.assert_allclose(total, case.compositions.amount_of(symbol), atol=1e-9)
