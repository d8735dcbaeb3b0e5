"""The kernel's answers through pymatgen: slow, independent, and the judge of the kernel.

Only what the kernel defines, and pymatgen does not, is shared with it: the classes that hold the
answers, and the rules that turn the states of a profile into limits and an outcome.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from screen.composition import SYMBOLS, Compositions, FloatArray, IntArray, segment_sum
from screen.thermo.competition import Competition
from screen.thermo.hull import Decompositions
from screen.thermo.interface import ENERGY_TOLERANCE, Reactions
from screen.thermo.mixtures import Mixtures
from screen.thermo.open_interface import Equilibria, OpenReactions
from screen.thermo.simplex import AMOUNT_TOLERANCE
from screen.thermo.window import VOLTAGE_TOLERANCE, Profiles, close_profiles

Decomposition = dict[Any, float]
"""pymatgen's: entry to atomic fraction of the mixture."""


@cache
def _pymatgen() -> SimpleNamespace:
    """The parts of pymatgen in use; they take a second to import, so only on first call."""
    from pymatgen.analysis.interface_reactions import (  # noqa: PLC0415
        GrandPotentialInterfacialReactivity,
        InterfacialReactivity,
    )
    from pymatgen.analysis.phase_diagram import (  # noqa: PLC0415
        GrandPotentialPhaseDiagram,
        PDEntry,
        PhaseDiagram,
    )
    from pymatgen.core.composition import Composition  # noqa: PLC0415
    from pymatgen.core.periodic_table import Element  # noqa: PLC0415

    return SimpleNamespace(
        Composition=Composition,
        Element=Element,
        GrandPotentialInterfacialReactivity=GrandPotentialInterfacialReactivity,
        GrandPotentialPhaseDiagram=GrandPotentialPhaseDiagram,
        InterfacialReactivity=InterfacialReactivity,
        PDEntry=PDEntry,
        PhaseDiagram=PhaseDiagram,
    )


class _Diagrams:
    """Phase diagrams of a table, kept by chemical system; `attribute` of an entry is its row."""

    def __init__(self, table: Competition) -> None:
        self.table = table
        self.ground = table.compositions.take(table.ground)
        self.kept: dict[frozenset[str], Any] = {}

    def of(self, symbols: frozenset[str], own: tuple[Any, ...] = (), without: int = -1) -> Any:
        """The diagram of these elements; own entries compete too, the phase `without` does not.

        One that is like no other is not kept.
        """
        if own or without >= 0:
            entries = [e for e in self._entries(symbols) if e.attribute != without]
            return _pymatgen().PhaseDiagram([*entries, *own])
        if symbols not in self.kept:
            self.kept[symbols] = _pymatgen().PhaseDiagram(self._entries(symbols))
        return self.kept[symbols]

    def _entries(self, symbols: frozenset[str]) -> list[Any]:
        member = np.isin(np.array(SYMBOLS), list(symbols))
        inside = segment_sum(member[self.ground.element].astype(np.int64), self.ground.start)
        return [
            _entry(self.table.compositions.row(row), self.table.energy[row], row)
            for row in self.table.ground[inside == self.ground.size].tolist()
        ]


def _entry(counts: dict[str, int], energy: float, row: int) -> Any:
    """A PDEntry of `energy` eV/atom; row -1 - i stands for own column i."""
    return _pymatgen().PDEntry(
        _pymatgen().Composition(counts), energy * sum(counts.values()), attribute=row
    )


def _own(
    compositions: Compositions, energy: FloatArray | None, i: int, number: int = 0
) -> tuple[Any, ...]:
    """The entry of candidate i itself, where it has an energy."""
    if energy is None or np.isnan(energy[i]):
        return ()
    return (_entry(compositions.row(i), float(energy[i]), -1 - number),)


class _Log:
    """Mixtures, problem after problem, and the numbers that go with each."""

    def __init__(self, table: Competition, *sides: Compositions, numbers: int = 0) -> None:
        """Sides: the compositions of own column 0, 1 ...; so many numbers with each mixture."""
        self._numbers = numbers
        self._per_formula = table.compositions.atoms
        self._sides = [side.atoms for side in sides]
        self._owner: list[int] = []
        self._values: list[tuple[float, ...]] = []
        self._mixtures: list[list[tuple[int, float]]] = []

    def add(self, i: int, mixture: Decomposition, atoms: float, *values: float) -> None:
        """Add a mixture of problem i, so many atoms of it."""
        amounts = sorted((int(entry.attribute), amount) for entry, amount in mixture.items())
        self._owner.append(i)
        self._values.append(values)
        self._mixtures.append(
            [
                (row, atoms * amount / self._atoms(row, i))
                for row, amount in amounts
                if amount * atoms > AMOUNT_TOLERANCE
            ]
        )

    def _atoms(self, row: int, i: int) -> int:
        return int(self._per_formula[row] if row >= 0 else self._sides[-1 - row][i])

    @property
    def owner(self) -> IntArray:
        """The problem of each mixture."""
        return np.array(self._owner, dtype=np.int64)

    def start(self, problems: int) -> IntArray:
        """The first mixture of each problem."""
        return np.searchsorted(self.owner, np.arange(problems + 1)).astype(np.int64)

    @property
    def values(self) -> FloatArray:
        """Shape (numbers, mixtures)."""
        return np.array(self._values, dtype=float).reshape(len(self._owner), self._numbers).T

    @property
    def mixtures(self) -> Mixtures:
        """In formula units."""
        flat = [pair for mixture in self._mixtures for pair in mixture]
        return Mixtures(
            np.cumsum([0, *map(len, self._mixtures)]),
            np.array([row for row, _ in flat], dtype=np.int64),
            np.array([amount for _, amount in flat]),
        )


def _energy(mixture: Decomposition) -> float:
    """Formation energy of a mixture, eV/atom; the table's elements are at zero."""
    return float(sum(entry.energy_per_atom * amount for entry, amount in mixture.items()))


def decompose(
    table: Competition,
    candidates: Compositions,
    own_energy: FloatArray | None = None,
    without: IntArray | None = None,
) -> Decompositions:
    """As `hull.decompose`, by `PhaseDiagram.get_decomposition`."""
    diagrams = _Diagrams(table)
    energy = np.zeros(len(candidates))
    log = _Log(table, candidates)
    for i, counts in enumerate(candidates):
        own = _own(candidates, own_energy, i)
        missing = -1 if without is None else int(without[i])
        diagram = diagrams.of(frozenset(counts), own, missing)
        mixture = diagram.get_decomposition(_pymatgen().Composition(counts))
        energy[i] = _energy(mixture)
        log.add(i, mixture, float(candidates.atoms[i]))
    return Decompositions(energy, log.mixtures)


def profiles(
    table: Competition,
    candidates: Compositions,
    anode: int,
    valence: int,
    own_energy: FloatArray | None = None,
) -> Profiles:
    """As `window.profiles`, by `PhaseDiagram.get_element_profile`.

    pymatgen lists the states from A-rich to A-poor, each with the chemical potential at its low
    voltage end, and looks 1e-5 atoms of A ahead for it: states closer than that merge.
    """
    diagrams = _Diagrams(table)
    metal = SYMBOLS[anode]
    log = _Log(table, candidates, numbers=3)
    for i, counts in enumerate(candidates):
        own = _own(candidates, own_energy, i)
        if set(counts) == {metal}:
            itself = {_entry({metal: 1}, 0.0, int(table.element_phase[anode])): 1.0}
            log.add(i, itself, 1.0, 0.0, 1.0, 0.0)
            continue
        held = counts.get(metal, 0) / sum(counts.values())
        diagram = diagrams.of(frozenset(counts) | {metal}, own)
        atom = _pymatgen().Composition(counts).fractional_composition
        states = diagram.get_element_profile(_pymatgen().Element(metal), atom)
        for state in reversed(states):
            mixture = diagram.get_decomposition(state["critical_composition"])
            voltage = state["element_reference"].energy_per_atom - state["chempot"]
            voltage = 0.0 if abs(voltage) < VOLTAGE_TOLERANCE else voltage
            grown = 1.0 + state["evolution"]
            content = held + state["evolution"]
            atoms = grown * float(candidates.atoms[i])
            log.add(i, mixture, atoms, voltage, content, _energy(mixture) * grown)
    return close_profiles(
        candidates,
        candidates.fractions()[:, anode],
        valence,
        log.start(len(candidates)),
        log.values,
        log.mixtures,
    )


def react(
    table: Competition,
    a: Compositions,
    b: Compositions,
    own_a: FloatArray | None = None,
    own_b: FloatArray | None = None,
    *,
    hull_a: FloatArray | None = None,  # noqa: ARG001
    hull_b: FloatArray | None = None,  # noqa: ARG001
    from_a: FloatArray | None = None,
    from_b: FloatArray | None = None,
    only_lowest: bool = False,
) -> Reactions:
    """As `interface.react`, by `InterfacialReactivity`; it finds the hull energies of the ends
    itself, whatever the caller has.
    """
    diagrams = _Diagrams(table)
    log = _Log(table, a, b, numbers=2)
    for i, (counts_a, counts_b) in enumerate(zip(a, b, strict=True)):
        own = (*_own(a, own_a, i), *_own(b, own_b, i, number=1))
        diagram = diagrams.of(frozenset(counts_a) | frozenset(counts_b), own)
        end_a, end_b = (
            _pymatgen().Composition(counts).fractional_composition
            for counts in (counts_a, counts_b)
        )
        pair = _pymatgen().InterfacialReactivity(
            end_a, end_b, diagram, norm=True, use_hull_energy=True
        )
        for name, given in (("e1", from_a), ("e2", from_b)):
            if given is not None and not np.isnan(given[i]):
                setattr(pair, name, float(given[i]))
        kinks = [(float(x), _never_above_zero(energy)) for _, x, energy, *_ in pair.get_kinks()]
        if only_lowest:
            kinks = [min(kinks, key=lambda kink: kink[1])]
        for x, energy in kinks:
            mixture = diagram.get_decomposition(end_a * x + end_b * (1 - x))
            log.add(i, mixture, 1.0, x, energy)
    start, (x_a, energies) = log.start(len(a)), log.values
    return Reactions(
        start=start,
        x_a=x_a,
        energy=energies,
        products=log.mixtures,
        lowest=np.lexsort((x_a, energies, log.owner))[start[:-1]],
    )


def react_open(
    table: Competition,
    a: Compositions,
    b: Compositions,
    reservoir: int,
    mu: float | FloatArray,
    own_a: FloatArray | None = None,
    own_b: FloatArray | None = None,
    *,
    ends_a: Equilibria | None = None,  # noqa: ARG001
    ends_b: Equilibria | None = None,  # noqa: ARG001
    from_a: FloatArray | None = None,
    from_b: FloatArray | None = None,
    only_lowest: bool = False,
) -> OpenReactions:
    """As `open_interface.react_open`, by `GrandPotentialInterfacialReactivity` with and without
    `include_no_mixing_energy`; it finds what the ends do itself, whatever the caller has.
    """
    diagrams = _Diagrams(table)
    symbol = SYMBOLS[reservoir]
    level = np.broadcast_to(np.asarray(mu, dtype=float), len(a))
    log = _Log(table, a, b, numbers=4)
    for i, pair in enumerate(zip(a, b, strict=True)):
        starts = [None if given is None else float(given[i]) for given in (from_a, from_b)]
        alone = [{*counts} == {symbol} for counts in pair]
        if all(alone):
            log.add(i, {}, 1.0, 0.0, 0.0, 0.0, 0.0)
            continue
        sides = [int(alone[0]), int(not alone[1])]  # in place of the reservoir, the other end
        own = (*_own(a, own_a, i), *_own(b, own_b, i, number=1))
        diagram = diagrams.of(frozenset(pair[0]) | frozenset(pair[1]) | {symbol}, own)
        potential = {_pymatgen().Element(symbol): float(level[i])}
        grand = _pymatgen().GrandPotentialPhaseDiagram(diagram.all_entries, potential)
        ends = [_pymatgen().Composition(pair[side]).fractional_composition for side in sides]
        kinks = _open_kinks(grand, diagram, ends, [starts[side] for side in sides])
        if any(alone):
            kinks = [(float(alone[1]), *kinks[0][1:])]
        if only_lowest:
            kinks = sorted({min(kinks, key=lambda kink: kink[n]) for n in (1, 2)})
        for x, mixing, energy in kinks:
            _add_open(log, i, grand, ends, x, mixing, energy)
    owner, (x_a, mixings, energies, uptake) = log.owner, log.values
    share_a, share_b = (1 - side.fractions()[owner, reservoir] for side in (a, b))
    part_a, part_b = x_a * share_a, (1 - x_a) * share_b
    x_balanced = np.divide(part_a, part_a + part_b, out=x_a.copy(), where=part_a + part_b > 0)
    return OpenReactions.of_rows(
        owner, len(a), x_a, x_balanced, mixings, energies - mixings, uptake, log.mixtures
    )


def _open_kinks(
    grand: Any, diagram: Any, ends: list[Any], starts: list[float | None]
) -> list[tuple[float, float, float]]:
    """x, what mixing adds, and the whole reaction energy, eV per atom that is balanced."""
    without, whole = (
        _pymatgen().GrandPotentialInterfacialReactivity(
            *ends, grand, diagram, norm=True, use_hull_energy=True, include_no_mixing_energy=no
        )
        for no in (False, True)
    )
    ((element, mu),) = grand.chempots.items()
    for name, end, start in zip(("e1", "e2"), ends, starts, strict=True):
        if start is not None and not np.isnan(start):
            held = end.get_atomic_fraction(element)
            setattr(whole, name, (start - mu * held) / (1 - held))
    return [
        (float(kink[1]), _never_above_zero(kink[2]), _never_above_zero(other[2]))
        for kink, other in zip(without.get_kinks(), whole.get_kinks(), strict=True)
    ]


def _never_above_zero(energy: float) -> float:
    return 0.0 if energy > -ENERGY_TOLERANCE else float(energy)


def _add_open(
    log: _Log,
    i: int,
    grand: Any,
    ends: list[Any],
    x: float,
    mixing: float,
    energy: float,
) -> None:
    """Log what forms at x, counted per atom that is not the reservoir's."""
    (element,) = grand.chempots
    mixed = ends[0] * x + ends[1] * (1 - x)
    rest = sum(amount for symbol, amount in mixed.items() if symbol != element)
    balanced = _pymatgen().Composition({s: n / rest for s, n in mixed.items() if s != element})
    formed = {
        entry: amount / (1 - entry.original_comp.get_atomic_fraction(element))
        for entry, amount in grand.get_decomposition(balanced).items()
    }
    held = sum(n * e.original_comp.get_atomic_fraction(element) for e, n in formed.items())
    log.add(i, formed, 1.0, x, mixing, energy, held - mixed[element] / rest)
