"""Too little memory is said as such, whoever notices."""

from __future__ import annotations

import errno

import numpy as np
import pyarrow as pa
import pytest

from screen import sources
from screen.errors import is_lack_of_memory
from tests.test_cli import Cli, cli

__all__ = ["cli"]

LACKS = {
    "of Python": MemoryError(),
    "of numpy": np._core._exceptions._ArrayMemoryError((1,), np.dtype(float)),  # type: ignore[attr-defined]
    "of arrow": pa.lib.ArrowMemoryError("malloc of size 64 failed"),
    "of the system": OSError(errno.ENOMEM, "Cannot allocate memory"),
}


@pytest.mark.parametrize("name", LACKS)
def test_a_lack_of_memory_at_any_step(name: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_lack_of_memory(LACKS[name])

    def load(*_: object, **__: object) -> None:
        raise LACKS[name]

    monkeypatch.setattr(sources, "load", load)
    said = cli("window", "LiF")
    assert said.code == 3
    assert said.err.startswith("error: there is not enough memory; ")
    assert said.err.count("\n") == 1
