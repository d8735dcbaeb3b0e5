"""README and docs are true: commands, outputs, the drawing, links, the committed result."""

from __future__ import annotations

import doctest
import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from docs import write
from screen import api
from screen.cli import EXIT_CODES, app, main
from screen.run_folder import RUN_FILES
from tests.test_architecture import LEVEL

ROOT = Path(__file__).parents[1]
DERIVED = {"columns.md", "commands.md"}
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if path.name not in DERIVED
}
README = PAGES["README.md"]


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
    drawing = PAGES["docs/architecture.md"].split("```")[1]
    for part in LEVEL.keys() - {"__main__"}:
        assert re.search(rf"\b{part}\b", drawing), f"{part} is not in the drawing"


@pytest.mark.usefixtures("once")
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


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("name", PAGES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every indented command that needs no file, key or snapshot, as it stands."""
    text = PAGES[name].replace("\\\n", " ")
    lines = re.findall(r"^    python -m screen (.+)$", text, flags=re.MULTILINE)
    assert name not in ("README.md", "docs/guide.md") or lines
    monkeypatch.chdir(tmp_path)
    written = str(api.rank("Li").write("run")) if "RUN" in text else ""
    for line in lines:
        arguments = shlex.split(line)
        if not {"SNAPSHOT.csv", "pull", "latest", "compare"} & set(arguments):
            run = [written if a == "RUN" else a for a in arguments]
            assert main([*run, "-o", "page.html"] if run[0] == "report" else run) == 0, line


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("name", PAGES)
def test_outputs_are_todays(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What a block `console` or `pycon` shows is what comes out, 90 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "90")
    shown = re.findall(r"^```console\n\$ python -m screen (.+)\n((?s:.+?))^```", PAGES[name], re.M)
    assert len(shown) == PAGES[name].count("```console")
    for command, output in shown:
        capfd.readouterr()
        assert main(shlex.split(command)) == 0
        assert _trimmed(capfd.readouterr().out) == _trimmed(output), command
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    for block in re.findall(r"^```pycon\n(.+?)^```", PAGES[name], flags=re.M | re.S):
        runner.run(parser.get_doctest(block, {}, name, name, 0))
    assert not runner.failures, capfd.readouterr().out


def _trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Files that a page links to are there, and so are the headings."""
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", PAGES[name]):
        place, _, heading = link.partition("#")
        target = ((ROOT / name).parent / place).resolve() if place else ROOT / name
        assert target.exists(), link
        if heading:
            text = target.read_text(encoding="utf-8")
            titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}


def test_readme_is_a_page() -> None:
    """Short enough to be read, with a picture that loads at once."""
    assert len(README.encode()) < 12_000
    assert (ROOT / "docs" / "page.png").stat().st_size < 300_000
