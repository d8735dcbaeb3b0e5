"""The literature: what cells with a given material have done, and rows that a user adds."""

from screen.literature.columns import ALLOWED, BRIEF, COLUMNS, NAMES, REQUIRED, Row
from screen.literature.rules import Fault, faults
from screen.literature.table import ANODE, add, digests, own_path, rows, to_columns

__all__ = [
    "ALLOWED",
    "ANODE",
    "BRIEF",
    "COLUMNS",
    "NAMES",
    "REQUIRED",
    "Fault",
    "Row",
    "add",
    "digests",
    "faults",
    "own_path",
    "rows",
    "to_columns",
]
