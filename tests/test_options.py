"""What an option is stands in one model, and help says it whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import typer
from pydantic import Field

from flows import __main__ as flows_main
from flows import serve
from flows.commands import takes
from screen.cli import app, main
from screen.cli.program import _MARK
from screen.options import MODELS, Options, Tables, described
from screen.sources import REFERENCE


class Made(Options):
    """Options of all kinds."""

    words: str = Field(default="some", description="a text")
    capacity_mah_g: float = Field(default=4.0, description="mAh/g; a number with a unit")
    share_fraction: float = Field(default=0.5, description="a share")
    engine: Literal["a", "b"] = Field(default="a", description="a choice")
    told: Literal["left", "right"] = Field(default="left", description="to the left or right")
    names: tuple[str, ...] = Field(default=("x", "y"), description="several")
    none: tuple[str, ...] = Field(default=(), description="several, none: all")
    file: Path | None = Field(default=None, description="a file")
    flag: bool = Field(default=False, description="whether")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("words", "A text. Default: some."),
        ("capacity_mah_g", "mAh/g; a number with a unit. Default: 4."),
        ("share_fraction", "A share. Default: 0.5."),
        ("engine", "A choice: a or b. Default: a."),
        ("told", "To the left or right. Default: left."),
        ("names", "Several; repeat for several. Default: x, y."),
        ("none", "Several, none: all; repeat for several."),
        ("file", "A file."),
        ("flag", "Whether."),
    ],
)
def test_a_field_in_a_line(name: str, line: str) -> None:
    assert described(Made, name) == line


def test_every_field_says_what_it_is() -> None:
    for model in MODELS.values():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
    assert Tables().source == REFERENCE


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *path, name)


EVERY = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", [path for path, _ in EVERY], ids=" ".join)
def test_help_is_read_off_the_models(
    path: tuple[str, ...], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert main([*path, "--help"]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert _MARK.strip() not in said
    for option in dict(EVERY)[path].params:
        text = option.help or ""
        if text.startswith(_MARK):
            model, _, field = text.removeprefix(_MARK).partition(".")
            assert described(MODELS[model], field) in said


def test_no_help_is_taken_for_markup() -> None:
    """Of `[all]` in a help text nothing is printed: rich takes it for a style."""
    programs = (typer.main.get_command(made) for made in (app, flows_main.app, serve.app))
    for program in programs:
        for path, command in commands(program):
            for option in command.params:
                assert not re.search(r"\[[a-z#/@]", option.help or ""), (path, option.name)


def test_a_command_takes_the_fields_of_a_model() -> None:
    program = typer.Typer()
    got: dict[str, Any] = {}

    @program.command()
    @takes(Made, without=("none",), words={"envvar": "MADE_WORDS"})
    def command(own: int = 3, **options: Any) -> None:
        got.update(options, own=own)

    made = typer.main.get_command(program)
    given = ["--names", "p", "--names", "q", "--flag", "--capacity-mah-g", "0", "--own", "4"]
    made.main(given, standalone_mode=False)
    left_out = dict.fromkeys(("words", "share_fraction", "engine", "told", "file"))
    assert got == left_out | {"names": ["p", "q"], "flag": True, "capacity_mah_g": 0.0, "own": 4}


def test_what_no_option_can_be_made_of_is_refused() -> None:
    class Nested(Options):
        inner: dict[str, int] = Field(default={}, description="more")

    with pytest.raises(TypeError, match="no option can be made"):
        takes(Nested)(lambda **_: None)
