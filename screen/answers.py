"""Answers of the small commands: window, explain, shortlist, cell, literature, doctor."""

from __future__ import annotations

import csv
import importlib.metadata
import os
import platform
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.text import Text

from screen import __version__, cell, descriptors, files, literature, tables, training
from screen.columns import Column, Values, missing
from screen.composition import Compositions
from screen.descriptors import capacity
from screen.descriptors.case import Case
from screen.errors import DataError, ScreenError, UsageError, did_you_mean
from screen.files import write_aside
from screen.model import card as model_cards
from screen.model import performance
from screen.phases import Phases
from screen.pipeline import Run, cards, cross_check, grouped_columns, make_case, ranked_columns
from screen.ranking.roles import roles
from screen.report import card as text_card
from screen.report import changes, folder, page, plot
from screen.report import shortlist as short
from screen.report import table as report
from screen.settings import ReferenceCell, Settings
from screen.similarity import coordinates, distances
from screen.sources import materials_project, reference, snapshot
from screen.structures import find
from screen.thermo.stacks import Mixtures
from screen.units import plain_name, unit_of
from screen.where import Condition


@dataclass(frozen=True)
class Answer:
    """One answer in three forms: rows, records for JSON, and a way to print it for people."""

    rows: pa.Table
    records: Any
    print: Callable[[Console], None]
    markdown: Callable[[], str] | None = None
    """Where rows alone would make poor reading."""

    def render(self, form: str) -> bytes:
        """As csv, json, parquet or md."""
        if form == "md" and self.markdown is not None:
            return self.markdown().encode()
        return report.render(self.rows, form, self.records)


def _products(case: Case, mixtures: Mixtures, i: int) -> dict[str, float]:
    phases, amounts = mixtures.of(i)
    return {case.phases.formulas[p]: float(a) for p, a in zip(phases, amounts, strict=True)}


def _labels(case: Case) -> dict[str, Column]:
    return {column.name: column for column in descriptors.columns(case.electrolytes)}


def windows(case: Case) -> Answer:
    """Profile, window and contact products of each candidate."""
    values = descriptors.compute_families(case, ("stability", "against_anode"))
    profiles, columns = case.profiles, values.columns
    records = []
    for i, formula in enumerate(case.formulas):
        states = [
            {
                "v_low": float(profiles.v_low[s]),
                "v_high": float(profiles.v_high[s]),
                "anode_per_formula": float(profiles.uptake[s]),
                "products": _products(case, profiles.products, s),
            }
            for s in range(profiles.start[i], profiles.start[i + 1])
        ]
        records.append(
            {
                "formula": formula,
                "anode": case.anode.symbol,
                "outcome": columns["outcome"][i],
                "reduction_v": float(columns["reduction_v"][i]),
                "oxidation_v": float(columns["oxidation_v"][i]),
                "hull_distance_ev_atom": float(columns["hull_distance_ev_atom"][i]),
                "states": states,
                "contact": {
                    "products": _products(case, case.contact_products, i),
                    "anode_per_formula": float(columns["contact_anode_per_formula"][i]),
                    "reaction_energy_ev_atom": float(columns["contact_reaction_energy_ev_atom"][i]),
                    "interphase": columns["interphase"][i] or None,
                    "conducting_fraction": float(columns["conducting_fraction"][i]),
                },
            }
        )
    texts = case.write_mixtures(profiles.products)
    rows = [
        {
            **{k: record[k] for k in ("formula", "anode", "outcome", "reduction_v", "oxidation_v")},
            "hull_distance_ev_atom": record["hull_distance_ev_atom"],
            **{k: state[k] for k in ("v_low", "v_high", "anode_per_formula")},
            "products": texts[profiles.start[i] + s],
        }
        for i, record in enumerate(records)
        for s, state in enumerate(record["states"])
    ]

    def show(console: Console) -> None:
        columns = ("v_high", "v_low", "anode_per_formula", "products")
        for i in range(len(records)):
            own = rows[profiles.start[i] : profiles.start[i + 1]]
            states = pa.Table.from_pylist([{name: row[name] for name in columns} for row in own])
            labels = {
                "v_high": Column("v_high_v", "from", "", ""),
                "v_low": Column("v_low_v", "down to", "", ""),
                "anode_per_formula": Column("", f"{case.anode.symbol} taken up", "", ""),
            }
            report.to_terminal(console, states, labels, _window_line(case, values, i))
            console.print(f"  {_contact_line(values, i)}\n", soft_wrap=True, markup=False)

    return Answer(pa.Table.from_pylist(report.finite(rows)), records, show)


def _window_line(case: Case, values: Values, i: int) -> str:
    columns, symbol = values.columns, case.anode.symbol
    low, high = columns["reduction_v"][i], columns["oxidation_v"][i]
    said = {
        "window": f"window {low:z.3f} to {high:z.3f} V",
        "no_window": f"no window: takes up and gives off {symbol} at {low:z.3f} V",
        "loses_anode_metal_at_0_v": f"gives off {symbol} even at 0 V",
        "unbounded_above": f"takes up {symbol} below {low:z.3f} V, holds none to give off"
        if low > 0
        else f"takes up no {symbol} above 0 V, holds none to give off",
        "anode_metal": f"is {symbol} itself",
    }[columns["outcome"][i]]
    distance = columns["hull_distance_ev_atom"][i]
    if np.isnan(distance):
        tail = "no energy of its own: the profile is that of its stablest mixture"
    elif distance > 0:
        tail = f"{distance:.3f} eV/atom above the hull: the profile is that of its stablest mixture"
    else:
        tail = "on the hull"
    return f"{case.formulas[i]} against {symbol}: {said} ({tail})"


def _contact_line(values: Values, i: int) -> str:
    columns = values.columns
    verdict = columns["interphase"][i].replace("_", " ")
    share = columns["conducting_fraction"][i]
    reason = values.reason("conducting_fraction")[i]
    conducting = reason if np.isnan(share) else f"{share:.0%} of it conducts electrons"
    return (
        f"In contact: {columns['contact_products'][i]}, "
        f"{columns['contact_reaction_energy_ev_atom'][i]:z.3f} eV/atom, "
        f"interphase {verdict or 'not known'} ({conducting})."
    )


def decompositions(case: Case) -> Answer:
    """Hull distance and products of each candidate."""
    values = descriptors.compute_families(case, ("stability",)).columns
    distances = values["hull_distance_ev_atom"]
    records = [
        {
            "formula": formula,
            "hull_distance_ev_atom": float(distances[i]),
            "products": _products(case, case.decompositions.products, i),
        }
        for i, formula in enumerate(case.formulas)
    ]
    rows = pa.table(
        {
            "formula": list(case.formulas),
            "hull_distance_ev_atom": pa.array(distances, mask=np.isnan(distances)),
            "products": values["decomposition"].tolist(),
        }
    )

    def show(console: Console) -> None:
        report.to_terminal(console, rows, _labels(case), "Decomposition")

    return Answer(rows, records, show)


def interface(case: Case) -> Answer:
    """The curve of reaction energies between the two candidates of a case."""
    reactions = case.engine.react(
        case.table, case.compositions.take([0]), case.compositions.take([1])
    )
    a, b = case.formulas
    texts = case.write_mixtures(reactions.products)
    kinks = [
        {
            "x_a": float(x),
            "reaction_energy_ev_atom": float(energy),
            "products": _products(case, reactions.products, k),
        }
        for k, (x, energy) in enumerate(zip(reactions.x_a, reactions.energy, strict=True))
    ]
    lowest = kinks[int(reactions.lowest[0])]
    record = {"a": a, "b": b, **lowest, "kinks": kinks}
    order = ("a", "b", "reaction_energy_ev_atom", "x_a", "products", "kinks")
    rows = pa.table(
        {
            "a": [a] * len(kinks),
            "b": [b] * len(kinks),
            "x_a": reactions.x_a,
            "reaction_energy_ev_atom": reactions.energy,
            "products": texts,
        }
    )

    def show(console: Console) -> None:
        labels = {"reaction_energy_ev_atom": Column("e_ev_atom", "reaction energy", "", "")}
        labels["x_a"] = Column("", f"atoms from {a}", "", "")
        labels["products"] = Column("", "products per atom of the mixture", "", "")
        energy = float(reactions.energy[reactions.lowest[0]])
        title = f"{a} with {b}: they do not react"
        if energy < 0:
            part = f"{reactions.x_a[reactions.lowest[0]]:.3f} of the atoms from {a}"
            title = f"{a} with {b}: strongest {energy:z.4f} eV/atom, {part}"
        report.to_terminal(
            console, rows.select(["x_a", "reaction_energy_ev_atom", "products"]), labels, title
        )
        distances = descriptors.compute_families(case, ("stability",)).columns
        for formula, distance in zip((a, b), distances["hull_distance_ev_atom"], strict=True):
            if not distance <= 0:
                said = (
                    "no energy of its own"
                    if np.isnan(distance)
                    else f"{distance:.3f} eV/atom above"
                )
                said = said.replace("above", "above the hull")
                console.print(f"  {formula} ({said}) stands as its stablest mixture.", markup=False)

    return Answer(rows, {key: record[key] for key in order}, show)


def card(done: Run) -> Answer:
    """Everything about the first candidate of a run."""
    case, values = done.case, done.values
    known = done.candidates.slice(0, 1).to_pylist()[0]
    verdicts = []
    for ranking in done.rankings:
        verdicts.append(
            {
                "role": ranking.role.name,
                "kind": ranking.kind[0] or None,
                "passed": bool(ranking.passed[0]),
                "rank": int(ranking.rank[0]) if ranking.rank[0] and len(case) > 1 else None,
                "of": int(ranking.passed.sum()) if len(case) > 1 else None,
                "rank_without_model": (
                    int(ranking.rank_without_model[0]) or None if len(case) > 1 else None
                ),
                "score": round(float(ranking.score[0]), 6),
                "score_low": round(float(ranking.score_low[0]), 6),
                "score_high": round(float(ranking.score_high[0]), 6),
                "failed_gates": ranking.failed_gates[0] or None,
                "why": ranking.why[0] or None,
                "what_would_change": ranking.what_would_change[0] or None,
            }
        )
    reasons = {
        column.name: values.reason(column.name)[0]
        for column in done.descriptors
        if missing(values.columns[column.name][:1])[0]
    }
    rows = pa.table(
        {
            "column": [column.name for column in done.descriptors],
            "value": [report.text(known[column.name]) for column in done.descriptors],
            "unit": [column.unit for column in done.descriptors],
            "meaning": [column.meaning for column in done.descriptors],
            "source": [column.source for column in done.descriptors],
            "gap": [reasons.get(column.name, "") for column in done.descriptors],
        }
    )
    about = cards(done, [0])
    facts = about["candidates"][done.identity["id"][0]]
    states = [
        {
            "v_high": high,
            "v_low": low,
            "anode_per_formula": uptake,
            "products": {part[0]: amount for part, amount in _mixed(about, mixture)},
        }
        for high, low, uptake, mixture in facts["states"]
    ]
    contact = [
        {
            "product": formula,
            "per_formula": amount,
            "meaning": text_card.meaning(conducts, holds, case.anode.symbol),
        }
        for (formula, conducts, holds), amount in _mixed(about, facts["states"][-1][3])
    ]
    record = {
        "anode": case.anode.symbol,
        "roles": verdicts,
        "values": known,
        "gaps": reasons,
        "states": states,
        "contact": contact,
        "structure": {key: value for key, value in facts.items() if key != "states"} or None,
        "alternatives": _alternatives(done),
        "precedents": _precedents(done),
    }
    title = f"{known['formula']}, for {case.anode.symbol}"
    sections = list(_sections(done, record))

    def show(console: Console) -> None:
        text_card.to_terminal(console, title, sections)

    return Answer(rows, record, show, lambda: text_card.markdown(title, sections))


def _mixed(about: dict[str, Any], mixture: list[Any]) -> list[tuple[list[Any], float]]:
    """The products of a state of a card, each with what it is, and their amounts."""
    products = [about["products"][place] for place in mixture[::2]]
    return list(zip(products, mixture[1::2], strict=True))


_NEAREST = 5


def _alternatives(done: Run) -> list[dict[str, Any]]:
    """Of each role, the candidates that passed and are most like the first."""
    if len(done.case) < 2:
        return []
    points = coordinates(done.case.compositions)
    far = distances(points[:1], points)[0]
    found = []
    for ranking in done.rankings:
        others = np.flatnonzero(ranking.passed)
        others = others[others != 0]
        nearest = others[np.lexsort((ranking.rank[others], far[others].round(9)))][:_NEAREST]
        found += [
            {
                "role": ranking.role.name,
                "formula": done.case.formulas[i],
                "rank": int(ranking.rank[i]),
                "score": round(float(ranking.score[i]), 6),
                "distance": round(float(far[i]), 3),
            }
            for i in nearest.tolist()
        ]
    return found


def _precedents(done: Run) -> list[dict[str, Any]]:
    """Candidates that papers name: of the family of the first, else the nearest to it."""
    papers, families = (done.identity[name] for name in ("reference", "family"))
    named = [i for i in range(1, len(done.case)) if papers[i]]
    same = [i for i in named if families[0] and families[i] == families[0]]
    points = coordinates(done.case.compositions)
    far = distances(points[:1], points)[0]
    nearest = sorted(same or named, key=lambda i: (round(float(far[i]), 9), i))[:4]
    return [
        {
            "formula": done.case.formulas[i],
            "family": families[i] or None,
            "reference": papers[i],
            "distance": round(float(far[i]), 3),
        }
        for i in nearest
    ]


def _sections(done: Run, record: dict[str, Any]) -> Iterator[text_card.Section]:
    """The card in parts, as the page has them."""
    known, symbol = record["values"], record["anode"]
    names = [known["label"] if known["label"] != known["formula"] else None, known["family"]]
    said = ", ".join(name.replace("_", " ") for name in names if name)
    yield text_card.Section("", [said] if said else [])
    yield text_card.Section("Why it stands where it does", list(_verdicts(record["roles"])))
    yield text_card.Section(
        f"When {symbol} touches it",
        [_contact_line(done.values, 0)],
        ("per formula", "product", "what it means"),
        [(f"{c['per_formula']:.4g}", c["product"], c["meaning"]) for c in record["contact"]],
        frozenset([0]),
    )
    yield text_card.Section(
        "Voltage profile",
        [_window_line(done.case, done.values, 0)],
        ("from, V", "down to, V", f"{symbol} taken up", "products"),
        [
            (
                report.text(float("inf") if s["v_high"] is None else s["v_high"]),
                report.text(s["v_low"]),
                report.text(s["anode_per_formula"]),
                " + ".join(
                    formula if abs(amount - 1) < 5e-5 else f"{amount:.4g} {formula}"
                    for formula, amount in s["products"].items()
                ),
            )
            for s in record["states"]
        ],
        frozenset([0, 1, 2]),
    )
    structure = record["structure"]
    if structure and "cell" in structure:
        a, b, c, alpha, beta, gamma = structure["cell"]
        yield text_card.Section(
            "Structure",
            [
                f"{structure['space_group']}; a {a:.3f}, b {b:.3f}, c {c:.3f} Å; "
                f"alpha {alpha:.1f}, beta {beta:.1f}, gamma {gamma:.1f} degrees "
                f"({structure['structure_source']})"
            ],
        )
    yield from _families(done, known, record["gaps"])
    if record["alternatives"]:
        yield text_card.Section(
            "Nearest alternatives that passed",
            ["By composition, on the line of the Mendeleev numbers; LiF and LiCl are 1.5 apart."],
            ("as", "candidate", "rank", "score", "distance"),
            [
                (
                    o["role"],
                    o["formula"],
                    str(o["rank"]),
                    f"{o['score']:.3f}",
                    f"{o['distance']:.1f}",
                )
                for o in record["alternatives"]
            ],
            frozenset([2, 3, 4]),
        )
    own = [f"Named in {known['reference']}."] if known["reference"] else []
    papers = [(p["formula"], p["family"] or "", p["reference"]) for p in record["precedents"]]
    if own or papers:
        yield text_card.Section(
            "Who did it, or something like it", own, ("candidate", "family", "papers"), papers
        )
    origin = ("id", "scheme", "database_version", "source", "property_source", "licence")
    yield text_card.Section(
        "Where the numbers come from",
        [f"{name.replace('_', ' ')}: {known[name]}" for name in origin if known[name]],
    )


def _verdicts(roles_of: list[dict[str, Any]]) -> Iterator[str]:
    for verdict in roles_of:
        if verdict["passed"]:
            place = f"rank {verdict['rank']} of {verdict['of']}, " if verdict["rank"] else ""
            if verdict["rank_without_model"] != verdict["rank"]:
                place = place[:-2] + f" ({verdict['rank_without_model']} without the model), "
            line = f"{place}score {verdict['score']:.3f}. {verdict['why']}"
        else:
            line = f"below the line, needs {verdict['failed_gates']}."
        change = verdict["what_would_change"] or ""
        yield f"as {verdict['role']}: {line} {change}".rstrip()


_END = re.compile("_(low|high)_")
"""In the name of a column that holds an end of another's interval."""


def _families(
    done: Run, known: dict[str, Any], gaps: dict[str, str]
) -> Iterator[text_card.Section]:
    """All values, family by family; of what a model says, also how good it is."""
    grouped: dict[str, list[Column]] = {}
    for group, column in grouped_columns(done.case.electrolytes, done.case.settings):
        if group not in (page.ROLE, "identity", "origin"):
            grouped.setdefault(group, []).append(column)
    for group, members in grouped.items():
        yield text_card.Section(
            group.replace("_", " ").capitalize(),
            [c.meaning for c in members if group == "model" and not _END.search(c.name)],
            ("quantity", "value", "unit", "not known because"),
            [
                (
                    c.label,
                    "" if c.name in gaps else report.text(known[c.name]),
                    c.unit if c.unit != "1" else "",
                    gaps.get(c.name, ""),
                )
                for c in members
            ],
        )


def drawing(done: Run, form: str) -> bytes:
    """Voltage profile and interface reactions of the first candidate of a run, as svg or png."""
    case = done.case
    facts = cards(done, [0])["candidates"][done.identity["id"][0]]
    curves = {}
    for electrolyte in case.electrolytes:
        if not missing(done.values.columns[electrolyte.column][:1])[0]:
            partner = Compositions.from_formulas([electrolyte.formula])
            reactions = case.engine.react(case.table, case.compositions.take([0]), partner)
            curves[electrolyte.label] = (reactions.x_a, reactions.energy)
    return plot.draw(case.formulas[0], case.anode.symbol, facts["states"], curves, form)


def page_of(run: Path) -> bytes:
    """The page of a run folder, made from what its files hold.

    Raises:
        DataError: if the folder is incomplete, of another version or altered.
    """
    files = folder.read(run)
    parts = page.by_role(files.ranked, list(files.manifest["roles"]))
    tops = [page.Top.of(part) for part in parts]
    return page.build(files.manifest, files.columns, tops, files.gaps, files.cards)


@dataclass(frozen=True)
class Shortlist(Answer):
    """Picks of a run, as an answer."""

    picks: tuple[short.Pick, ...] = ()
    cards: dict[str, Any] | None = None


def shortlist(
    run: Path, per_role: int, diverse: bool, distance: float | None, names: tuple[str, ...]
) -> Shortlist:
    """Pick few candidates of each role of a run.

    Raises:
        UsageError: for a role that the run does not have.
        DataError: if the folder is incomplete, of another version or altered.
    """
    files = folder.read(run)
    known = files.manifest["roles"]
    for name in names:
        if name not in known:
            raise UsageError(f"unknown role {name!r} of {run}; {did_you_mean(name, known)}")
    least = (short.ALIKE if distance is None else distance) if diverse else None
    picks = [
        pick
        for name in known
        if not names or name in names
        for pick in short.pick(files, name, per_role, least)
    ]
    rows = short.table(picks)

    def show(console: Console) -> None:
        labels = {c["name"]: Column("", c["label"], "", "") for c in files.columns}
        brief = ["role", "pick", "rank", "formula", "kind", "score", "handling"]
        symbol = files.manifest["anode"]["symbol"]
        report.to_terminal(console, rows.select(brief), labels, f"Shortlist for {symbol}")
        for pick in picks:
            line = f"  {pick.row['formula']}: {pick.reason} {pick.row['why'] or ''}"
            console.print(Text(report.visible(line)), soft_wrap=True)

    return Shortlist(rows, None, show, None, tuple(picks), files.cards)


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
    files["shortlist.md"] = report.render(rows, "md")
    try:
        if place.exists() and not place.is_dir():
            raise UsageError(f"{place} is a file; -o takes the folder of the list")
        earlier = {path.name for path in place.iterdir()} if place.is_dir() else set()
        if earlier - _of_shortlist(place):
            raise UsageError(f"{place} holds other things than a shortlist; choose another -o")
        for name in earlier:
            (place / name).unlink()
        for name, content in files.items():
            write_aside(place / name, content)
    except OSError as error:
        raise UsageError(f"cannot write {str(place)[-80:]}: {error.strerror or error}") from error
    yield f"written: {place}/, structures of {sum(n.endswith('.cif') for n in files)} picks"
    for pick, note in zip(answer.picks, notes, strict=True):
        if note.startswith("none: "):
            yield report.visible(f"no structure of {pick.row['formula']}: {note[6:]}")


def _structure_files(pick: short.Pick, cards_of: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Name and content of a CIF and a POSCAR file of a pick."""
    formula, key = pick.row["formula"], pick.row["id"] or ""
    card_of = cards_of["candidates"].get(key)
    if card_of is None:
        raise DataError(f"the run keeps structures of the first {page.SHOWN} of a role only")
    crystal = find(card_of.get("structure", ""), key, formula)
    from pymatgen.io.cif import CifWriter  # noqa: PLC0415 (half a second)
    from pymatgen.io.vasp import Poscar  # noqa: PLC0415

    safe = re.sub(r"[^A-Za-z0-9.]+", "_", formula)[:60]
    stem = f"{pick.row['role']}-{pick.place}-{safe}"
    cell = crystal.structure
    said = report.visible(f"{formula}, {crystal.space_group}, {crystal.source}").replace("\n", " ")
    poscar = Poscar(cell, comment=said.encode("ascii", "replace").decode(), sort_structure=True)
    with warnings.catch_warnings():  # of spglib, on how pymatgen asks it
        warnings.simplefilter("ignore", DeprecationWarning)
        cif = f"# {said}\n{CifWriter(cell, symprec=0.01)}"
    return stem, {f"{stem}.cif": cif.encode(), f"{stem}.vasp": poscar.get_str().encode()}


def comparison(before: Path, after: Path, top: int) -> Answer:
    """What changed from one run folder to another."""
    found = changes.of_folders(before, after, top)
    columns = {name: [row[name] for row in found.rows] for name in changes.NAMES}
    rows = pa.table(columns, schema=changes.SCHEMA)
    record = {"common": list(found.common), "changes": found.rows}

    def show(console: Console) -> None:
        for line in found.common:
            console.print(line, soft_wrap=True, markup=False)
        if found.changes:
            title = f"{found.after}: what changed since {found.before}, the best {top}"
            report.to_terminal(console, rows, {}, title)
        else:
            console.print(f"The best {top} of each role are the same.")

    return Answer(rows, record, show, found.markdown)


def model_card() -> Answer:
    """What the models are, how far each can be trusted, what not to use it for."""
    found = model_cards.cards()
    lines = [(name, item, said) for name, card in found.items() for item, said in card.items()]
    heads = ("model", "item", "said")
    rows = pa.table({head: [line[k] for line in lines] for k, head in enumerate(heads)})

    def show(console: Console) -> None:
        for name, card in found.items():
            console.print(Text(f"{name.capitalize()} model", style="bold underline"))
            for item, said in card.items():
                console.print(Text.assemble((f"{item}: ", "bold"), said), soft_wrap=True)
            console.print()

    return Answer(rows, found, show)


def model_skill(phases: Phases, seed: int) -> Answer:
    """All models, measured anew on what they were not fitted to.

    Args:
        phases: among which families take their places that the recovery model has not seen.
    """
    found: list[tuple[str, str, str, str, float, float, float]] = []
    for role, skill in training.evaluate(phases, seed).items():
        for name in skill.place:
            measures = {
                "mean place": skill.place,
                "in the best 5 %": skill.top_5,
                "in the best 10 %": skill.top_10,
                "model ahead in place": skill.gain,
                "model ahead in the best 10 %": skill.gain_top_10,
            }
            found += [
                ("recovery", role, name, measure, *values[name])
                for measure, values in measures.items()
                if name in values
            ]
    for name, target in training.fit_performance(seed).targets.items():
        cells = target.skill
        found += [
            ("performance", name, "model", "gain in log likelihood", *cells.gain),
            ("performance", name, "model", "error in decades", *cells.error),
            ("performance", name, "conditions", "error in decades", *cells.error_by_conditions),
            ("performance", name, "median", "error in decades", *cells.error_by_median),
            ("performance", name, "model", "80 % interval covers", *cells.cover),
        ]
    labels = training.fit_lithiophilic(seed).skill
    found += [
        ("lithiophilic", "substrates", "model", "ranked right", *labels.ranked),
        ("lithiophilic", "substrates", "model", "Brier score", *labels.brier),
        ("lithiophilic", "substrates", "model", "gain in Brier score", *labels.brier_gain),
    ]
    heads = ("model", "of", "by", "measure", "value", "low", "high")
    rows = pa.table({head: [line[k] for line in found] for k, head in enumerate(heads)})

    def show(console: Console) -> None:
        title = f"On what was left out, among the phases of {phases.name}; intervals of 95 %"
        report.to_terminal(console, rows, {}, title)

    return Answer(rows, rows.to_pylist(), show)


def model_drawing(form: str) -> bytes:
    """Predicted against reported figures of families left out, as svg or png."""
    panels = {}
    for name, target in performance.load().targets.items():
        unit = unit_of(performance.column(name))
        panels[f"{performance.FIGURES[name]}, {unit}"] = target.skill.left_out
    return plot.draw_predictions(panels, form)


def points(given: Sequence[str], file: Path | None) -> tuple[list[float], list[float]]:
    """Pairs of numbers, typed as "x,y" or from a file of such lines, which may begin with a head.

    Raises:
        UsageError, DataError: for what is no such pair, or where there are none or both.
    """
    if bool(given) == (file is not None):
        raise UsageError("give the points, either with --point X,Y for each or with --file FILE")
    if file is None:
        pairs = [_pair(text) for text in given]
        wrong = [text for text, pair in zip(given, pairs, strict=True) if pair is None]
        if wrong:
            raise UsageError(f"--point {wrong[0]!r}: two numbers are wanted, as in 0.1,1.5")
    else:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file}: {error}") from error
        numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
        pairs = [_pair(line) for _, line in numbered]
        if pairs and pairs[0] is None:
            numbered, pairs = numbered[1:], pairs[1:]
        if None in pairs:
            i, line = numbered[pairs.index(None)]
            raise DataError(f"{file}, line {i}: {line[:40]!r} is not two numbers by comma")
    found = [pair for pair in pairs if pair is not None]
    return [x for x, _ in found], [y for _, y in found]


def _pair(text: str) -> tuple[float, float] | None:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        return None
    return x, y


def figures(title: str, numbers: Mapping[str, float]) -> Answer:
    """A few numbers, each with the unit that its name ends in."""
    rows = [
        {"quantity": name, "value": float(number), "unit": unit_of(name)}
        for name, number in numbers.items()
    ]

    def show(console: Console) -> None:
        shown = {
            "quantity": [plain_name(name) for name in numbers],
            "value": [f"{number:.4g}" for number in numbers.values()],
            "unit": [unit_of(name) for name in numbers],
        }
        report.to_terminal(console, pa.table(shown), {}, title, nothing="")

    return Answer(pa.Table.from_pylist(report.finite(rows)), dict(numbers), show)


_OF_STACK = "energy_wh_kg energy_wh_l capacity_mah_cm2 voltage_v mass_mg_cm2 thickness_um".split()


def stack(
    settings: ReferenceCell,
    case: Case | None = None,
    role: str = "interlayer",
    density_g_cm3: float | None = None,
) -> Answer:
    """Stack energy of the reference cell, alone or also with the first candidate of a case.

    Args:
        role: as what the candidate is in the cell; one of capacity.STACKS.
        density_g_cm3: of an interlayer, where the table does not know it.

    Raises:
        UsageError: for another role, or a density where it does not belong.
        DataError: with the reason why there is no such cell.
    """
    stacks, gap = {"reference": cell.reference_stack(settings)}, ""
    if case is not None:
        stacks["candidate"], gap = _stack_with(case, role, density_g_cm3)
    rows = [{"quantity": name, "unit": unit_of(name)} | _across(stacks, name) for name in _OF_STACK]
    layers = {
        which: [
            {
                "layer": layer.name,
                "mass_mg_cm2": _number(layer.mass_mg_cm2),
                "thickness_um": _number(layer.thickness_um),
            }
            for layer in of.layers
        ]
        for which, of in stacks.items()
    }
    candidate = None if case is None else {"formula": case.formulas[0], "role": role}
    record = {
        "anode": settings.anode,
        "candidate": candidate,
        "stack": {row["quantity"]: {k: row[k] for k in _COMPARED} for row in rows},
        "layers": layers,
        "gap": gap or None,
        "settings": settings.model_dump(),
    }
    table = pa.Table.from_pylist(report.finite(rows), schema=_STACK_SCHEMA)

    def show(console: Console) -> None:
        said = "" if case is None else f", and with {case.formulas[0]} as {role}"
        names = [plain_name(name) for name in _OF_STACK]
        shown = table.set_column(0, "quantity", pa.array(names))
        if case is None:
            shown = shown.drop_columns(["candidate", "change"])
        report.to_terminal(
            console, shown, {}, f"Stack of the reference {settings.anode} cell{said}"
        )
        labels = {
            "mass_mg_cm2": Column("mass_mg_cm2", "mass", "", ""),
            "thickness_um": Column("thickness_um", "thickness", "", ""),
        }
        of_last = layers["reference" if case is None else "candidate"]
        report.to_terminal(console, pa.Table.from_pylist(report.finite(of_last)), labels, "Layers")
        if gap:
            console.print(f"  By volume not known: {gap}.", soft_wrap=True, markup=False)

    return Answer(table, record, show)


_COMPARED = ("reference", "candidate", "change")
_STACK_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("quantity", "unit")),
        *((name, pa.float64()) for name in _COMPARED),
    ]
)


def _across(stacks: Mapping[str, cell.Stack], name: str) -> dict[str, float | None]:
    """One quantity of the reference cell and of that with a candidate, and the change."""
    one, other = (
        _number(getattr(stacks[which], name)) if which in stacks else None
        for which in ("reference", "candidate")
    )
    change = None if one is None or other is None else other - one
    return {"reference": one, "candidate": other, "change": change}


def _number(value: cell.Quantity) -> float:
    """A quantity of one cell as a number."""
    return float(np.ravel(value)[0])


def _stack_with(case: Case, role: str, density_g_cm3: float | None) -> tuple[cell.Stack, str]:
    """The cell with the first candidate, and why its thickness is not known, if so."""
    if role not in capacity.STACKS:
        raise UsageError(f"unknown role {role!r}; {did_you_mean(role, capacity.STACKS)}")
    if density_g_cm3 is None:
        made, reasons = capacity.STACKS[role](case)
    elif role == "interlayer":
        made, reasons = capacity.film_stack(case, density_g_cm3)
    else:
        raise UsageError("--density-g-cm3 goes with --as interlayer")
    formula = case.formulas[0]
    if np.isnan(_number(made.energy_wh_kg)):
        hint = "; give --density-g-cm3" if role == "interlayer" and density_g_cm3 is None else ""
        raise DataError(f"no cell with {formula} as {role}: {reasons[0]}{hint}")
    full = case.profiles.products.take(case.uptake.state)
    unknown = np.isnan(_number(made.thickness_um))
    return made, case.volumes(full)[1][0] if unknown else ""


def dictionary(anode: str) -> Answer:
    """Every column of the ranked file for an anode metal, also those that must be asked for."""
    settings = Settings(anode=anode, barrier=True, surface=True)
    declared = ranked_columns(tables.electrolytes_of(anode), settings)
    rows = pa.table(
        {
            "column": [column.name for column in declared],
            "unit": [column.unit for column in declared],
            "meaning": [column.meaning for column in declared],
            "source": [column.source for column in declared],
        }
    )

    def show(console: Console) -> None:
        report.to_terminal(console, rows, {}, "Columns of ranked.csv", nothing="")

    return Answer(rows, None, show)


def literature_rows(
    chosen: Sequence[literature.Row], names: Sequence[str], condition: Condition | None
) -> Answer:
    """Rows of the literature table that meet a condition, in some of its columns."""
    values = literature.table(chosen)
    every = report.arrows(literature.COLUMNS, values)
    rows = (every if condition is None else every.filter(pa.array(condition(values)))).select(names)
    labels = {column.name: column for column in literature.COLUMNS}

    def show(console: Console) -> None:
        report.to_terminal(console, rows, labels, f"Literature: {rows.num_rows} rows")

    return Answer(rows, None, show)


def snapshots(folder: Path) -> Answer:
    """The snapshots of a folder."""
    found = snapshot.listed(folder)
    rows = pa.table(
        {
            "file": pa.array([s.path.name for s in found], pa.string()),
            "database_version": pa.array(
                [s.manifest["database_version"] for s in found], pa.string()
            ),
            "phases": pa.array([s.manifest["phases"] for s in found], pa.int64()),
            "scheme": pa.array([s.manifest["scheme"] for s in found], pa.string()),
            "systems": pa.array(
                [" ".join("-".join(x) for x in s.manifest["query"]["systems"]) for s in found],
                pa.string(),
            ),
            "licences": pa.array([", ".join(s.manifest["licences"]) for s in found], pa.string()),
        }
    )

    def show(console: Console) -> None:
        report.to_terminal(console, rows, {}, f"Snapshots in {folder}", nothing="all")

    return Answer(rows, [s.manifest | {"file": str(s.path)} for s in found], show)


_PACKAGES = (
    *("ase", "matminer", "matplotlib", "mp-api", "numpy", "openpyxl", "pandas", "pyarrow"),
    *("pydantic", "pymatgen", "pymatgen-core", "scikit-learn", "typer"),
)
_EXTRAS = {"bvlain": ("transport", "--barrier"), "chgnet": ("mlip", "--surface")}


def health() -> Iterator[tuple[bool, str]]:
    """Checks of the installation, as (sound, what was found)."""
    yield True, f"screen {__version__}, Python {platform.python_version()}"
    for name in _PACKAGES:
        try:
            yield True, f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield False, f"{name} is missing; install the package again"
    for name, (extra, option) in _EXTRAS.items():
        try:
            yield True, f"{name} {importlib.metadata.version(name)}, for {option}"
        except importlib.metadata.PackageNotFoundError:
            yield True, f"{name} is not installed; {option} needs the extra [{extra}]"
    try:
        yield True, f"shipped tables and models: {tables.check_all()}, all as they were sealed"
        phases = reference.load()
        facts = tables.datasets()["reference_phases"]
        yield True, f"reference set: {len(phases)} phases, {phases.scheme}, {facts['licence']}"
        yield True, f"roles: {', '.join(roles())}"
        check = cross_check(make_case(phases, Settings(check_candidates=3, check_interfaces=1))[0])
        yield True, f"kernel and pymatgen agree within {check.largest_difference_v:.0e} V"
    except ScreenError as error:
        yield False, str(error)
    try:
        with tempfile.TemporaryDirectory(dir=Path.cwd()):
            yield True, "results can be written here"
    except OSError as error:
        yield False, f"results cannot be written here: {error.strerror}; use -o"
    yield True, f"endpoint: {materials_project.endpoint_from(os.environ)}, for 'pull' alone"
    try:
        materials_project.key_from(os.environ)
        yield True, "key: MP_API_KEY is set"
        yield True, materials_project.answers(materials_project.endpoint_from(os.environ))
    except ScreenError as error:
        yield True, f"key or endpoint: {error}"
    try:
        found = snapshot.listed(files.home(os.environ) / "snapshots")
        yield True, f"snapshots: {', '.join(s.path.name for s in found) or 'none'}"
    except ScreenError as error:
        yield False, str(error)
