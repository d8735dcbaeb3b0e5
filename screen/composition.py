"""Formulas as integers: reading what people type, and many compositions as arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from math import gcd, lcm
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from screen.errors import DataError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
HashArray = npt.NDArray[np.uint64]
Scalar = TypeVar("Scalar", bound=np.generic)

SYMBOLS: tuple[str, ...] = tuple(
    """H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se
    Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy
    Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf
    Es Fm Md No Lr""".split()
)
"""Element symbols; an element is its index here (atomic number - 1) in every array."""

INDEX: dict[str, int] = {symbol: i for i, symbol in enumerate(SYMBOLS)}

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉．‑–−⁺⁻", "0123456789.---+-")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_CHARGE = re.compile(rf"(?:\^\{{?\d*[+-]\}}?|[{_SUPERSCRIPTS}]+[+-]|[+-])$")
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d+\.?\d*|\.\d+)?|([(\[{])|([)\]}])(\d+\.?\d*|\.\d+)?")
_HYDRATE = re.compile(r"(\d+\.?\d*)?(.*)")
_MAX_DENOMINATOR = 10_000
_LONG = 5
"""Decimals with as many places are taken for a rounded fraction, such as 0.33333."""
_MAX_AMOUNT = 10**9
_MAX_LENGTH = 300


DOUBLED: dict[str, str] = {
    "LiO": "Li2O2",
    "NaO": "Na2O2",
    "KO": "K2O2",
    "RbO": "Rb2O2",
    "CsO": "Cs2O2",
    "HO": "H2O2",
}
"""Peroxides as papers and pymatgen write them; as a reduced formula they read as monoxides."""
_UNDOUBLED = {name: reduced for reduced, name in DOUBLED.items()}


@dataclass(frozen=True)
class Amount:
    """An amount as it was typed.

    Attributes:
        value: exactly what stands there; of long decimals the simplest fraction that they round.
        step: one in the last digit given; zero for a whole number, also if it is typed as 1.0.
    """

    value: Fraction
    step: Fraction = Fraction(0)

    @classmethod
    def of(cls, text: str | None) -> Amount:
        """From digits; nothing means one."""
        places = len((text or "").partition(".")[2])
        value = Fraction(text or 1)
        step = Fraction(0) if value.denominator == 1 else Fraction(1, 10**places)
        return cls(_simplest(value, step / 2) if places >= _LONG else value, step)

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.value, self.step + other.step)

    def __mul__(self, times: Amount) -> Amount:
        return Amount(self.value * times.value, self.step * times.value + self.value * times.step)


def _simplest(value: Fraction, error: Fraction) -> Fraction:
    """The fraction of the smallest denominator that is no further off than an error."""

    def between(low: Fraction, high: Fraction) -> Fraction:
        whole = low.__ceil__()
        if whole <= high:
            return Fraction(whole)
        floor = low.__floor__()
        return floor + 1 / between(1 / (high - floor), 1 / (low - floor))

    return between(max(value - error, Fraction(0)), value + error) if value else value


def parse_formula(text: str) -> dict[str, int]:
    """Read a chemical formula into reduced whole numbers, keeping the order of the elements.

    Brackets, decimals, spaces, subscripts, a hydrate dot and a trailing charge are understood;
    decimals become exact fractions first, because rounded amounts have no sharp window.

    Raises:
        DataError: one line that says what could not be read and, where it can, what was meant.
    """
    return _read(text)[0]


def typed_amounts(text: str) -> dict[str, Amount]:
    """The amounts of a formula as they were typed, not reduced; those of zero are left out.

    Raises:
        DataError: as `parse_formula`.
    """
    if len(text) > _MAX_LENGTH:
        raise DataError(f"formula {text[:40]!r}... is longer than {_MAX_LENGTH} characters")
    given = text
    text = re.sub(r"\s+", "", text).translate(_PLAIN)
    if not text:
        raise DataError("empty formula: give one such as Li3PS4")
    if re.search(r"\d[+-]$", text) and "^" not in text:
        raise DataError(
            f"formula {given!r}: the digit before the sign could be an amount or a charge; "
            "write the neutral formula, or the charge as ^2+"
        )
    text = _CHARGE.sub("", text)
    amounts: dict[str, Amount] = {}
    parts = re.split(r"[·•⋅*]", text)
    if re.search(r"\d\.\d+H2O", parts[0]):
        raise DataError(
            f"formula {given!r}: the dot could be a decimal or a hydrate; write a raised dot (·) "
            "before the water, or the total amounts"
        )
    for part_number, part in enumerate(parts):
        multiplier, body = Amount.of(None), part
        if part_number:
            match = _HYDRATE.fullmatch(part)
            assert match is not None
            multiplier, body = Amount.of(match[1]), match[2]
            if not body:
                raise DataError(f"formula {given!r}: nothing follows the raised dot")
        for symbol, amount in _parse_part(body, given).items():
            amounts[symbol] = amounts.get(symbol, _NONE) + amount * multiplier
    amounts = {symbol: amount for symbol, amount in amounts.items() if amount.value}
    if not amounts:
        raise DataError(f"formula {given!r}: no element has an amount above zero")
    return amounts


_NONE = Amount(Fraction(0))


def _parse_part(text: str, given: str) -> dict[str, Amount]:
    stack: list[tuple[str, dict[str, Amount]]] = [("", {})]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise DataError(_unreadable(given, text, position))
        symbol, amount, opening, closing, repeat = match.groups()
        if symbol:
            if symbol not in INDEX:
                raise DataError(_unknown_element(given, symbol))
            group = stack[-1][1]
            group[symbol] = group.get(symbol, _NONE) + Amount.of(amount)
        elif opening:
            stack.append((opening, {}))
        else:
            bracket, inner = stack.pop()
            if bracket + closing not in ("()", "[]", "{}"):
                raise DataError(f"formula {given!r}: {closing!r} closes no bracket")
            outer = stack[-1][1]
            for name, number in inner.items():
                outer[name] = outer.get(name, _NONE) + number * Amount.of(repeat)
        position = match.end()
    if len(stack) > 1:
        raise DataError(f"formula {given!r}: {stack[-1][0]!r} is not closed")
    return stack[0][1]


def _unknown_element(given: str, symbol: str) -> str:
    if symbol in ("D", "T"):
        return f"formula {given!r}: {symbol} is an isotope; write H"
    hint = _spelled_otherwise(given.lower()) if given.isupper() else ""
    hint = hint or "; write symbols of elements, as in LiTi2(PO4)3"
    return f"formula {given!r}: unknown element {symbol!r}{hint}"


def _unreadable(given: str, text: str, position: int) -> str:
    rest = text[position:]
    if word := re.match(r"[a-z]+", rest):
        if position and text[position - 1] in "([{":
            # A word in brackets tells a form apart; as elements it would be another material.
            hint = f"; {word[0]!r} is no label of a phase that is known, leave it out"
        else:
            hint = _spelled_otherwise(text) or "; element symbols begin with a capital"
    elif rest[0] in ".,":
        hint = "; write decimals as 0.5 and a hydrate with a raised dot (MgCl2·6H2O)"
    elif rest[0] in "+-^":
        hint = "; write the neutral composition with numbers in place of 1-x"
    else:
        hint = "; a formula is element symbols, numbers and brackets, such as LiTi2(PO4)3"
    return f"formula {given!r}: cannot read {rest!r}{hint}"


def _spelled_otherwise(text: str) -> str:
    """What the same letters may mean with other capitals: the one reading, or all of them."""
    spelled = list(islice(_spellings(text), 5)) if len(text) <= 30 else []
    if len(spelled) == 1:
        return f"; did you mean {spelled[0]}?"
    return f"; it may be {' or '.join(spelled)}" if spelled else ""


def _spellings(rest: str) -> Iterator[str]:
    """Readings of a text whose capitals begin elements, and whose small letters may."""
    if not rest:
        yield ""
    elif not rest[0].isalpha():
        yield from (rest[0] + tail for tail in _spellings(rest[1:]))
    else:
        for length in (2, 1):
            symbol = rest[:length].capitalize()
            if len(symbol) == length and symbol in INDEX and not rest[1:length].isupper():
                yield from (symbol + tail for tail in _spellings(rest[length:]))


def format_formula(counts: dict[str, int]) -> str:
    """Symbols and amounts in the order given, the amount 1 left out; peroxides doubled."""
    text = "".join(f"{symbol}{count if count != 1 else ''}" for symbol, count in counts.items())
    return DOUBLED.get(text, text)


_SYMBOL = re.compile(r"([A-Z][a-z]?)(\d*)")
_FLAT = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_EXPLICIT_ONE = re.compile(r"(?<!\d)1(?!\d)")
_INNERMOST = re.compile(r"\(((?:[A-Z][a-z]?\d*)+)\)(\d*)")


def _expand(group: re.Match[str]) -> str:
    times = int(group[2] or 1)
    return "".join(f"{symbol}{int(n or 1) * times}" for symbol, n in _SYMBOL.findall(group[1]))


def _read(formula: str) -> tuple[dict[str, int], bool]:
    """`parse_formula`, and whether the text is plain and one reduced formula unit already.

    Most are plain, and tables hold many thousands of them, hence the short cut for these.
    """
    flat, brackets = formula if len(formula) <= _MAX_LENGTH else "", 1
    while brackets and "(" in flat:
        flat, brackets = _INNERMOST.subn(_expand, flat)
    if _FLAT.fullmatch(flat):
        counts: dict[str, int] = {}
        for symbol, digits in _SYMBOL.findall(flat):
            counts[symbol] = counts.get(symbol, 0) + (int(digits) if digits else 1)
        known = counts.keys() <= INDEX.keys()
        if known and 0 not in counts.values() and max(counts.values()) <= _MAX_AMOUNT:
            common = gcd(*counts.values())
            if common == 1:
                return counts, not ("1" in formula and _EXPLICIT_ONE.search(formula))
            return {symbol: count // common for symbol, count in counts.items()}, False
    return _reduced(formula), False


def _reduced(text: str) -> dict[str, int]:
    """Whatever `typed_amounts` understands, as reduced whole numbers."""
    amounts = {symbol: amount.value for symbol, amount in typed_amounts(text).items()}
    scale = lcm(*(amount.denominator for amount in amounts.values()))
    if scale > _MAX_DENOMINATOR:
        raise DataError(
            f"formula {text!r}: decimals this long have no whole-number composition below "
            f"{_MAX_DENOMINATOR} formula units; round them to four places at most"
        )
    counts = {symbol: int(amount * scale) for symbol, amount in amounts.items()}
    common = gcd(*counts.values())
    if max(counts.values()) // common > _MAX_AMOUNT:
        raise DataError(f"formula {text!r}: amounts above {_MAX_AMOUNT:,} are not read")
    return {symbol: count // common for symbol, count in counts.items()}


def undoubled(name: str) -> str:
    """The reduced formula of a name that `DOUBLED` gives; others are as they are."""
    return _UNDOUBLED.get(name, name)


def tidy_formula(formula: str) -> str:
    """The formula itself, or respelled where it is not plain and reduced; peroxides doubled.

    Raises:
        DataError: if it cannot be read.
    """
    counts, tidy = _read(formula)
    return DOUBLED.get(formula, formula) if tidy else format_formula(counts)


def tidy_formulas(formulas: Iterable[str]) -> tuple[list[str], Compositions]:
    """Parse formulas, and spell them as `tidy_formula` does.

    Raises:
        DataError: for the first formula that cannot be read.
    """
    given = list(formulas)
    compositions, tidy = _read_all(given)
    names = [
        DOUBLED.get(formula, formula) if good else format_formula(_read(formula)[0])
        for formula, good in zip(given, tidy.tolist(), strict=True)
    ]
    return names, compositions


_MANY = 100
"""Fewer formulas are read faster one by one."""
_MOST_DIGITS = 7
"""Of an amount that is read at once: as many as a formula can hold stay below _MAX_AMOUNT."""
_ELEMENT_OF = np.full((128, 128), -1)
"""Index of an element by the codes of its letters; the second is 0 where there is none."""
_ELEMENT_OF[[ord(s[0]) for s in SYMBOLS], [ord(s[1:] or "\0") for s in SYMBOLS]] = range(
    len(SYMBOLS)
)


def _read_all(formulas: Sequence[str]) -> tuple[Compositions, BoolArray]:
    """`_read` of each formula; of many, plain ones are read at once."""
    if len(formulas) < _MANY:
        read = [_read(formula) for formula in formulas]
        return Compositions.from_counts(counts for counts, _ in read), np.array(
            [t for _, t in read], dtype=bool
        )
    found, plain = _read_plain(formulas)
    common = np.ones(len(formulas), dtype=np.int64)
    common[plain] = np.gcd.reduceat(found.count, found.start[:-1][plain])
    reduced = Compositions(found.start, found.element, found.count // common[found.owner])
    tidy = plain & (common == 1)
    for i in np.flatnonzero(tidy).tolist():
        tidy[i] = "1" not in formulas[i] or not _EXPLICIT_ONE.search(formulas[i])
    others = np.flatnonzero(~plain)
    read = [_read(formulas[i]) for i in others.tolist()]
    tidy[others] = [good for _, good in read]
    place = np.arange(len(formulas))
    place[others] = len(formulas) + np.arange(len(others))
    rest = Compositions.from_counts(counts for counts, _ in read)
    return reduced.followed_by(rest).take(place), tidy


def _read_plain(formulas: Sequence[str]) -> tuple[Compositions, BoolArray]:
    """Amounts, not reduced, of plain formulas, all at once, and which these are.

    Plain is what holds nothing but symbols of elements, whole numbers and round brackets.
    """
    text, brackets = "".join(formula.replace("\n", " ") + "\n" for formula in formulas), 1
    while brackets and "(" in text:
        text, brackets = _INNERMOST.subn(_expand, text)
    code = np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8)
    begin = np.flatnonzero((code >= ord("A")) & (code <= ord("Z")))
    second = code[begin + 1]
    two = (second >= ord("a")) & (second <= ord("z"))
    element = _ELEMENT_OF[code[begin], np.where(two, second, 0)]
    end = begin + 1 + two
    amount, digits = np.zeros_like(begin), np.zeros_like(begin)
    for _ in range(_MOST_DIGITS):
        digit = (code[end] >= ord("0")) & (code[end] <= ord("9"))
        amount = np.where(digit, 10 * amount + code[end] - ord("0"), amount)
        digits += digit
        end += digit
    amount[digits == 0] = 1
    line_end = np.flatnonzero(code == ord("\n"))
    row = np.searchsorted(line_end, begin)
    understood = np.where((element >= 0) & (amount > 0), end - begin, 0)
    length = np.diff(line_end, prepend=-1) - 1
    plain = (np.bincount(row, understood, len(formulas)) == length) & (length > 0)
    plain &= np.fromiter(map(len, formulas), dtype=np.int64) <= _MAX_LENGTH
    kept = np.flatnonzero(plain[row])
    kept = kept[np.lexsort((element[kept], row[kept]))]
    row, element = row[kept], element[kept]
    new = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(element, prepend=-1) != 0))
    start = np.searchsorted(row[new], np.arange(len(formulas) + 1)).astype(np.int64)
    return Compositions(start, element[new], np.add.reduceat(amount[kept], new)), plain


@dataclass(frozen=True)
class Compositions:
    """Many reduced compositions as ragged arrays: row i owns `start[i]:start[i + 1]`.

    Within a row, elements ascend, so that equal compositions are equal arrays.
    """

    start: IntArray
    element: IntArray
    count: IntArray

    @classmethod
    def from_counts(cls, rows: Iterable[dict[str, int]]) -> Compositions:
        """From amounts by element symbol."""
        lengths: list[int] = []
        element: list[int] = []
        count: list[int] = []
        for row in rows:
            lengths.append(len(row))
            if len(row) == 1:
                ((symbol, number),) = row.items()
                element.append(INDEX[symbol])
                count.append(number)
                continue
            for index, number in sorted(
                [(INDEX[symbol], number) for symbol, number in row.items()]
            ):
                element.append(index)
                count.append(number)
        start = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=start[1:])
        return cls(start, np.array(element, dtype=np.int64), np.array(count, dtype=np.int64))

    @classmethod
    def from_formulas(cls, formulas: Iterable[str]) -> Compositions:
        """Parse formulas.

        Raises:
            DataError: for the first formula that cannot be read.
        """
        return _read_all(list(formulas))[0]

    def __len__(self) -> int:
        return len(self.start) - 1

    def __iter__(self) -> Iterator[dict[str, int]]:
        for i in range(len(self)):
            yield self.row(i)

    def row(self, i: int) -> dict[str, int]:
        """Amounts of row i by element symbol."""
        part = slice(self.start[i], self.start[i + 1])
        return {
            SYMBOLS[element]: int(count)
            for element, count in zip(self.element[part], self.count[part], strict=True)
        }

    def holds(self, symbols: Sequence[int] | IntArray) -> BoolArray:
        """Whether each composition has any of these elements (indices into SYMBOLS)."""
        return segment_sum(np.isin(self.element, symbols).astype(np.int64), self.start) > 0

    def followed_by(self, others: Compositions) -> Compositions:
        """These rows, and after them others."""
        return Compositions(
            np.concatenate([self.start, self.start[-1] + others.start[1:]]),
            np.concatenate([self.element, others.element]),
            np.concatenate([self.count, others.count]),
        )

    def take(self, rows: Sequence[int] | IntArray) -> Compositions:
        """The chosen rows, in the order given."""
        rows = np.asarray(rows, dtype=np.int64)
        start, flat = ragged_take(self.start, rows)
        return Compositions(start, self.element[flat], self.count[flat])

    @cached_property
    def size(self) -> IntArray:
        """Number of different elements of each row."""
        return np.diff(self.start)

    @cached_property
    def owner(self) -> IntArray:
        """The row that each (element, count) belongs to."""
        return np.repeat(np.arange(len(self)), self.size)

    @cached_property
    def atoms(self) -> IntArray:
        """Atoms per formula unit of each row."""
        return segment_sum(self.count, self.start)

    @cached_property
    def key(self) -> HashArray:
        """A 64-bit hash of each row's composition: equal rows, equal keys."""
        scattered = mixed(
            self.element.astype(np.uint64) * np.uint64(1 << 32) + self.count.astype(np.uint64)
        )
        return segment_sum(scattered, self.start)

    @cached_property
    def system(self) -> HashArray:
        """A 64-bit hash of each row's set of elements: the sum of `element_hash`."""
        return segment_sum(element_hash(self.element), self.start)

    def amount_of(self, element: int) -> IntArray:
        """Atoms of one element per formula unit of each row."""
        return segment_sum(np.where(self.element == element, self.count, 0), self.start)

    def fractions(self) -> FloatArray:
        """Atomic fractions as a dense array of shape (rows, elements)."""
        dense = np.zeros((len(self), len(SYMBOLS)))
        dense[self.owner, self.element] = self.count / self.atoms[self.owner]
        return dense


def element_hash(element: IntArray) -> HashArray:
    """A fixed random number per element; the sum over a set identifies the set."""
    return mixed(element.astype(np.uint64) + np.uint64(1))


def mixed(value: HashArray) -> HashArray:
    """splitmix64, a bijection that scatters neighbouring integers (Steele et al., OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        value = value * np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def segment_sum(values: npt.NDArray[Scalar], start: IntArray) -> npt.NDArray[Scalar]:
    """Sum of `values[start[i]:start[i + 1]]` for every i; empty segments give 0."""
    out = np.zeros(len(start) - 1, dtype=values.dtype)
    filled = np.flatnonzero(np.diff(start))
    if len(filled):
        out[filled] = np.add.reduceat(values, start[filled])
    return out


def ragged_take(start: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """New row starts, and the flat positions of the chosen rows of a ragged array."""
    lengths = start[rows + 1] - start[rows]
    new_start = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(lengths, out=new_start[1:])
    flat = np.arange(new_start[-1]) + np.repeat(start[rows] - new_start[:-1], lengths)
    return new_start, flat
