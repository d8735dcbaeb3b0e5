"""The order of a run: load, describe, predict, rank, check, write. Nothing else knows it."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import os
import platform
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from screen import __version__, descriptors, files
from screen.candidates import chosen_case, make_case
from screen.columns import Column, Values
from screen.composition import (
    Compositions,
)
from screen.crosscheck import CrossCheck, cross_check
from screen.descriptors import structure_runs
from screen.descriptors.case import Case
from screen.errors import (
    DataError,
    UsageError,
    did_you_mean,
)
from screen.model import card as model_cards
from screen.model import performance, recovery
from screen.phases import COLUMNS, Phases
from screen.predictions import learns, model_columns, predict, with_models
from screen.ranking import order
from screen.ranking.order import Ranking
from screen.ranking.roles import Role
from screen.report import folder as run_folder
from screen.report import page
from screen.report import table as report
from screen.report.workbook import Workbook
from screen.settings import Settings
from screen.sources import reference, snapshot, user_files
from screen.sources.reference import REFERENCE
from screen.structures import TABLE, shipped
from screen.tables import DATA, SEALED, Electrolyte, anode_of, sha256

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


def computed_columns(
    electrolytes: tuple[Electrolyte, ...], settings: Settings | None = None
) -> tuple[Column, ...]:
    """What is computed of each candidate: descriptors and predictions."""
    return (*descriptors.columns(electrolytes, settings), *model_columns(settings or Settings()))


def grouped_columns(
    electrolytes: tuple[Electrolyte, ...], settings: Settings | None = None
) -> tuple[tuple[str, Column], ...]:
    """Every column of the ranked file of a run with these settings, in its order there, with the
    group that it belongs to: the ranking, a family of descriptors, the models, what names a
    candidate, or where its row comes from.
    """
    named = {c.name: c for c in (*COLUMNS, *reference.COLUMNS, *order.COLUMNS)}
    front = ("role", "rank", "formula", "label", "family")
    origin = ("id", "scheme", "source", "property_source", "database_version", "licence")
    return (
        *((page.ROLE if named[n] in order.COLUMNS else "identity", named[n]) for n in front),
        *((page.ROLE, c) for c in order.COLUMNS if c.name not in front),
        *(
            (descriptors.name_of(family), c)
            for family in descriptors.asked(settings or Settings())
            for c in family.columns(electrolytes)
        ),
        *(("model", c) for c in model_columns(settings or Settings())),
        *(("origin", named[name]) for name in (*origin, "reference")),
    )


def ranked_columns(
    electrolytes: tuple[Electrolyte, ...], settings: Settings | None = None
) -> tuple[Column, ...]:
    """Every column of the ranked file of a run with these settings, in its order there."""
    return tuple(column for _, column in grouped_columns(electrolytes, settings))


@dataclass(frozen=True)
class Run:
    """A finished judgement, ready to be shown or written."""

    case: Case
    identity: dict[str, Sequence[str]]
    values: Values
    rankings: tuple[Ranking, ...]
    check: CrossCheck | None = None
    files: tuple[Path, ...] = ()

    @property
    def descriptors(self) -> tuple[Column, ...]:
        """What was computed of each candidate."""
        return computed_columns(self.case.electrolytes, self.case.settings)

    @cached_property
    def candidates(self) -> pa.Table:
        """One row per candidate: what names it, every descriptor, where its row comes from."""
        columns = {name: np.array(texts, dtype=object) for name, texts in self.identity.items()}
        declared = [c for c in self._ranked_columns if c not in order.COLUMNS]
        return report.arrows(declared, columns | self.values.columns)

    def ranked(self, ranking: Ranking) -> pa.Table:
        """The rows of one role, best first, as they stand in the ranked file."""
        first = pa.array(ranking.order)
        of_role = report.arrows(order.COLUMNS, ranking.columns)
        columns = dict(zip(of_role.column_names, of_role.take(first).columns, strict=True))
        rows = self.candidates.take(first)
        columns |= dict(zip(rows.column_names, rows.columns, strict=True))
        return pa.table({c.name: columns[c.name] for c in self._ranked_columns})

    @property
    def _ranked_columns(self) -> tuple[Column, ...]:
        return ranked_columns(self.case.electrolytes, self.case.settings)

    @cached_property
    def digests(self) -> dict[str, str]:
        """What the result depends on, as digests: data, code, settings and roles."""
        choices = self.case.settings.model_dump_json() + repr([r.role for r in self.rankings])
        if learns(self.case.settings):
            models = (recovery.load(), performance.load())
            choices += repr([(model.fitted_to, model.seed) for model in models])
        return {
            "data": data_digest(self.case.phases, self.files),
            "code": code_digest(),
            "choices": hashlib.sha256(choices.encode()).hexdigest(),
        }

    @property
    def name(self) -> str:
        """Folder name: anode, source, and a digest of everything that the result depends on."""
        joined = hashlib.sha256(repr(sorted(self.digests.items())).encode()).hexdigest()
        source = Path(self.case.phases.name).stem
        return f"{self.case.anode.symbol.lower()}-{source}-{joined[:8]}"


def data_digest(phases: Phases, files: Sequence[Path]) -> str:
    """Digest of the files that phases were read from."""
    data = hashlib.sha256()
    shipped = (DATA / "reference_phases.csv", DATA / "candidates.csv")
    for path in (*(shipped if phases.name == REFERENCE else ()), *files):
        data.update(sha256(path).encode())
    return data.hexdigest()


def code_digest() -> str:
    """Digest of the package's code and shipped data."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    kinds = (*SEALED, ".toml", ".html", ".css", ".js")
    beside = (file for folder in (DATA, page.PARTS) for file in folder.iterdir())
    parts = (file for file in beside if file.suffix in kinds)
    for path in sorted((*root.rglob("*.py"), *parts)):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


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


def passed_ids(done: Run) -> list[str]:
    """Ids of the candidates that pass every gate of at least one role, sorted."""
    passed = np.any([ranking.passed for ranking in done.rankings], axis=0)
    return sorted({done.identity["id"][i] for i in np.flatnonzero(passed).tolist()})


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


def cards(done: Run, rows: Sequence[int]) -> dict[str, Any]:
    """What the tables do not hold of some candidates: voltage profile, products, structure.

    `products` are [formula, conducts electrons (1, 0, -1 not known), holds the anode metal]; a
    state is [from V (null: any), down to V, anode atoms taken up, products and amounts], the
    amounts per formula unit, a product being its place in that list.
    """
    case, places = done.case.solved(np.asarray(rows, dtype=np.int64))
    profiles = case.profiles
    v_high, v_low, uptake = map(report.tidy, (profiles.v_high, profiles.v_low, profiles.uptake))
    mixtures = profiles.products
    amounts = report.tidy(mixtures.amount).tolist()
    place: dict[int, int] = {}
    found = {}
    for i, at in zip(rows, places.tolist(), strict=True):
        states = []
        for s in range(profiles.start[at], profiles.start[at + 1]):
            own = slice(mixtures.start[s], mixtures.start[s + 1])
            mixture = [
                part
                for phase, amount in zip(mixtures.phase[own].tolist(), amounts[own], strict=True)
                for part in (place.setdefault(phase, len(place)), amount)
            ]
            top = float(v_high[s]) if np.isfinite(v_high[s]) else None
            states.append([top, float(v_low[s]), float(uptake[s]), mixture])
        found[done.identity["id"][i]] = {"states": states, **_structure(case, at)}
    holds = case.phases.compositions.amount_of(case.anode.element) > 0
    products = [
        [case.phases.formulas[phase], int(case.conducts[phase]), bool(holds[phase])]
        for phase in place
    ]
    return {"products": products, "candidates": found}


def _structure(case: Case, i: int) -> dict[str, Any]:
    """Where the structure of a candidate is; of the shipped ones, which need no file, the cell."""
    row = int(case.rows[i])
    where = case.phases.text("structure", row) if row >= 0 else ""
    if where != TABLE:
        return {"structure": where} if where else {}
    crystal = shipped().get(int(case.compositions.key[i]))
    if crystal is None:
        return {}
    lengths, angles = crystal.cell
    return {
        "structure": where,
        "space_group": crystal.space_group,
        "cell": [*report.tidy(lengths).tolist(), *report.tidy(angles).tolist()],
        "structure_source": crystal.source,
    }


def manifest(done: Run, command: str) -> dict[str, Any]:
    """What the run was: enough to repeat it and to trust it."""
    phases, case = done.case.phases, done.case
    packages = ("numpy", "pyarrow", "pydantic", "pymatgen", "pymatgen-core", "scipy")
    return {
        "layout": run_folder.LAYOUT,
        "command": command,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
        "digests": done.digests,
        "settings": case.settings.model_dump(),
        "anode": {"symbol": case.anode.symbol, "name": case.anode.name},
        "source": {
            "name": phases.name,
            "files": {path.name: sha256(path) for path in done.files},
            "phases": len(phases),
            "scheme": phases.scheme,
            "database_versions": sorted(set(phases.texts("database_version")) - {""}),
            "licences": sorted(set(phases.texts("licence")) - {""}),
        },
        "electrolytes": [
            {"formula": e.formula, "label": e.label, "class": e.family, "note": e.note}
            for e in case.electrolytes
        ],
        "candidates": len(case),
        "passed": {r.role.name: int(r.passed.sum()) for r in done.rankings},
        "models": {
            "share": {r.role.name: _shares(r.role) for r in done.rankings},
            "fitted_to": recovery.load().fitted_to if learns(case.settings) else {},
            "cards": model_cards.cards(learned=learns(case.settings)),
        },
        "cross_check": None if done.check is None else vars(done.check),
        "roles": {r.role.name: r.role.model_dump(exclude_none=True) for r in done.rankings},
    }


def _shares(role: Role) -> dict[str, float]:
    """Shares of the score that learned goals have in a role."""
    shares: dict[str, float] = {}
    for kind in role.kinds or ("",):
        asked = [goal for goal in role.goals if not goal.kinds or kind in goal.kinds]
        total = sum(goal.weight for goal in asked)
        for goal in asked:
            if goal.learned:
                shares.setdefault(goal.column, round(goal.weight / total, 3))
    return shares


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
