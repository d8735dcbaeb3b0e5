"""The pull as a flow."""

from prefect import flow, get_run_logger

from flows import tasks
from flows.parameters import chosen, fixed
from screen.options import Pull, PullChoice

DEFAULT = PullChoice()


@flow(name="snapshot", validate_parameters=False)
def snapshot_flow(options: PullChoice = DEFAULT) -> str:
    """Pull what is new, if anything is; the path of the newest snapshot."""
    wanted = chosen(Pull, PullChoice, options, fixed().pull)
    path = tasks.pull(wanted.model_dump(mode="json"))
    get_run_logger().info("snapshot: %s", path)
    return path
