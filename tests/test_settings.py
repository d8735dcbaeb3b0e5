"""Settings: from a file, overruled by options, never wrong in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from screen.errors import DataError, UsageError
from screen.settings import PullSettings, ReferenceCell, Settings, load_settings
from screen.units import unit_of

OTHER_CELL: dict[str, object] = {
    "anode": "Na",
    "areal_capacity_mah_cm2": 3.0,
    "positive_mah_g": 150.0,
    "positive_v": 3.2,
    "positive_density_g_cm3": 4.2,
    "positive_active_fraction": 0.7,
    "positive_pore_fraction": 0.0,
    "separator": "garnet",
    "separator_um": 20.0,
    "excess_fraction": 0.5,
    "aluminium_um": 8.0,
    "copper_um": 0.0,
    "film_nm": 20.0,
    "scaffold_pore_fraction": 0.5,
}

OTHER: dict[str, object] = {
    "anode": "Na",
    "electrolytes": ("Na3PS4",),
    "engine": "pymatgen",
    "energies": "anchored",
    "order": "hand_weighted",
    "doubtful_phases": "keep",
    "samples": 4,
    "robust": 4,
    "seed": 7,
    "bridged_v": 0.2,
    "quiet_drive_ev_atom": 0.05,
    "plating_v": 0.0,
    "conducting_gap_ev": 0.5,
    "modulus_cap_gpa": 500.0,
    "coincidence_area_a2": 100.0,
    "coincidence_strain": 0.05,
    "cell": OTHER_CELL,
    "check_candidates": 3,
    "check_interfaces": 2,
    "check_tolerance": 1e-4,
    "barrier": True,
    "surface": True,
    "calculator": "emt",
    "workers": 2,
    "structure_limit_s": 60.0,
    "barrier_grid_a": 0.2,
    "slab_thickness_a": 10.0,
    "slab_vacuum_a": 20.0,
    "slab_width_a": 7.0,
    "slab_atoms": 100,
    "surface_faces": 1,
    "surface_sites": 2,
    "relax_steps": 50,
    "relax_force_ev_a": 0.1,
    "interface_area_a2": 200.0,
    "interface_strain": 0.02,
}
"""For each setting, a value that is not the default."""

WRONG = {
    "engine": '"vasp"',
    "doubtful_phases": '"drop"',
    "seed": "-1",
    "bridged_v": "-0.1",
    "quiet_drive_ev_atom": "-0.1",
    "plating_v": "-0.01",
    "conducting_gap_ev": "-1",
    "modulus_cap_gpa": "0",
    "coincidence_area_a2": "0",
    "coincidence_strain": "0.5",
    "check_candidates": "-1",
    "check_interfaces": "2.5",
    "check_tolerance": "0",
    "barrier": '"often"',
    "workers": "0",
    "structure_limit_s": "0",
    "barrier_grid_a": "1.5",
    "slab_atoms": "1",
    "surface_faces": "0",
    "relax_force_ev_a": "-0.1",
    "interface_strain": "0.5",
    "anode": "3",
    "electrolytes": '"LiF"',
    "cell": "3",
    "cell.separator": '"polymer"',
    "cell.separator_um": "0",
    "cell.positive_pore_fraction": "1.0",
    "cell.positive_active_fraction": "1.1",
    "cell.excess_fraction": "-0.5",
    "cell.film_nm": "-100",
    "cell.scaffold_pore_fraction": "0",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {toml(part)}' for name, part in value.items())}}}"
    return f'"{value}"' if isinstance(value, str) else str(value).replace("True", "true")


def test_without_file_or_options_all_is_default() -> None:
    assert load_settings(None) == load_settings(None, anode=None, seed=None) == Settings()


def test_every_setting_can_come_from_a_file(file: Path) -> None:
    assert OTHER.keys() == Settings.model_fields.keys()
    file.write_text("\n".join(f"{name} = {toml(value)}" for name, value in OTHER.items()))
    read = load_settings(file)
    assert dict(read) | {"cell": read.cell.model_dump()} == OTHER
    assert not [name for name in OTHER if getattr(read, name) == getattr(Settings(), name)]
    default = ReferenceCell()
    assert not [name for name in OTHER_CELL if getattr(read.cell, name) == getattr(default, name)]
    assert OTHER_CELL.keys() == ReferenceCell.model_fields.keys()


def test_options_overrule_the_file_and_none_does_not(file: Path) -> None:
    file.write_text('anode = "Na"\nseed = 7')
    read = load_settings(file, anode="Mg", seed=None)
    assert (read.anode, read.seed) == ("Mg", 7)


def test_options_of_the_cell_join_those_of_the_file(file: Path) -> None:
    file.write_text("[cell]\nseparator_um = 20.0\nfilm_nm = 50.0")
    read = load_settings(file, cell={"film_nm": 10.0, "separator": None}).cell
    assert (read.separator_um, read.film_nm, read.separator) == (20.0, 10.0, "sulfide")
    assert load_settings(None, cell={"film_nm": None}) == Settings()


@pytest.mark.parametrize("name", WRONG)
def test_impossible_values_name_the_setting_and_the_value(file: Path, name: str) -> None:
    file.write_text(f"{name} = {WRONG[name]}")
    with pytest.raises(UsageError, match=f"^setting {name}") as refused:
        load_settings(file)
    assert WRONG[name].strip('"') in str(refused.value)
    assert "\n" not in str(refused.value)


def test_unknown_setting_suggests_the_known(file: Path) -> None:
    file.write_text("plating = 0.1")
    with pytest.raises(UsageError, match="unknown setting 'plating'; did you mean plating_v"):
        load_settings(file)
    file.write_text("[cell]\nseparator_mm = 0.1")
    with pytest.raises(UsageError, match=r"'cell\.separator_mm'; did you mean cell\.separator_um"):
        load_settings(file)


@pytest.mark.parametrize("content", [b"seed = ", b"\xff\xfe", b"seed = 1\nseed = 2"])
def test_unreadable_file_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.toml"):
        load_settings(file)


HUGE = {
    "many digits": ("seed = " + "9" * 5000, DataError, ""),
    "fewer digits": ("seed = " + "9" * 4000, UsageError, "setting seed = 999"),
    "a count of many digits": ("check_candidates = " + "9" * 400, UsageError, "check_candidates"),
    "deep nesting": ("cell = " + "[" * 5000 + "]" * 5000, DataError, "mine.toml"),
    "a long text": (f'engine = "{"x" * 5000}"', UsageError, "setting engine"),
    "no check at all": ("check_tolerance = inf", UsageError, "setting check_tolerance = inf"),
    "no number": ("plating_v = nan", UsageError, "setting plating_v = nan"),
    "no end": ("structure_limit_s = inf", UsageError, "setting structure_limit_s = inf"),
    "in hexadecimal": ("check_candidates = 0x" + "f" * 9000, UsageError, "a number too long"),
}


@pytest.mark.parametrize("name", HUGE)
def test_values_without_measure(file: Path, name: str) -> None:
    content, kind, words = HUGE[name]
    file.write_text(content, encoding="utf-8")
    with pytest.raises((UsageError, DataError)) as refused:
        load_settings(file)
    assert isinstance(refused.value, kind)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("model", [Settings, ReferenceCell, PullSettings])
def test_every_number_has_two_bounds(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        if field.annotation in (int, float):
            kinds = {type(bound).__name__ for bound in field.metadata}
            assert kinds & {"Ge", "Gt"}, name
            assert kinds & {"Le", "Lt"}, name


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.toml"):
        with pytest.raises(DataError, match=path.name):
            load_settings(path)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().seed = 1


def test_every_setting_says_what_it_is() -> None:
    for name, field in (Settings.model_fields | ReferenceCell.model_fields).items():
        assert field.description, name
        unit = unit_of(name).removesuffix("1")
        assert field.description.startswith(unit), name
