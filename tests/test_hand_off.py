"""The commands that hand results on: report, shortlist, forms of explain, more files of rank."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet
import pytest

from screen import run_folder
from screen.structures import cell_vectors, shipped
from tests.test_cli import Cli, cli, good, quick, rank, read_csv

__all__ = ["cli", "quick", "rank"]

pytestmark = pytest.mark.usefixtures("once")


@pytest.fixture
def run(rank: Cli) -> Path:
    good(rank())
    return Path("run")


def test_report_writes_the_page_that_rank_wrote(cli: Cli, run: Path) -> None:
    page = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    said = cli("report", "run")
    assert (said.code, said.out, said.err) == (0, b"", "written: run/report.html\n")
    assert (run / "report.html").read_bytes() == page
    assert cli("report", "run", "-o", "elsewhere/page.html").code == 0
    assert Path("elsewhere/page.html").read_bytes() == page


def test_report_opens_a_browser(cli: Cli, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    assert cli("report", "run", "--open").code == 0
    assert opened == [(run / "report.html").resolve().as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert "no browser could be started" in cli("report", "run", "--open").err


@pytest.mark.parametrize("command", ["report", "shortlist"])
def test_a_damaged_run_is_refused_in_one_line(cli: Cli, run: Path, command: str) -> None:
    (run / "gaps.csv").write_text("changed")
    page = (run / "report.html").read_bytes()
    said = cli(command, "run")
    assert (said.code, said.out) == (3, b"")
    assert said.err.startswith("error: run/gaps.csv was altered")
    assert said.err.count("\n") == 1
    assert (run / "report.html").read_bytes() == page
    (run / "gaps.csv").unlink()
    assert "run/gaps.csv is missing" in cli(command, "run").err
    assert cli(command, "nowhere").err.startswith("error: no run folder nowhere")


def test_other_files_on_request(rank: Cli, cli: Cli) -> None:
    few = ("--role", "interlayer")  # a workbook of all takes seconds
    said = good(rank("--short", "--also", "parquet,xlsx", "--format", "csv", "--top", "2", *few))
    names = {path.name for path in Path("run").iterdir()}
    assert names == {*run_folder.RUN_FILES, *run_folder.EXTRA.values()}
    assert list(said.rows[0]) == list(run_folder.SHORT_COLUMNS)
    made = {"score_low", "p_stable", "protects", "precursors", "route", "hazards", "space_group"}
    assert made <= set(run_folder.SHORT_COLUMNS)
    head, *rows = read_csv("run/ranked.csv")
    short_head, *short_rows = read_csv("run/short.csv")
    at = [head.index(name) for name in short_head]
    assert short_rows == [[row[i] for i in at] for row in rows]
    table = pyarrow.parquet.read_table("run/ranked.parquet")
    assert table.column_names == head
    assert table["formula"].to_pylist() == [row[head.index("formula")] for row in rows]
    assert cli("report", "run").code == 0
    good(rank(*few))
    assert {path.name for path in Path("run").iterdir()} == set(run_folder.RUN_FILES)


def test_the_short_form_of_another_metal_has_no_cells(rank: Cli) -> None:
    """The literature speaks of lithium alone."""
    asked = ("--anode", "Mg", "--role", "interlayer")
    said = good(rank(*asked, "--short", "--also", "xlsx", "--format", "csv"))
    cells = {"measured_cells", "measured_outcomes"}
    left = [name for name in run_folder.SHORT_COLUMNS if name not in cells]
    assert list(said.rows[0]) == left == read_csv("run/short.csv")[0]
    heads = [cell.value for cell in openpyxl.load_workbook("run/ranked.xlsx")["Interlayer"][1]]
    assert "against Mg, most likely" in heads
    assert "cells measured" not in heads


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--also", "pdf"], "--also 'pdf'; Allowed: parquet, xlsx"),
        (["--also", "short"], "Allowed: parquet, xlsx"),
        (["--short", "--columns", "rank"], "--short and --columns"),
    ],
)
def test_other_files_that_there_are_not(rank: Cli, options: list[str], said: str) -> None:
    answer = rank(*options)
    assert answer.code == 2
    assert said in answer.err
    assert not Path("run").exists()


def test_explain_for_an_email(cli: Cli) -> None:
    said = good(cli("explain", "ZnO", "--format", "md")).text
    for part in ("# ZnO, for Li", "## When Li touches it", "## Voltage profile", "## Nearest"):
        assert part in said
    assert "| LiZn | 1 | 53% | alloy: conducts electrons and holds Li |" in said
    assert "ZnO + 3 Li -\\> Li2O + LiZn (-294 kJ/mol)" in said or "ZnO + 3 Li -> Li2O" in said
    assert "holds no Li" in said
    assert "doi:10" in said


def test_explain_for_the_printer(cli: Cli) -> None:
    """One file that loads and runs nothing, with what a chemist asks for."""
    said = good(cli("explain", "ZnO", "--format", "html")).text
    assert said.startswith("<!doctype html>")
    for part in ("<h1>ZnO, for Li</h1>", "mixed conducting 88%", "Zn(C2H5)2 (ALD)", "ALD, sputter"):
        assert part in said
    assert "drive, best class (eV/atom)" in said
    assert "Against the solid electrolytes" in said
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', said)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<(script|link|img|iframe)|src=|url\(|@import", said)
    chosen = good(cli("explain", "ZnO", "--section", "voltage", "--format", "html")).text
    assert "Voltage profile" in chosen
    assert "How it is made" not in chosen
    assert "html" in cli("explain", "ZnO", "--format", "htm").err
    assert cli("window", "ZnO", "--format", "html").code == 2


@pytest.mark.parametrize("form", ["svg", "png"])
def test_explain_draws(cli: Cli, form: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = cli("explain", "ZnO", "--format", "json", "--plot", f"deep/zno.{form}")
    assert (said.code, said.err) == (0, f"drawn: deep/zno.{form}\n")
    drawn = Path(f"deep/zno.{form}").read_bytes()
    if form == "svg":
        for text in (b"Voltage profile", b"Li6PS5Cl", b"LiTi2(PO4)3"):
            assert text in drawn
    assert cli("explain", "ZnO", "--plot", "zno.gif").code == 2


def test_explain_tells_its_neighbours(cli: Cli) -> None:
    answer = good(cli("explain", "LiF", "--format", "json")).json
    near = [a["formula"] for a in answer["alternatives"] if a["role"] == "interlayer"]
    assert near[:4] == ["LiH", "LiCl", "LiBr", "LiI"]
    assert [a["distance"] for a in answer["alternatives"]][:4] == [0.5, 1.5, 2.0, 2.5]
    assert all(p["reference"] for p in answer["precedents"])
    assert answer["contact"] == [
        {
            "product": "LiF",
            "per_formula": 1.0,
            "share": 1.0,
            "meaning": "insulating matrix that holds Li",
        }
    ]
    assert answer["structure"]["space_group"] == "Fm-3m"


@pytest.mark.filterwarnings("ignore:Issues encountered while parsing CIF")
def test_a_shortlist_is_written_with_its_structures(cli: Cli, run: Path) -> None:
    assert run
    said = cli("shortlist", "run", "--diverse", "--per-role", "3", "-o", "list", "--format", "json")
    assert said.code == 0
    picks = said.json
    assert [p["pick"] for p in picks] == [1, 2, 3] * 3
    _, *ranked = read_csv("run/ranked.csv")
    best = ranked[0][2]
    assert picks[0]["formula"] == best
    assert any("passed over before it" in p["reason"] for p in picks)
    assert "written: list/" in said.err
    head, *rows = read_csv("list/shortlist.csv")
    assert head[-1] == "structure"
    for row in rows:
        stem = row[-1]
        if stem.startswith("none: "):
            assert f"no structure of {row[head.index('formula')]}" in said.err
            continue
        for ending in ("cif", "vasp"):
            assert holds(Path("list") / f"{stem}.{ending}", row[head.index("formula")])
    assert rows[0][-1] == f"interlayer-1-{best}"
    pages = {path.stem for path in Path("list").glob("*.html")}
    assert pages == {f"{p['role']}-{p['pick']}-{p['formula']}" for p in picks}
    book = openpyxl.load_workbook("list/shortlist.xlsx")
    assert book.sheetnames == ["interlayer", "host", "alloy", "columns"]
    assert [cell.value for cell in book["host"]["C"]][1:] == [
        p["formula"] for p in picks if p["role"] == "host"
    ]
    assert Path("list/shortlist.md").read_text(encoding="utf-8").startswith("| role | pick |")
    assert cli("shortlist", "run", "--per-role", "1", "--role", "host", "-o", "list").code == 0
    assert not Path(f"list/interlayer-1-{best}.cif").exists()
    assert not Path(f"list/interlayer-1-{best}.html").exists()


def test_the_cell_of_a_structure_is_what_its_vectors_span() -> None:
    for crystal in shipped().values():
        lengths, angles = crystal.cell
        again = cell_vectors(lengths.tolist(), angles.tolist())
        assert np.abs(again - crystal.lattice).max() < 1e-9
        assert [*lengths, *angles] == pytest.approx(list(crystal.structure.lattice.parameters))


def holds(path: Path, formula: str) -> bool:
    """Whether a file holds a structure of a formula, read by pymatgen."""
    from pymatgen.core import Composition, Structure  # noqa: PLC0415

    structure = (
        Structure.from_file(path)
        if path.suffix == ".cif"
        else Structure.from_str(path.read_text(), fmt="poscar")
    )
    return bool(structure.composition.reduced_formula == Composition(formula).reduced_formula)


def test_a_shortlist_that_cannot_be(cli: Cli, run: Path) -> None:
    assert run
    assert "unknown role 'cathode'" in cli("shortlist", "run", "--role", "cathode").err
    assert cli("shortlist", "run", "--distance", "3").code == 2
    assert cli("shortlist", "run", "--per-role", "0").code == 2
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("mine")
    said = cli("shortlist", "run", "-o", "mine")
    assert (said.code, Path("mine/thesis.tex").read_text()) == (2, "mine")
    assert "holds other things than a shortlist" in said.err


def test_a_users_texts_come_out_as_texts(rank: Cli, cli: Cli) -> None:
    ids = ["<script>alert(1)</script>", 'a"b', "x" * 10_000, "\u202egnp.exe"]
    rows = ["id,formula,formation_energy_ev_atom"]
    formulas = ("LiZn", "Li2Zn3", "LiSn", "Li7Sn2")
    for key, formula in zip(ids, formulas, strict=True):
        quoted = key.replace('"', '""')
        rows.append(f'"{quoted}",{formula},-0.2')
    Path("mine.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert rank("--source", "mine.csv", "--format", "csv").code == 0
    head, *found = read_csv("run/ranked.csv")
    assert {row[head.index("id")] for row in found} >= set(ids)
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\\u003cscript\\u003ealert(1)" in page
    assert cli("report", "run").code == 0
    shown = json.loads((Path("run") / "cards.json").read_text(encoding="utf-8"))
    assert set(ids) <= set(shown["candidates"])


def test_a_short_list_of_what_meets_a_condition(rank: Cli, cli: Cli) -> None:
    good(rank())
    rows = good(cli("shortlist", "run", "--where", "has N and handling = air", "--format", "csv"))
    assert rows.rows
    assert all("N" in row["formula"] and row["handling"] == "air" for row in rows.rows)
    none = cli("shortlist", "run", "--where", "has Xe")
    assert none.code == 4
    assert "meets --where 'has Xe'" in none.err
    wrong = cli("shortlist", "run", "--where", "handlin = air")
    assert wrong.code == 2
    assert "'handlin' at character 1; did you mean handling" in wrong.err
