"""A model's file: what was written is read, anything else is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from screen import parameters, tables
from screen.errors import DataError
from screen.model import performance, persistence, recovery
from screen.model.validation import Estimate

FEATURES, TABLES = ("uptake", "matrix"), {"literature": "ab12", "own rows": "cd34"}


@dataclass(frozen=True)
class Made:
    """A model with all kinds of fields that models have."""

    features: tuple[str, ...]
    weights: dict[str, tuple[float, ...]]
    gain: Estimate
    missed: tuple[tuple[str, float], ...]
    fitted_to: dict[str, str]


MADE = Made(
    FEATURES,
    {"host": (0.1, 1 / 3), "alloy": ()},
    Estimate(0.2, -0.1, 0.5),
    (("Li₂O", 0.25),),
    TABLES,
)


def read(path: Path) -> Made:
    return persistence.read(path, Made, form=3, features=FEATURES, fitted_to=TABLES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A model that can be read."""
    path = tmp_path / "made_model.json"
    persistence.write(path, MADE, form=3)
    return path


def test_what_was_written_is_read(file: Path) -> None:
    found = read(file)
    assert found == MADE
    assert isinstance(found.gain, Estimate)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_same_model_gives_the_same_bytes(file: Path) -> None:
    first = file.read_bytes()
    persistence.write(file, read(file), form=3)
    assert file.read_bytes() == first


def test_shipped_models_are_the_bytes_that_writing_them_gives(tmp_path: Path) -> None:
    for module in (recovery, performance):
        shipped = tables.DATA / f"{module.NAME}.json"
        persistence.write(tmp_path / "again.json", module.load(), form=module.FORMAT)
        assert (tmp_path / "again.json").read_bytes() == shipped.read_bytes()


def signed(path: Path, **changes: Any) -> None:
    """Change a file with its digest, as if another program had written it."""
    said = json.loads(path.read_text(encoding="utf-8"))
    del said["sha256"]
    said |= changes
    path.write_text(json.dumps(said | {"sha256": parameters.digest(said)}), encoding="utf-8")


def unsigned(path: Path, **changes: Any) -> None:
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(said | changes), encoding="utf-8")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "altered": (lambda p: unsigned(p, missed=[]), "was altered: its digest is not"),
    "altered digest": (lambda p: unsigned(p, sha256="0" * 64), "its digest is not 000000000000;"),
    "digest that is no text": (lambda p: unsigned(p, sha256=5), "was altered"),
    "other format": (lambda p: signed(p, format=2), "is of format 2, this program reads 3"),
    "no format": (lambda p: signed(p, format=None), "is of format None"),
    "other features": (
        lambda p: signed(p, features=["uptake"]),
        "has the features uptake; this program computes uptake, matrix",
    ),
    "features in another order": (
        lambda p: signed(p, features=["matrix", "uptake"]),
        "has the features matrix, uptake",
    ),
    "other table": (
        lambda p: signed(p, fitted_to=TABLES | {"literature": "ffff"}),
        "was fitted to another state of literature than there is now",
    ),
    "without the rows added": (
        lambda p: signed(p, fitted_to={"literature": "ab12"}),
        "was fitted to another state of own rows than there is now",
    ),
    "a field of another kind": (lambda p: signed(p, gain="good"), "gain"),
    "a field that is missing": (lambda p: signed(p, weights={"host": None}), "weights.host"),
    "damaged": (lambda p: p.write_text(p.read_text()[:-20]), "cannot be read as a model"),
    "a list": (lambda p: p.write_text("[1, 2]"), "cannot be read as a model"),
    "a number": (lambda p: p.write_text("7"), "cannot be read as a model"),
    "no digest": (lambda p: p.write_text("{}"), "cannot be read as a model"),
    "no text": (lambda p: p.write_bytes(b"\xff\xfe"), "cannot be read as a model"),
    "missing": (lambda p: p.unlink(), "is missing"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_another_file_is_refused_in_one_line_that_says_which(
    change: Callable[[Path], object], said: str, file: Path
) -> None:
    change(file)
    with pytest.raises(DataError) as caught:
        read(file)
    text = str(caught.value)
    assert text.startswith("made_model.json")
    assert said in text
    assert text.endswith(parameters.AGAIN)
    assert "\n" not in text


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        persistence.write(tmp_path / "file/model.json", MADE, form=3)


def test_a_model_that_was_changed_since_it_was_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"{recovery.NAME}.json"
    path.write_bytes((tables.DATA / path.name).read_bytes())
    monkeypatch.setattr(persistence, "DATA", tmp_path)
    assert recovery.load() is recovery.load()
    unsigned(path, seed=7)
    with pytest.raises(DataError, match="was altered"):
        recovery.load()
