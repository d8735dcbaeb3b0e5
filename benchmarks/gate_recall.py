"""Do the gates let through what has worked in cells, and hold back most of the rest?

    python -m benchmarks.gate_recall [RUN [GARNET]]

Gate recall of a role is the share of the formulas that the literature table names as what acts in
it and that pass its gates; one that the table of energies lacks counts as held back. Set aside are
failures, organic compounds (carbon with hydrogen or fluorine), and the inert parts of composites:
of an alloy, what holds a nonmetal other than carbon. Beside it stands the share of all phases
judged that pass: recall alone is cheap, since gates that let everything through have all of it.
RUN is a folder written with `rank --also parquet`, GARNET one of interlayers beside Li7La3Zr2O12
alone; without them, every phase of the full table that the roles select is ranked first, twice.
Also printed: what has worked and is held back, and why; how the best hundred divide by kind; and
what a battery group would look for first (`common_sense`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet

from benchmarks import common_sense
from benchmarks.common_sense import Row, best
from benchmarks.full_table import GAPS, MODULI
from benchmarks.machine import ROOT, TABLE, describe, markdown, skip_without
from screen import literature
from screen.composition import Compositions, parse_formula

NONMETALS = frozenset("N O S Se F Cl Br I".split())
GARNET = "Li7La3Zr2O12"
READ = [
    *("role", "rank", "formula", "kind", "passed", "verdict", "failed_gates", "end_state"),
    "doubtful_changes",
]


def key(formula: str) -> int:
    """The same for every spelling of a composition."""
    return int(Compositions.from_formulas([formula]).key[0])


def proven(role: str) -> dict[int, str]:
    """Formulas that the literature names as what acts in a role, each once, without failures."""
    formulas = {
        formula
        for row in literature.rows()
        if row.role == role and row.outcome not in ("same", "worse", "failed")
        for formula in row.active_formulas
        if not set_aside(formula, role, len(row.active_formulas))
    }
    return {key(formula): formula for formula in sorted(formulas)}


def set_aside(formula: str, role: str, parts: int) -> bool:
    """Whether a formula of a row of so many parts is organic, or inert in the role."""
    elements = parse_formula(formula).keys()
    organic = "C" in elements and bool({"H", "F"} & elements)
    return organic or (role == "alloy" and parts > 1 and bool(NONMETALS & elements))


def ranked(folder: Path) -> list[Row]:
    """Every row of a run: one for each role and candidate."""
    table = pyarrow.parquet.read_table(folder / "ranked.parquet", columns=READ)
    return list(table.to_pylist())


def recall(rows: Sequence[Row], role: str) -> tuple[list[str], list[str]]:
    """A line of the table for a role, and what has worked and is held back, with the reason."""
    mine = [row for row in rows if row["role"] == role]
    wanted = proven(role)
    found = {key(row["formula"]): row for row in mine if key(row["formula"]) in wanted}
    passed = sum(row["passed"] for row in found.values())
    everything = sum(row["passed"] for row in mine)
    held = [
        f"{formula} ({_reason(found.get(k))})"
        for k, formula in wanted.items()
        if k not in found or not found[k]["passed"]
    ]
    line = [
        role,
        f"{passed} of {len(wanted)} ({passed / len(wanted):.0%})",
        f"{len(wanted) - len(found)}",
        f"{everything:,} of {len(mine):,} ({everything / len(mine):.0%})",
    ]
    return line, held


def _reason(row: Row | None) -> str:
    if row is None:
        return "not in the table, or not selected"
    if row["failed_gates"]:
        return "no kind" if "no kind" in row["failed_gates"] else str(row["failed_gates"])
    return str(row["verdict"])


def report(folder: Path, garnet: Path | None) -> None:
    """Print all of it for one run."""
    rows = ranked(folder)
    roles = list(dict.fromkeys(row["role"] for row in rows))
    head = ["role", "what has worked and passes", "of these not judged", "all phases that pass"]
    lines, held = zip(*(recall(rows, role) for role in roles), strict=True)
    print(markdown(head, lines))
    for role, names in zip(roles, held, strict=True):
        kinds = Counter(row["kind"] or "all" for row in best(rows, role, 100))
        print(f"{role}: held back {', '.join(names) or 'nothing'}")
        print(f"  the best hundred by kind: {dict(kinds.most_common())}")
        first = ", ".join(row["formula"] for row in best(rows, role, 20))
        print(f"  the first twenty: {first}\n")
    checks = common_sense.checks(rows, ranked(garnet) if garnet else None)
    print(markdown(common_sense.HEAD, checks))


def main() -> None:
    """Rank the full table if no run is given, and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, help="folder written with --also parquet")
    parser.add_argument("garnet", nargs="?", type=Path, help="the same beside a garnet alone")
    given = parser.parse_args()
    print(describe())
    if given.run is not None:
        report(given.run, given.garnet)
        return
    skip_without(TABLE, GAPS, MODULI)
    with tempfile.TemporaryDirectory() as folder:
        run, garnet = Path(folder) / "run", Path(folder) / "garnet"
        rank(run)
        rank(garnet, "--role", "interlayer", "--electrolyte", GARNET)
        report(run, garnet)


def rank(folder: Path, *options: str) -> None:
    """Rank all that the roles select of the full table."""
    command = [
        *(sys.executable, "-m", "screen", "rank", "--anode", "Li", "--quiet", "-o", str(folder)),
        *("--source", str(TABLE), "--gaps", str(GAPS), "--moduli", str(MODULI)),
        *("--selected", "--also", "parquet", *options),
    ]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
