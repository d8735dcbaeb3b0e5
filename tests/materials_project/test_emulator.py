"""The real client against the emulator: what a program may rely on, and which faults it sees."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.materials_project.documents import (
    GGA,
    MIXED,
    OFFSET,
    R2SCAN,
    SUMMARY_OFFSET,
    Database,
    make_database,
    material_id,
    material_number,
)
from tests.materials_project.emulator import KEY, SUMMARY, THERMO, Emulator, Fault

COUNT = 2500
FREE = {"deprecated": False, "batch_id_not_eq": "gnome_r2scan_statics"}

Connect = Callable[..., Any]


@pytest.fixture(scope="session")
def database() -> Database:
    return make_database(COUNT, seed=1)


@pytest.fixture
def emulator(database: Database) -> Iterator[Emulator]:
    with Emulator(database) as emulator:
        yield emulator


@pytest.fixture
def connect(client: Any) -> Iterator[Connect]:
    """Makes clients that remember no earlier server, and closes their connections afterwards."""
    opened: list[Any] = []

    def make(server: Emulator | str, key: str = KEY) -> Any:
        client.MPRester._get_heartbeat_info.cache_clear()
        client.MPRester.get_emmet_version.cache_clear()
        opened.append(
            client.MPRester(
                key,
                endpoint=server if isinstance(server, str) else server.endpoint,
                use_document_model=False,
                mute_progress_bars=True,
            )
        )
        return opened[-1]

    yield make
    for rester in opened:
        rester.session.close()


def page(rester: Any, number: int, fields: list[str] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rester.materials.summary.search(
        deprecated=False,
        include_gnome=False,
        fields=fields or ["material_id", "formula_pretty"],
        chunk_size=1000,
        _page=number,
        _sort_fields="material_id",
    )
    return found


def thermo_page(rester: Any, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rester.materials.thermo._search(
        thermo_types=GGA,
        fields=["material_id", "thermo_type", "formation_energy_per_atom"],
        chunk_size=1000,
        _page=number,
    )
    return found


def test_heartbeat(emulator: Emulator, connect: Connect) -> None:
    rester = connect(emulator)
    assert rester.db_version == emulator.database.version
    assert [request.path for request in emulator.requests] == ["/heartbeat", "/heartbeat"]


@pytest.mark.parametrize("heartbeat", ["missing", "foreign"])
def test_another_service(database: Database, connect: Connect, heartbeat: Any) -> None:
    with Emulator(database, heartbeat=heartbeat) as emulator, pytest.raises(KeyError):
        connect(emulator)


def test_count(emulator: Emulator, connect: Connect) -> None:
    rester = connect(emulator)
    assert rester.materials.summary.count(dict(FREE)) == COUNT
    everything = rester.materials.summary.count({"deprecated": False})
    assert everything == len(emulator.database.summary) > COUNT
    ordinary = [doc for doc in emulator.database.thermo if doc["thermo_type"] == GGA]
    assert rester.materials.thermo.count({"thermo_types": GGA}) == len(ordinary)


def test_gnome_needs_accepted_terms(database: Database, connect: Connect) -> None:
    with Emulator(database, gnome_access=False) as emulator:
        assert connect(emulator).materials.summary.count({"deprecated": False}) == COUNT


def test_sorted_pages_hold_everything_once(emulator: Emulator, connect: Connect) -> None:
    rester = connect(emulator)
    found = [doc["material_id"] for number in (1, 2, 3, 4) for doc in page(rester, number)]
    assert len(found) == COUNT
    assert found == sorted(set(found))
    sent = emulator.requests[-1].params
    assert (sent["_page"], sent["_per_page"], sent["_limit"]) == ("4", "1000", "1000")
    assert KEY not in str(emulator.requests)


def test_skipped_pages_hold_everything_once(emulator: Emulator, connect: Connect) -> None:
    found = connect(emulator).materials.summary.search(deprecated=False, fields=["material_id"])
    assert len({doc["material_id"] for doc in found}) == len(emulator.database.summary)
    assert [r.params.get("_skip") for r in emulator.requests[2:]] == [None, "1000", "2000"]


def test_fields(emulator: Emulator, connect: Connect) -> None:
    found = page(connect(emulator), 1, ["material_id", "symmetry.number", "bulk_modulus"])
    assert set(found[0]["symmetry"]) == {"number"}
    assert {frozenset(doc) for doc in found} == {
        frozenset({"material_id", "symmetry", "bulk_modulus"}),
        frozenset({"material_id", "symmetry"}),
    }


@pytest.mark.parametrize("make", [material_id, lambda number: f"mp-{number}"])
def test_lists_of_ids_in_any_form(
    emulator: Emulator, connect: Connect, make: Callable[[int], str]
) -> None:
    """One request as long as the address is short enough; then the client asks by hundreds."""
    rester = connect(emulator)
    alone = [d["material_id"] for d in emulator.database.thermo if d["thermo_type"] == GGA]
    for length, statuses in ((500, [200]), (900, [414, *[200] * 9])):
        before = len(emulator.requests)
        found = rester.materials.thermo.search(
            material_ids=[make(material_number(identifier)) for identifier in alone[:length]],
            thermo_types=[GGA],
            fields=["material_id", "formation_energy_per_atom"],
        )
        assert sorted(doc["material_id"] for doc in found) == sorted(alone[:length])
        assert [request.status for request in emulator.requests[before:]] == statuses


def test_chemical_systems(emulator: Emulator, connect: Connect) -> None:
    found = connect(emulator).materials.thermo.search(
        chemsys=["S-Li", "Li", "S"], thermo_types=["GGA_GGA+U", "R2SCAN"], fields=["chemsys"]
    )
    assert {doc["chemsys"] for doc in found} == {"Li-S", "Li", "S"}
    assert set(emulator.requests[-1].params["thermo_types"].split(",")) == {GGA, "r2SCAN"}


def test_structures(emulator: Emulator, connect: Connect) -> None:
    core = pytest.importorskip("pymatgen.core")
    rester = connect(emulator)
    wanted = [doc["material_id"] for doc in emulator.database.summary[:300]]
    found = rester.materials.summary.search(
        material_ids=wanted, fields=["material_id", "structure", "formula_pretty", "density"]
    )
    for doc in found:
        structure = core.Structure.from_dict(doc["structure"])
        assert structure.composition.reduced_formula == doc["formula_pretty"]
        assert float(structure.density) == pytest.approx(doc["density"], rel=1e-4)
    assert len(found) == 300
    one = rester.get_structure_by_material_id(wanted[7])
    assert one.composition.reduced_formula == emulator.database.summary[7]["formula_pretty"]


@pytest.mark.usefixtures("client")
def test_formulas_are_written_as_pymatgen_writes_them() -> None:
    core = pytest.importorskip("pymatgen.core")
    formulas = {doc["formula_pretty"] for doc in make_database(20_000).summary}
    assert {core.Composition(formula).reduced_formula for formula in formulas} == formulas
    assert {"O2", "Li2O2", "LiF"} <= formulas


@pytest.mark.usefixtures("client")
def test_energies_lie_on_a_hull(database: Database) -> None:
    diagrams = pytest.importorskip("pymatgen.analysis.phase_diagram")
    core = pytest.importorskip("pymatgen.core")
    docs = [
        doc
        for doc in database.thermo
        if doc["thermo_type"] == GGA and set(doc["elements"]) <= {"Li", "O", "S", "P"}
    ]
    entries = []
    for doc in docs:
        composition = core.Composition(doc["formula_pretty"])
        energy = doc["formation_energy_per_atom"] * composition.num_atoms
        entries.append(diagrams.PDEntry(composition, energy))
    diagram = diagrams.PhaseDiagram(entries)
    above = [diagram.get_e_above_hull(entry) for entry in entries]
    assert above == pytest.approx([doc["energy_above_hull"] for doc in docs], abs=1e-7)
    assert 10 < sum(doc["is_stable"] for doc in docs) < len(docs)


def test_database_holds_its_traps(database: Database) -> None:
    types: dict[str, dict[str, float]] = {}
    for doc in database.thermo:
        energies = types.setdefault(doc["material_id"], {})
        energies[doc["thermo_type"]] = doc["formation_energy_per_atom"]
    lonely = [energies for energies in types.values() if set(energies) == {R2SCAN}]
    assert 0.02 < len(lonely) / len(types) < 0.05
    several = [energies for energies in types.values() if len(energies) == 3]
    assert len(several) > 20
    assert several[0][GGA] - several[0][MIXED] == pytest.approx(-OFFSET[MIXED])
    for doc in database.summary:
        if GGA in types[doc["material_id"]]:
            wrong = doc["formation_energy_per_atom"] - types[doc["material_id"]][GGA]
            assert wrong == pytest.approx(SUMMARY_OFFSET)
    moduli = [doc["bulk_modulus"] for doc in database.summary if doc.get("bulk_modulus")]
    assert any(m["voigt"] < m["reuss"] for m in moduli)
    assert any(m["vrh"] < 0 for m in moduli)
    assert any(m["vrh"] > 1e7 for m in moduli)
    elements = {e for doc in database.summary for e in doc["elements"]}
    stable = {doc["chemsys"] for doc in database.thermo if doc["is_stable"]}
    assert elements <= stable
    assert make_database(300, seed=4) == make_database(300, seed=4) != make_database(300, seed=5)


@pytest.mark.parametrize(
    ("route", "parameters", "text"),
    [
        ("thermo", {"thermo_types": GGA, "_sort_fields": "material_id"}, "not support"),
        ("thermo", {"deprecated": False}, "not support"),
        ("summary", {"nonsense": 1}, "not support"),
        ("summary", {"deprecated": False, "chunk_size": 1001}, "not support"),
        ("summary", {"nelements_min": "few"}, "422"),
        ("summary", {"material_ids": "mp-?"}, "422"),
    ],
)
def test_strictness(
    emulator: Emulator, connect: Connect, route: str, parameters: dict[str, Any], text: str
) -> None:
    with pytest.raises(Exception, match=text):
        getattr(connect(emulator).materials, route)._search(**parameters)


def test_wrong_key(emulator: Emulator, connect: Connect) -> None:
    rester = connect(emulator, "x" * 32)
    with pytest.raises(Exception, match=r"code 401[^\0]*Invalid authentication credentials"):
        rester.materials.summary.count(dict(FREE))
    assert emulator.requests[-1].status == 401


def test_unstable_order(database: Database, connect: Connect) -> None:
    with Emulator(database, unstable=True) as emulator:
        rester = connect(emulator)
        found = [doc["material_id"] for number in (1, 2, 3) for doc in thermo_page(rester, number)]
        assert len(found) == rester.materials.thermo.count({"thermo_types": GGA})
        assert len(set(found)) == len(found) - 1
        assert len(page(rester, 1)) == 1000


def named(value: object) -> str:
    return f"{value.kind}-{value.status}" if isinstance(value, Fault) else str(value)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault("status", status=429, times=3), 0.5),
        (Fault("status", status=429, retry_after=1), 1.0),
        (Fault("status", status=502), 0.0),
        (Fault("drop"), 0.0),
        (Fault("silence", seconds=0.3), 0.3),
    ],
    ids=named,
)
def test_faults_that_the_client_survives(
    emulator: Emulator, connect: Connect, fault: Fault, seconds: float
) -> None:
    fault = replace(fault, path=THERMO, page=2)
    emulator.faults.add(fault)
    rester = connect(emulator)
    assert len(thermo_page(rester, 1)) == 1000
    start = time.monotonic()
    assert len(thermo_page(rester, 2)) == 1000
    assert time.monotonic() - start >= seconds
    assert fault.times == 0


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (Fault("status", status=429, times=4), "MPRestError", "429"),
        (Fault("status", status=500), "MPRestError", "500"),
        (Fault("status", status=503), "MPRestError", "503"),
        (Fault("status", status=504, times=None), "MPRestError", "504"),
        (Fault("status", status=403), "MPRestError", "blocked"),
        (Fault("status", status=401), "MPRestError", "401"),
        (Fault("drop", times=None), "MPRestError", "Remote end closed"),
        (Fault("cut"), "MPRestError", "IncompleteRead"),
        (Fault("html"), "JSONDecodeError", "unexpected character"),
        (Fault("no_data"), "KeyError", "data"),
        (Fault("nan"), "JSONDecodeError", "unexpected character"),
    ],
    ids=named,
)
def test_faults_that_the_client_reports(
    emulator: Emulator, connect: Connect, fault: Fault, error: str, text: str
) -> None:
    emulator.faults.add(replace(fault, path=THERMO, page=2))
    rester = connect(emulator)
    assert len(thermo_page(rester, 1)) == 1000
    with pytest.raises(Exception, match=text) as caught:
        thermo_page(rester, 2)
    assert type(caught.value).__name__ == error


def test_short_page_goes_unnoticed(emulator: Emulator, connect: Connect) -> None:
    emulator.faults.add(Fault("short_page", path=SUMMARY, page=2, missing=7))
    rester = connect(emulator)
    assert [len(page(rester, number)) for number in (1, 2, 2)] == [1000, 993, 1000]


def test_version_change(client: Any, emulator: Emulator, connect: Connect) -> None:
    emulator.faults.add(Fault("version_change", after=2, version="2027.01.01"))
    rester = connect(emulator)
    for expected in (emulator.database.version, emulator.database.version, "2027.01.01"):
        client.MPRester._get_heartbeat_info.cache_clear()
        assert client.MPRester._get_heartbeat_info(emulator.endpoint)[0] == expected
        page(rester, 1)


def test_separate_process(connect: Connect) -> None:
    command = [sys.executable, "-m", "tests.materials_project.emulator", "--count", "300"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            rester = connect(process.stdout.readline().strip())
            assert rester.materials.summary.count(dict(FREE)) == 300
        finally:
            process.terminate()
