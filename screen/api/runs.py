"""Runs as a notebook has them: finished ones, and those that lie on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from screen import run, run_folder
from screen.errors import UsageError, did_you_mean
from screen.frame import to_html, to_pandas
from screen.report import table as report
from screen.report.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd

    from screen.answers.shortlist import Shortlist


def open_run(folder: str | Path) -> RunFolder:
    """A run that was written, checked against the digests of its manifest.

    Raises:
        DataError: naming the file that is missing, altered or of another version.

    Example:
        >>> import screen
        >>> folder = screen.rank("Mg").write("results/first")
        >>> screen.open_run(folder).roles
        ('interlayer', 'host', 'alloy')
    """
    return RunFolder(Path(folder), run_folder.read(Path(folder)))


class Run(run.Run):
    """A finished judgement: a table for each role, with the reason for every missing value.

    Example:
        >>> import screen
        >>> done = screen.rank("Mg")
        >>> done.roles
        ('interlayer', 'host', 'alloy')
    """

    @classmethod
    def of(cls, done: run.Run) -> Run:
        """The same run, for notebooks."""
        return cls(**{field.name: getattr(done, field.name) for field in fields(done)})

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the roles that were judged."""
        return tuple(ranking.role.name for ranking in self.rankings)

    def frame(self, role: str) -> pd.DataFrame:
        """Rows of a role, best first; units and meanings of the columns are in `.attrs`.

        Raises:
            UsageError: for a role that was not judged.
        """
        for ranking in self.rankings:
            if ranking.role.name == role:
                rows = self.ranked(ranking)
                first = ranking.role.brief
                rest = [name for name in rows.column_names if name not in first]
                return to_pandas(rows.select([*first, *rest]), self._labels)
        raise UsageError(f"unknown role {role!r}; {did_you_mean(role, self.roles)}")

    @property
    def gaps(self) -> pd.DataFrame:
        """One row for each missing value: id, formula, column, reason."""
        missing = report.gaps(
            self.descriptors, self.values, self.identity["id"], self.identity["formula"]
        )
        return to_pandas(report.plain(missing), {})

    def draw(self, form: str = "svg") -> bytes:
        """The best of each role with what each goal takes from them, and all that passed.

        Args:
            form: "svg", "png" or "pdf".

        Raises:
            UsageError: for another form.
            NothingPassedError: if no candidate passed.
        """
        from screen.answers.ranking_picture import drawing_of  # noqa: PLC0415

        return drawing_of(self)(form)

    def write(self, folder: str | Path, also: Sequence[str] = ()) -> Path:
        """Write the run as `rank -o` does: tables, cards, manifest and the page.

        Args:
            also: "short", "csv", "parquet" or "xlsx"; without, of many candidates all are in
                Parquet and only the best in CSV.
        """
        return run_folder.write(self, Path(folder), "screen.rank(...)", also)

    def shortlist(
        self,
        per_role: int = 5,
        *,
        diverse: bool = True,
        roles: Sequence[str] = (),
        where: str | None = None,
    ) -> Shortlist:
        """Few candidates of each role with the reason of each, different ones if `diverse`.

        Args:
            where: a condition that each meets, as the command line takes it.
        """
        with tempfile.TemporaryDirectory() as place:
            return open_run(self.write(Path(place) / "run")).shortlist(
                per_role, diverse=diverse, roles=roles, where=where
            )

    @property
    def _labels(self) -> dict[str, Any]:
        return {column.name: column for column in self.ranked_columns}

    def __repr__(self) -> str:
        passed = ", ".join(f"{np.sum(r.passed)} as {r.role.name}" for r in self.rankings)
        return f"Run {self.name}: {len(self.case)} candidates; passed: {passed}"

    def _repr_html_(self) -> str:
        parts = [f"<p>{self!r}</p>"]
        for ranking in self.rankings:
            rows = self.ranked(ranking).select(ranking.role.brief)
            parts.append(to_html(rows.slice(0, 5), self._labels, ranking.role.label))
        return "".join(parts)


@dataclass(frozen=True, repr=False)
class RunFolder:
    """A run as it lies on disk.

    Attributes:
        path: the folder.
        files: its content, as it was checked.

    Example:
        >>> import screen
        >>> folder = screen.open_run(screen.rank("Mg").write("results/first"))
        >>> folder.manifest["anode"]["name"]
        'magnesium'
    """

    path: Path
    files: RunFiles

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run was: command, settings, digests, versions, models, cross-check."""
        return self.files.manifest

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the roles that were judged."""
        return tuple(self.manifest["roles"])

    def frame(self, role: str) -> pd.DataFrame:
        """Rows of a role, best first, as `Run.frame`."""
        import pyarrow.compute as pc  # noqa: PLC0415

        if role not in self.roles:
            raise UsageError(f"unknown role {role!r}; {did_you_mean(role, self.roles)}")
        rows = self.files.ranked
        own = report.plain(rows.filter(pc.equal(rows.column("role"), role)))
        return to_pandas(own, self.files.declared)

    @property
    def gaps(self) -> pd.DataFrame:
        """One row for each missing value: id, formula, column, reason."""
        return to_pandas(report.plain(self.files.gaps), {})

    def shortlist(
        self,
        per_role: int = 5,
        *,
        diverse: bool = True,
        roles: Sequence[str] = (),
        where: str | None = None,
    ) -> Shortlist:
        """Few candidates of each role with the reason of each, different ones if `diverse`.

        Args:
            where: a condition that each meets, as the command line takes it.
        """
        from screen.answers.shortlist import shortlist  # noqa: PLC0415

        return shortlist(self.path, per_role, diverse, None, tuple(roles), where)

    def __repr__(self) -> str:
        facts = self.manifest
        passed = ", ".join(f"{many} as {role}" for role, many in facts["passed"].items())
        return f"RunFolder {self.path.name}: {facts['candidates']} candidates; passed: {passed}"
