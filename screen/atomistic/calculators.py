"""ASE calculators by name: CHGNet, ASE's own EMT, or one of the user's."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from screen.atomistic.jobs import NoAnswerError
from screen.errors import UsageError, did_you_mean

PACKAGES = {"chgnet": "chgnet", "emt": "ase"}
"""The calculators known by name, and the package that each comes with."""


def check_name(name: str) -> None:
    """Refuse a name that can be none.

    Raises:
        UsageError: for a name that is neither known nor of the form module:function.
    """
    module, _, function = name.partition(":")
    if name not in PACKAGES and not (module and function.isidentifier()):
        hint = did_you_mean(name, PACKAGES)
        raise UsageError(f"unknown calculator {name!r}; {hint}, or module:function")


def version_of(name: str) -> str:
    """What tells one version of a calculator from another; empty if it is not there.

    Of a package its version, of a user's module the digest of its file.
    """
    if name in PACKAGES:
        try:
            return importlib.metadata.version(PACKAGES[name])
        except importlib.metadata.PackageNotFoundError:
            return ""
    try:
        spec = importlib.util.find_spec(name.partition(":")[0])
        return hashlib.sha256(Path(str(spec and spec.origin)).read_bytes()).hexdigest()[:16]
    except (ImportError, OSError, ValueError):
        return ""


@cache
def calculator(name: str) -> Any:
    """An ASE calculator, made once in each process.

    Raises:
        NoAnswerError: if it is not installed or cannot be made.
    """
    try:
        if name == "chgnet":
            return _chgnet()
        if name == "emt":
            from ase.calculators.emt import EMT  # noqa: PLC0415

            return EMT()
        module, _, function = name.partition(":")
        return getattr(importlib.import_module(module), function)()
    except ImportError as error:
        extra = "; pip install 'screen-anode-interfaces[mlip]'" if name == "chgnet" else ""
        raise NoAnswerError(f"{name} is not installed{extra}", keep=False) from error
    except Exception as error:
        said = (str(error).strip() or type(error).__name__).split("\n")[0][:80]
        raise NoAnswerError(f"{name} gives no calculator ({said})", keep=False) from error


def _chgnet() -> Any:
    """CHGNet with the weights of its package, on one thread: sums do not depend on the machine."""
    import torch  # noqa: PLC0415
    from chgnet.model.dynamics import CHGNetCalculator  # noqa: PLC0415

    torch.set_num_threads(1)
    return CHGNetCalculator(use_device="cpu", on_isolated_atoms="ignore")
