"""Points of a reviewer's checklist for studies of real or fake, and of preferences.

Fed by a `study.report.summary.OneQuestion`; gathered by ``checklist``. What these kinds of trials
cannot have (ratings, catch and repeated trials) is not asked; attention is asked of the rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from study.protocol.design import TRUTH
from study.report.checklist_shared import (
    TIMED,
    Item,
    components,
    corrected_tests,
    display,
    exclusions,
    instructions,
    limits,
    listed,
    real,
    registered,
    sample,
    selection,
    slot_bias,
)
from study.report.layout import equal, number, number_range, percent, percent_range, signed
from study.report.summary import Judgements, OneQuestion, Preferences
from study.statistics.behaviour import Times

ATTENTIVE = ("min_median_seconds", "max_same_slot_share")  # what tells who does not look


def items(s: OneQuestion) -> Iterator[Item]:
    """Every point: whether it holds, what is asked, and the answer."""
    yield _question(s)
    yield real(s)
    yield sample(s)
    yield registered(s)
    yield exclusions(s)
    yield instructions(s)
    yield display(s)
    yield selection(s)
    yield _rates(s)
    if isinstance(s, Judgements):
        yield _told(s)
        yield _criterion(s)
        yield _times(s, s.answered.times)
    elif isinstance(s, Preferences):
        yield _differences(s)
        yield _strengths(s)
        yield slot_bias(s.answered.slots)
        yield _times(s, s.answered.times)
    yield components(s.components.spreads)
    yield _attention(s)
    yield limits(s)


def _question(s: OneQuestion) -> Item:
    names = listed([rate.name for rate in s.rates_shown if rate.name != TRUTH])
    held = all(rate.headline.defined for rate in s.rates_shown)
    asked = (
        f"How often is a picture by {names}, shown alone, called real, and how often the real one? "
        "The estimand is the share of the trials with such a picture in which it is"
        if isinstance(s, Judgements)
        else f"How often is a picture by {names} preferred? The estimand is the share of the "
        "trials in which it is"
    )
    said = f"{asked}, over people and pictures like those of the study."
    if not held:
        said += " These answers give no interval over both, so they do not estimate it."
    return held, "Question and estimand", said


def _rates(s: OneQuestion) -> Item:
    said = "; ".join(
        f"{r.name} {r.picked}/{r.trials} = {percent(r.rate)} "
        f"({percent_range(r.headline) if r.headline.defined else 'no interval'})"
        for r in s.rates_shown
    )
    held = all(rate.headline.defined for rate in s.rates_shown)
    return held, "All rates with numerator, denominator, interval", f"{said}."


def _told(s: Judgements) -> Item:
    """Hits against false alarms, with d' as the effect."""
    tests = s.answered.against_truth
    said = "; ".join(
        f"{t.name}: {signed(100 * t.difference, 1)} points, "
        + (f"d' = {number(t.d_prime)}, " if t.d_interval.defined else "no d', ")
        + ("no test" if math.isnan(t.p_holm) else f"corrected p {equal(t.p_holm)}")
        for t in tests
    )
    held = bool(tests) and all(t.d_interval.defined and not math.isnan(t.p_holm) for t in tests)
    return held, "Effect sizes and corrected tests", f"{said or 'No real picture was judged'}."


def _criterion(s: Judgements) -> Item:
    """Who calls everything real has many hits, so the criterion stands beside d'."""
    tests = s.answered.against_truth
    known = [t for t in tests if t.criterion_interval.defined]
    said = "; ".join(
        f"{t.name}: c = {signed(t.criterion)} ({number_range(t.criterion_interval, '+.2f')})"
        for t in known
    )
    held = bool(known) and len(known) == len(tests)
    return (
        held,
        "Response bias apart from sensitivity",
        f"{said or 'No criterion could be computed'}.",
    )


def _differences(s: Preferences) -> Item:
    return corrected_tests(
        (f"{t.name} − {t.other}: {signed(100 * t.difference, 1)} points", t.effect_size, t.p_holm)
        for t in s.answered.preference_differences
    )


def _strengths(s: Preferences) -> Item:
    found = s.answered.strengths
    every = bool(found.strengths) and not found.never
    every = every and all(one.interval.defined for one in found.strengths)
    said = "; ".join(
        f"{one.name} {signed(one.strength)} ({number_range(one.interval, '+.2f')})"
        for one in found.strengths
    )
    if found.never:
        said += f"{'; ' * bool(said)}never picked: {', '.join(found.never)}"
    return every, "One scale over all methods", f"{said or found.why or 'None'}."


def _times(s: OneQuestion, times: Times | None) -> Item:
    heading, analysed = "Response times", s.participants.answers.analysed
    if times is None:
        return False, heading, "No response time was recorded."
    return (
        times.answers >= TIMED * analysed,
        heading,
        f"Median {number(times.median_s, 1)} s, of {times.answers} of {analysed} answers; "
        f"{number(times.early_median_s, 1)} s in the first half of the trials and "
        f"{number(times.late_median_s, 1)} s in the second.",
    )


def _attention(s: OneQuestion) -> Item:
    rules = {name: s.participants.rules[name] for name in ATTENTIVE if name in s.participants.rules}
    said = "; ".join(f"{name} = {limit:g}" for name, limit in rules.items())
    return (
        bool(rules),
        "Attention",
        f"Studies of this kind have no catch or repeated trials; rules of the study: {said}."
        if rules
        else "Studies of this kind have no catch or repeated trials, and this one has no rule "
        f"that finds people who did not look ({' or '.join(ATTENTIVE)}).",
    )
