"""Functionals and corrections: what energies share a hull, as far as they say so themselves."""

from __future__ import annotations

import re

GGA = "GGA/GGA+U"
"""Scheme of runs with PBE, with and without a U, that do not say which corrections they carry."""
MP_GGA = "MP GGA/GGA+U (MP2020 corrections)"
MP_R2SCAN = "MP r2SCAN (no corrections)"
"""Schemes of the Materials Project."""
MIXED = "GGA/GGA+U mixed with r2SCAN"
"""Scheme of entries that carry the adjustments of a mixing scheme."""

_NAMES = {
    "gga": GGA,
    "pbe": GGA,
    "pe": GGA,
    "r2scan": "r2SCAN",
    "scan": "SCAN",
    "hse06": "HSE06",
    "hse": "HSE06",
    "lda": "LDA",
    "pbesol": "PBEsol",
}
_HUBBARD = re.compile(r"[\s_+-]*u$", re.IGNORECASE)


def functional_of_run(run_type: str) -> str:
    """The functional of a run by its type, as VASP and the Materials Project name them; any other
    name, such as that of a machine-learned potential, stands for itself.
    """
    plain = _HUBBARD.sub("", run_type.strip()) or run_type.strip()
    return _NAMES.get(plain.casefold(), run_type.strip())


def functional_of_scheme(scheme: str) -> str:
    """The functional that a scheme names; "" if it names none that is known."""
    if scheme == MIXED:
        return MIXED
    for word in re.findall(r"[\w+/]+", scheme.casefold()):
        for part in word.split("/"):
            plain = part.removesuffix("+u")
            if plain in _NAMES:
                return _NAMES[plain]
    return ""


def conflict(one: str | None, other: str | None) -> bool:
    """Whether two schemes, as far as they are stated, cannot be the same.

    A functional alone leaves open which corrections there are, and so fits any scheme of it.
    """
    if one is None or other is None or one == other:
        return False
    functionals = {functional_of_scheme(scheme) for scheme in (one, other)}
    same = len(functionals) == 1 and functionals != {""}
    return not (same and not functionals.isdisjoint((one, other)))


def settled(one: str | None, other: str | None) -> bool:
    """Whether two schemes are the same by what they say; a functional alone does not tell."""
    return one is not None and one == other != GGA
