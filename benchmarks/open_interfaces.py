"""Open interfaces: beside pymatgen, and what they cost beside closed ones on the whole table.

    python -m benchmarks.open_interfaces

Blocks alternate as in `benchmarks.against_pymatgen`. pymatgen makes the phase diagram of a pair
once for all voltages.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
from pymatgen.core import Composition, Element

from benchmarks.against_pymatgen import AGREEMENT, ELECTROLYTES, LI, Pymatgen, Stopwatch
from benchmarks.machine import TABLE, describe, markdown, skip_without
from screen.composition import Compositions, FloatArray, IntArray, parse_formula
from screen.sources import user_files
from screen.tables import electrolytes_of
from screen.thermo.competition import Competition
from screen.thermo.hull import decompose, stable_table
from screen.thermo.interface import react
from screen.thermo.open_interface import OpenReactions, equilibrate, react_open

VOLTAGES = (0.0, 1.3, 3.0)
"""In touch with the metal, in the midst of what electrolytes take up, and above."""

REQUIRED, AT_MOST = 2000, 1.6


class Kinks(NamedTuple):
    """pymatgen's answer: x, what mixing adds, and all, eV per atom that is balanced."""

    x: FloatArray
    mixing: FloatArray
    energy: FloatArray


def by_pymatgen(pymatgen: Pymatgen, row: int, electrolyte: str) -> list[Kinks]:
    """A pair at all voltages, as a user of pymatgen asks."""
    ends = pymatgen.compositions[row], Composition(electrolyte)
    diagram = pymatgen.diagram(*ends, Composition("Li"))
    found = []
    for voltage in VOLTAGES:
        grand = GrandPotentialPhaseDiagram(diagram.all_entries, {Element("Li"): -voltage})
        parts: list[list[Any]] = [
            GrandPotentialInterfacialReactivity(
                *ends, grand, diagram, norm=True, use_hull_energy=True, include_no_mixing_energy=own
            ).get_kinks()
            for own in (False, True)
        ]
        found.append(
            Kinks(
                np.array([kink[1] for kink in parts[0]], float),
                *(np.minimum([kink[2] for kink in part], 0.0) for part in parts),
            )
        )
    return found


def apart(mine: OpenReactions, i: int, theirs: Kinks, shares: FloatArray) -> float:
    """Largest difference between the curves at the kinks of both, eV/atom; both parts.

    Args:
        shares: of the atoms of a and of b, those that are balanced; curves are straight along the
            balanced ones, while pymatgen counts all.
    """
    part = slice(mine.start[i], mine.start[i + 1])
    of_a, of_b = theirs.x * shares[0], (1 - theirs.x) * shares[1]
    y, other = mine.x_balanced[part], of_a / (of_a + of_b)
    grid = np.union1d(y, other)
    return max(
        float(np.abs(np.interp(grid, y, one) - np.interp(grid, other, two)).max())
        for one, two in ((mine.mixing[part], theirs.mixing), (mine.energy[part], theirs.energy))
    )


class Speed:
    """Sampled pairs through pymatgen, and whole batches with the same pairs through the kernel."""

    def __init__(self, compositions: Compositions, energy: FloatArray, options: Any) -> None:
        random = np.random.default_rng(options.seed)
        self.compositions = compositions
        self.table = stable_table(Competition(compositions, energy))[0]
        self.pymatgen = Pymatgen(compositions, energy)
        keys = Compositions.from_formulas(ELECTROLYTES).key
        holds_other = compositions.size - (compositions.amount_of(LI) > 0) > 0
        candidates = np.flatnonzero(holds_other & ~np.isin(compositions.key, keys))
        chosen = random.permutation(candidates)
        self.pairs = chosen[: options.pairs]
        self.partner = random.integers(len(ELECTROLYTES), size=options.pairs)
        self.batches: list[IntArray] = []
        for partner in range(len(ELECTROLYTES)):
            own = self.pairs[self.partner == partner]
            others = random.permutation(chosen[options.pairs :])[: options.batch - len(own)]
            self.batches.append(np.r_[own, others])
        self.single: list[FloatArray] = []
        self.batch: list[FloatArray] = []
        self.worst = 0.0

    def run(self, blocks: int) -> None:
        """Alternate; what both sides say of a pair is compared at the end."""
        by_pymatgen(self.pymatgen, int(self.pairs[0]), ELECTROLYTES[0])
        self._kernel()
        gc.collect()
        gc.freeze()
        answers: dict[int, list[Kinks]] = {}
        for block in range(blocks):
            for i in range(block, len(self.pairs), blocks):
                watch = Stopwatch()
                answers[i] = by_pymatgen(
                    self.pymatgen, int(self.pairs[i]), ELECTROLYTES[self.partner[i]]
                )
                self.single.append(watch.lap() / len(VOLTAGES))
            watch = Stopwatch()
            mine = self._kernel()
            self.batch.append(watch.lap() / (sum(map(len, self.batches)) * len(VOLTAGES)))
            print(f"block {block + 1} of {blocks}, load {os.getloadavg()[0]:.2f}", file=sys.stderr)
        for i, kinks in answers.items():
            partner = int(self.partner[i])
            place = int(np.flatnonzero(self.batches[partner] == self.pairs[i])[0])
            ends = self.compositions.row(int(self.pairs[i])), parse_formula(ELECTROLYTES[partner])
            shares = np.array([1 - end.get("Li", 0) / sum(end.values()) for end in ends])
            for found, theirs in zip(mine[partner], kinks, strict=True):
                self.worst = max(self.worst, apart(found, place, theirs, shares))

    def _kernel(self) -> list[list[OpenReactions]]:
        """All batches at all voltages, every kink with its products, the ends included."""
        found = []
        for formula, rows in zip(ELECTROLYTES, self.batches, strict=True):
            partner = Compositions.from_formulas([formula]).take(np.zeros(len(rows), np.int64))
            films = self.compositions.take(rows)
            found.append(
                [react_open(self.table, films, partner, LI, -voltage) for voltage in VOLTAGES]
            )
        return found

    def row(self) -> Sequence[str]:
        """One row of the table."""
        single, cpu_of_single = np.array(self.single).T
        batch, cpu_of_batch = np.array(self.batch).T
        return (
            f"{single.mean():.3g} ± {single.std() / len(single) ** 0.5:.2g}",
            f"{np.median(single):.3g}",
            f"{np.median(batch):.4f}",
            f"**{single.mean() / np.median(batch):,.0f}**",
            f"{cpu_of_single.mean() / np.median(cpu_of_batch):,.0f}",
            f"{np.median(single) / np.median(batch):,.0f}",
            f"{REQUIRED:,}",
            f"{self.worst:.1e}",
        )


SPEED_HEAD = (
    "pymatgen, mean ± s.e. (ms)",
    "median (ms)",
    "kernel (ms)",
    "ratio of means",
    "in processor time",
    "ratio, median pymatgen",
    "required of means",
    "largest difference, eV/atom",
)


def whole_table(
    compositions: Compositions, energy: FloatArray, voltages: Sequence[float]
) -> Iterator[Sequence[str]]:
    """Every phase with each electrolyte, closed and then open at some voltages, one row each.

    The stable table is there, and the hull energies of all phases: the closed alone needs them.
    """
    stable, distance = stable_table(Competition(compositions, energy))
    hull = energy - distance
    partners = [e.formula for e in electrolytes_of("Li")]
    spent = {"closed": np.zeros(2)} | {f"open at {v:g} V": np.zeros(2) for v in voltages}
    ends = {}
    for voltage in voltages:
        watch = Stopwatch()
        ends[voltage] = equilibrate(stable, compositions, LI, -voltage, from_energy=hull)
        spent[f"open at {voltage:g} V"] += watch.lap()
    count = len(compositions)
    for formula in partners:
        one = Compositions.from_formulas([formula])
        many = one.take(np.zeros(count, np.int64))
        watch = Stopwatch()
        of_b = np.repeat(decompose(stable, one).energy, count)
        react(stable, compositions, many, hull_a=hull, hull_b=of_b, only_lowest=True)
        spent["closed"] += watch.lap()
        for voltage in voltages:
            watch = Stopwatch()
            of_b_open = equilibrate(stable, one, LI, -voltage).take(np.zeros(count, np.int64))
            react_open(
                *(stable, compositions, many, LI, -voltage),
                ends_a=ends[voltage],
                ends_b=of_b_open,
                only_lowest=True,
            )
            spent[f"open at {voltage:g} V"] += watch.lap()
        print(f"{formula}, load {os.getloadavg()[0]:.2f}", file=sys.stderr)
    closed = spent["closed"]
    for what, (wall, cpu) in ((what, time / 1000) for what, time in spent.items()):
        together = 1 + 1000 * np.array([wall, cpu]) / closed if what != "closed" else (1.0, 1.0)
        yield (
            f"{count:,} phases with {len(partners)} electrolytes, {what}",
            f"{wall:.1f}",
            f"{cpu:.1f}",
            f"{together[0]:.2f}",
            f"{together[1]:.2f}",
        )


WHOLE_HEAD = (
    "what",
    "wall (s)",
    "processor (s)",
    f"with the closed, by the closed alone (at most {AT_MOST})",
    "in processor time",
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.open_interfaces", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--pairs", type=int, default=100, help="sampled pairs for pymatgen")
    parser.add_argument("--batch", type=int, default=20_000, help="films per electrolyte")
    parser.add_argument("--blocks", type=int, default=3, help="repetitions, alternating")
    parser.add_argument(
        "--voltages", type=float, nargs="*", default=[0.0, 2.0], help="of the whole table"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", type=Path, default=TABLE, help="CSV of formation energies")
    options = parser.parse_args(arguments)
    skip_without(options.table)
    print(describe(), f"Load before: {os.getloadavg()[0]:.2f}.\n")
    phases = user_files.load(options.table)
    print(markdown(WHOLE_HEAD, whole_table(phases.compositions, phases.energy, options.voltages)))
    speed = Speed(phases.compositions, phases.energy, options)
    speed.run(options.blocks)
    print(markdown(SPEED_HEAD, [speed.row()]))
    print(f"Load after: {os.getloadavg()[0]:.2f}.")
    return 0 if speed.worst < AGREEMENT else 1


if __name__ == "__main__":
    sys.exit(main())
