"""The pull as a flow."""

from prefect import flow, get_run_logger

from flows import tasks
from flows.parameters import Pull, checked

DEFAULT = Pull()


@flow(name="snapshot", validate_parameters=False)
def snapshot_flow(options: Pull = DEFAULT) -> str:
    """Pull what is new, if anything is; the path of the newest snapshot."""
    path = tasks.pull(checked(Pull, options).model_dump(mode="json"))
    get_run_logger().info("snapshot: %s", path)
    return path
