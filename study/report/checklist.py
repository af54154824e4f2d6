"""What a reviewer has to be able to tick, answered from the data.

Fed by a `study.report.summary.Summary`. A tick means that the report or the study's record
answers the point; a dash means that it does not, and the text says what is missing and where to get
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from study.protocol.design import TRUTH
from study.report.layout import (
    Section,
    equal,
    number,
    percent,
    percent_range,
    points_range,
    signed,
)
from study.report.summary import Summary

DONE, OPEN = "✓", "–"

Item = tuple[str, str, str]


def checklist(s: Summary) -> Section:
    """The reviewer's checklist, each point ticked or open."""
    items = list(_items(s))
    done = sum(mark == DONE for mark, _, _ in items)
    return Section(
        "checklist",
        "A reviewer's checklist",
        f"{done} of {len(items)} points are answered by this report and the study's record.",
        items=items,
    )


def _items(s: Summary) -> Iterator[Item]:
    flow, answers, slots = s.participants.flow, s.participants.answers, s.behaviour.slots
    methods = _listed([r.name for r in s.rates.fool_rates if r.name != TRUTH])
    yield (
        DONE,
        "Question and estimand",
        f"How often is a picture by {methods} taken for the real one? The estimand is the share "
        "of trials in which it is picked, over people and pictures like those of the study.",
    )
    yield _sample(s)
    yield _exclusions(s)
    read = s.about.instructions
    yield (
        DONE if read else OPEN,
        "Instructions verbatim",
        f"Consent text version {s.about.consent_version}: “{' '.join(read)}”"
        if read
        else "Nobody read any: the participants are simulated."
        if s.simulated
        else "Not known: the study's consent text is not the one that this program shows; take "
        "them from the study file.",
    )
    yield _display(s)
    yield _selection(s)
    biggest = max(abs(rate.rate - slots.expected) for rate in slots.slots)
    yield (
        DONE,
        "Slot bias",
        f"No slot's share is further than {100 * biggest:.1f} points from "
        f"{percent(slots.expected)} (equal shares, naive: p {equal(slots.chi2_p)}).",
    )
    rates = "; ".join(
        f"{r.name} {r.picked}/{r.trials} = {percent(r.rate)} ({percent_range(r.headline)})"
        for r in s.rates.fool_rates
    )
    yield DONE, "All rates with numerator, denominator, interval", f"{rates}."
    tests = "; ".join(
        f"{t.name}: gap {signed(100 * t.gap, 1)} points, d = {signed(t.effect_size)}, corrected "
        f"p {equal(t.p_holm)}"
        for t in s.tests.against_truth
    )
    yield DONE if tests else OPEN, "Effect sizes and corrected tests", f"{tests or 'None'}."
    yield _components(s)
    rated = any(rating.ratings for ratings in s.ratings.ratings.values() for rating in ratings)
    yield (
        DONE if rated else OPEN,
        "Rating distributions, not only means",
        "In the section Ratings: shares of all scale points, means and agreement."
        if rated
        else "Nobody rated a picture.",
    )
    yield (
        DONE if s.pictures.classes and s.pictures.pictures else OPEN,
        "Per-class and per-picture tables",
        f"{len(s.pictures.classes)} classes in the section Classes; {answers.pictures} pictures in "
        "csv and json, the most and the least fooling ones in this report."
        if s.pictures.classes
        else f"The pictures have no classes; {answers.pictures} pictures in csv and json.",
    )
    yield _times(s)
    a = s.behaviour.attention
    repeats = f"{a.repeats_equal} of {a.repeat_trials} repeats with the same pick"
    catches = f"{a.catch_passed} of {a.catch_trials} catch trials passed"
    both = [t for t, n in ((repeats, a.repeat_trials), (catches, a.catch_trials)) if n]
    yield (
        DONE if a.repeat_trials else OPEN,
        "Consistency on repeats, catch trials",
        f"{'; '.join(both)}." if both else "The study has neither repeated nor catch trials.",
    )
    yield (
        DONE,
        "Limits",
        f"{answers.pictures} pictures and {flow.analysed} participants; the intervals speak "
        "about people and pictures like these. Screens and light are the participants' own. "
        "docs/statistics.md names the others.",
    )
    if s.simulated:
        yield OPEN, "Real participants", "None: all answers are simulated."


def _sample(s: Summary) -> Item:
    f, answers = s.participants.flow, s.participants.answers
    recruited = (
        "recruited: not recorded, nothing is stored before consent"
        if f.recruited is None
        else f"{f.recruited} recruited"
    )
    withdrawn = "" if f.withdrawn is None else f", {f.withdrawn} withdrew"
    return (
        DONE,
        "Sample as a flow",
        f"{recruited}; {f.consented} consented{withdrawn}, {f.completed} completed, {f.excluded} "
        f"excluded, {f.analysed} analysed, from {answers.first} to {answers.last} UTC.",
    )


def _exclusions(s: Summary) -> Item:
    rules = "; ".join(f"{name} = {limit:g}" for name, limit in s.participants.rules.items())
    return (
        DONE,
        "Exclusions fixed beforehand, results with and without",
        (f"Rules of the study: {rules}." if rules else "The study has no rule of exclusion.")
        + f" {s.participants.flow.excluded} excluded; the section Who is counted shows every "
        "way to count.",
    )


def _display(s: Summary) -> Item:
    shown = (s.about.stimuli or {}).get("shown")
    size = (s.about.stimuli or {}).get("size")
    if not shown:
        return OPEN, "Display size and filter", "Not known: the stimulus set is not at hand."
    sizes = f"of {size[1]} x {size[0]} pixels" if size else "of several sizes"
    return (
        DONE,
        "Display size and filter",
        f"Pictures {sizes}, enlarged to {shown['pixels']} pixels by the filter {shown['filter']}, "
        "all alike.",
    )


def _selection(s: Summary) -> Item:
    stimuli = s.about.stimuli
    heading = "Selection of pictures, seed and hashes"
    if not stimuli:
        return OPEN, heading, "Not known: the stimulus set is not at hand (--stimuli FOLDER)."
    return (
        DONE,
        heading,
        f"{stimuli['drawn']}, from {stimuli['source']} by seed {stimuli['seed']}; SHA-256 of the "
        f"manifest {stimuli['sha256']}, of each picture in the manifest.",
    )


def _components(s: Summary) -> Item:
    known = [o for o in s.roads.sensitivity if o.components.interval.defined]
    said = "; ".join(
        f"{o.name}: people SD {number(o.components.participant_sd)}, pictures SD "
        f"{number(o.components.picture_sd)} (log odds)"
        for o in known
    )
    return DONE if said else OPEN, "Variance components", f"{said or 'They cannot be seen'}."


def _times(s: Summary) -> Item:
    trend = {t.name: t for t in s.behaviour.trends}
    times = s.behaviour.times
    if times is None:
        return OPEN, "Response times, learning and fatigue", "No response time was recorded."
    correct, seconds = trend["correct"], trend["seconds"]
    return (
        DONE,
        "Response times, learning and fatigue",
        f"Median {number(times.median_s, 1)} s. A ten trials, the share of real pictures picked "
        f"changes by {signed(100 * correct.per_ten_trials, 1)} points (interval "
        f"{points_range(correct.interval)}), the time by "
        f"{signed(100 * seconds.per_ten_trials, 1)} % ({points_range(seconds.interval)}).",
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"
