"""The page without a browser: one file, nothing from outside, no data that becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import run_folder
from screen.report import page
from screen.report.run_files import RunFiles
from tests.report import runs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    return run_folder.read(runs.written(tmp_path_factory.mktemp("page") / "run"))


class Tags(HTMLParser):
    """The elements of a page, and the text of each script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in ("script", "style"):
            self.texts.append((self.cdata_elem, data))


def parsed(content: bytes) -> Tags:
    tags = Tags()
    tags.feed(content.decode())
    return tags


def test_one_file_that_asks_for_nothing(files: RunFiles) -> None:
    tags = parsed(runs.page_of(files))
    names = {tag for tag, _ in tags.tags}
    assert not names & {"link", "img", "iframe", "object", "embed", "form", "base"}
    for _, attributes in tags.tags:
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = next(text for tag, text in tags.texts if tag == "style")
    assert not re.search(r"url\(|@import", style)
    code = "".join(path.read_text(encoding="utf-8") for path in page.ASSETS.glob("*.js"))
    for banned in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert banned not in code
    assert not re.search(r"XMLHttpRequest|WebSocket|import\(|new Function|srcdoc", code)


def test_only_its_own_scripts_and_style_may_run(files: RunFiles) -> None:
    tags = parsed(runs.page_of(files))
    policy = next(
        attributes["content"] or ""
        for tag, attributes in tags.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    codes = [text for tag, text in tags.texts if not text.startswith("{")]
    assert len(codes) == 3
    for code in codes:
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy


JSON = st.recursive(
    st.text() | st.sampled_from(runs.HOSTILE) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(value=JSON)
def test_embedded_data_are_the_data_and_no_markup(value: Any) -> None:
    text = page.embedded(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_a_poisoned_run_gives_the_same_elements(files: RunFiles) -> None:
    clean, bad = (parsed(runs.page_of(f)) for f in (files, runs.poisoned(files)))
    assert [tag for tag, _ in clean.tags] == [tag for tag, _ in bad.tags]
    data = next(json.loads(text) for _, text in bad.texts if text.startswith("{"))
    assert runs.HOSTILE[0] in json.dumps(data)


def test_half_characters_do_not_stop_the_page(files: RunFiles) -> None:
    odd = RunFiles(
        files.manifest | {"command": "rank \udcff"},
        files.columns,
        files.ranked,
        files.gaps,
        files.cards,
    )
    assert b"\\udcff" in runs.page_of(odd)


def test_data_are_those_of_the_run(files: RunFiles) -> None:
    parts = page.by_role(files.ranked, list(files.manifest["roles"]))
    tops = [page.Top.of(part) for part in parts]
    data = page.payload(files.manifest, files.columns, tops, files.gaps, files.cards)
    formulas = data["values"]["formula"]
    for role, part in zip(data["roles"], parts, strict=True):
        assert [formulas[i] for i in role["rows"]] == part["formula"].to_pylist()
        assert role["total"] == part.num_rows
        scores = part["score"].to_pylist()
        assert role["values"]["score"] == pytest.approx(scores, abs=1.01e-5)
        for gates in (role["gates"], *(kind["gates"] for kind in role["kinds"].values())):
            assert all(gate["text"].startswith(gate["column"]) for gate in gates)
    failed = {
        text
        for part in parts
        for f in part["failed_gates"].drop_null().to_pylist()
        for text in f.split("; ")
    }
    known = {
        gate["text"]
        for role in data["roles"]
        for gates in (role["gates"], *(kind["gates"] for kind in role["kinds"].values()))
        for gate in gates
    }
    assert {text for text in failed if not text.startswith("no kind")} <= known
    assert len(data["gaps"]["rows"]) == files.gaps.num_rows


def test_the_page_holds_so_many_and_counts_all(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SHOWN", 7)
    part = page.by_role(files.ranked, ["host"])[0]
    top = page.Top.of(part)
    assert (top.rows.num_rows, top.total) == (7, part.num_rows)
    assert top.rows["formula"].to_pylist() == part["formula"].to_pylist()[:7]
    gate, most = top.failures[0]
    assert most == sum(gate in (f or "").split("; ") for f in part["failed_gates"].to_pylist())


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("score", ("score_low", "score_high")),
        ("band_gap_ev", ("band_gap_min_ev", "band_gap_max_ev")),
        ("oxidation_v", None),
        ("score_low", None),
    ],
)
def test_bounds_of_a_column_are_found_by_name(name: str, bounds: tuple[str, str] | None) -> None:
    names = [
        "score",
        "score_low",
        "score_high",
        "band_gap_ev",
        "band_gap_min_ev",
        "band_gap_max_ev",
    ]
    found = page._bounds(name, names)
    assert found == (
        {} if bounds is None else {"low": names.index(bounds[0]), "high": names.index(bounds[1])}
    )


@given(texts=st.lists(st.none() | st.sampled_from(["a", "b", ""]) | st.text(max_size=3)))
def test_packed_texts_are_the_texts(texts: list[str | None]) -> None:
    packed = page._packed(pa.chunked_array([pa.array(texts, pa.string())]), None)
    if isinstance(packed, dict):
        packed = [None if code < 0 else packed["texts"][code] for code in packed["codes"]]
    assert packed == texts


def test_assets_are_shipped_and_all_used() -> None:
    setup = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert "report/assets/*" in setup
    scripts = {path.stem for path in page.ASSETS.glob("*.js")}
    assert scripts == {*page.SCRIPTS, "theme"}
    text = page.script_text()
    for name in page.SCRIPTS:
        assert (page.ASSETS / f"{name}.js").read_text(encoding="utf-8") in text
