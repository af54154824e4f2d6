"""Points of a reviewer's checklist that every kind of study has.

Fed by a report of any kind; gathered by ``checklist``. Each point is whether it holds,
what is asked, and the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from study.report.components import Spread
from study.report.layout import count, equal, number, number_range, percent, signed
from study.report.summary import OneQuestion, Summary
from study.statistics.stats import SlotCheck

FEWEST = 8  # participants or pictures, below which intervals rest on few degrees of freedom
ALPHA = 0.05
TIMED = 0.95  # share of the answers that must have a time

Item = tuple[bool, str, str]
Whole = Summary | OneQuestion


def corrected_tests(tests: Iterable[tuple[str, float, float]]) -> Item:
    """Effect sizes and corrected tests: of each what was found in words, d, and Holm's p or NaN."""
    found = list(tests)
    said = "; ".join(
        f"{words}, " + ("no test" if math.isnan(p) else f"d = {signed(d)}, corrected p {equal(p)}")
        for words, d, p in found
    )
    held = bool(found) and not any(math.isnan(p) for _, _, p in found)
    return held, "Effect sizes and corrected tests", f"{said or 'None'}."


def real(s: Whole) -> Item:
    """Whether the answers are of real participants, as the study stored them."""
    said = [
        *(("all answers are simulated",) if s.simulated else ()),
        *(("the export was changed after it was written",) if s.edited else ()),
    ]
    answer = f"{'; '.join(said).capitalize()}." if said else "As the study stored them."
    return not said, "Answers of real participants, unchanged", answer


def sample(s: Whole) -> Item:
    """The flow of participants."""
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


def registered(s: Whole) -> Item:
    """Whether the study was registered, and done so."""
    open_lines = [line.asked for line in s.registered.registration if not line.held]
    if not s.registered.registration:
        said = "No registration was stored before the first participant began."
    elif open_lines:
        said = f"Not as registered: {'; '.join(open_lines)} (section Registration)."
    else:
        said = f"All {len(s.registered.registration)} points of the section Registration agree."
    return s.registered.held and not s.edited, "Registered beforehand, and done so", said


def exclusions(s: Whole) -> Item:
    """Whether the exclusions were fixed beforehand."""
    rules = "; ".join(f"{name} = {limit:g}" for name, limit in s.participants.rules.items())
    by_hand = s.participants.by_hand
    said = f"Rules of the study: {rules}." if rules else "The study has no rules of exclusion."
    if by_hand:
        said += f" {count(len(by_hand), 'participant')} excluded by a person, not by a rule: "
        said += "; ".join(str(decision) for decision in by_hand) + "."
    if s.edited:
        said += " The export was edited, so nobody can tell whether these are the study's rules."
    return (
        not by_hand and not s.edited,
        "Exclusions fixed beforehand, results with and without",
        f"{said} {count(s.participants.flow.excluded, 'participant')} excluded in all; the section "
        "Who is counted shows the rates for every way to count.",
    )


def instructions(s: Whole) -> Item:
    """The instructions that participants read."""
    read = s.about.instructions
    return (
        bool(read),
        "Instructions verbatim",
        f"Consent text version {s.about.consent_version}: “{' '.join(read)}”"
        if read
        else "None were read: the participants are simulated."
        if s.simulated
        else "Not known: the study's consent text is not the one that this program shows; take "
        "them from the study file.",
    )


def display(s: Whole) -> Item:
    """How the pictures were shown."""
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


def selection(s: Whole) -> Item:
    """How the pictures were chosen."""
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


def slot_bias(slots: SlotCheck) -> Item:
    """Whether places on the screen were picked for themselves."""
    biggest = max(abs(rate.rate - slots.expected) for rate in slots.slots)
    said = (
        f"The share of every place is within {100 * biggest:.1f} points of "
        f"{percent(slots.expected)}; test of equal shares over "
        f"{count(slots.participants, 'participant')}:"
    )
    if math.isnan(slots.p):
        return False, "Slot bias", f"{said} not possible, as they are too few or all alike."
    if slots.p > ALPHA:
        return True, "Slot bias", f"{said} p {equal(slots.p)}."
    return (
        False,
        "Slot bias",
        f"{said} p {equal(slots.p)}, so people favour a place. Every method stood in every place "
        "equally often: this makes the rates noisier and more alike, but favours no method.",
    )


def components(spreads: Sequence[Spread]) -> Item:
    """How much people and pictures differ."""
    known = [spread for spread in spreads if spread.known]
    said = "; ".join(
        f"{spread.name}: people SD {number(spread.components.participant_sd)} "
        f"({number_range(spread.components.participant_interval)}), pictures SD "
        f"{number(spread.components.picture_sd)} "
        f"({number_range(spread.components.picture_interval)}), on the log odds"
        for spread in known
    )
    every = bool(known) and len(known) == len(spreads)
    return every, "Variance components", f"{said or 'Not computed, see the section'}."


def limits(s: Whole) -> Item:
    """What the answers cannot tell."""
    pictures, people = s.participants.answers.pictures, s.participants.flow.analysed
    scarce = [
        f"{noun}s" for n, noun in ((people, "participant"), (pictures, "picture")) if n < FEWEST
    ]
    few = (
        f"; with fewer than {FEWEST} {' and '.join(scarce)} they rest on few degrees of freedom"
        if scarce
        else ""
    )
    return (
        not few,
        "Limits",
        f"{count(pictures, 'picture')} and {count(people, 'participant')}: the intervals speak "
        f"about people and pictures like these{few}. Participants used their own screens, in their "
        "own light. docs/statistics.md names further limits.",
    )


def listed(names: Sequence[str]) -> str:
    """Join names as in "a, b or c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"
