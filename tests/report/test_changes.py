"""What changed between two runs, with the cause that was planted."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.errors import DataError
from screen.report import changes
from screen.report.changes import Change, Comparison
from screen.report.run_files import RunFiles

ROLE = {"goals": [{"column": "hull_distance_ev_atom"}, {"column": "chance"}, {"column": "gap_ev"}]}
COLUMNS = [
    {"name": "hull_distance_ev_atom", "source": "hull"},
    {"name": "chance", "source": "python -m screen model card"},
    {"name": "gap_ev", "source": "the table"},
]


def row(rank: int | None, formula: str, **values: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "role": "host",
        "rank": rank,
        "id": formula,
        "formula": formula,
        "score": 0.5,
        "formation_energy_ev_atom": -1.0,
        "hull_distance_ev_atom": 0.0,
        "chance": 0.7,
        "gap_ev": 1.0,
    }
    return base | values


def run(*rows: dict[str, Any], **manifest: Any) -> RunFiles:
    content = {
        "settings": {"anode": "Li", "seed": 0, "plating_v": 0.02},
        "roles": {"host": ROLE},
        "digests": {"data": "d", "code": "c", "choices": "s"},
        "source": {"name": "x", "database_versions": [], "phases": len(rows)},
    }
    columns: list[dict[str, str]] = COLUMNS
    table = pa.Table.from_pylist(list(rows))
    return RunFiles(content | manifest, columns, table, pa.table({}), {})


OTHER_DATA = {"digests": {"data": "e", "code": "c", "choices": "s"}}
OTHER_CODE = {"digests": {"data": "d", "code": "k", "choices": "s"}}
BEFORE = run(row(1, "ZnO"), row(2, "Ag"), row(3, "Mg"), row(None, "Si"))


def the(comparison: Comparison, formula: str) -> Change:
    (found,) = (change for change in comparison.changes if change.formula == formula)
    return found


def test_the_same_run_has_no_changes() -> None:
    found = changes.compare(BEFORE, BEFORE, 10)
    assert (found.changes, found.common) == ((), ())
    assert "are the same" in found.markdown()


def test_a_new_phase_on_the_hull() -> None:
    after = run(
        row(2, "ZnO", hull_distance_ev_atom=0.03),
        row(1, "Ag"),
        row(3, "Mg"),
        row(4, "LiZnO"),
        row(None, "LiAg", hull_distance_ev_atom=0.2),
        **OTHER_DATA,
    )
    found = changes.compare(BEFORE, after, 10)
    change = the(found, "ZnO")
    assert (change.change, change.rank_before, change.rank_after) == ("moved", 1, 2)
    assert change.cause.startswith("new phase on the hull: LiZnO")
    assert "hull_distance_ev_atom 0.000 -> 0.030" in change.cause
    assert the(found, "Ag").cause == "others moved: its own figures are the same"
    assert the(found, "LiZnO").cause == "was not judged before"
    assert found.common[0].startswith("changed data")


def test_a_changed_energy() -> None:
    after = run(
        row(2, "ZnO", formation_energy_ev_atom=-0.9, hull_distance_ev_atom=0.1),
        row(1, "Ag"),
        row(3, "Mg"),
        **OTHER_DATA,
    )
    cause = the(changes.compare(BEFORE, after, 10), "ZnO").cause
    assert cause.startswith("changed energy: formation_energy_ev_atom -1.000 -> -0.900")


def test_a_changed_model() -> None:
    after = run(row(2, "ZnO", chance=0.2), row(1, "Ag"), row(3, "Mg"), **OTHER_CODE)
    cause = the(changes.compare(BEFORE, after, 10), "ZnO").cause
    assert cause == "changed model; chance 0.700 -> 0.200"


def test_a_changed_share_of_a_model() -> None:
    learned = {"column": "chance", "learned": True, "weight": 1.0}
    role = {"goals": [*ROLE["goals"], learned]}
    models = [
        {"share": {"host": {"chance": s}}, "fitted_to": {"literature": d}}
        for s, d in (
            (0.183, "a"),
            (0.0, "b"),
        )
    ]
    before = run(row(1, "ZnO"), row(2, "Ag"), models=models[0], roles={"host": role})
    after = run(row(1, "Ag"), row(2, "ZnO"), models=models[1])
    found = changes.compare(before, after, 10)
    assert found.common == (
        "changed model: its share of the score as host 18.3% -> 0.0%",
        "changed model: the literature, fitted to other rows or phases",
    )
    assert the(found, "Ag").cause == "changed model: its share of the score as host 18.3% -> 0.0%"


def test_changed_settings() -> None:
    settings = {"anode": "Li", "seed": 4, "plating_v": 0.05}
    after = run(row(2, "ZnO", gap_ev=0.5), row(1, "Ag"), row(3, "Mg"), settings=settings)
    found = changes.compare(BEFORE, after, 10)
    assert len(found.common) == 2
    assert the(found, "ZnO").cause == (
        "changed settings: plating_v 0.02 -> 0.05; gap_ev 1.00 -> 0.50"
    )
    assert the(found, "Ag").cause.startswith("others moved")


def test_new_gone_and_moved_at_the_border() -> None:
    after = run(row(2, "ZnO"), row(3, "Ag"), row(1, "Si"))
    found = changes.compare(BEFORE, after, 2)
    kinds = {change.formula: change.change for change in found.changes}
    assert kinds == {"Si": "new", "ZnO": "moved", "Ag": "gone"}
    assert [change.change for change in found.changes] == ["new", "moved", "gone"]
    assert the(changes.compare(BEFORE, after, 3), "Mg").cause == "is no longer judged"


def test_another_id_of_the_same_formula_is_the_same_candidate() -> None:
    after = run(row(2, "ZnO", id="mp-2"), row(1, "Ag"), row(3, "Mg"))
    assert the(changes.compare(BEFORE, after, 10), "ZnO").change == "moved"


def test_other_anodes_do_not_compare() -> None:
    with pytest.raises(DataError, match=r"Li.*Na"):
        changes.compare(BEFORE, run(row(1, "ZnO"), settings={"anode": "Na"}), 10)


FORMULAS = ("ZnO", "Ag", "Mg", "Si", "C", "Al")
orders = st.permutations(FORMULAS).flatmap(
    lambda order: st.integers(1, len(order)).map(lambda count: tuple(order)[:count])
)


@given(first=orders, second=orders, top=st.integers(1, 7))
def test_every_change_among_the_best_is_told_once_with_a_cause(
    first: tuple[str, ...], second: tuple[str, ...], top: int
) -> None:
    old, new = (
        run(*(row(rank, formula) for rank, formula in zip(itertools.count(1), order, strict=False)))
        for order in (first, second)
    )
    found = changes.compare(old, new, top)
    best = [dict(zip(order[:top], itertools.count(1), strict=False)) for order in (first, second)]
    expected = {f for f in {*best[0], *best[1]} if best[0].get(f) != best[1].get(f)}
    assert sorted(change.formula for change in found.changes) == sorted(expected)
    assert all(change.cause for change in found.changes)
    assert len(found.rows) == len(expected)
    assert pa.Table.from_pylist(found.rows, changes.SCHEMA).num_rows == len(expected)
    back = changes.compare(new, old, top)
    turned = {"new": "gone", "gone": "new", "moved": "moved"}
    assert {(c.formula, turned[c.change]) for c in back.changes} == {
        (c.formula, c.change) for c in found.changes
    }
