"""What a command does not need is not loaded: nothing is timed, only what is there is looked at."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

AFTER = """
import sys
from screen.cli import main
code = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""
HEAVY = {
    *("ase", "emmet", "matminer", "matplotlib", "mp_api", "pandas", "pymatgen", "requests"),
    *(
        "scipy",
        "sklearn",
        "screen.literature",
        "screen.model",
        "screen.pipeline",
        "screen.report.page",
    ),
    *("screen.report.plot", "screen.run", "screen.sources.materials_project"),
}
"""The pull, the models, the page, and libraries that take long."""
PHASES = {"screen.descriptors", "screen.phases", "screen.sources", "screen.thermo"}


def loaded(*arguments: str) -> set[str]:
    """All modules and their parents after a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", AFTER, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "needed", "spared"),
    [
        (("--help",), {"typer"}, HEAVY | PHASES | {"numpy", "pyarrow", "screen.settings"}),
        (("cell", "thickness", "--capacity-mah-cm2", "3.3"), {"screen.cell"}, HEAVY | PHASES),
        (("cell", "stack", "--film", "LiF"), {"screen.cell", "screen.thermo"}, HEAVY),
        (("window", "LiF"), PHASES, HEAVY),
        (("window", "LiF", "--format", "csv"), PHASES, HEAVY),
    ],
    ids=lambda part: " ".join(sorted(part)) if isinstance(part, set) else " ".join(part),
)
def test_what_is_not_needed_is_not_loaded(
    arguments: tuple[str, ...], needed: set[str], spared: set[str]
) -> None:
    modules = loaded(*arguments)
    assert needed <= modules
    assert not spared & modules


def test_pandas_is_there_for_whoever_asks_after_a_command() -> None:
    code = (
        "import sys\n"
        "from screen.cli import main\n"
        "assert main(['columns', '--format', 'csv']) == 0\n"
        "assert 'pandas' not in sys.modules\n"
        "import screen\n"
        "frame = screen.window('LiF').to_pandas()\n"
        "assert frame['formula'].tolist()[0] == 'LiF'\n"
        "import pandas as pd, pyarrow as pa\n"
        "assert pa.array(pd.Series([1.0, float('nan')])).to_pylist() == [1.0, None]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
