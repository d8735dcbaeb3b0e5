"""Smaller pulls: properties by role, structures of what passes, and judging what roles select."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from screen import candidates, pipeline
from screen.errors import DataError, NetworkError
from screen.ranking.roles import roles
from screen.settings import Settings
from screen.sources import materials_project as mp
from screen.sources import snapshot, user_files
from screen.tables import anode_of
from tests.materials_project.conftest import CAP, Connect
from tests.materials_project.emulator import Emulator
from tests.materials_project.test_pull import pulled


@pytest.mark.parametrize("role", list(roles()))
def test_properties_by_role_energies_for_all(
    role: str, server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    everything = user_files.load(pulled(dial(server), tmp_path))
    select = roles()[role].select
    assert select is not None
    part = user_files.load(
        pulled(dial(server), tmp_path, mp.Query.of((), properties=select.remote()))
    )
    energies = dict(zip(everything.texts("id"), everything.energy, strict=True))
    assert dict(zip(part.texts("id"), part.energy, strict=True)) == energies
    described = [bool(text) for text in part.texts("structure")]
    assert 0 < sum(described) <= len(part)
    assert sum(described) < len(part) or select.max_band_gap_ev is None
    gaps = part.numbers("band_gap_ev")
    for i in np.flatnonzero(described):
        assert part.compositions.size[i] <= select.max_elements
        if select.max_band_gap_ev is not None:
            assert not gaps[i] > select.max_band_gap_ev
        assert not set(part.compositions.row(int(i))) & set(select.excluded)
    assert np.isnan(gaps[~np.array(described)]).all()
    assert set(part.texts("licence")) == {"CC BY 4.0"}
    assert snapshot.latest(tmp_path / "snapshots").name == "mp-2026.04.13.parquet"


def test_what_only_competes_is_in_the_summary_too(
    server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    """A material that the database has withdrawn must not come back through its energy."""
    gone = server.database.summary.pop(40)
    query = mp.Query.of((), properties=(("nelements_max", "1"),))
    phases = user_files.load(pulled(dial(server), tmp_path, query))
    server.database.summary.insert(40, gone)
    assert mp.normal_id(gone["material_id"]) not in phases.texts("id")


def test_what_roles_select_of_a_snapshot(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    phases = user_files.load(pulled(dial(server), tmp_path))
    host = roles()["host"]
    assert host.select is not None
    chosen = candidates.worth_judging(phases, [host], anode_of("Li"), Settings())
    gap = phases.numbers("band_gap_ev")
    assert 0 < chosen.sum() < len(phases)
    assert not (gap[chosen] > (host.select.max_band_gap_ev or np.inf)).any()
    both = candidates.worth_judging(
        phases, [host, roles()["interlayer"]], anode_of("Li"), Settings()
    )
    assert (both >= chosen).all()
    run = pipeline.run(phases, Settings(check_interfaces=1), [host], selected=True)
    metal = (phases.compositions.size == 1) & (phases.compositions.amount_of(2) > 0)
    assert len(run.case) == (chosen & ~metal).sum()


def test_structures_of_what_passes(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    table = pulled(dial(server), tmp_path)
    ids = user_files.load(table).texts("id")[:230]
    connected = dial(server)
    before = connected.session.asked
    path = mp.pull_structures(connected, ids, table)
    assert connected.session.asked - before == 3
    kept = snapshot.structures(path)
    assert sorted(kept) == sorted(ids)
    assert json.loads(kept[ids[0]])["lattice"]
    assert [s.path for s in snapshot.listed(table.parent)] == [table]
    mp.pull_structures(connected, ids[:100], table)
    assert connected.session.asked - before == 3, "what is there is not asked for again"


def test_damaged_structures_are_asked_for_again(
    server: Emulator, dial: Connect, tmp_path: Path
) -> None:
    table = pulled(dial(server), tmp_path)
    ids = user_files.load(table).texts("id")[:3]
    path = mp.pull_structures(dial(server), ids, table)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(DataError, match="pull --structures"):
        user_files.load(table)
    assert mp.pull_structures(dial(server), ids, table).read_bytes() == whole


def test_a_structure_that_does_not_come(server: Emulator, dial: Connect, tmp_path: Path) -> None:
    table = pulled(dial(server), tmp_path)
    with pytest.raises(NetworkError, match="no structure"):
        mp.pull_structures(dial(server), ["mp-1", "mp-2"], table)


def test_cap_is_the_settings_own() -> None:
    assert Settings().modulus_cap_gpa == CAP
