"""What the anode metal does to the candidate: window, contact products, interphase, uptake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from screen import verdicts
from screen.columns import Column, Values
from screen.composition import INDEX, BoolArray, FloatArray, IntArray, segment_sum
from screen.descriptors.case import Case
from screen.thermo.window import OUTCOMES, Outcome
from screen.units import MAH_PER_MOL

_PROFILE = "grand-potential phase diagram at 0 K (Zhu, He, Mo, ACS AMI 7, 23685, 2015)"

_NOTHING = 1e-9
"""Atoms per formula unit; less is not exchanged."""
_ALKALI = ("Li", "Na", "K", "Rb", "Cs")
_JUDGED = "screen/verdicts.py, fitted to interphases.csv; settings.conducting_gap_ev"


COLUMNS: tuple[Column, ...] = (
    Column(
        "outcome",
        "outcome",
        "Whether there is a window: window, no_window (takes up and gives off the anode metal "
        "at one voltage), loses_anode_metal_at_0_v, unbounded_above (holds none), anode_metal.",
        _PROFILE,
        "text",
    ),
    Column(
        "reduction_v",
        "reduction limit",
        "Highest voltage at which the anode metal is taken up; 0 if it never is. Of a "
        "metastable candidate: of what it decomposes into.",
        _PROFILE,
    ),
    Column(
        "oxidation_v",
        "oxidation limit",
        "Lowest voltage at which the anode metal is given off.",
        _PROFILE,
    ),
    Column(
        "onset_v",
        "uptake onset",
        "Voltage of the first step at which the composition, emptied of anode metal, takes it up.",
        _PROFILE,
    ),
    Column(
        "mean_uptake_v",
        "mean uptake potential",
        "Average voltage at which the emptied composition takes up what it holds.",
        _PROFILE,
    ),
    Column(
        "held_per_host_atom",
        "held per host atom",
        "Atoms of anode metal per other atom held just before plating.",
        f"{_PROFILE}; settings.plating_v",
        dimensionless=True,
    ),
    Column(
        "held_mah_g",
        "held charge",
        "Charge of the anode metal held just before plating, per mass of everything, the anode "
        "metal included.",
        f"{_PROFILE}; settings.plating_v",
    ),
    Column(
        "end_state",
        "end state",
        "What it is just before plating, without regard to how much there is of it: states of one "
        "anode have the same.",
        f"{_PROFILE}; settings.plating_v",
        "text",
    ),
    Column(
        "contact_products",
        "contact products",
        "What the candidate becomes in touch with the anode metal, per formula unit.",
        _PROFILE,
        "text",
    ),
    Column(
        "frees_alkali",
        "frees alkali",
        "Whether contact sets another alkali metal free.",
        _PROFILE,
        "flag",
    ),
    Column(
        "contact_anode_per_formula",
        "taken up on contact",
        "Atoms of anode metal taken up per reduced formula unit on contact; negative if given off.",
        _PROFILE,
        dimensionless=True,
    ),
    Column(
        "contact_reaction_energy_ev_atom",
        "contact energy",
        "Reaction energy with the anode metal per atom of the candidate, from its own energy; "
        "from its hull energy where it has none that counts.",
        _PROFILE,
    ),
    Column(
        "contact_reaction_energy_ev_anode_atom",
        "contact energy per anode atom",
        "The same per atom of anode metal taken up.",
        _PROFILE,
    ),
    Column(
        "conducting_fraction",
        "conducting share",
        "Share by volume of the contact products that conducts electrons: gap below the "
        "threshold, metals and alloys.",
        "settings.conducting_gap_ev",
    ),
    Column(
        "matrix_fraction",
        "matrix share",
        "Share by volume of the contact products that insulates and holds the anode metal, such "
        "as LiF, Li2O, Li3N. An insulator that is most likely stable counts as such: wholly if it "
        "holds the anode metal, else not at all.",
        "settings.conducting_gap_ev",
    ),
    Column(
        "alloy_fraction",
        "alloy share",
        "Share by volume of the contact products that conducts and holds the anode metal: the "
        "alloys.",
        "settings.conducting_gap_ev",
    ),
    Column(
        "fraction_basis",
        "share by",
        "What the shares are by: volume, and for which products it is estimated from the "
        "composition, to about a tenth.",
        "volumes of the source table and of structures.csv; screen/volumes.py",
        "text",
    ),
    Column(
        "p_stable",
        "p(stable)",
        "Probability that nothing happens in contact with the anode metal, from the contact energy "
        "and its error.",
        _JUDGED,
        dimensionless=True,
    ),
    Column(
        "p_passivating",
        "p(passivating)",
        "Probability that what forms blocks electrons, from contact energy, conducting share and "
        "their errors.",
        _JUDGED,
        dimensionless=True,
    ),
    Column(
        "p_mixed_conducting",
        "p(mixed conducting)",
        "Probability that what forms conducts electrons and goes on growing, from the same.",
        _JUDGED,
        dimensionless=True,
    ),
    Column(
        "interphase",
        "interphase",
        "The most probable of the three: stable, passivating or mixed_conducting.",
        _JUDGED,
        "text",
    ),
)


def compute(case: Case) -> Values:
    """Everything that follows from the voltage profile."""
    profiles, values = case.equilibria.profiles, Values(len(case))
    outcome = np.array([str(o) for o in OUTCOMES], dtype=object)[profiles.outcome]
    values.add("outcome", outcome)
    metal, symbol = outcome == Outcome.ANODE_METAL, case.anode.symbol
    itself = f"is {symbol} itself"
    values.add(
        "reduction_v",
        profiles.reduction_v,
        np.where(metal, itself, f"gives off {symbol} even at 0 V"),
    )
    values.add("oxidation_v", profiles.oxidation_v, np.where(metal, itself, f"holds no {symbol}"))
    _add_uptake(case, values, itself)
    _add_contact(case, values)
    return values


def _add_uptake(case: Case, values: Values, itself: str) -> None:
    uptake, anode, cutoff = case.equilibria.uptake, case.anode, case.settings.plating_v
    others = case.compositions.atoms - case.compositions.amount_of(anode.element)
    never = np.where(others > 0, f"takes up no {anode.symbol} above {cutoff:g} V", itself)
    values.add("onset_v", uptake.onset_v, never)
    values.add("mean_uptake_v", uptake.mean_v, never)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_host = np.where(others > 0, uptake.held / others, np.nan)
    values.add("held_per_host_atom", per_host, itself)
    values.add("held_mah_g", uptake.charge * MAH_PER_MOL / uptake.mass)
    full = case.equilibria.profiles.products.take(uptake.state)
    owner = np.repeat(np.arange(len(case)), np.diff(full.start))
    most = np.maximum.reduceat(full.amount, full.start[:-1])
    state = replace(full, amount=full.amount / most[owner])
    values.add("end_state", case.facts.write_mixtures(state))


def _add_contact(case: Case, values: Values) -> None:
    profiles, symbol = case.equilibria.profiles, case.anode.symbol
    last = profiles.contact
    atoms = case.compositions.atoms
    uptake = profiles.uptake[last]
    energy = contact_energy(case)
    values.add("contact_products", case.facts.write_mixtures(case.equilibria.contact_products))
    values.add("frees_alkali", _frees_alkali(case))
    values.add("contact_anode_per_formula", uptake)
    values.add("contact_reaction_energy_ev_atom", energy)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_anode = np.where(uptake > 0, energy * atoms / uptake, np.nan)
    values.add("contact_reaction_energy_ev_anode_atom", per_anode, f"takes up no {symbol}")
    low, high, matrix, alloy, basis, unknown = case.equilibria.conducting
    settled = high - low < 1e-9
    _, stays = standing(case)
    film = stays & (case.conducts == 0)  # a matrix of itself
    own_matrix = case.compositions.amount_of(case.anode.element) > 0
    matrix = np.where(film, own_matrix, matrix)
    values.add("conducting_fraction", np.where(settled, low, np.nan), unknown)
    values.add("matrix_fraction", np.where(settled | film, matrix, np.nan), unknown)
    values.add("alloy_fraction", np.where(settled, alloy, np.nan), unknown)
    values.add("fraction_basis", basis)
    probability, verdict = verdicts.judge(energy, low, high)
    for k, name in enumerate(verdicts.VERDICTS):
        values.add(f"p_{name}", probability[:, k], unknown)
    names = np.array([*verdicts.VERDICTS, ""], dtype=object)
    values.add("interphase", names[verdict], unknown)


def standing(case: Case) -> tuple[IntArray, BoolArray]:
    """The state of its profile in which each candidate is in touch with the anode metal, and
    whether it stays what it is: those that are most likely stable, if their own gap is known and
    there is a state in which nothing is exchanged. Others are what contact makes of them.
    """
    profiles = case.equilibria.profiles
    low, high, *_ = case.equilibria.conducting
    _, verdict = verdicts.judge(contact_energy(case), low, high)
    own = np.flatnonzero(np.abs(profiles.uptake) < _NOTHING)
    itself = np.full(len(case), -1)
    itself[np.searchsorted(profiles.start, own, side="right") - 1] = own
    stays = verdict == verdicts.VERDICTS.index(verdicts.STABLE)
    stays &= (itself >= 0) & (case.conducts >= 0)
    return np.where(stays, itself, profiles.contact), stays


def contact_energy(case: Case) -> FloatArray:
    """Reaction energy of each candidate with the anode metal, eV/atom: from its own energy, or that
    of its hull where it has none that counts.
    """
    profiles = case.equilibria.profiles
    energy: FloatArray = profiles.energy[profiles.contact] - case.energy_before
    energy[energy > -1e-10] = 0.0
    return energy


def _frees_alkali(case: Case) -> BoolArray:
    """Whether an alkali metal other than the anode's is among the contact products."""
    others = [INDEX[symbol] for symbol in _ALKALI if symbol != case.anode.symbol]
    rows, mixtures = case.phases.compositions, case.equilibria.contact_products
    free = (rows.size == 1) & np.isin(rows.element[rows.start[:-1]], others)
    return segment_sum(free[mixtures.phase].astype(np.int64), mixtures.start) > 0
