"""Tables and sentences in a terminal: whatever its width, rows can be told apart and words read."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from screen.answers import card_summary
from screen.cli import app
from screen.columns import Column
from screen.report.terminal import (
    BAD,
    GOOD,
    print_cells,
    print_sentence,
    print_table,
    verdict_style,
    wrapped,
)
from tests.conftest import ROOT

WIDTHS = (80, 100, 120, 160)
WIDE = 2000
"""Nothing is left out and nothing wraps at this width."""

QUICK = "check_candidates = 0\ncheck_interfaces = 0\n"
RANK = ["rank", "-q", "-o", "run", "--config", "quick.toml"]
COMMANDS: dict[str, list[str]] = {
    "rank": RANK,
    "rank --where": [*RANK, "--where", "reduction_v < 0.1", "--top", "40"],
    "rank --columns": [*RANK, "--columns", "formula,reduction_v,why,outcome"],
    "explain": ["explain", "Al2O3", "-q"],
    "explain --section": ["explain", "Al2O3", "-q", "--section", "all"],
    "window": ["window", "LiF", "Li6PS5Cl", "Li1.3Al0.3Ti1.7(PO4)3"],
    "decompose": ["decompose", "LiF", "Li6PS5Cl", "Li1.3Al0.3Ti1.7(PO4)3"],
    "interface": ["interface", "Li6PS5Cl", "Al2O3"],
    "narrow": ["narrow", "ZnO"],
    "stack": ["stack", "Li3N", "Li7La3Zr2O12"],
    "shortlist": ["shortlist", "run"],
    "compare": ["compare", "run", "other"],
    "literature": ["literature"],
    "literature materials": ["literature", "materials"],
    "explain NAME": ["explain", "MOF@CoPc", "-q"],
    "literature --columns": ["literature", "--columns", "all"],
    "columns": ["columns"],
    "columns PATTERN": ["columns", "lattice"],
    "snapshots": ["snapshots", "--snapshots", "."],
    "model card": ["model", "card"],
    "cell thickness": ["cell", "thickness", "--capacity-mah-cm2", "4"],
    "cell sand": (
        "cell sand --diffusion-cm2-s 3e-6 --concentration-mol-l 1 --current-ma-cm2 2 "
        "--anion-transference 0.6"
    ).split(),
    "cell transference": (
        "cell transference --polarisation-mv 10 --initial-current-ma 0.1 --steady-current-ma 0.05 "
        "--initial-resistance-ohm 50 --steady-resistance-ohm 60"
    ).split(),
    "cell exchange-current": (
        "cell exchange-current --point 0.10,1.5 --point 0.15,4 --point 0.2,11"
    ).split(),
    "cell activation-energy": (
        "cell activation-energy --point 25,1e-3 --point 50,2e-3 --point 75,4e-3"
    ).split(),
    "cell stack": ["cell", "stack", "--film", "LiF"],
    "cell scaffold": (
        "cell scaffold --material Cu --thickness-um 90 --ionic-s-cm 1e-4 --electronic-s-cm 1e3 "
        "--current-ma-cm2 1 --wall-ohm-cm2 10 --pore-um 5"
    ).split(),
}
PLAIN = {
    *("pull", "report", "doctor", "seal", "build-reference", "build-moduli"),
    *("literature add", "literature template"),
}
"""Commands without a table."""
SLOW = {"model evaluate", "model train"}
"""Minutes each; what they print is what `print_table` prints."""

DRIVER = """
import fcntl, json, struct, sys, termios
import typer.main
from screen import api, run_folder, sources
from screen.cli import main

def kept(function, key=lambda *words, **given: repr((words, given))):
    made = {}
    def call(*words, **given):
        given.pop("progress", None)
        wanted = key(*words, **given)
        if wanted not in made:
            made[wanted] = function(*words, **given)
        return made[wanted]
    return call

# The same at each width; into a folder goes one run, whatever is shown of it.
api.rank, api.explain, api.narrow = kept(api.rank), kept(api.explain), kept(api.narrow)
run_folder.write = kept(run_folder.write, lambda run, folder, *_, **__: str(folder))
sources.load = kept(sources.load)
typer.main.get_command = kept(typer.main.get_command)
for name, width, arguments in json.loads(sys.argv[1]):
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    code = main(arguments)
    print(f"\\x1e{name}\\x1f{width}\\x1f{code}\\x1e", flush=True)
"""
UNSET = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_RULE = re.compile("[─━]+")


def in_a_terminal(
    code: list[str], folder: Path, env: Mapping[str, str] = {}, *, stderr_too: bool = False
) -> str:
    """What Python code prints on a pseudo-terminal, escapes and all."""
    master, slave = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in UNSET}
    process = subprocess.Popen(
        [sys.executable, "-c", *code],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave if stderr_too else subprocess.PIPE,
        text=True,
        env=kept
        | {"PYTHONPATH": str(ROOT), "SCREEN_HOME": str(folder), "TERM": "xterm-256color"}
        | dict(env),
    )
    os.close(slave)
    parts: list[bytes] = []
    try:
        while part := os.read(master, 65536):
            parts.append(part)
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(master)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    assert not said
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terminal")
    (made / "quick.toml").write_text(QUICK)
    return made


@pytest.fixture(scope="module")
def printed(folder: Path) -> dict[tuple[str, int], str]:
    """What every command prints, by its name and the width of the terminal."""
    first = [*RANK, "-o", "other", "--electrolyte", "Li6PS5Cl"]
    jobs = [("first", WIDE, first)]
    jobs += [(name, width, words) for name, words in COMMANDS.items() for width in (*WIDTHS, WIDE)]
    text = in_a_terminal([DRIVER, json.dumps(jobs)], folder)
    parts = _ESCAPES.sub("", text).split("\x1e")
    found = {}
    for text, mark in zip(parts[::2], parts[1::2], strict=False):
        name, width, code = mark.split("\x1f")
        assert code == "0", text
        found[name, int(width)] = text.removeprefix("\n")
    return found


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """The full names of all commands."""
    parts = getattr(command, "commands", {})
    if not parts or getattr(command, "invoke_without_command", False):
        yield name
    for part, inner in parts.items():
        yield from leaves(inner, f"{name} {part}".strip())


SAYS = """
import fcntl, struct, sys, termios
from screen.cli.output import say
fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
say("220 candidates passed, " * 8 + "written: /" + "folder/" * 20)
"""


def test_what_is_said_beside_the_data_breaks_at_blanks(tmp_path: Path) -> None:
    *lines, last = in_a_terminal([SAYS], tmp_path, stderr_too=True).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "  ".join(lines).split() == [*["220", "candidates", "passed,"] * 8, "written:"]
    assert last.strip() == "/" + "folder/" * 20  # whole, for it may be copied


def test_every_command_with_a_table_is_tried() -> None:
    tried = {re.split(" (?=--|[A-Z])", name)[0] for name in COMMANDS}
    assert set(leaves(typer.main.get_command(app))) == tried | PLAIN | SLOW


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_and_no_word_is_split(
    name: str, width: int, printed: dict[tuple[str, int], str]
) -> None:
    text = printed[name, width]
    lines = text.splitlines()
    assert len(lines) >= 2 - (width > 120)
    assert {line for line in lines if cell_len(line) > width} == set()
    words = set(_RULE.sub("", printed[name, WIDE]).split())
    notes = [line for line in lines if re.match(r"  \d+ more columns?: ", line)]
    kept = _RULE.sub("", "\n".join(line for line in lines if line not in notes))
    assert set(kept.split()) - words == set()
    if not notes:
        assert set(kept.split()) == words


@pytest.mark.parametrize("width", WIDTHS)
def test_rank_shows_who_and_how_good(width: int, printed: dict[tuple[str, int], str]) -> None:
    wide = printed["rank", WIDE].splitlines()
    rows = [line.split() for line in wide if re.match(r" *\d+  \S", line)]
    assert len(rows) == 30
    lines = printed["rank", width].splitlines()
    shown = [line.split() for line in lines if re.match(r" *\d+  \S", line)]
    kinds = {"stable", "conversion"}
    for row, there in zip(rows, shown, strict=True):
        least = 4 if row[2] in kinds else 3
        assert there[:least] == row[:least]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("shortlist", ["interlayer", "host", "alloy"]),
        ("decompose", ["Li13Al3Ti17P30O120"]),
        ("literature", ["L001", "L225"]),
        ("compare", ["interlayer"]),
        ("explain", ["Al2O3, for Li", "interlayer", "host", "alloy"]),
        ("explain --section", ["Al2O3, for Li", "Who did it, or something like it"]),
    ],
)
def test_what_identifies_a_row_is_whole(
    name: str, keys: list[str], width: int, printed: dict[tuple[str, int], str]
) -> None:
    for key in keys:
        assert re.search(rf"(^|\s){re.escape(key)}(\s|$)", printed[name, width])


WORD = st.text("abcÅ₂料", min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
ROW = st.fixed_dictionaries(
    {
        "rank": st.integers(0, 10**6),
        "formula": WORD,
        "why": SENTENCE | st.none(),
        "value_v": st.floats(-1e6, 1e6) | st.none(),
        "source": SENTENCE,
        "score": st.floats(0, 1),
    }
)
SCHEMA = pa.schema(
    [
        ("rank", pa.int64()),
        ("formula", pa.string()),
        ("why", pa.string()),
        ("value_v", pa.float64()),
        ("source", pa.string()),
        ("score", pa.float64()),
    ]
)
LABELS = {"value_v": Column("value_v", "some long head", "", "")}


def lines_of(rows: pa.Table, width: int, **options: object) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width)
    print_table(console, rows, LABELS, "Title", **options)  # type: ignore[arg-type]
    return file.getvalue().splitlines()


@given(rows=st.lists(ROW, min_size=1, max_size=4), width=st.integers(50, 200))
def test_keys_stay_and_what_is_left_out_is_counted(rows: list[dict[str, Any]], width: int) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    keys = ["rank", "formula", "score"]
    lines = lines_of(table, width, keys=keys, rest="--columns")
    text = "\n".join(lines)
    assert all(cell_len(line) <= width for line in lines)
    for row in rows:
        wanted = [str(row["rank"]), str(row["formula"]), f"{row['score']:.3f}"]
        assert any(set(wanted) <= set(line.split()) for line in lines)
    heads = {"why": "why", "value_v": "some", "source": "source"}
    body = lines[: lines.index(next(line for line in lines if "──" in line))]
    gone = [name for name, head in heads.items() if head not in " ".join(body).split()]
    assert gone == list(heads)[len(heads) - len(gone) :]  # from the right
    plural = "s" if len(gone) > 1 else ""
    assert (f"  {len(gone)} more column{plural}: --columns" in lines) == bool(gone)
    words = {w for row in rows for w in (*str(row["why"]).split(), *str(row["source"]).split())}
    assert {w for w in text.split() if re.fullmatch("[abcÅ₂料]+", w)} <= words | {
        str(row["formula"]) for row in rows
    }


def test_the_first_column_identifies_a_row_if_none_is_named() -> None:
    rows = pa.table({"a": ["x" * 30], "b": ["y" * 30]})
    said = "\n".join(lines_of(rows, 40))
    assert "x" * 30 in said
    assert "y" not in said
    assert "1 more column: --format csv" in said


def test_an_identity_wider_than_the_terminal_is_there_in_full() -> None:
    rows = pa.table({"formula": ["Li" * 30], "b": ["y"]})
    said = "".join("".join(lines_of(rows, 40)).split())
    assert "Li" * 30 in said


@given(words=st.lists(WORD, max_size=30), width=st.integers(1, 40))
def test_sentences_wrap_at_blanks_alone(words: list[str], width: int) -> None:
    lines = wrapped("  ".join(words), width)
    assert " ".join(lines).split() == words
    assert all(cell_len(line) <= width or " " not in line for line in lines)
    for line, following in pairwise(lines):
        assert cell_len(f"{line} {following.split()[0]}") > width


def test_further_lines_stand_further_in() -> None:
    file = io.StringIO()
    print_sentence(Console(file=file, width=20), "Si3N4: it hardly reacts with anything")
    assert file.getvalue() == "  Si3N4: it hardly\n    reacts with\n    anything\n"


def test_cells_of_numbers_stand_at_the_right() -> None:
    file = io.StringIO()
    print_cells(Console(file=file, width=40), ("amount", "of"), [("1", "LiF"), ("20", "C")], {0})
    assert [line.rstrip() for line in file.getvalue().splitlines()][2:] == [
        "     1  LiF",
        "    20  C",
    ]


PARTS = """
from screen.cli.progress import part_progress
with part_progress("fitting") as progress:
    progress("one")
    for i in range(1, 4):
        progress("one", i, 3)
    progress("two")
"""


def test_long_tasks_show_a_bar(tmp_path: Path) -> None:
    said = in_a_terminal([PARTS], tmp_path, stderr_too=True)
    assert "fitting: two" in said
    assert "━" in said


def test_where_there_is_no_terminal_each_part_is_a_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARTS],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "fitting: one\nfitting: two\n")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_snapshots_says_so_and_how_to_get_one(
    width: int, printed: dict[tuple[str, int], str]
) -> None:
    said = " ".join(printed["snapshots", width].split())
    assert said.startswith("No snapshots in ")
    assert "pull" in said
    assert "MP_API_KEY" in said


def test_the_first_screen_of_explain_fits_and_names_the_rest(
    printed: dict[tuple[str, int], str],
) -> None:
    text = printed["explain", 80]
    assert len(text.splitlines()) <= card_summary.LINES
    for name in ("why", "contact", "voltage", "structure", "capacity", "precedents", "origin"):
        assert re.search(rf"\b{name}\b", text)


@pytest.fixture(scope="module")
def run_folder(folder: Path, printed: dict[tuple[str, int], str]) -> Path:
    """Where the commands have left a run, in `run`."""
    del printed
    return folder


COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_verdicts_have_colours_that_can_be_switched_off(
    env: dict[str, str], coloured: bool, run_folder: Path
) -> None:
    code = "from screen.cli import main; main(['shortlist', 'run'])"
    said = in_a_terminal([code], run_folder, env)
    assert "stable" in said
    assert bool(COLOUR.search(said)) == coloured


def test_a_pipe_has_neither_colours_nor_bold(run_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "screen", "shortlist", "run"],
        cwd=run_folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "TERM": "xterm-256color"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "air" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("column", "value", "style"),
    [
        ("passed", True, GOOD),
        ("passed", False, BAD),
        ("failed_gates", "alloy == true", BAD),
        ("failed_gates", None, ""),
        ("interphase", "mixed_conducting", BAD),
        ("interphase", None, ""),
        ("formula", "LiF", ""),
    ],
)
def test_what_judges_has_a_colour(column: str, value: object, style: str) -> None:
    assert verdict_style(column, value) == style
