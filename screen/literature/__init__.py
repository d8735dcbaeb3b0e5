"""The literature: what cells with a given material have done, and rows that a user adds."""

from screen.literature.columns import BRIEF, COLUMNS, FORMULAS, NAMES, REQUIRED, Row, allowed
from screen.literature.rules import Fault, RowsRefusedError, faults
from screen.literature.table import (
    ANODE,
    OWN,
    Joined,
    Table,
    check_shipped,
    joined,
    never_better,
    own_path,
    rows,
    table,
    template,
    to_columns,
)

__all__ = [
    "ANODE",
    "BRIEF",
    "COLUMNS",
    "FORMULAS",
    "NAMES",
    "OWN",
    "REQUIRED",
    "Fault",
    "Joined",
    "Row",
    "RowsRefusedError",
    "Table",
    "allowed",
    "check_shipped",
    "faults",
    "joined",
    "never_better",
    "own_path",
    "rows",
    "table",
    "template",
    "to_columns",
]
