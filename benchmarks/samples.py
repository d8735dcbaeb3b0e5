"""Intervals of all candidates from joint samples of the energies: time, memory, how wide they are.

    python -m benchmarks.samples

The named candidates with the command that ranks them; every phase of the full-size table with all
electrolytes by the family of descriptors that `rank --samples` adds to a run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from benchmarks.full_table import Usage, measure
from benchmarks.machine import DATA, TABLE, describe, markdown, skip_without

GAPS = DATA / "mp_band_gaps.csv"
WIDE = (
    "reduction_{}_v",
    "oxidation_{}_v",
    "contact_reaction_energy_{}_ev_atom",
    "drive_best_{}_ev_atom",
)
"""Columns whose intervals are described."""
CERTAIN = 0.9
"""Set of products that is called sure."""


def described(rows: pa.Table) -> str:
    """Median widths, and how much is sure."""
    widths = []
    for name in WIDE:
        low, high = (np.array(rows[name.format(end)], dtype=float) for end in ("low", "high"))
        unit = "V" if name.endswith("_v") else "eV/atom"
        widths.append(
            f"{name.split('_{}')[0].replace('_', ' ')} {np.nanmedian(high - low):.2f} {unit}"
        )
    sure = (np.array(rows["p_products"], dtype=float) > CERTAIN).mean()
    open_ = np.array(rows["p_unreacted"], dtype=float)
    torn = ((open_ > 0.05) & (open_ < 0.95)).mean()
    return (
        f"{rows.num_rows:,} rows; median widths {', '.join(widths)}; same products in more "
        f"than {CERTAIN:.0%} of the samples {sure:.0%}; unreacted in 5 to 95 % {torn:.0%}"
    )


def ranked(folder: Path) -> pa.Table:
    """The ranked table of a run, whichever file it is in."""
    path = folder / "ranked.parquet"
    if path.is_file():
        return pa.parquet.read_table(path)
    return pa.csv.read_csv(folder / "ranked.csv")


def line(what: str, run: Usage, most: str, said: str) -> list[str]:
    """One line of the table."""
    figures = (f"{run.wall_s:.0f}", f"{run.processor_s:.0f}", f"{run.peak_mb:,.0f}")
    return [what, *figures, most, said]


def measure_named(samples: int) -> list[str]:
    """`rank` on the embedded set."""
    with tempfile.TemporaryDirectory() as place:
        run = measure(
            *("-m", "screen", "rank", "--anode", "Li", "--samples", str(samples)),
            *("-o", f"{place}/run", "--quiet"),
            home=f"{place}/home",  # where nothing was drawn before
        )
        said = described(ranked(Path(place, "run")))
    return line(f"`rank`, {samples} samples", run, "30 s of processor time, 1,000 MB", said)


def whole(table: str, gaps: str, samples: int, driven: int) -> None:
    """Samples of a whole table, in the child.

    Args:
        driven: samples in which drives are solved.
    """
    from screen import api, candidates  # noqa: PLC0415 (the import counts)
    from screen.descriptors import certainty  # noqa: PLC0415
    from screen.settings import Settings  # noqa: PLC0415

    certainty.DRIVEN = driven
    phases = api.load(table, gaps=gaps)
    case, _ = candidates.make_case(phases, Settings(samples=samples), phases.formulas)
    print(described(pa.table(certainty.compute(case).columns)))


def measure_whole(samples: int, driven: int, table: Path) -> list[str]:
    """Every phase of a table, in a fresh process."""
    given = f"{str(table)!r}, {str(GAPS)!r}, {samples}, {driven}"
    run = measure("-c", f"from benchmarks.samples import whole; whole({given})")
    return line(
        f"all phases of the table, {samples} samples, drives in {driven}",
        run,
        "1,200 s on two cores, 3,000 MB",
        run.output.strip(),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--driven", type=int, default=40, help="of them with drives; of the table")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--only", choices=["named", "whole"])
    options = parser.parse_args(arguments)
    skip_without(options.table, GAPS)
    rows = []
    if options.only != "whole":
        rows.append(measure_named(options.samples))
    if options.only != "named":
        rows.append(measure_whole(options.samples, options.driven, options.table.resolve()))
    print(describe())
    print()
    head = ("what", "wall (s)", "processor (s)", "peak memory (MB)", "at most", "what comes out")
    print(markdown(head, rows))


if __name__ == "__main__":
    main()
