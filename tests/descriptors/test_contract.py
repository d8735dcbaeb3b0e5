"""What every family promises, held for each that the registry finds."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from screen import descriptors
from screen.columns import Column, Values, missing
from screen.descriptors.case import Case
from screen.errors import ScreenError
from screen.sources.reference import ANODES
from tests.descriptors.cases import case_of

# Stable, converting, metastable, metallic, without an energy of its own, the metal itself; and
# NaCl, whose surroundings the set does not hold.
MIXED = ("LiF", "ZnO", "LiSi", "Li3PS4", "Li3YCl6", "Ag", "Li7P3S11", "Cu3N", "C", "Li", "NaCl")
KINDS = {"number": "fiu", "text": "O", "flag": "b"}

ASKED = {"certainty": {"samples": 3}}
"""Settings without which a family has nothing to tell."""


def asked(family: ModuleType) -> dict[str, Any]:
    return ASKED.get(descriptors.name_of(family), {})


every_family = pytest.mark.parametrize("family", descriptors.families(), ids=descriptors.name_of)


def same_values(actual: Values, expected: Values) -> None:
    """Equal columns; numbers to 1e-9."""
    assert list(actual.columns) == list(expected.columns)
    for name, values in actual.columns.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(
                values, expected.columns[name], rtol=1e-9, atol=1e-9, err_msg=name
            )
        else:
            assert values.tolist() == expected.columns[name].tolist(), name
        gaps = missing(values)
        assert values_at(actual.reason(name), gaps) == values_at(expected.reason(name), gaps), name


def values_at(values: Any, rows: Any) -> list[Any]:
    chosen: list[Any] = values[rows].tolist()
    return chosen


def test_the_registry_finds_every_family() -> None:
    names = [descriptors.name_of(family) for family in descriptors.families()]
    known = "stability against_anode capacity interfaces practicality properties"
    assert set(known.split()) <= set(names)
    assert "case" not in names


@pytest.mark.parametrize("anode", ANODES)
def test_columns_have_distinct_names_and_say_what_they_are(anode: str) -> None:
    columns = descriptors.columns(case_of("C", anode=anode).electrolytes)
    assert len({column.name for column in columns}) == len(columns)
    for column in columns:
        assert column.label
        assert column.meaning.endswith(".")
        assert column.source


@every_family
@pytest.mark.parametrize("anode", ANODES)
def test_returns_what_it_declares_complete_or_explained(family: ModuleType, anode: str) -> None:
    case = case_of("LiF", "ZnO", "C", "MgF2", "NaF", "Si", anode, anode=anode, **asked(family))
    values = family.compute(case)
    declared = descriptors.declared(family, case.electrolytes)
    assert list(values.columns) == [column.name for column in declared]
    for column in declared:
        array = values.columns[column.name]
        assert array.shape == (len(case),)
        assert array.dtype.kind in KINDS[column.kind], column.name
        gaps = missing(array)
        if column.kind == "number":
            assert np.isfinite(array[~gaps]).all(), column.name
        if column.kind == "text":
            assert all(isinstance(value, str) for value in array), column.name
        for reason in values.reason(column.name)[gaps]:
            assert reason, column.name
            assert "\n" not in reason


def snapshot(case: Case) -> dict[str, Any]:
    """Every array and list that a family can reach, copied."""
    found: dict[str, Any] = {}

    def visit(name: str, thing: Any) -> None:
        if isinstance(thing, np.ndarray):
            found[name] = thing.copy()
        elif isinstance(thing, list | tuple):
            found[name] = [part for part in thing if not isinstance(part, np.ndarray)]
            for k, part in enumerate(thing):
                if isinstance(part, np.ndarray):
                    visit(f"{name}[{k}]", part)
        elif hasattr(thing, "__dict__") and name.count(".") < 4:
            for key, value in vars(thing).items():
                visit(f"{name}.{key}", value)

    visit("case", case)
    return found


@every_family
def test_leaves_its_input_alone(family: ModuleType) -> None:
    case = case_of(*MIXED, **asked(family))
    # What is computed on demand and kept is input too, for the next family.
    assert case.equilibria.decompositions
    assert case.equilibria.contact_products
    assert case.facts.conducts is not None
    before = snapshot(case)
    assert any("profiles" in name for name in before)
    first = family.compute(case)
    after = snapshot(case)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)
    same_values(family.compute(case), first)


@every_family
def test_order_of_candidates_does_not_matter(family: ModuleType) -> None:
    order = np.random.default_rng(3).permutation(len(MIXED))
    straight = family.compute(case_of(*MIXED, **asked(family)))
    shuffled = family.compute(case_of(*[MIXED[i] for i in order], **asked(family)))
    expected = Values(len(order))
    for name, values in straight.columns.items():
        expected.add(name, values[order], straight.reason(name)[order])
    same_values(shuffled, expected)


@every_family
def test_no_candidates_no_rows(family: ModuleType) -> None:
    case = case_of(**asked(family))
    values = family.compute(case)
    assert list(values.columns) == [
        column.name for column in descriptors.declared(family, case.electrolytes)
    ]
    assert all(len(column) == 0 for column in values.columns.values())


@every_family
def test_each_candidate_stands_alone(family: ModuleType) -> None:
    together = family.compute(case_of(*MIXED, **asked(family)))
    for i, formula in enumerate(MIXED):
        expected = Values(1)
        for name, values in together.columns.items():
            expected.add(name, values[[i]], together.reason(name)[[i]])
        same_values(family.compute(case_of(formula, **asked(family))), expected)


@every_family
def test_both_engines_agree(family: ModuleType) -> None:
    kernel = family.compute(case_of(*MIXED[:8], **asked(family)))
    pymatgen = family.compute(case_of(*MIXED[:8], engine="pymatgen", **asked(family)))
    for name, values in kernel.columns.items():
        other = pymatgen.columns[name]
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, other, rtol=1e-6, atol=1e-6, err_msg=name)
        else:
            assert values.tolist() == other.tolist(), name


def test_an_anode_without_electrolytes_has_reasons() -> None:
    case = case_of("C")
    bare = Case(**{**vars(case_of("C")), "electrolytes": ()})
    values = descriptors.compute_all(bare)
    assert np.isnan(values.columns["interface_median_ev_atom"][0])
    assert "no electrolytes" in values.reason("interface_median_ev_atom")[0]
    assert len(descriptors.compute_all(case).columns) > len(values.columns)


def only_family(
    monkeypatch: pytest.MonkeyPatch, compute: Callable[[Case], Values], *names: str
) -> None:
    columns = tuple(Column(name, name, "Made up.", "test", dimensionless=True) for name in names)
    family = SimpleNamespace(
        __name__="screen.descriptors.made_up", COLUMNS=columns, compute=compute
    )
    monkeypatch.setattr(descriptors, "families", lambda *_: (family,))


def test_a_family_that_returns_other_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(case: Case) -> Values:
        values = Values(len(case))
        values.add("other", np.zeros(len(case)))
        return values

    only_family(monkeypatch, compute, "promised")
    with pytest.raises(ScreenError, match=r"made_up.py declares"):
        descriptors.compute_all(case_of("LiF"))


def test_a_family_that_leaves_a_bare_gap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(case: Case) -> Values:
        values = Values(len(case))
        reason = np.array(["not known", ""], dtype=object)
        values.add("promised", [np.nan, np.nan], reason)
        return values

    only_family(monkeypatch, compute, "promised")
    with pytest.raises(ScreenError, match="promised of ZnO is missing without a reason"):
        descriptors.compute_all(case_of("LiF", "ZnO"))
