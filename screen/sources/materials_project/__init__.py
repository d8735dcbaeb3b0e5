"""The Materials Project through the real mp-api client, or from its open tables without a key: page
by page, polite, resumable.

Energies come from the thermo route, of one thermo type in a pull; the summary's energies mix three
hulls and are never asked for.
"""

from screen.sources.materials_project.client import Server, answers
from screen.sources.materials_project.documents import to_phases
from screen.sources.materials_project.open_pull import pages_of, pull_open_data
from screen.sources.materials_project.open_tables import Bucket
from screen.sources.materials_project.pull import (
    Pages,
    Progress,
    pull_snapshot,
    pull_structures,
)
from screen.sources.materials_project.query import Query, endpoint_from, key_from
from screen.sources.materials_project.usable import normal_id

__all__ = [
    "Bucket",
    "Pages",
    "Progress",
    "Query",
    "Server",
    "answers",
    "endpoint_from",
    "key_from",
    "normal_id",
    "pages_of",
    "pull_open_data",
    "pull_snapshot",
    "pull_structures",
    "to_phases",
]
