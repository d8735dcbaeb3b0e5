"""How sure limits, contact energies, products and verdicts are, from joint samples of energies.

Every sample of the energies (screen/energies/sampling.py) goes through the same equilibria as the
table itself. Novick et al., Probabilistic prediction of material stability (2024), do so for hulls.
"""

from __future__ import annotations

import copy
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from screen import store, verdicts
from screen.columns import Column, Values
from screen.composition import (
    SYMBOLS,
    BoolArray,
    FloatArray,
    HashArray,
    IntArray,
    mixed,
    segment_sum,
)
from screen.descriptors import against_anode, three_layers
from screen.descriptors.case import Case
from screen.descriptors.phase_facts import PhaseFacts
from screen.energies import error_model, sampling
from screen.settings import CHECK, STRUCTURES, Settings
from screen.tables import Electrolyte
from screen.thermo import threads
from screen.thermo.mixtures import Mixtures

STEP = "samples 2"
"""What is kept; raise the number when what is computed of a sample changes."""
LOW, HIGH = 0.1, 0.9
"""Ends of the intervals: 80 % lie between."""
DRIVEN = 40
"""Samples of more candidates in which drives are solved too, which costs more than all else; the
ends of their intervals are then known to a tenth of the width.
"""
_UNREACTED = 1e-6
"""eV/atom; less is no reaction."""
_SURE = 1e-4
"""What varies by less over the samples needs no measurement."""
ALL_AT_ONCE = True
"""Of many candidates too: a table of energies is made for each sample, not for each batch."""
NAMED = 2000
"""Of more candidates sets of products are counted, not named."""
BEST_DRIVE = "drive_best"
"""Stem of the columns of the weakest drive."""
_NO_DRIVE = "not known in half of the samples or more: see the drive itself"
_BY = "joint samples of the errors of formation energies (screen/energies); settings.samples, seed"

_OWN_COLUMNS: tuple[Column, ...] = (
    Column("reduction_low_v", "reduction limit from", "Lower end of 80 % of the samples.", _BY),
    Column("reduction_high_v", "reduction limit to", "Upper end of 80 % of the samples.", _BY),
    Column("oxidation_low_v", "oxidation limit from", "Lower end of 80 % of the samples.", _BY),
    Column("oxidation_high_v", "oxidation limit to", "Upper end of 80 % of the samples.", _BY),
    Column(
        "contact_reaction_energy_low_ev_atom",
        "contact energy from",
        "Lower end of 80 % of the samples.",
        _BY,
    ),
    Column(
        "contact_reaction_energy_high_ev_atom",
        "contact energy to",
        "Upper end of 80 % of the samples.",
        _BY,
    ),
    Column(
        "p_on_hull",
        "on the hull with",
        "Share of samples in which it is on the hull.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "p_unreacted",
        "unreacted with",
        "Share of samples in which nothing happens in touch with the anode metal.",
        _BY,
        dimensionless=True,
    ),
    Column(
        "p_products",
        "same products with",
        "Share of samples with the contact products that the energies themselves give.",
        _BY,
        dimensionless=True,
    ),
    *(
        Column(
            f"sampled_p_{verdict}",
            f"{verdict.replace('_', ' ')}, sampled",
            "Mean over the samples of the probability of this verdict.",
            _BY,
            dimensionless=True,
        )
        for verdict in verdicts.VERDICTS
    ),
)


def columns(electrolytes: tuple[Electrolyte, ...]) -> tuple[Column, ...]:
    """Those of every candidate, and the ends of each of its drives."""
    ends = (("low", "from", "Lower"), ("high", "to", "Upper"))
    return (
        *_OWN_COLUMNS,
        *(
            Column(
                f"{stem}_{end}_ev_atom",
                f"{label} {word}",
                f"{which} end of 80 % of the samples; of more than {NAMED:,} candidates, "
                f"of {DRIVEN} samples.",
                _BY,
            )
            for stem, label in _drives(electrolytes)
            for end, word, which in ends
        ),
    )


def _drives(electrolytes: Sequence[Electrolyte]) -> list[tuple[str, str]]:
    """Stem of the columns and label of each drive, as `three_layers` has them: with each
    electrolyte, of each class, and the weakest.
    """
    ending = "_ev_atom"
    return [
        (column.name.removesuffix(ending), column.label)
        for column in three_layers.columns(tuple(electrolytes))
        if column.name.startswith("drive_")
    ]


def asked(settings: Settings) -> bool:
    """Whether samples are asked for."""
    return settings.samples > 0


@dataclass(frozen=True)
class Draws:
    """What candidates come to in each sample; arrays have shape (samples, candidates).

    Attributes:
        reduction_v, oxidation_v: limits; NaN where there is none.
        contact_ev_atom: reaction energy with the anode metal.
        hull_ev_atom: distance above the hull; NaN without an energy of its own.
        chance: of each verdict, shape (samples, candidates, 3); NaN where it is not known.
        products: a number for each set of contact products.
        usual: the set that the energies themselves give, shape (candidates,).
        drive_ev_atom: with each electrolyte (`three_layers.drives`), shape (samples, electrolytes,
            candidates); no electrolytes where drives were not asked for, and of many candidates
            the first `DRIVEN` samples.
        rows, energy: of a single candidate, the compounds of its elements and the anode metal, as
            rows of the phases, and their energies, eV/atom, shape (samples, rows).
        names: sets of products by their number, as far as they are named.
    """

    reduction_v: FloatArray
    oxidation_v: FloatArray
    contact_ev_atom: FloatArray
    hull_ev_atom: FloatArray
    chance: FloatArray
    products: HashArray
    usual: HashArray
    drive_ev_atom: FloatArray
    rows: IntArray
    energy: FloatArray
    names: dict[int, str] = field(default_factory=dict)

    def sets(self, i: int) -> list[tuple[str, float]]:
        """Sets of contact products of a candidate, each with its share, most likely first."""
        column = self.products[:, i].tolist()
        counted = sorted(Counter(column).items(), key=lambda item: (-item[1], item[0]))
        return [(self.names.get(key, ""), count / len(column)) for key, count in counted]


def interval(samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the 80 % of samples; NaN where half of them or more have no value."""
    known = ~np.isnan(samples)
    enough = known.mean(axis=0) > 0.5
    ends = np.full((2, samples.shape[1]), np.nan)
    if enough.any():
        ends[:, enough] = np.nanquantile(samples[:, enough], [LOW, HIGH], axis=0)
    return ends[0], ends[1]


def sampled_cases(case: Case, widen: float = 1.0) -> Iterator[Case]:
    """The case with the energies of each sample; what compositions decide is not made again."""
    settings, facts = case.settings, case.facts
    shared = ("conducts", "volume_cm3_mol", "share_volume_cm3_mol", "volume_estimated")
    kept = {name: getattr(facts, name) for name in shared}
    drawn = sampling.energies(case.phases, settings.samples, settings.seed, widen)
    for energy in drawn:
        phases = copy.copy(case.phases)
        vars(phases)["energy"] = energy
        table = facts.competition.with_energy(energy)
        its = PhaseFacts(phases, settings)
        vars(its).update(kept, competition=table)
        if 2 * len(case) < len(phases):  # to find those on the hull costs more than it saves
            vars(its)["table"] = table
        part = replace(case, phases=phases)
        vars(part).update(facts=its, conducts=case.conducts, _unreal=case._unreal)
        yield part


def draws(case: Case, drives: bool = False) -> Draws:
    """The samples of a case; those that were drawn before are read from the store.

    Args:
        drives: also what drives each electrolyte to react, which takes longer than all else.
    """
    if len(case) > NAMED:
        return _draw(case, drives)
    kept, key = store.of_home(), key_of_case(case, "drives" if drives else "")
    content = kept.get("samples", key)
    if content is None:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (loaded when used)

        # With few candidates threads, those of numpy too, mostly wait for each other.
        with threads.limited(1), threadpool_limits(1):
            found = _draw(case, drives)
        kept.put("samples", key, _encode(found))
        return found
    return _decode(content)


def key_of_case(case: Case, what: str = "") -> str:
    """Of all that samples of a case depend on.

    Args:
        what: is made of them, if not `Draws`.
    """
    settings = case.settings
    checks = CHECK - {"seed"}
    return store.key_of(
        STEP,
        what,
        case.phases.digests(),
        error_model.tables(),
        error_model.load().calibration,
        settings.model_dump(mode="json", exclude={*checks, *STRUCTURES}),
        case.anode.symbol,
        list(case.formulas),
    )


def _draw(case: Case, drives: bool) -> Draws:
    # Of a whole table single precision will do, and takes half of the memory.
    precision = np.float64 if len(case) <= NAMED else np.float32
    shape = (case.settings.samples, 4 + len(verdicts.VERDICTS), len(case))
    columns = np.empty(shape, precision)
    covered = _covered(case) if drives else np.zeros((0, len(case)), dtype=bool)
    most = shape[0] if len(case) <= NAMED else min(shape[0], DRIVEN)
    driven = np.empty((most, *covered.shape), precision)
    sets = np.empty((shape[0], shape[2]), np.uint64)
    names: dict[int, str] = {}
    rows = _compounds(case) if len(case) == 1 else np.zeros(0, np.int64)
    energies: list[FloatArray] = []
    for k, part in enumerate(sampled_cases(case)):
        profiles, hull = part.equilibria.profiles, part.equilibria.decompositions.energy
        low, high, *_ = part.equilibria.conducting
        contact = against_anode.contact_energy(part)
        above = np.where(np.abs(part.own_energy - hull) < _UNREACTED, 0.0, part.own_energy - hull)
        chance = verdicts.judge(contact, low, high)[0]
        columns[k] = (profiles.reduction_v, profiles.oxidation_v, contact, above, *chance.T)
        energies.append(part.phases.energy[rows])
        sets[k] = _sets(part.equilibria.contact_products)
        if drives and k < most:
            driven[k] = three_layers.drives(part, covered)
        if len(case) <= NAMED:
            _name(part, sets[k], names)
    return Draws(
        reduction_v=columns[:, 0],
        oxidation_v=columns[:, 1],
        contact_ev_atom=columns[:, 2],
        hull_ev_atom=columns[:, 3],
        chance=np.moveaxis(columns[:, 4:], 1, 2),
        products=sets,
        usual=_sets(case.equilibria.contact_products),
        drive_ev_atom=driven,
        rows=rows,
        energy=np.array(energies),
        names=names,
    )


def _covered(case: Case) -> BoolArray:
    """Whether the table answers for each electrolyte with each candidate."""
    asked_of = [case.equilibria.not_covered_with(e.formula) == "" for e in case.electrolytes]
    return np.array(asked_of, dtype=bool).reshape(len(case.electrolytes), len(case))


def _compounds(case: Case) -> IntArray:
    """Rows of the compounds of a single candidate's elements and the anode metal."""
    elements = {*case.compositions.element.tolist(), case.anode.element}
    others = [element for element in range(len(SYMBOLS)) if element not in elements]
    rows = case.phases.compositions
    return np.flatnonzero(~rows.holds(others) & (rows.size > 1))


@dataclass(frozen=True)
class Narrowing:
    """What measuring the enthalpy of one phase would do for a candidate.

    Attributes:
        row: of the phase.
        spread: standard deviation of its energy now, eV/atom.
        shares: of the variance of what is said, which would go: of the probability that the contact
            is stable, of the contact energy, of the reduction limit; NaN for what is sure already.
    """

    row: int
    spread: float
    shares: tuple[float, float, float]

    @property
    def share(self) -> float:
        """Of what is open, in that order."""
        known = [share for share in self.shares if not np.isnan(share)]
        return known[0] if known else 0.0


def narrowing(found: Draws) -> list[Narrowing]:
    """Every phase that bears on a single candidate; first that which would narrow its verdict most.

    The share is the squared correlation of the phase's energy with the figure over the samples:
    what a linear update on a measurement without error would take away.
    """
    figures = (found.chance[:, 0, 0], found.contact_ev_atom[:, 0], found.reduction_v[:, 0])
    energy = found.energy - found.energy.mean(axis=0)
    spread = energy.std(axis=0)
    shares = []
    for figure in figures:
        known = ~np.isnan(figure)
        off = np.where(known, figure - figure[known].mean() if known.any() else 0.0, 0.0)
        if known.mean() <= 0.5 or off.std() < _SURE:
            shares.append(np.full(len(spread), np.nan))
            continue
        covariance = off @ energy / len(off)
        shares.append((covariance / np.maximum(spread * off.std(), 1e-12)) ** 2)
    told = [
        Narrowing(int(row), float(s), (float(a), float(b), float(c)))
        for row, s, a, b, c in zip(found.rows.tolist(), spread.tolist(), *shares, strict=True)
        if s > 0
    ]
    return sorted(told, key=lambda one: (-one.share, one.row))


def _sets(products: Mixtures) -> HashArray:
    """A number for the phases of each mixture, whatever their amounts."""
    return segment_sum(mixed(products.phase.astype(np.uint64) + np.uint64(7)), products.start)


def _name(case: Case, keys: HashArray, names: dict[int, str]) -> None:
    products = case.equilibria.contact_products
    for i, key in enumerate(keys.tolist()):
        if key not in names:
            phases, _ = products.of(i)
            names[key] = " + ".join(sorted(case.phases.formulas[p] for p in phases.tolist()))


def _encode(found: Draws) -> bytes:
    sink = io.BytesIO()
    arrays = {name: value for name, value in vars(found).items() if name != "names"}
    keys = np.array(list(found.names), dtype=np.uint64)
    np.savez_compressed(sink, keys=keys, texts=np.array([*found.names.values(), ""]), **arrays)
    return sink.getvalue()


def _decode(content: bytes) -> Draws:
    with np.load(io.BytesIO(content), allow_pickle=False) as read:
        arrays = {name: read[name] for name in read.files}
    keys, texts = arrays.pop("keys").tolist(), arrays.pop("texts").tolist()
    return Draws(**arrays, names=dict(zip(keys, texts, strict=False)))


def compute(case: Case) -> Values:
    """Intervals and probabilities of each candidate."""
    found = draws(case, drives=True)
    values = columns_of(case, found)
    values.update(drives_of(case, found))
    return values


def drives_of(case: Case, found: Draws) -> Values:
    """The ends of the drives, from samples that have them."""
    values = Values(len(case))
    for (stem, _), drive in zip(_drives(case.electrolytes), _each_drive(case, found), strict=True):
        for end, figures in zip(("low", "high"), interval(drive), strict=True):
            values.add(f"{stem}_{end}_ev_atom", figures, _NO_DRIVE)
    return values


def _each_drive(case: Case, found: Draws) -> Iterator[FloatArray]:
    """With each electrolyte, of each class, the weakest; each of shape (samples, candidates)."""
    drives = found.drive_ev_atom
    yield from np.moveaxis(drives, 1, 0)
    weakest = np.full((drives.shape[0], drives.shape[2]), np.nan, drives.dtype)
    for name in three_layers.classes(case.electrolytes):
        of_class = [three_layers.of_class(name, case.electrolytes, drive) for drive in drives]
        yield (median := np.array(of_class))
        np.fmax(weakest, median, out=weakest)
    yield weakest


def columns_of(case: Case, found: Draws) -> Values:
    """The columns that follow from samples."""
    values = Values(len(case))
    symbol = case.anode.symbol
    for name, samples, why in (
        ("reduction_{}_v", found.reduction_v, f"gives off {symbol} even at 0 V, or is {symbol}"),
        ("oxidation_{}_v", found.oxidation_v, f"holds no {symbol}, or is {symbol}"),
        ("contact_reaction_energy_{}_ev_atom", found.contact_ev_atom, "not known"),
    ):
        for end, figures in zip(("low", "high"), interval(samples), strict=True):
            values.add(name.format(end), figures, why)
    on_hull = np.where(np.isnan(found.hull_ev_atom), np.nan, found.hull_ev_atom == 0).mean(axis=0)
    values.add("p_on_hull", on_hull, case.no_energy())
    values.add("p_unreacted", (np.abs(found.contact_ev_atom) < _UNREACTED).mean(axis=0))
    values.add("p_products", (found.products == found.usual).mean(axis=0))
    known = np.asarray(~np.isnan(found.chance).any(axis=2))
    share = np.where(known[:, :, None], found.chance, 0.0).sum(axis=0)
    count = np.asarray(known.sum(axis=0))[:, None]
    often = 2 * count > found.chance.shape[0]
    mean = np.where(often, share / np.maximum(count, 1), np.nan)
    for k, verdict in enumerate(verdicts.VERDICTS):
        values.add(f"sampled_p_{verdict}", mean[:, k], "the gap of a contact product is not known")
    return values
