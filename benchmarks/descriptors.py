"""Every family on the whole table, and lattice misfit of 1,000 structures beside pymatgen's ZSL.

python -m benchmarks.descriptors
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa

from benchmarks.full_table import GAPS, MODULI
from benchmarks.machine import TABLE, describe, markdown, skip_without
from screen import candidates, descriptors
from screen.coincidence import faces
from screen.descriptors import lattice
from screen.phases import Phases
from screen.settings import Settings
from screen.sources import snapshot, user_files
from screen.structures import Crystal, shipped

ALLOWED_S, ALLOWED_LATTICE_S = 60, 240


def families(table: Path) -> None:
    """Seconds of each family on all phases of the table, the thermodynamics done beforehand."""
    phases = user_files.load(table, gaps=GAPS, moduli=MODULI)
    case = candidates.make_case(phases, Settings())[0]
    begin = perf_counter()
    assert case.equilibria.decompositions
    assert case.equilibria.contact_products
    rows = [("hulls and profiles", f"{perf_counter() - begin:.2f}")]
    total = 0.0
    for family in descriptors.families():
        begin = perf_counter()
        family.compute(case)
        spent = perf_counter() - begin
        rows.append((descriptors.name_of(family), f"{spent:.2f}"))
        total += spent if descriptors.name_of(family) != "interfaces" else 0
    rows.append((f"all but hulls, profiles and interfaces (at most {ALLOWED_S})", f"{total:.1f}"))
    print(markdown((f"{len(case):,} candidates", "s"), rows))


def misfit(count: int, pairs: int) -> None:
    """The family `lattice` on structures of a snapshot, and single pairs through pymatgen."""
    from pymatgen.analysis.interfaces.substrate_analyzer import (  # noqa: PLC0415
        SubstrateAnalyzer,
    )

    crystals = [c for c in shipped().values() if len(c.structure) <= 60]
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        _snapshot(crystals, count, random, path)
        phases = user_files.load(path)
        case = candidates.make_case(phases, Settings())[0]
        assert case.equilibria.contact_products
        begin = perf_counter()
        values = lattice.compute(case)
        ours = perf_counter() - begin
    found = int((~np.isnan(values.columns["coincidence_area_a2"])).sum())
    metal = next(c for c in crystals if c.formula == "Li")
    begin = perf_counter()
    for crystal in (crystals[i] for i in random.choice(len(crystals), pairs, replace=False)):
        list(SubstrateAnalyzer().calculate(crystal.structure, metal.structure, lowest=True))
    theirs = (perf_counter() - begin) / pairs
    each = ours / count
    print(
        markdown(
            ("lattice misfit on lithium", "structures", "s", "ms each", "ratio"),
            [
                ("symmetry, common cells", f"{count:,}", f"{ours:.1f}", f"{each * 1e3:.2f}", ""),
                (
                    "pymatgen's SubstrateAnalyzer, faces up to index 1",
                    f"{pairs}",
                    f"{theirs * pairs:.1f}",
                    f"{theirs * 1e3:.0f}",
                    f"{theirs / each:.0f}",
                ),
            ],
        )
    )
    print(f"\n{found} of {count} have a common cell; at most {ALLOWED_LATTICE_S} s are allowed.")
    cells = np.array([faces(c.lattice, c.centring) for c in crystals])
    print(f"{cells.shape[0]} different cells, each strained anew for the {count} structures.")


def _snapshot(crystals: list[Crystal], count: int, random: np.random.Generator, path: Path) -> None:
    """A table of lithium and `count` structures: shipped ones, each strained a little."""
    import json  # noqa: PLC0415

    texts, formulas = {}, []
    for i in range(count):
        crystal = crystals[i % len(crystals)]
        structure = crystal.structure.copy()
        structure.scale_lattice(structure.volume * (1 + random.uniform(-0.05, 0.05)))
        texts[f"own-{i}"] = json.dumps(structure.get_primitive_structure().as_dict())
        formulas.append(structure.composition.reduced_formula)
    elements = sorted({str(e) for c in crystals for e in c.structure.composition} | {"Li"})
    table = pa.table(
        {
            "id": [*elements, *texts],
            "formula": [*elements, *formulas],
            "formation_energy_ev_atom": [0.0] * len(elements) + [0.0] * count,
        }
    )
    Phases(table).write_parquet(path)
    snapshot.write_structures(snapshot.structures_beside(path), texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--structures", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=20, help="structures given to pymatgen")
    options = parser.parse_args()
    skip_without(options.table)
    print(describe() + "\n")
    families(options.table)
    print()
    misfit(options.structures, options.pairs)


if __name__ == "__main__":
    main()
