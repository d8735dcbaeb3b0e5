"""`screen-anode`: the command line under a name of its own, which a shell can complete."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from screen.cli import MODULE, main
from screen.options import described
from screen.settings import Settings
from tests.conftest import ROOT

NAME = "screen-anode"
BASH = shutil.which("bash")
COMPLETE = """
eval "$(_SCREEN_ANODE_COMPLETE=source_bash screen-anode)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_screen_anode_completion screen-anode
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_the_package_installs_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"][NAME].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_help_names_the_program_as_it_was_called(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], NAME) == 0
    said = capfd.readouterr().out
    assert f"Usage: {NAME} " in said
    assert "--install-completion" in said
    assert main(["--help"]) == 0
    said = capfd.readouterr().out
    assert f"Usage: {MODULE} " in said
    assert "completion" not in said


def test_faults_are_one_line_there_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["nope"], NAME) == 2
    assert main(["window", "Xx"], NAME) == 3
    said = capfd.readouterr()
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first == f"error: No such command 'nope'. (see {NAME} --help)"
    assert second.startswith("error: ")


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words, with the program where pip would put it."""
    program = folder / NAME
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom screen.__main__ import script\nsys.exit(script())\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    done = subprocess.run(
        [str(BASH), "--norc", "-c", COMPLETE, "bash", NAME, *words],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": f"{folder}:/usr/bin:/bin"},
    )
    assert done.stderr == b""
    return done.stdout.decode().split()


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("c",), {"cell", "columns", "compare"}),
        (("cell", "ex"), {"exchange-current"}),
        (("window", "LiF", "--for"), {"--format"}),
        (("window", "--format", "p"), {"parquet"}),
        (("rank", "--anode", ""), {"Li", "Na", "K", "Mg", "Ca", "Zn", "Al"}),
        (("rank", "--role", ""), {"interlayer", "host", "alloy"}),
        (("explain", "LiF", "--engine", "k"), {"kernel"}),
        (("--version", "mod"), {"model"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: tuple[str, ...], offered: set[str]) -> None:
    assert set(completed(tmp_path, *words)) == offered


def test_shells_that_show_help_beside_an_option_get_it_whole() -> None:
    """As zsh asks; the text comes from the model, as in help."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, screen.__main__ as m; sys.exit(m.script())"],
        capture_output=True,
        text=True,
        check=True,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": "",
            "_SCREEN_ANODE_COMPLETE": "complete_zsh",
            "_TYPER_COMPLETE_ARGS": f"{NAME} rank --seed",
        },
    )
    assert '"--seed"' in done.stdout
    meaning = described(Settings, "seed").partition(":")[0]  # which zsh wants marked
    assert meaning
    assert meaning in done.stdout
