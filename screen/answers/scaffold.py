"""The answer of cell scaffold: charge, energy and lost voltage of a porous scaffold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from screen import cell as equations
from screen.answers.answer import Answer
from screen.answers.cell_equations import figures
from screen.descriptors import capacity
from screen.descriptors.case import Case
from screen.errors import DataError, UsageError
from screen.scaffold import Losses, Scaffold, losses
from screen.settings import ReferenceCell
from screen.tables import anode_of
from screen.units import V_PER_MV

_TRANSPORT = ("ionic_s_cm", "electronic_s_cm", "current_ma_cm2")


@dataclass(frozen=True)
class Asked:
    """A scaffold as it is asked about; what is None is not given.

    Attributes:
        thickness_um, tortuosity: as in `screen.scaffold.Scaffold`.
        ionic_s_cm, electronic_s_cm, current_ma_cm2, wall_ohm_cm2, pore_um: as in
            `screen.scaffold.losses`.
    """

    thickness_um: float
    tortuosity: float | None = None
    ionic_s_cm: float | None = None
    electronic_s_cm: float | None = None
    current_ma_cm2: float | None = None
    wall_ohm_cm2: float | None = None
    pore_um: float | None = None


def scaffold(
    asked: Asked,
    cell: ReferenceCell,
    case: Case | None = None,
    density_g_cm3: float | None = None,
) -> Answer:
    """What a scaffold holds, the stack energy of the reference cell with it, the voltage it takes.

    Args:
        case: its first candidate is the solid of the scaffold.
        density_g_cm3: of the solid, in its place.

    Raises:
        UsageError: for a number out of its range, or one without those that it goes with.
        DataError: for a material whose density is not known.
    """
    if (case is None) == (density_g_cm3 is None):
        raise UsageError("give the solid of the scaffold: either --material or --density-g-cm3")
    density = _density(case) if density_g_cm3 is None and case is not None else density_g_cm3
    assert density is not None
    layer = Scaffold(
        asked.thickness_um,
        cell.scaffold_pore_fraction,
        density,
        anode_of(cell.anode),
        asked.tortuosity,
    )
    lost = _losses(layer, asked)
    name = "A scaffold" if case is None else f"A scaffold of {case.formulas[0]}"
    title = (
        f"{name}, {asked.thickness_um:g} µm, {layer.pore_fraction:.0%} pores, in the reference "
        f"{cell.anode} cell"
    )
    return replace(figures(title, _figures(layer, cell, lost)), notes=_notes(layer, cell, lost))


def _density(case: Case) -> float:
    """Of the first candidate just before plating, as in the columns of hosts, g/cm³."""
    density, reasons = capacity.full_density(case)
    if math.isnan(density[0]):
        raise DataError(
            f"no scaffold of {case.formulas[0]}: {reasons[0]}; give --density-g-cm3 in its place"
        )
    return float(density[0])


def _losses(layer: Scaffold, asked: Asked) -> Losses | None:
    """What it takes off the voltage, if that is asked."""
    ionic, electronic, current = (getattr(asked, name) for name in _TRANSPORT)
    if ionic is None and electronic is None and current is None:
        if asked.wall_ohm_cm2 is not None or asked.pore_um is not None:
            raise UsageError("wall_ohm_cm2 and pore_um go with a current and both conductivities")
        return None
    if ionic is None or electronic is None or current is None:
        absent = [name for name in _TRANSPORT if getattr(asked, name) is None]
        raise UsageError(
            f"the voltage that is lost needs {', '.join(_TRANSPORT)}; give {' and '.join(absent)} "
            "as well"
        )
    return losses(layer, current, ionic, electronic, asked.wall_ohm_cm2, asked.pore_um)


def _figures(layer: Scaffold, cell: ReferenceCell, lost: Losses | None) -> dict[str, float]:
    """All numbers of the answer, by name."""
    bare, whole = equations.reference_stack(cell), layer.stack(cell)
    discharged, charged = layer.filled(cell)
    found = {
        "pore_capacity_mah_cm2": layer.capacity_mah_cm2,
        "capacity_mah_g": layer.capacity_mah_g,
        "capacity_mah_cm3": layer.capacity_mah_cm3,
        "pores_filled_discharged_fraction": discharged,
        "pores_filled_charged_fraction": charged,
        "stack_energy_wh_kg": float(whole.energy_wh_kg),
        "stack_energy_wh_l": float(whole.energy_wh_l),
        "stack_energy_change_wh_kg": float(whole.energy_wh_kg - bare.energy_wh_kg),
        "stack_energy_change_wh_l": float(whole.energy_wh_l - bare.energy_wh_l),
        "tortuosity": layer.way,
    }
    if lost is not None:
        found |= {
            "lost_to_ions_mv": lost.ions_mv,
            "lost_to_electrons_mv": lost.electrons_mv,
            "lost_to_reaction_mv": lost.reaction_mv,
            "near_separator_fraction": lost.near_separator_fraction,
            "stack_energy_at_current_wh_kg": float(
                layer.stack(cell, lost.total_mv * V_PER_MV).energy_wh_kg
            ),
        }
    return found


def _notes(layer: Scaffold, cell: ReferenceCell, lost: Losses | None) -> tuple[str, ...]:
    """What a reader of the numbers has to know."""
    found = []
    charged = layer.filled(cell)[1]
    if charged > 1:
        found.append(
            f"the pores hold {1 / charged:.0%} of the {cell.anode} of the charged cell; the rest "
            "is counted as a layer outside"
        )
    if lost is not None and math.isnan(lost.reaction_mv):
        found.append(
            "the metal is taken to be plated evenly; --wall-ohm-cm2 and --pore-um say where it is"
        )
    return tuple(found)
