"""What a candidate does between the anode metal and an electrolyte, in words, from its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screen import verdicts
from screen.formatting import quantity

FILM = "protects"
"""The column that roles show whose candidates are films."""


def with_anode(row: Mapping[str, Any]) -> str:
    """The most likely interphase with its probability, and those of the others."""
    return verdicts.said(row.get("interphase"), row)


def as_film(row: Mapping[str, Any]) -> str:
    """The classes of electrolyte that a film of it protects, in a sentence; "" if none was asked
    about.
    """
    beside, drive = row.get("best_class"), row.get("drive_best_ev_atom")
    if not beside or drive is None:
        return ""
    least = quantity(drive, "drive_best_ev_atom")
    if not row[FILM]:
        beside = beside.replace("_", " ")
        return f"As a film protects no class of electrolyte; least drive {least}, with {beside}."
    kept = row["protection_best_fraction"]
    share = "" if kept is None else f"; keeps off up to {kept:.0%} of what the bare metal would do"
    return f"As a film protects {row[FILM]} electrolytes; least drive {least}{share}."
