"""What to ask the Materials Project, where, and with which key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from screen.composition import INDEX
from screen.errors import NetworkError, UsageError, did_you_mean

ENDPOINT = "https://api.materialsproject.org/"
THERMO_TYPE = "GGA_GGA+U"
GNOME = "gnome_r2scan_statics"
KEY_LENGTH = 32
_URL_CHARACTERS = 3500

SUMMARY_FIELDS = (
    "material_id formula_pretty band_gap theoretical density volume nsites bulk_modulus "
    "shear_modulus builder_meta"
).split()
NAME_FIELDS = "material_id formula_pretty builder_meta".split()
THERMO_FIELDS = "material_id formation_energy_per_atom thermo_type".split()


@dataclass(frozen=True)
class Query:
    """What to pull.

    Attributes:
        systems: chemical systems, each with all its subsystems; none: everything.
        gnome: with the GNoME materials, whose licence forbids commercial use.
        properties: criteria of the API for the materials whose properties come too; energies come
            for all, since all compete.
    """

    systems: tuple[tuple[str, ...], ...] = ()
    gnome: bool = False
    properties: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        chemsys: Iterable[str],
        *,
        gnome: bool = False,
        properties: tuple[tuple[str, str], ...] = (),
    ) -> Query:
        """From systems such as Li-P-S.

        Raises:
            UsageError: for an element that is none.
        """
        systems = []
        for text in chemsys:
            symbols = tuple(sorted({part.strip() for part in text.split("-")}))
            unknown = [symbol for symbol in symbols if symbol not in INDEX]
            if unknown:
                hint = did_you_mean(unknown[0], INDEX, limit=3)
                raise UsageError(
                    f"chemical system {text!r}: unknown element {unknown[0]!r}; {hint}"
                )
            systems.append(symbols)
        return cls(tuple(sorted(set(systems))), gnome, properties)

    def fields(self, route: str) -> list[str]:
        """What to ask of each document."""
        return {"summary": SUMMARY_FIELDS, "names": NAME_FIELDS, "thermo": THERMO_FIELDS}[route]

    def parts(self) -> list[dict[str, Any]]:
        """Criteria, one request series each; lists of systems are cut to a sendable length."""
        if not self.systems:
            return [{}]
        names = {
            "-".join(part)
            for system in self.systems
            for size in range(1, len(system) + 1)
            for part in combinations(system, size)
        }
        parts: list[list[str]] = [[]]
        for name in sorted(names):
            if sum(map(len, parts[-1])) + len(parts[-1]) + len(name) > _URL_CHARACTERS:
                parts.append([])
            parts[-1].append(name)
        return [{"chemsys": part} for part in parts]

    @property
    def digest(self) -> str:
        """Names the folder of the pull."""
        text = json.dumps([asdict(self), SUMMARY_FIELDS, THERMO_FIELDS, THERMO_TYPE])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def criteria_of(query: Query, criteria: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What to ask each route for; names only where the summary is not of all materials."""
    every = {**criteria, "deprecated": False}
    if not query.gnome:
        every["batch_id_not_eq"] = GNOME
    asked = {
        "summary": {**every, **dict(query.properties)},
        "thermo": {**criteria, "thermo_types": [THERMO_TYPE]},
    }
    return {**asked, "names": every} if query.properties else asked


def key_from(environment: Mapping[str, str]) -> str:
    """The key, from MP_API_KEY.

    Raises:
        NetworkError: if there is none, or it cannot be one.
    """
    key = environment.get("MP_API_KEY", "").strip()
    if not key:
        raise NetworkError(
            "no key: set MP_API_KEY to yours (from the dashboard of materialsproject.org); "
            "everything but 'pull' works without"
        )
    if len(key) != KEY_LENGTH:
        raise NetworkError(
            f"MP_API_KEY has {len(key)} characters, a key of the current API has {KEY_LENGTH}; "
            "keys of the old API do not work"
        )
    return key


def endpoint_from(environment: Mapping[str, str], given: str | None = None) -> str:
    """Where to ask: as given, by MP_API_ENDPOINT, or the public address.

    Raises:
        UsageError: for an address over which the key would travel in the clear.
    """
    endpoint = (given or environment.get("MP_API_ENDPOINT") or ENDPOINT).rstrip("/") + "/"
    address = urlsplit(endpoint)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UsageError(
            f"endpoint {endpoint}: https only, since the key travels with each request"
        )
    return endpoint
