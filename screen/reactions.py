"""Chemical equations: balanced in whole numbers, with their energy per mole.

The one writer of reactions, for the terminal, the page and Markdown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import gcd, lcm

from screen.composition import DOUBLED, parse_formula
from screen.formatting import quantity
from screen.units import KJ_MOL_PER_EV

Amounts = Sequence[tuple[str, float]]
"""Formulas and how many reduced formula units of each."""

MOLECULES = {element: f"{element}2" for element in ("H", "N", "O", "F", "Cl", "Br", "I")}
"""Elements that are written as molecules of two atoms."""

_OF_TWO = frozenset({*MOLECULES.values(), *DOUBLED.values()})

_NOTHING = 1e-7
"""Amounts below this part of the largest are rounding."""
_MULTIPLES = 400
"""Of the smallest amount so many, among which whole numbers are looked for before they are solved
for."""
_DENOMINATOR = 20_000
"""Largest denominator of the parts of an amount that the balance does not settle."""
_CLOSE = 1e-5
"""How far, relative to the largest, a solved amount may be from the one that was given."""


@dataclass(frozen=True)
class Equation:
    """A balanced reaction: whole numbers of formula units, without a common factor.

    Attributes:
        left, right: number and formula of each reactant and product; both empty where nothing
            reacts.
        energy_kj_mol: per mole of the equation as it is written; NaN where it is not known.
    """

    left: tuple[tuple[int, str], ...] = ()
    right: tuple[tuple[int, str], ...] = ()
    energy_kj_mol: float = 0.0

    def __bool__(self) -> bool:
        """Whether anything reacts."""
        return bool(self.left)

    def __str__(self) -> str:
        """As "ZnO + 3 Li -> Li2O + LiZn"; empty where nothing reacts."""
        left, right = (
            " + ".join(name if number == 1 else f"{number} {name}" for number, name in side)
            for side in (self.left, self.right)
        )
        return f"{left} -> {right}" if self else ""

    @property
    def said(self) -> str:
        """The equation with its energy, as "ZnO + 3 Li -> Li2O + LiZn (-257 kJ/mol)"."""
        if not self or math.isnan(self.energy_kj_mol):
            return str(self)
        return f"{self} ({quantity(self.energy_kj_mol, 'energy_kj_mol')})"


def written(amount: float, formula: str) -> str:
    """An amount of a substance as text, "2 LiZn": to four digits, an element as its molecule.

    Args:
        amount: reduced formula units.
    """
    formula = MOLECULES.get(formula, formula)
    amount /= units_in(formula)
    return formula if abs(amount - 1) < 5e-5 else f"{amount:.4g} {formula}"


def units_in(name: str) -> int:
    """Reduced formula units in a substance as it is written: two in O2 and Li2O2."""
    return 2 if name in _OF_TWO else 1


@cache
def atoms_of(formula: str) -> tuple[tuple[str, int], ...]:
    """Symbols and counts in one formula unit, reduced, by symbol."""
    return tuple(sorted(parse_formula(formula).items()))


def balance(reactants: Amounts, products: Amounts, energy_ev: float = math.nan) -> Equation:
    """The equation of a reaction whose amounts are known as decimals.

    What stands on both sides is counted on one, and negative amounts on the other.

    Args:
        reactants, products: formulas, as all tables have them, and reduced formula units of each,
            which hold the same atoms but for rounding.
        energy_ev: what the reaction of these amounts gains (below zero) or costs, eV.

    Raises:
        ValueError: if they do not.
    """
    amounts: dict[tuple[tuple[str, int], ...], float] = {}
    names: dict[tuple[tuple[str, int], ...], str] = {}
    for sign, side in ((1, products), (-1, reactants)):
        for formula, amount in side:
            key = atoms_of(formula)
            amounts[key] = amounts.get(key, 0.0) + sign * amount
            names[key] = formula
    largest = max((abs(amount) for _, amount in (*reactants, *products)), default=0.0)
    amounts = {key: x for key, x in amounts.items() if abs(x) > _NOTHING * largest}
    if not amounts:
        return Equation()
    unit = max(map(abs, amounts.values()))
    shares = [amount / unit for amount in amounts.values()]
    numbers = _small(shares)
    if not _balanced(numbers, list(amounts)):
        numbers = _whole(_solved(shares, list(amounts)))
    species = [names[key] for key in amounts]
    molecules = [MOLECULES.get(name, name) for name in species]
    halves = [units_in(name) for name in molecules]
    written = _lowest([n * 2 // half for n, half in zip(numbers, halves, strict=True)])
    place = shares.index(max(shares, key=abs))
    parts = list(zip(written, molecules, strict=True))
    return Equation(
        tuple((-number, name) for number, name in parts if number < 0),
        tuple((number, name) for number, name in parts if number > 0),
        energy_ev * abs(written[place]) * halves[place] / unit * KJ_MOL_PER_EV,
    )


def _small(shares: Sequence[float]) -> list[int]:
    """Whole numbers in nearly these proportions, as small as possible; they may not balance."""
    least = min(map(abs, shares))
    parts = [share / least for share in shares]
    for times in range(1, _MULTIPLES + 1):
        for part in parts:
            amount = times * part
            if not abs(amount - round(amount)) < _CLOSE:
                break
        else:
            return [round(times * part) for part in parts]
    return [1] * len(shares)


def _whole(fractions: Sequence[Fraction]) -> list[int]:
    """Fractions as whole numbers in the same proportions, without a common factor."""
    scale = lcm(*(fraction.denominator for fraction in fractions))
    return _lowest([int(fraction * scale) for fraction in fractions])


def _lowest(numbers: Sequence[int]) -> list[int]:
    """Whole numbers without their common factor."""
    common = gcd(*numbers) or 1
    return [number // common for number in numbers]


def _balanced(numbers: Sequence[int], species: Sequence[tuple[tuple[str, int], ...]]) -> bool:
    """Whether every element cancels."""
    total: dict[str, int] = {}
    for number, own in zip(numbers, species, strict=True):
        for symbol, count in own:
            total[symbol] = total.get(symbol, 0) + number * count
    return not any(total.values())


def _solved(
    shares: Sequence[float], species: Sequence[tuple[tuple[str, int], ...]]
) -> list[Fraction]:
    """Exact amounts that balance, next to those given, by Gauss and Jordan in fractions.

    Raises:
        ValueError: if there are none.
    """
    atoms = [dict(own) for own in species]
    rows = [
        [Fraction(own.get(symbol, 0)) for own in atoms]
        for symbol in sorted({symbol for own in atoms for symbol in own})
    ]
    # The largest stays free, as do others that the balance does not settle: these are rounded.
    columns = sorted(range(len(atoms)), key=lambda i: abs(shares[i]))
    pivots: list[int] = []
    for column in columns:
        place = len(pivots)
        found = next((i for i in range(place, len(rows)) if rows[i][column]), None)
        if found is None:
            continue
        rows[place], rows[found] = rows[found], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for i, row in enumerate(rows):
            if i != place and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[place], strict=True)]
        pivots.append(column)
    solved = [Fraction(share).limit_denominator(_DENOMINATOR) for share in shares]
    free = [i for i in columns if i not in pivots]
    for row, column in zip(rows, pivots, strict=False):
        solved[column] = -sum((row[i] * solved[i] for i in free), Fraction(0))
    off = max(abs(float(one) - share) for one, share in zip(solved, shares, strict=True))
    if off > _CLOSE:
        raise ValueError("the two sides do not hold the same atoms")
    return solved
