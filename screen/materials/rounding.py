"""Amounts that were rounded when they were printed: which exact composition is meant.

Li0.33La0.557TiO3 holds one lithium of 330 too many for the charges of its ions, and so has no
window at all; what is meant is Li3La5Ti9O27.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor, gcd, lcm, prod

from screen.composition import Amount, Compositions
from screen.phases import Phases

FINE = Fraction(1, 100)
"""Amounts with one decimal, as in Li1.3Al0.3Ti1.7(PO4)3, are meant so; with more, rounded."""
NEAR = Fraction(3, 2)
"""Steps of the last digit that an amount may be off: rounded, it differs by one at most."""
LARGEST = 120
"""Formula units, as typed, of the largest composition that is looked for."""
HIGHEST = 6
"""Charge beyond which no ion of a solid is taken for granted."""
_MOST_TRIED = 200_000
_ANIONS = {"O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N"}

Counts = dict[str, int]


def exact(typed: Mapping[str, Amount], phases: Phases | None) -> Counts | None:
    """The exact composition that rounded amounts mean; None if they are exact themselves.

    A phase of the table whose amounts round to those typed comes first; then, if the typed
    amounts could be those of a compound whose charges balance, but are not, the smallest such
    compound of which no amount, rounded alike, is off by more than one in the last digit.
    """
    typed = {
        symbol: amount if amount.step <= FINE else Amount(amount.value)
        for symbol, amount in typed.items()
    }
    if not any(amount.step for amount in typed.values()):
        return None
    if phases is not None:
        own = Compositions.from_counts([_whole(typed)])
        if phases.rows_of(own)[0] >= 0:
            return None
        found = _phase(typed, phases)
        if found is not None:
            return found
    return _neutral(typed)


def _whole(typed: Mapping[str, Amount]) -> Counts:
    scale = lcm(*(amount.value.denominator for amount in typed.values()))
    return _reduced({symbol: int(amount.value * scale) for symbol, amount in typed.items()})


def _reduced(counts: Counts) -> Counts:
    common = gcd(*counts.values())
    return {symbol: count // common for symbol, count in counts.items()}


def _phase(typed: Mapping[str, Amount], phases: Phases) -> Counts | None:
    """The phase of the table that rounds to the typed amounts; of several the nearest."""
    symbols = list(typed)
    wanted = Compositions.from_counts([dict.fromkeys(symbols, 1)]).system[0]
    best: tuple[Fraction, Counts] | None = None
    for row in (phases.compositions.system == wanted).nonzero()[0].tolist():
        counts = phases.compositions.row(row)
        off = _off(typed, counts)
        if off is not None and (best is None or off < best[0]):
            best = off, {symbol: counts[symbol] for symbol in symbols}
    return None if best is None else best[1]


def _off(typed: Mapping[str, Amount], counts: Counts) -> Fraction | None:
    """How far counts are from typed amounts, in steps; None if they do not round to them."""
    whole = [symbol for symbol, amount in typed.items() if not amount.step]
    base = whole[0] if whole else max(typed, key=lambda symbol: typed[symbol].value)
    unit = typed[base].value / counts[base]
    off = Fraction(0)
    for symbol, amount in typed.items():
        distance = abs(counts[symbol] * unit - amount.value)
        if distance > amount.step / 2:
            return None
        if amount.step:
            off = max(off, distance / amount.step)
    return off


def _neutral(typed: Mapping[str, Amount]) -> Counts | None:
    charges = _charges(typed)
    if charges is None:
        return None
    for units in range(1, LARGEST + 1):
        found = list(_balanced(typed, charges, units))
        if found:
            nearest = min(found, key=lambda counts: _distance(typed, counts, units))
            return _reduced(nearest)
    return None


def _distance(typed: Mapping[str, Amount], counts: Counts, units: int) -> Fraction:
    return sum(
        (
            ((Fraction(counts[symbol], units) - amount.value) / amount.step) ** 2
            for symbol, amount in typed.items()
            if amount.step
        ),
        Fraction(0),
    )


def _balanced(
    typed: Mapping[str, Amount], charges: Mapping[str, int], units: int
) -> Iterator[Counts]:
    """Whole-number compositions of some formula units, near the typed one, without a charge."""
    ranges: dict[str, Sequence[int]] = {}
    for symbol, amount in typed.items():
        low, high = ((amount.value + sign * NEAR * amount.step) * units for sign in (-1, 1))
        ranges[symbol] = range(max(ceil(low), 1), floor(high) + 1)
    if not all(ranges.values()):
        return
    last = max(ranges, key=lambda symbol: len(ranges[symbol]))
    others = {symbol: ranges[symbol] for symbol in ranges if symbol != last}
    if prod(len(choices) for choices in others.values()) > _MOST_TRIED:
        return
    for picked in product(*others.values()):
        counts = dict(zip(others, picked, strict=True))
        charge = sum(charges[symbol] * count for symbol, count in counts.items())
        count, rest = divmod(-charge, charges[last])
        if not rest and count in ranges[last]:
            yield {symbol: count if symbol == last else counts[symbol] for symbol in typed}


def _charges(typed: Mapping[str, Amount]) -> dict[str, int] | None:
    """One charge for each element with which the typed amounts nearly balance, as far as they are
    rounded; None if there are none, or if they balance exactly.

    Of the common oxidation states in solids, those that leave the least charge.
    """
    if not typed.keys() & _ANIONS:
        return None
    from pymatgen.core import Element  # noqa: PLC0415 (takes a second; few formulas need it)

    states = {
        symbol: [q for q in Element(symbol).common_oxidation_states if q and q <= HIGHEST]
        for symbol in typed
    }
    if prod(len(known) for known in states.values()) > _MOST_TRIED:
        return None
    best: tuple[Fraction, dict[str, int]] | None = None
    for picked in product(*states.values()):
        charges = dict(zip(states, picked, strict=True))
        left = abs(sum(charges[s] * amount.value for s, amount in typed.items()))
        if best is None or left < best[0]:
            best = left, charges
    if best is None or not best[0]:
        return None
    left, charges = best
    within = sum(abs(charges[s]) * amount.step / 2 for s, amount in typed.items())
    return charges if left <= within else None
