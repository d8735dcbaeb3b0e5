"""What experiments have seen of slow contacts stands beside the computed answer, no more."""

from __future__ import annotations

import pytest

import screen
from screen import tried
from screen.ranking.roles import roles
from screen.tables import anode_of


def test_a_composition_is_found_in_any_spelling() -> None:
    (bulk,) = tried.found("Li", "Si4Ti2")
    assert bulk.formula == "TiSi2"
    assert not list(tried.found("Na", "TiSi2"))
    assert not list(tried.found("Li", "TiSi2", "Li7La3Zr2O12"))
    (film,) = tried.found("Li", "Li3N", "Li7La3Zr2O12")
    assert not list(tried.found("Li", "Li3N"))
    assert film.partner == "Li7La3Zr2O12"


@pytest.mark.parametrize("one", tried.table(), ids=lambda one: one.formula)
def test_a_row_says_what_was_seen_of_which_sample_and_where(one: tried.Tried) -> None:
    assert anode_of(one.anode).symbol == one.anode
    for part in (one.formula, one.form, one.finding, one.reference, one.doi, one.against):
        assert part in one.said
    assert ("Against it: " in one.said) == bool(one.against)
    assert one.doi or any(year in one.reference for year in ("(19", "(20", "http"))


def test_it_stands_on_the_card() -> None:
    answer = screen.explain("TiSi2")
    (said,) = answer.records["tried"]
    assert said.startswith("Tried, TiSi2 (bulk): not known to react")
    assert "doi:10.3390/nano11092279" in said
    assert said in "".join(line for section in answer.sections for line in section.lines)


def test_it_stands_beside_a_stack() -> None:
    """By energies the film reacts with the garnet, and that is still said."""
    answer = screen.stack("Li3N", "Li7La3Zr2O12").records
    assert answer["verdict"] == "reacts_with_the_electrolyte"
    (said,) = answer["tried"]
    assert "Li3N on Li7La3Zr2O12" in said
    assert not screen.stack("LiF", "Li6PS5Cl").records["tried"]


def test_no_role_reads_it() -> None:
    assert not any("tried" in role.columns for role in roles().values())
