"""Random formulas, compositions and small phase tables for property tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import gcd

import numpy as np
from hypothesis import strategies as st

from screen.composition import INDEX, SYMBOLS, Compositions, FloatArray
from screen.thermo.competition import Competition

Counts = dict[str, int]

PALETTE = ("Li", "Na", "Mg", "O", "S", "P", "Cl", "Fe")


def reduced(counts: Counts) -> Counts:
    common = gcd(*counts.values())
    return {symbol: number // common for symbol, number in counts.items()}


@cache
def compositions(
    symbols: tuple[str, ...] = SYMBOLS, elements: int = 1, largest: int = 6
) -> st.SearchStrategy[Counts]:
    """Reduced compositions of at least `elements` of the symbols."""
    return st.dictionaries(
        st.sampled_from(symbols),
        st.integers(1, largest),
        min_size=elements,
        max_size=min(len(symbols), 6),
    ).map(reduced)


_AMOUNT = st.sampled_from(["", "", "2", "3", "12", "0.5", "1.25", ".2"])
_FLAT = st.lists(
    st.builds("{}{}".format, st.sampled_from(SYMBOLS), _AMOUNT), min_size=1, max_size=4
)


def _bracketed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.sampled_from(["()", "[]", "{}"])
    group = st.builds(lambda p, text, n: f"{p[0]}{text}{p[1]}{n}", pair, inner, _AMOUNT)
    return st.lists(inner | group, min_size=1, max_size=3).map("".join)


FORMULAS = st.recursive(_FLAT.map("".join), _bracketed, max_leaves=4)
"""Formulas as people type them: decimals and nested brackets."""


@dataclass(frozen=True)
class Chemistry:
    """Phases (elements at zero among them) and compositions to judge."""

    phases: list[Counts]
    energy: FloatArray
    judged: list[Counts]
    own_energy: FloatArray
    anode: int
    valence: int

    @cached_property
    def table(self) -> Competition:
        return Competition(Compositions.from_counts(self.phases), self.energy)

    @cached_property
    def candidates(self) -> Compositions:
        """The compositions to judge, then every phase itself."""
        return Compositions.from_counts([*self.judged, *self.phases])

    @cached_property
    def pairs(self) -> tuple[Compositions, Compositions]:
        """Candidates paired with their neighbours in the list."""
        rows = np.arange(min(len(self.candidates), 12))
        return self.candidates.take(rows), self.candidates.take(np.roll(rows, 1))

    def with_phases(self, phases: list[Counts], energy: FloatArray) -> Competition:
        """The table with further phases at its end."""
        return Competition(
            Compositions.from_counts([*self.phases, *phases]), np.r_[self.energy, energy]
        )


def _whole_steps(per_ev: int) -> st.SearchStrategy[float]:
    return st.integers(-2 * per_ev, per_ev // 2).map(lambda step: step / per_ev)


# What is drawn from is made once: hypothesis looks through each new strategy before it draws.
_SYSTEMS = st.lists(st.sampled_from(PALETTE), min_size=3, max_size=6, unique=True)
_ENERGIES = st.sampled_from([_whole_steps(per_ev) for per_ev in (4, 20, 1000)])


@st.composite
def chemistries(draw: st.DrawFn) -> Chemistry:
    """Three to six elements and up to 14 compounds.

    Coarse energies, often whole steps per formula unit, make exact ties common.
    """
    symbols = tuple(sorted(draw(_SYSTEMS)))
    compounds = draw(st.lists(compositions(symbols, elements=2), max_size=14))
    energy = draw(_ENERGIES)
    per_formula = draw(st.booleans())
    phases = [*({symbol: 1} for symbol in symbols), *compounds]
    sizes = [sum(counts.values()) if per_formula else 1 for counts in compounds]
    energies = [0.0] * len(symbols) + [draw(energy) / size for size in sizes]
    order = draw(st.permutations(range(len(phases))))
    judged = draw(st.lists(compositions(symbols, elements=2, largest=9), min_size=1, max_size=5))
    return Chemistry(
        phases=[phases[i] for i in order],
        energy=np.array([energies[i] for i in order]),
        judged=judged,
        own_energy=np.array([draw(energy) for _ in judged]),
        anode=INDEX[draw(st.sampled_from(symbols))],
        valence=draw(st.integers(1, 3)),
    )
