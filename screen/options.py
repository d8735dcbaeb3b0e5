"""What commands and flows are asked beside settings: what each option is stands here, once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from screen.settings import PullSettings, ReferenceCell, Settings
from screen.units import unit_of


class Options(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tables(Options):
    """Where the phases of a run come from."""

    source: str = Field(
        default="reference",
        description="'reference' (embedded), 'latest' (newest snapshot; 'latest-r2scan': "
        "of r2SCAN energies), or a file: .parquet, "
        ".csv with formula and formation_energy_per_atom_eV, or .json with pymatgen entries",
    )
    gaps: Path | None = Field(default=None, description="CSV with band gaps to join to the source")
    moduli: Path | None = Field(
        default=None, description="CSV with elastic moduli to join to the source"
    )
    add: Path | None = Field(
        default=None,
        description="your own phases to add: .csv (or with CIF/POSCAR files) or .json entries",
    )


class RoleFile(Options):
    """Where roles come from."""

    roles_file: Path | None = Field(
        default=None,
        description="TOML file with roles of your own in place of the shipped ones "
        "(screen/data/roles.toml is the pattern)",
    )


class Judged(Options):
    """Which candidates are judged, and as what."""

    roles: tuple[str, ...] = Field(
        default=(), description="names such as interlayer, host or alloy; none: all"
    )
    selected: bool = Field(
        default=False, description="of a file, judge only what the roles select (roles.toml)"
    )


class PullChoice(Options):
    """Which materials to pull."""

    chemsys: tuple[str, ...] = Field(
        default=(), description="only this system and its subsystems, as Li-P-S; none: all"
    )
    role: str | None = Field(
        default=None,
        description="properties only of what this role selects; energies come for all",
    )
    thermo_type: str = Field(
        default="GGA_GGA+U",
        description="which energies: GGA_GGA+U or R2SCAN, each a hull of its own",
    )


class Pull(PullChoice):
    """What to pull from the Materials Project; the key comes from MP_API_KEY."""

    gnome: bool = Field(default=False, description="with GNoME materials (not for commercial use)")
    endpoint: str | None = Field(
        default=None, description="address of the API; none: MP_API_ENDPOINT or the public one"
    )
    rate: float = Field(
        default=PullSettings().requests_per_second,
        gt=0,
        le=20,
        description="requests per second, at most 20",
    )


class Fitting(Options):
    """How to fit the models anew."""

    seed: int = Field(default=0, ge=0, description="seed of resampling and shuffling")


MODELS: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (Settings, ReferenceCell, Tables, RoleFile, Judged, Pull, Fitting)
}
"""Those that commands are asked for, by name."""


def described(model: type[BaseModel], name: str) -> str:
    """A field in a line of help: what it is, its choices, and what holds if it is not given.

    Raises:
        KeyError: for a field that the model does not have.
    """
    field = model.model_fields[name]
    text = field.description or ""
    if unit_of(name) in ("", "1"):  # else it begins with a unit, which keeps its letters
        text = text[:1].upper() + text[1:]
    if get_origin(field.annotation) is Literal:
        choices = get_args(field.annotation)
        if not all(choice in text for choice in choices):
            text += f": {' or '.join(choices)}"
    if get_origin(field.annotation) is tuple:
        text += "; repeat for several"
    default = field.get_default()
    if default is None or default is False or default == ():
        return f"{text}."
    shown = ", ".join(default) if isinstance(default, tuple) else str(default)
    return f"{text}. Default: {shown.removesuffix('.0')}."
