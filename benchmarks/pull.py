"""A pull of the whole Materials Project from the emulator in another process.

    python -m benchmarks.pull --count 155000

Prints requests, processor time of the client (its import included), peak memory and the size of
the snapshot. The rate is not limited, since the emulator is no one's server.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.materials_project import safe_environment
from tests.materials_project.emulator import KEY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=155_000, help="materials in the database")
    count = parser.parse_args().count
    command = [sys.executable, "-m", "tests.materials_project.emulator"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*command, "--count", str(count), "--port", "0", "--key", KEY],
            stdout=subprocess.PIPE,
            text=True,
        ) as emulator,
    ):
        assert emulator.stdout is not None
        endpoint = emulator.stdout.readline().strip()
        try:
            measure(endpoint, Path(folder))
        finally:
            emulator.kill()


def measure(endpoint: str, home: Path) -> None:
    os.environ.update(safe_environment(home))
    wall, processor = time.perf_counter(), time.process_time()

    from screen.settings import PullSettings  # noqa: PLC0415 (after the environment)
    from screen.sources import materials_project as mp  # noqa: PLC0415
    from screen.sources import user_files  # noqa: PLC0415

    unlimited = PullSettings().model_copy(update={"requests_per_second": 1e6})
    server = mp.Server(KEY, mp.endpoint_from({}, endpoint), unlimited, print)
    path = mp.pull_snapshot(server, mp.Query(), home, 1000.0)
    assert path is not None
    spent, passed = time.process_time() - processor, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    began = time.perf_counter()
    phases = user_files.load(path)
    read = time.perf_counter() - began
    print("| quantity | measured | target |")
    print("| --- | ---: | ---: |")
    print(f"| requests | {server.session.asked} | 320 |")
    print(f"| client CPU, s | {spent:.1f} | 15 |")
    print(f"| wall, s | {passed:.1f} | |")
    print(f"| peak memory, MB | {peak:.0f} | 700 |")
    print(f"| snapshot, MB | {path.stat().st_size / 1e6:.1f} | 40 |")
    print(f"| reading its {len(phases):,} rows, s | {read:.2f} | 1 |")


if __name__ == "__main__":
    main()
