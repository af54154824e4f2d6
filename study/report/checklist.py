"""What a reviewer has to be able to tick, answered from the data.

Fed by a `study.report.summary.Report`. Every tick is computed: it stands where the report or the
study's record answers the point and finds nothing against it. A dash means that it does not, and
the text says what is missing, or what was found. What every study is asked is in
``checklist_shared``, what the other kinds of trials are in ``checklist_kinds``.
"""

from __future__ import annotations

from collections.abc import Iterator

from study.protocol.design import TRUTH
from study.report import checklist_kinds
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
from study.report.layout import (
    Section,
    count,
    number,
    percent,
    percent_range,
    points_range,
    signed,
)
from study.report.summary import OneQuestion, Report, Summary

DONE, OPEN = "✓", "–"


def checklist(s: Report) -> Section:
    """The reviewer's checklist, each point ticked or open."""
    points = _items(s) if isinstance(s, Summary) else ()
    if isinstance(s, OneQuestion):
        points = checklist_kinds.items(s)
    items = [(DONE if holds else OPEN, asked, answer) for holds, asked, answer in points]
    done = sum(mark == DONE for mark, _, _ in items)
    return Section(
        "checklist",
        "A reviewer's checklist",
        f"{done} of {len(items)} points are answered by this report and the study's record, with "
        "nothing found against them.",
        items=items,
    )


def _items(s: Summary) -> Iterator[Item]:
    yield _question(s)
    yield real(s)
    yield sample(s)
    yield registered(s)
    yield exclusions(s)
    yield instructions(s)
    yield display(s)
    yield selection(s)
    yield slot_bias(s.behaviour.slots)
    yield _rates(s)
    yield _tests(s)
    yield components(s.components.spreads)
    yield _ratings(s)
    yield _tables(s)
    yield _times(s)
    yield from _attention(s)
    yield limits(s)


def _question(s: Summary) -> Item:
    methods = listed([r.name for r in s.rates.fool_rates if r.name != TRUTH])
    held = all(r.headline.defined for r in s.rates.fool_rates)
    said = (
        f"How often is a picture by {methods} taken for the real one? The estimand is the share "
        "of trials in which it is picked, over people and pictures like those of the study."
    )
    if not held:
        said += " These answers give no interval over both, so they do not estimate it."
    return held, "Question and estimand", said


def _rates(s: Summary) -> Item:
    rates = s.rates.fool_rates
    said = "; ".join(
        f"{r.name} {r.picked}/{r.trials} = {percent(r.rate)} "
        f"({percent_range(r.headline) if r.headline.defined else 'no interval'})"
        for r in rates
    )
    held = all(r.headline.defined for r in rates)
    return held, "All rates with numerator, denominator, interval", f"{said}."


def _tests(s: Summary) -> Item:
    return corrected_tests(
        (f"{t.name}: gap {signed(100 * t.gap, 1)} points", t.effect_size, t.p_holm)
        for t in s.tests.against_truth
    )


def _ratings(s: Summary) -> Item:
    heading = "Rating distributions, not only means"
    rated = [rating for of_scale in s.ratings.ratings.values() for rating in of_scale]
    there = [rating for rating in rated if rating.ratings]
    if not rated:
        return True, heading, "The study asks for no ratings."
    if not there:
        return False, heading, "Nobody rated a picture."
    return (
        all(sum(rating.counts) == rating.ratings for rating in there),
        heading,
        f"In the section Ratings: shares of all scale points, means and agreement, of "
        f"{sum(rating.ratings for rating in there):,} ratings.",
    )


def _tables(s: Summary) -> Item:
    pictures = s.participants.answers.pictures
    return (
        bool(s.pictures.classes and s.pictures.pictures),
        "Per-class and per-picture tables",
        f"{len(s.pictures.classes)} classes in the section Classes; {pictures} pictures in "
        "csv and json, the most and the least fooling ones in this report."
        if s.pictures.classes
        else f"The pictures have no classes; {count(pictures, 'picture')} in csv and json.",
    )


def _times(s: Summary) -> Item:
    heading = "Response times, learning and fatigue"
    times, analysed = s.behaviour.times, s.participants.answers.analysed
    if times is None:
        return False, heading, "No response time was recorded."
    correct, seconds = s.behaviour.trend("correct"), s.behaviour.trend("seconds")
    said = f"Median {number(times.median_s, 1)} s, of {times.answers} of {analysed} answers."
    if not (correct.interval.defined and seconds.interval.defined):
        return False, heading, f"{said} Too few participants or trials for a trend."
    return (
        times.answers >= TIMED * analysed,
        heading,
        f"{said} In ten trials the share of real pictures picked "
        f"changes by {signed(100 * correct.per_ten_trials, 1)} points (interval "
        f"{points_range(correct.interval)}), the time by "
        f"{signed(100 * seconds.per_ten_trials, 1)} % ({points_range(seconds.interval)}).",
    )


def _attention(s: Summary) -> Iterator[Item]:
    a = s.behaviour.attention
    yield (
        a.repeat_trials > 0,
        "Consistency on repeats",
        f"{a.repeats_equal} of {a.repeat_trials} repeats with the same pick."
        if a.repeat_trials
        else "The study has no repeated trials.",
    )
    yield (
        a.catch_trials > 0,
        "Catch trials",
        f"{a.catch_passed} of {a.catch_trials} catch trials passed."
        if a.catch_trials
        else "The study has no catch trials.",
    )
