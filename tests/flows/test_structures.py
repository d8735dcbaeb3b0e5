"""What is computed atom by atom goes through the flow in batches, on any engine, and is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import Run, Serving, environment, only, same_run
from tests.flows.test_recovery import kill_when

pytestmark = pytest.mark.slow

STRUCTURES = 40
"""More than one batch of barriers."""
POSCAR = """LiF
{a:.3f}
1 0 0
0 1 0
0 0 1
Li F
4 4
direct
0 0 0
0 .5 .5
.5 0 .5
.5 .5 0
.5 .5 .5
.5 0 0
0 .5 0
0 0 .5
"""


@pytest.fixture
def arguments(tmp_path: Path) -> tuple[str, ...]:
    """LiF in many sizes, on a coarse grid."""
    pytest.importorskip("bvlain")
    lines = ["structure,formation_energy_per_atom_eV,scheme,id"]
    for i in range(STRUCTURES):
        (tmp_path / f"POSCAR_{i}").write_text(POSCAR.format(a=4.0 + 0.01 * i))
        lines.append(f"POSCAR_{i},{-3.1 + 0.001 * i:.3f},test,LiF-{i}")
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "settings.toml").write_text("barrier = true\nbarrier_grid_a = 1.0\n")
    own, settings = (str(tmp_path / name) for name in ("own.csv", "settings.toml"))
    return ("--source", own, "--config", settings)


def computed(home: Path) -> dict[str, int]:
    return {p.name: p.stat().st_ino for p in home.glob("store/barrier-*/[0-9a-f]*")}


def test_killed_among_structures_and_on_two_workers(
    arguments: tuple[str, ...], serving: Serving, flow: Run, tmp_path: Path
) -> None:
    calm = tmp_path / "calm"
    subprocess.run(
        [sys.executable, "-m", "screen", "rank", *arguments, "-q", "-o", str(tmp_path / "plain")],
        env=environment(calm),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert len(computed(calm)) == STRUCTURES
    plain = tmp_path / "plain"
    assert "migration_barrier_ev" in (plain / "ranked.csv").read_text().split("\n")[0]
    env = serving.environment(tmp_path)
    assert kill_when(lambda: bool(computed(tmp_path)), ("screening", *arguments), tmp_path, env)
    before = computed(tmp_path)
    assert 0 < len(before) <= STRUCTURES
    done = flow("screening", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    after = computed(tmp_path)
    assert len(after) == STRUCTURES
    assert {name: after[name] for name in before} == before
    same_run(only(tmp_path / "results"), plain)
    pytest.importorskip("prefect_dask")
    done = flow(
        *("screening", *arguments, "--runner", "dask", "--workers", "2", "--results", "on_dask"),
        SCREEN_HOME=str(tmp_path / "other"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(computed(tmp_path / "other")) == STRUCTURES
    same_run(only(tmp_path / "on_dask"), plain)
