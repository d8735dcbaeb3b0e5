"""From options to settings and to the case of some formulas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from screen.settings import Settings


ROBUST = 200
"""Draws that --robust asks for."""


class StructureRuns(NamedTuple):
    """What is computed atom by atom, as options give it; False is not given."""

    barrier: bool = False
    surface: bool = False
    calculator: str | None = None
    workers: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Settings by name: those of the options that were given."""
        return {name: value for name, value in self._asdict().items() if value is not False}


def settings_of(
    config: Path | None,
    anode: str | None,
    electrolyte: list[str] | None,
    engine: str | None,
    seed: int | None = None,
    cell: dict[str, Any] | None = None,
    runs: StructureRuns = StructureRuns(),  # noqa: B008 (cannot change)
    *,
    keep_doubtful: bool = False,
    energies: str | None = None,
    samples: int | None = None,
    hand_weighted: bool = False,
    robust: bool = False,
) -> Settings:
    """Settings of the configuration file, overruled by the options that were given."""
    from screen.settings import load_settings
    from screen.tables import anode_of

    symbol = anode_of(anode).symbol if anode is not None else None
    chosen = tuple(electrolyte) if electrolyte else None
    return load_settings(
        config,
        anode=symbol,
        electrolytes=chosen,
        engine=engine,
        seed=seed,
        cell=cell,
        energies=energies,
        samples=samples,
        doubtful_phases="keep" if keep_doubtful else None,
        order="hand_weighted" if hand_weighted else None,
        robust=ROBUST if robust else None,
        **runs.given,
    )
