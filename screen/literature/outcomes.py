"""What a cell says of its material: how it was tested, and whether it did better than the control.

The rule. A figure is compared with that of the control in the same row: a critical current density,
a lifetime in hours or in cycles, a Coulombic efficiency, a nucleation overpotential, an interface
resistance. Figures within SAME of each other are the same, efficiencies within SAME_POINTS. A life
tells something only if conditions were fair: a longer one at a current and capacity no lower than
the control's is better, a shorter one at none higher is worse. A lower bound tells nothing unless
it is above the control's figure. If one is better and another worse, the figures do not decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from screen.literature.columns import OUTCOMES, Record, number_of

SAME = 1.05
"""Ratio below which two figures are the same: about what two like cells differ by."""
SAME_POINTS = 0.5
"""Percentage points of Coulombic efficiency below which two are the same."""
NOT_STATED = "not stated"
_LIVES = ("lifetime_h", "lifetime_cycles")
_LESS_IS_BETTER = ("nucleation_overpotential_mv", "interface_resistance_ohm_cm2")
_TURNS = {"better": "worse", "worse": "better", "same": "same"}


def completed(record: Record, *, unknown: str = "") -> dict[str, str]:
    """A row with the test and the outcome that its figures tell, where it states none.

    Args:
        unknown: the outcome where the figures tell none.
    """
    found = dict(record)
    try:
        told = {"test": _test_of(record), "outcome": derived(record) or unknown}
    except ValueError:  # a figure is no number, which the rules say
        return found
    return found | {name: text for name, text in told.items() if not found[name]}


def derived(record: Record) -> str:
    """The outcome that the figures of a row tell; "" if they tell none."""
    if number_of(record["lifetime_h"]) == 0 and record["lifetime_censored"] == "0":
        return "failed"
    said = {*compared(record).values()} - {"same"}
    if len(said) > 1:
        return ""
    return next(iter(said), "same" if compared(record) else "")


def compared(record: Record) -> dict[str, str]:
    """Each figure that can be compared with its control, and what that says: one of OUTCOMES."""
    own = {name: number_of(record[name]) for name in _figures()}
    control = {name: number_of(record[f"control_{name}"]) for name in _figures()}
    found = {}
    for name in _figures():
        said = _compared(name, own[name], control[name])
        bound = record["ccd_censored" if name == "ccd_ma_cm2" else "lifetime_censored"] == "1"
        if bound and name not in (*_LESS_IS_BETTER, "ce_percent") and said != "better":
            said = ""
        if name in _LIVES and not _fair(record, said):
            said = ""
        if said:
            found[name] = said
    return found


def _figures() -> tuple[str, ...]:
    return ("ccd_ma_cm2", *_LIVES, "ce_percent", *_LESS_IS_BETTER)


def _compared(name: str, own: float, control: float) -> str:
    """What two figures say; "" if one is not known."""
    if math.isnan(own) or math.isnan(control):
        return ""
    if name == "ce_percent":
        alike = abs(own - control) < SAME_POINTS
    else:
        alike = max(own, control) < SAME * min(own, control) or own == control
    said = "same" if alike else "better" if own > control else "worse"
    return _TURNS[said] if name in _LESS_IS_BETTER else said


def _fair(record: Record, said: str) -> bool:
    """Whether the conditions were fair. One that is not stated is taken as equal, since the paper
    compares the two.
    """
    for name in ("current_ma_cm2", "capacity_mah_cm2"):
        own, control = number_of(record[name]), number_of(record[f"control_{name}"])
        if (own < control and said != "worse") or (own > control and said != "better"):
            return False
    return True


def _test_of(record: Record) -> str:
    """How a cell was tested if its row does not say: by the figures that it has."""
    if any(record[name] for name in ("ccd_ma_cm2", *_LIVES, "ce_percent")):
        return "cycled"
    if record["nucleation_overpotential_mv"]:
        return "plating"
    return "impedance" if record["interface_resistance_ohm_cm2"] else "cycled"


def contradictions(record: Record) -> Iterator[tuple[str, str]]:
    """Where outcome and test do not go with the figures: column and reason. Figures are numbers."""
    yield from _of_test(record)
    outcome = record["outcome"]
    told = derived(record)
    if not outcome:
        yield "outcome", f"is empty, and the figures do not tell it; write {_or(OUTCOMES)}"
    elif outcome == "failed":
        still = [name for name in ("lifetime_censored", "ccd_censored") if record.get(name) == "1"]
        if still:
            yield "outcome", f"'failed', but {still[0]} says that it was still stable"
        elif told == "better" and not record["note"]:
            yield "outcome", f"'failed', but {_reasons(record, told)}; say in the note why"
    elif told and outcome != told and outcome in OUTCOMES:
        because = _reasons(record, told) if told != "failed" else "it lived 0 h"
        yield "outcome", f"{outcome!r}, but {because}; leave it empty, or mend the figures"


def _reasons(record: Record, told: str) -> str:
    """The figures that say so."""
    return " and ".join(
        f"{name} of {record[name]} is {said}{' than' if said != 'same' else ' as'} the control's "
        f"{record[f'control_{name}']}"
        for name, said in compared(record).items()
        if said == told
    )


def _of_test(record: Record) -> Iterator[tuple[str, str]]:
    test = record["test"]
    if test == "impedance":
        held = ("ccd_ma_cm2", *_LIVES, "ce_percent", "nucleation_overpotential_mv")
        for name in held:
            if record[name]:
                yield "test", f"'impedance', but {name} is of a cell that carried a current"
    elif test in ("one-way", "plating", "stripping"):
        if number_of(record["lifetime_cycles"]) > 1:
            yield "test", f"{test!r}, but it ran {record['lifetime_cycles']} cycles"
        if record["ce_percent"]:
            yield "test", f"{test!r}, but a Coulombic efficiency needs both ways"


def _or(words: Mapping[str, str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"
