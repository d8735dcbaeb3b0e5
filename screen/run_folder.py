"""A run folder: what its files are called, how they are written, and whether they still are as they
were written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screen import cards
from screen.columns import Column
from screen.errors import DataError, ScreenError, UsageError
from screen.folders import bring_back, write_folder
from screen.outside import is_file_name
from screen.report import changes, page, table
from screen.report.people import shown
from screen.report.run_files import RunFiles
from screen.report.workbook import Workbook
from screen.run import Run, grouped_columns, manifest
from screen.tables import sha256

LAYOUT = 3
"""Number of the way a run folder is laid out; raised when an older program could misread it."""

RANKED, GAPS, COLUMNS, CARDS, MANIFEST, PAGE = (
    "ranked.csv",
    "gaps.csv",
    "columns.json",
    "cards.json",
    "manifest.json",
    "report.html",
)
BIG_TABLES, BEST = ("ranked.parquet", "gaps.parquet"), "best.csv"
"""What a big run holds in place of RANKED and GAPS, which would take a gigabyte, and its rows that
the page shows, as CSV."""
DATA_FILES = (RANKED, GAPS, COLUMNS, CARDS)
"""What every manifest holds the digests of (of a big run, of BIG_TABLES); the page is made from
them and can be made again."""
EXTRA = {"short": "short.csv", "parquet": "ranked.parquet", "xlsx": "ranked.xlsx"}
"""What a run writes on request, by what it is asked for; of a big one, `short` and `xlsx` hold the
best alone."""
ALL_AS_CSV = "csv"
"""What asks for RANKED and GAPS in a big run, too."""

RUN_FILES = (*DATA_FILES, MANIFEST, PAGE)
"""What every run writes; `also` may ask for more."""
BIG_RUN_FILES = (*BIG_TABLES, BEST, COLUMNS, CARDS, MANIFEST, PAGE)
"""The same of a big run."""


SHORT_COLUMNS = (
    *("role", "rank", "formula", "label", "kind", "score", "passed", "failed_gates"),
    *("hull_distance_ev_atom", "reduction_v", "oxidation_v", "contact_products"),
    *("interphase", "p_stable", "p_passivating", "p_mixed_conducting", "protects"),
    *("score_low", "score_high", "made", "handling", "hazards", "precursors", "route"),
    *("space_group", "measured_cells", "measured_outcomes", "why", "what_would_change"),
)
"""The short form of the ranked file, for people; cells are of lithium alone."""

GAPS_COLUMNS = (
    Column("id", "id", "Identifier of the phase in its source.", "ranked.csv", "text"),
    Column("formula", "formula", "Reduced chemical formula.", "ranked.csv", "text"),
    Column("column", "column", "The column whose value is missing.", "columns.json", "text"),
    Column("reason", "reason", "Why it is missing.", "the family that owns the column", "text"),
)


def ranked_name(done: Run) -> str:
    """The file of a run that holds all its candidates in all roles."""
    return BIG_TABLES[0] if done.is_big else RANKED


def about_big(done: Run, also: Sequence[str]) -> str:
    """Which files of a big run hold all candidates, and which the best."""
    best = [BEST, *(EXTRA[name] for name in ("short", "xlsx") if name in also)]
    hold = "hold" if len(best) > 1 else "holds"
    return f"{' and '.join(best)} {hold} the first {page.SHOWN} of each role. {_all_in(done, also)}"


def _all_in(done: Run, also: Sequence[str]) -> str:
    """Where all rows are, and how a spreadsheet gets them."""
    if not done.is_big:
        return f"All rows are in {RANKED}, which a spreadsheet opens."
    csv = f"in {RANKED}, too" if ALL_AS_CSV in also else f"with --also {ALL_AS_CSV} in {RANKED}"
    return f"All rows are in {BIG_TABLES[0]}, and {csv}, which a spreadsheet opens."


def _about_book(done: Run, also: Sequence[str]) -> Iterator[str]:
    """What the first sheet of the workbook says."""
    metal, source = done.case.anode.name, done.case.phases.name
    yield f"Candidates for {metal} anodes: {len(done.case):,} were judged in each role ({source})."
    for ranking in done.rankings:
        rows = len(ranking.order)
        held = min(rows, page.SHOWN)
        whole = held if done.is_big else rows
        yield (
            f"{ranking.role.label}: {int(ranking.passed.sum()):,} passed, "
            f"{int((ranking.rank > 0).sum()):,} of them have a rank. The sheet to be read holds "
            f"the first {held:,} of {rows:,}, the sheet of all columns {whole:,}."
        )
    yield _all_in(done, also)
    yield (
        "Rows stand in the order of rank. One without a rank fails a gate, which it names, or "
        "comes to the same as a better one."
    )
    gaps = BIG_TABLES[1] if done.is_big else GAPS
    yield f"An empty cell: not known, or nothing to say; {gaps} has the reason."
    yield "The last sheet says what each column means."


def dictionary(
    columns: Iterable[tuple[str, Column]], names: tuple[str, str] = (RANKED, GAPS)
) -> dict[str, Any]:
    """What each column of the tables of a run means, in their order there.

    Args:
        columns: those of the ranked file, each with the group that it belongs to.
        names: of the files of the two tables.
    """
    return {
        names[0]: [
            {
                "name": c.name,
                "label": c.label,
                "unit": c.unit,
                "decimals": c.decimals if c.kind == "number" else None,
                "kind": c.kind,
                "group": group,
                "meaning": c.meaning,
                "source": c.source,
            }
            for group, c in columns
        ],
        names[1]: [
            {"name": c.name, "label": c.label, "kind": c.kind, "meaning": c.meaning}
            for c in GAPS_COLUMNS
        ],
    }


def dump(value: Any, *, indent: int | None = 2) -> bytes:
    """JSON as the files of a run hold it; without indent one line, for programs."""
    separators = None if indent else (",", ":")
    text = json.dumps(table.finite(value), ensure_ascii=False, indent=indent, separators=separators)
    return f"{text}\n".encode()


def sealed(facts: dict[str, Any]) -> dict[str, Any]:
    """A manifest with a digest of its own content at its end."""
    body = {key: value for key, value in facts.items() if key != "seal"}
    return body | {"seal": hashlib.sha256(dump(body, indent=None)).hexdigest()}


def write(done: Run, folder: Path, command: str, also: Sequence[str] = ()) -> Path:
    """Write RUN_FILES, or BIG_RUN_FILES, into a folder, all or nothing; an earlier run in it is
    replaced.

    Args:
        also: further files, by their names in `EXTRA`, or ALL_AS_CSV.

    Raises:
        UsageError: if the folder cannot be written, or holds anything but a run.
    """
    try:
        target = folder.resolve()  # a link is followed
        bring_back(target)
        if target.exists() and not target.is_dir():
            raise UsageError(f"{folder} is a file; -o takes the folder of the run")
        if target == Path.cwd():
            raise UsageError(f"cannot write {folder}: give the run a folder of its own with -o")
        known = {*RUN_FILES, *BIG_RUN_FILES, *EXTRA.values()}
        if target.is_dir() and {path.name for path in target.iterdir()} - known:
            raise UsageError(
                f"{folder} holds other things than a run; choose another place with -o"
            )
        write_folder(target, lambda aside: _fill(done, aside, command, also))
    except OSError as error:
        raise UsageError(
            f"cannot write {str(folder)[-80:]}: {error.strerror or error}; choose another place "
            "with -o"
        ) from error
    return folder


def _fill(done: Run, folder: Path, command: str, also: Sequence[str]) -> None:
    names = BIG_TABLES if done.is_big else (RANKED, GAPS)
    grouped = grouped_columns(done.case.electrolytes, done.case.settings, done.case.own)
    meanings = dictionary(grouped, names)
    first = np.concatenate([ranking.order[: page.SHOWN] for ranking in done.rankings])
    with ThreadPoolExecutor(1) as beside:
        ranked = beside.submit(_write_ranked, done, folder, also, meanings[names[0]])
        about = cards.packed(done, list(dict.fromkeys(first.tolist())))
        (folder / CARDS).write_bytes(dump(about, indent=None))
        if done.is_big:  # nothing more is asked of what was solved
            done.case.forget()
        tops = ranked.result()
    missing = _write_gaps(done, folder, also, list(about["candidates"]))
    (folder / COLUMNS).write_bytes(dump(meanings))
    digests = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    facts = sealed({"layout": LAYOUT} | manifest(done, command) | {"files": digests})
    (folder / MANIFEST).write_bytes(dump(facts))
    (folder / PAGE).write_bytes(page.build(facts, meanings[names[0]], tops, missing, about))


def _write_gaps(done: Run, folder: Path, also: Sequence[str], page_ids: list[str]) -> pa.Table:
    """Write why values are missing.

    Returns:
        What the page needs of it.
    """
    missing = table.gaps(
        done.descriptors, done.values, done.identity["id"], done.identity["formula"]
    )
    if not done.is_big or ALL_AS_CSV in also:
        _write_csv([missing], folder / GAPS, "id")
    if not done.is_big:
        return missing
    missing = table.by_candidate(missing)
    _write_parquet([missing], folder / BIG_TABLES[1])
    return missing.filter(pc.is_in(missing.column("id"), pa.array(page_ids, pa.string())))


def _write_ranked(
    done: Run, folder: Path, also: Sequence[str], meanings: Sequence[Mapping[str, Any]]
) -> list[page.Top]:
    """Write the ranked table in every form that is asked for.

    Returns:
        What the page shows of each role.
    """
    columns = {column.name: column for column in done.ranked_columns}
    paths = {name: folder / EXTRA[name] for name in also if name in EXTRA}
    book = Workbook(paths["xlsx"]) if "xlsx" in paths else None
    if book is not None:
        book.about(_about_book(done, also))
    tops: list[page.Top] = []
    short: list[pa.Table] = []

    def parts() -> Iterable[pa.Table]:
        """The rows of each role, of a big run some at a time."""
        for ranking in done.rankings:
            people = done.ranked(ranking, ranking.order[: page.SHOWN] if done.is_big else None)
            failures = page.failures(table.arrow(ranking.failed_gates, "text"))
            first = people.slice(0, page.SHOWN)
            tops.append(page.Top(first, len(ranking.order), failures))
            if "short" in paths:
                short.append(people.select([c for c in SHORT_COLUMNS if c in columns]))
            if book is not None:
                label, show = ranking.role.label, ranking.role.show
                sheet = shown(columns, done.case.anode.symbol, show)
                book.people(label, sheet, first.to_pylist())
                book.add(f"{label[:20]}, all columns", people, columns)
            if done.is_big:
                yield from done.in_parts(ranking)
            else:
                yield people

    if done.is_big:
        _write_parquet(parts(), folder / BIG_TABLES[0])
        _write_csv((top.rows for top in tops), folder / BEST, "role")
    else:
        _write_csv(parts(), folder / RANKED, "role")
    if done.is_big and ALL_AS_CSV in also:
        every = chain.from_iterable(map(done.in_parts, done.rankings))
        _write_csv(every, folder / RANKED, "role")
    if not done.is_big and "parquet" in paths:
        whole = pa.concat_tables([done.ranked(ranking) for ranking in done.rankings])
        paths["parquet"].write_bytes(table.render(whole, "parquet"))
    if short:
        _write_csv(short, paths["short"], "role")
    if book is not None:
        book.dictionary(meanings)
        book.close()
    return tops


def _write_csv(tables: Iterable[pa.Table], path: Path, column: str) -> None:
    """Write a table and count in the file what was written.

    Args:
        column: one of its columns.

    Raises:
        ScreenError: if rows are lost or doubled.
    """
    rows = table.write_csv(tables, path)
    _check_rows(path, table.count_rows(path, column), rows)


def _write_parquet(tables: Iterable[pa.Table], path: Path) -> None:
    """Write coded tables and count in the file what was written.

    Raises:
        ScreenError: if rows are lost or doubled.
    """
    rows = table.write_parquet(tables, path)
    _check_rows(path, table.count_rows_of_parquet(path), rows)


def _check_rows(path: Path, found: int, rows: int) -> None:
    if found != rows:
        raise ScreenError(
            f"{path.name} has {found} rows where {rows} were written; the run was not kept, please "
            f"report it with the version of pyarrow ({pa.__version__})"
        )


def read(path: Path, *, gaps: bool = True) -> RunFiles:
    """Read a run folder.

    Args:
        gaps: whether why values are missing is asked for; without, that table has no rows.

    Raises:
        DataError: naming the file that is missing, of another version or altered.
    """
    bring_back(path)
    manifest = _manifest(path)
    for name, digest in manifest["files"].items():
        file = path / name
        if not file.is_file():
            raise DataError(f"{file} is missing: the run is incomplete; write it again with 'rank'")
        if sha256(file) != digest:
            raise DataError(
                f"{file} was altered: its digest is not that of {MANIFEST}; restore it, or write "
                "the run again with 'rank'"
            )
    dictionaries = _json(path / COLUMNS)
    names = _tables_of(manifest)
    columns = dictionaries[names[0]]
    read_table = table.read_parquet if names == BIG_TABLES else table.read_csv
    kinds = {c.name: c.kind for c in GAPS_COLUMNS}
    return RunFiles(
        manifest,
        columns,
        read_table(path / names[0], {c["name"]: c["kind"] for c in columns}),
        read_table(path / names[1], kinds) if gaps else pa.table({name: [] for name in kinds}),
        _json(path / CARDS),
    )


def _tables_of(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """The files of both tables: of a big run, or of one that has them as CSV alone."""
    return BIG_TABLES if BIG_TABLES[1] in manifest["files"] else (RANKED, GAPS)


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise DataError(f"no run folder {path}; 'rank' writes one and says where")
    file = path / MANIFEST
    if not file.is_file():
        raise DataError(f"{file} is missing: {path} is no folder of a finished run")
    manifest = _json(file)
    layout = manifest.get("layout") if isinstance(manifest, dict) else None
    if layout != LAYOUT:
        version = manifest.get("version", "unknown") if isinstance(manifest, dict) else "unknown"
        raise DataError(
            f"{file} is of another version: written by screen {str(version)[:40]}, "
            f"layout {'not stated' if layout is None else str(layout)[:20]}, where {LAYOUT} is "
            "wanted; write the run again with 'rank'"
        )
    if sealed(manifest)["seal"] != manifest.get("seal"):
        raise DataError(f"{file} was altered: it does not fit its own seal; write the run again")
    if not all(map(is_file_name, manifest["files"])):
        raise DataError(f"{file} names files elsewhere: it is no folder that 'rank' wrote")
    needed = (*_tables_of(manifest), COLUMNS, CARDS)
    absent = [name for name in needed if name not in manifest["files"]]
    if absent:
        raise DataError(f"{file} names no digest of {absent[0]}; write the run again with 'rank'")
    return dict(manifest)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {str(error)[:120]}") from error


def compare(before: Path, after: Path, top: int) -> changes.Comparison:
    """What changed from one run folder to another.

    Raises:
        UsageError: for one folder twice.
        DataError: for a folder that is no whole run, or runs for different anode metals.
    """
    if before.resolve() == after.resolve():
        raise UsageError(f"{before} and {after} are one folder")
    names = (before.resolve().name, after.resolve().name)
    if names[0] == names[1]:
        names = (str(before), str(after))
    return changes.compare(read(before, gaps=False), read(after, gaps=False), top, names)
