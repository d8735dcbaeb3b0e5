"""All of it: pull, train, screen, say what changed, and accept."""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows import tasks
from flows.parameters import TrainChoice, Weekly, WeeklyChoice, chosen, fixed, told
from flows.screening import screen_one
from flows.snapshot import snapshot_flow
from flows.task_runners import engine
from flows.training import training_flow
from screen.options import PullChoice

DEFAULT = WeeklyChoice()


@flow(name="weekly", validate_parameters=False)
def weekly_flow(options: WeeklyChoice = DEFAULT) -> list[str]:
    """Everything in its order; nothing is told or accepted unless all runs are whole and checked.

    Returns:
        The folders of the runs.
    """
    wanted = chosen(Weekly, WeeklyChoice, options, fixed())
    wanted.requests()  # what is wrong with them shows before the pull
    if wanted.pull is not None:
        wanted = wanted.model_copy(update={"source": snapshot_flow(told(PullChoice, wanted.pull))})
    if wanted.train is not None:
        training_flow(told(TrainChoice, wanted.train))
    with engine(wanted) as spread:
        runs = [screen_one(wanted, request, spread) for request in wanted.requests()]
    summaries = [tasks.changes(run, wanted.top) for run in runs]
    for run, summary in zip(runs, summaries, strict=True):
        create_markdown_artifact(summary, key=f"changes-{Path(run).name.split('-')[0]}")
    if wanted.webhook is not None:
        text = "\n\n".join(summaries)
        tasks.post({"event": "weekly", "runs": runs, "summary": text})
    for run in runs:
        tasks.accept(run)
    return runs
