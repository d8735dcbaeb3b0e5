"""The command `cell`: every part in every format, and what users get wrong there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_cli import Cli, cli, good
from tests.test_cli_bad_input import DATA, USAGE, bad

__all__ = ["cli"]

pytestmark = pytest.mark.usefixtures("once")

TRANSFERENCE = (
    *("transference", "--polarisation-mv", "10", "--initial-current-ma", "0.05"),
    *("--steady-current-ma", "0.03", "--initial-resistance-ohm", "60"),
    *("--steady-resistance-ohm", "65"),
)
SAND = (
    *("sand", "--diffusion-cm2-s", "1e-6", "--concentration-mol-l", "1"),
    *("--current-ma-cm2", "1", "--anion-transference", "0.6"),
)
TAFEL = ("exchange-current", "--point", "0.1,1.5", "--point", "0.2,10")
ARRHENIUS = ("activation-energy", "--point", "25,1e-3", "--point", "60,4e-3")

COMMANDS: dict[str, tuple[str, ...]] = {
    "thickness": ("thickness", "--capacity-mah-cm2", "3.3", "--anode", "Li"),
    "sand": SAND,
    "transference": TRANSFERENCE,
    "exchange-current": TAFEL,
    "activation-energy": ARRHENIUS,
    "stack": ("stack",),
    "stack with a film": ("stack", "--film", "ZnO", "--thickness-nm", "50", "--as", "interlayer"),
    "scaffold": ("scaffold", "--thickness-um", "90", "--density-g-cm3", "2.2"),
    "stack with a host": ("stack", "--film", "LiF", "--as", "host"),
}

FIGURES = {
    "scaffold": ("pore_capacity_mah_cm2", 14.85, "mAh/cm²"),
    "thickness": ("thickness_um", 16.004, "µm"),
    "sand": ("sand_time_s", 20310, "s"),
    "transference": ("cation_transference", 0.5217, ""),
    "exchange-current": ("exchange_current_ma_cm2", 0.225, "mA/cm²"),
    "activation-energy": ("activation_energy_ev", 0.3390, "eV"),
}


@pytest.mark.parametrize("command", FIGURES)
def test_figures(cli: Cli, command: str) -> None:
    name, number, unit = FIGURES[command]
    row = good(cli("cell", *COMMANDS[command], "--format", "csv")).rows[0]
    assert (row["quantity"], row["unit"]) == (name, unit)
    assert float(row["value"]) == pytest.approx(number, rel=1e-3)
    assert good(cli("cell", *COMMANDS[command], "--format", "json")).json[name] == pytest.approx(
        number, rel=1e-3
    )
    assert unit in good(cli("cell", *COMMANDS[command])).text


@pytest.mark.parametrize("command", COMMANDS)
def test_formats_say_the_same(cli: Cli, command: str) -> None:
    said = {
        form: good(cli("cell", *COMMANDS[command], "--format", form))
        for form in ("csv", "parquet", "md")
    }
    rows, arrow = said["csv"].rows, said["parquet"].parquet
    assert len(rows) == len(arrow) == len(said["md"].text.splitlines()) - 2
    for text, value in zip(rows, arrow, strict=True):
        for name, written in text.items():
            assert written == (value[name] or "") or float(written) == pytest.approx(value[name])
    good(cli("cell", *COMMANDS[command], "--format", "json", "-o", "answer.json"))
    straight = good(cli("cell", *COMMANDS[command], "--format", "json"))
    assert Path("answer.json").read_bytes() == straight.out


def test_points_from_a_file_are_those_typed(cli: Cli) -> None:
    typed = good(cli("cell", *ARRHENIUS, "--format", "json")).json
    for head in ("", "temperature_c,conductivity_s_cm\n", "\ufeffT,sigma\n\n"):
        Path("points.csv").write_text(f"{head}25, 1e-3\n60, 4e-3\n", encoding="utf-8")
        found = good(cli("cell", "activation-energy", "--file", "points.csv", "--format", "json"))
        assert found.json == typed


def test_negative_branch_gives_the_same_line(cli: Cli) -> None:
    mirrored = ("exchange-current", "--point", "-0.1,-1.5", "--point", "-0.2,-10")
    assert good(cli("cell", *mirrored)).text == good(cli("cell", *TAFEL)).text


def test_sands_time_of_a_single_ion_conductor_is_endless(cli: Cli) -> None:
    endless = (*SAND[:-1], "0")
    assert "∞" in good(cli("cell", *endless)).text
    assert good(cli("cell", *endless, "--format", "json")).json == {"sand_time_s": None}


def test_stack_json(cli: Cli) -> None:
    answer = good(cli("cell", *COMMANDS["stack with a film"], "--format", "json")).json
    assert list(answer) == ["anode", "candidate", "stack", "layers", "gap", "settings"]
    assert answer["candidate"] == {"formula": "ZnO", "role": "interlayer"}
    assert answer["settings"]["film_nm"] == 50
    assert answer["gap"] is None
    for name, numbers in answer["stack"].items():
        assert list(numbers) == ["reference", "candidate", "change"]
        change = numbers["candidate"] - numbers["reference"]
        assert numbers["change"] == pytest.approx(change), name
    for which, layers in answer["layers"].items():
        for name in ("mass_mg_cm2", "thickness_um"):
            total = sum(layer[name] for layer in layers)
            assert total == pytest.approx(answer["stack"][name][which])
    film = answer["layers"]["candidate"][-1]
    assert film["thickness_um"] == pytest.approx(0.05)
    assert film["mass_mg_cm2"] == pytest.approx(0.05e-4 * 5.675e3, rel=0.01)


def test_stack_is_that_of_the_ranking(cli: Cli) -> None:
    """With a film as thick as in the settings, the change is the column of the same name."""
    values = good(cli("explain", "ZnO", "--format", "json")).json["values"]
    answer = good(cli("cell", "stack", "--film", "ZnO", "--format", "json")).json
    change = answer["stack"]["energy_wh_kg"]["change"]
    assert change == pytest.approx(values["interlayer_change_wh_kg"], abs=1e-5)


def test_stack_by_mass_needs_no_volume_of_an_alloy(cli: Cli) -> None:
    Path("mine.csv").write_text(
        "formula,formation_energy_per_atom_eV\nLi,0\nPb,0\nLi4Pb,-0.2\nLiPb,-0.3\n"
    )
    arguments = ("cell", "stack", "--film", "Pb", "--as", "alloy", "--source", "mine.csv")
    answer = good(cli(*arguments, "--format", "json")).json
    assert answer["stack"]["energy_wh_kg"]["change"] < 0
    assert answer["stack"]["energy_wh_l"]["candidate"] is None
    assert answer["gap"] == "volume of Li4Pb not in mine.csv"
    assert "By volume not known: volume of Li4Pb not in mine.csv." in good(cli(*arguments)).text


def test_options_and_file_change_the_cell(cli: Cli) -> None:
    Path("mine.toml").write_text("[cell]\nseparator_um = 20.0\ncopper_um = 0.0\n")
    arguments = ("cell", "stack", "--separator", "garnet", "--config", "mine.toml")
    used = good(cli(*arguments, "--capacity-mah-cm2", "5", "--format", "json")).json["settings"]
    assert used["separator"] == "garnet"
    assert (used["separator_um"], used["copper_um"]) == (20, 0)
    assert used["areal_capacity_mah_cm2"] == 5


def test_a_cell_of_another_anode_metal_is_stated_in_a_file(cli: Cli) -> None:
    Path("mine.toml").write_text('anode = "Na"\n[cell]\nanode = "Na"\npositive_v = 3.2\n')
    answer = good(cli("cell", "stack", "--config", "mine.toml", "--format", "json")).json
    assert answer["anode"] == "Na"
    assert answer["layers"]["reference"][-1]["layer"] == "Na metal"


FAULTS: dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]] = {
    "no part": ((), USAGE, ("Missing command",)),
    "unknown part": (("thicknes",), USAGE, ("thicknes", "thickness")),
    "no capacity": (("thickness",), USAGE, ("--capacity-mah-cm2",)),
    "negative": (("thickness", "--capacity-mah-cm2", "-1"), USAGE, ("capacity_mah_cm2 = -1",)),
    "no number": (
        ("thickness", "--capacity-mah-cm2", "3,3"),
        USAGE,
        ("--capacity-mah-cm2", "number"),
    ),
    "anode": (("thickness", "--capacity-mah-cm2", "3", "--anode", "Fe"), USAGE, ("anode 'Fe'",)),
    "format": ((*COMMANDS["thickness"], "--format", "xml"), USAGE, ("unknown format 'xml'",)),
    "anions": ((*SAND[:-1], "1.2"), USAGE, ("anion_transference = 1.2", "at most 1")),
    "rising": (
        (*TRANSFERENCE, "--steady-current-ma", "0.06"),
        USAGE,
        ("steady_current_ma = 0.06",),
    ),
    "no points": (("exchange-current",), USAGE, ("--point X,Y", "--file FILE")),
    "points twice": ((*TAFEL, "--file", "x.csv"), USAGE, ("either with --point",)),
    "half a point": ((*TAFEL, "--point", "0.3"), USAGE, ("'0.3'", "two numbers")),
    "branches": ((*TAFEL, "--point", "-0.2,-9"), USAGE, ("one branch",)),
    "near equilibrium": ((*TAFEL, "--point", "0.01,0.1"), USAGE, ("overpotential_v = 0.01",)),
    "one temperature": (ARRHENIUS[:3], USAGE, ("temperature_k: 1 value",)),
    "no file": (("activation-energy", "--file", "absent.csv"), DATA, ("absent.csv",)),
    "folder": (("activation-energy", "--file", "."), DATA, (".",)),
    "separator": (("stack", "--separator", "wood"), USAGE, ("cell.separator = 'wood'",)),
    "thin": (("stack", "--separator-um", "0"), USAGE, ("cell.separator_um = 0",)),
    "film": (("stack", "--film", "ZnO", "--thickness-nm", "-1"), USAGE, ("cell.film_nm = -1",)),
    "role": (("stack", "--film", "ZnO", "--as", "coat"), USAGE, ("'coat'", "interlayer, host")),
    "no film": (("stack", "--as", "host"), USAGE, ("go with --film",)),
    "density": (("stack", "--film", "ZnO", "--density-g-cm3", "0"), USAGE, ("no solid has",)),
    "density of a host": (
        ("stack", "--film", "ZnO", "--as", "host", "--density-g-cm3", "5"),
        USAGE,
        ("--density-g-cm3 goes with --as interlayer",),
    ),
    "no alloy": (("stack", "--film", "LiF", "--as", "alloy"), DATA, ("LiF as alloy: is no alloy",)),
    "itself": (("stack", "--film", "Li", "--as", "host"), DATA, ("is Li itself",)),
    "not covered": (("stack", "--film", "KF"), DATA, ("no phases with K",)),
    "formula": (("stack", "--film", "lif"), DATA, ("did you mean LiF",)),
    "other anode": (("stack", "--anode", "Na"), USAGE, ("stated for Li, not Na", "--config")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(cli: Cli, fault: str) -> None:
    arguments, code, said = FAULTS[fault]
    bad(cli("cell", *arguments), code, *said)


def test_a_line_that_is_no_point_is_named(cli: Cli) -> None:
    Path("points.csv").write_text("T,sigma\n25,1e-3\n\n60;4e-3\n")
    said = cli("cell", "activation-energy", "--file", "points.csv")
    bad(said, DATA, "points.csv, line 4", "'60;4e-3'")


def test_a_film_without_density_says_what_to_give(cli: Cli) -> None:
    Path("mine.csv").write_text(
        "formula,formation_energy_per_atom_eV\nLi,0\nPb,0\nLi4Pb,-0.2\nLiPb,-0.3\n"
    )
    arguments = ("cell", "stack", "--film", "Pb", "--source", "mine.csv")
    bad(cli(*arguments), DATA, "no cell with Pb", "volume not in mine.csv", "--density-g-cm3")
    answer = good(cli(*arguments, "--density-g-cm3", "11.3", "--format", "json")).json
    assert answer["layers"]["candidate"][-1]["mass_mg_cm2"] == pytest.approx(0.113)


@pytest.mark.parametrize("command", sorted({arguments[0] for arguments in COMMANDS.values()}))
def test_help_says_units(cli: Cli, command: str) -> None:
    text = good(cli("cell", command, "--help")).text
    assert any(unit in text for unit in ("µm", "mA", "°C", "mAh"))
