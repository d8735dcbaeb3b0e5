"""The screening as a flow: plan, describe in batches, then predict, rank, check and write."""

import shlex
import sys
import time
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows import tasks
from flows.parameters import Screening, ScreeningChoice, chosen, fixed, masked
from flows.task_runners import Spread, engine
from screen import batches, weekly
from screen.batches import Request

_TOLD_S = 2.0
_SHOWN = 10


DEFAULT = ScreeningChoice()


@flow(name="screening", validate_parameters=False)
def screening_flow(options: ScreeningChoice = DEFAULT) -> list[str]:
    """Screen for each anode metal; the folders of the runs."""
    wanted = chosen(Screening, ScreeningChoice, options, fixed())
    requests = wanted.requests()
    with engine(wanted) as spread:
        return [screen_one(wanted, request, spread) for request in requests]


def screen_one(wanted: Screening, request: Request, spread: Spread) -> str:
    """The run of one anode metal, with its artifacts; the folder."""
    anode, log = request.settings.anode, get_run_logger()
    plan = tasks.plan(request.model_dump(mode="json"), wanted.batch, spread.workers)
    structures = batches.structure_batches(Path(plan))
    atomistic = spread.each(
        tasks.structures,
        [{"plan": plan, "kind": kind, "rows": rows} for kind, rows in structures],
        _Progress(f"structures-{anode.lower()}", len(structures)),
    )
    count = len(batches.read_plan(Path(plan)).batches)
    spread.each(
        tasks.describe,
        [{"plan": plan, "batch": i} for i in range(count)],
        _Progress(f"describe-{anode.lower()}", count),
    )
    folder = tasks.judge_and_write(plan, atomistic, str(wanted.results), command())
    log.info("written: %s", folder)
    publish(anode, Path(folder))
    return folder


def publish(anode: str, folder: Path) -> None:
    """The best of each role as tables, and where all of it is."""
    for role, rows in weekly.best(folder, _SHOWN).items():
        key = f"best-{anode}-{role}".lower()
        create_table_artifact(rows, key=key, description=f"{role} for {anode}: {folder.name}")
    create_markdown_artifact(weekly.summary(folder, _SHOWN), key=f"run-{anode.lower()}")


def command() -> str:
    """What the manifest holds as the command: the one that was typed, or that of the schedule."""
    if Path(sys.argv[0]).parts[-2:] == ("flows", "__main__.py"):
        return shlex.join(["python", "-m", "flows", *masked(sys.argv[1:])])
    return "python -m flows.serve"


class _Progress:
    """A bar in Prefect's page, told at most every few seconds."""

    def __init__(self, key: str, count: int) -> None:
        self.count, self.told = count, time.monotonic()
        self.artifact: Any = None
        if count > 1:
            self.artifact = create_progress_artifact(0.0, key=key, description="batches described")

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if self.artifact is None or (now - self.told < _TOLD_S and done < self.count):
            return
        self.told = now
        update_progress_artifact(self.artifact, progress=100.0 * done / self.count)
