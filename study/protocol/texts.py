"""Every word that a participant reads before, between and after the trials.

Shown by ``ui``; quoted verbatim in the report. The consent text has a version, which is stored
with each participant: change the text and the version together. A study file can bring a consent
text and scales of its own (``config``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study.protocol.design import StudySpec
from study.protocol.wording import worded

CONSENT_VERSION = "3"
SECONDS_PER_TRIAL = 20  # a guess until a study has measured it: one pick and six ratings


@dataclass(frozen=True)
class Scale:
    """The words of a rating scale from 1 to 5: its name and what its ends mean."""

    label: str
    low: str
    high: str


ENDS = {
    "declined": ("You do not take part", "Nothing about you was stored. You can close the page."),
    "screened_out": (
        "Your part ends here",
        "The people who run this study have ended your part in it. You can close the page.",
    ),
    "quota_full": (
        "The study is full",
        "As many people as were wanted take part already, so you cannot begin any more. Thank you "
        "for your interest. You can close the page.",
    ),
    "timed_out": (
        "The time is over",
        "This study had to be finished within {hours} of its beginning. What you answered is "
        "stored. You can close the page.",
    ),
    "paused": (
        "The study is paused",
        "Nobody can begin it just now. Please come back later.",
    ),
    "not_kept": (
        "The study is closed",
        "Answers could be lost: this server has not shown that it keeps its files when it "
        "restarts. So nobody can begin, and nothing about you was stored. If you run this study, "
        "the server's log says what to do.",
    ),
}


def default_scales() -> dict[str, Scale]:
    """Return the two scales of the default study."""
    return {
        "realism": Scale("Realism", "not at all real", "completely real"),
        "quality": Scale("Quality", "very bad", "very good"),
    }


_CATCH = (
    "A few trials held obvious fakes only, to see whether the pictures were looked at; these do "
    "not count. "
)
_MEANING = {
    "realism": "realism (could these be the real colours?)",
    "quality": "quality (how good does the picture look?)",
}


def texts(
    spec: StudySpec,
    *,
    consent: Sequence[str] | None = None,
    scales: Mapping[str, Scale] | None = None,
    hours: int = 0,
    exposure_ms: int = 0,
    question: str | None = None,
) -> dict[str, Any]:
    """Return the texts of a study with its own numbers filled in.

    Parameters
    ----------
    spec
        The study.
    consent
        Paragraphs of the consent text; those below if None.
    scales
        The rating scales by name; both if None.
    hours
        Within which a participant has to finish.
    exposure_ms
        For how long pictures are shown; 0: until the choice.
    question
        What a trial asks where a preference is asked for; the program's own words if None.
    """
    m = len(spec.design.methods)
    shown = default_scales() if scales is None else scales
    practice, scored = spec.design.practice, spec.design.shown
    minutes = max(round((practice + scored) * SECONDS_PER_TRIAL / 60), 1)
    trials = f"{scored} trials" if not practice else f"{practice} practice and {scored} real trials"
    read = {
        "consent": {
            "title": "Which picture is real?",
            "lead": (
                f"You will see {m} versions of one photograph at a time. One has its real "
                "colours; the others were coloured by computer programs. You choose the real one, "
                f"then rate how each looks. There are {trials}; allow about {minutes} minutes."
            ),
            "paragraphs": list(consent or ()),
            "points": []
            if consent
            else [
                [
                    "What is stored",
                    "Your choices and ratings, the time at which you gave them and how long each "
                    "choice took, and the version of this text. If you came by a recruiting "
                    "service's link, also the participant, study and session numbers in that link.",
                ],
                [
                    "What is not stored",
                    "Your name, your e-mail or IP address, or anything else about you or your "
                    "device. Your browser keeps a random key, so that you can close the page and "
                    "come back to the same place.",
                ],
                [
                    "You can stop at any time",
                    "Taking part is voluntary. Close the page and nothing more is stored. You get "
                    "a withdrawal code, which stands at the foot of each page: with it you can "
                    "delete all of your answers at any time, also after the end.",
                ],
            ],
            "agree": "I agree and want to take part",
            "decline": "I do not want to take part",
        },
        "instructions": {
            "title": "How it works",
            "points": [
                f"Choose the picture that you think shows the real colours: click it, or press "
                f"{_keys(m)}. Go by your first impression.",
                f"Then rate each picture for {_meanings(shown)}, from 1 to 5.",
                "Please switch off night light or other colour filters of your screen. A picture "
                "may be a little soft; that tells nothing about its colours.",
            ],
            "practice": (
                "You begin with practice, where you are told which picture was real. After that "
                "there is no feedback."
                if practice
                else "You are not told which picture was real."
            ),
            "begin": "Start the practice" if practice else "Start",
        },
        "between": {
            "title": "Practice is over",
            "lead": (
                f"Now the study begins: {scored} trials, without feedback. If you need a break, "
                "take it here, or close the page and come back later."
            ),
            "begin": "Start the study",
        }
        if practice
        else None,
        "question": "Which picture is real?",
        "rating": "Rate each picture",
        "scales": {name: [scale.label, scale.low, scale.high] for name, scale in shown.items()},
        "done": {
            "title": "Thank you",
            "lead": "You have finished. All of your answers are stored. This is your code:",
            "after": (
                "Hand it in where you were asked for it. In each trial one picture had its real "
                f"colours and the other {m - 1} were coloured by computer programs that only saw "
                "the photograph in grey. The study measures how often their colours are taken for "
                f"real. {_CATCH if spec.design.catch else ''}You can close the page."
            ),
            "link": "Finish",
        },
        "ends": {
            name: [title, lead.format(hours=_hours(hours))] for name, (title, lead) in ENDS.items()
        },
        "access": {
            "title": "Access code",
            "lead": "This study is open to those who were given an access code.",
            "label": "Your access code",
            "go": "Continue",
        },
        "withdraw": {
            "open": "Withdraw",
            "title": "Delete your answers",
            "lead": (
                "This deletes everything that is stored about you in this study: your choices, "
                "ratings and times. It cannot be undone."
            ),
            "label": "Your withdrawal code",
            "go": "Delete my answers",
            "back": "Back",
            "done_title": "Your answers are deleted",
            "done": "Nothing of what you answered is stored any more. You can close the page.",
        },
    }
    return worded(read, spec.design, rated=bool(shown), exposure_ms=exposure_ms, question=question)


def _meanings(scales: Mapping[str, Scale]) -> str:
    """Return what the scales ask, from their default words or a study's own label."""
    default = default_scales()
    words = [
        _MEANING[name] if scale == default[name] else f"{scale.label} ({scale.low} to {scale.high})"
        for name, scale in scales.items()
    ]
    return " and for ".join(words)


def _hours(hours: int) -> str:
    return "an hour" if hours == 1 else f"{hours} hours"


def _keys(m: int) -> str:
    keys = [str(key) for key in range(1, m + 1)]
    return f"{', '.join(keys[:-1])} or {keys[-1]}"
