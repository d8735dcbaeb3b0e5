"""The training flow: a good model is put in place, a worse one refused, kill -9 changes nothing.

Models lie in the package, so it trains in a copy of it.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from screen.tables import sha256
from tests.conftest import ROOT, quicken
from tests.flows.conftest import Done, Serving, quick_options
from tests.flows.test_recovery import ATTEMPTS, kill_when

pytestmark = pytest.mark.slow

TRAINING = ("training", "--seed", "1")
"""With another seed than the shipped model's, so that there is something new to put in place."""


class Copy:
    """A copy of the package with its models, and how to run what is in it."""

    def __init__(self, folder: Path, serving: Serving) -> None:
        self.folder = folder
        for name in ("screen", "flows"):
            shutil.copytree(ROOT / name, folder / "package" / name)
        quicken(folder / "package" / "screen")
        self.data = folder / "package" / "screen" / "data"
        self.env = serving.environment(folder) | {"PYTHONPATH": str(folder / "package")}

    def python(self, *arguments: str) -> Done:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def train(self, *options: str) -> str:
        done = self.python("-m", "flows", *TRAINING, *options)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def files(self) -> dict[str, str]:
        """The data of the package, models among them, by their digests."""
        return {path.name: sha256(path) for path in self.data.iterdir()}

    def works(self) -> bool:
        """Whether the models in place can be used."""
        done = self.python("-m", "screen", "rank", "-q", "-o", "run", *quick_options(self.folder))
        return done.returncode == 0


@pytest.fixture
def copy(serving: Serving, tmp_path: Path) -> Callable[[str], Copy]:
    return lambda name: Copy(tmp_path / name, serving)


def mix_masses(data: Path) -> None:
    """Mix up the masses of the elements, from which the recovery model learns."""
    path = data / "elements.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    masses = np.random.default_rng(1).permutation([row[MASS] for row in rows])
    for row, mass in zip(rows, masses.tolist(), strict=True):
        row[MASS] = mass
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


MASS = "molar_mass_g_mol"


def training(serving: Serving) -> set[str]:
    """Runs of the task that fits, by their ids, that were begun."""
    body = {"task_runs": {"name": {"like_": "train"}}, "limit": 200, "sort": "ID_DESC"}
    return {run["id"] for run in serving.ask("task_runs/filter", body) if run["start_time"]}


def fits_more(serving: Serving, known: set[str]) -> bool:
    """Whether another fit has begun."""
    return training(serving) > known


def test_killed_then_the_good_are_put_in_place_and_the_worse_is_refused(
    copy: Callable[[str], Copy], serving: Serving
) -> None:
    """Killed while it fits, all models in place are as they were. The same command finishes: two
    models are as good as before, and that of recovery is worse, since the masses were mixed up.
    """
    for i in range(ATTEMPTS):
        own, known = copy(f"attempt-{i}"), training(serving)
        mix_masses(own.data)
        sealed = own.python("-c", "from screen.tables import seal; seal()")
        assert sealed.returncode == 0, sealed.stderr
        before = own.files()
        fits = partial(fits_more, serving, known)
        if kill_when(fits, TRAINING, own.folder, own.env, pause=0.2):
            break
    else:
        pytest.fail(f"{ATTEMPTS} runs ended before they were killed")
    assert own.files() == before
    said = own.train()
    for name, decision in DECIDED.items():
        assert f"{name}: {decision}" in said, said
    after = own.files()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"lithiophilic_model.json", "performance_model.json", "datasets.toml"}
    assert own.works()


DECIDED = {
    "Lithiophilic": "put in place",
    "Recovery": "refused",
    "Performance": "put in place",
    "Order": "unchanged.",  # it is fitted to a table that is not here
}
