"""The two ways to solve the phase equilibria: the compiled kernel, and pymatgen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from screen.thermo import by_pymatgen, hull, interface, open_interface, window
from screen.thermo.hull import Decompositions
from screen.thermo.interface import Reactions
from screen.thermo.open_interface import OpenReactions
from screen.thermo.window import Profiles


@dataclass(frozen=True)
class Engine:
    """Four answers with one signature each: `hull.decompose`, `window.profiles`,
    `interface.react`, `open_interface.react_open`.
    """

    decompose: Callable[..., Decompositions]
    profiles: Callable[..., Profiles]
    react: Callable[..., Reactions]
    react_open: Callable[..., OpenReactions]


ENGINES: dict[str, Engine] = {
    "kernel": Engine(hull.decompose, window.profiles, interface.react, open_interface.react_open),
    "pymatgen": Engine(
        by_pymatgen.decompose, by_pymatgen.profiles, by_pymatgen.react, by_pymatgen.react_open
    ),
}
