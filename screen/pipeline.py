"""The order of a run: load, describe, predict, rank, check. Nothing else knows it.

Nothing is written here: `run_folder.write` takes what `run` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace

from screen import robust
from screen.candidates import chosen_case, make_case
from screen.columns import Values
from screen.composition import Compositions
from screen.crosscheck import CrossCheck, cross_check
from screen.descriptors import in_batches, structure_runs
from screen.descriptors.case import Case
from screen.descriptors.helpers import Helper
from screen.descriptors.own import Descriptor
from screen.descriptors.structure_runs import Progress
from screen.errors import UsageError
from screen.model import lithiophilic
from screen.phases import Phases
from screen.predictions import explained, predict, with_models
from screen.ranking import order
from screen.ranking.order import Ranking
from screen.ranking.roles import Role
from screen.run import Run, computed_columns, ranked_columns, told_of
from screen.settings import Settings
from screen.sources import REFERENCE, reference
from screen.tables import anode_of, role_names


def describe(
    case: Case,
    progress: Progress,
    executor: Executor | None = None,
    first: int | None = None,
    helpers: Sequence[Helper] = (),
) -> Values:
    """Compute every descriptor; first what is expensive, if the settings ask for it.

    Args:
        executor: takes the expensive work: see `screen.atomistic.jobs.run`.
        first: of how many candidates, the first ones, what is expensive is computed; none: of all.
        helpers: other processes that describe many candidates.
    """
    structures = structure_runs.run(case, progress, executor, first)
    return in_batches.compute_all(case, progress, structures, helpers)


def check_roles(roles: Sequence[Role], case: Case) -> None:
    """Refuse roles that read what this run does not compute, two columns of one name, and roles
    that have no column for what `robust` finds.

    Raises:
        ScreenError: naming the column, or the role.
    """
    ranked_columns(case.electrolytes, case.settings, case.own)
    columns = computed_columns(case.electrolytes, case.settings, case.own)
    for role in roles:
        role.check(columns)
        if case.settings.robust and role.name not in role_names():
            raise UsageError(
                f"--robust: role {role.name!r} is none of {', '.join(role_names())}, which alone "
                "have a column for it; give a role of yours one of these names, or leave --robust "
                "out"
            )


def rank(roles: Sequence[Role], values: Values, formulas: Sequence[str]) -> tuple[Ranking, ...]:
    """Judge every candidate in every role."""
    told, notes = told_of(len(formulas)), lithiophilic.notes(values.columns)
    return tuple(order.order(role, values.columns, formulas, told, notes) for role in roles)


def _ranked(
    roles: Sequence[Role], values: Values, case: Case, progress: Progress
) -> tuple[Ranking, ...]:
    """The same with what the models add to roles, and to what is said."""
    rankings = rank(with_models(roles, case.settings), values, case.formulas)
    if case.settings.robust:
        values.update(robust.values(case, values, rankings, progress))
    return explained(rankings, values, case.compositions)


def run(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    *,
    own: Sequence[Descriptor] = (),
    selected: bool = False,
    progress: Progress = lambda *_: None,
    executor: Executor | None = None,
) -> Run:
    """Describe, rank and check; nothing is written.

    Args:
        own: descriptors that the user brings.
        selected: judge only what the roles select of a large table.
        progress: told the name of each step as it begins, and how far expensive ones are.
        executor: takes the expensive work: see `screen.atomistic.jobs.run`.
    """
    case, identity = chosen_case(phases, settings, roles, selected)
    case = replace(case, own=tuple(own))
    check_roles(roles, case)
    with in_batches.helped(case) as helpers:
        described = describe(case, progress, executor, helpers=helpers)
        return judge(case, identity, described, roles, progress, helpers)


def judge(
    case: Case,
    identity: dict[str, Sequence[str]],
    described: Values,
    roles: Sequence[Role],
    progress: Progress = lambda *_: None,
    helpers: Sequence[Helper] = (),
) -> Run:
    """What follows when all candidates are described: predict, rank and check.

    Args:
        helpers: other processes, which have nothing else to do: one makes the check.
    """
    for helper in helpers[1:]:
        helper.end()
    with ThreadPoolExecutor(1) as beside:
        checked = [beside.submit(_checked_by, helper) for helper in helpers[:1]]
        values = predict(case, described)
        progress("ranking")
        rankings = _ranked(roles, values, case, progress)
        progress("cross-check")
        found = [check for one in checked if (check := one.result()) is not None]
    # Without a helper, or if it was lost or the check failed there, it is made and told here.
    return Run(case, identity, values, rankings, *(found or [cross_check(case)]))


def _checked_by(helper: Helper) -> CrossCheck | None:
    """The check as a helper makes it, which then ends: ranking may take long, and its memory."""
    try:
        return helper.ask(cross_check)
    finally:
        helper.end()


def explain(
    phases: Phases,
    settings: Settings,
    roles: Sequence[Role],
    formula: str,
    progress: Progress = lambda *_: None,
    own: Sequence[Descriptor] = (),
) -> Run:
    """Judge one candidate, among the named ones where the source is the reference set; what is
    expensive is computed of that one alone.
    """
    formulas = [formula]
    if phases.name == REFERENCE:
        named = [c.formula for c in reference.named_candidates(anode_of(settings.anode).symbol)]
        wanted = Compositions.from_formulas([formula]).key[0]
        formulas += [f for f in named if Compositions.from_formulas([f]).key[0] != wanted]
    case, identity = make_case(phases, settings, formulas)
    case = replace(case, own=tuple(own))
    check_roles(roles, case)
    values = predict(case, describe(case, progress, first=1))
    rankings = _ranked(roles, values, case, progress)
    return Run(case, identity, values, rankings)
