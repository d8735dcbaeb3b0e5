"""What a flow costs beside the command it wraps, and how late a schedule fires.

    python -m benchmarks.flows --starts 3

Processor time counts every process that was started and has ended, the temporary server among
them. Lateness is the true start of a scheduled run less the planned one, with a run each minute.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.machine import describe, markdown
from tests.conftest import wait_until
from tests.flows.conftest import Serving, environment

RANK = ["-m", "screen", "rank", "--anode", "Li", "-q", "-o", "run"]
OWN_SERVER = """
import sys
from flows import __main__, server
server.USUAL_PORT = 9  # whatever else runs on this machine
sys.exit(__main__.main(["screening", "--anode", "Li"]))
"""


def spent(arguments: list[str], home: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of Python with some arguments."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=environment(home),
        capture_output=True,
        check=True,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def lateness(starts: int, home: Path) -> list[float]:
    """Seconds between the planned and the true start of the first scheduled runs."""
    serving = Serving(home)
    try:
        if not wait_until(lambda: len(serving.scheduled()) >= starts, 300.0 + 60.0 * starts):
            sys.exit(f"fewer than {starts} scheduled runs ended; {serving.said[-200:]}")
        return [
            (
                datetime.fromisoformat(run["start_time"])
                - datetime.fromisoformat(run["expected_start_time"])
            ).total_seconds()
            for run in serving.scheduled()[:starts]
        ]
    finally:
        serving.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=3, help="scheduled runs to wait for")
    starts = parser.parse_args().starts
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in (
            ("`rank --anode Li`", RANK),
            ("the same as a flow, with a temporary server", ["-c", OWN_SERVER]),
        ):
            home = Path(folder) / str(len(rows))
            home.mkdir()
            wall, processor = spent(arguments, home)
            rows.append([name, f"{wall:.1f}", f"{processor:.1f}"])
        served = Path(folder) / "served"
        served.mkdir()
        late = lateness(starts, served)
    print(describe(), "\n")
    print(markdown(["run", "wall (s)", "processor (s)"], rows))
    print(f"Scheduled starts: {starts}; late by {statistics.median(late):.1f} s (median), ", end="")
    print(f"{max(late):.1f} s at most.")


if __name__ == "__main__":
    main()
