"""`screen-anode`: the command line under a name of its own, which a shell can complete."""

from __future__ import annotations

import importlib
import shlex
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
SOURCE = 'eval "$(_SCREEN_ANODE_COMPLETE=source_bash screen-anode)"\n'
COMPLETE = """
COMP_WORDS=({words})
COMP_CWORD={last}
_screen_anode_completion screen-anode
printf '%s\\n' "${{COMPREPLY[@]}}" =
"""
OFFERED: dict[tuple[str, ...], set[str]] = {
    ("c",): {"cell", "columns", "compare"},
    ("cell", "ex"): {"exchange-current"},
    ("window", "LiF", "--for"): {"--format"},
    ("window", "--format", "p"): {"parquet"},
    ("rank", "--anode", ""): {"Li", "Na", "K", "Mg", "Ca", "Zn", "Al"},
    ("rank", "--role", ""): {"interlayer", "host", "alloy"},
    ("explain", "LiF", "--engine", "k"): {"kernel"},
    ("--version", "mod"): {"model"},
}
"""Words that a shell has, and what it offers for the last of them."""


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


@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    """With the program where pip would put it."""
    program = tmp_path / NAME
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom screen.__main__ import script\nsys.exit(script())\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    script = SOURCE + "".join(
        COMPLETE.format(words=shlex.join([NAME, *words]), last=len(words)) for words in OFFERED
    )
    done = subprocess.run(
        [str(BASH), "--norc", "-c", script],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    assert done.stderr == b""
    *found, end = done.stdout.decode().split("=\n")
    assert end == ""
    assert {words: set(text.split()) for words, text in zip(OFFERED, found, strict=True)} == OFFERED


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
