"""The report in sections: what is printed as text and Markdown, in the words of a reader.

Fed by a `study.statistics.summary.Summary`; printed by `study.report.render`. Only words, order and
rounding are decided here, no number is computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from study.protocol.design import TRUTH
from study.protocol.session import SCALES
from study.report import checklist, checks
from study.report.layout import (
    Section,
    interval_notes,
    name_of,
    number,
    number_range,
    percent,
    percent_range,
    points_range,
)
from study.statistics.stats import Rate
from study.statistics.summary import Spread, Summary

_METHODS_A_TABLE = 3
_UNFINISHED = (
    "An answer is complete in itself: who left early is analysed with the answers given, unless a "
    "rule excludes them."
)


def sections(summary: Summary) -> list[Section]:
    """All sections of the report, in order."""
    return [
        _participants(summary),
        _fool_rates(summary),
        _joint(summary),
        _against_truth(summary),
        *checks.tests(summary),
        *checks.other_roads(summary),
        _ratings(summary),
        *checks.rating_tests(summary),
        *_classes(summary),
        checks.pictures(summary),
        checks.people(summary),
        checks.over_time(summary),
        _slots(summary),
        checks.time_and_attention(summary),
        _populations(summary),
        checklist.checklist(summary),
        checklist.paper(summary),
        _reading(summary),
    ]


def banner(summary: Summary) -> str:
    """What must be said before any number; empty for real participants."""
    if not summary.simulated:
        return ""
    return (
        "SIMULATED: a program drew these answers from a model to test the pipeline or to plan a "
        "study. No person gave them; they say nothing about any method."
    )


def _participants(s: Summary) -> Section:
    flow, answers = s.flow, s.answers
    stages = {
        "recruited": flow.recruited,
        "consented": flow.consented,
        "withdrawn": flow.withdrawn,
        "completed": flow.completed,
        "unfinished": flow.unfinished,
        "excluded": flow.excluded,
        "analysed": flow.analysed,
    }
    known = {name: str(count) for name, count in stages.items() if count is not None}
    reasons = "; ".join(f"{reason} ({count})" for reason, count in flow.reasons.items())
    kinds = ", ".join(f"{count} {kind}" for kind, count in answers.by_kind.items())
    return Section(
        "participants",
        "Participants",
        columns=("", *known),
        rows=[["people", *known.values()]],
        notes=(
            *((f"Excluded: {reasons}.",) if reasons else ()),
            *((_UNFINISHED,) if flow.unfinished else ()),
            f"Answered trials: {kinds}. Analysed: {answers.analysed} scored trials, "
            f"{_spread(answers.per_participant)} a participant, on {answers.pictures} pictures, "
            f"{_spread(answers.per_picture)} a picture, from {answers.first} to {answers.last} "
            "UTC.",
        ),
    )


def _fool_rates(s: Summary) -> Section:
    rows = [
        [
            name_of(rate),
            f"{rate.picked}/{rate.trials}",
            percent(rate.rate),
            percent_range(rate.headline),
            percent_range(rate.wilson),
            "" if rate.paper is None else percent(rate.paper, 2),
        ]
        for rate in s.fool_rates
    ]
    level = f"{100 * s.level:g} %"
    return Section(
        "rates",
        "Fool rates",
        f"In what share of the trials was the picture taken for the real one? Each trial has one "
        f"pick among {s.answers.options}, so the rates share one denominator, "
        f"{s.answers.analysed} trials, and sum to 100 %.",
        ("picked as real", "picks", "rate", f"{level} interval", "Wilson (naive)", "paper"),
        rows,
        (
            *interval_notes(s.fool_rates),
            f"{level} interval: over other participants and other pictures (two-way "
            "cluster-robust, logit scale, t quantile). Wilson treats all answers as independent "
            "and is too narrow; it stands here for comparison only.",
            f"paper: the rate that {s.paper} reports for its own study, not a result of this one.",
        ),
        s.fool_rates,
    )


def _joint(s: Summary) -> Section:
    return Section(
        "joint",
        "The rates together",
        f"Intervals that hold for all rates at once with {100 * s.level:g} %, and how much the "
        "answers of the same person or picture resemble each other (design effect: variance "
        "over that of independent answers).",
        ("picked as real", "rate", "joint interval", "Goodman (naive)", "design effect"),
        [
            [
                name_of(rate),
                percent(joint.rate),
                percent_range(joint.robust),
                percent_range(joint.goodman),
                "–" if math.isnan(rate.design_effect) else f"{rate.design_effect:.2f}",
            ]
            for joint, rate in zip(s.joint, s.fool_rates, strict=True)
        ],
    )


def _against_truth(s: Summary) -> Section:
    pairs = {rate.name: rate for rate in s.pairwise}
    rows = []
    for d in s.distances:
        pair = pairs.get(d.name)
        rows.append(
            [
                d.name,
                "–" if pair is None else f"{pair.picked}/{pair.trials}",
                "–" if pair is None else percent(pair.rate),
                "–" if pair is None else percent_range(pair.headline),
                percent(d.point),
                f"{100 * d.distance:+.1f}",
                points_range(d.interval),
            ]
        )
    return Section(
        "truth",
        "Against the truth",
        "Rate: picks of the method among the picks of it or of the truth; 50 % means that people "
        "cannot tell. Point: the fool rate at which they could not, given what the other "
        "methods take; gap: the fool rate minus it, in percentage points.",
        ("method", "picks", "rate", "interval", "point", "gap", "interval"),
        rows,
        (*interval_notes(list(s.pairwise)), _d_prime(s)),
    )


def _d_prime(s: Summary) -> str:
    d = s.detection
    return (
        f"The real picture was found in {percent(d.correct)} of the trials with {d.alternatives} "
        f"pictures: d' = {number(d.d_prime)} (interval {number_range(d.interval)}), if all fakes "
        "were equally good."
    )


def _ratings(s: Summary) -> Section:
    rows = []
    for scale in SCALES:
        for rating in s.ratings[scale]:
            total = max(1, rating.ratings)
            shares = [f"{100 * count / total:.0f}" for count in rating.counts]
            mean = "–" if math.isnan(rating.mean) else f"{rating.mean:.2f}"
            interval = number_range(rating.interval)
            rows.append([f"{scale}, {rating.name}", str(rating.ratings), mean, interval, *shares])
    alphas = ", ".join(
        f"{a.scale} {'–' if math.isnan(a.alpha) else f'{a.alpha:.2f}'} "
        f"({a.ratings} ratings of {a.pictures} pictures)"
        for a in s.agreement
    )
    return Section(
        "ratings",
        "Ratings",
        "Mean opinion score from 1 to 5: the mean of the participants' means, t interval over "
        "participants; then the distribution, in percent of the ratings.",
        ("scale, method", "ratings", "mean", "interval", "1", "2", "3", "4", "5"),
        rows,
        (f"Agreement between participants (Krippendorff's alpha, ordinal): {alphas}.",),
    )


def _classes(s: Summary) -> Iterator[Section]:
    names = [rate.name for rate in s.fool_rates]
    parts = [names[i : i + _METHODS_A_TABLE] for i in range(0, len(names), _METHODS_A_TABLE)]
    for part in parts if s.classes else []:
        rows = []
        for of_class in s.classes:
            found = {rate.name: rate for rate in of_class.rates}
            cells = [_class_cell(found[name]) if name in found else "–" for name in part]
            rows.append([of_class.label, str(of_class.pictures), str(of_class.trials), *cells])
        yield Section(
            "classes",
            "Classes",
            "Fool rate in percent with its interval, per class of picture. Few answers each, and "
            "many classes: a class that stands out here may do so by chance.",
            ("class", "pictures", "trials", *part),
            rows,
        )


def _slots(s: Summary) -> Section:
    check = s.slots
    return Section(
        "slots",
        "Places on the screen",
        f"If only the pictures decide, each place is picked in {percent(check.expected)} of the "
        "trials.",
        ("slot", "truth shown", "picks", "share", "interval"),
        [
            [
                rate.name,
                str(shown),
                f"{rate.picked}/{rate.trials}",
                percent(rate.rate),
                percent_range(rate.headline),
            ]
            for rate, shown in zip(check.slots, check.truth_shown, strict=True)
        ],
        (f"Equal shares, answers taken as independent (naive): p = {check.chi2_p:.2g}.",),
    )


def _populations(s: Summary) -> Section:
    if len({(population.participants, population.trials) for population in s.populations}) == 1:
        return Section(
            "populations",
            "Who is counted",
            "Everybody with scored answers has completed and nobody is excluded: there is one way "
            "to count.",
        )
    rows = []
    for population in s.populations:
        label = population.name + (" (headline)" if population.name == s.headline else "")
        people = f"{population.participants} / {population.trials}"
        rows += [
            [f"{label}, {r.name}", people, percent(r.rate), percent_range(r.headline)]
            for r in population.rates
            if r.name != TRUTH
        ]
    choices = "; ".join(f"{p.name}: {p.description}" for p in s.populations)
    return Section(
        "populations",
        "Who is counted",
        f"The fool rates under every choice of participants. {choices}.",
        ("population, method", "people / trials", "rate", "interval"),
        rows,
    )


def _reading(s: Summary) -> Section:
    versions = ", ".join(f"{name} {number}" for name, number in s.versions.items())
    return Section(
        "about",
        "About these numbers",
        f"Database {s.database}{f', study {s.study}' if s.study else ''}. Computed with "
        f"{versions}. docs/statistics.md says what each estimate means and how often its interval "
        "holds the truth.",
    )


def _spread(spread: Spread) -> str:
    if spread.low == spread.high:
        return f"{spread.low:.0f}"
    return f"{spread.low:.0f} to {spread.high:.0f} (median {spread.median:g})"


def _class_cell(rate: Rate) -> str:
    if not rate.headline.defined:
        return f"{100 * rate.rate:.0f}"
    low, high = 100 * rate.headline.low, 100 * rate.headline.high
    return f"{100 * rate.rate:.0f} ({low:.0f} to {high:.0f})"
