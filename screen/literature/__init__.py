"""The literature: what cells with a given material have done, and rows that a user adds."""

from screen.literature.columns import BRIEF, COLUMNS, FORMULAS, NAMES, REQUIRED, Row, allowed
from screen.literature.rules import Fault, faults
from screen.literature.table import ANODE, add, check_shipped, digests, own_path, rows, to_columns

__all__ = [
    "ANODE",
    "BRIEF",
    "COLUMNS",
    "FORMULAS",
    "NAMES",
    "REQUIRED",
    "Fault",
    "Row",
    "add",
    "allowed",
    "check_shipped",
    "digests",
    "faults",
    "own_path",
    "rows",
    "to_columns",
]
