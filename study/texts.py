"""Every word that a participant reads before, between and after the trials.

Shown by ``ui``; quoted verbatim in the report. The consent text has a version, which is stored
with each participant: change the text and the version together.
"""

from typing import Any

from study.design import StudySpec

CONSENT_VERSION = "1"
SECONDS_PER_TRIAL = 20  # a guess until a study has measured it: one pick and six ratings


def texts(spec: StudySpec) -> dict[str, Any]:
    """Return the texts of a study with its own numbers filled in."""
    m = len(spec.design.methods)
    practice, scored = spec.design.practice, spec.design.scored
    minutes = max(round((practice + scored) * SECONDS_PER_TRIAL / 60), 1)
    trials = f"{scored} trials" if not practice else f"{practice} practice and {scored} real trials"
    return {
        "consent": {
            "title": "Which picture is real?",
            "lead": (
                f"You will see {m} versions of one small photograph at a time. One has its real "
                "colours; the others were coloured by computer programs. You choose the real one, "
                f"then rate how each looks. There are {trials}; allow about {minutes} minutes."
            ),
            "points": [
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
                    "Taking part is voluntary. Close the page and nothing more is stored. Answers "
                    "that you already gave are kept; to have them deleted, send your participant "
                    "number, which stands at the foot of each page, to the person who runs the "
                    "study.",
                ],
            ],
            "agree": "I agree and want to take part",
        },
        "instructions": {
            "title": "How it works",
            "points": [
                f"Choose the picture that you think shows the real colours: click it, or press "
                f"{_keys(m)}. Go by your first impression.",
                "Then rate each picture for realism (could these be the real colours?) and for "
                "quality (how good does the picture look?), from 1 to 5.",
                "Please switch off night light or other colour filters of your screen. The "
                "pictures are small photographs shown large, so all of them are a little soft.",
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
        "scales": {
            "realism": ["Realism", "not at all real", "completely real"],
            "quality": ["Quality", "very bad", "very good"],
        },
        "done": {
            "title": "Thank you",
            "lead": "You have finished. All of your answers are stored. This is your code:",
            "after": (
                "Hand it in where you were asked for it. In each trial one picture had its real "
                f"colours and the other {m - 1} were coloured by computer programs that only saw "
                "the photograph in grey. The study measures how often their colours are taken for "
                "real. You can close the page."
            ),
        },
    }


def _keys(m: int) -> str:
    keys = [str(key) for key in range(1, m + 1)]
    return f"{', '.join(keys[:-1])} or {keys[-1]}"
