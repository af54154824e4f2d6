"""Every word that a participant reads before, between and after the trials.

Shown by ``ui``; quoted verbatim in the report. The words are those of `study.protocol.english`, or
a study's own (`study.protocol.wording`), with the study's numbers filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from study.protocol.design import PICK, StudySpec
from study.protocol.english import ENGLISH
from study.protocol.wording import Words, fill, of_trials, over

CONSENT_VERSION = str(ENGLISH["consent"]["version"])
# Guesses until a study has measured it: one pick and six ratings, and one choice without ratings.
SECONDS_PER_TRIAL, SECONDS_PER_CHOICE = 20, 6


@dataclass(frozen=True)
class Scale:
    """The words of a rating scale from 1 to 5: its name and what its ends mean."""

    label: str
    low: str
    high: str


def default_scales(own: Words | None = None) -> dict[str, Scale]:
    """Return the two scales of the default study, or those of a study's own words."""
    return {name: Scale(**words) for name, words in over(ENGLISH, own or {})["scales"].items()}


def texts(
    spec: StudySpec,
    *,
    consent: Sequence[str] | None = None,
    scales: Mapping[str, Scale] | None = None,
    hours: int = 0,
    resume_hours: int = 0,
    open_after: int = 0,
    exposure_ms: int = 0,
    question: str | None = None,
    screen: bool = False,
    automation: bool = False,
    own: Words | None = None,
) -> dict[str, Any]:
    """Return the texts of a study with its own numbers filled in.

    Parameters
    ----------
    spec
        The study.
    consent
        Paragraphs of the consent text; those of the words if None.
    scales
        The rating scales by name; both if None.
    hours, resume_hours
        Within which a participant has to finish, and to come back after an answer.
    open_after
        Seconds until the link of an end opens by itself.
    exposure_ms
        For how long pictures are shown; 0: until the choice.
    question
        What a trial asks where a preference is asked for; that of the words if None.
    screen
        Whether eyes and screen are checked before the trials.
    automation
        Whether it is kept how each pick was made.
    own
        Words of the study's own, checked; see `study.protocol.wording`.

    Returns
    -------
    dict
        As `ENGLISH`, without what is only there to be filled in, and with the words of the study's
        kind of trials in their places. ``page`` and ``refused`` keep their braces.
    """
    shown = default_scales(own) if scales is None else scales
    kind = spec.design.kind
    variant = kind if kind != PICK else None if shown else "unrated"
    words = over(of_trials(ENGLISH, variant), of_trials(own or {}, variant))
    phrases, page, refused = words.pop("phrases"), words.pop("page"), words.pop("refused")
    m = len(spec.design.methods)
    practice, scored = spec.design.practice, spec.design.shown
    counts = {"practice": practice, "scored": scored}
    each = SECONDS_PER_CHOICE if variant else SECONDS_PER_TRIAL
    minutes = max(round((practice + scored) * each / 60), 1)
    exposure = _exposure(phrases, exposure_ms)
    keys = [str(key) for key in range(1, m + 1)]
    filled: dict[str, Any] = fill(
        words,
        {
            **counts,
            "methods": m,
            "others": m - 1,
            "minutes": minutes,
            "duration": phrases["minute" if minutes == 1 else "minutes"].format(minutes=minutes),
            "keys": phrases["comma"].join(keys[:-1]) + phrases["or"] + keys[-1],
            "meanings": _meanings(shown, phrases, default_scales(own)),
            "late": _late(phrases, hours, resume_hours),
            "seconds": open_after,
            "made": phrases["made"] if automation else "",
            "checks": phrases["checks"] if screen else "",
            "trials": phrases["practice_and_trials" if practice else "trials"].format(**counts),
            "answers": phrases["answers"],
            "deleted": phrases["deleted"],
            "fakes": phrases["other" if m == 2 else "others"],
            "question": question or words["question"],
            "exposure": exposure,
            "once": phrases["once"].format(exposure=exposure) if exposure_ms else "",
            "catch": f"{phrases['catch']} " if spec.design.catch else "",
        },
    )
    if consent:
        filled["consent"] |= {"paragraphs": list(consent), "points": []}
    if question:
        filled["question"] = question
    one = filled["instructions"]
    one["points"] = [point for point in one["points"] if point]
    if not practice:
        filled["between"] = None
    one["practice"] = one["practice" if practice else "no_practice"]
    one["begin"] = one["begin_practice" if practice else "begin"]
    del one["no_practice"], one["begin_practice"]
    filled["scales"] = {name: [scale.label, scale.low, scale.high] for name, scale in shown.items()}
    return {**filled, "page": page, "refused": refused}


def _late(phrases: Words, hours: int, resume: int) -> str:
    """Return which time was not kept, of those that the study has."""

    def said(count: int) -> str:
        return str(phrases["hour" if count == 1 else "hours"].format(hours=count))

    key = "late_both" if hours and resume else "late_back" if resume else "late"
    return str(phrases[key].format(hours=said(hours or resume), resume=said(resume)))


def _exposure(phrases: Words, milliseconds: int) -> str:
    """Return in words for how long pictures are shown."""
    seconds = f"{milliseconds / 1000:g}".replace(".", phrases["point"])
    return str(phrases["second" if seconds == "1" else "seconds"].format(seconds=seconds))


def _meanings(scales: Mapping[str, Scale], phrases: Words, default: Mapping[str, Scale]) -> str:
    """Return what the scales ask, from their default words or a study's own label."""
    words = [
        phrases[name] if scale == default[name] else phrases["scale"].format(**asdict(scale))
        for name, scale in scales.items()
    ]
    return str(phrases["and_for"]).join(words)
