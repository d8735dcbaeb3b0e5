"""The thermodynamic kernel: small linear programs, compiled; pymatgen as the second opinion.

Raises:
    ScreenError: on import, where the compiled solver is missing.
"""

from screen.errors import ScreenError

try:
    import screen.thermo.simplex
    import screen.thermo.subsets  # noqa: F401
except ModuleNotFoundError as missing:
    if missing.name not in ("screen.thermo.simplex", "screen.thermo.subsets"):
        raise
    raise ScreenError(
        "the compiled solver of phase equilibria is missing: install the package, which compiles "
        "it (in a checkout: python -m pip install -e . ; it takes a C compiler)"
    ) from None
