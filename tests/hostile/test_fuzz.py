"""Readers fed with nonsense: each input is read, or refused in one line.

The same few inputs each time; SCREEN_FUZZ=2000 tries so many of each reader, as docs/reliability.md
says was done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command

from screen import crystal_files, filters, run_folder, store
from screen.cli import app, main
from screen.composition import parse_formula
from screen.errors import ScreenError, UsageError
from screen.literature import joined
from screen.materials import read
from screen.ranking.roles import roles
from screen.settings import Settings, load_settings
from screen.sources import snapshot, user_files
from screen.sources.materials_project.documents import Pulled, take, to_phases
from screen.sources.materials_project.query import Query
from screen.sources.materials_project.usable import page_fault
from tests.hostile.test_crystal_files import CIF, POSCAR, USUAL
from tests.test_training import OWN

TRIES = int(os.environ.get("SCREEN_FUZZ", "25"))
fuzz = settings(
    max_examples=TRIES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TAKEN = ("--help", "--version")

TOKENS = (
    *(b"", b"\x00", b"\xff", b"\n", b",", b'"', b";", b"-", b"1e999", b"nan", b"9" * 30, b"()"),
    *(b"=", b"[", b"{", b"Li", b"Xx", b"\xef\xbb\xbf", "²".encode(), b"'", b"\t", b"null", b"0"),
)
edits = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 12), st.sampled_from(TOKENS)),
    min_size=1,
    max_size=4,
)


def edited(seed: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """A file with a few places cut out and something put there instead."""
    for place, cut, token in changes:
        at = place % (len(seed) + 1)
        seed = seed[:at] + token + seed[at + cut :]
    return seed


def survives(read_it: Callable[[], Any]) -> None:
    """It is read, or refused in one line that tells no paths and no Python."""
    try:
        read_it()
    except ScreenError as error:
        said = str(error)
        assert said.strip()
        assert len(said) < 1000
        assert "Traceback" not in said


TABLE = b"""id,formula,formation_energy_ev_atom,band_gap_ev,density_g_cm3,theoretical
a,Li,0,0,0.53,false
b,F,0,,,
c,LiF,-3.18,8.7,2.64,false
"""
ENTRIES = json.dumps(
    [
        {
            "@module": "pymatgen.entries.computed_entries",
            "@class": "ComputedEntry",
            "composition": composition,
            "energy": energy,
            "correction": 0.0,
            "energy_adjustments": [],
            "parameters": {"run_type": "GGA"},
            "entry_id": name,
        }
        for name, composition, energy in (
            ("a", {"Li": 1.0}, -1.9),
            ("b", {"F": 2.0}, -3.7),
            ("c", {"Li": 1.0, "F": 1.0}, -9.9),
        )
    ]
).encode()
SETTINGS = b"""anode = "Na"
seed = 3
check_tolerance = 1e-6
electrolytes = ["Na3PS4"]
[cell]
separator_um = 20.0
separator = "sulfide"
"""
ROLES = (Path(__file__).parents[2] / "screen/data/roles.toml").read_bytes()
LITERATURE = ",".join(OWN) + "\n" + ",".join(f'"{value}"' for value in OWN.values()) + "\n"


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    columns = {"formula": ["Li", "F", "LiF"], "formation_energy_ev_atom": [0.0, 0.0, -3.18]}
    pa.parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


FILES: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "a table": ("a.csv", TABLE, user_files.load),
    "a table in Parquet": ("a.parquet", parquet(), user_files.load),
    "entries": ("a.json", ENTRIES, user_files.load),
    "settings": ("a.toml", SETTINGS, load_settings),
    "roles": ("roles.toml", ROLES, roles),
    "literature": ("mine.csv", LITERATURE.encode(), joined),
    "a CIF": ("a.cif", CIF.format(**USUAL).encode(), crystal_files.of_file),
    "a POSCAR": (
        "POSCAR",
        POSCAR.format(symbols="Li F\n", counts="1 1").encode(),
        crystal_files.of_file,
    ),
    "a manifest": (
        "mp-1.json",
        b'{"database_version": "1", "phases": 3, "scheme": "x", "licences": [], "sha256": "00",'
        b' "query": {"systems": [], "gnome": false, "properties": []}}',
        lambda path: snapshot.latest(path.parent),
    ),
}


@pytest.mark.parametrize("name", FILES)
@fuzz
@given(changes=edits)
def test_files(name: str, changes: list[tuple[int, int, bytes]], tmp_path: Path) -> None:
    file, seed, read_it = FILES[name]
    path = tmp_path / file
    path.write_bytes(edited(seed, changes))
    if name == "a manifest":
        path.with_suffix(".parquet").write_bytes(b"")
    survives(lambda: read_it(path))


@pytest.mark.parametrize("name", FILES)
@fuzz
@given(content=st.binary(max_size=200))
def test_files_of_noise(name: str, content: bytes, tmp_path: Path) -> None:
    file, _, read_it = FILES[name]
    path = tmp_path / file
    path.write_bytes(content)
    survives(lambda: read_it(path))


@fuzz
@given(changes=edits)
def test_kept_entries(changes: list[tuple[int, int, bytes]], tmp_path: Path) -> None:
    kept = store.Store(tmp_path)
    path = kept.put("kind", "key", b"what was kept")
    whole = path.read_bytes()
    path.write_bytes(edited(whole, changes))
    same = path.read_bytes() == whole
    assert kept.get("kind", "key") == (b"what was kept" if same else None)


@fuzz
@given(text=st.text(max_size=40))
def test_what_is_typed_for_a_formula(text: str) -> None:
    survives(lambda: parse_formula(text))
    survives(lambda: read(text))


@fuzz
@given(
    text=st.lists(
        st.sampled_from(
            "LiF Li2S Li3 PS4 (beta) - 0.33 · H2O ( ) [ ] ₂ ^2+ x α- LLZO 9999 . /".split()
        ),
        max_size=6,
    ).map("".join)
)
def test_what_looks_like_a_formula(text: str) -> None:
    survives(lambda: read(text))


@fuzz
@given(
    words=st.lists(
        st.sampled_from(
            "reduction_v score formula < <= = != > 0.1 -1 nan 1e400 'LiF' \"x\" and or not ( ) has "
            "F in contains is missing known , Li radioactive & | ~ ;".split()
        ),
        max_size=9,
    )
)
def test_conditions(words: list[str]) -> None:
    from screen.run import ranked_columns  # noqa: PLC0415

    kinds = {column.name: column.kind for column in ranked_columns((), Settings())}
    survives(lambda: filters.parse(" ".join(words), kinds))


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
parts = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(max_size=5), leaves)
json_values = parts | st.lists(parts, max_size=2) | st.dictionaries(st.text(max_size=5), parts)
FIELDS = (
    "material_id formula_pretty band_gap theoretical density volume nsites bulk_modulus "
    "shear_modulus builder_meta formation_energy_per_atom thermo_type"
).split()


@fuzz
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(FIELDS), json_values), max_size=6))
def test_documents_of_a_server(changes: list[tuple[int, str, Any]]) -> None:
    """A page is refused before it is kept, or what cannot be used of it is in the gaps."""
    summary: list[Any] = [
        {"material_id": f"mp-{i}", "formula_pretty": f, "band_gap": 0.1, "builder_meta": {}}
        for i, f in enumerate(("Li", "F", "LiF"))
    ]
    thermo: list[Any] = [
        {"material_id": f"mp-{i}", "formation_energy_per_atom": e, "thermo_type": "GGA_GGA+U"}
        for i, e in enumerate((0.0, 0.0, -3.0))
    ]
    for place, name, value in changes:
        (summary if place < 3 else thermo)[place % 3][name] = value
    if page_fault("summary", summary) or page_fault("thermo", thermo):
        return
    taken: list[dict[str, Any]] = [{}, {}]
    for route, have, documents in zip(("summary", "thermo"), taken, (summary, thermo), strict=True):
        take(route, have, documents)
    pulled = Pulled([*taken[0].values()], [*taken[1].values()], [], "1", 0)
    survives(lambda: to_phases(pulled, Query(), 1000.0))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    assert main(["rank", "-q", "--top", "1", "-o", str(folder)]) == 0
    return folder


def _same(name: str, changed: bytes, whole: bytes) -> bool:
    """A manifest is sealed as what it says, whatever blanks stand between."""
    try:
        return changed == whole or (
            name == "manifest.json" and json.loads(changed) == json.loads(whole)
        )
    except ValueError:
        return False


@fuzz
@given(
    name=st.sampled_from(["ranked.csv", "manifest.json", "cards.json", "gaps.csv"]), changes=edits
)
def test_run_folders(run: Path, name: str, changes: list[tuple[int, int, bytes]]) -> None:
    """What was changed after it was written is never reported on."""
    path = run / name
    whole = path.read_bytes()
    changed = edited(whole, changes)
    path.write_bytes(changed)
    try:
        if not _same(name, changed, whole):
            with pytest.raises(ScreenError):
                run_folder.read(run)
    finally:
        path.write_bytes(whole)


ASKED = (
    "window",
    "decompose",
    "interface",
    "columns",
    "snapshots",
    "compare",
    "shortlist",
    "report",
)
VALUES = (
    *(
        "",
        "x",
        "0",
        "-1",
        "1e999",
        "nan",
        "9" * 40,
        "Li",
        "LiF",
        "Li2S",
        "a/b",
        "\x1b[2J",
        "²",
        "--",
    ),
    *("=1", "0:1:0.5", "true", "csv", "json", "a,b", "[", "Li-S", "reduction_v > 0", "'", "--"),
)


@fuzz
@given(
    name=st.sampled_from(ASKED),
    options=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(VALUES)), max_size=3),
    arguments=st.lists(st.sampled_from(VALUES), max_size=2),
)
def test_options(
    name: str,
    options: list[tuple[int, str]],
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever is asked for, it is answered or refused, and never an internal fault."""
    monkeypatch.chdir(tmp_path)
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    known = [o.opts[0] for o in command.params if o.opts[0] not in ("--open", *TAKEN)]
    known = [option for option in known if option.startswith("-")]
    given_ = [part for i, value in options for part in (known[i % len(known)], value)]
    code = main([name, *arguments, *given_])
    said = capfd.readouterr().err
    assert code in (0, 2, 3, 4), said
    assert "internal fault" not in said
    assert code == 0 or said.count("error: ") == 1


def test_the_net_catches() -> None:
    """What escapes a reader fails the test; what is refused does not."""

    def escapes(error: Exception) -> None:
        raise error

    survives(lambda: escapes(UsageError("refused")))
    with pytest.raises(ZeroDivisionError):
        survives(lambda: escapes(ZeroDivisionError()))
