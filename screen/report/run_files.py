"""What the folder of a finished run holds, read back: what page, short list and comparison take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from screen.columns import Column


@dataclass(frozen=True)
class RunFiles:
    """The content of a run folder.

    Attributes:
        columns: the data dictionary, one entry per column of the ranked table.
        ranked: rows of all roles, role by role, best first.
        cards: what the tables do not hold of the candidates on the page.
    """

    manifest: dict[str, Any]
    columns: list[dict[str, Any]]
    ranked: pa.Table
    gaps: pa.Table
    cards: dict[str, Any]

    @property
    def declared(self) -> dict[str, Column]:
        """The columns of the ranked table, by name."""
        return {
            c["name"]: Column(
                c["name"],
                c["label"],
                c["meaning"],
                c["source"],
                c["kind"],
                rounding=c.get("decimals"),
            )
            for c in self.columns
        }
