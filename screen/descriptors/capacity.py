"""How much anode metal it holds in what room, what it binds for good, what a cell loses by it."""

from __future__ import annotations

import numpy as np

from screen import cell as equations
from screen import scaffold
from screen.columns import Column, Texts, Values
from screen.composition import FloatArray, segment_sum
from screen.descriptors import against_anode
from screen.descriptors.case import Case
from screen.tables import anode_of
from screen.units import CM_PER_UM, MAH_PER_MOL

_PROFILE = "grand-potential phase diagram at 0 K; settings.plating_v"
_VOLUMES = "volumes of the source table"


COLUMNS: tuple[Column, ...] = (
    Column(
        "own_capacity_mah_g",
        "own capacity",
        "Charge of the anode metal in the composition itself per mass of its other elements: "
        "993 mAh per g of Al in LiAl.",
        "composition",
    ),
    Column(
        "host_capacity_mah_g",
        "host capacity",
        "Charge held just before plating per mass of the elements other than the anode metal: "
        "the convention of 3,579 mAh per g of Si in Li15Si4.",
        _PROFILE,
    ),
    Column(
        "held_mah_cm3",
        "held charge by volume",
        "Charge of the anode metal held just before plating, per volume of everything, the "
        "anode metal included.",
        f"{_PROFILE}; {_VOLUMES}",
    ),
    Column(
        "uptake_volume_fraction",
        "volume change on uptake",
        "Volume just before plating over that of the candidate as given, less 1; the anode "
        "metal's own volume is not in the latter.",
        f"{_PROFILE}; {_VOLUMES}",
    ),
    Column(
        "cycling_volume_fraction",
        "volume change in cycling",
        "Volume just before plating over that of what remains when all anode metal is taken "
        "out, less 1: the same for all that hold the same elements beside the anode metal in "
        "the same ratio.",
        f"{_PROFILE}; {_VOLUMES}",
    ),
    Column(
        "scaffold_mah_g",
        "scaffold capacity",
        "Charge of the anode metal in the pores of a scaffold of what the candidate is just before "
        "plating, per mass of both; its swelling until then narrows the pores "
        "(settings.cell.scaffold_pore_fraction).",
        f"scaffold.capacities; settings.cell; {_VOLUMES}",
    ),
    Column(
        "scaffold_mah_cm3",
        "scaffold capacity by volume",
        "The same per volume of the scaffold, pores and all.",
        f"scaffold.capacities; settings.cell; {_VOLUMES}",
    ),
    Column(
        "conversion_loss_mah_cm2_um",
        "conversion loss",
        "Charge per area and thickness of a film that ends in insulating contact products, "
        "which do not give it back; what alloys and other conductors hold comes back, and a film "
        "that is most likely stable binds none. A volume that is not known is estimated, right to "
        "about a tenth.",
        f"contact products; settings.conducting_gap_ev; {_VOLUMES}; screen/volumes.py",
    ),
    Column(
        "interlayer_change_wh_kg",
        "stack energy, interlayer",
        "Change of the reference cell's stack energy with a film of the candidate between "
        "anode metal and separator: its mass and its conversion loss.",
        "cell.film_stack; settings.cell",
    ),
    Column(
        "host_change_wh_kg",
        "stack energy, host",
        "Change of the reference cell's stack energy with the anode metal in the pores of a "
        "scaffold of what the candidate is just before plating.",
        f"cell.scaffold_stack; settings.cell; {_VOLUMES}",
    ),
    Column(
        "alloy_change_wh_kg",
        "stack energy, alloy",
        "Change of the reference cell's stack energy with all charge held by the candidate as "
        "an alloy: the mass it adds and the voltage it takes.",
        "cell.alloy_stack; settings.cell",
    ),
)


def compute(case: Case) -> Values:
    """Capacities, volumes, losses, and what they come to in the reference cell."""
    values, itself = Values(len(case)), _itself(case)
    profiles, uptake = case.equilibria.profiles, case.equilibria.uptake
    own = case.compositions.amount_of(case.anode.element)
    host_mass = np.where(itself == "", case.molar_mass - own * case.anode.molar_mass_g_mol, np.nan)
    own_charge = own * case.anode.valence * MAH_PER_MOL
    values.add("own_capacity_mah_g", own_charge / host_mass, itself)
    values.add("host_capacity_mah_g", uptake.charge * MAH_PER_MOL / host_mass, itself)
    full, unknown = case.facts.volumes(profiles.products.take(uptake.state))
    values.add("held_mah_cm3", uptake.charge * MAH_PER_MOL / full, unknown)
    density, no_density = case.density
    change = full * density / case.molar_mass - 1
    values.add("uptake_volume_fraction", change, _first(unknown, no_density))
    empty, not_empty = case.facts.volumes(profiles.products.take(profiles.start[:-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        swelling = np.where(itself == "", full / empty - 1, np.nan)
    values.add("cycling_volume_fraction", swelling, _first(itself, unknown, not_empty))
    pores = case.settings.cell.scaffold_pore_fraction
    full_solid, no_solid = full_density(case)
    per_g, per_cm3 = scaffold.capacities(pores, change, full_solid, case.anode)
    values.add("scaffold_mah_g", per_g, _first(no_solid, no_density))
    per_cm3 = np.where(itself == "", per_cm3, np.nan)
    values.add("scaffold_mah_cm3", per_cm3, _first(no_solid, no_density))
    values.add("conversion_loss_mah_cm2_um", *conversion_loss(case))
    reference = equations.reference_stack(case.settings.cell)
    for role, stack_of in STACKS.items():
        stack, reasons = stack_of(case)
        values.add(f"{role}_change_wh_kg", stack.energy_wh_kg - reference.energy_wh_kg, reasons)
    return values


def conversion_loss(case: Case, density_g_cm3: float | None = None) -> tuple[FloatArray, Texts]:
    """Charge that a film binds for good, mAh/cm² per µm, or the reason why it is not known.

    What counts is the anode metal in insulating contact products beyond what the candidate brings.

    Args:
        density_g_cm3: of the candidates, in place of that of the table.
    """
    bound, unknown = _bound(case)
    density, no_density = (
        case.likely_density if density_g_cm3 is None else _density(case, density_g_cm3)
    )
    charge = bound * case.anode.valence * MAH_PER_MOL
    return np.where(bound == 0, 0.0, charge / case.molar_mass * density * CM_PER_UM), _first(
        unknown, no_density
    )


def _bound(case: Case) -> tuple[FloatArray, Texts]:
    """Atoms of anode metal per formula unit that contact binds in insulators; none where the
    candidate most likely stays what it is.
    """
    mixtures, element = case.equilibria.contact_products, case.anode.element
    owner = np.repeat(np.arange(len(case)), np.diff(mixtures.start))
    amount = mixtures.amount * case.phases.compositions.amount_of(element)[mixtures.phase]
    conducts = case.facts.conducts[mixtures.phase]
    own = case.compositions.amount_of(element)
    least, most = (
        np.maximum(segment_sum(amount * part, mixtures.start) - own, 0.0)
        for part in (conducts == 0, conducts != 1)
    )
    unknown = np.full(len(case), "", dtype=object)
    blind = np.flatnonzero((conducts < 0) & (amount > 0))
    names = case.phases.names[mixtures.phase[blind]]
    unknown[owner[blind]] = "no band gap for the contact product " + names
    _, stays = against_anode.standing(case)
    least[stays], most[stays], unknown[stays] = 0.0, 0.0, ""
    least[least < 1e-9] = 0.0
    return np.where(most - least < 1e-9, least, np.nan), unknown


def film_stack(case: Case, density_g_cm3: float | None = None) -> tuple[equations.Stack, Texts]:
    """The reference cell with a film of each candidate, NaN with the reason where not known."""
    density, no_density = _density(case, density_g_cm3)
    loss, no_loss = conversion_loss(case, density_g_cm3)
    other = _other_anode(case)
    density = np.where(other == "", density, np.nan)
    stack = equations.film_stack(case.settings.cell, density, loss)
    return stack, _first(other, no_density, no_loss)


def host_stack(case: Case) -> tuple[equations.Stack, Texts]:
    """The reference cell with anode metal in a scaffold of each candidate, which is full already;
    NaN with the reason where not known.
    """
    other = _other_anode(case)
    density, unknown = full_density(case)
    density = np.where(other == "", density, np.nan)
    return equations.scaffold_stack(case.settings.cell, density), _first(other, unknown)


def full_density(case: Case) -> tuple[FloatArray, Texts]:
    """Density of each candidate just before plating, g/cm³, or the reason why it is not known."""
    itself, uptake = _itself(case), case.equilibria.uptake
    volume, unknown = case.facts.volumes(case.equilibria.profiles.products.take(uptake.state))
    return np.where(itself == "", uptake.mass / volume, np.nan), _first(itself, unknown)


def alloy_stack(case: Case) -> tuple[equations.Stack, Texts]:
    """The reference cell with each candidate as alloy that holds all charge; NaN with the reason
    where not known. The mass is known without the thickness, which needs volumes.
    """
    uptake, anode = case.equilibria.uptake, case.anode
    kind = np.where(case.alloys, "", "is no alloy").astype(object)
    takes = np.where(np.isnan(uptake.mean_v), f"takes up no {anode.symbol}", "").astype(object)
    reasons = _first(_other_anode(case), _itself(case), kind, takes)
    charge = np.where(reasons == "", uptake.charge * MAH_PER_MOL, np.nan)
    volume, _ = case.facts.volumes(case.equilibria.profiles.products.take(uptake.state))
    per_g, per_cm3 = charge / uptake.mass, charge / volume
    return equations.alloy_stack(case.settings.cell, per_g, per_cm3, uptake.mean_v), reasons


STACKS = {"interlayer": film_stack, "host": host_stack, "alloy": alloy_stack}
"""The reference cell with a candidate, by role."""


def _itself(case: Case) -> Texts:
    metal = case.compositions.atoms == case.compositions.amount_of(case.anode.element)
    return np.where(metal, f"is {case.anode.symbol} itself", "").astype(object)


def _density(case: Case, given: float | None) -> tuple[FloatArray, Texts]:
    if given is None:
        return case.density
    return np.full(len(case), given), np.full(len(case), "", dtype=object)


def _other_anode(case: Case) -> Texts:
    """Why the reference cell says nothing about this anode metal, "" where it does."""
    stated = anode_of(case.settings.cell.anode).symbol
    same = stated == case.anode.symbol
    reason = "" if same else f"settings.cell is stated for {stated}, not {case.anode.symbol}"
    return np.full(len(case), reason, dtype=object)


def _first(*reasons: Texts) -> Texts:
    """Of several reasons per candidate the first that there is."""
    found = np.full(len(reasons[0]), "", dtype=object)
    for reason in reasons:
        found = np.where(found == "", reason, found)
    return found
