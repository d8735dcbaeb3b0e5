"""What comes from outside stays text, wherever it goes: terminal, Markdown, names of files."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screen import run_folder, weekly
from screen.answers.shortlist import export_shortlist, shortlist
from screen.cli import main
from screen.errors import DataError, NetworkError, ScreenError
from screen.outside import file_name, is_file_name, markdown, one_line, visible
from screen.run_folder import sealed
from screen.sources.materials_project import client
from screen.tables import sha256

pytestmark = pytest.mark.usefixtures("once")

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"


@given(st.text())
def test_what_is_shown_has_no_hidden_characters(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if c not in "\t\n" and unicodedata.category(c) in ("Cc", "Cs")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]", shown)
    assert "\n" not in one_line(text)
    shown.encode()


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_markdown_keeps_text(text: str) -> None:
    """No picture, link, code, table bar or HTML is left, and the text can be read back."""
    written = markdown(text)
    assert not re.search(r"(?<!\\)[\[\]<|`*]", re.sub(r"\\\\", "", written))
    assert re.sub(r"\\(.)", r"\1", written) == one_line(text)


@pytest.mark.parametrize(
    "text", ["![x](https://example.org/x.png)", "[x](javascript:alert(1))", "<img src=x>", "a|b"]
)
def test_what_markdown_would_act_on(text: str) -> None:
    assert re.search(r"\\[\[<|]", markdown(text))


@given(st.text())
def test_names_of_files_stay_in_their_folder(text: str) -> None:
    name = file_name(text)
    assert is_file_name(name)
    assert Path("folder", name).parent == Path("folder")
    assert not name.startswith((".", "-"))


@pytest.mark.parametrize(
    "name", ["..", ".", "", "../x", "a/b", ".hidden", "-rf", "a b", "a\n", "é"]
)
def test_what_is_no_name_of_a_file(name: str) -> None:
    assert not is_file_name(name)
    assert is_file_name(file_name(name))


class _Answer:
    def __init__(self, version: Any) -> None:
        self.version = version

    def json(self) -> dict[str, Any]:
        return {"db_version": self.version}


@pytest.mark.parametrize("version", ["x/../../../../N", "..", "/etc", "", None, 3, "a b", "x\x00"])
def test_a_database_version_is_no_path(version: Any) -> None:
    class Session:
        def get(self, _: str) -> _Answer:
            return _Answer(version)

    with pytest.raises(NetworkError, match="names no database version"):
        client._version(Session(), "http://127.0.0.1/")  # type: ignore[arg-type]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["rank", "-q", "-o", "run"]) == 0
    return tmp_path / "run"


def reseal(run: Path, **changes: Any) -> None:
    """Write a manifest that fits its folder, as anybody can."""
    path = run / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    manifest["files"] |= {
        name: sha256(run / name) for name in manifest["files"] if (run / name).is_file()
    }
    path.write_bytes(run_folder.dump(sealed(manifest)))


def test_a_role_of_a_run_folder_is_no_path(run: Path) -> None:
    role = "../../../outside/P"
    ranked = run / "ranked.csv"
    text = ranked.read_text(encoding="utf-8")
    ranked.write_text(text.replace('"interlayer"', f'"{role}"'), encoding="utf-8")
    roles = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["roles"]
    reseal(run, roles={role: roles["interlayer"]})
    list(export_shortlist(shortlist(run, 2, True, None, ()), run.parent / "list"))
    written = {path.parent.name for path in run.parent.rglob("*.cif")}
    assert written == {"list"}
    assert not (run.parent.parent / "outside").exists()


def test_a_manifest_names_no_files_elsewhere(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    reseal(run, files=manifest["files"] | {"../secret": "0" * 64})
    with pytest.raises(DataError, match="names files elsewhere"):
        run_folder.read(run)


def test_an_anode_of_a_run_folder_is_no_path(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCREEN_HOME", str(tmp_path / "home"))
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    reseal(run, settings=manifest["settings"] | {"anode": "../../X"})
    weekly.accept(run)
    assert [path.name for path in (tmp_path / "home").rglob("*.json")] == ["_.._x.json"]


def test_a_name_of_a_table_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "a b;$(x)\u202e.csv"
    table.write_text("formula,formation_energy_per_atom_eV,scheme\nLiF,-3.1,test\nLi,0,test\n")
    main(["rank", "-q", "--source", str(table)])
    names = [path.name for path in (tmp_path / "results").iterdir()]
    assert len(names) == 1
    assert is_file_name(names[0])


FAULTS = {
    "a file": ["window", "LiF", "--source", f"no{HOSTILE}.csv"],
    "an option": ["rank", f"--nothing{HOSTILE}"],
    "a formula": ["window", f"Li{HOSTILE}F"],
    "a role": ["rank", "--role", HOSTILE],
}


@pytest.mark.parametrize("arguments", FAULTS.values(), ids=FAULTS)
def test_errors_are_plain(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) != 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


def test_errors_of_flows_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    from flows import __main__ as flows  # noqa: PLC0415

    assert flows.main(["screening", "--anode", HOSTILE]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_what_a_server_says_is_plain_in_logs() -> None:
    import logging  # noqa: PLC0415

    from flows import quiet  # noqa: PLC0415

    error = ScreenError(f"the server says {HOSTILE}")
    record = logging.LogRecord("prefect.flow_runs", 40, "", 0, "x", (), (type(error), error, None))
    assert quiet.OneLine().filter(record)
    assert "\x1b" not in record.getMessage()
    assert "<U+001B>" in record.getMessage()
