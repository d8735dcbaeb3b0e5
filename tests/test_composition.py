from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core.composition import Composition

from screen.composition import (
    INDEX,
    SYMBOLS,
    Compositions,
    element_hash,
    format_formula,
    parse_formula,
    tidy_formula,
    tidy_formulas,
)
from screen.errors import DataError
from tests.strategies import FORMULAS, Counts, compositions

LISTS = st.lists(compositions(), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Li3PS4", "Li3PS4"),
        ("LiTi2(PO4)3", "LiTi2P3O12"),
        ("Na[B(C6H5)4]", "NaBC24H20"),
        ("K3{Fe(CN)6}", "K3FeC6N6"),
        ("((Li))2O", "Li2O"),
        ("Li()2O", "Li2O2"),
        ("Li 3 P S 4", "Li3PS4"),
        (" Na2O\n", "Na2O"),
        ("Li₃PS₄", "Li3PS4"),
        ("Li₁₀Ge(PS₆)₂", "Li10GeP2S12"),
        ("Li5.5PS4.5Cl1.5", "Li11P2S9Cl3"),
        ("Li0.33La0.56TiO3", "Li33La56Ti100O300"),
        ("Li0.1Na0.2", "LiNa2"),
        ("Li.5O1.", "LiO2"),
        ("Ba(OH).5", "Ba2OH"),
        ("CuSO4·5H2O", "CuSO9H10"),
        ("CuSO4 • 5 H2O", "CuSO9H10"),
        ("CuSO4*5H2O", "CuSO9H10"),
        ("CaSO4⋅0.5H2O", "Ca2S2O9H2"),
        ("Ca(OH)2·1.5H2O", "Ca2O7H10"),
        ("MgCl2·H2O", "MgCl2H2O"),
        ("Na+", "Na"),
        ("Cl-", "Cl"),
        ("Na⁺", "Na"),
        ("SO₄²⁻", "SO4"),
        ("PO4^3-", "PO4"),
        ("PO4^{3-}", "PO4"),
        ("Fe²⁺", "Fe"),
        ("Li6P2S8", "Li3PS4"),
        ("S8", "S"),
        ("H2O2", "H2O2"),
        ("LiOH", "LiOH"),
        ("HOLi", "HOLi"),
        ("CH3COOH", "CH2O"),
        ("Li0O", "O"),
        ("Li(OH)0", "Li"),
        ("CO", "CO"),
        ("Co", "Co"),
        ("NO", "NO"),
        ("No", "No"),
    ],
)
def test_reads_what_people_type(text: str, expected: str) -> None:
    assert format_formula(parse_formula(text)) == expected
    assert Compositions.from_formulas([text]).row(0) == parse_formula(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty formula: give one such as Li3PS4"),
        (" \t", "empty formula"),
        ("Xx2O", "unknown element 'Xx'; write symbols of elements"),
        ("LiCOo2", "unknown element 'Oo'"),
        ("(Yt2)3O", "unknown element 'Yt'"),
        ("lico2", "it may be LiCo2 or LiCO2"),
        ("LICOO2", "it may be LiCoO2 or LiCOO2"),
        ("li3ps4", "cannot read 'li3ps4'; did you mean Li3PS4?"),
        ("nacl", "did you mean NaCl?"),
        ("Li3pS4", "did you mean Li3PS4?"),
        ("qq", "element symbols begin with a capital"),
        ("Fe3+", "the digit before the sign could be an amount or a charge"),
        ("NH4+", "the digit before the sign could be an amount or a charge"),
        ("PO43-", "write the neutral formula, or the charge as ^2+"),
        ("MgCl2.6H2O", "the dot could be a decimal or a hydrate"),
        ("NaCl.H2O", "a hydrate with a raised dot"),
        ("Li,2O", "write decimals as 0.5"),
        ("D2O", "D is an isotope; write H"),
        ("Li(T)", "T is an isotope; write H"),
        ("Li2(OH", "'(' is not closed"),
        ("Li[O(H)", "'[' is not closed"),
        ("Li2OH)", "')' closes no bracket"),
        ("Li2(OH]", "']' closes no bracket"),
        ("Li1-xCoO2", "cannot read '-xCoO2'; write the neutral composition with numbers"),
        ("2H2O", "a formula is element symbols, numbers and brackets"),
        ("Li²", "cannot read '²'"),
        ("Li0", "no element has an amount above zero"),
        ("Li0O0.0", "no element has an amount above zero"),
        ("(LiO)0", "no element has an amount above zero"),
        ("()", "no element has an amount above zero"),
        ("+", "no element has an amount above zero"),
        ("Li0.1234567O0.7654321Ti0.1111117", "round them to four places at most"),
    ],
)
def test_says_what_it_cannot_read(text: str, said: str) -> None:
    for read in (parse_formula, lambda formula: Compositions.from_formulas([formula])):
        with pytest.raises(DataError) as error:
            read(text)
        line = str(error.value)
        assert said in line
        assert "\n" not in line
        if text.strip():
            assert repr(text) in line


def test_every_symbol_reads_as_itself() -> None:
    assert len(SYMBOLS) == 103
    for symbol in SYMBOLS:
        assert parse_formula(symbol) == {symbol: 1}


@given(compositions())
def test_format_and_parse_are_inverse(counts: Counts) -> None:
    read = parse_formula(format_formula(counts))
    assert read == counts
    assert list(read) == list(counts)


@given(FORMULAS)
def test_agrees_with_pymatgen(text: str) -> None:
    ours, theirs = parse_formula(text), Composition(text)
    atoms = sum(ours.values())
    assert set(ours) == {element.symbol for element in theirs}
    for symbol, count in ours.items():
        assert count / atoms == pytest.approx(theirs.get_atomic_fraction(symbol), abs=1e-12)


PLAIN = ["Li7La3Zr2O12", "LiTi2(PO4)3", "Na", "Al2(SO4)3", "H2O2", "C1O2", "C2H6", "LiFeLi2O4"] * 20
"""So many that the plain ones are read at once."""
ODD = [
    *("Ca(OH)2·1.5H2O", "Na[B(C6H5)4]", "((Li))2O", "Li()2O", " Na2O\n", "Li₃PS₄", "Fe²⁺"),
    *("Li0O", "Li(OH)0", "Li0.33La0.56TiO3", "Li100000000O", "Li12345678P7", "O" * 300, "Li٣O"),
]


@given(st.lists(FORMULAS, max_size=6))
def test_many_formulas_read_as_each_alone(texts: list[str]) -> None:
    alone = [parse_formula(text) for text in texts]
    assert list(Compositions.from_formulas(texts)) == alone
    assert list(Compositions.from_formulas(PLAIN + texts + PLAIN))[160:-160] == alone


def test_many_formulas_are_spelled_as_each_alone() -> None:
    names, compositions = tidy_formulas(ODD + PLAIN)
    assert list(compositions) == [parse_formula(text) for text in ODD + PLAIN]
    assert names == [tidy_formula(text) for text in ODD + PLAIN]
    assert names[-8:] == [
        "Li7La3Zr2O12",
        "LiTi2(PO4)3",
        "Na",
        "Al2(SO4)3",
        "H2O2",
        "CO2",
        "CH3",
        "LiFeLi2O4",
    ]


@pytest.mark.parametrize("text", ["", "Xx2", "Li2)O", "(Li", "li2O", "Li2-xO", "O" * 301, "Li0"])
def test_of_many_formulas_the_first_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(DataError) as alone:
        parse_formula(text)
    with pytest.raises(DataError) as among_many:
        Compositions.from_formulas([*PLAIN, text, "Yy", *PLAIN])
    assert str(among_many.value) == str(alone.value)


@given(LISTS)
def test_rows_hold_what_they_were_made_from(rows: list[Counts]) -> None:
    made = Compositions.from_counts(rows)
    assert len(made) == len(rows)
    assert list(made) == rows
    assert made.size.tolist() == [len(row) for row in rows]
    assert made.atoms.tolist() == [sum(row.values()) for row in rows]
    for symbol in ("Li", "O", *rows[0]):
        amounts = made.amount_of(INDEX[symbol]).tolist()
        assert amounts == [row.get(symbol, 0) for row in rows]


@given(LISTS)
def test_fractions_sum_to_one(rows: list[Counts]) -> None:
    fractions = Compositions.from_counts(rows).fractions()
    assert fractions.shape == (len(rows), len(SYMBOLS))
    np.testing.assert_allclose(fractions.sum(axis=1), 1.0, rtol=0, atol=1e-15 * 10)
    for row, fraction in zip(rows, fractions, strict=True):
        assert {SYMBOLS[e] for e in np.flatnonzero(fraction)} == set(row)


@given(st.lists(compositions(("Li", "O", "S"), largest=3), max_size=12))
def test_keys_are_equal_just_where_compositions_are(rows: list[Counts]) -> None:
    made = Compositions.from_counts(rows)
    for i, first in enumerate(rows):
        for j, second in enumerate(rows):
            assert (made.key[i] == made.key[j]) == (first == second)
            assert (made.system[i] == made.system[j]) == (first.keys() == second.keys())


@given(LISTS)
def test_system_is_the_sum_over_its_elements(rows: list[Counts]) -> None:
    made = Compositions.from_counts(rows)
    for row, system in zip(rows, made.system, strict=True):
        assert element_hash(np.array([INDEX[symbol] for symbol in row])).sum() == system


@given(LISTS, st.data())
def test_take_chooses_rows(rows: list[Counts], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10))
    taken = Compositions.from_counts(rows).take(chosen)
    assert list(taken) == [rows[i] for i in chosen]
    assert taken.atoms.tolist() == [sum(rows[i].values()) for i in chosen]


def test_no_rows() -> None:
    empty = Compositions.from_formulas([])
    assert len(empty) == 0
    assert list(empty) == []
    assert empty.fractions().shape == (0, len(SYMBOLS))
    assert len(empty.key) == len(empty.system) == len(empty.atoms) == len(empty.amount_of(2)) == 0
