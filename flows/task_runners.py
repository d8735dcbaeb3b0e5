"""Where tasks run: one after another in the flow's own process, or on a Dask cluster."""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from prefect import Task

from flows.parameters import Screening
from screen.errors import NetworkError, ScreenError, UsageError

Each = Callable[["Task[..., Any]", Sequence[Mapping[str, Any]], Callable[[int], None]], list[Any]]
"""Runs a task once for each set of arguments; tells how many are done; results in their order."""

_ANSWER_S = 10.0
_HANDSHAKE_S = 30.0
_MEND = "mend --address, or leave it out for a local cluster"


@dataclass(frozen=True)
class Spread:
    """What spreads the tasks of a flow, and over how many workers as far as is known."""

    each: Each
    workers: int = 1


@contextmanager
def engine(options: Screening) -> Iterator[Spread]:
    """What spreads the tasks of a flow.

    Raises:
        NetworkError: if the Dask scheduler does not answer.
    """
    if options.runner == "local":
        yield Spread(_here)
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
        runner: Any = DaskTaskRunner(
            address=options.address, client_kwargs={"timeout": f"{_HANDSHAKE_S:.0f}s"}
        )
    else:
        runner = DaskTaskRunner(
            cluster_kwargs={
                "n_workers": options.workers,
                "threads_per_worker": 1,
                "dashboard_address": None,
                "silence_logs": "CRITICAL",  # a lost worker is raised; its farewell is no fault
                "host": "127.0.0.1",
            }
        )
    with runner:
        try:
            workers = max(len(runner.client.nthreads()), options.workers)
        except (OSError, ImportError, ValueError) as error:  # what Dask raises of strangers
            raise NetworkError(
                f"the Dask scheduler at {options.address} cannot be used; {_MEND}"
            ) from error
        yield Spread(partial(_on, runner), workers)


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
        with socket.create_connection((host, port), timeout=_ANSWER_S) as connection:
            # A scheduler greets at once; a client of it would wait for that without end.
            greeted = parts.scheme != "tcp" or bool(connection.recv(1))
    except TimeoutError:
        greeted = False
    except OSError as error:
        raise NetworkError(
            f"no Dask scheduler answers at {address} ({error.strerror or error}); start it with "
            "'dask scheduler', or leave the address out for a local cluster"
        ) from error
    if not greeted:
        raise NetworkError(f"what is at {address} is no Dask scheduler; {_MEND}")
