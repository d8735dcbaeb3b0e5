"""What a card shows of a candidate beside its row: computed here, drawn by terminal and page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from screen import literature, measured, tried
from screen.columns import Values
from screen.composition import FloatArray, IntArray
from screen.descriptors import equations
from screen.descriptors.case import Case
from screen.descriptors.curves import whole_curves, windows, with_electrolytes
from screen.ranking.order import UNKNOWN, Ranking
from screen.reactions import Equation
from screen.report.page import SHOWN
from screen.report.table import tidy
from screen.similarity import coordinates, distances
from screen.structures import TABLE, Crystal, shipped, symmetry

ALTERNATIVES = 6
"""Of each role, so many that passed and are most like the candidate."""
PRECEDENTS = 4
"""So many that papers name."""
CURVES = 100
"""Of each role, so many of the best have whole curves of their reactions with the electrolytes."""

MEANINGS = (
    "alloy: conducts electrons and holds {anode}",
    "insulating matrix that holds {anode}",
    "conducts electrons",
    "insulates",
    "may conduct or not: no band gap is known",
)
"""What a contact product is for the interphase."""


@dataclass(frozen=True)
class Product:
    """A phase in a state: how much of it as it is written, per reduced formula unit of the
    candidate, and its place in MEANINGS.
    """

    formula: str
    per_formula: float
    meaning: int


@dataclass(frozen=True)
class State:
    """A state of the voltage profile.

    Attributes:
        v_high, v_low: its bounds, V; the first has no upper one (infinity).
        uptake: anode metal taken up per formula unit, negative if given off.
        equation: how it is reached from the candidate; none where nothing reacts.
    """

    v_high: float
    v_low: float
    uptake: float
    products: tuple[Product, ...]
    equation: Equation


@dataclass(frozen=True)
class Interface:
    """The strongest reaction with a solid electrolyte.

    Attributes:
        electrolyte: its place among those of the run.
        energy_ev_atom: per atom of the mixture.
        equation: none where they do not react.
    """

    electrolyte: int
    energy_ev_atom: float
    equation: Equation


@dataclass(frozen=True)
class Near:
    """Another candidate, by its place in the run, and how far it is in composition."""

    place: int
    distance: float


@dataclass(frozen=True)
class Card:
    """What is said of one candidate beside its values.

    Attributes:
        states: of its voltage profile; the last is that in touch with the anode metal.
        shares: of the products of the last state, 0 to 1, by volume.
        interfaces: with each electrolyte that the table answers for.
        goals: how it meets the goals of each role, 0 to 1, NaN where that is not known.
        alternatives: of each role in whose list it is on the page, those that passed and are most
            like it.
        precedents: candidates that papers name: of its family if there are any, else the nearest.
        same_family: whether these are of its family.
        structure: where its crystal structure is; of a shipped one the space group, the cell
            (Å, degrees) and the source.
    """

    states: tuple[State, ...]
    shares: tuple[float, ...]
    interfaces: tuple[Interface, ...]
    goals: Mapping[str, FloatArray]
    alternatives: Mapping[str, Sequence[Near]]
    precedents: Sequence[Near]
    same_family: bool
    structure: Mapping[str, Any]


class Judged(Protocol):
    """What cards are made from: a finished run."""

    @property
    def case(self) -> Case:
        """The candidates and what they compete with."""

    @property
    def identity(self) -> Mapping[str, Sequence[str]]:
        """What names each candidate, by column."""

    @property
    def values(self) -> Values:
        """Everything computed of each."""

    @property
    def rankings(self) -> Sequence[Ranking]:
        """How each stands in each role."""


def cards(judged: Judged, rows: Sequence[int]) -> Iterator[Card]:
    """The cards of some candidates."""
    part, places = judged.case.solved(np.asarray(rows, dtype=np.int64))
    share = part.equilibria.contact_shares
    start = part.equilibria.contact_products.start
    meaning = _meanings(part)
    near = _Neighbours.of(judged, rows)
    interfaces = _interfaces(judged, rows)
    columns = {name: column[list(rows)] for name, column in judged.values.columns.items()}
    goals = {
        ranking.role.name: np.array([goal.desirability(columns) for goal in ranking.role.goals])
        for ranking in judged.rankings
    }
    for k, (row, place) in enumerate(zip(rows, places.tolist(), strict=True)):
        same, precedents = near.precedents(row)
        yield Card(
            states=tuple(_states(part, place, meaning)),
            shares=tuple(share[start[place] : start[place + 1]].tolist()),
            interfaces=tuple(interfaces[row]),
            goals={name: met[:, k] for name, met in goals.items()},
            alternatives=near.alternatives(row),
            precedents=precedents,
            same_family=same,
            structure=_structure(part, place),
        )


def _states(case: Case, i: int, meaning: IntArray) -> Iterator[State]:
    profiles, mixtures = case.equilibria.profiles, case.equilibria.profiles.products
    for s in range(profiles.start[i], profiles.start[i + 1]):
        phases, _ = mixtures.of(s)
        amounts = equations.products(case, mixtures, s).items()
        yield State(
            float(profiles.v_high[s]),
            float(profiles.v_low[s]),
            float(profiles.uptake[s]),
            tuple(
                Product(formula, amount, means)
                for (formula, amount), means in zip(amounts, meaning[phases].tolist(), strict=True)
            ),
            equations.with_anode(case, i, s),
        )


def _interfaces(judged: Judged, rows: Sequence[int]) -> dict[int, list[Interface]]:
    """Of each row, the strongest reaction with each electrolyte that the table answers for."""
    case, found = judged.case, {row: list[Interface]() for row in rows}
    for k, some, reactions in with_electrolytes(case, judged.values, rows, only_lowest=True):
        electrolyte = case.electrolytes[k].formula
        for row, best in zip(some, reactions.lowest.tolist(), strict=True):
            energy, pair = float(reactions.energy[best]), (case.formulas[row], electrolyte)
            equation = equations.between(case, pair, reactions, best) if energy < 0 else Equation()
            found[row].append(Interface(k, energy, equation))
    return found


def _meanings(case: Case) -> IntArray:
    """Place in MEANINGS of each phase."""
    holds = case.phases.compositions.amount_of(case.anode.element) > 0
    conducts = case.facts.conducts
    return np.select(
        [(conducts == 1) & holds, (conducts == 0) & holds, conducts == 1, conducts == 0],
        [0, 1, 2, 3],
        4,
    )


@dataclass(frozen=True)
class _Neighbours:
    """Who can be an alternative or a precedent of whom.

    Attributes:
        points: of those that it is asked for, as `similarity.coordinates` gives them.
        listed: of each role, those that are on the page.
        passed: those that have a rank, the best first, and their points.
        named: those that papers name, and of which not all cells failed, and their points.
    """

    judged: Judged
    points: dict[int, FloatArray]
    listed: dict[str, set[int]]
    passed: dict[str, tuple[IntArray, FloatArray]]
    named: tuple[IntArray, FloatArray]

    @classmethod
    def of(cls, judged: Judged, rows: Sequence[int]) -> _Neighbours:
        def points_of(some: Sequence[int] | IntArray) -> FloatArray:
            return coordinates(judged.case.compositions.take(some))

        listed, passed = {}, {}
        for ranking in judged.rankings:
            best = ranking.order[ranking.rank[ranking.order] > 0][:SHOWN]
            passed[ranking.role.name] = (best, points_of(best))
            listed[ranking.role.name] = set(ranking.order[:SHOWN].tolist())
        references = judged.identity["reference"]
        failed = literature.never_better(own=True)
        keys = judged.case.compositions.key.tolist()
        named = np.flatnonzero(
            [bool(text) and key not in failed for text, key in zip(references, keys, strict=True)]
        )
        points = dict(zip(rows, points_of(rows), strict=True))
        return cls(judged, points, listed, passed, (named, points_of(named)))

    def alternatives(self, row: int) -> dict[str, list[Near]]:
        """The nearest that passed in each role; of equally near ones the better ranked."""
        return {
            name: self._nearest(row, others, points, ALTERNATIVES)
            for name, (others, points) in self.passed.items()
            if row in self.listed[name]
        }

    def precedents(self, row: int) -> tuple[bool, list[Near]]:
        """The nearest that papers name, of the same family if there are any."""
        families = self.judged.identity["family"]
        own, (pool, points) = families[row], self.named
        same = [k for k, i in enumerate(pool) if own and families[i] == own and i != row]
        if same:
            pool, points = pool[same], points[same]
        return bool(same), self._nearest(row, pool, points, PRECEDENTS)

    def _nearest(self, row: int, others: IntArray, points: FloatArray, count: int) -> list[Near]:
        """The nearest of others but the candidate itself; of equally near ones the first."""
        far = distances(self.points[row][np.newaxis], points)[0].round(9)
        few = np.arange(len(far))
        if len(far) > count + 1:
            few = np.flatnonzero(far <= np.partition(far, count)[count])
        order = few[np.argsort(far[few], kind="stable")].tolist()
        return [Near(int(others[i]), float(far[i])) for i in order if others[i] != row][:count]


def _best(judged: Judged) -> set[int]:
    """Of each role the first CURVES."""
    ranked = (r.order[r.rank[r.order] > 0][:CURVES].tolist() for r in judged.rankings)
    return {row for rows in ranked for row in rows}


def packed(judged: Judged, rows: Sequence[int]) -> dict[str, Any]:
    """The cards of some candidates as compact data, for the file of a run and the page.

    A substance stands as its place in `substances`, which are [formula, place in `meanings`], and a
    precedent as its place in `named`, which are [id, formula, family, reference]. A state is [from
    V (null: any), down to V, anode metal taken up per formula unit, kJ/mol, reactants, products],
    both sides of the balanced equation, each substance followed by its number; without reactants
    nothing has reacted. An interface is [place of the electrolyte, kJ/mol, reactants, products] of
    the strongest reaction. `shares` are those of the products of the last state. Goals are in the
    order of the role; one that is not known counts `unknown`. `measured` are places in `cells`,
    which has a head, what that means, and rows of texts; `papers` are materials that papers name
    and the table of energies cannot hold: [label, family, formulas, roles, why, places in `cells`].
    `tried` are sentences on what experiments have seen of the contact. `curves` are whole reactions
    of the best with the electrolytes, `windows` the limits of these, V; `sites` are those of the
    asymmetric unit, and `symmetry` has the operations of each space group.
    """
    identity, symbol = judged.identity, judged.case.anode.symbol
    curves = whole_curves(judged.case, judged.values, _best(judged) & set(rows))
    crystals = {row: _crystal(judged.case, row) for row in rows}
    substances = _Substances({})
    named: dict[int, int] = {}
    cells = _Cells.of(judged)
    found = {}
    for row, card in zip(rows, cards(judged, rows), strict=True):
        found[identity["id"][row]] = {
            "states": [substances.state(state) for state in card.states],
            "shares": [round(share, 4) for share in card.shares],
            "interfaces": [substances.interface(one) for one in card.interfaces],
            "goals": {
                name: [None if np.isnan(x) else round(x, 3) + 0.0 for x in met.tolist()]
                for name, met in card.goals.items()
            },
            "alternatives": {
                name: [[identity["id"][near.place], round(near.distance, 1)] for near in nearest]
                for name, nearest in card.alternatives.items()
            },
            "precedents": [
                [named.setdefault(near.place, len(named)), round(near.distance, 1)]
                for near in card.precedents
            ],
            "same_family": card.same_family,
            "measured": cells.places(int(judged.case.compositions.key[row])),
            **_tried(symbol, judged.case.formulas[row]),
            **card.structure,
            **({"curves": curves[row]} if row in curves else {}),
            **_sites(crystals[row]),
        }
    return {
        "unknown": UNKNOWN,
        "meanings": [text.format(anode=symbol) for text in MEANINGS],
        "substances": [[formula, meaning] for formula, (_, meaning) in substances.known.items()],
        "named": [
            [identity[name][i] for name in ("id", "formula", "family", "reference")] for i in named
        ],
        "candidates": found,
        "papers": cells.papers(judged.case.phases.compositions.key.tolist()),
        "cells": {"head": measured.HEAD, "meanings": measured.meanings(), "rows": cells.lines},
        "windows": list(windows(judged.case)),
        "symmetry": {
            crystal.space_group: symmetry(crystal.space_group)
            for crystal in crystals.values()
            if crystal is not None
        },
    }


@dataclass(frozen=True)
class _Cells:
    """Cells that have been measured, each once.

    Attributes:
        by_key: rows of each composition; none for other anode metals than the table speaks of.
        place: of each row, by its name.
        lines: the rows as texts.
    """

    by_key: Mapping[int, Sequence[literature.Row]]
    place: dict[str, int]
    lines: list[tuple[str, ...]]

    @classmethod
    def of(cls, judged: Judged) -> _Cells:
        speaks = judged.case.anode.symbol == literature.ANODE
        return cls(measured.rows_by_key() if speaks else {}, {}, [])

    def places(self, key: int) -> list[int]:
        """Of the cells of a composition, in the order of a card."""
        return [self._at(row) for row in measured.ordered(self.by_key.get(key, ()))]

    def papers(self, held: Sequence[int]) -> list[list[Any]]:
        """Materials that a table of these compositions cannot hold, with their cells."""
        return [
            [
                *(material.label, material.family, " + ".join(material.formulas)),
                *(material.roles, material.why),
                [self._at(row) for row in measured.ordered(material.rows)],
            ]
            for material in (measured.unheld(held) if self.by_key else ())
        ]

    def _at(self, row: literature.Row) -> int:
        if row.row_id not in self.place:
            self.place[row.row_id] = len(self.lines)
            self.lines.append(measured.line(row))
        return self.place[row.row_id]


def _tried(symbol: str, formula: str) -> dict[str, list[str]]:
    """What experiments have seen of it with the anode metal, where any is known."""
    said = [one.said for one in tried.found(symbol, formula)]
    return {"tried": said} if said else {}


def _kj_mol(equation: Equation) -> float | None:
    energy = equation.energy_kj_mol
    return round(energy, 1) + 0.0 if np.isfinite(energy) else None


@dataclass(frozen=True)
class _Substances:
    """Formulas as they are written in equations, each with its place and what it means."""

    known: dict[str, tuple[int, int]]

    def state(self, state: State) -> list[Any]:
        """A state in places and numbers."""
        equation = state.equation
        for product in state.products:
            self._place(product.formula, product.meaning)
        itself = tuple((1, product.formula) for product in state.products)
        volts = tidy(np.array([state.v_high, state.v_low, state.uptake])).tolist()
        return [
            volts[0] if np.isfinite(volts[0]) else None,
            *volts[1:],
            _kj_mol(equation),
            self._side(equation.left),
            self._side(equation.right or itself),
        ]

    def interface(self, interface: Interface) -> list[Any]:
        """A reaction with an electrolyte in places and numbers."""
        equation = interface.equation
        sides = (self._side(side) for side in (equation.left, equation.right))
        return [interface.electrolyte, _kj_mol(equation), *sides]

    def _side(self, side: tuple[tuple[int, str], ...]) -> list[int]:
        return [number for n, formula in side for number in (self._place(formula), n)]

    def _place(self, formula: str, meaning: int = len(MEANINGS) - 1) -> int:
        place, known = self.known.get(formula, (len(self.known), meaning))
        self.known[formula] = (place, min(known, meaning))
        return place


def _place_of_structure(case: Case, i: int) -> str:
    """Where the structure of a candidate is; "" if none is known."""
    row = int(case.rows[i])
    return case.phases.text("structure", row) if row >= 0 else ""


def _crystal(case: Case, i: int) -> Crystal | None:
    """The shipped structure of a candidate, if it has one."""
    if _place_of_structure(case, i) != TABLE:
        return None
    return shipped().get(int(case.compositions.key[i]))


def _structure(case: Case, i: int) -> dict[str, Any]:
    """Where the structure of a candidate is; of the shipped ones, which need no file, the cell."""
    where, crystal = _place_of_structure(case, i), _crystal(case, i)
    if crystal is None:
        return {"structure": where} if where and where != TABLE else {}
    lengths, angles = crystal.cell
    return {
        "structure": where,
        "space_group": crystal.space_group,
        "cell": [*tidy(lengths).tolist(), *tidy(angles).tolist()],
        "structure_source": crystal.source,
    }


def _sites(crystal: Crystal | None) -> dict[str, Any]:
    """The sites of a structure: symbol and fractional coordinates."""
    if crystal is None:
        return {}
    return {"sites": [[symbol, *tidy(np.array(at)).tolist()] for symbol, at in crystal.sites]}
