"""Fitting the models anew as a flow."""

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows import tasks
from flows.parameters import Train, checked

DEFAULT = Train()


@flow(name="training", validate_parameters=False)
def training_flow(options: Train = DEFAULT) -> str:
    """Fit anew, measure, and put in place unless worse; what was decided."""
    decided = tasks.train(checked(Train, options).model_dump(mode="json"))
    get_run_logger().info(decided)
    create_markdown_artifact(f"# Training\n\n{decided}\n", key="training")
    return decided
