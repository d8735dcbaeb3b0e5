"""Answers about the models: their cards, their skill measured anew, a drawing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from screen import evaluation, literature, training
from screen.answers.answer import Answer
from screen.energies import error_model
from screen.model import energy_errors, model_cards, performance
from screen.phases import Phases
from screen.report import plot, terminal
from screen.sources import REFERENCE
from screen.units import unit_of


def model_card() -> Answer:
    """What the models are, how far each can be trusted, what not to use it for."""
    found = model_cards.cards()
    lines = [(name, item, said) for name, card in found.items() for item, said in card.items()]
    heads = ("model", "item", "said")
    rows = pa.table({head: [line[k] for line in lines] for k, head in enumerate(heads)})

    def show(console: Console) -> None:
        for name, card in found.items():
            terminal.print_title(console, f"{name.capitalize()} model")
            for item, said in card.items():
                terminal.print_sentence(console, f"{item}: {said}")
            console.print()

    return Answer(rows, found, show)


def model_skill(phases: Phases, seed: int, progress: training.Progress = lambda *_: None) -> Answer:
    """All models, measured anew on what they were not fitted to.

    Args:
        phases: among which families take their places that the recovery model has not seen.
        progress: as of `training`.
    """
    progress("describing the phases")
    described = training.described(phases, training.candidates_of(phases))
    told = evaluation.evaluate(described, seed, progress)
    found: list[tuple[str, str, str, str, float, float, float]] = [
        ("order", line.role, line.order, line.measure, line.value, line.low, line.high)
        for line in told.lines
    ]
    among = None if phases.name == REFERENCE else described.pool
    for role, skill in training.evaluate(among, seed, progress).items():
        for name in skill.place:
            measures = {
                "mean place": skill.place,
                "in the best 5 %": skill.top_5,
                "in the best 10 %": skill.top_10,
                "model ahead in place": skill.gain,
                "model ahead in the best 10 %": skill.gain_top_10,
            }
            found += [
                ("recovery", role, name, measure, *values[name])
                for measure, values in measures.items()
                if name in values
            ]
    progress("performance model")
    known = literature.table(own=True)
    cells_model = training.fit_performance(seed, known)
    for name, pair in cells_model.paired.items():
        found += [
            ("paired", name, "model", "error in decades", *pair.error),
            ("paired", name, "median", "error in decades", *pair.error_by_median),
            ("paired", name, "model", "gain over the median in decades", *pair.gain),
        ]
    for name, target in cells_model.targets.items():
        cells = target.skill
        found += [
            ("performance", name, "model", "gain in log likelihood", *cells.gain),
            ("performance", name, "model", "error in decades", *cells.error),
            ("performance", name, "conditions", "error in decades", *cells.error_by_conditions),
            ("performance", name, "median", "error in decades", *cells.error_by_median),
            ("performance", name, "model", "80 % interval covers", *cells.cover),
        ]
    progress("energy error model")
    found += _of_energies(energy_errors.train(seed).skill)
    progress("interphase model")
    contacts = training.fit_interphase(seed).skill
    found += [
        ("interphase", "contacts", "model", "told right", *contacts.hits),
        ("interphase", "contacts", "model", "log loss", *contacts.log_loss),
        ("interphase", "families", "model", "told right", *contacts.hits_by_family),
        ("interphase", "families", "model", "log loss", *contacts.log_loss_by_family),
    ]
    progress("lithiophilic model")
    labels = training.fit_lithiophilic(seed).skill
    found += [
        ("lithiophilic", "substrates", "model", "ranked right", *labels.ranked),
        ("lithiophilic", "substrates", "model", "Brier score", *labels.brier),
        ("lithiophilic", "substrates", "model", "gain in Brier score", *labels.brier_gain),
    ]
    heads = ("model", "of", "by", "measure", "value", "low", "high")
    rows = pa.table({head: [line[k] for line in found] for k, head in enumerate(heads)})

    def show(console: Console) -> None:
        _print_order(console, told, phases.name)
        title = f"Models on what was left out, among the phases of {phases.name}; 95 % intervals"
        of_models = rows.filter(pc.not_equal(rows.column("model"), "order"))
        terminal.print_table(console, of_models, {}, title)

    return Answer(rows, rows.to_pylist(), show)


def _of_energies(skill: error_model.Skill) -> list[tuple[str, str, str, str, float, float, float]]:
    """The model of errors of energies beside the table; ranges over divisions into folds."""
    name, others = "energy errors", skill.divisions
    ranged = f"range over {others.count} divisions"
    error, volts = (f"mean error in {unit}" for unit in ("eV/atom", "V"))
    _, table_v, _ = skill.conversion
    covered = zip(error_model.LEVELS, others.covered, strict=True)
    return [
        (name, "formation energies", "table", error, skill.table, skill.table, skill.table),
        (name, "formation energies", "model", f"{error}, {ranged}", *others.model),
        *(
            (name, "formation energies", "model", f"{level:.0%} interval covers, {ranged}", *found)
            for level, found in covered
        ),
        (name, "conversion voltages", "table", volts, table_v, table_v, table_v),
        (name, "conversion voltages", "model", f"{volts}, {ranged}", *others.conversion),
    ]


_MEASURES = {
    "matched": "matched",
    "balanced": "balanced",
    "within": "within gates",
    "top_10": "best 10 %",
    "matched, ahead of desirability": "ahead",
    evaluation.NULL: "null",
}
"""What a terminal shows of an order, with its head."""


def _print_order(console: Console, told: evaluation.Evaluation, source: str) -> None:
    """Orders beside each other, what the gates let through, and what the words mean."""
    said = {(line.order, line.role, line.measure): line for line in told.lines}
    names = dict.fromkeys(line.order for line in told.lines if line.order != "gates")

    def shown(order: str, measure: str) -> str:
        line = said.get((order, "all", measure))
        return "" if line is None else f"{line.value:z.2f} ({line.low:z.2f}, {line.high:z.2f})"

    table = pa.table(
        {"order": list(names)}
        | {head: [shown(name, m) for name in names] for m, head in _MEASURES.items()}
    )
    title = f"Order of {told.formulas} formulas of the literature among {told.phases} of {source}"
    terminal.print_table(console, table, {}, title)
    for sentence in (
        "Each family is left out with its papers and formulas; 95 % intervals over families.",
        "matched: share of the 30 phases as simple (elements, mean mass, atoms) that score lower; "
        "balanced: of 30 with as many atoms, half of them lighter; within gates: matched, among "
        "what passes; one half is chance. best 10 %: share of families there. ahead: of "
        "desirability, in matched.",
        "null: balanced, when formulas as simple stand in place of those of the literature; range "
        "over draws.",
        *_about_leaks(shown),
        *(
            f"{role}: the gates let {said['gates', role, evaluation.PASSED].value:.0%} of what "
            f"worked through, and {said['gates', role, evaluation.RATE].value:.0%} of all phases."
            for order, role, measure in said
            if order == "gates" and measure == evaluation.PASSED
        ),
        *(
            f"Missing, and counted as the median: {name} for {share:.0%} of the phases."
            for name, share in told.missing.items()
            if share >= 0.05
        ),
    ):
        terminal.print_sentence(console, sentence)
    console.print()


def _about_leaks(shown: Callable[[str, str], str]) -> Iterator[str]:
    """What the order in force gains where it should gain nothing."""
    said = [
        (f"matched, {evaluation.AHEAD}, {evaluation.SWAPPED}", "with formulas as simple in place"),
        (f"matched, {evaluation.AHEAD}, {evaluation.SHUFFLED}", "taught by shuffled outcomes"),
        (f"matched, gained by {evaluation.TWICE}", "over itself with every paper entered twice"),
    ]
    parts = [f"{shown(evaluation.IN_FORCE, name)} {words}" for name, words in said]
    if shown(evaluation.IN_FORCE, said[0][0]):
        yield f"The order in force is ahead by {'; '.join(parts)}."


def model_drawing(form: str) -> bytes:
    """Predicted against reported figures of families left out, as svg or png."""
    panels = {}
    for name, target in performance.load().targets.items():
        unit = unit_of(performance.column(name))
        panels[f"{performance.FIGURES[name]}, {unit}"] = target.skill.left_out
    return plot.draw_predictions(panels, form)
