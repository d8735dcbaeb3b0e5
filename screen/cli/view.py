"""What `rank` prints of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screen.cli.output import console, emit
from screen.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from screen.ranking.order import Ranking
    from screen.run import Run
    from screen.settings import Settings


class View:
    """What `rank` prints of a run; wrong names are refused before the work begins."""

    def __init__(
        self,
        settings: Settings,
        form: str,
        top: int,
        columns: str | None,
        where: str | None,
        sort: str | None,
        *,
        short: bool = False,
    ) -> None:
        from screen.candidates import electrolytes_to_face
        from screen.filters import parse
        from screen.run import ranked_columns
        from screen.run_folder import SHORT_COLUMNS

        electrolytes = electrolytes_to_face(settings)
        self.labels = {column.name: column for column in ranked_columns(electrolytes, settings)}
        self.form, self.top = form, top
        self.columns = [name.strip() for name in columns.split(",")] if columns else None
        if short and form != "table":  # a terminal is too narrow for it
            self.columns = [name for name in SHORT_COLUMNS if name in self.labels]
        self.sort = None if sort is None else (sort.removeprefix("-"), sort.startswith("-"))
        for name in (*(self.columns or ()), *([self.sort[0]] if self.sort else ())):
            if name not in self.labels:
                raise UsageError(f"unknown column {name!r}; {did_you_mean(name, self.labels)}")
        for i, name in enumerate(self.columns or ()):
            if name in (self.columns or ())[:i]:
                raise UsageError(f"--columns: {name!r} is there twice")
        kinds = {name: column.kind for name, column in self.labels.items()}
        self.condition = parse(where, kinds) if where is not None else None

    def show(self, done: Run) -> int:
        """Print, and say how many rows that were."""
        import pyarrow as pa

        from screen.report import table as report
        from screen.report import terminal

        parts = []
        for ranking in done.rankings:
            part = self._chosen(done, ranking)
            parts.append(part)
            if self.form == "table" and part.num_rows:
                role = ranking.role
                names = self.columns or self._brief(role.brief, part)
                title = f"{role.label} for {done.case.anode.symbol}: {role.meaning}"
                place = console()
                terminal.print_table(
                    place,
                    part.select(names),
                    self.labels,
                    title,
                    keys=("rank", "formula", "score"),
                    rest="--columns, or --format csv",
                )
                if self.columns is None:
                    for row in part.slice(0, 3).to_pylist():
                        said = (row["why"], row["what_would_change"])
                        line = f"{row['formula']}: {' '.join(filter(None, said))}"
                        terminal.print_sentence(place, line)
                    print()
        everything = pa.concat_tables(parts)
        if self.form != "table":
            chosen = everything.select(self.columns) if self.columns else everything
            emit(report.render(chosen, self.form, columns=self.labels), self.form, None)
        return int(everything.num_rows)

    def _brief(self, names: list[str], part: pa.Table) -> list[str]:
        """What is shown of a role; of candidates below the line, also the gates that they fail."""
        if part.column("failed_gates").null_count == part.num_rows:
            return names
        at = names.index("score") + 1
        return [*names[:at], "failed_gates", *names[at:]]

    def _chosen(self, done: Run, ranking: Ranking) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        from screen.report.table import columns_of

        if self.condition is not None:
            part = done.ranked(ranking)
            part = part.filter(pa.array(self.condition(columns_of(part))))
        else:
            placed = ranking.order[ranking.rank[ranking.order] > 0]
            part = done.ranked(ranking, placed[: self.top] if self.sort is None else placed)
        if self.sort is not None:
            name, falls = self.sort
            keys = [(name, "descending" if falls else "ascending"), ("formula", "ascending")]
            part = part.sort_by(keys if name != "formula" else keys[:1])
        return part.take(pa.array(np.arange(min(self.top, part.num_rows))))
