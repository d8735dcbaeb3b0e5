"""What several tests of a process ask for alike, computed once: the phases of the reference set,
runs on them and the cards of these.

For tests of what commands do with a run. Tests of the calculation itself, and those that change
what it reads, go without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

from screen import cards, literature, pipeline, sources
from screen.phases import Phases
from screen.ranking.roles import Role
from screen.run import Run
from screen.settings import Settings
from screen.sources import REFERENCE

LOAD, RUN, EXPLAIN, PACKED = sources.load, pipeline.run, pipeline.explain, cards.packed
Progress = Callable[..., None]
_KEPT: dict[Any, tuple[Run, list[tuple[Any, ...]]]] = {}
_CARDS: dict[Any, dict[str, Any]] = {}


def computed_once(patch: pytest.MonkeyPatch) -> None:
    """Let what is asked for again be what was computed before."""
    patch.setattr(sources, "load", _load)
    patch.setattr(pipeline, "run", _run)
    patch.setattr(pipeline, "explain", _explain)
    patch.setattr(cards, "packed", _packed)


@cache
def _reference() -> Phases:
    return LOAD()


def _load(source: str = REFERENCE, *more: Any, **named: Any) -> Phases:
    asked = {*more, *named.values()}
    return (
        _reference()
        if source == REFERENCE and asked <= {None, "table"}
        else LOAD(source, *more, **named)
    )


def _run(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    *,
    progress: Progress = lambda *_: None,
    **more: Any,
) -> Run:
    def compute(told: Progress) -> Run:
        return RUN(phases, settings, roles, progress=told, **more)

    return _kept(phases, (settings, roles, more), compute, progress)


def _explain(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    formula: str,
    progress: Progress = lambda *_: None,
    own: Sequence[Any] = (),
) -> Run:
    def compute(told: Progress) -> Run:
        return EXPLAIN(phases, settings, roles, formula, told, own)

    return _kept(phases, (settings, roles, {"own": own}, formula), compute, progress)


def _kept(
    phases: Phases, asked: tuple[Any, ...], compute: Callable[[Progress], Run], progress: Progress
) -> Run:
    settings, roles, more, *formula = asked
    if phases is not _reference() or more.get("own") or literature.own_path().is_file():
        return compute(progress)
    key = repr((settings, roles, sorted(more.items()), formula))
    if key not in _KEPT:
        told: list[tuple[Any, ...]] = []
        done = compute(lambda *step: told.append(step))
        for column in done.values.columns.values():
            column.flags.writeable = False  # nobody changes what the next one is given
        _KEPT[key] = done, told
    done, told = _KEPT[key]
    for step in told:
        progress(*step)
    return done


def _packed(judged: Any, rows: Sequence[int]) -> dict[str, Any]:
    if not any(judged.values is done.values for done, _ in _KEPT.values()):
        return PACKED(judged, rows)
    key = id(judged.values), tuple(rows)
    if key not in _CARDS:
        _CARDS[key] = PACKED(judged, rows)
    return _CARDS[key]
