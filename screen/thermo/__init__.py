"""The thermodynamic kernel: small linear programs, compiled; pymatgen as the second opinion.

Raises:
    ScreenError: on import, where the compiled solver is missing.
"""

from screen.errors import ScreenError

try:
    import screen.thermo.simplex  # noqa: F401
except ModuleNotFoundError as missing:
    if missing.name != "screen.thermo.simplex":
        raise
    raise ScreenError(
        "the compiled solver of phase equilibria is missing: install the package, which compiles "
        "it (in a checkout: python -m pip install -e . ; it takes a C compiler)"
    ) from None
