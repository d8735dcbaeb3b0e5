"""Barriers on one worker and on two, here and on a local Dask cluster, side by side.

    python -m benchmarks.scaling

The structures are those shipped that hold lithium, and strained copies of them, as files of a user.
Every run begins with nothing kept, in fresh processes; the flows use one server that is up before.
Rounds alternate, and the fastest run of each kind counts: other work on the machine only slows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter

from benchmarks.machine import ROOT, describe, markdown
from flows import server
from screen.structures import shipped

STRAIN = 0.002
SETTINGS = "barrier = true\n"
ENGINES = ("local", "dask")


def write_table(folder: Path, copies: int) -> int:
    """A table of structures as a user has one; how many it holds."""
    lines = ["structure,formation_energy_per_atom_eV,scheme,id"]
    for crystal in shipped().values():
        if "Li" not in {symbol for symbol, _ in crystal.sites} or crystal.formula == "Li":
            continue
        for copy in range(copies):
            name = f"{crystal.formula}-{copy}.vasp"
            strained = crystal.structure.copy()
            strained.apply_strain(STRAIN * copy)
            strained.to(filename=str(folder / name), fmt="poscar")
            lines.append(f"{name},{-1.0 + 0.001 * copy:.3f},made up,{crystal.formula}-{copy}")
    (folder / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return len(lines) - 1


def command(engine: str, workers: int) -> list[str]:
    """What computes the table with so many workers."""
    asked = ["--source", "../own.csv", "--config", "../settings.toml"]
    if engine == "local":
        return ["-m", "screen", "rank", *asked, "--workers", str(workers), "-o", "results/run"]
    return ["-m", "flows", "screening", *asked, "--runner", "dask", "--workers", str(workers)]


@dataclass(frozen=True)
class Usage:
    """Wall time and processor time of a run in s, and its ranking."""

    wall_s: float
    cpu_s: float
    ranked: bytes


def run(folder: Path, engine: str, workers: int) -> Usage:
    """A run with nothing kept."""
    home = Path(tempfile.mkdtemp(prefix=f"{engine}-{workers}-", dir=folder))
    env = os.environ | {"SCREEN_HOME": str(home), "PYTHONPATH": str(ROOT)}
    before, begin = sum(os.times()[2:4]), perf_counter()
    done = subprocess.run(
        [sys.executable, *command(engine, workers)],
        cwd=home,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    took, used = perf_counter() - begin, sum(os.times()[2:4]) - before
    (ranked,) = home.glob("results/*/ranked.csv")
    if done.returncode not in (0, 1):  # 1: no candidate passed
        sys.exit(done.stderr)
    return Usage(took, used, ranked.read_bytes())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--copies", type=int, default=4, help="of each structure")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the fastest run counts")
    chosen = parser.parse_args(arguments)
    print(f"{describe()} Load before: {os.getloadavg()[0]:.1f}.\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ.setdefault("PREFECT_HOME", str(folder / "prefect"))
        count = write_table(folder, chosen.copies)
        ways = list(product(chosen.engines, chosen.workers))
        with server.at_hand():
            runs = [{way: run(folder, *way) for way in ways} for _ in range(chosen.repeat)]
        best = {way: min((r[way] for r in runs), key=lambda usage: usage.wall_s) for way in ways}
        rows = [
            (
                *(engine, str(count), str(workers), f"{usage.wall_s:.1f}", f"{usage.cpu_s:.1f}"),
                f"{best[engine, chosen.workers[0]].wall_s / usage.wall_s:.2f}",
            )
            for (engine, workers), usage in best.items()
        ]
        head = ("engine", "structures", "workers", "wall (s)", "CPU (s)", "times as fast")
        print(markdown(head, rows))
        print(f"Load after: {os.getloadavg()[0]:.1f}.")
        if len({usage.ranked for r in runs for usage in r.values()}) > 1:
            sys.exit("the rankings differ")


if __name__ == "__main__":
    main()
