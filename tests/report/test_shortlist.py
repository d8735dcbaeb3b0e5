"""The shortlist: the best, and with a least distance the best that are different."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import run_folder
from screen.composition import Compositions
from screen.report import shortlist as short
from screen.report.run_files import RunFiles
from screen.similarity import coordinates, distances
from tests.report import runs

FILES: dict[str, RunFiles] = {}


@pytest.fixture(scope="module", autouse=True)
def _files(tmp_path_factory: pytest.TempPathFactory) -> None:
    FILES["run"] = run_folder.read(runs.written(tmp_path_factory.mktemp("short") / "run"))


def ranked(role: str) -> list[str]:
    rows = FILES["run"].ranked.to_pylist()
    return [row["formula"] for row in rows if row["role"] == role and row["rank"]]


@pytest.mark.parametrize("role", ["interlayer", "host", "alloy"])
def test_without_a_distance_it_is_the_top(role: str) -> None:
    picks = short.pick(FILES["run"], role, 5, None)
    assert [one.row["formula"] for one in picks] == ranked(role)[:5]
    assert [one.place for one in picks] == [1, 2, 3, 4, 5]
    assert all(one.passed_over == [] for one in picks)


@given(
    role=st.sampled_from(["interlayer", "host", "alloy"]),
    count=st.integers(1, 12),
    least=st.floats(0, 60),
)
def test_picks_are_apart_and_nothing_better_was_left_out_without_a_reason(
    role: str, count: int, least: float
) -> None:
    picks = short.pick(FILES["run"], role, count, least)
    names, everyone = [one.row["formula"] for one in picks], ranked(role)
    points = coordinates(Compositions.from_formulas(everyone))
    far = distances(points, points)
    at = [everyone.index(name) for name in names]
    assert names[0] == everyone[0]
    assert at == sorted(at)
    assert len(picks) <= count
    for k, one in enumerate(picks):
        if k:
            assert far[at[k], at[:k]].min() >= least - 1e-9  # summed in another order
            assert one.distance == pytest.approx(far[at[k], at[:k]].min())
            assert far[at[k], everyone.index(one.nearest)] == pytest.approx(one.distance)
        between = everyone[at[k - 1] + 1 : at[k]] if k else []
        assert [formula for formula, _ in one.passed_over] == between
        for formula, other in one.passed_over:
            assert other in names[:k]
            assert far[everyone.index(formula), everyone.index(other)] < least
    if len(picks) < count:  # all the rest are like one of them
        rest = np.setdiff1d(np.arange(len(everyone)), at)
        assert (far[rest][:, at].min(axis=1) < least).all()


def test_halides_do_not_fill_the_list() -> None:
    picks = short.pick(FILES["run"], "interlayer", 5, short.ALIKE)
    names = {one.row["formula"] for one in picks}
    assert len(names & {"LiF", "LiCl", "LiBr", "LiI", "Li3ClO", "Li3BrO"}) == 1
    assert any("passed over before it: " in one.reason for one in picks)
    score, kind = (picks[0].row[name] for name in ("score", "kind"))
    assert picks[0].reason == f"Best of the role (score {score:.3f}), of the kind {kind}."


def test_the_list_as_rows() -> None:
    picks = short.pick(FILES["run"], "host", 2, None)
    rows = short.table(picks, ["a", "none: b"])
    assert rows.column_names == [*short.SHOWN, "structure"]
    assert rows["rank"].to_pylist() == [1, 2]
    assert short.table([]).num_rows == 0
    assert short.table([]).column_names == list(short.SHOWN)


def test_a_role_in_which_nobody_passed() -> None:
    assert short.pick(runs.nobody(FILES["run"]), "host", 3, 5.0) == []
