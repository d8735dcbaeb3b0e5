"""The public names: each is shown by an example that runs, and refuses what the commands refuse."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import ComputedEntry

import screen
from screen import errors
from screen.cli import main
from screen.frame import to_html

pytestmark = pytest.mark.usefixtures("once")

PUBLIC = [name for name in screen.__all__ if name not in ("__version__", "Settings")]


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(recurse=False)
    thing = getattr(screen, name)
    (found,) = finder.find(thing, name, module=sys.modules[thing.__module__])
    examples = [example for example in found.examples if "import" not in example.source]
    assert examples, f"{name} has no example"
    result = doctest.DocTestRunner(verbose=False).run(found)
    assert not result.failed


def test_names_are_listed_and_loaded_late() -> None:
    assert set(PUBLIC) <= set(dir(screen))
    code = "import screen, sys; print([m for m in sys.modules if m in ('numpy', 'pyarrow')])"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'rnak'"):
        getattr(screen, "rnak")  # noqa: B009 (a constant attribute would not be typed)


@pytest.fixture(scope="module")
def done() -> screen.Run:
    return screen.rank("Li", check_candidates=1, check_interfaces=1)


def test_a_role_is_a_data_frame_with_units(done: screen.Run) -> None:
    frame = done.frame("interlayer")
    assert frame["rank"].iloc[0] == 1
    assert frame["formula"].iloc[0] in repr(frame[["rank", "formula"]].head())
    assert frame.attrs["units"]["reduction_v"] == "V"
    assert frame.attrs["meanings"]["reduction_v"].startswith("Highest voltage")
    assert str(frame["passed"].dtype) == "boolean"


def test_every_missing_value_has_its_reason(done: screen.Run) -> None:
    gaps = done.gaps
    assert (gaps["reason"] != "").all()
    frame = done.frame("host")
    for column in ("band_gap_ev", "ion_conductivity_log_s_cm"):
        assert (gaps["column"] == column).sum() == frame[column].isna().sum()


def test_representations_are_short(done: screen.Run) -> None:
    answers = (done, screen.window("LiF"), screen.load(), screen.explain("LiF"))
    assert max(len(repr(answer)) for answer in answers) < 300
    html = done._repr_html_()
    assert "<table" in html
    assert len(html) < 30_000


def test_hostile_names_are_escaped_for_notebooks() -> None:
    text = to_html(pa.table({"a<b>": ["<script>alert(1)</script>"]}), {}, "<i>")
    assert "<script>" not in text
    assert "<i>" not in text


def test_written_and_read_again(done: screen.Run, tmp_path: Path) -> None:
    folder = screen.open_run(done.write(tmp_path / "run"))
    assert folder.roles == done.roles
    pd.testing.assert_frame_equal(
        folder.frame("alloy")[["formula", "score"]], done.frame("alloy")[["formula", "score"]]
    )
    assert len(folder.gaps) == len(done.gaps)
    picks = folder.shortlist(2, roles=["host"])
    assert picks.to_pandas()["formula"].tolist() == (
        done.shortlist(2, roles=["host"]).to_pandas()["formula"].tolist()
    )


@pytest.mark.parametrize(
    "given", [Composition("Li3PS4"), ComputedEntry("Li3PS4", -1.0), "Li3PS4", "Li6P2S8"]
)
def test_materials_as_text_composition_or_entry(given: Any) -> None:
    (mine,) = screen.window(given).records
    (same,) = screen.window("Li3PS4").records
    assert mine["reduction_v"] == same["reduction_v"]


def test_entries_are_a_source() -> None:
    entries = [
        ComputedEntry("Li", -1.9),
        ComputedEntry("F2", -3.6),
        ComputedEntry("LiF", -1.9 - 1.8 - 6.2),
    ]
    (found,) = screen.window("LiF", source=entries).records
    assert found["oxidation_v"] == pytest.approx(6.2)


def test_the_command_prints_what_the_call_returns(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["window", "LiF", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out) == json.loads(screen.window("LiF").render("json"))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: screen.window("Xx"), "Xx"),
        (screen.window, "no formula given"),
        (lambda: screen.window(3.5), "float is no material"),
        (lambda: screen.window("LiF", anode="Fe"), "unknown anode"),
        (lambda: screen.rank(roles="cathode"), "unknown role 'cathode'"),
        (lambda: screen.rank(electrolytes="Nafion"), "unknown electrolyte"),
        (lambda: screen.rank(sede=1), "unknown setting 'sede'"),
        (lambda: screen.rank(seed="many"), "setting seed"),
        (lambda: screen.load("nowhere.csv"), "nowhere.csv"),
        (lambda: screen.load([]), "entries"),
        (lambda: screen.load([1, 2]), "entries"),
        (lambda: screen.open_run("nowhere"), "nowhere"),
        (lambda: screen.literature_table("wrong > 2"), "wrong"),
        (lambda: screen.rank("Mg", seed=1).frame("cathode"), "unknown role 'cathode'"),
        (lambda: screen.interface("LiF", None), "NoneType is no material"),
        (lambda: screen.decompose("Li3PuO4"), "Pu"),
    ],
)
def test_faults_are_those_of_the_commands(ask: Callable[[], Any], says: str) -> None:
    with pytest.raises(errors.ScreenError) as fault:
        ask()
    assert says in str(fault.value)
    assert "\n" not in str(fault.value)
