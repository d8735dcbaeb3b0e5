"""Jobs in batches: computed once, kept, in any order, by any number of processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen.atomistic import migration, wetting
from screen.atomistic.jobs import Kind, Result, batch, divided, kept, run
from screen.errors import DataError, ScreenError
from screen.store import Store
from tests.atomistic.made_up import (
    COPPER,
    SILVER,
    busy,
    counted,
    fatal,
    kind,
    made_up_job,
    noisy,
    passing,
    sleepy,
)
from tests.conftest import ROOT, wait_until

NUMBERS = (4.0, -1.0, 2.5, 0.1, 7.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def files_of(store: Store) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}


def test_results_come_in_the_order_of_the_jobs(store: Store) -> None:
    jobs = [made_up_job(number) for number in NUMBERS]
    results = run(kind(), jobs, store)
    assert [dict(r.values) for r in results] == [
        {"word": "below"} if n < 0 else {"square_ev": n**2 / 7, "word": "above"} for n in NUMBERS
    ]
    assert results[1].reasons == {"square_ev": "it is negative"}
    assert run(kind(), jobs[::-1], store) == results[::-1]
    assert run(kind(), [], store) == []


def test_a_result_is_computed_once(store: Store, tmp_path: Path) -> None:
    jobs = [made_up_job(number, tmp_path) for number in (1, 2, 1, 2, 3)]
    first = run(kind(), jobs, store)
    assert counted(tmp_path) == 3
    assert run(kind(), jobs, store) == first
    assert counted(tmp_path) == 3
    assert len(files_of(store)) == 3


def test_progress_counts_what_was_kept_and_what_is_new(store: Store) -> None:
    run(kind(), [made_up_job(1)], store)
    told: list[tuple[int, int]] = []
    jobs = [made_up_job(number) for number in (1, 2, 3, 4, 1)]
    run(kind(size=2), jobs, store, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (3, 4), (4, 4)]


@given(
    st.lists(st.integers(1, 300), max_size=60),
    st.integers(1, 40),
    st.integers(1, 8),
)
def test_batches_hold_each_job_once(costs: list[int], size: int, workers: int) -> None:
    parts = divided(costs, size, workers)
    assert sorted(i for part in parts for i in part) == list(range(len(costs)))
    assert all(0 < len(part) <= size for part in parts)
    in_order = [costs[i] for part in parts for i in part]
    assert in_order == sorted(costs, reverse=True)
    fair = sum(costs) / workers / 4
    if workers > 1:
        assert all(len(part) == 1 or sum(costs[i] for i in part) <= fair + 1e-6 for part in parts)
    else:
        assert len(parts) == -(-len(costs) // size)


def test_one_dear_job_keeps_one_worker_alone() -> None:
    assert divided([1, 1, 1, 9, 1, 1, 1, 1], 32, 2) == [[3], [0, 1], [2, 4], [5, 6], [7]]


@pytest.mark.parametrize("size", [1, 2, 32])
def test_workers_batches_and_order_change_no_byte(tmp_path: Path, size: int) -> None:
    jobs = [made_up_job(number) for number in NUMBERS]
    one, two, three = (Store(tmp_path / name) for name in ("one", "two", "three"))
    expected = run(kind(), jobs, one)
    assert run(kind(size=size), jobs, two, workers=2) == expected
    with ThreadPoolExecutor(3) as threads:
        assert run(kind(size=size), jobs[::-1], three, executor=threads) == expected[::-1]
        assert threads.submit(abs, -1).result() == 1  # left open
    assert files_of(one) == files_of(two) == files_of(three)
    assert len(files_of(one)) == len(NUMBERS)


DAMAGED: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "list": lambda _: "[]",
    "other number": lambda text: text.replace('"square_ev": ', '"square_ev": 1'),
    "column gone": lambda text: text.replace("square_ev", "cube_ev"),
    "no mark": lambda text: text.partition("\n")[2],
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_computed_again(store: Store, tmp_path: Path, damage: str) -> None:
    jobs = [made_up_job(5, tmp_path)]
    expected = run(kind(), jobs, store)
    path = store.path(kind().folder, jobs[0].digest)
    whole = path.read_text()
    path.write_text(DAMAGED[damage](whole))
    assert path.read_text() != whole
    assert run(kind(), jobs, store) == expected
    assert counted(tmp_path) == 2
    assert path.read_text() == whole


def test_what_the_structure_is_not_to_blame_for_is_tried_again(
    store: Store, tmp_path: Path
) -> None:
    for times in (1, 2):
        (result,) = run(kind(passing), [made_up_job(1, tmp_path)], store)
        assert set(result.reasons.values()) == {"a package is missing"}
        assert counted(tmp_path) == times
    assert not files_of(store)


def test_a_failure_is_a_reason_and_stays_inside(capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = made_up_job(2), made_up_job(3)
    results = batch(kind(noisy), [good, bad])
    assert results[1].reasons == dict.fromkeys(
        ("square_ev", "word"), "the computation failed (ValueError: bad Cu3)"
    )
    assert not results[1].keep
    assert capfd.readouterr() == ("", "")


def test_a_job_that_takes_too_long_is_given_up() -> None:
    before = signal.getsignal(signal.SIGALRM)
    (result,) = batch(kind(sleepy), [made_up_job(1, limit=0.2)])
    assert result == Result({}, dict.fromkeys(("square_ev", "word"), "not done after 0.2 s"), False)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_time_limits_hold_beside_the_main_thread() -> None:
    """As in workers of Dask; what comes next in the thread is not hit."""
    with ThreadPoolExecutor(1) as thread:
        for _ in range(3):
            job = made_up_job(1, limit=0.2)
            (result,) = thread.submit(batch, kind(busy), [job]).result()
            assert set(result.reasons.values()) == {"not done after 0.2 s"}
            assert not result.keep
            (result,) = thread.submit(batch, kind(), [job]).result()
            assert result.values["word"] == "above"


def test_a_time_limit_hits_nothing_but_its_job() -> None:
    """However near to its end the time is up."""
    with ThreadPoolExecutor(1) as thread:
        jobs = [made_up_job(1, limit=limit) for limit in np.geomspace(1e-6, 1e-3, 300)]
        found = thread.submit(batch, kind(), jobs).result()
        assert {r.reasons.get("word", "").split(" after")[0] for r in found} <= {"", "not done"}
        assert thread.submit(sum, range(10**5)).result() == 4999950000


def test_a_killed_run_goes_on_with_what_is_missing(store: Store, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\nfrom screen.atomistic.jobs import run\n"
        "from screen.store import Store\n"
        "from tests.atomistic.made_up import fatal, kind, made_up_job\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "jobs = [made_up_job(n, folder) for n in range(6)]\n"
        f"print(len(run(kind(fatal), jobs, Store(Path({str(store.root)!r})))))\n"
    )

    def again() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert again().returncode == -signal.SIGKILL
    assert len(files_of(store)) == 2  # the first batch of two; the second is lost
    (tmp_path / "well").touch()
    assert again().stdout == "6\n"
    assert len(files_of(store)) == 6
    assert counted(tmp_path) == 3 + 4  # 0 and 1, 2 in vain; then 2 to 5


def test_workers_end_with_a_killed_run(store: Store, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\nfrom screen.atomistic.jobs import run\n"
        "from screen.store import Store\n"
        "from tests.atomistic.made_up import kind, lasting, made_up_job\n"
        "if __name__ == '__main__':\n"
        f"    jobs = [made_up_job(n, Path({str(tmp_path)!r})) for n in range(2)]\n"
        f"    run(kind(lasting), jobs, Store(Path({str(store.root)!r})), workers=2)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as process:
        assert wait_until(lambda: len(list(tmp_path.glob("ran-*"))) == 2, 60)
        process.kill()
    workers = [int(path.name.split("-")[2]) for path in tmp_path.glob("ran-*")]
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 30)


def test_a_lost_worker_is_named_and_the_rest_kept(store: Store, tmp_path: Path) -> None:
    done = [made_up_job(n, tmp_path) for n in (0, 1)]
    run(kind(fatal), done, store)
    jobs = [*done, made_up_job(3, tmp_path)]
    with pytest.raises(ScreenError, match=r"a worker was lost with Cu3 .*the same command goes on"):
        run(kind(fatal, size=1), jobs, store, workers=2)
    (tmp_path / "well").touch()
    assert len(run(kind(fatal, size=1), jobs, store, workers=2)) == 3
    assert counted(tmp_path) == 3


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot write .*SCREEN_HOME"):
        run(kind(), [made_up_job(1)], Store(tmp_path / "file"))


def test_the_digest_tells_questions_apart_and_nothing_else() -> None:
    job = made_up_job(1)
    assert replace(job, formula="other", limit_s=1.0).digest == job.digest
    others = [replace(job, cell=SILVER), replace(job, options={"number": 2})]
    assert len({job.digest, *(other.digest for other in others)}) == 3
    assert len(job.digest) == 64


def test_each_kind_and_version_has_its_folder(store: Store) -> None:
    job = made_up_job(1)
    kinds = [kind(), replace(kind(), version=2), replace(kind(), name="other")]
    assert len({store.path(one.folder, job.digest).parent for one in kinds}) == 3


def test_a_kept_result_says_what_it_is_of(store: Store) -> None:
    run(kind(), [made_up_job(1)], store)
    (content,) = files_of(store).values()
    said = json.loads(content.partition(b"\n")[2])
    assert (said["formula"], said["options"]) == ("Cu1", {"number": 1})
    (result,) = run(kind(), [made_up_job(1)], store)
    assert kept(store, kind(), made_up_job(1).digest) == result


def test_a_crystal_survives_as_plain_data() -> None:
    structure = COPPER.structure
    assert structure.composition.formula == "Cu4"
    assert structure.volume == pytest.approx(3.61**3)


def test_kinds_compute_what_they_declare() -> None:
    kinds: tuple[Kind, ...] = (migration.KIND, wetting.KIND)
    assert [(k.name, k.size) for k in kinds] == [("barrier", 32), ("surface", 8)]
