"""The tasks: each is one call of the science. They take and give paths, digests and plain data.

Prefect's cache is off: it takes old results for new ones when the science changes. What need not be
computed again is found by its digest in `screen.batches`.
"""

import os
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from flows import quiet
from flows.parameters import Train, fixed
from flows.webhook import LIMIT_S
from flows.webhook import post as send
from screen import batches, files, run_folder, weekly
from screen.batches import Request
from screen.descriptors.structure_runs import Reference
from screen.errors import NetworkError
from screen.frame import spare_pandas
from screen.options import Pull

# Here, since each process that runs tasks imports this module, a worker of Dask, too.
quiet.install()
spare_pandas()

PULL_HOURS = 6


def _is_network(_: "Task[..., Any]", __: TaskRun, state: "State[Any]") -> bool:
    """Whether trying again may help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, NetworkError | OSError) and not _is_final(error)


def _is_final(error: BaseException) -> bool:
    """Whether it is the key or the address, which stay wrong."""
    return "MP_API_KEY" in str(error)


@task(cache_policy=NO_CACHE, persist_result=False)
def plan(request: dict[str, Any], batch: int, workers: int) -> str:
    """Read the data and cut the candidates into batches; the path of the plan."""
    asked = Request.model_validate(request)
    return str(batches.make_plan(asked, files.home(os.environ), batch, workers))


@task(cache_policy=NO_CACHE, persist_result=False)
def describe(plan: str, batch: int) -> None:
    """Describe a batch of candidates, unless that was done before."""
    batches.describe(Path(plan), batch)


@task(cache_policy=NO_CACHE, persist_result=False)
def structures(plan: str, kind: str, rows: list[int]) -> list[Reference]:
    """Compute some candidates atom by atom, unless that was done before; where the results are."""
    return batches.compute_structures(Path(plan), kind, rows)


@task(cache_policy=NO_CACHE, persist_result=False)
def judge_and_write(plan: str, atomistic: list[list[Reference]], results: str, command: str) -> str:
    """Predict, rank, check with the other engine and write, all or nothing; the run's folder."""
    done = batches.judge(Path(plan), atomistic)
    return str(run_folder.write(done, Path(results) / done.name, command))


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=4,
    retry_delay_seconds=exponential_backoff(30),
    retry_jitter_factor=0.5,
    retry_condition_fn=_is_network,
    timeout_seconds=PULL_HOURS * 3600,
)
def pull(options: dict[str, Any]) -> str:
    """Bring what is new in the Materials Project into a snapshot; the path of the newest."""
    wanted = Pull.model_validate(options)
    return str(
        weekly.pull(
            wanted.chemsys,
            wanted.role,
            gnome=wanted.gnome,
            thermo_type=wanted.thermo_type,
            endpoint=wanted.endpoint,
            rate=wanted.rate,
        )
    )


@task(cache_policy=NO_CACHE, persist_result=False)
def train(options: dict[str, Any]) -> str:
    """Fit the models anew and put them in place unless they are worse; what was decided."""
    wanted = Train.model_validate(options)
    return weekly.train(wanted.seed, wanted.tolerance)


@task(cache_policy=NO_CACHE, persist_result=False)
def changes(run: str, top: int) -> str:
    """What changed since the last accepted run for the same anode, as Markdown."""
    return weekly.changes(Path(run), top)


@task(cache_policy=NO_CACHE, persist_result=False)
def accept(run: str) -> str:
    """Make a run the one that the next is compared with."""
    return str(weekly.accept(Path(run)))


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_is_network,
    timeout_seconds=4 * LIMIT_S,
)
def post(message: dict[str, Any]) -> int | None:
    """Send a message to the webhook, if one was given; the answer's status."""
    webhook = fixed().webhook
    return None if webhook is None else send(webhook.get_secret_value(), message)
