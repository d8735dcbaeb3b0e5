"""Every choice of a run that is not data: one frozen object, each field with unit and reason."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from screen.errors import DataError, UsageError, did_you_mean

_LONGEST = 60
"""Characters of a wrong value that an error repeats."""

Engine = Literal["kernel", "pymatgen"]
Separator = Literal["sulfide", "garnet"]
OfDoubtful = Literal["leave_out", "keep"]
Energies = Literal["table", "anchored"]
OrderedBy = Literal["learned", "hand_weighted"]


class ReferenceCell(BaseModel):
    """The cell whose stack energy candidates change: anode metal, solid separator, NMC811.

    One unit of the stack, without casing and tabs; foils are coated on both sides, so half of each
    belongs to it. As made, the positive electrode holds the anode metal that is cycled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    anode: str = Field(
        default="Li", description="anode metal that the figures below are stated for"
    )
    areal_capacity_mah_cm2: float = Field(
        default=4.0,
        gt=0,
        le=100,
        description="mAh/cm²; practical cells need more than 3.3 (Wang et al., EES Batteries 2, "
        "42, 2026), energy cells of today have 4.1 (Xiao et al., J. Electrochem. Soc. 169, "
        "010524, 2022)",
    )
    positive_mah_g: float = Field(
        default=200.0,
        gt=0,
        le=10_000,
        description="mAh/g; discharge capacity of LiNi0.8Co0.1Mn0.1O2 between 3.0 and 4.3 V "
        "(Laine et al., Dalton Trans., 2023, 10.1039/d2dt02246j)",
    )
    positive_v: float = Field(
        default=3.8,
        gt=0,
        le=10,
        description="V; average against the anode metal; NMC with much nickel works at 3.6 to "
        "3.8 V (Skvortsova et al., Batteries 8, 67, 2022)",
    )
    positive_density_g_cm3: float = Field(
        default=4.78,
        gt=0,
        le=30,
        description="g/cm³; crystal density of LiNi0.8Co0.1Mn0.1O2 for a = 2.87 and c = 14.2 Å, "
        "usual values that are not traced to one paper",
    )
    positive_active_fraction: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="mass share of active material in the positive electrode, the rest is sulfide "
        "electrolyte; own choice between the 0.3 to 0.7 of most studies and the 0.9 of cells with "
        "liquid (Nat. Commun., 2024, 10.1038/s41467-024-50075-9)",
    )
    positive_pore_fraction: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="volume share of pores in the positive electrode; own choice below the 0.22 "
        "of automotive cells with liquid (PMC9879955, table 1)",
    )
    separator: Separator = Field(
        default="sulfide", description="solid electrolyte between the electrodes, dense"
    )
    separator_um: float = Field(
        default=30.0,
        gt=0,
        le=100_000,
        description="µm; own choice: above 100 µm is far from practical (Nat. Commun., 2024, "
        "10.1038/s41467-024-50075-9)",
    )
    excess_fraction: float = Field(
        default=1.0,
        ge=0,
        le=1000,
        description="anode metal in the cell as made over that which is cycled; own choice: as "
        "much again as the positive electrode holds, 19 µm of Li",
    )
    aluminium_um: float = Field(
        default=10.0,
        ge=0,
        le=10_000,
        description="µm; foil of the positive electrode (Xiao et al., J. Electrochem. Soc. 169, "
        "010524, 2022)",
    )
    copper_um: float = Field(
        default=6.0,
        ge=0,
        le=10_000,
        description="µm; foil of the negative electrode (the same)",
    )
    film_nm: float = Field(
        default=100.0,
        gt=0,
        le=1_000_000,
        description="nm; thickness of a candidate between anode metal and separator; own choice",
    )
    scaffold_pore_fraction: float = Field(
        default=0.8,
        gt=0,
        lt=1,
        description="volume share of pores in a scaffold, full of anode metal when the cell is "
        "charged; own choice",
    )


class Settings(BaseModel):
    """Choices of a run; they are written to its manifest as they stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    anode: str = Field(
        default="Li", description="anode metal, a row of anodes.csv such as Li or Na"
    )
    electrolytes: tuple[str, ...] = Field(
        default=(),
        description="solid electrolytes to face: names, or any formulas with the anode metal whose "
        "phases the source holds; none: all that are listed for it",
    )
    engine: Engine = Field(default="kernel", description="what solves the phase equilibria")
    order: OrderedBy = Field(
        default="learned",
        description="what puts a role in order whose learned order has earned it: learned or "
        "hand_weighted, the goals alone",
    )
    doubtful_phases: OfDoubtful = Field(
        default="leave_out",
        description="whether computed phases that do not form (doubtful_phases.csv) compete: keep "
        "or leave_out; without them, since a product that nobody has seen decides nothing",
    )
    energies: Energies = Field(
        default="table",
        description="formation energies: table, as the source has them, at 0 K; or anchored to "
        "experiment, corrected by class, at 298 K",
    )
    samples: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="joint samples of the errors of formation energies, from which intervals and "
        "probabilities follow; 0: none, else at least 2, usually 200",
    )
    robust: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="joint draws of energies, values, weights and of what is not known, from which "
        "the probability follows to be among the first ten; 0: none, else at least 2, usually 200",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="seed of the samples, and of the candidates that are cross-checked",
    )

    @field_validator("samples", "robust")
    @classmethod
    def _enough(cls, given: int) -> int:
        if given == 1:
            raise ValueError("one draw has no spread; give at least 2, or 0 for none")
        return given

    bridged_v: float = Field(
        default=0.1,
        ge=0,
        le=10,
        description="V; a film whose far side comes this near to the window of an electrolyte "
        "reaches it; own choice: computed plateaus of Li-Al, Li-In, Li-Sn are off by as much",
    )
    quiet_drive_ev_atom: float = Field(
        default=0.1,
        ge=0,
        le=10,
        description="eV/atom, the anode metal's not counted; film and electrolyte that react by no "
        "more hardly react; own choice: four times the error of reaction energies (Hautier et "
        "al., PRB 85, 155208, 2012)",
    )
    plating_v: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="V; charge taken up below this is counted as plated metal, not as held: some "
        "tables hold dilute solutions (Mg149Al) whose steps no cell tells from plating",
    )
    conducting_gap_ev: float = Field(
        default=0.3,
        ge=0,
        le=20,
        description="eV; a PBE gap below this counts as conducting: it parts Li3P and Li3N, found "
        "in interphases that passivate, from the metallic products",
    )
    modulus_cap_gpa: float = Field(
        default=1000.0,
        gt=0,
        le=1_000_000,
        description="GPa; a larger bulk or shear modulus is refused: diamond, the stiffest known "
        "solid, is near half of it, and public tables hold impossible values",
    )
    coincidence_area_a2: float = Field(
        default=200.0,
        gt=0,
        le=1000,
        description="Å²; a larger common cell of two faces is no coincidence: it holds more than "
        "twenty cells of the closest-packed face of lithium",
    )
    coincidence_strain: float = Field(
        default=0.03,
        gt=0,
        lt=0.2,
        description="largest principal strain at which two faces share a cell, as pymatgen's ZSL "
        "allows of lengths",
    )
    cell: ReferenceCell = Field(
        default=ReferenceCell(), description="reference cell of the stack energies, a table of it"
    )
    check_candidates: int = Field(
        default=12,
        ge=0,
        le=1_000_000,
        description="candidates whose hull and profile both engines compute",
    )
    check_interfaces: int = Field(
        default=4, ge=0, le=1_000_000, description="interface pairs that both engines compute"
    )
    check_tolerance: float = Field(
        default=1e-6,
        gt=0,
        le=1e-3,
        description="V and eV/atom; a larger disagreement stops the run",
    )
    barrier: bool = Field(
        default=False, description="whether to compute migration barriers: seconds per structure"
    )
    surface: bool = Field(
        default=False,
        description="whether to compute adsorption and adhesion of the anode metal: minutes per "
        "structure",
    )
    calculator: str = Field(
        default="chgnet",
        description="energies of surfaces: chgnet, emt (a few metals, for trials), or "
        "module:function that makes an ASE calculator",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=1024,
        exclude=True,
        description="processes for barriers and surfaces; no result depends on it, so it is not "
        "recorded",
    )
    structure_limit_s: float = Field(
        default=3600.0,
        gt=0,
        le=10_000_000,
        description="s; a structure that takes longer is given up for this run",
    )
    barrier_grid_a: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="Å; spacing of the grid of site energies, fine enough to rank",
    )
    slab_thickness_a: float = Field(
        default=8.0, gt=0, le=1000, description="Å; least thickness of a slab: both surfaces apart"
    )
    slab_vacuum_a: float = Field(
        default=15.0,
        gt=0,
        le=1000,
        description="Å; vacuum above it, beyond the reach of any potential",
    )
    slab_width_a: float = Field(
        default=6.0,
        gt=0,
        le=1000,
        description="Å; least distance between an adsorbed atom and its images",
    )
    slab_atoms: int = Field(
        default=250,
        ge=2,
        le=100_000,
        description="atoms; larger slabs and interfaces are not computed",
    )
    surface_faces: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="low-index faces to try, those of widest spacing first",
    )
    surface_sites: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="adsorption sites to relax on each face, lowest energy first",
    )
    relax_steps: int = Field(
        default=200, ge=1, le=1_000_000, description="steps after which relaxing is given up"
    )
    relax_force_ev_a: float = Field(
        default=0.05,
        gt=0,
        le=10,
        description="eV/Å; relaxed below this force: adsorption energies to about 0.02 eV",
    )
    interface_area_a2: float = Field(
        default=120.0,
        gt=0,
        le=100_000,
        description="Å²; largest cell that candidate and metal share",
    )
    interface_strain: float = Field(
        default=0.05, gt=0, lt=0.3, description="largest strain of the metal in that cell"
    )


CHECK = frozenset({"seed", "check_candidates", "check_interfaces", "check_tolerance"})
"""Choices of the cross-check alone: no value of a table depends on them."""

STRUCTURES = frozenset(
    {
        *("barrier", "surface", "calculator", "structure_limit_s", "barrier_grid_a"),
        *("slab_thickness_a", "slab_vacuum_a", "slab_width_a", "slab_atoms"),
        *("surface_faces", "surface_sites", "relax_steps", "relax_force_ev_a"),
        *("interface_area_a2", "interface_strain"),
    }
)
"""Choices that only what is computed atom by atom depends on."""


class PullSettings(BaseModel):
    """How to behave towards a remote database."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    requests_per_second: float = Field(
        default=4.0, gt=0, le=20, description="1/s; the Materials Project blocks above 25"
    )
    timeout_s: float = Field(
        default=60.0, gt=0, le=3600, description="s; silence after which to ask again"
    )
    whole_limit_s: float = Field(
        default=180.0,
        gt=0,
        le=100_000,
        description="s; an answer that is not whole by then, however slowly it comes, is asked for "
        "again",
    )
    largest_mb: float = Field(
        default=500.0,
        gt=0,
        le=100_000,
        description="MB, unpacked; a larger answer is no page and is not read",
    )
    attempts: int = Field(default=6, ge=1, le=100, description="times to ask for one page")
    backoff_s: float = Field(
        default=1.0, ge=0, le=3600, description="s; first wait, doubled each time"
    )
    longest_wait_s: float = Field(
        default=300.0,
        ge=0,
        le=1_000_000,
        description="s; a server that asks for a longer wait ends the pull",
    )


def load_settings(path: Path | None, **options: Any) -> Settings:
    """Settings from a TOML file, over which options that are not None take precedence.

    Args:
        options: by name; those of the table `cell` as a dictionary.

    Raises:
        UsageError: for an unknown key or a value out of range.
        DataError: for a file that cannot be read.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DataError(f"settings file {path}: {error}") from error
        except (RecursionError, ValueError):
            raise DataError(
                f"settings file {path}: nested too deeply, or a number of too many digits"
            ) from None
    for name, value in options.items():
        if isinstance(value, dict) and isinstance(values.get(name, {}), dict):
            given = {key: part for key, part in value.items() if part is not None}
            values[name] = values.get(name, {}) | given
        elif value is not None:
            values[name] = value
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            nested = [f"cell.{field}" for field in ReferenceCell.model_fields]
            known = nested if name.startswith("cell.") else Settings.model_fields
            hint = did_you_mean(name, known)
            raise UsageError(f"unknown setting {name!r}; {hint}") from error
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"setting {name} = {_short(first['input'])}: {said}") from error


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        text = "a number too long"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
