"""The answer of explain: all that is known of one candidate, as a card and drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen import cards, doubtful, literature, measured, tried, verdicts
from screen.answers import certainty
from screen.answers.answer import Answer
from screen.answers.card_summary import print_summary
from screen.answers.equilibria import ENERGY, contact_line, doubt_line, window_line, written
from screen.columns import Column, Values, missing
from screen.composition import Compositions
from screen.descriptors import equations
from screen.descriptors.case import Case
from screen.errors import UsageError
from screen.formatting import number, text
from screen.ranking.order import NOT_KNOWN, Ranking
from screen.report import contact, page, people, plot, text_card
from screen.run import Run, grouped_columns
from screen.tables import Electrolyte
from screen.thermo.interface import Reactions
from screen.units import DECIMALS

_PER_ATOM = "reaction_energy_ev_atom"


@dataclass(frozen=True, repr=False)
class Explanation(Answer):
    """Everything about one candidate.

    Attributes:
        done: the run that judged it.
        title, sections: the card as text.
        page: what of it is printed on a page.
    """

    done: Run | None = None
    title: str = ""
    sections: tuple[text_card.Section, ...] = ()
    page: tuple[text_card.Section, ...] = ()

    def render(self, form: str) -> bytes:
        """As csv, json, parquet, md, or html, which is a page to print."""
        if form == "html":
            return text_card.to_html(self.title, self.page or self.sections)
        return super().render(form)

    def only(self, *names: str) -> Explanation:
        """The same with only some sections of the card printed, or with "all" of them.

        Raises:
            UsageError: for a name that is none of theirs.
        """
        kept = self.sections if "all" in names else text_card.chosen(self.sections, names)

        def show(console: Console) -> None:
            text_card.to_terminal(console, self.title, kept)

        said = replace(self, print=show, markdown=lambda: text_card.markdown(self.title, kept))
        return replace(said, page=tuple(kept))

    def draw(self, form: str) -> bytes:
        """Its voltage profile and interface reactions, as svg or png."""
        if self.done is None:
            raise UsageError(f"nothing can be drawn of {self.title}: no table has its energy")
        return _drawing(self.done, form)


def explanation(done: Run, alone: Case | None = None) -> Explanation:
    """Everything about the first candidate of a run.

    Args:
        alone: the candidate by itself, whose settings may ask for samples.
    """
    case, values = done.case, done.values
    known = done.candidates.slice(0, 1).to_pylist()[0]
    verdicts = []
    for ranking in done.rankings:
        verdicts.append(
            {
                "role": ranking.role.name,
                "kind": ranking.kind[0] or None,
                "passed": bool(ranking.passed[0]),
                "verdict": ranking.verdict[0],
                "rank": int(ranking.rank[0]) if ranking.rank[0] and len(case) > 1 else None,
                "of": int(ranking.passed.sum()) if len(case) > 1 else None,
                "rank_without_model": (
                    int(ranking.rank_without_model[0]) or None if len(case) > 1 else None
                ),
                "score": round(float(ranking.score[0]), 6),
                "score_low": round(float(ranking.score_low[0]), 6),
                "score_high": round(float(ranking.score_high[0]), 6),
                "ranked_under": ranking.ranked_under[0] or None,
                "failed_gates": ranking.failed_gates[0] or None,
                "unknown_gates": ranking.unknown_gates[0] or None,
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
            "value": pa.array(
                [known[c.name] if c.kind == "number" else None for c in done.descriptors],
                pa.float64(),
            ),
            "text": pa.array(
                [_said(known[c.name]) if c.kind != "number" else None for c in done.descriptors],
                pa.string(),
            ),
            "unit": [column.unit for column in done.descriptors],
            "meaning": [column.meaning for column in done.descriptors],
            "source": [column.source for column in done.descriptors],
            "gap": [reasons.get(column.name, "") for column in done.descriptors],
        }
    )
    (own,) = cards.cards(done, [0])
    record = {
        "anode": case.anode.symbol,
        "roles": verdicts,
        "values": known,
        "gaps": reasons,
        "states": [
            {
                "v_high": None if np.isinf(state.v_high) else state.v_high,
                "v_low": state.v_low,
                "anode_per_formula": state.uptake,
                "products": {p.formula: p.per_formula for p in state.products},
                **written(state.equation),
            }
            for state in own.states
        ],
        "contact": [
            {
                "product": product.formula,
                "per_formula": product.per_formula,
                "share": share,
                "meaning": cards.MEANINGS[product.meaning].format(anode=case.anode.symbol),
            }
            for product, share in zip(own.states[-1].products, own.shares, strict=True)
        ],
        "interfaces": list(_interfaces(done, own)),
        "structure": dict(own.structure) or None,
        "goals": {ranking.role.name: dict(_goals(ranking, own)) for ranking in done.rankings},
        "doubtful": _doubtful(case),
        "tried": [one.said for one in tried.found(case.anode.symbol, case.formulas[0])],
        "alternatives": list(_alternatives(done, own)),
        "measured": [measured.record(row) for row in _cells(done)],
        "precedents": [
            {
                "formula": case.formulas[near.place],
                "family": done.identity["family"][near.place] or None,
                "reference": done.identity["reference"][near.place],
                "distance": round(near.distance, 3),
            }
            for near in own.precedents
        ],
    }
    if alone is not None and (sampled := certainty.samples_of(alone, drives=True)):
        record["samples"] = certainty.record(alone, *sampled, 0)
        record["samples"]["to_measure"] = certainty.narrowest(alone, sampled[0])
    title = f"{known['formula']}, for {case.anode.symbol}"
    sections = tuple(_sections(done, record))

    def show(console: Console) -> None:
        print_summary(console, title, sections, record)

    return Explanation(
        rows,
        record,
        show,
        lambda: text_card.markdown(title, sections),
        done=done,
        title=title,
        sections=sections,
        page=tuple(_page(done, sections)),
    )


def _page(done: Run, sections: Sequence[text_card.Section]) -> Iterator[text_card.Section]:
    """What of the first candidate is printed on a page: as the role in which it stands best, and
    what it does to the electrolytes.
    """
    best = min(done.rankings, key=lambda one: (not one.passed[0], one.rank[0] or 0, -one.score[0]))
    place = int(np.flatnonzero(best.order == 0)[0])
    (row,) = done.ranked(best).slice(place, 1).to_pylist()
    columns = {column.name: column for column in done.ranked_columns}
    lines = people.shown(columns, done.case.anode.symbol, best.role.show)
    verdict = "passes" if best.passed[0] else best.verdict[0].replace("_", " ")
    yield text_card.Section("role", "", [f"As {best.role.name}: {verdict}."])
    yield from people.one_page(lines, row)
    yield from (one for one in sections if one.name in ("certainty", "electrolytes"))


def _cells(done: Run) -> list[literature.Row]:
    """The cells of the first candidate, if the literature speaks of its anode metal."""
    if done.case.anode.symbol != literature.ANODE:
        return []
    return measured.ordered(measured.rows_by_key().get(int(done.case.compositions.key[0]), ()))


def measured_section(cells: Sequence[literature.Row]) -> text_card.Section:
    """What cells have done: a sentence, the papers, and a line for each cell."""
    papers = "; ".join(dict.fromkeys(measured.cited(row) for row in cells))
    lines = (measured.summary(cells), f"Papers: {papers}.") if cells else (measured.NONE,)
    return text_card.Section(
        measured.GROUP,
        measured.TITLE,
        lines,
        measured.HEAD,
        [measured.line(row) for row in cells],
        measured.NUMBERS,
    )


def _said(value: Any) -> str | None:
    """A text or a flag as files of tables write it."""
    return str(value).lower() if isinstance(value, bool) else value or None


def _goals(ranking: Ranking, own: cards.Card) -> Iterator[tuple[str, float | None]]:
    """How the first candidate meets the goals that its kind is asked, 0 to 1."""
    for goal, met in zip(ranking.role.goals, own.goals[ranking.role.name].tolist(), strict=True):
        if not goal.kinds or ranking.kind[0] in goal.kinds:
            yield goal.column, None if np.isnan(met) else met


def _alternatives(done: Run, own: cards.Card) -> Iterator[dict[str, Any]]:
    for ranking in done.rankings:
        for near in own.alternatives.get(ranking.role.name, ()):
            yield {
                "role": ranking.role.name,
                "formula": done.case.formulas[near.place],
                "rank": int(ranking.rank[near.place]),
                "score": round(float(ranking.score[near.place]), 6),
                "distance": round(near.distance, 3),
            }


def _curves(done: Run) -> Iterator[tuple[Electrolyte, Reactions]]:
    """Reactions of the first candidate with each electrolyte that the table covers."""
    case = done.case
    for electrolyte in case.electrolytes:
        if not missing(done.values.columns[electrolyte.column][:1])[0]:
            partner = Compositions.from_formulas([electrolyte.formula])
            yield (
                electrolyte,
                case.facts.engine.react(case.facts.table, case.compositions.take([0]), partner),
            )


def _interfaces(done: Run, own: cards.Card) -> Iterator[dict[str, Any]]:
    """The strongest reaction of the first candidate with each electrolyte."""
    for interface in own.interfaces:
        electrolyte = done.case.electrolytes[interface.electrolyte]
        yield {
            "electrolyte": electrolyte.formula,
            "label": electrolyte.label,
            _PER_ATOM: interface.energy_ev_atom,
            **written(interface.equation),
        }


def _computed(known: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a candidate that samples have intervals of."""
    names = ("reduction_v", "oxidation_v", "contact_reaction_energy_ev_atom", "drive_best_ev_atom")
    return {name: np.nan if known[name] is None else known[name] for name in names}


def _sections(done: Run, record: dict[str, Any]) -> Iterator[text_card.Section]:
    """The card in parts, as the page has them."""
    known, symbol = record["values"], record["anode"]
    names = [known["label"] if known["label"] != known["formula"] else None, known["family"]]
    said = ", ".join(name.replace("_", " ") for name in names if name)
    yield text_card.Section("names", "", [said] if said else [])
    yield text_card.Section("why", "Why it stands where it does", list(_verdicts(record["roles"])))
    if done.case.anode.symbol == literature.ANODE:
        yield measured_section(_cells(done))
    if doubt := list(_doubt(record, done.values)):
        yield text_card.Section("doubtful", "Doubtful phases", doubt)
    yield text_card.Section(
        "contact",
        f"When {symbol} touches it",
        [
            contact_line(done.values, 0, equations.in_contact(done.case, 0)),
            *filter(None, [contact.as_film(known)]),
            *record["tried"],
            f"Shares are by {known['fraction_basis']}. {verdicts.load().skill.said}",
        ],
        ("product", "per formula", "share", "what it means"),
        [
            (c["product"], f"{c['per_formula']:.4g}", f"{c['share']:.0%}", c["meaning"])
            for c in record["contact"]
        ],
        frozenset([1, 2]),
    )
    if "samples" in record:
        told = certainty.lines(record["samples"], _computed(known))
        to_measure = certainty.narrowing_line(record["samples"]["to_measure"])
        yield text_card.Section(
            "certainty",
            "How sure this is",
            [*told, to_measure],
            certainty.DRIVES_HEAD,
            certainty.drive_rows(done.case.electrolytes, known, record["samples"]),
            frozenset([1, 2]),
        )
    yield text_card.Section(
        "voltage",
        "Voltage profile",
        [window_line(done.case, done.values, 0)],
        ("from, V", "down to, V", f"{symbol} taken up", "kJ/mol", "reaction"),
        [
            (
                number(float("inf") if s["v_high"] is None else s["v_high"], DECIMALS["V"]),
                number(s["v_low"], DECIMALS["V"]),
                number(s["anode_per_formula"], 3),
                *_reaction(s),
            )
            for s in record["states"]
        ],
        frozenset([0, 1, 2, 3]),
    )
    if record["interfaces"]:
        yield text_card.Section(
            "electrolytes",
            "Against the solid electrolytes",
            ["The strongest reaction at any mixing ratio."],
            ("electrolyte", "eV/atom", "kJ/mol", "reaction"),
            [
                (
                    i["label"],
                    number(i["reaction_energy_ev_atom"], DECIMALS["eV/atom"]),
                    *_reaction(i),
                )
                for i in record["interfaces"]
            ],
            frozenset([1, 2]),
        )
    structure = record["structure"]
    if structure and "cell" in structure:
        a, b, c, alpha, beta, gamma = structure["cell"]
        yield text_card.Section(
            "structure",
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
            "alternatives",
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
            "precedents",
            "Who did it, or something like it",
            own,
            ("candidate", "family", "papers"),
            papers,
        )
    origin = ("id", "scheme", "database_version", "source", "property_source", "licence")
    yield text_card.Section(
        "origin",
        "Where the numbers come from",
        [f"{name.replace('_', ' ')}: {known[name]}" for name in origin if known[name]],
    )


def _reaction(fields: dict[str, Any]) -> tuple[str, str]:
    """Energy and equation as text."""
    if fields["equation"] is None:
        return "–", "none"
    return text(fields[ENERGY], DECIMALS["kJ/mol"]), fields["equation"]


def _doubt(record: dict[str, Any], values: Values) -> Iterator[str]:
    """What speaks against the candidate itself, and what hangs on doubtful products."""
    if own := record["doubtful"]:
        note = f" {own['note']}." if own["note"] else ""
        yield f"{own['formula']} is one: {own['why']}. {own['evidence']} ({own['doi']}).{note}"
    if line := doubt_line(values, 0):
        yield line


def _doubtful(case: Case) -> dict[str, Any] | None:
    """The entry of the table of doubtful phases that the first candidate is, if it is one."""
    (entry,) = doubtful.entries(case.compositions.take(np.array([0])))
    if entry < 0:
        return None
    found = vars(doubtful.table()[entry])
    return {name: found[name] for name in ("formula", "why", "evidence", "doi", "note")}


def _verdicts(roles_of: list[dict[str, Any]]) -> Iterator[str]:
    for verdict in roles_of:
        if verdict["passed"]:
            place = f"rank {verdict['rank']} of {verdict['of']}, " if verdict["rank"] else ""
            if verdict["rank"] and verdict["rank_without_model"] not in (None, verdict["rank"]):
                place = place[:-2] + f" ({verdict['rank_without_model']} without the model), "
            if verdict["ranked_under"]:
                place = f"comes to the same as {verdict['ranked_under']}, which is ranked, "
            line = f"{place}score {verdict['score']:.3f}. {verdict['why']}"
        elif verdict["verdict"] == NOT_KNOWN:
            line = f"not known, for it is not known whether {verdict['unknown_gates']}."
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
    for group, column in grouped_columns(done.case.electrolytes, done.case.settings, done.case.own):
        if group not in (page.ROLE, "identity", "origin", measured.GROUP):
            grouped.setdefault(group, []).append(column)
    for group, members in grouped.items():
        yield text_card.Section(
            group.replace("_", "-"),
            group.replace("_", " ").capitalize(),
            [c.meaning for c in members if group == "model" and not _END.search(c.name)],
            ("quantity", "value", "unit", "not known because"),
            [
                (
                    c.label,
                    "" if c.name in gaps else text(known[c.name], c.decimals),
                    c.unit if c.unit != "1" else "",
                    gaps.get(c.name, ""),
                )
                for c in members
            ],
        )


def _drawing(done: Run, form: str) -> bytes:
    """Voltage profile and interface reactions of the first candidate of a run, as svg or png."""
    case = done.case
    (own,) = cards.cards(done, [0])
    states = [
        (None if np.isinf(state.v_high) else state.v_high, state.v_low, state.uptake)
        for state in own.states
    ]
    curves = {e.label: (reactions.x_a, reactions.energy) for e, reactions in _curves(done)}
    return plot.draw(case.formulas[0], case.anode.symbol, states, curves, form)
