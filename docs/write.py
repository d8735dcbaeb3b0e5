"""Write what is derived from the program: references of columns and commands, the reference run.

    python -m docs.write

A test compares what is committed with what this would write.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from screen import api
from screen.answers.tables import dictionary
from screen.cli import app
from screen.cli.program import Command
from screen.run_folder import DATA_FILES, EXTRA

ROOT = Path(__file__).parents[1]
SUMS = "SHA256SUMS"

COLUMNS = """# Columns of ranked.csv

Written by `python -m docs.write`; `python -m screen columns` prints the same. The unit is the end
of a column's name. A column of another anode metal or other electrolytes is named like these.

"""
COMMANDS = """# Commands

Written by `python -m docs.write` from the program itself. `python -m screen COMMAND --help` prints
the same. Exit codes: see the main README.
"""


def columns() -> str:
    """The reference of columns, for lithium."""
    return COLUMNS + dictionary("Li").render("md").decode()


def commands() -> str:
    """The reference of commands."""
    group = typer.main.get_command(app)
    return COMMANDS + "".join(_described("python -m screen", group))


def _described(name: str, command: Any) -> Iterator[str]:
    """A command with its arguments and options, then the commands below it."""
    for below, inner in sorted(getattr(command, "commands", {}).items()):
        full = f"{name} {below}"
        if isinstance(inner, Command):
            inner.describe()
        yield f"\n## {full.removeprefix('python -m screen ')}\n\n"
        said = " ".join((inner.help or "").split())
        if said:
            yield f"{said}\n\n"
        given = [p for p in inner.params if p.name not in ("help",) and not p.hidden]
        places = " ".join(p.name.upper() for p in given if p.param_type_name == "argument")
        yield f"    {' '.join(filter(None, (full, places, '[options]')))}\n"
        rows = [_option(p) for p in given if p.param_type_name == "option"]
        if rows:
            yield "\n| option | what |\n| --- | --- |\n" + "".join(rows)
        if hasattr(inner, "commands"):
            yield from _described(full, inner)


def _option(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    said = " ".join((parameter.help or "").split()).replace("|", r"\|")
    return f"| {names} | {said} |\n"


def reference_run() -> Mapping[str, bytes]:
    """The short form of what the README's first command writes, and digests of all its tables."""
    with tempfile.TemporaryDirectory() as place:
        folder = api.rank("Li").write(Path(place) / "run", also=["short"])
        sums = (
            f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
            for name in DATA_FILES
        )
        return {
            EXTRA["short"]: (folder / EXTRA["short"]).read_bytes(),
            SUMS: "".join(sums).encode(),
        }


def everything() -> Mapping[Path, bytes]:
    """All derived files with their content."""
    return {
        ROOT / "docs" / "columns.md": columns().encode(),
        ROOT / "docs" / "commands.md": commands().encode(),
        **{ROOT / "results" / "reference" / name: data for name, data in reference_run().items()},
    }


if __name__ == "__main__":
    for path, data in everything().items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"written: {path.relative_to(ROOT)}", file=sys.stderr)
