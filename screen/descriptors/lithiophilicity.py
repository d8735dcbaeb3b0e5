"""Will the anode metal wet it and stay: alloying, what conversion leaves, Miedema, mismatch.

No one number is accepted for lithiophilicity, so each column is named for what it is. All of them
are computed for any anode metal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import INDEX, SYMBOLS, FloatArray, IntArray, segment_sum
from screen.descriptors.case import Case
from screen.tables import elements, rows_of
from screen.units import EV_PER_J_MOL

_PROFILE = "grand-potential phase diagram at 0 K (Zhu, He, Mo, ACS AMI 7, 23685, 2015)"
_MIEDEMA = "de Boer et al., Cohesion in Metals (North-Holland, 1988), parameters in data/metals.csv"
_OWN_METALS = "its metals (metals, Si, Ge, Sb; not the anode metal), averaged by amount"


COLUMNS: tuple[Column, ...] = (
    Column(
        "uptake_per_atom",
        "taken up at 0 V",
        "Atoms of anode metal that the candidate takes up in touch with it, by alloying or "
        "conversion, per atom of its own; negative if given off.",
        _PROFILE,
        dimensionless=True,
    ),
    Column(
        "alloyed_per_host_atom",
        "held in alloys",
        "Atoms of anode metal in the contact products that conduct (its alloys), per other "
        "atom of the candidate; down to 0 V, solid solutions rich in it included.",
        f"{_PROFILE}; settings.conducting_gap_ev",
        dimensionless=True,
    ),
    Column(
        "dilute_reaction_ev_anode_atom",
        "first uptake",
        "Reaction energy of the first anode metal that the candidate as given takes up, per "
        "atom of it: minus valence times reduction limit.",
        _PROFILE,
    ),
    Column(
        "line_compounds",
        "line compounds",
        "Number of stable binary compounds of the anode metal with the metals of the candidate "
        "(metals, Si, Ge, Sb).",
        "convex hull of the source table at 0 K",
        dimensionless=True,
        rounding=0,
    ),
    Column(
        "richest_line_compound_fraction",
        "richest in anode metal",
        "Largest atomic share of anode metal in those compounds; 0 if there are none.",
        "convex hull of the source table at 0 K",
    ),
    Column(
        "latent_matrix",
        "insulating products",
        "Contact products that insulate and hold the anode metal, with their shares.",
        "as matrix_fraction",
        "text",
    ),
    Column(
        "latent_alloys",
        "alloy products",
        "Contact products that conduct and hold the anode metal, with their shares.",
        "as alloy_fraction",
        "text",
    ),
    Column(
        "miedema_solution_ev_anode_atom",
        "heat of solution",
        f"Heat of solution of the anode metal at infinite dilution in {_OWN_METALS}. Signs are "
        "right for most pairs, magnitudes are not: a descriptor, no energy to add to others.",
        _MIEDEMA,
    ),
    Column(
        "miedema_interface_j_m2",
        "interfacial energy, chemical",
        "That heat per area of contact: the chemical part of the interfacial energy. Negative: "
        "the two metals like to touch.",
        f"{_MIEDEMA}; Miedema and den Broeder, Z. Metallkd. 70, 14 (1979)",
    ),
    Column(
        "size_mismatch_fraction",
        "size mismatch",
        f"Atomic radius of {_OWN_METALS}, over that of the anode metal, minus one; radius from "
        "the cube root of the molar volume.",
        "data/metals.csv",
    ),
    Column(
        "electronegativity_mismatch",
        "electronegativity mismatch",
        f"Pauling electronegativity of {_OWN_METALS}, minus that of the anode metal.",
        "data/metals.csv",
        dimensionless=True,
        rounding=2,
    ),
)


def compute(case: Case) -> Values:
    """Everything but the structure: see `lattice` for that."""
    values, symbol = Values(len(case)), case.anode.symbol
    profiles = case.equilibria.profiles
    reduction = profiles.reduction_v
    taken_up = profiles.uptake[profiles.contact]
    values.add("uptake_per_atom", taken_up / case.compositions.atoms)
    values.add("alloyed_per_host_atom", *_alloyed(case))
    values.add(
        "dilute_reaction_ev_anode_atom",
        np.where(reduction > 0, -case.anode.valence * reduction, np.nan),
        np.where(np.isnan(reduction), f"gives off {symbol} even at 0 V", f"takes up no {symbol}"),
    )
    _add_line_compounds(case, values)
    for name, wanted in (("latent_matrix", 0), ("latent_alloys", 1)):
        values.add(name, *_latent(case, wanted))
    _add_miedema(case, values)
    return values


def _own_metals(case: Case) -> tuple[IntArray, IntArray, FloatArray]:
    """Alloy-forming elements of each candidate but the anode metal: element, candidate, weight.

    Weights are shares of their atoms and add up to one for each candidate that has any.
    """
    rows = case.compositions
    forms = elements().forms_alloys[rows.element] & (rows.element != case.anode.element)
    entry = np.flatnonzero(forms)
    owner = rows.owner[entry]
    total = np.bincount(owner, rows.count[entry], minlength=len(case))
    return rows.element[entry], owner, rows.count[entry] / total[owner]


def _averaged(case: Case, figure: FloatArray) -> tuple[FloatArray, Texts]:
    """Average over the candidate's metals of a figure per element, and the reason where none."""
    element, owner, weight = _own_metals(case)
    sums = np.bincount(owner, weight * figure[element], minlength=len(case))
    has = np.bincount(owner, minlength=len(case)) > 0
    reason = np.where(has, "", "holds no metal but the anode's").astype(object)
    for i in np.flatnonzero(np.isnan(figure[element])).tolist():
        reason[owner[i]] = f"no figures for {SYMBOLS[element[i]]} in metals.csv"
    return np.where(has, sums, np.nan), reason


def _add_line_compounds(case: Case, values: Values) -> None:
    """Of the hull: binaries of the anode metal with each element, and the richest of them."""
    table, anode = case.facts.table, case.anode
    rows = table.compositions
    amount = rows.amount_of(anode.element)
    pairs = np.flatnonzero((rows.size == 2) & (amount > 0) & case.facts.on_hull)
    partner = segment_sum(np.where(rows.element == anode.element, 0, rows.element), rows.start)
    number = np.bincount(partner[pairs], minlength=len(SYMBOLS)).astype(float)
    richest = np.zeros(len(SYMBOLS))
    np.maximum.at(richest, partner[pairs], (amount / rows.atoms)[pairs])
    blind = [i for i, s in enumerate(SYMBOLS) if not case.phases.covers({s, anode.symbol})]
    element, owner, _ = _own_metals(case)
    count = np.bincount(owner, number[element], minlength=len(case))
    share = np.zeros(len(case))
    np.maximum.at(share, owner, richest[element])
    has = np.bincount(owner, minlength=len(case)) > 0
    reason = np.where(has, "", "holds no metal but the anode's").astype(object)
    for i in np.flatnonzero(np.isin(element, blind)).tolist():
        said = f"{case.phases.name} does not hold all of {SYMBOLS[element[i]]}-{anode.symbol}"
        reason[owner[i]] = said
    known = reason == ""
    values.add("line_compounds", np.where(known, count, np.nan), reason)
    values.add("richest_line_compound_fraction", np.where(known, share, np.nan), reason)


def _alloyed(case: Case) -> tuple[FloatArray, Texts]:
    """Anode metal in conducting compounds among the contact products, per other atom."""
    mixtures, rows = case.equilibria.contact_products, case.phases.compositions
    held = mixtures.amount * rows.amount_of(case.anode.element)[mixtures.phase]
    alloy = (case.facts.conducts[mixtures.phase] == 1) & (rows.size[mixtures.phase] > 1)
    others = case.compositions.atoms - case.compositions.amount_of(case.anode.element)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = segment_sum(held * alloy, mixtures.start) / others
    reason = _unknown_products(case)
    reason[others == 0] = f"is {case.anode.symbol} itself"
    return np.where(reason == "", ratio, np.nan), reason


def _unknown_products(case: Case) -> Texts:
    """For each candidate the contact product of which it is not known whether it conducts."""
    mixtures = case.equilibria.contact_products
    owner = np.repeat(np.arange(len(case)), np.diff(mixtures.start))
    unknown = np.full(len(case), "", dtype=object)
    for i in np.flatnonzero(case.facts.conducts[mixtures.phase] < 0).tolist():
        product = case.phases.formulas[mixtures.phase[i]]
        unknown[owner[i]] = f"no band gap for the contact product {product}"
    return unknown


def _latent(case: Case, wanted: int) -> tuple[Texts, Texts]:
    """The contact products that hold the anode metal and conduct (1) or insulate (0), as text."""
    mixtures, names = case.equilibria.contact_products, case.phases.formulas
    share = case.equilibria.contact_shares
    conducts = case.facts.conducts[mixtures.phase]
    holds = case.phases.compositions.amount_of(case.anode.element)[mixtures.phase] > 0
    owner = np.repeat(np.arange(len(case)), np.diff(mixtures.start))
    texts: list[list[str]] = [[] for _ in range(len(case))]
    for i in np.flatnonzero(holds & (conducts == wanted)).tolist():
        texts[owner[i]].append(f"{names[mixtures.phase[i]]} {share[i]:.0%}")
    unknown = _unknown_products(case)
    said = [", ".join(parts) if parts else "none" for parts in texts]
    return np.where(unknown == "", np.array(said, dtype=object), ""), unknown


@dataclass(frozen=True)
class Metals:
    """Figures of the elements as metals, as arrays over SYMBOLS; NaN where there is none."""

    molar_volume_cm3_mol: FloatArray
    electron_density: FloatArray
    potential_v: FloatArray
    valence_electrons: FloatArray
    a: FloatArray
    r: FloatArray
    electronegativity: FloatArray


@cache
def metals() -> Metals:
    """Read data/metals.csv."""
    names = tuple(Metals.__dataclass_fields__)
    figures = {name: np.full(len(SYMBOLS), np.nan) for name in names}
    for row in rows_of("metals"):
        for name in names:
            figures[name][INDEX[row["symbol"]]] = float(row[name])
    return Metals(**figures)


def _add_miedema(case: Case, values: Values) -> None:
    figures, anode = metals(), case.anode.element
    heat = solution_kj_mol(anode)
    volume = figures.molar_volume_cm3_mol
    values.add("miedema_solution_ev_anode_atom", *_averaged(case, heat * 1e3 * EV_PER_J_MOL))
    # Miedema's C0 = 4.5e8 mol^(-1/3) makes an area per mole of V^(2/3).
    area_m2_mol = 4.5e8 * (volume[anode] * 1e-6) ** (2 / 3)
    values.add("miedema_interface_j_m2", *_averaged(case, heat * 1e3 / area_m2_mol))
    size = np.cbrt(volume / volume[anode]) - 1
    values.add("size_mismatch_fraction", *_averaged(case, size))
    difference = figures.electronegativity - figures.electronegativity[anode]
    values.add("electronegativity_mismatch", *_averaged(case, difference))


def solution_kj_mol(solute: int) -> FloatArray:
    """Miedema's heat of solution at infinite dilution of an element in every other, kJ/mol.

    2 V^(2/3) (-P dphi^2 + Q (dn^(1/3))^2 - R) / (n^(-1/3) + n^(-1/3)), with V the solute's volume
    as charge transfer changes it. P is 14.1 between transition metals, 10.7 between others, 12.35
    between one and another; Q is 9.4 P; R counts only for the last.

    Args:
        solute: index into SYMBOLS.

    Returns:
        Shape (elements,), NaN without parameters.
    """
    m = metals()
    transition = (m.valence_electrons >= 3) & (m.valence_electrons <= 11)
    both, neither = transition & transition[solute], ~transition & ~transition[solute]
    p = np.where(both, 14.1, np.where(neither, 10.7, 12.35))
    hybrid = np.where(both | neither, 0.0, m.r * m.r[solute])
    density = np.cbrt(m.electron_density)
    potential = m.potential_v[solute] - m.potential_v
    gain = -(potential**2) + 9.4 * (density - density[solute]) ** 2 - hybrid
    volume = m.molar_volume_cm3_mol[solute] ** (2 / 3) * (1 + m.a[solute] * potential)
    heat = 2 * volume * p * gain / (1 / density + 1 / density[solute])
    return np.asarray(np.where(np.isnan(m.molar_volume_cm3_mol), np.nan, heat))
