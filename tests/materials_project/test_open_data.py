"""Pulls of the open tables: the same snapshot as through the API, and every fault on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from screen.cli import main
from screen.errors import DataError, NetworkError, ScreenError, UsageError
from screen.settings import PullSettings
from screen.sources import materials_project as mp
from screen.sources import snapshot, user_files
from screen.sources.materials_project import open_tables
from tests.materials_project import safe_environment
from tests.materials_project.bucket import BUCKET, OpenBucket
from tests.materials_project.conftest import CAP, Connect
from tests.materials_project.documents import Database
from tests.materials_project.emulator import Emulator
from tests.materials_project.test_pull import pulled

SHORT = PullSettings(timeout_s=10, attempts=1, backoff_s=0.01, longest_wait_s=1.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBucket]:
    """An S3 service on this machine alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in safe_environment(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        with OpenBucket() as opened:
            yield opened


@pytest.fixture(scope="module")
def tables(small: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables on disk, in two files each."""
    from tests.materials_project.open_tables import write_tables  # noqa: PLC0415 (takes seconds)

    folder = tmp_path_factory.mktemp("tables")
    write_tables(small, folder, group=500, files=2)
    return folder


@pytest.fixture(scope="module")
def bucket(server: OpenBucket, tables: Path) -> mp.Bucket:
    server.put(tables)
    return mp.Bucket(SHORT, server.endpoint)


@pytest.fixture
def copy(server: OpenBucket, tables: Path, request: pytest.FixtureRequest) -> mp.Bucket:
    """A bucket for one test, to be spoilt."""
    name = f"copy-{abs(hash(request.node.name))}"
    server.put(tables, name)
    return mp.Bucket(SHORT, server.endpoint, name)


@pytest.fixture(autouse=True)
def _in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pieces, so that a pull has several."""
    monkeypatch.setattr(open_tables, "ROWS", 600)


def opened(bucket: mp.Bucket, home: Path, query: mp.Query | None = None, **options: Any) -> Path:
    path = mp.pull_open_data(bucket, query or mp.Query(), home, CAP, **options)
    assert path is not None
    return path


@pytest.mark.parametrize(
    "query",
    [mp.Query(), mp.Query.of(["Li-P-S", "Na-Cl"]), mp.Query.of((), gnome=True)],
    ids=["all", "systems", "gnome"],
)
def test_the_snapshot_is_that_of_the_api(
    query: mp.Query, bucket: mp.Bucket, small: Database, dial: Connect, tmp_path: Path
) -> None:
    with Emulator(small) as api:
        theirs = pulled(dial(api), tmp_path / "api", query)
    mine = opened(bucket, tmp_path / "open", query)
    assert mine.name == theirs.name
    assert mine.read_bytes() == theirs.read_bytes()
    assert (
        mine.with_suffix(".gaps.csv").read_bytes() == theirs.with_suffix(".gaps.csv").read_bytes()
    )
    (found,) = snapshot.listed(mine.parent)
    assert BUCKET in found.manifest["endpoint"]
    assert not list((tmp_path / "open" / "store").glob("pages-*/*"))


def weighty(table: pa.Table) -> pa.Table:
    """Two thousand letters for each material in a column that nobody needs."""
    random = np.random.default_rng(0)
    letters = random.integers(97, 123, (len(table), 2000), dtype=np.uint8)
    at = table.schema.get_field_index("formula_anonymous")
    texts = pa.array([row.tobytes().decode() for row in letters])
    return table.set_column(at, "formula_anonymous", texts)


def test_only_needed_columns_are_read(
    server: OpenBucket, bucket: mp.Bucket, small: Database, tmp_path: Path
) -> None:
    from tests.materials_project.open_tables import write_tables  # noqa: PLC0415

    write_tables(small, tmp_path / "tables", summary=weighty)
    server.put(tmp_path / "tables", "weighty")
    before = len(server.log())
    opened(replace(bucket, name="weighty"), tmp_path / "home")
    log = server.log()[before:]
    whole = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))
    assert all(path.startswith("/weighty") for _, path, *_ in log)
    assert whole > 3e6
    assert sum(size for *_, size in log) < 0.3 * whole


def test_a_table_that_is_not_sorted_by_version(
    server: OpenBucket, small: Database, bucket: mp.Bucket, tmp_path: Path
) -> None:
    """The version is then read with the rows; those of an older database are left out."""
    from tests.materials_project.open_tables import write_tables  # noqa: PLC0415

    old = replace(small, summary=small.summary[:300], thermo=small.thermo[:300], version="2025.1.1")
    for database in (old, small):
        write_tables(database, tmp_path / "tables", group=500, partitioned=False)
    server.put(tmp_path / "tables", "not-sorted")
    mine = opened(replace(bucket, name="not-sorted"), tmp_path / "a")
    assert mine.read_bytes() == opened(bucket, tmp_path / "b").read_bytes()


def test_pieces_come_a_few_at_a_time(bucket: mp.Bucket, tmp_path: Path) -> None:
    calls = 0
    while mp.pull_open_data(bucket, mp.Query(), tmp_path, CAP, max_pages=2) is None:
        calls += 1
        assert not snapshot.listed(tmp_path / "snapshots")
    assert calls >= 3
    assert len(user_files.load(snapshot.latest(tmp_path / "snapshots"))) > 2000


def test_a_pull_keeps_to_the_versions_it_began_with(
    copy: mp.Bucket, server: OpenBucket, small: Database, tables: Path, tmp_path: Path
) -> None:
    from tests.materials_project.open_tables import write_tables  # noqa: PLC0415

    undisturbed = opened(copy, tmp_path / "calm").read_bytes()
    assert mp.pull_open_data(copy, mp.Query(), tmp_path / "late", CAP, max_pages=1) is None
    newer = tmp_path / "newer"
    newer.mkdir()
    subprocess.run(["cp", "-r", f"{tables}/.", str(newer)], check=True)
    write_tables(replace(small, summary=small.summary[:300], version="2027.01.01"), newer)
    server.put(newer, copy.name)
    assert opened(copy, tmp_path / "late").read_bytes() == undisturbed
    assert opened(copy, tmp_path / "new").name == "mp-2027.01.01.parquet"


def test_a_version_that_has_gone(
    copy: mp.Bucket, server: OpenBucket, tables: Path, tmp_path: Path
) -> None:
    assert mp.pull_open_data(copy, mp.Query(), tmp_path, CAP, max_pages=1) is None
    last = sorted(tables.rglob("collections/summary/_delta_log/*.json"))[-1]
    server.remove(str(last.relative_to(tables)), copy.name)
    with pytest.raises(DataError, match=r"version 1 of the table summary .* is gone; .*--restart"):
        opened(copy, tmp_path)
    mp.pages_of(tmp_path, mp.Query()).forget()
    opened(copy, tmp_path)


def test_a_file_that_has_gone(
    copy: mp.Bucket, server: OpenBucket, tables: Path, tmp_path: Path
) -> None:
    file = next(tables.rglob("collections/thermo/*/*.parquet"))
    server.remove(str(file.relative_to(tables)), copy.name)
    with pytest.raises(DataError, match=r"of the table thermo .* is gone"):
        opened(copy, tmp_path)
    assert not snapshot.listed(tmp_path / "snapshots")


@pytest.mark.parametrize("part", ["_delta_log", "thermo/version"])
def test_a_rate_limit_loses_nothing(
    part: str, bucket: mp.Bucket, server: OpenBucket, tmp_path: Path
) -> None:
    server.fail(part)
    try:
        with pytest.raises(NetworkError, match=r"limits the rate .* in some minutes"):
            opened(bucket, tmp_path)
    finally:
        server.heal()
    assert not snapshot.listed(tmp_path / "snapshots")
    opened(bucket, tmp_path)


def no_bucket(bucket: mp.Bucket) -> mp.Bucket:
    return replace(bucket, name="nowhere")


def no_network(bucket: mp.Bucket) -> mp.Bucket:
    return replace(bucket, endpoint="http://127.0.0.1:9")


def no_table(bucket: mp.Bucket) -> mp.Bucket:
    return replace(bucket, name="empty-one")


ABSENT = {
    no_bucket: "the open bucket nowhere has no table summary where it was; pull with a key",
    no_table: "the open bucket empty-one has no table summary where it was; pull with a key",
    no_network: "does not answer .*; what came so far is kept",
}


@pytest.mark.parametrize("spoil", ABSENT)
def test_what_is_not_there(
    spoil: Any, bucket: mp.Bucket, server: OpenBucket, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    server.put(tmp_path / "none", "empty-one")
    with pytest.raises(NetworkError, match=ABSENT[spoil]) as caught:
        opened(spoil(bucket), tmp_path)
    assert "\n" not in str(caught.value)


def renamed(table: pa.Table) -> pa.Table:
    return table.rename_columns({"band_gap": "gap"})


def as_text(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("nsites")
    return table.set_column(at, "nsites", table["nsites"].cast(pa.string()))


def without_version(table: pa.Table) -> pa.Table:
    return table.drop_columns(["version"])


LAYOUTS = {
    renamed: "column band_gap is missing",
    as_text: "column nsites holds string, number is wanted",
    without_version: "says nothing for its database version",
}


@pytest.mark.parametrize("change", LAYOUTS)
def test_other_layouts_are_refused_before_anything_is_kept(
    change: Any, server: OpenBucket, small: Database, tmp_path: Path
) -> None:
    from tests.materials_project.open_tables import write_tables  # noqa: PLC0415

    few = replace(small, summary=small.summary[:50], thermo=small.thermo[:50])
    write_tables(few, tmp_path / "tables", summary=change)
    name = f"other-{change.__name__.replace('_', '-')}"
    server.put(tmp_path / "tables", name)
    with pytest.raises(DataError, match=LAYOUTS[change]):
        opened(mp.Bucket(SHORT, server.endpoint, name), tmp_path / "home")
    assert not list((tmp_path / "home").rglob("*.parquet"))
    assert not list((tmp_path / "home").glob("store/pages-*/*"))


def test_schemes_are_told_apart(bucket: mp.Bucket, tmp_path: Path) -> None:
    """The made-up r2SCAN energies are 20 eV/atom lower: none can be used."""
    query = mp.Query.of((), thermo_type="R2SCAN")
    with pytest.raises(DataError, match="no material with an energy"):
        opened(bucket, tmp_path, query)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--thermo-type", "GGA_GGA+U_R2SCAN"], "do not share a hull"),
        (["--role", "host"], "leave --role out"),
        (["--structures"], "leave --open-data out"),
        (["--rate", "2"], "leave it out"),
        (["--endpoint", "nonsense"], "https://s3"),
    ],
)
def test_what_does_not_go_together(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main(["pull", "--open-data", "--quiet", *arguments]) == UsageError.exit_code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


COMMAND = [sys.executable, "-m", "screen", "pull", "--open-data"]


def test_killed_twice_and_finished(bucket: mp.Bucket, server: OpenBucket, tmp_path: Path) -> None:
    """No key anywhere; killed after the first and the third piece."""
    environment = {k: v for k, v in os.environ.items() if k != "MP_API_KEY"}
    environment |= {"SCREEN_HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.endpoint}
    kept = tmp_path / "store"
    for pieces in (1, 2):
        with subprocess.Popen(
            [*COMMAND, "--max-pages", "2"], env=environment, stderr=subprocess.DEVNULL
        ) as process:
            until = time.monotonic() + 300
            while len(list(kept.glob("pages-*/*"))) <= pieces and time.monotonic() < until:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not snapshot.listed(tmp_path / "snapshots")
    subprocess.run(COMMAND, env=environment, capture_output=True, check=True)
    (found,) = snapshot.listed(tmp_path / "snapshots")
    undisturbed = opened(bucket, tmp_path / "calm")
    assert found.path.read_bytes() == undisturbed.read_bytes()


def test_a_fault_is_one_of_ours(bucket: mp.Bucket) -> None:
    """Whatever a library raises, the user gets one line and an exit code."""
    for text in (
        "HTTP status 503",
        "AccessDenied 403 Forbidden",
        "404 Not Found",
        "",
        "odd\n\nend",
    ):
        fault = bucket._fault(OSError(text), "the table x", None)
        assert isinstance(fault, ScreenError)
        assert "\n" not in str(fault)
