"""Does its lattice fit the anode metal's: the smallest common cell of low-index faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screen.coincidence import FACES, faces, smallest
from screen.columns import Column, Texts, Values
from screen.composition import Compositions, FloatArray, IntArray
from screen.descriptors.case import Case
from screen.structures import UNKNOWN, shipped

_METHOD = "superlattices of faces with no index beyond 1 (Zur and McGill, JAP 55, 378, 1984)"
_LIMITS = "settings.coincidence_strain, settings.coincidence_area_a2"


def _coincidence(prefix: str, what: str) -> tuple[Column, ...]:
    whose = "product's " if prefix else ""
    return (
        Column(
            f"{prefix}coincidence_area_a2",
            f"{whose}common cell",
            f"Area of the smallest cell that a face of {what} shares with one of the anode metal. "
            "Small: the metal can grow on it in register.",
            f"{_METHOD}; {_LIMITS}",
        ),
        Column(
            f"{prefix}coincidence_strain_fraction",
            f"{whose}misfit",
            "Largest principal strain of the anode metal in that cell.",
            _METHOD,
        ),
        Column(
            f"{prefix}coincidence_faces",
            f"{whose}faces",
            f"The two faces: that of {what} first.",
            _METHOD,
            "text",
        ),
    )


COLUMNS: tuple[Column, ...] = (
    Column("space_group", "space group", "Hermann-Mauguin symbol.", "its structure", "text"),
    Column("structure_source", "structure from", "Origin of the structure.", "its source", "text"),
    *_coincidence("", "the candidate"),
    Column(
        "main_contact_product",
        "main contact product",
        "The contact product of the largest share, the anode metal left out.",
        "contact_products",
        "text",
    ),
    *_coincidence("product_", "the main contact product"),
)


def compute(case: Case) -> Values:
    """Common cells of each candidate, and of what it becomes, with the anode metal."""
    values = Values(len(case))
    product = _main_products(case)
    # Each phase once, however many candidates turn into it.
    phases, place = np.unique(np.concatenate([case.rows, product]), return_inverse=True)
    fits = _fits(case, phases)
    own, products = place[: len(case)], place[len(case) :]
    for name, texts in (("space_group", fits.space_group), ("structure_source", fits.source)):
        values.add(name, texts[own], fits.no_structure[own])
    _add(values, "", fits, own)
    names = [case.phases.formulas[row] if row >= 0 else "" for row in product.tolist()]
    nothing = f"nothing but {case.anode.symbol} is there"
    values.add("main_contact_product", np.array(names, dtype=object), nothing)
    _add(values, "product_", fits, products, np.where(product < 0, nothing, "").astype(object))
    return values


def _main_products(case: Case) -> IntArray:
    """Row of the contact product of the largest share but the anode metal; -1 if there is none."""
    mixtures, share = case.equilibria.contact_products, case.equilibria.contact_shares
    bare = case.phases.compositions
    metal = (bare.size == 1) & (bare.amount_of(case.anode.element) > 0)
    share = np.where(metal[mixtures.phase], -1.0, share.round(9))
    owner = np.repeat(np.arange(len(case)), np.diff(mixtures.start))
    order = np.lexsort((bare.key[mixtures.phase], -share, owner))
    _, first = np.unique(owner[order], return_index=True)
    best = order[first]
    return np.where(share[best] >= 0, mixtures.phase[best], -1)


@dataclass(frozen=True)
class _Fits:
    """Structure and common cell of some phases, with reasons."""

    space_group: Texts
    source: Texts
    no_structure: Texts
    area: FloatArray
    strain: FloatArray
    faces: Texts
    no_cell: Texts


def _fits(case: Case, rows: IntArray) -> _Fits:
    texts = [np.full(len(rows), "", dtype=object) for _ in range(5)]
    space_group, source, no_structure, pairs, no_cell = texts
    area, strain = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    settings, symbol = case.settings, case.anode.symbol
    found, cells = [], []
    stated = np.asarray(case.phases.table.column("structure").is_valid())[rows]
    no_structure[:] = UNKNOWN
    for i in np.flatnonzero((rows < 0) | stated).tolist():
        crystal, no_structure[i] = case.crystal(int(rows[i]))
        if crystal is not None:
            space_group[i], source[i] = crystal.space_group, crystal.source
            found.append(i)
            cells.append(faces(crystal.lattice, crystal.centring))
    no_cell[:] = no_structure
    metal = shipped().get(int(Compositions.from_formulas([symbol]).key[0]))
    if metal is None:
        no_cell[found] = f"structures.csv does not hold {symbol}"
    elif found:
        base = faces(metal.lattice, metal.centring)
        best = smallest(
            np.array(cells), base, settings.coincidence_area_a2, settings.coincidence_strain
        )
        area[found], strain[found] = best.area, best.strain
        no_cell[found] = (
            f"no common cell with {symbol} below {settings.coincidence_area_a2:g} Å² and "
            f"{settings.coincidence_strain:.0%} strain"
        )
        pairs[found] = [
            f"{_text(one)} on {symbol}{_text(other)}" if one >= 0 else ""
            for one, other in zip(best.face.tolist(), best.substrate_face.tolist(), strict=True)
        ]
    return _Fits(space_group, source, no_structure, area, strain, pairs, no_cell)


def _text(face: int) -> str:
    return "(" + " ".join(map(str, FACES[face])) + ")"


def _add(
    values: Values, prefix: str, fits: _Fits, at: IntArray, sooner: Texts | None = None
) -> None:
    reason = fits.no_cell[at]
    if sooner is not None:
        reason = np.where(sooner != "", sooner, reason)
    values.add(f"{prefix}coincidence_area_a2", fits.area[at], reason)
    values.add(f"{prefix}coincidence_strain_fraction", fits.strain[at], reason)
    values.add(f"{prefix}coincidence_faces", fits.faces[at], reason)
