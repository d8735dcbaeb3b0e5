"""The answer of shortlist: few candidates of a run, and the files of their structures."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator
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
from screen.report import page, terminal
from screen.report import shortlist as short
from screen.report import table as report
from screen.structures import find


@dataclass(frozen=True)
class Shortlist(Answer):
    """Picks of a run, as an answer."""

    picks: tuple[short.Pick, ...] = ()
    cards: dict[str, Any] | None = None


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
    files = run_folder.read(run)
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
        terminal.print_table(
            console,
            short.brief(picks, symbol),
            files.declared,
            f"Shortlist for {symbol}",
            keys=("role", "rank", "formula", "score"),
        )
        for pick in picks:
            said = (pick.reason, pick.row["why"] or "", pick.contact(symbol))
            terminal.print_sentence(console, f"{pick.row['formula']}: {' '.join(said)}")

    known_columns = tuple(files.declared.values())
    return Shortlist(rows, None, show, columns=known_columns, picks=tuple(picks), cards=files.cards)


def _of_shortlist(place: Path) -> set[str]:
    """Names of the files that an earlier shortlist in a folder says it wrote."""
    try:
        with (place / "shortlist.csv").open(encoding="utf-8", newline="") as file:
            stems = [row["structure"] for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError):
        return set()
    made = {f"{stem}.{ending}" for stem in stems for ending in ("cif", "vasp")}
    return {"shortlist.csv", "shortlist.md", *made}


def export_shortlist(answer: Shortlist, place: Path) -> Iterator[str]:
    """Write the list (CSV, Markdown) and the structures of its picks (CIF, POSCAR) into a folder.

    Says what was written and which pick has no structure, with the reason.

    Raises:
        UsageError: if the folder cannot be written or holds anything else.
    """
    files: dict[str, bytes] = {}
    notes = []
    for pick in answer.picks:
        try:
            stem, made = _structure_files(pick, answer.cards or {})
        except DataError as error:
            notes.append(f"none: {error}")
            continue
        files |= made
        notes.append(stem)
    rows = short.table(answer.picks, notes)
    files["shortlist.csv"] = report.render(rows, "csv")
    files["shortlist.md"] = report.render(rows, "md", columns={c.name: c for c in answer.columns})
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

        write_folder(target, fill)
    except OSError as error:
        raise UsageError(f"cannot write {str(place)[-80:]}: {error.strerror or error}") from error
    yield f"written: {place}/, structures of {sum(n.endswith('.cif') for n in files)} picks"
    for pick, note in zip(answer.picks, notes, strict=True):
        if note.startswith("none: "):
            yield f"no structure of {pick.row['formula']}: {note[6:]}"


def _structure_files(pick: short.Pick, cards_of: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Name and content of a CIF and a POSCAR file of a pick."""
    formula, key = pick.row["formula"], pick.row["id"] or ""
    card_of = cards_of["candidates"].get(key)
    if card_of is None:
        raise DataError(f"the run keeps structures of the first {page.SHOWN} of a role only")
    crystal = find(card_of.get("structure", ""), key, formula)
    from pymatgen.io.cif import CifWriter  # noqa: PLC0415 (half a second)
    from pymatgen.io.vasp import Poscar  # noqa: PLC0415

    stem = file_name(f"{pick.row['role']}-{pick.place}-{formula}")
    cell = crystal.structure
    said = one_line(f"{formula}, {crystal.space_group}, {crystal.source}")
    poscar = Poscar(cell, comment=said.encode("ascii", "replace").decode(), sort_structure=True)
    with warnings.catch_warnings():  # of spglib, on how pymatgen asks it
        warnings.simplefilter("ignore", DeprecationWarning)
        cif = f"# {said}\n{CifWriter(cell, symprec=0.01)}"
    return stem, {f"{stem}.cif": cif.encode(), f"{stem}.vasp": poscar.get_str().encode()}
