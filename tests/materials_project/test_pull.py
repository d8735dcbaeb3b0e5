"""Pulls through the real client: what a snapshot holds, and every fault on the way to one."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screen import files, weekly
from screen.cli import main, pull
from screen.errors import DataError, NetworkError, ScreenError, UsageError
from screen.sources import materials_project as mp
from screen.sources import schemes, snapshot, user_files
from screen.sources.materials_project import client as mp_client
from screen.sources.materials_project import pull as mp_pull
from screen.sources.materials_project.pull import pull_documents
from screen.store import Store
from tests.materials_project.conftest import CAP, PATIENCE, Connect, forget_servers
from tests.materials_project.documents import (
    GGA,
    GNOME_BATCH,
    OFFSET,
    R2SCAN,
    Database,
    make_database,
    material_number,
)
from tests.materials_project.emulator import KEY, SUMMARY, THERMO, Emulator, Fault

Screen = Callable[..., str]
USUAL_PAGE = mp_client.PAGE
COUNT, PAGE = 900, 400
PAGES = 3 + 3
QUIET = PAGES + 6
"""Requests of an undisturbed pull: its pages, a count each for two routes, four heartbeats."""


@pytest.fixture(scope="module")
def small() -> Database:
    """Few documents, on pages so small that there are several."""
    return make_database(COUNT, seed=1)


def pages_of(documents: int, patch: pytest.MonkeyPatch) -> None:
    """Let so many be asked for at once."""
    for module in (mp_client, mp_pull):
        patch.setattr(module, "PAGE", documents)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    pages_of(PAGE, monkeypatch)


@pytest.fixture(scope="module")
def undisturbed(small: Database, client: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The snapshot's table when nothing goes wrong."""
    del client
    with pytest.MonkeyPatch.context() as patch:
        pages_of(PAGE, patch)
        return calm(small, tmp_path_factory.mktemp("calm"))


def calm(database: Database, home: Path) -> bytes:
    with Emulator(database) as emulator:
        connected = mp.Server(
            KEY, mp.endpoint_from({}, emulator.endpoint), PATIENCE, lambda _: None
        )
        path = pulled(connected, home)
        connected.session.close()
    return path.read_bytes()


def pulled(server: mp.Server, home: Path, query: mp.Query | None = None, **options: Any) -> Path:
    path = mp.pull_snapshot(server, query or mp.Query(), home, CAP, **options)
    assert path is not None
    return path


def environment(home: Path, emulator: Emulator) -> dict[str, str]:
    return {
        "MP_API_KEY": KEY,
        "SCREEN_HOME": str(home),
        "MP_API_ENDPOINT": emulator.endpoint,
    }


@pytest.fixture
def screen(
    client: Any,
    server: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Screen:
    """Runs a command against the emulator and gives what it prints; in this process, since the
    client takes seconds to import.
    """
    forget_servers(client)
    for variable, value in environment(tmp_path, server).items():
        monkeypatch.setenv(variable, value)

    def run(*arguments: str) -> str:
        code = main(list(arguments))
        said = capsys.readouterr()
        assert code == 0, said.err
        assert KEY not in said.out + said.err
        return said.out

    return run


def asked_pages(emulator: Emulator) -> Counter[tuple[str, str]]:
    return Counter((r.path, r.params["_page"]) for r in emulator.requests if "_page" in r.params)


def test_holds_the_energies_of_one_scheme(
    server: Emulator, dial: Connect, tmp_path: Path, small: Database
) -> None:
    phases = user_files.load(pulled(dial(server), tmp_path))
    free = {
        material_number(d["material_id"]): d
        for d in small.summary
        if d["builder_meta"].get("batch_id") != GNOME_BATCH
    }
    expected = {
        material_number(d["material_id"]): d["formation_energy_per_atom"]
        for d in small.thermo
        if d["thermo_type"] == GGA and material_number(d["material_id"]) in free
    }
    found = dict(zip(map(material_number, phases.texts("id")), phases.energy, strict=True))
    assert found == pytest.approx(expected, abs=1e-9)
    assert set(phases.texts("licence")) == {"CC BY 4.0"}
    assert set(phases.texts("database_version")) == {small.version}
    assert len({phases.scheme}) == 1
    volumes = phases.numbers("volume_a3_atom")
    for i in range(0, len(phases), 97):
        document = free[material_number(phases.texts("id")[i])]
        assert volumes[i] == pytest.approx(document["volume"] / document["nsites"])
        assert phases.numbers("band_gap_ev")[i] == pytest.approx(document["band_gap"])


def test_what_is_missing_has_its_reason(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    path = pulled(dial(server), tmp_path)
    phases = user_files.load(path)
    lines = path.with_suffix(".gaps.csv").read_text(encoding="utf-8").splitlines()[1:]
    without = [line for line in lines if "GGA_GGA+U document" in line]
    assert len(without) == COUNT - len(phases) > 0
    refused = [line for line in lines if "refused" in line]
    assert refused
    for name in ("bulk_modulus_gpa", "shear_modulus_gpa"):
        values = phases.numbers(name)
        assert (~np.isnan(values)).any()
        assert np.nanmax(values) <= CAP
        assert np.nanmin(values) > 0


def test_asks_no_more_than_needed(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    pulled(dial(server), tmp_path)
    assert len(server.requests) == QUIET
    assert set(asked_pages(server).values()) == {1}
    assert not [*(tmp_path / "store").glob("pages-*")]


MENDED = {
    "429": Fault("status", SUMMARY, page=2, status=429),
    "429 with Retry-After": Fault("status", SUMMARY, page=2, status=429, retry_after=1),
    "500": Fault("status", THERMO, page=1, status=500),
    "502": Fault("status", SUMMARY, page=1, status=502),
    "503": Fault("status", SUMMARY, page=3, status=503),
    "504": Fault("status", THERMO, page=2, status=504),
    "twice 503": Fault("status", THERMO, page=2, status=503, times=2),
    "dropped before the reply": Fault("drop", SUMMARY, page=2),
    "body cut": Fault("cut", THERMO, page=2),
    "HTML with 200": Fault("html", SUMMARY, page=2),
    "no data with 200": Fault("no_data", THERMO, page=1),
    "NaN in JSON": Fault("nan", SUMMARY, page=1),
    "silence": Fault("silence", SUMMARY, page=2, seconds=3.0),
    "short page": Fault("short_page", SUMMARY, page=2),
    "short thermo page": Fault("short_page", THERMO, page=2),
}


@pytest.mark.parametrize("name", MENDED)
def test_faults_that_pass(
    name: str, server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    fault = MENDED[name]
    server.faults.add(replace(fault))  # it counts down its times
    path = pulled(dial(server), tmp_path)
    assert path.read_bytes() == undisturbed
    # A count is a first page too, so either of the two may have met the fault.
    assert len(server.requests) <= QUIET + (fault.times or 0)
    assert sum(asked_pages(server).values()) <= PAGES + (fault.times or 0)
    assert all(waiting.times == 0 for waiting in server.faults.waiting)


def test_all_faults_in_one_pull(
    server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    server.faults.add(*(replace(fault) for fault in MENDED.values() if fault.kind != "silence"))
    assert pulled(dial(server, attempts=12), tmp_path).read_bytes() == undisturbed
    faults = sum(fault.times or 0 for fault in MENDED.values())
    assert len(server.requests) <= QUIET + faults


def test_a_fault_in_the_heartbeat_passes(
    server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    server.faults.add(Fault("status", "/heartbeat", status=503))
    assert pulled(dial(server), tmp_path).read_bytes() == undisturbed


def test_unstable_order_is_mended_by_id(
    small: Database, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    with Emulator(small, unstable=True) as emulator:
        path = pulled(dial(emulator), tmp_path)
        assert path.read_bytes() == undisturbed
        assert set(asked_pages(emulator).values()) <= {1, 2}


ENDED = {
    "a wait of hours": (Fault("status", SUMMARY, page=2, status=429, retry_after=7200), "120 min"),
    "blocked by 403": (
        Fault("status", SUMMARY, page=2, status=403, text='{"error": "IP blocked"}'),
        r"IP blocked.*: wait, or write to its operators",
    ),
    "blocked by 429 for good": (
        Fault("status", SUMMARY, page=2, status=429, times=None, text='{"error": "rate limits"}'),
        r"rate limits.*: wait, or write to its operators",
    ),
    "a fault that stays": (Fault("drop", THERMO, page=2, times=None), "4 times in a row"),
}


@pytest.mark.parametrize("name", ENDED)
def test_faults_that_end_a_pull_lose_nothing(
    name: str, server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    fault, words = ENDED[name]
    server.faults.add(replace(fault))
    with pytest.raises(NetworkError, match=words) as caught:
        pulled(dial(server), tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "snapshots").exists()
    server.faults.clear()
    before = asked_pages(server)
    assert pulled(dial(server), tmp_path).read_bytes() == undisturbed
    again = asked_pages(server) - before
    kept = {page for page in before if page != (fault.path, str(fault.page))}
    assert not kept & set(again)


def test_a_rejected_key(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="rejects the key") as caught:
        pulled(dial(server, "x" * 32), tmp_path)
    assert "x" * 32 not in str(caught.value)


@pytest.mark.parametrize("heartbeat", ["missing", "foreign"])
def test_an_endpoint_that_is_another_service(
    small: Database, dial: Connect, heartbeat: Any
) -> None:
    with (
        Emulator(small, heartbeat=heartbeat) as emulator,
        pytest.raises(NetworkError, match="endpoint"),
    ):
        dial(emulator)


def test_a_proxy_that_answers_in_html(server: Emulator, dial: Connect) -> None:
    server.faults.add(Fault("html", "/heartbeat", times=None))
    with pytest.raises(NetworkError, match="HTML"):
        dial(server)


def test_no_network(dial: Connect) -> None:
    with pytest.raises(NetworkError, match="ConnectionError"):
        dial("http://127.0.0.1:9/", attempts=2)


@pytest.mark.parametrize(("key", "words"), [("", "no key"), ("abc", "3 characters")])
def test_keys_that_cannot_be(key: str, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        mp.key_from({"MP_API_KEY": key})


def test_a_database_that_changes_under_the_pull(
    server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    server.faults.add(Fault("version_change", after=6))
    with pytest.raises(DataError, match="--restart"):
        pulled(dial(server), tmp_path)
    assert not (tmp_path / "snapshots").exists()


def test_a_database_that_changed_before_the_rest(
    server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    assert mp.pull_snapshot(dial(server), mp.Query(), tmp_path, CAP, max_pages=2) is None
    server.faults.add(Fault("version_change", after=0))
    with pytest.raises(DataError, match="--restart"):
        pulled(dial(server), tmp_path)


def test_pages_come_a_few_at_a_time(
    server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    for _ in range(2):
        assert mp.pull_snapshot(dial(server), mp.Query(), tmp_path, CAP, max_pages=2) is None
        assert not (tmp_path / "snapshots").exists()
    assert pulled(dial(server), tmp_path, max_pages=2).read_bytes() == undisturbed
    assert set(asked_pages(server).values()) == {1}


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def damage_content(path: Path) -> None:
    mark, _, content = path.read_bytes().partition(b"\n")
    body = json.loads(gzip.decompress(content))
    body["data"][0]["formula_pretty"] = "Xx"
    path.write_bytes(mark + b"\n" + gzip.compress(json.dumps(body).encode()))


@pytest.mark.parametrize("damage", [damage_truncate, damage_content, Path.unlink])
def test_a_damaged_page_is_asked_for_again(
    damage: Any, server: Emulator, dial: Connect, tmp_path: Path, undisturbed: bytes
) -> None:
    assert mp.pull_snapshot(dial(server), mp.Query(), tmp_path, CAP, max_pages=3) is None
    damage(next((tmp_path / "store").rglob("summary-000-00002")))
    assert pulled(dial(server), tmp_path).read_bytes() == undisturbed
    asked = asked_pages(server)
    assert asked.pop((SUMMARY, "2")) == 2
    assert set(asked.values()) == {1}


def test_a_full_disk_is_said_and_the_pull_goes_on_later(
    server: Emulator,
    dial: Connect,
    tmp_path: Path,
    undisturbed: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, left = files.write_aside, [2]

    def crowded(path: Path, data: bytes) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        whole(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_aside", crowded)
        with pytest.raises(DataError, match="No space left"):
            pulled(dial(server), tmp_path)
    assert pulled(dial(server), tmp_path).read_bytes() == undisturbed


def test_a_chemical_system_with_its_subsystems(
    server: Emulator, dial: Connect, tmp_path: Path, small: Database
) -> None:
    path = pulled(dial(server), tmp_path, mp.Query.of(["Li-O-S"]))
    phases = user_files.load(path)
    assert phases.symbols <= {"Li", "O", "S"}
    assert phases.covers(["Li", "S"])
    assert not phases.covers(["Li", "F"])
    expected = {
        material_number(d["material_id"])
        for d in small.thermo
        if d["thermo_type"] == GGA and set(d["elements"]) <= {"Li", "O", "S"}
    }
    assert set(map(material_number, phases.texts("id"))) <= expected
    assert len(phases) >= 0.9 * len(expected)


def test_long_lists_of_systems_are_cut_to_sendable_length() -> None:
    parts = mp.Query.of(["Li-Na-K-Mg-Ca-Al-Si-P-S-O"]).parts()
    names = [name for part in parts for name in part["chemsys"]]
    assert len(names) == len(set(names)) == 2**10 - 1
    assert all(len(",".join(part["chemsys"])) <= 4000 for part in parts)
    with pytest.raises(UsageError, match="unknown element"):
        mp.Query.of(["Li-Xx"])


def test_gnome_only_where_asked_for(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    query = mp.Query(gnome=True)
    pull = pull_documents(dial(server), query, mp.Pages(Store(tmp_path), query))
    assert pull is not None
    assert Counter(d["builder_meta"] for d in pull.summary)["CC BY-NC 4.0"] > 0


def test_mixed_schemes_are_refused(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    pull = pull_documents(dial(server), mp.Query(), mp.Pages(Store(tmp_path), mp.Query()))
    assert pull is not None
    pull.thermo[7]["thermo_type"] = "R2SCAN"
    with pytest.raises(DataError, match="R2SCAN"):
        mp.to_phases(pull, mp.Query(), CAP)


HOLD = """
import sys
from pathlib import Path
from screen.store import Store
with Store(Path(sys.argv[1])).alone("pull"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_pulls_wait_for_each_other(
    screen: Screen, server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the command line and that of the flow."""
    told: list[str] = []

    def let_go(text: str) -> None:
        told.append(text)
        if "waiting for its end" in text:
            assert not server.requests
            other.communicate()

    monkeypatch.setattr(pull, "say", let_go)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "store")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        screen("pull", "--rate", "20")
    assert "waiting for its end" in told[0]
    assert "written" in told[-1]


@pytest.mark.parametrize("spelling", ["R2SCAN", "r2SCAN"])
def test_r2scan_is_a_scheme_of_its_own(
    spelling: str, small: Database, dial: Connect, tmp_path: Path
) -> None:
    thermo = [
        d
        if d["thermo_type"] != R2SCAN
        else d
        | {
            "thermo_type": spelling,
            "formation_energy_per_atom": 1.1 * (d["formation_energy_per_atom"] - OFFSET[R2SCAN]),
        }
        for d in small.thermo
    ]
    query = mp.Query.of((), thermo_type="r2scan")
    with Emulator(replace(small, thermo=thermo)) as server:
        other = pulled(dial(server), tmp_path)
        path = pulled(dial(server), tmp_path, query)
    assert (other.name, path.name) == (
        "mp-2026.04.13.parquet",
        "mp-2026.04.13-r2scan.parquet",
    )
    folder = tmp_path / "snapshots"
    assert snapshot.latest(folder) == other
    assert snapshot.latest(folder, schemes.MP_R2SCAN) == path
    phases, others = user_files.load(path), user_files.load(other)
    assert phases.scheme == schemes.MP_R2SCAN
    theirs = dict(zip(others.texts("id"), others.energy, strict=True))
    shared = {
        name: energy
        for name, energy in zip(phases.texts("id"), phases.energy, strict=True)
        if name in theirs
    }
    assert len(phases) > len(shared) > 50
    assert shared == pytest.approx({name: 1.1 * theirs[name] for name in shared}, abs=1e-9)
    with pytest.raises(DataError, match="do not share a hull"):
        user_files.add(phases, other)


def test_only_snapshots_of_the_other_scheme(
    server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    path = pulled(dial(server), tmp_path)
    with pytest.raises(DataError, match=rf"{path.name} .*--thermo-type"):
        snapshot.latest(tmp_path / "snapshots", schemes.MP_R2SCAN)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("GGA_GGA+U_R2SCAN", "do not share a hull with those of other systems; take GGA_GGA"),
        ("gga_gga+u_r2scan", "do not share a hull"),
        ("SCAN", "allowed are GGA_GGA[+]U or R2SCAN"),
    ],
)
def test_mixed_energies_cannot_be_asked_for(given: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        mp.Query.of((), thermo_type=given)


CODES = {
    "no key": ({"MP_API_KEY": ""}, 5, "no key"),
    "a short key": ({"MP_API_KEY": "short"}, 5, "5 characters"),
    "a rejected key": ({"MP_API_KEY": "x" * 32}, 5, "rejects the key"),
    "no network": ({"MP_API_ENDPOINT": "http://127.0.0.1:9/"}, 5, "ConnectionError"),
}


@pytest.mark.parametrize("name", CODES)
@pytest.mark.usefixtures("client")
def test_exit_codes(
    name: str,
    server: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes, code, words = CODES[name]
    for variable, value in (environment(tmp_path, server) | changes).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert main(["pull", "--quiet"]) == code
    said = capsys.readouterr()
    assert not said.out
    assert words in said.err
    assert said.err.count("\n") == 1
    assert changes.get("MP_API_KEY") is None or "x" * 32 not in said.err


def test_killed_twice_and_finished(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pages of the usual length, since the process that is killed asks for these."""
    pages_of(USUAL_PAGE, monkeypatch)
    many = make_database(2500, seed=1)
    with Emulator(many) as server:
        for name, value in environment(tmp_path, server).items():
            monkeypatch.setenv(name, value)
        for seen in (2, 4):
            with subprocess.Popen(
                [sys.executable, "-m", "screen", "pull", "--rate", "20"],
                stderr=subprocess.DEVNULL,
            ) as process:
                until = time.monotonic() + 300
                while sum(asked_pages(server).values()) < seen and time.monotonic() < until:
                    time.sleep(0.005)
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
            assert not snapshot.listed(tmp_path / "snapshots")
        screen("pull", "--rate", "20")
    (found,) = snapshot.listed(tmp_path / "snapshots")
    assert found.path.read_bytes() == calm(many, tmp_path.with_name("calm"))
    assert set(asked_pages(server).values()) <= {1, 2}
    assert sum(asked_pages(server).values()) <= PAGES + 2
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def test_the_flow_pulls_nothing_where_nothing_is_new(screen: Screen, server: Emulator) -> None:
    del screen  # its environment
    first = weekly.pull(rate=20)
    asked = len(server.requests)
    assert weekly.pull(rate=20) == first
    assert len(server.requests) - asked < 4


def test_from_pull_to_ranking(screen: Screen, tmp_path: Path) -> None:
    screen("pull", "--rate", "20")
    assert "2026.04.13" in screen("snapshots", "--format", "csv")
    quick = tmp_path / "quick.toml"
    quick.write_text("check_candidates = 0\ncheck_interfaces = 0\n")
    latest = ("--source", "latest", "--config", str(quick), "--role", "interlayer")
    run = ("-o", str(tmp_path / "run"), "--format", "json")
    ranked = json.loads(screen("rank", "--anode", "Li", *latest, *run))
    assert ranked[0]["scheme"] == schemes.MP_GGA
    doctor = screen("doctor")
    assert "snapshots: mp-2026.04.13.parquet" in doctor
    assert "endpoint answers: database 2026.04.13" in doctor
    screen("pull", "--structures", "--role", "interlayer", "--rate", "20")
    (kept,) = (tmp_path / "snapshots").glob("*.structures")
    assert snapshot.structures(kept)


def test_no_snapshot_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="screen pull"):
        snapshot.latest(tmp_path)


def test_a_snapshot_that_was_changed(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    path = pulled(dial(server), tmp_path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match="manifest"):
        user_files.load(path)


def test_a_snapshot_of_a_newer_format(
    server: Emulator, dial: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "FORMAT", 99)
    path = pulled(dial(server), tmp_path)
    monkeypatch.undo()
    with pytest.raises(ScreenError, match="format 99"):
        user_files.load(path)


def test_the_key_follows_no_redirect(server: Emulator, dial: Connect) -> None:
    connected = dial(server, attempts=1)
    seen: list[Any] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(302)
            self.send_header("Location", server.endpoint)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    before = len(server.requests)
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as foreign:
        thread = threading.Thread(target=foreign.handle_request)
        thread.start()
        with pytest.raises(NetworkError, match="302"):
            connected.session.get(f"http://127.0.0.1:{foreign.server_port}/")
        thread.join()
    assert len(seen) == 1
    assert len(server.requests) == before


def test_the_key_travels_encrypted() -> None:
    with pytest.raises(UsageError, match="https"):
        mp.endpoint_from({}, "http://api.example.org/")
    assert mp.endpoint_from({}, "https://api.example.org") == "https://api.example.org/"


@pytest.mark.parametrize("kind", ["status", "silence", "html"])
def test_every_heartbeat_is_asked_for_politely(kind: Any, server: Emulator, dial: Connect) -> None:
    """The client's own too: with time-out and retry."""
    for times in (1, 2, 3):
        server.faults.add(Fault(kind, "/heartbeat", seconds=3.0, times=1))
        assert dial(server, timeout_s=0.5).version == "2026.04.13", times


def test_a_damaged_manifest(tmp_path: Path) -> None:
    for text in ("{}", "[]", "", '{"query": {}}'):
        (tmp_path / "mp-1.parquet").write_bytes(b"")
        (tmp_path / "mp-1.json").write_text(text)
        with pytest.raises(DataError, match="no manifest"):
            snapshot.listed(tmp_path)


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_rate_and_time_left(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    screen("pull", "--rate", "20", "--chemsys", "Li-O")
    said = terminal.getvalue()
    assert "2/2" in said
    assert "pages/s" in said
    assert "0:00:00" in said
