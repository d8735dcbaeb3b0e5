"""The answer of explain: all that is known of one candidate, as a card and drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from screen.answers.answer import Answer
from screen.answers.equilibria import contact_line, window_line
from screen.columns import Column, missing
from screen.composition import Compositions
from screen.descriptors import equations
from screen.formatting import number, text
from screen.report import card as text_card
from screen.report import page, plot
from screen.run import Run, cards, grouped_columns
from screen.similarity import coordinates, distances
from screen.units import DECIMALS


@dataclass(frozen=True, repr=False)
class Explanation(Answer):
    """Everything about one candidate; `done` is the run that judged it."""

    done: Run | None = None

    def draw(self, form: str) -> bytes:
        """Its voltage profile and interface reactions, as svg or png."""
        assert self.done is not None
        return _drawing(self.done, form)


def explanation(done: Run) -> Explanation:
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

    return Explanation(rows, record, show, lambda: text_card.markdown(title, sections), done=done)


def _said(value: Any) -> str | None:
    """A text or a flag as files of tables write it."""
    return str(value).lower() if isinstance(value, bool) else value or None


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
        [contact_line(done.values, 0, equations.in_contact(done.case, 0))],
        ("per formula", "product", "what it means"),
        [(f"{c['per_formula']:.4g}", c["product"], c["meaning"]) for c in record["contact"]],
        frozenset([0]),
    )
    yield text_card.Section(
        "Voltage profile",
        [window_line(done.case, done.values, 0)],
        ("from, V", "down to, V", f"{symbol} taken up", "products"),
        [
            (
                number(float("inf") if s["v_high"] is None else s["v_high"], DECIMALS["V"]),
                number(s["v_low"], DECIMALS["V"]),
                number(s["anode_per_formula"], 3),
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
    facts = cards(done, [0])["candidates"][done.identity["id"][0]]
    curves = {}
    for electrolyte in case.electrolytes:
        if not missing(done.values.columns[electrolyte.column][:1])[0]:
            partner = Compositions.from_formulas([electrolyte.formula])
            reactions = case.facts.engine.react(
                case.facts.table, case.compositions.take([0]), partner
            )
            curves[electrolyte.label] = (reactions.x_a, reactions.energy)
    return plot.draw(case.formulas[0], case.anode.symbol, facts["states"], curves, form)
