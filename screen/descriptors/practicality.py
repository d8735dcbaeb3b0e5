"""Can it be had and handled: reactions with air, hazards, supply risk, whether it was made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import INDEX, SYMBOLS, Compositions, FloatArray, segment_sum
from screen.descriptors.case import Case
from screen.structures import shipped
from screen.tables import elements, rows_of

_HULL = "pseudo-binary on the hull at 0 K, no kinetics"

_AIR = {
    "hydrolysis_ev_atom": ("H2O", "water"),
    "carbonation_ev_atom": ("CO2", "carbon dioxide"),
    "oxidation_ev_atom": ("O2", "oxygen"),
}

GLOVE_BOX_EV_ATOM = -0.05
"""Stronger hydrolysis than this decides for a glove box; Li2O and Li3OCl lie beyond it."""
DRY_ROOM_EV_ATOM = -0.01
"""Stronger hydrolysis than this decides for a dry room."""
CARBONATION_EV_ATOM = -0.1
"""Stronger carbonation than this does too; garnets and Li4SiO4 lie beyond it."""

_SALT_FORMERS = [INDEX[s] for s in "Li Na K Rb Cs Mg Ca Sr Ba".split()]
_MOBILE = [INDEX[s] for s in "Li Na K Rb Cs Ca Sr Ba".split()]
_SOFT_ANIONS = [INDEX[s] for s in "H B C N P As Sb Bi S Se Te".split()]
_GAS_FORMERS = [INDEX[s] for s in "H P As S Se Te".split()]
_HEAVY_HALIDES = [INDEX[s] for s in "Cl Br I".split()]
_NITROGEN = [INDEX["N"]]
_TARNISHING = [INDEX[s] for s in "La Ce Pr Nd Eu".split()]
_OXYGEN, _FLUORINE = [INDEX["O"]], [INDEX["F"]]

_HHI = {
    "hhi_production": ("supply risk, mined", "world production"),
    "hhi_reserve": ("supply risk, reserves", "known reserves"),
}
NO_HAZARD = "none in this table"
PRECIOUS = ("Ru", "Rh", "Pd", "Ag", "Os", "Ir", "Pt", "Au")
MADE, THEORETICAL = "made", "theoretical"


COLUMNS: tuple[Column, ...] = (
    *(
        Column(
            name,
            f"with {what}",
            f"Most negative reaction energy of any mixture with {what}, per atom of the "
            "mixture. Metals and nitrides may be far slower than their energy says.",
            _HULL,
        )
        for name, (_, what) in _AIR.items()
    ),
    Column(
        "handling",
        "handling",
        "Where it keeps: air, dry_room or glove_box, by rules on composition and on the "
        "energies with water and carbon dioxide. Guidance for planning, no safety statement.",
        "rules of the family practicality, held to handbook behaviour of common compounds",
        "text",
    ),
    Column(
        "radioactive",
        "radioactive",
        "Whether an element of it has no stable isotope.",
        "elements.csv",
        "flag",
    ),
    Column(
        "hazards",
        "hazards",
        "What its elements and their common compounds are classified as. No safety statement: "
        "the compound itself may be worse or harmless, and what is not listed is not safe.",
        "hazards.csv (IARC, US National Toxicology Program, EU harmonised classification)",
        "text",
    ),
    *(
        Column(
            name,
            label,
            f"Concentration of {what} in few countries, mean over the elements by mass; from "
            "0 to 10000, above 2500 is high.",
            "Herfindahl-Hirschman index (Gaultois et al., Chem. Mater. 25, 2911, 2013)",
            dimensionless=True,
            rounding=0,
        )
        for name, (label, what) in _HHI.items()
    ),
    Column(
        "precious_fraction",
        "precious metal",
        f"Share by mass of {', '.join(PRECIOUS)}.",
        "gold, silver and the platinum group",
    ),
    Column(
        "toxic_fraction",
        "toxic elements",
        "Share by mass of elements that are toxic in most compounds.",
        "hazards.csv",
    ),
    Column(
        "made",
        "made",
        f"Whether the phase was {MADE}, or is {THEORETICAL} only.",
        "the source table; a measured structure (structures.csv); cells (literature.csv)",
        "text",
    ),
    Column(
        "made_evidence",
        "made, evidence",
        "What says so.",
        "the source table, structures.csv, literature.csv",
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Reaction energies with the air, and where to handle the candidate."""
    values = Values(len(case))
    for name, (formula, _) in _AIR.items():
        values.add(name, *case.equilibria.reaction_energies(formula))
    water, carbon_dioxide = (
        values.columns[name] for name in ("hydrolysis_ev_atom", "carbonation_ev_atom")
    )
    handling = _handling(case, water, carbon_dioxide)
    values.add("handling", handling, "not known how it reacts with water and carbon dioxide")
    values.add("radioactive", case.compositions.holds(np.flatnonzero(elements().radioactive)))
    values.add("hazards", case.texts_by_elements(_hazards))
    for name in _HHI:
        values.add(name, *_mean_by_mass(case, getattr(elements(), name)))
    values.add("precious_fraction", _mass_share(case, [INDEX[symbol] for symbol in PRECIOUS]))
    values.add("toxic_fraction", _mass_share(case, sorted(_toxic())))
    made, evidence, reason = _made(case)
    values.add("made", made, reason)
    values.add("made_evidence", evidence, reason)
    return values


@cache
def _classified() -> dict[int, list[tuple[int, str]]]:
    """Hazards of an element, each with the element that it takes (-1: none)."""
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows_of("hazards"):
        partner = INDEX[row["with"]] if row["with"] else -1
        found.setdefault(INDEX[row["element"]], []).append((partner, row["hazard"]))
    return found


def _hazards(found: tuple[int, ...]) -> str:
    """Hazards of a set of elements: "As: toxic, carcinogenic; Pb: toxic"."""
    parts = []
    for element in found:
        listed = _classified().get(element, [])
        kinds = [hazard for partner, hazard in listed if partner < 0 or partner in found]
        if elements().radioactive[element]:
            kinds.append("radioactive")
        if kinds:
            parts.append(f"{SYMBOLS[element]}: {', '.join(kinds)}")
    return "; ".join(parts) or NO_HAZARD


def _mean_by_mass(case: Case, figures: FloatArray) -> tuple[FloatArray, Texts]:
    """Mean of a figure of the elements by mass, or the elements that have none."""
    rows = case.compositions
    share = rows.count * elements().molar_mass_g_mol[rows.element] / case.molar_mass[rows.owner]
    without = np.isnan(figures)

    def absent(found: tuple[int, ...]) -> str:
        return f"no figure for {', '.join(SYMBOLS[e] for e in found if without[e])}"

    return segment_sum(share * figures[rows.element], rows.start), case.texts_by_elements(absent)


def _mass_share(case: Case, chosen: Sequence[int]) -> FloatArray:
    """Share by mass of some elements."""
    rows = case.compositions
    mass = rows.count * elements().molar_mass_g_mol[rows.element]
    return segment_sum(mass * np.isin(rows.element, chosen), rows.start) / case.molar_mass


def _toxic() -> set[int]:
    """Elements that are toxic whatever they are bound to."""
    return {e for e, listed in _classified().items() if (-1, "toxic") in listed}


def _made(case: Case) -> tuple[Texts, Texts, Texts]:
    """Whether the phase was made, what says so, and why that is not known."""
    words = {None: "", True: THEORETICAL, False: MADE}
    said = [words[flag] for flag in case.phases.table.column("theoretical").to_pylist()]
    there = case.rows >= 0
    made = np.where(there, np.array(said, dtype=object)[case.rows], "")
    evidence = np.where(made != "", case.phases.name, "").astype(object)
    structures, cells = shipped(), _in_cells()
    for i, key in enumerate(case.compositions.key.tolist()):
        crystal = structures.get(key)
        found = [cells[key]] if key in cells else []
        if crystal is not None and crystal.measured:
            found.insert(0, f"structure: {crystal.source}")
        if found:
            made[i] = MADE
            evidence[i] = "; ".join(found)
    silent, absent = f"{case.phases.name} does not say", f"no such phase in {case.phases.name}"
    return made, evidence, np.where(there, silent, absent).astype(object)


@cache
def _in_cells() -> dict[int, str]:
    """Compositions that acted in cells of the shipped literature table, each with the reference."""
    from screen import literature  # noqa: PLC0415 (questions about one phase do without)

    found: dict[int, str] = {}
    for row in literature.rows():
        for formula in row.active_formulas:
            key = int(Compositions.from_formulas([formula]).key[0])
            found.setdefault(key, f"cells: {row.reference}")
    return found


def _handling(case: Case, water: FloatArray, carbon_dioxide: FloatArray) -> Texts:
    """The flag by rules, since 0 K energies know neither oxide films nor deliquescence.

    Metals, and oxides, nitrides and carbides without salt-forming metals, are kept in air whatever
    their energy: a film stops the reaction. Sulfides, nitrides, hydrides, alloys and the like of
    the mobile metals are not; of other metals, sulfides, phosphides and the like only if their
    energy with water says so. Chlorides, bromides, iodides and nitrates draw water; the metals of
    the rare earths that tarnish at once keep away from air.
    """
    mobile, salt = case.compositions.holds(_MOBILE), case.compositions.holds(_SALT_FORMERS)
    halide, oxygen = case.compositions.holds(_HEAVY_HALIDES), case.compositions.holds(_OXYGEN)
    bare = ~oxygen & ~case.compositions.holds(_FLUORINE)
    gassing = bare & case.compositions.holds(_GAS_FORMERS) & (case.compositions.size > 1)
    ionic = (salt | halide | gassing) & (mobile | ~case.alloys)
    soft = bare & ((mobile & ~halide) | (salt & case.compositions.holds(_SOFT_ANIONS)))
    handling = np.full(len(case), "air", dtype=object)
    nitrate = salt & case.compositions.holds(_NITROGEN) & oxygen
    tarnishing = case.alloys & case.compositions.holds(_TARNISHING)
    dry = halide | nitrate | tarnishing
    dry |= ionic & (water <= DRY_ROOM_EV_ATOM)
    dry |= ionic & salt & (carbon_dioxide <= CARBONATION_EV_ATOM)
    handling[dry] = "dry_room"
    handling[soft | (ionic & (water <= GLOVE_BOX_EV_ATOM))] = "glove_box"
    blind = ionic & ~soft & (np.isnan(water) | np.isnan(carbon_dioxide))
    handling[blind] = ""
    return handling
