"""The open bucket of the Materials Project: its collections as Delta tables, read without a key.

A table is read at one version, the newest or the one that a pull began with: the log of the table
says which files belong to it. Of these the columns that are needed are read, some groups of rows at
a time. mp-api reads the same tables (`_query_delta_backed`), but all columns of all versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from screen.errors import DataError, NetworkError, UsageError, first_line
from screen.outside import is_file_name
from screen.settings import PullSettings

BUCKET = "materialsproject-build"
REGION = "us-east-1"
VERSION = "version"
"""The column that holds the database version of each row; files may be sorted by it."""
ROWS = 25_000
"""At most so many rows are read and kept at a time, or one group of the file if it has more."""

_TEXT, _NUMBER, _FLAG, _MODULUS = "text", "number", "true or false", "numbers by name"
_ARROW = {
    _TEXT: ("string", "large_string", "string_view"),
    _NUMBER: ("floating", "integer"),
    _FLAG: ("boolean",),
}
NEEDED = {
    "summary": {
        "material_id": _TEXT,
        "formula_pretty": _TEXT,
        "chemsys": _TEXT,
        "deprecated": _FLAG,
        "builder_meta.license": _TEXT,
        "builder_meta.batch_id": _TEXT,
        "band_gap": _NUMBER,
        "theoretical": _FLAG,
        "density": _NUMBER,
        "volume": _NUMBER,
        "nsites": _NUMBER,
        "bulk_modulus": _MODULUS,
        "shear_modulus": _MODULUS,
    },
    "thermo": {
        "material_id": _TEXT,
        "chemsys": _TEXT,
        "thermo_type": _TEXT,
        "formation_energy_per_atom": _NUMBER,
    },
}
"""Columns of each collection, and what they hold in emmet-core's documents."""
_HARMLESS = {"timestampNtz", "vacuumProtocolCheck", "v2Checkpoint", "domainMetadata"}
"""What a table may ask of its readers that does not change what its files say."""


@dataclass(frozen=True)
class Bucket:
    """The bucket, asked without a key.

    Attributes:
        endpoint: address of another S3 service; none: that of Amazon.
        settings: how long to wait, and how often to ask.
    """

    settings: PullSettings = field(default_factory=PullSettings)
    endpoint: str | None = None
    name: str = BUCKET

    def __post_init__(self) -> None:
        address = urlsplit(self.endpoint or "https://s3")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"endpoint {self.endpoint}: an address such as https://s3.example.org")

    def open(self, collection: str, version: int | None = None) -> OpenTable:
        """A collection at a version of its table; none: the newest.

        Raises:
            NetworkError: if it is not there, or does not answer.
            DataError: if it is laid out otherwise, or its version has gone.
        """
        from deltalake import DeltaTable  # noqa: PLC0415 (half a second)

        uri = f"s3a://{self.name}/collections/{collection}/"
        try:
            found = DeltaTable(uri, version=version, storage_options=self._options())
        except Exception as error:  # Delta's own classes say less than their texts
            raise self._fault(error, f"the table {collection}", version) from error
        return OpenTable.of(self, collection, found)

    def file(self, path: str) -> Any:
        """One object, open to be read by ranges."""
        from pyarrow import fs  # noqa: PLC0415

        address = urlsplit(self.endpoint or "")
        elsewhere = {"endpoint_override": address.netloc, "scheme": address.scheme}
        system = fs.S3FileSystem(
            anonymous=True,
            region=REGION,
            request_timeout=self.settings.timeout_s,
            connect_timeout=self.settings.timeout_s,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=self.settings.attempts),
            **(elsewhere if self.endpoint else {}),
        )
        return system.open_input_file(f"{self.name}/{path}")

    def reading(self, what: str, version: int, read: Callable[[], Any]) -> Any:
        """What a read gives.

        Raises:
            NetworkError, DataError: in one line, if it cannot be had.
        """
        try:
            return read()
        except (DataError, NetworkError, MemoryError):
            raise
        except Exception as error:  # of pyarrow: OSError, ArrowException, KeyError
            raise self._fault(error, what, version) from error

    def _options(self) -> dict[str, str]:
        seconds = f"{self.settings.timeout_s:g}s"
        options = {
            "AWS_SKIP_SIGNATURE": "true",
            "AWS_REGION": REGION,
            "timeout": seconds,
            "connect_timeout": seconds,
            "max_retries": str(self.settings.attempts),
            "retry_timeout": f"{self.settings.longest_wait_s:g}s",
        }
        if self.endpoint is not None:
            plain = "true" if self.endpoint.startswith("http:") else "false"
            options |= {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": plain}
        return options

    def _fault(self, error: Exception, what: str, version: int | None) -> Exception:
        """The one line for what a library raised."""
        text, where = str(error), f"the open bucket {self.name}"
        if re.search(r"SlowDown|SLOW_DOWN|\b(429|503)\b", text):
            return NetworkError(
                f"{where} limits the rate ({what}); what came so far is kept, run the same command "
                "again in some minutes"
            )
        if re.search(r"\b403\b|Forbidden|ACCESS_DENIED", text):
            return NetworkError(
                f"{where} is not open to this address ({what}); pull with a key and without "
                "--open-data"
            )
        if version is not None and (
            isinstance(error, FileNotFoundError) or re.search(r"LogSegment|[Vv]ersion|404", text)
        ):
            return DataError(
                f"version {version} of {what} of {where} is gone; run with --restart to begin anew "
                "with the newest"
            )
        if type(error).__name__ == "TableNotFoundError" or re.search(r"404|No files in log", text):
            return NetworkError(
                f"{where} has no {what.removeprefix('the ')} where it was; pull with a key and "
                "without --open-data"
            )
        if isinstance(error, pa.ArrowException | KeyError) and not isinstance(error, OSError):
            return DataError(f"{what} of {where} cannot be read: {first_line(error)[:120]}")
        return NetworkError(
            f"{where} does not answer ({what}: {_innermost(text)}); what came so far is kept, run "
            "the same command again to go on"
        )


def _innermost(text: str) -> str:
    """The last line of a chain of causes, without its drawing."""
    lines = [re.sub(r"\x1b\[\d+m|↳", "", line).strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "no reason given")[:120]


@dataclass(frozen=True)
class Part:
    """Groups of rows of a file that are read at once.

    Attributes:
        path: of the file in the table.
        groups: numbers of the groups.
        rows: how many they hold.
    """

    path: str
    groups: tuple[int, ...]
    rows: int


@dataclass
class OpenTable:
    """A collection at one version of its table.

    Attributes:
        at: the version of the table.
        files: paths of its files, with the database version of all their rows; "" where the file
            does not say.
    """

    bucket: Bucket
    collection: str
    at: int
    files: list[tuple[str, str]]
    _open: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, bucket: Bucket, collection: str, table: Any) -> OpenTable:
        """A table that was found, once its layout is the one that is known.

        Raises:
            DataError: naming the first column or feature that is not.
        """
        odd = set(table.protocol().reader_features or ()) - _HARMLESS
        if odd:
            raise DataError(
                f"the table {collection} of the open bucket uses {sorted(odd)[0]}, which this "
                "program does not read; pull with a key and without --open-data"
            )
        check_schema(collection, pa.schema(table.schema().to_arrow()))
        actions = pa.table(table.get_add_actions(flatten=True))
        by_version = f"partition.{VERSION}" in actions.column_names
        versions = (
            actions[f"partition.{VERSION}"].to_pylist() if by_version else [""] * len(actions)
        )
        paths = [unquote(str(path)) for path in actions["path"].to_pylist()]
        files = sorted(zip(paths, [str(v or "") for v in versions], strict=True))
        return cls(bucket, collection, int(table.version()), files)

    def database_versions(self) -> set[str]:
        """Those of its rows."""
        found = {version for _, version in self.files if version}
        for path, version in self.files:
            if not version:
                found |= self._versions_within(path)
        odd = [version for version in found if not is_file_name(version)]
        if odd or not found:
            said = f"{odd[0][:40]!r}" if odd else "nothing"
            raise DataError(
                f"the table {self.collection} of the open bucket says {said} for its database "
                "version; pull with a key and without --open-data"
            )
        return found

    def _versions_within(self, path: str) -> set[str]:
        if VERSION not in self._file(path).schema_arrow.names:
            return set()
        column = self._read(path, None, [VERSION])[VERSION]
        return {str(value) for value in column.unique().to_pylist() if value is not None}

    def parts(self, database_version: str) -> Iterator[Part]:
        """All its rows of a database version (and perhaps others), piece by piece."""
        for path, version in self.files:
            if version not in ("", database_version):
                continue
            metadata = self._file(path).metadata
            groups: list[int] = []
            rows = 0
            for i in range(metadata.num_row_groups):
                more = metadata.row_group(i).num_rows
                if groups and rows + more > ROWS:
                    yield Part(path, tuple(groups), rows)
                    groups, rows = [], 0
                groups.append(i)
                rows += more
            if groups:
                yield Part(path, tuple(groups), rows)

    def read(self, part: Part, database_version: str) -> pa.Table:
        """The needed columns of a piece, of one database version."""
        columns = list(NEEDED[self.collection])
        within = dict(self.files)[part.path] == ""
        table = self._read(part.path, part.groups, [*columns, *([VERSION] if within else [])])
        if len(table) != part.rows:
            raise DataError(
                f"the table {self.collection}: {len(table)} of {part.rows} rows came; run the same "
                "command again"
            )
        if within:
            table = table.filter(pa.compute.equal(table[VERSION], database_version))
            table = table.drop_columns([VERSION])
        return table

    def _read(self, path: str, groups: tuple[int, ...] | None, columns: list[str]) -> pa.Table:
        file = self._file(path)
        largest = self.bucket.settings.largest_mb * 1e6
        every = range(file.metadata.num_row_groups) if groups is None else groups
        size = sum(_size(file.metadata.row_group(i), columns) for i in every)
        if size > largest:
            raise DataError(
                f"the table {self.collection}: {len(every)} groups of rows unpack to "
                f"{size / 1e6:,.0f} MB, more than {largest / 1e6:g}; pull with a key"
            )
        table: pa.Table = self.bucket.reading(
            f"the table {self.collection}",
            self.at,
            lambda: file.read_row_groups(list(every), columns=columns),
        )
        return table

    def _file(self, path: str) -> Any:
        if path not in self._open:
            key = f"collections/{self.collection}/{path}"
            file = self.bucket.reading(
                f"the table {self.collection}",
                self.at,
                lambda: pq.ParquetFile(self.bucket.file(key), pre_buffer=True),
            )
            check_schema(self.collection, file.schema_arrow)
            self._open[path] = file
        return self._open[path]


def _size(group: Any, columns: list[str]) -> int:
    """Bytes of some columns of a group, unpacked."""
    found = 0
    for i in range(group.num_columns):
        column = group.column(i)
        path = column.path_in_schema
        if any(path == name or path.startswith(f"{name}.") for name in columns):
            found += column.total_uncompressed_size
    return found


def check_schema(collection: str, schema: pa.Schema) -> None:
    """Refuse a table in which a needed column is missing or holds something else.

    Raises:
        DataError: naming the first.
    """
    for name, wanted in NEEDED[collection].items():
        kind = _type_at(schema, name)
        if kind is not None and _holds(kind, wanted):
            continue
        said = "is missing" if kind is None else f"holds {kind}, {wanted} is wanted"
        raise DataError(
            f"the table {collection} of the open bucket has another layout: column {name} {said}; "
            "pull with a key and without --open-data"
        )


def _type_at(schema: pa.Schema, name: str) -> pa.DataType | None:
    """The type of a column or of a field of it; None where there is none."""
    first, *rest = name.split(".")
    if first not in schema.names:
        return None
    kind = schema.field(first).type
    for part in rest:
        if not pa.types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        kind = kind.field(part).type
    return kind


def _holds(kind: pa.DataType, wanted: str) -> bool:
    if wanted == _MODULUS:
        pairs = pa.types.is_map(kind)
        return pairs and _holds(kind.key_type, _TEXT) and _holds(kind.item_type, _NUMBER)
    return any(getattr(pa.types, f"is_{name}")(kind) for name in _ARROW[wanted])
