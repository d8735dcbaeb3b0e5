"""What screening from week to week needs beside a run: the pull, models anew, what changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from screen import files, literature, run_folder, store, training
from screen.errors import DataError
from screen.formatting import markdown_table
from screen.model import learned, lithiophilic, performance, recovery, validation
from screen.outside import file_name, markdown
from screen.ranking.roles import chosen_roles
from screen.report.contact import FILM, with_anode
from screen.report.shortlist import CHANCES
from screen.settings import PullSettings, Settings
from screen.sources import materials_project as mp
from screen.sources import snapshot
from screen.store import keep

T = TypeVar("T")
COVER_BAND = (0.72, 0.88)
"""What an 80 % interval may be measured to cover."""


class Home(Protocol[T]):
    """Where a model is kept."""

    def load(self) -> T:
        """The model in place."""

    def write(self, model: T) -> None:
        """Put another in its place."""


BEST = ("rank", "formula", "kind", "score", "interphase", *CHANCES, FILM, "handling", "why")


def pull(
    chemsys: Sequence[str] = (),
    role: str | None = None,
    *,
    gnome: bool = False,
    thermo_type: str = "GGA_GGA+U",
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
    query = mp.Query.of(chemsys, gnome=gnome, properties=properties, thermo_type=thermo_type)
    key = mp.key_from(os.environ)
    address = mp.endpoint_from(os.environ, endpoint)
    polite = PullSettings(requests_per_second=rate)
    kept = store.of(home)
    with kept.alone("pull"):
        kept.prune()
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
        had = {"thermo_type": mp.Query().thermo_type} | found.manifest["query"]
        if (found.manifest["database_version"], had) == (version, asked):
            snapshot.check_whole(found.path)
            return found.path
    return None


def train(seed: int, tolerance: float) -> str:
    """Fit the models anew, and put each in place unless it is worse.

    A new model is refused if what was measured of it, on what it had not seen, is no better than
    its dumb baseline, or worse than that of the one in place by more than `tolerance`:

    * lithiophilic: Brier score and ranking skill; the share of lithiophilic substrates alone.
    * recovery: mean place of left-out families; models of formulas drawn at random.
    * performance: mean error in log10; intervals must cover what they claim, within COVER_BAND.

    The learned order is fitted anew only where the one in place does not serve any more.

    Returns:
        What was decided and why, a sentence for each model.
    """
    with training.alone():
        new = training.fit(seed)
        return " ".join(
            (
                _decide("Lithiophilic", new.lithiophilic, lithiophilic, tolerance, _lithiophilic),
                _decide("Recovery", new.recovery, recovery, tolerance, _recovery),
                _decide("Performance", new.performance, performance, tolerance, _performance),
                _order(seed),
            )
        )


def _order(seed: int) -> str:
    """The learned order stays as long as it serves: it is fitted to a table that is not here."""
    known = literature.table(own=True)
    if training.ordered(known):
        return "Order: unchanged."
    learned.write(training.fit_learned(seed, known, training.reference_described()))
    return "Order: fitted anew to the reference set; the one before could not be used."


@dataclass(frozen=True)
class _Measured:
    """What decides on a model.

    Attributes:
        said: the figures, as text.
        losses: less is better.
        flaw: what forbids its use whatever the other one is; "" if nothing does.
    """

    said: str
    losses: tuple[float, ...]
    flaw: str = ""


def _decide(
    name: str, new: T, home: Home[T], tolerance: float, measured: Callable[[T], _Measured]
) -> str:
    mine = measured(new)
    if mine.flaw:
        return f"{name}: refused: {mine.said}: {mine.flaw}."
    try:
        old = home.load()
    except DataError:
        home.write(new)
        return f"{name}: put in place: {mine.said}; the model before could not be used."
    if new == old:
        return f"{name}: unchanged: {mine.said}."
    before = measured(old)
    if any(n > o + tolerance for n, o in zip(mine.losses, before.losses, strict=True)):
        return (
            f"{name}: refused: {mine.said}; before: {before.said}: worse by more than "
            f"{tolerance:g}."
        )
    home.write(new)
    return f"{name}: put in place: {mine.said}; before: {before.said}."


def _lithiophilic(model: lithiophilic.Model) -> _Measured:
    skill = model.skill
    brier, ranked = skill.brier[0], skill.ranked[0]
    flaw = f"no better than the share alone ({skill.dumb_brier:.4f})"
    said = f"Brier {brier:.4f}, ranking {ranked:.4f}"
    return _Measured(said, (brier, -ranked), flaw if brier >= skill.dumb_brier else "")


def _recovery(model: recovery.Model) -> _Measured:
    skill = model.skill[recovery.ALL]
    place = skill.place["model"].value
    flaw = f"formulas drawn at random do as well (p = {skill.p:.2f})"
    said = f"left-out families stand above {place:.1%} of the pool"
    return _Measured(said, (-place,), flaw if skill.p > validation.CHANCE else "")


def _performance(model: performance.Model) -> _Measured:
    skills = {name: target.skill for name, target in model.targets.items()}
    said = ", ".join(
        f"{name} wrong by {skill.error.value:.2f} decades, interval covers {skill.cover.value:.0%}"
        for name, skill in skills.items()
    )
    low, high = COVER_BAND
    off = [name for name, skill in skills.items() if not low <= skill.cover.value <= high]
    flaw = f"the interval of {' and '.join(off)} should cover {low:.0%} to {high:.0%}"
    return _Measured(said, tuple(s.error.value for s in skills.values()), flaw if off else "")


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
        return run_folder.compare(before, run, top).markdown()
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
    return files.home(os.environ) / "accepted" / f"{file_name(symbol.lower())}.json"


def best(run: Path, count: int) -> dict[str, list[dict[str, Any]]]:
    """The first rows of each role, briefly: the interphase in words, with its probabilities."""
    files_of = run_folder.read(run)
    films = [name for name, role in files_of.manifest["roles"].items() if FILM in role["show"]]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in files_of.ranked.select(["role", *BEST]).to_pylist():
        role = row.pop("role")
        rows = found.setdefault(role, [])
        if row["rank"] is not None and len(rows) < count:
            said = {"interphase": with_anode(row)}
            dropped = {*CHANCES, *(() if role in films else (FILM,))}
            kept = {name: row[name] for name in BEST if name not in dropped}
            rows.append(kept | {"rank": int(row["rank"])} | said)
    return found


def summary(run: Path, count: int) -> str:
    """What a run was and the first of each role, as Markdown."""
    facts = run_folder.read(run).manifest
    faced = ", ".join(e["label"] for e in facts["electrolytes"]) or "none"
    parts = [
        f"# Run for {facts['anode']['symbol']}",
        f"`{run.resolve()}`",
        f"{facts['candidates']} candidates; electrolytes: {markdown(faced)}.",
    ]
    for role, rows in best(run, count).items():
        said = f"{facts['passed'][role]} passed" if rows else "nobody passed"
        parts.append(f"## {markdown(role)}: {said}")
        if rows:
            parts.append("\n".join(markdown_table(pa.Table.from_pylist(rows), {})))
    return "\n\n".join(parts) + "\n"
