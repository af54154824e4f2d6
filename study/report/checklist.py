"""What a reviewer has to be able to tick, answered from the data.

Fed by a `study.report.summary.Summary`. Every tick is computed: it stands where the report or the
study's record answers the point and finds nothing against it. A dash means that it does not, and
the text says what is missing, or what was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from study.protocol.design import TRUTH
from study.report.layout import (
    Section,
    count,
    equal,
    number,
    number_range,
    percent,
    percent_range,
    points_range,
    signed,
)
from study.report.summary import Summary

DONE, OPEN = "✓", "–"
FEWEST = 8  # participants or pictures, below which intervals rest on few degrees of freedom
ALPHA = 0.05
_TIMED = 0.95  # share of the answers that must have a time

Item = tuple[str, str, str]


def checklist(s: Summary) -> Section:
    """The reviewer's checklist, each point ticked or open."""
    items = [(DONE if holds else OPEN, asked, answer) for holds, asked, answer in _items(s)]
    done = sum(mark == DONE for mark, _, _ in items)
    return Section(
        "checklist",
        "A reviewer's checklist",
        f"{done} of {len(items)} points are answered by this report and the study's record, with "
        "nothing found against them.",
        items=items,
    )


def _items(s: Summary) -> Iterator[tuple[bool, str, str]]:
    yield _question(s)
    yield _real(s)
    yield _sample(s)
    yield _registered(s)
    yield _exclusions(s)
    yield _instructions(s)
    yield _display(s)
    yield _selection(s)
    yield _slots(s)
    yield _rates(s)
    yield _tests(s)
    yield _components(s)
    yield _ratings(s)
    yield _tables(s)
    yield _times(s)
    yield from _attention(s)
    yield _limits(s)


def _question(s: Summary) -> tuple[bool, str, str]:
    methods = _listed([r.name for r in s.rates.fool_rates if r.name != TRUTH])
    held = all(r.headline.defined for r in s.rates.fool_rates)
    said = (
        f"How often is a picture by {methods} taken for the real one? The estimand is the share "
        "of trials in which it is picked, over people and pictures like those of the study."
    )
    if not held:
        said += " There is no interval over both, so it cannot be estimated from these answers."
    return held, "Question and estimand", said


def _real(s: Summary) -> tuple[bool, str, str]:
    said = [
        *(("none, all answers are simulated",) if s.simulated else ()),
        *(("the export was changed after it was written",) if s.edited else ()),
    ]
    answer = f"{'; '.join(said).capitalize()}." if said else "As the study stored them."
    return not said, "Answers of real participants, unchanged", answer


def _sample(s: Summary) -> tuple[bool, str, str]:
    f, answers = s.participants.flow, s.participants.answers
    recruited = (
        "recruited: not recorded, nothing is stored before consent"
        if f.recruited is None
        else f"{f.recruited} recruited"
    )
    withdrawn = "withdrawn: not known" if f.withdrawn is None else f"{f.withdrawn} withdrew"
    return (
        f.withdrawn is not None,
        "Sample as a flow",
        f"{recruited}; {f.consented} consented, {withdrawn}, {f.completed} completed, {f.excluded} "
        f"excluded, {f.analysed} analysed, from {answers.first} to {answers.last} UTC.",
    )


def _registered(s: Summary) -> tuple[bool, str, str]:
    open_lines = [line.asked for line in s.registered.registration if not line.held]
    if not s.registered.registration:
        said = "Nothing was registered before the first participant began."
    elif open_lines:
        said = f"Not as registered: {'; '.join(open_lines)} (section Registration)."
    else:
        said = f"All {len(s.registered.registration)} lines of the section Registration agree."
    return s.registered.held and not s.edited, "Registered beforehand, and done so", said


def _exclusions(s: Summary) -> tuple[bool, str, str]:
    rules = "; ".join(f"{name} = {limit:g}" for name, limit in s.participants.rules.items())
    by_hand = s.participants.by_hand
    said = f"Rules of the study: {rules}." if rules else "The study has no rule of exclusion."
    if by_hand:
        said += f" {count(len(by_hand), 'participant')} excluded by a person, not by a rule: "
        said += "; ".join(str(decision) for decision in by_hand) + "."
    if s.edited:
        said += " The export was edited, so nobody can tell whether these are the study's rules."
    return (
        not by_hand and not s.edited,
        "Exclusions fixed beforehand, results with and without",
        f"{said} {s.participants.flow.excluded} excluded; the section Who is counted shows every "
        "way to count.",
    )


def _instructions(s: Summary) -> tuple[bool, str, str]:
    read = s.about.instructions
    return (
        bool(read),
        "Instructions verbatim",
        f"Consent text version {s.about.consent_version}: “{' '.join(read)}”"
        if read
        else "Nobody read any: the participants are simulated."
        if s.simulated
        else "Not known: the study's consent text is not the one that this program shows; take "
        "them from the study file.",
    )


def _display(s: Summary) -> tuple[bool, str, str]:
    heading = "Display size and filter"
    shown = (s.about.stimuli or {}).get("shown")
    size = (s.about.stimuli or {}).get("size")
    if not shown:
        return False, heading, "Not known: the stimulus set is not at hand."
    sizes = f"of {size[1]} x {size[0]} pixels" if size else "of several sizes"
    limit = s.exposure.exposure
    said = "" if limit is None else f" Shown for {limit.limit_ms} ms (section Exposure)."
    return (
        True,
        heading,
        f"Pictures {sizes}, enlarged to {shown['pixels']} pixels by the filter {shown['filter']}, "
        f"all alike.{said}",
    )


def _selection(s: Summary) -> tuple[bool, str, str]:
    stimuli = s.about.stimuli
    heading = "Selection of pictures, seed and hashes"
    if not stimuli:
        return False, heading, "Not known: the stimulus set is not at hand (--stimuli FOLDER)."
    return (
        stimuli.get("seed") is not None and bool(stimuli.get("drawn")),
        heading,
        f"{stimuli['drawn']}, from {stimuli['source']} by seed {stimuli['seed']}; SHA-256 of the "
        f"manifest {stimuli['sha256']}, of each picture in the manifest.",
    )


def _slots(s: Summary) -> tuple[bool, str, str]:
    slots = s.behaviour.slots
    biggest = max(abs(rate.rate - slots.expected) for rate in slots.slots)
    said = (
        f"No slot's share is further than {100 * biggest:.1f} points from "
        f"{percent(slots.expected)}; equal shares, over {count(slots.participants, 'participant')}:"
    )
    if math.isnan(slots.p):
        return False, "Slot bias", f"{said} no test, the participants are too few or all alike."
    if slots.p > ALPHA:
        return True, "Slot bias", f"{said} p {equal(slots.p)}."
    return (
        False,
        "Slot bias",
        f"{said} p {equal(slots.p)}, so a place is picked for itself. Every method stood in every "
        "place equally often, so it makes the rates noisier and more alike, and favours none.",
    )


def _rates(s: Summary) -> tuple[bool, str, str]:
    rates = s.rates.fool_rates
    said = "; ".join(
        f"{r.name} {r.picked}/{r.trials} = {percent(r.rate)} "
        f"({percent_range(r.headline) if r.headline.defined else 'no interval'})"
        for r in rates
    )
    held = all(r.headline.defined for r in rates)
    return held, "All rates with numerator, denominator, interval", f"{said}."


def _tests(s: Summary) -> tuple[bool, str, str]:
    tests = s.tests.against_truth
    said = "; ".join(
        f"{t.name}: gap {signed(100 * t.gap, 1)} points, "
        + (
            "no test"
            if math.isnan(t.p_holm)
            else f"d = {signed(t.effect_size)}, corrected p {equal(t.p_holm)}"
        )
        for t in tests
    )
    tested = bool(tests) and not any(math.isnan(t.p_holm) for t in tests)
    return tested, "Effect sizes and corrected tests", f"{said or 'None'}."


def _components(s: Summary) -> tuple[bool, str, str]:
    spreads = s.components.spreads
    known = [spread for spread in spreads if spread.known]
    said = "; ".join(
        f"{spread.name}: people SD {number(spread.components.participant_sd)} "
        f"({number_range(spread.components.participant_interval)}), pictures SD "
        f"{number(spread.components.picture_sd)} "
        f"({number_range(spread.components.picture_interval)}), on the log odds"
        for spread in known
    )
    every = bool(known) and len(known) == len(spreads)
    return every, "Variance components", f"{said or 'They cannot be seen'}."


def _ratings(s: Summary) -> tuple[bool, str, str]:
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
        f"{sum(rating.ratings for rating in there)} ratings.",
    )


def _tables(s: Summary) -> tuple[bool, str, str]:
    pictures = s.participants.answers.pictures
    return (
        bool(s.pictures.classes and s.pictures.pictures),
        "Per-class and per-picture tables",
        f"{len(s.pictures.classes)} classes in the section Classes; {pictures} pictures in "
        "csv and json, the most and the least fooling ones in this report."
        if s.pictures.classes
        else f"The pictures have no classes; {count(pictures, 'picture')} in csv and json.",
    )


def _times(s: Summary) -> tuple[bool, str, str]:
    heading = "Response times, learning and fatigue"
    times, analysed = s.behaviour.times, s.participants.answers.analysed
    if times is None:
        return False, heading, "No response time was recorded."
    correct, seconds = s.behaviour.trend("correct"), s.behaviour.trend("seconds")
    said = f"Median {number(times.median_s, 1)} s, of {times.answers} of {analysed} answers."
    if not (correct.interval.defined and seconds.interval.defined):
        return False, heading, f"{said} Too few participants or trials for a trend."
    return (
        times.answers >= _TIMED * analysed,
        heading,
        f"{said} A ten trials, the share of real pictures picked "
        f"changes by {signed(100 * correct.per_ten_trials, 1)} points (interval "
        f"{points_range(correct.interval)}), the time by "
        f"{signed(100 * seconds.per_ten_trials, 1)} % ({points_range(seconds.interval)}).",
    )


def _attention(s: Summary) -> Iterator[tuple[bool, str, str]]:
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


def _limits(s: Summary) -> tuple[bool, str, str]:
    pictures, people = s.participants.answers.pictures, s.participants.flow.analysed
    few = [
        f"fewer than {FEWEST} {noun}s, so the intervals rest on few degrees of freedom"
        for n, noun in ((people, "participant"), (pictures, "picture"))
        if n < FEWEST
    ]
    return (
        not few,
        "Limits",
        f"{count(pictures, 'picture')} and {count(people, 'participant')}; the intervals speak "
        f"about people and pictures like these{''.join(f'; {why}' for why in few)}. Screens and "
        "light are the participants' own. docs/statistics.md names the others.",
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"
