"""The phases that do not compete: each with its evidence, found whatever the formula's spelling."""

from __future__ import annotations

import re
from typing import Any, get_args

import numpy as np
import pytest

from screen import candidates, descriptors, doubtful
from screen.composition import Compositions, parse_formula
from screen.crosscheck import cross_check
from screen.descriptors.phase_facts import left_out
from screen.phases import Phases
from screen.settings import Engine, OfDoubtful, Settings
from screen.sources import reference, user_files
from screen.tables import rows_of
from tests.conftest import FULL_SIZE
from tests.test_cli import Cli, cli, good

__all__ = ["cli"]

ROWS = rows_of("doubtful_phases")


@pytest.fixture(scope="module")
def full() -> Phases:
    """The table of 2019 with its band gaps, as a user gives it."""
    gaps = FULL_SIZE.with_name("mp_band_gaps.csv")
    if not FULL_SIZE.is_file() or not gaps.is_file():
        pytest.skip(f"needs {FULL_SIZE.name}, a table that is not part of the repository")
    return user_files.load(FULL_SIZE, gaps=gaps)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["formula"])
def test_an_entry_is_whole(row: dict[str, str]) -> None:
    assert parse_formula(row["formula"])
    assert (row["scope"] == "never") == (row["below_k"] == "")
    assert row["scope"] in {"never", "below"}
    assert len(row["why"]) > 20
    assert len(row["evidence"]) > 40
    assert re.fullmatch(r"10\.\d{4,}/\S+", row["doi"])
    assert row["provenance"] in {"read", "read_secondary", "recalled"}


def test_the_named_ones_are_there_and_what_exists_is_not() -> None:
    named = {row["formula"] for row in ROWS}
    assert named >= {"LiCu3", "LiS4", "Li7Ti10O24", "Li2C2"}
    assert not named & {"LiB", "Ti6O", "Zr4O", "LiC6", "LiC12", "Li2S", "NaCl"}


def test_entries_are_found_by_composition_at_their_temperature() -> None:
    asked = Compositions.from_formulas(["Cu3Li", "Cu", "LiC", "Li2C2", "LiC12"])
    names = [doubtful.table()[i].formula if i >= 0 else "" for i in doubtful.entries(asked)]
    assert names == ["LiCu3", "", "Li2C2", "Li2C2", ""]
    hot = doubtful.entries(asked, temperature_k=700.0)
    assert [i >= 0 for i in hot] == [True, False, False, False, False]


def test_every_entry_is_in_the_embedded_set_to_be_asked_about() -> None:
    phases = reference.load()
    wanted = Compositions.from_formulas([row["formula"] for row in ROWS])
    assert (phases.rows_of(wanted) >= 0).all()


def limits(how: OfDoubtful, *formulas: str, anode: str = "Li") -> dict[str, list[Any]]:
    settings = Settings(anode=anode, doubtful_phases=how)
    case, _ = candidates.make_case(reference.load(), settings, formulas)
    values = descriptors.compute_families(case, ("stability", "against_anode", "doubt"))
    return {name: column.tolist() for name, column in values.columns.items()}


def test_copper_is_stable_and_says_what_hangs_on_licu3() -> None:
    without, kept = limits("leave_out", "Cu"), limits("keep", "Cu")
    assert without["reduction_v"] == [0.0]
    assert without["contact_products"] == ["Cu"]
    assert kept["reduction_v"][0] == pytest.approx(0.137, abs=1e-3)
    assert without["doubtful_products"] == kept["doubtful_products"] == ["LiCu3"]
    assert "with them: reduction_v 0.137 instead of 0.000" in str(without["doubtful_changes"][0])
    assert "without them: reduction_v 0.000 instead of 0.137" in str(kept["doubtful_changes"][0])


@pytest.mark.parametrize(
    ("formula", "anode", "limit", "apart"),
    [("Li4Ti5O12", "Li", 3.709, 1.1), ("Li2S", "Li", 2.341, 0.1), ("NaCl", "Na", 4.210, 0.4)],
)
def test_oxidation_limits_without_them(
    formula: str, anode: str, limit: float, apart: float
) -> None:
    """Published (Zhu, He, Mo, 2015) is 4.25 V for LiCl, the like of NaCl here."""
    without, kept = (limits(how, formula, anode=anode) for how in get_args(OfDoubtful))
    assert without["oxidation_v"][0] == pytest.approx(limit, abs=1e-3)
    assert without["oxidation_v"][0] - kept["oxidation_v"][0] > apart


def test_nothing_hangs_on_them_elsewhere() -> None:
    found = limits("leave_out", "LiF", "ZnO", "Li3N")
    assert found["doubtful_products"] == ["", "", ""]


def test_a_doubtful_phase_has_no_distance_and_a_reason() -> None:
    case, _ = candidates.make_case(reference.load(), Settings(), ["LiCu3", "Li2C2"])
    values = descriptors.compute_families(case, ("stability",))
    distance = values.columns["hull_distance_ev_atom"]
    assert np.isnan(distance[0])
    assert values.reason("hull_distance_ev_atom")[0].startswith("doubtful phase: no compound")
    assert values.columns["decomposition"][0] == "3 Cu + Li"
    assert distance[1] > 0  # exists, though it does not form


def test_both_engines_leave_them_out() -> None:
    engines: tuple[Engine, ...] = ("kernel", "pymatgen")
    for engine in engines:
        case, _ = candidates.make_case(reference.load(), Settings(engine=engine), ["Cu"])
        assert case.equilibria.profiles.reduction_v.tolist() == [0.0]
    assert cross_check(case).largest_difference_v < 1e-6


def test_dilute_solutions_are_left_out_of_a_table_of_ones_own() -> None:
    made = Phases(
        {
            "formula": ["Mg", "Al", "Mg149Al", "Mg17Al12"],
            "formation_energy_ev_atom": [0.0, 0.0, -0.023, -0.04],
        }
    )
    expected: tuple[tuple[OfDoubtful, str], ...] = (("leave_out", "Mg17Al12"), ("keep", "Mg149Al"))
    for how, text in expected:
        case, _ = candidates.make_case(made, Settings(anode="Mg", doubtful_phases=how), ["Al"])
        assert case.facts.write_mixtures(case.equilibria.contact_products)[0].endswith(text)
        assert ("dilute solutions" in str(left_out(made, case.settings))) == (how == "leave_out")


def test_a_run_names_what_it_left_out_and_the_option_keeps_it() -> None:
    phases = reference.load()
    assert {str(phase).split(":")[0] for phase in left_out(phases, Settings())} == {
        row["formula"] for row in ROWS
    }
    assert left_out(phases, Settings(doubtful_phases="keep")) == []


def test_explain_says_that_it_is_doubtful_and_why(cli: Cli) -> None:
    said = good(cli("explain", "LiCu3", "--format", "json")).json["doubtful"]
    assert said["formula"] == "LiCu3"
    assert "simple eutectic" in said["evidence"]
    assert good(cli("explain", "LiF", "--format", "json")).json["doubtful"] is None
    text = " ".join(good(cli("explain", "LiCu3")).text.split())
    assert "LiCu3 is one: no compound of copper and lithium is established" in text


def test_commands_keep_them_if_asked(cli: Cli) -> None:
    (left,) = good(cli("window", "Cu", "--format", "json")).json
    (kept,) = good(cli("window", "Cu", "--keep-doubtful", "--format", "json")).json
    assert left["reduction_v"] == 0.0
    assert kept["reduction_v"] > 0.1
    text = " ".join(good(cli("window", "Cu")).text.split())
    assert "Of the doubtful phases LiCu3 would take part" in text


@pytest.mark.parametrize("anode", reference.ANODES)
def test_embedded_and_full_table_agree(anode: str, full: Phases) -> None:
    """On each named candidate: window, contact, shares and verdict."""
    both = []
    embedded, _ = candidates.make_case(reference.load(), Settings(anode=anode))
    other, _ = candidates.make_case(full, Settings(anode=anode), embedded.formulas)
    for case in (embedded, other):
        both.append(descriptors.compute_families(case, ("stability", "against_anode")).columns)
    for name, mine in both[0].items():
        if mine.dtype.kind == "f":
            np.testing.assert_allclose(mine, both[1][name], atol=1e-9, err_msg=name)
        elif name != "fraction_basis":
            assert mine.tolist() == both[1][name].tolist(), name
