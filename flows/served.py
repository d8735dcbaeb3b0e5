"""The process of one run of a served flow: `python -m flows.served ID NAME`."""

import os
import sys
from uuid import UUID

from flows import quiet, server
from flows.__main__ import flow_of
from screen.errors import ScreenError


def main(run_id: str, name: str) -> int:
    """Run a flow of ours as the flow run that is waiting on the server.

    Of that run, the server says the parameters; they are checked by the flow.
    """
    server.end_with(os.getppid())
    quiet.install()
    flow = flow_of(name)
    from prefect.exceptions import Abort, Pause
    from prefect.flow_engine import load_flow_run, run_flow

    try:
        run_flow(flow, flow_run=load_flow_run(UUID(run_id)))
    except (ScreenError, Abort, Pause):
        return 0  # it stands in the run's state and log
    except Exception as error:  # also in the log, if the server could be reached
        print(f"run {run_id} of {name!r}: {type(error).__name__}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
