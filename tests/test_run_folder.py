"""A run folder is read only if it is complete, of this version and as it was written."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from screen import run_folder
from screen.answers import run_folders
from screen.cli import main
from screen.errors import DataError, ScreenError
from screen.report import table
from screen.run import ranked_columns
from screen.tables import electrolytes_of
from tests.report import runs


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("folder") / "run"
    return runs.written(run, ("short", "parquet", "xlsx"), runs.few())


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


KILLED = """
import os, signal, sys
from pathlib import Path
from screen import cli

rename, left = Path.rename, int(sys.argv[1])

def renamed(path, target):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(path, target)

Path.rename = renamed
cli.main(sys.argv[2:])
"""


@pytest.fixture(scope="module")
def rank(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A run of a few alloys into the folder `run`, without a cross-check."""
    folder = tmp_path_factory.mktemp("few")
    settings, table = folder / "quick.toml", folder / "few.csv"
    settings.write_text("check_candidates = 0\ncheck_interfaces = 0\n")
    table.write_text("formula,formation_energy_ev_atom\nLiZn,-0.2\nLi5Sn2,-0.3\n")
    return ["rank", "-q", "-o", "run", "--config", str(settings), "--source", str(table)]


@pytest.fixture(scope="module", params=[0, 1])
def killed(
    request: pytest.FixtureRequest,
    written: Path,
    rank: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Where a run was killed before either of the two renames that put it in an earlier's place."""
    place = tmp_path_factory.mktemp("killed")
    run = Path(shutil.copytree(written, place / "run"))
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(request.param), *rank], cwd=place, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert run.exists() == (request.param == 0)
    return place


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("look", ["report", "rank"])
def test_a_kill_never_hides_the_earlier_run(
    written: Path,
    killed: Path,
    rank: list[str],
    look: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next command finds the earlier run."""
    run = Path(shutil.copytree(killed, tmp_path / "killed")) / "run"
    monkeypatch.chdir(run.parent)
    if look == "report":
        assert run_folder.read(run).manifest
        before = {path.name: path.read_bytes() for path in written.iterdir()}
        assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    else:
        assert main(rank) == 0
        assert run_folder.read(run).manifest
        left = {path for path in run.parent.iterdir() if path != run}
        assert all(path.name.startswith(".run.") for path in left)


def test_several_at_once_leave_one_whole_run(rank: list[str], tmp_path: Path) -> None:
    """Whoever is last wins; nothing is left beside it."""
    command = [sys.executable, "-m", "screen", *rank]
    several = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait() for process in several] == [0, 0, 0]
    assert run_folder.read(tmp_path / "run").manifest
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_was_written_is_read(run: Path) -> None:
    files, done = run_folder.read(run), runs.few()
    assert [c["name"] for c in files.columns] == files.ranked.column_names
    for role, ranking in zip(files.manifest["roles"], done.rankings, strict=True):
        own = files.ranked.filter(pc_equal(files.ranked, "role", role))
        expected = done.ranked(ranking)
        for name in expected.column_names:
            assert own[name].to_pylist() == expected[name].to_pylist(), name
    assert set(files.cards["candidates"]) == set(done.identity["id"])


@pytest.mark.parametrize("name", ["ranked.csv", "gaps.csv", "short.csv"])
def test_a_run_whose_rows_are_not_those_that_were_written_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    right = table.write_csv

    def doubled(tables: Iterable[pa.Table], path: Path) -> int:
        rows = right(tables, path)
        if path.name == name:
            path.write_bytes(path.read_bytes() + path.read_bytes())
        return rows

    monkeypatch.setattr(table, "write_csv", doubled)
    with pytest.raises(ScreenError, match=rf"{name} has \d+ rows where \d+ were written"):
        runs.written(tmp_path / "run", ("short",), runs.few())
    assert list(tmp_path.iterdir()) == []


def pc_equal(table: Any, column: str, value: str) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415

    return pc.equal(table.column(column), value)


def test_the_page_can_be_made_again_from_the_files(run: Path) -> None:
    assert run_folders.page_of(run) == (run / "report.html").read_bytes()


def test_the_dictionary_is_that_of_the_program(run: Path) -> None:
    described = json.loads((run / "columns.json").read_text(encoding="utf-8"))
    declared = ranked_columns(electrolytes_of("Li"))
    assert [c["name"] for c in described["ranked.csv"]] == [c.name for c in declared]
    for entry, column in zip(described["ranked.csv"], declared, strict=True):
        assert entry == {
            "name": column.name,
            "label": column.label,
            "unit": column.unit,
            "decimals": column.decimals if column.kind == "number" else None,
            "kind": column.kind,
            "group": entry["group"],
            "meaning": column.meaning,
            "source": column.source,
        }
        assert entry["group"]
    head = (run / "gaps.csv").read_text(encoding="utf-8").splitlines()[0]
    assert [f'"{c["name"]}"' for c in described["gaps.csv"]] == head.split(",")


def test_the_manifest_holds_a_digest_of_every_other_file_but_the_page(run: Path) -> None:
    digests = json.loads((run / "manifest.json").read_text())["files"]
    assert set(digests) == {p.name for p in run.iterdir()} - {"manifest.json", "report.html"}


FILES = [*run_folder.DATA_FILES, *run_folder.EXTRA.values(), run_folder.MANIFEST]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing"):
        run_folder.read(run)


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_named(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    at = len(content) // 2
    while not content[at : at + 1].isdigit():
        at += 1
    other = b"1" if content[at : at + 1] != b"1" else b"2"
    (run / name).write_bytes(content[:at] + other + content[at + 1 :])
    with pytest.raises(DataError, match=rf"{name} was altered"):
        run_folder.read(run)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=name):
        run_folder.read(run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"layout": 1, "version": "0.0.1"},
            "of another version: written by screen 0.0.1, layout 1",
        ),
        ({"layout": 99, "version": "9.0\x1b[31m"}, r"9.0<U\+001B>\[31m, layout 99, where 3"),
        ({"layout": None}, "layout not stated"),
        ({"layout": "<b>" * 100}, "of another version"),
        ({"candidates": 221}, "manifest.json was altered"),
        ({"files": {}}, "manifest.json was altered"),
        ({"seal": ""}, "manifest.json was altered"),
    ],
)
def test_another_manifest_is_refused(run: Path, change: dict[str, Any], said: str) -> None:
    path = run / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=said) as raised:
        run_folder.read(run)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", "7", "", "{", "\ud800".encode("utf-8", "replace").decode()]
)
def test_a_manifest_that_is_none(run: Path, text: str) -> None:
    (run / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json"):
        run_folder.read(run)


def test_a_sealed_manifest_without_a_needed_digest(run: Path) -> None:
    path = run / "manifest.json"
    facts = json.loads(path.read_text())
    del facts["files"]["cards.json"]
    path.write_text(json.dumps(run_folder.sealed(facts)))
    with pytest.raises(DataError, match=r"no digest of cards\.json"):
        run_folder.read(run)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run folder"):
        run_folder.read(tmp_path / "none")
    with pytest.raises(DataError, match="is no folder of a finished run"):
        run_folder.read(tmp_path)
