"""A short list: few candidates of a run, different ones, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from screen.composition import Compositions
from screen.filters import Condition
from screen.formatting import text
from screen.report import contact
from screen.report.run_files import RunFiles
from screen.report.table import columns_of, plain
from screen.similarity import coordinates, distances
from screen.verdicts import VERDICTS

ALIKE = 5.0
"""Distance under which two compositions count as neighbours: halides of one metal are 0.5 to 2.5
apart, LiF and Li2O 15, Si and Ge 1, Si and FeSi2 8."""


@dataclass
class Pick:
    """A candidate of the list.

    Attributes:
        row: its row of the ranked file.
        place: 1 for the first of its role.
        nearest, distance: the pick of the same role that it is most like, and how far that is.
        passed_over: better ranked candidates that were too like an earlier pick, each with it.
        film: whether its role is that of a film.
    """

    row: dict[str, Any]
    place: int
    nearest: str = ""
    distance: float | None = None
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    film: bool = False

    @property
    def reason(self) -> str:
        """Why it is on the list, in a sentence."""
        kind = (
            f", of the kind {text(self.row.get('kind')).replace('_', ' ')}"
            if self.row.get("kind")
            else ""
        )
        if self.place == 1:
            return f"Best of the role (score {self.row['score']:.3f}){kind}."
        said = f"Rank {self.row['rank']:.0f} (score {self.row['score']:.3f}){kind}"
        if self.distance is not None:
            said += f"; {self.distance:.1f} from {text(self.nearest)}, the pick most like it"
        if self.passed_over:
            names = ", ".join(
                f"{text(one)} (like {text(pick)})" for one, pick in self.passed_over[:3]
            )
            more = len(self.passed_over) - 3
            said += f"; passed over before it: {names}{f' and {more} more' if more > 0 else ''}"
        return f"{said}."

    def contact(self, anode: str) -> str:
        """How it stands the anode metal, and if its role is that of a film, what it protects."""
        against = f"Against {anode}: {contact.with_anode(self.row)}."
        return f"{against} {contact.as_film(self.row)}".rstrip() if self.film else against


def pick(
    files: RunFiles,
    role: str,
    count: int,
    least: float | None,
    condition: Condition | None = None,
) -> list[Pick]:
    """The best candidates of a role that passed, as they are ranked; what has no rank is no pick.

    Args:
        count: how many, at most.
        least: pass over what is nearer than this to one picked already; None: nothing.
        condition: what each pick must meet.
    """
    ranked = files.ranked
    in_role = pc.equal(ranked.column("role"), role)
    own = plain(ranked.filter(pc.and_(in_role, pc.is_valid(ranked.column("rank")))))
    if condition is not None:
        own = own.filter(pa.array(condition(columns_of(own))))
    formulas = own.column("formula").to_pylist()
    film = contact.FILM in files.manifest["roles"][role]["show"]
    points = coordinates(Compositions.from_formulas(formulas))
    chosen: list[int] = []
    found: list[Pick] = []
    over: list[tuple[str, str]] = []
    for i, formula in enumerate(formulas):
        if len(chosen) == count:
            break
        far = distances(points[i : i + 1], points[chosen])[0]
        nearest = int(far.argmin()) if chosen else -1
        if chosen and least is not None and far[nearest] < least:
            over.append((formula, formulas[chosen[nearest]]))
            continue
        row = own.slice(i, 1).to_pylist()[0]
        one = Pick(row, len(chosen) + 1, passed_over=over, film=film)
        if chosen:
            one.nearest, one.distance = formulas[chosen[nearest]], float(far[nearest])
        chosen.append(i)
        found.append(one)
        over = []
    return found


CHANCES = tuple(f"p_{verdict}" for verdict in VERDICTS)
SHOWN = (
    *("role", "pick", "rank", "formula", "label", "kind", "score", "interphase", *CHANCES),
    *(
        "protects",
        "best_class",
        "drive_best_ev_atom",
        "protection_best_fraction",
        "handling",
        "reason",
        "why",
    ),
)
_NUMBERS = ("score", *CHANCES, "drive_best_ev_atom", "protection_best_fraction")


def brief(picks: Sequence[Pick], anode: str) -> pa.Table:
    """The list as a terminal shows it: of the interphase with the anode metal the most likely."""
    rows = table(picks)
    likely = [contact.with_anode(pick.row).partition(" (")[0] for pick in picks]
    kept = [pick.row.get(contact.FILM) if pick.film else None for pick in picks]
    first = rows.select(["role", "rank", "formula", "kind", "score"])
    first = first.append_column(f"against {anode}", pa.array(likely, pa.string()))
    first = first.append_column(contact.FILM, pa.array(kept, pa.string()))
    return first.append_column("handling", rows.column("handling"))


def table(picks: Sequence[Pick], structures: Sequence[str] = ()) -> pa.Table:
    """The list as rows.

    Args:
        structures: of each pick, its files or why there are none; without, no such column.
    """
    kinds = dict.fromkeys(("pick", "rank"), pa.int64()) | dict.fromkeys(_NUMBERS, pa.float64())
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in SHOWN])
    rows = []
    for one in picks:
        own = {"pick": one.place, "reason": one.reason, "rank": int(one.row["rank"])}
        rows.append({name: own.get(name, one.row.get(name)) for name in SHOWN})
    made = pa.Table.from_pylist(rows, schema)
    if structures:
        made = made.append_column("structure", pa.array(structures, pa.string()))
    return made
