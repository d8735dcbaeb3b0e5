"""Anchored energies and samples in a run that is divided: the same files, and digests that tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from screen import batches, pipeline, run_folder, sources
from screen.batches import Request
from screen.settings import Settings
from screen.sources import reference

FORMULAS = ("Li2O", "LiF", "ZnO", "LiZn", "ZnF2", "LiCl", "ZnCl2")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Some phases with the energies of the 2019 table."""
    phases = reference.load()
    energy = dict(zip(phases.formulas, phases.energy.tolist(), strict=True))
    lines = [f"{formula},{energy[formula]!r}" for formula in FORMULAS]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["formula,formation_energy_per_atom_eV", *lines]) + "\n")
    return path


def test_the_same_files_as_an_undivided_run(table: Path, tmp_path: Path) -> None:
    settings = Settings(samples=4, seed=2, energies="anchored")
    plan = batches.make_plan(Request(source=str(table), settings=settings), tmp_path, 3)
    for i in range(len(batches.read_plan(plan).batches)):
        batches.describe(plan, i)
    divided = batches.judge(plan)
    phases = sources.load(str(table), energies="anchored")
    whole = pipeline.run(phases, settings, batches.work_of(plan).roles)
    assert divided.name == whole.name
    assert "p_products" in divided.values.columns
    texts = [
        (run_folder.write(run, tmp_path / f"run{i}", "") / "ranked.csv").read_bytes()
        for i, run in enumerate((divided, whole))
    ]
    assert texts[0] == texts[1]


def test_a_batch_depends_on_energies_and_samples_and_then_on_the_seed(table: Path) -> None:
    def digest(**chosen: object) -> str:
        settings = Settings(**chosen)  # type: ignore[arg-type]
        return batches.Work.of(Request(source=str(table), settings=settings)).digest

    assert digest() == digest(seed=1)
    different = {
        digest(),
        digest(energies="anchored"),
        digest(samples=4),
        digest(samples=5),
        digest(samples=4, seed=1),
    }
    assert len(different) == 5
