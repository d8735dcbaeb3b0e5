"""The table's energies and those anchored to experiment, beside what was measured.

    python -m benchmarks.anchored_energies

Voltages against lithium in V. Formation: from lithium and the nonmetal, by Gibbs energies at 298
K. Plateaus: of alloys near room temperature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

import screen
from benchmarks.machine import markdown
from screen import candidates
from screen.composition import INDEX, Compositions, FloatArray
from screen.descriptors import against_anode
from screen.descriptors.phase_facts import competing
from screen.phases import Phases
from screen.settings import Settings
from screen.thermo.hull import decompose
from screen.verdicts import VERDICTS, judge

LITHIUM = "Li"
FORMATION: Mapping[str, float] = {
    **{"LiF": 6.10, "LiCl": 3.98, "LiBr": 3.54, "LiI": 2.79},
    **{"Li2O": 2.91, "Li2S": 2.27, "Li3N": 0.44, "LiH": 0.71},
}
"""NIST-JANAF; Li2S from its enthalpy -441.4 to -447 kJ/mol and entropy 63 J/mol K."""
PLATEAUS: tuple[tuple[str, str, float], ...] = (
    *(("Sn", "Li2Sn5", 0.76), ("Li2Sn5", "LiSn", 0.66), ("LiSn", "Li7Sn3", 0.53)),
    *(("Li2Zn5", "LiZn2", 0.256), ("LiZn2", "Li2Zn3", 0.219), ("Li2Zn3", "LiZn", 0.157)),
    *(("Al", "LiAl", 0.38), ("In", "LiIn", 0.62), ("Sb", "Li3Sb", 0.95), ("Bi", "Li3Bi", 0.82)),
    *(("C", "LiC12", 0.12), ("LiC12", "LiC6", 0.09)),
)
"""From phase, to phase, voltage: Huggins (2011) for Sn and Al; the others as reviews of alloy
anodes give them, Li-Zn by electromotive force, graphite by its open circuit."""
INTERPHASES: Mapping[str, str] = {
    **{"Li2PNO2": "stable", "Li7La3Zr2O12": "stable"},
    **{"Li3PS4": "passivating", "Li6PS5Cl": "passivating"},
    **{"Li10Ge(PS6)2": "mixed_conducting", "LiTi2(PO4)3": "mixed_conducting"},
}
WATER_V = 2.09
"""Li + H2O -> LiOH + 1/2 H2, from the Gibbs energies of NIST-JANAF."""


def formation_voltages(phases: Phases) -> FloatArray:
    """Of the compounds of FORMATION, V."""
    compositions = Compositions.from_formulas(list(FORMATION))
    energy = phases.energy[phases.rows_of(compositions)] * compositions.atoms
    return np.asarray(-energy / compositions.amount_of(INDEX[LITHIUM]))


def plateau_voltages(phases: Phases) -> FloatArray:
    """Mean voltages between the compositions of PLATEAUS, each at the hull, V."""
    table = competing(phases, Settings())
    found = []
    for pair in PLATEAUS:
        ends = Compositions.from_formulas(pair[:2])
        lithium = ends.amount_of(INDEX[LITHIUM])
        others = ends.atoms - lithium
        energy = decompose(table, ends).energy * ends.atoms / others
        found.append(-np.diff(energy)[0] / np.diff(lithium / others)[0])
    return np.array(found)


def reduction_of_water(phases: Phases) -> float:
    """Voltage at which water takes up lithium, V."""
    return float(screen.window("H2O", source=phases).records[0]["reduction_v"])


def interphases(phases: Phases) -> dict[str, str]:
    """Most probable verdict on each of INTERPHASES."""
    case, _ = candidates.make_case(phases, Settings(), list(INTERPHASES))
    low, high, *_ = case.equilibria.conducting
    _, verdict = judge(against_anode.contact_energy(case), low, high)
    names = (*VERDICTS, "not known")
    return {formula: names[v] for formula, v in zip(INTERPHASES, verdict.tolist(), strict=True)}


def rows() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Kind, what, measured, table, anchored, which is nearer."""
    table, anchored = screen.load(), screen.load(energies="anchored")
    figures = [
        *(("formation", formula, volts) for formula, volts in FORMATION.items()),
        *(("plateau", f"{first} to {last}", volts) for first, last, volts in PLATEAUS),
        ("reduction", "H2O", WATER_V),
    ]
    found = [
        [*formation_voltages(p), *plateau_voltages(p), reduction_of_water(p)]
        for p in (table, anchored)
    ]
    for (kind, what, measured), plain, now in zip(figures, *found, strict=True):
        gain = abs(plain - measured) - abs(now - measured)
        nearer = "as good" if abs(gain) < 0.005 else "anchored" if gain > 0 else "table"
        yield kind, what, f"{measured:.2f}", f"{plain:.2f}", f"{now:.2f}", nearer
    seen = [interphases(p) for p in (table, anchored)]
    for formula, verdict in INTERPHASES.items():
        told = [one[formula] for one in seen]
        right = [one == verdict for one in told]
        nearer = "as good" if right[0] == right[1] else "anchored" if right[1] else "table"
        seen_as, plain_as, now_as = (text.replace("_", " ") for text in (verdict, *told))
        yield "interphase", formula, seen_as, plain_as, now_as, nearer


def main() -> None:
    """Print the comparison as Markdown."""
    print(markdown(("", "what", "measured", "table", "anchored", "nearer"), list(rows())))


if __name__ == "__main__":
    main()
