"""Local snapshots of the Materials Project: `pull`, `snapshots`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from screen.cli.inputs import settings_of
from screen.cli.options import Anode, Format, Out, Quiet, role_names
from screen.cli.output import check_format, say, write_answer
from screen.cli.program import described
from screen.cli.progress import page_progress
from screen.errors import NothingPassedError, UsageError

if TYPE_CHECKING:
    from screen.settings import Settings


def pull_command(
    chemsys: Annotated[list[str] | None, described("Pull.chemsys")] = None,
    elements: Annotated[
        str | None, typer.Option(help="Only what these elements form, by comma; as --chemsys.")
    ] = None,
    max_pages: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many pages; the next call goes on.")
    ] = None,
    role: Annotated[list[str] | None, described("Pull.role", autocompletion=role_names)] = None,
    structures: Annotated[
        bool,
        typer.Option(
            "--structures",
            help="Instead: structures of what passes the gates (--role, --anode) in the latest "
            "snapshot.",
        ),
    ] = False,
    anode: Anode = None,
    gnome: Annotated[bool, described("Pull.gnome", "--gnome")] = False,
    thermo_type: Annotated[str, described("Pull.thermo_type")] = "GGA_GGA+U",
    restart: Annotated[bool, typer.Option("--restart", help="Forget the pages so far.")] = False,
    open_data: Annotated[
        bool,
        typer.Option(
            "--open-data",
            help="Without a key: read the open tables of the Materials Project in place of its "
            "API. --endpoint is then the address of an S3 service; none: AWS_ENDPOINT_URL or "
            "Amazon.",
        ),
    ] = False,
    rate: Annotated[float | None, described("Pull.rate")] = None,
    endpoint: Annotated[str | None, described("Pull.endpoint")] = None,
    snapshots: Annotated[
        Path | None,
        typer.Option(help="Folder to keep it in. Default: SCREEN_HOME or the user's cache."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Bring the Materials Project into a local snapshot; an interrupted pull goes on. Needs
    MP_API_KEY, or --open-data.
    """
    from screen import files, pipeline, store
    from screen.ranking.roles import chosen_roles
    from screen.run import passed_ids
    from screen.settings import PullSettings, Settings
    from screen.sources import materials_project as mp
    from screen.sources import schemes, snapshot, user_files

    if rate is not None and not 0 < rate <= 20:
        raise UsageError(f"--rate {rate:g}: more than 0 and at most 20 requests per second")
    polite = PullSettings() if rate is None else PullSettings(requests_per_second=rate)
    home = snapshots or files.home(os.environ)
    kept = store.of(home)
    roles = chosen_roles(tuple(role)) if role else ()
    if open_data:
        _check_open_data(structures, rate)
    key = "" if open_data else mp.key_from(os.environ)
    address = "" if open_data else mp.endpoint_from(os.environ, endpoint)
    if structures:
        table = snapshot.latest(home / "snapshots", mp.Query.of((), thermo_type=thermo_type).scheme)
        judged = roles or chosen_roles(())
        done = pipeline.run(user_files.load(table), _unchecked(anode), judged)
        ids = passed_ids(done)
        if not ids:
            raise NothingPassedError(f"no phase of {table.name} passes the gates; nothing to pull")
        with kept.alone("pull", say), page_progress(quiet) as (tell, advance):
            path = mp.pull_structures(mp.Server(key, address, polite, tell), ids, table, advance)
        say(f"written: {path}, structures of {len(ids)} materials")
        return
    if len(roles) > 1:
        raise UsageError("--role: one role for a pull of properties; leave it out for all")
    systems = [*(chemsys or ()), *([elements.replace(",", "-")] if elements else ())]
    select = roles[0].select if roles else None
    properties = select.remote() if select else ()
    query = mp.Query.of(systems, gnome=gnome, properties=properties, thermo_type=thermo_type)
    cap = Settings().modulus_cap_gpa
    with kept.alone("pull", say), page_progress(quiet) as (tell, advance):
        kept.prune()
        if restart:
            (mp.pages_of(home, query) if open_data else mp.Pages(kept, query)).forget()
        if open_data:
            bucket = mp.Bucket(polite, endpoint or os.environ.get("AWS_ENDPOINT_URL"))
            made = mp.pull_open_data(
                bucket, query, home, cap, max_pages=max_pages, progress=advance
            )
        else:
            server = mp.Server(key, address, polite, tell)
            made = mp.pull_snapshot(server, query, home, cap, max_pages=max_pages, progress=advance)
    if made is None:
        say("pages are kept; run the same command again to go on")
    else:
        name = "latest" if query.scheme == schemes.MP_GGA else "latest-r2scan"
        say(f"written: {made}; use it with --source {name} or --source {made}")


def _unchecked(anode: str | None) -> Settings:
    """Settings without the comparison of the engines, for a run that only tells who passes: `rank`
    compares.
    """
    none = {"check_candidates": 0, "check_interfaces": 0}
    return settings_of(None, anode, None, None).model_copy(update=none)


def _check_open_data(structures: bool, rate: float | None) -> None:
    if structures:
        raise UsageError("--structures: structures come with a key; leave --open-data out")
    if rate is not None:
        raise UsageError("--rate: the open tables are read one request after another; leave it out")


def snapshots_command(
    folder: Annotated[
        Path | None,
        typer.Option("--snapshots", help="Folder. Default: SCREEN_HOME or the user's cache."),
    ] = None,
    form: Format = "table",
    output: Out = None,
) -> None:
    """List the local snapshots, oldest first."""
    from screen import files
    from screen.answers import tables

    check_format(form)
    write_answer(tables.snapshots((folder or files.home(os.environ)) / "snapshots"), form, output)
