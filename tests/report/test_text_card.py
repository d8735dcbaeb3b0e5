"""The card in text and the pictures beside it."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from screen.errors import UsageError
from screen.report import plot, text_card
from tests.report import runs

SECTIONS = [
    text_card.Section("empty", "Empty"),
    text_card.Section(
        "contact",
        "When Li touches it",
        ["One *line* | of [text](javascript:x) <b>here</b>."],
        ("per formula", "product"),
        [("1", "Li2O"), ("0.5", "a|b\nc")],
        frozenset([0]),
    ),
]


def test_markdown_takes_texts_as_texts() -> None:
    said = text_card.markdown("ZnO, for Li", SECTIONS)
    assert said.startswith("# ZnO, for Li\n\n## Empty\n\n## When Li touches it\n")
    assert r"One \*line\* \| of \[text\](javascript:x) \<b>here\</b>." in said
    assert "| ---: | --- |\n| 1 | Li2O |\n| 0.5 | a\\|b c |" in said


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_no_text_is_markup(text: str) -> None:
    said = text_card.markdown(
        text, [text_card.Section("a", text, [text], (text, "b"), [(text, text)])]
    )
    assert not re.search(r"(?<!\\)[<`*\[\]]", said)
    assert not re.search(r"^[>+-]", said, flags=re.MULTILINE)
    table = [line for line in said.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {3}
    file = io.StringIO()
    text_card.to_terminal(
        Console(file=file, width=120), text, [text_card.Section("a", text, [text])]
    )
    assert "\x1b" not in file.getvalue()
    assert "\u202e" not in file.getvalue()


STATES: list[list[Any]] = [[None, 1.5, 0.0, []], [1.5, 0.4, 1.0, []], [0.4, 0.0, 3.0, []]]
CURVES = {"Li3PS4": (np.array([0.0, 0.5, 1.0]), np.array([0.0, -0.4, 0.0]))}


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_numbers_give_the_same_picture(form: str) -> None:
    one, two = (plot.draw("ZnO", "Li", STATES, CURVES, form) for _ in range(2))
    assert one == two
    assert one != plot.draw("ZnO", "Li", STATES[:2], CURVES, form)
    assert one.startswith(b"\x89PNG" if form == "png" else b"<?xml")


def test_the_drawing_names_its_axes_and_curves() -> None:
    said = plot.draw("Zn$O", "Li", STATES, CURVES, "svg").decode()
    for text in ("V against Li", "Li taken up per formula unit of Zn$O", "eV/atom", "Li3PS4"):
        assert text in said
    assert "no electrolyte" in plot.draw("ZnO", "Li", STATES, {}, "svg").decode()


def test_sections_are_chosen_by_name_or_its_beginning() -> None:
    sections = [text_card.Section(name, name) for name in ("voltage", "contact", "capacity")]
    assert [s.name for s in text_card.chosen(sections, ["cap", "voltage"])] == [
        "voltage",
        "capacity",
    ]
    for wrong in ("c", "x", ""):
        with pytest.raises(UsageError, match="allowed: all, voltage, contact, capacity"):
            text_card.chosen(sections, [wrong])
