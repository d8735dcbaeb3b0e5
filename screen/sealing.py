"""The shipped tables as a whole: whether each is what it should be, and the digests that seal them.

What a table may hold is said in datasets.toml, or beside its reader; what it must hold so that the
others can be used, here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from screen import doubtful, literature, structures, tables, tried
from screen.composition import Compositions, parse_formula
from screen.energies import measured
from screen.errors import DataError, ScreenError, first_line
from screen.phases import Phases
from screen.ranking.roles import roles
from screen.sources import reference
from screen.tables import electrolytes_of, rows_of

READERS: Mapping[str, Callable[[], object]] = {
    "literature": literature.check_shipped,
    "structures": lambda: [crystal.structure for crystal in structures.shipped().values()],
    "doubtful_phases": doubtful.table,
    "tried_contacts": tried.table,
    "formation_enthalpies": lambda: measured.read(tables.rows_of(measured.TABLE)),
    "elements": tables.elements,
    "roles": roles,
    "reference_phases": reference.load,
}
"""Tables that hold more than a schema can say: who reads them whole, and so checks them."""


def check() -> int:
    """Hold every shipped table and model to its schema, its digest and its reader.

    Returns:
        How many there are.

    Raises:
        DataError: for the first that is wrong, with file, line and column.
    """
    sealed = tables.sealed_files()
    for file in sealed:
        tables.checked(file.stem, file.suffix)
    _check_schemas()
    _check_readers()
    return len(sealed)


def seal() -> tuple[int, list[str]]:
    """Check every shipped table, and write the digests of all into datasets.toml.

    Returns:
        How many files are sealed, and what the reference set does not cover of the tables, a line
        each.

    Raises:
        DataError: for the first that is wrong; then nothing is written.
    """
    toml = tables.DATA / "datasets.toml"
    before = toml.read_bytes()
    _check_schemas()
    tables.seal(tables.DATA)
    try:
        notes = list(_uncovered(_check_readers()))
    except BaseException:
        toml.write_bytes(before)
        tables.forget()
        raise
    return len(tables.sealed_files()), notes


def _check_schemas() -> None:
    found: list[str] = []
    for name in sorted(tables.datasets()):
        if "sha256" in tables.stanza_of(name) and not list(tables.DATA.glob(f"{name}.*")):
            found.append(f"datasets.toml: [{name}] has no file in {tables.DATA.name}/")
    for file in tables.sealed_files():
        tables.stanza_of(file.stem)
        if file.suffix == ".csv":
            found += tables.faults_of(file.stem)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise DataError(f"{found[0]}{more}")


def _check_readers() -> Phases:
    """Have every table read whole; the phases of the reference set."""
    for name, read in READERS.items():
        try:
            read()
        except ScreenError:
            raise
        except Exception as error:  # a reader may raise all there is
            raise DataError(f"{name} cannot be read: {first_line(error)}") from error
    phases = reference.load()
    _check_candidates(phases)
    for anode in reference.ANODES:
        columns: dict[str, str] = {}
        for electrolyte in electrolytes_of(anode):
            other = columns.setdefault(electrolyte.column, electrolyte.label)
            if other != electrolyte.label:
                raise DataError(
                    f"electrolytes.csv: {electrolyte.label} and {other} would share the column "
                    f"{electrolyte.column}; keep one"
                )
    return phases


def _check_candidates(phases: Phases) -> None:
    """Each needs its own phase, and every phase that competes with it and the anode metal."""
    mend = "rebuild the set with 'python -m screen build-reference SNAPSHOT'"
    lowest = dict(zip(phases.formulas, range(len(phases)), strict=True))
    for row in rows_of("candidates"):
        if row["formula"] not in lowest:
            raise DataError(
                f"candidates.csv: reference_phases.csv has no phase {row['formula']}, spelled so; "
                f"{mend}"
            )
    for anode in reference.ANODES:
        for named in reference.named_candidates(anode):
            if not phases.covers({*parse_formula(named.formula), anode}):
                raise DataError(
                    f"candidates.csv: the reference set does not hold every phase of "
                    f"{named.formula} with {anode}; {mend}"
                )


def _uncovered(phases: Phases) -> Iterator[str]:
    """Electrolytes without a phase, or whose reactions with some candidates cannot be told."""
    for anode in reference.ANODES:
        named = [{*parse_formula(c.formula), anode} for c in reference.named_candidates(anode)]
        for electrolyte in electrolytes_of(anode):
            own = {*parse_formula(electrolyte.formula)}
            row = phases.rows_of(Compositions.from_formulas([electrolyte.formula]))[0]
            if row < 0 and not electrolyte.note:
                yield (
                    f"electrolytes.csv: {electrolyte.label} has no energy of its own in the "
                    "reference set and stands at the hull of its composition; say so in its note"
                )
            lacking = sum(not phases.covers(elements | own) for elements in named)
            if lacking:
                yield (
                    f"electrolytes.csv: {electrolyte.label}: the reference set does not hold every "
                    f"phase of it with {lacking} of {len(named)} candidates for {anode}, whose "
                    "values stay missing until 'python -m screen build-reference SNAPSHOT'"
                )
