"""The models in words: what each is, what it was fitted to, how well it does, what not to do."""

from __future__ import annotations

from collections.abc import Mapping

from screen import verdicts
from screen.energies import error_model
from screen.model import learned, lithiophilic, paired, performance, recovery
from screen.model.figures import DESIRABILITY, PHYSICS
from screen.model.validation import CHANCE, MOST, Estimate

Card = dict[str, str]
RULE = (
    "on families left out: the lower end of the 95 % interval of its gain over the ranking without "
    f"it, at most {MOST:.0%}; nothing if formulas drawn or shuffled at random do as well "
    f"(p above {CHANCE:g})"
)


def cards(*, speaks: bool = True) -> dict[str, Card]:
    """The cards of the models that are in force, by name.

    Args:
        speaks: whether those of the literature table speak of the anode metal in question.

    Raises:
        DataError: for a model that was altered, or fitted to other tables.
    """
    found = {
        "interphase": of_interphase(verdicts.load()),
        "lithiophilic": of_lithiophilic(lithiophilic.load()),
        "energy error": of_energy_errors(error_model.load()),
    }
    if speaks:
        found["recovery"] = of_recovery(recovery.load())
        found["order"] = of_order(learned.load())
        found["performance"] = of_performance(performance.load())
    return found


def of_interphase(model: verdicts.Model) -> Card:
    """The verdict on contact with the anode metal."""
    skill, tells = model.skill, Estimate(*model.skill.hits)
    counts = ", ".join(
        f"{count} {name.replace('_', ' ')}"
        for name, count in zip(verdicts.VERDICTS, skill.counts, strict=True)
    )
    return {
        "what": "probabilities that a contact with the anode metal is stable, passivating or mixed "
        "conducting",
        "how": "two logistic curves, p = 1 / (1 + exp(-(a + b x))): that anything happens, x = "
        f"ln(1 + |E| / {verdicts.ENERGY_ERROR_EV_ATOM:g} eV/atom), E the contact energy, a = "
        f"{model.reacts.intercept:g}, b = {model.reacts.slope:g}, one half at "
        f"{model.reaction_ev_atom:.3f} eV/atom; that what forms conducts electrons, x = ln(1 + f / "
        f"{verdicts.SHARE_ERROR:g}), f the conducting share by volume, a = "
        f"{model.conducts.intercept:g}, b = {model.conducts.slope:g}, one half at "
        f"{model.share:.3f}",
        "fitted to": f"{skill.interphases} interphases seen in experiment, {counts} "
        f"({_tables(model.fitted_to)})",
        "measured on": "interphases that it was not fitted to, each left out in turn; intervals "
        "are 95 %",
        "tells right": f"{_percent(tells)}; the most frequent verdict {skill.majority_hits:.0%}; "
        f"the rule 5 meV/atom and share 0.16 {skill.rule_hits:.0%}; with whole families left out "
        f"{_percent(Estimate(*skill.hits_by_family))}; of those that react in the table "
        f"{_percent(Estimate(*skill.hits_of_reacting))}",
        "log loss": f"{Estimate(*skill.log_loss)} nats; the shares of the verdicts alone "
        f"{skill.majority_log_loss:.2f}; with whole families left out "
        f"{Estimate(*skill.log_loss_by_family)}",
        "told wrongly": ", ".join(
            f"{formula} (seen {seen.replace('_', ' ')}, told {told:.0%})"
            for formula, seen, told in skill.missed
        ),
        "what makes it look better than it is": "the figures on which it rests were chosen knowing "
        "such interphases; a third of the rows are recalled, not read; the end products of "
        "interphases are stable by construction",
        "in the ranking": "the most probable verdict chooses the kind of an interlayer "
        "(roles.toml); it has no share of the score by itself",
        "do not use it": "for thickness, rate or resistance; for anode metals other than lithium "
        "and sodium without looking at the products; where reactions are slow, as with LiBH4 and "
        "Al2O3",
        "scikit-learn": model.scikit_learn,
    }


def of_energy_errors(model: error_model.Model) -> Card:
    """How far computed formation energies are from measured ones."""
    skill, spreads = model.skill, model.spreads
    half, most, nearly = (f"{share:.0%}" for share in skill.covered)
    _, lithium_table, lithium = skill.lithium
    reactions, volts_table, volts = skill.conversion
    others = skill.divisions
    return {
        "what": "error of the formation energies of the 2019 table, table minus measured, as a "
        "distribution: a mean for each phase, and joint samples",
        "how": "Gaussian process, linear in which elements are anions, how ionic, which are "
        "oxidised (features.py), with an error that the phases of a chemical system share, "
        f"{spreads.system:.3f} eV/atom, and one of each phase by class: "
        + ", ".join(
            f"{one.name} {spread:.3f}"
            for one, spread in zip(skill.classes, spreads.kinds, strict=True)
        )
        + f" eV/atom; spreads of greatest marginal likelihood, deviations times "
        f"{model.calibration:.2f}, since errors have longer tails than a normal distribution",
        "fitted to": f"{skill.phases} measured phases in {skill.systems} chemical systems "
        f"({_tables(model.fitted_to)})",
        "measured on": "whole chemical systems that it was not fitted to, ten folds",
        "formation energies": f"mean absolute error {skill.model:.3f} eV/atom, of the table "
        f"{skill.table:.3f}; of the {skill.lithium[0]} compounds of lithium {lithium:.3f} and "
        f"{lithium_table:.3f}",
        "by class": "; ".join(
            f"{one.name} ({one.phases}): bias of the table {one.bias:+.3f}, mean error "
            f"{one.table:.3f} -> {one.model:.3f}, 80 % interval covers {one.covered:.0%}"
            for one in skill.classes
        ),
        "intervals": f"50, 80, 95 % cover {half}, {most}, {nearly}",
        "conversion voltages": f"{reactions} reactions MXn + n Li -> n LiX + M: mean absolute "
        f"error {volts:.3f} V, of the table {volts_table:.3f}",
        "other divisions into folds": f"mean of {others.count}, and range: formation energies "
        f"{_within(others.model)} eV/atom; 80 % interval covers "
        f"{others.covered[1][0]:.0%} ({others.covered[1][1]:.0%} to {others.covered[1][2]:.0%}); "
        f"conversion voltages {_within(others.conversion)} V, "
        f"{others.conversion[0] / volts_table:.2f} of the table's "
        f"({others.conversion[1] / volts_table:.2f} to {others.conversion[2] / volts_table:.2f})",
        "room temperature": f"what it adds to a formation energy, to {skill.thermal:.3f} eV/atom",
        "what makes it look better than it is": "features and classes were chosen looking at what "
        "the left-out phases err by; compounds that were measured are simple ones; the spread of "
        f"alloys rests on {skill.classes[0].phases} alloys of lithium",
        "in the ranking": "none, unless energies are anchored or samples are asked for",
        "do not use it": "for other functionals and corrections than those of the 2019 table; for "
        "molecular solids; for silicides, germanides and borides, of which hardly any teach it",
        "scikit-learn": model.scikit_learn,
    }


def _within(found: error_model.Range) -> str:
    """A mean and its range."""
    return f"{found[0]:.3f} ({found[1]:.3f} to {found[2]:.3f})"


def of_lithiophilic(model: lithiophilic.Model) -> Card:
    """The probability of lithiophilicity."""
    skill = model.skill

    def between(value: tuple[float, float, float]) -> str:
        return f"{value[0]:.2f} (95 % interval {value[1]:.2f} to {value[2]:.2f})"

    return {
        "what": "probability that the literature would call a substrate lithiophilic",
        "how": "logistic regression, 1 / (1 + exp(-(a + b ln(1 + h) + c min(r, "
        f"{lithiophilic.ENOUGH_V:g} V)))): h = {model.features[0]}, r = {model.features[1]}, "
        f"a = {model.intercept:g}, b = {model.weights[0]:g}, c = {model.weights[1]:g} per V",
        "fitted to": f"{skill.substrates} substrates of {skill.chemistries} chemistries "
        f"({_tables(model.fitted_to)}), "
        f"{skill.lithiophilic:.0%} of them lithiophilic: failures are seldom published",
        "measured on": "chemistries that it was not fitted to, each left out as a whole",
        "puts a lithiophilic one before another": f"{between(skill.ranked)}; by chance 0.50",
        "tells right": f"{between(skill.accuracy)}; the share alone {skill.dumb_accuracy:.2f}",
        "Brier score": f"{between(skill.brier)}; the share alone {skill.dumb_brier:.2f}; "
        f"better by {between(skill.brier_gain)}",
        "cannot explain": ", ".join(
            f"{formula} (called so by {share:.0%} of its sources, told {told:.2f})"
            for formula, share, told in skill.missed
        ),
        "in the ranking": "a goal of each role in roles.toml, with a weight of choice",
        "do not use it": "as a measured wetting angle or overpotential; for a surface covered by "
        "oxide or carbonate; for other anode metals; to choose between two alloys",
        "scikit-learn": model.scikit_learn,
    }


def of_recovery(model: recovery.Model) -> Card:
    """The likeness to what has been made to work."""
    every = model.skill[recovery.ALL]
    lines = {
        "what": "share of known compounds that are less like what has been made to work in a role",
        "how": "logistic regression of these against all others; what would speak against its "
        "purpose has no weight. Weights: "
        + "; ".join(
            f"{role}: {', '.join(_weights(model.features, scale.weights))}"
            for role, scale in model.scales.items()
        ),
        "fitted to": f"{every.formulas} formulas of {every.families} families by role, one vote "
        f"per family, against {every.pool} phases ({_tables(model.fitted_to)}); rows that name "
        "them were "
        + ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in model.provenance.items())
        + ", and all count alike",
        "measured on": "families that it was not fitted to, left out with their papers and "
        "formulas; intervals are 95 % over families",
    }
    for role, skill in model.skill.items():
        lines[f"{role}, families in the best 10 % of the pool"] = (
            f"{_percent(skill.top_10['model'])} of {skill.families}; by chance 10%; "
            + _others(skill.top_10)
        )
    for role, skill in model.skill.items():
        lines[f"{role}, mean place"] = (
            f"above {_percent(skill.place['model'])} of the pool; by chance 50%; "
            f"{_others(skill.place)}; formulas drawn at random do as well with p = {skill.p:.2f}"
        )
    over = {n: gain for n, gain in every.gain_top_10.items() if not n.endswith("desirability")}
    lines["ahead of figures of the composition alone"] = "; ".join(
        f"{name}: {gain.value:+.1%} ({gain.low:+.1%} to {gain.high:+.1%}) of the families in the "
        f"best 10 %, {place.value:+.1%} ({place.low:+.1%} to {place.high:+.1%}) in mean place"
        for name, gain in over.items()
        for place in (every.gain[name],)
    )
    if equal := [name for name, gain in over.items() if gain.low <= 0]:
        lines["ahead of figures of the composition alone"] += (
            f"; not told from {' and '.join(equal)} by the best 10 %"
        )
    lines["what makes it look better than it is"] = (
        "its features were chosen with such measurements in sight; the share of the score follows "
        "from the same families that model and desirability are then measured on; intervals over "
        "so few families are too narrow, that of all roles the more, since a family may count in "
        "two; a candidate that taught it is no longer new to it"
    )
    lines["in the ranking"] = (
        ", ".join(f"{model.skill[role].share:.1%} of the score as {role}" for role in model.scales)
        + f"; earned {RULE}"
    )
    lines["families it would have missed"] = "; ".join(
        f"{name} (above {place:.0%})" for name, place in every.left_out if place < 0.75
    )
    lines["formulas that are not in the pool"] = ", ".join(model.absent)
    lines["do not use it"] = (
        "as a chance of success: the literature reports few failures, and groups try light, simple "
        "compounds first, which is most of what it has learned; for other anode metals; to rule "
        "out what is new in kind"
    )
    lines["scikit-learn"] = model.scikit_learn
    return lines


def of_order(model: learned.Model) -> Card:
    """The learned order of each role."""
    name, digest, phases = model.table
    figures = (*PHYSICS, DESIRABILITY)
    lines = {
        "what": "a score that puts the candidates of a role in order: how far physics and the "
        "goals of the role speak for it, by what has been made to work",
        "how": "logistic regressions of what has worked against the phases of a table, one for "
        "each role, with weights drawn towards weights that all share; figures that tell how "
        "likely a compound was tried are fitted beside them and left out of the score",
        "fitted to": f"{phases} phases of {name} ({digest[:12]}; {_tables(model.fitted_to)})",
        "measured on": "families that it was not fitted to, left out with their papers and "
        "formulas: which share of the 30 phases as simple scores lower (matched AUC), beside the "
        "hand-weighted score; intervals are 95 % over families. Balanced controls are as often "
        "lighter as heavier, which the nearest are not",
        "it leads where it is": learned.RULE,
    }
    for role, of_role in model.roles.items():
        gain = of_role.gain
        within = "too few pass" if gain.within is None else _ahead(gain.within)
        lines[f"{role}, ahead in matched AUC"] = (
            f"{_ahead(gain.matched)} on {gain.families} families, within the gates {within}: "
            + ("the learned order leads" if of_role.leads else "the hand-weighted order stays")
            + f"; against balanced controls {_ahead(gain.balanced)}"
            + (f", within {_ahead(gain.balanced_within)}" if gain.balanced_within else "")
        )
    for role, of_role in model.roles.items():
        heaviest = sorted(
            zip(figures, of_role.weights[: learned.COUNTED], strict=True), key=lambda w: -abs(w[1])
        )
        lines[f"{role}, weights"] = ", ".join(
            f"{weight:z.2f} {figure.words}" for figure, weight in heaviest if weight
        )
    lines["what makes it look better than it is"] = (
        "whether it leads is decided by the families that its gain is measured on; figures were "
        "chosen before, but by those who know what works; intervals over so few families are too "
        "narrow"
    )
    lines["in the ranking"] = (
        ", ".join(
            f"the order of those that pass as {role}"
            for role, of_role in model.roles.items()
            if of_role.leads
        )
        or "orders nothing: no role has earned it"
    )
    lines["do not use it"] = (
        "as a chance of success: the literature reports few failures; for other anode metals; "
        "differences below the interval of its refits mean nothing"
    )
    lines["scikit-learn"] = model.scikit_learn
    return lines


def _ahead(gain: Estimate) -> str:
    return f"{gain.value:+.0%} ({gain.low:+.0%} to {gain.high:+.0%})"


def of_performance(model: performance.Model) -> Card:
    """Critical current density and plated capacity."""
    lines = {
        "what": "what a paper would report as critical current density and cumulative plated "
        "capacity of a cell with the material",
        "how": "linear model of the logarithm; a test that was stopped while stable is a lower "
        "bound. " + "; ".join(_formula(name, target) for name, target in model.targets.items()),
        "measured on": "material families that it was not fitted to, left out with their papers; "
        "intervals are 95 % over families",
    }
    for name, target in model.targets.items():
        skill = target.skill
        lines[f"{name}, fitted to"] = (
            f"{skill.tests} cells, {skill.films} of them with a material, of {skill.families} "
            f"families and {skill.papers} papers; {skill.bounds} figures are lower bounds"
        )
        lines[f"{name}, gain by the material"] = (
            f"in log likelihood per cell over class, conditions and the presence of a film: "
            f"{skill.gain}; shuffled materials gain as much with p = {skill.p:.2f}"
        )
        lines[f"{name}, mean error"] = (
            f"{skill.error} decades; by the conditions alone {skill.error_by_conditions}, by the "
            f"median of other families {skill.error_by_median}"
        )
        lines[f"{name}, 80 % interval"] = (
            f"covers {_percent(skill.cover)}; it spans a factor "
            f"{10 ** (target.high - target.low):.0f}"
        )
    for name, pair in model.paired.items():
        lines[f"{paired.FIGURES[name]}, ratio of film to control"] = (
            f"10^{pair.middle:.2f} on average, spread {pair.spread:.2f} decades, of {pair.pairs} "
            f"pairs of {pair.papers} papers and {pair.families} families; families left out are "
            f"told to {pair.error} decades, by the median of the others to {pair.error_by_median}, "
            f"gain {pair.gain}: "
            + ("ahead of the median" if pair.counts else "no better than the median, no weight")
        )
    shares = [
        f"{target.skill.share:.1%} of the score by {performance.FIGURES[name]}"
        for name, target in model.targets.items()
    ]
    lines["in the ranking"] = f"{', '.join(shares)}; earned {RULE}"
    lines["fitted to tables"] = _tables(model.fitted_to)
    lines["takes for granted"] = (
        "that when a test is stopped has nothing to do with how long it would have lasted; that a "
        "control failed; that what a paper does not say of its conditions is as in the others"
    )
    lines["do not use it"] = (
        "to choose between materials while its gain is not told from nothing; as the life of a "
        "cell, since nearly all tests were stopped; for other conditions than those named in the "
        "columns; where the flag says that a material is outside of its domain"
    )
    return lines


def _tables(fitted_to: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {digest[:12]}" for name, digest in fitted_to.items())


def _weights(names: tuple[str, ...], weights: tuple[float, ...]) -> list[str]:
    return [f"{w:z.2f} {name.replace('_', ' ')}" for name, w in zip(names, weights, strict=True)]


def _formula(name: str, target: performance.Target) -> str:
    names = (*performance.CONDITIONS[name], *performance.FEATURES)
    terms = ", ".join(_weights(names, target.fit.weights))
    return f"{name}: {terms}; spread {target.fit.spread:.2f} decades"


def _percent(value: Estimate) -> str:
    return f"{value.value:.0%} ({value.low:.0%} to {value.high:.0%})"


def _others(by: Mapping[str, Estimate]) -> str:
    return ", ".join(f"{name} {value.value:.0%}" for name, value in by.items() if name != "model")
