"""The answer of shortlist: few candidates of a run, and the files of their structures."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from screen import run_folder
from screen.answers.answer import Answer
from screen.errors import DataError, UsageError, did_you_mean
from screen.files import write_aside
from screen.filters import parse
from screen.folders import bring_back, write_folder
from screen.outside import file_name, one_line
from screen.report import page, people, terminal, text_card
from screen.report import shortlist as short
from screen.report import table as report
from screen.report.run_files import RunFiles
from screen.report.workbook import Workbook
from screen.structures import find

WORKBOOK = "shortlist.xlsx"


@dataclass(frozen=True)
class Shortlist(Answer):
    """Picks of a run, as an answer."""

    picks: tuple[short.Pick, ...] = ()
    files: RunFiles | None = None


def shortlist(
    run: Path,
    per_role: int,
    diverse: bool,
    distance: float | None,
    names: tuple[str, ...],
    where: str | None = None,
) -> Shortlist:
    """Pick few candidates of each role of a run.

    Args:
        where: a condition on columns of the ranked table that each pick meets.

    Raises:
        UsageError: for a role that the run does not have, or a condition that cannot be read.
        DataError: if the folder is incomplete, of another version or altered.
    """
    files = run_folder.read(run, gaps=False)
    known = files.manifest["roles"]
    for name in names:
        if name not in known:
            raise UsageError(f"unknown role {name!r} of {run}; {did_you_mean(name, known)}")
    kinds = {name: column.kind for name, column in files.declared.items()}
    condition = None if where is None else parse(where, kinds)
    least = (short.ALIKE if distance is None else distance) if diverse else None
    picks = [
        pick
        for name in known
        if not names or name in names
        for pick in short.pick(files, name, per_role, least, condition)
    ]
    rows = short.table(picks)

    def show(console: Console) -> None:
        symbol = files.manifest["anode"]["symbol"]
        verdicts = [pick.row.get("interphase") for pick in picks]
        colours = [terminal.verdict_style("interphase", verdict) for verdict in verdicts]
        terminal.print_table(
            console,
            short.brief(picks, symbol),
            files.declared,
            f"Shortlist for {symbol}",
            keys=("role", "rank", "formula", "score"),
            styles={f"against {symbol}": colours},
        )
        for pick in picks:
            said = (pick.reason, pick.row["why"] or "", pick.contact(symbol))
            terminal.print_sentence(console, f"{pick.row['formula']}: {' '.join(said)}")

    known_columns = tuple(files.declared.values())
    return Shortlist(rows, None, show, columns=known_columns, picks=tuple(picks), files=files)


def _of_shortlist(place: Path) -> set[str]:
    """Names of the files that an earlier shortlist in a folder says it wrote."""
    try:
        with (place / "shortlist.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        stems = [_stem(row["role"], row["pick"], row["formula"]) for row in rows]
    except (OSError, KeyError, UnicodeDecodeError):
        return set()
    made = {f"{stem}.{ending}" for stem in stems for ending in ("cif", "vasp", "html")}
    return {"shortlist.csv", "shortlist.md", WORKBOOK, *made}


def _stem(role: str, pick: object, formula: str) -> str:
    """What the files of a pick are called."""
    return file_name(f"{role}-{pick}-{formula}")


def export_shortlist(answer: Shortlist, place: Path) -> Iterator[str]:
    """Write the list (CSV, Markdown, workbook) and of its picks a page to print (HTML) and the
    structures (CIF, POSCAR) into a folder.

    Says what was written and which pick has no structure, with the reason.

    Raises:
        UsageError: if the folder cannot be written or holds anything else.
    """
    assert answer.files is not None
    sheets = dict(_sheets(answer.files))
    files, notes = _of_picks(answer.picks, sheets, answer.files)
    rows = short.table(answer.picks, notes)
    files["shortlist.csv"] = report.render(rows, "csv")
    files["shortlist.md"] = report.render(rows, "md", columns={c.name: c for c in answer.columns})
    meanings = answer.files.columns
    try:
        target = place.resolve()  # a link is followed
        bring_back(target)
        if target.exists() and not target.is_dir():
            raise UsageError(f"{place} is a file; -o takes the folder of the list")
        earlier = {path.name for path in target.iterdir()} if target.is_dir() else set()
        if earlier - _of_shortlist(target):
            raise UsageError(f"{place} holds other things than a shortlist; choose another -o")
        if target == Path.cwd():
            raise UsageError(f"{place} is the current folder; give the list one of its own with -o")

        def fill(aside: Path) -> None:
            for name, content in files.items():
                write_aside(aside / name, content)
            _write_workbook(aside / WORKBOOK, answer.picks, sheets, meanings)

        write_folder(target, fill)
    except OSError as error:
        raise UsageError(f"cannot write {str(place)[-80:]}: {error.strerror or error}") from error
    crystals = sum(name.endswith(".cif") for name in files)
    yield f"written: {place}/, a page for each of {len(answer.picks)}, structures of {crystals}"
    for pick, note in zip(answer.picks, notes, strict=True):
        if note.startswith("none: "):
            yield f"no structure of {pick.row['formula']}: {note[6:]}"


def _of_picks(
    picks: Sequence[short.Pick], sheets: Mapping[str, Sequence[people.Shown]], run: RunFiles
) -> tuple[dict[str, bytes], list[str]]:
    """The files of single picks; and of each what its structures are called, or why it has none."""
    files: dict[str, bytes] = {}
    notes = []
    for pick in picks:
        role, formula = pick.row["role"], pick.row["formula"]
        stem = _stem(role, pick.place, formula)
        title = f"{formula} as {role}, for {run.manifest['anode']['symbol']}"
        sections = list(people.one_page(sheets[role], _row(pick)))
        files[f"{stem}.html"] = text_card.to_html(title, sections)
        try:
            files |= _structure_files(pick, stem, run.cards)
            notes.append(stem)
        except DataError as error:
            notes.append(f"none: {error}")
    return files, notes


def _write_workbook(
    path: Path,
    picks: Sequence[short.Pick],
    sheets: Mapping[str, Sequence[people.Shown]],
    meanings: Sequence[Mapping[str, Any]],
) -> None:
    """A sheet for each role that has picks, and what the columns of the run mean."""
    book = Workbook(path)
    for role, sheet in sheets.items():
        mine = [_row(pick) for pick in picks if pick.row["role"] == role]
        if mine:
            book.people(role, sheet, mine, frozen="D2")
    book.dictionary(meanings)
    book.close()


def _sheets(files: RunFiles) -> Iterator[tuple[str, list[people.Shown]]]:
    """Of each role, what people are told of its picks."""
    place = people.Shown(people.STANDING, "pick", lambda row: row["pick"], width=6)
    reason = people.Shown(people.STANDING, "why it is picked", lambda row: row["reason"], width=40)
    symbol = files.manifest["anode"]["symbol"]
    for name, role in files.manifest["roles"].items():
        rank, formula, *rest = people.shown(files.declared, symbol, role["show"])
        yield name, [place, rank, formula, reason, *rest]


def _row(pick: short.Pick) -> dict[str, Any]:
    return pick.row | {"pick": pick.place, "reason": pick.reason}


def _structure_files(pick: short.Pick, stem: str, cards_of: dict[str, Any]) -> dict[str, bytes]:
    """A CIF and a POSCAR file of a pick."""
    formula, key = pick.row["formula"], pick.row["id"] or ""
    card_of = cards_of["candidates"].get(key)
    if card_of is None:
        raise DataError(f"the run keeps structures of the first {page.SHOWN} of a role only")
    crystal = find(card_of.get("structure", ""), key, formula)
    from pymatgen.io.cif import CifWriter  # noqa: PLC0415 (half a second)
    from pymatgen.io.vasp import Poscar  # noqa: PLC0415

    cell = crystal.structure
    said = one_line(f"{formula}, {crystal.space_group}, {crystal.source}")
    poscar = Poscar(cell, comment=said.encode("ascii", "replace").decode(), sort_structure=True)
    with warnings.catch_warnings():  # of spglib, on how pymatgen asks it
        warnings.simplefilter("ignore", DeprecationWarning)
        cif = f"# {said}\n{CifWriter(cell, symprec=0.01)}"
    return {f"{stem}.cif": cif.encode(), f"{stem}.vasp": poscar.get_str().encode()}
