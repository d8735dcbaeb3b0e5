"""The anode metal on the candidate's surfaces: adsorption, adhesion, wetting, where asked for."""

from __future__ import annotations

from collections.abc import Sequence

from screen.atomistic.jobs import Result
from screen.atomistic.wetting import KIND
from screen.columns import Column, Values
from screen.descriptors import structure_runs
from screen.descriptors.case import Case
from screen.settings import Settings

_SOURCE = "only with --surface: slabs relaxed with settings.calculator; atomistic/wetting.py"


COLUMNS: tuple[Column, ...] = (
    Column(
        "surface_energy_j_m2",
        "surface energy",
        "Energy of the lowest of the low-index faces that have a slab with two like sides; "
        "polar faces have none.",
        _SOURCE,
    ),
    Column(
        "adsorption_energy_ev",
        "adsorption",
        "Energy to bring one atom from the bulk anode metal onto the surface, lowest over "
        "faces and sites; negative: it would rather sit there than on more of its kind. "
        "Potentials of bulk crystals bind a lone atom on an insulator far too strongly.",
        _SOURCE,
    ),
    Column("adsorption_face", "onto", "Face and site of that energy.", _SOURCE, "text"),
    Column(
        "work_of_adhesion_j_m2",
        "work of adhesion",
        "Energy per area to part the anode metal from the candidate, lowest-energy faces that "
        "share a cell.",
        _SOURCE,
    ),
    Column(
        "wetting_cosine",
        "wetting cosine",
        "Cosine of the contact angle of the anode metal by Young and Dupre: work of adhesion "
        "over the metal's surface energy, less one; from 1 on it spreads.",
        _SOURCE,
        dimensionless=True,
        rounding=2,
    ),
    Column("adhesion_faces", "faces", "The two faces that were joined.", _SOURCE, "text"),
    Column(
        "adhesion_strain_fraction",
        "strain",
        "Largest strain of the anode metal in the cell that both share.",
        _SOURCE,
    ),
)


def asked(settings: Settings) -> bool:
    """Whether a run computes this family."""
    return settings.surface


def compute(case: Case, computed: Sequence[Result] | None = None) -> Values:
    """Surfaces of the candidates that have a structure.

    Args:
        computed: results of the runs; none: they are made here.
    """
    return structure_runs.values_of(case, KIND, COLUMNS, computed)
