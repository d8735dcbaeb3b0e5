"""The order of a run: load, describe, predict, rank, check, write. Nothing else knows it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from screen import descriptors, files
from screen.candidates import chosen_case, make_case
from screen.columns import Values
from screen.composition import (
    Compositions,
)
from screen.crosscheck import cross_check
from screen.descriptors import structure_runs
from screen.descriptors.case import Case
from screen.errors import (
    DataError,
    UsageError,
    did_you_mean,
)
from screen.phases import Phases
from screen.predictions import predict, with_models
from screen.ranking import order
from screen.ranking.order import Ranking
from screen.ranking.roles import Role
from screen.report import folder as run_folder
from screen.report import page
from screen.report import table as report
from screen.report.workbook import Workbook
from screen.run import Run, cards, grouped_columns, manifest
from screen.settings import Settings
from screen.sources import reference, snapshot, user_files
from screen.sources.reference import REFERENCE
from screen.tables import anode_of, sha256

Progress = structure_runs.Progress


def load(
    source: str,
    gaps: Path | None = None,
    moduli: Path | None = None,
    add: Path | None = None,
) -> Phases:
    """Phases of the embedded reference set, of a file, or of the latest snapshot.

    Args:
        gaps, moduli: files whose columns join those of a file.
        add: a file of further phases, of the same correction scheme.
    """
    if source == REFERENCE:
        if gaps or moduli:
            raise UsageError("--gaps and --moduli go with a --source file, not with 'reference'")
        phases = reference.load()
    else:
        phases = user_files.load(file_of(source), gaps=gaps, moduli=moduli)
    return phases if add is None else user_files.add(phases, add)


def file_of(source: str) -> Path:
    """The file that a source other than the reference set means."""
    if source == snapshot.LATEST:
        return snapshot.latest(files.home(os.environ) / "snapshots")
    return Path(source)


def describe(case: Case, progress: Progress, executor: Executor | None = None) -> Values:
    """Compute every descriptor; first what is expensive, if the settings ask for it.

    Args:
        executor: takes the expensive work: see `screen.atomistic.jobs.run`.
    """
    structure_runs.run(case, progress, executor)
    return descriptors.compute_all(case, progress)


def rank(roles: Sequence[Role], values: Values, formulas: Sequence[str]) -> tuple[Ranking, ...]:
    """Judge every candidate in every role.

    Raises:
        DataError: if a role reads a column that nothing computes.
    """
    for role in roles:
        for column in sorted(role.columns - values.columns.keys()):
            hint = did_you_mean(column, values.columns, limit=3)
            raise DataError(
                f"roles.toml: {role.name} reads {column!r}, which nothing computes; {hint}"
            )
    return tuple(order.order(role, values.columns, formulas) for role in roles)


def run(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    *,
    selected: bool = False,
    files: tuple[Path, ...] = (),
    progress: Progress = lambda *_: None,
    executor: Executor | None = None,
) -> Run:
    """Describe, rank and check; nothing is written.

    Args:
        selected: judge only what the roles select of a large table.
        files: what the phases were read from, for the record.
        progress: told the name of each step as it begins, and how far expensive ones are.
        executor: takes the expensive work: see `screen.atomistic.jobs.run`.
    """
    case, identity = chosen_case(phases, settings, roles, selected)
    return judge(case, identity, describe(case, progress, executor), roles, files, progress)


def judge(
    case: Case,
    identity: dict[str, Sequence[str]],
    described: Values,
    roles: Sequence[Role],
    files: tuple[Path, ...],
    progress: Progress = lambda *_: None,
) -> Run:
    """What follows when all candidates are described: predict, rank and check."""
    values = predict(case, described)
    progress("ranking")
    rankings = rank(with_models(roles, case.settings), values, case.formulas)
    progress("cross-check")
    check = cross_check(case)
    return Run(case, identity, values, rankings, check, files)


def explain(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    formula: str,
    progress: Progress = lambda *_: None,
) -> Run:
    """Judge one candidate, among the named ones where the source is the reference set; what is
    expensive is computed of that one alone.
    """
    formulas = [formula]
    if phases.name == REFERENCE:
        named = [c.formula for c in reference.named_candidates(anode_of(settings.anode).symbol)]
        wanted = Compositions.from_formulas([formula]).key[0]
        formulas += [f for f in named if Compositions.from_formulas([f]).key[0] != wanted]
    case, identity = make_case(phases, settings, formulas)
    case = replace(case, expensive=1)
    values = predict(case, describe(case, progress))
    rankings = rank(with_models(roles, case.settings), values, case.formulas)
    return Run(case, identity, values, rankings)


RUN_FILES = (*run_folder.DATA_FILES, run_folder.MANIFEST, run_folder.PAGE)
"""What every run writes; `also` may ask for more."""

SHORT_COLUMNS = (
    *("role", "rank", "formula", "label", "kind", "score", "passed", "failed_gates"),
    *("hull_distance_ev_atom", "reduction_v", "oxidation_v", "contact_products"),
    *("interface_median_ev_atom", "handling", "why"),
)
"""The short form of the ranked file, for people."""


def write(done: Run, folder: Path, command: str, also: Sequence[str] = ()) -> Path:
    """Write RUN_FILES into a folder, all or nothing; an earlier run in it is replaced.

    Args:
        also: further files, by their names in `folder.EXTRA`.

    Raises:
        UsageError: if the folder cannot be written, or holds anything but a run.
    """
    try:
        target = folder.resolve()  # a link is followed
        if target.exists() and not target.is_dir():
            raise UsageError(f"{folder} is a file; -o takes the folder of the run")
        if target == Path.cwd():
            raise UsageError(f"cannot write {folder}: give the run a folder of its own with -o")
        known = {*RUN_FILES, *run_folder.EXTRA.values()}
        if target.is_dir() and {path.name for path in target.iterdir()} - known:
            raise UsageError(
                f"{folder} holds other things than a run; choose another place with -o"
            )
        _write(done, target, command, also)
    except OSError as error:
        raise UsageError(
            f"cannot write {str(folder)[-80:]}: {error.strerror or error}; choose another place "
            "with -o"
        ) from error
    return folder


def _write(done: Run, folder: Path, command: str, also: Sequence[str]) -> None:
    """Write to a folder aside and put it in the place of the earlier one, which comes back if that
    fails.
    """
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    old = aside.with_name(f"{aside.name}.old")
    aside.mkdir(parents=True)
    try:
        _fill(done, aside, command, also)
        if folder.exists():
            folder.rename(old)
        try:
            aside.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        for leftover in (aside, old, *_abandoned(folder)):
            shutil.rmtree(leftover, ignore_errors=True)


def _abandoned(folder: Path) -> list[Path]:
    """What runs left beside a folder that were killed more than a day ago."""
    found, oldest = [], time.time() - 86400
    for path in folder.parent.glob(f".{folder.name}.*"):
        with suppress(OSError):  # another run removes it, too
            if path.stat().st_mtime < oldest:
                found.append(path)
    return found


def _fill(done: Run, folder: Path, command: str, also: Sequence[str]) -> None:
    dictionary = run_folder.dictionary(grouped_columns(done.case.electrolytes, done.case.settings))
    paths = {name: folder / run_folder.EXTRA[name] for name in also}
    book = Workbook(paths["xlsx"]) if "xlsx" in paths else None
    tops: list[page.Top] = []
    short: list[pa.Table] = []

    def parts() -> Iterable[pa.Table]:
        """The rows of each role, one role in memory at a time."""
        for ranking in done.rankings:
            part = done.ranked(ranking)
            tops.append(page.Top.of(part))
            if "short" in paths:
                short.append(part.select(SHORT_COLUMNS))
            if book is not None:
                book.add(ranking.role.label, part)
            yield part

    report.write_csv(parts(), folder / run_folder.RANKED)
    if "parquet" in paths:
        every = pa.concat_tables([done.ranked(ranking) for ranking in done.rankings])
        paths["parquet"].write_bytes(report.render(every, "parquet"))
    if short:
        report.write_csv(short, paths["short"])
    if book is not None:
        book.dictionary(dictionary[run_folder.RANKED])
        book.close()
    missing = report.gaps(
        done.descriptors, done.values, done.identity["id"], done.identity["formula"]
    )
    report.write_csv([missing], folder / run_folder.GAPS)
    (folder / run_folder.COLUMNS).write_bytes(run_folder.dump(dictionary))
    first = np.concatenate([ranking.order[: page.SHOWN] for ranking in done.rankings])
    about = cards(done, list(dict.fromkeys(first.tolist())))
    (folder / run_folder.CARDS).write_bytes(run_folder.dump(about, indent=None))
    digests = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    facts = run_folder.sealed(manifest(done, command) | {"files": digests})
    (folder / run_folder.MANIFEST).write_bytes(run_folder.dump(facts))
    (folder / run_folder.PAGE).write_bytes(
        page.build(facts, dictionary[run_folder.RANKED], tops, missing, about)
    )
