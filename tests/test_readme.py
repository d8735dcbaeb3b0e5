"""The README is true: its table of columns, its commands, its drawing, its committed result."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from screen.cli import EXIT_CODES, app, main
from screen.run_folder import DATA_FILES, PAGE, RUN_FILES
from tests.test_architecture import LEVEL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMITTED = ROOT / "results" / "reference"


def test_table_of_columns_is_what_the_program_prints(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["columns", "--format", "md"]) == 0
    assert README.endswith(capfd.readouterr().out)


def test_every_command_is_described() -> None:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands")  # noqa: B009 (typer brings its own click)
    described = set(re.findall(r"^\| `([a-z][a-z-]*)[ `]", README, flags=re.MULTILINE))
    assert described == set(commands)
    assert all(command.help for command in commands.values())


def test_every_exit_code_is_described() -> None:
    squeezed = " ".join(README.split())
    for meaning in re.findall(r"\d+ [a-z ]+", " ".join(EXIT_CODES.split())):
        assert meaning.strip() in squeezed


def test_the_drawing_names_every_part() -> None:
    drawing = README.split("```")[1]
    for part in LEVEL.keys() - {"__main__"}:
        assert re.search(rf"\b{part}\b", drawing), f"{part} is not in the drawing"


def test_first_command_writes_the_committed_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    line = next(text for text in README.splitlines() if "screen rank --anode Li" in text)
    arguments = line.split("python -m screen ")[1].split()
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 0
    assert "Interlayer for Li" in capfd.readouterr().out
    (run,) = (tmp_path / "results").iterdir()
    assert {path.name for path in run.iterdir()} == set(RUN_FILES)
    assert {path.name for path in COMMITTED.iterdir()} - {PAGE} == set(RUN_FILES) - {PAGE}
    for name in DATA_FILES:
        assert (run / name).read_bytes() == (COMMITTED / name).read_bytes(), (
            f"{name} changed: look at the difference, and if it is meant, write it anew with "
            "python -m screen rank --anode Li -o results/reference"
        )
    ours, theirs = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (run, COMMITTED)
    )
    for key in ("layout", "settings", "source", "electrolytes", "candidates", "passed", "roles"):
        assert ours[key] == theirs[key]
    assert ours["cross_check"]["largest_difference_v"] < 1e-9
    assert ours["cross_check"]["largest_difference_ev_atom"] < 1e-9


def test_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every indented command that needs no file, key or snapshot, as it stands."""
    monkeypatch.chdir(tmp_path)
    text = README.replace("\\\n", " ")
    lines = re.findall(r"^    python -m screen (.+)$", text, flags=re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        arguments = [a.strip('"') for a in re.findall(r'"[^"]*"|\S+', line)]
        if not {"SNAPSHOT.csv", "pull", "latest", "compare"} & set(arguments):
            run = [str(COMMITTED) if a == "RUN" else a for a in arguments]
            assert main([*run, "-o", "page.html"] if run[0] == "report" else run) == 0, line
