"""What phases are open to: an anode metal at a voltage, or an element at a chemical potential."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from screen.composition import INDEX
from screen.errors import UsageError
from screen.tables import anode_of

HIGHEST_V = 20.0
"""Above, nothing changes any more: of all phases of the Materials Project of 2019 none gives off an
anode metal at a higher voltage (Li: below 9.7 V, the highest is 19.1 V, of K2PaF7)."""
LOWEST_MU_EV = -40.0
"""eV per atom; the same for every element (the lowest is -31.1 eV, of Rb in Rb2PaF7)."""
MOST_STEPS = 1001

Levels = float | str | Iterable[float]
"""One value, several, or a range as START:STOP:STEP."""


@dataclass(frozen=True)
class Reservoir:
    """An element that phases may take up or give off.

    Attributes:
        symbol: of the element.
        valence: electrons per atom of an anode metal, which is asked about by voltage; 0 of another
            element, which is asked about by chemical potential.
        values: V, or eV per atom relative to the element.
    """

    symbol: str
    valence: int
    values: tuple[float, ...]

    @classmethod
    def of_metal(cls, anode: str, voltage: Levels) -> Reservoir:
        """An anode metal at voltages against itself.

        Raises:
            UsageError: for an unknown metal, a malformed range, and voltages that have no answer.
        """
        metal = anode_of(anode)
        return cls(metal.symbol, metal.valence, _levels("voltage", "V", voltage, 0.0, HIGHEST_V))

    @classmethod
    def of_element(cls, symbol: str, mu: Levels) -> Reservoir:
        """An element at chemical potentials relative to itself.

        Raises:
            UsageError: for an unknown element, a malformed range, and values that have no answer.
        """
        return cls(element_of(symbol), 0, _levels("mu", "eV", mu, LOWEST_MU_EV, 0.0))

    @property
    def element(self) -> int:
        """Its index in SYMBOLS."""
        return INDEX[self.symbol]

    @property
    def kind(self) -> str:
        """What it is called in answers."""
        return "anode" if self.valence else "reservoir"

    @property
    def scale(self) -> str:
        """What its values are called in answers."""
        return "voltage" if self.valence else "mu_ev"

    @property
    def mu(self) -> list[float]:
        """Its chemical potentials, eV per atom relative to the element."""
        return [-self.valence * value if self.valence else value for value in self.values]

    def said(self, value: float) -> str:
        """One of its values in words."""
        return f"{value:g} V" if self.valence else f"a chemical potential of {value:g} eV"


def reservoir_of(
    metal: str,
    anode: str | None,
    voltage: Levels | None,
    reservoir: str | None,
    mu: Levels | None,
) -> Reservoir | None:
    """What an interface is open to; None if it is closed.

    Args:
        metal: the anode metal that holds where none is named.
        anode: the one that was named.

    Raises:
        UsageError: for what does not go together, and as `of_metal` and `of_element`.
    """
    if voltage is not None and (reservoir is not None or mu is not None):
        raise UsageError("voltage and reservoir: an interface is open to one element at a time")
    if (reservoir is None) != (mu is None):
        raise UsageError(
            "reservoir and mu go together: an element, such as O, and its chemical potential, "
            "such as -1"
        )
    if voltage is not None:
        return Reservoir.of_metal(metal, voltage)
    if anode is not None:
        raise UsageError(f"anode {anode} without a voltage: give it, such as 0, or leave both out")
    if reservoir is None or mu is None:
        return None
    return Reservoir.of_element(reservoir, mu)


def element_of(symbol: str) -> str:
    """The symbol of an element, however it is typed.

    Raises:
        UsageError: if there is no such element.
    """
    found = symbol.strip().capitalize()
    if found not in INDEX:
        raise UsageError(f"unknown element {symbol!r}; give a symbol, such as O")
    return found


def _levels(name: str, unit: str, given: Levels, low: float, high: float) -> tuple[float, ...]:
    if isinstance(given, str):
        values = _range(name, given)
    else:
        values = [given] if isinstance(given, int | float) else [float(value) for value in given]
    for value in values:
        if not math.isfinite(value):
            raise UsageError(f"{name} {value}: give {low:g} to {high:g} {unit}")
        if not low <= value <= high:
            plates = (unit == "V" and value < low) or (unit == "eV" and value > high)
            why = "the element itself forms there" if plates else "no phase changes there any more"
            raise UsageError(
                f"{name} {value:g} {unit}: {why}; allowed are {low:g} to {high:g} {unit}"
            )
    return tuple(float(value) for value in values)


def _range(name: str, text: str) -> list[float]:
    """A number, or START:STOP:STEP with both ends."""
    form = f"{name} {text!r}: give a number or START:STOP:STEP, such as 0:2:0.1"
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        raise UsageError(form) from None
    if len(parts) == 1 and math.isfinite(parts[0]):
        return parts
    if len(parts) != 3 or not all(map(math.isfinite, parts)):
        raise UsageError(form)
    start, stop, step = parts
    if step == 0 or (stop - start) / step < 0:
        raise UsageError(f"{name} {text!r}: the step does not lead from {start:g} to {stop:g}")
    steps = math.floor((stop - start) / step + 1e-9) + 1
    if steps > MOST_STEPS:
        raise UsageError(f"{name} {text!r}: {steps:,} values; at most {MOST_STEPS:,} are allowed")
    return [round(start + i * step, 12) for i in range(steps)]
