"""The answer of stack: anode metal | film | solid electrolyte, contact by contact."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from rich.console import Console

from screen import descriptors, store, tried
from screen.answers import certainty, drawings
from screen.answers.answer import Answer
from screen.answers.equilibria import HULL, doubt_line, table_of, written
from screen.answers.stack_picture import Picture
from screen.columns import Values
from screen.descriptors import certainty as sampling
from screen.descriptors import equations, three_layers
from screen.descriptors.case import Case
from screen.descriptors.three_layers import Films
from screen.formatting import number, quantity
from screen.reactions import Equation
from screen.report import terminal
from screen.thermo import layers
from screen.thermo.layers import Layers
from screen.units import DECIMALS

_FAMILIES = ("stability", "against_anode", "doubt")
_FILM, _ELECTROLYTE = 0, 1
"""Places of the two in the case of a stack."""
PROTECTS, NO_NEED, TOO_LOW, LEAKS, REACTS, NOT_KNOWN = (
    "protects",
    "needs_no_film",
    "does_not_reach_the_window",
    "lets_electrons_through",
    "reacts_with_the_electrolyte",
    "not_known",
)
"""What a film comes to."""
NO_REACTION, HARDLY, STRONG = "no_reaction", "hardly_reacts", "reacts"
"""How film and electrolyte get on."""


@dataclass(frozen=True)
class Contact:
    """What happens where two of the layers meet.

    Attributes:
        name: the two.
        energy_ev_atom: reaction energy; None where it is not known.
        per: whose atoms it is counted by.
        verdict: of a contact with the metal a kind of interphase, of others how they get on; ""
            where it is not known.
        reason: why it is not known.
        probability: of the verdict on a contact with the metal; None of others.
        voltage: against the anode metal, V; None where no metal is exchanged.
    """

    name: str
    energy_ev_atom: float | None
    per: str
    equation: Equation
    verdict: str
    reason: str = ""
    voltage: float | None = None
    probability: float | None = None

    @property
    def said(self) -> str:
        """The verdict in words."""
        if not self.verdict:
            return "not known"
        chance = "" if self.probability is None else f" {self.probability:.0%}"
        return self.verdict.replace("_", " ") + chance

    @property
    def record(self) -> dict[str, Any]:
        """As fields of an answer."""
        return {
            "between": self.name,
            "voltage": self.voltage,
            "verdict": self.verdict or None,
            "probability": self.probability,
            "reaction_energy_ev_atom": self.energy_ev_atom,
            "per_atom_of": self.per,
            **written(self.equation),
            "gap": self.reason or None,
        }


@dataclass(frozen=True)
class _Stack:
    """What is solved of a stack.

    Attributes:
        case: film and electrolyte.
        stands: what the film is in touch with the metal.
        layers: the film between metal and electrolyte; None if that is not known.
        bare_ev_atom, bare_ev: what bare metal does to the electrolyte, eV per atom of it that is
            not the metal's and eV per formula unit.
    """

    case: Case
    stands: Films
    layers: Layers | None
    bare_ev_atom: float
    bare_ev: float

    @classmethod
    def of(cls, case: Case) -> _Stack:
        stands = three_layers.films(case)
        partner = three_layers.partner(case, case.formulas[_ELECTROLYTE])
        anode, valence = case.anode.element, case.anode.valence
        bare = float(partner.alone(np.zeros(1), anode, valence).reaction_energy[0])
        others = case.compositions.atoms - case.compositions.amount_of(anode)
        solved = None
        if not stands.unknown[_FILM]:
            film = np.array([_FILM])
            solved = three_layers.solve(case, stands, film, partner, only_lowest=False)
        return cls(
            case=case,
            stands=stands,
            layers=solved,
            bare_ev_atom=bare,
            bare_ev=bare * float(others[_ELECTROLYTE]),
        )

    @cached_property
    def values(self) -> Values:
        """Of film and electrolyte."""
        return descriptors.compute_families(case=self.case, names=_FAMILIES)

    @property
    def blocks(self) -> bool:
        """Whether the film blocks electrons in touch with the metal."""
        return bool(self.stands.blocks[_FILM])

    @property
    def unknown(self) -> str:
        """Why that is not known; "" if it is."""
        return str(self.stands.unknown[_FILM])

    @property
    def state(self) -> int:
        """The state of the film's profile in touch with the metal."""
        return int(self.stands.state[_FILM])

    @property
    def verdict(self) -> str:
        """Whether the film does what it is there for."""
        if self.layers is None:
            return NOT_KNOWN
        settings = self.case.settings
        quiet = self.layers.drive_ev_atom[0] >= -settings.quiet_drive_ev_atom
        if quiet and self.bare_ev_atom >= -settings.quiet_drive_ev_atom:
            return NO_NEED
        if self.layers.bridge_gap_v[0] > settings.bridged_v:
            return TOO_LOW if self.blocks else LEAKS
        return PROTECTS if quiet else REACTS

    def interphase(self, i: int) -> tuple[str, str, float, float | None]:
        """The verdict on a candidate that touches the metal: the last fields of a contact."""
        columns = self.values.columns
        verdict = columns["interphase"][i]
        if not verdict:
            return "", self.values.reason("conducting_fraction")[i], 0.0, None
        return verdict, "", 0.0, float(columns[f"p_{verdict}"][i])

    def strength(self, energy_ev_atom: float) -> str:
        """How strong a reaction of film and electrolyte is, in a word."""
        if round(energy_ev_atom, DECIMALS["eV/atom"]) == 0:  # as it is printed
            return NO_REACTION
        return HARDLY if energy_ev_atom >= -self.case.settings.quiet_drive_ev_atom else STRONG


def three_layers_answer(case: Case) -> Answer:
    """The anode metal, the first candidate of a case as film, the second as electrolyte."""
    stack = _Stack.of(case)
    contacts = {
        "metal_film": _metal_film(stack),
        "film_electrolyte_closed": _closed(stack),
        "film_electrolyte": _open(stack),
        "metal_electrolyte": _bare(stack),
    }
    figures, gaps = _figures(stack)
    head = {
        "anode": case.anode.symbol,
        "film": case.formulas[_FILM],
        "electrolyte": case.formulas[_ELECTROLYTE],
        "verdict": stack.verdict,
        **figures,
    }
    state = equations.amounts(case, case.equilibria.profiles.products, stack.state)
    doubts = [doubt_line(stack.values, i) for i in (_FILM, _ELECTROLYTE)]
    record = {
        **head,
        "gaps": gaps,
        "film_after_contact": dict(state),
        "contacts": {name: contact.record for name, contact in contacts.items()},
        "doubtful": [line for line in doubts if line],
        "tried": _tried(case),
    }
    if case.settings.samples:
        record["samples"] = _sampled(case)
    renamed = {"verdict": "stack_verdict"}  # beside that of each contact
    rows = table_of(
        [
            {renamed.get(key, key): value for key, value in head.items()}
            | {"contact": name, **contact.record}
            for name, contact in contacts.items()
        ]
    )

    def show(console: Console) -> None:
        _print(console, stack, record, list(contacts.values()))

    return Answer(rows, record, show, drawing=drawings.stack(record))


def _tried(case: Case) -> list[str]:
    """What experiments have seen of the film on the electrolyte, and of each with the metal."""
    metal, (film, electrolyte) = case.anode.symbol, case.formulas
    asked = ((film, electrolyte), (film, ""), (electrolyte, ""))
    return [one.said for pair in asked for one in tried.found(metal, *pair)]


def _sampled(case: Case) -> dict[str, Any]:
    """Intervals and shares of verdicts over samples of the energies; kept in the store."""
    kept, key = store.of_home(), sampling.key_of_case(case, "stack")
    if (content := kept.get("samples", key)) is None:
        content = json.dumps(_draw(case)).encode()
        kept.put("samples", key, content)
    found: dict[str, Any] = json.loads(content)
    return found


def _draw(case: Case) -> dict[str, Any]:
    names = ("electrolyte_at_v", "bridge_gap_v", "drive_ev_atom", "bare_drive_ev_atom")
    verdicts: Counter[str] = Counter()
    rows = []
    for part in sampling.sampled_cases(case):
        stack = _Stack.of(part)
        verdicts[stack.verdict] += 1
        own = stack.layers
        solved = (np.nan,) * 3
        if own is not None:
            solved = (own.at_v[0], own.bridge_gap_v[0], own.drive_ev_atom[0])
        rows.append((*map(float, solved), stack.bare_ev_atom))
    columns = np.array(rows).T
    return {
        "samples": case.settings.samples,
        "seed": case.settings.seed,
        "energies": case.settings.energies,
        "level": sampling.HIGH - sampling.LOW,
        **{name: certainty.figures(column) for name, column in zip(names, columns, strict=True)},
        "verdicts": {name: count / len(rows) for name, count in verdicts.most_common()},
    }


def _sample_lines(said: dict[str, Any]) -> list[str]:
    """What samples say of a stack, in sentences."""
    parts = [
        f"{words} {certainty.between(said[name], unit)}"
        for name, words, unit in (
            ("bridge_gap_v", "bridge gap", "V"),
            ("drive_ev_atom", "drive", "eV/atom"),
            ("bare_drive_ev_atom", "without the film", "eV/atom"),
        )
        if said[name] is not None
    ]
    shares = ", ".join(
        f"{name.replace('_', ' ')} in {share:.0%}" for name, share in said["verdicts"].items()
    )
    return [
        f"80 % of {said['samples']} samples of the energies: {', '.join(parts)}.",
        f"Over the samples: {shares}.",
    ]


def _figures(stack: _Stack) -> tuple[dict[str, float | None], dict[str, str]]:
    """The figures of a stack, and why those that are None are not known."""
    case, columns = stack.case, stack.values.columns
    metal, electrolyte = case.anode.symbol, case.formulas[_ELECTROLYTE]
    profiles = case.equilibria.profiles
    names = ("film_holds_v", "electrolyte_at_v", "bridge_gap_v", "drive_ev_atom")
    found: dict[str, float] = dict.fromkeys((*names, "mixing_ev_atom"), np.nan)
    protection = np.nan
    if (own := stack.layers) is not None:
        holds = layers.holding_v(profiles, stack.stands.state, stack.stands.blocks)[_FILM]
        solved = (holds, own.at_v[0], own.bridge_gap_v[0], own.drive_ev_atom[0])
        found = dict(zip(found, map(float, (*solved, own.mixing_ev_atom[0])), strict=True))
        protection = float(own.protection[0])
    found |= {
        "bare_drive_ev_atom": stack.bare_ev_atom,
        "protection_fraction": protection,
        "electrolyte_reduction_v": float(columns["reduction_v"][_ELECTROLYTE]),
        "electrolyte_oxidation_v": float(columns["oxidation_v"][_ELECTROLYTE]),
    }
    why = {
        "film_holds_v": stack.unknown or f"holds no {metal}, so it stands any voltage",
        "protection_fraction": stack.unknown or f"bare {metal} does nothing to {electrolyte}",
        "electrolyte_reduction_v": f"gives off {metal} even at 0 V",
        "electrolyte_oxidation_v": f"holds no {metal}",
    }
    known = {name: value if np.isfinite(value) else None for name, value in found.items()}
    gaps = {name: why.get(name, stack.unknown) for name, value in known.items() if value is None}
    return known, gaps


def _metal_film(stack: _Stack) -> Contact:
    """Anode metal and film, from the film's own energy, as `window` has it."""
    case, columns = stack.case, stack.values.columns
    return Contact(
        f"{case.anode.symbol} | {case.formulas[_FILM]}",
        float(columns["contact_reaction_energy_ev_atom"][_FILM]),
        case.formulas[_FILM],
        equations.in_contact(case, _FILM),
        *stack.interphase(_FILM),
    )


def _closed(stack: _Stack) -> Contact:
    """Film as made and electrolyte, out of touch with the metal; the strongest reaction."""
    case = stack.case
    film, electrolyte = case.formulas
    sides = [case.compositions.take(np.array([i])) for i in (_FILM, _ELECTROLYTE)]
    reactions = case.facts.engine.react(case.facts.table, *sides)
    best = int(reactions.lowest[0])
    energy = float(reactions.energy[best])
    equation = equations.between(case, (film, electrolyte), reactions, best)
    return Contact(
        f"{film} | {electrolyte}",
        energy,
        "the mixture",
        equation if energy < 0 else Equation(),
        stack.strength(energy),
    )


def _open(stack: _Stack) -> Contact:
    """Film after contact and electrolyte, open to the metal at the film's voltage."""
    case, metal = stack.case, stack.case.anode.symbol
    name, per = " | ".join(case.formulas), f"the mixture that is not {metal}"
    if (own := stack.layers) is None:
        return Contact(name, None, per, Equation(), "", stack.unknown)
    energy, best = float(own.drive_ev_atom[0]), int(own.reactions.lowest[0])
    equation = equations.beside_electrolyte(
        case, _FILM, stack.state, case.formulas[_ELECTROLYTE], own.reactions, best
    )
    return Contact(
        name,
        energy,
        per,
        equation if energy < 0 else Equation(),
        stack.strength(energy),
        voltage=float(own.at_v[0]),
    )


def _bare(stack: _Stack) -> Contact:
    """Anode metal and electrolyte without a film, from the hull energy of the electrolyte."""
    case, profiles = stack.case, stack.case.equilibria.profiles
    metal, electrolyte = case.anode.symbol, case.formulas[_ELECTROLYTE]
    state = int(profiles.contact[_ELECTROLYTE])
    equation = equations.with_element(case, _ELECTROLYTE, metal, profiles, state, stack.bare_ev)
    return Contact(
        f"{metal} | {electrolyte}",
        stack.bare_ev_atom,
        f"{electrolyte} that is not {metal}",
        equation if stack.bare_ev < 0 else Equation(),
        *stack.interphase(_ELECTROLYTE),
    )


_JUDGED = {
    "stable": terminal.GOOD,
    "passivating": terminal.GOOD,
    "mixed_conducting": terminal.BAD,
    NO_REACTION: terminal.GOOD,
    HARDLY: terminal.GOOD,
    STRONG: terminal.BAD,
}
"""The colour of each verdict on a contact."""


def _print(
    console: Console, stack: _Stack, record: dict[str, Any], contacts: list[Contact]
) -> None:
    """The stack as a picture, its contacts, and what they come to."""
    metal, film, electrolyte = (record[name] for name in ("anode", "film", "electrolyte"))
    verdict = _SAID[stack.verdict].format(film=film, electrolyte=electrolyte, metal=metal)
    terminal.print_title(console, f"{metal} | {film} | {electrolyte}: {verdict}")
    console.print()
    for line, style in _picture(stack, record).lines(console.width):
        terminal.print_line(console, line, style)
    console.print()
    places = (
        f"{metal} | film",
        "film | electrolyte, as made",
        "film | electrolyte, in cell",
        f"{metal} | electrolyte, no film",
    )
    terminal.print_cells(
        console,
        ("contact", f"V vs {metal}", "verdict", "strongest reaction"),
        [
            (
                place,
                "–" if contact.voltage is None else number(contact.voltage, DECIMALS["V"]),
                contact.said,
                contact.reason or contact.equation.said or "none",
            )
            for place, contact in zip(places, contacts, strict=True)
        ],
        [1],
        styles={2: [_JUDGED.get(contact.verdict, "") for contact in contacts]},
    )
    console.print()
    said = _sample_lines(record["samples"]) if "samples" in record else []
    for sentence in (*_sentences(stack, record), *said):
        terminal.print_sentence(console, sentence)


_SAID = {
    PROTECTS: "{film} protects {electrolyte}",
    NO_NEED: "{metal} hardly attacks {electrolyte}, and {film} does no harm",
    TOO_LOW: "{film} does not reach the window of {electrolyte}",
    LEAKS: "{film} lets electrons through to {electrolyte}",
    REACTS: "{film} reacts with {electrolyte}",
    NOT_KNOWN: "whether {film} protects {electrolyte} is not known",
}


def _picture(stack: _Stack, record: dict[str, Any]) -> Picture:
    low, high = record["electrolyte_reduction_v"], record["electrolyte_oxidation_v"]
    ends = [number(end, DECIMALS["V"]) for end in (low, high) if end is not None]
    conducts = "blocks electrons" if stack.blocks else "conducts electrons"
    gap = record["bridge_gap_v"]
    return Picture(
        metal=record["anode"],
        film=record["film"],
        electrolyte=record["electrolyte"],
        film_is="electrons: not known" if stack.unknown else conducts,
        electrolyte_is=f"window {' to '.join(ends)} V" if len(ends) == 2 else "",
        at_v=record["electrolyte_at_v"],
        limit_v=low or 0.0,
        reached=gap is not None and gap <= stack.case.settings.bridged_v,
    )


def _sentences(stack: _Stack, record: dict[str, Any]) -> list[str]:
    """What the figures say."""
    if stack.unknown:
        found = [f"Whether the film blocks electrons is not known: {stack.unknown}."]
    else:
        found = [_of_voltage(stack, record), _of_drive(record)]
    for i, formula in enumerate(stack.case.formulas):
        above = float(stack.values.columns[HULL][i])
        if above > 0:
            said = quantity(above, HULL)
            found.append(f"{formula} ({said} above the hull) stands as its stablest mixture.")
    slow = ["Energies say what can react, not how fast."] if record["tried"] else []
    return [*found, *record["doubtful"], *slow, *record["tried"]]


def _of_voltage(stack: _Stack, record: dict[str, Any]) -> str:
    """What the film does to the voltage."""
    metal, electrolyte = record["anode"], record["electrolyte"]
    needs = record["electrolyte_reduction_v"] or 0.0
    stable = f"{electrolyte} is not reduced above {number(needs, DECIMALS['V'])} V"
    if not stack.blocks:
        becomes = " and ".join(record["film_after_contact"])
        return (
            f"After contact the film is {becomes}, which lets electrons pass: the electrolyte is "
            f"at 0 V, as if it touched {metal}; {stable}."
        )
    holds = record["film_holds_v"]
    most = "any voltage" if holds is None else f"up to {quantity(holds, 'film_holds_v')}"
    gap = record["bridge_gap_v"]
    reach = "which the film reaches"
    if gap > 0:
        reach = f"{quantity(gap, 'bridge_gap_v')} beyond it"
    return f"After contact the film blocks electrons and holds {most}; {stable}, {reach}."


def _of_drive(record: dict[str, Any]) -> str:
    """How much of what bare metal does to the electrolyte is left."""
    metal, kept = record["anode"], record["protection_fraction"]
    drive, bare = (quantity(record[name], name) for name in ("drive_ev_atom", "bare_drive_ev_atom"))
    share = ""
    if kept is not None:
        share = f"; protection {kept:.0%}" if kept >= 0 else "; the film makes it worse"
    return (
        f"What drives the electrolyte to react: {drive} with the film, {bare} with bare {metal} "
        f"(atoms of {metal} not counted){share}."
    )
