"""What is kept between commands is whole or not there, whoever is killed, writes at once or flips
a bit.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import files, store
from screen.errors import DataError
from screen.store import KEPT_DAYS, Store, key_of
from tests.conftest import wait_until

KIND, KEY = "batches", key_of("a")
WAIT_S = 120.0


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@given(content=st.binary(), other=st.binary())
def test_what_was_put_is_got(
    content: bytes, other: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = Store(tmp_path_factory.mktemp("store"))
    assert kept.get(KIND, KEY) is None
    kept.put(KIND, KEY, other)
    kept.put(KIND, KEY, content)
    assert kept.get(KIND, KEY) == content
    assert kept.get("plans", KEY) is None
    assert [path.name for path in (kept.root / KIND).iterdir()] == [KEY]


def test_every_flipped_bit_and_every_cut_is_seen(kept: Store) -> None:
    path = kept.put(KIND, KEY, b"energies of a batch")
    whole = path.read_bytes()
    for i in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[i // 8] ^= 1 << i % 8
        path.write_bytes(changed)
        assert kept.get(KIND, KEY) is None
    for i in range(len(whole)):
        path.write_bytes(whole[:i])
        assert kept.get(KIND, KEY) is None
    path.write_bytes(whole + b"\n")
    assert kept.get(KIND, KEY) is None


def test_an_entry_is_not_taken_for_another(kept: Store) -> None:
    path = kept.put(KIND, KEY, b"content")
    other = kept.path(KIND, key_of("b"))
    other.write_bytes(path.read_bytes())
    assert kept.get(KIND, key_of("b")) is None
    moved = kept.path("plans", KEY)
    moved.parent.mkdir()
    moved.write_bytes(path.read_bytes())
    assert kept.get("plans", KEY) is None


def test_keys_are_those_of_plain_data() -> None:
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1}) != key_of({"a": 1, "b": [3]})
    assert key_of("a", "b") != key_of("ab")


PUTTING = """
import sys
from pathlib import Path
from screen.store import Store, key_of
kept, i = Store(Path(sys.argv[1])), 0
while True:
    kept.put("batches", key_of(i % 50), str(i % 50).encode() * 20_000)
    i += 1
"""


def test_killed_at_any_time_an_entry_is_whole_or_not_there(kept: Store) -> None:
    """Twenty times, at a time drawn anew: one that was there stays, none is torn."""
    draw, seen = random.Random(0), set[int]()
    for _ in range(20):
        command = [sys.executable, "-c", PUTTING, str(kept.root)]
        with subprocess.Popen(command) as process:
            folder = kept.root / KIND
            before = len(list(folder.iterdir())) if folder.is_dir() else 0
            assert wait_until(
                lambda folder=folder, before=before: (  # type: ignore[misc]
                    folder.is_dir() and (before >= 50 or len(list(folder.iterdir())) > before)
                ),
                WAIT_S,
                pause=0.001,
            )
            time.sleep(draw.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        for i in range(50):
            content = kept.get(KIND, key_of(i))
            assert content in (None, str(i).encode() * 20_000)
            assert content is not None or i not in seen, "an entry that was there is gone"
            seen |= {i} if content is not None else set()
    for path in (kept.root / KIND).iterdir():
        os.utime(path, (0, 0)) if path.name.startswith(".") else None
    kept.prune()
    assert not [path for path in (kept.root / KIND).iterdir() if path.name.startswith(".")]


READING = """
import sys
from pathlib import Path
from screen.store import Store, key_of
kept = Store(Path(sys.argv[1]))
for i in range(400):
    content = kept.get("batches", key_of(0))
    assert content == b"0" * 20_000 * 1, "torn"
"""


def test_several_at_once_tear_nothing(kept: Store) -> None:
    kept.put(KIND, key_of(0), b"0" * 20_000)
    code = PUTTING.replace("while True", "while i < 400").replace("% 50", "% 1")
    commands = [code] * 3 + [READING] * 2
    several = [subprocess.Popen([sys.executable, "-c", code, str(kept.root)]) for code in commands]
    assert [process.wait() for process in several] == [0] * len(commands)
    assert len(list((kept.root / KIND).iterdir())) == 1


def test_temporary_names_cannot_be_foreseen_and_follow_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = tmp_path / "file", tmp_path / "target"
    target.write_bytes(b"safe")
    assert len({files.name_beside(path) for _ in range(100)}) == 100
    monkeypatch.setattr(files, "name_beside", lambda _: tmp_path / ".planted")
    (tmp_path / ".planted").symlink_to(target)
    with pytest.raises(FileExistsError):
        files.write_aside(path, b"data")
    with pytest.raises(FileExistsError):
        files.create(path, b"data")
    assert target.read_bytes() == b"safe"
    assert not path.exists()


def test_a_link_in_its_place_is_replaced_not_followed(tmp_path: Path) -> None:
    path, target = tmp_path / "file", tmp_path / "target"
    target.write_bytes(b"safe")
    path.symlink_to(target)
    files.write_aside(path, b"data")
    assert (path.read_bytes(), target.read_bytes()) == (b"data", b"safe")
    assert not path.is_symlink()


def test_what_must_be_new_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.create(path, b"first", mode=0o600)
    assert not files.create(path, b"second")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_nobody_needs_any_more_goes(kept: Store) -> None:
    """After its days, by kind; what was read lately, and what has no days, stays."""
    old = time.time() - 86400 * (max(KEPT_DAYS.values()) + 1)
    paths = {name: kept.put(KIND, name, b"x") for name in ("read", "unread", "young")}
    paths["result"] = kept.put("barrier-1", "result", b"x")
    for name in ("read", "unread", "result"):
        os.utime(paths[name], (old, old))
    assert kept.get(KIND, "read") == b"x"
    kept.prune()
    assert {name for name, path in paths.items() if path.exists()} == {"read", "young", "result"}
    Store(kept.root / "none").prune()


def test_no_room_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for act in (
        lambda: Store(tmp_path / "file").put(KIND, KEY, b""),
        lambda: Store(tmp_path / "file").alone("pull").__enter__(),
        lambda: store.keep(tmp_path / "file" / "x", b""),
    ):
        with pytest.raises(DataError, match=r"cannot write .*SCREEN_HOME"):
            act()


HOLDING = """
import sys, time
from pathlib import Path
from screen.store import Store
with Store(Path(sys.argv[1])).alone("pull"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_at_a_time_even_after_a_kill(kept: Store) -> None:
    """The lock is held by a process, and falls with it; one of another name is another."""
    command = [sys.executable, "-c", HOLDING, str(kept.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with kept.alone("literature"):
            pass
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            os.set_blocking(second.stdout.fileno(), False)
            time.sleep(2)
            assert not second.stdout.readline()
            first.kill()
            assert wait_until(lambda: second.stdout.readline() == "held\n", WAIT_S)  # type: ignore[union-attr]
            second.kill()
