"""The command line: `python -m screen`. Data on stdout, everything else on stderr.

Heavy imports wait until a command runs, so that help stays instant.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from screen import __version__
from screen.errors import DataError, NothingPassedError, ScreenError, UsageError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from screen.descriptors.case import Case
    from screen.phases import Phases
    from screen.run import Run
    from screen.settings import Settings

INTERRUPTED = 130
_given: list[str] = []
"""What this call was given, for the manifest."""
_STEPS = ("reading", "ranking", "cross-check", "writing")

EXIT_CODES = """
Exit codes: 0 done, 1 internal fault, 2 usage, 3 data missing or wrong, 4 nothing passed,
5 network or key, 130 interrupted.
"""

app = typer.Typer(
    help="Rank interlayers, hosts and alloys for metal anodes, offline, every number traceable.",
    epilog=EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

cell_app = typer.Typer(
    help="Cell equations: layer thickness, Sand's time, transference, kinetics, stack energy.",
    epilog=EXIT_CODES,
)
app.add_typer(cell_app, name="cell")

Anode = Annotated[str | None, typer.Option(help="Anode metal: Li, Na, K, Mg, Ca, Zn or Al. [Li]")]
Source = Annotated[
    str,
    typer.Option(
        help="'reference' (embedded), 'latest' (newest snapshot), or a file: .parquet, .csv with "
        "formula and formation_energy_per_atom_eV, or .json with pymatgen entries."
    ),
]
Gaps = Annotated[Path | None, typer.Option(help="CSV with band gaps to join to the source.")]
Moduli = Annotated[Path | None, typer.Option(help="CSV with elastic moduli to join to the source.")]
Add = Annotated[
    Path | None,
    typer.Option(help="Your own phases to add: .csv (or with CIF/POSCAR files) or .json entries."),
]
Electrolytes = Annotated[
    list[str] | None,
    typer.Option("--electrolyte", help="Solid electrolyte to face; repeat for several. [all]"),
]
EngineName = Annotated[str | None, typer.Option("--engine", help="kernel or pymatgen. [kernel]")]
Barrier = Annotated[
    bool, typer.Option("--barrier", help="Compute migration barriers (seconds each; kept).")
]
Surface = Annotated[
    bool,
    typer.Option("--surface", help="Compute adsorption and adhesion (minutes each; kept)."),
]
Calculator = Annotated[
    str | None, typer.Option(help="Of --surface: chgnet, emt or module:function. [chgnet]")
]
Workers = Annotated[int | None, typer.Option(help="Processes for --barrier and --surface. [1]")]
Seed = Annotated[int | None, typer.Option(help="Seed of the cross-check's sample. [0]")]
Config = Annotated[Path | None, typer.Option(help="TOML file with settings.")]
Format = Annotated[str, typer.Option("--format", help="table, csv, json, parquet or md.")]
Out = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Point = Annotated[list[str] | None, typer.Option(help="One point, as X,Y; repeat for each.")]
PointFile = Annotated[
    Path | None,
    typer.Option("--file", help="The points, a line X,Y for each."),
]
TemperatureC = Annotated[float, typer.Option(help="Temperature, °C.")]
Formulas = Annotated[list[str], typer.Argument(help="Formulas, such as LiF or LiTi2(PO4)3.")]


def main(arguments: list[str] | None = None) -> int:
    """Run a command and give its exit code; every fault is one line on stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    _given[:] = given
    command = typer.main.get_command(app)
    try:
        code = command.main(
            given or ["--help"], prog_name="python -m screen", standalone_mode=False
        )
    except ScreenError as error:
        return _fail(str(error), error.exit_code)
    except SystemExit:
        return 0  # only where the reader of a pipe has seen enough
    except Exception as error:
        usage = getattr(error, "format_message", None)  # typer's own, whichever click it brings
        if usage is not None:
            return _fail(f"{usage()} (see python -m screen --help)", UsageError.exit_code)
        if os.environ.get("SCREEN_TRACEBACK"):
            raise
        kind = type(error).__name__
        return _fail(
            f"internal fault, {kind}: {error}; set SCREEN_TRACEBACK=1 to see where, and report it",
            ScreenError.exit_code,
        )
    if code == INTERRUPTED:
        return _fail("interrupted; nothing was left half-written", INTERRUPTED)
    return int(code or 0)


def _fail(message: str, code: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command("rank", epilog=EXIT_CODES)
def rank_command(
    anode: Anode = None,
    role: Annotated[
        list[str] | None, typer.Option(help="interlayer, host or alloy; repeat for several. [all]")
    ] = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the run. [results/<name of the run>]"),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of each role to print.")] = 10,
    columns: Annotated[str | None, typer.Option(help="Columns to print, by comma.")] = None,
    where: Annotated[
        str | None,
        typer.Option(
            help='Print these, passed or not: "reduction_v<=0.05 and hull_distance_ev_atom<0.03".'
        ),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="Column to print by; -column for descending. [rank]")
    ] = None,
    selected: Annotated[
        bool,
        typer.Option(
            "--selected", help="Of a file, judge only what the roles select (roles.toml)."
        ),
    ] = False,
    barrier: Barrier = False,
    surface: Surface = False,
    calculator: Calculator = None,
    workers: Workers = None,
    short: Annotated[
        bool,
        typer.Option(
            "--short", help="15 columns for people, in short.csv and (but for tables) printed."
        ),
    ] = False,
    also: Annotated[
        str | None,
        typer.Option(help="Write these too, by comma: parquet, xlsx (a sheet per role)."),
    ] = None,
    seed: Seed = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """Rank candidates in each role; print the best and write all of them to a folder."""
    from screen import literature, pipeline, predictions, run_folder
    from screen.ranking.roles import chosen_roles
    from screen.sources.reference import REFERENCE

    _check_format(form)
    runs = _Runs(barrier, surface, calculator, workers)
    settings = _settings(config, anode, electrolyte, engine, seed, runs=runs)
    roles = chosen_roles(tuple(role or ()))
    if short and columns:
        raise UsageError("--short and --columns: one of them says which columns to print")
    extra = [*(["short"] if short else []), *(_more(also) if also else [])]
    view = _View(settings, form, top, columns, where, sort, short=short)
    with _progress(quiet) as tell:
        tell("reading")
        phases = pipeline.load(source, gaps, moduli, add)
        own = None if source == REFERENCE else pipeline.file_of(source)
        files = tuple(path for path in (own, gaps, moduli, add) if path is not None)
        done = pipeline.run(phases, settings, roles, selected=selected, files=files, progress=tell)
        tell("writing")
        place = output or Path("results") / done.name
        folder = run_folder.write(done, place, _command(), extra)
    shown = view.show(done)
    if not quiet:
        passed = ", ".join(f"{r.passed.sum()} as {r.role.name}" for r in done.rankings)
        note = "" if predictions.learns(settings) else " The literature speaks of Li alone."
        if not note and literature.own_path().is_file():
            note = " Rows of your own count in the literature."
        _say(f"{len(done.case)} candidates, passed: {passed}.{note} Written: {folder}/")
    if not any(r.passed.any() for r in done.rankings):
        raise NothingPassedError(
            f"no candidate passed the gates; {folder}/ranked.csv names the gate that each failed"
        )
    if not shown:
        raise NothingPassedError(f"no candidate meets --where {where!r}; {folder}/ has all of them")


def _more(also: str) -> list[str]:
    """The files that --also asks for."""
    from screen.run_folder import EXTRA

    known = [name for name in EXTRA if name != "short"]
    wanted = [name.strip().lower() for name in also.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise UsageError(f"--also {name!r}; {did_you_mean(name, known)}")
    return wanted


class _View:
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
        from screen.run import ranked_columns
        from screen.run_folder import SHORT_COLUMNS
        from screen.tables import anode_of, electrolytes_of
        from screen.where import parse

        anode = anode_of(settings.anode).symbol
        electrolytes = electrolytes_of(anode, settings.electrolytes)
        self.labels = {column.name: column for column in ranked_columns(electrolytes, settings)}
        self.form, self.top = form, top
        self.columns = [name.strip() for name in columns.split(",")] if columns else None
        if short and form != "table":  # a terminal is too narrow for it
            self.columns = list(SHORT_COLUMNS)
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

        parts = []
        for ranking in done.rankings:
            part = self._chosen(done.ranked(ranking))
            parts.append(part)
            if self.form == "table" and part.num_rows:
                role = ranking.role
                names = self.columns or role.brief
                title = f"{role.label} for {done.case.anode.symbol}: {role.meaning}"
                report.to_terminal(_console(), part.select(names), self.labels, title)
                if self.columns is None:
                    for row in part.slice(0, 3).to_pylist():
                        said = (row["why"], row["what_would_change"])
                        print(f"  {row['formula']}: {' '.join(filter(None, said))}")
                    print()
        everything = pa.concat_tables(parts)
        if self.form != "table":
            chosen = everything.select(self.columns) if self.columns else everything
            _emit(report.render(chosen, self.form), self.form, None)
        return int(everything.num_rows)

    def _chosen(self, part: pa.Table) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        if self.condition is not None:
            table = {name: _values(part.column(name)) for name in part.column_names}
            part = part.filter(pa.array(self.condition(table)))
        else:
            part = part.filter(part.column("passed"))
        if self.sort is not None:
            name, falls = self.sort
            keys = [(name, "descending" if falls else "ascending"), ("formula", "ascending")]
            part = part.sort_by(keys if name != "formula" else keys[:1])
        return part.take(pa.array(np.arange(min(self.top, part.num_rows))))


def _values(column: pa.ChunkedArray) -> Any:
    """A column of a table as an array: NaN, "" or False where missing."""
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return column.fill_null("").to_numpy()
    if pa.types.is_boolean(column.type):
        return column.fill_null(False).to_numpy()
    return column.cast(pa.float64()).to_numpy()


@app.command("window", epilog=EXIT_CODES)
def window_command(
    formulas: Formulas,
    anode: Anode = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Voltage profile, electrochemical window and contact products against the anode metal."""
    from screen import pipeline
    from screen.answers import equilibria

    _check_format(form)
    settings = _settings(config, anode, None, engine)
    phases = pipeline.load(source, gaps, add=add)
    case = _case(formulas, phases, settings, settings.anode)
    _answer(equilibria.windows(case), form, output)


@app.command("decompose", epilog=EXIT_CODES)
def decompose_command(
    formulas: Formulas,
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Hull distance and the stablest mixture of the same composition."""
    from screen import pipeline
    from screen.answers import equilibria

    _check_format(form)
    phases = pipeline.load(source, add=add)
    case = _case(formulas, phases, _settings(config, None, None, engine), None)
    _answer(equilibria.decompositions(case), form, output)


@app.command("interface", epilog=EXIT_CODES)
def interface_command(
    a: Annotated[str, typer.Argument(help="One side, as a formula.")],
    b: Annotated[str, typer.Argument(help="The other side, as a formula.")],
    source: Source = "reference",
    add: Add = None,
    engine: EngineName = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Reactions between two phases at every mixing ratio."""
    from screen import candidates, pipeline
    from screen.answers import equilibria

    _check_format(form)
    phases = pipeline.load(source, add=add)
    candidates.check_covered(phases, a, b)
    case, _ = candidates.make_case(phases, _settings(config, None, None, engine), [a, b])
    _answer(equilibria.interface(case), form, output)


@app.command("explain", epilog=EXIT_CODES)
def explain_command(
    formula: Annotated[str, typer.Argument(help="The candidate, as a formula.")],
    anode: Anode = None,
    electrolyte: Electrolytes = None,
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    add: Add = None,
    engine: EngineName = None,
    barrier: Barrier = False,
    surface: Surface = False,
    calculator: Calculator = None,
    workers: Workers = None,
    form: Format = "table",
    output: Out = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw voltage profile and interface reactions: FILE.svg or FILE.png."),
    ] = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """All that is known of one candidate, why it ranks where it does, what would change that."""
    from screen import candidates, pipeline
    from screen.answers import card
    from screen.ranking.roles import chosen_roles

    _check_format(form)
    _check_plot(plot)
    runs = _Runs(barrier, surface, calculator, workers)
    settings = _settings(config, anode, electrolyte, engine, runs=runs)
    phases = pipeline.load(source, gaps, moduli, add)
    candidates.check_covered(phases, formula, anode=settings.anode)
    with _progress(quiet) as tell:
        done = pipeline.explain(phases, settings, chosen_roles(()), formula, tell)
    _answer(card.card(done), form, output)
    if plot is not None:
        _draw(plot, partial(card.drawing, done))


@app.command("report", epilog=EXIT_CODES)
def report_command(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as 'rank' wrote it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the page here. [RUN/report.html]")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Check a run folder and make its page anew."""
    from screen.answers import run_folders
    from screen.run_folder import PAGE

    page = output or run / PAGE
    _emit(run_folders.page_of(run), "", page)
    _say(f"written: {page}")
    if show:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            _say("no browser could be started here; open the file by hand")


@app.command("shortlist", epilog=EXIT_CODES)
def shortlist_command(
    run: Annotated[Path, typer.Argument(help="Folder of a run, as 'rank' wrote it.")],
    per_role: Annotated[int, typer.Option(min=1, help="How many of each role.")] = 5,
    diverse: Annotated[
        bool, typer.Option("--diverse", help="Pass over what is too like one picked already.")
    ] = False,
    distance: Annotated[
        float | None,
        typer.Option(min=0, help="What counts as too like; LiF and LiCl are 1.5 apart. [5]"),
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Only this role; repeat for several. [all]")
    ] = None,
    form: Format = "table",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the list and its structures, as CIF and POSCAR."
        ),
    ] = None,
) -> None:
    """Pick few candidates of a run, with --diverse different ones, and say why each."""
    from screen.answers import shortlist

    _check_format(form)
    if distance is not None and not diverse:
        raise UsageError("--distance says what --diverse passes over; give that too")
    picked = shortlist.shortlist(run, per_role, diverse, distance, tuple(role or ()))
    if output is not None:
        for line in shortlist.export_shortlist(picked, output):
            _say(line)
    _answer(picked, form, None)
    if not picked.rows.num_rows:
        raise NothingPassedError(f"no candidate of {run} passed the gates of these roles")


@cell_app.command("thickness", epilog=EXIT_CODES)
def thickness_command(
    capacity_mah_cm2: Annotated[float, typer.Option(help="Charge that moves, mAh/cm².")],
    anode: Anode = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Thickness of anode metal that a charge plates or strips, dense, in µm: Q M / (z F rho)."""
    from screen import cell
    from screen.answers import cell_equations
    from screen.tables import anode_of

    _check_format(form)
    metal = anode_of(anode or "Li")
    found = {"thickness_um": cell.thickness_um(capacity_mah_cm2, metal)}
    title = f"{metal.symbol} of {capacity_mah_cm2:g} mAh/cm²"
    _answer(cell_equations.figures(title, found), form, output)


@cell_app.command("sand", epilog=EXIT_CODES)
def sand_command(
    diffusion_cm2_s: Annotated[float, typer.Option(help="Ambipolar diffusion coefficient, cm²/s.")],
    concentration_mol_l: Annotated[float, typer.Option(help="Cations before the current, mol/L.")],
    current_ma_cm2: Annotated[float, typer.Option(help="Current density, mA/cm².")],
    anion_transference: Annotated[float, typer.Option(help="Anion transference number, 0 to 1.")],
    charge_number: Annotated[int, typer.Option(help="Charges of the cation.")] = 1,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Sand's time in s, when the salt at the electrode is used up and dendrites set in:
    pi D (z F C0)^2 / (4 J^2 tau_a^2).
    """
    from screen import cell
    from screen.answers import cell_equations

    _check_format(form)
    time = cell.sand_time_s(
        diffusion_cm2_s, concentration_mol_l, current_ma_cm2, anion_transference, charge_number
    )
    title = f"Sand's time at {current_ma_cm2:g} mA/cm²"
    _answer(cell_equations.figures(title, {"sand_time_s": time}), form, output)


@cell_app.command("transference", epilog=EXIT_CODES)
def transference_command(
    polarisation_mv: Annotated[float, typer.Option(help="Constant voltage, mV.")],
    initial_current_ma: Annotated[float, typer.Option(help="Current at the beginning, mA.")],
    steady_current_ma: Annotated[float, typer.Option(help="Current when it falls no more, mA.")],
    initial_resistance_ohm: Annotated[float, typer.Option(help="Interfaces before, ohm.")],
    steady_resistance_ohm: Annotated[float, typer.Option(help="Interfaces after, ohm.")],
    form: Format = "table",
    output: Out = None,
) -> None:
    """Cation transference number after Bruce and Vincent, from a polarised symmetric cell:
    Is (dV - I0 R0) / (I0 (dV - Is Rs)).
    """
    from screen import cell
    from screen.answers import cell_equations

    _check_format(form)
    number = cell.transference_number(
        polarisation_mv,
        initial_current_ma,
        steady_current_ma,
        initial_resistance_ohm,
        steady_resistance_ohm,
    )
    found = {"cation_transference": number}
    _answer(cell_equations.figures("Transference number", found), form, output)


@cell_app.command("exchange-current", epilog=EXIT_CODES)
def exchange_current_command(
    point: Point = None,
    file: PointFile = None,
    temperature_c: TemperatureC = 25.0,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Exchange current in mA/cm² from a Tafel line; points are overpotential in V and current in
    mA/cm², of one branch.
    """
    from dataclasses import asdict

    from screen import cell
    from screen.answers import cell_equations
    from screen.units import ZERO_CELSIUS_K

    _check_format(form)
    overpotential, current = cell_equations.points(point or (), file)
    line = cell.tafel(overpotential, current, temperature_c + ZERO_CELSIUS_K)
    title = f"Tafel line through {len(current)} points"
    _answer(cell_equations.figures(title, asdict(line)), form, output)


@cell_app.command("activation-energy", epilog=EXIT_CODES)
def activation_energy_command(
    point: Point = None,
    file: PointFile = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Activation energy in eV and kJ/mol from an Arrhenius line; points are temperature in °C and
    conductivity, or inverse resistance, in any unit, which is also that of the prefactor.
    """
    from dataclasses import asdict

    from screen import cell
    from screen.answers import cell_equations
    from screen.units import ZERO_CELSIUS_K

    _check_format(form)
    temperature_c, conductivity = cell_equations.points(point or (), file)
    line = cell.arrhenius([t + ZERO_CELSIUS_K for t in temperature_c], conductivity)
    title = f"Arrhenius line through {len(conductivity)} points"
    _answer(cell_equations.figures(title, asdict(line)), form, output)


@cell_app.command("stack", epilog=EXIT_CODES)
def stack_command(
    film: Annotated[str | None, typer.Option(help="A candidate in the cell, as a formula.")] = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="interlayer (a film), host (a scaffold with anode metal in its pores) or alloy "
            "(holds all charge). [interlayer]",
        ),
    ] = None,
    thickness_nm: Annotated[float | None, typer.Option(help="Of the film, nm. [100]")] = None,
    density_g_cm3: Annotated[
        float | None, typer.Option(help="Of the film, g/cm³, where the source has no volume.")
    ] = None,
    anode: Anode = None,
    capacity_mah_cm2: Annotated[
        float | None, typer.Option(help="Areal capacity of the cell, mAh/cm². [4]")
    ] = None,
    positive_mah_g: Annotated[
        float | None, typer.Option(help="Capacity of the positive active material, mAh/g. [200]")
    ] = None,
    positive_v: Annotated[
        float | None, typer.Option(help="Its average voltage against the anode metal, V. [3.8]")
    ] = None,
    separator: Annotated[str | None, typer.Option(help="sulfide or garnet. [sulfide]")] = None,
    separator_um: Annotated[float | None, typer.Option(help="Its thickness, µm. [30]")] = None,
    excess_fraction: Annotated[
        float | None, typer.Option(help="Anode metal over that which is cycled. [1]")
    ] = None,
    source: Source = "reference",
    gaps: Gaps = None,
    add: Add = None,
    form: Format = "table",
    output: Out = None,
    config: Config = None,
) -> None:
    """Stack energy (Wh/kg, Wh/L) of the reference cell, and with a candidate in it. Further
    figures of the cell go in the table "cell" of a --config file.
    """
    from screen import pipeline
    from screen.answers import stack
    from screen.tables import anode_of

    _check_format(form)
    cell = {
        "film_nm": thickness_nm,
        "areal_capacity_mah_cm2": capacity_mah_cm2,
        "positive_mah_g": positive_mah_g,
        "positive_v": positive_v,
        "separator": separator,
        "separator_um": separator_um,
        "excess_fraction": excess_fraction,
    }
    settings = _settings(config, anode, None, None, cell=cell)
    stated, wanted = (anode_of(name).symbol for name in (settings.cell.anode, settings.anode))
    if stated != wanted:
        raise UsageError(
            f"the reference cell is stated for {stated}, not {wanted}; state one for {wanted} in "
            "the table 'cell' of a --config file"
        )
    if film is None:
        if (role, thickness_nm, density_g_cm3) != (None, None, None):
            raise UsageError("--as, --thickness-nm and --density-g-cm3 go with --film FORMULA")
        answer = stack.stack(settings.cell)
    else:
        if density_g_cm3 is not None and not 0 < density_g_cm3 < 30:
            raise UsageError(f"--density-g-cm3 {density_g_cm3:g}: no solid has that, in g/cm³")
        phases = pipeline.load(source, gaps, add=add)
        case = _case([film], phases, settings, settings.anode)
        answer = stack.stack(settings.cell, case, role or "interlayer", density_g_cm3)
    _answer(answer, form, output)


@app.command("pull", epilog=EXIT_CODES)
def pull_command(
    chemsys: Annotated[
        list[str] | None,
        typer.Option(help="Only this system and its subsystems, as Li-P-S; repeat for several."),
    ] = None,
    elements: Annotated[
        str | None, typer.Option(help="Only what these elements form, by comma; as --chemsys.")
    ] = None,
    max_pages: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many pages; the next call goes on.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="Properties only of what this role selects; energies come for all."),
    ] = None,
    structures: Annotated[
        bool,
        typer.Option(
            "--structures",
            help="Instead: structures of what passes the gates (--role, --anode) in the latest "
            "snapshot.",
        ),
    ] = False,
    anode: Anode = None,
    gnome: Annotated[
        bool, typer.Option("--gnome", help="With GNoME materials (not for commercial use).")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Forget the pages so far.")] = False,
    rate: Annotated[float | None, typer.Option(help="Requests per second, at most 20. [4]")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Another address of the API. [MP_API_ENDPOINT or public]")
    ] = None,
    snapshots: Annotated[
        Path | None, typer.Option(help="Folder to keep it in. [SCREEN_HOME or the user's cache]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Bring the Materials Project into a local snapshot; an interrupted pull goes on. Needs
    MP_API_KEY.
    """
    import shutil

    from screen import files, pipeline
    from screen.ranking.roles import chosen_roles
    from screen.run import passed_ids
    from screen.settings import PullSettings, Settings
    from screen.sources import materials_project as mp
    from screen.sources import snapshot, user_files

    if rate is not None and not 0 < rate <= 20:
        raise UsageError(f"--rate {rate:g}: more than 0 and at most 20 requests per second")
    polite = PullSettings() if rate is None else PullSettings(requests_per_second=rate)
    home = snapshots or files.home(os.environ)
    roles = chosen_roles(tuple(role)) if role else ()
    key = mp.key_from(os.environ)
    address = mp.endpoint_from(os.environ, endpoint)
    if structures:
        table = snapshot.latest(home / "snapshots")
        judged = roles or chosen_roles(())
        done = pipeline.run(user_files.load(table), _settings(None, anode, None, None), judged)
        ids = passed_ids(done)
        if not ids:
            raise NothingPassedError(f"no phase of {table.name} passes the gates; nothing to pull")
        with _page_progress(quiet) as (tell, advance):
            path = mp.pull_structures(mp.Server(key, address, polite, tell), ids, table, advance)
        _say(f"written: {path}, structures of {len(ids)} materials")
        return
    if len(roles) > 1:
        raise UsageError("--role: one role for a pull of properties; leave it out for all")
    systems = [*(chemsys or ()), *([elements.replace(",", "-")] if elements else ())]
    select = roles[0].select if roles else None
    properties = select.remote() if select else ()
    query = mp.Query.of(systems, gnome=gnome, properties=properties)
    if restart:
        shutil.rmtree(home / "pulls" / query.digest, ignore_errors=True)
    cap = Settings().modulus_cap_gpa
    with _page_progress(quiet) as (tell, advance):
        server = mp.Server(key, address, polite, tell)
        made = mp.pull_snapshot(server, query, home, cap, max_pages=max_pages, progress=advance)
    if made is None:
        _say("pages are kept; run the same command again to go on")
    else:
        _say(f"written: {made}; use it with --source latest or --source {made}")


@app.command("snapshots", epilog=EXIT_CODES)
def snapshots_command(
    folder: Annotated[
        Path | None, typer.Option("--snapshots", help="Folder. [SCREEN_HOME or the user's cache]")
    ] = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """List the local snapshots, oldest first."""
    from screen import files
    from screen.answers import tables

    _check_format(form)
    _answer(tables.snapshots((folder or files.home(os.environ)) / "snapshots"), form, output)


@app.command("columns", epilog=EXIT_CODES)
def columns_command(anode: Anode = None, form: Format = "table", output: Out = None) -> None:
    """What each column of ranked.csv means, its unit and where it comes from."""
    from screen.answers import tables
    from screen.tables import anode_of

    _check_format(form)
    _answer(tables.dictionary(anode_of(anode or "Li").symbol), form, output)


@app.command("compare", epilog=EXIT_CODES)
def compare_command(
    before: Annotated[Path, typer.Argument(help="Folder of the earlier run.")],
    after: Annotated[Path, typer.Argument(help="Folder of the later one.")],
    top: Annotated[int, typer.Option(min=1, help="Of how many of each role.")] = 10,
    form: Format = "table",
    output: Out = None,
) -> None:
    """What changed among the best of each role from one run to another, and why.

    A new phase is named as the cause if the runs judged it; of the reference set or with --selected
    most are not, and then changed data are all that is said.
    """
    from screen.answers import run_folders

    _check_format(form)
    _answer(run_folders.comparison(before, after, top), form, output)


model_app = typer.Typer(help="The models: what they are, how well they do.", no_args_is_help=True)
app.add_typer(model_app, name="model")


@model_app.command("card", epilog=EXIT_CODES)
def model_card_command(
    form: Format = "table",
    output: Out = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw predicted against reported figures: FILE.svg or FILE.png."),
    ] = None,
) -> None:
    """What the models are, how well they do on what is new to them, what not to use them for."""
    from screen.answers import models

    _check_format(form)
    _check_plot(plot)
    _answer(models.model_card(), form, output)
    if plot is not None:
        _draw(plot, models.model_drawing)


@model_app.command("evaluate", epilog=EXIT_CODES)
def model_evaluate_command(
    source: Source = "reference",
    gaps: Gaps = None,
    moduli: Moduli = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of resampling and shuffling.")] = 0,
    form: Format = "table",
    output: Out = None,
) -> None:
    """Measure all models anew on what they were not fitted to; --source: among its phases."""
    from screen import pipeline
    from screen.answers import models

    _check_format(form)
    _answer(models.model_skill(pipeline.load(source, gaps, moduli), seed), form, output)


@model_app.command("train", epilog=EXIT_CODES)
def model_train_command(
    seed: Annotated[int, typer.Option(min=0, help="Seed of resampling and shuffling.")] = 0,
) -> None:
    """Fit the models anew, measure and write them; with rows of yours, beside these rows."""
    from screen import training
    from screen.answers import models
    from screen.model import recovery, stored

    training.train(seed)
    _answer(models.model_card(), "table", None)
    _say(f"written: the models, in {stored.place(recovery.NAME).parent}")


literature_app = typer.Typer(invoke_without_command=True, epilog=EXIT_CODES)
app.add_typer(literature_app, name="literature")


@literature_app.callback()
def literature_command(
    context: typer.Context,
    where: Annotated[
        str | None,
        typer.Option(help="Print these: \"ccd_ma_cm2 > 2 and electrolyte_class == 'garnet'\"."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns to print, by comma; 'all' for all of them.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Leave out the rows that you added.")
    ] = False,
    form: Format = "table",
    output: Out = None,
) -> None:
    """What cells with which material have done: the literature table, and rows of your own."""
    if context.invoked_subcommand is not None:
        return
    from screen import literature
    from screen.answers import tables
    from screen.where import parse

    _check_format(form)
    kinds = {column.name: column.kind for column in literature.COLUMNS}
    names = literature.BRIEF if form == "table" and output is None else literature.NAMES
    if columns is not None:
        given = tuple(name.strip() for name in columns.split(","))
        names = literature.NAMES if given == ("all",) else given
    for i, name in enumerate(names):
        if name not in kinds:
            raise UsageError(f"unknown column {name!r}; {did_you_mean(name, kinds)}")
        if name in names[:i]:
            raise UsageError(f"--columns: {name!r} is there twice")
    condition = parse(where, kinds) if where is not None else None
    answer = tables.literature_rows(literature.rows(own=not shipped), names, condition)
    if not answer.rows.num_rows:
        raise NothingPassedError(f"no row meets --where {where!r}")
    _answer(answer, form, output)


@literature_app.command("add", epilog=EXIT_CODES)
def literature_add_command(
    file: Annotated[Path, typer.Argument(help="CSV with the table's columns; none but these.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of resampling and shuffling.")] = 0,
) -> None:
    """Check rows of your own, keep them in SCREEN_HOME and fit the models to all rows."""
    from screen import literature, training

    added = literature.add(file)
    _say(f"rows added to {literature.own_path()}: {added}; fitting the models, half a minute")
    training.train_literature(seed)
    _say("the ranking now uses models that know them; see 'python -m screen model card'")


@app.command("doctor", epilog=EXIT_CODES)
def doctor_command() -> None:
    """Whether this installation is sound: versions, shipped tables, writable place, engines."""
    from screen.answers import doctor

    sound = True
    for good, line in doctor.health():
        print(f"{'ok ' if good else 'BAD'}  {line}")
        sound &= good
    if not sound:
        raise DataError("the installation is not sound; the lines marked BAD say what to mend")


@app.command("build-reference", epilog=EXIT_CODES)
def build_reference_command(
    source: Annotated[Path, typer.Argument(help="Full snapshot, as for --source.")],
    gaps: Gaps = None,
    moduli: Moduli = None,
) -> None:
    """Rebuild the embedded reference phases from a full snapshot (for maintainers)."""
    from screen.sources import reference

    path = reference.build(source, gaps, moduli)
    _say(f"written: {path}, and the digests in datasets.toml")


@app.command("build-moduli", epilog=EXIT_CODES)
def build_moduli_command(
    moduli: Annotated[Path, typer.Argument(help="CSV with formula, bulk and shear modulus.")],
) -> None:
    """Train the model of elastic moduli anew and print how good it is (for maintainers)."""
    from screen.descriptors import train_moduli
    from screen.settings import Settings
    from screen.sources import table_files

    formulas, values = table_files.moduli(moduli)
    cap = Settings().modulus_cap_gpa
    path, measured = train_moduli.build(moduli, formulas, values, cap)
    print(measured)
    _say(f"written: {path}, and the digests in datasets.toml")


class _Runs(NamedTuple):
    """What is computed atom by atom, as options give it; False is not given."""

    barrier: bool = False
    surface: bool = False
    calculator: str | None = None
    workers: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if value is not False}


def _settings(
    config: Path | None,
    anode: str | None,
    electrolyte: list[str] | None,
    engine: str | None,
    seed: int | None = None,
    cell: dict[str, Any] | None = None,
    runs: _Runs = _Runs(),  # noqa: B008 (cannot change)
) -> Settings:
    from screen.settings import load_settings
    from screen.tables import anode_of

    symbol = anode_of(anode).symbol if anode is not None else None
    chosen = tuple(electrolyte) if electrolyte else None
    return load_settings(
        config,
        anode=symbol,
        electrolytes=chosen,
        engine=engine,
        seed=seed,
        cell=cell,
        **runs.given,
    )


def _case(formulas: list[str], phases: Phases, settings: Settings, anode: str | None) -> Case:
    """The case of some formulas, each of which the source must cover (with the anode, if any)."""
    from screen import candidates

    for formula in formulas:
        candidates.check_covered(phases, formula, anode=anode)
    return candidates.make_case(phases, settings, formulas)[0]


def _answer(answer: Any, form: str, output: Path | None) -> None:
    if form == "table" and output is None:
        answer.print(_console())
    else:
        _emit(answer.render("md" if form == "table" else form), form, output)


def _check_format(form: str) -> None:
    from screen.report.table import FORMATS

    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}; {did_you_mean(form, FORMATS)}")


def _check_plot(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"--plot {path.name}: the name ends in .svg or .png")


def _draw(path: Path, drawing: Callable[[str], bytes]) -> None:
    _emit(drawing(path.suffix.lower()[1:]), "", path)
    _say(f"drawn: {path}")


def _emit(data: bytes, form: str, output: Path | None) -> None:
    """Bytes to a file (aside, then renamed) or to stdout."""
    if output is None:
        if form == "parquet" and sys.stdout.isatty():
            raise UsageError("parquet is not for a terminal; give -o FILE or a pipe")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from screen.files import write_aside

    try:
        if output.is_dir():
            raise UsageError(f"cannot write {output}: it is a folder; -o takes a file here")
        write_aside(output, data)
    except OSError as error:
        raise UsageError(f"cannot write {str(output)[-80:]}: {error.strerror or error}") from error


def _command() -> str:
    return shlex.join(["python", "-m", "screen", *_given])


def _console() -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 140
    return Console(width=width, highlight=False)


def _say(message: str) -> None:
    print(message, file=sys.stderr)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[..., None]]:
    """A bar with the name of the step, on a terminal; elsewhere lines of what takes long."""

    def line(step: str, done: int = 0, of: int = 0) -> None:
        if of and not quiet:
            _say(f"{step}: {done} of {of} structures")

    if quiet or not sys.stderr.isatty():
        yield line
        return
    from rich.console import Console
    from rich.progress import Progress

    from screen.descriptors import asked
    from screen.settings import Settings

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=len(asked(Settings())) + len(_STEPS))

        def tell(step: str, done: int = 0, of: int = 0) -> None:
            many = f" {done}/{of}" if of else ""
            bar.update(task, description=step + many, advance=0 if of else 1)

        yield tell


@contextmanager
def _page_progress(
    quiet: bool,
) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Where faults are told, and a bar of pages with rate and time left (on a terminal only)."""
    tell: Callable[[str], None] = (lambda _: None) if quiet else _say
    if quiet or not sys.stderr.isatty():
        yield tell, lambda *_: None
        return
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        """Pages per second."""

        def render(self, task: progress.Task) -> Text:
            """As text; nothing before there is a rate."""
            speed = task.finished_speed or task.speed
            return Text(f"{speed:.1f} pages/s" if speed else "")

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("pages"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task("pages", total=None)
        yield console.print, lambda done, of: bar.update(task, completed=done, total=of)
