"""Pictures of single questions: windows, interfaces, stacks; drawn from the records of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screen.errors import UsageError
from screen.report.plot import COLOURS, drawn, staircase

MOST_PANELS = 4
_GREY = "#8A8A8A"
Record = Mapping[str, Any]


def windows(records: Sequence[Record], form: str) -> bytes:
    """Voltage profiles, or profiles against another element, side by side.

    Raises:
        UsageError: for the anode metal, which has none, and for too many.
    """
    if len(records) > MOST_PANELS:
        raise UsageError(
            f"--plot draws at most {MOST_PANELS} formulas side by side, not {len(records)}"
        )
    for record in records:
        if record.get("outcome") == "anode_metal":
            raise UsageError(f"--plot: {record['formula']} is the anode metal, and has no window")

    def fill(*panels: Any) -> None:
        for axes, record in zip(panels, records, strict=True):
            _window(axes, record)

    return drawn(fill, (1 + 4 * len(records), 3.8), form, len(records))


def _window(axes: Any, record: Record) -> None:
    """The profile of one formula."""
    name = record["formula"]
    if "anode" in record:
        states = [(s["v_high"], s["v_low"], s["anode_per_formula"]) for s in record["states"]]
        metal, unit = record["anode"], f"V against {record['anode']}"
    else:  # against an element the scale is minus its chemical potential
        states = [
            (-s["mu_low_ev"], -s["mu_high_ev"], s["uptake_per_formula"]) for s in record["states"]
        ]
        metal = record["reservoir"]
        unit = f"minus the chemical potential of {metal}, eV"
    staircase(axes, [(None if high == float("inf") else high, *rest) for high, *rest in states])
    axes.set(xlabel=f"{metal} taken up per formula unit of {name}", ylabel=unit, title=name)


def interface(record: Record, form: str) -> bytes:
    """The reaction energy at every mixing ratio, its kinks numbered and named by their products."""
    kinks = sorted(record["kinks"], key=lambda kink: float(kink["x_a"]))
    is_open = "mixing_ev_atom" in kinks[0]

    def fill(axes: Any) -> None:
        shares = [kink["x_a"] for kink in kinks]
        total = [kink["reaction_energy_ev_atom"] for kink in kinks]
        axes.plot(shares, total, "o-", color=COLOURS[0], markersize=4, label="reaction")
        if is_open:
            mixing = [kink["mixing_ev_atom"] for kink in kinks]
            axes.plot(shares, mixing, "--", color=COLOURS[1], label="what mixing adds")
            axes.legend(fontsize=7, frameon=False, loc="best")
        notes: list[str] = []
        for kink in kinks:
            if kink["equation"] is None:
                continue
            notes.append(f"{len(notes) + 1}  {kink['equation'].split(' -> ')[1]}")
            axes.annotate(
                str(len(notes)),
                (kink["x_a"], kink["reaction_energy_ev_atom"]),
                xytext=(4, -10),
                textcoords="offset points",
            )
        axes.text(1.03, 1.0, "\n".join(notes), transform=axes.transAxes, va="top", fontsize=7)
        axes.axhline(0, color=_GREY, linewidth=0.6)
        axes.set(
            xlabel=f"share of the atoms from {record['a']}",
            ylabel=_energy_label(record) if is_open else "reaction energy, eV/atom",
            xlim=(0, 1),
            title=f"{record['a']} with {record['b']}{_where(record)}",
        )

    return drawn(fill, (8, 3.8), form, 1)


def _energy_label(record: Record) -> str:
    element = record.get("anode") or record["reservoir"]
    return f"reaction energy, eV per atom that is not {element}"


def _where(record: Record) -> str:
    """What the interface is open to, in words."""
    if "anode" in record:
        return f", open to {record['anode']} at {record['voltage']:g} V"
    if "reservoir" in record:
        return f", open to {record['reservoir']} at {record['mu_ev']:g} eV"
    return ""


def scan(records: Sequence[Record], form: str) -> bytes:
    """The strongest reaction of an open interface at each voltage or chemical potential."""
    first = records[0]
    name = "voltage" if "anode" in first else "mu_ev"
    label = (
        f"V against {first['anode']}"
        if "anode" in first
        else f"chemical potential of {first['reservoir']}, eV"
    )

    def fill(axes: Any) -> None:
        at = [record[name] for record in records]
        total = [record["reaction_energy_ev_atom"] for record in records]
        mixing = [record["mixing"]["energy_ev_atom"] for record in records]
        axes.plot(at, total, color=COLOURS[0], label="strongest reaction")
        axes.plot(at, mixing, "--", color=COLOURS[1], label="the most that mixing adds")
        axes.axhline(0, color=_GREY, linewidth=0.6)
        axes.legend(fontsize=7, frameon=False, loc="best")
        title = f"{first['a']} with {first['b']}"
        axes.set(xlabel=label, ylabel=_energy_label(first), title=title)

    return drawn(fill, (6, 3.8), form, 1)


def stack(record: Record, form: str) -> bytes:
    """The voltage across anode metal, film and electrolyte, and what drives reactions there."""

    def fill(left: Any, right: Any) -> None:
        _across(left, record)
        _drives(right, record)

    return drawn(fill, (10, 3.8), form)


def _across(axes: Any, record: Record) -> None:
    """The voltage in the three layers, each as wide as the others."""
    at = record["electrolyte_at_v"]
    low, high = record["electrolyte_reduction_v"] or 0.0, record["electrolyte_oxidation_v"]
    top = max([0.5, low, at or 0.0]) * 1.3
    if at is None:
        axes.plot([0, 1], [0, 0], color=COLOURS[0], linewidth=1.6)
        axes.text(1.5, top / 2, "not known whether\nit blocks electrons", ha="center", fontsize=8)
    else:
        axes.plot([0, 1, 2, 3], [0, 0, at, at], color=COLOURS[0], linewidth=1.6)
        axes.text(2.95, at, f"{at:.2f} V", ha="right", va="top" if at > 0 else "bottom")
    axes.fill_between([2, 3], low, top if high is None else high, color=COLOURS[2], alpha=0.15)
    axes.text(2.05, low, f"window from {low:.2f} V", va="bottom", fontsize=8, color=COLOURS[2])
    for edge in (1, 2):
        axes.axvline(edge, color=_GREY, linewidth=0.6)
    names = [record["anode"], record["film"], record["electrolyte"]]
    axes.set_xticks([0.5, 1.5, 2.5], names)
    axes.tick_params(axis="x", length=0)
    axes.set(xlim=(0, 3), ylim=(-0.02 * top, top), ylabel=f"V against {record['anode']}")
    axes.set_title("Voltage across the layers, thickness not to scale")


def _drives(axes: Any, record: Record) -> None:
    """What film and bare metal drive the electrolyte to."""
    drives = [(record["film"], record["drive_ev_atom"])]
    drives.append((f"bare {record['anode']}", record["bare_drive_ev_atom"]))
    for i, (_, drive) in enumerate(drives):
        axes.bar(i, drive or 0.0, width=0.5, color=COLOURS[i])
        said = "not known" if drive is None else f"{drive:.3f}"
        axes.annotate(
            said, (i, drive or 0.0), xytext=(0, -10), textcoords="offset points", ha="center"
        )
    axes.set_xticks(range(len(drives)), [name for name, _ in drives])
    least = min(drive or 0.0 for _, drive in drives)
    axes.set(
        ylim=(min(least * 1.2, -0.1), 0.02),
        ylabel=f"reaction energy, eV per atom that is not {record['anode']}",
        title=f"What drives {record['electrolyte']} to react",
    )
