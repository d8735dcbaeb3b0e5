"""The embedded set: whole within its systems, true to the table that it was taken from."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from screen import candidates
from screen.composition import Compositions
from screen.descriptors.case import Case
from screen.errors import DataError
from screen.settings import Settings
from screen.sources import reference, user_files
from screen.tables import DATA, electrolytes_of, rows_of
from tests.conftest import FULL_SIZE
from tests.thermo.checks import same, same_profiles

GAPS = FULL_SIZE.with_name("mp_band_gaps.csv")
MODULI = FULL_SIZE.with_name("mp_elastic_moduli.csv")
needs_tables = pytest.mark.skipif(
    not all(path.exists() for path in (FULL_SIZE, GAPS, MODULI)),
    reason=f"needs {FULL_SIZE.name} and its companions, which are not part of the repository",
)


def test_every_candidate_and_electrolyte_has_a_phase() -> None:
    phases = reference.load()
    formulas = [row["formula"] for row in rows_of("candidates")]
    formulas += [row["formula"] for row in rows_of("electrolytes") if not row["note"]]
    rows = phases.rows_of(Compositions.from_formulas(formulas))
    assert [f for f, row in zip(formulas, rows, strict=True) if row < 0] == []
    # Where the row is found by formula, so are label and family.
    candidates = list(zip(formulas, rows, strict=True))[: len(rows_of("candidates"))]
    assert [f for f, row in candidates if phases.formulas[row] != f] == []


def test_dilute_solutions_are_left_out() -> None:
    """No phase but an element is nearly all one element."""
    rows = reference.load().compositions
    for counts in rows:
        assert len(counts) == 1 or max(counts.values()) <= 0.99 * sum(counts.values())


def test_electrolytes_without_a_phase_say_so() -> None:
    phases = reference.load()
    noted = [row["formula"] for row in rows_of("electrolytes") if row["note"]]
    assert noted == ["Li3YCl6"]
    assert phases.rows_of(Compositions.from_formulas(noted)).tolist() == [-1]


def test_every_row_has_provenance() -> None:
    phases = reference.load()
    known = tomllib.loads((DATA / "datasets.toml").read_text())["sources"].keys()
    for column in ("id", "scheme", "source", "database_version", "licence"):
        assert "" not in phases.texts(column)
    assert set(phases.texts("source")) <= {*known, "by definition"}
    assert {key for text in phases.texts("property_source") for key in text.split()} <= known


@pytest.mark.parametrize("anode", reference.ANODES)
def test_covers_what_each_candidate_meets(anode: str) -> None:
    phases = reference.load()
    partners = [*(e.formula for e in electrolytes_of(anode)), "H2O", "CO2", "O2"]
    assert len(reference.named_candidates(anode)) > 100
    for candidate in reference.named_candidates(anode):
        for partner in partners:
            candidates.check_covered(phases, candidate.formula, partner, anode=anode)


@pytest.mark.parametrize(
    ("formulas", "anode", "said"),
    [
        (["NaCl"], "Li", "Cl-Li-Na"),
        (["LiF", "ZnO", "SnO2"], None, "LiF with ZnO with SnO2"),
        (["KF"], None, "no phases with K"),
        (["LiF"], "K", "no phases with K"),
    ],
)
def test_refuses_what_is_not_covered(formulas: list[str], anode: str | None, said: str) -> None:
    with pytest.raises(DataError, match="--source") as refused:
        candidates.check_covered(reference.load(), *formulas, anode=anode)
    assert said in str(refused.value)


@needs_tables
def test_building_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    (folder / "reference_phases.csv").unlink()
    assert reference.build(FULL_SIZE, GAPS, MODULI, folder) == folder / "reference_phases.csv"
    for name in ("reference_phases.csv", "datasets.toml"):
        assert (folder / name).read_bytes() == (DATA / name).read_bytes()


def test_building_from_a_table_without_the_candidates_is_refused(tmp_path: Path) -> None:
    folder, source = tmp_path / "data", tmp_path / "small.csv"
    shutil.copytree(DATA, folder)
    source.write_text("formula,formation_energy_ev_atom\nLiF,-3.18\n")
    with pytest.raises(DataError, match=r"small\.csv: no phase for"):
        reference.build(source, None, None, folder)
    for path in DATA.glob("*.*"):
        assert (folder / path.name).read_bytes() == path.read_bytes()


@needs_tables
@pytest.mark.parametrize("anode", reference.ANODES)
def test_gives_the_answers_of_the_full_table(anode: str) -> None:
    named = [c.formula for c in reference.named_candidates(anode)]
    sample = np.random.default_rng(20).choice(named, 12, replace=False).tolist()
    settings = Settings(anode=anode)
    small = candidates.make_case(reference.load(), settings, sample)[0]
    table = reference.without_dilute(user_files.load(FULL_SIZE))
    full = candidates.make_case(table, settings, sample)[0]
    same_answers(small, full)


def same_answers(small: Case, full: Case) -> None:
    mine, whole = small.equilibria, full.equilibria
    same(mine.decompositions.energy, whole.decompositions.energy)
    same_profiles(mine.profiles, whole.profiles)
    for electrolyte in small.electrolytes:
        ours, theirs = (c.reaction_energies(electrolyte.formula)[0] for c in (mine, whole))
        assert np.isfinite(ours).all()
        same(ours, theirs)
