"""The whole table and the program's commands in fresh processes: wall time and peak memory.

    python -m benchmarks.full_table

Parts: `windows` reads the table and computes every window with its profile against Li; `rank`
ranks every phase of the table with all electrolytes; `readme` and `help` are what a newcomer types.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

import psutil

from benchmarks.machine import DATA, ROOT, TABLE, describe, markdown, skip_without

GAPS, MODULI = DATA / "mp_band_gaps.csv", DATA / "mp_elastic_moduli.csv"
PARTS = ("windows", "rank", "readme", "help")
MB = 1e6
LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Usage:
    """Wall and processor time and peak resident memory of a process and all that it starts."""

    wall_s: float
    processor_s: float
    peak_mb: float
    output: str


def measure(*arguments: str, home: str | None = None) -> Usage:
    """Run this Python with some arguments in a fresh process.

    The peak is the larger of what the kernel of the system recorded for the process, which misses
    nothing, and the largest sum over the tree of processes that was seen from outside.

    Args:
        home: folder of what is kept between runs, if not the user's.
    """
    environment = os.environ | ({} if home is None else {"SCREEN_HOME": home})
    with tempfile.TemporaryFile("w+") as out:
        begin = perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=out, env=environment
        )
        ended, seen = Event(), [0.0]
        watcher = Thread(target=_watch, args=(process.pid, ended, seen))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - begin
        ended.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(arguments)} gave exit code {process.returncode}")
        out.seek(0)
        processor = usage.ru_utime + usage.ru_stime
        return Usage(wall, processor, max(usage.ru_maxrss * 1024, seen[0]) / MB, out.read())


def _watch(pid: int, ended: Event, seen: list[float]) -> None:
    """Note the largest resident memory of a tree of processes until it has ended."""
    while not ended.wait(LOOK_EVERY_S):
        total = 0
        try:
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        seen[0] = max(seen[0], total)


def windows(path: str) -> None:
    """From a CSV file to every window, printing the seconds of each step; runs in the child."""
    since = perf_counter()

    def lap(step: str) -> None:
        nonlocal since
        now = perf_counter()
        print(f"{step} {now - since:.2f} s", end=", ")
        since = now

    from screen.composition import INDEX  # noqa: PLC0415 (the import is timed)
    from screen.sources import user_files  # noqa: PLC0415
    from screen.thermo.competition import Competition  # noqa: PLC0415
    from screen.thermo.hull import stable_table  # noqa: PLC0415
    from screen.thermo.window import profiles  # noqa: PLC0415

    lap("imports")
    phases = user_files.load(Path(path))
    lap("reading")
    stable, _ = stable_table(Competition(phases.compositions, phases.energy))
    lap("stable table")
    states = profiles(stable, phases.compositions, INDEX["Li"], 1)
    lap("profiles")
    print(f"{len(states):,} candidates, {len(states.v_low):,} states")


def measure_windows(options: argparse.Namespace) -> Sequence[str]:
    code = f"from benchmarks.full_table import windows; windows({str(options.table.resolve())!r})"
    runs = [measure("-c", code) for _ in range(options.repeat)]
    typical = sorted(runs, key=lambda run: run.wall_s)[len(runs) // 2]
    return (
        f"CSV to all windows with profiles, median of {len(runs)}",
        f"{typical.wall_s:.1f}",
        f"{max(run.peak_mb for run in runs):.0f}",
        "6 s, 500 MB",
        typical.output.strip(),
    )


def measure_rank(options: argparse.Namespace) -> Sequence[str]:
    with tempfile.TemporaryDirectory() as folder:
        run = measure(
            *("-m", "screen", "rank", "--anode", "Li", "--source", str(options.table.resolve())),
            *("--gaps", str(options.gaps.resolve()), "--moduli", str(options.moduli.resolve())),
            *("-o", f"{folder}/run", "--quiet"),
        )
        sizes = ", ".join(
            f"{path.name} {path.stat().st_size / MB:.1f} MB"
            for path in sorted(Path(folder, "run").iterdir())
        )
    return (
        "`rank` of the whole table, all electrolytes",
        f"{run.wall_s:.1f}",
        f"{run.peak_mb:.0f}",
        "22 s, 1,100 MB",
        f"{run.processor_s:.1f} s of processor time, {sizes}",
    )


def measure_readme(_: argparse.Namespace) -> Sequence[str]:
    with tempfile.TemporaryDirectory() as folder:
        run = measure("-m", "screen", "rank", "--anode", "Li", "-o", f"{folder}/run", "--quiet")
    return "`rank --anode Li`", f"{run.wall_s:.2f}", f"{run.peak_mb:.0f}", "10 s", ""


def measure_help(options: argparse.Namespace) -> Sequence[str]:
    runs = [measure("-m", "screen", "--help") for _ in range(options.helps)]
    return (
        f"`--help`, median of {len(runs)}",
        f"{median(run.wall_s for run in runs):.2f}",
        f"{max(run.peak_mb for run in runs):.0f}",
        "0.5 s",
        "",
    )


def rows(options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """One row for each part; `readme` comes first, while the disk is as cold as it will be."""
    parts = {
        "readme": measure_readme,
        "help": measure_help,
        "windows": measure_windows,
        "rank": measure_rank,
    }
    for name, part in parts.items():
        if name in options.parts:
            print(f"{name}, load {os.getloadavg()[0]:.2f}", file=sys.stderr)
            yield part(options)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.full_table", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--repeat", type=int, default=5, help="runs of the part windows")
    parser.add_argument("--helps", type=int, default=10, help="runs of the part help")
    parser.add_argument("--table", type=Path, default=TABLE, help="CSV of formation energies")
    parser.add_argument("--gaps", type=Path, default=GAPS, help="CSV of band gaps")
    parser.add_argument("--moduli", type=Path, default=MODULI, help="CSV of elastic moduli")
    options = parser.parse_args(arguments)
    needed = {"windows": [options.table], "rank": [options.table, options.gaps, options.moduli]}
    skip_without(*(table for part in options.parts for table in needed.get(part, [])))
    print(describe(), f"Load before: {os.getloadavg()[0]:.2f}.\n")
    head = ("what", "wall (s)", "peak memory (MB)", "at most", "in detail")
    print(markdown(head, rows(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
