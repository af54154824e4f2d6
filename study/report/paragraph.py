"""A paragraph for the results section of a paper, with every number from the data.

Fed by a `study.report.summary.Summary`. What cannot be computed is said in words, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from study.protocol.design import TRUTH
from study.report.layout import (
    Section,
    count,
    equal,
    number,
    percent,
    percent_range,
    points_range,
)
from study.report.summary import Judgements, Preferences, Report, Summary
from study.report.truth import d_prime_words
from study.statistics.comparisons import AgainstTruth, Difference
from study.statistics.stats import Distance, Rate


def paper(s: Report) -> Section:
    """The section that holds the paragraph."""
    return Section("paper", "For a paper's results section", paragraph(s))


def paragraph(s: Report) -> str:
    """The results in running text."""
    sentences = [*_who(s)]
    if isinstance(s, Summary):
        sentences += _picked(s)
    elif isinstance(s, (Judgements, Preferences)):
        sentences += s.answered.sentences()
    if any(rate.headline.defined for rate in s.rates_shown):
        sentences.append(
            "Intervals of rates are two-way cluster-robust over participants and pictures, on the "
            "logit scale with t quantiles; pooled binomial intervals would be too narrow."
        )
    return " ".join(sentences)


def _who(s: Report) -> Iterator[str]:
    flow, answers = s.participants.flow, s.participants.answers
    who = "simulated participant" if s.simulated else "participant"
    marks = ["SIMULATED"] * s.simulated + ["EDITED"] * s.edited
    if marks:
        yield f"{', '.join(marks)}, not for publication:"
    task = (
        f"picking the real one among {answers.options} versions"
        if isinstance(s, Summary)
        else f"picking the preferred one among {answers.options} versions"
        if isinstance(s, Preferences)
        else "each shown alone and called real or fake"
    )
    yield (
        f"{count(flow.analysed, who)} ({flow.consented} consented, {flow.excluded} excluded) gave "
        f"{count(answers.analysed, 'scored answer')} on {count(answers.pictures, 'picture')}, "
        f"{task}."
    )


def _picked(s: Summary) -> list[str]:
    sentences: list[str] = []
    level = f"{100 * s.level:g} %"
    distances = {d.name: d for d in s.truth.distances}
    tests = {t.name: t for t in s.tests.against_truth}
    for rate in s.rates.fool_rates:
        if rate.name != TRUTH:
            sentences.append(_method(rate, distances[rate.name], tests[rate.name], level))
    if any(rate.differ for rate in s.weighting.people_rates) and not s.weighting.equal:
        sentences.append(s.weighting.verdict)
    sentences += [_difference(t) for t in s.tests.differences]
    d = s.truth.detection
    sentences.append(
        f"The real picture was found in {percent(d.correct)} of the trials "
        f"({d_prime_words(d)}; equally good fakes assumed)."
    )
    return sentences


def _method(rate: Rate, gap: Distance, test: AgainstTruth, level: str) -> str:
    """How often one method fools, and how that stands to the truth."""
    interval = (
        f"{level} interval {percent_range(rate.headline)}"
        if rate.headline.defined
        else rate.headline.note
    )
    taken = (
        f"Pictures by {rate.name} were taken for real in {percent(rate.rate)} of the trials "
        f"({rate.picked}/{rate.trials}; {interval})"
    )
    if rate.picked == 0 and gap.point == 0:
        return f"{taken}, and the real pictures beside them as rarely."
    return f"{taken}, {_apart(gap)} ({_tested(gap, test)})."


def _apart(gap: Distance) -> str:
    apart = f"{abs(100 * gap.distance):.1f}"
    where = f"the point of indistinguishability of {percent(gap.point)}"
    if float(apart) == 0:
        return f"at {where}"
    return f"{apart} points {'below' if gap.distance < 0 else 'above'} {where}"


def _tested(gap: Distance, test: AgainstTruth) -> str:
    if not gap.interval.defined:
        return f"of the gap {gap.interval.note}, and no test"
    effect = f"; d = {number(test.effect_size)}" if test.effect_size == test.effect_size else ""
    return (
        f"gap {points_range(gap.interval)} points; two-way t test, Holm-corrected "
        f"p {equal(test.p_holm)}{effect}"
    )


def _difference(t: Difference) -> str:
    """How two methods differ."""
    apart = f"{abs(100 * t.difference):.1f}"
    more = "more" if t.difference >= 0 else "less"
    said = (
        f"{t.name} fooled as often as {t.other}"
        if float(apart) == 0
        else f"{t.name} fooled {apart} points {more} often than {t.other}"
    )
    if not t.interval.defined:
        return f"{said} ({t.interval.note}, and no test)."
    return (
        f"{said} ({points_range(t.interval)}; two-way t test, Holm-corrected p {equal(t.p_holm)})."
    )
