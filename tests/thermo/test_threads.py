"""Answers are the same bytes with one thread or several, and however many there are at once."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from screen.composition import INDEX, Compositions
from screen.sources import load
from screen.thermo import competition, open_interface, threads
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose, stable_table
from screen.thermo.interface import react
from screen.thermo.open_interface import react_open
from screen.thermo.window import profiles


def answers() -> dict[str, Any]:
    """One of each kind, from a table that nothing was asked of before."""
    phases = load()
    table = Competition(phases.compositions, phases.energy)
    compositions = phases.compositions.take(np.arange(0, len(phases), 7))
    stable, distance = stable_table(table)
    partner = Compositions.from_formulas(["Li6PS5Cl"]).take(np.zeros(len(compositions), np.int64))
    return {
        "distance": distance,
        "hulls": decompose(table, compositions),
        "profiles": profiles(stable, compositions, INDEX["Li"], 1),
        "reactions": react(stable, compositions, partner),
        "open": react_open(stable, compositions, partner, INDEX["Li"], 0.0),
    }


def flat(value: Any) -> list[bytes]:
    """All arrays of an answer, as bytes."""
    if isinstance(value, np.ndarray):
        return [value.tobytes()]
    fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
    return [part for field in fields for part in flat(field)]


def test_the_same_bytes_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(competition, "BLOCK", 200)
    monkeypatch.setattr(open_interface, "MANY", 200)
    found = []
    for number in (1, 2, 4):
        with threads.limited(number):
            found.append({name: flat(value) for name, value in answers().items()})
    assert found[0] == found[1] == found[2]


def test_blocks_do_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answers()
    monkeypatch.setattr(competition, "BLOCK", 150)
    parts = answers()
    for name, ours in (("hulls", "energy"), ("profiles", "v_low"), ("reactions", "x_a")):
        one, other = (getattr(found[name], ours) for found in (whole, parts))
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(whole["profiles"].start, parts["profiles"].start)


def test_worker_processes_use_one_thread() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(threads.number).result() == 1
    assert threads.number() >= 1


def test_an_error_in_a_thread_is_an_error() -> None:
    def fail(part: int) -> int:
        if part == 2:
            raise ValueError("odd")
        return part

    with threads.limited(2), pytest.raises(ValueError, match="odd"):
        threads.in_order(fail, [1, 2, 3])
