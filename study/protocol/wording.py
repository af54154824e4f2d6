"""What the words become where trials are not those of the default study.

Called by ``texts``, which has the words of the default study: pictures side by side until one is
picked as the real one, then rated. Only what is not true of the study's own trials is changed.
"""

from __future__ import annotations

from typing import Any

from study.protocol.design import PREFERENCE, UNPAIRED, Design

SECONDS_PER_CHOICE = 6  # a guess until a study has measured it: one choice without ratings

Texts = dict[str, Any]


def worded(
    read: Texts, design: Design, *, rated: bool, exposure_ms: int, question: str | None = None
) -> Texts:
    """Return the texts as they are true of this study.

    Parameters
    ----------
    read
        Texts of the default study.
    design
        Of the study.
    rated
        Whether ratings follow the choice.
    exposure_ms
        For how long pictures are shown; 0: until the choice.
    question
        Which picture is preferred, in the study's own words.
    """
    if rated and not exposure_ms:
        return read
    one = design.kind == UNPAIRED
    consent, instructions, withdraw = read["consent"], read["instructions"], read["withdraw"]
    choose, rate, screen = instructions["points"]
    choose = _JUDGE if one else choose
    points = [
        choose,
        *([_once(exposure_ms, one)] if exposure_ms else []),
        *([rate] if rated else []),
    ]
    read = {
        **read,
        "consent": {
            **consent,
            "lead": _lead(design),
            "points": [[head, _without_ratings(text)] for head, text in consent["points"]],
        },
        "instructions": {**instructions, "points": [*points, screen]},
        "withdraw": {**withdraw, "lead": _without_ratings(withdraw["lead"])},
    }
    if exposure_ms:
        read["exposure"] = _exposure(exposure_ms, one)
    if design.kind == PREFERENCE:
        return _preferred(read, design, question or PREFERRED)
    return _one(read, design) if one else read


PREFERRED = "Which picture do you prefer?"


def _preferred(read: Texts, design: Design, question: str) -> Texts:
    """Return the texts where a trial asks for the picture that is preferred."""
    instructions = read["instructions"]
    choose, *others = instructions["points"]
    choose = choose.replace("that you think shows the real colours", "that answers the question")
    practice = (
        "You begin with practice." if design.practice else "There is no right or wrong answer."
    )
    return {
        **read,
        "consent": {**read["consent"], "title": question},
        "instructions": {
            **instructions,
            "points": [f"The question is always: {question}", choose, *others],
            "practice": practice,
        },
        "question": question,
        "preference": True,
        "done": {
            **read["done"],
            "after": "Hand it in where you were asked for it. In each trial, different computer "
            "programs had coloured the same photograph. You can close the page.",
        },
    }


_JUDGE = (
    "You see one picture at a time. Say whether its colours are real, or were made by a computer "
    "program: click Real or Fake, or press 1 or 2. Go by your first impression."
)


def _one(read: Texts, design: Design) -> Texts:
    """Return the texts where a trial shows one picture."""
    told = design.practice > 0
    return {
        **read,
        "consent": {**read["consent"], "title": "Real or fake?"},
        "instructions": {
            **read["instructions"],
            "practice": "You begin with practice, where you are told whether the colours were "
            "real. After that there is no feedback."
            if told
            else "You are not told whether the colours were real.",
        },
        "question": "Are these colours real?",
        "judge": {
            "answers": ["Real", "Fake"],
            "were": ["these colours are real.", "these colours were made by a computer program."],
            "right": "Right:",
            "wrong": "No:",
        },
        "done": {
            **read["done"],
            "after": "Hand it in where you were asked for it. Some pictures had their real "
            "colours, the others were coloured by computer programs that only saw the photograph "
            "in grey. The study measures how often their colours are taken for real. You can close "
            "the page.",
        },
    }


def _lead(design: Design) -> str:
    others = len(design.methods) - 1
    minutes = max(1, round((design.practice + design.shown) * SECONDS_PER_CHOICE / 60))
    before = f"{design.practice} practice and " if design.practice else ""
    if design.kind == UNPAIRED:
        return (
            "You will see one picture at a time. Some have their real colours, the others were "
            "coloured by computer programs. You say which are real. "
            f"There are {before}{design.shown} {'real ' if before else ''}trials; allow about "
            f"{'a minute' if minutes == 1 else f'{minutes} minutes'}."
        )
    if design.kind == PREFERENCE:
        return (
            f"You will see {others + 1} versions of one photograph at a time, coloured by "
            "different computer programs. You choose one of them. "
            f"There are {before}{design.shown} {'real ' if before else ''}trials; allow about "
            f"{'a minute' if minutes == 1 else f'{minutes} minutes'}."
        )
    return (
        f"You will see {others + 1} versions of one photograph at a time. One has its real "
        f"colours; the {'others were' if others > 1 else 'other was'} coloured by "
        f"{'computer programs' if others > 1 else 'a computer program'}. You choose the real one. "
        f"There are {before}{design.shown} {'real ' if before else ''}trials; allow about "
        f"{'a minute' if minutes == 1 else f'{minutes} minutes'}."
    )


def _without_ratings(text: str) -> str:
    return text.replace("choices and ratings", "choices").replace(
        "choices, ratings and", "choices and"
    )


def _seconds(exposure_ms: int) -> str:
    return "one second" if exposure_ms == 1000 else f"{exposure_ms / 1000:g} seconds"


def _once(exposure_ms: int, one: bool) -> str:
    if one:
        return (
            f"The picture is shown once, for {_seconds(exposure_ms)}: press the button when you "
            "are ready to look. Then a grey pattern takes its place, and you answer by what you "
            "saw."
        )
    return (
        f"The pictures are shown once, for {_seconds(exposure_ms)}: press the button when you are "
        "ready to look. Then grey patterns take their places, and you choose by what you saw."
    )


def _exposure(exposure_ms: int, one: bool) -> dict[str, str]:
    if one:
        return {
            "ready": f"The picture is shown once, for {_seconds(exposure_ms)}.",
            "show": "Show the picture",
            "over": "This picture was on show already. Answer by what you saw.",
        }
    return {
        "ready": f"The pictures are shown once, for {_seconds(exposure_ms)}.",
        "show": "Show the pictures",
        "over": "These pictures were on show already. Choose by what you saw.",
    }
