"""Fitting what labels and cells teach, and what all models say of every phase of the whole table.

python -m benchmarks.models
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

from benchmarks.full_table import GAPS, MODULI
from benchmarks.machine import TABLE, describe, markdown, skip_without
from screen import candidates, descriptors, predictions, training
from screen.settings import Settings
from screen.sources import user_files

ALLOWED_TRAIN_S, ALLOWED_SCORE_S = 180, 10


def main() -> None:
    """Print a table of seconds beside what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    table = parser.parse_args().table
    skip_without(table, GAPS, MODULI)
    print(describe(), end="\n\n")
    begin = perf_counter()
    training.fit(seed=0)
    trained = perf_counter() - begin
    case, _ = candidates.make_case(user_files.load(table, gaps=GAPS, moduli=MODULI), Settings())
    described = descriptors.compute_all(case)
    begin = perf_counter()
    predictions.predict(case, described)
    scored = perf_counter() - begin
    rows = [
        ("fit and measure what labels and cells teach", f"{trained:.1f}", str(ALLOWED_TRAIN_S)),
        (f"predict for {len(case):,} candidates", f"{scored:.2f}", str(ALLOWED_SCORE_S)),
    ]
    print(markdown(("step", "s", "at most"), rows))


if __name__ == "__main__":
    main()
