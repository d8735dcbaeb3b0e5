"""What screening from week to week needs beside a run: the pull, models anew, what changed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from screen import files, pipeline
from screen.errors import DataError
from screen.model import lithiophilic
from screen.ranking.roles import chosen_roles
from screen.report import changes as report
from screen.report import folder as run_folder
from screen.settings import PullSettings, Settings
from screen.sources import materials_project as mp
from screen.sources import snapshot
from screen.sources.snapshot import keep

BEST = ("rank", "formula", "kind", "score", "why")


def pull(
    chemsys: Sequence[str] = (),
    role: str | None = None,
    *,
    gnome: bool = False,
    endpoint: str | None = None,
    rate: float = PullSettings().requests_per_second,
    progress: mp.Progress = lambda *_: None,
) -> Path:
    """Pull what is new, or find that nothing is; one pull at a time in SCREEN_HOME.

    Returns:
        The newest snapshot of this query.

    Raises:
        UsageError, NetworkError, DataError: as `pull`; what came is kept for the next call.
    """
    home = files.home(os.environ)
    roles = chosen_roles((role,)) if role is not None else ()
    select = roles[0].select if roles else None
    properties = select.remote() if select else ()
    query = mp.Query.of(chemsys, gnome=gnome, properties=properties)
    key = mp.key_from(os.environ)
    address = mp.endpoint_from(os.environ, endpoint)
    polite = PullSettings(requests_per_second=rate)
    with _alone(home / "pull.lock"):
        server = mp.Server(key, address, polite, lambda _: None)
        have = _newest(home / "snapshots", query, server.version)
        if have is not None:
            return have
        made = mp.pull_snapshot(server, query, home, Settings().modulus_cap_gpa, progress=progress)
    assert made is not None  # no limit of pages was given
    return made


def _newest(folder: Path, query: mp.Query, version: str) -> Path | None:
    """A whole snapshot of this query and database version."""
    asked = json.loads(json.dumps(asdict(query)))
    for found in snapshot.listed(folder):
        if (found.manifest["database_version"], found.manifest["query"]) == (version, asked):
            snapshot.check_whole(found.path)
            return found.path
    return None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other process holds a lock; it falls with the process, however that ends."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    except OSError as error:
        raise DataError(f"cannot write {lock}: {error.strerror or error}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def train(seed: int, tolerance: float) -> str:
    """Fit the models anew, and put them in place unless they are worse.

    A new model is refused if out of its chemistries its Brier score is higher, or its ranking skill
    lower, than that of the one in place by more than `tolerance`, or if it does not beat the share
    of lithiophilic substrates alone.

    Returns:
        What was decided and why, as a sentence.
    """
    new = pipeline.fit(seed)
    skill = new.skill
    said = f"Brier {skill.brier[0]:.4f}, ranking {skill.ranked[0]:.4f}"
    if skill.brier[0] >= skill.dumb_brier:
        return f"Refused: {said}: no better than the share alone ({skill.dumb_brier:.4f})."
    try:
        old = lithiophilic.load()
    except DataError:
        lithiophilic.write(new)
        return f"Put in place: {said}; the model before could not be used."
    if new == old:
        return f"Unchanged: {said}."
    was = f"before: Brier {old.skill.brier[0]:.4f}, ranking {old.skill.ranked[0]:.4f}"
    worse = (
        skill.brier[0] > old.skill.brier[0] + tolerance
        or skill.ranked[0] < old.skill.ranked[0] - tolerance
    )
    if worse:
        return f"Refused: {said}; {was}: worse by more than {tolerance:g}."
    lithiophilic.write(new)
    return f"Put in place: {said}; {was}."


def changes(run: Path, top: int) -> str:
    """What changed since the last accepted run for the same anode metal, as Markdown."""
    symbol = run_folder.read(run).manifest["settings"]["anode"]
    before = accepted(symbol)
    head = f"# {run.resolve().name}: "
    if before is None:
        return f"{head}the first run for {symbol}\n\nThere is none to compare it with.\n"
    if before == run.resolve():
        return f"{head}nothing changed\n\nData, settings and program are those of the last run.\n"
    try:
        return report.of_folders(before, run, top).markdown()
    except DataError as error:
        return f"{head}no comparison with the last accepted run\n\n{error}\n"


def accepted(symbol: str) -> Path | None:
    """Folder of the last accepted run for an anode metal."""
    path = _pointer(symbol)
    if not path.is_file():
        return None
    try:
        return Path(json.loads(path.read_text(encoding="utf-8"))["run"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged; remove it to begin anew") from error


def accept(run: Path) -> Path:
    """Make a whole run the one that the next is compared with.

    Raises:
        DataError: if it is not whole.
    """
    symbol = run_folder.read(run).manifest["settings"]["anode"]
    keep(_pointer(symbol), (json.dumps({"run": str(run.resolve())}) + "\n").encode())
    return run


def _pointer(symbol: str) -> Path:
    return files.home(os.environ) / "accepted" / f"{symbol.lower()}.json"


def best(run: Path, count: int) -> dict[str, list[dict[str, Any]]]:
    """The first rows of each role, briefly."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in run_folder.read(run).ranked.select(["role", *BEST]).to_pylist():
        rows = found.setdefault(row.pop("role"), [])
        if row["rank"] is not None and len(rows) < count:
            rows.append(row)
    return found
