"""A pull of the whole Materials Project from emulators in other processes: of its API, and of its
open tables.

    python -m benchmarks.pull --count 155000
    python -m benchmarks.pull --count 155000 --open-data

The second also says whether both give the same snapshot. Prints requests, processor time of the
client (its import included), peak memory and the size of the snapshot. The rate is not limited,
since the emulators are no one's servers.
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
from typing import Any

from tests.materials_project import safe_environment
from tests.materials_project.emulator import KEY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=155_000, help="materials in the database")
    parser.add_argument("--open-data", action="store_true", help="measure the open tables")
    given = parser.parse_args()
    count = given.count
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
            if given.open_data:
                measure_open_data(endpoint, count, Path(folder))
            else:
                measure(endpoint, Path(folder))
        finally:
            emulator.kill()


def measure_open_data(endpoint: str, count: int, home: Path) -> None:
    os.environ.update(safe_environment(home))
    writer = [sys.executable, "-m", "tests.materials_project.open_tables", "--count", str(count)]
    subprocess.run([*writer, str(home / "tables")], check=True)

    from screen.sources import materials_project as mp  # noqa: PLC0415 (after the environment)
    from tests.materials_project.bucket import OpenBucket  # noqa: PLC0415

    with OpenBucket() as server:
        server.put(home / "tables")
        began, wall, processor = len(server.log()), time.perf_counter(), time.process_time()
        path = mp.pull_open_data(
            mp.Bucket(endpoint=server.endpoint), mp.Query(), home / "open", CAP
        )
        spent, passed = time.process_time() - processor, time.perf_counter() - wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        log = server.log()[began:]
    assert path is not None
    whole = sum(file.stat().st_size for file in (home / "tables").rglob("*.parquet"))
    other = pull(endpoint, home / "api")[1]
    print("| quantity | measured | target |")
    print("| --- | ---: | ---: |")
    print(f"| requests | {len(log)} | 40, or |")
    print(f"| MB read, of {whole / 1e6:.0f} | {sum(n for *_, n in log) / 1e6:.1f} | 200 |")
    print(f"| client CPU, s | {spent:.1f} | |")
    print(f"| wall, s | {passed:.1f} | |")
    print(f"| peak memory, MB | {peak:.0f} | 1000 |")
    print(
        f"| the API's snapshot, byte for byte | {path.read_bytes() == other.read_bytes()} | True |"
    )


CAP = 1000.0
"""GPa; moduli above are refused."""


def pull(endpoint: str, home: Path) -> tuple[Any, Path]:
    """A pull of everything through the API; the server that was asked, and the snapshot."""
    from screen.settings import PullSettings  # noqa: PLC0415 (after the environment)
    from screen.sources import materials_project as mp  # noqa: PLC0415

    unlimited = PullSettings().model_copy(update={"requests_per_second": 1e6})
    server = mp.Server(KEY, mp.endpoint_from({}, endpoint), unlimited, print)
    path = mp.pull_snapshot(server, mp.Query(), home, CAP)
    assert path is not None
    return server, path


def measure(endpoint: str, home: Path) -> None:
    os.environ.update(safe_environment(home))
    wall, processor = time.perf_counter(), time.process_time()

    from screen.sources import user_files  # noqa: PLC0415 (after the environment)

    server, path = pull(endpoint, home)
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
