"""What of a server's documents can be used, and why the rest cannot."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from screen.composition import tidy_formula
from screen.errors import DataError
from screen.outside import is_file_name
from screen.phases import HIGHEST_EV_ATOM, LOWEST_EV_ATOM

_LONGEST_ID = 40
_LARGEST = 1e6
"""Above any gap (eV), density (g/cm³), volume (Å³) or number of sites of a crystal's cell."""


@lru_cache(2**12)  # an id is asked for as its page is checked, then as it is taken
def normal_id(text: str) -> str:
    """One spelling for ids of the old and the new form.

    Raises:
        ValueError: for what is none.
    """
    from emmet.core.mpid import AlphaID  # noqa: PLC0415 (emmet takes a second to import)

    return str(AlphaID(text).string)


def page_fault(route: str, documents: list[Any]) -> str:
    """The first document of a page that cannot even be named, and why; "" if all can.

    Pages are kept only where all can. What else is wrong with a document costs that document.
    """
    for place, document in enumerate(documents, 1):
        if not isinstance(document, dict):
            return f"document {place} is {shown(document)}, an object is wanted"
        name = document.get("material_id")
        if not _is_id(name):
            return f"document {place} has material_id {shown(name)}, which is no id"
        if route == "thermo" and not isinstance(document.get("thermo_type"), str):
            said = shown(document.get("thermo_type"))
            return f"document {place} ({name}) has thermo_type {said}, a text is wanted"
    return ""


def _is_id(name: Any) -> bool:
    if not isinstance(name, str) or len(name) > _LONGEST_ID or not is_file_name(name):
        return False
    try:
        normal_id(name)
    except ValueError:
        return False
    return True


def energy_of(value: Any) -> float:
    """A formation energy in eV/atom.

    Raises:
        DataError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"its energy is {shown(value)}, a number is wanted")
    if not LOWEST_EV_ATOM <= value <= HIGHEST_EV_ATOM:
        raise DataError(f"its energy is {shown(value)} eV/atom, which cannot be")
    return 0.0 if abs(value) < 1e-9 else float(value)  # rounding of the reference itself


def shown(value: Any) -> str:
    """A value of a document in a few characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (RecursionError, TypeError, ValueError):
        text = type(value).__name__
    return text if len(text) <= 40 else f"{text[:37]}..."


@dataclass
class Reader:
    """Takes fields from a document; what cannot be used is missing, with its reason.

    Attributes:
        faults: field of the document and reason, of each that could not be used so far.
    """

    document: dict[str, Any]
    faults: list[tuple[str, str]] = field(default_factory=list)

    def number(
        self,
        name: str,
        *,
        above: float = -math.inf,
        least: float = -math.inf,
        most: float = _LARGEST,
    ) -> float | None:
        """A number within limits; None where it is not stated."""
        value = self.document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refused(name, value, "a number is wanted")
        elif not (least <= value <= most and above < value):
            self._refused(name, value, "which cannot be")
        else:
            return float(value)
        return None

    def flag(self, name: str) -> bool | None:
        """Yes or no; None where it is not stated."""
        value = self.document.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._refused(name, value, "true or false is wanted")
        return None

    def formula(self) -> str:
        """The formula.

        Raises:
            DataError: if there is none that can be read.
        """
        value = self.document.get("formula_pretty")
        if not isinstance(value, str):
            raise DataError(f"its formula is {shown(value)}, a text is wanted")
        return tidy_formula(value)

    def modulus(self, name: str, cap: float) -> float | None:
        """The Voigt-Reuss-Hill value of a modulus if it can be one, GPa."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._refused(name, value, "an object is wanted")
            return None
        parts = Reader(value)
        voigt, reuss, mean = (
            parts.number(part, most=math.inf) for part in ("voigt", "reuss", "vrh")
        )
        if parts.faults:
            self.faults.append((name, f"its {parts.faults[0][1]}"))
        elif voigt is None or reuss is None or mean is None:
            self.faults.append((name, "the source has no complete modulus"))
        elif not 0 < reuss <= voigt * (1 + 1e-6) or voigt > cap or not 0 < mean <= cap:
            self.faults.append((name, f"refused: Reuss {reuss:g}, Voigt {voigt:g} GPa cannot be"))
        else:
            return float(mean)
        return None

    def _refused(self, name: str, value: Any, why: str) -> None:
        self.faults.append((name, f"{name} is {shown(value)}, {why}"))
