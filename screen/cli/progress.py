"""How far a command is: a bar on a terminal, lines of what takes long elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from screen.cli.output import say

_COUNTED = {"describing": "candidates", "robustness": "draws"}
"""What is counted in a step, where it is not structures."""
_STEPS = ("reading", "ranking", "cross-check", "writing")


@contextmanager
def step_progress(quiet: bool) -> Iterator[Callable[..., None]]:
    """A bar with the name of the step, on a terminal; elsewhere lines of what takes long."""

    def line(step: str, done: int = 0, of: int = 0) -> None:
        if of and not quiet:
            say(f"{step}: {done} of {of} {_COUNTED.get(step, 'structures')}")

    if quiet or not sys.stderr.isatty():
        yield line
        return
    from rich.console import Console
    from rich.progress import Progress

    from screen.descriptors import asked
    from screen.settings import Settings

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=len(asked(Settings())) + len(_STEPS))

        def tell(step: str, done: int = 0, of: int = 0) -> None:
            many = f" {done}/{of}" if of else ""
            bar.update(task, description=step + many, advance=0 if of else 1)

        yield tell


@contextmanager
def part_progress(what: str) -> Iterator[Callable[..., None]]:
    """A bar of the parts of a long task, on a terminal; elsewhere a line as each begins.

    Args:
        what: is done, as in "fitting".
    """
    begun: set[str] = set()

    def line(part: str, *_: int) -> None:
        if part not in begun:
            say(f"{what}: {part}")
        begun.add(part)

    if not sys.stderr.isatty():
        yield line
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(part: str, done: int = 0, of: int = 0) -> None:
            bar.update(task, description=f"{what}: {part}", completed=done, total=of or None)

        yield tell


@contextmanager
def page_progress(
    quiet: bool,
) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Where faults are told, and a bar of pages with rate and time left (on a terminal only)."""
    tell: Callable[[str], None] = (lambda _: None) if quiet else say
    if quiet or not sys.stderr.isatty():
        yield tell, lambda *_: None
        return
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        """Pages per second."""

        def render(self, task: progress.Task) -> Text:
            """As text; nothing before there is a rate."""
            speed = task.finished_speed or task.speed
            return Text(f"{speed:.1f} pages/s" if speed else "")

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("pages"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task("pages", total=None)
        yield console.print, lambda done, of: bar.update(task, completed=done, total=of)
