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
from screen.sources import schemes

ENDPOINT = "https://api.materialsproject.org/"
GGA, R2SCAN = "GGA_GGA+U", "R2SCAN"
SCHEME_OF = {GGA: schemes.MP_GGA, R2SCAN: schemes.MP_R2SCAN}
"""What their energies share, of each kind of thermo document that can be pulled."""
_MIXED = "GGA_GGA+U_R2SCAN"
GNOME = "gnome_r2scan_statics"
KEY_LENGTH = 32
_URL_CHARACTERS = 3500
_ASKED_AS = {GGA: GGA, R2SCAN: "r2SCAN"}
"""As mp-api asks; documents may have either spelling."""

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
        thermo_type: which energies, by the API's name of their kind; never two kinds in one pull.
    """

    systems: tuple[tuple[str, ...], ...] = ()
    gnome: bool = False
    properties: tuple[tuple[str, str], ...] = ()
    thermo_type: str = GGA

    @classmethod
    def of(
        cls,
        chemsys: Iterable[str],
        *,
        gnome: bool = False,
        properties: tuple[tuple[str, str], ...] = (),
        thermo_type: str = GGA,
    ) -> Query:
        """From systems such as Li-P-S.

        Raises:
            UsageError: for an element that is none, or energies that cannot be pulled.
        """
        kind = checked_thermo_type(thermo_type)
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
        return cls(tuple(sorted(set(systems))), gnome, properties, kind)

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
    def scheme(self) -> str:
        """The scheme of its energies."""
        return SCHEME_OF[self.thermo_type]

    @property
    def name(self) -> str:
        """Tells its snapshots from those of other queries; "" for everything by GGA/GGA+U."""
        kind = "" if self.thermo_type == GGA else f"-{self.thermo_type.lower()}"
        return kind if self == Query(thermo_type=self.thermo_type) else f"{kind}-{self.digest}"

    @property
    def digest(self) -> str:
        """Names the folder of the pull."""
        text = json.dumps([asdict(self), SUMMARY_FIELDS, THERMO_FIELDS])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def checked_thermo_type(given: str) -> str:
    """The kind of energies that a user names, in any case of letters.

    Raises:
        UsageError: for the mixed kind, with the reason, and for one that does not exist.
    """
    allowed = " or ".join(SCHEME_OF)
    if given.casefold() == _MIXED.casefold():
        raise UsageError(
            f"--thermo-type {given}: mixed energies are adjusted for one chemical system at a time "
            f"and do not share a hull with those of other systems; take {allowed}"
        )
    for kind in SCHEME_OF:
        if kind.casefold() == given.casefold():
            return kind
    raise UsageError(f"--thermo-type {given}: allowed are {allowed}")


def criteria_of(query: Query, criteria: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What to ask each route for; names only where the summary is not of all materials."""
    every = {**criteria, "deprecated": False}
    if not query.gnome:
        every["batch_id_not_eq"] = GNOME
    asked = {
        "summary": {**every, **dict(query.properties)},
        "thermo": {**criteria, "thermo_types": [_ASKED_AS[query.thermo_type]]},
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
