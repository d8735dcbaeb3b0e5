"""The kernel beside pymatgen in one process: how much faster, and whether they agree.

    python -m benchmarks.against_pymatgen

Blocks of pymatgen and of the kernel alternate, so that a machine that is busy for a while is busy
for both. pymatgen solves a random sample, candidate by candidate; the kernel solves every candidate
of the table at once, on as many threads as there are processors, and its time is divided by their
number; besides, windows one at a time.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from pymatgen.analysis.interface_reactions import InterfacialReactivity
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from benchmarks.machine import TABLE, describe, markdown, skip_without
from screen.composition import INDEX, Compositions, FloatArray, IntArray
from screen.sources import user_files
from screen.thermo import threads
from screen.thermo.competition import Competition
from screen.thermo.hull import Decompositions, decompose, stable_table
from screen.thermo.interface import Reactions, react
from screen.thermo.mixtures import Mixtures
from screen.thermo.window import VOLTAGE_TOLERANCE, Profiles, profiles

ELECTROLYTES = ("Li6PS5Cl", "Li7La3Zr2O12", "LiTi2(PO4)3", "Li10Ge(PS6)2", "Li3InCl6")
LI = INDEX["Li"]

AGREEMENT = 1e-8
"""V and eV/atom; a larger difference is a disagreement."""

TIE = 1e-9
"""V and eV/atom; phase sets whose voltages and energies are this close are equally stable."""

_ALONE = 200
"""Candidates that the kernel is asked for one at a time in each block."""

TRACE = 1e-7
"""Atoms per atom: phases below this in pymatgen's mixtures are rounding."""

Mixture = dict[Any, float]


class Pymatgen:
    """The table as a user of pymatgen has it at hand: compositions and energies by system."""

    def __init__(self, compositions: Compositions, energy: FloatArray) -> None:
        self.compositions = [Composition(counts) for counts in compositions]
        self.by_system: dict[frozenset[str], list[tuple[Any, float, int]]] = defaultdict(list)
        for row, (counts, per_atom) in enumerate(zip(compositions, energy.tolist(), strict=True)):
            total = per_atom * sum(counts.values())
            self.by_system[frozenset(counts)].append((self.compositions[row], total, row))

    def diagram(self, *compositions: Any) -> Any:
        """The phase diagram of all elements of some compositions."""
        symbols = sorted({element.symbol for c in compositions for element in c})
        parts = (
            frozenset(part)
            for size in range(1, len(symbols) + 1)
            for part in combinations(symbols, size)
        )
        return PhaseDiagram(
            [
                PDEntry(composition, energy, attribute=row)
                for part in parts
                for composition, energy, row in self.by_system.get(part, ())
            ]
        )

    def window(self, row: int) -> tuple[Any, list[dict[str, Any]]]:
        """Task A: the whole profile against Li, contact products included."""
        candidate = self.compositions[row]
        diagram = self.diagram(candidate, Composition("Li"))
        return diagram, diagram.get_element_profile(Element("Li"), candidate)

    def hull(self, row: int) -> tuple[Mixture, float]:
        """Task B: the decomposition and the hull distance."""
        diagram = self.diagram(self.compositions[row])
        entry = next(e for e in diagram.all_entries if e.attribute == row)
        mixture, distance = diagram.get_decomp_and_e_above_hull(entry)
        return mixture, distance

    def interface(self, row: int, electrolyte: str) -> tuple[Any, list[Any]]:
        """Task C: every kink of the pseudo-binary with an electrolyte."""
        candidate, partner = self.compositions[row], Composition(electrolyte)
        diagram = self.diagram(candidate, partner)
        pair = InterfacialReactivity(candidate, partner, diagram, norm=True, use_hull_energy=True)
        return diagram, pair.get_kinks()


@dataclass
class Agreement:
    """What both sides said of the same questions."""

    compared: int = 0
    other_number: int = 0
    volts: float = 0.0
    energies: float = 0.0
    sets: int = 0
    tied: int = 0
    unexplained: list[str] = field(default_factory=list)

    def volt(self, mine: Any, theirs: Any) -> float:
        """Compare voltages; NaN equals NaN, infinity infinity."""
        self.volts = max(self.volts, distance := _distance(mine, theirs))
        return distance

    def energy(self, mine: Any, theirs: Any) -> float:
        """Compare energies per atom."""
        self.energies = max(self.energies, distance := _distance(mine, theirs))
        return distance

    def phases(self, mine: set[int], theirs: set[int], distance: float, what: str) -> None:
        """Compare phase sets of mixtures whose voltages and energies are `distance` apart."""
        self.sets += 1
        if mine != theirs:
            if distance <= TIE:
                self.tied += 1
            else:
                self.unexplained.append(what)

    @property
    def good(self) -> bool:
        """Whether nothing but exact ties differs."""
        close = max(self.volts, self.energies) < AGREEMENT
        return close and not self.unexplained and not self.other_number


def _distance(mine: Any, theirs: Any) -> float:
    mine, theirs = np.atleast_1d(mine).astype(float), np.atleast_1d(theirs).astype(float)
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(mine - theirs))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def _set_of(mixtures: Mixtures, i: int) -> set[int]:
    return set(mixtures.of(i)[0].tolist())


def _rows(mixture: Mixture) -> set[int]:
    return {entry.attribute for entry, amount in mixture.items() if amount > TRACE}


def _energy(mixture: Mixture) -> float:
    return float(sum(entry.energy_per_atom * amount for entry, amount in mixture.items()))


def compare_window(
    result: Agreement,
    mine: Profiles,
    i: int,
    answer: tuple[Any, list[dict[str, Any]]],
    counts: dict[str, int],
) -> None:
    """States, limits and products of one candidate; pymatgen lists the Li-richest state first."""
    diagram, states = answer
    atoms, held = sum(counts.values()), counts.get("Li", 0)
    v_low: list[float] = []
    uptake, mixtures, energies = [], [], []
    for state in reversed(states):
        voltage = state["element_reference"].energy_per_atom - state["chempot"]
        voltage = 0.0 if abs(voltage) < VOLTAGE_TOLERANCE else voltage
        if v_low and v_low[-1] - voltage < VOLTAGE_TOLERANCE:
            continue  # no width: an order of steps through an exact tie
        mixture = diagram.get_decomposition(state["critical_composition"])
        v_low.append(voltage)
        uptake.append(state["evolution"])
        mixtures.append(mixture)
        energies.append(_energy(mixture) * (atoms + state["evolution"]) / atoms)
    result.compared += 1
    part = slice(mine.start[i], mine.start[i + 1])
    if part.stop - part.start != len(v_low):
        result.other_number += 1
        return
    low, high = np.array(v_low), np.r_[np.inf, v_low[:-1]]
    takes, loses = np.array(uptake) > TRACE * atoms, np.array(uptake) < -TRACE * atoms
    reduction = np.nan if loses[-1] else high[takes].max(initial=0.0)
    oxidation = low[loses].min(initial=np.inf) if held else np.nan
    result.volt(mine.reduction_v[i], reduction)
    result.volt(mine.oxidation_v[i], oxidation)
    for state_number, row in enumerate(range(part.start, part.stop)):
        apart = max(
            result.volt(mine.v_low[row], v_low[state_number]),
            result.energy(mine.energy[row], energies[state_number]),
        )
        name = f"window of {counts}, state {state_number}"
        result.phases(_set_of(mine.products, row), _rows(mixtures[state_number]), apart, name)


def compare_interface(
    result: Agreement, mine: Reactions, i: int, answer: tuple[Any, list[Any]], ends: tuple[Any, Any]
) -> None:
    """E(x) at the kinks of both, and the products at every kink that both have.

    A kink that one side alone has must lie on the other's line: an exact tie.
    """
    diagram, kinks = answer
    result.compared += 1
    part = slice(mine.start[i], mine.start[i + 1])
    x, energy = mine.x_a[part], mine.energy[part]
    other_x = np.array([kink[1] for kink in kinks])
    other_energy = np.minimum([kink[2] for kink in kinks], 0.0)
    grid = np.union1d(x, other_x)
    result.energy(np.interp(grid, x, energy), np.interp(grid, other_x, other_energy))
    near = np.abs(x[:, None] - other_x).argmin(axis=1)
    for row, (there, at) in enumerate(zip(other_x[near], x, strict=True)):
        if abs(there - at) > AGREEMENT:
            continue
        a, b = (end.fractional_composition for end in ends)
        mixture = diagram.get_decomposition(a * there + b * (1 - there))
        apart = abs(energy[row] - other_energy[near[row]])
        name = f"interface {ends}, x = {at:.4f}"
        result.phases(_set_of(mine.products, part.start + row), _rows(mixture), apart, name)


@dataclass
class Timing:
    """Milliseconds per candidate: pymatgen's each, the kernel's per block by kind of run."""

    pymatgen: list[FloatArray] = field(default_factory=list)
    kernel: dict[str, list[FloatArray]] = field(default_factory=lambda: defaultdict(list))


class Stopwatch:
    """Milliseconds since the last lap: of the clock, and of processor time of this process."""

    def __init__(self) -> None:
        self.since = self._now()

    def lap(self) -> FloatArray:
        now = self._now()
        elapsed, self.since = now - self.since, now
        return elapsed

    def _now(self) -> FloatArray:
        return 1000 * np.array([perf_counter(), process_time()])


ALONE = "stable table ready, one candidate at a time"
READY = "stable table ready"
MADE = "all preparation from arrays included"
FROM_ALL = "from all phases, all preparation included"


class Benchmark:
    """The table, the sample and what was measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        phases = user_files.load(options.table)
        self.compositions, self.energy = phases.compositions, phases.energy
        self.candidates = np.flatnonzero(self.compositions.size > 1)
        self.pymatgen = Pymatgen(self.compositions, self.energy)
        self.random = np.random.default_rng(options.seed)
        self.windows, self.hulls, pairs = (
            self.random.permutation(self.candidates)[:number]
            for number in (options.windows, options.hulls, options.pairs)
        )
        self.stable = stable_table(Competition(self.compositions, self.energy))[0]
        partners = self.random.integers(len(ELECTROLYTES), size=len(pairs))
        keys = Compositions.from_formulas(ELECTROLYTES).key
        self.pairs = [
            (int(row), int(partner))
            for row, partner in zip(pairs, partners, strict=True)
            if self.compositions.key[row] != keys[partner]
        ]
        self.batches = [self._batch(partner) for partner in range(len(ELECTROLYTES))]
        self.timing = {task: Timing() for task in "ABC"}
        self.agreement = {task: Agreement() for task in "ABC"}

    def _batch(self, partner: int) -> IntArray:
        """The sampled candidates of one electrolyte, filled up with others of the table."""
        own = [row for row, other in self.pairs if other == partner]
        others = self.random.permutation(np.setdiff1d(self.candidates, own))
        rows: IntArray = np.r_[own, others[: self.options.batch - len(own)]].astype(np.int64)
        return rows

    def run(self) -> None:
        """Alternate the blocks; the last block's kernel answers are compared with pymatgen's."""
        self._kernel()  # warm up, as is pymatgen by its first candidate
        for timing in self.timing.values():
            timing.kernel.clear()
        self.pymatgen.window(int(self.candidates[0]))
        gc.collect()
        gc.freeze()  # the table's objects are not to slow down pymatgen's garbage collection
        blocks = self.options.blocks
        kept: list[tuple[str, int, Any]] = []
        for block in range(blocks):
            kept += self._pymatgen(block, blocks)
            answers = self._kernel()
            print(f"block {block + 1} of {blocks}, load {os.getloadavg()[0]:.2f}", file=sys.stderr)
        self._compare(kept, *answers)

    def _pymatgen(self, block: int, blocks: int) -> Iterator[tuple[str, int, Any]]:
        """One block; yields task, position in the sample and answer."""
        pairs = [(row, ELECTROLYTES[partner]) for row, partner in self.pairs]
        tasks: tuple[tuple[str, Callable[..., Any], list[Any]], ...] = (
            ("A", self.pymatgen.window, [(int(row),) for row in self.windows]),
            ("B", self.pymatgen.hull, [(int(row),) for row in self.hulls]),
            ("C", self.pymatgen.interface, pairs),
        )
        for task, solve, questions in tasks:
            for position in range(block, len(questions), blocks):
                watch = Stopwatch()
                answer = solve(*questions[position])
                self.timing[task].pymatgen.append(watch.lap())
                yield task, position, answer

    def _kernel(self) -> tuple[Profiles, Decompositions, list[Reactions]]:
        """One block: every candidate of the table for A and B, whole batches for C."""
        a, b, c = (self.timing[task].kernel for task in "ABC")
        number = len(self.candidates)
        candidates = self._fresh().take(self.candidates)
        watch = Stopwatch()
        states = profiles(self.stable, candidates, LI, 1)
        a[READY].append(watch.lap() / number)
        alone = [self.compositions.take(np.array([row])) for row in self.windows[:_ALONE]]
        watch = Stopwatch()
        for one in alone:
            profiles(self.stable, one, LI, 1)
        a[ALONE].append(watch.lap() / len(alone))
        del states  # else a block would hold several sets of answers at once
        watch = Stopwatch()
        compositions = self._fresh()
        table = Competition(compositions, self.energy)
        states = profiles(table, compositions.take(self.candidates), LI, 1)
        a[FROM_ALL].append(watch.lap() / number)
        del states, table
        watch = Stopwatch()
        compositions = self._fresh()
        stable, _ = stable_table(Competition(compositions, self.energy))
        states = profiles(stable, compositions.take(self.candidates), LI, 1)
        a[MADE].append(watch.lap() / number)
        watch = Stopwatch()
        compositions = self._fresh()
        table = Competition(compositions, self.energy)
        hulls = decompose(table, compositions.take(self.candidates))
        b[FROM_ALL].append(watch.lap() / number)
        reactions = []
        watch = Stopwatch()
        for formula, rows in zip(ELECTROLYTES, self.batches, strict=True):
            partner = Compositions.from_formulas([formula]).take(np.zeros(len(rows), np.int64))
            reactions.append(react(self.stable, self.compositions.take(rows), partner))
        c[READY].append(watch.lap() / sum(map(len, self.batches)))
        return states, hulls, reactions

    def _fresh(self) -> Compositions:
        """The bare arrays, without what they keep of earlier work."""
        c = self.compositions
        return Compositions(c.start, c.element, c.count)

    def _compare(
        self,
        kept: list[tuple[str, int, Any]],
        states: Profiles,
        hulls: Decompositions,
        reactions: list[Reactions],
    ) -> None:
        for task, position, answer in kept:
            result = self.agreement[task]
            if task == "C":
                row, partner = self.pairs[position]
                i = int(np.flatnonzero(self.batches[partner] == row)[0])
                ends = self.pymatgen.compositions[row], Composition(ELECTROLYTES[partner])
                compare_interface(result, reactions[partner], i, answer, ends)
                continue
            row = int((self.windows if task == "A" else self.hulls)[position])
            i = int(np.searchsorted(self.candidates, row))
            counts = self.compositions.row(row)
            if task == "A":
                compare_window(result, states, i, answer, counts)
                continue
            mixture, distance = answer
            result.compared += 1
            apart = result.energy(self.energy[row] - hulls.energy[i], distance)
            result.phases(_set_of(hulls.products, i), _rows(mixture), apart, f"hull of {counts}")


TASKS = {
    "A": "window, whole profile, contact products",
    "B": "hull distance, decomposition",
    "C": "pseudo-binary with an electrolyte",
}
REQUIRED = {
    ("A", READY): 3000,
    ("A", ALONE): 40,
    ("A", MADE): 500,
    ("B", FROM_ALL): 1500,
    ("C", READY): 25_000,
}


def speed(timing: dict[str, Timing]) -> Iterator[Sequence[str]]:
    """One row for each task and kind of kernel run."""
    for task, measured in timing.items():
        if not measured.pymatgen:
            continue
        single, cpu_of_single = np.array(measured.pymatgen).T
        mean, error = single.mean(), single.std() / len(single) ** 0.5
        for kind, laps in measured.kernel.items():
            blocks, cpu_of_blocks = np.array(laps).T
            kernel = np.median(blocks)
            yield (
                f"{task}: {TASKS[task]}",
                f"{mean:.3g} ± {error:.2g}",
                f"{np.median(single):.3g}",
                kind,
                f"{kernel:.4f} ({blocks.min():.4f} to {blocks.max():.4f})",
                f"**{mean / kernel:,.0f}** "
                f"({mean / blocks.max():,.0f} to {mean / blocks.min():,.0f})",
                f"{cpu_of_single.mean() / np.median(cpu_of_blocks):,.0f}",
                f"{np.median(single) / kernel:,.0f}",
                f"{REQUIRED[task, kind]:,}" if (task, kind) in REQUIRED else "",
            )


SPEED_HEAD = (
    "task",
    "pymatgen, mean ± s.e. (ms)",
    "median (ms)",
    "kernel",
    "median of blocks (ms)",
    "ratio of means",
    "the same in processor time",
    "ratio, median pymatgen",
    "required of means",
)


def agreement(results: dict[str, Agreement]) -> Iterator[Sequence[str]]:
    """One row for each task."""
    for task, result in results.items():
        yield (
            f"{task}: {TASKS[task]}",
            str(result.compared),
            str(result.other_number),
            f"{result.volts:.1e}" if task == "A" else "",
            f"{result.energies:.1e}",
            str(result.sets),
            str(result.tied),
            str(len(result.unexplained)),
        )


AGREEMENT_HEAD = (
    "task",
    "compared",
    "other number of states",
    "largest difference, V",
    "eV/atom",
    "phase sets",
    "differ, exact tie",
    "differ otherwise",
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against_pymatgen", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--windows", type=int, default=1000, help="sampled candidates, task A")
    parser.add_argument("--hulls", type=int, default=1000, help="sampled candidates, task B")
    parser.add_argument("--pairs", type=int, default=100, help="sampled pairs, task C")
    parser.add_argument(
        "--batch", type=int, default=20_000, help="candidates per electrolyte in the kernel's C"
    )
    parser.add_argument("--blocks", type=int, default=5, help="repetitions, alternating")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", type=Path, default=TABLE, help="CSV of formation energies")
    options = parser.parse_args(arguments)
    skip_without(options.table)
    print(describe(), f"Load before: {os.getloadavg()[0]:.2f}.")
    benchmark = Benchmark(options)
    print(
        f"{len(benchmark.candidates):,} candidates in {options.table.name}, seed {options.seed}, "
        f"{options.blocks} blocks, {sum(map(len, benchmark.batches)):,} pairs in the kernel's C, "
        f"threads of the kernel: {threads.number()}.\n"
    )
    benchmark.run()
    print(markdown(SPEED_HEAD, speed(benchmark.timing)))
    print(markdown(AGREEMENT_HEAD, agreement(benchmark.agreement)))
    for result in benchmark.agreement.values():
        for what in result.unexplained:
            print(f"differs, no exact tie: {what}")
    print(f"Load after: {os.getloadavg()[0]:.2f}.")
    return 0 if all(result.good for result in benchmark.agreement.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
