"""Where tasks run: one after another in the flow's own process, or on a Dask cluster."""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from prefect import Task

from flows.parameters import Screening
from screen.errors import NetworkError, ScreenError, UsageError

Spread = Callable[["Task[..., Any]", Sequence[Mapping[str, Any]], Callable[[int], None]], list[Any]]
"""Runs a task once for each set of arguments; tells how many are done; results in their order."""

_ANSWER_S = 10.0


@contextmanager
def engine(options: Screening) -> Iterator[Spread]:
    """What spreads the tasks of a flow.

    Raises:
        NetworkError: if the Dask scheduler does not answer.
    """
    if options.runner == "local":
        yield _here
        return
    try:
        from prefect_dask.task_runners import DaskTaskRunner  # an extra
    except ImportError as error:
        raise UsageError(
            "the runner dask is not installed; pip install 'screen-anode-interfaces[dask]'"
        ) from error
    for name in ("distributed", "distributed.nanny"):
        logging.getLogger(name).setLevel(logging.ERROR)  # a slow farewell is no fault
    if options.address is not None:
        _check_address(options.address)
        runner: Any = DaskTaskRunner(address=options.address)
    else:
        runner = DaskTaskRunner(
            cluster_kwargs={
                "n_workers": options.workers,
                "threads_per_worker": 1,
                "dashboard_address": None,
                "silence_logs": "ERROR",
                "host": "127.0.0.1",
            }
        )
    with runner:
        yield lambda task, arguments, tell: _on(runner, task, arguments, tell)


def _here(
    task: "Task[..., Any]", arguments: Sequence[Mapping[str, Any]], tell: Callable[[int], None]
) -> list[Any]:
    results = []
    for given in arguments:
        results.append(task(**given))
        tell(len(results))
    return results


def _on(
    runner: Any,
    task: "Task[..., Any]",
    arguments: Sequence[Mapping[str, Any]],
    tell: Callable[[int], None],
) -> list[Any]:
    futures = [runner.submit(task, parameters=dict(given)) for given in arguments]
    results = []
    for future in futures:
        try:
            results.append(future.result())
        except ScreenError:
            raise
        except Exception as error:  # Dask has its own for each way to lose a worker
            said = (str(error).strip() or type(error).__name__).split("\n")[0][:100]
            raise ScreenError(
                f"a worker was lost ({type(error).__name__}: {said}); what was done is kept, and "
                "the same command goes on"
            ) from error
        tell(len(results))
    return results


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise UsageError(f"Dask address {address!r}: give it as tcp://host:port")
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError as error:
        raise NetworkError(
            f"no Dask scheduler answers at {address} ({error.strerror or error}); start it with "
            "'dask scheduler', or leave the address out for a local cluster"
        ) from error
