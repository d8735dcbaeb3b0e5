"""Servers of a pull that answer what they should not: what is lost, what is said, what is kept."""

from __future__ import annotations

import contextlib
import csv
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from screen.errors import DataError, NetworkError
from screen.limits import TimeUp, time_limit
from screen.sources import materials_project as mp
from screen.sources import user_files
from screen.sources.materials_project.session import PoliteSession, _seconds
from tests.hostile.servers import Tampered, Worded, bomb, drip_body, drip_head, serving
from tests.materials_project.conftest import CAP, PATIENCE, Connect
from tests.materials_project.documents import Database
from tests.materials_project.emulator import SUMMARY, THERMO

NOWHERE: Callable[[str], None] = lambda _: None  # noqa: E731


def pulled(server: mp.Server, home: Path) -> Path:
    path = mp.pull_snapshot(server, mp.Query(), home, CAP)
    assert path is not None
    return path


def of_first(route: str, **changes: Any) -> Callable[[str, dict[str, Any]], Any]:
    """Fields of the first document of each page of a route, changed; ... takes one away."""

    def tamper(path: str, content: dict[str, Any]) -> dict[str, Any]:
        if path == route and len(content["data"]) > 1:
            document = content["data"][0]
            document |= changes
            for name in [name for name, value in changes.items() if value is ...]:
                del document[name]
        return content

    return tamper


def instead(document: Any) -> Callable[[str, dict[str, Any]], Any]:
    """Another thing in place of the third document of a page of energies."""

    def tamper(path: str, content: dict[str, Any]) -> dict[str, Any]:
        if path == THERMO and len(content["data"]) > 3:
            content["data"][2] = document
        return content

    return tamper


UNNAMED = {
    "no id": (of_first(SUMMARY, material_id=...), "summary page 1", "material_id null"),
    "a number for an id": (of_first(SUMMARY, material_id=3), "summary page 1", "material_id 3"),
    "an empty id": (of_first(THERMO, material_id=""), "thermo page 1", 'material_id ""'),
    "a path for an id": (of_first(THERMO, material_id="../x"), "thermo page 1", "../x"),
    "a long id": (of_first(THERMO, material_id="mp-" + "a" * 99), "thermo page 1", "no id"),
    "no thermo type": (of_first(THERMO, thermo_type=...), "thermo page 1", "thermo_type null"),
    "a list": (instead([]), "thermo page 1", "document 3 is []"),
    "nothing": (instead(None), "thermo page 1", "document 3 is null"),
    "a text": (instead("x" * 99), "thermo page 1", 'document 3 is "xxx'),
}


@pytest.mark.parametrize("name", UNNAMED)
def test_a_document_without_a_name_is_not_kept(
    name: str, few: Database, dial: Connect, tmp_path: Path, calm: bytes
) -> None:
    tamper, *words = UNNAMED[name]
    with Tampered(few, tamper) as emulator:
        with pytest.raises(NetworkError) as caught:
            pulled(dial(emulator, attempts=2), tmp_path)
        said = str(caught.value)
        assert all(word in said for word in words), said
        assert "run the same command again" in said
        assert "\n" not in said
        emulator.honest = True
        assert pulled(dial(emulator), tmp_path).read_bytes() == calm


ODD: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "an energy in words": (THERMO, {"formation_energy_per_atom": "-1.2"}, "energy", '"-1.2"'),
    "a list of energies": (THERMO, {"formation_energy_per_atom": [1.0]}, "energy", "[1.0]"),
    "yes for an energy": (THERMO, {"formation_energy_per_atom": True}, "energy", "true"),
    "a total energy": (THERMO, {"formation_energy_per_atom": -80.5}, "energy", "cannot be"),
    "a long energy": (THERMO, {"formation_energy_per_atom": 10**18}, "energy", "cannot be"),
    "no energy": (THERMO, {"formation_energy_per_atom": ...}, "energy", "has no energy"),
    "a formula in numbers": (SUMMARY, {"formula_pretty": 7}, "energy", "its formula is 7"),
    "no formula": (SUMMARY, {"formula_pretty": ...}, "energy", "its formula is null"),
    "an isotope": (SUMMARY, {"formula_pretty": "D2O"}, "energy", "isotope"),
    "a formula to execute": (SUMMARY, {"formula_pretty": "=1+1"}, "energy", "=1+1"),
    "a gap below zero": (SUMMARY, {"band_gap": -0.1}, "band_gap_ev", "cannot be"),
    "a gap in words": (SUMMARY, {"band_gap": "wide"}, "band_gap_ev", '"wide"'),
    "no density at all": (SUMMARY, {"density": 0}, "density_g_cm3", "cannot be"),
    "a volume as a list": (SUMMARY, {"volume": []}, "volume_a3_atom", "[]"),
    "no sites": (SUMMARY, {"nsites": 0}, "volume_a3_atom", "cannot be"),
    "maybe for theoretical": (SUMMARY, {"theoretical": "maybe"}, "theoretical", '"maybe"'),
    "a modulus in words": (SUMMARY, {"bulk_modulus": "hard"}, "bulk_modulus_gpa", '"hard"'),
    "half in words": (
        SUMMARY,
        {"shear_modulus": {"voigt": "1", "reuss": 1, "vrh": 1}},
        "shear_modulus_gpa",
        'voigt is "1"',
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_used_costs_itself_alone(
    name: str, few: Database, dial: Connect, tmp_path: Path
) -> None:
    """What is told is the one value; the material stays unless it is its energy or formula."""
    route, changes, column, words = ODD[name]
    with Tampered(few, of_first(route, **changes)) as emulator:
        path = pulled(dial(emulator), tmp_path)
    found = user_files.load(path)
    with path.with_suffix(".gaps.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if column in row["column"]]
    gaps = [row for row in rows if words in row["reason"]]
    assert gaps
    assert len(gaps) <= 2
    assert all("\n" not in row["reason"] and len(row["reason"]) < 200 for row in gaps)
    lost = {row["id"] for row in gaps}
    assert lost.isdisjoint(found.texts("id")) == (column == "energy")


def test_words_for_a_licence_are_none(few: Database, dial: Connect, tmp_path: Path) -> None:
    for meta in ({"license": "=HYPERLINK()"}, {"license": ["BY-C"]}, "BY-C", None):
        with Tampered(few, of_first(SUMMARY, builder_meta=meta)) as emulator:
            found = user_files.load(pulled(dial(emulator), tmp_path / repr(meta)[:9]))
        assert set(found.texts("licence")) == {"CC BY 4.0", "not stated"}


@pytest.mark.parametrize("energy", [None, 0.02, -0.02])
def test_an_element_without_its_own_energy_costs_its_phases_alone(
    energy: float | None, few: Database, dial: Connect, tmp_path: Path
) -> None:
    """What needs it is refused; all else is there, whole or by chemical systems."""

    def tamper(path: str, content: dict[str, Any]) -> dict[str, Any]:
        for document in content["data"] if path == THERMO else ():
            if document.get("material_id") in own:
                document["formation_energy_per_atom"] = energy
        return content

    own = {d["material_id"] for d in few.summary if d["elements"] == ["S"]}
    of_sulfur = {d["material_id"] for d in few.summary if "S" in d["elements"]}
    assert own
    assert of_sulfur - own
    with Tampered(few, tamper) as emulator:
        path = pulled(dial(emulator), tmp_path)
        some = mp.pull_snapshot(dial(emulator), mp.Query.of(["Li-O-S"]), tmp_path, CAP)
    found = user_files.load(path)
    assert "S" not in found.symbols
    assert len(found) > len(few.summary) / 2
    assert not found.covers(["Li", "S"])
    assert found.covers(["Li", "O"])
    assert some is not None
    part = user_files.load(some)
    assert part.covers(["Li", "O"])
    assert not part.covers(["Li", "S"])
    text = path.with_suffix(".gaps.csv").read_text(encoding="utf-8")
    assert "no reference at 0 eV/atom for S" in text


@pytest.mark.parametrize("count", ["many", -1, None, 1.5, 10**12, []])
def test_a_number_of_documents_that_is_none(count: Any, few: Database, dial: Connect) -> None:
    def tamper(_: str, content: dict[str, Any]) -> dict[str, Any]:
        content["meta"]["total_doc"] = count
        return content

    with Tampered(few, tamper) as emulator, pytest.raises(NetworkError):
        dial(emulator, attempts=1).count("summary", {})


BODIES = {
    "nothing": (b"", "in place of JSON"),
    "a number": (b"7", "no data"),
    "a list": (b"[]", "no data"),
    "data that are none": (b'{"data": {"a": 1}}', "no list of data"),
    "deep nesting": (b'{"data": ' + b"[" * 100_000, "nested too deeply"),
    "a number of 5,000 digits": (b'{"data": [' + b"9" * 5000 + b"]}", "in place of JSON"),
    "half a character": (b'{"data": ["\xff"]}', "in place of JSON"),
    "no meta": (b'{"data": []}', "summary"),
    "meta that is none": (b'{"data": [], "meta": 3}', "summary"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_answer(name: str, few: Database, dial: Connect) -> None:
    body, words = BODIES[name]
    with Worded(few, body) as emulator:
        connected = dial(emulator, attempts=2)
        for ask in (
            lambda: connected.count("summary", {}),
            lambda: connected.documents("summary", {}, ["material_id"], 1),
        ):
            try:
                assert ask() == []  # no meta is needed for a page
            except NetworkError as error:
                assert words in str(error), error  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("12", 12, 12),
        ("²", 0, 0),
        ("-5", 0, 0),
        ("soon", 0, 0),
        ("1e3", 0, 0),
        (formatdate(2_000_000_000, usegmt=True), 1e6, 1e10),
        (formatdate(1_000_000_000, usegmt=True), 0, 0),
        ("9" * 400, 1e300, float("inf")),
    ],
)
def test_how_long_a_server_asks_to_wait(text: str, least: float, most: float) -> None:
    assert least <= _seconds(text) <= most


LIMITED = {
    "a head that drips": (drip_head, "no whole answer within 0.3 s"),
    "a body that drips": (drip_body, "no whole answer within 0.3 s"),
    "a body that unpacks to too much": (bomb, "larger than 5 MB"),
}


@pytest.mark.parametrize("beside", [False, True], ids=["main thread", "another thread"])
@pytest.mark.parametrize("name", LIMITED)
def test_limits_of_time_and_size(name: str, beside: bool) -> None:
    answer, words = LIMITED[name]
    limits = {"whole_limit_s": 60.0 if answer is bomb else 0.3, "largest_mb": 5.0, "attempts": 2}
    polite = PoliteSession(PATIENCE.model_copy(update=limits), "", NOWHERE)
    said: list[str] = []

    def ask() -> None:
        with serving(answer) as address, pytest.raises(NetworkError) as caught:
            polite.get(address)
        said.append(str(caught.value))

    if beside:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    else:
        ask()
    polite.close()
    assert words in said[0]


def test_a_limit_within_a_limit() -> None:
    def nested() -> None:
        with time_limit(0.2):
            with pytest.raises(TimeUp), time_limit(0.05):
                threading.Event().wait(60)
            threading.Event().wait(60)

    with pytest.raises(TimeUp):
        nested()


def test_a_limit_that_was_swallowed_holds() -> None:
    """As by a callback of the garbage collector, whose exceptions are lost."""

    def lost(*, goes_on: bool) -> None:
        with time_limit(0.05):
            with contextlib.suppress(TimeUp):
                wait()
            if goes_on:
                wait()
            raise ValueError("what it came to was too late")

    def wait() -> None:
        while True:  # a step of Python at a time, where another thread may raise
            time.sleep(0.001)

    with ThreadPoolExecutor(1) as beside:
        for goes_on in (True, False):
            with pytest.raises(TimeUp):
                lost(goes_on=goes_on)
            with pytest.raises(TimeUp):
                beside.submit(lost, goes_on=goes_on).result()
            assert beside.submit(sum, range(10**5)).result() == 4999950000
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_limit_that_is_over_at_once_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its time may be over before its watcher is ready; what comes next is not ended by it."""

    class Slow(threading.Thread):
        def start(self) -> None:
            super().start()
            for _ in range(20):
                time.sleep(0.001)

    def work() -> int:
        with contextlib.suppress(TimeUp), time_limit(0.001):
            time.sleep(0.1)
        steps = 0
        for _ in range(100):
            time.sleep(0.001)
            steps += 1
        return steps

    monkeypatch.setattr("screen.limits.AGAIN_S", 0.01)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(int).result()  # its own thread has begun
        before = set(threading.enumerate())
        with monkeypatch.context() as slowly:
            slowly.setattr("threading.Thread", Slow)
            assert beside.submit(work).result() == 100
        for watcher in set(threading.enumerate()) - before:
            watcher.join(30)
            assert not watcher.is_alive()
    assert work() == 100


def test_no_material_that_can_be_used(few: Database, dial: Connect, tmp_path: Path) -> None:
    def tamper(path: str, content: dict[str, Any]) -> dict[str, Any]:
        for document in content["data"] if path == THERMO else ():
            document["formation_energy_per_atom"] = "low"
        return content

    with Tampered(few, tamper) as emulator, pytest.raises(DataError, match="no material with"):
        pulled(dial(emulator), tmp_path)
