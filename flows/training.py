"""Fitting the models anew as a flow."""

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows import tasks
from flows.parameters import Train, TrainChoice, chosen, fixed

DEFAULT = TrainChoice()


@flow(name="training", validate_parameters=False)
def training_flow(options: TrainChoice = DEFAULT) -> str:
    """Fit anew, measure, and put in place unless worse; what was decided."""
    wanted = chosen(Train, TrainChoice, options, fixed().train)
    decided = tasks.train(wanted.model_dump(mode="json"))
    get_run_logger().info(decided)
    create_markdown_artifact(f"# Training\n\n{decided}\n", key="training")
    return decided
