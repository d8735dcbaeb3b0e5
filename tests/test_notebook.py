"""The notebook runs, and its text says what its code gives."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from docs import notebook

MADE = notebook.read()
WORDS = "\n".join(notebook.text(MADE, "markdown"))
CHOSEN = {"0", "0.024", "85", "155208", "2012"}
"""Numbers of the text that no code gives: the metal's potential, an error and its reference."""


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the cells leave behind."""
    return notebook.run(copy.deepcopy(MADE))


def claims(names: dict[str, Any]) -> list[str]:
    """Every statement of the text with a number in it, with today's numbers."""
    window, films = names["window"], names["films"].set_index("formula")
    quiet, bounds = names["quiet"].set_index("formula"), names["bounds"]
    limit = f"{window['reduction_v'].iloc[0]:.2f} V"
    alone = {
        formula: names["screen"].interface(formula, names["electrolyte"]).records
        for formula in ("Al2O3", "ZnO")
    }
    by_itself = {f: r["reaction_energy_ev_atom"] for f, r in alone.items()}
    driven = films[names["drive"]]
    assert driven["ZnO"] == driven["Al2O3"]
    wetted = {f"{card['lithiophilic_probability']:.0%}" for card in names["cards"].values()}
    assert len(wetted) == 1
    shielded = names["passed"].groupby("kind")[names["protection"]].median()
    assert shielded["alloying_film"] == shielded["conversion"]
    cells = names["cells"].set_index("material_label")
    made = cells.loc["LiF-rich layer from LiFSI in DME (LF-4)"].query("ccd_ma_cm2 > 0").iloc[0]
    return [
        f"Below {limit} against lithium",
        f"{window['reaction_energy_kj_mol'].iloc[-1]:,.0f} kJ per mol",
        f"{limit} or above",
        f"{len(names['passed'])} of {len(films)} candidates",
        f"the gap stays at {limit}",
        f"(median protection {shielded['conversion']:.0f})",
        f"{len(quiet)} films reach the window",
        f"rank {quiet.loc['Li2Se', 'rank']} and {quiet.loc['BeO', 'rank']}, toxic",
        f"({by_itself['Al2O3']:.3f} eV/atom), ZnO does ({by_itself['ZnO']:.3f} eV/atom)",
        f"bare metal: {driven['ZnO']:.2f} eV",
        f"from {bounds.loc['LiCl', 'score_low']:.3f} to {bounds.loc['LiCl', 'score_high']:.3f}",
        "the {LiI:.3f} of LiI and the {LiF:.3f} of LiF".format(**bounds["score"]),
        f"wets the film is {wetted.pop()} for all four",
        f"there are {len(names['thresholds'][0.048])}, with AlN",
        f"{len(names['reported'])} rows, of {len(names['cells'])} on",
        f"{made['ccd_ma_cm2'] / made['control_ccd_ma_cm2']:.1f} times the current of bare lithium",
    ]


def test_numbers_of_the_text_are_those_of_the_code(names: dict[str, Any]) -> None:
    left = " ".join(WORDS.split())
    for claim in claims(names):
        assert claim in left
        left = left.replace(claim, " ")
    left = re.sub(r"`[^`]*`", " ", left)
    left = re.sub(r"\b(?:[A-Z][a-z]?\d*)+\b", " ", left)
    assert set(re.findall(r"\d[\d.,]*\d|\d", left)) <= CHOSEN


def test_words_of_the_text_are_those_of_the_code(names: dict[str, Any]) -> None:
    """What is said of materials without a number."""
    best, quiet = names["best"]["formula"].tolist(), names["quiet"]["formula"].tolist()
    assert best == ["LiI", "LiCl", "LiBr", "LiF"]
    assert {*quiet} - {*best} == {"Li2S", "Li2Se", "BeO", "BN"}
    assert names["thresholds"][0.001] == names["thresholds"][0.024] == quiet
    assert {*names["thresholds"][0.048]} - {*quiet} == {"AlN"}
    assert (names["best"][names["drive"]] == 0).all()
    assert (names["best"][names["protection"]] == 1).all()
    conduct = "matrix_conductivity_log_s_cm"
    assert {f for f, card in names["cards"].items() if card[conduct] is None} == {"LiCl", "LiBr"}


def test_it_shows_what_it_gave() -> None:
    """It is committed as run, whole, and small enough to be looked at in a browser."""
    code = [cell for cell in MADE["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    shown = [cell for cell in code if cell["outputs"]]
    assert len(shown) == len(code) - 1  # the first imports and no more
    assert notebook.NOTEBOOK.stat().st_size < 150_000
