"""Is it stiff, brittle, strained: moduli (of the source, else predicted), and what follows."""

from __future__ import annotations

import numpy as np

from screen.columns import Column, Texts, Values
from screen.composition import BoolArray, FloatArray, segment_sum
from screen.descriptors.case import Case
from screen.elastic import moduli

SOURCE, PREDICTED, EXTRAPOLATED = "source", "predicted", "extrapolated"
STABLE, NOT_STABLE, UNDECIDED = "stable", "not_stable", "undecided"

STIFF_ENOUGH = 2.0
"""Shear modulus over that of the anode metal from which a rigid interface stays flat."""

_PROPERTIES = ("bulk_modulus", "shear_modulus")
_MODEL = "trees on Magpie features (Ward et al., npj Comput. Mater. 2, 16028, 2016)"
_RULE = "Monroe and Newman, J. Electrochem. Soc. 152, A396 (2005)"


def _of_modulus(name: str) -> tuple[Column, ...]:
    """Columns of one modulus."""
    label = name.replace("_", " ")
    return (
        Column(
            f"{name}_best_gpa",
            f"{label}, best",
            f"The {label} of the source; where it gives none, predicted from composition.",
            f"as the source table gives it; moduli_model.npz, {_MODEL}",
        ),
        Column(
            f"{name}_best_low_gpa",
            f"{label}, low",
            f"Low end of the interval that holds the {label} of 80 % of new compounds like "
            "this one, if it is predicted.",
            "errors on chemical systems left out of training, data/README.md",
        ),
        Column(
            f"{name}_best_high_gpa",
            f"{label}, high",
            "High end of that interval.",
            "errors on chemical systems left out of training, data/README.md",
        ),
        Column(
            f"{name}_basis",
            f"{label} from",
            "source, predicted (from composition), or extrapolated (predicted, though two of "
            "its elements occur together in no compound of the training data).",
            "data/moduli_model.npz",
            "text",
        ),
    )


COLUMNS: tuple[Column, ...] = (
    *(column for name in _PROPERTIES for column in _of_modulus(name)),
    Column(
        "pugh_ratio",
        "Pugh's ratio",
        "Bulk over shear modulus; brittle below about 1.75, ductile above. From two "
        "predictions it is within a factor of 1.4 for 80 %.",
        "Pugh, Phil. Mag. 45, 823 (1954)",
        dimensionless=True,
        rounding=2,
    ),
    Column(
        "stiffness_ratio",
        "stiffness ratio",
        "Shear modulus over that of the anode metal.",
        f"anodes.csv; {_RULE}",
        dimensionless=True,
        rounding=1,
    ),
    Column(
        "monroe_newman",
        "Monroe-Newman",
        "Whether a rigid interface would stay flat by linear elasticity: stable (stiffness "
        "ratio above 2), not_stable, or undecided where the interval holds the threshold. Not "
        "enough by experiment: dendrites short garnets far above it.",
        _RULE,
        "text",
    ),
    Column(
        "uptake_strain_fraction",
        "strain on contact",
        "Linear strain on turning into the contact products: cube root of their volume over "
        "that of the candidate, less one. The anode metal used up is not counted before.",
        "volumes of the source table",
    ),
)


def compute(case: Case) -> Values:
    """Moduli with their error bars, ratios of them, and the strain on contact."""
    values = Values(len(case))
    given = np.stack([_of_source(case, name) for name in _PROPERTIES], axis=1)
    wanted = np.flatnonzero(np.isnan(given).any(axis=1))
    made = moduli.shipped().predict(case.compositions.take(wanted))
    best, low, high = (np.full_like(given, np.nan) for _ in range(3))
    for whole, part in ((best, made.value), (low, made.low), (high, made.high)):
        whole[wanted] = part
    reason = np.full(len(case), "", dtype=object)
    reason[wanted] = made.reason
    extrapolated = np.zeros(len(case), dtype=bool)
    extrapolated[wanted] = made.extrapolated
    sourced = ~np.isnan(given)
    best = np.where(sourced, given, best)
    for k, name in enumerate(_PROPERTIES):
        exact = np.where(sourced[:, k], f"{case.phases.name} gives no range", reason)
        exact = exact.astype(object)
        values.add(f"{name}_best_gpa", best[:, k], reason)
        values.add(f"{name}_best_low_gpa", np.where(sourced[:, k], np.nan, low[:, k]), exact)
        values.add(f"{name}_best_high_gpa", np.where(sourced[:, k], np.nan, high[:, k]), exact)
        values.add(f"{name}_basis", _basis(sourced[:, k], best[:, k], extrapolated), reason)
    bulk, shear = best.T
    values.add("pugh_ratio", bulk / shear, reason)
    metal = case.anode.shear_modulus_gpa
    values.add("stiffness_ratio", shear / metal, reason)
    ends = (np.where(sourced[:, 1], shear, end[:, 1]) / metal for end in (low, high))
    values.add("monroe_newman", _verdict(*ends), reason)
    values.add("uptake_strain_fraction", *_strain(case))
    return values


def _of_source(case: Case, name: str) -> FloatArray:
    """Moduli of the source, NaN where it gives none or an impossible one."""
    numbers = np.where(case.rows >= 0, case.phases.numbers(f"{name}_gpa")[case.rows], np.nan)
    return np.where(numbers <= case.settings.modulus_cap_gpa, numbers, np.nan)


def _basis(sourced: BoolArray, best: FloatArray, extrapolated: BoolArray) -> Texts:
    known = ~np.isnan(best)
    kinds = [(sourced, SOURCE), (known & extrapolated, EXTRAPOLATED), (known, PREDICTED)]
    basis = np.full(len(best), "", dtype=object)
    for rows, kind in reversed(kinds):
        basis[rows] = kind
    return basis


def _verdict(low: FloatArray, high: FloatArray) -> Texts:
    """What the ends of the stiffness ratio say; "" where they are not known."""
    verdict = np.full(len(low), "", dtype=object)
    verdict[~np.isnan(low)] = UNDECIDED
    verdict[low >= STIFF_ENOUGH] = STABLE
    verdict[high < STIFF_ENOUGH] = NOT_STABLE
    return verdict


def _strain(case: Case) -> tuple[FloatArray, Texts]:
    """Linear strain from candidate to contact products, and what volume is not known."""
    phases, products = case.phases, case.equilibria.contact_products
    own = np.where(case.rows >= 0, case.facts.volume_cm3_mol[case.rows], np.nan)
    volume = case.facts.volume_cm3_mol[products.phase]
    after = segment_sum(products.amount * volume, products.start)
    with np.errstate(invalid="ignore"):
        strain = np.cbrt(after / own) - 1.0
    reason = np.full(len(case), "", dtype=object)
    owner = np.repeat(np.arange(len(case)), np.diff(products.start))
    for at in np.flatnonzero(np.isnan(volume))[::-1]:
        reason[owner[at]] = f"no volume of {phases.formulas[products.phase[at]]}"
    for row in np.flatnonzero(np.isnan(own)).tolist():
        reason[row] = f"no volume of {case.formulas[row]}"
    # What stays as it is needs no volume for its strain to be known.
    other = phases.compositions.key[products.phase] != case.compositions.key[owner]
    other |= phases.energy[products.phase] != phases.energy[case.rows[owner]]
    same = segment_sum(other.astype(np.int64), products.start) == 0
    strain[same & (case.rows >= 0)] = 0.0
    return strain, reason
