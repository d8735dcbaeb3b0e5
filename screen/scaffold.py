"""A porous scaffold with anode metal in its pores: what it holds, weighs, and costs in voltage.

Electrons enter at the current collector, ions at the separator; the solid of the scaffold, or what
coats it, conducts both, and on the walls of its pores they meet and plate the metal:

    collector  x = 0 |  electrons ->            <- ions  | x = L  separator

With effective conductivities sigma and kappa (S/cm) and a linear reaction of g (S/cm³) this is the
porous electrode of Newman and Tobias, J. Electrochem. Soc. 109, 1183 (1962), a transmission line of
two rails. Let J f be the ionic current at x = L xi. Then

    f'' = nu² (f - p),  f(0) = 0, f(1) = 1,  nu² = L² g (1/kappa + 1/sigma),
    p = kappa / (kappa + sigma),

    f = p + ((1 - p) sinh(nu xi) - p sinh(nu (1 - xi))) / sinh(nu).

What each rail takes off the voltage is the power that it dissipates per current: J L/kappa times
the mean of f², J L/sigma times the mean of (1 - f)², and J/(g L) times the mean of f'² for the
reaction. The three add up to the voltage between collector and separator. A slow reaction (nu -> 0)
plates evenly, and each rail takes a third of its whole resistance; a fast one (nu -> infinity)
plates at the two faces alone, and the rails carry the current side by side.

The pores are taken to be empty: metal that fills them carries electrons too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from screen import cell as equations
from screen.composition import FloatArray
from screen.errors import UsageError
from screen.tables import Anode
from screen.units import CM_PER_UM, MG_PER_G

if TYPE_CHECKING:
    from screen.settings import ReferenceCell

_EVEN, _STEEP = 1e-2, 300.0
"""Of nu: below, the means come from their series; above, hyperbolic sines would overflow."""
WALLS_PER_PORE = 4.0
"""Wall of a straight round pore per volume of it, times its diameter."""


@dataclass(frozen=True)
class Scaffold:
    """A layer of solid and pores.

    Attributes:
        thickness_um: of the layer.
        pore_fraction: volume share of the pores.
        density_g_cm3: of the solid, without pores.
        anode: the metal that goes into the pores.
        tortuosity: tau in: effective conductivity = conductivity x (1 - pore_fraction) / tau;
            None: that of Bruggeman, Ann. Phys. 416, 636 (1935), (1 - pore_fraction)^-0.5.
    """

    thickness_um: float
    pore_fraction: float
    density_g_cm3: float
    anode: Anode
    tortuosity: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no scaffold.

        Raises:
            UsageError: for a number out of its range.
        """
        equations.check(thickness_um=self.thickness_um, density_g_cm3=self.density_g_cm3)
        if not 0 < self.pore_fraction < 1:
            raise UsageError(
                f"pore_fraction = {self.pore_fraction:g}: must be a number between 0 and 1, both "
                "left out"
            )
        if not self.density_g_cm3 < 30:
            raise UsageError(f"density_g_cm3 = {self.density_g_cm3:g}: no solid has that")
        if self.tortuosity is not None and not 1 <= self.tortuosity < math.inf:
            raise UsageError(f"tortuosity = {self.tortuosity:g}: must be a number, at least 1")

    @property
    def solid_fraction(self) -> float:
        """Volume share of the solid."""
        return 1 - self.pore_fraction

    @property
    def way(self) -> float:
        """The tortuosity, stated or after Bruggeman."""
        return self.solid_fraction**-0.5 if self.tortuosity is None else self.tortuosity

    @property
    def capacity_mah_cm2(self) -> float:
        """Charge of the metal that fills the pores."""
        return self.capacity_mah_cm3 * self.thickness_um * CM_PER_UM

    @property
    def capacity_mah_g(self) -> float:
        """The same per mass of metal and solid."""
        return float(self._capacities[0][0])

    @property
    def capacity_mah_cm3(self) -> float:
        """The same per volume of the layer."""
        return float(self._capacities[1][0])

    @property
    def _capacities(self) -> tuple[FloatArray, FloatArray]:
        rigid, density = np.zeros(1), np.array([self.density_g_cm3])
        return capacities(self.pore_fraction, rigid, density, self.anode)

    def effective_s_cm(self, conductivity_s_cm: float) -> float:
        """Conductivity across the layer of a solid that has this one by itself."""
        return conductivity_s_cm * self.solid_fraction / self.way

    def stack(self, cell: ReferenceCell, lost_v: float = 0.0) -> equations.Stack:
        """The reference cell with this scaffold, charged; metal without a place lies outside.

        Args:
            lost_v: what the scaffold takes off the voltage.
        """
        bare = equations.reference_stack(cell)
        metal = bare.layers[-1]
        total = _charged(cell)
        inside = min(1.0, self.capacity_mah_cm2 / total)
        solid = self.density_g_cm3 * self.solid_fraction * self.thickness_um * CM_PER_UM * MG_PER_G
        layers = (
            *bare.layers[:-1],
            equations.Layer(
                "scaffold with metal", solid + metal.mass_mg_cm2 * inside, self.thickness_um
            ),
            equations.Layer(
                f"{self.anode.symbol} metal outside",
                metal.mass_mg_cm2 * (1 - inside),
                equations.thickness_um(total * (1 - inside), self.anode),
            ),
        )
        return equations.Stack(
            bare.capacity_mah_cm2, bare.voltage_v - lost_v, layers if inside < 1 else layers[:-1]
        )

    def filled(self, cell: ReferenceCell) -> tuple[float, float]:
        """Part of the pores that metal fills in the discharged and in the charged cell; above 1
        it does not fit.
        """
        excess = cell.areal_capacity_mah_cm2 * cell.excess_fraction
        return excess / self.capacity_mah_cm2, _charged(cell) / self.capacity_mah_cm2


def _charged(cell: ReferenceCell) -> float:
    """Charge of all metal in the charged cell, mAh/cm²."""
    return cell.areal_capacity_mah_cm2 * (1 + cell.excess_fraction)


@dataclass(frozen=True)
class Losses:
    """What a scaffold takes off the voltage at a current.

    Attributes:
        ions_mv, electrons_mv: in carrying them.
        reaction_mv: in plating; NaN where its resistance is not given.
        near_separator_fraction: of the metal, what is plated in the half next to the separator.
    """

    ions_mv: float
    electrons_mv: float
    reaction_mv: float
    near_separator_fraction: float

    @property
    def total_mv(self) -> float:
        """All that is known of it."""
        return self.ions_mv + self.electrons_mv + float(np.nan_to_num(self.reaction_mv))


def losses(
    scaffold: Scaffold,
    current_ma_cm2: float,
    ionic_s_cm: float,
    electronic_s_cm: float,
    wall_ohm_cm2: float | None = None,
    pore_um: float | None = None,
) -> Losses:
    """What a scaffold with empty pores takes off the voltage.

    Args:
        current_ma_cm2: per area of the layer.
        ionic_s_cm, electronic_s_cm: of the solid by itself; may be infinite.
        wall_ohm_cm2: resistance of plating, per area of the walls; None: so large that the metal
            is plated evenly, and not counted.
        pore_um: diameter of the pores, which gives the area of their walls; goes with it.

    Raises:
        UsageError: for numbers out of their range, or one of the last two without the other.
    """
    equations.check(current_ma_cm2=current_ma_cm2)
    for name, value in (("ionic_s_cm", ionic_s_cm), ("electronic_s_cm", electronic_s_cm)):
        if not value > 0:
            raise UsageError(
                f"{name} = {value:g}: must be a number above zero; where one of the two does not "
                "pass, no metal is plated inside"
            )
    if (wall_ohm_cm2 is None) != (pore_um is None):
        raise UsageError("wall_ohm_cm2 and pore_um go together; give both or neither")
    of_ions, of_electrons = (
        1 / scaffold.effective_s_cm(value) for value in (ionic_s_cm, electronic_s_cm)
    )
    reaction = 0.0
    if wall_ohm_cm2 is not None and pore_um is not None:
        equations.check(wall_ohm_cm2=wall_ohm_cm2, least=0.0)
        equations.check(pore_um=pore_um)
        walls_cm = WALLS_PER_PORE * scaffold.pore_fraction / (pore_um * CM_PER_UM)
        reaction = walls_cm / wall_ohm_cm2 if wall_ohm_cm2 else math.inf
    ohm_cm2, near = two_rails(scaffold.thickness_um * CM_PER_UM, of_ions, of_electrons, reaction)
    ions, electrons, plating = (current_ma_cm2 * ohm for ohm in ohm_cm2)  # mA times ohm: mV
    return Losses(ions, electrons, plating if wall_ohm_cm2 is not None else math.nan, near)


def two_rails(
    length_cm: float, ions_ohm_cm: float, electrons_ohm_cm: float, reaction_s_cm3: float
) -> tuple[tuple[float, float, float], float]:
    """Area resistances of ions, electrons and reaction, ohm cm², and the share of the metal that is
    plated in the half next to the separator.

    Args:
        ions_ohm_cm, electrons_ohm_cm: effective resistivities; zero is allowed.
        reaction_s_cm3: conductance of the reaction per volume; zero for an even one, whose
            resistance is then infinite, and infinity.
    """
    both = ions_ohm_cm + electrons_ohm_cm
    p = electrons_ohm_cm / both if both else 0.5
    nu = length_cm * math.sqrt(reaction_s_cm3 * both) if both else 0.0
    mean, square, product = _means(nu)
    q = 1 - p
    common = (q * q + p * p) * square - 2 * p * q * product
    ions = p * p + common + 2 * p * (q - p) * mean
    electrons = q * q + common - 2 * q * (q - p) * mean
    half = 0.5 / math.cosh(min(nu, _STEEP) / 2)
    plating = 0.0
    if not math.isinf(reaction_s_cm3):
        steepness = _steepness(nu, p)
        plating = steepness / (reaction_s_cm3 * length_cm) if reaction_s_cm3 else math.inf
    resistances = (length_cm * ions_ohm_cm * ions, length_cm * electrons_ohm_cm * electrons)
    return (*resistances, plating), q - (q - p) * half


def _means(nu: float) -> tuple[float, float, float]:
    """Means over the layer of s = sinh(nu xi) / sinh(nu), of s², of s times its mirror image."""
    if nu < _EVEN:
        return 1 / 2 - nu**2 / 24, 1 / 3 - 2 * nu**2 / 45, 1 / 6 - 7 * nu**2 / 180
    if nu > _STEEP:
        return 1 / nu, 1 / (2 * nu), 0.0
    sinh, cosh = math.sinh(nu), math.cosh(nu)
    return (
        math.tanh(nu / 2) / nu,
        (sinh * cosh - nu) / (2 * nu * sinh**2),
        (nu * cosh - sinh) / (2 * nu * sinh**2),
    )


def _steepness(nu: float, p: float) -> float:
    """Mean over the layer of the square of the slope of f; 1 where the reaction is even."""
    q = 1 - p
    if nu < _EVEN:
        return 1.0
    if nu > _STEEP:
        return (q * q + p * p) * nu / 2
    sinh, cosh = math.sinh(nu), math.cosh(nu)
    own = (cosh * sinh + nu) * nu / (2 * sinh**2)
    other = (nu * cosh + sinh) * nu / (2 * sinh**2)
    return (q * q + p * p) * own + 2 * p * q * other


def capacities(
    pore_fraction: float,
    swelling_fraction: FloatArray,
    full_density_g_cm3: FloatArray,
    anode: Anode,
) -> tuple[FloatArray, FloatArray]:
    """Charge of the metal in the pores of scaffolds, in mAh per g of metal and solid, and per cm³.

    The outer volume stays as made: a solid that swells in taking up the metal narrows its pores.

    Args:
        pore_fraction: as made.
        swelling_fraction: of the solid, until just before plating.
        full_density_g_cm3: of the solid then.
    """
    solid = (1 - pore_fraction) * (1 + swelling_fraction)
    pores = np.maximum(1 - solid, 0.0)
    metal = pores * anode.density_g_cm3
    charge = metal * equations.charge_mah_g(anode)
    return charge / (metal + solid * full_density_g_cm3), charge
