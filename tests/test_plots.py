"""Pictures of single questions: the same every day, of the kind that the name says, or refused."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

import screen
from screen.answers.ranking_picture import drawing_of
from screen.api.runs import Run
from screen.composition import parse_formula
from screen.errors import NothingPassedError, UsageError
from screen.phases import Phases
from screen.report import phase_diagram
from tests.report import runs
from tests.test_cli import Cli, cli, good
from tests.test_cli_bad_input import USAGE, bad

__all__ = ["cli"]

pytestmark = pytest.mark.usefixtures("once")

BEGINS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}

QUESTIONS: dict[str, tuple[list[str], list[str]]] = {
    "window": (["window", "LiF", "Li6PS5Cl"], ["LiF", "Li6PS5Cl", "V against Li"]),
    "window of sulfur": (
        ["window", "Li3PS4", "--reservoir", "S"],
        ["minus the chemical potential of S, eV"],
    ),
    "interface": (
        ["interface", "ZnO", "Li6PS5Cl"],
        ["reaction energy, eV/atom", "Li2S + Li3PO4 + LiCl + 4 ZnS"],
    ),
    "open interface": (
        ["interface", "Li3N", "Li6PS5Cl", "--voltage", "0"],
        ["open to Li at 0 V", "what mixing adds", "5 Li2S + Li3P + Li4NCl"],
    ),
    "interface over voltage": (
        ["interface", "Li3N", "Li6PS5Cl", "--voltage", "0:2:0.5"],
        ["V against Li", "the most that mixing adds"],
    ),
    "interface over oxygen": (
        ["interface", "Li2S", "Li3PO4", "--reservoir", "O", "--mu=-2:-1:0.5"],
        ["chemical potential of O, eV"],
    ),
    "stack": (
        ["stack", "Li3N", "Li6PS5Cl"],
        ["0.48 V", "window from 1.72 V", "bare Li", "-1.628"],
    ),
    "two elements": (["decompose", "Li3N"], ["Li-N", "LiN3", "formation energy, eV/atom"]),
    "three elements": (["decompose", "Li3PS4"], ["Li-P-S", "P4S3", "on the hull"]),
    "four elements": (["decompose", "Li6PS5Cl"], ["Li-P-S-Cl", "LiCl", "Li6PS5Cl"]),
}


def texts(svg: bytes) -> str:
    return " | ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode()))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_picture_says_what_was_asked(cli: Cli, question: str) -> None:
    arguments, parts = QUESTIONS[question]
    plain = good(cli(*arguments)).out
    said = cli(*arguments, "--plot", "picture.svg")
    assert (said.code, said.out, said.err) == (0, plain, "drawn: picture.svg\n")
    found = texts(Path("picture.svg").read_bytes())
    for part in parts:
        assert part in found


@pytest.mark.parametrize("form", BEGINS)
def test_every_kind_is_the_same_every_time(form: str) -> None:
    one, two = (screen.stack("LiF", "Li6PS5Cl", source=phases()).draw(form) for _ in range(2))
    assert one.startswith(BEGINS[form])
    assert one == two


@cache
def phases() -> Phases:
    return screen.load()


BAD: dict[str, tuple[int, list[str], list[str]]] = {
    "unknown kind": (USAGE, ["window", "LiF", "--plot", "a.gif"], ["a.gif", ".svg, .png or .pdf"]),
    "no kind": (USAGE, ["stack", "LiF", "Li6PS5Cl", "--plot", "a"], [".svg, .png or .pdf"]),
    "five elements": (
        USAGE,
        ["decompose", "Li10Ge(PS6)2Cl", "--plot", "a.svg"],
        ["holds 5 elements", "two to four"],
    ),
    "one element": (USAGE, ["decompose", "Li", "--plot", "a.svg"], ["holds one element"]),
    "two formulas": (
        USAGE,
        ["decompose", "Li3N", "LiF", "--plot", "a.svg"],
        ["one formula, not of 2"],
    ),
    "no window": (USAGE, ["window", "Li", "--plot", "a.svg"], ["anode metal", "no window"]),
    "an unknown kind of a ranking": (USAGE, ["rank", "--plot", "a.gif"], [".svg, .png or .pdf"]),
    "too many": (
        USAGE,
        ["window", "LiF", "LiCl", "LiBr", "LiI", "Li2O", "--plot", "a.svg"],
        ["at most 4", "not 5"],
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_cannot_be_drawn_is_refused_before_all_else(cli: Cli, fault: str) -> None:
    code, arguments, parts = BAD[fault]
    bad(cli(*arguments), code, *parts)
    assert not Path("a.svg").exists()


def test_an_answer_without_a_picture_says_so() -> None:
    with pytest.raises(UsageError, match="no picture"):
        screen.literature_table("ccd_ma_cm2 > 2").draw("svg")


@pytest.mark.parametrize("form", ["svg"])
def test_a_phase_above_the_hull_is_in_the_diagram(form: str) -> None:
    """Of two elements the star of a metastable phase is at its own energy, above the line."""
    table = [("Li", 0.0), ("N", 0.0), ("Li3N", -0.4), ("LiN", -0.1)]
    rows = [(name, parse_formula(name), energy) for name, energy in table]
    drawn = phase_diagram.draw("LiN", parse_formula("LiN"), rows, form)
    assert "LiN" in texts(drawn)
    diagram = PhaseDiagram(
        [PDEntry(Composition(name), e * sum(counts.values())) for name, counts, e in rows]
    )
    own = Composition("LiN")
    assert phase_diagram._place(None, diagram, own).tolist() == pytest.approx([0.5, -0.1])
    absent = Composition("Li2N")
    hull = diagram.get_hull_energy_per_atom(absent)
    assert phase_diagram._place(None, diagram, absent).tolist() == pytest.approx([1 / 3, hull])


def test_a_ranking_is_drawn_role_by_role() -> None:
    done = Run.of(runs.done())
    found = texts(done.draw("svg"))
    for ranking in done.rankings:
        for i in np.flatnonzero((ranking.rank > 0) & (ranking.rank <= 10)).tolist():
            assert f"{ranking.rank[i]}  {done.case.formulas[i]}" in found
        assert f"{ranking.role.label} for Li" in found
    for part in ("value not known", "film holds, V", "held charge, mAh/g", "on the Pareto front"):
        assert part in found
    with pytest.raises(UsageError, match="no picture of the kind 'gif'"):
        done.draw("gif")


def test_a_ranking_in_which_nobody_passed_is_not_drawn() -> None:
    done = runs.done()
    none = [replace(r, rank=np.zeros_like(r.rank)) for r in done.rankings]
    with pytest.raises(NothingPassedError, match="nothing to draw"):
        drawing_of(replace(done, rankings=tuple(none)))("svg")
