"""`Phases`: the one table that every source makes and every station reads."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from screen.columns import Column, Texts
from screen.composition import (
    SYMBOLS,
    Compositions,
    FloatArray,
    IntArray,
    tidy_formulas,
    undoubled,
)
from screen.errors import DataError, did_you_mean
from screen.tables import sha256

_FROM_SOURCE = "as the source table gives it"

COLUMNS: tuple[Column, ...] = (
    Column("id", "id", "Identifier of the phase in its source.", _FROM_SOURCE, "text"),
    Column("formula", "formula", "Reduced chemical formula.", _FROM_SOURCE, "text"),
    Column(
        "formation_energy_ev_atom",
        "formation energy",
        "Energy of formation from the elements.",
        _FROM_SOURCE,
    ),
    Column(
        "scheme",
        "scheme",
        "Functional and energy corrections; one per table, since schemes do not mix on one hull.",
        _FROM_SOURCE,
        "text",
    ),
    Column("source", "source", "Data set that the energy comes from.", _FROM_SOURCE, "text"),
    Column(
        "property_source",
        "property source",
        "Data sets that gap and moduli come from, where not the energy's.",
        _FROM_SOURCE,
        "text",
    ),
    Column("database_version", "version", "Version of the source database.", _FROM_SOURCE, "text"),
    Column("licence", "licence", "Licence of the row.", _FROM_SOURCE, "text"),
    Column(
        "band_gap_ev",
        "band gap",
        "Band gap of the phase; where only the formula is known, the median over its polymorphs. "
        "PBE gaps are about 40 % below experiment.",
        _FROM_SOURCE,
    ),
    Column("band_gap_min_ev", "gap, least", "Smallest gap among polymorphs.", _FROM_SOURCE),
    Column("band_gap_max_ev", "gap, largest", "Largest gap among polymorphs.", _FROM_SOURCE),
    Column(
        "bulk_modulus_gpa",
        "bulk modulus",
        "Voigt-Reuss-Hill bulk modulus; the median where only the formula is known.",
        _FROM_SOURCE,
    ),
    Column(
        "shear_modulus_gpa",
        "shear modulus",
        "Voigt-Reuss-Hill shear modulus; the median where only the formula is known.",
        _FROM_SOURCE,
    ),
    Column("density_g_cm3", "density", "Mass density.", _FROM_SOURCE),
    Column("volume_a3_atom", "volume", "Volume per atom.", _FROM_SOURCE),
    Column("theoretical", "theoretical", "Never reported as made.", _FROM_SOURCE, "flag"),
    Column(
        "structure",
        "structure",
        "Where its crystal structure is: structures.csv, a CIF or POSCAR file, or a file of "
        "structures beside a snapshot.",
        _FROM_SOURCE,
        "text",
    ),
)

_TYPES = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_()}
SCHEMA = pa.schema([(column.name, _TYPES[column.kind]) for column in COLUMNS])
REQUIRED = ("formula", "formation_energy_ev_atom")

LOWEST_EV_ATOM, HIGHEST_EV_ATOM = -6.0, 25.0
"""No compound lies outside: the most stable, such as ThF4, are near -4.5 eV/atom."""

_EXECUTED = ("=", "+", "-", "@", "\t", "\r")
_POSITIVE = ("bulk_modulus_gpa", "shear_modulus_gpa", "density_g_cm3", "volume_a3_atom")


class Phases:
    """Compositions with formation energies of one scheme, and what else is known of each.

    Polymorphs are several rows of one formula. Every element that occurs has a row at 0 eV/atom.

    Args:
        table: columns by the names of `COLUMNS`; `formula` and `formation_energy_ev_atom` must be
            there, the others may be. Missing ids become the formula.
        name: what to call the table in errors, such as a file name.
        systems: sets of elements within which the table holds every competing phase;
            None if it holds them all.
        added: how many of the last rows a user added; they are candidates wherever they are.
        files: what the table was read from; none if it was made in memory.

    Raises:
        DataError: with one line on the first thing that is wrong.
    """

    UNSTATED = "not stated"
    before: Phases | None = None
    """The table that it was made from, if its energies were changed."""

    def __init__(
        self,
        table: pa.Table | Mapping[str, Any],
        *,
        name: str = "table",
        systems: Iterable[frozenset[str]] | None = None,
        added: int = 0,
        files: tuple[Path, ...] = (),
    ) -> None:
        self.name, self.added, self.files = name, added, files
        self.systems = None if systems is None else frozenset(systems)
        given = table if isinstance(table, pa.Table) else pa.table(dict(table))
        self._check_columns(given)
        try:
            formulas, self.compositions = tidy_formulas(given.column("formula").to_pylist())
        except DataError as error:
            raise DataError(f"{name}: {error}") from error
        self.formulas: list[str] = formulas
        self._has_ids = "id" in given.column_names
        self.table = self._complete(given)
        self._check_values()
        self._check_elements()

    def __repr__(self) -> str:
        """Short: where from, how many, which scheme."""
        return f"Phases of {self.name}: {len(self)} rows, {self.scheme}"

    def _check_columns(self, given: pa.Table) -> None:
        missing = [column for column in REQUIRED if column not in given.column_names]
        if missing:
            raise DataError(
                f"{self.name}: column {missing[0]!r} is missing; it has "
                f"{', '.join(given.column_names[:8])}"
            )
        unknown = [column for column in given.column_names if column not in SCHEMA.names]
        if unknown:
            hint = did_you_mean(unknown[0], SCHEMA.names, limit=3)
            raise DataError(f"{self.name}: unknown column {unknown[0]!r}; {hint}")
        if not given.num_rows:
            raise DataError(f"{self.name}: no rows; a table needs at least the elements")
        kind = given.schema.field("formula").type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise DataError(f"{self.name}: column 'formula' is {kind}, text is wanted")
        if given.column("formula").null_count:
            raise DataError(f"{self.name}: a row has no formula")

    def _complete(self, given: pa.Table) -> pa.Table:
        columns = []
        for field in SCHEMA:
            if field.name == "formula":
                columns.append(pa.array(self.formulas, pa.string()))
            elif field.name in given.column_names:
                column = given.column(field.name)
                try:
                    columns.append(column.cast(field.type))
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    raise DataError(
                        f"{self.name}: column {field.name!r} is {column.type}, which is no "
                        f"{field.type}: {error}"
                    ) from error
            elif field.name == "id":
                columns.append(pa.array(self.formulas, pa.string()))
            else:
                columns.append(pa.nulls(given.num_rows, field.type))
        return pa.table(columns, schema=SCHEMA).combine_chunks()

    def _check_values(self) -> None:
        energy = self.energy
        bad = np.flatnonzero(~np.isfinite(energy))
        if len(bad):
            raise DataError(
                f"{self.name}: {self._row(bad[0])}: formation energy is {energy[bad[0]]}; "
                f"{len(bad)} such row(s), each needs a finite number in eV/atom"
            )
        bad = np.flatnonzero((energy < LOWEST_EV_ATOM) | (energy > HIGHEST_EV_ATOM))
        if len(bad):
            raise DataError(
                f"{self.name}: {self._row(bad[0])}: {energy[bad[0]]:g} eV/atom is no formation "
                "energy; give energies relative to the elements, per atom, not totals or per "
                "formula unit"
            )
        schemes = self.table.column("scheme").unique().drop_null().to_pylist()
        if len(schemes) > 1 or (schemes and self.table.column("scheme").null_count):
            raise DataError(
                f"{self.name}: mixed correction schemes ({', '.join(schemes) or 'one'}"
                f"{' and rows without' if len(schemes) == 1 else ''}); energies of different "
                "schemes do not share a hull, choose one"
            )
        self._check_unique()
        self._check_texts()
        for column in _POSITIVE:
            values = self.numbers(column)
            bad = np.flatnonzero(~(np.isnan(values) | ((values > 0) & np.isfinite(values))))
            if len(bad):
                raise DataError(
                    f"{self.name}: {self._row(bad[0])}: {column} is {values[bad[0]]:g}; "
                    "leave it empty where it is not known"
                )
        low, gap, high = (self.numbers(f"band_gap{part}_ev") for part in ("_min", "", "_max"))
        bad = np.flatnonzero(
            (low < 0)
            | (gap < 0)
            | (gap < low)
            | (gap > high)
            | (low > high)
            | np.isinf(low)
            | np.isinf(gap)
            | np.isinf(high)
        )
        if len(bad):
            raise DataError(
                f"{self.name}: {self._row(bad[0])}: band gaps {low[bad[0]]:g}, {gap[bad[0]]:g}, "
                f"{high[bad[0]]:g} eV are not an ascending range of positive numbers"
            )

    def _check_texts(self) -> None:
        for name in (column.name for column in COLUMNS if column.kind == "text"):
            for value in self.table.column(name).unique().drop_null().to_pylist():
                if len(value) > 1 and value.startswith(_EXECUTED):
                    raise DataError(
                        f"{self.name}: {name} {value!r} begins with {value[0]!r}, which a "
                        "spreadsheet would execute; rename it"
                    )

    def _check_unique(self) -> None:
        if not self._has_ids:
            keys, first = np.unique(self.compositions.key, return_index=True)
            if len(keys) < len(self):
                twice = int(np.setdiff1d(np.arange(len(self)), first)[0])
                raise DataError(
                    f"{self.name}: {self._row(twice)} is a second row of one composition; keep the "
                    "lowest, or give polymorphs ids of their own in a column 'id'"
                )
            return
        ids = self.table.column("id")
        if ids.null_count:
            raise DataError(f"{self.name}: {ids.null_count} row(s) without an id")
        if len(ids.unique()) < len(ids):
            seen: set[str] = set()
            for value in ids.to_pylist():
                if value in seen:
                    raise DataError(
                        f"{self.name}: {value!r} occurs twice; polymorphs need ids of their own"
                    )
                seen.add(value)

    def _check_elements(self) -> None:
        wrong = without_reference(self.compositions, self.energy)
        if wrong:
            raise DataError(
                f"{self.name}: no reference at 0 eV/atom for {', '.join(wrong[:8])}; formation "
                "energies are relative to the elements, so each needs its row at zero"
            )

    def _row(self, i: int) -> str:
        return f"row {i + 1} ({self.formulas[i]})"

    def __len__(self) -> int:
        return len(self.formulas)

    def numbers(self, column: str) -> FloatArray:
        """A numeric column, NaN where missing."""
        values: FloatArray = self.table.column(column).to_numpy(zero_copy_only=False)
        return values.astype(float, copy=False)

    def texts(self, column: str) -> list[str]:
        """A text column, "" where missing."""
        return [value or "" for value in self.table.column(column).to_pylist()]

    def text(self, column: str, row: int) -> str:
        """One cell of a text column, "" where missing."""
        return self.table.column(column)[row].as_py() or ""

    @cached_property
    def names(self) -> Texts:
        """The formulas as an array, shape (phases,)."""
        return np.array(self.formulas, dtype=object)

    @cached_property
    def energy(self) -> FloatArray:
        """Formation energies, eV/atom, shape (phases,)."""
        return self.numbers("formation_energy_ev_atom")

    @property
    def scheme(self) -> str:
        """The correction scheme of all rows, or "not stated"."""
        return self.table.column("scheme")[0].as_py() or self.UNSTATED

    @cached_property
    def _by_key(self) -> tuple[IntArray, Any]:
        order = np.lexsort((self.energy, self.compositions.key))
        return order, self.compositions.key[order]

    def rows_of(self, compositions: Compositions) -> IntArray:
        """Row of the lowest phase of each composition, -1 where the table has none."""
        order, keys = self._by_key
        at = np.minimum(np.searchsorted(keys, compositions.key), len(keys) - 1)
        return np.where(keys[at] == compositions.key, order[at], -1)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Every element that occurs."""
        return frozenset(SYMBOLS[e] for e in np.unique(self.compositions.element))

    def covers(self, elements: Iterable[str]) -> bool:
        """Whether every phase that could form from these elements is in the table."""
        wanted = frozenset(elements)
        if self.systems is None:
            return wanted <= self.symbols
        return any(wanted <= system for system in self._systems_with(wanted))

    def _systems_with(self, wanted: frozenset[str]) -> Sequence[frozenset[str]]:
        """The systems that may hold all of some elements: those with the rarest of them."""
        by_element = self._systems_by_element
        return min((by_element.get(symbol, []) for symbol in wanted), key=len, default=[])

    @cached_property
    def _systems_by_element(self) -> dict[str, list[frozenset[str]]]:
        found: dict[str, list[frozenset[str]]] = {}
        for system in self.systems or ():
            for symbol in system:
                found.setdefault(symbol, []).append(system)
        return found

    def select(self, rows: IntArray | Sequence[int]) -> pa.Table:
        """The chosen rows as a table."""
        return self.table.take(pa.array(rows, pa.int64()))

    def digests(self) -> list[tuple[str, str]]:
        """Name and sha256 of each file that the table was read from; of one made in memory, of
        its values.
        """
        if self.files:
            return [(path.name, sha256(path)) for path in self.files]
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, self.table.schema) as writer:
            writer.write_table(self.table)
        return [("values", hashlib.sha256(sink.getvalue()).hexdigest())]

    def write_parquet(self, path: Path) -> None:
        """Write the table; the same table gives the same bytes."""
        pa.parquet.write_table(self.table, path, compression="zstd")

    def write_csv(self, path: Path) -> None:
        """Write the table; numbers in their shortest exact form, formulas reduced."""
        table = self.table
        for name in ("id", "formula"):
            texts = pa.array([undoubled(text) for text in self.texts(name)], pa.string())
            table = table.set_column(table.schema.get_field_index(name), name, texts)
        pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))

    def to_entries(self) -> list[Any]:
        """pymatgen PDEntry objects, one per row, with the id as name."""
        from pymatgen.analysis.phase_diagram import PDEntry  # noqa: PLC0415 (takes seconds)
        from pymatgen.core import Composition  # noqa: PLC0415

        return [
            PDEntry(Composition(counts), energy * sum(counts.values()), name=name)
            for counts, energy, name in zip(
                self.compositions, self.energy.tolist(), self.texts("id"), strict=True
            )
        ]


def without_reference(compositions: Compositions, energy: FloatArray) -> list[str]:
    """Elements that occur without their lowest phase at 0 eV/atom."""
    pure = compositions.size == 1
    lowest = np.full(len(SYMBOLS), np.inf)
    np.minimum.at(lowest, compositions.element[compositions.start[:-1][pure]], energy[pure])
    return [SYMBOLS[e] for e in np.unique(compositions.element) if lowest[e] != 0.0]
