"""What both benchmarks say of the machine, and where they look for the tables."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared/data"
TABLE = DATA / "mp2019_ground_states.csv"

SKIPPED = 3


def skip_without(*tables: Path) -> None:
    """Leave with one line and exit code 3 where a table is absent."""
    for table in tables:
        if not table.is_file():
            print(f"skipped: no {table.name}, a table that is not part of the repository")
            sys.exit(SKIPPED)


def describe() -> str:
    """Processor, memory, and the versions that matter."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "pyarrow", "pymatgen")
    )
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}, "
        f"{packages}."
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
