"""Do the gates let through what has worked in cells, and hold back most of the rest?

    python -m benchmarks.gate_recall [RUN]

Gate recall of a role is the share of the formulas that the literature table names as what acts in
it and that pass its gates; one that the table of energies lacks counts as held back. Beside it
stands the share of all judged phases that pass: recall alone is cheap, since gates that let
everything through have all of it. RUN is a folder written with `rank --also parquet`; without one,
every phase of the full table that the roles select is ranked first. Also printed: which gates hold
back what has worked, how the best hundred divide by kind, and how many of the best interlayers hold
a precious or toxic element.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet

from benchmarks.full_table import GAPS, MODULI
from benchmarks.machine import ROOT, TABLE, describe, markdown, skip_without
from screen import literature
from screen.composition import Compositions, parse_formula

PRECIOUS_OR_TOXIC = frozenset("Ru Rh Pd Ag Os Ir Pt Au As Cd Hg Tl Pb Be".split())
READ = ["role", "rank", "formula", "kind", "passed", "failed_gates"]


def key(formula: str) -> int:
    """The same for every spelling of a composition."""
    return int(Compositions.from_formulas([formula]).key[0])


def proven(role: str) -> dict[int, str]:
    """Formulas that the literature names as what acts in a role, each once, without failures."""
    formulas = {
        formula
        for row in literature.rows()
        if row.role == role and not row.no_better
        for formula in row.active_formulas
    }
    return {key(formula): formula for formula in sorted(formulas)}


def ranked(folder: Path) -> list[Mapping[str, Any]]:
    """Every row of a run: one for each role and candidate."""
    table = pyarrow.parquet.read_table(folder / "ranked.parquet", columns=READ)
    return list(table.to_pylist())


def recall(rows: Sequence[Mapping[str, Any]], role: str) -> tuple[list[str], Counter[str]]:
    """A line of the table for a role, and which gates held back what has worked."""
    mine = [row for row in rows if row["role"] == role]
    wanted = proven(role)
    found = [row for row in mine if key(row["formula"]) in wanted]
    passed = sum(row["passed"] for row in found)
    everything = sum(row["passed"] for row in mine)
    gates = Counter(
        gate for row in found if not row["passed"] for gate in row["failed_gates"].split("; ")
    )
    line = [
        role,
        f"{passed} of {len(wanted)} ({passed / len(wanted):.0%})",
        f"{len(wanted) - len(found)}",
        f"{everything:,} of {len(mine):,} ({everything / len(mine):.0%})",
    ]
    return line, gates


def best(rows: Sequence[Mapping[str, Any]], role: str, many: int = 100) -> list[Mapping[str, Any]]:
    """The best of a role, in order."""
    placed = [row for row in rows if row["role"] == role and row["rank"]]
    return sorted(placed, key=lambda row: int(row["rank"]))[:many]


def report(folder: Path) -> None:
    """Print all of it for one run."""
    rows = ranked(folder)
    roles = list(dict.fromkeys(row["role"] for row in rows))
    head = ["role", "what has worked and passes", "of these not judged", "all phases that pass"]
    lines, gates = zip(*(recall(rows, role) for role in roles), strict=True)
    print(markdown(head, lines))
    for role, counted in zip(roles, gates, strict=True):
        worst = ", ".join(f"{gate} ({many})" for gate, many in counted.most_common(4))
        kinds = Counter(row["kind"] or "all" for row in best(rows, role))
        print(f"\n{role}: held back by {worst or 'nothing'}")
        print(f"  the best hundred by kind: {dict(kinds.most_common())}")
        first = ", ".join(row["formula"] for row in best(rows, role, 20))
        print(f"  the first twenty: {first}")
    costly = [
        row
        for row in best(rows, "interlayer")
        if PRECIOUS_OR_TOXIC & parse_formula(row["formula"]).keys()
    ]
    print(f"\nprecious or toxic elements in the best hundred interlayers: {len(costly)}")


def main() -> None:
    """Rank the full table if no run is given, and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, help="folder written with --also parquet")
    given = parser.parse_args().run
    print(describe())
    if given is not None:
        report(given)
        return
    skip_without(TABLE, GAPS, MODULI)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [
            *(sys.executable, "-m", "screen", "rank", "--anode", "Li", "--quiet", "-o", str(run)),
            *("--source", str(TABLE), "--gaps", str(GAPS), "--moduli", str(MODULI)),
            *("--selected", "--also", "parquet"),
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        report(run)


if __name__ == "__main__":
    main()
