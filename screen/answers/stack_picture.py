"""A picture of the voltage across anode metal, film and electrolyte, in text."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from screen.formatting import number
from screen.report.terminal import BAD, GOOD
from screen.units import DECIMALS

_AXIS, _METAL, _LAYER = 10, 9, 27
"""Columns of the screen for the scale, the anode metal, and at most for each other layer."""
_STEPS = 5
"""Lines over which the voltage rises across a film that blocks electrons."""
_LINE, _DASH = "─", "╌"


@dataclass(frozen=True)
class Picture:
    """What is drawn; voltages are against the anode metal, V.

    Attributes:
        metal, film, electrolyte: names of the layers.
        film_is, electrolyte_is: a few words below the names.
        at_v: of the electrolyte's side of the film; None where it is not known.
        limit_v: lower end of the electrolyte's window.
        reached: whether the film reaches it, as the verdict has it.
    """

    metal: str
    film: str
    electrolyte: str
    film_is: str
    electrolyte_is: str
    at_v: float | None
    limit_v: float
    reached: bool

    def lines(self, width: int) -> list[tuple[str, str]]:
        """The lines of the picture and the colour of each; none wider than `width`."""
        layer = min(_LAYER, (width - _AXIS - _METAL - 2) // 2)
        names = [self.metal, self.film, self.electrolyte]
        if max(map(cell_len, names)) > layer:
            names[1:] = ["film", "electrolyte"]
        words = [
            text if cell_len(text) <= layer else ""
            for text in ("", self.film_is, self.electrolyte_is)
        ]
        head = [(_centred(texts, layer), "") for texts in (names, words, ["", "", ""])]
        return [*head, *self._voltages(layer)]

    def _voltages(self, layer: int) -> list[tuple[str, str]]:
        """The lines of the voltage, the highest first."""
        if self.at_v is None:
            unknown = _row(_volts(0.0), _LINE * _METAL, " " * layer, "not known".center(layer))
            return [(unknown, "")]
        colour = GOOD if self.reached else BAD
        last = _STEPS - 1 if self.at_v > 0 else 0
        rows = []
        for step in range(last, -1, -1):
            first, end = layer * step // (last + 1), layer * (step + 1) // (last + 1)
            film = " " * first + _LINE * (end - first) + " " * (layer - end)
            beyond = _LINE * layer if step == last else " " * layer
            metal = _LINE * _METAL if step == 0 else " " * _METAL
            label = _volts(self.at_v) if step == last else _volts(0.0) if step == 0 else ""
            rows.append((_row(label, metal, film, beyond), colour if step == last else ""))
        if self.limit_v > self.at_v:
            nothing = " " * _METAL, " " * layer
            limit = _row(_volts(self.limit_v), *nothing, _DASH * layer)
            rows = [(limit, ""), (_row("", *nothing, " " * layer), ""), *rows]
        return rows


def _volts(value: float) -> str:
    return f"{number(value, DECIMALS['V'])} V"


def _centred(texts: list[str], layer: int) -> str:
    metal, *others = texts
    return _row("", metal.center(_METAL), *(text.center(layer) for text in others))


def _row(label: str, metal: str, film: str, electrolyte: str) -> str:
    return f"{label:>{_AXIS - 1}} {metal}│{film}│{electrolyte}".rstrip()
