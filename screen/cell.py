"""Cell equations: layer thickness, Sand's time, transference, kinetics, stack energy.

Plain functions; the unit of each argument is the end of its name. Arguments that make no sense
raise UsageError with one line.

Sources: [1] Wang et al., EES Batteries 2, 42 (2026), 10.1039/d5eb00156k; [2] Zhen et al., Energy
Environ. Sci. 18, 4690 (2025), 10.1039/d5ee01219h, equations 1 to 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from screen.composition import FloatArray
from screen.errors import UsageError
from screen.tables import Anode, anode_of
from screen.units import (
    AMPERE_PER_MA,
    CM3_PER_LITRE,
    CM_PER_UM,
    EV_PER_J_MOL,
    FARADAY_C_MOL,
    GAS_J_MOL_K,
    MAH_PER_MOL,
    MG_PER_G,
    UM_PER_NM,
    ZERO_CELSIUS_K,
)

if TYPE_CHECKING:
    from screen.settings import ReferenceCell

Quantity = float | FloatArray
"""One number, or one per candidate."""

SEPARATOR_DENSITY_G_CM3 = {"sulfide": 1.87, "garnet": 5.1}
"""Li6PS5Cl: crystal density for a = 9.8397 Å (Boulineau et al., Solid State Ionics 221, 1, 2012);
Li7La3Zr2O12: a study of garnet cells, PMC8782839."""
COPPER_G_CM3 = 8.92
"""As in pymatgen.core.periodic_table."""

REVERSE_SHARE = 0.05
"""Of the current, what may flow backwards before a point lies off the Tafel line; own choice."""
ROUNDING = 1e-9
"""Of a ratio of measured figures: what it may lie above 1 where it is 1."""


def thickness_um(capacity_mah_cm2: float, anode: Anode) -> float:
    """Thickness of a dense layer of anode metal that holds a charge: Q M / (z F rho) [1].

    Raises:
        UsageError: for a negative charge.
    """
    check(capacity_mah_cm2=capacity_mah_cm2, least=0.0)
    return capacity_mah_cm2 / charge_mah_g(anode) / anode.density_g_cm3 / CM_PER_UM


def charge_mah_g(anode: Anode) -> float:
    """Charge in a gram of anode metal: z F / M."""
    return anode.valence * MAH_PER_MOL / anode.molar_mass_g_mol


def sand_time_s(
    diffusion_cm2_s: float,
    concentration_mol_l: float,
    current_ma_cm2: float,
    anion_transference: float,
    charge_number: int = 1,
) -> float:
    """Time until the salt at the electrode is used up: pi D (z F C0)^2 / (4 J^2 tau_a^2) [1].

    Infinite where anions do not move, as in a single-ion conductor.

    Args:
        diffusion_cm2_s: ambipolar diffusion coefficient.
        concentration_mol_l: cations before the current flows.
        anion_transference: from 0 to 1.
        charge_number: of the cation.

    Raises:
        UsageError: for a number out of its range.
    """
    check(
        diffusion_cm2_s=diffusion_cm2_s,
        concentration_mol_l=concentration_mol_l,
        current_ma_cm2=current_ma_cm2,
        charge_number=charge_number,
    )
    check(anion_transference=anion_transference, least=0.0)
    if anion_transference > 1:
        raise UsageError(f"anion_transference = {anion_transference:g}: must be at most 1")
    if anion_transference == 0:
        return math.inf
    salt_c_cm3 = charge_number * FARADAY_C_MOL * concentration_mol_l / CM3_PER_LITRE
    current_a_cm2 = current_ma_cm2 * AMPERE_PER_MA
    ratio = salt_c_cm3 / (current_a_cm2 * anion_transference)
    return math.pi * diffusion_cm2_s * ratio**2 / 4


def transference_number(
    polarisation_mv: float,
    initial_current_ma: float,
    steady_current_ma: float,
    initial_resistance_ohm: float,
    steady_resistance_ohm: float,
) -> float:
    """Share of the current that the cation carries: Is (dV - I0 R0) / (I0 (dV - Is Rs)) [2, eq. 1].

    Args:
        polarisation_mv: constant voltage across a symmetric cell.
        initial_current_ma, steady_current_ma: at the beginning, and when it falls no more.
        initial_resistance_ohm, steady_resistance_ohm: of the interfaces before and after.

    Raises:
        UsageError: for numbers that do not belong to one such experiment.
    """
    check(
        polarisation_mv=polarisation_mv,
        initial_current_ma=initial_current_ma,
        steady_current_ma=steady_current_ma,
    )
    check(
        initial_resistance_ohm=initial_resistance_ohm,
        steady_resistance_ohm=steady_resistance_ohm,
        least=0.0,
    )
    if steady_current_ma > initial_current_ma:
        raise UsageError(
            f"steady_current_ma = {steady_current_ma:g}: above the initial current of "
            f"{initial_current_ma:g} mA; under a constant voltage the current falls"
        )
    left = []
    for name, current, resistance in (
        ("initial", initial_current_ma, initial_resistance_ohm),
        ("steady", steady_current_ma, steady_resistance_ohm),
    ):
        left.append(polarisation_mv - current * resistance)
        if left[-1] <= 0:
            raise UsageError(
                f"{name}_resistance_ohm = {resistance:g}: takes {current * resistance:g} mV, all "
                f"of the polarisation of {polarisation_mv:g} mV"
            )
    number = steady_current_ma * left[0] / (initial_current_ma * left[1])
    if number > 1 + ROUNDING:
        raise UsageError(
            f"steady_resistance_ohm = {steady_resistance_ohm:g}: gives a transference number of "
            f"{number:.3g}, above 1; check currents and resistances"
        )
    return min(number, 1.0)


@dataclass(frozen=True)
class Tafel:
    """A Tafel line: exchange current, slope, transfer coefficient, share of variance explained."""

    exchange_current_ma_cm2: float
    slope_mv_decade: float
    transfer_coefficient: float
    r_squared: float


def tafel(
    overpotential_v: Sequence[float],
    current_ma_cm2: Sequence[float],
    temperature_k: float = 25 + ZERO_CELSIUS_K,
) -> Tafel:
    """Line through log |i| against |overpotential|, read at zero:
    eta = 2.303 RT / (alpha F) (log i - log i0) [2, eq. 2].

    Args:
        overpotential_v, current_ma_cm2: points of one branch, both positive or both negative.

    Raises:
        UsageError: for fewer than two points, points of both branches, too near equilibrium, or
            currents that do not rise.
    """
    check(temperature_k=temperature_k)
    eta, current = _points("overpotential_v", overpotential_v, "current_ma_cm2", current_ma_cm2)
    if (eta * current <= 0).any() or (eta * eta[0] < 0).any():
        raise UsageError(
            "overpotential_v, current_ma_cm2: points of one branch are wanted, both numbers above "
            "zero or both below"
        )
    thermal_v = GAS_J_MOL_K * temperature_k / FARADAY_C_MOL
    least = -thermal_v * math.log(REVERSE_SHARE)
    if (np.abs(eta) < least).any():
        raise UsageError(
            f"overpotential_v = {eta[np.abs(eta).argmin()]:g}: within {least:.3f} V of equilibrium "
            f"more than {REVERSE_SHARE:.0%} of the current flows backwards; leave the point out"
        )
    slope, intercept, r_squared = _line(np.abs(eta), np.log10(np.abs(current)))
    if slope <= 0:
        raise UsageError("current_ma_cm2: does not rise with the overpotential; no Tafel line")
    return Tafel(
        float(10**intercept),
        1000 / slope,
        math.log(10) * thermal_v * slope,
        r_squared,
    )


@dataclass(frozen=True)
class Arrhenius:
    """An Arrhenius line: activation energy, value at infinite temperature, variance explained."""

    activation_energy_ev: float
    activation_energy_kj_mol: float
    prefactor: float
    r_squared: float


def arrhenius(temperature_k: Sequence[float], conductivity: Sequence[float]) -> Arrhenius:
    """Line through the logarithm against 1/T: sigma = A exp(-Ea / RT) [2, eq. 3].

    Args:
        conductivity: of any unit, which is also that of A; the inverse of an interface's
            resistance, or conductivity times temperature, goes as well.

    Raises:
        UsageError: for fewer than two temperatures, or a number that is not above zero.
    """
    temperature, value = _points("temperature_k", temperature_k, "conductivity", conductivity)
    for name, numbers in (("temperature_k", temperature), ("conductivity", value)):
        check(**{name: float(numbers.min())})
    slope, intercept, r_squared = _line(1 / temperature, np.log(value))
    energy = -slope * GAS_J_MOL_K
    return Arrhenius(energy * EV_PER_J_MOL, energy / 1000, math.exp(intercept), r_squared)


@dataclass(frozen=True)
class Layer:
    """One layer of a stack, per area."""

    name: str
    mass_mg_cm2: Quantity
    thickness_um: Quantity


@dataclass(frozen=True)
class Stack:
    """One unit of a stack of cells, charged, without casing; numbers, or arrays over candidates."""

    capacity_mah_cm2: Quantity
    voltage_v: Quantity
    layers: tuple[Layer, ...]

    @property
    def mass_mg_cm2(self) -> Quantity:
        """Mass of all layers."""
        return sum((layer.mass_mg_cm2 for layer in self.layers), start=0.0)

    @property
    def thickness_um(self) -> Quantity:
        """Thickness of all layers."""
        return sum((layer.thickness_um for layer in self.layers), start=0.0)

    @property
    def energy_mwh_cm2(self) -> Quantity:
        """Energy that it delivers; none where the voltage is not above zero."""
        return self.capacity_mah_cm2 * np.maximum(self.voltage_v, 0.0)

    @property
    def energy_wh_kg(self) -> Quantity:
        """Energy per mass: mWh/mg is kWh/kg."""
        return self.energy_mwh_cm2 / self.mass_mg_cm2 * 1000

    @property
    def energy_wh_l(self) -> Quantity:
        """Energy per volume: mWh/cm³ is Wh/L."""
        return self.energy_mwh_cm2 / (self.thickness_um * CM_PER_UM)


def reference_stack(cell: ReferenceCell) -> Stack:
    """The cell with its anode metal alone.

    As made, the positive electrode holds the metal that is cycled: only the excess adds to the
    mass, but all of it takes up room when the cell is charged.
    """
    anode = anode_of(cell.anode)
    excess = cell.areal_capacity_mah_cm2 * cell.excess_fraction
    metal = Layer(
        f"{anode.symbol} metal",
        excess / charge_mah_g(anode) * MG_PER_G,
        thickness_um(cell.areal_capacity_mah_cm2 + excess, anode),
    )
    return _stack(cell, cell.areal_capacity_mah_cm2, 0.0, metal)


def film_stack(cell: ReferenceCell, density_g_cm3: Quantity, loss_mah_cm2_um: Quantity) -> Stack:
    """The cell with a film between anode metal and separator.

    The charge that the film binds for good is taken off what the cell delivers: the excess is
    there for cycling.

    Args:
        density_g_cm3: of the film as made.
        loss_mah_cm2_um: charge it binds per µm.
    """
    thickness = cell.film_nm * UM_PER_NM
    bare = reference_stack(cell)
    left = np.maximum(cell.areal_capacity_mah_cm2 - loss_mah_cm2_um * thickness, 0.0)
    film = Layer("film", _mg_cm2(density_g_cm3, thickness), density_g_cm3 * 0.0 + thickness)
    return Stack(left, bare.voltage_v, (*bare.layers, film))


def alloy_stack(
    cell: ReferenceCell, held_mah_g: Quantity, held_mah_cm3: Quantity, uptake_v: Quantity
) -> Stack:
    """The cell with an alloy that holds as much charge as the anode metal of the reference.

    Args:
        held_mah_g, held_mah_cm3: charge per mass and volume of everything when it is full.
        uptake_v: average voltage against the anode metal, which the cell lacks.
    """
    cycled = cell.areal_capacity_mah_cm2
    total = cycled * (1 + cell.excess_fraction)
    from_positive = cycled / charge_mah_g(anode_of(cell.anode))
    mass = (total / held_mah_g - from_positive) * MG_PER_G
    return _stack(cell, cycled, uptake_v, Layer("alloy", mass, total / held_mah_cm3 / CM_PER_UM))


def scaffold_stack(cell: ReferenceCell, density_g_cm3: Quantity) -> Stack:
    """The cell with a scaffold whose pores the anode metal just fills when it is charged.

    Args:
        density_g_cm3: of the solid of the scaffold.
    """
    bare = reference_stack(cell)
    metal = bare.layers[-1]
    whole = metal.thickness_um / cell.scaffold_pore_fraction
    solid = _mg_cm2(density_g_cm3, whole - metal.thickness_um)
    filled = Layer("scaffold", solid + metal.mass_mg_cm2, density_g_cm3 * 0.0 + whole)
    return Stack(bare.capacity_mah_cm2, bare.voltage_v, (*bare.layers[:-1], filled))


def _stack(cell: ReferenceCell, capacity: float, uptake_v: Quantity, negative: Layer) -> Stack:
    """Foils, positive electrode and separator, and a negative electrode as the last layer."""
    active = cell.areal_capacity_mah_cm2 / cell.positive_mah_g
    electrolyte = active * (1 / cell.positive_active_fraction - 1)
    sulfide = SEPARATOR_DENSITY_G_CM3["sulfide"]
    solid_cm = active / cell.positive_density_g_cm3 + electrolyte / sulfide
    positive = Layer(
        "positive electrode",
        (active + electrolyte) * MG_PER_G,
        solid_cm / (1 - cell.positive_pore_fraction) / CM_PER_UM,
    )
    dense = (
        ("aluminium foil, half", anode_of("Al").density_g_cm3, cell.aluminium_um / 2),
        ("copper foil, half", COPPER_G_CM3, cell.copper_um / 2),
        (f"{cell.separator} separator", SEPARATOR_DENSITY_G_CM3[cell.separator], cell.separator_um),
    )
    others = tuple(Layer(name, _mg_cm2(rho, um), um) for name, rho, um in dense)
    return Stack(capacity, cell.positive_v - uptake_v, (positive, *others, negative))


def _mg_cm2(density_g_cm3: Quantity, thickness_um: Quantity) -> Quantity:
    return density_g_cm3 * thickness_um * CM_PER_UM * MG_PER_G


def check(least: float | None = None, **numbers: float) -> None:
    """Refuse numbers that are not finite, or not above zero (or not at least `least`).

    Raises:
        UsageError: naming the first, by its argument's name.
    """
    for name, number in numbers.items():
        good = number > 0 if least is None else number >= least
        if not (math.isfinite(number) and good):
            wanted = "above zero" if least is None else f"at least {least:g}"
            raise UsageError(f"{name} = {number:g}: must be a number {wanted}")


def _points(
    x_name: str, x: Sequence[float], y_name: str, y: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    if len(x) != len(y):
        raise UsageError(f"{x_name}, {y_name}: {len(x)} and {len(y)} numbers are not pairs")
    points = np.array([x, y], dtype=float)
    if not np.isfinite(points).all():
        raise UsageError(f"{x_name}, {y_name}: every number must be finite")
    if len(set(x)) < 2:
        raise UsageError(f"{x_name}: {len(set(x))} value(s); a line needs at least two")
    return points[0], points[1]


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """Slope, intercept and share of variance explained of the least-squares line."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = (dx @ dy) / (dx @ dx)
    spread = dy @ dy
    explained = 1.0 if spread == 0 else slope * (dx @ dy) / spread
    return float(slope), float(y.mean() - slope * x.mean()), float(explained)
