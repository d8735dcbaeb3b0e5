"""What a notebook or another program calls; the command line prints what these return.

Materials are given as text or as pymatgen's `Composition` or entries; phases as the name of a
source, a file, a list of pymatgen entries, or what `load` returned. Faults are the exceptions of
`screen.errors`, each with the one line that the command line prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screen import candidates, materials, sources
from screen.answers import anchoring, equilibria
from screen.answers.answer import Answer
from screen.descriptors.case import Case
from screen.descriptors.own import Descriptor
from screen.descriptors.own import descriptor as descriptor
from screen.errors import DataError, UsageError
from screen.phases import Phases
from screen.settings import Energies, Settings, load_settings
from screen.sources import REFERENCE

if TYPE_CHECKING:  # a question about one phase needs neither the models nor the page
    from screen.answers.card import Explanation
    from screen.answers.reservoir import Levels
    from screen.api.runs import Run
    from screen.descriptors.structure_runs import Progress

Material = Any
"""A formula, a name such as LLZO, a pymatgen `Composition`, or an entry with one."""
Source = str | Path | Phases | Sequence[Any]
"""A name, a file, a list of pymatgen entries, or phases that were loaded."""


def load(
    source: Source = REFERENCE,
    *,
    gaps: str | Path | None = None,
    moduli: str | Path | None = None,
    add: str | Path | None = None,
    energies: Energies = "table",
) -> Phases:
    """Phases with formation energies of one correction scheme.

    Args:
        source: "reference" (embedded), "latest" (newest snapshot), a file (.parquet, .csv or
            .json), or a list of pymatgen entries, the elements among them.
        gaps, moduli: files with band gaps (eV) and elastic moduli (GPa) to join by formula.
        add: a file with further phases.
        energies: "table", as they are, or "anchored" to experiment at 298 K.

    Raises:
        DataError, UsageError: for what cannot be read, mixed schemes, energies that are none.

    Example:
        >>> import screen
        >>> screen.load()
        Phases of reference: 4644 rows, MP legacy GGA/GGA+U
    """
    if isinstance(source, Phases):
        return sources.with_energies(source, energies)
    if not isinstance(source, str | Path):
        from screen.sources import entry_files  # noqa: PLC0415

        strangers = [given for given in source if not hasattr(given, "composition")]
        if strangers or not source:
            what = f"a {type(strangers[0]).__name__} among them" if strangers else "an empty list"
            raise DataError(f"a list of pymatgen entries is wanted, this is {what}")
        phases = Phases(entry_files.to_table(list(source)), name="entries")
        return sources.with_energies(phases, energies)
    g, m, a = (Path(path) if path else None for path in (gaps, moduli, add))
    return sources.load(str(source), g, m, a, energies)


def rank(
    anode: str = "Li",
    *,
    source: Source = REFERENCE,
    gaps: str | Path | None = None,
    moduli: str | Path | None = None,
    add: str | Path | None = None,
    roles: str | Iterable[str] = (),
    roles_file: str | Path | None = None,
    electrolytes: str | Iterable[str] = (),
    descriptors: Iterable[Descriptor] = (),
    selected: bool = False,
    progress: Progress = lambda *_: None,
    config: Settings | None = None,
    **settings: Any,
) -> Run:
    """Judge every candidate in every role; nothing is written.

    Args:
        anode: symbol or name of the anode metal.
        roles: names of roles; none: all.
        roles_file: TOML file with roles in place of the shipped ones.
        electrolytes: solid electrolytes that candidates face, names or any formulas with the anode
            metal; none: all that are listed for it.
        descriptors: of your own, made by `screen.descriptor`.
        selected: of a large table, judge only what the roles find worth judging.
        progress: told the name of each step as it begins, and how far a long one is.
        config: settings in place of anode, electrolytes and single ones.
        settings: any field of `Settings`, by name.

    Raises:
        UsageError, DataError: for an unknown role, electrolyte or setting, or data that do not fit.

    Example:
        >>> import screen
        >>> done = screen.rank("Li", roles="interlayer")
        >>> done.frame("interlayer").columns[:2].tolist()
        ['rank', 'formula']
    """
    from screen import pipeline  # noqa: PLC0415
    from screen.api.runs import Run  # noqa: PLC0415
    from screen.ranking.roles import chosen_roles  # noqa: PLC0415

    chosen = config or _settings(anode, electrolytes, settings)
    named = chosen_roles(_texts(roles), Path(roles_file) if roles_file else None)
    progress("reading")
    phases = load(source, gaps=gaps, moduli=moduli, add=add, energies=chosen.energies)
    own = _own(descriptors)
    return Run.of(
        pipeline.run(phases, chosen, named, own=own, selected=selected, progress=progress)
    )


def explain(
    formula: Material,
    anode: str = "Li",
    *,
    source: Source = REFERENCE,
    gaps: str | Path | None = None,
    moduli: str | Path | None = None,
    add: str | Path | None = None,
    roles_file: str | Path | None = None,
    electrolytes: str | Iterable[str] = (),
    descriptors: Iterable[Descriptor] = (),
    progress: Progress = lambda *_: None,
    config: Settings | None = None,
    **settings: Any,
) -> Explanation:
    """All that is known of one candidate, why it ranks where it does, what would change that.

    A material that papers name and that has no formula, such as "N-doped carbonised melamine foam",
    has a card of what cells have measured. Arguments as those of `rank`.

    Example:
        >>> import screen
        >>> screen.explain("LiF").records["values"]["formula"]
        'LiF'
    """
    from screen import pipeline  # noqa: PLC0415
    from screen.answers import papers  # noqa: PLC0415
    from screen.answers.card import explanation  # noqa: PLC0415
    from screen.literature import ANODE  # noqa: PLC0415
    from screen.ranking.roles import chosen_roles  # noqa: PLC0415

    chosen = config or _settings(anode, electrolytes, settings)
    roles = chosen_roles((), Path(roles_file) if roles_file else None)
    phases = load(source, gaps=gaps, moduli=moduli, add=add, energies=chosen.energies)
    try:
        (asked,) = materials_of([formula], phases, chosen.anode)
    except DataError:
        named = isinstance(formula, str) and chosen.anode == ANODE
        found = papers.explanation(str(formula), phases) if named else None
        if found is None:
            raise
        return found
    plain = chosen.model_copy(update={"samples": 0})  # one candidate is sampled, not all
    done = pipeline.explain(phases, plain, roles, asked.formula, progress, _own(descriptors))
    alone = _case([asked], phases, chosen)
    on_electrolytes = candidates.notes_on(done.case.electrolytes)
    notes = (*asked.notes, *on_electrolytes, *anchoring.notes(alone))
    return replace(explanation(done, alone), notes=notes)


def window(
    *formulas: Material,
    anode: str = "Li",
    at: float | None = None,
    reservoir: str | None = None,
    mu: float | None = None,
    source: Source = REFERENCE,
    gaps: str | Path | None = None,
    add: str | Path | None = None,
    config: Settings | None = None,
    **settings: Any,
) -> Answer:
    """Voltage profile, electrochemical window and contact products against the anode metal.

    Args:
        at: also the equilibrium at this voltage, V.
        reservoir: an element, such as "O": the profile against its chemical potential instead.
        mu: with it, also the equilibrium at this value, eV per atom relative to the element.

    Example:
        >>> import screen
        >>> round(screen.window("LiF").records[0]["oxidation_v"], 2)
        6.36
        >>> screen.window("ZnO", at=0).records[0]["at"]["equation"]
        'ZnO + 3 Li -> Li2O + LiZn'
    """
    from screen.answers.reservoir import Reservoir  # noqa: PLC0415

    chosen = config or _settings(anode, (), settings)
    if reservoir is None:
        if mu is not None:
            raise UsageError("mu goes with a reservoir; against the anode metal, give at, in V")
        volts = None if at is None else Reservoir.of_metal(chosen.anode, at).values[0]
        phases = load(source, gaps=gaps, add=add, energies=chosen.energies)
        asked = materials_of(formulas, phases, chosen.anode)
        case = _case(asked, phases, chosen)
        answer = equilibria.windows(case, asked, volts)
        return replace(answer, notes=(*_notes(asked), *anchoring.notes(case)))
    from screen.answers.reservoir_profiles import reservoir_profiles  # noqa: PLC0415

    if at is not None:
        raise UsageError(
            "at is a voltage against the anode metal; with a reservoir, give mu, in eV"
        )
    element = Reservoir.of_element(reservoir, () if mu is None else (mu,))
    phases = load(source, gaps=gaps, add=add, energies=chosen.energies)
    asked = materials_of(formulas, phases, element=element.symbol)
    answer = reservoir_profiles(_case(asked, phases, chosen), element, asked)
    return replace(answer, notes=_notes(asked))


SAMPLES = 200
"""Where samples are needed and none are asked for."""


def narrow(
    formula: Material,
    anode: str = "Li",
    *,
    source: Source = REFERENCE,
    add: str | Path | None = None,
    config: Settings | None = None,
    **settings: Any,
) -> Answer:
    """Which single measured enthalpy would narrow most what is said of a candidate.

    The share of the variance of a figure that a measurement of a phase without error would take
    away, over joint samples of the energies.

    Raises:
        DataError: for what the source does not cover, and energies whose errors are not known.

    Example:
        >>> import screen
        >>> screen.narrow("BN", samples=50).records[0]["phase"]
        'Li3BN2'
    """
    from screen.answers.certainty import narrowing_answer  # noqa: PLC0415

    chosen = config or _settings(anode, (), settings)
    chosen = chosen if chosen.samples else chosen.model_copy(update={"samples": SAMPLES})
    phases = load(source, add=add, energies=chosen.energies)
    asked = materials_of([formula], phases, chosen.anode)
    return replace(narrowing_answer(_case(asked, phases, chosen)), notes=_notes(asked))


def decompose(
    *formulas: Material,
    source: Source = REFERENCE,
    add: str | Path | None = None,
    config: Settings | None = None,
    **settings: Any,
) -> Answer:
    """Hull distance (eV/atom) and the stablest mixture of the same composition.

    Of a stable phase also how far it lies below the hull of all others, and the range of the
    chemical potential of each of its elements in which it is stable.

    Example:
        >>> import screen
        >>> sorted(screen.decompose("Li3OCl").records[0]["products"])
        ['Li2O', 'LiCl']
    """
    chosen = config or _settings("Li", (), settings)
    phases = load(source, add=add, energies=chosen.energies)
    asked = materials_of(formulas, phases)
    case = _case(asked, phases, chosen)
    notes = (*_notes(asked), *anchoring.notes(case))
    return replace(equilibria.decompositions(case), notes=notes)


def interface(
    a: Material,
    b: Material,
    *,
    anode: str | None = None,
    voltage: Levels | None = None,
    reservoir: str | None = None,
    mu: Levels | None = None,
    own_energy: bool = False,
    source: Source = REFERENCE,
    add: str | Path | None = None,
    config: Settings | None = None,
    **settings: Any,
) -> Answer:
    """Reactions between two phases at every mixing ratio, eV per atom of the mixture.

    With a voltage both are in touch with the anode metal there, with a chemical potential with an
    element: energies are then per atom that is not the metal's or the element's.

    Args:
        voltage: against the anode metal, V; also several, or a range such as "0:2:0.1".
        reservoir, mu: an element, such as "O", and its chemical potential, eV per atom relative to
            the element; also several, or a range.
        own_energy: count a side above the hull from its own energy, not from that of the mixture
            that it decomposes into.

    Example:
        >>> import screen
        >>> screen.interface("LiF", "Li2O").records["reaction_energy_ev_atom"]
        0.0
        >>> at_lithium = screen.interface("Li3N", "Li6PS5Cl", voltage=0).records
        >>> round(at_lithium["mixing"]["energy_ev_atom"], 3)
        -0.004
    """
    from screen.answers import interfaces  # noqa: PLC0415
    from screen.answers.reservoir import reservoir_of  # noqa: PLC0415

    chosen = config or _settings(anode or "Li", (), settings)
    open_to = reservoir_of(chosen.anode, anode, voltage, reservoir, mu)
    phases = load(source, add=add, energies=chosen.energies)
    pair = [materials.read(_formula(given), phases) for given in (a, b)]
    element = None if open_to is None else open_to.symbol
    candidates.check_covered(phases, *(material.formula for material in pair), element=element)
    case = _case(pair, phases, chosen)
    if open_to is None:
        answer = interfaces.interface(case, own_energy=own_energy)
    else:
        answer = interfaces.open_interface(case, open_to, own_energy=own_energy)
    return replace(answer, notes=_notes(pair))


def stack(
    film: Material,
    electrolyte: Material,
    anode: str = "Li",
    *,
    source: Source = REFERENCE,
    gaps: str | Path | None = None,
    add: str | Path | None = None,
    config: Settings | None = None,
    **settings: Any,
) -> Answer:
    """Anode metal | film | solid electrolyte: the voltage across them, what forms at each contact.

    Voltages in V against the anode metal; energies in eV per atom, each with whose atoms it is
    counted by, and in kJ per mole of the balanced equation.

    Raises:
        UsageError: for an electrolyte without the anode metal, or one that is also the film.
        DataError: for what the source does not cover.

    Example:
        >>> import screen
        >>> screen.stack("LiF", "Li6PS5Cl").records["verdict"]
        'protects'
        >>> round(screen.stack("Li3N", "Li6PS5Cl").records["bridge_gap_v"], 2)
        1.24
    """
    from screen.answers.three_layers import three_layers_answer  # noqa: PLC0415

    chosen = config or _settings(anode, (), settings)
    phases = load(source, gaps=gaps, add=add, energies=chosen.energies)
    pair = [materials.read(_formula(given), phases) for given in (film, electrolyte)]
    candidates.check_stack(pair[0].formula, pair[1].formula, chosen.anode)
    formulas = [material.formula for material in pair]
    candidates.check_covered(phases, *formulas, anode=chosen.anode)
    return replace(three_layers_answer(_case(pair, phases, chosen)), notes=_notes(pair))


def literature_table(where: str | None = None, *, own: bool = True) -> Answer:
    """What cells with which material have done, with conditions, controls and references.

    Args:
        where: a condition, as the command line takes it: "ccd_ma_cm2 > 2".
        own: whether rows that the user added are among them.

    Example:
        >>> import screen
        >>> rows = screen.literature_table("ccd_ma_cm2 > 2").to_pandas()
        >>> bool(rows["ccd_ma_cm2"].min() > 2)
        True
    """
    from screen import literature as table  # noqa: PLC0415
    from screen.answers.tables import literature_rows  # noqa: PLC0415
    from screen.filters import parse  # noqa: PLC0415

    kinds = {column.name: column.kind for column in table.COLUMNS}
    condition = None if where is None else parse(where, kinds, table.FORMULAS)
    return literature_rows(table.rows(own=own), table.NAMES, condition)


def models() -> Answer:
    """What the models are, how well they do on what is new to them, what not to use them for.

    Example:
        >>> import screen
        >>> len(screen.models().records) > 0
        True
    """
    from screen.answers.models import model_card  # noqa: PLC0415

    return model_card()


def compare(before: str | Path, after: str | Path, top: int = 10) -> Answer:
    """What changed among the best of each role from one run folder to another, and why.

    Example:
        >>> import screen
        >>> before = screen.rank("Mg").write("results/before")
        >>> after = screen.rank("Mg", seed=1).write("results/after")
        >>> screen.compare(before, after).records["common"]
        ['changed settings: seed 0 -> 1']
    """
    from screen.answers.run_folders import comparison  # noqa: PLC0415

    return comparison(Path(before), Path(after), top)


def _own(given: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    """Descriptors that the user brings, checked."""
    found = tuple(given)
    for one in found:
        if not isinstance(one, Descriptor):
            raise UsageError(
                f"descriptors: {one!r:.60} is none; make it one with @screen.descriptor(...)"
            )
    return found


def _settings(anode: str, electrolytes: str | Iterable[str], given: dict[str, Any]) -> Settings:
    """Settings from the arguments of a call."""
    from screen.tables import anode_of  # noqa: PLC0415

    if "config" in given:
        raise UsageError("config: give settings by name, such as seed=1")
    symbol = anode_of(anode).symbol
    return load_settings(None, anode=symbol, electrolytes=_texts(electrolytes) or None, **given)


def case_of(
    formulas: Sequence[Any], phases: Phases, settings: Settings, anode: str | None
) -> tuple[Case, tuple[str, ...]]:
    """The case of some materials, each of which the source must cover (with the anode, if any),
    and notes on how they are read.
    """
    asked = materials_of(formulas, phases, anode)
    return _case(asked, phases, settings), _notes(asked)


def materials_of(
    formulas: Sequence[Any],
    phases: Phases,
    anode: str | None = None,
    element: str | None = None,
) -> list[materials.Material]:
    """Materials as they are read, each of which the source must cover (with the anode or another
    element, if any).

    Raises:
        UsageError, DataError: for none, for what is no material, or not covered.
    """
    if not formulas:
        raise UsageError("no formula given; give at least one, such as 'LiF'")
    asked = [materials.read(_formula(formula), phases) for formula in formulas]
    for material in asked:
        candidates.check_covered(phases, material.formula, anode=anode, element=element)
    return asked


def _case(asked: Sequence[materials.Material], phases: Phases, settings: Settings) -> Case:
    return candidates.make_case(phases, settings, [material.formula for material in asked])[0]


def _notes(asked: Sequence[materials.Material]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for material in asked for note in material.notes))


def _texts(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _formula(given: Any) -> str:
    """Text of a material: text as it is, of a Composition or an entry the formula.

    Raises:
        UsageError: for anything else.
    """
    if isinstance(given, str):
        return given
    composition = getattr(given, "composition", given)
    formula = getattr(composition, "formula", None)
    if isinstance(formula, str):
        return formula.replace(" ", "")
    raise UsageError(
        f"{type(given).__name__} is no material; give a formula, a pymatgen Composition or an entry"
    )
