"""The README is true: its table of columns, its commands, its drawing, its committed result."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from docs import write
from screen import api
from screen.cli import EXIT_CODES, app, main
from screen.run_folder import RUN_FILES
from tests.test_architecture import LEVEL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_derived_files_are_what_the_program_would_write() -> None:
    """References of columns and commands, and what the README's first command writes."""
    for path, data in write.everything().items():
        assert path.read_bytes() == data, (
            f"{path.relative_to(ROOT)} changed: look at the difference, and if it is meant, "
            "run python -m docs.write"
        )


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


def test_first_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    line = next(text for text in README.splitlines() if "screen rank --anode Li" in text)
    arguments = line.split("python -m screen ")[1].split()
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 0
    assert "Interlayer for Li" in capfd.readouterr().out
    (run,) = (tmp_path / "results").iterdir()
    assert {path.name for path in run.iterdir()} == set(RUN_FILES)
    checked = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["cross_check"]
    assert checked["largest_difference_v"] < 1e-9
    assert checked["largest_difference_ev_atom"] < 1e-9


def test_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every indented command that needs no file, key or snapshot, as it stands."""
    monkeypatch.chdir(tmp_path)
    written = str(api.rank("Li").write("run"))
    text = README.replace("\\\n", " ")
    lines = re.findall(r"^    python -m screen (.+)$", text, flags=re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        arguments = [a.strip('"') for a in re.findall(r'"[^"]*"|\S+', line)]
        if not {"SNAPSHOT.csv", "pull", "latest", "compare"} & set(arguments):
            run = [written if a == "RUN" else a for a in arguments]
            assert main([*run, "-o", "page.html"] if run[0] == "report" else run) == 0, line
