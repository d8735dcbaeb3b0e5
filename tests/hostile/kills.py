"""Commands that write, killed before each of their steps on disk: what is lost, what goes on.

`python -m tests.hostile.kills --kills 20 rank pull` kills each command that often, at steps spread
over all that it takes, then runs it again, and prints a line of JSON for each command. A step is a
file opened to be written, a rename, a link or a removal in the folders that the command works in.
The command runs in a fork, so that all it imports is imported once, and a run is computed once.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

STEPS = {"os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
"""Audit events that change what is on disk; so does "open", to write."""
FINE = 0
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_FILES = ("ranked.csv", "gaps.csv", "columns.json", "cards.json")
_RUN = ("rank", "-q", "-o", "run", "--role", "interlayer", "--config", "quick.toml")


def count_steps(folder: Path, kill_at: int | None) -> Callable[[], int]:
    """Count the steps in a folder from now on, and die before one of them."""
    seen, inside = [0], str(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not (isinstance(flags, int) and flags & _WRITES) and "w" not in str(mode or ""):
                return
        elif event in STEPS:
            path = arguments[0]
        else:
            return
        if isinstance(path, str | os.PathLike) and os.path.abspath(path).startswith(inside):  # noqa: PTH100
            seen[0] += 1
            if seen[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return lambda: seen[0]


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Attributes:
        arguments: of `screen`; its folders are the current one and SCREEN_HOME in it.
        before: commands that make what it needs.
        state: what must be the same after a kill and a second call as without a kill.
        faults: what is wrong with what a kill left.
        program: module whose `main` takes the arguments.
    """

    arguments: tuple[str, ...]
    before: tuple[tuple[str, ...], ...]
    state: Callable[[Path], object]
    faults: Callable[[Path], list[str]] = lambda _: []
    program: str = "screen.cli"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_of(name: str, wanted: Sequence[str] = ()) -> Callable[[Path], dict[str, str]]:
    """Digests of the files of a folder; of all, or those wanted. What a kill leaves under a
    temporary name goes after a day.
    """

    def state(folder: Path) -> dict[str, str]:
        paths = sorted(path for path in (folder / name).rglob("*") if path.is_file())
        paths = [path for path in paths if not path.name.startswith(".")]
        return {p.name: digest(p) for p in paths if not wanted or p.name in wanted}

    return state


def run_is_whole(folder: Path) -> list[str]:
    """A run folder is whole or not there."""
    return reading(folder) if (folder / "run").exists() else []


def reading(folder: Path) -> list[str]:
    """What whoever looks for the run is told."""
    from screen import run_folder  # noqa: PLC0415 (after the environment is set)
    from screen.errors import ScreenError  # noqa: PLC0415

    try:
        run_folder.read(folder / "run")
    except ScreenError as error:
        return [f"no whole run: {error}"]
    return []


def own_rows(folder: Path) -> list[str]:
    from screen import literature  # noqa: PLC0415

    os.environ["SCREEN_HOME"] = str(folder / "home")
    return [row.material_label for row in literature.rows(own=True)[len(literature.rows()) :]]


def rows_and_ranking(folder: Path) -> list[str]:
    """Rows are those before or after, and the ranking goes on."""
    labels = own_rows(folder)
    found = [] if labels in ([], ["film"]) else [f"rows {labels}"]
    code, _ = forked(folder, _RUN)
    return found if code == FINE else [*found, f"rank ends with {code}"]


def rows_are_there(folder: Path) -> list[str]:
    found = [] if own_rows(folder) == ["film"] else ["rows are lost"]
    code, _ = forked(folder, _RUN)
    return found if code == FINE else [*found, f"rank ends with {code}"]


def models_of(folder: Path) -> object:
    return own_rows(folder), files_of("home/store/models")(folder)


def snapshots_are_whole(folder: Path) -> list[str]:
    from screen.errors import ScreenError  # noqa: PLC0415
    from screen.sources import snapshot  # noqa: PLC0415

    try:
        for found in snapshot.listed(folder / "home/snapshots"):
            snapshot.check_whole(found.path)
    except ScreenError as error:
        return [f"half a snapshot: {error}"]
    return []


def runs_in_results(folder: Path) -> list[tuple[str, ...]]:
    """Digests of the runs that a flow wrote, each once: a flow that was killed may have written."""
    paths = [p for p in (folder / "results").glob("*") if not p.name.startswith(".")]
    return sorted({tuple(digest(path / name) for name in _FILES) for path in paths})


def runs_are_whole(folder: Path) -> list[str]:
    from screen import run_folder  # noqa: PLC0415
    from screen.errors import ScreenError  # noqa: PLC0415

    found = []
    for path in (folder / "results").glob("[!.]*"):
        try:
            run_folder.read(path)
        except ScreenError as error:
            found.append(f"no whole run: {error}")
    return found


_ADD = ("literature", "add", "mine.csv")
COMMANDS = {
    "rank": Command(_RUN, (), files_of("run", _FILES), run_is_whole),
    "rank again": Command(_RUN, (_RUN,), files_of("run", _FILES), reading),
    "report": Command(("report", "run"), (_RUN,), files_of("run", _FILES), reading),
    "shortlist": Command(
        ("shortlist", "run", "--per-role", "2", "-o", "list"),
        (_RUN,),
        files_of("list"),
        reading,
    ),
    "literature add": Command(_ADD, (), models_of, rows_and_ranking),
    "model train": Command(("model", "train"), (_ADD,), models_of, rows_are_there),
    "pull": Command(
        ("pull", "--rate", "20", "--quiet"),
        (),
        files_of("home/snapshots", ("mp-2026.04.13.parquet", "mp-2026.04.13.gaps.csv")),
        snapshots_are_whole,
    ),
    "flows screening": Command(
        ("screening", "--anode", "Li", "--batch", "60"),
        (),
        runs_in_results,
        runs_are_whole,
        "flows.__main__",
    ),
    "flows weekly": Command(
        ("weekly", "--anode", "Li", "--batch", "60"),
        (),
        runs_in_results,
        runs_are_whole,
        "flows.__main__",
    ),
}


def forked(
    folder: Path,
    arguments: Sequence[str],
    kill_at: int | None = None,
    program: str = "screen.cli",
) -> tuple[int, int]:
    """Exit code, below zero for a signal, and steps of a command in a folder."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        with contextlib.suppress(BaseException):
            os.chdir(folder)
            os.environ["SCREEN_HOME"] = str(folder / "home")
            said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(said, 1)
            os.dup2(said, 2)
            os.environ |= {"HOME": str(folder), "PREFECT_HOME": str(folder / "prefect")}
            main = importlib.import_module(program).main
            steps = count_steps(folder, kill_at)
            code = main(list(arguments))
            os.write(writer, str(steps()).encode())
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        steps_taken = int(pipe.read() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), steps_taken


def matrix(name: str, kills: int, place: Path) -> dict[str, Any]:
    """Kill a command so often; what was wrong after the kills and after the next call."""
    command = COMMANDS[name]
    base = place / "base"
    make_base(base)
    for arguments in command.before:
        assert forked(base, arguments)[0] == FINE, (base / "said").read_text()
    calm = copied(base, place / "calm")
    code, steps = forked(calm, command.arguments, program=command.program)
    assert code == FINE, (calm / "said").read_text()
    wanted = command.state(calm)
    points = sorted({1 + i * (steps - 1) // max(kills - 1, 1) for i in range(kills)})
    wrong: list[str] = []
    for at in (points * (kills // len(points) + 1))[:kills]:
        folder = copied(base, place / "killed")
        code, _ = forked(folder, command.arguments, at, command.program)
        if code != -signal.SIGKILL:
            wrong.append(f"step {at}: ended with {code}")
        wrong += [f"step {at}: {fault}" for fault in command.faults(folder)]
        code, _ = forked(folder, command.arguments, program=command.program)
        said = (folder / "said").read_text(encoding="utf-8")
        done_before = name == "literature add" and "repeats own-1" in said
        if code != FINE and not done_before:
            wrong.append(f"step {at}: the next call ends with {code}: {said[-200:]}")
        elif command.state(folder) != wanted:
            wrong.append(f"step {at}: the next call gives something else")
        shutil.rmtree(folder)
    return {"command": name, "steps": steps, "kills": kills, "wrong": wrong}


def copied(base: Path, folder: Path) -> Path:
    shutil.copytree(base, folder)
    return folder


def make_base(folder: Path) -> None:
    """A row of literature that a user may add, and settings without a cross-check."""
    from tests.test_training import OWN  # noqa: PLC0415

    folder.mkdir(parents=True)
    (folder / "quick.toml").write_text("check_candidates = 0\ncheck_interfaces = 0\n")
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, OWN)
        writer.writeheader()
        writer.writerow(OWN | {"material_label": "film"})


@contextlib.contextmanager
def served() -> Iterator[None]:
    """A server to pull from."""
    from screen.sources.materials_project import client  # noqa: PLC0415
    from tests.materials_project.documents import make_database  # noqa: PLC0415
    from tests.materials_project.emulator import KEY, Emulator  # noqa: PLC0415

    client.check_client()
    with Emulator(make_database(300, seed=2)) as emulator:
        os.environ |= {"MP_API_KEY": KEY, "MP_API_ENDPOINT": emulator.endpoint}
        yield


def compute(folder: Path, commands: Sequence[str]) -> None:
    """Compute the run that commands begin with, and import what they import, before any fork."""
    from screen.cli import main  # noqa: PLC0415

    make_base(folder)
    with (
        (folder / "said").open("w", encoding="utf-8") as said,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        assert main(list(_RUN)) == FINE
        for name in commands:
            if COMMANDS[name].before == (_RUN,):
                assert main(list(COMMANDS[name].arguments)) == FINE


def hurry() -> None:
    """Models are fitted to a part of the phases, and measured with few repetitions."""
    from screen import training  # noqa: PLC0415
    from screen.model import learning, performance, recovery  # noqa: PLC0415
    from tests.test_training import thin  # noqa: PLC0415

    few = thin()
    training.reference_described = lambda: few
    for module, name, value in (
        (recovery, "SHUFFLES", 19),
        (recovery, "REFITS", 4),
        (recovery, "RIVAL_STRENGTHS", (0.03,)),
        (learning, "REFITS", 3),
        (performance, "SHUFFLES", 19),
    ):
        setattr(module, name, value)


def run(*arguments: str) -> list[dict[str, Any]]:
    """The matrix in a process of its own, for the tests."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.kills", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", default=[*COMMANDS], choices=[*COMMANDS, []])
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    from tests.once import computed_once  # noqa: PLC0415 (after the environment is set)

    if any(name.startswith("flows") for name in given.commands):
        importlib.import_module("pymatgen.analysis.interface_reactions")  # once for all forks
    if {*given.commands} & {"literature add", "model train"}:
        hurry()
    pulls = served() if "pull" in given.commands else contextlib.nullcontext()
    with tempfile.TemporaryDirectory() as place, pulls, pytest.MonkeyPatch.context() as patch:
        computed_once(patch)
        compute(Path(place) / "computed", given.commands)
        for name in given.commands:
            found = matrix(name, given.kills, Path(place) / name.replace(" ", "-"))
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
